//! Imports: one per version of an object dropped in the inbox.
//!
//! States and who may move them:
//!
//! ```text
//! (none) ── claim ──► received ── progress ──► running ── finish ──► done | failed
//!                        ▲ │                    │ ▲ │
//!                        └─┴────── claim ───────┴─┘ └─ release ─► running, in nobody's hands
//! ```
//!
//! The owner is the request id of the invocation; it keeps the import for a [`LEASE`], renews it while it works, and
//! stops when it finds it taken by another. Anyone may claim an import whose lease is over: the owner died, or let go
//! because its time ran out. `done` and `failed` are final: a replayed event changes nothing.
//!
//! The item also names the message that the owner works for. That message stays in the queue until the import has
//! ended or been handed over, so it guarantees that the work goes on; another message about the same import adds
//! nothing and may be acknowledged. The owner's own, delivered again, may not ([`Claim`]).
//!
//! The table has two more kinds of items: `COMPLETE#<UAI>#<year>`, how far complete files go
//! ([`Horizons`](crate::feeding::record::Horizons)), and
//! `DEPOT#<id>`, a deposit of `/api/depots`, which is told the import that its object became.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::keys::{Item, number, text};
use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;
use crate::feeding::key::DepositKey;
use crate::identity::student::RecordVersion;

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

    /// The id as it was written elsewhere. Only its form is checked.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        well_formed.then(|| Self(text.to_owned()))
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

    /// The name it is stored under.
    #[must_use]
    pub fn name(self) -> &'static str {
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
    /// Among them, those that were less recent than what is stored.
    #[serde(default)]
    pub superseded: u64,
    /// Among the accepted, those that say what was stored already.
    #[serde(default)]
    pub unchanged: u64,
    /// Rows rejected so far.
    #[serde(default)]
    pub rejected: u64,
    /// Rows accepted so far that something is odd about.
    #[serde(default)]
    pub warned: u64,
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
    /// The object's key, decoded. It may hold anything the depositor chose: it is never logged.
    #[serde(default)]
    pub object_key: String,
    /// The object's version.
    #[serde(default)]
    pub version_id: String,
    /// When S3 said that the object came.
    #[serde(default)]
    pub event_time: Option<Timestamp>,
    /// Its place among the drops of its key.
    #[serde(default)]
    pub sequencer: String,
    /// Where the work to go on with is, in the reports bucket.
    #[serde(default)]
    pub work_key: Option<String>,
    /// The message that its owner works for.
    #[serde(default)]
    pub message: String,
    /// Until when its owner has it, in seconds since 1970.
    #[serde(default)]
    pub lease_until: i64,
}

/// What is known of an import from the event about its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The object's key, decoded. It may hold anything the depositor chose, so it is stored and never logged.
    pub object_key: String,
    /// The object's version.
    pub version_id: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When S3 says that it came.
    pub event_time: Option<Timestamp>,
    /// Its place among the drops of its key.
    pub sequencer: String,
}

/// Who works on an import.
#[derive(Debug, Clone, Copy)]
pub struct Hands<'a> {
    /// The import.
    pub import: &'a ImportId,
    /// The invocation's request id.
    pub owner: &'a str,
}

/// Whether an import was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to carry out, from where it stands.
    Taken(Box<Import>),
    /// It has ended before: there is nothing to do, and the message may be acknowledged.
    Ended,
    /// Another invocation has it, for another message, which guarantees that the work goes on: this message may be
    /// acknowledged.
    Elsewhere,
    /// Another invocation has it for this very message, or had it and died: the message must come back once the
    /// lease is over.
    Again {
        /// How long the lease still runs.
        after: Duration,
    },
    /// There is no such import, and the message doesn't say what it would be about.
    Unknown,
}

