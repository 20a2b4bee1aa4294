//! The inbox and the reports, and who signs for them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use jiff::{SignedDuration, Timestamp};

use super::form::{self, Policy};
use crate::config::{self, ConfigError, variable};
use crate::contract::deposit::{DepositForm, ReportLinks};
use crate::registry::StoreError;
use crate::registry::imports::Import;

/// How long a link to a report lasts.
const LINK_LIFETIME: Duration = Duration::from_mins(5);

/// What of the two buckets depends on the deployment.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    pub inbox: String,
    pub reports: String,
    /// Bytes of a file at most.
    pub max_bytes: u64,
    /// How long a form may be posted.
    pub lifetime: Duration,
}

impl BucketSettings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            inbox: variable("INBOX_BUCKET")?,
            reports: variable("REPORTS_BUCKET")?,
            max_bytes: variable("DEPOSIT_MAX_BYTES")?,
            lifetime: Duration::from_secs(variable("DEPOSIT_LIFETIME_SECONDS")?),
        })
    }
}

/// The two buckets.
#[derive(Debug)]
pub struct Buckets {
    s3: aws_sdk_s3::Client,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    /// Where the inbox takes forms.
    inbox_url: String,
    settings: BucketSettings,
}

impl Buckets {
    #[must_use]
    pub fn new(aws: &SdkConfig, settings: BucketSettings) -> Self {
        let region = aws.region().map(ToString::to_string).unwrap_or_default();
        let inbox = &settings.inbox;
        let inbox_url = match aws.endpoint_url() {
            Some(endpoint) => format!("{}/{inbox}", endpoint.trim_end_matches('/')),
            None => format!("https://{inbox}.s3.{region}.amazonaws.com/"),
        };
        Self {
            s3: config::s3(aws),
            credentials: aws.credentials_provider(),
            region,
            inbox_url,
            settings,
        }
    }

    /// Where the inbox takes forms.
    #[must_use]
    pub fn inbox_url(&self) -> &str {
        &self.inbox_url
    }

    /// A form that puts one object under one key; a browser is then sent to `then`.
    pub async fn form(
        &self,
        id: &str,
        key: &str,
        then: Option<&str>,
        now: Timestamp,
    ) -> Result<DepositForm, StoreError> {
        let provider = self.credentials.as_ref().ok_or_else(unsigned)?;
        let credentials = provider.provide_credentials().await.map_err(|_| unsigned())?;
        let lifetime = SignedDuration::try_from(self.settings.lifetime).map_err(|_| unsigned())?;
        let expires = now.saturating_add(lifetime).map_err(|_| unsigned())?;
        let policy = Policy {
            bucket: &self.settings.inbox,
            key,
            largest: self.settings.max_bytes,
            expires,
            then,
        };
        Ok(DepositForm {
            id: id.to_owned(),
            url: self.inbox_url.clone(),
            champs: form::sign(&policy, &credentials, &self.region, now),
            expire: format!("{expires:.0}"),
            largest: self.settings.max_bytes,
        })
    }

    /// A link to a report, that a browser saves under a name of its own.
    pub async fn link(&self, key: &str, name: &str) -> Result<String, StoreError> {
        let lifetime = PresigningConfig::expires_in(LINK_LIFETIME).map_err(|_| unsigned())?;
        let request = self
            .s3
            .get_object()
            .bucket(&self.settings.reports)
            .key(key)
            .response_content_disposition(format!("attachment; filename=\"{name}\""))
            .presigned(lifetime)
            .await
            .map_err(|_| unsigned())?;
        Ok(request.uri().to_owned())
    }

    /// The links to a report in its two forms; `json` is the key of the one.
    pub async fn links(&self, json: &str) -> Result<ReportLinks, StoreError> {
        Ok(ReportLinks {
            json: self.link(json, "rapport.json").await?,
            csv: self.link(&table_key(json), "rapport.csv").await?,
        })
    }

    /// The first bytes of the object version that an import is of; `None` once the inbox has
    /// forgotten it.
    pub async fn head(&self, import: &Import, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        const OPERATION: &str = "s3 GetObject";
        let get = self
            .s3
            .get_object()
            .bucket(&self.settings.inbox)
            .key(&import.object_key)
            .version_id(&import.version_id)
            .range(format!("bytes=0-{}", most.saturating_sub(1)));
        let output = match get.send().await {
            Ok(output) => output,
            Err(error) => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                return match code {
                    Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => Ok(None),
                    _ => Err(StoreError::new(OPERATION, &error)),
                };
            }
        };
        let body = output.body.collect().await.map_err(|_| StoreError::timeout(OPERATION))?;
        let mut bytes = body.to_vec();
        // The local platform's emulator answers a range of a version with the whole object.
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(Some(bytes))
    }

    /// A report as it was put.
    pub async fn report(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        const OPERATION: &str = "s3 GetObject";
        let get = self.s3.get_object().bucket(&self.settings.reports).key(key).send().await;
        let body = get.map_err(|error| StoreError::new(OPERATION, &error))?.body;
        Ok(body.collect().await.map_err(|_| StoreError::timeout(OPERATION))?.to_vec())
    }
}

/// The key of the table beside a report.
#[must_use]
pub fn table_key(json: &str) -> String {
    format!("{}.csv", json.strip_suffix(".json").unwrap_or(json))
}

/// There are no credentials to sign with, or no such lifetime.
fn unsigned() -> StoreError {
    StoreError::refused("s3 signing", "unsigned")
}
