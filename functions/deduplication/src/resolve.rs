//! One record, in order: ask INES, read everybody who resembles, decide, publish in one
//! transaction, follow up.
//!
//! Idempotent: a resolved record is left alone. Safe against others: the transaction names the
//! version of every block, student and case that the decision rests on, and when one has moved,
//! all is read and decided again, so that whatever happens at once happens as if in some order. A
//! crash before the transaction leaves nothing, one after it leaves all but the pointers to records
//! that may stand otherwise now: the message comes again, finds the record resolved, and sends
//! them.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::contract::pointer::Pointer;
use shared::domain::academic_year::day_in_france;
use shared::domain::record_state::{Doubt, RecordState};
use shared::domain::status::Status;
use shared::feeding::record::Record;
use shared::identity::decide::{RecordDecision, StatedRecord, decide, may_be_one};
use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, InesVerification};
use shared::identity::ines::{Immatriculated, InesError};
use shared::identity::publication::{Change, Write, concerned, hold, plan};
use shared::identity::review::{CaseId, CaseQuestion};
use shared::identity::student::Student;
use shared::registry::publications::{MOST_WRITES, Published};
use shared::registry::{StoreError, backoff};

use crate::candidates::CandidateSet;
use crate::found;
use crate::immatriculation;
use crate::outcome::{RecordOutcome, Resolved, side};
use crate::owners;
use crate::pairs::{self, Begun};
use crate::review::Cases;
use crate::verification;
use crate::world::World;

/// Records of the students that a decision changes, up to which each keeps where it was.
const MOST_TRACED: usize = 50;
/// When a record that waits for students to become one is looked at again.
const SOON: Duration = Duration::from_secs(10);

/// The outcome of one attempt at a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The record is attached to a student and can be seen.
    Published,
    /// The record is on hold until a person or later evidence decides.
    OnHold,
    /// INES has yet to decide, can't be reached, or may not be asked for one more: it will be asked
    /// again.
    Postponed,
    /// The record was resolved before.
    Unchanged,
}

/// The reason for which a record could not be resolved now.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A table or the queue failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Records are stored before their pointers are sent and read as of now, so this is no delay:
    /// someone sent a pointer of their own making, or the record was erased since.
    #[error("pointer leads to no record")]
    NoSuchRecord,
    /// INES gave no answer that means anything.
    #[error(transparent)]
    Ines(#[from] InesError),
}

/// Whether a record that is resolved is decided on again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The record was sent, or an event that it waits for happened.
    Sent,
    /// The rules changed.
    Reconsidered,
}

/// Resolves a record.
///
/// # Errors
///
/// [`ResolveError`]: the message is to be delivered again.
pub async fn resolve<W: World>(
    world: &W,
    id: &RecordId,
    occasion: Occasion,
) -> Result<Resolution, ResolveError> {
    let mut waits = backoff();
    loop {
        let record = world.register().record(id).await?.ok_or(ResolveError::NoSuchRecord)?;
        if record.state == RecordState::Resolved {
            follow_again(world, &record).await?;
            if occasion == Occasion::Sent {
                return Ok(Resolution::Unchanged);
            }
        }
        if let Some(resolution) = attempt(world, &record).await? {
            return Ok(resolution);
        }
        let wait = waits.next().ok_or_else(|| StoreError::contention("resolving a record"))?;
        tokio::time::sleep(wait).await;
    }
}

/// `None` when someone else was faster.
async fn attempt<W: World>(world: &W, record: &Record) -> Result<Option<Resolution>, ResolveError> {
    let register = world.register();
    let current = match record.student {
        Some(student) => register.student(student).await?,
        None => None,
    };
    let record = &as_decided(record, current.as_ref());
    let known = verification::known(world, record, current.as_ref()).await?;
    let begun = pairs::begin(world, record, current.as_ref()).await?;
    if matches!(begun, Begun::Exhausted) {
        return Ok(pairs::put_off(world, record).await?.map(|()| Resolution::Postponed));
    }
    let verification = verification::of(world, record, known.iter().chain(&current)).await;
    if let Begun::Charged(check) = begun
        && !check.end(world, record, known.as_ref().or(current.as_ref()), &verification).await?
    {
        return Ok(pairs::put_off(world, record).await?.map(|()| Resolution::Postponed));
    }
    let Some(verification) = verification? else {
        // A request about this person waits at INES: what is known of the record so far stays as it
        // is.
        later(world, record).await?;
        return Ok(Some(Resolution::Postponed));
    };
    let read: Vec<Student> = current.into_iter().chain(known).collect();
    let mut candidates = CandidateSet::observe(world, record, verification, read).await?;
    if candidates.students().iter().any(|student| student.moving.is_some()) {
        // A case moves their records in steps: whoever they are is known once it is settled.
        return Ok(None);
    }
    let mut decision = candidates.decide(record);
    if let Some(ines) = world.ines()
        && let Some(identity) =
            record.declaration.identite.said().filter(|_| candidates.is_for_ines(record, &decision))
    {
        match immatriculation::ask(world, ines, record, identity).await? {
            Some(Immatriculated::Granted { ine, new }) => {
                let holder = match register.owner(&world.keys().ine(&ine)).await? {
                    Some(student) => register.student(student).await?,
                    None => None,
                };
                let read = candidates.into_students().into_iter().chain(holder).collect();
                candidates = CandidateSet::observe(
                    world,
                    record,
                    InesVerification::Granted { ine, known_before: !new },
                    read,
                )
                .await?;
                decision = candidates.decide(record);
            }
            // People decided that it is nobody else: it is published, and has its INE once INES has
            // decided and the record is sent again.
            None | Some(Immatriculated::Pending | Immatriculated::Refused)
                if record.links.different.contains_key(&CaseId::attachment(&record.id)) => {}
            None => decision.doubt = Some(Doubt::Quota),
            Some(Immatriculated::Pending) => decision.doubt = Some(Doubt::AwaitsInes),
            Some(Immatriculated::Refused) => decision.doubt = Some(Doubt::Refused),
        }
    }
    conclude(world, record, candidates, decision).await
}

