//! Open cases, the oldest first. Nothing in the list is about anybody, so reading it leaves no
//! trace.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::json;
use shared::contract::review::{CaseList, Nature, PAGE, Summary};
use shared::registry::reviews::{MOST_IN_PAGE, Place};

use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// Lists a page.
pub(crate) async fn list(context: &Context, request: &Request) -> Result<Response<Body>, ApiError> {
    let parameters = request.query_string_parameters();
    let given = |name| parameters.first(name).filter(|value| !value.is_empty());
    let invalid = |sentence: &str| ApiError::from(Refusal::Invalid(sentence.to_owned()));
    let kind = match given("nature") {
        None => None,
        Some("rattachement") => Some(Nature::Rattachement.into()),
        Some("doublon") => Some(Nature::Doublon.into()),
        Some("contestation") => Some(Nature::Contestation.into()),
        Some(_) => return Err(invalid("nature : rattachement, doublon ou contestation")),
    };
    let after = match given("apres") {
        None => None,
        Some(place) => {
            Some(Place::parse(place).ok_or_else(|| invalid("apres : la valeur de suite"))?)
        }
    };
    let most = match given("nombre") {
        None => PAGE,
        Some(number) => number
            .parse()
            .ok()
            .filter(|number| (1..=MOST_IN_PAGE).contains(number))
            .ok_or_else(|| invalid("nombre : de 1 à 100"))?,
    };
    let page = context.reviewing.cases.page(kind, after.as_ref(), most).await?;
    let list = CaseList {
        revues: page.cases.iter().map(Summary::of).collect(),
        suite: page.after.map(|place| place.as_str().to_owned()),
    };
    Ok(json(StatusCode::OK, &list))
}
