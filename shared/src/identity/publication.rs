//! What has to be written when a student changes: one list of conditional writes, applied all or
//! nothing.
//!
//! Publishing is the moment a record becomes visible, so the answer, the blocks that find it, the
//! edges that explain it and the record's own state change together. The conditions make it safe
//! against others:
//!
//! - a student is written only over the version that was read;
//! - an INE answers for one student at a time;
//! - every block that the decision rests on is as it was read, whether or not it is written: of
//!   two simultaneous newcomers who resemble each other, the second has to look again, and finds
//!   the first.
//!
//! A newcomer costs at most twelve writes: seven blocks, the student with its answer, an edge, an
//! INE with the answer, the record, and one for an alias or a case.

use jiff::civil::Date;
use std::collections::BTreeMap;

use super::block::{Block, BlockId};
use super::digest::{IdentityKeys, IneDigest, RecordId};
use super::edge::{Edge, Links};
use super::finding::{Finding, FindingCode, StatutIne};
use super::review::Case;
use super::stat::Stat;
use super::student::{PublishedAnswer, RecordVersion, Student, StudentId};
use crate::domain::record_state::{Doubt, RecordState};

/// The blocks of the register, by their keys.
pub type Blocks = BTreeMap<BlockId, Block<StudentId>>;

/// One write of a publication.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Store a student, if its version is still `expected` (0: if there is none).
    PutStudent {
        /// The student, without its edges.
        student: Box<Student>,
        /// The version that was read.
        expected: u64,
        answer: Option<Box<PublishedAnswer>>,
        /// What statistics count of it; none without an answer.
        stat: Option<Stat>,
    },
    /// Make a student an alias of another, if its version is still `expected`.
    PutAlias {
        student: StudentId,
        /// The version that was read.
        expected: u64,
        /// The student that it is now.
        into: StudentId,
    },
    /// Forget a student without records, if its version is still `expected`.
    DeleteStudent {
        student: StudentId,
        /// The version that was read.
        expected: u64,
    },
    /// Keep the evidence of an attachment.
    PutEdge(StudentId, Box<Edge>),
    /// Drop it.
    DeleteEdge(StudentId, RecordId),
    /// Lead an INE to a student, with its answer if it is the one to keep, if it is free or one of
    /// `owners`'.
    PutIne {
        ine: IneDigest,
        student: StudentId,
        /// The answer; none for the other INEs, which lead to it.
        answer: Option<Box<PublishedAnswer>>,
        /// The students among which it may move in this publication.
        owners: Vec<StudentId>,
    },
    /// Withdraw it, if it is still this student's.
    DeleteIne { ine: IneDigest, owner: StudentId },
    /// Store a block over the version that was read.
    PutBlock(BlockId, Box<Block<StudentId>>),
    /// Go through only if a block still has this version.
    CheckBlock(BlockId, u64),
    /// Say where a record stands, if it still says what was decided on, and nobody has attached it
    /// since.
    UpdateRecord(Box<RecordUpdate>),
    /// Say what people decided about a record, whose it is by that, and that it waits, if nothing
    /// is told of that one.
    Link {
        record: RecordId,
        links: Links,
        /// The student that it is attached to.
        student: StudentId,
        /// Nothing is told of that student.
        on_hold: bool,
    },
    /// Store a case over the version that was read.
    PutCase(Box<Case>),
    /// Tell the establishment what was found about the identity of a row.
    Note(Finding),
    /// There is nothing to tell of it any more.
    Unnote(RecordId, RecordVersion),
}

/// The update of a record by a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordUpdate {
    pub record: RecordId,
    /// The version that it was decided on.
    pub version: RecordVersion,
    /// The student that it was attached to when it was read. A message that comes twice at once is
    /// decided on twice, and a record without blocking keys has no block whose version would tell
    /// the second one.
    pub before: Option<StudentId>,
    /// The links that reviewers made.
    pub links: Links,
    pub state: RecordState,
    /// The student that it is attached to, seen or not.
    pub student: StudentId,
    /// The reason for which it is on hold, if it is.
    pub doubt: Option<Doubt>,
    /// INES's verdict on its INE.
    pub statut_ine: StatutIne,
    /// The finding that the establishment is told.
    pub finding: Option<FindingCode>,
    /// The day on which INES first didn't know its INE, while it doesn't.
    pub unknown_since: Option<Date>,
    /// The day from which on INES is asked again, if it is.
    pub verify_on: Option<Date>,
}

