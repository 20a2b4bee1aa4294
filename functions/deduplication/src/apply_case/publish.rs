//! A case is written: in one transaction if what it changes fits in one, else in portions.
//!
//! A transaction takes a hundred writes, and a student may have more records than that. What
//! doesn't fit is done in steps, each a transaction that moves the case on to its next version:
//!
//! 1. every student that changes is kept for the case ([`Student::moving`]): nothing is told of it,
//!    and nobody else changes it;
//! 2. records change and move, as many at a time as fit; the case names them, so that an undo finds
//!    them;
//! 3. the last step does the rest, settles the case, and lets the students go.
//!
//! What remains to be done is told from the students as they are, so a message that comes again, or
//! one after a crash between any two steps, goes on where the last one ended.

use std::collections::BTreeSet;

use shared::contract::pointer::Pointer;
use shared::domain::record_state::RecordState;
use shared::identity::digest::RecordId;
use shared::identity::edge::Edge;
use shared::identity::publication::{Blocks, Change, RecordUpdate, Write, concerned, plan};
use shared::identity::review::{Case, CaseId, CaseQuestion, State};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;
use shared::registry::publications::{MOST_WRITES, Published};

use super::decide::CaseChanges;
use crate::found;
use crate::owners;
use crate::world::World;

/// Records that one step changes at most: each takes up to four writes, and students, blocks and
/// the case some more.
const MOST_AT_ONCE: usize = 24;
/// Students that one step keeps for the case at most, each with the INEs that lead to it.
const MOST_KEPT: usize = 10;

/// The progress of a case that takes several transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// All of it is done.
    Applied,
    /// A step of it is done.
    Begun,
    /// Someone else was faster, or keeps a student: read everything again.
    Overtaken,
}

impl CaseChanges {
    /// Reads the students that are kept for the case since an earlier step.
    pub(super) async fn resume<W: World>(
        &mut self,
        world: &W,
        case: &Case,
    ) -> Result<(), StoreError> {
        for id in case.decisions.iter().next_back().iter().flat_map(|decision| &decision.kept) {
            if let Some(student) = world.register().student(*id).await? {
                self.students.of(&student);
            }
        }
        Ok(())
    }

    /// Writes what changes, with the case as it is settled, or the next step of it.
    pub(super) async fn publish<W: World>(
        mut self,
        world: &W,
        case: Case,
    ) -> Result<Progress, StoreError> {
        let foreign =
            |change: &Change| change.before.moving.as_ref().is_some_and(|kept| *kept != self.case);
        if self.students.iter().any(foreign) {
            return Ok(Progress::Overtaken);
        }
        self.students.values_mut().for_each(|student| student.moving = None);
        self.hand_over();
        self.hide_contradicted();
        let back =
            self.back.iter().filter_map(|record| Some(self.students.holder(record)?.id)).collect();
        owners::reconcile(world, &mut self.students, &back).await?;
        let moved = self.students.trace(&self.by);
        let mut completed = case.clone();
        completed.remember(&moved);
        completed.complete(&self.linked, world.now());
        self.questions(world, &mut completed).await?;
        self.take_back();
        let changes = std::mem::take(&mut self.students).into_list();
        let mut writes = self.writes(world, &changes).await?;
        writes.extend(self.cases.writes());
        writes.push(Write::PutCase(Box::new(completed)));
        if writes.len() > MOST_WRITES {
            return self.step(world, case, changes).await;
        }
        tracing::debug!(writes = writes.len(), version = case.version, "case applied");
        if world.register().publish(&writes, world.now()).await? == Published::Overtaken {
            return Ok(Progress::Overtaken);
        }
        if !self.follow.is_empty() {
            let pointers: Vec<Pointer> = self.follow.into_iter().map(Pointer::Record).collect();
            world.queue().send_pointers(&pointers).await?;
        }
        Ok(Progress::Applied)
    }

