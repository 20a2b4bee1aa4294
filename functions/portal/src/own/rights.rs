//! What a student asks by their rights: they make a request, see how far it is, and take it back.
//!
//! It needs no place in the register: whoever isn't found makes a request all the same, and is told
//! nothing about anybody by it. Whose a request is, is their provider's name for them; another's is
//! answered like one that isn't there.

use askama::Template;
use jiff::Timestamp;
use lambda_http::{Body, Response};
use serde::Serialize;
use shared::access::route::Route;
use shared::audit::Action;
use shared::auth::oidc::random;
use shared::domain::academic_year::day_in_france;
use shared::domain::uai::Uai;
use shared::exercising::{LONGEST_TEXT, Opened, Statement};
use shared::identity::student::{PublishedAnswer, StudentId};
use shared::rights::{Actor, Ground, Opening, Request, RequestId, Right};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::found::{Told, oneself, trace};
use crate::refusal::{ApiError, Refusal, of_desk};
use crate::requests::words::{Line, lines, right_title, state_title};
use crate::session::{LoggedInStudent, Visitor, digest_field, field};
use crate::view::{View, page, see_other};
use crate::words::{date, day};

const NO_RIGHT: &str = "Choisissez le droit que vous exercez.";
const NO_TEXT: &str = "Dites ce que vous demandez, en 2 000 caractères au plus.";
const TOO_MANY: &str =
    "Cinq demandes sont en cours : attendez la réponse à l'une d'elles, ou retirez-en une.";

#[derive(Template)]
#[template(path = "own/rights.html")]
struct RightsPage {
    view: View,
    /// The number of the form, by which it makes one request.
    form: String,
    rights: Vec<(&'static str, &'static str)>,
    /// The establishments that a rectification may be for.
    establishments: Vec<(String, String)>,
    months: u8,
    notice: &'static str,
    is_found: bool,
    requests: Vec<Asked>,
    /// What was typed into a form that was refused.
    text: String,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "own/request.html")]
struct RequestPage {
    view: View,
    request: Asked,
    text: Option<String>,
    history: Vec<Line>,
    silences: bool,
    contests: bool,
    is_open: bool,
}

/// A request, as whoever made it sees it.
#[derive(Serialize)]
pub(crate) struct Asked {
    pub(crate) id: String,
    #[serde(rename = "droit")]
    pub(crate) right: &'static str,
    #[serde(rename = "etat")]
    pub(crate) state: &'static str,
    #[serde(skip)]
    pub(crate) tone: &'static str,
    #[serde(rename = "faiteLe")]
    pub(crate) opened: String,
    /// Until when it is answered; none once it is.
    #[serde(rename = "reponseAvantLe")]
    pub(crate) due: Option<String>,
    #[serde(skip)]
    pub(crate) is_late: bool,
}

/// A request in a line.
pub(crate) fn asked(request: &Request, now: Timestamp) -> Asked {
    let (state, tone) = state_title(request);
    Asked {
        id: request.id.to_string(),
        right: right_title(request.right),
        state,
        tone,
        opened: day(request.opened_at),
        due: request.is_open().then(|| date(request.due_on)),
        is_late: request.is_late(day_in_france(now)),
    }
}

/// What the register's ground means for whoever objects or wants to be erased.
fn notice(ground: Ground) -> &'static str {
    match ground {
        Ground::LegalObligation => {
            "Le registre existe par obligation légale : l'opposition peut être refusée pour cela (article 21 du RGPD), et l'effacement aussi (article 17, paragraphe 3). Chaque demande est lue et reçoit une réponse."
        }
        Ground::PublicTask => {
            "Le registre existe pour une mission d'intérêt public : une opposition est examinée d'après votre situation (article 21 du RGPD) ; un effacement peut être refusé pour cela (article 17, paragraphe 3). Chaque demande est lue et reçoit une réponse."
        }
    }
}

/// Shows the form, and what was asked before.
pub(crate) async fn show(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let found = known(context, visitor, request_context).await?;
    list(context, visitor, request_context.now, found.as_ref(), (String::new(), None)).await
}

