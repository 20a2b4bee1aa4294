//! Source records: what establishments sent, one item per enrolment they tell of.
//!
//! | attribute | |
//! |---|---|
//! | `id` | the record |
//! | `version` | of the latest statement |
//! | `said_at`, `first_version` | the versions that the content came with, and the record |
//! | `depositor` | the establishment that sent the content, for itself or for another |
//! | `declaration`, `digest` | the content, and the digest by which a repetition is recognised |
//! | `statut_ine`, `finding` | what was found about the identity of the content (written by deduplication) |
//! | `state`, `student`, `doubt` | where it stands (written by deduplication as well) |
//! | `visible_since`, `on_hold_since` | since when the content is in one of these two states; statistics count from it |
//! | `seen` | the version of the latest complete file that had a broken row about it |
//! | `unknown_since`, `verify_on` | the day since which INES hasn't known the INE, and the one from which on it is asked again: the hash key of the index of the same name |
//! | `slice` | establishment, year and digit: the hash key of the index of the same name |

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    CancellationReason, KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use serde::de::DeserializeOwned;

use jiff::civil::Date;

use super::conditional;
use super::keys::{self, Item, text};
use super::transaction::Cancellation;
use super::{StoreError, backoff, read};
use crate::domain::enrolment::Enrolment;
use crate::domain::record_state::RecordState;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::feeding::record::{
    Batch, Horizons, RecordStatement, Slice, SliceVerdict, Stored, Write, Written,
};
pub use crate::feeding::record::{NewRecord, PutOutcome, Record};
use crate::identity::digest::RecordId;
use crate::identity::student::RecordVersion;

mod confirmed;
mod erasing;
mod quality;

pub use erasing::UnattachedPage;
pub use quality::Judged;

/// Records of one [`RecordStore::read`] or [`RecordStore::write`] at most: DynamoDB's limit for
/// both.
pub const MOST_IN_BATCH: usize = 100;
/// The index that lists records by slice.
const SLICES: &str = "slice";
/// The index that lists records by the day from which on INES is asked about them again.
const DUE: &str = "verify_on";
/// What a decision needs of an item. A projection doesn't cost less, but a hundred items are then
/// 30 KB rather than 150 KB to parse.
const DECIDING: &str = "id, version, said_at, first_version, digest, #state, statut_ine, seen, \
                        declaration.inscription.statut";

/// Whether a read must see every write that ended before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It may be a little old, at half the price: a write's condition decides.
    Eventual,
    /// It sees every write.
    Consistent,
}

/// A page of the records of a slice.
#[derive(Debug, Default)]
pub struct Page {
    /// The records, in the order of their ids.
    pub ids: Vec<RecordId>,
    /// Where to go on, when there may be more.
    pub after: Option<RecordId>,
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The record is cancelled, now or before, and still to be published so.
    Pending,
    /// It was cancelled before, and published so.
    Before,
    /// Something more recent was said about it.
    Superseded,
    /// There is no such record.
    Unknown,
}

/// The table `records`.
#[derive(Debug, Clone)]
pub struct RecordStore {
    client: Client,
    table: String,
}

