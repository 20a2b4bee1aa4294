//! The SDK's other end: calls as they are on the wire, answers, and faults.

use std::sync::Mutex;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use lambda_http::http;
use serde::Serialize;
use serde_json::{Value, json};

use crate::dynamodb::{Failure, Item};

/// What AWS answers.
pub type Response = http::Response<String>;

/// An AWS where `answer` answers every call.
pub fn config(answer: impl Fn(&Call) -> Response + Send + Sync + 'static) -> SdkConfig {
    let credentials = Credentials::new("test", "secret", Some("token".into()), None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(infallible_client_fn(move |request| answer(&Call::read(&request))))
        .build()
}

/// A call of a service that speaks JSON.
#[derive(Debug)]
pub struct Call {
    /// The service, with its version.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// What it is asked.
    pub body: Value,
}

impl Call {
    fn read(request: &http::Request<SdkBody>) -> Self {
        let target = request.headers()["x-amz-target"].to_str().unwrap();
        let (service, operation) = target.split_once('.').unwrap();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        Self { service: service.to_owned(), operation: operation.to_owned(), body }
    }
}

/// An answer.
#[must_use]
pub fn respond(status: u16, body: &Value) -> Response {
    http::Response::builder().status(status).body(body.to_string()).unwrap()
}

/// What the tables answered.
#[must_use]
pub fn outcome(outcome: Result<Value, Failure>) -> Response {
    match outcome {
        Ok(body) => respond(200, &body),
        Err((kind, mut error)) => {
            error["__type"] = kind.into();
            respond(400, &error)
        }
    }
}

/// A service is out of reach. Not a kind of error that the SDK tries again: whoever sent the request must.
#[must_use]
pub fn out_of_reach() -> Response {
    respond(400, &json!({ "__type": "ValidationException", "message": "out of reach" }))
}

/// SQS takes every message of a batch.
pub fn take(queue: &Mutex<Vec<String>>, body: &Value) -> Response {
    let entries = body["Entries"].as_array().unwrap();
    let bodies = entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned());
    queue.lock().unwrap().extend(bodies);
    let taken = entries.iter().map(|entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
    respond(200, &json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] }))
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
        let concerns = |table: &str| call.body.to_string().contains(&format!("\"TableName\":\"{table}\""));
        let fault = *self.next.lock().unwrap();
        match fault {
            Some(Fault::Before(failing)) if failing == number => out_of_reach(),
            Some(Fault::At(table)) if concerns(table) => out_of_reach(),
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
        "M" => inside.as_object().unwrap().iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        "L" => inside.as_array().unwrap().iter().map(plain).collect(),
        "N" => inside.as_str().unwrap().parse::<u64>().unwrap().into(),
        "NULL" => Value::Null,
        _ => inside.clone(),
    }
}
