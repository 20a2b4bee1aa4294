//! One request, in order: endpoint, answer or refusal, metrics.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt, Response};
use shared::access::route::Route;
use shared::api::reply::set_header;
use shared::contract::error::Uid;
use shared::registry::allowances::Allowance;

use crate::context::Context;
use crate::endpoint::{Endpoint, style};
use crate::metrics::RequestMetrics;
use crate::reply::Refusal;
use crate::{batch, consultation, public};

/// What is learnt of a request while it is answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) now: Timestamp,
    /// The correlation id that the caller gets.
    pub(crate) uid: Uid,
    /// Who asked, once it is known.
    pub(crate) client: Option<String>,
    /// How many people it asked about.
    pub(crate) people: usize,
    /// What it has left.
    pub(crate) allowance: Option<Allowance>,
    /// Whether it looks like trying numbers out.
    pub(crate) enumeration_suspected: bool,
}

/// Answers a request. It reads, takes from a quota and writes a trace under a key of its own: delivered twice, a
/// request is counted and traced twice, as two consultations are.
pub async fn handle(context: &Context, request: Request) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let now = Timestamp::now();
    let mut exchange =
        Exchange { now, uid: Uid::at(now), client: None, people: 0, allowance: None, enumeration_suspected: false };
    let path = request.raw_http_path();
    let endpoint = Endpoint::find(request.method(), path);
    let route = endpoint.as_ref().map_or("unknown", |endpoint| endpoint.name());
    let result = match endpoint {
        Ok(endpoint) => answer(context, &request, endpoint, &mut exchange).await,
        Err(refusal) => Err(refusal),
    };

    let outcome = result.as_ref().map_or_else(Refusal::name, |_| "found");
    let france_connect_failed = result.as_ref().is_err_and(Refusal::is_france_connect_failure);
    if let Err(Refusal::Unavailable(error)) = &result {
        tracing::error!(uid = %exchange.uid, %error, "store failed");
    }
    if let Err(Refusal::FranceConnect(error)) = &result {
        tracing::warn!(uid = %exchange.uid, %error, "FranceConnect gave nobody");
    }
    let mut response =
        result.unwrap_or_else(|refusal| refusal.response(style(path), &exchange.uid, request.method().as_str()));
    set_header(&mut response, "x-request-id", &exchange.uid);
    if let Some(allowance) = exchange.allowance {
        for (name, value) in allowance.headers() {
            set_header(&mut response, name, value);
        }
    }
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
        people: exchange.people as u64,
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        cold_starts: context.cold.swap(false, Ordering::Relaxed).into(),
        server_errors: (status >= 500).into(),
        refused_quota: (status == 429).into(),
        enumeration_suspected: exchange.enumeration_suspected.into(),
        france_connect_failures: france_connect_failed.into(),
    });
    Ok(response)
}

async fn answer(
    context: &Context,
    request: &Request,
    endpoint: Endpoint,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Refusal> {
    match endpoint {
        Endpoint::Consultation(Route::Batch) => batch::answer(context, request, exchange).await,
        Endpoint::Consultation(route) => consultation::answer(context, request, route, exchange).await,
        Endpoint::Introspect => public::introspect(context, request, exchange).await,
        Endpoint::Coverage => public::coverage(context, request).await,
        Endpoint::EncryptionKeys => public::encryption_keys(context).await,
        Endpoint::OpenApi => Ok(public::documentation()),
        Endpoint::Ping => Ok(public::ping()),
    }
}

#[cfg(test)]
mod tests;
