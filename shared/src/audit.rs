//! The trace of consultations: no answer without one.
//!
//! It says who asked, when, by which route, for whom, about which student and what was told, and holds neither INE nor
//! identity: a student is named by its random id. CNIL asks for access logs that are separate, append-only for the
//! application, and kept 6 to 12 months.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::route::Route;
use crate::contract::error::Uid;
use crate::domain::siret::Siret;
use crate::identity::student::StudentId;
use crate::registry::StoreError;

/// A transaction writes so many items at most (DynamoDB's limit), and so a batch has no more people.
pub const MOST_AT_ONCE: usize = 100;

/// Who asked, when and how: what the traces of one request share.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The correlation id of the answer.
    pub uid: &'a Uid,
    /// When.
    pub at: Timestamp,
    /// The client that asked.
    pub client: &'a str,
    /// By which route.
    pub route: Route,
    /// `X-Caller`: on whose behalf a relaying client asks.
    pub caller: Option<&'a str>,
    /// The administration that receives the answer.
    pub recipient: Option<Siret>,
}

/// What one person's look-up came to.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The student that was told, if one was.
    pub student: Option<StudentId>,
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
    /// The client that asked.
    pub client: String,
    /// By which route.
    pub route: Route,
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

#[derive(Serialize)]
struct Stored {
    subject: String,
    #[serde(flatten)]
    access: Access,
    expires_at: i64,
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

    /// Writes the traces of one request, all of them or none: one for each person asked about, [`MOST_AT_ONCE`] at
    /// most.
    ///
    /// Keyed by student, so that a person's accesses are one query; look-ups that told nobody are kept under the
    /// client, where enumeration shows. Each has a random part in its key, so a trace never replaces another one, and
    /// a call that is tried again writes the same one.
    pub async fn write(&self, request: &Request<'_>, told: &[Told]) -> Result<(), StoreError> {
        match told {
            [] => Ok(()),
            [told] => self.write_one(self.item(request, told)?).await,
            several => {
                let items = several.iter().map(|told| self.item(request, told));
                self.write_together(items.collect::<Result<_, _>>()?).await
            }
        }
    }

    /// The accesses to one student, latest first: one query. What the person may ask to see (RGPD, article 15).
    pub async fn of_student(&self, student: StudentId, most: i32) -> Result<Vec<Access>, StoreError> {
        const OPERATION: &str = "access_log Query";
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("subject = :subject")
            .expression_attribute_values(":subject", AttributeValue::S(subject_of(student)))
            .scan_index_forward(false)
            .limit(most)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(|_| StoreError::shape(OPERATION))
    }

    fn item(&self, request: &Request<'_>, told: &Told) -> Result<HashMap<String, AttributeValue>, StoreError> {
        let stored = Stored {
            subject: told.student.map_or_else(|| format!("C#{}", request.client), subject_of),
            access: Access {
                // A uid is a time: two instances may make the same one.
                at: format!("{}#{}#{:016x}", request.at, request.uid, uuid::Uuid::new_v4().as_u64_pair().0),
                client: request.client.to_owned(),
                route: request.route,
                caller: request.caller.map(str::to_owned),
                recipient: request.recipient,
                found: told.student.is_some(),
                enrolments: told.enrolments,
                fields: told.fields.iter().map(|field| (*field).to_owned()).collect(),
            },
            expires_at: request.at.as_second() + i64::from(self.retention_days) * 24 * 60 * 60,
        };
        serde_dynamo::to_item(stored).map_err(|_| StoreError::shape("access_log PutItem"))
    }

    async fn write_one(&self, item: HashMap<String, AttributeValue>) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::new("access_log PutItem", &error))?;
        Ok(())
    }

    async fn write_together(&self, items: Vec<HashMap<String, AttributeValue>>) -> Result<(), StoreError> {
        const OPERATION: &str = "access_log TransactWriteItems";
        let put = |item| {
            let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
            put.map(|put| TransactWriteItem::builder().put(put).build()).map_err(|_| StoreError::shape(OPERATION))
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

fn subject_of(student: StudentId) -> String {
    format!("S#{student}")
}
