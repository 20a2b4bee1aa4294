//! One import: claim → look at the whole file → compare its rows with each other → read, check and
//! store them → compare them with what is stored, if the file is complete → report → end.
//!
//! A crash between any two calls leaves a message that is delivered again within about a minute, an
//! import whose lease is then over, and a checkpoint before which everything is done (`work.rs`).
//! What was done after it is done again and finds itself: rows by their version, cancellations by
//! theirs, reports under the same keys. Only the end is final.

use std::time::Duration;

use jiff::Timestamp;
use shared::domain::uai::Uai;
use shared::feeding::key::{DepositKey, Mode};
use shared::files::reader::Depositor;
use shared::files::report::Ending;
use shared::identity::digest::DigestKey;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::imports::{
    Arrival, Claim, End, Import, ImportId, LEASE, LeaseHolder, Progress, ProgressError,
};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::notifier::Notice;
use crate::queues::Message;
use crate::world::World;

mod alone;
mod among_rows;
mod complete;
mod download;
mod report;
mod rows;
mod survey;
mod work;
mod writer;

use work::{Stage, Work};
use writer::Speed;

/// The interval at which the owner of an import renews its lease.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// For how long the message stays away after each sign of life: a little longer than the lease, so
/// that it comes back when the import can be claimed.
const HELD: Duration = LEASE.saturating_add(Duration::from_secs(10));
/// Most of the time of an invocation that is kept for letting go in good order.
const LONGEST_MARGIN: Duration = Duration::from_secs(20);

/// The settings of an import.
pub struct Settings {
    /// For the ids of records.
    pub record_key: DigestKey,
    /// The inbox bucket's name.
    pub inbox: String,
    /// The share of an establishment's enrolments, in percent, that a complete file may cancel
    /// unconfirmed.
    pub cancel_share: u64,
}

/// One invocation: who works, for which message, until when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invocation<'a> {
    /// Lambda's request id.
    pub(crate) owner: &'a str,
    /// The message that it was called with.
    pub(crate) message: &'a Message,
    pub(crate) clock: Clock,
    /// When it is killed.
    pub(crate) killed_at: Instant,
}

impl Invocation<'_> {
    /// When to stop working, to let go in good order.
    fn stop_at(&self) -> Instant {
        let left = self.killed_at.saturating_duration_since(Instant::now());
        self.killed_at - (left / 4).min(LONGEST_MARGIN)
    }
}

/// The reason for which the message may be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportOutcome {
    /// The import ended, by this invocation.
    Ended,
    /// The import had ended before.
    EndedBefore,
    /// Another invocation has it, for a message that is still there.
    Elsewhere,
    /// Time ran out, and a message asks for the rest.
    HandedOver,
    /// Its establishment has as many imports under way as it may, and a message asks for it later.
    Waits,
    /// There is nothing that could be carried out.
    Nothing,
}

/// The infrastructure failed, or someone else is at it: the message must come back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Progress(#[from] ProgressError),
    #[error("the import is in hand for this very message")]
    InHand { after: Duration },
    #[error("time ran out without any progress")]
    Stuck,
    #[error("the thread that opened a workbook was stopped")]
    Stopped,
}

/// The reason for which work on an import stops before its end.
enum Stop {
    /// Time runs out; whether there is a checkpoint more than when it began.
    OutOfTime { progressed: bool },
    /// See [`ImportError`].
    Error(ImportError),
}

