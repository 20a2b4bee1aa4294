//! What the kernel asks of this function: who is logged in, how an error reads, what the line of
//! metrics says.

use lambda_http::{Body, Request, Response};
use shared::api::metrics::RequestMetrics;
use shared::api::{Api, Service};

use crate::context::Context;
use crate::metrics::RequestLine;
use crate::refusal::{self, ApiError, Refusal};
use crate::routes::routes;
use crate::session::{self, Visitor};

/// What is learnt of a request while it is answered.
pub(crate) type RequestContext = shared::api::RequestContext<Context>;

/// The function, ready to answer.
#[must_use]
pub fn api(context: Context) -> Api<Context> {
    Api::new(context, routes())
}

/// What a visitor must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing, and the page says it if they are logged in.
    Anybody,
    /// That they are logged in.
    LoggedIn,
    /// That they are logged in, and that one of our pages sent the form.
    OwnForm,
    /// That they are logged in as a student.
    Student,
    /// The same, and that one of our pages sent the form.
    StudentForm,
    /// Nothing but that one of our pages sent the form.
    PublicForm,
}

impl Service for Context {
    type Access = Access;
    type Caller = Visitor;
    type Refusal = Refusal;
    type Facts = ();

    async fn authenticate(
        &self,
        access: Access,
        request: &Request,
        request_context: &mut RequestContext,
    ) -> Result<Visitor, ApiError> {
        session::visitor(self, access, request, request_context.now).await
    }

    fn render(
        &self,
        error: &ApiError,
        request: &Request,
        request_context: &RequestContext,
    ) -> Response<Body> {
        refusal::page(&self.address, error, request, &request_context.uid)
    }

    fn emit(&self, request: RequestMetrics, (): ()) {
        self.metrics.emit(RequestLine { request });
    }

    fn environment(&self) -> &str {
        &self.metrics.environment
    }
}

#[cfg(test)]
mod tests;
