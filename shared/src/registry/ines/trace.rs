//! The trace of the identity service: no answer without one.
//!
//! It says which client asked, when, by which route, about whom and what it came to, and holds
//! neither INE nor identity: a person is the keyed digest of the master INE.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use crate::audit::write_once;
use crate::contract::error::Uid;
use crate::domain::uai::Uai;
use crate::identity::digest::IneDigest;
use crate::identity::immatriculation::RequestId;

/// Who asked, when and how.
#[derive(Debug, Clone, Copy)]
pub struct InesQuestion<'a> {
    /// The correlation id of the answer.
    pub uid: &'a Uid,
    /// When.
    pub at: Timestamp,
    /// The client that asked.
    pub client: &'a str,
    /// By which route.
    pub route: &'static str,
    /// `X-channel`: what the client says of itself.
    pub channel: Option<&'a str>,
    /// The establishment on whose word it asks, as it says.
    pub depositor: Option<Uai>,
}

/// Whom a question turned out to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Somebody who has an INE, by its master's digest.
    Person(&'a IneDigest),
    /// A request that isn't granted.
    Request(&'a RequestId),
    /// Nobody, or several: kept under the client, where enumeration shows.
    Nobody,
}

/// A trace, as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// When, and the correlation id, and a number that makes it unique.
    pub at: String,
    /// The client that asked.
    pub client: String,
    /// By which route.
    pub route: String,
    /// What the client says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The establishment on whose word it asked, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depositor: Option<Uai>,
    /// What it came to.
    pub outcome: String,
}

#[derive(Serialize)]
struct Stored {
    subject: String,
    #[serde(flatten)]
    access: Access,
    expires_at: i64,
}

/// The table `ines-log`.
#[derive(Debug, Clone)]
pub struct TraceLog {
    client: Client,
    table: String,
    retention_days: u32,
}

impl TraceLog {
    /// The table of that name; its items expire after `retention_days`.
    #[must_use]
    pub fn new(client: Client, table: String, retention_days: u32) -> Self {
        Self { client, table, retention_days }
    }

    /// Writes one trace. It has a random part in its key, and is written only where nothing is: it
    /// never replaces another one, and a call that is tried again finds the one that it has
    /// written.
    pub async fn write(
        &self,
        question: &InesQuestion<'_>,
        subject: Subject<'_>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "ines-log PutItem";
        let stored = Stored {
            subject: match subject {
                Subject::Person(ine) => format!("I#{}", ine.as_str()),
                Subject::Request(id) => format!("D#{id}"),
                Subject::Nobody => format!("C#{}", question.client),
            },
            access: Access {
                at: format!(
                    "{:.6}#{}#{:016x}",
                    question.at,
                    question.uid,
                    uuid::Uuid::new_v4().as_u64_pair().0
                ),
                client: question.client.to_owned(),
                route: question.route.to_owned(),
                channel: question.channel.map(str::to_owned),
                depositor: question.depositor,
                outcome: outcome.to_owned(),
            },
            expires_at: question.at.as_second() + i64::from(self.retention_days) * 24 * 60 * 60,
        };
        let item = serde_dynamo::to_item(stored).map_err(|_| StoreError::shape(OPERATION))?;
        write_once(self.client.put_item().table_name(&self.table), item, OPERATION).await
    }
}
