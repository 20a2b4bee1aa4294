//! AWS clients that talk to the emulator, and to nothing else.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};

use crate::emulator::REGION;

/// A client for the tables.
pub(crate) fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// A client for the buckets.
pub(crate) fn s3(endpoint: &str) -> aws_sdk_s3::Client {
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
pub(crate) fn secrets_manager(endpoint: &str) -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials())
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config)
}

/// The last behaviour that ignores the proxies of the environment: the emulator is on this machine.
#[expect(deprecated, reason = "later behaviours would send requests for 127.0.0.1 to the person's proxy")]
fn without_proxy() -> BehaviorVersion {
    BehaviorVersion::v2025_01_17()
}

/// The emulator accepts anything.
fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "local platform")
}
