//! A second opinion: tables, buckets and queues of another emulator, which a test's calls reach as
//! they are.
//!
//! `AWS_OPINION` names its address. It is `moto`, which keeps each account apart, so that each test
//! has its own: nothing is shared, and nothing is taken away afterwards.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use lambda_http::http::{Request, Response};
use serde_json::Value;
use ureq::Agent;

/// An account of the other emulator.
#[derive(Debug)]
pub(crate) struct Account {
    address: &'static str,
    id: String,
}

static ADDRESS: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("AWS_OPINION").ok());

/// Connections are kept: there are thousands of calls. A refusal is an answer like any other.
static AGENT: LazyLock<Agent> =
    LazyLock::new(|| Agent::config_builder().http_status_as_error(false).build().into());

impl Account {
    /// A new account, if another opinion is asked for.
    pub(crate) fn new() -> Option<Self> {
        static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
        let address = ADDRESS.as_deref()?;
        // Tests run in several processes, of which none has more than a hundred thousand tables.
        let (process, number) = (std::process::id(), ACCOUNTS.fetch_add(1, Ordering::Relaxed));
        Some(Self { address, id: format!("{process:07}{number:05}") })
    }

    /// Its number.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What its tables answer: a status, and JSON.
    pub(crate) fn call(&self, operation: &str, request: &str) -> (u16, String) {
        self.json("dynamodb", &format!("DynamoDB_20120810.{operation}"), request)
    }

    /// What its queues answer: a status, and JSON.
    pub(crate) fn queues(&self, operation: &str, request: &Value) -> (u16, Value) {
        let answer = self.json("sqs", &format!("AmazonSQS.{operation}"), &request.to_string());
        (answer.0, serde_json::from_str(&answer.1).unwrap())
    }

    fn json(&self, service: &str, target: &str, request: &str) -> (u16, String) {
        let request = Request::post(self.address)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(request.as_bytes().to_vec());
        let answer = self.send(service, request.unwrap());
        (answer.status().as_u16(), String::from_utf8(answer.into_body()).unwrap())
    }

    /// What its buckets answer to a request whose address has only a path.
    pub(crate) fn buckets(&self, mut request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        *request.uri_mut() =
            format!("{}{}", self.address.trim_end_matches('/'), request.uri()).parse().unwrap();
        self.send("s3", request)
    }

    /// The service is read from what a signature would be about; the signature itself isn't.
    fn send(&self, service: &str, mut request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/{service}/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let headers = request.headers_mut();
        headers.insert("authorization", signed.parse().unwrap());
        headers.insert("x-moto-account-id", self.id.parse().unwrap());
        let answer = AGENT
            .run(request)
            .unwrap_or_else(|error| panic!("{} gives no opinion: {error}", self.address));
        let (head, mut body) = answer.into_parts();
        Response::from_parts(head, body.with_config().limit(u64::MAX).read_to_vec().unwrap())
    }

    /// Every item of a table, as on the wire.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let mut request = serde_json::json!({ "TableName": table });
        let mut items = Vec::new();
        loop {
            let (status, answer) = self.call("Scan", &request.to_string());
            assert_eq!(status, 200, "{answer}");
            let mut answer: Value = serde_json::from_str(&answer).unwrap();
            items.append(answer["Items"].as_array_mut().unwrap());
            match answer["LastEvaluatedKey"].take() {
                Value::Null => return items,
                key => request["ExclusiveStartKey"] = key,
            }
        }
    }
}
