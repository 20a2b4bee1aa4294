//! One case, in order: read it and the students it is about, apply what people decided, or take it
//! back.
//!
//! What is decided is kept as links on the records, which no evidence overrides, and which are
//! forgotten when the decision is undone. Idempotent: the case moves on in the same transaction,
//! over the version that was read, so a repetition finds nothing to do. A crash before the
//! transaction leaves nothing, one after it leaves all but the pointers to records to decide on
//! again: those are sent again when the message comes again. What takes several transactions goes
//! on where the last one ended (`apply_case/publish.rs`).

mod decide;
mod publish;
mod undo;

use std::collections::BTreeSet;

use shared::contract::pointer::Pointer;
use shared::domain::record_state::RecordState;
use shared::identity::digest::RecordId;
use shared::identity::publication::Change;
use shared::identity::review::{Case, CaseId, Effect, Pending};
use shared::identity::student::Student;
use shared::registry::{StoreError, backoff};

use crate::world::World;
use decide::CaseChanges;
use publish::Progress;

/// The outcome of applying a case once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliedCase {
    /// The requested change is written.
    Done,
    /// There is nothing to do.
    Nothing,
}

/// The reason for which a case could not be applied now.
#[derive(Debug, thiserror::Error)]
pub enum ApplyCaseError {
    /// A table or the queue failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Cases are stored before their pointers are sent.
    #[error("pointer leads to no case")]
    NoSuchCase,
}

/// Does what a case asks for.
///
/// # Errors
///
/// [`ApplyCaseError`]: the message is to be delivered again.
pub async fn apply_case<W: World>(world: &W, id: &CaseId) -> Result<AppliedCase, ApplyCaseError> {
    let mut waits = backoff();
    loop {
        let case = world.register().case(id).await?.ok_or(ApplyCaseError::NoSuchCase)?;
        let mut changes = CaseChanges::new(&case.id);
        changes.resume(world, &case).await?;
        let hides = match case.pending() {
            None => {
                follow_again(world, &case).await?;
                return Ok(AppliedCase::Nothing);
            }
            Some(Pending::Hide(student)) => {
                changes.hide(world, student).await?;
                true
            }
            Some(Pending::Apply(effect)) => {
                let effect = effect.clone();
                changes.apply(world, &effect).await?;
                false
            }
            Some(Pending::Revert(_)) => {
                changes.undo(world, &case).await?;
                false
            }
        };
        if hides && changes.students.iter().all(Change::is_empty) {
            return Ok(AppliedCase::Nothing);
        }
        match changes.publish(world, case).await? {
            Progress::Applied => return Ok(AppliedCase::Done),
            Progress::Begun => continue,
            Progress::Overtaken => {}
        }
        let wait = waits.next().ok_or_else(|| StoreError::contention("applying a case"))?;
        tokio::time::sleep(wait).await;
    }
}

/// The student that a record is attached to, seen or not.
async fn holder<W: World>(world: &W, record: &RecordId) -> Result<Option<Student>, StoreError> {
    let register = world.register();
    match register.record(record).await?.and_then(|record| record.student) {
        Some(student) => {
            Ok(register.student(student).await?.filter(|student| student.edge(record).is_some()))
        }
        None => Ok(None),
    }
}

/// The message came again: whoever settled the case may have stopped before it sent the pointers
/// that follow. Those that still wait are sent.
async fn follow_again<W: World>(world: &W, case: &Case) -> Result<(), StoreError> {
    let register = world.register();
    let mut records: BTreeSet<RecordId> = BTreeSet::new();
    for decision in case.decisions.iter().rev().take(1) {
        let named: Vec<&RecordId> = match &decision.effect {
            Effect::Attach { record, .. } | Effect::Separate { record, .. } => vec![record],
            Effect::Split { records, .. } => records.iter().collect(),
            Effect::Merge(_) | Effect::KeepApart(_) | Effect::Keep(_) => Vec::new(),
        };
        // Those that it moved may be a student's that the case doesn't know.
        for record in named.into_iter().chain(&decision.records).chain(&decision.moved) {
            records.insert(record.clone());
            let holder = holder(world, record).await?;
            records.extend(holder.iter().flat_map(Student::edges).map(|edge| edge.record.clone()));
        }
        for student in case.question.students() {
            if let Some(student) = register.student(student).await? {
                records.extend(student.edges().map(|edge| edge.record.clone()));
            }
        }
    }
    let mut waiting = Vec::new();
    for id in records {
        let record = register.record(&id).await?;
        if record.is_some_and(|record| record.state != RecordState::Resolved) {
            waiting.push(Pointer::Record(id));
        }
    }
    if waiting.is_empty() { Ok(()) } else { world.queue().send_pointers(&waiting).await }
}
