//! How many people INES may be asked to immatriculate on an establishment's word, in the table
//! `quotas`.
//!
//! | `subject` | |
//! |---|---|
//! | `N#<UAI>#<first year>` | what an establishment took in an academic year: `reserved_count`; `confirmed_share`, what its size allows, as of `counted_at`; `operator_limit`, which replaces what size and floor allow |
//! | `N#<reference>` | that a request to INES is paid for; its keyed reference says nothing about anybody |
//!
//! A request is a record and whom it names: asked again it is free, and a record that comes to name
//! somebody else pays again, or a few records could go through any number of people. Both items are
//! written in one transaction, so a crash before it leaves nothing, and one after it leaves a
//! request that is paid for: the message comes again, finds that, and asks INES.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::keys::{Item, number, text};
use super::records::RecordStore;
use super::transaction::Cancellation;
use super::{StoreError, backoff};
use crate::domain::academic_year::AcademicYear;
use crate::domain::enrolment::Declaration;
use crate::domain::uai::Uai;

/// How long an item is kept after it was written last: an academic year, and the late rows about
/// it.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How long a count of an establishment holds. Less than what waits is put off by, so that it
/// always meets a new one.
const COUNT_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// A missing number compares as false. An operator's limit is written with a count, or the lack of
/// one would let the first request past it.
const ROOM: &str = "attribute_not_exists(reserved_count) OR reserved_count < operator_limit OR \
    (attribute_not_exists(operator_limit) AND (reserved_count < :floor OR reserved_count < confirmed_share))";

/// Whose new identities are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cohort {
    /// The establishment.
    pub uai: Uai,
    pub year: AcademicYear,
}

impl Cohort {
    /// The cohort of an enrolment.
    #[must_use]
    pub fn of(declaration: &Declaration) -> Self {
        let inscription = &declaration.inscription;
        Self { uai: inscription.uai, year: inscription.academic_year() }
    }

    fn key(self) -> Item {
        key(format!("N#{}#{:04}", self.uai, self.year.first_year()))
    }
}

fn key(subject: String) -> Item {
    Item::from([("subject".to_owned(), text(subject))])
}

/// What an establishment may without an operator.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// So many whatever its size.
    pub floor: NonZeroU32,
    /// Or so many for a hundred students whom INES confirmed.
    pub percent: u32,
}

impl Terms {
    fn share(self, confirmed: u64) -> u64 {
        confirmed.saturating_mul(u64::from(self.percent)) / 100
    }
}

/// Whether INES may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// It may: the request is paid for, now or before.
    Made,
    /// Not before an operator has looked, or the establishment is known to be larger.
    Exhausted,
}

/// What is known of a cohort.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// How many were asked for.
    #[serde(default)]
    pub reserved_count: u64,
    /// How many its size allows, as it was counted last.
    #[serde(default)]
    pub confirmed_share: Option<u64>,
    /// When it was counted, in seconds since 1970.
    #[serde(default)]
    pub counted_at: Option<i64>,
    /// How many an operator allows, in place of all else.
    #[serde(default)]
    pub operator_limit: Option<u64>,
}

impl Account {
    /// Whether a count could make room.
    fn is_to_be_counted(&self, now: Timestamp) -> bool {
        let stale = |at: i64| now.as_second() >= at.saturating_add(COUNT_HOLDS.as_secs());
        self.operator_limit.is_none() && self.counted_at.is_none_or(stale)
    }
}

/// What became of one transaction.
#[derive(Debug, PartialEq, Eq)]
enum Attempt {
    Made,
    Full(Account),
    Busy,
}

/// The quotas of new identities.
#[derive(Debug, Clone)]
pub struct NewIdentityStore {
    client: Client,
    table: String,
}

