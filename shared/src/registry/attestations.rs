//! Which attestations students made, and which were revoked: an index in a status list each, and
//! never what an attestation says.
//!
//! | `id` | holds |
//! |---|---|
//! | `A#<index>` | that an index is in use, until when |
//! | `O#<owner>` | the attestations that a student has made and not revoked, under a version |
//! | `R#<day>` | the indexes that were revoked, of the attestations that end on this day (UTC) |
//!
//! An index is drawn at random, so that a list tells nobody how many were made nor when, and is free
//! again a day after its attestation has ended: by then its day of `R#` isn't read any more, so that
//! nobody is revoked by what another did. What is revoked is added to a set: written again, it is the
//! same.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{Item, number, text};
use super::transaction::{EncodeError, put_over, was_overtaken};
use super::{StoreError, backoff, read};

/// Attestations of one student at most, at a time.
pub const MOST_LIVE: usize = 10;
/// Days that an attestation lasts at most: so many sets are read for a status list, and a read of
/// DynamoDB takes a hundred.
pub const MOST_DAYS: u16 = 90;
/// How long an index rests after its attestation has ended: until its day is over.
const REST: SignedDuration = SignedDuration::from_hours(24);

/// An attestation, as its student's list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub index: u32,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// Whether an attestation was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Yes(Listed),
    /// The student has [`MOST_LIVE`].
    TooMany,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    attestations: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Revoked {
    indexes: BTreeSet<u32>,
}

/// The table `attestations`.
#[derive(Debug, Clone)]
pub struct AttestationStore {
    client: Client,
    table: String,
}

const TRANSACTION: &str = "attestations TransactWriteItems";

impl AttestationStore {
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The live attestations of a student, latest first.
    pub async fn of(&self, owner: &str, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        Ok(self.list(owner, now).await?.attestations)
    }

    /// Notes an attestation, at an index that `draw` gives and no live one has. Index and list are
    /// written together: a crash leaves both or neither, and one that was never shown is in the list,
    /// to be revoked.
    pub async fn make(
        &self,
        owner: &str,
        until: Timestamp,
        now: Timestamp,
        draw: impl Fn() -> u32,
    ) -> Result<Made, StoreError> {
        let mut waits = backoff();
        loop {
            let mut list = self.list(owner, now).await?;
            if list.attestations.len() >= MOST_LIVE {
                return Ok(Made::TooMany);
            }
            let made = Listed { index: draw(), since: now, until };
            list.attestations.push(made.clone());
            let writes = [self.reserve(&made, now), self.put_list(owner, list, now)];
            if self.is_written(writes).await? {
                return Ok(Made::Yes(made));
            }
            // The index is in use, or the list has changed: both are drawn and read again.
            tokio::time::sleep(wait(&mut waits)?).await;
        }
    }

    /// Revokes an attestation of this student, and gives it back; another's, or one that has ended,
    /// stays as it is. It is revoked before it leaves the list: after a crash in between the student
    /// still sees it, and revoking it again changes nothing.
    pub async fn revoke(
        &self,
        owner: &str,
        index: u32,
        now: Timestamp,
    ) -> Result<Option<Listed>, StoreError> {
        let live = self.of(owner, now).await?;
        let Some(revoked) = live.into_iter().find(|one| one.index == index) else {
            return Ok(None);
        };
        self.note_revoked(&revoked).await?;
        self.leave_list(owner, index, now).await?;
        Ok(Some(revoked))
    }

    /// The indexes of all that were revoked and haven't ended.
    pub async fn revoked(&self, now: Timestamp) -> Result<BTreeSet<u32>, StoreError> {
        const OPERATION: &str = "attestations BatchGetItem";
        let days = (0..=i64::from(MOST_DAYS)).filter_map(|days| {
            now.checked_add(SignedDuration::from_hours(24 * days)).ok().map(day_key)
        });
        let sets = read::many(&self.client, &self.table, days.collect(), true, OPERATION).await?;
        let mut revoked = BTreeSet::new();
        for set in sets {
            let set: Revoked =
                serde_dynamo::from_item(set).map_err(|_| StoreError::shape(OPERATION))?;
            revoked.extend(set.indexes);
        }
        Ok(revoked)
    }

