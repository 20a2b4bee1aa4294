//! The tables, as a decision reads and writes them: every read sees every write that ended before
//! it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::access::route::Route;
use shared::audit::{AccessLog, Action, Disclosure, Request};
use shared::config::{self, ConfigError};
use shared::contract::error::Uid;
use shared::domain::uai::Uai;
use shared::feeding::record::Record;
use shared::files::reader::Depositor;
use shared::identity::block::BlockId;
use shared::identity::digest::{IneDigest, PairDigest, RecordId};
use shared::identity::finding::Finding;
use shared::identity::publication::{Blocks, Write};
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;
use shared::registry::blocks::{BlockStore, Consistency};
use shared::registry::establishments::EstablishmentStore;
use shared::registry::findings::FindingStore;
use shared::registry::new_identities::{Cohort, NewIdentityStore, Reservation, Terms};
use shared::registry::pairs::{self, Admission, Drawer, PairStore};
use shared::registry::publications::{Published, Publisher};
use shared::registry::records::RecordStore;
use shared::registry::remembered::Remembered;
use shared::registry::reviews::ReviewStore;
use shared::registry::students::StudentStore;

/// The time for which the establishments that a depositor sends for are remembered.
const DEPOSITORS_KEPT: Duration = Duration::from_mins(1);

/// The names of the tables, how long items are kept, and what establishments may without an
/// operator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table `records`.
    pub records: String,
    /// The table `students`.
    pub students: String,
    /// The table `blocks`.
    pub blocks: String,
    /// The table `reviews`.
    pub reviews: String,
    /// The table `findings`.
    pub findings: String,
    /// The table `quotas`.
    pub quotas: String,
    /// The table `access_log`.
    pub access_log: String,
    /// The table `establishments`.
    pub establishments: String,
    /// Days for which findings are kept.
    pub findings_days: u32,
    /// Days for which traces are kept.
    pub access_log_days: u32,
    /// The limit on new identities that an establishment may have INES give.
    pub new_identities: Terms,
    /// The limits on birth dates of one INE, and on unknown pairs, that a depositor may have
    /// checked in a day.
    pub pairs: pairs::Terms,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable is missing or isn't of its form.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            records: config::variable("RECORDS_TABLE")?,
            students: config::variable("STUDENTS_TABLE")?,
            blocks: config::variable("BLOCKS_TABLE")?,
            reviews: config::variable("REVIEWS_TABLE")?,
            findings: config::variable("FINDINGS_TABLE")?,
            quotas: config::variable("QUOTAS_TABLE")?,
            access_log: config::variable("ACCESS_LOG_TABLE")?,
            establishments: config::variable("ESTABLISHMENTS_TABLE")?,
            findings_days: config::variable("FINDINGS_RETENTION_DAYS")?,
            access_log_days: config::variable("ACCESS_LOG_RETENTION_DAYS")?,
            new_identities: Terms {
                floor: config::variable("NEW_IDENTITIES_FLOOR")?,
                percent: config::variable("NEW_IDENTITIES_PERCENT")?,
            },
            pairs: pairs::Terms::from_env()?,
        })
    }
}

/// The tables that a decision touches. It lives as long as the process.
pub struct Register {
    records: RecordStore,
    students: StudentStore,
    blocks: BlockStore<StudentId>,
    reviews: ReviewStore,
    publisher: Publisher,
    new_identities: NewIdentityStore,
    terms: Terms,
    pairs: PairStore,
    traces: AccessLog,
    establishments: EstablishmentStore,
    /// For whom each depositor sends.
    sends_for: Remembered<Uai, Arc<[Uai]>>,
}

/// The way in which a pair is charged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PairCheck {
    /// The record names the person.
    pub(crate) is_named: bool,
    /// When the check began: the day that is charged.
    pub(crate) now: Timestamp,
}

/// The person that a pair turned out to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A student's.
    Student(StudentId),
    /// Somebody's whom INES has, and no other record here.
    Unattached,
    /// Nobody's.
    Nobody,
}

impl Register {
    /// The tables of those names.
    #[must_use]
    pub fn new(dynamodb: &Client, settings: Settings) -> Self {
        let blocks = BlockStore::new(dynamodb.clone(), settings.blocks);
        let reviews = ReviewStore::new(dynamodb.clone(), settings.reviews);
        let findings = FindingStore::new(dynamodb.clone(), settings.findings);
        let publisher = Publisher::new(
            dynamodb.clone(),
            (settings.students.clone(), settings.records.clone()),
            blocks.clone(),
            reviews.clone(),
            (findings, SignedDuration::from_hours(24 * i64::from(settings.findings_days))),
        );
        Self {
            records: RecordStore::new(dynamodb.clone(), settings.records),
            students: StudentStore::new(dynamodb.clone(), settings.students),
            blocks,
            reviews,
            publisher,
            new_identities: NewIdentityStore::new(dynamodb.clone(), settings.quotas.clone()),
            terms: settings.new_identities,
            pairs: PairStore::new(dynamodb.clone(), settings.quotas, settings.pairs),
            traces: AccessLog::new(dynamodb.clone(), settings.access_log, settings.access_log_days),
            establishments: EstablishmentStore::new(dynamodb.clone(), settings.establishments),
            sends_for: Remembered::new(DEPOSITORS_KEPT),
        }
    }

