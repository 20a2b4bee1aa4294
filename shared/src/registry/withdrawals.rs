//! What was taken back: keys, tokens, clients, roles, and leave to tell of a student. A restore of the
//! other tables to an instant would give it back; this table is restored with none of them, and
//! what it says since that instant is applied again (docs/runbook.md, *Restore*).
//!
//! | attribute | |
//! |---|---|
//! | `month` | `2026-11`, of UTC |
//! | `at` | when, to the millisecond, and something random |
//! | `withdrawn` | what |
//! | `expires_at` | 400 days later, when no backup is old enough to bring it back |
//!
//! An entry is written before what it tells of, so that a crash between the two leaves one too many
//! and never one too few: whoever applies it again takes back what was meant to be.

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::keys::{Item, text};
use super::members::EstablishmentRole;
use crate::access::key::KeyDigest;
use crate::domain::uai::Uai;
use crate::identity::student::StudentId;

/// The oldest backup that a deployment may be restored from.
pub const OLDEST_BACKUP: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Something that nobody has any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Withdrawn {
    /// A client's leave to ask or send anything.
    Client { client_id: String },
    /// A key, which opens nothing from then on.
    Key { client_id: String, key: KeyDigest, until: Timestamp },
    /// A token, which would have ended by itself at `until`.
    Token { token: KeyDigest, until: Timestamp },
    /// Leave to tell of a student, until people have decided on it.
    Student { student: StudentId },
    /// What a member of the portal may do for an establishment beyond `left`, by the digest of the
    /// member.
    Role { member: String, uai: Uai, left: Option<EstablishmentRole> },
}

/// Something that was taken back, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub at: Timestamp,
    pub withdrawn: Withdrawn,
}

/// The table `withdrawals`.
#[derive(Debug, Clone)]
pub struct WithdrawalStore {
    client: Client,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    month: String,
    at: String,
    withdrawn: Withdrawn,
    expires_at: i64,
}

impl WithdrawalStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Notes what is about to be taken back. Noted twice, it is applied again twice, and the second
    /// time changes nothing.
    pub async fn note(&self, withdrawn: Withdrawn, now: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "withdrawals PutItem";
        let stored = Stored {
            month: month(now),
            at: format!("{}.{}", instant(now), uuid::Uuid::new_v4().simple()),
            withdrawn,
            expires_at: now.saturating_add(OLDEST_BACKUP).map_or(i64::MAX, Timestamp::as_second),
        };
        let item: Item = serde_dynamo::to_item(stored).map_err(|_| StoreError::shape(OPERATION))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }

    /// What was taken back from an instant on, in the order of time.
    pub async fn since(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Withdrawal>, StoreError> {
        const OPERATION: &str = "withdrawals Query";
        let mut found = Vec::new();
        for month in months(since, now) {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#month = :month AND #at >= :since")
                .expression_attribute_names("#month", "month")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":month", text(month))
                .expression_attribute_values(":since", text(instant(since)))
                .consistent_read(true)
                .into_paginator()
                .items()
                .send();
            while let Some(item) = pages.next().await {
                let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
                let Stored { at, withdrawn, .. } =
                    serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
                let at = at.split_once('.').and_then(|(at, _)| at.parse().ok());
                let at = at.and_then(|at| Timestamp::from_millisecond(at).ok());
                let at = at.ok_or_else(|| StoreError::shape(OPERATION))?;
                found.push(Withdrawal { at, withdrawn });
            }
        }
        Ok(found)
    }
}

/// Milliseconds since 1970, in thirteen digits: they sort as they are, until the year 2286.
fn instant(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

fn month(at: Timestamp) -> String {
    day(at).strftime("%Y-%m").to_string()
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// Every month from that of `since` to that of `now`.
fn months(since: Timestamp, now: Timestamp) -> impl Iterator<Item = String> {
    let last = day(now);
    let first = day(since).first_of_month();
    (0..)
        .map_while(move |months| first.checked_add(Span::new().months(months)).ok())
        .take_while(move |month| *month <= last)
        .map(|month| month.strftime("%Y-%m").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_is_looked_at_and_no_other() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let all = |since, now| -> Vec<String> { months(at(since), at(now)).collect() };
        assert_eq!(all("2026-11-30T23:59:59Z", "2026-11-30T23:59:59Z"), ["2026-11"]);
        assert_eq!(
            all("2026-11-30T23:59:59Z", "2027-01-01T00:00:00Z"),
            ["2026-11", "2026-12", "2027-01"]
        );
        assert_eq!(all("2026-12-02T00:00:00Z", "2026-11-01T00:00:00Z"), [""; 0]);
    }
}
