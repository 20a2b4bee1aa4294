//! Imports: one per version of an object dropped in the inbox.
//!
//! States and who may move them:
//!
//! ```text
//! (none) ── claim ──► received ── start ──► running ── finish ──► done | failed
//!                        ▲ │                 │ ▲
//!                        └─┴──── claim ──────┴─┘   by the same owner at once (a retry under its request id),
//!                                                  by another once the lease is over (a lost owner)
//! ```
//!
//! The owner is the request id of the invocation. Progress renews the lease; whoever finds it taken by another
//! stops. `done` and `failed` are final: a replayed event changes nothing. An import in another's hands is never
//! acknowledged by who finds it so: its owner may be dead, and nobody else be coming.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::keys::{number, text};
use crate::domain::uai::Uai;
use crate::files::report::Counts;

/// An import's id: opaque, and the same for every delivery of the event of one object version.
///
/// A bare hash is enough here: the version id that S3 gives is random, so nobody can go from the hash back to a
/// file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(String);

impl ImportId {
    /// The id of the import of one object version. `key` is decoded, as `PutObject` takes it.
    #[must_use]
    pub fn of(bucket: &str, key: &str, version_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [bucket, key, version_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex::encode(&hash.finalize()[..16]))
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// An invocation has taken it.
    Received,
    /// Rows are being read.
    Running,
    /// Every row was accepted or rejected.
    Done,
    /// The file could not be read as a whole.
    Failed,
}

impl ImportState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// An import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// How far it has come.
    pub state: ImportState,
    /// Rows read so far, blank ones and the header left out.
    #[serde(default)]
    pub rows_read: u64,
    /// Rows accepted so far.
    #[serde(default)]
    pub accepted: u64,
    /// Rows rejected so far.
    #[serde(default)]
    pub rejected: u64,
    /// Bytes read so far, of `bytes`.
    #[serde(default)]
    pub bytes_read: u64,
    /// Size of the object.
    #[serde(default)]
    pub bytes: u64,
    /// Why it failed, for the establishment.
    #[serde(default)]
    pub reason: Option<String>,
    /// Where its report is, in the reports bucket.
    #[serde(default)]
    pub report_key: Option<String>,
}

/// What is known of an import when it is taken.
#[derive(Debug, Clone)]
pub struct Arrival<'a> {
    /// The object's key, decoded. It may hold anything the depositor chose, so it is stored and never logged.
    pub object_key: &'a str,
    /// The object's version.
    pub version_id: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// The establishment, if the key names one.
    pub uai: Option<Uai>,
}

/// Whether an import was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to carry out.
    Taken,
    /// It has ended before: there is nothing to do.
    Ended,
    /// Another invocation is at it, or died less than [`LEASE`] ago.
    Busy,
}

/// Another invocation took the import over, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// The lease ran out and another invocation carries on.
    #[error("the import was taken over by another invocation")]
    TakenOver,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long an owner that shows no progress keeps an import. It shows some every second, so half a minute is a
/// long silence; and one that was only slow finds itself taken over and stops, which harms nothing.
pub const LEASE: Duration = Duration::from_secs(30);

/// The table `imports`.
#[derive(Debug, Clone)]
pub struct ImportStore {
    client: Client,
    table: String,
}

