//! What a question came to, before it is told.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::identity::digest::IneDigest;
use shared::identity::immatriculation::RequestId;
use shared::registry::ines::trace::Subject;

/// An answer: it is told once its trace is written.
#[derive(Debug)]
pub(crate) struct InesAnswer {
    pub(crate) status: StatusCode,
    /// JSON.
    pub(crate) body: String,
    pub(crate) about: About,
    /// Its name in the trace, in logs and in metrics.
    pub(crate) outcome: &'static str,
}

impl InesAnswer {
    pub(crate) fn new(
        status: StatusCode,
        body: &impl Serialize,
        about: About,
        outcome: &'static str,
    ) -> Self {
        Self { status, body: serde_json::to_string(body).unwrap_or_default(), about, outcome }
    }

    pub(crate) fn ok(body: &impl Serialize, about: About, outcome: &'static str) -> Self {
        Self::new(StatusCode::OK, body, about, outcome)
    }
}

/// Whom an answer is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Somebody who has an INE, by its master's digest.
    Person(IneDigest),
    /// A request that isn't granted.
    Request(RequestId),
    /// Nobody in particular.
    Nobody,
}

impl About {
    /// The same, as the trace takes it.
    pub(crate) fn subject(&self) -> Subject<'_> {
        match self {
            Self::Person(ine) => Subject::Person(ine),
            Self::Request(id) => Subject::Request(id),
            Self::Nobody => Subject::Nobody,
        }
    }
}
