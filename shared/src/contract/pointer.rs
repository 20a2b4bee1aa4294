//! What travels between ingestion and deduplication: a pointer to a record, never what it says.

use serde::{Deserialize, Serialize};

use crate::identity::digest::RecordId;

/// The body of a message of the identity queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    record: String,
}

/// The body of a message is not a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message is not a pointer to a record")]
pub struct NotAPointer;

impl Pointer {
    /// The body of a message that points to a record.
    #[must_use]
    pub fn write(record: &RecordId) -> String {
        serde_json::json!(Self { record: record.as_str().to_owned() }).to_string()
    }

    /// The record that a message points to.
    pub fn read(body: &str) -> Result<RecordId, NotAPointer> {
        let pointer: Self = serde_json::from_str(body).map_err(|_| NotAPointer)?;
        RecordId::parse(&pointer.record).ok_or(NotAPointer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pointer_reads_back() {
        let id = RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(Pointer::write(&id), r#"{"record":"1.0123456789abcdef0123456789abcdef"}"#);
        assert_eq!(Pointer::read(&Pointer::write(&id)), Ok(id));
    }

    proptest! {
        #[test]
        fn garbage_is_no_pointer(body in "\\PC{0,80}") {
            prop_assert_eq!(Pointer::read(&body), Err(NotAPointer));
        }
    }
}
