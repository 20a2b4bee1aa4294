//! Everything outside that an import touches: the tables, the buckets, the queues, and who wants to
//! know how it ended.

use aws_config::SdkConfig;
use shared::config::{self, ConfigError};
use shared::registry::establishments::EstablishmentStore;
use shared::registry::imports::ImportStore;
use shared::registry::records::RecordStore;

use crate::bucket::Buckets;
use crate::import::Settings;
use crate::notifier::Topic;
use crate::queues::Queues;

/// The names of the buckets, queues and topic in AWS.
#[derive(Debug, Clone)]
pub struct Places {
    pub imports_table: String,
    pub records_table: String,
    pub establishments_table: String,
    /// The bucket that files are dropped in.
    pub inbox: String,
    /// The bucket of the reports.
    pub reports: String,
    /// The URL of the queue that leads from records to students.
    pub identity_queue: String,
    /// The URL of the queue that imports are asked for by.
    pub imports_queue: String,
    /// The ARN of the topic that tells how imports ended.
    pub topic: String,
}

/// AWS, and in it those places. It lives as long as the process.
#[derive(Debug)]
pub struct World {
    pub(crate) imports: ImportStore,
    pub(crate) records: RecordStore,
    pub(crate) establishments: EstablishmentStore,
    pub(crate) buckets: Buckets,
    pub(crate) queues: Queues,
    pub(crate) topic: Topic,
}

impl World {
    /// Those places.
    #[must_use]
    pub fn new(aws: &SdkConfig, places: Places) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        Self {
            imports: ImportStore::new(dynamodb.clone(), places.imports_table),
            establishments: EstablishmentStore::new(dynamodb.clone(), places.establishments_table),
            records: RecordStore::new(dynamodb, places.records_table),
            buckets: Buckets::new(config::s3(aws), places.inbox, places.reports),
            queues: Queues::new(sqs, places.identity_queue, places.imports_queue),
            topic: Topic::new(aws_sdk_sns::Client::new(aws), places.topic),
        }
    }

    /// Reads the environment and the secrets.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a variable or a secret is missing.
    pub async fn from_env() -> Result<(Self, Settings), ConfigError> {
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let inbox: String = config::variable("INBOX_BUCKET")?;
        let settings = Settings {
            record_key: config::digest_key(&secrets, "RECORD_SECRET_ARN").await?,
            inbox: inbox.clone(),
            cancel_share: config::variable("COMPLETE_CANCEL_SHARE")?,
        };
        let places = Places {
            imports_table: config::variable("IMPORTS_TABLE")?,
            records_table: config::variable("RECORDS_TABLE")?,
            establishments_table: config::variable("ESTABLISHMENTS_TABLE")?,
            inbox,
            reports: config::variable("REPORTS_BUCKET")?,
            identity_queue: config::variable("IDENTITY_QUEUE_URL")?,
            imports_queue: config::variable("IMPORTS_QUEUE_URL")?,
            topic: config::variable("NOTIFICATIONS_TOPIC_ARN")?,
        };
        Ok((Self::new(&aws, places), settings))
    }
}