impl Claim {
    /// Why an import that stands so can't be taken for a message.
    #[must_use]
    pub fn refused(import: &Import, message: &str, now: Timestamp) -> Self {
        if import.state.is_final() {
            Self::Ended
        } else if import.message == message {
            let left = u64::try_from(import.lease_until.saturating_sub(now.as_second())).unwrap_or_default();
            // The lease is over when its second has passed.
            Self::Again { after: Duration::from_secs(left.min(LEASE.as_secs()) + 1) }
        } else {
            Self::Elsewhere
        }
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows read.
    pub read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows superseded.
    pub superseded: u64,
    /// Rows that say nothing new.
    pub unchanged: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows accepted with a warning.
    pub warned: u64,
    /// Bytes read of the object.
    pub bytes_read: u64,
}

/// How an import ended.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// How far it came.
    pub progress: Progress,
    /// Where its report is.
    pub report_key: &'a str,
    /// Why it failed, if it did.
    pub failure: Option<&'a str>,
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

/// How long an owner keeps an import without renewing it: a sign of life every quarter of a minute, and a crash that is
/// made good within a minute.
pub const LEASE: Duration = Duration::from_secs(45);

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
        self.item(id.as_str()).await
    }

    /// Takes an import, unless it has ended or is in another's hands. `arrival` is what the event said, if the message
    /// is one; that of the first delivery is kept.
    pub async fn claim(
        &self,
        hands: Hands<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let update = self.claiming(hands, message, arrival, now);
        let read = |item: Option<Item>| -> Result<Option<Import>, StoreError> {
            let item = item.filter(|item| !item.is_empty());
            item.map(serde_dynamo::from_item).transpose().map_err(|_| StoreError::shape(OPERATION))
        };
        let error = match update.send().await {
            Ok(output) => {
                let import = read(output.attributes)?.ok_or_else(|| StoreError::shape(OPERATION))?;
                return Ok(Claim::Taken(Box::new(import)));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                Ok(read(failure.item.clone())?.map_or(Claim::Unknown, |import| Claim::refused(&import, message, now)))
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// Keeps an import for another [`LEASE`].
    pub async fn renew(&self, hands: Hands<'_>, now: Timestamp) -> Result<(), ProgressError> {
        let update = self.update(hands).update_expression("SET lease_until = :lease");
        self.owned(update.expression_attribute_values(":lease", lease(now))).await
    }

    /// Tells how far an import has come, and names the work to go on with from there, if it was put anew.
    pub async fn progress(
        &self,
        hands: Hands<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        self.owned(self.progressing(hands, progress, work_key, now)).await
    }

    /// Lets an import go, for whoever comes next. What this owner still does to it fails.
    pub async fn release(&self, hands: Hands<'_>) -> Result<(), ProgressError> {
        let update = self
            .update(hands)
            .update_expression("SET lease_until = :over, #owner = :nobody")
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":nobody", text(""));
        self.owned(update).await
    }

    /// Ends an import. Its report is in place already, so whoever sees the end can read it.
    pub async fn finish(&self, hands: Hands<'_>, end: End<'_>, now: Timestamp) -> Result<(), ProgressError> {
        self.owned(self.finishing(hands, end, now)).await
    }

    /// Tells a deposit which import its object became. One that isn't known, or no longer, is left alone.
    pub async fn link_deposit(&self, deposit: &str, import: &ImportId) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(format!("DEPOT#{deposit}")))
            .update_expression("SET #import = :import")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#import", "import")
            .expression_attribute_values(":import", text(import.as_str()));
        held(update).await.map(|_| ())
    }

    /// How far complete files go for an establishment and year.
    pub async fn horizon(&self, uai: Uai, year: AcademicYear) -> Result<Option<RecordVersion>, StoreError> {
        #[derive(Deserialize)]
        struct Horizon {
            version: RecordVersion,
        }
        Ok(self.item(&horizon_id(uai, year)).await?.map(|Horizon { version }| version))
    }

    /// Says that a complete file goes so far, unless a later one did. Repeated, it changes nothing.
    pub async fn raise_horizon(&self, uai: Uai, year: AcademicYear, horizon: &RecordVersion) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(horizon_id(uai, year)))
            .update_expression("SET version = :version")
            .condition_expression("attribute_not_exists(id) OR version < :version")
            .expression_attribute_values(":version", text(horizon.as_str()));
        held(update).await.map(|_| ())
    }

    fn claiming(
        &self,
        hands: Hands<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let free = "(#state IN (:received, :running) AND (#owner = :owner OR lease_until < :seconds))";
        let taken = "SET #state = :received, #owner = :owner, #message = :message, lease_until = :lease";
        let update = self
            .update(hands)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#message", "message")
            .expression_attribute_values(":message", text(message))
            .expression_attribute_values(":lease", lease(now))
            .expression_attribute_values(":received", text(ImportState::Received.name()))
            .expression_attribute_values(":running", text(ImportState::Running.name()))
            .expression_attribute_values(":seconds", number(now.as_second()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match arrival {
            Some(arrival) => update
                .update_expression(format!(
                    "{taken}, object_key = :key, version_id = :version, #bytes = :bytes, uai = :uai, \
                     event_time = if_not_exists(event_time, :event_time), \
                     sequencer = if_not_exists(sequencer, :sequencer), received_at = if_not_exists(received_at, :now)"
                ))
                .condition_expression(format!("attribute_not_exists(id) OR {free}"))
                .expression_attribute_names("#bytes", "bytes")
                .expression_attribute_values(":key", text(&arrival.object_key))
                .expression_attribute_values(":version", text(&arrival.version_id))
                .expression_attribute_values(":bytes", number(arrival.bytes))
                .expression_attribute_values(":uai", optional(DepositKey::depositor(&arrival.object_key)))
                .expression_attribute_values(":event_time", optional(arrival.event_time))
                .expression_attribute_values(":sequencer", text(&arrival.sequencer))
                .expression_attribute_values(":now", text(now.to_string())),
            None => update.update_expression(taken).condition_expression(format!("attribute_exists(id) AND {free}")),
        }
    }

    fn progressing(
        &self,
        hands: Hands<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let set = format!("SET #state = :state, lease_until = :lease, bytes_read = :bytes_read, {COUNTS}");
        let update = self
            .update(hands)
            .expression_attribute_values(":state", text(ImportState::Running.name()))
            .expression_attribute_values(":lease", lease(now))
            .expression_attribute_values(":bytes_read", number(progress.bytes_read))
            .counts(progress);
        match work_key {
            Some(work) => update
                .update_expression(format!("{set}, work_key = :work"))
                .expression_attribute_values(":work", text(work)),
            None => update.update_expression(set),
        }
    }

    fn finishing(&self, hands: Hands<'_>, end: End<'_>, now: Timestamp) -> UpdateItemFluentBuilder {
        let state = if end.failure.is_some() { ImportState::Failed } else { ImportState::Done };
        self.update(hands)
            .update_expression(format!(
                "SET #state = :state, lease_until = :over, bytes_read = #bytes, report_key = :report, \
                 reason = :reason, finished_at = :now, {COUNTS} REMOVE work_key"
            ))
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_values(":state", text(state.name()))
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":report", text(end.report_key))
            .expression_attribute_values(":reason", optional(end.failure))
            .expression_attribute_values(":now", text(now.to_string()))
            .counts(end.progress)
    }

    fn update(&self, hands: Hands<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(hands.import.as_str()))
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(hands.owner))
    }

    async fn owned(&self, update: UpdateItemFluentBuilder) -> Result<(), ProgressError> {
        let update = update.condition_expression(OWNED);
        if held(update).await? { Ok(()) } else { Err(ProgressError::TakenOver) }
    }

    async fn item<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, StoreError> {
        const OPERATION: &str = "imports GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", text(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        output.item.map(serde_dynamo::from_item).transpose().map_err(|_| StoreError::shape(OPERATION))
    }
}

