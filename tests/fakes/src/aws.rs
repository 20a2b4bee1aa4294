//! The SDK's other end: calls as they go over the wire, and what is answered, in this process.
//!
//! Everything above the HTTP client is production's: expressions, serialization, errors. Nothing is
//! tried again, so a fault is seen where it happens.

use std::sync::Mutex;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Credentials, IdentityCache, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use lambda_http::http;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::dynamodb::Item;
use crate::s3;

/// What AWS answers.
pub type Response = http::Response<SdkBody>;

/// An AWS where `answer` answers every call at once.
pub fn config(answer: impl Fn(&Call) -> Response + Send + Sync + 'static) -> SdkConfig {
    over(AtOnce(answer))
}

/// An AWS where every call waits until whoever has the receiver answers it: calls can be delayed,
/// failed, done without their answer getting through, or never done, because the process that made
/// them is gone.
#[must_use]
pub fn suspended() -> (SdkConfig, mpsc::UnboundedReceiver<Outstanding>) {
    let (calls, outstanding) = mpsc::unbounded_channel();
    (over(Suspending(calls)), outstanding)
}

fn over(connector: impl HttpConnector + 'static) -> SdkConfig {
    let credentials = Credentials::new("test", "secret", Some("token".into()), None, "tests");
    let connector = SharedHttpConnector::new(connector);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::no_cache())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}

struct AtOnce<F>(F);

impl<F> std::fmt::Debug for AtOnce<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtOnce")
    }
}

impl<F: Fn(&Call) -> Response + Send + Sync> HttpConnector for AtOnce<F> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(wire((self.0)(&Call::read(request)))))
    }
}

#[derive(Debug)]
struct Suspending(mpsc::UnboundedSender<Outstanding>);

impl HttpConnector for Suspending {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (reply, answer) = oneshot::channel();
        self.0.send(Outstanding { call: Call::read(request), reply }).unwrap();
        let lost = |_| ConnectorError::timeout("the answer is lost".into());
        HttpConnectorFuture::new(async move { answer.await.map(wire).map_err(lost) })
    }
}

fn wire(response: Response) -> HttpResponse {
    response.try_into().unwrap()
}

/// A call that waits for its answer. Dropped, it gets none: the SDK sees a timeout.
#[derive(Debug)]
pub struct Outstanding {
    /// What is asked.
    pub call: Call,
    reply: oneshot::Sender<Response>,
}

impl Outstanding {
    /// Answers it, if whoever made it is still there.
    pub fn answer(self, response: Response) {
        let _ = self.reply.send(response);
    }
}

/// A call of a service.
#[derive(Debug)]
pub struct Call {
    /// The service, as it names itself: `DynamoDB_20120810`, `AmazonSQS`, `secretsmanager`, `sns`,
    /// `s3`.
    pub service: String,
    pub operation: String,
    /// What it is asked, as JSON; of S3, what its path, query and headers say.
    pub text: String,
    /// The object that is put in S3.
    pub object: Vec<u8>,
}

impl Call {
    fn read(request: HttpRequest) -> Self {
        let request = request.try_into_http1x().unwrap();
        if let Some(target) = request.headers().get("x-amz-target") {
            let (service, operation) = target.to_str().unwrap().split_once('.').unwrap();
            let text = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            return Self {
                service: service.to_owned(),
                operation: operation.to_owned(),
                text,
                object: Vec::new(),
            };
        }
        if request.uri().host().is_some_and(|host| host.starts_with("sns.")) {
            let mut body = form(request.body().bytes().unwrap());
            let operation = body["Action"].take().as_str().unwrap().to_owned();
            return Self {
                service: "sns".into(),
                operation,
                text: body.to_string(),
                object: Vec::new(),
            };
        }
        s3::read(&request)
    }

    /// What it is asked.
    #[must_use]
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Whether it names a table, in any of its parts.
    #[must_use]
    pub fn concerns(&self, table: &str) -> bool {
        self.text.contains(&format!("\"TableName\":\"{table}\""))
            || self.text.contains(&format!("\"{table}\":{{\"Keys\""))
    }
}

/// A form as JSON, each field a text.
fn form(body: &[u8]) -> Value {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap();
    fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
}

/// An answer.
#[must_use]
pub fn respond(status: u16, body: &Value) -> Response {
    http::Response::builder().status(status).body(SdkBody::from(body.to_string())).unwrap()
}

/// A refusal of that type.
#[must_use]
pub fn refuse(kind: &str) -> Response {
    respond(400, &json!({ "__type": kind, "message": "of the tests" }))
}

/// A service is out of reach. Not a kind of error that the SDK tries again: whoever sent the
/// request must.
#[must_use]
pub fn out_of_reach() -> Response {
    refuse("ValidationException")
}

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Whatever concerns that table does nothing, and fails.
    At(&'static str),
    /// The call of that number does nothing, and fails.
    Before(usize),
    /// It does its work, and its answer is lost.
    After(usize),
}

/// Calls, counted, and what goes wrong with one of them.
#[derive(Debug, Default)]
pub struct Faults {
    /// What goes wrong next.
    pub next: Mutex<Option<Fault>>,
    /// How many calls were made.
    pub calls: Mutex<usize>,
}

impl Faults {
    /// Answers a call, unless it is the one that goes wrong.
    pub fn answer(&self, call: &Call, answer: impl FnOnce() -> Response) -> Response {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let fault = *self.next.lock().unwrap();
        match fault {
            Some(Fault::Before(failing)) if failing == number => out_of_reach(),
            Some(Fault::At(table)) if call.concerns(table) => out_of_reach(),
            Some(Fault::After(failing)) if failing == number => {
                answer();
                out_of_reach()
            }
            _ => answer(),
        }
    }
}

/// JSON as an item.
#[must_use]
pub fn item(value: &Value) -> Item {
    dynamo(value)["M"].as_object().unwrap().clone()
}

/// A value as an item under this key.
#[must_use]
pub fn keyed(name: &str, key: &str, value: &impl Serialize) -> Item {
    let mut value = serde_json::to_value(value).unwrap();
    value[name] = key.into();
    item(&value)
}

/// JSON as `DynamoDB` writes it.
#[must_use]
pub fn dynamo(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({ "N": value.to_string() }),
        Value::String(value) => json!({ "S": value }),
        Value::Array(values) => json!({ "L": values.iter().map(dynamo).collect::<Vec<_>>() }),
        Value::Object(fields) => {
            json!({ "M": fields.iter().map(|(name, value)| (name.clone(), dynamo(value))).collect::<Item>() })
        }
    }
}

/// And back, numbers as whole ones.
#[must_use]
pub fn plain(value: &Value) -> Value {
    let (kind, inside) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "M" => inside
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        "L" => inside.as_array().unwrap().iter().map(plain).collect(),
        "N" => inside.as_str().unwrap().parse::<i64>().unwrap().into(),
        "NULL" => Value::Null,
        _ => inside.clone(),
    }
}
