//! What a national operator sees: who feeds the register and who stopped, the clients, and what to do
//! about an alarm. Whoever isn't one is answered as if the pages didn't exist.

use askama::Template;
use jiff::Timestamp;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::access::client::{Client, Key, State};
use shared::access::keys::names;
use shared::access::route::Route;
use shared::auth::oidc::random;
use shared::contract::v3::coverage::Coverage;
use shared::domain::uai::Uai;
use shared::registry::members::{EstablishmentRole, INVITATION, NationalRole};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::public::coverage::{Feed, Freshness, answers};
use crate::refusal::{ApiError, Refusal};
use crate::school::access;
use crate::session::{Visitor, field, is_first_time};
use crate::view::{View, page};
use crate::words::{count, day, role_title};

/// Establishments on a page.
const ON_A_PAGE: usize = 50;
/// What to look at and to do, for each alarm.
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

#[derive(Template)]
#[template(path = "national/establishments.html")]
struct NationalPage {
    view: View,
    query: String,
    figures: Vec<Figure>,
    chosen: &'static str,
    found: String,
    rows: Vec<Row>,
    next: Option<usize>,
}

/// How many establishments are so fresh.
struct Figure {
    name: &'static str,
    title: &'static str,
    count: String,
}

struct Row {
    uai: String,
    name: String,
    last_feed: Option<Feed>,
}

#[derive(Template)]
#[template(path = "national/invite.html")]
struct InvitePage {
    view: View,
    uai: String,
    form: String,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "national/invited.html")]
struct InvitedPage {
    view: View,
    name: String,
    role: &'static str,
    link: String,
    until: String,
}

#[derive(Template)]
#[template(path = "national/clients.html")]
struct ClientsPage {
    view: View,
    clients: Vec<ClientRow>,
}

struct ClientRow {
    id: String,
    name: String,
    state: String,
    tone: &'static str,
    routes: String,
    scopes: String,
    quota: String,
    sends_as: String,
    keys: usize,
}

#[derive(Template)]
#[template(path = "national/alarms.html")]
struct AlarmsPage {
    view: View,
    alarms: Vec<Alarm>,
}

/// A section of the runbook.
#[derive(Debug, PartialEq, Eq)]
struct Alarm {
    title: &'static str,
    names: &'static str,
    /// Paragraphs, lists and listings, as they are written.
    body: Vec<&'static str>,
}

