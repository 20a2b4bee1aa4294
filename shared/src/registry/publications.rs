//! A publication, written: everything that changes with a decision, in one transaction over four
//! tables.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::StoreError;
use super::findings::FindingStore;
use super::keys::{self, Item, number, text};
use super::postings::PostingStore;
use super::reviews::ReviewStore;
use crate::feeding::record::RecordState;
use crate::identity::digest::RecordId;
use crate::identity::edge::Links;
use crate::identity::finding::{Finding, StatutIne};
use crate::identity::publication::{RecordUpdate, Write};
use crate::identity::student::StudentId;

/// What DynamoDB takes in one transaction.
pub const MOST_WRITES: usize = 100;

/// Whether a publication took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It did, as a whole.
    Yes,
    /// Someone else changed what it was decided on, so nothing was written: read and decide again.
    Overtaken,
}

/// The tables that a publication writes.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: Client,
    students: String,
    records: String,
    postings: PostingStore<StudentId>,
    reviews: ReviewStore,
    findings: FindingStore,
    findings_kept: SignedDuration,
}

impl Publisher {
    /// Those tables; findings are kept as long as the reports that they complete.
    #[must_use]
    pub fn new(
        client: Client,
        (students, records): (String, String),
        postings: PostingStore<StudentId>,
        reviews: ReviewStore,
        (findings, findings_kept): (FindingStore, SignedDuration),
    ) -> Self {
        Self { client, students, records, postings, reviews, findings, findings_kept }
    }

