//! Students whose last enrolment ended long enough ago: each is erased with its records, its
//! evidence, its answer, the INEs that lead to it and its block entries, in one transaction.
//!
//! The transaction names the version of everything that it rests on, so whoever comes back at the
//! same moment either is seen, and stays, or finds nobody, and is a new student. A student with too
//! many records for one transaction loses some of them in each; it is whole in between, with fewer.
//! A run that dies leaves students as they were or gone.

use jiff::civil::Date;
use shared::feeding::record::Record;
use shared::identity::publication::{Blocks, Change, concerned, plan};
use shared::identity::student::{Student, StudentId};
use shared::registry::blocks::Consistency;
use shared::registry::publications::{MOST_WRITES, Published};
use shared::registry::records::MOST_IN_BATCH;
use shared::registry::segment::Segment;
use shared::registry::{StoreError, backoff};
use shared::retention::{Counts, Kept, judge};

use crate::run::{Run, StepEnd};

/// The end of one student.
enum Outcome {
    /// It is erased, or was before.
    Gone,
    /// It stays.
    Stays(Kept),
    /// It is over, and stays under a legal hold.
    Held,
}

/// One part of the students, and of those that lead to one who is no more.
pub(crate) async fn step(run: &Run<'_>, part: Segment) -> Result<StepEnd, StoreError> {
    let mut met = Counts::default();
    let Some(days) = run.pass.terms.students else { return Ok(StepEnd::Done(met)) };
    let first_kept = days.first_kept(run.pass.as_of);
    let mut from = None;
    loop {
        let page = run.context.students.scan_retention(part, first_kept, from).await?;
        for student in page.ended {
            if !run.has_turn().await {
                return Ok(StepEnd::OutOfTime);
            }
            match erase(run, student, first_kept).await {
                Ok(Outcome::Gone | Outcome::Stays(Kept::Current)) => {}
                Ok(Outcome::Stays(Kept::Undecided)) => met.undecided += 1,
                Ok(Outcome::Held) => met.held += 1,
                Err(error) if error.is_slowing() => return Err(error),
                Err(error) => {
                    // One that can't be erased mustn't keep the others.
                    tracing::error!(%error, "a student that is over isn't erased");
                    met.failed += 1;
                }
            }
        }
        for (alias, version) in page.aliases {
            // Nearly all of them stay, so that looking takes no turn.
            let is_gone = run.context.students.get(alias).await?.is_none();
            if !run.has_time() || (is_gone && !run.has_turn().await) {
                return Ok(StepEnd::OutOfTime);
            }
            if is_gone {
                forget_alias(run, alias, version).await?;
            }
        }
        from = page.next;
        if from.is_none() {
            return Ok(StepEnd::Done(met));
        }
    }
}

/// Erases a student that led to one who is erased.
async fn forget_alias(run: &Run<'_>, alias: StudentId, version: u64) -> Result<(), StoreError> {
    let context = run.context;
    let counts = Counts { aliases: 1, ..Counts::default() };
    let erased = context.students.delete_alias(alias, version);
    let erased =
        erased.map_err(|error| StoreError::encode("students TransactWriteItems", error))?;
    context.retention.erase(&run.pass.id, erased, counts).await?;
    Ok(())
}

async fn erase(run: &Run<'_>, id: StudentId, first_kept: Date) -> Result<Outcome, StoreError> {
    let context = run.context;
    let mut waits = backoff();
    loop {
        let student = context.students.get(id).await?;
        // One that has joined another since is that one's.
        let Some(student) = student.filter(|student| student.id == id) else {
            return Ok(Outcome::Gone);
        };
        let records = records_of(run, &student).await?;
        if let Err(kept) = judge(&student, &records, first_kept) {
            return Ok(Outcome::Stays(kept));
        }
        if run.is_held(id).await? {
            return Ok(Outcome::Held);
        }
        match erase_some(run, &student, &records).await? {
            Erased::All => return Ok(Outcome::Gone),
            Erased::Some => waits = backoff(),
            Erased::Overtaken => {
                let wait =
                    waits.next().ok_or_else(|| StoreError::contention("erasing a student"))?;
                tokio::time::sleep(wait).await;
            }
        }
    }
}

async fn records_of(run: &Run<'_>, student: &Student) -> Result<Vec<Record>, StoreError> {
    let ids: Vec<_> = student.edges().map(|edge| edge.record.clone()).collect();
    let mut records = Vec::with_capacity(ids.len());
    for some in ids.chunks(MOST_IN_BATCH) {
        records.extend(run.context.records.many(some).await?);
    }
    Ok(records)
}

/// What one transaction erased.
enum Erased {
    /// The student.
    All,
    /// Some of its records.
    Some,
    /// Nothing, since somebody changed it.
    Overtaken,
}

/// Erases as many records as a transaction takes, and the student with the last of them.
async fn erase_some(
    run: &Run<'_>,
    student: &Student,
    records: &[Record],
) -> Result<Erased, StoreError> {
    const OPERATION: &str = "students TransactWriteItems";
    let context = run.context;
    let all = student.edges().count();
    let mut most = all.min(MOST_WRITES / 2);
    loop {
        let mut after = student.clone();
        let leaving: Vec<_> = student.edges().take(most).map(|edge| edge.record.clone()).collect();
        for record in &leaving {
            after.detach(record);
        }
        let changes = [Change { before: student.clone(), after, merged_into: None }];
        let keys = concerned(&changes, &context.keys);
        let erased: Vec<_> = records.iter().filter(|record| leaving.contains(&record.id)).collect();
        let is_last = leaving.len() == all;
        // The check of a hold and the count come besides.
        let fits = |writes: usize| writes + erased.len() + 2 <= MOST_WRITES;
        if fits(keys.len()) {
            let blocks: Blocks = context.blocks.read(&keys, Consistency::Strong).await?;
            let writes = plan(&changes, &context.keys, &blocks);
            if fits(writes.len()) {
                let counts = Counts {
                    students: u64::from(is_last),
                    records: erased.len() as u64,
                    ..Counts::default()
                };
                let deletions =
                    erased.iter().map(|one| context.records.erase(&one.id, &one.version));
                let others = deletions
                    .chain([
                        context.retention.unless_held(student.id),
                        context.retention.count(&run.pass.id, counts),
                    ])
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| StoreError::encode(OPERATION, error))?;
                let published = context.publisher.publish_with(&writes, others, run.now).await?;
                return Ok(match published {
                    Published::Overtaken => Erased::Overtaken,
                    Published::Yes if is_last => Erased::All,
                    Published::Yes => Erased::Some,
                });
            }
        }
        if most <= 1 {
            return Err(StoreError::refused(OPERATION, "more writes than a transaction takes"));
        }
        most /= 2;
    }
}
