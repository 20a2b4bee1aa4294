//! What retention did, and who is kept from it.
//!
//! | item | attributes |
//! |---|---|
//! | `PASS`, when it began | one reading of the whole register: `as_of`, its day; `terms`; `segments`, the parts that tables are read in; |
//! | | `step`, the part that comes next; `finished_at`; and counts |
//! | `HOLD`, the student | a legal hold: `reason`, `by`, `since` |
//!
//! A pass says how many, and never who. It is kept: counts are the proof that something was erased.
//!
//! Nothing personal is in a key: a student's id is random. A hold goes when it is released.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::keys::{Item, number, text};
use super::transaction::{EncodeError, was_overtaken};
use super::{StoreError, conditional, read};
use crate::identity::student::StudentId;
use crate::retention::{Counts, Terms};

/// The partition of passes.
const PASSES: &str = "PASS";
/// The partition of legal holds.
const HOLDS: &str = "HOLD";

/// When a pass began, which is also its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PassId(String);

impl PassId {
    /// The pass that begins at `now`: milliseconds since 1970, in thirteen digits, which sort as
    /// they are until the year 2286.
    #[must_use]
    pub fn beginning(now: Timestamp) -> Self {
        Self(format!("{:013}", now.as_millisecond().max(0)))
    }

    /// When it began.
    #[must_use]
    pub fn began_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.0.parse().ok()?).ok()
    }
}

/// One reading of the register, in steps: each is one kind of thing in one part of its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    #[serde(rename = "sk")]
    pub id: PassId,
    /// The day that everything is judged as of, however long the pass lasts.
    pub as_of: Date,
    pub terms: Terms,
    /// The parts that each table is read in.
    pub segments: u32,
    /// The step that comes next.
    pub step: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    #[serde(flatten)]
    pub counts: Counts,
}

/// The reason for which something must not be erased. A closed list: a free text would say things
/// about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// A court, or an administration with that power, asked for it (*contentieux*).
    Litigation,
    /// A criminal investigation (*réquisition judiciaire*).
    Investigation,
    /// The student exercises a right, and what it is about must be there until that is answered.
    RightsRequest,
    /// Somebody looks into an incident.
    Incident,
}

impl HoldReason {
    /// The name it is stored under.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Litigation => "litigation",
            Self::Investigation => "investigation",
            Self::RightsRequest => "rights_request",
            Self::Incident => "incident",
        }
    }
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    #[serde(rename = "sk")]
    pub student: StudentId,
    pub reason: HoldReason,
    /// The officer who asked for it, by their name in the directory.
    pub by: String,
    pub since: Timestamp,
}

/// The table `retention`.
#[derive(Debug, Clone)]
pub struct RetentionStore {
    client: Client,
    table: String,
}

