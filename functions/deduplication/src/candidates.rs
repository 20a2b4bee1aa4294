//! All that a decision about one record rests on, read as of now.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::enrolment::StatedPerson;
use shared::feeding::record::Record;
use shared::identity::block::{BlockId, Sharing, Traits};
use shared::identity::decide::RecordDecision;
use shared::identity::edge::{Edge, InesVerification, traits};
use shared::identity::engine::compare::Comparison;
use shared::identity::engine::decide::{MatchVerdict, Reads, verdict};
use shared::identity::engine::weight::{Bits, bits};
use shared::identity::publication::Blocks;
use shared::identity::review::CaseId;
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use crate::outcome::MOST_NEAR;
use crate::register::Register;
use crate::world::World;

/// The students read for one record, and the blocks that they were found in.
#[derive(Debug)]
pub(crate) struct CandidateSet {
    verification: InesVerification,
    students: Vec<Student>,
    blocks: Blocks,
    reads: Reads,
}

impl CandidateSet {
    /// Reads the blocks of the record's keys in one call, then, in full, the students who resemble
    /// it: the closest [`MOST_NEAR`] of those that aren't in `read`, which are those that it is
    /// known to concern.
    pub(crate) async fn observe<W: World>(
        world: &W,
        record: &Record,
        verification: InesVerification,
        read: Vec<Student>,
    ) -> Result<Self, StoreError> {
        let register = world.register();
        let compared = traits(&record.declaration, &verification);
        let keys: Vec<BlockId> = world.keys().blocks.spread(&compared).into_keys().collect();
        let blocks = register.blocks(&keys).await?;
        let mut students: Vec<Student> = Vec::new();
        for student in read {
            if !students.iter().any(|known| known.id == student.id) {
                students.push(student);
            }
        }
        // Whom people said it is, wherever that one is now.
        for other in record.links.same.values().flatten() {
            let linked = register.record(other).await?.and_then(|other| other.student);
            if let Some(student) = linked {
                read_in_full(register, student, &mut students).await?;
            }
        }
        let sharing = Sharing::of(blocks.values());
        let near = near(&compared, &sharing);
        let mut room = MOST_NEAR;
        let mut left_out = false;
        for student in near {
            if students.iter().any(|known| known.id == student) {
                continue;
            }
            if room == 0 {
                left_out = true;
                break;
            }
            room -= 1;
            read_in_full(register, student, &mut students).await?;
        }
        // Those whom it may have been before, and still is if nobody says otherwise.
        let rivals: Vec<StudentId> = students
            .iter()
            .flat_map(|student| student.on_hold.values().flatten())
            .copied()
            .collect();
        for rival in rivals.into_iter().take(MOST_NEAR) {
            read_in_full(register, rival, &mut students).await?;
        }
        let reads = if left_out { Reads::Cut } else { sharing.reads };
        Ok(Self { verification, students, blocks, reads })
    }

    pub(crate) fn verification(&self) -> &InesVerification {
        &self.verification
    }

    pub(crate) fn students(&self) -> &[Student] {
        &self.students
    }

    pub(crate) fn into_students(self) -> Vec<Student> {
        self.students
    }

    pub(crate) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    pub(crate) fn reads(&self) -> Reads {
        self.reads
    }

    /// The cases in which people decided about anybody who is there, or about what moved them: a
    /// decision about the record may rest on each.
    pub(crate) fn decisions(&self, record: &Record) -> BTreeSet<CaseId> {
        let links = record.links.same.keys().chain(record.links.different.keys());
        let known = self.students.iter().flat_map(Student::edges).flat_map(Edge::decisions);
        links.chain(known).cloned().collect()
    }

    /// The record gives no INE, is nobody's who can be told of, and nobody resembles: INES finds
    /// its INE, or gives one. A record with an INE that INES doesn't know, or not yet, is never
    /// given another: the person would have two for ever.
    pub(crate) fn is_for_ines(&self, record: &Record, decision: &RecordDecision) -> bool {
        let mut joined = self.students.iter().filter(|student| decision.same.contains(&student.id));
        joined.all(|student| student.is_on_hold_without(&record.id))
            && decision.near.is_empty()
            && decision.doubt.is_none()
            && self.verification == InesVerification::Unasked
    }

    /// Reads the blocks that change besides.
    pub(crate) async fn read_also(
        &mut self,
        register: &Register,
        keys: &[BlockId],
    ) -> Result<(), StoreError> {
        let unread: Vec<BlockId> =
            keys.iter().filter(|key| !self.blocks.contains_key(*key)).cloned().collect();
        if !unread.is_empty() {
            self.blocks.extend(register.blocks(&unread).await?);
        }
        Ok(())
    }
}

/// Reads a student, or the one that it was joined to, unless it is there already.
async fn read_in_full(
    register: &Register,
    student: StudentId,
    students: &mut Vec<Student>,
) -> Result<(), StoreError> {
    if students.iter().any(|known| known.id == student) {
        return Ok(());
    }
    if let Some(student) = register.student(student).await?
        && !students.iter().any(|known| known.id == student.id)
    {
        students.push(student);
    }
    Ok(())
}

/// The students who resemble, the closest first. Those who name nobody resemble by their INE.
fn near(compared: &[Traits], sharing: &Sharing<'_, StudentId>) -> Vec<StudentId> {
    let people: Vec<_> = compared.iter().map(|traits| (traits, traits.person())).collect();
    let mut closest: BTreeMap<StudentId, (MatchVerdict, Bits)> = BTreeMap::new();
    for (holder, indexed) in sharing
        .traits
        .iter()
        .flat_map(|(holder, indexed)| indexed.iter().map(|one| (**holder, *one)))
    {
        let other = indexed.person();
        for (traits, person) in &people {
            let nameless = [indexed, *traits]
                .into_iter()
                .any(|one| matches!(one.identite, StatedPerson::Pair(_)));
            let verification = if nameless {
                if indexed.ine.is_none() || indexed.ine != traits.ine {
                    continue;
                }
                (MatchVerdict::Match, bits(1_000.0))
            } else {
                let comparison = Comparison::of(person, &other);
                (verdict(&comparison), comparison.bits)
            };
            if verification.0 > MatchVerdict::Distinct {
                let best = closest.entry(holder).or_insert(verification);
                *best = (*best).max(verification);
            }
        }
    }
    let mut near: Vec<_> = closest.into_iter().collect();
    // The id breaks ties, so that what is read doesn't depend on the order of a block.
    near.sort_by_key(|(student, verification)| (std::cmp::Reverse(*verification), *student));
    near.into_iter().map(|(student, _)| student).collect()
}