    /// The next step of what doesn't fit in one transaction.
    async fn step<W: World>(
        self,
        world: &W,
        mut case: Case,
        changes: Vec<Change>,
    ) -> Result<Progress, StoreError> {
        let kept = |change: &&Change| {
            change.before.edges().next().is_none() || change.before.moving.is_some()
        };
        let free: Vec<Change> = changes
            .iter()
            .filter(|change| !kept(change))
            .take(MOST_KEPT)
            .map(keep(&self.case))
            .collect();
        let mut writes = if free.is_empty() {
            let units = units(&changes, &case);
            let mut size = units.len().min(MOST_AT_ONCE);
            if size == 0 {
                return Err(StoreError::refused(
                    "students TransactWriteItems",
                    "more writes than a transaction takes",
                ));
            }
            loop {
                let step = portion(&changes, &case, &units[..size]);
                let mut writes = self.writes(world, &step).await?;
                if case.state == State::Undone {
                    writes.extend(self.cases.writes());
                }
                if writes.len() < MOST_WRITES || size == 1 {
                    // Those that a step made as well.
                    case.keep(step.iter().map(|change| change.after.id));
                    case.remember(&units[..size].iter().map(|unit| unit.record.clone()).collect());
                    break writes;
                }
                size /= 2;
            }
        } else {
            case.keep(free.iter().map(|change| change.before.id));
            plan(&free, world.keys(), &Blocks::new())
        };
        tracing::info!(writes = writes.len(), version = case.version, "case applied in part");
        writes.push(Write::PutCase(Box::new(case)));
        Ok(match world.register().publish(&writes, world.now()).await? {
            Published::Yes => Progress::Begun,
            Published::Overtaken => Progress::Overtaken,
        })
    }

    /// The writes of one step on students, blocks and records.
    async fn writes<W: World>(
        &self,
        world: &W,
        changes: &[Change],
    ) -> Result<Vec<Write>, StoreError> {
        let keys = concerned(changes, world.keys());
        let blocks =
            if keys.is_empty() { Blocks::new() } else { world.register().blocks(&keys).await? };
        let mut writes = plan(changes, world.keys(), &blocks);
        for record in &self.linked {
            let whose = changes.iter().find(|change| change.after.edge(record).is_some());
            let Some(Change { before, after, .. }) = whose else { continue };
            let hidden = after.is_on_hold() && !before.is_on_hold();
            // An earlier step has written those that it changed.
            if let Some(edge) = after.edge(record)
                && (before.edge(record) != Some(edge) || hidden || self.anew.contains(record))
            {
                writes.extend(self.stands(world, after, edge).await?);
            }
        }
        Ok(writes)
    }

    /// Nobody decides about what isn't asked any more, and what is asked again is to be decided.
    async fn questions<W: World>(&mut self, world: &W, case: &mut Case) -> Result<(), StoreError> {
        let asked = |of: fn(&Change) -> &Student| -> BTreeSet<CaseId> {
            self.students.iter().flat_map(|change| of(change).on_hold.keys().cloned()).collect()
        };
        let (before, after) = (asked(|change| &change.before), asked(|change| &change.after));
        let others = |id: &&CaseId| **id != self.case && !id.is_dispute();
        for id in before.difference(&after).filter(others) {
            self.cases.withdraw(world, id).await?;
        }
        for id in after.difference(&before).filter(others) {
            self.cases.reopen(world, id).await?;
        }
        // Evidence was faster than the decision that is undone: the record doesn't wait.
        if matches!(case.question, CaseQuestion::Attachment { .. }) && !after.contains(&self.case) {
            case.withdraw();
        }
        Ok(())
    }

    /// The records of whoever is told of no more wait from now on, and those of whoever is told of
    /// now may wait no more. A dispute is settled before anybody decides on them again.
    fn take_back(&mut self) {
        for Change { before, after, .. } in self.students.iter() {
            let hidden = !before.is_on_hold() && after.is_on_hold();
            let records = || after.edges().map(|edge| edge.record.clone());
            if hidden {
                self.linked.extend(records());
            }
            if hidden || before.answer().is_none() {
                self.follow.extend(
                    records().filter(|record| after.is_on_hold() || !self.back.contains(record)),
                );
            }
        }
    }

    /// Whoever waited for the case of a record that left waits for one of its own records.
    fn hand_over(&mut self) {
        for student in self.students.values_mut() {
            let foreign = |case: &CaseId| {
                !case.is_dispute()
                    && !student.edges().any(|edge| CaseId::attachment(&edge.record) == *case)
            };
            let Some(case) = student.on_hold.keys().find(|case| foreign(case)).cloned() else {
                continue;
            };
            let first = student.edges().next().map(|edge| CaseId::attachment(&edge.record));
            let rivals = student.on_hold.remove(&case);
            student.on_hold.extend(first.zip(rivals));
        }
    }

