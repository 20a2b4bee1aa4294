//! Statements to records: record, then pointer, then the day of the feed.
//!
//! A pointer never leads to nothing, because its record is stored before it is sent. A crash in
//! between leaves a record that waits and a caller without an answer: it sends again, the record is
//! found waiting or is stored anew, and its pointer is sent. The day of the feed comes last,
//! because it only tells how fresh the register is.

use std::collections::{BTreeMap, BTreeSet};

use super::{EnrolmentStatement, Plan, Sender, Statements, Target};
use crate::domain::academic_year::AcademicYear;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::feeding::record::Horizons;
use crate::identity::digest::RecordId;
use crate::identity::student::RecordVersion;
use crate::registry::records::{MOST_IN_BATCH, NewRecord, Record};
use crate::registry::{StoreError, backoff};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

/// How a statement came: the import that it is of, among those of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By `/api/inscription`.
    Push,
    /// By hand, in the portal.
    ByHand,
}

impl Way {
    fn import(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::ByHand => "saisie",
        }
    }
}

/// As old a statement may be a late retry: any other is stored before, since its function is
/// stopped.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// Records that are revised side by side.
const SIDE_BY_SIDE: usize = 20;

/// When statements were made: what orders them among all others about their records.
#[derive(Debug, Clone)]
pub struct VersionStamp {
    at: Timestamp,
    /// Tells the statements of two requests in one millisecond apart, so that one wins as a whole.
    sequence: String,
    way: Way,
}

impl VersionStamp {
    /// That of a request that is done once.
    #[must_use]
    pub fn of_request(now: Timestamp, way: Way) -> Self {
        Self { at: now, sequence: uuid::Uuid::new_v4().simple().to_string(), way }
    }

    /// That of a request whose key names it: the first attempt's, whichever attempt this is.
    #[must_use]
    pub fn of_first_attempt(since: Timestamp, sequence: &str) -> Self {
        Self { at: since, sequence: sequence.to_owned(), way: Way::Push }
    }

    /// The last one of a millisecond: what follows from what was read is later than it.
    #[must_use]
    pub fn after_reading(now: Timestamp, way: Way) -> Self {
        Self { at: now, sequence: "f".repeat(32), way }
    }

    /// The version of the request's statement at `position`.
    #[must_use]
    pub fn version(&self, position: u64) -> RecordVersion {
        RecordVersion::new(self.at, &self.sequence, self.way.import(), position)
    }
}

impl Statements {
    /// Stores statements, each with its place in the request. Of two about one record the later one
    /// counts. One that is older than what is known is acknowledged and ignored, as in files; but a
    /// cancellation that changes nothing isn't acknowledged: its place is given back.
    pub async fn store<'a>(
        &self,
        sender: Sender<'_>,
        moment: &VersionStamp,
        plans: impl IntoIterator<Item = (u64, &'a Plan)>,
    ) -> Result<BTreeSet<u64>, StoreError> {
        let depositor = sender.depositor.establishment().uai;
        let mut latest: BTreeMap<&RecordId, (u64, &EnrolmentStatement, Option<&Record>)> =
            BTreeMap::new();
        for (position, Plan { statement, target }) in plans {
            match target {
                Target::Own => {
                    latest.insert(&statement.id, (position, statement, None));
                }
                Target::Records(records) => {
                    latest.extend(
                        records
                            .iter()
                            .map(|record| (&record.id, (position, statement, Some(record)))),
                    );
                }
            }
        }
        let establishments: BTreeSet<_> = latest
            .values()
            .map(|(_, statement, _)| statement.declaration.inscription.uai)
            .collect();
        let said = latest.values().map(|(_, statement, _)| &statement.declaration.inscription);
        let feeds: BTreeSet<_> = said.map(|said| (said.uai, said.academic_year())).collect();
        let horizons = &self.horizons_of_late(sender.now, moment, feeds).await?;
        let (mut own, mut told) = (Vec::new(), Vec::new());
        for (id, (position, statement, record)) in latest {
            let version = moment.version(position);
            if let Some(record) = record {
                told.push(self.revise(depositor, (position, statement), record, version, horizons));
            } else {
                let declaration = statement.declaration.clone();
                own.push(NewRecord { id: id.clone(), version, depositor, declaration });
            }
        }
        let mut own = own.into_iter();
        loop {
            let batch: Vec<_> = own.by_ref().take(MOST_IN_BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let outcome = self.records.put(batch, horizons).await?;
            self.queue.send(&outcome.pending).await?;
        }
        let superseded: Vec<Option<u64>> =
            stream::iter(told).buffered(SIDE_BY_SIDE).try_collect().await?;
        for uai in establishments {
            self.establishments.note_feed(uai, sender.now).await?;
        }
        Ok(superseded.into_iter().flatten().collect())
    }

    /// How far complete files go, for a statement that speaks as of long ago. It counts as an
    /// arrival first: a complete file that is being read left nothing alone that it writes
    /// (docs/decisions/0035-what-did-not-change.md). What is said now is later than any such file.
    async fn horizons_of_late(
        &self,
        now: Timestamp,
        moment: &VersionStamp,
        feeds: BTreeSet<(Uai, AcademicYear)>,
    ) -> Result<Horizons, StoreError> {
        let mut horizons = Horizons::new();
        if now.duration_since(moment.at) < LATE {
            return Ok(horizons);
        }
        for (uai, year) in feeds {
            if let Some(horizon) = self.imports.arrive_late(uai, year, now).await? {
                horizons.insert((uai, year), horizon);
            }
        }
        Ok(horizons)
    }

    /// Writes a statement over a record that tells of its enrolment, and sends the record's pointer.
    ///
    /// Others may write the record meanwhile: then it is read again, and left alone if it names
    /// somebody else by now. Gives the place of a cancellation that changes nothing, since something
    /// later was said.
    async fn revise(
        &self,
        depositor: Uai,
        (position, statement): (u64, &EnrolmentStatement),
        read: &Record,
        version: RecordVersion,
        horizons: &Horizons,
    ) -> Result<Option<u64>, StoreError> {
        let said = &statement.declaration.inscription;
        let horizon = horizons.get(&(said.uai, said.academic_year()));
        let mut current = read.clone();
        let mut waits = backoff();
        loop {
            let is_same = current.declaration.names_as(&read.declaration);
            if !is_same || current.is_later_than(&version, horizon) {
                let cancelled = is_same && current.declaration.inscription.statut == Status::Annule;
                return Ok((statement.cancels() && !cancelled).then_some(position));
            }
            // Written by an earlier attempt, whose pointer may not have been sent.
            let mut is_done = current.version == version;
            if !is_done {
                let inscription = statement.over(&current.declaration.inscription);
                is_done = self.records.revise(&current, &version, depositor, &inscription).await?;
            }
            if is_done {
                self.queue.send(std::slice::from_ref(&current.id)).await?;
                return Ok(None);
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention("records UpdateItem"))?;
            tokio::time::sleep(wait).await;
            current = self
                .records
                .get(&read.id)
                .await?
                .ok_or_else(|| StoreError::shape("records GetItem"))?;
        }
    }
}
