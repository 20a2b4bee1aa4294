//! One request, for those who answer it: who asks, what, and what was done. Reading it is traced.

use askama::Template;
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::audit::{self, Action, Disclosure};
use shared::domain::academic_year::day_in_france;
use shared::domain::uai::Uai;
use shared::registry::members::EstablishmentRole;
use shared::rights::{Actor, RefusalReason, Request, RequestId, Right, State};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::requests::list::national;
use crate::requests::words::{
    Line, Readers, establishment, in_charge, lines, reason_title, right_title, state_title,
};
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::{date, day};

#[derive(Template)]
#[template(path = "requests/one.html")]
struct RequestPage {
    view: View,
    id: String,
    version: u64,
    right: &'static str,
    state: &'static str,
    tone: &'static str,
    opened: String,
    due: String,
    is_late: bool,
    silences: bool,
    /// Who asks, as FranceConnect says it; none where the secret was renewed since.
    person: Option<Person>,
    /// The student of the register, by the id that commands take.
    student: Option<String>,
    in_charge: Option<String>,
    establishment: Option<String>,
    history: Vec<Line>,
    may: May,
    reasons: Vec<(&'static str, &'static str)>,
    back: String,
}

struct Person {
    name: String,
    born: String,
    text: String,
}

/// What the reader can do now: the forms of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a form of its own, there or not")]
struct May {
    take: bool,
    grant: bool,
    refuse: bool,
    extend: bool,
    send: bool,
    agree: bool,
    correct: bool,
}

/// What somebody answers a request as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seat {
    /// As an operator or the data protection officer.
    National { member: String },
    /// As a manager of the establishment that it was sent to.
    Establishment { uai: Uai, member: String },
}

impl Seat {
    pub(crate) fn actor(&self) -> Actor {
        match self.clone() {
            Self::National { member } => Actor::National { member },
            Self::Establishment { uai, member } => Actor::Establishment { uai, member },
        }
    }

    /// The digest of the person.
    pub(crate) fn member(&self) -> &str {
        match self {
            Self::National { member } | Self::Establishment { member, .. } => member,
        }
    }

    /// The establishment that they act for.
    fn depositor(&self) -> Option<Uai> {
        match self {
            Self::National { .. } => None,
            Self::Establishment { uai, .. } => Some(*uai),
        }
    }

    /// The reasons that they may refuse for: an establishment speaks of its own records.
    pub(crate) fn reasons(&self) -> &'static [RefusalReason] {
        match self {
            Self::National { .. } => &RefusalReason::ALL,
            Self::Establishment { .. } => &[RefusalReason::Accurate, RefusalReason::NotHeld],
        }
    }

    fn may(&self, request: &Request) -> May {
        let (is_open, has_it) = (request.is_open(), request.establishment().is_some());
        match self {
            Self::National { member } => May {
                take: is_open && request.in_charge.as_ref() != Some(member),
                grant: is_open && request.in_charge.is_some() && !has_it,
                refuse: is_open && request.in_charge.is_some(),
                extend: is_open && !request.extended,
                send: is_open && request.right == Right::Rectification,
                agree: false,
                correct: is_open && has_it,
            },
            Self::Establishment { .. } => May {
                refuse: has_it,
                agree: matches!(request.state, State::Sent { .. }),
                correct: has_it,
                ..May::default()
            },
        }
    }
}

/// The request of an address, and what the reader answers it as. One that isn't theirs to read is
/// answered like one that isn't there.
pub(crate) async fn read(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<(Request, Seat), ApiError> {
    let (person, now) = (visitor.person()?, request_context.now);
    let id = RequestId::parse(id).ok_or(Refusal::NotFound)?;
    let request = context.requests.get(id).await?.ok_or(Refusal::NotFound)?;
    let member = person.session.member.clone();
    if national(visitor, request_context).is_ok() {
        return Ok((request, Seat::National { member }));
    }
    let uai = request.last_sent_to().ok_or(Refusal::NotFound)?;
    match person.member.role(uai, now) {
        Some(EstablishmentRole::Gestionnaire) => Ok((request, Seat::Establishment { uai, member })),
        Some(EstablishmentRole::Lecteur | EstablishmentRole::Deposant) | None => {
            Err(Refusal::NotFound.into())
        }
    }
}

/// Shows a request.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let (request, seat) = read(context, id, visitor, request_context).await?;
    let request = context.desk().settle(request, now).await?;
    trace(context, &request, &seat, visitor, request_context).await?;
    let (state, tone) = state_title(&request);
    let view = View::new(context, "/national/demandes", "Une demande de droits", visitor);
    let statement = context.desk().statement(&request);
    let template = RequestPage {
        view: view.clone(),
        id: request.id.to_string(),
        version: request.version,
        right: right_title(request.right),
        state,
        tone,
        opened: day(request.opened_at),
        due: date(request.due_on),
        is_late: request.is_late(day_in_france(now)),
        silences: request.silences(),
        person: statement.map(|statement| Person {
            name: statement.identity.name(),
            born: statement.identity.birthdate,
            text: statement.text,
        }),
        student: match seat {
            Seat::National { .. } => request.student.map(|student| student.to_string()),
            Seat::Establishment { .. } => None,
        },
        in_charge: in_charge(context, &request).await?,
        establishment: establishment(context, request.last_sent_to()).await?,
        history: lines(context, &request, Some(Readers)).await?,
        may: seat.may(&request),
        reasons: reasons(context, &request, &seat),
        back: match &seat {
            Seat::National { .. } => "/national/demandes".to_owned(),
            Seat::Establishment { uai, .. } => format!("/etablissements/{uai}/demandes"),
        },
    };
    Ok(page(context, &view, &template))
}

fn reasons(context: &Context, request: &Request, seat: &Seat) -> Vec<(&'static str, &'static str)> {
    let ground = context.request_terms.ground;
    let holds = |reason: &&RefusalReason| {
        **reason != RefusalReason::Ground || ground.refuses(request.right)
    };
    let titled = |reason: &RefusalReason| (reason.name(), reason_title(*reason));
    seat.reasons().iter().filter(holds).map(titled).collect()
}

/// The trace of a reading, before the page.
async fn trace(
    context: &Context,
    request: &Request,
    seat: &Seat,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<(), ApiError> {
    let name = visitor.person()?.trace_name();
    let asked = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&name),
        depositor: seat.depositor(),
        route: Route::Rights,
        action: Action::Consulted,
        caller: None,
        recipient: None,
    };
    let fields = vec!["identite", "demande"];
    let told = Disclosure { student: request.student, fields, ..Disclosure::default() };
    Ok(context.traces.write(&asked, &[told]).await?)
}
