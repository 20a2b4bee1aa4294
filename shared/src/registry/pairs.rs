//! How many pairs of INE and birth date a depositor may have checked in a day, in the table
//! `quotas`.
//!
//! | `subject` | |
//! |---|---|
//! | `U#<UAI>#<day>` | `reserved_count`, the pairs of the day that turned out to be unknown, and those being checked; `confirmed_share`, what the depositor's size allows, as of `counted_at` |
//! | `P#<UAI>#<day>#<HMAC(INE)>` | `date_count` and one attribute for each birth date that was checked with the INE, named by its keyed digest |
//!
//! An answer to a pair is an answer about a person, so both are charged before anything is looked
//! up, and what was known is given back afterwards. A crash in between leaves a unit that is
//! charged for nothing, which is the safe side, and is forgotten with the day. The same pair again
//! is free: it was answered before.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::StoreError;
use super::keys::{Item, number, text};
use super::records::RecordStore;
use crate::config::{ConfigError, variable};
use crate::domain::academic_year::{AcademicYear, day_in_france, seconds_left_in_france};
use crate::domain::uai::Uai;
use crate::identity::digest::PairDigest;

/// How long an item is kept after it was written last: its day, and some for clocks that differ.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// How long a count of a depositor holds.
const COUNT_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// Others may draw between two of our attempts; after so many the caller is told to come back.
const ATTEMPTS: usize = 8;
/// Establishments counted side by side.
const SIDE_BY_SIDE: usize = 16;
/// The attribute that counts the unknown pairs of a day.
const RESERVED: &str = "reserved_count";

/// What a depositor may have checked in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Distinct birth dates of one INE.
    pub dates: NonZeroU32,
    /// Unknown pairs, whatever the depositor's size.
    pub floor: NonZeroU32,
    /// Or so many unknown pairs for a hundred students whom INES confirmed.
    pub percent: u32,
}

impl Terms {
    /// What the environment says: `PAIR_DATES_PER_DAY`, `UNKNOWN_PAIRS_FLOOR`,
    /// `UNKNOWN_PAIRS_PERCENT`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when one is missing or no number.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            dates: variable("PAIR_DATES_PER_DAY")?,
            floor: variable("UNKNOWN_PAIRS_FLOOR")?,
            percent: variable("UNKNOWN_PAIRS_PERCENT")?,
        })
    }
}

/// Whose allowance is drawn on: a depositor's, on one day in France.
#[derive(Debug, Clone, Copy)]
pub struct Drawer<'a> {
    pub depositor: Uai,
    /// The establishments that it sends for, whose students tell how many mistakes are honest.
    pub sends_for: &'a [Uai],
    /// When the pair is asked about.
    pub now: Timestamp,
}

impl Drawer<'_> {
    fn day(&self) -> Date {
        day_in_france(self.now)
    }

    fn unknown_key(&self) -> String {
        format!("U#{}#{}", self.depositor, self.day())
    }

    fn pair_key(&self, pair: &PairDigest) -> String {
        format!("P#{}#{}#{}", self.depositor, self.day(), pair.ine.as_str())
    }

    /// Seconds until the next day begins, when there is a new allowance.
    #[must_use]
    pub fn seconds_left(&self) -> u64 {
        seconds_left_in_france(self.now)
    }
}

/// Whether a pair may be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and this is the first time today.
    First,
    /// It may: it was checked today.
    Again,
    /// The INE has had as many birth dates today as it may.
    Exhausted,
}

/// What a depositor has had checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Account {
    #[serde(default)]
    reserved_count: u64,
    #[serde(default)]
    confirmed_share: Option<u64>,
    #[serde(default)]
    counted_at: Option<i64>,
}

impl Account {
    fn limit(&self, terms: Terms) -> u64 {
        self.confirmed_share.unwrap_or_default().max(u64::from(terms.floor.get()))
    }

    fn is_to_be_counted(&self, now: Timestamp) -> bool {
        self.counted_at.is_none_or(|at| now.as_second() >= at.saturating_add(COUNT_HOLDS.as_secs()))
    }
}

/// The allowances of pairs, in the table `quotas`.
#[derive(Debug, Clone)]
pub struct PairStore {
    client: Client,
    table: String,
    terms: Terms,
}