/// The record, with what people decided as its student has it: the record was read before, and the
/// student's version is checked when it is written, so that a decision taken in between is not
/// forgotten.
fn as_decided(record: &Record, current: Option<&Student>) -> Record {
    let edge = current.and_then(|current| current.edge(&record.id));
    let links = edge.map_or_else(|| record.links.clone(), |edge| edge.links.clone());
    Record { links, ..record.clone() }
}

/// Publishes what was decided, if it changes anything.
async fn conclude<W: World>(
    world: &W,
    record: &Record,
    mut candidates: CandidateSet,
    decision: RecordDecision,
) -> Result<Option<Resolution>, ResolveError> {
    let (register, keys) = (world.register(), world.keys());
    let resolved = Resolved {
        record,
        verification: candidates.verification(),
        students: candidates.students(),
        decision: &decision,
        new_student: world.new_student(),
        keys,
        today: day_in_france(world.now()),
    };
    let RecordOutcome { mut changes, update, asked, withdrawn, follow, taken_back } =
        resolved.outcome();
    owners::reconcile(world, &mut changes, &BTreeSet::new()).await?;
    // Of a student with very many records, those that stay where they are don't keep that it was
    // hidden, or is shown: they would exceed the transaction.
    let few =
        changes.iter().map(|change| change.after.edges().count()).sum::<usize>() <= MOST_TRACED;
    let by = if few { candidates.decisions(record) } else { BTreeSet::new() };
    let moved = changes.trace(&by);
    let changes: Vec<Change> = changes.into_list();
    let mut cases = Cases::default();
    for question in asked {
        cases.ask(world, question).await?;
    }
    for case in &withdrawn {
        cases.withdraw(world, case).await?;
    }
    for case in by.iter().filter(|_| !moved.is_empty()) {
        cases.remember(world, case, &moved).await?;
    }
    let asks = cases.open_any();
    let mut writes: Vec<Write> = taken_back.into_iter().chain(cases.writes()).collect();
    // A cancelled enrolment isn't worth asking about again and again: should it stand again, its
    // pointer comes.
    let stands = record.declaration.inscription.statut != Status::Annule;
    let awaits = match decision.doubt {
        Some(Doubt::AwaitsInes) => true,
        Some(Doubt::Quota) => stands,
        _ => false,
    };
    let resolution = match update.state {
        RecordState::Resolved => Resolution::Published,
        _ if awaits => Resolution::Postponed,
        _ => Resolution::OnHold,
    };
    let stays = record.state == update.state && record.student == Some(update.student);
    let same_doubt = record.doubt == update.doubt && record.verify_on == update.verify_on;
    let waits_on = stays
        && same_doubt
        && update.state == RecordState::OnHold
        && !asks
        && changes.iter().all(waits_on);
    let says_the_same = same_doubt
        && record.statut_ine == Some(update.statut_ine)
        && writes.is_empty()
        && changes.iter().all(Change::is_empty);
    if !(waits_on || stays && says_the_same) {
        candidates.read_also(register, &concerned(&changes, keys)).await?;
        if !writes.is_empty() {
            // A case is about the student as it was read, changed or not.
            writes.extend(
                changes.iter().filter(|change| change.is_empty()).map(|change| hold(&change.after)),
            );
        }
        writes.extend(plan(&changes, keys, candidates.blocks()));
        writes.extend(found::note(&update, record.finding));
        writes.push(Write::UpdateRecord(Box::new(update)));
        if writes.len() > MOST_WRITES {
            return join_first(world, record, &candidates, &decision).await;
        }
        if register.publish(&writes, world.now()).await? == Published::Overtaken {
            return Ok(None);
        }
        send(world, follow).await?;
    }
    if awaits {
        later(world, record).await?;
    }
    Ok(Some(resolution))
}