    /// Of whom a decision leaves only what INES contradicts, nothing is told until people decide.
    fn hide_contradicted(&mut self) {
        for student in self.students.values_mut() {
            if student.is_contradicted() && !student.is_on_hold() {
                let first = student.edges().next().map(|edge| CaseId::attachment(&edge.record));
                student.on_hold.extend(first.map(|case| (case, BTreeSet::new())));
            }
        }
    }

    /// The writes on one record.
    async fn stands<W: World>(
        &self,
        world: &W,
        student: &Student,
        edge: &Edge,
    ) -> Result<Vec<Write>, StoreError> {
        let is_told_again = !student.is_on_hold() && self.back.contains(&edge.record);
        let stored =
            if is_told_again { world.register().record(&edge.record).await? } else { None };
        let Some(record) = stored.filter(|record| record.version == edge.version) else {
            let (record, links) = (edge.record.clone(), edge.links.clone());
            let on_hold = student.is_on_hold() || self.anew.contains(&record);
            return Ok(vec![Write::Link { record, links, student: student.id, on_hold }]);
        };
        let finding = found::of(student, edge, None);
        let statut_ine = found::statut_ine(&record.declaration, &edge.verification, None);
        let update = RecordUpdate {
            record: record.id,
            version: record.version,
            before: record.student,
            links: edge.links.clone(),
            state: RecordState::Resolved,
            student: student.id,
            doubt: None,
            statut_ine,
            finding,
            unknown_since: record.unknown_since,
            verify_on: record.verify_on,
        };
        let note = found::note(&update, record.finding);
        Ok(note.into_iter().chain([Write::UpdateRecord(Box::new(update))]).collect())
    }
}

/// A record that changes, or moves.
#[derive(Debug)]
struct Unit {
    record: RecordId,
    from: Option<StudentId>,
    to: StudentId,
    edge: Edge,
}

/// Nothing is told of a student, and nobody else changes it.
fn keep(case: &CaseId) -> impl Fn(&Change) -> Change {
    |Change { before, .. }| {
        let mut after = before.clone();
        after.moving = Some(case.clone());
        Change { before: before.clone(), after, merged_into: None }
    }
}

/// The units that one step may change. A student keeps a record until the last step, and the record
/// that the case is about stays where it is: both tell a later process what remains to be done.
fn units(changes: &[Change], case: &Case) -> Vec<Unit> {
    let about = case.decisions.last().and_then(|decision| decision.effect.record());
    let stays: BTreeSet<&RecordId> = changes
        .iter()
        .filter(|change| change.after.edges().next().is_none())
        .filter_map(|change| {
            change.before.edges().map(|edge| &edge.record).find(|record| about != Some(record))
        })
        .chain(about)
        .collect();
    let mut units = Vec::new();
    for Change { after, .. } in changes {
        for edge in after.edges().filter(|edge| !stays.contains(&edge.record)) {
            let before = changes
                .iter()
                .map(|change| &change.before)
                .find(|student| student.edge(&edge.record).is_some());
            let same = before.is_some_and(|before| {
                before.id == after.id && before.edge(&edge.record) == Some(edge)
            });
            if !same {
                let (record, edge) = (edge.record.clone(), edge.clone());
                units.push(Unit {
                    record,
                    from: before.map(|before| before.id),
                    to: after.id,
                    edge,
                });
            }
        }
    }
    units
}

/// The changes of one step. Where a decision is undone, what keeps a student from being told of is
/// restored with the first of its records; where one is applied, it stays until the last.
fn portion(changes: &[Change], case: &Case, units: &[Unit]) -> Vec<Change> {
    let mut step: Vec<Change> = changes.iter().map(keep(&case.id)).collect();
    for (change, whole) in step.iter_mut().zip(changes) {
        if case.state == State::Undone {
            change.after.on_hold.clone_from(&whole.after.on_hold);
        }
        for unit in units {
            if unit.from == Some(change.before.id) && unit.to != change.before.id {
                change.after.detach(&unit.record);
            }
            if unit.to == change.before.id {
                change.after.attach(unit.edge.clone());
            }
        }
    }
    // Nobody is there yet, or any more.
    step.retain(|change| change.after.edges().next().is_some());
    step
}