/// A student before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// As it was read; version 0 for a newcomer.
    pub before: Student,
    /// As it becomes.
    pub after: Student,
    /// The student that it joins: it keeps no record, and leads there.
    pub merged_into: Option<StudentId>,
}

impl Change {
    /// Whether nothing about it changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before == self.after && self.merged_into.is_none()
    }
}

/// The writes that turn each `before` into its `after`.
///
/// `blocks` holds every block that the decision rests on, and those of [`concerned`], as they
/// were read.
#[must_use]
pub fn plan(changes: &[Change], keys: &IdentityKeys, blocks: &Blocks) -> Vec<Write> {
    let everyone: Vec<StudentId> = changes.iter().map(|change| change.after.id).collect();
    let mut writes = Vec::new();
    // An INE that moves from one student to another is one write, not a deletion and a publication.
    let mut by_ine: BTreeMap<IneDigest, Write> = BTreeMap::new();

    for change in changes.iter().filter(|change| !change.is_empty()) {
        let Change { before, after, merged_into } = change;
        let (student, expected) = (after.id, before.version);
        changed_edges(before, after, &mut writes);
        let (led_before, led_after) = (led(before, keys), led(after, keys));
        for ine in led_before.keys() {
            by_ine
                .entry(ine.clone())
                .or_insert(Write::DeleteIne { ine: ine.clone(), owner: student });
        }
        for (ine, answer) in led_after {
            if led_before.get(&ine) == Some(&answer) {
                // The same lead as before: nothing to write, unless another of the changes took it.
                by_ine.remove(&ine);
                continue;
            }
            let put = Write::PutIne {
                ine: ine.clone(),
                student,
                answer: answer.map(Box::new),
                owners: everyone.clone(),
            };
            by_ine.insert(ine, put);
        }
        match (after.edges().next(), merged_into) {
            (None, Some(into)) => writes.push(Write::PutAlias { student, expected, into: *into }),
            // A newcomer that nothing was attached to was never stored.
            (None, None) if expected == 0 => {}
            (None, None) => writes.push(Write::DeleteStudent { student, expected }),
            (Some(_), _) => writes.push(put(after, expected)),
        }
    }
    writes.extend(by_ine.into_values());
    let moved = changed_blocks(changes, keys, blocks);
    let still = blocks.iter().filter(|(key, _)| !moved.contains_key(*key));
    writes.extend(still.map(|(key, block)| Write::CheckBlock(key.clone(), block.version)));
    writes.extend(moved.into_iter().map(|(key, block)| Write::PutBlock(key, Box::new(block))));
    writes
}

/// Writes a student as it is, so that what else is written about it goes through only if nobody
/// changed it.
#[must_use]
pub fn hold(student: &Student) -> Write {
    put(student, student.version)
}

fn put(student: &Student, expected: u64) -> Write {
    let answer = student.answer().map(Box::new);
    let stat = answer.as_ref().and_then(|_| Stat::of(student));
    let mut stored = Student::restore(student.id, student.version, student.on_hold.clone(), []);
    stored.moving.clone_from(&student.moving);
    let student = Box::new(stored);
    Write::PutStudent { student, expected, answer, stat }
}

/// The INEs that lead to a student, each with the answer that it is published with. None does while
/// nothing may be told.
fn led(student: &Student, keys: &IdentityKeys) -> BTreeMap<IneDigest, Option<PublishedAnswer>> {
    let Some(answer) = student.answer() else { return BTreeMap::new() };
    let primary = student.primary().map(|ine| keys.ine(&ine));
    let told = |ine: &IneDigest| (primary.as_ref() == Some(ine)).then(|| answer.clone());
    student.ine_digests(keys).into_iter().map(|ine| (ine.clone(), told(&ine))).collect()
}