/// The record joins students who have too many records to become one in its transaction. That is a
/// case of its own, which evidence decides and people may undo, and the record is decided on once
/// they are one.
///
/// A crash leaves the case without its pointer, or the record without its own; the message comes
/// again and sends both.
async fn join_first<W: World>(
    world: &W,
    record: &Record,
    candidates: &CandidateSet,
    decision: &RecordDecision,
) -> Result<Option<Resolution>, ResolveError> {
    let same: Vec<&Student> = decision
        .same
        .iter()
        .filter_map(|id| candidates.students().iter().find(|student| student.id == *id))
        .collect();
    let mut cases = Cases::default();
    let mut pointers = Vec::new();
    if let Some((first, others)) = same.split_first() {
        for other in others {
            let closest =
                may_be_one(first, other).map(|closeness| closeness.best).or(decision.evidence);
            let Some(comparison) = closest else { continue };
            let [one, other] = [first, other].map(|student| side(student, world.keys()));
            let question = CaseQuestion::duplicate(one, other, record.id.clone(), comparison);
            pointers.push(Pointer::Case(question.case()));
            cases.decide(world, question).await?;
        }
    }
    if pointers.is_empty() {
        return Err(StoreError::refused(
            "students TransactWriteItems",
            "more writes than a transaction takes",
        )
        .into());
    }
    let writes: Vec<Write> = cases.writes().collect();
    if !writes.is_empty()
        && world.register().publish(&writes, world.now()).await? == Published::Overtaken
    {
        return Ok(None);
    }
    world.queue().send_pointers(&pointers).await?;
    world.queue().send_after(SOON, &Pointer::Record(record.id.clone())).await?;
    Ok(Some(Resolution::Postponed))
}

/// Whoever waited goes on waiting, for the same cases, by the same records. Whom it may be besides
/// by now, and how near they are, is no reason to ask again: they were decided on later, and ask
/// about it themselves. So a repetition of its message changes nothing.
fn waits_on(change: &Change) -> bool {
    let Change { before, after, merged_into } = change;
    let same = |(one, other): (&Edge, &Edge)| {
        (&one.record, &one.version, &one.verification, &one.links)
            == (&other.record, &other.version, &other.verification, &other.links)
            && one.rules_version == other.rules_version
    };
    merged_into.is_none()
        && before.on_hold.keys().eq(after.on_hold.keys())
        && before.edges().count() == after.edges().count()
        && before.edges().zip(after.edges()).all(same)
}

/// Looks again at records that may stand otherwise now.
async fn send<W: World>(
    world: &W,
    records: impl IntoIterator<Item = RecordId>,
) -> Result<(), StoreError> {
    let pointers: Vec<Pointer> = records.into_iter().map(Pointer::Record).collect();
    if pointers.is_empty() {
        return Ok(());
    }
    world.queue().send_pointers(&pointers).await
}

/// The message came again: whoever published the record may have stopped before it sent the
/// pointers that follow. Those that still wait are sent; a record that was resolved since is not,
/// so that this ends.
async fn follow_again<W: World>(world: &W, record: &Record) -> Result<(), StoreError> {
    let register = world.register();
    let Some(student) = record.student else { return Ok(()) };
    let Some(student) = register.student(student).await? else { return Ok(()) };
    if student.answer().is_none() {
        return Ok(());
    }
    let mut waiting = BTreeSet::new();
    for edge in student.edges_besides(&record.id) {
        let other = register.record(&edge.record).await?;
        if other.is_some_and(|other| other.state == RecordState::OnHold) {
            waiting.insert(edge.record.clone());
        }
    }
    let verification =
        student.edge(&record.id).map(|edge| edge.verification.clone()).unwrap_or_default();
    let candidates = CandidateSet::observe(world, record, verification, vec![student]).await?;
    let hidden = candidates.students().iter().filter(|student| student.answer().is_none());
    waiting.extend(hidden.flat_map(Student::edges).map(|edge| edge.record.clone()));
    send(world, waiting).await
}

async fn later<W: World>(world: &W, record: &Record) -> Result<(), StoreError> {
    world.queue().send_after(verification::ASK_AGAIN, &Pointer::Record(record.id.clone())).await
}

impl CandidateSet {
    fn decide(&self, record: &Record) -> RecordDecision {
        let statement = StatedRecord {
            record: &record.id,
            declaration: &record.declaration,
            verification: self.verification(),
            links: &record.links,
        };
        decide(statement, self.students(), self.reads())
    }
}