/// All establishments, those that stopped first.
pub(crate) async fn establishments(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    is_operator(visitor, now)?;
    let query = request.query_string_parameters();
    let wanted: String = query.first("q").unwrap_or_default().trim().chars().take(60).collect();
    let number: usize = query.first("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
    let chosen = query.first("etat").and_then(Freshness::parse);
    let all = context.coverage.get(context, now).await?;
    let fresh = |one: &Coverage| Freshness::of(one.last_feed_at, now);
    let figures = Freshness::ALL.map(|freshness| Figure {
        name: freshness.name(),
        title: freshness.title(),
        count: count(all.iter().filter(|one| fresh(one) == freshness).count() as u64),
    });
    let mut found: Vec<&Coverage> = all
        .iter()
        .filter(|one| chosen.is_none_or(|chosen| fresh(one) == chosen) && answers(one, &wanted))
        .collect();
    // Whoever has been silent for longest comes first; one that never sent may not be ready yet.
    found.sort_by_key(|one| (one.last_feed_at.is_none(), one.last_feed_at));
    let start = (number - 1).saturating_mul(ON_A_PAGE).min(found.len());
    let end = (start + ON_A_PAGE).min(found.len());
    let view = View::new(context, "/national", "Tous les établissements", visitor);
    let row = |one: &&Coverage| Row {
        uai: one.uai.to_string(),
        name: one.name.clone(),
        last_feed: one.last_feed_at.map(|at| Feed::of(at, now)),
    };
    let template = NationalPage {
        view: view.clone(),
        query: wanted,
        figures: figures.into(),
        chosen: chosen.map_or("", Freshness::name),
        found: count(found.len() as u64),
        rows: found[start..end].iter().map(row).collect(),
        next: (end < found.len()).then(|| number + 1),
    };
    Ok(page(context, &view, &template))
}

/// Asks which establishment's first manager is invited.
pub(crate) fn ask_invitation(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    is_operator(visitor, request_context.now)?;
    let query = request.query_string_parameters();
    let uai = query.first("uai").and_then(|uai| Uai::parse(uai).ok());
    let uai = uai.map(|uai| uai.to_string()).unwrap_or_default();
    invitation(context, uai, visitor, None)
}

fn invitation(
    context: &Context,
    uai: String,
    visitor: &Visitor,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let title = if error.is_some() { "Erreur : inviter" } else { "Inviter un gestionnaire" };
    let view = View::new(context, "/national", title, visitor);
    let form = random().map_err(|_| Refusal::NoRandomness)?;
    let template = InvitePage { view: view.clone(), uai, form, error };
    Ok(page(context, &view, &template))
}

/// Invites a manager of an establishment. Sent twice, there is one invitation, whose link is shown
/// once.
pub(crate) async fn invite(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    is_operator(visitor, now)?;
    let typed: String = field(sent, "uai").unwrap_or_default().trim().chars().take(20).collect();
    let refused = |error| invitation(context, typed.clone(), visitor, Some(error));
    let Ok(uai) = Uai::parse(&typed) else {
        return refused("Une UAI a sept chiffres et une lettre, par exemple 0751717J.");
    };
    let Some(establishment) = context.establishments.get(uai).await? else {
        return refused(
            "Cet établissement n'est pas enregistré : `statut establishment` vient d'abord.",
        );
    };
    if !is_first_time(context, visitor, sent).await? {
        return refused(
            "Ce formulaire a déjà été envoyé : l'invitation est faite, et son lien ne se montre qu'une fois. Si vous ne l'avez pas gardé, invitez à nouveau.",
        );
    }
    let role = EstablishmentRole::Gestionnaire;
    let link = access::link(context, uai, role, visitor, now).await?;
    let view = View::new(context, "/national", "Invitation prête", visitor);
    let template = InvitedPage {
        view: view.clone(),
        name: establishment.name,
        role: role_title(role),
        link,
        until: day(now + INVITATION),
    };
    Ok(page(context, &view, &template))
}

/// Who asks and who sends, with what they may: nothing that opens anything, and nothing to change.
pub(crate) async fn clients(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    is_operator(visitor, now)?;
    let (clients, keys) = context.clients.list().await?;
    let view = View::new(context, "/national", "Clients", visitor);
    let rows = clients.iter().map(|client| client_row(client, &keys, now)).collect();
    Ok(page(context, &view, &ClientsPage { view: view.clone(), clients: rows }))
}

fn client_row(client: &Client, keys: &[Key], now: Timestamp) -> ClientRow {
    let own = keys.iter().filter(|key| key.client_id == client.client_id && key.is_active(now));
    let (state, tone) = match (client.state, client.valid_until) {
        (State::Revoked, _) => ("révoqué".to_owned(), "bad"),
        (State::Active, Some(end)) if end <= now => (format!("fini le {}", day(end)), "bad"),
        (State::Active, Some(end)) => (format!("actif jusqu'au {}", day(end)), "warn"),
        (State::Active, None) => ("actif".to_owned(), "good"),
    };
    let quota = client.quota;
    let each = quota.per_caller.map(|each| format!(", {each} par appelant")).unwrap_or_default();
    ClientRow {
        id: client.client_id.clone(),
        name: client.name.clone(),
        state,
        tone,
        routes: if client.routes.len() == Route::ALL.len() {
            "toutes".to_owned()
        } else {
            names(&client.routes).replace(',', ", ")
        },
        scopes: client.scopes.names().join(", "),
        quota: format!("{} par seconde{each}", quota.per_second),
        sends_as: client.depositor.map(|uai| uai.to_string()).unwrap_or_default(),
        keys: own.count(),
    }
}

/// What to look at and to do about each alarm, as the runbook says it.
pub(crate) fn alarms(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    is_operator(visitor, request_context.now)?;
    let view = View::new(context, "/national", "Alarmes", visitor);
    Ok(page(context, &view, &AlarmsPage { view: view.clone(), alarms: sections(RUNBOOK) }))
}

/// The sections of a runbook that are about an alarm: the heading names it, and the text goes to the
/// next heading.
fn sections(runbook: &'static str) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = Vec::new();
    let mut is_open = false;
    for block in runbook.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let heading = block.lines().next().filter(|line| line.starts_with('#'));
        let Some(heading) = heading else {
            if let Some(alarm) = alarms.last_mut().filter(|_| is_open) {
                alarm.body.push(block);
            }
            continue;
        };
        let named = heading.trim_start_matches('#').trim().strip_prefix("Alarm: ");
        is_open = named.is_some();
        if let Some((title, names)) = named.and_then(|named| named.split_once(" (")) {
            alarms.push(Alarm { title, names: names.trim_end_matches(')'), body: Vec::new() });
        }
    }
    alarms
}

/// Whoever isn't an operator finds nothing here.
fn is_operator(visitor: &Visitor, now: Timestamp) -> Result<(), ApiError> {
    match visitor.person()?.member.national(now) {
        Some(NationalRole::Operateur) => Ok(()),
        Some(NationalRole::Relecteur | NationalRole::Delegue) | None => {
            Err(Refusal::NotFound.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_of_the_runbook_has_something_to_do() {
        let alarms = sections(RUNBOOK);
        assert_eq!(alarms.len(), RUNBOOK.lines().filter(|line| line.contains("# Alarm: ")).count());
        for alarm in alarms {
            assert!(alarm.names.contains("$name-") && !alarm.body.is_empty(), "{alarm:?}");
        }
    }
}
