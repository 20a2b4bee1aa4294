//! Everything a function talks to, on this machine: the Lambda Runtime API, DynamoDB, Secrets
//! Manager.
//!
//! Each process that is measured gets a stub of its own, so that no connection and no count
//! outlives it. It runs on the benchmark's only thread: the process measured has the machine's
//! other cores.

mod dynamodb;
mod tables;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use benchmarks::sample;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

pub(crate) use self::tables::Tables;

const RUNTIME_API: &str = "/2018-06-01/runtime/";
/// Lambda's own maximum, far beyond any request here.
const TIME_LIMIT_MS: i64 = 15 * 60 * 1_000;

/// What a function tells the Runtime API.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// It waits for an event.
    Ready(Instant),
    Answer(Instant, Bytes),
    /// It failed, when it started or at an event.
    Failure(Bytes),
}

/// How many times each operation was called on each table.
pub(crate) type Calls = BTreeMap<String, u64>;

/// A stub that is listening; dropping it stops it.
pub(crate) struct Stub {
    addresses: Addresses,
    connections: Arc<AtomicU32>,
    state: Arc<State>,
    events: UnboundedSender<Bytes>,
    arrivals: UnboundedReceiver<Arrival>,
    accepting: [JoinHandle<()>; 3],
}

/// Where the stub listens. Each service has a port of its own: on AWS no connection to one is of
/// use for another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    /// The Lambda Runtime API.
    pub(crate) runtime: SocketAddr,
    pub(crate) dynamodb: SocketAddr,
    /// Secrets Manager.
    pub(crate) secrets: SocketAddr,
}

struct State {
    tables: Mutex<Tables>,
    /// Whether what is written stays. Only to fill the tables: measured functions write the same
    /// item thousands of times.
    keeps_writes: bool,
    calls: Mutex<Calls>,
    events: AsyncMutex<UnboundedReceiver<Bytes>>,
    arrivals: UnboundedSender<Arrival>,
}

impl Stub {
    /// A stub that answers from these tables.
    pub(crate) async fn serve(tables: Tables) -> Result<Self> {
        Self::start(tables, false).await
    }

    /// A stub with empty tables, to be filled.
    pub(crate) async fn to_fill() -> Result<Self> {
        Self::start(Tables::default(), true).await
    }

    async fn start(tables: Tables, keeps_writes: bool) -> Result<Self> {
        let (runtime, dynamodb, secrets) = (listen().await?, listen().await?, listen().await?);
        let addresses = Addresses { runtime: runtime.1, dynamodb: dynamodb.1, secrets: secrets.1 };
        let (events, to_give) = unbounded_channel();
        let (seen, arrivals) = unbounded_channel();
        let state = Arc::new(State {
            tables: Mutex::new(tables),
            keeps_writes,
            calls: Mutex::default(),
            events: AsyncMutex::new(to_give),
            arrivals: seen,
        });
        let connections = Arc::new(AtomicU32::new(0));
        let accepting = [
            tokio::spawn(accept(runtime.0, Arc::clone(&state), Arc::default())),
            tokio::spawn(accept(dynamodb.0, Arc::clone(&state), Arc::clone(&connections))),
            tokio::spawn(accept(secrets.0, Arc::clone(&state), Arc::default())),
        ];
        Ok(Self { addresses, connections, state, events, arrivals, accepting })
    }

    /// Where it listens.
    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Hands an event to the function.
    pub(crate) fn give(&self, event: Bytes) {
        // The receiver is in the state, which lives as long as this.
        let _ = self.events.send(event);
    }

