//! What lives as long as the process.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;
use jiff::SignedDuration;
use shared::config::{self, ConfigError};
use shared::identity::digest::IdentityKeys;
use shared::identity::student::StudentId;
use shared::registry::blocks::BlockStore;
use shared::registry::findings::FindingStore;
use shared::registry::publications::Publisher;
use shared::registry::records::RecordStore;
use shared::registry::requests::RequestStore;
use shared::registry::retention::RetentionStore;
use shared::registry::reviews::ReviewStore;
use shared::registry::students::StudentStore;
use shared::retention::{Setting, Terms};

/// The names of the tables, the durations, and how fast it may go.
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
    /// The table `retention`.
    pub retention: String,
    /// The table `requests`.
    pub requests: String,
    /// Requests of rights that have to be answered within so many days are counted.
    pub request_alarm_days: u16,
    pub terms: Terms,
    /// Parts that each table is read in. A step is one of them, and a run that is stopped reads it
    /// again.
    pub segments: NonZeroU32,
    /// Things erased in a second at most: the tables serve meanwhile.
    pub per_second: NonZeroU32,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable is missing or isn't of its form.
    pub fn from_env() -> Result<Self, ConfigError> {
        let Setting(students) = config::variable("STUDENT_RETENTION_DAYS")?;
        let Setting(cases) = config::variable("CASE_RETENTION_DAYS")?;
        Ok(Self {
            records: config::variable("RECORDS_TABLE")?,
            students: config::variable("STUDENTS_TABLE")?,
            blocks: config::variable("BLOCKS_TABLE")?,
            reviews: config::variable("REVIEWS_TABLE")?,
            findings: config::variable("FINDINGS_TABLE")?,
            retention: config::variable("RETENTION_TABLE")?,
            requests: config::variable("REQUESTS_TABLE")?,
            request_alarm_days: config::variable("REQUEST_ALARM_DAYS")?,
            terms: Terms { students, cases },
            segments: config::variable("RETENTION_SEGMENTS")?,
            per_second: config::variable("RETENTION_PER_SECOND")?,
        })
    }
}

/// Stores and settings.
pub struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) records: RecordStore,
    pub(crate) students: StudentStore,
    pub(crate) blocks: BlockStore<StudentId>,
    pub(crate) reviews: ReviewStore,
    pub(crate) publisher: Publisher,
    pub(crate) retention: RetentionStore,
    pub(crate) requests: RequestStore,
    pub(crate) request_alarm_days: u16,
    pub(crate) terms: Terms,
    pub(crate) segments: NonZeroU32,
    pub(crate) per_second: NonZeroU32,
}

impl Context {
    /// Those tables, whose keys are made with these secrets.
    #[must_use]
    pub fn new(dynamodb: &Client, keys: IdentityKeys, settings: Settings) -> Self {
        let blocks = BlockStore::new(dynamodb.clone(), settings.blocks);
        let reviews = ReviewStore::new(dynamodb.clone(), settings.reviews);
        // Nothing is found here, so findings have no duration.
        let findings = FindingStore::new(dynamodb.clone(), settings.findings);
        Self {
            keys,
            publisher: Publisher::new(
                dynamodb.clone(),
                (settings.students.clone(), settings.records.clone()),
                blocks.clone(),
                reviews.clone(),
                (findings, SignedDuration::ZERO),
            ),
            records: RecordStore::new(dynamodb.clone(), settings.records),
            students: StudentStore::new(dynamodb.clone(), settings.students),
            blocks,
            reviews,
            retention: RetentionStore::new(dynamodb.clone(), settings.retention),
            // None ends here, so requests have no duration.
            requests: RequestStore::new(dynamodb.clone(), settings.requests, None),
            request_alarm_days: settings.request_alarm_days,
            terms: settings.terms,
            segments: settings.segments,
            per_second: settings.per_second,
        }
    }

    /// The settings of the environment, and clients for them.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable or a secret is missing.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let keys = config::identity_keys(&secrets).await?;
        Ok(Self::new(&Client::new(&aws), keys, Settings::from_env()?))
    }
}
