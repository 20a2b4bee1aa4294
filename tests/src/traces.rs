//! What consultations left behind.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::audit::AccessLog;
use shared::identity::student::StudentId;

use crate::http::HttpAnswer;
use crate::stack::Stack;

/// One trace, attribute by attribute.
pub type Trace = HashMap<String, AttributeValue>;

/// The text of an attribute; empty when it is none.
#[must_use]
pub fn text(trace: &Trace, name: &str) -> String {
    trace.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// The student whom a trace is about, if it is about one.
#[must_use]
pub fn student(trace: &Trace) -> Option<StudentId> {
    let subject = text(trace, "subject");
    serde_json::from_value(subject.strip_prefix("S#")?.into()).ok()
}

impl Stack {
    /// The traces of one answer that a client got, of every person it is about.
    pub async fn traces(&self, answer: &HttpAnswer, client_id: &str) -> Vec<Trace> {
        // Between the time and the random part: `…Z#62ee80b93834a_0000#…`.
        let mut traces =
            self.items_with("access_log_table", "at", &format!("#{}#", answer.uid())).await;
        // A uid is a time: two instances that are woken together make the same one.
        traces.retain(|trace| text(trace, "client") == client_id);
        traces
    }

    /// The register's own way to a person's accesses.
    #[must_use]
    pub fn access_log(&self) -> AccessLog {
        AccessLog::new(self.dynamodb.clone(), self.output("access_log_table").to_owned(), 1)
    }
}
