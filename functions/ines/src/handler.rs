//! What the kernel asks of this function: who calls, how an error reads, what the line of metrics
//! says.

use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::access::ines::Right;
use shared::api::metrics::RequestMetrics;
use shared::api::{Api, RequestContext, Service};

use crate::caller::Caller;
use crate::context::Context;
use crate::metrics::RequestLine;
use crate::refusal::{ApiError, Refusal, response};
use crate::routes::{IMMATRICULATION, routes};

/// The function, ready to answer.
#[must_use]
pub fn api(context: Context) -> Api<Context> {
    Api::new(context, routes())
}

impl Service for Context {
    /// What the token must allow, any of them.
    type Access = &'static [Right];
    type Caller = Caller;
    type Refusal = Refusal;
    type Facts = ();

    const UNKNOWN: &'static str = "ines_unknown";

    async fn authenticate(
        &self,
        rights: &'static [Right],
        request: &Request,
        request_context: &mut RequestContext<Self>,
    ) -> Result<Caller, ApiError> {
        let caller = Caller::of(self, request.headers()).await?;
        request_context.client = Some(caller.client_id.clone());
        if rights.iter().any(|right| caller.may(*right)) {
            Ok(caller)
        } else {
            Err(Refusal::Forbidden.into())
        }
    }

    fn render(
        &self,
        error: &ApiError,
        request: &Request,
        request_context: &RequestContext<Self>,
    ) -> Response<Body> {
        response(error, request.raw_http_path(), request.method().as_str(), &request_context.uid)
    }

    fn emit(&self, request: RequestMetrics, (): ()) {
        let outcome = request.outcome;
        self.metrics.emit(RequestLine {
            unknown: matches!(outcome, "not_found" | "ambiguous").into(),
            assigned: (outcome == "assigned").into(),
            litigation: (outcome == "pending" && request.route == IMMATRICULATION).into(),
            request,
        });
    }

    fn environment(&self) -> &str {
        &self.metrics.environment
    }
}

#[cfg(test)]
mod tests;
