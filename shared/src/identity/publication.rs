//! What has to be written when a student changes: one list of conditional writes, applied all or nothing.
//!
//! Publishing is the moment a record becomes visible, so the answers, the postings that find them, the edges that
//! explain them and the record's own state change together. The conditions make it safe against others:
//!
//! - a student is written only over the version that was read;
//! - an INE answers for one student at a time;
//! - whoever joins or leaves a civil identity moves its counter on, and only from the value that was read, so of
//!   two simultaneous newcomers with one identity the second has to look again, and finds the first.

use std::collections::BTreeMap;

use super::digest::{CivilDigest, IdentityKeys, IneDigest, RecordId};
use super::student::{Answer, Edge, Posting, Student, StudentId};

/// One write of a publication.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Store a student's version, if it is still `expected` (0: if there is none).
    PutStudent {
        /// The student.
        student: StudentId,
        /// The version that was read.
        expected: u64,
    },
    /// Forget a student without records, if its version is still `expected`.
    DeleteStudent {
        /// The student.
        student: StudentId,
        /// The version that was read.
        expected: u64,
    },
    /// Keep the evidence of an attachment.
    PutEdge(StudentId, Box<Edge>),
    /// Drop it.
    DeleteEdge(StudentId, RecordId),
    /// Publish the answer that look-ups by civil identity read.
    PutAnswer(Box<Answer>),
    /// Withdraw it.
    DeleteAnswer(StudentId),
    /// Publish the answer under an INE, if the INE is free or one of `owners`'.
    PutIne {
        /// The INE.
        ine: IneDigest,
        /// The answer.
        answer: Box<Answer>,
        /// The students among which it may move in this publication.
        owners: Vec<StudentId>,
    },
    /// Withdraw it, if it is still this student's.
    DeleteIne {
        /// The INE.
        ine: IneDigest,
        /// The student.
        owner: StudentId,
    },
    /// Make a student findable by a civil identity.
    PutPosting(CivilDigest, Posting),
    /// Stop it.
    DeletePosting(CivilDigest, StudentId),
    /// Move the counter of a civil identity on, if it is still `expected` (0: if there is none).
    MoveCounter {
        /// The civil identity.
        civil: CivilDigest,
        /// The counter that was read.
        expected: u64,
    },
}

/// A student before and after.
#[derive(Debug, Clone)]
pub struct Change {
    /// As it was read; version 0 for a newcomer.
    pub before: Student,
    /// As it becomes.
    pub after: Student,
}

/// The writes that turn each `before` into its `after`.
///
/// `counters` holds the counter of every civil identity concerned, as read before deciding: those of
/// [`concerned`].
#[must_use]
pub fn plan(changes: &[Change], keys: &IdentityKeys, counters: &BTreeMap<CivilDigest, u64>) -> Vec<Write> {
    let everyone: Vec<StudentId> = changes.iter().map(|change| change.after.id).collect();
    let mut writes = Vec::new();
    // An INE that moves from one student to another is one write, not a deletion and a publication.
    let mut by_ine: BTreeMap<IneDigest, Write> = BTreeMap::new();

    for Change { before, after } in changes {
        let (student, expected) = (after.id, before.version);
        changed_edges(before, after, &mut writes);
        for ine in before.ine_digests(keys) {
            by_ine.entry(ine.clone()).or_insert(Write::DeleteIne { ine, owner: student });
        }
        match after.answer() {
            Some(answer) => {
                writes.push(Write::PutStudent { student, expected });
                writes.push(Write::PutAnswer(Box::new(answer.clone())));
                for ine in after.ine_digests(keys) {
                    let (answer, owners) = (Box::new(answer.clone()), everyone.clone());
                    by_ine.insert(ine.clone(), Write::PutIne { ine, answer, owners });
                }
            }
            // A newcomer that nothing was attached to was never stored.
            None if expected == 0 => {}
            None => {
                writes.push(Write::DeleteStudent { student, expected });
                writes.push(Write::DeleteAnswer(student));
            }
        }
        changed_postings(before, after, keys, &mut writes);
    }
    writes.extend(by_ine.into_values());
    writes.extend(
        concerned(changes, keys)
            .into_iter()
            .map(|civil| Write::MoveCounter { expected: counters.get(&civil).copied().unwrap_or(0), civil }),
    );
    writes
}

/// The civil identities that someone joins, leaves or changes in.
#[must_use]
pub fn concerned(changes: &[Change], keys: &IdentityKeys) -> Vec<CivilDigest> {
    let mut concerned: Vec<CivilDigest> = changes
        .iter()
        .flat_map(|Change { before, after }| {
            let (old, new) = (before.postings(keys), after.postings(keys));
            let differs = |civil: &CivilDigest| old.get(civil) != new.get(civil);
            old.keys().chain(new.keys()).filter(|civil| differs(civil)).cloned().collect::<Vec<_>>()
        })
        .collect();
    concerned.sort();
    concerned.dedup();
    concerned
}

