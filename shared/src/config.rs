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
    read_secret(client, arn_variable, Stage::Current).await
}

/// Which value of a secret: Secrets Manager keeps the one before by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Current,
    Previous,
}

async fn read_secret(
    client: &aws_sdk_secretsmanager::Client,
    arn_variable: &'static str,
    stage: Stage,
) -> Result<StoredKey, ConfigError> {
    let arn: String = variable(arn_variable)?;
    let stage = match stage {
        Stage::Current => "AWSCURRENT",
        Stage::Previous => "AWSPREVIOUS",
    };
    let secret = client
        .get_secret_value()
        .secret_id(arn)
        .version_stage(stage)
        .send()
        .await
        .map_err(|error| StoreError::new("secretsmanager GetSecretValue", &error))?;
    let stored = secret.secret_string().and_then(|text| serde_json::from_str(text).ok());
    stored.ok_or(ConfigError::Secret(arn_variable))
}

/// Which secrets the register is being re-keyed from: `ine`, `identity`, both, or none (empty).
const REKEYING: &str = "REKEYING";

/// The two keys of the identity register, which whoever looks students up has to share with whoever
/// publishes them; with those before, while the register is re-keyed.
pub async fn identity_keys(
    client: &aws_sdk_secretsmanager::Client,
) -> Result<IdentityKeys, ConfigError> {
    let changing = std::env::var(REKEYING).unwrap_or_default();
    let changing: Vec<&str> = changing.split(',').filter(|name| !name.is_empty()).collect();
    if changing.iter().any(|name| !["ine", "identity"].contains(name)) {
        return Err(ConfigError::Invalid(REKEYING));
    }
    let ine = versions(client, "INE_SECRET_ARN", changing.contains(&"ine"));
    let civil = versions(client, "IDENTITY_SECRET_ARN", changing.contains(&"identity"));
    let ((ine, ine_before), (civil, civil_before)) = tokio::try_join!(ine, civil)?;
    let keys = IdentityKeys::new(ine.clone(), &civil);
    if changing.is_empty() {
        return Ok(keys);
    }
    let before = IdentityKeys::new(ine_before.unwrap_or(ine), &civil_before.unwrap_or(civil));
    Ok(keys.after(before))
}

/// A key, and the one before if it is asked for.
async fn versions(
    client: &aws_sdk_secretsmanager::Client,
    arn_variable: &'static str,
    with_previous: bool,
) -> Result<(DigestKey, Option<DigestKey>), ConfigError> {
    let current = digest_key(client, arn_variable).await?;
    if !with_previous {
        return Ok((current, None));
    }
    let StoredKey { id, key } = read_secret(client, arn_variable, Stage::Previous).await?;
    Ok((current, Some(DigestKey::new(id, key))))
}
