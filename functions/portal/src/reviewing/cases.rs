//! The doubts that wait for a person, the oldest first, and the next one to look at.

use askama::Template;
use jiff::Timestamp;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::contract::review::{Nature, Summary};
use shared::identity::review::{Case, CaseId, Kind};
use shared::registry::StoreError;
use shared::registry::reviews::{MOST_IN_PAGE, Place};
use shared::reviewing::Reviewer;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::public::coverage::Feed;
use crate::refusal::ApiError;
use crate::session::Visitor;
use crate::view::{View, page, see_other};
use crate::words::{hour, wire_name};

/// Cases of a page.
const ON_A_PAGE: usize = 50;
/// Cases that are looked at for the next one: beyond, the list is shown.
const MOST_SOUGHT: usize = 300;
/// Cases of which it is asked whether the person is involved, some six reads each.
const MOST_ASKED: usize = 20;

#[derive(Template)]
#[template(path = "reviewing/cases.html")]
struct CasesPage {
    view: View,
    natures: Vec<Filter>,
    /// The nature that alone is shown, as a query has it.
    nature: String,
    rows: Vec<Row>,
    next: Option<String>,
    /// The person has answered all that they may.
    nothing_left: bool,
}

struct Filter {
    query: String,
    label: &'static str,
    is_chosen: bool,
}

struct Row {
    id: String,
    question: &'static str,
    /// `il y a 3 jours`.
    age: String,
    tone: &'static str,
    opened: String,
    why: String,
    answers: String,
    /// The reader has answered.
    answered: bool,
}

/// What a nature asks, as people say it.
pub(crate) fn question(nature: Nature) -> &'static str {
    match nature {
        Nature::Rattachement => "De qui est cette inscription ?",
        Nature::Doublon => "Ces deux étudiants n'en font-ils qu'un ?",
        Nature::Contestation => "Cet étudiant est-il une seule personne ?",
    }
}

/// A nature by its name in a query.
pub(crate) fn nature(name: &str) -> Option<Nature> {
    [Nature::Rattachement, Nature::Doublon, Nature::Contestation]
        .into_iter()
        .find(|nature| wire_name(nature) == name)
}

/// A page of open cases. Nothing in it is about anybody, so reading it leaves no trace.
pub(crate) async fn list(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let reviewer = visitor.reviewer(now)?;
    let query = request.query_string_parameters();
    let chosen = query.first("nature").and_then(nature);
    let after = query.first("apres").and_then(Place::parse);
    let cases = &context.reviewing.cases;
    let found = cases.page(chosen.map(Kind::from), after.as_ref(), ON_A_PAGE).await?;
    let filter = |wanted: Option<Nature>, label| Filter {
        query: wanted.map(|nature| wire_name(&nature)).unwrap_or_default(),
        label,
        is_chosen: wanted == chosen,
    };
    let view = View::new(context, "/revues", "Revues ouvertes", visitor);
    let template = CasesPage {
        view: view.clone(),
        natures: vec![
            filter(None, "Toutes"),
            filter(Some(Nature::Rattachement), "Rattachements"),
            filter(Some(Nature::Doublon), "Doublons"),
            filter(Some(Nature::Contestation), "Contestations"),
        ],
        nature: chosen.map(|nature| wire_name(&nature)).unwrap_or_default(),
        rows: found.cases.iter().map(|case| row(case, &reviewer, now)).collect(),
        next: found.after.map(|place| place.as_str().to_owned()),
        nothing_left: query.first("fini").is_some(),
    };
    Ok(page(context, &view, &template))
}

fn row(case: &Case, reviewer: &Reviewer, now: Timestamp) -> Row {
    let summary = Summary::of(case);
    let Feed { age, tone, .. } = Feed::of(case.opened_at, now);
    Row {
        id: case.id.to_string(),
        question: question(summary.nature),
        age,
        tone,
        opened: hour(case.opened_at),
        why: summary.motifs.join(" "),
        answers: answers(&summary),
        answered: case.has_answer_of(reviewer.officer.as_str()),
    }
}

/// `2 réponses, contraires`.
pub(crate) fn answers(summary: &Summary) -> String {
    let told = match summary.voix {
        0 => "aucune réponse".to_owned(),
        1 => "1 réponse".to_owned(),
        many => format!("{many} réponses"),
    };
    let contrary = if summary.desaccord { ", contraires" } else { "" };
    let unsure = match summary.incertains {
        0 => String::new(),
        1 => ", 1 personne ne sait pas".to_owned(),
        many => format!(", {many} personnes ne savent pas"),
    };
    format!("{told}{contrary}{unsure}")
}

/// Sends to the oldest case that this person has not answered and may answer, after a place that
/// they give. `fait` names the case that they have just answered, for the page to say so.
pub(crate) async fn next(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let reviewer = visitor.reviewer(request_context.now)?;
    let query = request.query_string_parameters();
    let chosen = query.first("nature").and_then(nature);
    let after = query.first("apres").and_then(Place::parse);
    let done = query.first("fait").and_then(CaseId::parse);
    let found = seek(context, &reviewer, chosen, after).await?;
    let told = [
        chosen.map(|nature| ("nature", wire_name(&nature))),
        done.map(|case| ("fait", case.to_string())),
        found.is_none().then(|| ("fini", "1".to_owned())),
    ];
    let path = found.map_or_else(|| "/revues".to_owned(), |case| format!("/revues/{}", case.id));
    Ok(see_other(&context.address.url(&with_query(&path, told))))
}

/// A path with what is told by its query.
pub(crate) fn with_query<const N: usize>(
    path: &str,
    told: [Option<(&'static str, String)>; N],
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(told.into_iter().flatten());
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

async fn seek(
    context: &Context,
    reviewer: &Reviewer,
    nature: Option<Nature>,
    mut after: Option<Place>,
) -> Result<Option<Case>, StoreError> {
    let mut asked = 0;
    for _ in 0..MOST_SOUGHT / MOST_IN_PAGE {
        let cases = &context.reviewing.cases;
        let found = cases.page(nature.map(Kind::from), after.as_ref(), MOST_IN_PAGE).await?;
        for case in found.cases {
            if case.has_answer_of(reviewer.officer.as_str()) {
                continue;
            }
            if asked == MOST_ASKED {
                return Ok(None);
            }
            asked += 1;
            if !context.reviewing.is_involved(reviewer, &case).await? {
                return Ok(Some(case));
            }
        }
        after = found.after;
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}
