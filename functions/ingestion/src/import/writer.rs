//! Accepted rows to records and pointers, a hundred at a time, many batches side by side.
//!
//! Records before pointers: a pointer never leads to nothing. A crash in between leaves records
//! pending, and whoever goes on with the import from its last checkpoint finds them so and sends
//! their pointers.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, try_join_all};
use futures_util::stream::FuturesUnordered;
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::feeding::record::{
    Batch, Horizons, LeftAlone, PutOutcome, Slice, SliceVerdict, Stored, Write, Written,
};
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::records::{MOST_IN_BATCH, NewRecord, Page, Reading};

use crate::limiter::Limiter;
use crate::queues::MOST_POINTERS;
use crate::world::World;

/// Records of one page of a slice at most. Only their ids are listed, and of a file that changes
/// little only few are then read.
const LISTED: usize = 4_000;

/// What became of written rows.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct WriteCounts {
    pub(super) superseded: u64,
    pub(super) unchanged: u64,
    pub(super) created: u64,
    /// The records that were left alone.
    pub(super) left: Vec<LeftAlone>,
}

/// The rates at which the table and the queue are asked.
#[derive(Debug)]
pub(super) struct Speed {
    records: Limiter,
    queue: Limiter,
}

impl Speed {
    pub(super) fn new(seed: u64) -> Self {
        Self { records: Limiter::new(seed), queue: Limiter::new(!seed) }
    }
}

/// Writes, or with a dry run only finds out what it would write.
pub(super) struct Writer<'a> {
    world: &'a World,
    speed: &'a Speed,
    dry_run: bool,
    horizons: Rc<Horizons>,
    batch: Vec<NewRecord>,
    /// Of the batch, the records that may be left alone.
    leavable: HashSet<RecordId>,
    /// Records with a broken row, each with the horizon that it is raised to first.
    seen: BTreeMap<RecordId, Option<RecordVersion>>,
    running: FuturesUnordered<LocalBoxFuture<'a, Result<WriteCounts, StoreError>>>,
    counts: WriteCounts,
}

impl<'a> Writer<'a> {
    pub(super) fn new(world: &'a World, speed: &'a Speed, dry_run: bool) -> Self {
        Self {
            world,
            speed,
            dry_run,
            horizons: Rc::default(),
            batch: Vec::with_capacity(MOST_IN_BATCH),
            leavable: HashSet::new(),
            seen: BTreeMap::new(),
            running: FuturesUnordered::new(),
            counts: WriteCounts::default(),
        }
    }

    /// Rows about an establishment and year are compared with how far complete files went.
    pub(super) fn set_horizon(&mut self, uai: Uai, year: AcademicYear, horizon: RecordVersion) {
        Rc::make_mut(&mut self.horizons).insert((uai, year), horizon);
    }

    /// Writes a record, sooner or later, unless it may be left alone and nothing changed; waits for
    /// room first.
    pub(super) async fn add(
        &mut self,
        record: NewRecord,
        may_leave: bool,
    ) -> Result<(), StoreError> {
        if may_leave {
            self.leavable.insert(record.id.clone());
        }
        self.batch.push(record);
        if self.batch.len() == MOST_IN_BATCH { self.flush_batch().await } else { Ok(()) }
    }

    /// Notes, sooner or later, that a complete file which cancels with this version has a broken
    /// row about a record, which an earlier one left at `horizon`.
    pub(super) async fn mark_seen(
        &mut self,
        record: RecordId,
        horizon: Option<RecordVersion>,
        version: &RecordVersion,
    ) -> Result<(), StoreError> {
        self.seen.insert(record, horizon);
        if self.seen.len() == MOST_IN_BATCH { self.flush_seen(version).await } else { Ok(()) }
    }

    /// Waits for something else while batches go on being written.
    pub(super) async fn alongside<T>(
        &mut self,
        other: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        let mut other = pin!(other);
        loop {
            if self.running.is_empty() {
                return Ok(other.await);
            }
            tokio::select! {
                biased;
                done = &mut other => return Ok(done),
                Some(counts) = self.running.next() => self.add_counts(counts?),
            }
        }
    }

    /// Waits until everything is written and pointed to, and says what became of it since the last
    /// time.
    pub(super) async fn flush(
        &mut self,
        version: &RecordVersion,
    ) -> Result<WriteCounts, StoreError> {
        self.flush_batch().await?;
        self.flush_seen(version).await?;
        while let Some(counts) = self.running.next().await {
            self.add_counts(counts?);
        }
        Ok(mem::take(&mut self.counts))
    }

    async fn flush_batch(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.wait_for_room().await?;
        let records = mem::replace(&mut self.batch, Vec::with_capacity(MOST_IN_BATCH));
        let leavable = mem::take(&mut self.leavable);
        let (world, speed, dry_run, horizons) =
            (self.world, self.speed, self.dry_run, Rc::clone(&self.horizons));
        self.running.push(Box::pin(async move {
            let batch = Batch::new(records, &horizons).leaving(leavable);
            write_batch(world, speed, batch, dry_run).await
        }));
        Ok(())
    }

