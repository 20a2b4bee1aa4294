//! One request, in order: endpoint, reviewer, quota, answer or refusal, metrics.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::{public, set_header};
use shared::contract::error::Uid;
use shared::identity::review::CaseId;
use shared::registry::allowances::{Allowance, Refused};

use crate::caller::Reviewer;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::metrics::RequestMetrics;
use crate::refusal::Refusal;
use crate::{deciding, listing, openapi, reading};

/// What is learnt of a request while it is answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) now: Timestamp,
    /// The correlation id that the caller gets.
    pub(crate) uid: Uid,
    reviewer: Option<String>,
    case: Option<CaseId>,
    /// What the caller has left.
    allowance: Option<Allowance>,
}

impl Exchange {
    fn at(now: Timestamp) -> Self {
        Self { now, uid: Uid::at(now), reviewer: None, case: None, allowance: None }
    }

    /// Takes one out of the reviewer's quota.
    async fn take(&mut self, context: &Context, reviewer: &Reviewer) -> Result<(), Refusal> {
        let allowance = context.quotas.take(&reviewer.client, None, 1, self.now).await;
        self.allowance = allowance.as_ref().map_or_else(Refused::allowance, |allowance| Some(*allowance));
        allowance?;
        Ok(())
    }

    /// The case of a path. What hasn't the form of an id may be anything, and is neither logged nor given back.
    fn case(&mut self, id: &str) -> Result<CaseId, Refusal> {
        let id = CaseId::parse(id).ok_or(Refusal::CaseNotFound)?;
        self.case = Some(id.clone());
        Ok(id)
    }
}

/// Answers a request. How each stays right when it is delivered twice, or dies halfway, is said where it is done.
pub async fn handle(context: &Context, request: Request) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let mut exchange = Exchange::at(Timestamp::now());
    let endpoint = Endpoint::find(request.method(), request.raw_http_path());
    let route = endpoint.as_ref().map_or("unknown", |endpoint| endpoint.name());
    let result = match endpoint {
        Ok(endpoint) => answer(context, &request, endpoint, &mut exchange).await,
        Err(refusal) => Err(refusal),
    };

    let outcome = result.as_ref().err().map_or("done", Refusal::name);
    if let Err(Refusal::Unavailable(error)) = &result {
        tracing::error!(uid = %exchange.uid, %error, "store failed");
    }
    let mut response = result.unwrap_or_else(|refusal| refusal.response(&exchange.uid, request.method().as_str()));
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
        client: exchange.reviewer,
        case: exchange.case.map(|case| case.to_string()),
        outcome,
        status,
        requests: 1,
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        cold_starts: context.cold.swap(false, Ordering::Relaxed).into(),
        server_errors: (status >= 500).into(),
        refused_quota: (status == 429).into(),
    });
    Ok(response)
}

async fn answer(
    context: &Context,
    request: &Request,
    endpoint: Endpoint<'_>,
    exchange: &mut Exchange,
) -> Result<Response<Body>, Refusal> {
    let documentation = || public(openapi::DOCUMENT.to_owned());
    if endpoint == Endpoint::OpenApi {
        return Ok(documentation());
    }
    let reviewer = Reviewer::of(context, request.headers(), exchange.now).await?;
    exchange.reviewer = Some(reviewer.id().to_owned());
    exchange.take(context, &reviewer).await?;
    match endpoint {
        Endpoint::List => listing::list(context, request).await,
        Endpoint::Read(id) => reading::read(context, &reviewer, &exchange.case(id)?, exchange).await,
        Endpoint::Decide(id) => deciding::decide(context, &reviewer, &exchange.case(id)?, request, exchange.now).await,
        Endpoint::Undo(id) => deciding::undo(context, &reviewer, &exchange.case(id)?, exchange.now).await,
        Endpoint::Dispute => deciding::dispute(context, &reviewer, request, exchange).await,
        Endpoint::OpenApi => Ok(documentation()),
    }
}

#[cfg(test)]
mod tests;