impl RecordStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The table's name, for transactions that span tables.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// One record, as of now.
    pub async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        read::one(&self.client, &self.table, keys::record(id), "records GetItem").await
    }

    /// Those that are there, of a hundred ids at most that are all different, perhaps as they were a
    /// moment ago.
    pub async fn many(&self, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        const OPERATION: &str = "records BatchGetItem";
        let keys = ids.iter().map(keys::record).collect();
        let items = read::many(&self.client, &self.table, keys, false, OPERATION).await?;
        let shape = |_| StoreError::shape(OPERATION);
        items.into_iter().map(|item| serde_dynamo::from_item(item).map_err(shape)).collect()
    }

    /// Stores up to [`MOST_IN_BATCH`] records, each only if it is more recent than what is stored.
    ///
    /// `horizons` say how far complete files go, where a statement may be older than one.
    ///
    /// Idempotent: a statement stored before by the same import, in an earlier attempt or by a
    /// later line, is reported as pending if the record still is; that covers a crash between this
    /// call and the sending of pointers.
    pub async fn put(
        &self,
        records: Vec<NewRecord>,
        horizons: &Horizons,
    ) -> Result<PutOutcome, StoreError> {
        let mut batch = Batch::new(records, horizons);
        batch.learn(&self.read(&batch.ids(), Reading::Eventual).await?);
        let mut waits = backoff();
        while !batch.writes().is_empty() {
            let written = self.write(batch.writes()).await?;
            if batch.apply(written) {
                let wait = waits
                    .next()
                    .ok_or_else(|| StoreError::contention("records TransactWriteItems"))?;
                tokio::time::sleep(wait).await;
            }
        }
        Ok(batch.outcome())
    }

    /// Cancels the enrolment of a record, unless something more recent than `version` was said
    /// about it. Repeated, it changes nothing.
    pub async fn cancel(
        &self,
        id: &RecordId,
        version: &RecordVersion,
    ) -> Result<Cancelled, StoreError> {
        let writes = [Write::Cancel { id: id.clone(), version: version.clone() }];
        let mut waits = backoff();
        loop {
            match self.write(&writes).await? {
                Written::All => return Ok(Cancelled::Pending),
                Written::None(verdicts) => match verdicts.into_iter().next() {
                    Some(SliceVerdict::Stale(None)) => return Ok(Cancelled::Unknown),
                    Some(SliceVerdict::Stale(Some(stored))) => {
                        return Ok(match (stored.is_cancelled(), stored.is_unresolved()) {
                            (true, true) => Cancelled::Pending,
                            (true, false) => Cancelled::Before,
                            (false, _) => Cancelled::Superseded,
                        });
                    }
                    _ => {
                        let wait = waits
                            .next()
                            .ok_or_else(|| StoreError::contention("records TransactWriteItems"))?;
                        tokio::time::sleep(wait).await;
                    }
                },
            }
        }
    }

    /// Writes another enrolment into a record and leaves whom it is about as it was said, if nobody
    /// wrote the record since `read` was read. `false` when somebody did.
    ///
    /// Without a digest, whatever is said of the record later counts as a change.
    pub async fn revise(
        &self,
        read: &Record,
        version: &RecordVersion,
        depositor: Uai,
        inscription: &Enrolment,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "records UpdateItem";
        let inscription = serde_dynamo::to_attribute_value(inscription)
            .map_err(|_| StoreError::shape(OPERATION))?;
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::record(&read.id)))
            .update_expression(
                "SET version = :version, said_at = :version, declaration.inscription = :inscription, \
                 depositor = :depositor, #state = :pending REMOVE digest, doubt, visible_since, on_hold_since",
            )
            .condition_expression("version = :read")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", text(version.as_str()))
            .expression_attribute_values(":read", text(read.version.as_str()))
            .expression_attribute_values(":inscription", inscription)
            .expression_attribute_values(":depositor", text(depositor.as_str()))
            .expression_attribute_values(":pending", text(RecordState::Pending.name()));
        conditional::held(update, OPERATION).await
    }

    /// What is stored of up to [`MOST_IN_BATCH`] records, no two with one id; those that aren't are
    /// left out.
    pub async fn read(
        &self,
        ids: &[RecordId],
        reading: Reading,
    ) -> Result<HashMap<RecordId, Stored>, StoreError> {
        let stored: Vec<Stored> = self.batch(ids, reading, DECIDING).await?;
        Ok(stored.into_iter().map(|stored| (stored.id.clone(), stored)).collect())
    }

    /// A projection of up to [`MOST_IN_BATCH`] records, in no order; it names the state `#state`.
    async fn batch<T: DeserializeOwned>(
        &self,
        ids: &[RecordId],
        reading: Reading,
        projection: &str,
    ) -> Result<Vec<T>, StoreError> {
        const OPERATION: &str = "records BatchGetItem";
        let mut found = Vec::with_capacity(ids.len());
        let mut keys: Vec<Item> = ids.iter().map(keys::record).collect();
        while !keys.is_empty() {
            let asked = keys.len();
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(reading == Reading::Consistent)
                .projection_expression(projection)
                .expression_attribute_names("#state", "state")
                .build()
                .map_err(|_| StoreError::shape(OPERATION))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(|error| StoreError::new(OPERATION, &error))?;
            for item in output.responses.unwrap_or_default().into_values().flatten() {
                found
                    .push(serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?);
            }
            keys = output
                .unprocessed_keys
                .unwrap_or_default()
                .remove(&self.table)
                .map_or_else(Vec::new, |left| left.keys);
            // A table at its limit reads some of what is asked, or nothing.
            if keys.len() == asked {
                return Err(StoreError::overloaded(OPERATION, "unprocessed keys"));
            }
        }
        Ok(found)
    }

    /// Does up to [`MOST_IN_BATCH`] writes, no two to one record, all or none.
    ///
    /// One transaction rather than conditional writes one by one: those cost fifteen times the
    /// processor time (engineering.md), and plain batches have no conditions. The price is twice
    /// the write units.
    pub async fn write(&self, writes: &[Write]) -> Result<Written, StoreError> {
        const OPERATION: &str = "records TransactWriteItems";
        let items = writes
            .iter()
            .map(|write| {
                self.update(write).map(|update| TransactWriteItem::builder().update(update).build())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let Err(error) =
            self.client.transact_write_items().set_transact_items(Some(items)).send().await
        else {
            return Ok(Written::All);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                verdicts(cancelled.cancellation_reasons(), writes.len())
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// A page of `most` records of a slice, after `after`. The index lags behind the table by
    /// moments: who needs a record to be listed waits for it.
    pub async fn slice(
        &self,
        slice: &Slice,
        after: Option<&RecordId>,
        most: usize,
    ) -> Result<Page, StoreError> {
        const OPERATION: &str = "records Query";
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(SLICES)
            .expression_attribute_names("#slice", SLICES)
            .expression_attribute_values(":slice", text(slice.name()))
            .limit(i32::try_from(most).unwrap_or(i32::MAX));
        // A range condition rather than the key of the last page: it holds even if that record is
        // gone.
        query = match after {
            Some(after) => query
                .key_condition_expression("#slice = :slice AND id > :after")
                .expression_attribute_values(":after", text(after.as_str())),
            None => query.key_condition_expression("#slice = :slice"),
        };
        let output = query.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        let ids = output
            .items()
            .iter()
            .map(|item| {
                item.get("id").and_then(|id| id.as_s().ok()).and_then(|id| RecordId::parse(id))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| StoreError::shape(OPERATION))?;
        let after = output.last_evaluated_key.and_then(|_| ids.last().cloned());
        Ok(Page { ids, after })
    }

    /// The records about which INES is to be asked again from this day on. The index lags behind
    /// the table by moments.
    pub async fn due(&self, day: Date) -> Result<Vec<RecordId>, StoreError> {
        const OPERATION: &str = "records Query";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE)
            .key_condition_expression("verify_on = :day")
            .expression_attribute_values(":day", text(day.to_string()));
        let mut pages = query.into_paginator().send();
        let mut due = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new(OPERATION, &error))?;
            let ids = page.items().iter().map(|item| RecordId::parse(item.get("id")?.as_s().ok()?));
            due.extend(
                ids.collect::<Option<Vec<_>>>().ok_or_else(|| StoreError::shape(OPERATION))?,
            );
        }
        Ok(due)
    }

    fn update(&self, write: &Write) -> Result<Update, StoreError> {
        const OPERATION: &str = "records TransactWriteItems";
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::record(write.id())))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match write {
            Write::Put(statement) => put(update, statement)?,
            Write::Renew(RecordStatement { record, digest }) => update
                .update_expression("SET version = :version")
                .condition_expression("version < :version AND digest = :digest")
                .expression_attribute_values(":version", text(record.version.as_str()))
                .expression_attribute_values(":digest", text(digest.as_str())),
            // Without a digest any later statement about it counts as a change.
            Write::Cancel { version, .. } => update
                .update_expression(
                    "SET version = :version, said_at = :version, declaration.inscription.statut = :cancelled, \
                     #state = :pending REMOVE digest, doubt, visible_since, on_hold_since",
                )
                .condition_expression(
                    "attribute_exists(id) AND version < :version AND declaration.inscription.statut <> :cancelled \
                     AND (attribute_not_exists(seen) OR seen < :version)",
                )
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":version", text(version.as_str()))
                .expression_attribute_values(":cancelled", text(Status::Annule.label()))
                .expression_attribute_values(":pending", text(RecordState::Pending.name())),
            Write::See { version, .. } => update
                .update_expression("SET seen = :version")
                .condition_expression("attribute_exists(id) AND (attribute_not_exists(seen) OR seen < :version)")
                .expression_attribute_values(":version", text(version.as_str())),
            Write::Raise { horizon, .. } => update
                .update_expression("SET version = :horizon")
                .condition_expression("version < :horizon AND (attribute_not_exists(seen) OR seen < :horizon)")
                .expression_attribute_values(":horizon", text(horizon.as_str())),
        };
        update.build().map_err(|_| StoreError::shape(OPERATION))
    }
}