impl<E: Into<ImportError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Carries out an import, or as much of it as time allows, if nobody else does.
pub(crate) async fn run(
    world: &World,
    settings: &Settings,
    invocation: Invocation<'_>,
    id: &ImportId,
    arrival: Option<&Arrival>,
) -> Result<ImportOutcome, ImportError> {
    let Invocation { owner, message, clock, .. } = invocation;
    let holder = LeaseHolder { import: id, owner };
    let import = match world.imports.claim(holder, &message.id, arrival, clock.now()).await? {
        Claim::Taken(import) => import,
        Claim::Ended => return Ok(ImportOutcome::EndedBefore),
        Claim::Elsewhere => return Ok(ImportOutcome::Elsewhere),
        Claim::Again { after } => return Err(ImportError::InHand { after }),
        Claim::Unknown => return Ok(ImportOutcome::Nothing),
    };
    let stop_at = invocation.stop_at();
    // What names no establishment ends at once, and needs no place.
    let place = match DepositKey::depositor(&import.object_key) {
        None => None,
        Some(uai) => match world.imports.enter(uai, holder, clock.now()).await {
            Ok(Some(place)) => Some((uai, place)),
            Ok(None) => {
                // As when time runs out: the import is let go, and a later message asks for it.
                // This one may be acknowledged, so waiting never counts as a failure.
                world.imports.release(holder).await?;
                world.queues.go_on(id, turn(owner)).await?;
                return Ok(ImportOutcome::Waits);
            }
            Err(error) => return let_go(world, holder, error.into()).await,
        },
    };
    let speed = Speed::new(seed(owner));
    let job = Job { world, settings, invocation, stop_at, holder, import: &import, place, speed };
    let stopped = tokio::select! {
        biased;
        result = job.carry_out() => result,
        taken_over = job.stay_alive() => Err(taken_over.into()),
    };
    if let Some((uai, place)) = place
        && let Err(error) = world.imports.leave(uai, place, holder).await
    {
        // It is over by itself with its lease.
        tracing::warn!(import = id.as_str(), %error, "place not left");
    }
    match stopped {
        Ok(()) => Ok(ImportOutcome::Ended),
        // First let go, then ask for the rest: who is asked finds the import free. A crash between
        // the two leaves our own message, which comes back; one after them leaves both, and
        // whichever comes second finds the other's.
        Err(Stop::OutOfTime { progressed }) => {
            world.imports.release(holder).await?;
            if !progressed {
                // Asked again and again, it would go round for ever: as an error it ends where the
                // alarm is.
                return Err(ImportError::Stuck);
            }
            world.queues.go_on(id, Duration::ZERO).await?;
            Ok(ImportOutcome::HandedOver)
        }
        Err(Stop::Error(error)) => let_go(world, holder, error).await,
    }
}

/// Releases an import that failed, so that the next delivery needn't wait for the lease. If that
/// fails as well, it waits.
async fn let_go(
    world: &World,
    holder: LeaseHolder<'_>,
    error: ImportError,
) -> Result<ImportOutcome, ImportError> {
    if let Err(error) = world.imports.release(holder).await {
        tracing::warn!(import = holder.import.as_str(), %error, "import not released");
    }
    Err(error)
}

/// When an import that found no place asks again: in one to two minutes, so that those of one drop
/// don't come back all at once.
fn turn(owner: &str) -> Duration {
    Duration::from_secs(60 + seed(owner) % 60)
}

/// Jitter that differs from one invocation to another.
fn seed(owner: &str) -> u64 {
    owner.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// An import whose lease we hold.
struct Job<'a> {
    world: &'a World,
    settings: &'a Settings,
    invocation: Invocation<'a>,
    stop_at: Instant,
    holder: LeaseHolder<'a>,
    import: &'a Import,
    /// The establishment's place that it is in.
    place: Option<(Uai, usize)>,
    speed: Speed,
}

/// The reason, told to the establishment, for which the file fails as a whole.
struct Unreadable(String);

/// A file that can be read.
struct File {
    key: DepositKey,
    depositor: Depositor,
    /// As many cancellations as somebody was shown and ordered.
    cancellations: Option<u64>,
}