    /// The next thing that the function tells.
    pub(crate) async fn arrival(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Calls {
        self.state.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections to DynamoDB were opened so far.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// What the tables hold now.
    pub(crate) fn tables(&self) -> Tables {
        self.state.tables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}

async fn listen() -> Result<(TcpListener, SocketAddr)> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no local port can be opened")?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn accept(listener: TcpListener, state: Arc<State>, connections: Arc<AtomicU32>) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(connection(stream, Arc::clone(&state)));
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(|request| answer(&state, request));
    // It ends with an error when the process at the other end is killed, as each of them is in the
    // end.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    state: &State,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(refusal("the body was cut off")) };
    let arrived = Instant::now();
    let body = body.to_bytes();
    if let Some(path) = head.uri.path().strip_prefix(RUNTIME_API) {
        return Ok(state.runtime(&head.method, path, arrived, body).await);
    }
    let target = head
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    Ok(match target.split_once('.') {
        Some(("secretsmanager", "GetSecretValue")) => state.secret(),
        Some((service, operation)) if service.starts_with("DynamoDB") => {
            state.dynamodb(operation, &body)
        }
        _ => refusal(&format!("nothing like {} {} {target} is here", head.method, head.uri.path())),
    })
}

impl State {
    /// The Runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.
    async fn runtime(
        &self,
        method: &Method,
        path: &str,
        arrived: Instant,
        body: Bytes,
    ) -> Response<Full<Bytes>> {
        if method == Method::GET && path == "invocation/next" {
            let _ = self.arrivals.send(Arrival::Ready(arrived));
            return match self.events.lock().await.recv().await {
                Some(event) => invocation(event),
                None => refusal("no more events"),
            };
        }
        let arrival = if path.starts_with("invocation/") && path.ends_with("/response") {
            Arrival::Answer(arrived, body)
        } else {
            Arrival::Failure(body)
        };
        let _ = self.arrivals.send(arrival);
        reply(StatusCode::ACCEPTED, "application/json", Bytes::from_static(br#"{"status":"OK"}"#))
    }

    fn secret(&self) -> Response<Full<Bytes>> {
        self.count("GetSecretValue");
        let secret = json!({ "id": sample::DIGEST_KEY_ID, "key": sample::DIGEST_KEY }).to_string();
        amazon(
            StatusCode::OK,
            &json!({ "ARN": "secret", "Name": "secret", "SecretString": secret }),
        )
    }

    fn dynamodb(&self, operation: &str, body: &[u8]) -> Response<Full<Bytes>> {
        let Ok(input) = serde_json::from_slice::<Value>(body) else {
            return refusal("the body isn't JSON");
        };
        self.count(&format!("{operation} {}", dynamodb::table(&input)));
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if self.keeps_writes {
            dynamodb::keep(&mut tables, operation, &input);
        }
        match dynamodb::answer(&tables, operation, &input) {
            Some(output) => amazon(StatusCode::OK, &output),
            None => refusal(&format!("the stub doesn't know {operation}")),
        }
    }

    fn count(&self, call: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        match calls.get_mut(call) {
            Some(count) => *count += 1,
            None => {
                calls.insert(call.to_owned(), 1);
            }
        }
    }
}

fn invocation(event: Bytes) -> Response<Full<Bytes>> {
    let deadline = Timestamp::now().as_millisecond() + TIME_LIMIT_MS;
    let mut response = reply(StatusCode::OK, "application/json", event);
    let headers = response.headers_mut();
    headers.insert(
        "Lambda-Runtime-Aws-Request-Id",
        HeaderValue::from_static("8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
    );
    headers.insert("Lambda-Runtime-Deadline-Ms", HeaderValue::from(deadline));
    headers.insert(
        "Lambda-Runtime-Invoked-Function-Arn",
        HeaderValue::from_static("arn:aws:lambda:eu-west-3:123456789012:function:status"),
    );
    response
}

fn amazon(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    reply(status, "application/x-amz-json-1.0", body.to_string().into())
}

/// A 400, which no client tries again.
fn refusal(message: &str) -> Response<Full<Bytes>> {
    amazon(StatusCode::BAD_REQUEST, &json!({ "__type": "ValidationException", "message": message }))
}

fn reply(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
