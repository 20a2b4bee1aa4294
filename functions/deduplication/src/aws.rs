//! The world that is AWS.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::access::route::Route;
use shared::audit::{AccessLog, Action, Request, Told};
use shared::config::{self, ConfigError};
use shared::contract::error::Uid;
use shared::contract::pointer::Pointer;
use shared::domain::uai::Uai;
use shared::feeding::record::Record;
use shared::files::reader::Depositor;
use shared::identity::digest::{IdentityKeys, IneDigest, PairDigest, RecordId};
use shared::identity::finding::Finding;
use shared::identity::posting::PostingKey;
use shared::identity::publication::{Buckets, Write};
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{Student, StudentId};
use shared::ines::client::{self, InesClient};
use shared::registry::StoreError;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::findings::FindingStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::new_identities::{Cohort, NewIdentityStore, Reservation, Terms};
use shared::registry::pairs::{Admission, Drawer, PairStore};
use shared::registry::postings::{Consistency, PostingStore};
use shared::registry::publications::{Published, Publisher};
use shared::registry::records::RecordStore;
use shared::registry::remembered::Remembered;
use shared::registry::reviews::ReviewStore;
use shared::registry::students::StudentStore;

use crate::ports::{Holder, PairCheck, Queue, Register, World};

/// How long it is remembered for whom a depositor sends.
const DEPOSITORS_KEPT: Duration = Duration::from_mins(1);

/// Tables, queue, INES and keys; lives as long as the process.
pub struct Aws {
    keys: IdentityKeys,
    tables: Tables,
    queue: IdentityQueue,
    ines: Option<InesClient>,
}

/// The tables.
pub struct Tables {
    records: RecordStore,
    students: StudentStore,
    postings: PostingStore<StudentId>,
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

impl Aws {
    /// Reads the environment and the secrets.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable or a secret is missing.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let records = RecordStore::new(dynamodb.clone(), config::variable("RECORDS_TABLE")?);
        let students: String = config::variable("STUDENTS_TABLE")?;
        let postings = PostingStore::new(dynamodb.clone(), config::variable("POSTINGS_TABLE")?);
        let reviews = ReviewStore::new(dynamodb.clone(), config::variable("REVIEWS_TABLE")?);
        let findings = FindingStore::new(dynamodb.clone(), config::variable("FINDINGS_TABLE")?);
        let kept_days: u32 = config::variable("FINDINGS_RETENTION_DAYS")?;
        let publisher = Publisher::new(
            dynamodb.clone(),
            (students.clone(), records.table().to_owned()),
            postings.clone(),
            reviews.clone(),
            (findings, SignedDuration::from_hours(24 * i64::from(kept_days))),
        );
        let new_identities = NewIdentityStore::new(dynamodb.clone(), config::variable("QUOTAS_TABLE")?);
        let terms = Terms {
            floor: config::variable("NEW_IDENTITIES_FLOOR")?,
            percent: config::variable("NEW_IDENTITIES_PERCENT")?,
        };
        let pair_terms = shared::registry::pairs::Terms::from_env()?;
        let pairs = PairStore::new(dynamodb.clone(), config::variable("QUOTAS_TABLE")?, pair_terms);
        let kept_days = config::variable("ACCESS_LOG_RETENTION_DAYS")?;
        let traces = AccessLog::new(dynamodb.clone(), config::variable("ACCESS_LOG_TABLE")?, kept_days);
        let establishments = EstablishmentStore::new(dynamodb.clone(), config::variable("ESTABLISHMENTS_TABLE")?);
        let students = StudentStore::new(dynamodb, students);
        let tables = Tables {
            records,
            students,
            postings,
            reviews,
            publisher,
            new_identities,
            terms,
            pairs,
            traces,
            establishments,
            sends_for: Remembered::new(DEPOSITORS_KEPT),
        };
        let queue = IdentityQueue::new(aws_sdk_sqs::Client::new(&aws), config::variable("IDENTITY_QUEUE_URL")?);
        let ines = client::from_env(&secrets)?;
        Ok(Self { keys: config::identity_keys(&secrets).await?, tables, queue, ines })
    }
}

impl World for Aws {
    type Register = Tables;
    type Queue = IdentityQueue;
    type Ines = InesClient;

    fn register(&self) -> &Tables {
        &self.tables
    }

