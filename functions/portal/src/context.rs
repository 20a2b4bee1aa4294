//! What lives as long as the process.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use secrecy::SecretString;
use shared::api::metrics::{Log, Metrics};
use shared::audit::AccessLog;
use shared::auth::http::LazyHttpClient;
use shared::auth::oidc::{OidcClient, Provider};
use shared::config::{self, ConfigError, variable};
use shared::deposits::Deposits;
use shared::deposits::buckets::BucketSettings;
use shared::exercising::{self, Desk};
use shared::identity::digest::DigestKey;
use shared::ines::client;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::findings::FindingStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::imports::ImportStore;
use shared::registry::known_clients::KnownClients;
use shared::registry::members::MemberStore;
use shared::registry::own_quality::OwnQuality;
use shared::registry::pairs::{PairStore, Terms};
use shared::registry::public_statistics::PublicStatistics;
use shared::registry::records::RecordStore;
use shared::registry::requests::RequestStore;
use shared::registry::reviews::ReviewStore;
use shared::registry::sessions::SessionStore;
use shared::registry::students::StudentStore;
use shared::registry::withdrawals::WithdrawalStore;
use shared::retention::{Days, Setting};
use shared::reviewing::Reviewing;
use shared::statements::{Keys, Statements};

use crate::own::{self, Own};
use crate::public::coverage::Remembered;
use crate::refusal::{ApiError, Refusal};

/// How long a provider may take to answer.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(4);

/// Stores, keys and settings.
pub struct Context {
    pub(crate) sessions: SessionStore,
    pub(crate) members: MemberStore,
    pub(crate) clients: ClientStore,
    pub(crate) withdrawals: WithdrawalStore,
    pub(crate) establishments: EstablishmentStore,
    pub(crate) statements: Statements,
    pub(crate) deposits: Deposits,
    pub(crate) findings: FindingStore,
    pub(crate) reviewing: Reviewing,
    pub(crate) requests: RequestStore,
    pub(crate) request_terms: exercising::Terms,
    pub(crate) traces: AccessLog,
    pub(crate) coverage: Remembered,
    pub(crate) statistics: PublicStatistics,
    pub(crate) quality: OwnQuality,
    /// Of cookies, invitations and members.
    pub(crate) key: DigestKey,
    /// Absent where no provider is configured: the public pages are served all the same.
    pub(crate) provider: Option<OidcClient<LazyHttpClient>>,
    /// Absent where students can't log in: their pages aren't there.
    pub(crate) own: Option<Own>,
    pub(crate) address: Address,
    pub(crate) metrics: Metrics,
}

/// What only the process itself may know.
pub(crate) struct Secrets {
    /// Of cookies, invitations and members.
    pub(crate) key: DigestKey,
    /// Of records and students.
    pub(crate) keys: Keys,
    /// Ours at the provider, if there is one.
    pub(crate) client_secret: Option<SecretString>,
    /// Ours at the students' provider, if there is one.
    pub(crate) student_client_secret: Option<SecretString>,
}

/// Where the portal is.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// `https://statutetudiant.example`, without a slash at its end.
    pub(crate) origin: String,
    /// The path that pages are below: `/portail`, with the stage before it where API Gateway's own
    /// address is used.
    pub(crate) base: String,
    /// The path that the other APIs are below.
    pub(crate) api_base: String,
    /// The origins of the providers, where forms may lead.
    pub(crate) provider_origins: Vec<String>,
    /// The origin of the bucket that files are sent to.
    pub(crate) inbox_origin: String,
}

impl Address {
    /// `public_url` is the portal's own address: `https://host/stage/portail`.
    pub(crate) fn of(public_url: &str, issuers: &[&str], inbox_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/');
        let (origin, base) = split(public_url);
        let api_base = base.rsplit_once('/').map_or("", |(before, _)| before).to_owned();
        let provider_origins = issuers.iter().map(|issuer| split(issuer).0).collect();
        let inbox_origin = split(inbox_url).0;
        Self { origin, base, api_base, provider_origins, inbox_origin }
    }

    /// The whole address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.base)
    }
}

