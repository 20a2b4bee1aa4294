//! The access log: nothing is read or written about a person without a trace, and no answer is
//! given before it.
//!
//! It says who asked, when, by which route, for whom, about which student or record and what was
//! done, and holds neither INE nor identity: a student is named by its random id, a record by its
//! keyed digest. CNIL asks for access logs that are separate, append-only for the application, and
//! kept 6 to 12 months.
//!
//! | `subject` | the trace is about |
//! |---|---|
//! | `S#<student>` | a student who was consulted |
//! | `R#<record>` | an enrolment that was sent, read, cancelled or reviewed: it leads to whichever student has it today, after corrections, merges and splits too |
//! | `F#<import>` | the findings of a file, which name its lines and nobody |
//! | `C#<client>`, `D#<UAI>` | nobody: a look-up or a check that found nobody, of a client, or of the rows of a depositor's files |
//!
//! The index `client` lists the traces of one client and day, in [`PARTS`] parts, because a client
//! of 2,000 requests a second is more than one partition of an index takes. A row that is attached
//! to a student leaves no trace here: its attachment names the import, and its record the
//! depositor.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::access::route::Route;
use crate::contract::error::Uid;
use crate::domain::siret::Siret;
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;
use crate::identity::student::StudentId;
use crate::registry::StoreError;

/// A transaction writes so many items at most (DynamoDB's limit), and so a batch has no more
/// people.
pub const MOST_AT_ONCE: usize = 100;

/// Parts of the index of one client and day: a hexadecimal digit.
pub const PARTS: u8 = 16;
/// Subjects read side by side.
const SIDE_BY_SIDE: usize = 16;
/// The index that lists the traces of a client.
const CLIENTS: &str = "client";

/// What was done about a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The status was asked for, or the case was reviewed.
    #[default]
    Consulted,
    /// An enrolment was sent, and its INE and birth date were checked.
    Sent,
    /// An enrolment was read back.
    Read,
    /// An enrolment was cancelled.
    Cancelled,
    /// The findings of a file were read.
    FindingsRead,
    /// The rejected rows of a file were taken as a file.
    RejectedRead,
    /// The INE and the birth date of a row were checked.
    Checked,
    /// The student made a share.
    Shared,
    /// The student ended a share.
    Unshared,
    /// The student made an attestation.
    Attested,
    /// The student revoked an attestation.
    Revoked,
    /// The student took a copy of all that is held of them.
    Exported,
    /// The student made a request of rights, or took one back.
    Requested,
}

impl Action {
    /// Its name in traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consulted => "consulted",
            Self::Sent => "sent",
            Self::Read => "read",
            Self::Cancelled => "cancelled",
            Self::FindingsRead => "findings_read",
            Self::RejectedRead => "rejected_read",
            Self::Checked => "checked",
            Self::Shared => "shared",
            Self::Unshared => "unshared",
            Self::Attested => "attested",
            Self::Revoked => "revoked",
            Self::Exported => "exported",
            Self::Requested => "requested",
        }
    }
}

/// Who asked, when and how: what the traces of one request share.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The correlation id of the answer.
    pub uid: &'a Uid,
    /// When.
    pub at: Timestamp,
    /// The client that asked; none for what was done with the rows of a file, and for what students
    /// and those whom they gave a code to read.
    pub client: Option<&'a str>,
    /// The establishment that it sends as, or that sent the file.
    pub depositor: Option<Uai>,
    /// By which route.
    pub route: Route,
    /// What was done.
    pub action: Action,
    /// `X-Caller`: on whose behalf a relaying client asks; what for, of a share.
    pub caller: Option<&'a str>,
    /// The administration that receives the answer.
    pub recipient: Option<Siret>,
}

/// What was done about one person.
#[derive(Debug, Clone, Default)]
pub struct Disclosure {
    /// The student that was told or found, if one was.
    pub student: Option<StudentId>,
    /// The enrolment that was sent, read, cancelled or shown, if it was one.
    pub record: Option<RecordId>,
    /// The import whose rows it is about, if it is about those of a file.
    pub import: Option<String>,
    /// How many enrolments were told.
    pub enrolments: usize,
    /// Which fields.
    pub fields: Vec<&'static str>,
}

/// A trace, as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// When, and the correlation id, and a number that makes it unique.
    pub at: String,
    /// The client that asked; none for what was done with the rows of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The establishment that it sends as, or that sent the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depositor: Option<Uai>,
    /// By which route.
    pub route: Route,
    /// What was done.
    #[serde(default)]
    pub action: Action,
    /// The import whose rows it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// On whose behalf.
    pub caller: Option<String>,
    /// The administration that received the answer.
    pub recipient: Option<Siret>,
    /// Whether somebody was told.
    pub found: bool,
    /// How many enrolments were told.
    pub enrolments: usize,
    /// Which fields were told.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What a client does, as often as it does it: what the index of clients has of a trace besides its
/// keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Use {
    /// By which route.
    pub route: Route,
    #[serde(default)]
    pub action: Action,
    /// Whether somebody was told.
    pub found: bool,
}

#[derive(Serialize)]
struct Stored {
    subject: String,
    /// The hash key of the index of clients: client, day and digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(flatten)]
    access: Access,
    expires_at: i64,
}

/// Whom or what a trace is kept under.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    Student(StudentId),
    /// An enrolment.
    Record(&'a RecordId),
    /// The findings of an import.
    Findings(&'a str),
    /// Nobody, of a client.
    Client(&'a str),
    /// Nobody, of the rows of a depositor.
    Depositor(Uai),
}

impl Subject<'_> {
    /// The key, and what `accesses` shows of it.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Student(student) => format!("S#{student}"),
            Self::Record(record) => format!("R#{record}"),
            Self::Findings(import) => format!("F#{import}"),
            Self::Client(client) => format!("C#{client}"),
            Self::Depositor(uai) => format!("D#{uai}"),
        }
    }
}

/// The table `access_log`.
#[derive(Debug, Clone)]
pub struct AccessLog {
    client: Client,
    table: String,
    retention_days: u32,
}

impl AccessLog {
    /// The table of that name; its items expire after `retention_days`.
    #[must_use]
    pub fn new(client: Client, table: String, retention_days: u32) -> Self {
        Self { client, table, retention_days }
    }

    /// Writes the traces of one request, all of them or none: one for each person asked about,
    /// [`MOST_AT_ONCE`] at most.
    ///
    /// Keyed by student or record, so that a person's accesses are a few queries; what found nobody
    /// is kept under the client or the depositor, where enumeration shows. Each has a random part
    /// in its key, and is written only where nothing is: a trace never replaces another one,
    /// whatever draws the same number, and a call that is tried again finds the one that it has
    /// written.
    pub async fn write(
        &self,
        request: &Request<'_>,
        told: &[Disclosure],
    ) -> Result<(), StoreError> {
        match told {
            [] => Ok(()),
            // The SDK's calls are large futures, and the callers' would hold both.
            [told] => Box::pin(self.write_one(self.item(request, told)?)).await,
            several => {
                let items = several.iter().map(|told| self.item(request, told));
                Box::pin(self.write_together(items.collect::<Result<_, _>>()?)).await
            }
        }
    }

    /// What is kept under one subject, latest first, `most` at most: one query. What the person may
    /// ask to see (RGPD, article 15) is what is kept under the student, its records and their
    /// imports.
    pub async fn of(&self, subject: Subject<'_>, most: i32) -> Result<Vec<Access>, StoreError> {
        self.of_before(subject, None, most).await
    }