impl Job<'_> {
    fn id(&self) -> &str {
        self.holder.import.as_str()
    }

    fn now(&self) -> Timestamp {
        self.invocation.clock.now()
    }

    fn out_of_time(&self) -> bool {
        Instant::now() >= self.stop_at
    }

    /// Keeps the message and the import, until it finds the import taken over.
    async fn stay_alive(&self) -> ProgressError {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            // Neither failure is worth stopping for: the next sign of life may come through, and if
            // none does, the import is taken over, which is found out at the next write to its
            // item.
            if let Err(error) = self.world.queues.hold(self.invocation.message, HELD).await {
                tracing::warn!(import = self.id(), %error, "message not held");
            }
            if let Some((uai, place)) = self.place {
                match self.world.imports.stay(uai, place, self.holder, self.now()).await {
                    // Lost after a long silence: one import too many for a while is better than one
                    // begun anew.
                    Ok(false) => tracing::warn!(import = self.id(), "place lost"),
                    Ok(true) => {}
                    Err(error) => tracing::warn!(import = self.id(), %error, "place not kept"),
                }
            }
            match self.world.imports.renew(self.holder, self.now()).await {
                Ok(()) => {}
                Err(ProgressError::TakenOver) => return ProgressError::TakenOver,
                Err(error) => tracing::warn!(import = self.id(), %error, "import not renewed"),
            }
        }
    }

    /// The order of things.
    async fn carry_out(&self) -> Result<(), Stop> {
        let started = Instant::now();
        let mut work = self.resume().await?;
        let file = self.file(&mut work).await?;
        let failure = match &file {
            Ok(file) => {
                let mut run = Run {
                    job: self,
                    file,
                    work: &mut work,
                    told: LastTold::now(),
                    progressed: false,
                };
                let read = match run.survey().await? {
                    Ok(()) => run.read_and_compare().await?,
                    unreadable => unreadable,
                };
                run.depart().await?;
                read.err().map(|Unreadable(reason)| reason)
            }
            Err(Unreadable(reason)) => Some(reason.clone()),
        };
        let file = file.as_ref().ok();
        if file.is_none_or(|file| !file.key.dry_run) {
            for uai in &work.fed {
                self.world.establishments.note_feed(*uai, self.now()).await?;
            }
        }
        let report_key = self
            .put_report(file, &work, failure.as_deref().map_or(Ending::Done, Ending::Failed))
            .await?;
        let progress = work.progress();
        // Told before it is so: after a crash in between it is told again, rather than never.
        self.world
            .topic
            .notify(&Notice {
                import: self.holder.import,
                uai: self.uai(),
                failed: failure.is_some(),
                progress,
                report_key: &report_key,
            })
            .await?;
        let end = End {
            progress,
            rules: work.rules(),
            report_key: &report_key,
            failure: failure.as_deref(),
        };
        self.world.imports.finish(self.holder, end, self.now()).await?;
        let Progress { read, accepted, superseded, unchanged, created, rejected, warned, .. } =
            progress;
        tracing::info!(
            import = self.id(),
            uai = self.folder(),
            outcome = if failure.is_some() { "failed" } else { "done" },
            dry_run = file.is_some_and(|file| file.key.dry_run),
            complete = file.is_some_and(|file| file.key.mode != Mode::Delta),
            read,
            accepted,
            superseded,
            unchanged,
            created,
            rejected,
            warned,
            cancelled = work.comparison.cancelled,
            bytes = self.import.bytes,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "import ended"
        );
        Ok(())
    }

    /// The work to go on with.
    async fn resume(&self) -> Result<Work, ImportError> {
        let Some(key) = &self.import.work_key else { return Ok(Work::default()) };
        let stored = self.world.buckets.get(key).await?;
        // Named by the item, it was put before. One that an older version of the code wrote is
        // started over, which is safe: all that it led to is found again.
        Ok(stored.and_then(|stored| serde_json::from_slice(&stored).ok()).unwrap_or_default())
    }

    /// The file that the object's key describes, and its depositor. What it calls its columns is that
    /// which was ordered, or what it was when the import began.
    async fn file(&self, work: &mut Work) -> Result<Result<File, Unreadable>, StoreError> {
        let mut key = match DepositKey::parse(&self.import.object_key) {
            Ok(key) => key,
            Err(error) => return Ok(Err(Unreadable(error.to_string()))),
        };
        match (&self.import.order, &key.deposit) {
            // The deposit names what was ordered already.
            (Some(order), _) => key.dry_run = order.dry_run,
            (None, Some(deposit)) => {
                self.world.imports.link_deposit(deposit, key.uai, self.holder.import).await?;
            }
            (None, None) => {}
        }
        let cancellations = self.import.order.as_ref().map(|order| order.cancellations);
        let depositor = self.world.establishments.depositor(key.uai).await?;
        let unknown = || Unreadable("l'établissement déposant n'est pas enregistré".to_owned());
        let Some(depositor) = depositor else { return Ok(Err(unknown())) };
        let ordered = self.import.order.as_ref().and_then(|order| order.columns.clone());
        let mapping = match work.mapping.clone().or(ordered) {
            Some(mapping) => mapping,
            None => self.world.imports.mapping(key.uai).await?,
        };
        work.mapping = Some(mapping.clone());
        Ok(Ok(File { key, depositor: depositor.calling(mapping), cancellations }))
    }

    /// The depositor, if the key names one.
    fn uai(&self) -> Option<Uai> {
        DepositKey::depositor(&self.import.object_key)
    }

    /// The folder of its reports.
    fn folder(&self) -> String {
        self.uai().map_or_else(|| "inconnu".to_owned(), |uai| uai.to_string())
    }
}

