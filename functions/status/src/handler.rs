//! What the kernel asks of this function: who calls, how an error reads, what the line of metrics
//! says.

use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::metrics::RequestMetrics;
use shared::api::{Api, Service};

use crate::caller::{Access, Caller};
use crate::context::Context;
use crate::metrics::RequestLine;
use crate::reply::{ApiError, Refusal, response};
use crate::routes::routes;

/// What is learnt of a request while it is answered.
pub(crate) type RequestContext = shared::api::RequestContext<Context>;

/// What only this function's line of metrics says of a request.
#[derive(Debug, Default)]
pub struct Facts {
    /// How many people were asked about.
    pub(crate) people: usize,
    /// Whether it looks like trying numbers out.
    pub(crate) enumeration_suspected: bool,
}

/// The function, ready to answer. It reads, takes from a quota and writes a trace under a key of
/// its own: delivered twice, a request is counted and traced twice, as two consultations are.
#[must_use]
pub fn api(context: Context) -> Api<Context> {
    Api::new(context, routes())
}

impl Service for Context {
    type Access = Access;
    type Caller = Caller;
    type Refusal = Refusal;
    type Facts = Facts;

    const ANSWERED: &'static str = "found";

    async fn authenticate(
        &self,
        access: Access,
        request: &Request,
        request_context: &mut RequestContext,
    ) -> Result<Caller, ApiError> {
        let caller = match access {
            Access::Asking(route) => Caller::of(self, request, route, request_context.now).await,
            Access::Holding => Caller::holder(self, request, request_context.now).await,
        };
        if let Err(ApiError::Refused(Refusal::FranceConnect(error))) = &caller {
            tracing::warn!(uid = %request_context.uid, %error, "FranceConnect gave nobody");
        }
        let caller = caller?;
        request_context.client = Some(caller.client.client_id.clone());
        Ok(caller)
    }

    fn render(
        &self,
        error: &ApiError,
        request: &Request,
        request_context: &RequestContext,
    ) -> Response<Body> {
        response(error, request.raw_http_path(), &request_context.uid, request.method().as_str())
    }

    fn emit(&self, request: RequestMetrics, facts: Facts) {
        self.metrics.emit(RequestLine {
            people: facts.people as u64,
            refused_quota: (request.status == 429).into(),
            enumeration_suspected: facts.enumeration_suspected.into(),
            france_connect_failures: (request.outcome == "france_connect_failed").into(),
            request,
        });
    }

    fn environment(&self) -> &str {
        &self.metrics.environment
    }
}

#[cfg(test)]
mod tests;
