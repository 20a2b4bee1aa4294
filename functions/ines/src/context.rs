//! What lives as long as the process.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use shared::access::ines::IdentityClient;
use shared::api::metrics::{Log, Metrics};
use shared::config::{self, ConfigError, variable};
use shared::identity::digest::IdentityKeys;
use shared::registry::StoreError;
use shared::registry::ines::InesStore;
use shared::registry::ines::trace::TraceLog;
use shared::registry::remembered::Remembered;

use crate::token::Signer;

/// Stores, keys and settings.
pub struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) signer: Signer,
    pub(crate) store: InesStore,
    pub(crate) trace: TraceLog,
    pub(crate) metrics: Metrics,
    clients: Remembered<String, Option<Arc<IdentityClient>>>,
}

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) blocks_table: String,
    pub(crate) log_table: String,
    pub(crate) log_retention_days: u32,
    pub(crate) request_retention_days: u32,
    /// How long clients are remembered.
    pub(crate) clients_kept: Duration,
    pub(crate) environment: String,
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            table: variable("INES_TABLE")?,
            blocks_table: variable("INES_BLOCKS_TABLE")?,
            log_table: variable("INES_LOG_TABLE")?,
            log_retention_days: variable("ACCESS_LOG_RETENTION_DAYS")?,
            request_retention_days: variable("REQUEST_RETENTION_DAYS")?,
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
        let store = store(&settings, &aws);
        let (keys, token, warm) = tokio::join!(
            config::identity_keys(&secrets),
            config::secret(&secrets, "TOKEN_SECRET_ARN"),
            store.client("")
        );
        if let Err(error) = warm {
            tracing::warn!(%error, "warm-up failed");
        }
        let token = token?;
        let signer = Signer::new(token.id, &token.key);
        Ok(Self::new(&settings, keys?, signer, &aws, Box::new(std::io::stdout())))
    }

    /// Nothing is called yet.
    pub(crate) fn new(
        settings: &Settings,
        keys: IdentityKeys,
        signer: Signer,
        aws: &SdkConfig,
        log: Log,
    ) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        Self {
            keys,
            signer,
            store: store(settings, aws),
            trace: TraceLog::new(dynamodb, settings.log_table.clone(), settings.log_retention_days),
            metrics: Metrics::new(settings.environment.clone(), log),
            clients: Remembered::new(settings.clients_kept),
        }
    }

    /// A client, as it was within the last minute: a revocation holds within that time.
    pub(crate) async fn client(
        &self,
        client_id: &str,
    ) -> Result<Option<Arc<IdentityClient>>, StoreError> {
        let read = async |id: &String| Ok(self.store.client(id).await?.map(Arc::new));
        self.clients.get_or(client_id.to_owned(), read).await
    }
}

fn store(settings: &Settings, aws: &SdkConfig) -> InesStore {
    let dynamodb = aws_sdk_dynamodb::Client::new(aws);
    let Settings { table, blocks_table, request_retention_days, .. } = settings;
    InesStore::new(dynamodb, table.clone(), blocks_table.clone(), *request_retention_days)
}
