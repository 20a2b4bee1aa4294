//! One request, in order: endpoint, caller, answer or refusal, trace, metrics.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt as _, Response};
use serde::de::DeserializeOwned;
use shared::api::body;
use shared::api::reply::{json_text, public, set_header};
use shared::contract::error::Uid;
use shared::registry::StoreError;
use shared::registry::ines::trace::{Question, Subject};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::context::Context;
use crate::endpoint::{Endpoint, name_of};
use crate::metrics::RequestMetrics;
use crate::refusal::Refusal;
use crate::{attachments, decision, immatriculation, oauth, openapi, requests, search, verification};

/// An identity has some 300 bytes.
const LARGEST_BODY: usize = 16 * 1024;

/// What is learnt of a request while it is answered.
struct Exchange {
    now: Timestamp,
    /// The correlation id that the caller gets.
    uid: Uid,
    client: Option<String>,
}

/// Answers a request. How each stays right when it is delivered twice, or dies halfway, is said where it is done.
pub async fn handle(context: &Context, request: Request) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let now = Timestamp::now();
    let mut exchange = Exchange { now, uid: Uid::at(now), client: None };
    let path = request.raw_http_path();
    let endpoint = Endpoint::find(request.method(), path);
    let route = endpoint.as_ref().map_or("ines_unknown", |endpoint| endpoint.name());
    let result = match endpoint {
        Ok(endpoint) => answer(context, &request, endpoint, &mut exchange).await,
        Err(refusal) => Err(refusal),
    };
    let (mut response, outcome) = match result {
        Ok(told) => told,
        Err(refusal) => {
            if let Refusal::Unavailable(error) = &refusal {
                failed(&exchange.uid, error);
            }
            (refusal.response(name_of(path), &exchange.uid, request.method().as_str()), refusal.name())
        }
    };
    set_header(&mut response, "x-request-id", &exchange.uid);
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }

    let status = response.status().as_u16();
    context.metrics.emit(RequestMetrics {
        timestamp: SystemTime::now(),
        environment: context.metrics.environment.clone(),
        route,
        request_id: request.lambda_context_ref().map(|lambda| lambda.request_id.clone()).unwrap_or_default(),
        uid: exchange.uid.to_string(),
        client: exchange.client,
        outcome,
        status,
        requests: 1,
        unknown: matches!(outcome, "not_found" | "ambiguous").into(),
        assigned: (outcome == "assigned").into(),
        litigation: (outcome == "pending" && route == Endpoint::Immatriculate.name()).into(),
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        cold_starts: context.cold.swap(false, Ordering::Relaxed).into(),
        server_errors: (status >= 500).into(),
    });
    Ok(response)
}

/// The response, and the outcome's name.
async fn answer(
    context: &Context,
    request: &Request,
    endpoint: Endpoint<'_>,
    exchange: &mut Exchange,
) -> Result<(Response<Body>, &'static str), Refusal> {
    match endpoint {
        Endpoint::Token => return Ok(token(context, request, exchange).await),
        Endpoint::OpenApi => return Ok((public(openapi::DOCUMENT.to_owned()), "done")),
        Endpoint::Ping => return Ok((public("\"pong\"".to_owned()), "done")),
        _ => {}
    }
    let caller = Caller::of(context, request.headers()).await?;
    exchange.client = Some(caller.client_id.clone());
    if !endpoint.rights().iter().any(|right| caller.may(*right)) {
        return Err(Refusal::Forbidden);
    }
    let result = ask(context, &caller, request, endpoint, exchange.now).await;
    // No answer without its trace: when that can't be written, the caller asks again, and is answered the same.
    let traced = match &result {
        Ok(answer) => Some((answer.about.subject(), answer.outcome)),
        Err(refusal) => refusal.tells().then_some((Subject::Nobody, refusal.name())),
    };
    if let Some((subject, outcome)) = traced {
        let question = Question {
            uid: &exchange.uid,
            at: exchange.now,
            client: &caller.client_id,
            route: endpoint.name(),
            channel: caller.channel.as_deref(),
            depositor: caller.depositor,
        };
        context.trace.write(&question, subject, outcome).await?;
    }
    result.map(|Answer { status, body, outcome, .. }| (json_text(status, body), outcome))
}

async fn ask(
    context: &Context,
    caller: &Caller,
    request: &Request,
    endpoint: Endpoint<'_>,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    match endpoint {
        Endpoint::Verify => verification::verify(context, caller, &read(request)?, now).await,
        Endpoint::Search => search::search(context, &read(request)?).await,
        Endpoint::Immatriculate => immatriculation::ask(context, caller, &read(request)?, now).await,
        Endpoint::Request(id) => requests::read(context, caller, id).await,
        Endpoint::Requests => requests::list(context, request).await,
        Endpoint::Decide(id) => decision::decide(context, caller, id, &read(request)?, now).await,
        Endpoint::Attach => attachments::attach(context, &read(request)?).await,
        Endpoint::Detach => attachments::detach(context, &read(request)?).await,
        // They take no token, and were answered before anybody was asked for one.
        Endpoint::Token | Endpoint::OpenApi | Endpoint::Ping => Err(Refusal::NoSuchPath),
    }
}

async fn token(context: &Context, request: &Request, exchange: &mut Exchange) -> (Response<Body>, &'static str) {
    match oauth::token(context, request, exchange.now, &mut exchange.client).await {
        Ok(response) => (response, "done"),
        Err(refusal) => {
            if let oauth::TokenRefusal::Unavailable(error) = &refusal {
                failed(&exchange.uid, error);
            }
            (refusal.response(), refusal.name())
        }
    }
}

fn failed(uid: &Uid, error: &StoreError) {
    tracing::error!(%uid, %error, "store failed");
}

/// The body of a request, as what it should be.
fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    let body = body::json(request, LARGEST_BODY)?;
    // What serde says would quote the body.
    serde_json::from_slice(body).map_err(|_| Refusal::Invalid("le corps de la requête n'est pas celui qui est attendu"))
}

#[cfg(test)]
mod tests;
