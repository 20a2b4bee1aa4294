//! One request, in order: endpoint, caller, answer or refusal, metrics.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::reply::{json_text, public, set_header};
use shared::contract::error::Uid;
use shared::registry::allowances::{Allowance, Refused};
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::endpoint::{Endpoint, name_of};
use crate::metrics::RequestMetrics;
use crate::refusal::Refusal;
use crate::{batch, deposits, existing, openapi, single};

/// What is learnt of a request while it is answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) now: Timestamp,
    /// The correlation id that the caller gets.
    pub(crate) uid: Uid,
    /// Enrolments told of.
    pub(crate) enrolments: usize,
    /// Of these, those that were stored.
    pub(crate) stored: usize,
    /// Of these, those about a pair or an establishment that isn't known.
    unknown: u32,
    /// What the caller has left.
    allowance: Option<Allowance>,
    /// Whether it looks like trying numbers out.
    pub(crate) enumeration_suspected: bool,
}

impl Exchange {
    fn at(now: Timestamp) -> Self {
        Self {
            now,
            uid: Uid::at(now),
            enrolments: 0,
            stored: 0,
            unknown: 0,
            allowance: None,
            enumeration_suspected: false,
        }
    }

    /// Takes `count` out of the caller's quota.
    pub(crate) async fn take(&mut self, context: &Context, caller: &Caller, count: u32) -> Result<(), Refusal> {
        let allowance = context.quotas.take(&caller.client, None, count, self.now).await;
        self.allowance = allowance.as_ref().map_or_else(Refused::allowance, |allowance| Some(*allowance));
        allowance?;
        Ok(())
    }

    /// Counts pairs that nobody has against the caller, if there were any: whoever tries INEs out is slowed down.
    pub(crate) async fn count_unknown(
        &mut self,
        context: &Context,
        caller: &Caller,
        count: u32,
    ) -> Result<(), Refusal> {
        if count > 0 {
            self.unknown += count;
            self.enumeration_suspected |= context.quotas.count_unknown(&caller.client, None, count, self.now).await?;
        }
        Ok(())
    }
}

/// What a statement is answered.
pub(crate) enum Answer {
    /// Now.
    Done(Answered),
    /// As it was before, for the same `Idempotency-Key`.
    Replayed(Answered),
}

/// Answers a request. How each stays right when it is delivered twice, or dies halfway, is said where it is done.
pub async fn handle(context: &Context, request: Request) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let mut exchange = Exchange::at(Timestamp::now());
    let path = request.raw_http_path();
    let endpoint = Endpoint::find(request.method(), path);
    let route = endpoint.as_ref().map_or("unknown", |endpoint| endpoint.name());
    let mut caller = None;
    let result = match endpoint {
        Ok(endpoint) => answer(context, &request, endpoint, &mut caller, &mut exchange).await,
        Err(refusal) => Err(refusal),
    };

    let outcome = result.as_ref().map_or_else(Refusal::name, |(outcome, _)| outcome);
    if let Err(Refusal::Unavailable(error)) = &result {
        tracing::error!(uid = %exchange.uid, %error, "store failed");
    }
    let mut response = match result {
        Ok((_, response)) => response,
        Err(refusal) => refusal.response(name_of(path), &exchange.uid, request.method().as_str()),
    };
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
        client: caller.as_ref().map(|caller| caller.client.client_id.clone()),
        uai: caller.as_ref().map(|caller| caller.depositor.establishment().uai.to_string()),
        outcome,
        status,
        requests: 1,
        enrolments: exchange.enrolments as u64,
        stored: exchange.stored as u64,
        unknown: exchange.unknown.into(),
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        cold_starts: context.cold.swap(false, Ordering::Relaxed).into(),
        server_errors: (status >= 500).into(),
        refused_quota: (status == 429).into(),
        enumeration_suspected: exchange.enumeration_suspected.into(),
    });
    Ok(response)
}

/// The outcome's name, and the response.
async fn answer(
    context: &Context,
    request: &Request,
    endpoint: Endpoint<'_>,
    caller: &mut Option<Caller>,
    exchange: &mut Exchange,
) -> Result<(&'static str, Response<Body>), Refusal> {
    let documentation = || public(openapi::DOCUMENT.to_owned());
    let Some(route) = endpoint.route() else { return Ok(("done", documentation())) };
    let caller = caller.insert(Caller::of(context, request.headers(), route, exchange.now).await?);
    let response = match endpoint {
        Endpoint::Tell => return single::tell(context, caller, request, exchange).await.map(respond),
        Endpoint::TellBatch => return batch::tell(context, caller, request, exchange).await.map(respond),
        Endpoint::Read(id) => existing::read(context, caller, id, exchange).await?,
        Endpoint::Cancel(id) => existing::cancel(context, caller, id, exchange).await?,
        Endpoint::NewDeposit => deposits::open(context, caller, request, exchange).await?,
        Endpoint::Deposit(id) => deposits::follow(context, caller, id, exchange).await?,
        Endpoint::Findings(id) => deposits::findings(context, caller, id, request, exchange).await?,
        Endpoint::OpenApi => documentation(),
    };
    Ok(("done", response))
}

fn respond(answer: Answer) -> (&'static str, Response<Body>) {
    let (outcome, Answered { code, body }) = match answer {
        Answer::Done(answered) => ("done", answered),
        Answer::Replayed(answered) => ("replayed", answered),
    };
    let mut response = json_text(StatusCode::from_u16(code).unwrap_or(StatusCode::OK), body);
    if outcome == "replayed" {
        set_header(&mut response, "idempotent-replayed", true);
    }
    (outcome, response)
}

#[cfg(test)]
mod tests;
