//! What a member sees of their establishments.

use askama::Template;
use lambda_http::{Body, Response};
use shared::domain::uai::Uai;
use shared::registry::members::EstablishmentRole;

use crate::context::Context;
use crate::coverage::Feed;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::session::Visitor;
use crate::view::{View, page};

#[derive(Template)]
#[template(path = "establishments.html")]
struct EstablishmentsPage {
    view: View,
    mine: Vec<Mine>,
}

struct Mine {
    uai: Uai,
    name: String,
    role: &'static str,
    last_feed: Option<Feed>,
}

#[derive(Template)]
#[template(path = "establishment.html")]
struct EstablishmentPage {
    view: View,
    uai: Uai,
    name: String,
    role: &'static str,
    last_feed: Option<Feed>,
    sends_for: Vec<Uai>,
}

/// The establishments that this person is a member of.
pub(crate) async fn mine(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (person, now) = (visitor.person()?, request_context.now);
    let mut mine = Vec::new();
    for (uai, role) in person.member.roles(now) {
        let coverage = context.establishments.coverage(uai).await?;
        let last_feed = coverage.as_ref().and_then(|known| known.last_feed_at);
        mine.push(Mine {
            uai,
            name: coverage.map_or_else(|| uai.to_string(), |known| known.name),
            role: title(role),
            last_feed: last_feed.map(|at| Feed::of(at, now)),
        });
    }
    let view = View::new(context, "/etablissements", "Mes établissements", visitor);
    Ok(page(context, &view, &EstablishmentsPage { view: view.clone(), mine }))
}

/// One of them. Another's is answered like one that doesn't exist.
pub(crate) async fn one(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let uai = Uai::parse(id).map_err(|_| Refusal::NotFound)?;
    let role = visitor.person()?.member.role(uai, now).ok_or(Refusal::NotFound)?;
    let establishment = context.establishments.get(uai).await?.ok_or(Refusal::NotFound)?;
    let coverage = context.establishments.coverage(uai).await?;
    let last_feed = coverage.and_then(|known| known.last_feed_at);
    let view = View::new(context, "/etablissements", establishment.name.clone(), visitor);
    let template = EstablishmentPage {
        view: view.clone(),
        uai,
        name: establishment.name,
        role: title(role),
        last_feed: last_feed.map(|at| Feed::of(at, now)),
        sends_for: establishment.sends_for.into_iter().filter(|other| *other != uai).collect(),
    };
    Ok(page(context, &view, &template))
}

fn title(role: EstablishmentRole) -> &'static str {
    match role {
        EstablishmentRole::Lecteur => "lecture",
        EstablishmentRole::Deposant => "dépôt",
        EstablishmentRole::Gestionnaire => "gestion",
    }
}
