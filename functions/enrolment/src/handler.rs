//! What the kernel asks of this function: who calls, how an error reads, what the line of metrics
//! says.

use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::access::route::Route;
use shared::api::metrics::RequestMetrics;
use shared::api::{Api, Service};
use shared::domain::uai::Uai;
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::metrics::RequestLine;
use crate::refusal::{ApiError, Refusal, response};
use crate::routes::routes;

/// What is learnt of a request while it is answered.
pub(crate) type RequestContext = shared::api::RequestContext<Context>;

/// What only this function's line of metrics says of a request.
#[derive(Debug, Default)]
pub struct Facts {
    /// The establishment that the caller sends as, once it is known.
    uai: Option<Uai>,
    /// Enrolments told of.
    pub(crate) enrolments: usize,
    /// Of these, those that were stored.
    pub(crate) stored: usize,
    /// Of these, those about a pair or an establishment that isn't known.
    unknown: u32,
    /// Whether it looks like trying numbers out.
    pub(crate) enumeration_suspected: bool,
}

/// What a statement is answered.
pub(crate) enum EnrolmentAnswer {
    /// Now.
    Done(Answered),
    /// As it was before, for the same `Idempotency-Key`.
    Replayed(Answered),
}

/// The function, ready to answer.
#[must_use]
pub fn api(context: Context) -> Api<Context> {
    Api::new(context, routes())
}

impl Service for Context {
    /// What the key must open.
    type Access = Route;
    type Caller = Caller;
    type Refusal = Refusal;
    type Facts = Facts;

    async fn authenticate(
        &self,
        route: Route,
        request: &Request,
        request_context: &mut RequestContext,
    ) -> Result<Caller, ApiError> {
        let caller = Caller::of(self, request.headers(), route, request_context.now).await?;
        request_context.client = Some(caller.client.client_id.clone());
        request_context.facts.uai = Some(caller.depositor.establishment().uai);
        Ok(caller)
    }

    fn render(
        error: &ApiError,
        request: &Request,
        request_context: &RequestContext,
    ) -> Response<Body> {
        response(error, request.raw_http_path(), request.method().as_str(), &request_context.uid)
    }

    fn emit(&self, request: RequestMetrics, facts: Facts) {
        self.metrics.emit(RequestLine {
            refused_quota: (request.status == 429).into(),
            request,
            uai: facts.uai.map(|uai| uai.to_string()),
            enrolments: facts.enrolments as u64,
            stored: facts.stored as u64,
            unknown: facts.unknown.into(),
            enumeration_suspected: facts.enumeration_suspected.into(),
        });
    }

    fn environment(&self) -> &str {
        &self.metrics.environment
    }
}

/// Takes `count` out of the caller's quota.
pub(crate) async fn charge(
    context: &Context,
    caller: &Caller,
    request_context: &mut RequestContext,
    count: u32,
) -> Result<(), ApiError> {
    Ok(request_context.take(&context.quotas, &caller.client, None, count).await?)
}

/// Counts pairs that nobody has against the caller, if there were any: whoever tries INEs out is
/// slowed down.
pub(crate) async fn count_unknown(
    context: &Context,
    caller: &Caller,
    request_context: &mut RequestContext,
    count: u32,
) -> Result<(), ApiError> {
    if count > 0 {
        request_context.facts.unknown += count;
        let suspected =
            context.quotas.count_unknown(&caller.client, None, count, request_context.now).await?;
        request_context.facts.enumeration_suspected |= suspected;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
