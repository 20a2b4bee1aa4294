//! What lives as long as the process.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use shared::access::key::KeyDigest;
use shared::api::metrics::{Log, Metrics};
use shared::audit::AccessLog;
use shared::config::{self, ConfigError, variable};
use shared::registry::allowances::Quotas;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::known_clients::KnownClients;
use shared::registry::quotas::QuotaStore;
use shared::registry::records::RecordStore;
use shared::registry::reviews::ReviewStore;
use shared::registry::students::StudentStore;
use shared::registry::withdrawals::WithdrawalStore;
use shared::reviewing::Reviewing;

/// Stores and settings. No secret: ids are read, and none is made.
pub struct Context {
    pub(crate) reviewing: Reviewing,
    pub(crate) quotas: Quotas,
    pub(crate) metrics: Metrics,
}

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) reviews_table: String,
    pub(crate) records_table: String,
    pub(crate) students_table: String,
    pub(crate) establishments_table: String,
    pub(crate) clients_table: String,
    pub(crate) quotas_table: String,
    pub(crate) access_log_table: String,
    pub(crate) access_log_retention_days: u32,
    pub(crate) withdrawals_table: String,
    pub(crate) identity_queue_url: String,
    /// How long clients are remembered.
    pub(crate) clients_kept: Duration,
    pub(crate) environment: String,
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            reviews_table: variable("REVIEWS_TABLE")?,
            records_table: variable("RECORDS_TABLE")?,
            students_table: variable("STUDENTS_TABLE")?,
            establishments_table: variable("ESTABLISHMENTS_TABLE")?,
            clients_table: variable("CLIENTS_TABLE")?,
            quotas_table: variable("QUOTAS_TABLE")?,
            access_log_table: variable("ACCESS_LOG_TABLE")?,
            access_log_retention_days: variable("ACCESS_LOG_RETENTION_DAYS")?,
            withdrawals_table: variable("WITHDRAWALS_TABLE")?,
            identity_queue_url: variable("IDENTITY_QUEUE_URL")?,
            clients_kept: Duration::from_secs(variable("CLIENT_CACHE_SECONDS")?),
            environment: variable("ENVIRONMENT")?,
        })
    }
}

impl Context {
    /// Reads the environment and warms up: TLS costs the first call to DynamoDB up to 0.7 s
    /// (engineering.md). A failure to warm up is left for the first request to report.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let settings = Settings::from_env()?;
        let aws = config::aws().await;
        let clients =
            ClientStore::new(aws_sdk_dynamodb::Client::new(&aws), settings.clients_table.clone());
        if let Err(error) = clients.key(&KeyDigest::of("")).await {
            tracing::warn!(%error, "warm-up failed");
        }
        Ok(Self::new(settings, &aws, Box::new(std::io::stdout())))
    }

    /// Nothing is called yet.
    pub(crate) fn new(settings: Settings, aws: &SdkConfig, log: Log) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let clients = ClientStore::new(dynamodb.clone(), settings.clients_table);
        let reviewing = Reviewing {
            cases: ReviewStore::new(dynamodb.clone(), settings.reviews_table),
            records: RecordStore::new(dynamodb.clone(), settings.records_table),
            students: StudentStore::new(dynamodb.clone(), settings.students_table),
            establishments: EstablishmentStore::new(
                dynamodb.clone(),
                settings.establishments_table,
            ),
            clients: Arc::new(KnownClients::new(clients, settings.clients_kept)),
            withdrawals: WithdrawalStore::new(dynamodb.clone(), settings.withdrawals_table),
            traces: AccessLog::new(
                dynamodb.clone(),
                settings.access_log_table,
                settings.access_log_retention_days,
            ),
            queue: IdentityQueue::new(aws_sdk_sqs::Client::new(aws), settings.identity_queue_url),
        };
        Self {
            reviewing,
            quotas: Quotas::new(QuotaStore::new(dynamodb, settings.quotas_table)),
            metrics: Metrics::new(settings.environment, log),
        }
    }
}
