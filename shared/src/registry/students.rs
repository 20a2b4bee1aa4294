//! Students as deduplication reads and publishes them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::keys::{self, Item, number, text};
use super::records::{Record, RecordState, RecordStore};
use crate::identity::decide::Doubt;
use crate::identity::digest::{CivilDigest, IneDigest};
use crate::identity::publication::Write;
use crate::identity::student::{Edge, Posting, Student, StudentId};

/// Whether a publication took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It did, as a whole.
    Yes,
    /// Someone else changed what it was decided on, so nothing was written: read and decide again.
    Overtaken,
}

/// Where a publication leaves its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Attached to this student, and visible.
    Attached(StudentId),
    /// Waiting for a person, and invisible.
    InReview(Doubt),
}

/// The students who share a civil identity, and the counter that moves when one joins or leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namesakes {
    /// 0 when nobody ever had it.
    pub counter: u64,
    /// Who has it.
    pub students: Vec<StudentId>,
}

/// The tables `students` and `postings`.
#[derive(Debug, Clone)]
pub struct StudentStore {
    client: Client,
    students: String,
    postings: String,
}

impl StudentStore {
    /// The tables of those names.
    #[must_use]
    pub fn new(client: Client, students: String, postings: String) -> Self {
        Self { client, students, postings }
    }

