//! Imports a file again.
//!
//! A finished import is final, so that no event delivered twice does its work twice; a new version
//! of the object is a new import. The object is therefore copied onto itself, as it was in the
//! version of the import that is replayed, with the date of its statements: what was said since is
//! still more recent, and stays.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::MetadataDirective;
use jiff::Timestamp;
use shared::registry::imports::ImportId;

use crate::deployment::Deployment;
use crate::http::encoded;
use crate::ui::Step;

/// The metadata that say when the establishment's software wrote what is in the file.
const EXTRACTED: &str = "date-extraction";
/// The metadata that say which import is replayed. S3 also wants something to change when an object
/// becomes itself.
const REPLAYED: &str = "rejeu-de";
/// What S3 takes to copy the largest file of the inbox, which is much more than other calls take.
const COPYING: Duration = Duration::from_mins(10);

/// What an import was about.
struct Original {
    key: String,
    version: String,
    came: Option<Timestamp>,
}

/// Makes a new version of the file of an import, and gives the import that it starts.
pub(crate) async fn run(deployment: &Deployment, import: &str) -> Result<ImportId> {
    let step = Step::start("replaying the import");
    let original = find(deployment, import).await?;
    let inbox = deployment.bucket("inbox").await?;
    let Original { key, version, came } = &original;
    let head = deployment.s3.head_object().bucket(&inbox).key(key).version_id(version).send().await;
    let head = head.context("the file is no longer in the inbox: ask for it again")?;
    let metadata = metadata(&head, *came, import)?;
    let path: Vec<String> = key.split('/').map(encoded).collect();
    let patient = TimeoutConfig::builder().operation_attempt_timeout(COPYING).build();
    let copy = deployment
        .s3
        .copy_object()
        .bucket(&inbox)
        .key(key)
        .copy_source(format!("{inbox}/{}?versionId={}", path.join("/"), encoded(version)))
        .metadata_directive(MetadataDirective::Replace)
        .set_metadata(Some(metadata))
        .set_content_type(head.content_type)
        .set_content_encoding(head.content_encoding)
        .customize()
        .config_override(aws_sdk_s3::config::Builder::new().timeout_config(patient));
    let copied = copy.send().await.context("the file can't be copied onto itself")?;
    let version = copied.version_id.context("the inbox gave no version: is versioning on?")?;
    let id = ImportId::of(&inbox, key, &version);
    step.done(&format!("import {}", id.as_str()));
    Ok(id)
}

async fn find(deployment: &Deployment, import: &str) -> Result<Original> {
    let table = deployment.table("imports");
    let read = deployment
        .dynamodb
        .get_item()
        .table_name(&table)
        .key("id", AttributeValue::S(import.to_owned()));
    let read = read
        .consistent_read(true)
        .send()
        .await
        .with_context(|| format!("the table {table} can't be read"))?;
    let Some(item) = read.item else { bail!("no import is called {import}") };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let (key, version) = (text("object_key"), text("version_id"));
    Ok(Original {
        key: key.with_context(|| format!("{import} is not an import"))?,
        version: version.with_context(|| format!("{import} is not an import"))?,
        came: text("event_time").and_then(|time| time.parse().ok()),
    })
}

/// The same metadata, with the date of the statements where it was only known by when the file
/// came.
fn metadata(
    head: &HeadObjectOutput,
    came: Option<Timestamp>,
    import: &str,
) -> Result<HashMap<String, String>> {
    let mut metadata = head.metadata.clone().unwrap_or_default();
    if !metadata.contains_key(EXTRACTED) {
        let last_modified =
            head.last_modified().and_then(|time| Timestamp::from_second(time.secs()).ok());
        let date = came.or(last_modified).context("the inbox doesn't say when the file came")?;
        metadata.insert(EXTRACTED.to_owned(), date.to_string());
    }
    metadata.insert(REPLAYED.to_owned(), import.to_owned());
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::DateTime;

    use super::*;

    #[test]
    fn the_file_keeps_the_date_of_its_statements() {
        let head = || HeadObjectOutput::builder().last_modified(DateTime::from_secs(1_788_000_000));
        let came = Timestamp::from_millisecond(1_788_000_000_421).unwrap();
        let date =
            |head: HeadObjectOutput, came| metadata(&head, came, "i").unwrap()[EXTRACTED].clone();
        assert_eq!(
            date(head().metadata(EXTRACTED, "2026-09-01").build(), Some(came)),
            "2026-09-01"
        );
        assert_eq!(date(head().build(), Some(came)), "2026-08-29T10:40:00.421Z");
        assert_eq!(date(head().build(), None), "2026-08-29T10:40:00Z");
        assert!(metadata(&HeadObjectOutput::builder().build(), None, "i").is_err());
    }
}
