//! What an establishment's records say of a person, to be compared later without being kept.

use std::collections::BTreeMap;

use crate::domain::uai::Uai;
use crate::identity::digest::{DigestKey, RecordId};
use crate::identity::student::Student;

/// The records that an establishment has of a student, each with a keyed digest of all that it
/// declares. A file that says the same again gives the same digests.
#[must_use]
pub fn said(student: &Student, uai: Uai, key: &DigestKey) -> BTreeMap<RecordId, String> {
    let own = student.edges().filter(|edge| edge.declaration.inscription.uai == uai);
    own.filter_map(|edge| {
        let declared = serde_json::to_vec(&edge.declaration).ok()?;
        Some((edge.record.clone(), key.of(&[b"declaration".as_slice(), &declared])))
    })
    .collect()
}