    fn queue(&self) -> &IdentityQueue {
        &self.queue
    }

    fn ines(&self) -> Option<&InesClient> {
        self.ines.as_ref()
    }

    fn keys(&self) -> &IdentityKeys {
        &self.keys
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_student(&self) -> StudentId {
        StudentId::random()
    }

    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

impl Tables {
    /// Who sent a record, and for whom they send.
    async fn depositor(&self, record: &Record) -> Result<(Uai, Arc<[Uai]>), StoreError> {
        let depositor = depositor_of(record);
        let read = async |uai: &Uai| {
            let depositor = self.establishments.depositor(*uai).await?;
            Ok(depositor.iter().flat_map(Depositor::establishments).collect())
        };
        Ok((depositor, self.sends_for.get_or(depositor, read).await?))
    }
}

/// Who sent a record: the establishment that it is about, where it was stored before depositors were kept.
fn depositor_of(record: &Record) -> Uai {
    record.depositor.unwrap_or(record.declaration.inscription.uai)
}

impl Register for Tables {
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.records.get(id).await
    }

    async fn student(&self, id: StudentId) -> Result<Option<Student>, StoreError> {
        self.students.get(id).await
    }

    async fn item_version(&self, id: StudentId) -> Result<Option<u64>, StoreError> {
        self.students.item_version(id).await
    }

    async fn owner(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError> {
        self.students.owner(ine).await
    }

    async fn buckets(&self, keys: &[PostingKey]) -> Result<Buckets, StoreError> {
        self.postings.read(keys, Consistency::Strong).await
    }

    async fn due(&self, day: Date) -> Result<Vec<RecordId>, StoreError> {
        self.records.due(day).await
    }

    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        self.reviews.get(id).await
    }

    async fn reserve_identity(&self, record: &Record, reference: &str) -> Result<Reservation, StoreError> {
        let (cohort, size) = (Cohort::of(&record.declaration), (self.terms, &self.records));
        self.new_identities.reserve(cohort, reference, size, Timestamp::now()).await
    }

    async fn admit_pair(&self, record: &Record, pair: &PairDigest, check: PairCheck) -> Result<Admission, StoreError> {
        let (depositor, sends_for) = self.depositor(record).await?;
        let drawer = Drawer { depositor, sends_for: &sends_for, now: check.now };
        let admission = self.pairs.admit(drawer, pair).await?;
        if admission == Admission::First && !check.is_named && self.pairs.reserve(drawer, 1, &self.records).await? == 0
        {
            self.pairs.release(drawer, pair).await?;
            return Ok(Admission::Exhausted);
        }
        Ok(admission)
    }

    async fn release_pair(&self, record: &Record, pair: &PairDigest, check: PairCheck) -> Result<(), StoreError> {
        let drawer = Drawer { depositor: depositor_of(record), sends_for: &[], now: check.now };
        self.pairs.release(drawer, pair).await?;
        if check.is_named { Ok(()) } else { self.pairs.refund(drawer, 1).await }
    }

    async fn note_pair(&self, record: &Record, check: PairCheck, holder: Holder) -> Result<(), StoreError> {
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
        let told = Told { import, ..Told::default() };
        let told = match holder {
            Holder::Student(student) => Told { student: Some(student), ..told },
            Holder::Unattached => Told { record: Some(record.id.clone()), ..told },
            Holder::Nobody => told,
        };
        self.traces.write(&request, &[told]).await?;
        match holder {
            Holder::Nobody => Ok(()),
            _ => self.pairs.refund(Drawer { depositor, sends_for: &[], now: check.now }, 1).await,
        }
    }

    async fn put_off(&self, finding: &Finding, until: Date) -> Result<Published, StoreError> {
        self.publisher.put_off(finding, until).await
    }

    async fn publish(&self, writes: &[Write]) -> Result<Published, StoreError> {
        self.publisher.publish(writes).await
    }
}

impl Queue for IdentityQueue {
    async fn send(&self, pointers: &[Pointer]) -> Result<(), StoreError> {
        self.send_pointers(pointers).await
    }

    async fn send_later(&self, pointer: &Pointer, delay: Duration) -> Result<(), StoreError> {
        self.send_after(delay, pointer).await
    }
}

#[cfg(test)]
mod tests;
