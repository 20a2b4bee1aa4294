//! A publication, written: everything that changes with a decision, in one transaction over four
//! tables.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::StoreError;
use super::blocks::BlockStore;
use super::findings::FindingStore;
use super::keys::{self, Item, number, text};
use super::reviews::ReviewStore;
use super::transaction::{EncodeError, was_overtaken};
use crate::domain::record_state::RecordState;
use crate::identity::digest::RecordId;
use crate::identity::edge::Links;
use crate::identity::finding::{Finding, StatutIne};
use crate::identity::publication::{RecordUpdate, Write};
use crate::identity::student::StudentId;

/// What DynamoDB takes in one transaction.
pub const MOST_WRITES: usize = 100;

/// The attribute that tells since when a record has been in a state. One that is decided on anew and
/// stays there keeps its time.
const SINCE: [(RecordState, &str); 2] =
    [(RecordState::Resolved, "visible_since"), (RecordState::OnHold, "on_hold_since")];

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
    blocks: BlockStore<StudentId>,
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
        blocks: BlockStore<StudentId>,
        reviews: ReviewStore,
        (findings, findings_kept): (FindingStore, SignedDuration),
    ) -> Self {
        Self { client, students, records, blocks, reviews, findings, findings_kept }
    }

    /// Writes all or nothing, as of `now`.
    ///
    /// Idempotent: a repetition finds the versions moved on, writes nothing and says so.
    pub async fn publish(&self, writes: &[Write], now: Timestamp) -> Result<Published, StoreError> {
        self.publish_with(writes, Vec::new(), now).await
    }

    /// The same, with writes of another store's in the transaction: they count among the
    /// [`MOST_WRITES`].
    pub async fn publish_with(
        &self,
        writes: &[Write],
        others: Vec<TransactWriteItem>,
        now: Timestamp,
    ) -> Result<Published, StoreError> {
        const OPERATION: &str = "students TransactWriteItems";
        if writes.len() + others.len() > MOST_WRITES {
            return Err(StoreError::refused(OPERATION, "more writes than a transaction takes"));
        }
        let items: Result<Vec<_>, _> =
            writes.iter().filter_map(|write| self.item(write, now).transpose()).collect();
        let mut items = items.map_err(|error| StoreError::encode(OPERATION, error))?;
        items.extend(others);
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
                if was_overtaken(cancelled.cancellation_reasons()) =>
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
        let note = self
            .findings
            .put(finding, self.findings_kept, Timestamp::now())
            .map_err(|error| StoreError::encode(OPERATION, error))?;
        self.transact(OPERATION, [update].into_iter().chain(note).collect()).await
    }

    /// The write in DynamoDB's terms; `None` for a finding without a report to complete.
    fn item(
        &self,
        write: &Write,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, EncodeError> {
        let item = match write {
            Write::Note(finding) => {
                return self.findings.put(finding, self.findings_kept, now);
            }
            Write::Unnote(record, version) => return self.findings.clear(record, version),
            Write::PutStudent { student, expected, answer, stat } => {
                let mut item = keys::student(student.id);
                item.insert("version".into(), number(expected + 1));
                if !student.on_hold.is_empty() {
                    item.insert(
                        "on_hold".into(),
                        serde_dynamo::to_attribute_value(&student.on_hold)?,
                    );
                }
                if let Some(moving) = &student.moving {
                    item.insert("moving".into(), text(moving.as_str()));
                }
                if let Some(answer) = answer {
                    item.insert("answer".into(), serde_dynamo::to_attribute_value(answer)?);
                }
                if let Some(stat) = stat {
                    item.insert("stat".into(), serde_dynamo::to_attribute_value(stat)?);
                }
                unchanged(*expected).put(&self.students, item)
            }
            Write::PutAlias { student, expected, into } => {
                let mut item = keys::student(*student);
                item.insert("version".into(), number(expected + 1));
                item.insert("merged_into".into(), serde_dynamo::to_attribute_value(into)?);
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
                    item.insert("answer".into(), serde_dynamo::to_attribute_value(answer)?);
                }
                owned_by(owners, "attribute_not_exists(pk) OR ")?.put(&self.students, item)
            }
            Write::DeleteIne { ine, owner } => {
                owned_by(std::slice::from_ref(owner), "")?.delete(&self.students, keys::ine(ine))
            }
            Write::PutBlock(key, block) if block.is_void() => {
                self.blocks.put_empty(key, block, now)
            }
            Write::PutBlock(key, block) => self.blocks.put(key, block),
            Write::CheckBlock(key, version) => self.blocks.check(key, *version),
            Write::UpdateRecord(update) => self.update_record(update, now),
            Write::Link { record, links, student, on_hold } => {
                self.link(record, links, *student, on_hold.then_some(now))
            }
            Write::PutCase(case) => self.reviews.put(case),
        };
        item.map(Some)
    }

    /// The record is attached, or waits, if it still says what was decided on and is where it was.
    fn update_record(
        &self,
        changed: &RecordUpdate,
        now: Timestamp,
    ) -> Result<TransactWriteItem, EncodeError> {
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
                .expression_attribute_values(":before", serde_dynamo::to_attribute_value(before)?),
        };
        let update = update
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", text(version.as_str()))
            .expression_attribute_values(":state", text(state.name()))
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":student", serde_dynamo::to_attribute_value(student)?)
            .expression_attribute_values(
                ":statut_ine",
                serde_dynamo::to_attribute_value(statut_ine)?,
            );
        let mut set =
            "SET #state = :state, student = :student, statut_ine = :statut_ine".to_owned();
        let mut remove = Vec::new();
        for (of, since) in SINCE {
            if of == *state {
                set = format!("{set}, {since} = if_not_exists({since}, :now)");
            } else {
                remove.push(since);
            }
        }
        let links =
            (!changed.links.is_empty()).then(|| serde_dynamo::to_attribute_value(&changed.links));
        let links = links.transpose()?;
        if matches!(statut_ine, StatutIne::Inconnu | StatutIne::DonneesInvalides) {
            // Without its digest the same row counts as changed when it comes again, and INES is
            // asked again.
            remove.push("digest");
        }
        let doubt = doubt.map(serde_dynamo::to_attribute_value).transpose()?;
        let finding = finding.map(serde_dynamo::to_attribute_value).transpose()?;
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
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// What people decided about the record. One that waits is looked at again when its pointer
    /// comes; one that was stored anew since is as well, so its state is only ever taken back.
    fn link(
        &self,
        record: &RecordId,
        links: &Links,
        student: StudentId,
        on_hold: Option<Timestamp>,
    ) -> Result<TransactWriteItem, EncodeError> {
        let update = self
            .record(record)
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":links", serde_dynamo::to_attribute_value(links)?)
            .expression_attribute_values(":student", serde_dynamo::to_attribute_value(student)?);
        let update = match on_hold {
            Some(now) => update
                .update_expression(
                    "SET links = :links, student = :student, #state = :on_hold, \
                     on_hold_since = if_not_exists(on_hold_since, :now) REMOVE visible_since",
                )
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":now", text(now.to_string()))
                .expression_attribute_values(":on_hold", text(RecordState::OnHold.name())),
            None => update.update_expression("SET links = :links, student = :student"),
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    fn record(&self, record: &RecordId) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder().table_name(&self.records).set_key(Some(keys::record(record)))
    }
}

fn with(mut key: Item, name: &str, value: impl Serialize) -> Result<Item, EncodeError> {
    key.insert(name.to_owned(), serde_dynamo::to_attribute_value(value)?);
    Ok(key)
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

    fn put(self, table: &str, item: Item) -> Result<TransactWriteItem, EncodeError> {
        let mut put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_condition_expression(self.expression);
        for (name, value) in self.values {
            put = put.expression_attribute_values(name, value);
        }
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn delete(self, table: &str, key: Item) -> Result<TransactWriteItem, EncodeError> {
        let mut delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .set_condition_expression(self.expression);
        for (name, value) in self.values {
            delete = delete.expression_attribute_values(name, value);
        }
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
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
fn owned_by(owners: &[StudentId], or: &str) -> Result<Condition, EncodeError> {
    let mut values = Vec::new();
    let mut names = Vec::new();
    for (index, owner) in owners.iter().enumerate() {
        names.push(format!(":owner{index}"));
        values.push((format!(":owner{index}"), serde_dynamo::to_attribute_value(owner)?));
    }
    Ok(Condition { expression: Some(format!("{or}student IN ({})", names.join(", "))), values })
}