/// An address, as its origin and its path.
fn split(url: &str) -> (String, String) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| at + host);
    (url[..path].to_owned(), url[path..].to_owned())
}

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) sessions_table: String,
    pub(crate) members_table: String,
    pub(crate) clients_table: String,
    pub(crate) withdrawals_table: String,
    pub(crate) establishments_table: String,
    pub(crate) imports_table: String,
    pub(crate) imports_queue_url: String,
    pub(crate) findings_table: String,
    pub(crate) reviews_table: String,
    pub(crate) requests_table: String,
    pub(crate) request_terms: exercising::Terms,
    pub(crate) request_retention: Option<Days>,
    pub(crate) records_table: String,
    pub(crate) students_table: String,
    pub(crate) quotas_table: String,
    pub(crate) identity_queue_url: String,
    pub(crate) pair_terms: Terms,
    /// How long clients are remembered.
    pub(crate) clients_kept: Duration,
    pub(crate) access_log_table: String,
    pub(crate) access_log_retention_days: u32,
    pub(crate) buckets: BucketSettings,
    pub(crate) statistics_bucket: String,
    pub(crate) public_url: String,
    pub(crate) provider: Option<Provider>,
    pub(crate) own: Option<own::Settings>,
    pub(crate) environment: String,
}

impl Settings {
    fn from_env() -> Result<Self, ConfigError> {
        let Setting(request_retention) = variable("REQUEST_RETENTION_DAYS")?;
        Ok(Self {
            sessions_table: variable("SESSIONS_TABLE")?,
            members_table: variable("MEMBERS_TABLE")?,
            clients_table: variable("CLIENTS_TABLE")?,
            withdrawals_table: variable("WITHDRAWALS_TABLE")?,
            establishments_table: variable("ESTABLISHMENTS_TABLE")?,
            imports_table: variable("IMPORTS_TABLE")?,
            imports_queue_url: variable("IMPORTS_QUEUE_URL")?,
            findings_table: variable("FINDINGS_TABLE")?,
            reviews_table: variable("REVIEWS_TABLE")?,
            requests_table: variable("REQUESTS_TABLE")?,
            request_terms: exercising::Terms {
                months: variable("REQUEST_MONTHS")?,
                ground: variable("REQUEST_GROUND")?,
            },
            request_retention,
            records_table: variable("RECORDS_TABLE")?,
            students_table: variable("STUDENTS_TABLE")?,
            quotas_table: variable("QUOTAS_TABLE")?,
            identity_queue_url: variable("IDENTITY_QUEUE_URL")?,
            pair_terms: Terms::from_env()?,
            clients_kept: Duration::from_secs(variable("CLIENT_CACHE_SECONDS")?),
            access_log_table: variable("ACCESS_LOG_TABLE")?,
            access_log_retention_days: variable("ACCESS_LOG_RETENTION_DAYS")?,
            buckets: BucketSettings::from_env()?,
            statistics_bucket: variable("STATISTICS_BUCKET")?,
            public_url: variable("PUBLIC_URL")?,
            provider: provider("OIDC_PROVIDER")?,
            own: provider("STUDENT_OIDC_PROVIDER")?.map(own::Settings::from_env).transpose()?,
            environment: variable("ENVIRONMENT")?,
        })
    }
}

/// A provider that the environment describes in JSON, if it does.
fn provider(name: &'static str) -> Result<Option<Provider>, ConfigError> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => {
            serde_json::from_str(&text).map(Some).map_err(|_| ConfigError::Invalid(name))
        }
        _ => Ok(None),
    }
}

/// Our secret at a provider. Until an operator has put it there the other pages are served all the
/// same.
async fn client_secret(
    secrets: &aws_sdk_secretsmanager::Client,
    arn: &'static str,
    is_configured: bool,
) -> Option<SecretString> {
    if !is_configured {
        return None;
    }
    match config::secret(secrets, arn).await {
        Ok(secret) => Some(secret.key),
        Err(error) => {
            tracing::error!(%error, "nobody can log in");
            None
        }
    }
}