/// Updates an item, and says whether its condition held.
async fn held(update: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    match update.send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(StoreError::new("imports UpdateItem", &error)),
    }
}

/// Only its owner changes an import.
const OWNED: &str = "#owner = :owner";
/// How far an import has come.
const COUNTS: &str = "rows_read = :read, accepted = :accepted, superseded = :superseded, unchanged = :unchanged, \
                      rejected = :rejected, warned = :warned";

fn horizon_id(uai: Uai, year: AcademicYear) -> String {
    format!("COMPLETE#{uai}#{:04}", year.first_year())
}

/// The end of a lease that begins now, in seconds, as DynamoDB's own times are.
fn lease(now: Timestamp) -> AttributeValue {
    number(now.as_second().saturating_add_unsigned(LEASE.as_secs()))
}

fn optional(value: Option<impl std::fmt::Display>) -> AttributeValue {
    value.map_or(AttributeValue::Null(true), |value| text(value.to_string()))
}

trait WithCounts {
    /// The values of [`COUNTS`], and the name of the state, which goes with them.
    fn counts(self, progress: Progress) -> Self;
}

impl WithCounts for UpdateItemFluentBuilder {
    fn counts(self, progress: Progress) -> Self {
        self.expression_attribute_names("#state", "state")
            .expression_attribute_values(":read", number(progress.read))
            .expression_attribute_values(":accepted", number(progress.accepted))
            .expression_attribute_values(":superseded", number(progress.superseded))
            .expression_attribute_values(":unchanged", number(progress.unchanged))
            .expression_attribute_values(":rejected", number(progress.rejected))
            .expression_attribute_values(":warned", number(progress.warned))
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

    #[test]
    fn only_the_owners_own_message_must_come_back() {
        let now = Timestamp::from_second(1_000).unwrap();
        let import = |state: &str, lease_until: i64| -> Import {
            let id = ImportId::of("inbox", "0751967F/rentree.csv", "v1");
            let item = serde_json::json!({"id": id, "state": state, "message": "m1", "lease_until": lease_until});
            serde_json::from_value(item).unwrap()
        };
        assert_eq!(Claim::refused(&import("done", 0), "m1", now), Claim::Ended);
        assert_eq!(Claim::refused(&import("failed", 0), "m2", now), Claim::Ended);
        assert_eq!(Claim::refused(&import("running", 1_010), "m2", now), Claim::Elsewhere);
        let again = |seconds| Claim::Again { after: Duration::from_secs(seconds) };
        assert_eq!(Claim::refused(&import("running", 1_010), "m1", now), again(11));
        assert_eq!(Claim::refused(&import("received", 1_000), "m1", now), again(1));
    }

    /// DynamoDB refuses a name or a value that no expression uses, and one that is used and not given.
    fn assert_well_formed(update: &UpdateItemFluentBuilder) {
        let input = update.as_input();
        let condition = input.get_condition_expression().as_deref().unwrap_or_default();
        let expression = format!("{} {condition}", input.get_update_expression().as_deref().unwrap());
        let used: std::collections::BTreeSet<_> = expression
            .split(|letter: char| !letter.is_ascii_alphanumeric() && !":#_".contains(letter))
            .filter(|word| word.starts_with([':', '#']))
            .collect();
        let names = input.get_expression_attribute_names().iter().flatten().map(|(name, _)| name.as_str());
        let values = input.get_expression_attribute_values().iter().flatten().map(|(value, _)| value.as_str());
        assert_eq!(names.chain(values).collect::<std::collections::BTreeSet<_>>(), used, "{expression}");
    }

    #[test]
    fn every_update_is_well_formed() {
        let client = Client::from_conf(
            aws_sdk_dynamodb::Config::builder().behavior_version(aws_config::BehaviorVersion::v2026_01_12()).build(),
        );
        let store = ImportStore::new(client, "imports".into());
        let id = ImportId::of("inbox", "0751967F/rentree.csv", "v1");
        let (hands, now) = (Hands { import: &id, owner: "owner" }, Timestamp::UNIX_EPOCH);
        let arrival = Arrival {
            object_key: "0751967F/rentree.csv".into(),
            version_id: "v1".into(),
            bytes: 1,
            event_time: None,
            sequencer: String::new(),
        };
        assert_well_formed(&store.claiming(hands, "m1", Some(&arrival), now));
        assert_well_formed(&store.claiming(hands, "m1", None, now));
        let owned = |update: UpdateItemFluentBuilder| assert_well_formed(&update.condition_expression(OWNED));
        owned(store.progressing(hands, Progress::default(), None, now));
        owned(store.progressing(hands, Progress::default(), Some("work"), now));
        let end = End { progress: Progress::default(), report_key: "report", failure: None };
        owned(store.finishing(hands, end, now));
    }
}