impl NewIdentityStore {
    /// Those in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reserves one new identity for a request to INES. The establishment is counted in `records`
    /// only where the floor is used up, and every ten minutes at most.
    pub async fn reserve(
        &self,
        cohort: Cohort,
        reference: &str,
        (terms, records): (Terms, &RecordStore),
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let mut waits = backoff();
        loop {
            match self.attempt(cohort, reference, terms, now).await? {
                Attempt::Made => return Ok(Reservation::Made),
                Attempt::Full(account) if account.is_to_be_counted(now) => {
                    let confirmed = records.confirmed(cohort.uai, cohort.year).await?;
                    self.note_share(cohort, terms.share(confirmed), now).await?;
                }
                Attempt::Full(_) => return Ok(Reservation::Exhausted),
                Attempt::Busy => {
                    let wait = waits
                        .next()
                        .ok_or_else(|| StoreError::contention("quotas TransactWriteItems"))?;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// What is known of a cohort.
    pub async fn account(&self, cohort: Cohort) -> Result<Account, StoreError> {
        const OPERATION: &str = "quotas GetItem";
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(cohort.key()))
            .consistent_read(true);
        let output = get.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        read(output.item, OPERATION)
    }

    /// Allows a cohort so many in all, in place of what its size and the floor allow. Said twice,
    /// it is the same.
    pub async fn limit(
        &self,
        cohort: Cohort,
        limit: u32,
        now: Timestamp,
    ) -> Result<Account, StoreError> {
        const OPERATION: &str = "quotas UpdateItem";
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(cohort.key()))
            .update_expression(
                "SET operator_limit = :limit, reserved_count = if_not_exists(reserved_count, :none), \
                 expires_at = :expires",
            )
            .expression_attribute_values(":limit", number(limit))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":expires", expires(now))
            .return_values(ReturnValue::AllNew);
        let output = update.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        read(output.attributes, OPERATION)
    }

    async fn note_share(
        &self,
        cohort: Cohort,
        share: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(cohort.key()))
            .update_expression("SET confirmed_share = :share, counted_at = :now")
            .expression_attribute_values(":share", number(share))
            .expression_attribute_values(":now", number(now.as_second()));
        update
            .send()
            .await
            .map(|_| ())
            .map_err(|error| StoreError::new("quotas UpdateItem", &error))
    }

    async fn attempt(
        &self,
        cohort: Cohort,
        reference: &str,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        const OPERATION: &str = "quotas TransactWriteItems";
        let items = [
            self.mark(reference, now).map(|put| TransactWriteItem::builder().put(put).build()),
            self.charge(cohort, terms, now)
                .map(|update| TransactWriteItem::builder().update(update).build()),
        ];
        let items = items
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| StoreError::shape(OPERATION))?;
        let Err(error) =
            self.client.transact_write_items().set_transact_items(Some(items)).send().await
        else {
            return Ok(Attempt::Made);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                why(cancelled.cancellation_reasons())
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// The request is paid for, once.
    fn mark(&self, reference: &str, now: Timestamp) -> Result<Put, BuildError> {
        let mut item = key(format!("N#{reference}"));
        item.insert("expires_at".to_owned(), expires(now));
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        put.condition_expression("attribute_not_exists(subject)").build()
    }

    /// The cohort pays for it, if there is room.
    fn charge(&self, cohort: Cohort, terms: Terms, now: Timestamp) -> Result<Update, BuildError> {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(cohort.key()))
            .update_expression("SET expires_at = :expires ADD reserved_count :one")
            .condition_expression(ROOM)
            .expression_attribute_values(":floor", number(terms.floor))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires", expires(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
    }
}

fn expires(now: Timestamp) -> aws_sdk_dynamodb::types::AttributeValue {
    number(now.as_second().saturating_add(KEPT.as_secs()))
}

fn read(item: Option<Item>, operation: &'static str) -> Result<Account, StoreError> {
    let account =
        item.map(serde_dynamo::from_item).transpose().map_err(|_| StoreError::shape(operation))?;
    Ok(account.unwrap_or_default())
}

/// Why a transaction was cancelled: the mark's reason, then the charge's.
fn why(reasons: &[CancellationReason]) -> Result<Attempt, StoreError> {
    const OPERATION: &str = "quotas TransactWriteItems";
    let [mark, charge] = [reasons.first(), reasons.get(1)];
    let failed =
        |reason: &CancellationReason| Cancellation::from(reason) == Cancellation::ConditionFailed;
    // Paid for before: whether there is room for more is no matter.
    if mark.is_some_and(failed) {
        return Ok(Attempt::Made);
    }
    for reason in reasons {
        match reason.into() {
            Cancellation::None | Cancellation::ConditionFailed => {}
            Cancellation::Conflict | Cancellation::Throttled => return Ok(Attempt::Busy),
            Cancellation::Refused(code) => return Err(StoreError::refused(OPERATION, code)),
        }
    }
    match charge.filter(|charge| failed(charge)) {
        Some(charge) => Ok(Attempt::Full(read(charge.item().cloned(), OPERATION)?)),
        // Without a reason nothing is known: try again.
        None => Ok(Attempt::Busy),
    }
}

#[cfg(test)]
mod tests;
