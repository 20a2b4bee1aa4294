//! Declaring a route, once: [`routes!`](crate::routes) takes its method, path and documentation
//! from the `utoipa::path` attribute of its handler, and the rest from one line of the function's
//! table.

use std::future::Future;
use std::pin::Pin;

use lambda_http::{Body, Request, Response};
use utoipa::openapi::HttpMethod;

use super::body;
use super::error::ApiError;
use super::{RequestContext, Service};

/// What a handler ends with.
pub type Answered<S> = Result<Reply, ApiError<<S as Service>::Refusal>>;
/// The future of a handler, boxed so that handlers of different routes have one type.
pub type Answering<'a, S> = Pin<Box<dyn Future<Output = Answered<S>> + Send + 'a>>;

/// One endpoint: a method of a path.
pub struct Route<S: Service> {
    /// Its name in logs, metrics and traces.
    pub name: &'static str,
    /// The path, with `{id}` for a part that varies.
    pub path: String,
    /// The method.
    pub method: HttpMethod,
    /// The largest body that is read, in bytes.
    pub largest_body: usize,
    /// Who may call it, and what answers.
    pub handler: Handler<S>,
}

/// Who may call a route, and what answers.
pub enum Handler<S: Service> {
    /// Anybody may. Being about nobody, a `GET` is also answered to `HEAD`.
    Public(for<'a> fn(Call<'a, S>) -> Answering<'a, S>),
    /// Only who shows what `S::Access` asks for; `HEAD` is refused, for a consultation without its
    /// answer is a question without a purpose.
    By(S::Access, for<'a> fn(Call<'a, S>, &'a S::Caller) -> Answering<'a, S>),
}

/// One request, as its handler gets it.
pub struct Call<'a, S: Service> {
    /// Stores, keys and settings.
    pub context: &'a S,
    /// What was received, the body read whole.
    pub request: &'a Request,
    /// What is learnt of it while it is answered.
    pub request_context: &'a mut RequestContext<S>,
    /// What stands for `{id}` in the path, percent-decoded; empty where the path has none.
    pub id: &'a str,
    pub(super) largest_body: usize,
}

impl<S: Service> Call<'_, S> {
    /// The body, which isn't larger than the route allows, for a contract whose clients say what it
    /// isn't.
    pub fn bytes(&self) -> Result<&[u8], ApiError<S::Refusal>> {
        Ok(body::bytes(self.request, self.largest_body)?)
    }

    /// The body, which isn't larger than the route allows and isn't said to be something else than
    /// JSON.
    pub fn json(&self) -> Result<&[u8], ApiError<S::Refusal>> {
        Ok(body::json(self.request, self.largest_body)?)
    }
}

/// An answer on its way out.
#[derive(Debug)]
pub struct Reply {
    /// The response, without the headers that every response has.
    pub response: Response<Body>,
    /// The name of the outcome, where it isn't [`Service::ANSWERED`].
    pub outcome: Option<&'static str>,
}

impl From<Response<Body>> for Reply {
    fn from(response: Response<Body>) -> Self {
        Self { response, outcome: None }
    }
}

/// Declares the routes of a function: `routes() -> Vec<Route<…>>`, and in tests `documented()`,
/// their documentation without the rest of the document.
///
/// ```text
/// routes! { Context;
///     "review_list" => list, by(()), body 0;
///     "review_openapi" => openapi_json, public, body 0;
/// }
/// ```
///
/// The attribute's operation is built only by `documented`: a cold start makes no documentation.
#[macro_export]
macro_rules! routes {
    ($service:ty; $($name:expr => $handler:ident, $who:ident $(($access:expr))?, body $largest:expr;)+) => {
        /// Every route of the function.
        pub(crate) fn routes() -> ::std::vec::Vec<$crate::api::route::Route<$service>> {
            ::std::vec![$($crate::api::route::Route {
                name: $name,
                path: $crate::api::pastey::paste!(<[<__path_ $handler>] as ::utoipa::Path>::path()),
                method: $crate::api::pastey::paste!($crate::api::route::only(<[<__path_ $handler>] as ::utoipa::Path>::methods())),
                largest_body: $largest,
                handler: $crate::routes!(@handler $service, $handler, $who $(($access))?),
            }),+]
        }

        #[cfg(test)]
        #[derive(::utoipa::OpenApi)]
        #[openapi(paths($($handler),+))]
        pub(crate) struct Documented;
    };
    (@handler $service:ty, $handler:ident, public) => {
        $crate::api::route::Handler::Public(|call| ::std::boxed::Box::pin($handler(call)))
    };
    (@handler $service:ty, $handler:ident, by ($access:expr)) => {{
        let access: <$service as $crate::api::Service>::Access = $access;
        $crate::api::route::Handler::By(access, |call, caller| ::std::boxed::Box::pin($handler(call, caller)))
    }};
}

/// The method of a documented function: `utoipa` allows several, of which each would be a route.
#[must_use]
pub fn only(methods: Vec<HttpMethod>) -> HttpMethod {
    methods.into_iter().next().unwrap_or(HttpMethod::Get)
}
