//! What a member sees of their establishments: who they are, and what was sent.

use askama::Template;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::domain::academic_year::day_in_france;
use shared::domain::uai::Uai;
use shared::feeding::key::DepositKey;
use shared::registry::StoreError;
use shared::registry::imports::{Import, Place};
use shared::registry::members::{EstablishmentRole, NationalRole};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::public::coverage::{Feed, median_of_others};
use crate::refusal::{ApiError, Refusal};
use crate::school::calendar::{self, Milestone};
use crate::school::followed::who;
use crate::school::quality::{self, Figures};
use crate::session::Visitor;
use crate::view::{View, page, see_other};
use crate::words::{count, hour, kind, role_title, state};

/// Imports of a page.
const ON_A_PAGE: i32 = 20;

#[derive(Template)]
#[template(path = "school/establishments.html")]
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
#[template(path = "school/establishment.html")]
struct EstablishmentPage {
    view: View,
    uai: Uai,
    name: String,
    role: &'static str,
    last_feed: Option<Feed>,
    /// How long ago the others sent: their median.
    others: Option<String>,
    quality: Option<Figures>,
    calendar: Vec<Milestone>,
    sends_for: Vec<Uai>,
    may_send: bool,
    manages: bool,
    imports: Vec<Row>,
    next: Option<String>,
}

/// An import, in the list.
struct Row {
    /// Its page, below the portal's own address.
    path: String,
    when: String,
    who: String,
    kind: String,
    state: &'static str,
    tone: &'static str,
    read: String,
    accepted: String,
    rejected: String,
}

/// The establishments that this person is a member of.
pub(crate) async fn mine(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (person, now) = (visitor.person()?, request_context.now);
    // Where a log-in leads: whoever has no establishment may have somewhere else to be.
    match person.member.national(now) {
        Some(NationalRole::Relecteur) => {
            return Ok(see_other(&context.address.url("/revues")));
        }
        Some(NationalRole::Delegue) if person.member.roles(now).next().is_none() => {
            return Ok(see_other(&context.address.url("/national/demandes")));
        }
        Some(NationalRole::Operateur | NationalRole::Delegue) | None => {}
    }
    let mut mine = Vec::new();
    for (uai, role) in person.member.roles(now) {
        let coverage = context.establishments.coverage(uai).await?;
        let last_feed = coverage.as_ref().and_then(|known| known.last_feed_at);
        mine.push(Mine {
            uai,
            name: coverage.map_or_else(|| uai.to_string(), |known| known.name),
            role: role_title(role),
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
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let uai = Uai::parse(id).map_err(|_| Refusal::NotFound)?;
    let role = visitor.person()?.member.role(uai, now).ok_or(Refusal::NotFound)?;
    let establishment = context.establishments.get(uai).await?.ok_or(Refusal::NotFound)?;
    let coverage = context.establishments.coverage(uai).await?;
    let last_feed = coverage.and_then(|known| known.last_feed_at);
    let query = request.query_string_parameters();
    let before = query.first("avant").and_then(Place::parse);
    let listed =
        context.deposits.imports().of_establishment(uai, before.as_ref(), ON_A_PAGE).await?;
    let mut imports = Vec::with_capacity(listed.imports.len());
    for import in &listed.imports {
        imports.push(row(import, who(context, import, uai).await?));
    }
    let view = View::new(context, "/etablissements", establishment.name.clone(), visitor);
    let template = EstablishmentPage {
        view: view.clone(),
        uai,
        name: establishment.name,
        role: role_title(role),
        last_feed: last_feed.map(|at| Feed::of(at, now)),
        others: median_of_others(&context.coverage.get(context, now).await?, uai, now),
        quality: quality::of(context, uai).await?,
        calendar: calendar::of(day_in_france(now)),
        sends_for: establishment.sends_for.into_iter().filter(|other| *other != uai).collect(),
        may_send: role >= EstablishmentRole::Deposant,
        manages: role >= EstablishmentRole::Gestionnaire,
        imports,
        next: listed.next.map(|place| place.name()),
    };
    Ok(page(context, &view, &template))
}

/// What an establishment is called, or its number where it isn't registered any more.
pub(crate) async fn name_or_number(context: &Context, uai: Uai) -> Result<String, StoreError> {
    let known = context.establishments.get(uai).await?;
    Ok(known.map_or_else(|| uai.to_string(), |known| known.name))
}

fn row(import: &Import, who: String) -> Row {
    let (state, tone) = state(import);
    Row {
        path: path(import),
        when: import.received_at.map(hour).unwrap_or_default(),
        who,
        kind: kind(import),
        state,
        tone,
        read: count(import.rows_read),
        accepted: count(import.accepted),
        rejected: count(import.rejected),
    }
}

/// What is still to be done is on the page of the deposit; what was done is on the import's own.
fn path(import: &Import) -> String {
    let deposit = DepositKey::parse(&import.object_key).ok().and_then(|key| key.deposit);
    match deposit.filter(|_| import.is_trial() || !import.state.is_final()) {
        Some(deposit) => format!("/depots/{deposit}"),
        None => format!("/imports/{}", import.id.as_str()),
    }
}