/// A file on its way, from where it stands.
struct Run<'a> {
    job: &'a Job<'a>,
    file: &'a File,
    work: &'a mut Work,
    told: LastTold,
    /// Whether there was a checkpoint since it began.
    progressed: bool,
}

/// When things were told.
struct LastTold {
    progress: Instant,
    checkpoint: Instant,
    report: Option<Instant>,
}

impl LastTold {
    fn now() -> Self {
        let now = Instant::now();
        Self { progress: now, checkpoint: now, report: None }
    }
}

/// The interval at which progress is written to the log.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// The interval at which a checkpoint is written. A crash repeats the work done since the last one.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// The interval at which the establishment can read the progress.
const REPORT_EVERY: Duration = Duration::from_secs(30);

impl Run<'_> {
    /// Writes what the rows say and cancels what they lack; where others came in between, again.
    async fn read_and_compare(&mut self) -> Result<Result<(), Unreadable>, Stop> {
        loop {
            if let Err(unreadable) = self.rows().await? {
                return Ok(Err(unreadable));
            }
            self.compare().await?;
            if self.work.stage != Stage::Reading {
                return Ok(Ok(()));
            }
        }
    }

    fn complete(&self) -> bool {
        self.file.key.mode != Mode::Delta
    }

    /// The version of the row at a place of the file; of place 0, that with which a complete file
    /// cancels.
    fn version(&self, place: u64) -> RecordVersion {
        self.work.version(&self.job.import.sequencer, self.job.id(), place)
    }

    /// Puts the work by. Everything before its position is written and pointed to.
    ///
    /// A crash before the item is updated leaves the state before, or the new one under the name of
    /// the last one of the same owner: both are whole.
    async fn checkpoint(&mut self) -> Result<(), Stop> {
        const OPERATION: &str = "writing the work";
        let job = self.job;
        if self.told.report.is_none_or(|told| told.elapsed() >= REPORT_EVERY) {
            job.put_report(Some(self.file), self.work, Ending::Running).await?;
            self.told.report = Some(Instant::now());
        }
        let key = format!("{}/{}/travail/{}.json", job.folder(), job.id(), job.holder.owner);
        let body = serde_json::to_vec(&self.work).map_err(|_| StoreError::shape(OPERATION))?;
        job.world.buckets.put(&key, report::JSON, body).await?;
        job.world.imports.progress(job.holder, self.work.progress(), Some(&key), job.now()).await?;
        self.progressed = true;
        self.told.checkpoint = Instant::now();
        self.told.progress = self.told.checkpoint;
        Ok(())
    }

    fn out_of_time(&self) -> Stop {
        Stop::OutOfTime { progressed: self.progressed }
    }

    /// After a step that is whole: puts the work by now and then, and stops when time runs out.
    async fn step(&mut self) -> Result<(), Stop> {
        let out_of_time = self.job.out_of_time();
        if out_of_time || self.told.checkpoint.elapsed() >= CHECKPOINT_EVERY {
            self.checkpoint().await?;
        }
        if out_of_time { Err(self.out_of_time()) } else { Ok(()) }
    }

    /// Goes on to another stage, for good.
    async fn enter(&mut self, stage: Stage) -> Result<(), Stop> {
        self.work.stage = stage;
        self.checkpoint().await
    }
}