    /// A student with all its evidence, as of now.
    pub async fn get(&self, id: StudentId) -> Result<Option<Student>, StoreError> {
        const OPERATION: &str = "students Query";
        #[derive(Deserialize)]
        struct Stored {
            #[serde(default)]
            version: Option<u64>,
            #[serde(default)]
            edge: Option<Edge>,
        }
        let mut pages = self
            .client
            .query()
            .table_name(&self.students)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::student_partition(id)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let (mut version, mut edges) = (None, Vec::new());
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let stored: Stored = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            version = version.or(stored.version);
            edges.extend(stored.edge);
        }
        Ok(version.map(|version| Student::restore(id, version, edges)))
    }

    /// The student that has an INE, as of now.
    pub async fn by_ine(&self, ine: &IneDigest) -> Result<Option<Student>, StoreError> {
        const OPERATION: &str = "students GetItem";
        #[derive(Deserialize)]
        struct Stored {
            student: StudentId,
        }
        let output = self
            .client
            .get_item()
            .table_name(&self.students)
            .set_key(Some(keys::ine(ine)))
            .projection_expression("student")
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let Some(item) = output.item else { return Ok(None) };
        let stored: Stored = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
        self.get(stored.student).await
    }

    /// Who shares a civil identity, as of now.
    pub async fn namesakes(&self, civil: &CivilDigest) -> Result<Namesakes, StoreError> {
        const OPERATION: &str = "postings Query";
        #[derive(Deserialize)]
        struct Stored {
            #[serde(default)]
            counter: Option<u64>,
            #[serde(default)]
            posting: Option<Posting>,
        }
        let mut pages = self
            .client
            .query()
            .table_name(&self.postings)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::civil_partition(civil)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut namesakes = Namesakes::default();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let stored: Stored = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            namesakes.counter = namesakes.counter.max(stored.counter.unwrap_or_default());
            namesakes.students.extend(stored.posting.map(|posting| posting.student));
        }
        Ok(namesakes)
    }

    /// The counters of several civil identities, as of now.
    pub async fn counters(&self, civils: &[CivilDigest]) -> Result<BTreeMap<CivilDigest, u64>, StoreError> {
        let mut counters = BTreeMap::new();
        for civil in civils {
            counters.insert(civil.clone(), self.namesakes(civil).await?.counter);
        }
        Ok(counters)
    }

    /// Applies a publication, and the record's new state, in one transaction.
    ///
    /// Idempotent: a repetition finds the versions moved on, writes nothing and says so.
    pub async fn publish(
        &self,
        writes: &[Write],
        records: &RecordStore,
        record: &Record,
        settled: Settled,
    ) -> Result<Published, StoreError> {
        const OPERATION: &str = "students TransactWriteItems";
        let mut items = Vec::with_capacity(writes.len() + 1);
        for write in writes {
            items.push(self.item(write).ok_or_else(|| StoreError::shape(OPERATION))?);
        }
        items.push(record_update(records, record, settled).ok_or_else(|| StoreError::shape(OPERATION))?);

        let Err(error) = self.client.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Ok(Published::Yes);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if cancelled.cancellation_reasons().iter().any(is_contention) =>
            {
                Ok(Published::Overtaken)
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    fn item(&self, write: &Write) -> Option<TransactWriteItem> {
        match write {
            Write::PutStudent { student, expected } => {
                let mut item = keys::student(*student);
                item.insert("version".into(), number(expected + 1));
                unchanged(*expected, "version").put(&self.students, item)
            }
            Write::DeleteStudent { student, expected } => {
                unchanged(*expected, "version").delete(&self.students, keys::student(*student))
            }
            Write::PutEdge(student, edge) => {
                let item = with(keys::edge(*student, &edge.record), "edge", edge)?;
                Condition::none().put(&self.students, item)
            }
            Write::DeleteEdge(student, record) => {
                Condition::none().delete(&self.students, keys::edge(*student, record))
            }
            Write::PutAnswer(answer) => {
                let item = with(keys::answer(answer.student), "answer", answer)?;
                Condition::none().put(&self.students, item)
            }
            Write::DeleteAnswer(student) => Condition::none().delete(&self.students, keys::answer(*student)),
            Write::PutIne { ine, answer, owners } => {
                let mut item = with(keys::ine(ine), "answer", answer)?;
                item.insert("student".into(), serde_dynamo::to_attribute_value(answer.student).ok()?);
                owned_by(owners, "attribute_not_exists(pk) OR ")?.put(&self.students, item)
            }
            Write::DeleteIne { ine, owner } => {
                owned_by(std::slice::from_ref(owner), "")?.delete(&self.students, keys::ine(ine))
            }
            Write::PutPosting(civil, posting) => {
                let item = with(keys::posting(civil, posting.student), "posting", posting)?;
                Condition::none().put(&self.postings, item)
            }
            Write::DeletePosting(civil, student) => {
                Condition::none().delete(&self.postings, keys::posting(civil, *student))
            }
            Write::MoveCounter { civil, expected } => {
                let mut item = keys::counter(civil);
                item.insert("counter".into(), number(expected + 1));
                unchanged(*expected, "counter").put(&self.postings, item)
            }
        }
    }
}

/// A failed condition, or another transaction at the same items.
fn is_contention(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
}

fn with(mut key: Item, name: &str, value: impl Serialize) -> Option<Item> {
    key.insert(name.to_owned(), serde_dynamo::to_attribute_value(value).ok()?);
    Some(key)
}

/// The condition of a write.
struct Condition {
    expression: Option<String>,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
}

impl Condition {
    fn none() -> Self {
        Self { expression: None, names: Vec::new(), values: Vec::new() }
    }

    fn put(self, table: &str, item: Item) -> Option<TransactWriteItem> {
        let mut put = Put::builder().table_name(table).set_item(Some(item)).set_condition_expression(self.expression);
        for (name, attribute) in self.names {
            put = put.expression_attribute_names(name, attribute);
        }
        for (name, value) in self.values {
            put = put.expression_attribute_values(name, value);
        }
        Some(TransactWriteItem::builder().put(put.build().ok()?).build())
    }

    fn delete(self, table: &str, key: Item) -> Option<TransactWriteItem> {
        let mut delete =
            Delete::builder().table_name(table).set_key(Some(key)).set_condition_expression(self.expression);
        for (name, attribute) in self.names {
            delete = delete.expression_attribute_names(name, attribute);
        }
        for (name, value) in self.values {
            delete = delete.expression_attribute_values(name, value);
        }
        Some(TransactWriteItem::builder().delete(delete.build().ok()?).build())
    }
}

/// The attribute is still what was read; 0 stands for no item.
fn unchanged(expected: u64, attribute: &str) -> Condition {
    if expected == 0 {
        return Condition {
            expression: Some("attribute_not_exists(pk)".into()),
            names: Vec::new(),
            values: Vec::new(),
        };
    }
    Condition {
        expression: Some("#attribute = :expected".into()),
        names: vec![("#attribute".into(), attribute.into())],
        values: vec![(":expected".into(), number(expected))],
    }
}

/// The INE is one of these students'.
fn owned_by(owners: &[StudentId], or: &str) -> Option<Condition> {
    let mut values = Vec::new();
    let mut names = Vec::new();
    for (index, owner) in owners.iter().enumerate() {
        names.push(format!(":owner{index}"));
        values.push((format!(":owner{index}"), serde_dynamo::to_attribute_value(owner).ok()?));
    }
    let expression = format!("{or}student IN ({})", names.join(", "));
    Some(Condition { expression: Some(expression), names: Vec::new(), values })
}

/// The record is attached, or goes to review, if it still says what was decided on.
fn record_update(records: &RecordStore, record: &Record, settled: Settled) -> Option<TransactWriteItem> {
    let update = Update::builder()
        .table_name(records.table())
        .set_key(Some(keys::record(&record.id)))
        .condition_expression("version = :version")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":version", text(record.version.as_str()));
    let update = match settled {
        Settled::Attached(student) => update
            .update_expression("SET #state = :state, student = :student REMOVE doubt")
            .expression_attribute_values(":state", text(RecordState::Resolved.name()))
            .expression_attribute_values(":student", serde_dynamo::to_attribute_value(student).ok()?),
        Settled::InReview(doubt) => update
            .update_expression("SET #state = :state, doubt = :doubt REMOVE student")
            .expression_attribute_values(":state", text(RecordState::InReview.name()))
            .expression_attribute_values(":doubt", serde_dynamo::to_attribute_value(doubt).ok()?),
    };
    Some(TransactWriteItem::builder().update(update.build().ok()?).build())
}
