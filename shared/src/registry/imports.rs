//! Imports: one per version of an object dropped in the inbox.
//!
//! States and who may move them:
//!
//! ```text
//! (none) ── claim ──► received ── progress ──► running ── finish ──► done | failed
//!                        ▲ │                    │ ▲ │
//!                        └─┴────── claim ───────┴─┘ └─ release ─► running, in nobody's hands
//! ```
//!
//! The owner is the request id of the invocation; it keeps the import for a [`LEASE`], renews it
//! while it works, and stops when it finds it taken by another. Anyone may claim an import whose
//! lease is over: the owner died, or let go because its time ran out. `done` and `failed` are
//! final: a replayed event changes nothing.
//!
//! The item also names the message that the owner works for. That message stays in the queue until
//! the import has ended or been handed over, so it guarantees that the work goes on; another
//! message about the same import adds nothing and may be acknowledged. The owner's own, delivered
//! again, may not ([`Claim`]).
//!
//! An index lists the imports of an establishment by when they were received.
//!
//! The table has four more kinds of items: `COLUMNS#<UAI>`, what an establishment calls its columns,
//! and how many times it was said; `COMPLETE#<UAI>#<year>`, how far complete files go
//! ([`Horizons`](crate::feeding::record::Horizons)) and who is writing ([`Feed`]); `DEPOT#<id>`, a
//! deposit of `/api/depots`, which is told the import that its object became; and `UNDERWAY#<UAI>`,
//! the imports of an establishment that are carried out now.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::conditional;
use super::keys::{Item, number, text};
use super::{StoreError, read};
use crate::domain::uai::Uai;
pub use crate::feeding::import::{
    Arrival, Claim, End, Import, ImportId, ImportState, LEASE, LeaseHolder, Order, PLACES, Progress,
};
use crate::feeding::key::DepositKey;

mod feeds;
mod listing;
mod mapping;

pub use feeds::Feed;
pub use listing::{Listed, Place};

/// How long an import is known after it was last taken in hand, as long as a deposit. Its item
/// holds the file's name, which a depositor may have made of a person's. An event that came later
/// still would import the file again, and change nothing: its rows are as old as they were.
const KEPT_SECONDS: i64 = 400 * 24 * 60 * 60;

/// Another invocation took the import over, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// The lease ran out and another invocation carries on.
    #[error("the import was taken over by another invocation")]
    TakenOver,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The table `imports`.
#[derive(Debug, Clone)]
pub struct ImportStore {
    client: Client,
    table: String,
}