fn changed_edges(before: &Student, after: &Student, writes: &mut Vec<Write>) {
    let old: BTreeMap<&RecordId, &Edge> = before.edges().map(|edge| (&edge.record, edge)).collect();
    let new: BTreeMap<&RecordId, &Edge> = after.edges().map(|edge| (&edge.record, edge)).collect();
    for (record, edge) in &new {
        if old.get(record) != Some(edge) {
            writes.push(Write::PutEdge(after.id, Box::new((*edge).clone())));
        }
    }
    for record in old.keys().filter(|record| !new.contains_key(*record)) {
        writes.push(Write::DeleteEdge(after.id, (*record).clone()));
    }
}

fn changed_postings(before: &Student, after: &Student, keys: &IdentityKeys, writes: &mut Vec<Write>) {
    let mut new = after.postings(keys);
    for (civil, posting) in before.postings(keys) {
        match new.remove(&civil) {
            Some(same) if same == posting => {}
            Some(changed) => writes.push(Write::PutPosting(civil, changed)),
            None => writes.push(Write::DeletePosting(civil, after.id)),
        }
    }
    writes.extend(new.into_iter().map(|(civil, posting)| Write::PutPosting(civil, posting)));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::enrolment::Declaration;
    use crate::domain::enrolment::Person;
    use crate::identity::decide::{RULES_VERSION, Rule};
    use crate::identity::digest::DigestKey;
    use crate::identity::fixtures::{declaration, keys};
    use crate::identity::student::RecordVersion;

    fn edge(said: &Declaration) -> Edge {
        Edge {
            record: RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), said),
            version: RecordVersion::new(Timestamp::UNIX_EPOCH, "", "import", 2),
            declaration: said.clone(),
            rule: Rule::Newcomer,
            rules_version: RULES_VERSION,
        }
    }

    fn kinds(writes: &[Write]) -> Vec<&'static str> {
        let mut kinds: Vec<_> = writes
            .iter()
            .map(|write| match write {
                Write::PutStudent { .. } => "+student",
                Write::DeleteStudent { .. } => "-student",
                Write::PutEdge(..) => "+edge",
                Write::DeleteEdge(..) => "-edge",
                Write::PutAnswer(_) => "+answer",
                Write::DeleteAnswer(_) => "-answer",
                Write::PutIne { .. } => "+ine",
                Write::DeleteIne { .. } => "-ine",
                Write::PutPosting(..) => "+posting",
                Write::DeletePosting(..) => "-posting",
                Write::MoveCounter { .. } => "counter",
            })
            .collect();
        kinds.sort_unstable();
        kinds
    }

    fn stored(said: &Declaration) -> Student {
        Student::restore(StudentId::random(), 1, [edge(said)])
    }

    #[test]
    fn a_newcomer_brings_everything() {
        let before = Student::newcomer(StudentId::random());
        let mut after = before.clone();
        after.attach(edge(&declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02")));
        let writes = plan(&[Change { before, after }], &keys(), &BTreeMap::new());
        assert_eq!(kinds(&writes), ["+answer", "+edge", "+ine", "+posting", "+student", "counter"]);
    }

    #[test]
    fn another_enrolment_of_the_same_identity_leaves_the_postings_alone() {
        let said = declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02");
        let before = stored(&said);
        let mut second = said.clone();
        second.inscription.diplome = Some("2400001".into());
        let mut after = before.clone();
        after.attach(edge(&second));
        let writes = plan(&[Change { before, after }], &keys(), &BTreeMap::new());
        assert_eq!(kinds(&writes), ["+answer", "+edge", "+ine", "+student"]);
    }

    #[test]
    fn a_record_that_moves_takes_its_ine_along_in_one_write() {
        let said = declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02");
        let from = stored(&said);
        let to = stored(&declaration(None, "Martin", "Léa", "2004-03-02"));
        let (mut without, mut with) = (from.clone(), to.clone());
        without.detach(&edge(&said).record);
        with.attach(edge(&said));
        let owners = vec![from.id, to.id];
        let writes = plan(
            &[Change { before: from, after: without }, Change { before: to, after: with }],
            &keys(),
            &BTreeMap::new(),
        );
        assert_eq!(
            kinds(&writes),
            ["+answer", "+edge", "+ine", "+student", "-answer", "-edge", "-posting", "-student", "counter"]
        );
        assert!(writes.iter().any(|write| matches!(write, Write::PutIne { owners: seen, .. } if *seen == owners)));
    }

    #[test]
    fn no_item_is_written_twice() {
        // DynamoDB refuses a transaction that names an item twice.
        let said = declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02");
        let before = stored(&said);
        let mut after = before.clone();
        let mut renamed = said.clone();
        renamed.identite = Person::Civil(crate::identity::fixtures::identity("Petit", "Zoé", "2004-03-02"));
        after.attach(edge(&renamed));
        let writes = plan(&[Change { before, after }], &keys(), &BTreeMap::new());
        assert_eq!(
            kinds(&writes),
            ["+answer", "+edge", "+ine", "+posting", "+student", "-posting", "counter", "counter"]
        );
    }
}
