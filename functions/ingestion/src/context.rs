//! What lives as long as the process.

use shared::config::{self, ConfigError};
use shared::identity::digest::DigestKey;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::imports::ImportStore;
use shared::registry::records::RecordStore;

/// Stores, keys and settings.
pub(crate) struct Context {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) imports: ImportStore,
    pub(crate) establishments: EstablishmentStore,
    pub(crate) records: RecordStore,
    pub(crate) record_key: DigestKey,
    pub(crate) inbox: String,
    pub(crate) reports: String,
    pub(crate) identity_queue: String,
}

impl Context {
    pub(crate) async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        Ok(Self {
            s3: config::s3(&aws),
            sqs: aws_sdk_sqs::Client::new(&aws),
            imports: ImportStore::new(dynamodb.clone(), config::variable("IMPORTS_TABLE")?),
            establishments: EstablishmentStore::new(dynamodb.clone(), config::variable("ESTABLISHMENTS_TABLE")?),
            records: RecordStore::new(dynamodb, config::variable("RECORDS_TABLE")?),
            record_key: config::digest_key(&secrets, "RECORD_SECRET_ARN").await?,
            inbox: config::variable("INBOX_BUCKET")?,
            reports: config::variable("REPORTS_BUCKET")?,
            identity_queue: config::variable("IDENTITY_QUEUE_URL")?,
        })
    }
}
