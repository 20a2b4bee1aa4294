//! The world as it is.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::config::{self, ConfigError};
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::feeding::record::{Slice, Stored, Write, Written};
use shared::files::reader::Depositor;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::imports::{Arrival, Claim, End, Hands, ImportId, ImportStore, Progress, ProgressError};
use shared::registry::records::{Page, Reading, RecordStore};

use crate::import::Settings;
use crate::ports::{Establishments, Imports, Records, World};

mod bucket;
mod notifier;
mod queue;

pub use bucket::{Body, Buckets};
pub use notifier::Topic;
pub use queue::Queues;

/// AWS, and in it the places that the environment names.
#[derive(Debug)]
pub struct Aws {
    imports: ImportStore,
    records: RecordStore,
    establishments: EstablishmentStore,
    buckets: Buckets,
    queues: Queues,
    topic: Topic,
}

impl Aws {
    /// Reads the environment.
    pub async fn from_env() -> Result<(Self, Settings), ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let inbox: String = config::variable("INBOX_BUCKET")?;
        let settings = Settings {
            record_key: config::digest_key(&secrets, "RECORD_SECRET_ARN").await?,
            inbox: inbox.clone(),
            cancel_share: config::variable("COMPLETE_CANCEL_SHARE")?,
        };
        let aws = Self {
            imports: ImportStore::new(dynamodb.clone(), config::variable("IMPORTS_TABLE")?),
            establishments: EstablishmentStore::new(dynamodb.clone(), config::variable("ESTABLISHMENTS_TABLE")?),
            records: RecordStore::new(dynamodb, config::variable("RECORDS_TABLE")?),
            buckets: Buckets::new(config::s3(&aws), inbox, config::variable("REPORTS_BUCKET")?),
            queues: Queues::new(
                aws_sdk_sqs::Client::new(&aws),
                config::variable("IDENTITY_QUEUE_URL")?,
                config::variable("IMPORTS_QUEUE_URL")?,
            ),
            topic: Topic::new(aws_sdk_sns::Client::new(&aws), config::variable("NOTIFICATIONS_TOPIC_ARN")?),
        };
        Ok((aws, settings))
    }
}

impl World for Aws {
    type Imports = ImportStore;
    type Records = RecordStore;
    type Establishments = EstablishmentStore;
    type Bucket = Buckets;
    type Queue = Queues;
    type Notifier = Topic;

    fn imports(&self) -> &ImportStore {
        &self.imports
    }

    fn records(&self) -> &RecordStore {
        &self.records
    }

    fn establishments(&self) -> &EstablishmentStore {
        &self.establishments
    }

    fn bucket(&self) -> &Buckets {
        &self.buckets
    }

    fn queue(&self) -> &Queues {
        &self.queues
    }

    fn notifier(&self) -> &Topic {
        &self.topic
    }
}

impl Imports for ImportStore {
    async fn claim(
        &self,
        hands: Hands<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.claim(hands, message, arrival, now).await
    }

    async fn renew(&self, hands: Hands<'_>, now: Timestamp) -> Result<(), ProgressError> {
        self.renew(hands, now).await
    }

    async fn progress(
        &self,
        hands: Hands<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        self.progress(hands, progress, work_key, now).await
    }

    async fn release(&self, hands: Hands<'_>) -> Result<(), ProgressError> {
        self.release(hands).await
    }

    async fn finish(&self, hands: Hands<'_>, end: End<'_>, now: Timestamp) -> Result<(), ProgressError> {
        self.finish(hands, end, now).await
    }

    async fn link_deposit(&self, deposit: &str, uai: Uai, import: &ImportId) -> Result<(), StoreError> {
        self.link_deposit(deposit, uai, import).await
    }

    async fn enter(&self, uai: Uai, hands: Hands<'_>, now: Timestamp) -> Result<Option<usize>, StoreError> {
        self.enter(uai, hands, now).await
    }

    async fn stay(&self, uai: Uai, place: usize, hands: Hands<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.stay(uai, place, hands, now).await
    }

    async fn leave(&self, uai: Uai, place: usize, hands: Hands<'_>) -> Result<(), StoreError> {
        self.leave(uai, place, hands).await
    }

    async fn horizon(&self, uai: Uai, year: AcademicYear) -> Result<Option<RecordVersion>, StoreError> {
        self.horizon(uai, year).await
    }

    async fn raise_horizon(&self, uai: Uai, year: AcademicYear, horizon: &RecordVersion) -> Result<(), StoreError> {
        self.raise_horizon(uai, year, horizon).await
    }
}

impl Records for RecordStore {
    async fn read(&self, ids: &[RecordId], reading: Reading) -> Result<HashMap<RecordId, Stored>, StoreError> {
        self.read(ids, reading).await
    }

    async fn write(&self, writes: &[Write]) -> Result<Written, StoreError> {
        self.write(writes).await
    }

    async fn slice(&self, slice: &Slice, after: Option<&RecordId>) -> Result<Page, StoreError> {
        self.slice(slice, after).await
    }
}

impl Establishments for EstablishmentStore {
    async fn depositor(&self, uai: Uai) -> Result<Option<Depositor>, StoreError> {
        self.depositor(uai).await
    }

    async fn note_feed(&self, uai: Uai, now: Timestamp) -> Result<(), StoreError> {
        self.note_feed(uai, now).await
    }
}
