//! Imports: one per version of an object dropped in the inbox, its states, and who may work on it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::DepositKey;
use crate::domain::uai::Uai;
use crate::files::mapping::Mapping;
use crate::files::problem::RowRule;

/// An import's id: opaque, and the same for every delivery of the event of one object version.
///
/// A bare hash is enough here: the version id that S3 gives is random, so nobody can go from the
/// hash back to a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(String);

impl ImportId {
    /// The id of the import of one object version. `key` is decoded, as `PutObject` takes it.
    #[must_use]
    pub fn of(bucket: &str, key: &str, version_id: &str) -> Self {
        Self::hashed([bucket, key, version_id])
    }

    /// The id of the import of the same object version that is ordered after this one: always the
    /// same, so that an order that is repeated is one.
    #[must_use]
    pub fn after(&self) -> Self {
        Self::hashed(["after", self.as_str(), ""])
    }

    fn hashed(parts: [&str; 3]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
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
    pub id: ImportId,
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
    /// Among the accepted, those about an enrolment that wasn't known.
    #[serde(default)]
    pub created: u64,
    /// Enrolments that a complete file cancelled.
    #[serde(default)]
    pub cancelled: u64,
    /// Rows rejected so far.
    #[serde(default)]
    pub rejected: u64,
    /// Rows accepted so far that something is odd about.
    #[serde(default)]
    pub warned: u64,
    /// Rows by the code of the rule that they broke, or were odd by; known once it has ended.
    #[serde(default)]
    pub rules: BTreeMap<String, u64>,
    /// Bytes read so far, of `bytes`.
    #[serde(default)]
    pub bytes_read: u64,
    /// Size of the object.
    #[serde(default)]
    pub bytes: u64,
    /// The reason of a failure, for the establishment.
    #[serde(default)]
    pub reason: Option<String>,
    /// The report's key in the reports bucket.
    #[serde(default)]
    pub report_key: Option<String>,
    /// The object's key, decoded. It may hold anything the depositor chose: it is never logged.
    #[serde(default)]
    pub object_key: String,
    /// The establishment that the key starts with, if it does.
    #[serde(default)]
    pub uai: Option<Uai>,
    /// When it was first taken in hand, or ordered.
    #[serde(default)]
    pub received_at: Option<Timestamp>,
    /// What somebody ordered after another import of the same object version.
    #[serde(default)]
    pub order: Option<Order>,
    /// The object's version.
    #[serde(default)]
    pub version_id: String,
    /// When S3 said that the object came.
    #[serde(default)]
    pub event_time: Option<Timestamp>,
    /// Its place among the drops of its key.
    #[serde(default)]
    pub sequencer: String,
    /// The checkpoint's key in the reports bucket.
    #[serde(default)]
    pub work_key: Option<String>,
    /// The message that its owner works for.
    #[serde(default)]
    pub message: String,
    /// Until when its owner has it, in seconds since 1970.
    #[serde(default)]
    pub lease_until: i64,
}

impl Import {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        match &self.order {
            Some(order) => order.dry_run,
            None => DepositKey::parse(&self.object_key).is_ok_and(|key| key.dry_run),
        }
    }
}

/// What is to be done with an object version that was tried before: what its key says of a trial
/// and of a confirmation no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Nothing is to change: it is tried again.
    pub dry_run: bool,
    /// The enrolments that a complete file may cancel, however large their share is: as many as
    /// somebody was shown.
    #[serde(default)]
    pub cancellations: u64,
    /// What the establishment calls its columns, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Mapping>,
}

/// The body of the message that asks for an import to be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoOn {
    import: String,
}

impl GoOn {
    /// The body of such a message.
    #[must_use]
    pub fn body(import: &ImportId) -> String {
        serde_json::json!(Self { import: import.as_str().to_owned() }).to_string()
    }

    /// The import that such a message names; `None` if it is another message.
    #[must_use]
    pub fn read(body: &str) -> Option<Option<ImportId>> {
        serde_json::from_str(body).ok().map(|Self { import }| ImportId::parse(&import))
    }
}

/// An import as the event about its object describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The object's key, decoded. It may hold anything the depositor chose, so it is stored and
    /// never logged.
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

/// The owner of a lease on an import.
#[derive(Debug, Clone, Copy)]
pub struct LeaseHolder<'a> {
    pub import: &'a ImportId,
    /// The invocation's request id.
    pub owner: &'a str,
}

/// Whether an import was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The import is ours to carry out, from its checkpoint.
    Taken(Box<Import>),
    /// The import had ended: there is nothing to do, and the message may be acknowledged.
    Ended,
    /// Another invocation has it, for another message, which guarantees that the work goes on: this
    /// message may be acknowledged.
    Elsewhere,
    /// Another invocation has it for this very message, or had it and died: the message must come
    /// back once the lease is over.
    Again {
        /// The time that the lease still runs.
        after: Duration,
    },
    /// There is no such import, and the message doesn't say what it would be about.
    Unknown,
}

impl Claim {
    /// The reason for which an import in this state can't be taken for a message.
    #[must_use]
    pub fn refused(import: &Import, message: &str, now: Timestamp) -> Self {
        if import.state.is_final() {
            Self::Ended
        } else if import.message == message {
            let left = u64::try_from(import.lease_until.saturating_sub(now.as_second()))
                .unwrap_or_default();
            // The lease is over when its second has passed.
            Self::Again { after: Duration::from_secs(left.min(LEASE.as_secs()) + 1) }
        } else {
            Self::Elsewhere
        }
    }
}

/// Counts of rows so far.
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
    /// Rows about an enrolment that wasn't known.
    pub created: u64,
    /// Enrolments that a complete file cancelled.
    pub cancelled: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows accepted with a warning.
    pub warned: u64,
    /// Bytes read of the object.
    pub bytes_read: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    pub progress: Progress,
    /// Rows by the rule that they broke, or were odd by.
    pub rules: &'a BTreeMap<RowRule, u64>,
    /// The report's key in the reports bucket.
    pub report_key: &'a str,
    /// The reason of a failure, if it failed.
    pub failure: Option<&'a str>,
}

/// An owner keeps an import for this long without renewing its lease: it renews it every quarter of
/// a minute, so a crash is made good within a minute.
pub const LEASE: Duration = Duration::from_secs(45);

/// Imports of one establishment that are carried out at once, at most. The queue serves whoever
/// came first, and the functions that empty it are as many as the table can take: without a bound,
/// whoever drops a hundred files in September would have the others wait for all of them.
pub const PLACES: usize = 2;

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
}