/// The blocks that someone joins, leaves or changes in.
#[must_use]
pub fn concerned(changes: &[Change], keys: &IdentityKeys) -> Vec<BlockId> {
    let mut concerned: Vec<BlockId> = changes
        .iter()
        .flat_map(|Change { before, after, .. }| {
            let (old, new) = (before.block_entries(keys), after.block_entries(keys));
            let differs = |key: &BlockId| old.get(key) != new.get(key);
            old.keys().chain(new.keys()).filter(|key| differs(key)).cloned().collect::<Vec<_>>()
        })
        .collect();
    concerned.sort();
    concerned.dedup();
    concerned
}

fn changed_blocks(changes: &[Change], keys: &IdentityKeys, blocks: &Blocks) -> Blocks {
    let mut moved = Blocks::new();
    for Change { before, after, .. } in changes {
        let (old, new) = (before.block_entries(keys), after.block_entries(keys));
        for key in old.keys().chain(new.keys()) {
            if old.get(key) != new.get(key) {
                let block = moved
                    .entry(key.clone())
                    .or_insert_with(|| blocks.get(key).cloned().unwrap_or_default());
                block.set(&after.id, new.get(key).map_or(&[], Vec::as_slice));
            }
        }
    }
    moved
}

fn changed_edges(before: &Student, after: &Student, writes: &mut Vec<Write>) {
    for edge in after.edges() {
        if before.edge(&edge.record) != Some(edge) {
            writes.push(Write::PutEdge(after.id, Box::new(edge.clone())));
        }
    }
    for edge in before.edges() {
        if after.edge(&edge.record).is_none() {
            writes.push(Write::DeleteEdge(after.id, edge.record.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::enrolment::{Declaration, StatedPerson};
    use crate::identity::fixtures::{declaration, edge, identity, keys, student};

    const INE: &str = "070578267KH";

    fn kinds(writes: &[Write]) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for write in writes {
            let kind = match write {
                Write::PutStudent { .. } => "+student",
                Write::PutAlias { .. } => "+alias",
                Write::DeleteStudent { .. } => "-student",
                Write::PutEdge(..) => "+edge",
                Write::DeleteEdge(..) => "-edge",
                Write::PutIne { .. } => "+ine",
                Write::DeleteIne { .. } => "-ine",
                Write::PutBlock(..) => "+block",
                Write::CheckBlock(..) => "=block",
                _ => "other",
            };
            *kinds.entry(kind).or_default() += 1;
        }
        kinds
    }

    fn change(before: &Student, after: Student) -> Change {
        Change { before: before.clone(), after, merged_into: None }
    }

    /// The blocks of these students, as a decision about them read them.
    fn read(students: &[&Student]) -> Blocks {
        let mut blocks = Blocks::new();
        for student in students {
            for (key, traits) in student.block_entries(&keys()) {
                let block =
                    blocks.entry(key).or_insert_with(|| Block { version: 1, ..Block::default() });
                block.set(&student.id, &traits);
            }
        }
        blocks
    }

    fn with(student: &Student, said: &Declaration) -> Student {
        let mut after = student.clone();
        after.attach(edge(said));
        after
    }

    #[test]
    fn a_newcomer_costs_twelve_writes_at_most_with_its_record() {
        let before = Student::newcomer(StudentId::random());
        let mut said =
            declaration(Some(INE), "Martin de La Tour-Quintefeuille", "Léa", "2004-03-02");
        let StatedPerson::Civil(identity) = &mut said.identite else { panic!("it names nobody") };
        identity.nom_usage = Some(crate::domain::name::PersonName::parse("Castelbou").unwrap());
        let after = with(&before, &said);
        let indexed = after.block_entries(&keys()).len();
        let writes = plan(&[change(&before, after)], &keys(), &Blocks::new());
        assert_eq!(
            kinds(&writes),
            BTreeMap::from([("+edge", 1), ("+ine", 1), ("+student", 1), ("+block", indexed)])
        );
        assert_eq!(indexed, crate::identity::engine::blocking::MOST_KEYS);
        assert!(writes.len() < 12);
    }

    #[test]
    fn another_enrolment_of_the_same_identity_only_checks_the_blocks() {
        let said = declaration(Some(INE), "Martin", "Léa", "2004-03-02");
        let before = student(1, std::slice::from_ref(&said));
        let mut second = said;
        second.inscription.diplome = Some("2400001".into());
        let blocks = read(&[&before]);
        let writes = plan(&[change(&before, with(&before, &second))], &keys(), &blocks);
        let expected = [("+edge", 1), ("+ine", 1), ("+student", 1), ("=block", blocks.len())];
        assert_eq!(kinds(&writes), BTreeMap::from(expected));
    }

    #[test]
    fn a_record_that_moves_takes_its_ine_along_in_one_write() {
        let said = declaration(Some(INE), "Martin", "Léa", "2004-03-02");
        let from = student(1, std::slice::from_ref(&said));
        let to = student(1, &[declaration(None, "Martin", "Léa", "2004-03-02")]);
        let mut without = from.clone();
        without.detach(&edge(&said).record);
        let owners = vec![from.id, to.id];
        let changes = [change(&from, without), change(&to, with(&to, &said))];
        let writes = plan(&changes, &keys(), &read(&[&from, &to]));
        let kinds = kinds(&writes);
        assert_eq!((kinds["+ine"], kinds.get("-ine"), kinds["-student"]), (1, None, 1));
        assert!(
            writes.iter().any(
                |write| matches!(write, Write::PutIne { owners: seen, .. } if *seen == owners)
            )
        );
    }

    #[test]
    fn a_student_that_joins_another_leads_to_it() {
        let joined = student(1, &[declaration(Some(INE), "Martin", "Léa", "2004-03-02")]);
        let into = student(1, &[declaration(None, "Martin", "Léa", "2004-03-02")]);
        let mut after = into.clone();
        joined.edges().cloned().for_each(|edge| after.attach(edge));
        let gone = Change {
            before: joined.clone(),
            after: Student::restore(joined.id, joined.version, BTreeMap::new(), []),
            merged_into: Some(into.id),
        };
        let blocks = read(&[&joined, &into]);
        let writes = plan(&[gone, change(&into, after)], &keys(), &blocks);
        assert!(writes.contains(&Write::PutAlias {
            student: joined.id,
            expected: 1,
            into: into.id
        }));
        let left = writes.iter().filter_map(|write| match write {
            Write::PutBlock(_, block) => Some(block),
            _ => None,
        });
        assert!(left.flat_map(|block| &block.entries).all(|entry| entry.holder == into.id));
    }

    #[test]
    fn while_a_person_has_to_decide_nothing_leads_to_a_student() {
        let before = student(1, &[declaration(Some(INE), "Martin", "Léa", "2004-03-02")]);
        let mut after = before.clone();
        after.on_hold.insert(crate::identity::review::CaseId::dispute(before.id), [].into());
        let writes = plan(&[change(&before, after.clone())], &keys(), &Blocks::new());
        assert_eq!(kinds(&writes), BTreeMap::from([("+student", 1), ("-ine", 1)]));
        assert!(writes.iter().any(|write| matches!(write, Write::PutStudent { answer: None, .. })));
        let writes = plan(&[change(&after, before)], &keys(), &Blocks::new());
        assert_eq!(kinds(&writes), BTreeMap::from([("+student", 1), ("+ine", 1)]));
    }

    #[test]
    fn no_item_is_written_twice() {
        // DynamoDB refuses a transaction that names an item twice.
        let said = declaration(Some(INE), "Martin", "Léa", "2004-03-02");
        let before = student(1, std::slice::from_ref(&said));
        let mut renamed = said;
        renamed.identite = StatedPerson::Civil(identity("Petit", "Zoé", "2004-03-02"));
        let after = with(&before, &renamed);
        let mut blocks = read(&[&before]);
        for key in concerned(&[change(&before, after.clone())], &keys()) {
            blocks.entry(key).or_default();
        }
        let writes = plan(&[change(&before, after)], &keys(), &blocks);
        let mut named: Vec<&BlockId> = writes
            .iter()
            .filter_map(|write| match write {
                Write::PutBlock(key, _) | Write::CheckBlock(key, _) => Some(key),
                _ => None,
            })
            .collect();
        let all = named.len();
        named.sort();
        named.dedup();
        assert_eq!((named.len(), named.len()), (all, blocks.len()));
    }
}