    /// The depositor of a record, and the establishments that it sends for.
    async fn depositor(&self, record: &Record) -> Result<(Uai, Arc<[Uai]>), StoreError> {
        let depositor = depositor_of(record);
        let read = async |uai: &Uai| {
            let depositor = self.establishments.depositor(*uai).await?;
            Ok(depositor.iter().flat_map(Depositor::establishments).collect())
        };
        Ok((depositor, self.sends_for.get_or(depositor, read).await?))
    }

    pub(crate) async fn record(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.records.get(id).await
    }

    /// A student with all its evidence, or the one that it was joined to.
    pub(crate) async fn student(&self, id: StudentId) -> Result<Option<Student>, StoreError> {
        self.students.get(id).await
    }

    /// The version of the item of a student, which may lead to another student by now; `None` if
    /// there is none.
    pub(crate) async fn item_version(&self, id: StudentId) -> Result<Option<u64>, StoreError> {
        self.students.item_version(id).await
    }

    /// The student that an INE leads to.
    pub(crate) async fn owner(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError> {
        self.students.owner(ine).await
    }

    /// The blocks of these keys, in one call; an empty one for a key that nobody has.
    pub(crate) async fn blocks(&self, keys: &[BlockId]) -> Result<Blocks, StoreError> {
        self.blocks.read(keys, Consistency::Strong).await
    }

    /// The records about which INES is to be asked again from this day on; the latest may be
    /// missing for some moments.
    pub(crate) async fn due(&self, day: Date) -> Result<Vec<RecordId>, StoreError> {
        self.records.due(day).await
    }

    pub(crate) async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        self.reviews.get(id).await
    }

    /// The records that are there, of a hundred at most, perhaps as they were a moment ago.
    pub(crate) async fn records(&self, ids: Vec<RecordId>) -> Result<Vec<Record>, StoreError> {
        self.records.many(&ids).await
    }

    /// When the case that waits longest was opened; the latest may be missing for some moments.
    pub(crate) async fn oldest_case(&self) -> Result<Option<Timestamp>, StoreError> {
        self.reviews.oldest().await
    }

    /// Reserves one new identity for the establishment of a record, before INES is asked under
    /// `reference`. The same reference is charged once.
    pub(crate) async fn reserve_identity(
        &self,
        record: &Record,
        reference: &str,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let (cohort, size) = (Cohort::of(&record.declaration), (self.terms, &self.records));
        self.new_identities.reserve(cohort, reference, size, now).await
    }

    /// Charges the check of a record's pair to the day of its depositor: a birth date of its INE,
    /// and an unknown pair unless the record names the person. The same pair is charged once a day.
    pub(crate) async fn admit_pair(
        &self,
        record: &Record,
        pair: &PairDigest,
        check: PairCheck,
    ) -> Result<Admission, StoreError> {
        let (depositor, sends_for) = self.depositor(record).await?;
        let drawer = Drawer { depositor, sends_for: &sends_for, now: check.now };
        let admission = self.pairs.admit(drawer, pair).await?;
        if admission == Admission::First
            && !check.is_named
            && self.pairs.reserve(drawer, 1, &self.records).await? == 0
        {
            self.pairs.release(drawer, pair).await?;
            return Ok(Admission::Exhausted);
        }
        Ok(admission)
    }

    /// Takes back what a pair was charged, because it wasn't checked.
    pub(crate) async fn release_pair(
        &self,
        record: &Record,
        pair: &PairDigest,
        check: PairCheck,
    ) -> Result<(), StoreError> {
        let drawer = Drawer { depositor: depositor_of(record), sends_for: &[], now: check.now };
        self.pairs.release(drawer, pair).await?;
        if check.is_named { Ok(()) } else { self.pairs.refund(drawer, 1).await }
    }

    /// Notes in the access log whose a pair turned out to be, and gives back what it was charged as
    /// an unknown one if it is somebody's.
    pub(crate) async fn note_pair(
        &self,
        record: &Record,
        check: PairCheck,
        holder: Holder,
    ) -> Result<(), StoreError> {
        let depositor = depositor_of(record);
        let request = Request {
            uid: &Uid::at(check.now),
            at: check.now,
            client: None,
            depositor: Some(depositor),
            route: Route::Deposit,
            action: Action::Checked,
            caller: None,
            recipient: None,
        };
        let import = record.version.import().map(str::to_owned);
        let told = Disclosure { import, ..Disclosure::default() };
        let told = match holder {
            Holder::Student(student) => Disclosure { student: Some(student), ..told },
            Holder::Unattached => Disclosure { record: Some(record.id.clone()), ..told },
            Holder::Nobody => told,
        };
        self.traces.write(&request, &[told]).await?;
        match holder {
            Holder::Nobody => Ok(()),
            _ => self.pairs.refund(Drawer { depositor, sends_for: &[], now: check.now }, 1).await,
        }
    }

    /// Tells an establishment that a record waits, and has it looked at again on that day, if it
    /// still says what was looked at. Nothing else of it changes.
    pub(crate) async fn put_off(
        &self,
        finding: &Finding,
        until: Date,
    ) -> Result<Published, StoreError> {
        self.publisher.put_off(finding, until).await
    }

    /// Writes all or nothing, as of `now`.
    pub(crate) async fn publish(
        &self,
        writes: &[Write],
        now: Timestamp,
    ) -> Result<Published, StoreError> {
        self.publisher.publish(writes, now).await
    }
}

/// The depositor of a record: the establishment that it is about, where it was stored before
/// depositors were kept.
fn depositor_of(record: &Record) -> Uai {
    record.depositor.unwrap_or(record.declaration.inscription.uai)
}
