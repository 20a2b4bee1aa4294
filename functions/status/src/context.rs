//! What lives as long as the process.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shared::access::key::KeyDigest;
use shared::audit::AccessLog;
use shared::auth::france_connect::Settings;
use shared::auth::http::HttpClient;
use shared::auth::jwks::Jwks;
use shared::auth::token::Trust;
use shared::config::{self, ConfigError};
use shared::identity::digest::IdentityKeys;
use shared::registry::answers::AnswerStore;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::quotas::QuotaStore;

use crate::caller::Clients;
use crate::france_connect::LazyFranceConnect;
use crate::metrics::Metrics;
use crate::quotas::Quotas;

/// Stores, keys and settings.
pub struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) answers: AnswerStore,
    pub(crate) clients: Clients,
    pub(crate) quotas: Quotas,
    pub(crate) access_log: AccessLog,
    pub(crate) establishments: EstablishmentStore,
    /// Whose tokens are believed; `None` believes none.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) france_connect: LazyFranceConnect,
    /// Enrolments that start within so many days are told.
    pub(crate) starts_within_days: u16,
    pub(crate) metrics: Metrics,
    /// Until the first request.
    pub(crate) cold: AtomicBool,
    http: OnceLock<Option<HttpClient>>,
}

/// Whose tokens are believed, and with which keys.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) trust: Trust,
    pub(crate) jwks: Jwks,
}

impl Context {
    /// Reads the environment and the secrets.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let clients_kept = Duration::from_secs(config::variable("CLIENT_CACHE_SECONDS")?);
        Ok(Self {
            keys: config::identity_keys(&secrets).await?,
            answers: AnswerStore::new(
                dynamodb.clone(),
                config::variable("STUDENTS_TABLE")?,
                config::variable("POSTINGS_TABLE")?,
            ),
            clients: Clients::new(ClientStore::new(dynamodb.clone(), config::variable("CLIENTS_TABLE")?), clients_kept),
            quotas: Quotas::new(QuotaStore::new(dynamodb.clone(), config::variable("QUOTAS_TABLE")?)),
            establishments: EstablishmentStore::new(dynamodb.clone(), config::variable("ESTABLISHMENTS_TABLE")?),
            access_log: AccessLog::new(
                dynamodb,
                config::variable("ACCESS_LOG_TABLE")?,
                config::variable("ACCESS_LOG_RETENTION_DAYS")?,
            ),
            issuer: issuer()?,
            france_connect: LazyFranceConnect::new(france_connect()?, secrets),
            starts_within_days: config::variable("STARTS_WITHIN_DAYS")?,
            metrics: Metrics::new(config::variable("ENVIRONMENT")?),
            cold: AtomicBool::new(true),
            http: OnceLock::new(),
        })
    }

    /// Opens the connection to DynamoDB and fetches the issuer's keys while the process starts: TLS costs the first
    /// call up to 0.7 s (engineering.md). A failure is left for the first request to report.
    pub async fn warm_up(&self) {
        let dynamodb = async {
            if let Err(error) = self.clients.key(KeyDigest::of("")).await {
                tracing::warn!(%error, "warm-up failed");
            }
        };
        let issuer = async {
            if let Some(issuer) = &self.issuer
                && let Some(http) = self.http()
            {
                issuer.jwks.warm_up(http).await;
            }
        };
        tokio::join!(dynamodb, issuer);
    }

    /// The client for issuers and FranceConnect; made when it is first needed, because it reads the system's root
    /// certificates.
    pub(crate) fn http(&self) -> Option<&HttpClient> {
        self.http.get_or_init(HttpClient::new).as_ref()
    }
}

fn issuer() -> Result<Option<Issuer>, ConfigError> {
    if !config::is_set("TOKEN_ISSUER") {
        return Ok(None);
    }
    let trust = Trust { issuer: config::variable("TOKEN_ISSUER")?, audience: config::variable("TOKEN_AUDIENCE")? };
    Ok(Some(Issuer { trust, jwks: Jwks::new(config::variable("TOKEN_JWKS_URL")?) }))
}

/// Where FranceConnect is, and the ARN of our secret.
fn france_connect() -> Result<Option<(Settings, String)>, ConfigError> {
    if !config::is_set("FRANCE_CONNECT_URL") {
        return Ok(None);
    }
    let settings = Settings {
        version: config::variable("FRANCE_CONNECT_VERSION")?,
        url: config::variable("FRANCE_CONNECT_URL")?,
        issuer: config::variable("FRANCE_CONNECT_ISSUER")?,
        client_id: config::variable("FRANCE_CONNECT_CLIENT_ID")?,
    };
    Ok(Some((settings, config::variable("FRANCE_CONNECT_SECRET_ARN")?)))
}
