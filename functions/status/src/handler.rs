//! One request, in order: route, key, parameters, look-up, trace, answer.

use std::convert::Infallible;
use std::time::Instant;

use jiff::Timestamp;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Request, RequestExt, Response};
use shared::audit::Access;
use shared::contract::error::Uid;
use shared::contract::student_status::{IdentityRequest, StudentStatus};
use shared::domain::academic_year::day_in_france;
use shared::domain::ine::Ine;
use shared::identity::lookup;
use shared::identity::student::Answer;
use shared::registry::StoreError;
use shared::registry::clients::{Client, KeyHash, Route};

use crate::context::Context;
use crate::reply::{Refusal, json};

/// A look-up's body has some 150 bytes.
const LARGEST_BODY: usize = 16 * 1024;
/// `X-Caller` is `DINUM - <uuid>`, 44 characters; what is longer is kept up to here.
const LONGEST_CALLER: usize = 200;

/// Answers a request. Reads only, and writes one trace under a key of its own: delivered twice, a request is
/// traced twice, as two consultations are.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let now = Timestamp::now();
    let uid = Uid::at(now);
    let mut log = Consultation::default();

    let result = match route(&request) {
        Ok(Some(route)) => consult(context, &request, route, now, &uid, &mut log).await,
        Ok(None) => Ok(json(StatusCode::OK, &"pong")),
        Err(refusal) => Err(refusal),
    };

    let outcome = match &result {
        Ok(_) => "found",
        Err(refusal) => refusal.name(),
    };
    if let Err(Refusal::Unavailable(error)) = &result {
        tracing::error!(%uid, %error, "store failed");
    }
    let response = result.unwrap_or_else(|refusal| {
        // Only the path that we serve is repeated: any other may hold anything.
        let endpoint = if matches!(refusal, Refusal::NoSuchPath) { "" } else { "etudiant" };
        refusal.response(&uid, request.method().as_str(), endpoint)
    });
    tracing::info!(
        %uid,
        route = log.route,
        client = log.client.as_deref(),
        outcome,
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "consultation"
    );
    Ok(response)
}

/// What the log line tells of a request.
#[derive(Default)]
struct Consultation {
    route: Option<&'static str>,
    client: Option<String>,
}

/// `None` for the liveness probe.
fn route(request: &Request) -> Result<Option<Route>, Refusal> {
    match (request.raw_http_path().trim_end_matches('/'), request.method()) {
        ("/api/etudiant", &Method::GET) => Ok(Some(Route::StatusByIne)),
        ("/api/etudiant", &Method::POST) => Ok(Some(Route::StatusByIdentity)),
        ("/ping", &Method::GET) => Ok(None),
        ("/api/etudiant" | "/ping", _) => Err(Refusal::MethodNotAllowed),
        _ => Err(Refusal::NoSuchPath),
    }
}

async fn consult(
    context: &Context,
    request: &Request,
    route: Route,
    now: Timestamp,
    uid: &Uid,
    log: &mut Consultation,
) -> Result<Response<Body>, Refusal> {
    log.route = Some(route.name());
    let client = authenticate(context, request, route).await?;
    log.client = Some(client.client_id.clone());

    let question = Question::parse(request, route)?;
    let answer = question.look_up(context).await?;
    let ine = question.ine();
    let told = answer
        .as_ref()
        .and_then(|answer| StudentStatus::on(answer, day_in_france(now), context.starts_within_days, ine));

    let caller = caller(request);
    let access = Access {
        uid,
        at: now,
        client: &client.client_id,
        route: route.name(),
        caller: caller.as_deref(),
        student: told.as_ref().and(answer.as_ref()).map(|answer| answer.student),
        enrolments: told.as_ref().map_or(0, StudentStatus::enrolments),
    };
    context.access_log.write(&access).await?;

    told.map(|told| json(StatusCode::OK, &told)).ok_or_else(|| question.not_found())
}

async fn authenticate(context: &Context, request: &Request, route: Route) -> Result<Client, Refusal> {
    let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok()).ok_or(Refusal::Unauthenticated)?;
    let client = context.clients.get(KeyHash::of(key)).await?;
    client.filter(|client| client.may(route)).ok_or(Refusal::Unauthenticated)
}

/// What is asked.
enum Question {
    ByIne { ine: Ine, as_asked: String },
    ByIdentity(IdentityRequest),
}

impl Question {
    fn parse(request: &Request, route: Route) -> Result<Self, Refusal> {
        match route {
            Route::StatusByIne => {
                let parameters = request.query_string_parameters();
                // The contract writes it in upper case, and so do its callers.
                let as_asked = parameters.first("INE").unwrap_or_default();
                let ine = Ine::parse(as_asked).map_err(|_| Refusal::InvalidIne)?;
                Ok(Self::ByIne { ine, as_asked: as_asked.to_owned() })
            }
            Route::StatusByIdentity => {
                let body = request.body().as_ref();
                if body.len() > LARGEST_BODY {
                    return Err(Refusal::TooLarge);
                }
                IdentityRequest::parse(body)
                    .map(Self::ByIdentity)
                    .map_err(|error| Refusal::InvalidParameter(error.to_string()))
            }
        }
    }

    /// One read by INE, two in sequence by civil identity.
    async fn look_up(&self, context: &Context) -> Result<Option<Answer>, StoreError> {
        match self {
            Self::ByIne { ine, .. } => context.answers.by_ine(&context.keys.ine(ine)).await,
            Self::ByIdentity(request) => {
                let postings = context.answers.postings(&request.digest(&context.keys)).await?;
                match lookup::unique(&postings, request.lieu_naissance) {
                    Some(student) => context.answers.by_student(student).await,
                    None => Ok(None),
                }
            }
        }
    }

    fn ine(&self) -> Option<&str> {
        match self {
            Self::ByIne { ine, .. } => Some(ine.expose()),
            Self::ByIdentity(_) => None,
        }
    }

    fn not_found(&self) -> Refusal {
        match self {
            Self::ByIne { as_asked, .. } => Refusal::EnrolmentNotFound { ine: as_asked.clone() },
            Self::ByIdentity(_) => Refusal::StudentNotFound,
        }
    }
}

/// On whose behalf a relaying client asks, for the trace.
fn caller(request: &Request) -> Option<String> {
    let caller = request.headers().get("x-caller")?.to_str().ok()?;
    Some(caller.chars().take(LONGEST_CALLER).collect())
}