/// Whom the form may name establishments of. They are told of, so it is traced.
async fn known(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Option<PublishedAnswer>, ApiError> {
    let told = (Action::Consulted, &["etablissement"][..]);
    oneself(context, visitor, request_context, told, |_| 0).await
}

/// The establishments of a student, each once.
fn establishments(found: Option<&PublishedAnswer>) -> Vec<(String, String)> {
    let mut known: Vec<(String, String)> = Vec::new();
    for enrolment in found.iter().flat_map(|answer| &answer.inscriptions) {
        let uai = enrolment.uai.to_string();
        if known.iter().all(|(other, _)| *other != uai) {
            known.push((uai, enrolment.nom_etablissement.clone()));
        }
    }
    known
}

async fn list(
    context: &Context,
    visitor: &Visitor,
    now: Timestamp,
    found: Option<&PublishedAnswer>,
    (text, error): (String, Option<&'static str>),
) -> Result<Response<Body>, ApiError> {
    let requests = context.requests.of_owner(&visitor.student()?.session.owner).await?;
    let title = if error.is_some() { "Erreur : mes droits" } else { "Mes droits" };
    let view = View::new(context, "/mon-espace", title, visitor);
    let template = RightsPage {
        view: view.clone(),
        form: random().map_err(|_| Refusal::NoRandomness)?,
        rights: Right::ALL.map(|right| (right.name(), right_title(right))).to_vec(),
        establishments: establishments(found),
        months: context.request_terms.months,
        notice: notice(context.request_terms.ground),
        is_found: found.is_some(),
        requests: requests.iter().map(|request| asked(request, now)).collect(),
        text,
        error,
    };
    Ok(page(context, &view, &template))
}

/// Makes a request, and shows it. The form's number makes its id: sent twice, it is one request, and
/// an attempt that failed anywhere is completed by the next.
pub(crate) async fn make(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (student, now) = (visitor.student()?, request_context.now);
    let text = field(sent, "texte").unwrap_or_default().trim().to_owned();
    let found = known(context, visitor, request_context).await?;
    let refused = async |error| {
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        list(context, visitor, now, found.as_ref(), (text, Some(error))).await
    };
    let Some(right) = field(sent, "droit").as_deref().and_then(Right::named) else {
        return refused(NO_RIGHT).await;
    };
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        return refused(NO_TEXT).await;
    }
    let number = digest_field(sent, "formulaire").ok_or(Refusal::ForeignForm)?;
    let desk = context.desk();
    let id = desk.id_of(&student.digest, &number).ok_or(Refusal::NoRandomness)?;
    let statement = Statement { identity: student.identity.clone(), text: text.clone() };
    // Only an establishment of theirs: another would be told who they are.
    let uai = field(sent, "uai").and_then(|text| Uai::parse(&text).ok());
    let own_uai =
        |uai: &Uai| found.iter().flat_map(|answer| &answer.inscriptions).any(|one| one.uai == *uai);
    let opening = Opening {
        id,
        right,
        owner: Some(student.session.owner.clone()),
        student: match &found {
            Some(answer) => Some(answer.student),
            None => asked_about(context, &student.session.owner).await?,
        },
        statement: desk.close(id, &statement).ok_or(Refusal::NoRandomness)?,
        contests: field(sent, "contester").is_some(),
        uai: uai.filter(own_uai),
        by: Actor::Person,
    };
    note(context, request_context, opening.student).await?;
    match desk.open(opening, now).await? {
        Opened::TooMany => refused(TOO_MANY).await,
        Opened::Yes(request) => {
            Ok(see_other(&context.address.url(&format!("/mon-espace/demandes/{}", request.id))))
        }
    }
}

/// The student that an open request of theirs is about: while nothing is told of somebody at their
/// own request, they aren't found either.
async fn asked_about(context: &Context, owner: &str) -> Result<Option<StudentId>, ApiError> {
    let own = context.requests.of_owner(owner).await?;
    Ok(own.iter().filter(|request| request.silences()).find_map(|request| request.student))
}

/// The trace of what a student asks comes before it.
async fn note(
    context: &Context,
    request_context: &RequestContext,
    student: Option<StudentId>,
) -> Result<(), ApiError> {
    let told = Told {
        route: Route::OwnPage,
        action: Action::Requested,
        purpose: None,
        enrolments: 0,
        fields: &[],
    };
    trace(context, request_context, student, &told).await
}

/// The request of an address, if it is this student's.
async fn own_request(
    context: &Context,
    id: &str,
    student: &LoggedInStudent,
) -> Result<Request, ApiError> {
    let id = RequestId::parse(id).ok_or(Refusal::NotFound)?;
    let request = context.requests.get(id).await?;
    let is_own = |request: &Request| request.owner.as_ref() == Some(&student.session.owner);
    Ok(request.filter(is_own).ok_or(Refusal::NotFound)?)
}

/// Shows a request of theirs, with what was answered.
pub(crate) async fn one(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    context.own()?;
    let (desk, now) = (context.desk(), request_context.now);
    let request = own_request(context, id, visitor.student()?).await?;
    let request = desk.settle(request, now).await?;
    let view = View::new(context, "/mon-espace", "Ma demande", visitor);
    let template = RequestPage {
        view: view.clone(),
        request: asked(&request, now),
        text: desk.statement(&request).map(|statement| statement.text),
        history: lines(context, &request, None).await?,
        silences: request.silences(),
        contests: request.contests,
        is_open: request.is_open(),
    };
    Ok(page(context, &view, &template))
}

/// Takes a request back. Done twice, it is taken back.
pub(crate) async fn withdraw(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    context.own()?;
    let now = request_context.now;
    let request = own_request(context, id, visitor.student()?).await?;
    note(context, request_context, request.student).await?;
    let (desk, read) = (context.desk(), request.version);
    let withdrawn = desk.change(request, read, now, |request| request.withdraw(now)).await;
    let request = withdrawn.map_err(of_desk)?;
    Ok(see_other(&context.address.url(&format!("/mon-espace/demandes/{}", request.id))))
}
