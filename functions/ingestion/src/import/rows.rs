//! Reading the file, and writing what its rows say.

use shared::domain::academic_year::{AcademicYear, day_in_france};
use shared::domain::uai::Uai;
use shared::feeding::key::Mode;
use shared::files::problem::{Problem, Severity};
use shared::files::reader::{EnrolmentReader, Next, Row};
use shared::files::row::{RowOutcome, Setting};
use shared::identity::digest::{RecordId, Subject};
use shared::registry::records::NewRecord;
use tokio::time::Instant;

use super::download::Download;
use super::work::{Known, Stage};
use super::writer::Writer;
use super::{CHECKPOINT_EVERY, ImportError, PROGRESS_EVERY, Run, Stop, Unreadable};

/// As many records left alone are so much to put by that it is done more seldom.
const MUCH: usize = 500_000;
/// Rows between two looks at the clock.
pub(super) const ROWS_BETWEEN_CHECKS: u64 = 64;

impl<'a> Run<'a> {
    /// Reads the rows that are left and writes what they say. The outer error is ours, the inner
    /// one the file's.
    pub(super) async fn rows(&mut self) -> Result<Result<(), Unreadable>, Stop> {
        if self.work.stage != Stage::Reading {
            return Ok(Ok(()));
        }
        let job = self.job;
        if self.work.shared.is_none()
            && let Err(unreadable) = self.compare_rows().await?
        {
            return Ok(Err(unreadable));
        }
        let setting = self.setting();
        let reader = match &self.work.position {
            None => Ok(EnrolmentReader::new(setting, self.work.conventions)),
            Some(position) => EnrolmentReader::resume(setting, self.work.conventions, position),
        };
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(Unreadable(error.to_string()))),
        };
        let from =
            self.work.position.as_ref().map_or(0, shared::files::reader::Position::object_offset);
        let mut download = match Download::start(self, from).await? {
            Ok(download) => download,
            Err(gone) => return Ok(Err(gone)),
        };
        let mut writer = Writer::new(job.world, &job.speed, self.file.key.dry_run);
        for known in &self.work.horizons {
            if let Some(horizon) = &known.horizon {
                writer.set_horizon(known.uai, known.year, horizon.clone());
            }
        }
        let mut read = 0_u64;
        loop {
            match reader.next() {
                Ok(Next::Row(row)) => {
                    self.process_row(row, &mut writer).await?;
                    read += 1;
                    if read.is_multiple_of(ROWS_BETWEEN_CHECKS) {
                        self.checkpoint_if_due(&reader, &mut writer).await?;
                        // Rows of a workbook come without a wait between them, and rejected ones
                        // write nothing.
                        tokio::task::yield_now().await;
                    }
                }
                Ok(Next::NeedsBytes) => {
                    match writer.alongside(download.next(self)).await?? {
                        Some(chunk) => reader.push(&chunk),
                        None => reader.finish(),
                    }
                    self.checkpoint_if_due(&reader, &mut writer).await?;
                    // A file that is read without anything to write must leave the heartbeat its
                    // turn.
                    tokio::task::yield_now().await;
                }
                Ok(Next::Unopened(workbook)) => {
                    // On a thread of its own: the heartbeat goes on here, or the lease would be
                    // over before a large workbook is open, and another invocation would open it
                    // again.
                    let opened = tokio::task::spawn_blocking(|| workbook.open());
                    reader
                        .opened(writer.alongside(opened).await?.map_err(|_| ImportError::Stopped)?);
                    self.checkpoint_if_due(&reader, &mut writer).await?;
                }
                Ok(Next::Pause) => {
                    self.checkpoint_if_due(&reader, &mut writer).await?;
                    tokio::task::yield_now().await;
                }
                Ok(Next::Ended) => break,
                Err(error) => {
                    self.flush(&reader, &mut writer).await?;
                    return Ok(Err(Unreadable(error.to_string())));
                }
            }
        }
        self.flush(&reader, &mut writer).await?;
        self.work.listed.sort();
        self.work.left.sort();
        let next = self.after_reading();
        self.enter(next).await?;
        Ok(Ok(()))
    }

    /// The conventions and tables against which a row is read.
    pub(super) fn setting(&self) -> Setting<'a> {
        let year = match self.file.key.mode {
            Mode::Delta => None,
            Mode::Complete { year, .. } => Some(year),
        };
        Setting { depositor: &self.file.depositor, today: day_in_france(self.job.now()), year }
    }

    /// Counts a row, and writes what it says.
    async fn process_row(&mut self, row: Row, writer: &mut Writer<'_>) -> Result<(), Stop> {
        let place = row.place();
        let key = &self.job.settings.record_key;
        match row.outcome {
            RowOutcome::Accepted { declaration, mut warnings } => {
                let shared = self.work.shared.as_mut();
                warnings.extend(
                    shared
                        .map_or_else(Vec::new, |shared| shared.problems(key, &declaration, place)),
                );
                if warnings.iter().any(|problem| problem.rule.severity() == Severity::Reject) {
                    // Whose enrolment the key names isn't sure, nor that of the others under it.
                    self.work.unidentified += 1;
                    let about = Some(Subject::of(&declaration));
                    return self.reject(place, &warnings, about, writer).await;
                }
                self.work.tally.accept(place, &warnings);
                let inscription = &declaration.inscription;
                let (uai, year) = (inscription.uai, inscription.academic_year());
                let is_alone = self.arrive(uai, year, writer).await?.alone_since.is_some();
                self.work.fed.insert(uai);
                self.work.covered.insert(uai);
                let (id, version) = (RecordId::of(key, &declaration), self.version(place));
                let depositor = self.file.depositor.establishment().uai;
                let record = NewRecord { id, version, depositor, declaration };
                if self.complete() && self.file.key.dry_run {
                    self.work.listed.add(&record.id);
                }
                // The later of two rows counts, which only their versions tell.
                let may_leave = is_alone && !self.work.repeated.has(&record.id);
                writer.add(record, may_leave).await?;
            }
            RowOutcome::Rejected { problems, about } => {
                self.work.unidentified += u64::from(about.is_none());
                return self.reject(place, &problems, about.map(|about| *about), writer).await;
            }
        }
        Ok(())
    }

    /// Counts a row that isn't read. A complete file that has one about an enrolment doesn't mean
    /// to cancel it.
    async fn reject(
        &mut self,
        place: u64,
        problems: &[Problem],
        about: Option<Subject<'_>>,
        writer: &mut Writer<'_>,
    ) -> Result<(), Stop> {
        self.work.tally.reject(place, problems);
        if let Some(subject) = about
            && let Mode::Complete { year, .. } = self.file.key.mode
        {
            let id = RecordId::of_subject(&self.job.settings.record_key, &subject);
            self.work.covered.insert(subject.uai);
            self.arrive(subject.uai, year, writer).await?;
            let horizon = self.arrive(subject.uai, subject.year, writer).await?.horizon.clone();
            if self.file.key.dry_run {
                self.work.listed.add(&id);
            } else {
                writer.mark_seen(id, horizon, &self.version(0)).await?;
            }
        }
        Ok(())
    }

    /// What is known of the feed of an establishment and year; the first time, the import enters
    /// its name there.
    async fn arrive(
        &mut self,
        uai: Uai,
        year: AcademicYear,
        writer: &mut Writer<'_>,
    ) -> Result<&Known, Stop> {
        // Rows of one establishment and year follow each other: the last one met is nearly always
        // the one.
        let is_known = |known: &Known| known.uai == uai && known.year == year;
        let at = if let Some(at) = self.work.horizons.iter().rposition(is_known) {
            at
        } else {
            // Once an establishment and year: every row's future would hold it otherwise.
            let arrival = Box::pin(self.arrival(uai, year));
            let known = writer.alongside(arrival).await??;
            if let Some(horizon) = &known.horizon {
                writer.set_horizon(uai, year, horizon.clone());
            }
            self.work.horizons.push(known);
            self.work.horizons.len() - 1
        };
        Ok(&self.work.horizons[at])
    }

    /// Looks at the clock: tells progress, puts the work by, or stops.
    async fn checkpoint_if_due(
        &mut self,
        reader: &EnrolmentReader<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<(), Stop> {
        let job = self.job;
        if job.out_of_time() {
            // If the table is so slow that not even this ends, the last checkpoint stands.
            let killed_at = job.invocation.killed_at;
            let half = killed_at.saturating_duration_since(Instant::now()) / 2;
            let settled = tokio::time::timeout(half, self.flush(reader, writer)).await;
            if let Ok(settled) = settled {
                settled?;
                self.checkpoint().await?;
            }
            return Err(self.out_of_time());
        }
        // A dry run changes nothing, so a crash costs it only time; and what it remembers is large.
        let light = !(self.complete() && self.file.key.dry_run);
        // So is what a complete file left alone, and reading that much again takes little.
        let times = u32::try_from(1 + self.work.left.len() / MUCH).unwrap_or(u32::MAX);
        let every = CHECKPOINT_EVERY.saturating_mul(times);
        if light && self.told.checkpoint.elapsed() >= every {
            self.flush(reader, writer).await?;
            self.checkpoint().await?;
        } else if self.told.progress.elapsed() >= PROGRESS_EVERY {
            self.work.bytes_read = reader.bytes_read();
            // A call of the SDK holds some 16 KB, which are better moved as a pointer.
            let progress = Box::pin(job.world.imports.progress(
                job.holder,
                self.work.progress(),
                None,
                job.now(),
            ));
            writer.alongside(progress).await??;
            self.told.progress = Instant::now();
        }
        Ok(())
    }

    /// Waits until all rows so far are written and pointed to, and moves the position there.
    async fn flush(
        &mut self,
        reader: &EnrolmentReader<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<(), Stop> {
        let counts = writer.flush(&self.version(0)).await?;
        for left in &counts.left {
            self.work.left.add(left);
        }
        self.work.tally.supersede(counts.superseded);
        self.work.tally.leave(counts.unchanged);
        self.work.tally.create(counts.created);
        self.work.position = Some(reader.position());
        self.work.detected = reader.detected();
        self.work.bytes_read = reader.bytes_read();
        Ok(())
    }
}