impl ImportStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// One import.
    pub async fn get(&self, id: &ImportId) -> Result<Option<Import>, StoreError> {
        self.item(id.as_str()).await
    }

    /// Keeps an import that is ordered after `tried`, of the same object version, unless it is
    /// there already. It waits for whoever is asked to go on with it.
    pub async fn order(
        &self,
        tried: &Import,
        order: &Order,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let order = serde_dynamo::to_attribute_value(order);
        let order = order.map_err(|_| StoreError::shape(OPERATION))?;
        held(self.ordering(tried, order, now)).await.map(drop)
    }

    /// Takes an import, unless it has ended or is in another's holder. `arrival` is what the event
    /// said, if the message is one; that of the first delivery is kept.
    pub async fn claim(
        &self,
        holder: LeaseHolder<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let update = self.claiming(holder, message, arrival, now);
        let read = |item: Option<Item>| -> Result<Option<Import>, StoreError> {
            let item = item.filter(|item| !item.is_empty());
            item.map(serde_dynamo::from_item).transpose().map_err(|_| StoreError::shape(OPERATION))
        };
        let error = match update.send().await {
            Ok(output) => {
                let import =
                    read(output.attributes)?.ok_or_else(|| StoreError::shape(OPERATION))?;
                return Ok(Claim::Taken(Box::new(import)));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                Ok(read(failure.item.clone())?
                    .map_or(Claim::Unknown, |import| Claim::refused(&import, message, now)))
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// Keeps an import for another [`LEASE`].
    pub async fn renew(
        &self,
        holder: LeaseHolder<'_>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        let update = self.update(holder).update_expression("SET lease_until = :lease");
        self.owned(update.expression_attribute_values(":lease", lease(now))).await
    }

    /// Tells how far an import has come, and names the work to go on with from there, if it was put
    /// anew.
    pub async fn progress(
        &self,
        holder: LeaseHolder<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        self.owned(self.progressing(holder, progress, work_key, now)).await
    }

    /// Lets an import go, for whoever comes next. What this owner still does to it fails.
    pub async fn release(&self, holder: LeaseHolder<'_>) -> Result<(), ProgressError> {
        let update = self
            .update(holder)
            .update_expression("SET lease_until = :over, #owner = :nobody")
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":nobody", text(""));
        self.owned(update).await
    }

    /// Ends an import. Its report is in place already, so whoever sees the end can read it.
    pub async fn finish(
        &self,
        holder: LeaseHolder<'_>,
        end: End<'_>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        self.owned(self.finishing(holder, end, now)).await
    }

    /// Tells a deposit which import its object became. One that isn't known, or no longer, is left
    /// alone, and so is one of another establishment: whoever drops a file under its own folder
    /// chooses the rest of the key. Repeated, it says the same.
    pub async fn link_deposit(
        &self,
        deposit: &str,
        uai: Uai,
        import: &ImportId,
    ) -> Result<(), StoreError> {
        held(self.linking(deposit, uai, import)).await.map(|_| ())
    }

    fn linking(&self, deposit: &str, uai: Uai, import: &ImportId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(format!("DEPOT#{deposit}")))
            .update_expression("SET #import = :import")
            .condition_expression("attribute_exists(id) AND uai = :uai")
            .expression_attribute_names("#import", "import")
            .expression_attribute_values(":import", text(import.as_str()))
            .expression_attribute_values(":uai", text(uai.to_string()))
    }

    /// Takes one of the [`PLACES`] that an establishment's imports may be in at once, for a
    /// [`LEASE`]; `None` when all are taken. Repeated by the same import, it keeps its place.
    pub async fn enter(
        &self,
        uai: Uai,
        holder: LeaseHolder<'_>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        for place in 0..PLACES {
            if held(self.entering(uai, place, holder, now)).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Keeps a place for another [`LEASE`]; says whether it was still the import's, or nobody's.
    pub async fn stay(
        &self,
        uai: Uai,
        place: usize,
        holder: LeaseHolder<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        held(self.entering(uai, place, holder, now)).await
    }

    /// Leaves a place to whoever comes next. Repeated, it does nothing: the place is somebody
    /// else's, or nobody's.
    pub async fn leave(
        &self,
        uai: Uai,
        place: usize,
        holder: LeaseHolder<'_>,
    ) -> Result<(), StoreError> {
        held(self.leaving(uai, place, holder)).await.map(|_| ())
    }

    fn entering(
        &self,
        uai: Uai,
        place: usize,
        holder: LeaseHolder<'_>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        self.place(uai, place, holder)
            .update_expression("SET #import = :import, #until = :lease, expires_at = :expires")
            .condition_expression(
                "attribute_not_exists(#import) OR #import = :import OR #until < :seconds",
            )
            .expression_attribute_names("#until", format!("until_{place}"))
            .expression_attribute_values(":lease", lease(now))
            .expression_attribute_values(":seconds", number(now.as_second()))
            .expression_attribute_values(":expires", number(now.as_second() + KEPT_SECONDS))
    }

    fn leaving(&self, uai: Uai, place: usize, holder: LeaseHolder<'_>) -> UpdateItemFluentBuilder {
        self.place(uai, place, holder)
            .update_expression("REMOVE #import, #until")
            .condition_expression("#import = :import")
            .expression_attribute_names("#until", format!("until_{place}"))
    }

    fn place(&self, uai: Uai, place: usize, holder: LeaseHolder<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(format!("UNDERWAY#{uai}")))
            .expression_attribute_names("#import", format!("import_{place}"))
            .expression_attribute_values(":import", text(holder.import.as_str()))
    }

    fn claiming(
        &self,
        holder: LeaseHolder<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let free =
            "(#state IN (:received, :running) AND (#owner = :owner OR lease_until < :seconds))";
        let taken = "SET #state = :received, #owner = :owner, #message = :message, lease_until = :lease, expires_at = :expires";
        let update = self
            .update(holder)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#message", "message")
            .expression_attribute_values(":message", text(message))
            .expression_attribute_values(":lease", lease(now))
            .expression_attribute_values(":expires", number(now.as_second() + KEPT_SECONDS))
            .expression_attribute_values(":received", text(ImportState::Received.name()))
            .expression_attribute_values(":running", text(ImportState::Running.name()))
            .expression_attribute_values(":seconds", number(now.as_second()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // A key of an index must be a text, or not there.
        let uai = arrival.and_then(|arrival| DepositKey::depositor(&arrival.object_key));
        let depositor = if uai.is_some() { ", uai = :uai" } else { "" };
        let update = match uai {
            Some(uai) => update.expression_attribute_values(":uai", text(uai.to_string())),
            None => update,
        };
        match arrival {
            Some(arrival) => update
                .update_expression(format!(
                    "{taken}, object_key = :key, version_id = :version, #bytes = :bytes{depositor}, \
                     event_time = if_not_exists(event_time, :event_time), \
                     sequencer = if_not_exists(sequencer, :sequencer), received_at = if_not_exists(received_at, :now)"
                ))
                .condition_expression(format!("attribute_not_exists(id) OR {free}"))
                .expression_attribute_names("#bytes", "bytes")
                .expression_attribute_values(":key", text(&arrival.object_key))
                .expression_attribute_values(":version", text(&arrival.version_id))
                .expression_attribute_values(":bytes", number(arrival.bytes))
                .expression_attribute_values(":event_time", optional(arrival.event_time))
                .expression_attribute_values(":sequencer", text(&arrival.sequencer))
                .expression_attribute_values(":now", text(received_at(now))),
            None => update.update_expression(taken).condition_expression(format!("attribute_exists(id) AND {free}")),
        }
    }

    fn ordering(
        &self,
        tried: &Import,
        order: AttributeValue,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(tried.id.after().as_str()))
            .update_expression(
                "SET #state = :received, #owner = :nobody, lease_until = :over, object_key = :key, \
                 version_id = :version, #bytes = :bytes, uai = :uai, event_time = :event_time, \
                 sequencer = :sequencer, received_at = :now, expires_at = :expires, #order = :order",
            )
            .condition_expression("attribute_not_exists(id)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#order", "order")
            .expression_attribute_values(":received", text(ImportState::Received.name()))
            .expression_attribute_values(":nobody", text(""))
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":key", text(&tried.object_key))
            .expression_attribute_values(":version", text(&tried.version_id))
            .expression_attribute_values(":bytes", number(tried.bytes))
            .expression_attribute_values(":uai", optional(tried.uai))
            .expression_attribute_values(":event_time", optional(tried.event_time))
            .expression_attribute_values(":sequencer", text(&tried.sequencer))
            .expression_attribute_values(":now", text(received_at(now)))
            .expression_attribute_values(":expires", number(now.as_second() + KEPT_SECONDS))
            .expression_attribute_values(":order", order)
    }

    fn progressing(
        &self,
        holder: LeaseHolder<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let set = format!(
            "SET #state = :state, lease_until = :lease, bytes_read = :bytes_read, {COUNTS}"
        );
        let update = self
            .update(holder)
            .expression_attribute_values(":state", text(ImportState::Running.name()))
            .expression_attribute_values(":lease", lease(now))
            .expression_attribute_values(":bytes_read", number(progress.bytes_read))
            .counts(progress);
        match work_key {
            Some(work) => update
                .update_expression(format!("{set}, work_key = :work"))
                .expression_attribute_values(":work", text(work)),
            None => update.update_expression(set),
        }
    }

    fn finishing(
        &self,
        holder: LeaseHolder<'_>,
        end: End<'_>,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let state = if end.failure.is_some() { ImportState::Failed } else { ImportState::Done };
        let rules = end.rules.iter().map(|(rule, rows)| {
            let rows = AttributeValue::N(rows.to_string());
            (rule.code().to_owned(), rows)
        });
        self.update(holder)
            .update_expression(format!(
                "SET #state = :state, lease_until = :over, bytes_read = #bytes, report_key = :report, \
                 reason = :reason, finished_at = :now, #rules = :rules, {COUNTS} REMOVE work_key"
            ))
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#rules", "rules")
            .expression_attribute_values(":rules", AttributeValue::M(rules.collect()))
            .expression_attribute_values(":state", text(state.name()))
            .expression_attribute_values(":over", number(0))
            .expression_attribute_values(":report", text(end.report_key))
            .expression_attribute_values(":reason", optional(end.failure))
            .expression_attribute_values(":now", text(now.to_string()))
            .counts(end.progress)
    }

    fn update(&self, holder: LeaseHolder<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(holder.import.as_str()))
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(holder.owner))
    }

    async fn owned(&self, update: UpdateItemFluentBuilder) -> Result<(), ProgressError> {
        let update = update.condition_expression(OWNED);
        if held(update).await? { Ok(()) } else { Err(ProgressError::TakenOver) }
    }

    async fn item<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, StoreError> {
        let key = Item::from([("id".to_owned(), text(id))]);
        read::one(&self.client, &self.table, key, "imports GetItem").await
    }
}