    async fn flush_seen(&mut self, version: &RecordVersion) -> Result<(), StoreError> {
        let seen = mem::take(&mut self.seen);
        if seen.is_empty() || self.dry_run {
            return Ok(());
        }
        self.wait_for_room().await?;
        let (world, speed, version) = (self.world, self.speed, version.clone());
        self.running.push(Box::pin(async move {
            let ids: Vec<RecordId> = seen.keys().cloned().collect();
            let stored = speed
                .records
                .call(async || world.records.read(&ids, Reading::Consistent).await, |_| false);
            let stored = stored.await?;
            let known = || seen.iter().filter(|(id, _)| stored.contains_key(*id));
            // A mark opens its record to what is older than this file. What is older than the one
            // that left it alone stays out by the version, which is therefore moved first; a crash
            // in between leaves what was true already.
            let raises = known().filter_map(|(id, horizon)| {
                let horizon = horizon.clone().filter(|horizon| *horizon < version)?;
                Some(Write::Raise { id: id.clone(), horizon })
            });
            write_those_that_hold(world, speed, raises.collect()).await?;
            let marks = known().map(|(id, _)| {
                let (id, version) = (id.clone(), version.clone());
                Write::See { id, version }
            });
            write_those_that_hold(world, speed, marks.collect()).await?;
            Ok(WriteCounts::default())
        }));
        Ok(())
    }

    /// One batch more than may run waits ready, so that none has to be made while the table waits.
    async fn wait_for_room(&mut self) -> Result<(), StoreError> {
        while self.running.len() > self.speed.records.room() {
            if let Some(counts) = self.running.next().await {
                self.add_counts(counts?);
            }
        }
        Ok(())
    }

    fn add_counts(&mut self, counts: WriteCounts) {
        self.counts.superseded += counts.superseded;
        self.counts.unchanged += counts.unchanged;
        self.counts.created += counts.created;
        self.counts.left.extend(counts.left);
    }
}

async fn write_batch(
    world: &World,
    speed: &Speed,
    mut batch: Batch<'_>,
    dry_run: bool,
) -> Result<WriteCounts, StoreError> {
    let ids = batch.ids();
    let reading = if batch.may_leave() { Reading::Consistent } else { Reading::Eventual };
    let stored =
        speed.records.call(async || world.records.read(&ids, reading).await, |_| false).await?;
    batch.learn(&stored);
    let outcome = if dry_run {
        batch.forecast()
    } else {
        while !batch.writes().is_empty() {
            let written = speed
                .records
                .call(async || world.records.write(batch.writes()).await, is_busy)
                .await?;
            batch.apply(written);
        }
        let outcome = batch.outcome();
        send_pointers(world, speed, &outcome.pending).await?;
        outcome
    };
    let PutOutcome { superseded, unchanged, created, left, .. } = outcome;
    Ok(WriteCounts { superseded, unchanged, created, left })
}

/// Does all of the writes whose condition holds, and says to which records. One that was done
/// before and not answered no longer holds: it is known by what it left.
pub(super) async fn write_those_that_hold(
    world: &World,
    speed: &Speed,
    writes: Vec<Write>,
) -> Result<Vec<RecordId>, StoreError> {
    let calls = writes.chunks(MOST_IN_BATCH).map(|some| hold_together(world, speed, some.to_vec()));
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

/// The same, for as many as one transaction takes.
async fn hold_together(
    world: &World,
    speed: &Speed,
    mut writes: Vec<Write>,
) -> Result<Vec<RecordId>, StoreError> {
    let mut done = Vec::new();
    while !writes.is_empty() {
        let written =
            speed.records.call(async || world.records.write(&writes).await, is_busy).await?;
        match written {
            Written::All => break,
            Written::None(verdicts) => {
                let mut verdicts = verdicts.into_iter();
                writes.retain(|write| match verdicts.next() {
                    Some(SliceVerdict::Stale(stored)) => {
                        done.extend(
                            stored.filter(|stored| is_done(write, stored)).map(|stored| stored.id),
                        );
                        false
                    }
                    _ => true,
                });
            }
        }
    }
    done.extend(writes.iter().map(|write| write.id().clone()));
    Ok(done)
}

/// Whether what is stored is what the write leaves.
fn is_done(write: &Write, stored: &Stored) -> bool {
    match write {
        Write::Put(statement) | Write::Renew(statement) => {
            stored.version == statement.record.version
        }
        Write::Cancel { version, .. } => stored.version == *version && stored.is_cancelled(),
        Write::See { version, .. } => stored.seen.as_ref() == Some(version),
        Write::Raise { horizon, .. } => stored.version == *horizon,
    }
}

/// Sends pointers to records.
pub(super) async fn send_pointers(
    world: &World,
    speed: &Speed,
    records: &[RecordId],
) -> Result<(), StoreError> {
    let calls = records.chunks(MOST_POINTERS).map(|some| async move {
        speed.queue.call(async || world.queues.point(some).await, |()| false).await
    });
    try_join_all(calls).await.map(|_| ())
}

/// A page of a slice: its records, and where to go on.
pub(super) async fn slice_page(
    world: &World,
    speed: &Speed,
    slice: &Slice,
    after: Option<&RecordId>,
) -> Result<Page, StoreError> {
    speed.records.call(async || world.records.slice(slice, after, LISTED).await, |_| false).await
}

/// What is stored of each record as of now, in their order.
pub(super) async fn read_now(
    world: &World,
    speed: &Speed,
    ids: &[RecordId],
) -> Result<Vec<Stored>, StoreError> {
    let calls = ids.chunks(MOST_IN_BATCH).map(|some| async move {
        let read = async || world.records.read(some, Reading::Consistent).await;
        let mut stored = speed.records.call(read, |_| false).await?;
        Ok::<_, StoreError>(some.iter().filter_map(|id| stored.remove(id)).collect::<Vec<_>>())
    });
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

fn is_busy(written: &Written) -> bool {
    matches!(written, Written::None(verdicts) if verdicts.iter().any(|verdict| matches!(verdict, SliceVerdict::Busy)))
}