impl PairStore {
    /// Those in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: String, terms: Terms) -> Self {
        Self { client, table, terms }
    }

    /// Charges up to `wanted` pairs as if nobody had them; says how many there was room for. What
    /// turns out to be known is to be given back by [`PairStore::refund`].
    ///
    /// The depositor's size is counted in `records` only where the floor is used up, and every ten
    /// minutes at most.
    pub async fn reserve(
        &self,
        drawer: Drawer<'_>,
        wanted: u32,
        records: &RecordStore,
    ) -> Result<u32, StoreError> {
        let mut account = Account::default();
        for _ in 0..ATTEMPTS {
            let limit = account.limit(self.terms);
            let room = limit.saturating_sub(account.reserved_count).min(u64::from(wanted));
            if room > 0 {
                match self.charge(drawer, room, limit - room).await? {
                    None => return Ok(u32::try_from(room).unwrap_or(wanted)),
                    Some(stored) => account = stored,
                }
            } else if account.is_to_be_counted(drawer.now) {
                account.confirmed_share = Some(self.share(drawer, records).await?);
                account.counted_at = Some(drawer.now.as_second());
                self.note_share(drawer, &account).await?;
            } else {
                return Ok(0);
            }
        }
        Err(StoreError::contention("quotas UpdateItem"))
    }

    /// Gives back what was charged for pairs that are known, were checked before, or weren't
    /// checked.
    pub async fn refund(&self, drawer: Drawer<'_>, count: u32) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        let update = self
            .update(drawer, drawer.unknown_key())
            .update_expression("SET #reserved = #reserved + :count, expires_at = :expires")
            .condition_expression("#reserved >= :least")
            .expression_attribute_names("#reserved", RESERVED)
            .expression_attribute_values(":count", number(-i64::from(count)))
            .expression_attribute_values(":least", number(count));
        conditional(update).await.map(|_| ())
    }

    /// Lets a pair be checked, if its INE hasn't had too many birth dates today.
    pub async fn admit(
        &self,
        drawer: Drawer<'_>,
        pair: &PairDigest,
    ) -> Result<Admission, StoreError> {
        admit_date(self.update(drawer, drawer.pair_key(pair)), &pair.date, self.terms.dates).await
    }

    /// Forgets that a pair was admitted, because nobody could be asked about it.
    pub async fn release(&self, drawer: Drawer<'_>, pair: &PairDigest) -> Result<(), StoreError> {
        let update = self
            .update(drawer, drawer.pair_key(pair))
            .update_expression(
                "SET date_count = date_count + :less, expires_at = :expires REMOVE #date",
            )
            .condition_expression("attribute_exists(#date)")
            .expression_attribute_names("#date", &pair.date)
            .expression_attribute_values(":less", number(-1));
        conditional(update).await.map(|_| ())
    }

    fn update(&self, drawer: Drawer<'_>, subject: String) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("subject", text(subject))
            .expression_attribute_values(
                ":expires",
                number(drawer.now.as_second().saturating_add(KEPT.as_secs())),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Moves the count on by `count` from `latest` at most; what is stored, when it is beyond that.
    async fn charge(
        &self,
        drawer: Drawer<'_>,
        count: u64,
        latest: u64,
    ) -> Result<Option<Account>, StoreError> {
        let update = self
            .update(drawer, drawer.unknown_key())
            .update_expression(
                "SET #reserved = if_not_exists(#reserved, :none) + :count, expires_at = :expires",
            )
            .condition_expression("attribute_not_exists(#reserved) OR #reserved <= :latest")
            .expression_attribute_names("#reserved", RESERVED)
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":count", number(count))
            .expression_attribute_values(":latest", number(latest));
        let stored = conditional(update).await?;
        let shape = |_| StoreError::shape("quotas UpdateItem");
        stored.map(serde_dynamo::from_item).transpose().map_err(shape)
    }

    async fn note_share(&self, drawer: Drawer<'_>, account: &Account) -> Result<(), StoreError> {
        let update = self
            .update(drawer, drawer.unknown_key())
            .update_expression(
                "SET confirmed_share = :share, counted_at = :now, expires_at = :expires",
            )
            .expression_attribute_values(
                ":share",
                number(account.confirmed_share.unwrap_or_default()),
            )
            .expression_attribute_values(":now", number(drawer.now.as_second()));
        conditional(update).await.map(|_| ())
    }

    /// What the depositor's size allows: the students whom INES confirmed of those that it sends
    /// for, this academic year or the one before, whichever are more, because most mistakes come in
    /// the days when the new year is first sent.
    async fn share(&self, drawer: Drawer<'_>, records: &RecordStore) -> Result<u64, StoreError> {
        let this_year = AcademicYear::starting_on(drawer.day());
        let mut most = 0_u64;
        for year in [this_year, this_year.before()] {
            let counts: Vec<_> =
                drawer.sends_for.iter().map(|uai| records.confirmed(*uai, year)).collect();
            let counts: Vec<u64> =
                stream::iter(counts).buffered(SIDE_BY_SIDE).try_collect().await?;
            most = most.max(counts.iter().sum());
        }
        Ok(most.saturating_mul(u64::from(self.terms.percent)) / 100)
    }
}

/// Does an update; what is stored, when its condition doesn't hold.
async fn conditional(update: UpdateItemFluentBuilder) -> Result<Option<Item>, StoreError> {
    match update.send().await {
        Ok(_) => Ok(None),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Some(failed.item.clone().unwrap_or_default()))
            }
            _ => Err(StoreError::new("pairs UpdateItem", &error)),
        },
    }
}

/// Counts one more birth date of an INE in the item that an update is about, up to `most`, each
/// once.
pub(super) async fn admit_date(
    update: UpdateItemFluentBuilder,
    date: &str,
    most: NonZeroU32,
) -> Result<Admission, StoreError> {
    let update = update
        .update_expression(
            "SET #date = :one, date_count = if_not_exists(date_count, :none) + :one, expires_at = :expires",
        )
        .condition_expression(
            "attribute_not_exists(#date) AND (attribute_not_exists(date_count) OR date_count < :most)",
        )
        .expression_attribute_names("#date", date)
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":none", number(0))
        .expression_attribute_values(":most", number(most));
    Ok(match conditional(update).await? {
        None => Admission::First,
        Some(stored) if stored.contains_key(date) => Admission::Again,
        Some(_) => Admission::Exhausted,
    })
}
