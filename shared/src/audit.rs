//! The trace of consultations: no answer without one.
//!
//! It says who asked, when, by which route, for whom and about which student, and holds neither INE nor identity:
//! a student is named by its random id. CNIL asks for access logs that are separate, append-only for the
//! application, and kept 6 to 12 months.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::contract::error::Uid;
use crate::identity::student::StudentId;
use crate::registry::StoreError;

/// One consultation.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// The correlation id of the answer.
    pub uid: &'a Uid,
    /// When.
    pub at: Timestamp,
    /// The client that asked.
    pub client: &'a str,
    /// The route's name.
    pub route: &'a str,
    /// `X-Caller`: on whose behalf a relaying client asks.
    pub caller: Option<&'a str>,
    /// The student that was told, if one was.
    pub student: Option<StudentId>,
    /// How many enrolments were told.
    pub enrolments: usize,
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

    /// Writes the trace of one consultation.
    ///
    /// Keyed by student, so that a person's accesses are one query; look-ups that told nobody are kept under the
    /// client, where enumeration shows.
    pub async fn write(&self, access: &Access<'_>) -> Result<(), StoreError> {
        let subject = match access.student {
            Some(student) => format!("S#{student}"),
            None => format!("C#{}", access.client),
        };
        let expires = access.at.as_second() + i64::from(self.retention_days) * 24 * 60 * 60;
        self.client
            .put_item()
            .table_name(&self.table)
            .item("subject", AttributeValue::S(subject))
            .item("at", AttributeValue::S(format!("{}#{}", access.at, access.uid)))
            .item("client", AttributeValue::S(access.client.to_owned()))
            .item("route", AttributeValue::S(access.route.to_owned()))
            .item(
                "caller",
                access.caller.map_or(AttributeValue::Null(true), |caller| AttributeValue::S(caller.to_owned())),
            )
            .item("found", AttributeValue::Bool(access.student.is_some()))
            .item("enrolments", AttributeValue::N(access.enrolments.to_string()))
            .item("expires_at", AttributeValue::N(expires.to_string()))
            .send()
            .await
            .map_err(|error| StoreError::new("access_log PutItem", &error))?;
        Ok(())
    }
}