    async fn note_revoked(&self, revoked: &Listed) -> Result<(), StoreError> {
        let ends = revoked.until.saturating_add(REST).unwrap_or(Timestamp::MAX);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(day_key(revoked.until)))
            .update_expression("ADD #indexes :index SET expires_at = :ends")
            .expression_attribute_names("#indexes", "indexes")
            .expression_attribute_values(
                ":index",
                AttributeValue::Ns(vec![revoked.index.to_string()]),
            )
            .expression_attribute_values(":ends", number(ends.as_second()));
        super::conditional::held(update, "attestations UpdateItem").await.map(drop)
    }

    /// The list of a student, without what is over.
    async fn list(&self, owner: &str, now: Timestamp) -> Result<List, StoreError> {
        let key = key(format!("O#{owner}"));
        let read = read::one(&self.client, &self.table, key, "attestations GetItem").await?;
        let mut list: List = read.unwrap_or_default();
        list.attestations.retain(|one| one.until > now);
        list.attestations.sort_by_key(|one| std::cmp::Reverse(one.since));
        Ok(list)
    }

    async fn leave_list(&self, owner: &str, index: u32, now: Timestamp) -> Result<(), StoreError> {
        let mut waits = backoff();
        loop {
            let mut list = self.list(owner, now).await?;
            list.attestations.retain(|one| one.index != index);
            if self.is_written([self.put_list(owner, list, now)]).await? {
                return Ok(());
            }
            tokio::time::sleep(wait(&mut waits)?).await;
        }
    }

    /// Writes all of it, or nothing where somebody else's write got in the way.
    async fn is_written(
        &self,
        writes: impl IntoIterator<Item = Result<TransactWriteItem, EncodeError>>,
    ) -> Result<bool, StoreError> {
        let writes = writes.into_iter().collect::<Result<Vec<_>, _>>();
        let writes = writes.map_err(|_| StoreError::shape(TRANSACTION))?;
        let call = self.client.transact_write_items().set_transact_items(Some(writes));
        let Err(error) = call.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if was_overtaken(cancelled.cancellation_reasons()) =>
            {
                Ok(false)
            }
            _ => Err(StoreError::new(TRANSACTION, &error)),
        }
    }

    /// Takes an index that nobody has, or whose attestation ended more than a day ago.
    fn reserve(&self, made: &Listed, now: Timestamp) -> Result<TransactWriteItem, EncodeError> {
        let over = now.saturating_sub(REST).unwrap_or(Timestamp::MIN);
        let ends = made.until.saturating_add(REST).unwrap_or(Timestamp::MAX);
        let mut item = key(format!("A#{}", made.index));
        item.insert("until".to_owned(), number(made.until.as_second()));
        item.insert("expires_at".to_owned(), number(ends.as_second()));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id) OR #until < :over")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":over", number(over.as_second()));
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn put_list(
        &self,
        owner: &str,
        mut list: List,
        now: Timestamp,
    ) -> Result<TransactWriteItem, EncodeError> {
        let read = list.version;
        list.version += 1;
        let mut item: Item = serde_dynamo::to_item(&list)?;
        item.extend(key(format!("O#{owner}")));
        let until = list.attestations.iter().map(|one| one.until).max().unwrap_or(now);
        item.insert("expires_at".to_owned(), number(until.as_second()));
        put_over(&self.table, "id", item, read)
    }
}

fn wait(waits: &mut impl Iterator<Item = Duration>) -> Result<Duration, StoreError> {
    waits.next().ok_or_else(|| StoreError::contention(TRANSACTION))
}

/// The set of what was revoked among the attestations that end on the day of this instant.
fn day_key(ends: Timestamp) -> Item {
    key(format!("R#{}", TimeZone::UTC.to_datetime(ends).date()))
}

fn key(id: String) -> Item {
    Item::from([("id".to_owned(), text(id))])
}
