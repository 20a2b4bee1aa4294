//! Source records: what establishments sent, one item per enrolment they tell of.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use serde::Deserialize;

use super::keys::{self, text};
use super::{StoreError, backoff};
use crate::domain::enrolment::Declaration;
use crate::identity::digest::RecordId;
use crate::identity::student::{RecordVersion, StudentId};

/// Records of one [`RecordStore::put`] at most: DynamoDB's limit for a transaction.
pub const MOST_IN_BATCH: usize = 100;

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Stored, not yet attached to a student.
    Pending,
    /// Attached and published.
    Resolved,
    /// Waits for a person's decision; nobody can see it.
    InReview,
}

impl RecordState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::InReview => "in_review",
        }
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The version of what it says.
    pub version: RecordVersion,
    /// Where it stands.
    pub state: RecordState,
    /// What it says.
    pub declaration: Declaration,
    /// The student it is attached to, by this version or an earlier one.
    #[serde(default)]
    pub student: Option<StudentId>,
}

/// A record to store.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Its id.
    pub id: RecordId,
    /// The version of what it says.
    pub version: RecordVersion,
    /// What it says.
    pub declaration: Box<Declaration>,
}

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PutOutcome {
    /// Stored by this import, now or in an earlier attempt, and still to be attached to a student.
    pub pending: Vec<RecordId>,
    /// How many were older than what another import stored.
    pub superseded: u64,
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
        const OPERATION: &str = "records GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::record(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let shape = |_| StoreError::shape(OPERATION);
        output.item.map(serde_dynamo::from_item).transpose().map_err(shape)
    }

    /// Stores up to [`MOST_IN_BATCH`] records, no two with one id, each only if it is more recent than what is
    /// stored.
    ///
    /// Idempotent: a row stored before by the same import, in an earlier attempt or by a later line, fails its
    /// condition and is reported as pending if the record still is; that covers a crash between this call and the
    /// sending of pointers.
    ///
    /// One transaction rather than conditional writes one by one: those cost fifteen times the processor time
    /// (engineering.md), and plain batches have no conditions. The price is twice the write units.
    pub async fn put(&self, mut batch: Vec<NewRecord>) -> Result<PutOutcome, StoreError> {
        const OPERATION: &str = "records TransactWriteItems";
        let mut outcome = PutOutcome::default();
        let mut waits = backoff();
        while !batch.is_empty() {
            let writes = batch.iter().map(|record| self.write(record)).collect::<Result<Vec<_>, _>>()?;
            let Err(error) = self.client.transact_write_items().set_transact_items(Some(writes)).send().await else {
                outcome.pending.extend(batch.into_iter().map(|record| record.id));
                break;
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(StoreError::new(OPERATION, &error));
            };
            let before = batch.len();
            batch = settle(batch, cancelled.cancellation_reasons(), &mut outcome);
            // Without a settled record the reason is contention or throttling: slow down, then try again.
            if batch.len() == before {
                let wait = waits.next().ok_or_else(|| StoreError::contention(OPERATION))?;
                tokio::time::sleep(wait).await;
            }
        }
        Ok(outcome)
    }

    fn write(&self, record: &NewRecord) -> Result<TransactWriteItem, StoreError> {
        const OPERATION: &str = "records TransactWriteItems";
        let declaration =
            serde_dynamo::to_attribute_value(&record.declaration).map_err(|_| StoreError::shape(OPERATION))?;
        // An update rather than a put: the student that an earlier version was attached to stays known.
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::record(&record.id)))
            .update_expression("SET version = :version, #state = :pending, declaration = :declaration REMOVE doubt")
            .condition_expression("attribute_not_exists(id) OR version < :version")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", text(record.version.as_str()))
            .expression_attribute_values(":pending", text(RecordState::Pending.name()))
            .expression_attribute_values(":declaration", declaration)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| StoreError::shape(OPERATION))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// Takes out of a batch the records whose condition failed, and says what became of them.
fn settle(batch: Vec<NewRecord>, reasons: &[CancellationReason], outcome: &mut PutOutcome) -> Vec<NewRecord> {
    #[derive(Deserialize)]
    struct Stored {
        version: RecordVersion,
        state: RecordState,
    }
    let mut left = Vec::with_capacity(batch.len());
    for (index, record) in batch.into_iter().enumerate() {
        let reason = reasons.get(index);
        if reason.and_then(CancellationReason::code) != Some("ConditionalCheckFailed") {
            left.push(record);
            continue;
        }
        let stored = reason
            .and_then(CancellationReason::item)
            .and_then(|item| serde_dynamo::from_item::<_, Stored>(item.clone()).ok());
        match stored {
            Some(stored) if stored.version.same_import(&record.version) => {
                if stored.state != RecordState::Resolved {
                    outcome.pending.push(record.id);
                }
            }
            _ => outcome.superseded += 1,
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::identity::digest::DigestKey;
    use crate::identity::fixtures::declaration;

    fn record(name: &str, version: &RecordVersion) -> NewRecord {
        let declaration = Box::new(declaration(None, name, "x", "2000"));
        let id = RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), &declaration);
        NewRecord { id, version: version.clone(), declaration }
    }

    fn failed(version: &RecordVersion, state: RecordState) -> CancellationReason {
        let item = keys::Item::from([
            ("version".to_owned(), text(version.as_str())),
            ("state".to_owned(), text(state.name())),
        ]);
        CancellationReason::builder().code("ConditionalCheckFailed").set_item(Some(item)).build()
    }

    #[test]
    fn a_cancelled_batch_is_sorted_by_what_is_stored() {
        let at = |second, import| RecordVersion::new(Timestamp::from_second(second).unwrap(), "", import, 2);
        let (ours, newer, ours_before) = (at(10, "import"), at(11, "other"), at(11, "import"));
        let batch: Vec<_> = ["new", "stale", "again", "published", "replayed"].map(|name| record(name, &ours)).into();
        let ids: Vec<_> = batch.iter().map(|record| record.id.clone()).collect();
        let reasons = [
            CancellationReason::builder().code("None").build(),
            failed(&newer, RecordState::Pending),
            failed(&ours, RecordState::Pending),
            failed(&ours, RecordState::Resolved),
            failed(&ours_before, RecordState::Pending),
        ];
        let mut outcome = PutOutcome::default();
        let left = settle(batch, &reasons, &mut outcome);
        assert_eq!(left.iter().map(|record| &record.id).collect::<Vec<_>>(), [&ids[0]]);
        assert_eq!(outcome, PutOutcome { pending: vec![ids[2].clone(), ids[4].clone()], superseded: 1 });
    }
}
