//! A second opinion: tables of another emulator, which a test's calls reach as they are.
//!
//! `DYNAMODB_OPINION` names its address. It is `moto`, which keeps each account apart, so that each
//! test has tables of its own: nothing is shared, and nothing is taken away afterwards.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use ureq::Agent;

/// An account of the other emulator.
#[derive(Debug)]
pub(crate) struct Account {
    address: &'static str,
    id: String,
}

static ADDRESS: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("DYNAMODB_OPINION").ok());

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

    /// What it answers: a status, and JSON.
    pub(crate) fn call(&self, operation: &str, request: &str) -> (u16, String) {
        let answer = AGENT
            .post(self.address)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-moto-account-id", &self.id)
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            )
            .send(request);
        let mut answer =
            answer.unwrap_or_else(|error| panic!("{} gives no opinion: {error}", self.address));
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
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
