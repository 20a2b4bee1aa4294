//! The two questions, as API Gateway hands them over (REST API, proxy integration), and their
//! answers.

use anyhow::{Context as _, Result, ensure};
use benchmarks::sample;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

const EVENT: &str = include_str!("../../../event.json");

/// A question with the answer that it must get.
pub(crate) struct BenchmarkQuestion {
    pub(crate) event: Bytes,
    /// `None` for an answer of another kind than a consultation's.
    expected: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status_code: u16,
    body: String,
}

impl BenchmarkQuestion {
    /// `GET /api/etudiant?INE=…`.
    pub(crate) fn by_ine() -> Result<Self> {
        let mut event = event()?;
        event["queryStringParameters"] = json!({ "INE": sample::INE });
        event["multiValueQueryStringParameters"] = json!({ "INE": [sample::INE] });
        Ok(Self { event: event.to_string().into(), expected: Some(sample::expected_answer()) })
    }

    /// `POST /api/etudiant`.
    pub(crate) fn by_identity() -> Result<Self> {
        let mut event = event()?;
        event["httpMethod"] = "POST".into();
        event["requestContext"]["httpMethod"] = "POST".into();
        event["body"] = sample::question().to_string().into();
        header(&mut event, "Content-Type", "application/json");
        let mut expected = sample::expected_answer();
        if let Some(fields) = expected.as_object_mut() {
            fields.remove("ine");
        }
        Ok(Self { event: event.to_string().into(), expected: Some(expected) })
    }

    /// The same as by INE, to the program that answers what its parts took.
    pub(crate) fn to_parts() -> Result<Self> {
        Ok(Self { expected: None, ..Self::by_ine()? })
    }

    /// The answer's body; fails unless it is the right one: what answers something else does other
    /// work.
    pub(crate) fn check(&self, answer: &[u8]) -> Result<Value> {
        let response: Response =
            serde_json::from_slice(answer).context("the answer isn't one for API Gateway")?;
        ensure!(
            response.status_code == 200,
            "it answered {}: {}",
            response.status_code,
            response.body
        );
        let body: Value =
            serde_json::from_str(&response.body).context("the answer's body isn't JSON")?;
        if let Some(expected) = &self.expected {
            ensure!(body == *expected, "it answered {body}, not {expected}");
        }
        Ok(body)
    }
}

fn event() -> Result<Value> {
    let mut event = serde_json::from_str(EVENT).context("event.json isn't JSON")?;
    header(&mut event, "X-API-Key", sample::CLIENT_KEY);
    header(&mut event, "X-Caller", sample::CALLER);
    Ok(event)
}

fn header(event: &mut Value, name: &str, value: &str) {
    event["headers"][name] = value.into();
    event["multiValueHeaders"][name] = json!([value]);
}
