//! The order of every request: route, caller, handler, answer or error, headers, metrics.
//!
//! axum finds the route; who calls, how an error reads and what the line of metrics says is each
//! function's own ([`Service`]). Everything else is here, once.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use axum::Router;
use axum::extract::{FromRequestParts as _, RawPathParams};
use axum::routing::{MethodFilter, MethodRouter};
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, Uri, header};
use lambda_http::{Body, Request, RequestExt as _, Response};
use tower_service::Service as _;
use utoipa::openapi::HttpMethod;

use super::error::{ApiError, RETRY_AFTER, Refusal};
use super::metrics::RequestMetrics;
use super::reply::set_header;
use super::route::{Answered, Call, Handler, Reply, Route};
use crate::access::client::Client;
use crate::contract::error::Uid;
use crate::registry::allowances::{Allowance, Quotas, Refused};

/// For two years nothing is asked in clear, not even by a browser that somebody gave an address
/// without its `s`.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What a function brings: its stores, who may call it, and how its contract words an error.
pub trait Service: Sized + Send + Sync + 'static {
    /// What a caller has to show, where a route isn't public.
    type Access: Copy + Send + Sync + 'static;
    /// Who calls, once that is shown.
    type Caller: Send + Sync;
    /// The refusals that only this contract has.
    type Refusal: Refusal;
    /// What is learnt of a request that only this function's line of metrics says.
    type Facts: Default + Send;

    /// The outcome of a request that is answered, in logs and metrics.
    const ANSWERED: &'static str = "done";
    /// The route of a request that no route is for, in logs and metrics.
    const UNKNOWN: &'static str = "unknown";

    /// Who calls, if what it shows opens `access`. A quota that is the same for all routes is taken
    /// here.
    fn authenticate(
        &self,
        access: Self::Access,
        request: &Request,
        request_context: &mut RequestContext<Self>,
    ) -> impl Future<Output = Result<Self::Caller, ApiError<Self::Refusal>>> + Send;

    /// An error in the contract's body. `Allow` and `Retry-After` are set here if the contract
    /// doesn't.
    fn render(
        &self,
        error: &ApiError<Self::Refusal>,
        request: &Request,
        request_context: &RequestContext<Self>,
    ) -> Response<Body>;

    /// Writes the line of metrics.
    fn emit(&self, line: RequestMetrics, facts: Self::Facts);

    /// The environment that lines of metrics name.
    fn environment(&self) -> &str;
}

/// What is learnt of a request while it is answered.
#[derive(Debug)]
pub struct RequestContext<S: Service> {
    /// When it was received.
    pub now: Timestamp,
    /// The correlation id that the caller gets.
    pub uid: Uid,
    /// The route's name.
    pub route: &'static str,
    /// The client's id, once it is known.
    pub client: Option<String>,
    /// What the client has left, which the response says.
    pub allowance: Option<Allowance>,
    /// What only this function's line of metrics says.
    pub facts: S::Facts,
}

impl<S: Service> RequestContext<S> {
    fn at(now: Timestamp, route: &'static str) -> Self {
        Self {
            now,
            uid: Uid::at(now),
            route,
            client: None,
            allowance: None,
            facts: S::Facts::default(),
        }
    }

    /// Takes the right to ask about `people` people out of the client's quota.
    pub async fn take(
        &mut self,
        quotas: &Quotas,
        client: &Client,
        relayed: Option<&str>,
        people: u32,
    ) -> Result<(), Refused> {
        let taken = quotas.take(client, relayed, people, self.now).await;
        self.charged(taken)
    }

    /// Notes what is left, for the response to say it.
    pub fn charged(&mut self, taken: Result<Allowance, Refused>) -> Result<(), Refused> {
        self.allowance =
            taken.as_ref().map_or_else(Refused::allowance, |allowance| Some(*allowance));
        taken.map(|_| ())
    }
}

/// A function with its routes: what `main` runs and tests call.
pub struct Api<S: Service> {
    inner: Arc<Inner<S>>,
    router: Router,
}

struct Inner<S> {
    service: S,
    /// Until the first request.
    cold: AtomicBool,
}

/// What axum found.
enum Found<S: Service> {
    Route(Arc<Route<S>>),
    /// The path has routes, by these methods.
    OtherMethods(Arc<str>),
    Nothing,
}

impl<S: Service> Clone for Found<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Route(route) => Self::Route(Arc::clone(route)),
            Self::OtherMethods(allowed) => Self::OtherMethods(Arc::clone(allowed)),
            Self::Nothing => Self::Nothing,
        }
    }
}

impl<S: Service> std::ops::Deref for Api<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.inner.service
    }
}

impl<S: Service> Api<S> {
    /// A function with its routes. Paths must differ by more than the name of their `{id}`.
    #[must_use]
    pub fn new(service: S, routes: Vec<Route<S>>) -> Self {
        let inner = Arc::new(Inner { service, cold: AtomicBool::new(true) });
        let mut paths: BTreeMap<String, Vec<Arc<Route<S>>>> = BTreeMap::new();
        for route in routes {
            paths.entry(route.path.clone()).or_default().push(Arc::new(route));
        }
        let mut axum = Router::new().fallback(Inner::answering(&inner, Found::Nothing));
        for (path, routes) in paths {
            let others = Found::OtherMethods(allowed(&routes).into());
            let mut methods =
                MethodRouter::new().fallback(Inner::answering(&inner, others.clone()));
            for route in routes {
                let is_public = matches!(route.handler, Handler::Public(_));
                if route.method == HttpMethod::Get && !is_public {
                    // axum would serve it through `GET`.
                    methods =
                        methods.on(MethodFilter::HEAD, Inner::answering(&inner, others.clone()));
                }
                methods = methods
                    .on(filter(&route.method), Inner::answering(&inner, Found::Route(route)));
            }
            axum = axum.route(&path, methods);
        }
        Self { inner, router: axum }
    }

