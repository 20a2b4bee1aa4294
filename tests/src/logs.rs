//! What the functions logged, as CloudWatch keeps it.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::eventually;
use crate::http::{Call, HttpAnswer};
use crate::stack::Stack;

/// What `FilterLogEvents` gives at most.
const MOST_LINES: usize = 10_000;

impl Stack {
    /// Every line that a function logged.
    pub async fn log_lines(&self, group: &str) -> Vec<String> {
        self.log_lines_with(group, "").await
    }

    /// Every line of a function that has a word in it.
    ///
    /// # Panics
    ///
    /// When there may be more than the emulator gives: the first ones, and no token for the others.
    pub async fn log_lines_with(&self, group: &str, word: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut body =
                json!({ "logGroupName": group, "limit": MOST_LINES, "filterPattern": word });
            if let Some(token) = &token {
                body["nextToken"] = token.as_str().into();
            }
            let page = self.cloudwatch("FilterLogEvents", &body).await;
            let events = page["events"].as_array().cloned().unwrap_or_default();
            lines.extend(
                events.iter().filter_map(|event| event["message"].as_str().map(str::to_owned)),
            );
            let next = page["nextToken"].as_str().map(str::to_owned);
            if next.is_none() || next == token {
                assert!(events.len() < MOST_LINES, "{group} has more lines than can be read");
                return lines;
            }
            token = next;
        }
    }

    /// The line of metrics (EMF) of one answer that a client got; nobody knows which client, for
    /// `None`.
    pub async fn metrics(&self, answer: &HttpAnswer, client_id: Option<&str>) -> Value {
        let (uid, group) = (answer.uid(), self.log_groups()["status"].clone());
        // A uid is a time: two instances that are woken together make the same one.
        let is_its = |line: &Value| {
            !line["_aws"].is_null()
                && line["client"].as_str() == client_id
                && line["status"] == answer.status
        };
        eventually("the metrics of a request", || async {
            let lines = self.log_lines_with(&group, &uid).await;
            lines.iter().filter_map(|line| serde_json::from_str(line).ok()).find(is_its)
        })
        .await
    }

    /// A call of CloudWatch Logs, whose protocol is JSON over POST: one call doesn't earn another
    /// SDK crate.
    async fn cloudwatch(&self, operation: &str, body: &Value) -> Value {
        let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/logs/aws4_request, SignedHeaders=host, Signature=0";
        let call = Call::to(Method::POST, self.output("endpoint_url"))
            .header("x-amz-target", &format!("Logs_20140328.{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", authorization)
            .body(body.to_string());
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "the logs are read: {}", answer.text);
        answer.json()
    }
}
