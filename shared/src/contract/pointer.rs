//! What travels to deduplication: a pointer to a record or to a case, never what it says.

use serde::Deserialize;

use crate::identity::digest::RecordId;
use crate::identity::review::CaseId;

/// What a message of the identity queue points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// A record to resolve.
    Record(RecordId),
    /// A case of which something is to be applied.
    Case(CaseId),
    /// A record to decide on again, though it is resolved: the rules changed, or INES is asked
    /// again.
    Reconsider(RecordId),
    /// Every record about which INES is to be asked again by now: sent once a day, by a schedule.
    Due,
}

/// The body of a message is not a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message is not a pointer to a record or a case")]
pub struct NotAPointer;

/// The body of a message: `{"record": …}`, `{"case": …}`, `{"reconsider": …}` or `{"due": "ines"}`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Record(String),
    Case(String),
    Reconsider(String),
    Due(Asked),
}

/// Who is asked about the records that are due.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    Ines,
}

impl Pointer {
    /// The body of its message.
    #[must_use]
    pub fn body(&self) -> String {
        let (name, id) = match self {
            Self::Record(record) => ("record", record.as_str()),
            Self::Case(case) => ("case", case.as_str()),
            Self::Reconsider(record) => ("reconsider", record.as_str()),
            Self::Due => ("due", "ines"),
        };
        serde_json::json!({ name: id }).to_string()
    }

    /// What a message points to.
    pub fn read(body: &str) -> Result<Self, NotAPointer> {
        let pointer = match serde_json::from_str(body).map_err(|_| NotAPointer)? {
            Body::Record(record) => RecordId::parse(&record).map(Self::Record),
            Body::Case(case) => CaseId::parse(&case).map(Self::Case),
            Body::Reconsider(record) => RecordId::parse(&record).map(Self::Reconsider),
            Body::Due(Asked::Ines) => Some(Self::Due),
        };
        pointer.ok_or(NotAPointer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pointer_reads_back() {
        let id = RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(
            Pointer::Record(id.clone()).body(),
            r#"{"record":"1.0123456789abcdef0123456789abcdef"}"#
        );
        let case = Pointer::Case(CaseId::attachment(&id));
        assert_eq!(case.body(), r#"{"case":"a-1.0123456789abcdef0123456789abcdef"}"#);
        for pointer in [Pointer::Record(id.clone()), case, Pointer::Reconsider(id), Pointer::Due] {
            assert_eq!(Pointer::read(&pointer.body()), Ok(pointer));
        }
    }

    proptest! {
        #[test]
        fn garbage_is_no_pointer(body in "\\PC{0,80}") {
            prop_assert_eq!(Pointer::read(&body), Err(NotAPointer));
        }
    }
}