impl ImportStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// One import.
    pub async fn get(&self, id: &ImportId) -> Result<Option<Import>, StoreError> {
        const OPERATION: &str = "imports GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", text(id.as_str()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let shape = |_| StoreError::shape(OPERATION);
        output.item.map(serde_dynamo::from_item).transpose().map_err(shape)
    }

    /// Takes an import, unless it has ended or is in another's hands.
    pub async fn claim(
        &self,
        id: &ImportId,
        owner: &str,
        arrival: &Arrival<'_>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let result = self
            .update(id, owner, now)
            .update_expression(
                "SET #state = :received, #owner = :owner, lease_until = :lease, object_key = :key, \
                 version_id = :version, #bytes = :bytes, uai = :uai, \
                 received_at = if_not_exists(received_at, :now)",
            )
            .condition_expression(
                "attribute_not_exists(id) OR (#state IN (:received, :running) AND (#owner = :owner OR lease_until < :seconds))",
            )
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_values(":received", text(ImportState::Received.name()))
            .expression_attribute_values(":running", text(ImportState::Running.name()))
            .expression_attribute_values(":seconds", number(now.as_second()))
            .expression_attribute_values(":key", text(arrival.object_key))
            .expression_attribute_values(":version", text(arrival.version_id))
            .expression_attribute_values(":bytes", number(arrival.bytes))
            .expression_attribute_values(":uai", arrival.uai.map_or(AttributeValue::Null(true), |uai| text(uai.as_str())))
            .expression_attribute_values(":now", text(now.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = result else { return Ok(Claim::Taken) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                let import: Import = failure
                    .item
                    .clone()
                    .and_then(|item| serde_dynamo::from_item(item).ok())
                    .ok_or_else(|| StoreError::shape(OPERATION))?;
                Ok(if import.state.is_final() { Claim::Ended } else { Claim::Busy })
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// Tells how far an import has come, and keeps it for another [`LEASE`].
    pub async fn progress(
        &self,
        id: &ImportId,
        owner: &str,
        counts: Counts,
        bytes_read: u64,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        let update = self
            .update(id, owner, now)
            .update_expression(
                "SET #state = :state, lease_until = :lease, rows_read = :read, accepted = :accepted, \
                 rejected = :rejected, superseded = :superseded, bytes_read = :bytes_read",
            )
            .expression_attribute_values(":state", text(ImportState::Running.name()))
            .expression_attribute_values(":bytes_read", number(bytes_read))
            .set_expression_attribute_values_of(counts);
        self.owned(update).await
    }

    /// Ends an import. Its report is in place already, so whoever sees the end can read it.
    pub async fn finish(
        &self,
        id: &ImportId,
        owner: &str,
        counts: Counts,
        report_key: &str,
        failure: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        let state = if failure.is_some() { ImportState::Failed } else { ImportState::Done };
        let update = self
            .update(id, owner, now)
            .update_expression(
                "SET #state = :state, lease_until = :lease, rows_read = :read, accepted = :accepted, \
                 rejected = :rejected, superseded = :superseded, bytes_read = #bytes, report_key = :report, \
                 reason = :reason, finished_at = :now",
            )
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_values(":state", text(state.name()))
            .expression_attribute_values(":report", text(report_key))
            .expression_attribute_values(":reason", failure.map_or(AttributeValue::Null(true), text))
            .expression_attribute_values(":now", text(now.to_string()))
            .set_expression_attribute_values_of(counts);
        self.owned(update).await
    }

    fn update(&self, id: &ImportId, owner: &str, now: Timestamp) -> UpdateItemFluentBuilder {
        // The lease is in seconds, as DynamoDB's own times are.
        let lease = now.as_second().saturating_add_unsigned(LEASE.as_secs());
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(id.as_str()))
            .set_expression_attribute_names(Some(HashMap::from([
                ("#state".to_owned(), "state".to_owned()),
                ("#owner".to_owned(), "owner".to_owned()),
            ])))
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":lease", number(lease))
    }

    async fn owned(&self, update: UpdateItemFluentBuilder) -> Result<(), ProgressError> {
        match update.condition_expression("#owner = :owner").send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Err(ProgressError::TakenOver),
                _ => Err(StoreError::new("imports UpdateItem", &error).into()),
            },
        }
    }
}

trait WithCounts {
    fn set_expression_attribute_values_of(self, counts: Counts) -> Self;
}

impl WithCounts for UpdateItemFluentBuilder {
    fn set_expression_attribute_values_of(self, counts: Counts) -> Self {
        self.expression_attribute_values(":read", number(counts.read))
            .expression_attribute_values(":accepted", number(counts.accepted))
            .expression_attribute_values(":rejected", number(counts.rejected))
            .expression_attribute_values(":superseded", number(counts.superseded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_one_object_version() {
        let id = ImportId::of("inbox", "0751967F/rentree.csv", "v1");
        assert_eq!(id, ImportId::of("inbox", "0751967F/rentree.csv", "v1"));
        assert_ne!(id, ImportId::of("inbox", "0751967F/rentree.csv", "v2"));
        assert_ne!(ImportId::of("a", "bc", "d"), ImportId::of("ab", "c", "d"));
        assert_eq!(id.as_str().len(), 32);
    }
}