impl RetentionStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The latest passes, as many as that at most, the latest first.
    pub async fn passes(&self, most: u16) -> Result<Vec<Pass>, StoreError> {
        const OPERATION: &str = "retention Query";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :passes")
            .expression_attribute_values(":passes", text(PASSES))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::from(most));
        let output = query.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))
    }

    /// Begins a pass. Begun in the same millisecond by another, it is that one's: nothing changes.
    pub async fn begin(&self, pass: &Pass) -> Result<bool, StoreError> {
        const OPERATION: &str = "retention UpdateItem";
        let shape = |_| StoreError::shape(OPERATION);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(pass_key(&pass.id)))
            .update_expression(
                "SET as_of = :as_of, #terms = :terms, #segments = :segments, #step = :step",
            )
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_names("#terms", "terms")
            .expression_attribute_names("#segments", "segments")
            .expression_attribute_names("#step", "step")
            .expression_attribute_values(":as_of", text(pass.as_of.to_string()))
            .expression_attribute_values(
                ":terms",
                serde_dynamo::to_attribute_value(pass.terms).map_err(shape)?,
            )
            .expression_attribute_values(":segments", number(pass.segments))
            .expression_attribute_values(":step", number(pass.step));
        conditional::held(update, OPERATION).await
    }

    /// Notes that a step is done, and how many stay that it met; the next one follows. `false` when
    /// another did: two at once do the same, and the second changes nothing.
    pub async fn advance(
        &self,
        pass: &Pass,
        met: Counts,
        finished_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "retention UpdateItem";
        let finish = if finished_at.is_some() { ", finished_at = :finished_at" } else { "" };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(pass_key(&pass.id)))
            .update_expression(format!(
                "SET #step = :next{finish} ADD #held :held, #undecided :undecided, #failed :failed"
            ))
            .condition_expression("#step = :step")
            .expression_attribute_names("#step", "step")
            .expression_attribute_names("#held", "held")
            .expression_attribute_names("#undecided", "undecided")
            .expression_attribute_names("#failed", "failed")
            .expression_attribute_values(":step", number(pass.step))
            .expression_attribute_values(":next", number(pass.step.saturating_add(1)))
            .expression_attribute_values(":held", number(met.held))
            .expression_attribute_values(":undecided", number(met.undecided))
            .expression_attribute_values(":failed", number(met.failed));
        let update = match finished_at {
            Some(at) => update.expression_attribute_values(":finished_at", text(at.to_string())),
            None => update,
        };
        conditional::held(update, OPERATION).await
    }

    /// Counts what a transaction erases, within it.
    pub fn count(&self, pass: &PassId, erased: Counts) -> Result<TransactWriteItem, EncodeError> {
        let mut update = Update::builder().table_name(&self.table).set_key(Some(pass_key(pass)));
        let mut added = Vec::new();
        for (name, count) in [
            ("students", erased.students),
            ("records", erased.records),
            ("aliases", erased.aliases),
            ("cases", erased.cases),
        ] {
            if count > 0 {
                added.push(format!("#{name} :{name}"));
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), number(count));
            }
        }
        let update = update
            .update_expression(format!("ADD {}", added.join(", ")))
            .condition_expression("attribute_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Erases one thing by itself, and counts it. `false` when somebody changed it since it was
    /// read: nothing is erased then.
    pub async fn erase(
        &self,
        pass: &PassId,
        erased: TransactWriteItem,
        counts: Counts,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "retention TransactWriteItems";
        let count =
            self.count(pass, counts).map_err(|error| StoreError::encode(OPERATION, error))?;
        let transaction =
            self.client.transact_write_items().set_transact_items(Some(vec![erased, count]));
        let Err(error) = transaction.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if was_overtaken(cancelled.cancellation_reasons()) =>
            {
                Ok(false)
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// Keeps a student from being erased, whatever its durations, from the next transaction on.
    /// `false` when there is a hold already, which stays as it is.
    pub async fn hold(&self, hold: &Hold) -> Result<bool, StoreError> {
        const OPERATION: &str = "retention UpdateItem";
        let shape = |_| StoreError::shape(OPERATION);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(hold_key(hold.student)))
            .update_expression("SET #reason = :reason, #by = :by, #since = :since")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_names("#by", "by")
            .expression_attribute_names("#since", "since")
            .expression_attribute_values(
                ":reason",
                serde_dynamo::to_attribute_value(hold.reason).map_err(shape)?,
            )
            .expression_attribute_values(":by", text(&hold.by))
            .expression_attribute_values(":since", text(hold.since.to_string()));
        conditional::held(update, OPERATION).await
    }

    /// Releases a student. Repeated, it changes nothing.
    pub async fn release(&self, student: StudentId) -> Result<(), StoreError> {
        const OPERATION: &str = "retention DeleteItem";
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(hold_key(student))).send().await;
        delete.map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }

    /// The hold on a student, as of now.
    pub async fn held(&self, student: StudentId) -> Result<Option<Hold>, StoreError> {
        read::one(&self.client, &self.table, hold_key(student), "retention GetItem").await
    }

    /// Every hold, in no order that means anything.
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        const OPERATION: &str = "retention Query";
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :holds")
            .expression_attribute_values(":holds", text(HOLDS))
            .into_paginator()
            .items()
            .send();
        let mut holds = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            holds.push(serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?);
        }
        Ok(holds)
    }

    /// Stops a transaction if the student is held by then.
    pub fn unless_held(&self, student: StudentId) -> Result<TransactWriteItem, EncodeError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(hold_key(student)))
            .condition_expression("attribute_not_exists(pk)")
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

fn pass_key(pass: &PassId) -> Item {
    key(PASSES, &pass.0)
}

fn hold_key(student: StudentId) -> Item {
    key(HOLDS, &student.to_string())
}

fn key(partition: &str, sort: &str) -> Item {
    Item::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))])
}
