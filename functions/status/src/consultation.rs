//! One person, in order, once its caller is known and its question read: quota and look-up, trace,
//! answer.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::api::reply::json;
use shared::audit::{self, Action, Disclosure};
use shared::contract::student_status::{self, StudentStatus};
use shared::contract::v3::answer::{self, StudentData};
use shared::domain::academic_year::day_in_france;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::question::Asked;
use crate::reply::{ApiError, Refusal};

/// Answers about one person.
pub(crate) async fn answer(
    context: &Context,
    caller: &Caller,
    route: Route,
    asked: Asked,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    if asked.recipient.is_some_and(|recipient| !caller.client.serves(&recipient)) {
        return Err(Refusal::RecipientNotAllowed.into());
    }
    request_context.facts.people = 1;

    // Side by side, because both are a call to the store. What is found is dropped if there was no
    // right to ask.
    let relayed = caller.relayed.as_deref();
    let (allowance, found) = tokio::join!(
        context.quotas.take(&caller.client, relayed, 1, request_context.now),
        asked.question.look_up(context, caller.client.look_up)
    );
    request_context.charged(allowance)?;
    let found = found?;

    let today = day_in_france(request_context.now);
    let starts_within_days = context.starts_within_days;
    let (told, response) = match route {
        Route::StatusByIne | Route::StatusByIdentity => {
            let status = found.as_ref().and_then(|answer| {
                StudentStatus::on(answer, today, starts_within_days, asked.question.ine())
            });
            (
                status
                    .as_ref()
                    .map(|status| (status.enrolments(), student_status::FIELDS.to_vec())),
                status.as_ref().map(|status| json(StatusCode::OK, status)),
            )
        }
        _ => {
            let data = found.as_ref().and_then(|answer| {
                StudentData::on(answer, today, starts_within_days, caller.scopes)
            });
            (
                data.as_ref().map(|data| (data.enrolments(), answer::fields(caller.scopes))),
                data.map(|data| json(StatusCode::OK, &data.into_answer())),
            )
        }
    };
    let told = match (&found, told) {
        (Some(answer), Some((enrolments, fields))) => Disclosure {
            student: Some(answer.student),
            enrolments,
            fields,
            ..Disclosure::default()
        },
        _ => Disclosure::default(),
    };

    let trace = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&caller.client.client_id),
        depositor: None,
        route,
        action: Action::Consulted,
        caller: relayed,
        recipient: asked.recipient,
    };
    // Whom FranceConnect names can't be made up: only the others' questions may be a search.
    let guessed = u32::from(told.student.is_none() && route != Route::FranceConnect);
    let (traced, suspected) = tokio::join!(
        context.access_log.write(&trace, std::slice::from_ref(&told)),
        count_unknown(context, caller, guessed, request_context)
    );
    traced?;
    request_context.facts.enumeration_suspected = suspected?;
    Ok(response.ok_or(Refusal::NotFound { ine: asked.echo })?)
}

/// Counts people that nobody knows against the caller, if there were any.
pub(crate) async fn count_unknown(
    context: &Context,
    caller: &Caller,
    people: u32,
    request_context: &RequestContext,
) -> Result<bool, ApiError> {
    if people == 0 {
        return Ok(false);
    }
    let suspected = context
        .quotas
        .count_unknown(&caller.client, caller.relayed.as_deref(), people, request_context.now)
        .await?;
    Ok(suspected)
}
