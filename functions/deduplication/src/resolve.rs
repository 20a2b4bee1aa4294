//! One record, in order: read it and all that resembles it, decide, publish in one transaction.
//!
//! Idempotent: a resolved record is left alone. Safe against others: the transaction names the version of
//! everything that the decision rests on, and when one has moved, all is read and decided again. A crash before
//! the transaction leaves nothing, one after it leaves all.

use std::collections::BTreeMap;

use shared::domain::enrolment::{Declaration, Person};
use shared::identity::decide::{Decision, Doubt, Evidence, RULES_VERSION, Rule, decide};
use shared::identity::digest::{CivilDigest, RecordId};
use shared::identity::publication::{Change, concerned, plan};
use shared::identity::student::{Edge, Student, StudentId};
use shared::registry::records::{Record, RecordState};
use shared::registry::students::{Namesakes, Published, Settled};
use shared::registry::{StoreError, backoff};

use crate::context::Context;

/// Namesakes read for one decision at most; with more nobody can be told apart automatically.
const MOST_NAMESAKES: usize = 8;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// It is attached to a student and can be seen.
    Published,
    /// It waits for a person.
    InReview,
    /// It was resolved before.
    Unchanged,
}

/// Why a record could not be resolved now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Records are stored before their pointers are sent and read as of now, so this is no delay: someone sent a
    /// pointer of their own making, or the record was erased since.
    #[error("pointer leads to no record")]
    NoSuchRecord,
}

pub(crate) async fn resolve(context: &Context, id: &RecordId) -> Result<Resolution, ResolveError> {
    let mut waits = backoff();
    loop {
        let record = context.records.get(id).await?.ok_or(ResolveError::NoSuchRecord)?;
        if record.state == RecordState::Resolved {
            return Ok(Resolution::Unchanged);
        }
        if let Some(resolution) = attempt(context, &record).await? {
            return Ok(resolution);
        }
        let wait = waits.next().ok_or_else(|| StoreError::contention("resolving a record"))?;
        tokio::time::sleep(wait).await;
    }
}

/// `None` when someone else was faster.
async fn attempt(context: &Context, record: &Record) -> Result<Option<Resolution>, ResolveError> {
    let situation = Situation::observe(context, record).await?;
    let (changes, settled) = situation.settle(record);
    let counters = situation.counters(context, &changes).await?;
    let writes = plan(&changes, &context.keys, &counters);
    let published = context.students.publish(&writes, &context.records, record, settled).await?;
    Ok(match (published, settled) {
        (Published::Overtaken, _) => None,
        (Published::Yes, Settled::Attached(_)) => Some(Resolution::Published),
        (Published::Yes, Settled::InReview(_)) => Some(Resolution::InReview),
    })
}

/// All that a decision about one record rests on.
struct Situation {
    /// The student that an earlier version of the record was attached to.
    current: Option<Student>,
    /// The student that has its INE.
    by_ine: Option<Student>,
    /// The students that share its civil identity.
    resembling: Vec<Student>,
    /// More share it than were read.
    crowded: bool,
    /// The civil identity that the record names, with its counter.
    civil: Option<(CivilDigest, u64)>,
}

impl Situation {
    /// Reads, as of now. The counter of the civil identity comes before the students that share it, so that
    /// whoever joins in between is noticed when the counter is moved on.
    async fn observe(context: &Context, record: &Record) -> Result<Self, StoreError> {
        let Context { keys, students, .. } = context;
        let current = match record.student {
            Some(student) => students.get(student).await?,
            None => None,
        };
        let by_ine = match &record.declaration.ine {
            Some(ine) => students.by_ine(&keys.ine(ine)).await?,
            None => None,
        };
        let civil = record.declaration.identite.said().map(|identity| keys.civil(identity));
        let namesakes = match &civil {
            Some(civil) => students.namesakes(civil).await?,
            None => Namesakes::default(),
        };
        let mut resembling = Vec::new();
        for student in namesakes.students.iter().take(MOST_NAMESAKES) {
            resembling.extend(students.get(*student).await?);
        }
        let crowded = namesakes.students.len() > MOST_NAMESAKES;
        let civil = civil.map(|civil| (civil, namesakes.counter));
        Ok(Self { current, by_ine, resembling, crowded, civil })
    }

    /// Decides, and says which students change how.
    fn settle(&self, record: &Record) -> (Vec<Change>, Settled) {
        let decision = if self.crowded && self.by_ine.is_none() {
            Decision::Review(Doubt::Homonyms)
        } else {
            decide(Evidence {
                record: &record.id,
                declaration: &record.declaration,
                by_ine: self.by_ine.as_ref(),
                resembling: &self.resembling,
                current: self.current.as_ref(),
            })
        };
        let target = match decision {
            // The student was among those read: nothing else can be decided for.
            Decision::Attach(id, rule) => self.read().find(|student| student.id == id).cloned().zip(Some(rule)),
            Decision::Create => Some((Student::newcomer(StudentId::random()), Rule::Newcomer)),
            Decision::Review(_) => None,
        };
        let mut changes = Vec::new();
        // What the record said before is no longer said: it leaves the student that it was attached to.
        if let Some(before) = &self.current
            && target.as_ref().is_none_or(|(student, _)| student.id != before.id)
        {
            let mut after = before.clone();
            after.detach(&record.id);
            changes.push(Change { before: before.clone(), after });
        }
        let settled = match (target, decision) {
            (Some((before, rule)), _) => {
                let mut after = before.clone();
                after.attach(Edge {
                    record: record.id.clone(),
                    version: record.version.clone(),
                    declaration: registered(record.declaration.clone(), &before),
                    rule,
                    rules_version: RULES_VERSION,
                });
                let student = after.id;
                changes.push(Change { before, after });
                Settled::Attached(student)
            }
            (None, Decision::Review(doubt)) => Settled::InReview(doubt),
            // An attachment to a student that wasn't read can't be decided; if it ever were, doubt is the safe end.
            (None, _) => Settled::InReview(Doubt::Homonyms),
        };
        (changes, settled)
    }

    fn read(&self) -> impl Iterator<Item = &Student> {
        self.by_ine.iter().chain(&self.resembling).chain(&self.current)
    }

    /// The counters of all the civil identities that the changes concern.
    async fn counters(&self, context: &Context, changes: &[Change]) -> Result<BTreeMap<CivilDigest, u64>, StoreError> {
        let read = |civil: &CivilDigest| self.civil.as_ref().is_some_and(|(own, _)| own == civil);
        let others: Vec<_> = concerned(changes, &context.keys).into_iter().filter(|civil| !read(civil)).collect();
        let mut counters = context.students.counters(&others).await?;
        counters.extend(self.civil.clone());
        Ok(counters)
    }
}

/// A declaration that names nobody keeps the identity of the student it is attached to: it stays to be told should the
/// records that gave it be taken away.
fn registered(mut declaration: Declaration, student: &Student) -> Declaration {
    if let Person::Pair(pair) = &mut declaration.identite {
        pair.registre = student.spelling().cloned().map(Box::new);
    }
    declaration
}
