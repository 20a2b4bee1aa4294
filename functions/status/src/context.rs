//! What lives as long as the process.

use shared::audit::AccessLog;
use shared::config::{self, ConfigError};
use shared::identity::digest::IdentityKeys;
use shared::registry::answers::AnswerStore;
use shared::registry::clients::{ClientStore, KeyHash};

use crate::cache::ClientCache;

/// Stores, keys and settings.
pub(crate) struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) answers: AnswerStore,
    pub(crate) clients: ClientCache,
    pub(crate) access_log: AccessLog,
    /// Enrolments that start within so many days are told.
    pub(crate) starts_within_days: u16,
}

impl Context {
    pub(crate) async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        Ok(Self {
            keys: config::identity_keys(&secrets).await?,
            answers: AnswerStore::new(
                dynamodb.clone(),
                config::variable("STUDENTS_TABLE")?,
                config::variable("POSTINGS_TABLE")?,
            ),
            clients: ClientCache::new(ClientStore::new(dynamodb.clone(), config::variable("CLIENTS_TABLE")?)),
            access_log: AccessLog::new(
                dynamodb,
                config::variable("ACCESS_LOG_TABLE")?,
                config::variable("ACCESS_LOG_RETENTION_DAYS")?,
            ),
            starts_within_days: config::variable("STARTS_WITHIN_DAYS")?,
        })
    }

    /// Opens the connection to DynamoDB while the process starts: TLS costs the first call up to 0.7 s
    /// (engineering.md). A failure is left for the first request to report.
    pub(crate) async fn warm_up(&self) {
        if let Err(error) = self.clients.get(KeyHash::of("")).await {
            tracing::warn!(%error, "warm-up failed");
        }
    }
}
