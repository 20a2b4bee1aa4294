//! Primary keys, in one place: who reads must spell them as who writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::identity::digest::{IneDigest, RecordId};
use crate::identity::student::StudentId;

/// An item, or the key of one.
pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Prefix of a student's partition in `students`.
pub(super) const STUDENT_PREFIX: &str = "S#";

/// The partition of a student in `students`.
pub(super) fn student_partition(student: StudentId) -> String {
    format!("{STUDENT_PREFIX}{student}")
}

/// The student itself: its version, and what may be told of it.
pub(super) const STUDENT: &str = "STUDENT";
/// Prefix of its edges.
pub(super) const EDGE: &str = "E#";
/// Prefix of the partition of an INE in `students`.
pub(super) const INE_PREFIX: &str = "I#";
/// What an INE leads to.
pub(super) const ANSWER: &str = "ANSWER";
pub(super) fn student(student: StudentId) -> Item {
    pair(student_partition(student), STUDENT)
}

pub(super) fn edge(student: StudentId, record: &RecordId) -> Item {
    pair(student_partition(student), format!("{EDGE}{record}"))
}

pub(super) fn ine(ine: &IneDigest) -> Item {
    pair(format!("{INE_PREFIX}{}", ine.as_str()), ANSWER)
}

/// The key of `records`.
pub(super) fn record(record: &RecordId) -> Item {
    HashMap::from([("id".to_owned(), text(record.as_str()))])
}

fn pair(partition: String, sort: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))])
}
