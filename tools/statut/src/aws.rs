//! AWS clients: those that talk to the emulator and to nothing else, and, for the commands of
//! operators, those of a real account.

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, ProvideCredentials as _, Region};

use crate::lambda::Lambda;

/// The region that `infra/` deploys to.
pub const REGION: &str = "eu-west-3";

/// A client for the tables.
#[must_use]
pub fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// A client for the buckets.
#[must_use]
pub fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        // The emulator has one name, not one a bucket.
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A client for the secrets.
#[must_use]
pub fn secrets_manager(endpoint: &str) -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config)
}

/// A client for the queues.
#[must_use]
pub fn sqs(endpoint: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

/// Where the functions are invoked.
pub(crate) fn lambda(endpoint: &str) -> Lambda {
    Lambda { endpoint: endpoint.to_owned(), region: REGION.to_owned(), credentials: credentials() }
}

/// What an operator's environment reaches: a real account, by its own credentials, region and
/// proxies.
#[derive(Debug)]
pub(crate) struct Ambient {
    /// The tables.
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    /// The buckets.
    pub(crate) s3: aws_sdk_s3::Client,
    /// The queues.
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) lambda: Lambda,
    /// Where they are, for people.
    pub(crate) place: String,
}

impl Ambient {
    /// Reads the environment and the AWS configuration files, as the functions do.
    pub(crate) async fn new() -> Result<Self> {
        let config = shared::config::aws().await;
        let region =
            config.region().context("no AWS region is set: AWS_REGION, or that of a profile")?;
        // Asked for now: a call that lacks them fails without a word about them.
        let credentials =
            config.credentials_provider().context("no AWS credentials are configured")?;
        let credentials =
            credentials.provide_credentials().await.context("no AWS credentials are found")?;
        let lambda = Lambda {
            endpoint: config.endpoint_url().map_or_else(
                || format!("https://lambda.{region}.amazonaws.com"),
                |url| url.trim_end_matches('/').to_owned(),
            ),
            region: region.to_string(),
            credentials,
        };
        let endpoint = config.endpoint_url().map(|url| format!(" at {url}")).unwrap_or_default();
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            s3: shared::config::s3(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            lambda,
            place: format!("{region}{endpoint}"),
        })
    }
}

/// The last behaviour that ignores the proxies of the environment: the emulator is on this machine.
#[expect(
    deprecated,
    reason = "later behaviours would send requests for 127.0.0.1 to the person's proxy"
)]
fn without_proxy() -> BehaviorVersion {
    BehaviorVersion::v2025_01_17()
}

/// The emulator accepts anything.
fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "local platform")
}