impl Context {
    /// Reads the environment and the secrets.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let settings = Settings::from_env()?;
        let aws = config::aws().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        let (key, record, identity) = tokio::join!(
            config::digest_key(&secrets, "PORTAL_SECRET_ARN"),
            config::digest_key(&secrets, "RECORD_SECRET_ARN"),
            config::identity_keys(&secrets),
        );
        let keys = Keys { record: record?, identity: identity? };
        let key = key?;
        let (client_secret, student_client_secret) = tokio::join!(
            client_secret(&secrets, "OIDC_SECRET_ARN", settings.provider.is_some()),
            client_secret(&secrets, "STUDENT_OIDC_SECRET_ARN", settings.own.is_some()),
        );
        let ines = client::from_env(&secrets)?;
        let secrets = Secrets { key, keys, client_secret, student_client_secret };
        let mut context = Self::new(settings, &aws, secrets, Box::new(std::io::stdout()));
        context.statements.ines = ines;
        Ok(context)
    }

    /// What the students' pages need, where there are any.
    pub(crate) fn own(&self) -> Result<&Own, ApiError> {
        self.own.as_ref().ok_or(ApiError::Refused(Refusal::NotFound))
    }

    /// Where requests of rights are taken in and answered.
    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk {
            requests: &self.requests,
            reviewing: &self.reviewing,
            key: &self.key,
            terms: self.request_terms,
        }
    }

    /// Nothing is called yet, and there is no INES.
    pub(crate) fn new(settings: Settings, aws: &SdkConfig, secrets: Secrets, log: Log) -> Self {
        let Secrets { key, keys, client_secret, student_client_secret } = secrets;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let providers =
            settings.provider.iter().chain(settings.own.iter().map(|own| &own.provider));
        let issuers: Vec<&str> = providers.map(|provider| provider.issuer.as_str()).collect();
        let imports = ImportStore::new(dynamodb.clone(), settings.imports_table.clone());
        let deposits = Deposits::new(
            aws,
            settings.imports_table,
            settings.imports_queue_url,
            settings.buckets,
        );
        let inbox_url = deposits.buckets().inbox_url();
        let address = Address::of(&settings.public_url, &issuers, inbox_url);
        let http = || LazyHttpClient::with_timeout(PROVIDER_TIMEOUT);
        let provider = settings
            .provider
            .zip(client_secret)
            .map(|(provider, secret)| OidcClient::new(provider, secret, http()));
        let own = settings.own.zip(student_client_secret).map(|(own, secret)| {
            let retention_days = settings.access_log_retention_days;
            let tables = own::Tables {
                students: settings.students_table.clone(),
                quotas: settings.quotas_table.clone(),
            };
            let kms = aws_sdk_kms::Client::new(aws);
            Own::new(own, secret, http(), (&dynamodb, kms), tables, retention_days)
        });
        let establishments =
            EstablishmentStore::new(dynamodb.clone(), settings.establishments_table);
        let traces = AccessLog::new(
            dynamodb.clone(),
            settings.access_log_table,
            settings.access_log_retention_days,
        );
        let clients = ClientStore::new(dynamodb.clone(), settings.clients_table);
        let withdrawals = WithdrawalStore::new(dynamodb.clone(), settings.withdrawals_table);
        let records = RecordStore::new(dynamodb.clone(), settings.records_table);
        let students = StudentStore::new(dynamodb.clone(), settings.students_table);
        let queue = IdentityQueue::new(aws_sdk_sqs::Client::new(aws), settings.identity_queue_url);
        let reviewing = Reviewing {
            cases: ReviewStore::new(dynamodb.clone(), settings.reviews_table),
            records: records.clone(),
            students: students.clone(),
            establishments: establishments.clone(),
            clients: Arc::new(KnownClients::new(clients.clone(), settings.clients_kept)),
            traces: traces.clone(),
            withdrawals: withdrawals.clone(),
            queue: queue.clone(),
        };
        let statements = Statements {
            keys,
            records,
            students,
            pairs: PairStore::new(dynamodb.clone(), settings.quotas_table, settings.pair_terms),
            queue,
            establishments: establishments.clone(),
            imports,
            traces: traces.clone(),
            ines: None,
        };
        Self {
            sessions: SessionStore::new(dynamodb.clone(), settings.sessions_table),
            members: MemberStore::new(dynamodb.clone(), settings.members_table),
            clients,
            withdrawals,
            establishments,
            statements,
            requests: RequestStore::new(
                dynamodb.clone(),
                settings.requests_table,
                settings.request_retention,
            ),
            request_terms: settings.request_terms,
            findings: FindingStore::new(dynamodb, settings.findings_table),
            reviewing,
            traces,
            deposits,
            coverage: Remembered::default(),
            quality: OwnQuality::new(config::s3(aws), settings.statistics_bucket.clone()),
            statistics: PublicStatistics::new(config::s3(aws), settings.statistics_bucket),
            key,
            provider,
            own,
            address,
            metrics: Metrics::new(settings.environment, log),
        }
    }
}
