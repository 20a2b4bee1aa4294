//! The feed of an establishment and year: how far complete files go, and who is writing its records.
//!
//! | attribute of `COMPLETE#<UAI>#<year>` | |
//! |---|---|
//! | `version` | the horizon: the version with which the latest complete file cancels |
//! | `writers` | the imports that have or will have written rows, and haven't ended |
//! | `arrivals` | how many writers ever came |
//! | `late_until` | until when a late push may still be writing, in seconds since 1970 |
//!
//! A complete file that found no other writer leaves records alone that didn't change, and raises
//! the horizon under the condition that nobody arrived since it did: an older row can be written
//! neither in between, unseen, nor afterwards, below the horizon.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Deserialize;

use super::{ImportId, ImportStore, held};
use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;
use crate::identity::student::RecordVersion;
use crate::registry::StoreError;
use crate::registry::keys::{Item, number, text};

const OPERATION: &str = "imports UpdateItem";
/// For how long a push that looked at a feed may go on writing: longer than its function runs.
const LATE_SECONDS: i64 = 60;

/// The feed of an establishment and year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Feed {
    /// How far complete files go.
    #[serde(default, rename = "version")]
    pub horizon: Option<RecordVersion>,
    /// The imports that are writing.
    #[serde(default)]
    pub writers: Vec<ImportId>,
    /// How many came, ever.
    #[serde(default)]
    pub arrivals: u64,
    /// Until when a late push may be writing, in seconds since 1970.
    #[serde(default)]
    pub late_until: i64,
}

impl Feed {
    /// The writers besides `import`.
    pub fn others(&self, import: &ImportId) -> impl Iterator<Item = &ImportId> {
        self.writers.iter().filter(move |writer| *writer != import)
    }

    /// Whether a late push may be writing.
    #[must_use]
    pub fn has_late_push(&self, now: Timestamp) -> bool {
        self.late_until >= now.as_second()
    }
}

impl ImportStore {
    /// How far complete files go for an establishment and year.
    pub async fn horizon(
        &self,
        uai: Uai,
        year: AcademicYear,
    ) -> Result<Option<RecordVersion>, StoreError> {
        Ok(self.item::<Feed>(&feed_id(uai, year)).await?.and_then(|feed| feed.horizon))
    }

    /// Enters an import among the writers of a feed, before it writes anything of it, and says who
    /// else is there. Repeated, it is entered once, and counts as one arrival.
    pub async fn arrive(
        &self,
        uai: Uai,
        year: AcademicYear,
        import: &ImportId,
    ) -> Result<Feed, StoreError> {
        returned(self.arriving(uai, year, import)).await.map(|(_, feed)| feed)
    }

    /// Takes an import away from the writers of a feed, once it writes no more. Repeated, it does
    /// nothing.
    pub async fn depart(
        &self,
        uai: Uai,
        year: AcademicYear,
        import: &ImportId,
    ) -> Result<(), StoreError> {
        held(self.departing(uai, year, import)).await.map(drop)
    }

    /// Counts a push that speaks as of long ago as an arrival, before it writes, and says how far
    /// complete files go. Repeated, it counts again, which costs a complete file a second reading
    /// at most.
    pub async fn arrive_late(
        &self,
        uai: Uai,
        year: AcademicYear,
        now: Timestamp,
    ) -> Result<Option<RecordVersion>, StoreError> {
        returned(self.arriving_late(uai, year, now)).await.map(|(_, feed)| feed.horizon)
    }

    /// Says that a complete file goes so far, unless a later one did. Repeated, it changes nothing.
    pub async fn raise_horizon(
        &self,
        uai: Uai,
        year: AcademicYear,
        horizon: &RecordVersion,
    ) -> Result<(), StoreError> {
        held(self.raising(uai, year, horizon)).await.map(drop)
    }

    /// The same, if nobody arrived since there were so many `arrivals`; `false` when somebody did.
    /// Repeated, it is recognised by its version, whoever arrived since: they saw it.
    pub async fn raise_horizon_undisturbed(
        &self,
        uai: Uai,
        year: AcademicYear,
        horizon: &RecordVersion,
        arrivals: u64,
    ) -> Result<bool, StoreError> {
        let (raised, feed) = returned(self.raising_since(uai, year, horizon, arrivals)).await?;
        Ok(raised || feed.horizon.as_ref() == Some(horizon))
    }

    pub(super) fn arriving(
        &self,
        uai: Uai,
        year: AcademicYear,
        import: &ImportId,
    ) -> UpdateItemFluentBuilder {
        self.feed(uai, year)
            .update_expression("ADD writers :import, arrivals :one")
            .condition_expression("NOT contains(writers, :id)")
            .expression_attribute_values(":import", set(import))
            .expression_attribute_values(":id", text(import.as_str()))
            .expression_attribute_values(":one", number(1))
    }

    pub(super) fn departing(
        &self,
        uai: Uai,
        year: AcademicYear,
        import: &ImportId,
    ) -> UpdateItemFluentBuilder {
        self.feed(uai, year)
            .update_expression("DELETE writers :import")
            .condition_expression("contains(writers, :id)")
            .expression_attribute_values(":import", set(import))
            .expression_attribute_values(":id", text(import.as_str()))
    }

    pub(super) fn arriving_late(
        &self,
        uai: Uai,
        year: AcademicYear,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        self.feed(uai, year)
            .update_expression("SET late_until = :until ADD arrivals :one")
            .expression_attribute_values(":until", number(now.as_second() + LATE_SECONDS))
            .expression_attribute_values(":one", number(1))
    }

    pub(super) fn raising(
        &self,
        uai: Uai,
        year: AcademicYear,
        horizon: &RecordVersion,
    ) -> UpdateItemFluentBuilder {
        self.feed(uai, year)
            .update_expression("SET version = :version")
            .condition_expression("attribute_not_exists(version) OR version < :version")
            .expression_attribute_values(":version", text(horizon.as_str()))
    }

    pub(super) fn raising_since(
        &self,
        uai: Uai,
        year: AcademicYear,
        horizon: &RecordVersion,
        arrivals: u64,
    ) -> UpdateItemFluentBuilder {
        self.raising(uai, year, horizon)
            .condition_expression(
                "arrivals = :arrivals AND (attribute_not_exists(version) OR version < :version)",
            )
            .expression_attribute_values(":arrivals", number(arrivals))
    }

    fn feed(&self, uai: Uai, year: AcademicYear) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("id", text(feed_id(uai, year)))
    }
}

fn feed_id(uai: Uai, year: AcademicYear) -> String {
    format!("COMPLETE#{uai}#{:04}", year.first_year())
}

fn set(import: &ImportId) -> AttributeValue {
    AttributeValue::Ss(vec![import.as_str().to_owned()])
}

/// Updates a feed, and says whether the condition held, and what the feed is then.
async fn returned(update: UpdateItemFluentBuilder) -> Result<(bool, Feed), StoreError> {
    let update = update
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let (held, item) = match update.send().await {
        Ok(output) => (true, output.attributes),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                (false, failure.item.clone())
            }
            _ => return Err(StoreError::new(OPERATION, &error)),
        },
    };
    let feed: Option<Feed> = item
        .filter(|item: &Item| !item.is_empty())
        .map(serde_dynamo::from_item)
        .transpose()
        .map_err(|_| StoreError::shape(OPERATION))?;
    Ok((held, feed.unwrap_or_default()))
}