/// An update rather than a put: the student that an earlier version was attached to stays known.
fn put(
    update: UpdateBuilder,
    RecordStatement { record, digest }: &RecordStatement,
) -> Result<UpdateBuilder, StoreError> {
    let declaration = serde_dynamo::to_attribute_value(&record.declaration)
        .map_err(|_| StoreError::shape("records TransactWriteItems"))?;
    Ok(update
        .update_expression(
            "SET version = :version, said_at = :version, first_version = if_not_exists(first_version, :version), \
             #state = :pending, declaration = :declaration, depositor = :depositor, digest = :digest, #slice = :slice \
             REMOVE doubt, visible_since, on_hold_since",
        )
        .condition_expression("attribute_not_exists(id) OR version < :version")
        .expression_attribute_names("#state", "state")
        .expression_attribute_names("#slice", SLICES)
        .expression_attribute_values(":version", text(record.version.as_str()))
        .expression_attribute_values(":pending", text(RecordState::Pending.name()))
        .expression_attribute_values(":declaration", declaration)
        .expression_attribute_values(":depositor", text(record.depositor.as_str()))
        .expression_attribute_values(":digest", text(digest.as_str()))
        .expression_attribute_values(":slice", text(Slice::of(&record.id, &record.declaration).name())))
}

/// Why each write of a transaction stopped it, if it did.
fn verdicts(reasons: &[CancellationReason], writes: usize) -> Result<Written, StoreError> {
    const OPERATION: &str = "records TransactWriteItems";
    let mut verdicts = Vec::with_capacity(writes);
    for reason in reasons {
        verdicts.push(match reason.into() {
            Cancellation::None => SliceVerdict::Willing,
            Cancellation::ConditionFailed => {
                let stored = reason.item().filter(|item| !item.is_empty()).cloned();
                let stored = stored
                    .map(serde_dynamo::from_item)
                    .transpose()
                    .map_err(|_| StoreError::shape(OPERATION))?;
                SliceVerdict::Stale(stored.map(Box::new))
            }
            Cancellation::Conflict | Cancellation::Throttled => SliceVerdict::Busy,
            Cancellation::Refused(code) => return Err(StoreError::refused(OPERATION, code)),
        });
    }
    // Without reasons, or with too few, nothing is known: try again.
    verdicts.resize_with(writes, || SliceVerdict::Busy);
    Ok(Written::None(verdicts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(version: &str, state: RecordState) -> Item {
        serde_dynamo::to_item(serde_json::json!({
            "id": "1.0123456789abcdef0123456789abcdef",
            "version": version,
            "state": state.name(),
            "slice": "0751967F#2026#f",
            "declaration": {"ine": "070578267KH", "inscription": {"statut": "annulé", "uai": "0751967F"}},
        }))
        .unwrap()
    }

    #[test]
    fn a_cancelled_transaction_says_what_is_stored_instead() {
        let reason =
            |code: &str, item| CancellationReason::builder().code(code).set_item(item).build();
        let reasons = [
            reason("None", None),
            reason("ConditionalCheckFailed", Some(stored("v", RecordState::Resolved))),
            reason("ConditionalCheckFailed", None),
            reason("TransactionConflict", None),
        ];
        let Written::None(verdicts) = verdicts(&reasons, 5).unwrap() else { panic!("not written") };
        let [
            SliceVerdict::Willing,
            SliceVerdict::Stale(Some(stored)),
            SliceVerdict::Stale(None),
            SliceVerdict::Busy,
            SliceVerdict::Busy,
        ] = &verdicts[..]
        else {
            panic!("{verdicts:?}")
        };
        assert!(stored.is_cancelled() && !stored.is_unresolved());
    }

    #[test]
    fn what_dynamodb_refuses_for_good_is_an_error() {
        let reasons = [CancellationReason::builder().code("ValidationError").build()];
        assert!(!verdicts(&reasons, 1).unwrap_err().is_slowing());
    }

    #[test]
    fn every_write_is_well_formed() {
        let client = Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
                .build(),
        );
        let store = RecordStore::new(client, "records".into());
        let declaration =
            Box::new(crate::identity::fixtures::declaration(None, "Martin", "Léa", "2004-03-02"));
        let id = RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap();
        let version = RecordVersion::new(jiff::Timestamp::UNIX_EPOCH, "", "import", 2);
        let depositor = declaration.inscription.uai;
        let digest = crate::feeding::record::ContentDigest::of(&declaration);
        let statement = RecordStatement {
            record: NewRecord { id: id.clone(), version: version.clone(), depositor, declaration },
            digest,
        };
        for write in [
            Write::Put(statement.clone()),
            Write::Renew(statement),
            Write::Cancel { id: id.clone(), version: version.clone() },
            Write::See { id: id.clone(), version: version.clone() },
            Write::Raise { id, horizon: version },
        ] {
            let update = store.update(&write).unwrap();
            let expression = format!(
                "{} {}",
                update.update_expression(),
                update.condition_expression().unwrap()
            );
            // DynamoDB refuses a value or a name that no expression uses, and one that is used and
            // not given.
            for name in update.expression_attribute_names().into_iter().flat_map(HashMap::keys) {
                assert!(expression.contains(name.as_str()), "{name} in {expression}");
            }
            let given = update.expression_attribute_values().unwrap();
            for value in given.keys() {
                assert!(expression.contains(value.as_str()), "{value} in {expression}");
            }
            for word in
                expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':')
            {
                assert!(
                    !word.starts_with(':') || given.contains_key(word),
                    "{word} in {expression}"
                );
            }
        }
    }
}
