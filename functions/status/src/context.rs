//! What lives as long as the process.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use shared::access::key::KeyDigest;
use shared::api::metrics::{Log, Metrics};
use shared::audit::AccessLog;
use shared::auth::france_connect;
use shared::auth::http::HttpClient;
use shared::auth::jwks::Jwks;
use shared::auth::token::Trust;
use shared::config::{self, ConfigError, variable};
use shared::identity::digest::IdentityKeys;
use shared::registry::allowances::Quotas;
use shared::registry::answers::AnswerStore;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::known_clients::KnownClients;
use shared::registry::quotas::QuotaStore;

use crate::france_connect::LazyFranceConnect;

/// Stores, keys and settings.
pub struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) answers: AnswerStore,
    pub(crate) clients: KnownClients,
    pub(crate) quotas: Quotas,
    pub(crate) access_log: AccessLog,
    pub(crate) establishments: EstablishmentStore,
    /// Whose tokens are believed; `None` believes none.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) france_connect: LazyFranceConnect,
    /// Enrolments that start within so many days are told.
    pub(crate) starts_within_days: u16,
    pub(crate) metrics: Metrics,
    http: OnceLock<Option<HttpClient>>,
}

/// Whose tokens are believed, and with which keys.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) trust: Trust,
    pub(crate) jwks: Jwks,
}

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) students_table: String,
    pub(crate) blocks_table: String,
    pub(crate) clients_table: String,
    pub(crate) quotas_table: String,
    pub(crate) establishments_table: String,
    pub(crate) access_log_table: String,
    pub(crate) access_log_retention_days: u32,
    /// How long clients are remembered.
    pub(crate) clients_kept: Duration,
    pub(crate) starts_within_days: u16,
    pub(crate) environment: String,
    pub(crate) issuer: Option<Issuer>,
    /// Where FranceConnect is, and the ARN of our secret.
    pub(crate) france_connect: Option<(france_connect::Settings, String)>,
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            students_table: variable("STUDENTS_TABLE")?,
            blocks_table: variable("BLOCKS_TABLE")?,
            clients_table: variable("CLIENTS_TABLE")?,
            quotas_table: variable("QUOTAS_TABLE")?,
            establishments_table: variable("ESTABLISHMENTS_TABLE")?,
            access_log_table: variable("ACCESS_LOG_TABLE")?,
            access_log_retention_days: variable("ACCESS_LOG_RETENTION_DAYS")?,
            clients_kept: Duration::from_secs(variable("CLIENT_CACHE_SECONDS")?),
            starts_within_days: variable("STARTS_WITHIN_DAYS")?,
            environment: variable("ENVIRONMENT")?,
            issuer: config::is_set("TOKEN_ISSUER").then(Self::issuer).transpose()?,
            france_connect: config::is_set("FRANCE_CONNECT_URL")
                .then(Self::france_connect)
                .transpose()?,
        })
    }

    fn issuer() -> Result<Issuer, ConfigError> {
        let trust =
            Trust { issuer: variable("TOKEN_ISSUER")?, audience: variable("TOKEN_AUDIENCE")? };
        Ok(Issuer { trust, jwks: Jwks::new(variable("TOKEN_JWKS_URL")?) })
    }

    fn france_connect() -> Result<(france_connect::Settings, String), ConfigError> {
        let settings = france_connect::Settings {
            version: variable("FRANCE_CONNECT_VERSION")?,
            url: variable("FRANCE_CONNECT_URL")?,
            issuer: variable("FRANCE_CONNECT_ISSUER")?,
            client_id: variable("FRANCE_CONNECT_CLIENT_ID")?,
        };
        Ok((settings, variable("FRANCE_CONNECT_SECRET_ARN")?))
    }
}

impl Context {
    /// Reads the environment and the secrets, and warms up side by side: TLS costs the first call
    /// to DynamoDB up to 0.7 s (engineering.md), and the issuer's keys are needed by the first
    /// token. A failure to warm up is left for the first request to report.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let settings = Settings::from_env()?;
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let dynamodb = dynamodb(&aws);
        let clients = ClientStore::new(dynamodb.clone(), settings.clients_table.clone());
        let http = OnceLock::new();
        // Two at once open two connections, which the first request needs: it takes from a quota
        // beside its look-up.
        let sentinel = KeyDigest::of("");
        let warm_up = async {
            if let (Err(error), _) | (_, Err(error)) =
                tokio::join!(clients.key(&sentinel), clients.key(&sentinel))
            {
                tracing::warn!(%error, "warm-up failed");
            }
        };
        let issuer = async {
            if let Some(issuer) = &settings.issuer
                && let Some(http) = http.get_or_init(HttpClient::new)
            {
                issuer.jwks.warm_up(http).await;
            }
        };
        let (keys, (), ()) = tokio::join!(config::identity_keys(&secrets), warm_up, issuer);
        Ok(Self {
            http,
            ..Self::new(settings, keys?, dynamodb, secrets, Box::new(std::io::stdout()))
        })
    }

    /// Nothing is called yet.
    pub(crate) fn new(
        settings: Settings,
        keys: IdentityKeys,
        dynamodb: aws_sdk_dynamodb::Client,
        secrets: aws_sdk_secretsmanager::Client,
        log: Log,
    ) -> Self {
        let clients = ClientStore::new(dynamodb.clone(), settings.clients_table);
        Self {
            keys,
            answers: AnswerStore::new(
                dynamodb.clone(),
                settings.students_table,
                settings.blocks_table,
            ),
            clients: KnownClients::new(clients, settings.clients_kept),
            quotas: Quotas::new(QuotaStore::new(dynamodb.clone(), settings.quotas_table)),
            establishments: EstablishmentStore::new(
                dynamodb.clone(),
                settings.establishments_table,
            ),
            access_log: AccessLog::new(
                dynamodb,
                settings.access_log_table,
                settings.access_log_retention_days,
            ),
            issuer: settings.issuer,
            france_connect: LazyFranceConnect::new(settings.france_connect, secrets),
            starts_within_days: settings.starts_within_days,
            metrics: Metrics::new(settings.environment, log),
            http: OnceLock::new(),
        }
    }

    /// The client for issuers and FranceConnect; made when it is first needed, because it reads the
    /// system's root certificates.
    pub(crate) fn http(&self) -> Option<&HttpClient> {
        self.http.get_or_init(HttpClient::new).as_ref()
    }
}

/// One client for every table, so that they share its connections. Its answers are small and have a
/// time limit, so watching over how fast they flow is work for nothing.
fn dynamodb(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}
