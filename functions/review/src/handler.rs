//! What the kernel asks of this function: who calls, how an error reads, what the line of metrics
//! says.

use lambda_http::{Body, Request, Response};
use shared::api::metrics::RequestMetrics;
use shared::api::{Api, Service};
use shared::identity::review::CaseId;
use shared::reviewing::{Asked, Reviewer};

use crate::caller::recognised;
use crate::context::Context;
use crate::metrics::RequestLine;
use crate::refusal::{ApiError, Refusal, response};
use crate::routes::routes;

/// What is learnt of a request while it is answered.
pub(crate) type RequestContext = shared::api::RequestContext<Context>;

/// The request, as traces name it.
pub(crate) fn asked(request_context: &RequestContext) -> Asked<'_> {
    Asked { uid: &request_context.uid, at: request_context.now }
}

/// The function, ready to answer.
#[must_use]
pub fn api(context: Context) -> Api<Context> {
    Api::new(context, routes())
}

impl Service for Context {
    /// One key opens all that isn't public.
    type Access = ();
    type Caller = Reviewer;
    type Refusal = Refusal;
    /// The case, once it is known.
    type Facts = Option<CaseId>;

    async fn authenticate(
        &self,
        (): (),
        request: &Request,
        request_context: &mut RequestContext,
    ) -> Result<Reviewer, ApiError> {
        let (client, reviewer) = recognised(self, request.headers(), request_context.now).await?;
        request_context.client = Some(reviewer.id.clone());
        request_context.take(&self.quotas, &client, None, 1).await?;
        Ok(reviewer)
    }

    fn render(
        &self,
        error: &ApiError,
        request: &Request,
        request_context: &RequestContext,
    ) -> Response<Body> {
        response(error, request.method().as_str(), &request_context.uid)
    }

    fn emit(&self, request: RequestMetrics, case: Option<CaseId>) {
        let refused_quota = (request.status == 429).into();
        self.metrics.emit(RequestLine {
            request,
            case: case.map(|case| case.to_string()),
            refused_quota,
        });
    }

    fn environment(&self) -> &str {
        &self.metrics.environment
    }
}

#[cfg(test)]
mod tests;
