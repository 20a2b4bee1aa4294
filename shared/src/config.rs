//! What a function reads once, when it starts: its environment, the AWS configuration, its secrets.

use std::str::FromStr;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use secrecy::SecretString;
use serde::Deserialize;

use crate::identity::digest::{DigestKey, IdentityKeys};
use crate::registry::StoreError;

/// Why a function can't start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Terraform sets every variable that a function reads.
    #[error("environment variable {0} is missing")]
    Missing(&'static str),
    /// It is set, but not to a value of the right type.
    #[error("environment variable {0} has a value of the wrong type")]
    Invalid(&'static str),
    /// The secret can't be fetched.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret is not `{"id":"…","key":"…"}`.
    #[error("secret of {0} is not an object with id and key")]
    Secret(&'static str),
}

/// The value of an environment variable.
pub fn variable<T: FromStr>(name: &'static str) -> Result<T, ConfigError> {
    let text = std::env::var(name).map_err(|_| ConfigError::Missing(name))?;
    text.parse().map_err(|_| ConfigError::Invalid(name))
}

/// Whether an environment variable is set to something.
#[must_use]
pub fn is_set(name: &'static str) -> bool {
    std::env::var(name).is_ok_and(|text| !text.is_empty())
}

/// The AWS configuration of every function: where to reach AWS, how long to wait, how often to try.
///
/// The wait is far below any function's own time limit, so that a stalled connection is tried again
/// rather than ending the invocation. One HTTP client for all services: each would read the
/// system's root certificates by itself.
pub async fn aws() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .build();
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts)
        .http_client(http)
        .load()
        .await
}

/// The S3 client of every function: bucket names in the path, which an endpoint without a name per
/// bucket (the local platform's) needs, and AWS takes as well.
#[must_use]
pub fn s3(aws: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(aws).force_path_style(true).build(),
    )
}

/// A secret that Terraform drew, and its id (infra/modules/hmac-secret).
#[derive(Deserialize)]
pub struct StoredKey {
    /// Its id: which version it is.
    pub id: String,
    pub key: SecretString,
}

/// The digest key whose secret's ARN is in `variable`.
pub async fn digest_key(
    client: &aws_sdk_secretsmanager::Client,
    arn_variable: &'static str,
) -> Result<DigestKey, ConfigError> {
    let StoredKey { id, key } = secret(client, arn_variable).await?;
    Ok(DigestKey::new(id, key))
}

/// The secret whose ARN is in `variable`.
pub async fn secret(
    client: &aws_sdk_secretsmanager::Client,
    arn_variable: &'static str,
) -> Result<StoredKey, ConfigError> {
    let arn: String = variable(arn_variable)?;
    let secret = client
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| StoreError::new("secretsmanager GetSecretValue", &error))?;
    let stored = secret.secret_string().and_then(|text| serde_json::from_str(text).ok());
    stored.ok_or(ConfigError::Secret(arn_variable))
}

/// The two keys of the identity register, which whoever looks students up has to share with whoever
/// publishes them.
pub async fn identity_keys(
    client: &aws_sdk_secretsmanager::Client,
) -> Result<IdentityKeys, ConfigError> {
    let (ine, civil) = tokio::try_join!(
        digest_key(client, "INE_SECRET_ARN"),
        digest_key(client, "IDENTITY_SECRET_ARN")
    )?;
    Ok(IdentityKeys::new(ine, &civil))
}
