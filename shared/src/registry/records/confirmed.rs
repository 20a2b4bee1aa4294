//! How large an establishment is, by what INES vouches for.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{MOST_IN_BATCH, Reading, RecordState, RecordStore};
use crate::domain::academic_year::AcademicYear;
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;
use crate::feeding::record::Slice;
use crate::identity::finding::StatutIne;
use crate::identity::student::StudentId;
use crate::registry::StoreError;

/// What tells whether INES vouches for a record.
const VOUCHING: &str = "#state, student, statut_ine, declaration.ine";
/// The part that is counted. Any does: the digit is the last of a keyed digest, so nobody outside
/// can choose it.
const COUNTED: u8 = 0;

/// A record, as far as it is counted.
#[derive(Debug, Deserialize)]
struct Sampled {
    state: RecordState,
    #[serde(default)]
    student: Option<StudentId>,
    #[serde(default)]
    statut_ine: Option<StatutIne>,
    #[serde(default)]
    declaration: Said,
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    ine: Option<Ine>,
}

impl Sampled {
    /// The student, when the establishment gave the INE and INES has it for that very person.
    fn vouched(self) -> Option<StudentId> {
        let vouched = self.state == RecordState::Resolved
            && self.statut_ine == Some(StatutIne::Confirme)
            && self.declaration.ine.is_some();
        self.student.filter(|_| vouched)
    }
}

impl RecordStore {
    /// About how many students of an establishment and year came with an INE that INES confirmed.
    ///
    /// Records that wait, or were immatriculated on the establishment's word, are left out, and a
    /// student counts once however many enrolments are sent for it: the depositor could make up
    /// either. One slice of the sixteen is read and multiplied, which for 50,000 students is about
    /// thirty pages; what that estimate errs by matters little where it decides, from a thousand
    /// students on.
    pub async fn confirmed(&self, uai: Uai, year: AcademicYear) -> Result<u64, StoreError> {
        let slice = Slice { uai, year, digit: COUNTED };
        let mut students = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.slice(&slice, after.as_ref(), MOST_IN_BATCH).await?;
            let sampled: Vec<Sampled> = self.batch(&page.ids, Reading::Eventual, VOUCHING).await?;
            students.extend(sampled.into_iter().filter_map(Sampled::vouched));
            after = page.after;
            if after.is_none() {
                return Ok(students.len() as u64 * u64::from(Slice::DIGITS));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_ines_confirmed_of_the_rows_own_ine_counts() {
        let student = "0123456789abcdef0123456789abcdef";
        let sampled = |item: serde_json::Value| {
            let item = serde_dynamo::to_item::<_, super::super::Item>(item).unwrap();
            serde_dynamo::from_item::<_, Sampled>(item).unwrap().vouched().is_some()
        };
        let said = json!({"ine": "070578267KH"});
        for (item, counts) in [
            (
                json!({"state": "resolved", "student": student, "statut_ine": "CONFIRME", "declaration": said}),
                true,
            ),
            (
                json!({"state": "on_hold", "student": student, "statut_ine": "CONFIRME", "declaration": said}),
                false,
            ),
            (
                json!({"state": "resolved", "student": student, "statut_ine": "INCONNU", "declaration": said}),
                false,
            ),
            // INES gave it: the projection has no INE, or null.
            (json!({"state": "resolved", "student": student, "statut_ine": "CONFIRME"}), false),
            (
                json!({"state": "resolved", "student": student, "statut_ine": "CONFIRME", "declaration": {"ine": null}}),
                false,
            ),
            (json!({"state": "pending"}), false),
        ] {
            assert_eq!(sampled(item.clone()), counts, "{item}");
        }
    }
}
