//! What lives as long as the process.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use shared::access::key::KeyDigest;
use shared::api::metrics::{Log, Metrics};
use shared::audit::AccessLog;
use shared::config::{self, ConfigError, variable};
use shared::deposits::Deposits;
use shared::deposits::buckets::BucketSettings;
use shared::domain::uai::Uai;
use shared::files::reader::Depositor;
use shared::ines::client;
use shared::registry::StoreError;
use shared::registry::allowances::Quotas;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::findings::FindingStore;
use shared::registry::idempotency::IdempotencyStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::imports::ImportStore;
use shared::registry::known_clients::KnownClients;
use shared::registry::own_quality::OwnQuality;
use shared::registry::pairs::{PairStore, Terms};
use shared::registry::quotas::QuotaStore;
use shared::registry::records::RecordStore;
use shared::registry::remembered::Remembered;
use shared::registry::students::StudentStore;
use shared::statements::{Keys, Statements};

/// Stores, keys and settings.
pub struct Context {
    pub(crate) statements: Statements,
    pub(crate) clients: KnownClients,
    pub(crate) quotas: Quotas,
    pub(crate) deposits: Deposits,
    pub(crate) findings: FindingStore,
    pub(crate) idempotency: IdempotencyStore,
    pub(crate) quality: OwnQuality,
    pub(crate) metrics: Metrics,
    /// Who sends for whom.
    depositors: Remembered<Uai, Option<Arc<Depositor>>>,
}

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) records_table: String,
    pub(crate) students_table: String,
    pub(crate) clients_table: String,
    pub(crate) quotas_table: String,
    pub(crate) pair_terms: Terms,
    pub(crate) access_log_table: String,
    pub(crate) access_log_retention_days: u32,
    pub(crate) establishments_table: String,
    pub(crate) imports_table: String,
    pub(crate) findings_table: String,
    pub(crate) idempotency_table: String,
    pub(crate) identity_queue_url: String,
    pub(crate) imports_queue_url: String,
    pub(crate) buckets: BucketSettings,
    pub(crate) statistics_bucket: String,
    /// How long clients and establishments are remembered.
    pub(crate) clients_kept: Duration,
    pub(crate) environment: String,
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            records_table: variable("RECORDS_TABLE")?,
            students_table: variable("STUDENTS_TABLE")?,
            clients_table: variable("CLIENTS_TABLE")?,
            quotas_table: variable("QUOTAS_TABLE")?,
            pair_terms: Terms::from_env()?,
            access_log_table: variable("ACCESS_LOG_TABLE")?,
            access_log_retention_days: variable("ACCESS_LOG_RETENTION_DAYS")?,
            establishments_table: variable("ESTABLISHMENTS_TABLE")?,
            imports_table: variable("IMPORTS_TABLE")?,
            findings_table: variable("FINDINGS_TABLE")?,
            idempotency_table: variable("IDEMPOTENCY_TABLE")?,
            identity_queue_url: variable("IDENTITY_QUEUE_URL")?,
            imports_queue_url: variable("IMPORTS_QUEUE_URL")?,
            buckets: BucketSettings::from_env()?,
            statistics_bucket: variable("STATISTICS_BUCKET")?,
            clients_kept: Duration::from_secs(variable("CLIENT_CACHE_SECONDS")?),
            environment: variable("ENVIRONMENT")?,
        })
    }
}

impl Context {
    /// Reads the environment and the secrets, and warms up side by side: TLS costs the first call
    /// to DynamoDB up to 0.7 s (engineering.md). A failure to warm up is left for the first request
    /// to report.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let settings = Settings::from_env()?;
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let clients =
            ClientStore::new(aws_sdk_dynamodb::Client::new(&aws), settings.clients_table.clone());
        let sentinel = KeyDigest::of("");
        let (record, identity, warm) = tokio::join!(
            config::digest_key(&secrets, "RECORD_SECRET_ARN"),
            config::identity_keys(&secrets),
            clients.key(&sentinel)
        );
        if let Err(error) = warm {
            tracing::warn!(%error, "warm-up failed");
        }
        let keys = Keys { record: record?, identity: identity? };
        let ines = client::from_env(&secrets)?;
        let mut context = Self::new(settings, keys, &aws, Box::new(std::io::stdout()));
        context.statements.ines = ines;
        Ok(context)
    }

    /// Nothing is called yet, and there is no INES.
    pub(crate) fn new(settings: Settings, keys: Keys, aws: &SdkConfig, log: Log) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let clients = ClientStore::new(dynamodb.clone(), settings.clients_table);
        let statements = Statements {
            keys,
            records: RecordStore::new(dynamodb.clone(), settings.records_table),
            students: StudentStore::new(dynamodb.clone(), settings.students_table),
            pairs: PairStore::new(
                dynamodb.clone(),
                settings.quotas_table.clone(),
                settings.pair_terms,
            ),
            queue: IdentityQueue::new(aws_sdk_sqs::Client::new(aws), settings.identity_queue_url),
            establishments: EstablishmentStore::new(
                dynamodb.clone(),
                settings.establishments_table,
            ),
            imports: ImportStore::new(dynamodb.clone(), settings.imports_table.clone()),
            traces: AccessLog::new(
                dynamodb.clone(),
                settings.access_log_table,
                settings.access_log_retention_days,
            ),
            ines: None,
        };
        Self {
            statements,
            clients: KnownClients::new(clients, settings.clients_kept),
            quotas: Quotas::new(QuotaStore::new(dynamodb.clone(), settings.quotas_table)),
            deposits: Deposits::new(
                aws,
                settings.imports_table,
                settings.imports_queue_url,
                settings.buckets,
            ),
            findings: FindingStore::new(dynamodb.clone(), settings.findings_table),
            idempotency: IdempotencyStore::new(dynamodb, settings.idempotency_table),
            quality: OwnQuality::new(config::s3(aws), settings.statistics_bucket),
            metrics: Metrics::new(settings.environment, log),
            depositors: Remembered::new(settings.clients_kept),
        }
    }

    /// An establishment with those that it sends for; remembered as long as clients are, so that
    /// what it may no longer send is refused within a minute.
    pub(crate) async fn depositor(&self, uai: Uai) -> Result<Option<Arc<Depositor>>, StoreError> {
        let read = async |uai: &Uai| {
            Ok(self.statements.establishments.depositor(*uai).await?.map(Arc::new))
        };
        self.depositors.get_or(uai, read).await
    }
}