    /// Writes all or nothing.
    ///
    /// Idempotent: a repetition finds the versions moved on, writes nothing and says so.
    pub async fn publish(&self, writes: &[Write]) -> Result<Published, StoreError> {
        const OPERATION: &str = "students TransactWriteItems";
        if writes.len() > MOST_WRITES {
            return Err(StoreError::of(OPERATION, "more writes than a transaction takes"));
        }
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            match (self.item(write), write) {
                (Some(item), _) => items.push(item),
                // What didn't come in a file has no report to complete.
                (None, Write::Note(_) | Write::Unnote(..)) => {}
                (None, _) => return Err(StoreError::shape(OPERATION)),
            }
        }
        self.transact(OPERATION, items).await
    }

    async fn transact(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Published, StoreError> {
        let Err(error) =
            self.client.transact_write_items().set_transact_items(Some(items)).send().await
        else {
            return Ok(Published::Yes);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if cancelled.cancellation_reasons().iter().any(is_contention) =>
            {
                Ok(Published::Overtaken)
            }
            _ => Err(StoreError::new(operation, &error)),
        }
    }

    /// Tells what was found about a record that can't be decided on today, and has it looked at
    /// again on a day, if it still is the version that was looked at: all of it or nothing.
    /// Repeated, it changes nothing.
    pub async fn put_off(&self, finding: &Finding, until: Date) -> Result<Published, StoreError> {
        const OPERATION: &str = "records TransactWriteItems";
        let shape = || StoreError::shape(OPERATION);
        let update = self
            .record(&finding.record)
            .update_expression(
                "SET statut_ine = :statut_ine, finding = :finding, verify_on = :until",
            )
            .condition_expression("version = :version")
            .expression_attribute_values(":version", text(finding.version.as_str()))
            .expression_attribute_values(
                ":statut_ine",
                serde_dynamo::to_attribute_value(finding.statut_ine).map_err(|_| shape())?,
            )
            .expression_attribute_values(":until", text(until.to_string()))
            .expression_attribute_values(
                ":finding",
                serde_dynamo::to_attribute_value(finding.code).map_err(|_| shape())?,
            );
        let update =
            TransactWriteItem::builder().update(update.build().map_err(|_| shape())?).build();
        // What didn't come in a file has no report to complete.
        let note = self.findings.put(finding, self.findings_kept, Timestamp::now());
        self.transact(OPERATION, [update].into_iter().chain(note).collect()).await
    }

    fn item(&self, write: &Write) -> Option<TransactWriteItem> {
        match write {
            Write::PutStudent { student, expected, answer } => {
                let mut item = keys::student(student.id);
                item.insert("version".into(), number(expected + 1));
                if !student.withheld.is_empty() {
                    item.insert(
                        "withheld".into(),
                        serde_dynamo::to_attribute_value(&student.withheld).ok()?,
                    );
                }
                if let Some(moving) = &student.moving {
                    item.insert("moving".into(), text(moving.as_str()));
                }
                if let Some(answer) = answer {
                    item.insert("answer".into(), serde_dynamo::to_attribute_value(answer).ok()?);
                }
                unchanged(*expected).put(&self.students, item)
            }
            Write::PutAlias { student, expected, into } => {
                let mut item = keys::student(*student);
                item.insert("version".into(), number(expected + 1));
                item.insert("merged_into".into(), serde_dynamo::to_attribute_value(into).ok()?);
                unchanged(*expected).put(&self.students, item)
            }
            Write::DeleteStudent { student, expected } => {
                unchanged(*expected).delete(&self.students, keys::student(*student))
            }
            Write::PutEdge(student, edge) => {
                let item = with(keys::edge(*student, &edge.record), "edge", edge)?;
                Condition::none().put(&self.students, item)
            }
            Write::DeleteEdge(student, record) => {
                Condition::none().delete(&self.students, keys::edge(*student, record))
            }
            Write::PutIne { ine, student, answer, owners } => {
                let mut item = with(keys::ine(ine), "student", student)?;
                if let Some(answer) = answer {
                    item.insert("answer".into(), serde_dynamo::to_attribute_value(answer).ok()?);
                }
                owned_by(owners, "attribute_not_exists(pk) OR ")?.put(&self.students, item)
            }
            Write::DeleteIne { ine, owner } => {
                owned_by(std::slice::from_ref(owner), "")?.delete(&self.students, keys::ine(ine))
            }
            Write::PutBucket(key, bucket) => self.postings.put(key, bucket),
            Write::CheckBucket(key, version) => self.postings.check(key, *version),
            Write::UpdateRecord(update) => self.update_record(update),
            Write::Link { record, links, student, waits } => {
                self.link(record, links, *student, *waits)
            }
            Write::PutCase(case) => self.reviews.put(case),
            Write::Note(finding) => {
                self.findings.put(finding, self.findings_kept, Timestamp::now())
            }
            Write::Unnote(record, version) => self.findings.clear(record, version),
        }
    }

    /// The record is attached, or waits, if it still says what was decided on and is where it was.
    fn update_record(&self, changed: &RecordUpdate) -> Option<TransactWriteItem> {
        let RecordUpdate {
            record,
            version,
            before,
            state,
            student,
            doubt,
            statut_ine,
            finding,
            ..
        } = changed;
        let day = |day: Option<Date>| day.map(|day| text(day.to_string()));
        let (unknown_since, verify_on) = (day(changed.unknown_since), day(changed.verify_on));
        let update = match before {
            None => self
                .record(record)
                .condition_expression("version = :version AND attribute_not_exists(student)"),
            Some(before) => self
                .record(record)
                .condition_expression("version = :version AND student = :before")
                .expression_attribute_values(
                    ":before",
                    serde_dynamo::to_attribute_value(before).ok()?,
                ),
        };
        let update = update
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", text(version.as_str()))
            .expression_attribute_values(":state", text(state.name()))
            .expression_attribute_values(
                ":student",
                serde_dynamo::to_attribute_value(student).ok()?,
            )
            .expression_attribute_values(
                ":statut_ine",
                serde_dynamo::to_attribute_value(statut_ine).ok()?,
            );
        let mut set =
            "SET #state = :state, student = :student, statut_ine = :statut_ine".to_owned();
        let mut remove = Vec::new();
        let links =
            (!changed.links.is_empty()).then(|| serde_dynamo::to_attribute_value(&changed.links));
        let links = links.transpose().ok()?;
        if matches!(statut_ine, StatutIne::Inconnu | StatutIne::DonneesInvalides) {
            // Without its digest the same row counts as changed when it comes again, and INES is
            // asked again.
            remove.push("digest");
        }
        let doubt = doubt.map(serde_dynamo::to_attribute_value).transpose().ok()?;
        let finding = finding.map(serde_dynamo::to_attribute_value).transpose().ok()?;
        let mut update = update;
        let optional = [
            ("links", links),
            ("doubt", doubt),
            ("finding", finding),
            ("unknown_since", unknown_since),
            ("verify_on", verify_on),
        ];
        for (name, value) in optional {
            match value {
                None => remove.push(name),
                Some(value) => {
                    set = format!("{set}, {name} = :{name}");
                    update = update.expression_attribute_values(format!(":{name}"), value);
                }
            }
        }
        let expression =
            if remove.is_empty() { set } else { format!("{set} REMOVE {}", remove.join(", ")) };
        let update = update.update_expression(expression);
        Some(TransactWriteItem::builder().update(update.build().ok()?).build())
    }

    /// What people decided about the record. One that waits is looked at again when its pointer
    /// comes; one that was stored anew since is as well, so its state is only ever taken back.
    fn link(
        &self,
        record: &RecordId,
        links: &Links,
        student: StudentId,
        waits: bool,
    ) -> Option<TransactWriteItem> {
        let update = self
            .record(record)
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":links", serde_dynamo::to_attribute_value(links).ok()?)
            .expression_attribute_values(
                ":student",
                serde_dynamo::to_attribute_value(student).ok()?,
            );
        let update = if waits {
            update
                .update_expression("SET links = :links, student = :student, #state = :waits")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":waits", text(RecordState::InReview.name()))
        } else {
            update.update_expression("SET links = :links, student = :student")
        };
        Some(TransactWriteItem::builder().update(update.build().ok()?).build())
    }

    fn record(&self, record: &RecordId) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder().table_name(&self.records).set_key(Some(keys::record(record)))
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
    values: Vec<(String, AttributeValue)>,
}

impl Condition {
    fn none() -> Self {
        Self { expression: None, values: Vec::new() }
    }

    fn put(self, table: &str, item: Item) -> Option<TransactWriteItem> {
        let mut put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_condition_expression(self.expression);
        for (name, value) in self.values {
            put = put.expression_attribute_values(name, value);
        }
        Some(TransactWriteItem::builder().put(put.build().ok()?).build())
    }

    fn delete(self, table: &str, key: Item) -> Option<TransactWriteItem> {
        let mut delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .set_condition_expression(self.expression);
        for (name, value) in self.values {
            delete = delete.expression_attribute_values(name, value);
        }
        Some(TransactWriteItem::builder().delete(delete.build().ok()?).build())
    }
}

/// The version is still what was read; 0 stands for no item.
fn unchanged(expected: u64) -> Condition {
    if expected == 0 {
        return Condition {
            expression: Some("attribute_not_exists(pk)".into()),
            values: Vec::new(),
        };
    }
    Condition {
        expression: Some("version = :expected".into()),
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
    Some(Condition { expression: Some(format!("{or}student IN ({})", names.join(", "))), values })
}