    /// Answers a request. How each stays right when it is delivered twice, or dies halfway, is said
    /// where it is done.
    pub async fn handle(&self, mut request: Request) -> Result<Response<Body>, Infallible> {
        // What lambda_http makes of the path has the stage before it. One slash at the end means
        // nothing.
        let path = request.raw_http_path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let uri = path.parse::<Uri>().ok().filter(|uri| uri.path() == path).unwrap_or_default();
        *request.uri_mut() = uri;
        let response = self.router.clone().call(request.map(axum::body::Body::new)).await?;
        let (mut parts, body) = response.into_parts();
        // API Gateway says it, of what it sends.
        parts.headers.remove(header::CONTENT_LENGTH);
        Ok(Response::from_parts(parts, text(body).await))
    }
}

/// A body that is in memory already.
async fn text(body: axum::body::Body) -> Body {
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    match String::from_utf8(bytes.into()) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    }
}

/// What `Allow` says of a path.
fn allowed<S: Service>(routes: &[Arc<Route<S>>]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|route| name(&route.method)).collect();
    let has_head = |route: &Arc<Route<S>>| {
        route.method == HttpMethod::Get && matches!(route.handler, Handler::Public(_))
    };
    if routes.iter().any(has_head) {
        methods.push("HEAD");
    }
    methods.join(", ")
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

impl<S: Service> Inner<S> {
    /// What axum calls when it has found that.
    fn answering(
        self: &Arc<Self>,
        found: Found<S>,
    ) -> impl Fn(
        axum::extract::Request,
    ) -> std::pin::Pin<Box<dyn Future<Output = axum::response::Response> + Send>>
    + Clone
    + Send
    + Sync
    + 'static {
        let inner = Arc::clone(self);
        move |request| {
            let (inner, found) = (Arc::clone(&inner), found.clone());
            Box::pin(async move { inner.answer(&found, request).await.map(axum::body::Body::new) })
        }
    }

    async fn answer(&self, found: &Found<S>, request: axum::extract::Request) -> Response<Body> {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let id = match found {
            Found::Route(route) if route.path.contains('{') => {
                RawPathParams::from_request_parts(&mut parts, &()).await.ok()
            }
            _ => None,
        };
        let id = id.as_ref().and_then(|id| id.iter().next()).map_or("", |(_, id)| id);
        let request = Request::from_parts(parts, text(body).await);
        let route = if let Found::Route(route) = found { route.name } else { S::UNKNOWN };
        let mut request_context = RequestContext::at(Timestamp::now(), route);
        let answered = match found {
            Found::Route(route) => self.ask(route, &request, id, &mut request_context).await,
            Found::OtherMethods(allowed) => {
                Err(ApiError::MethodNotAllowed { allowed: allowed.to_string() })
            }
            Found::Nothing => Err(ApiError::NoSuchPath),
        };
        let (mut response, outcome) = match answered {
            Ok(Reply { response, outcome }) => (response, outcome.unwrap_or(S::ANSWERED)),
            Err(error) => {
                (refused(&self.service, &error, &request, &request_context), error.name())
            }
        };
        set_header(&mut response, "x-request-id", &request_context.uid);
        for (name, value) in request_context.allowance.map(Allowance::headers).into_iter().flatten()
        {
            set_header(&mut response, name, value);
        }
        response
            .headers_mut()
            .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);

        let status = response.status().as_u16();
        let line = RequestMetrics {
            timestamp: SystemTime::now(),
            environment: self.service.environment().to_owned(),
            route,
            request_id: request
                .lambda_context_ref()
                .map(|lambda| lambda.request_id.clone())
                .unwrap_or_default(),
            uid: request_context.uid.to_string(),
            client: request_context.client,
            outcome,
            status,
            requests: 1,
            duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
            cold_starts: self.cold.swap(false, Ordering::Relaxed).into(),
            server_errors: (status >= 500).into(),
        };
        self.service.emit(line, request_context.facts);
        response
    }

    async fn ask(
        &self,
        route: &Route<S>,
        request: &Request,
        id: &str,
        request_context: &mut RequestContext<S>,
    ) -> Answered<S> {
        let (context, largest_body) = (&self.service, route.largest_body);
        match route.handler {
            Handler::Public(handler) => {
                handler(Call { context, request, request_context, id, largest_body }).await
            }
            Handler::By(access, handler) => {
                let caller = context.authenticate(access, request, request_context).await?;
                handler(Call { context, request, request_context, id, largest_body }, &caller).await
            }
        }
    }
}

/// An error in the contract's words, with the headers that HTTP wants.
fn refused<S: Service>(
    service: &S,
    error: &ApiError<S::Refusal>,
    request: &Request,
    request_context: &RequestContext<S>,
) -> Response<Body> {
    let mut response = service.render(error, request, request_context);
    match error {
        ApiError::MethodNotAllowed { allowed } => set_header(&mut response, "allow", allowed),
        ApiError::TooManyRequests { retry_after } => {
            set_header(&mut response, "retry-after", retry_after);
        }
        ApiError::Unavailable(cause) => {
            tracing::error!(uid = %request_context.uid, error = %cause, "store failed");
            if !response.headers().contains_key(header::RETRY_AFTER) {
                set_header(&mut response, "retry-after", RETRY_AFTER);
            }
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests;