/// Updates an item of the table, and says whether its condition held.
async fn held(update: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    conditional::held(update, "imports UpdateItem").await
}

/// Only its owner changes an import.
const OWNED: &str = "#owner = :owner";
/// How far an import has come.
const COUNTS: &str = "rows_read = :read, accepted = :accepted, superseded = :superseded, unchanged = :unchanged, \
                      created = :created, cancelled = :cancelled, rejected = :rejected, warned = :warned";

/// When an import was received, so written that texts sort as times do.
fn received_at(now: Timestamp) -> String {
    format!("{now:.3}")
}

/// The end of a lease that begins now, in seconds, as DynamoDB's own times are.
fn lease(now: Timestamp) -> AttributeValue {
    number(now.as_second().saturating_add_unsigned(LEASE.as_secs()))
}

fn optional(value: Option<impl std::fmt::Display>) -> AttributeValue {
    value.map_or(AttributeValue::Null(true), |value| text(value.to_string()))
}

trait WithCounts {
    /// The values of [`COUNTS`], and the name of the state, which goes with them.
    fn counts(self, progress: Progress) -> Self;
}

impl WithCounts for UpdateItemFluentBuilder {
    fn counts(self, progress: Progress) -> Self {
        self.expression_attribute_names("#state", "state")
            .expression_attribute_values(":read", number(progress.read))
            .expression_attribute_values(":accepted", number(progress.accepted))
            .expression_attribute_values(":superseded", number(progress.superseded))
            .expression_attribute_values(":unchanged", number(progress.unchanged))
            .expression_attribute_values(":created", number(progress.created))
            .expression_attribute_values(":cancelled", number(progress.cancelled))
            .expression_attribute_values(":rejected", number(progress.rejected))
            .expression_attribute_values(":warned", number(progress.warned))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::academic_year::AcademicYear;
    use crate::files::problem::RowRule;
    use crate::identity::student::RecordVersion;

    /// DynamoDB refuses a name or a value that no expression uses, and one that is used and not
    /// given.
    fn assert_well_formed(update: &UpdateItemFluentBuilder) {
        let input = update.as_input();
        let condition = input.get_condition_expression().as_deref().unwrap_or_default();
        let expression =
            format!("{} {condition}", input.get_update_expression().as_deref().unwrap());
        let used: std::collections::BTreeSet<_> = expression
            .split(|letter: char| !letter.is_ascii_alphanumeric() && !":#_".contains(letter))
            .filter(|word| word.starts_with([':', '#']))
            .collect();
        let names =
            input.get_expression_attribute_names().iter().flatten().map(|(name, _)| name.as_str());
        let values = input
            .get_expression_attribute_values()
            .iter()
            .flatten()
            .map(|(value, _)| value.as_str());
        assert_eq!(
            names.chain(values).collect::<std::collections::BTreeSet<_>>(),
            used,
            "{expression}"
        );
    }

    #[test]
    fn every_update_is_well_formed() {
        let client = Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
                .build(),
        );
        let store = ImportStore::new(client, "imports".into());
        let id = ImportId::of("inbox", "0751967F/rentree.csv", "v1");
        let (holder, now) = (LeaseHolder { import: &id, owner: "owner" }, Timestamp::UNIX_EPOCH);
        let arrival = Arrival {
            object_key: "0751967F/rentree.csv".into(),
            version_id: "v1".into(),
            bytes: 1,
            event_time: None,
            sequencer: String::new(),
        };
        assert_well_formed(&store.claiming(holder, "m1", Some(&arrival), now));
        let strange = Arrival { object_key: "x.csv".into(), ..arrival.clone() };
        assert_well_formed(&store.claiming(holder, "m1", Some(&strange), now));
        assert_well_formed(&store.claiming(holder, "m1", None, now));
        let owned = |update: UpdateItemFluentBuilder| {
            assert_well_formed(&update.condition_expression(OWNED));
        };
        owned(store.progressing(holder, Progress::default(), None, now));
        owned(store.progressing(holder, Progress::default(), Some("work"), now));
        let rules = BTreeMap::from([(RowRule::UaiInvalide, 3)]);
        let (progress, report_key) = (Progress::default(), "report");
        let end = End { progress, rules: &rules, report_key, failure: None };
        owned(store.finishing(holder, end, now));
        let uai = Uai::parse("0751967F").unwrap();
        assert_well_formed(&store.linking("0123456789abcdef0123456789abcdef", uai, &id));
        assert_well_formed(&store.entering(uai, 0, holder, now));
        assert_well_formed(&store.leaving(uai, 0, holder));
        let year = AcademicYear::parse("2026-2027").unwrap();
        let horizon = RecordVersion::new(now, "", id.as_str(), 0);
        assert_well_formed(&store.arriving(uai, year, &id));
        assert_well_formed(&store.departing(uai, year, &id));
        assert_well_formed(&store.arriving_late(uai, year, now));
        assert_well_formed(&store.raising(uai, year, &horizon));
        assert_well_formed(&store.raising_since(uai, year, &horizon, 1));
    }
}