    /// The same, of those before a trace, by its `at`.
    pub async fn of_before(
        &self,
        subject: Subject<'_>,
        before: Option<&str>,
        most: i32,
    ) -> Result<Vec<Access>, StoreError> {
        const OPERATION: &str = "access_log Query";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_values(":subject", AttributeValue::S(subject.key()))
            .scan_index_forward(false)
            .limit(most);
        let query = match before {
            None => query.key_condition_expression("subject = :subject"),
            Some(before) => query
                .key_condition_expression("subject = :subject AND #at < :before")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":before", AttributeValue::S(before.to_owned())),
        };
        let output = query.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))
    }

    /// What is kept under several subjects together, latest first: a query for each, `most` at most
    /// of each.
    pub async fn of_several(
        &self,
        subjects: &[Subject<'_>],
        before: Option<&str>,
        most: i32,
    ) -> Result<Vec<Access>, StoreError> {
        let reads: Vec<_> =
            subjects.iter().map(|subject| self.of_before(*subject, before, most)).collect();
        let read: Vec<Vec<Access>> =
            stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect().await?;
        let mut traces: Vec<Access> = read.into_iter().flatten().collect();
        traces.sort_by(|one, other| other.at.cmp(&one.at));
        Ok(traces)
    }

    /// What a client did on one day (UTC), in the order of time: for each its subject and its `at`,
    /// by which the trace is read. One query for each of [`PARTS`].
    pub async fn of_client(
        &self,
        client: &str,
        day: Date,
    ) -> Result<Vec<(String, String)>, StoreError> {
        const OPERATION: &str = "access_log Query";
        #[derive(Deserialize)]
        struct Key {
            subject: String,
            at: String,
        }
        let mut found = Vec::new();
        for part in 0..PARTS {
            let query = self.by_client(client, day, part).projection_expression("subject, #at");
            let query = query.expression_attribute_names("#at", "at");
            let mut items = query.into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
                let Key { subject, at } =
                    serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
                found.push((at, subject));
            }
        }
        found.sort_unstable();
        Ok(found.into_iter().map(|(at, subject)| (subject, at)).collect())
    }

    /// How often a client did what on one day (UTC), and whether somebody was told. No trace itself
    /// is read, nor whom it is about.
    pub async fn use_of(&self, client: &str, day: Date) -> Result<BTreeMap<Use, u64>, StoreError> {
        const OPERATION: &str = "access_log Query";
        let mut uses = BTreeMap::new();
        for part in 0..PARTS {
            let query = self
                .by_client(client, day, part)
                .projection_expression("#route, #action, #found")
                .expression_attribute_names("#route", "route")
                .expression_attribute_names("#action", "action")
                .expression_attribute_names("#found", "found");
            let mut items = query.into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
                let one: Use =
                    serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
                *uses.entry(one).or_default() += 1;
            }
        }
        Ok(uses)
    }

    fn by_client(&self, client: &str, day: Date, part: u8) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(CLIENTS)
            .key_condition_expression("#by = :by")
            .expression_attribute_names("#by", "by")
            .expression_attribute_values(":by", AttributeValue::S(part_of(client, day, part)))
    }

    /// One trace, by its key.
    pub async fn get(&self, subject: &str, at: &str) -> Result<Option<Access>, StoreError> {
        const OPERATION: &str = "access_log GetItem";
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("subject", key(subject))
            .key("at", key(at));
        let output = get.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        output
            .item
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|_| StoreError::shape(OPERATION))
    }

    fn item(
        &self,
        request: &Request<'_>,
        told: &Disclosure,
    ) -> Result<HashMap<String, AttributeValue>, StoreError> {
        let unique = uuid::Uuid::new_v4().as_u64_pair().0;
        let day = TimeZone::UTC.to_datetime(request.at).date();
        let part = u8::try_from(unique % u64::from(PARTS)).unwrap_or_default();
        let stored = Stored {
            subject: subject_of(request, told)
                .ok_or_else(|| StoreError::shape("access_log PutItem"))?
                .key(),
            by: request.client.map(|client| part_of(client, day, part)),
            access: Access {
                // A uid is a time: two instances may make the same one.
                at: format!("{}#{}#{unique:016x}", request.at, request.uid),
                client: request.client.map(str::to_owned),
                depositor: request.depositor,
                route: request.route,
                action: request.action,
                import: told.import.clone(),
                caller: request.caller.map(str::to_owned),
                recipient: request.recipient,
                found: told.student.is_some() || told.record.is_some(),
                enrolments: told.enrolments,
                fields: told.fields.iter().map(|field| (*field).to_owned()).collect(),
            },
            expires_at: request.at.as_second() + i64::from(self.retention_days) * 24 * 60 * 60,
        };
        serde_dynamo::to_item(stored).map_err(|_| StoreError::shape("access_log PutItem"))
    }

    async fn write_one(&self, item: HashMap<String, AttributeValue>) -> Result<(), StoreError> {
        write_once(self.client.put_item().table_name(&self.table), item, "access_log PutItem").await
    }

    async fn write_together(
        &self,
        items: Vec<HashMap<String, AttributeValue>>,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "access_log TransactWriteItems";
        let put = |item| {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .condition_expression(NOT_WRITTEN);
            let put = put.build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|_| StoreError::shape(OPERATION))
        };
        self.client
            .transact_write_items()
            .set_transact_items(Some(items.into_iter().map(put).collect::<Result<_, _>>()?))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }
}

/// Writes an entry where nothing is: one that was written by an earlier attempt, whose answer was
/// lost, is found.
pub(crate) async fn write_once(
    put: PutItemFluentBuilder,
    item: HashMap<String, AttributeValue>,
    operation: &'static str,
) -> Result<(), StoreError> {
    let put = put
        .set_item(Some(item.clone()))
        .condition_expression(NOT_WRITTEN)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let Err(error) = put.send().await else { return Ok(()) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed))
            if failed.item.as_ref() == Some(&item) =>
        {
            Ok(())
        }
        _ => Err(StoreError::new(operation, &error)),
    }
}

/// An entry is written once. The SDK gives a transaction a token, by which one that is tried again
/// is done once.
const NOT_WRITTEN: &str = "attribute_not_exists(subject)";

/// `None` for nobody's request about nobody.
fn subject_of<'a>(request: &Request<'a>, told: &'a Disclosure) -> Option<Subject<'a>> {
    match (told.student, &told.record, &told.import, request.client) {
        (_, Some(record), ..) => Some(Subject::Record(record)),
        (Some(student), None, ..) => Some(Subject::Student(student)),
        (None, None, Some(import), Some(_)) => Some(Subject::Findings(import)),
        (None, None, None, Some(client)) => Some(Subject::Client(client)),
        (None, None, _, None) => request.depositor.map(Subject::Depositor),
    }
}

fn part_of(client: &str, day: Date, part: u8) -> String {
    format!("{client}#{day}#{part:x}")
}
