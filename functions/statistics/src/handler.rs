//! What comes in, and the order of things.
//!
//! An order without a date is the day's, and internal: exact tables every day would tell of whoever
//! arrived in between, by subtraction, whatever is hidden in each. An order to freeze makes the
//! public snapshot of a date. Either begins a count, which tasks of a queue go on with.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use jiff::civil::Date;
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::academic_year::day_in_france;
use shared::registry::StoreError;
use tokio::time::Instant;

use crate::assembly;
use crate::audit::AuditError;
use crate::context::Context;
use crate::counting::cases::CountingCases;
use crate::counting::kept::Kept;
use crate::counting::part::{Reached, count};
use crate::counting::records::CountingRecords;
use crate::counting::students::CountingStudents;
use crate::counting::{CountId, Outcome, Part, Plan, Table, Task};
use crate::facts::Scope;
use crate::outputs::FormatError;
use crate::quality;

/// What the function is asked.
#[derive(Debug)]
pub enum Asked {
    Order(Order),
    /// How far a count has come.
    Follow(CountId),
    /// Steps of counts.
    Tasks(Box<SqsEvent>),
}

/// What is to be counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The date to freeze: the day's, since the register holds the state of today alone.
    freeze: Option<Date>,
}

impl Asked {
    /// Reads an event: what the scheduler sends is no order, and the day is counted.
    pub fn read(event: Value) -> Result<Self, StatisticsError> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(rename = "geler")]
            freeze: Option<Date>,
            #[serde(rename = "suivre")]
            follow: Option<CountId>,
        }
        if event.get("Records").is_some() {
            let tasks = serde_json::from_value(event).map_err(|_| StatisticsError::Order)?;
            return Ok(Self::Tasks(tasks));
        }
        if !event.is_object() {
            return Ok(Self::Order(Order::default()));
        }
        let written: Written = serde_json::from_value(event).map_err(|_| StatisticsError::Order)?;
        match written {
            Written { freeze, follow: None } => Ok(Self::Order(Order { freeze })),
            Written { freeze: None, follow: Some(id) } => Ok(Self::Follow(id)),
            Written { .. } => Err(StatisticsError::Order),
        }
    }
}

/// The invocation that is asked.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The id of the request, which a delivery that comes again has too.
    pub request: String,
    /// When it is stopped if it doesn't end before.
    pub killed_at: Instant,
}

/// What the function answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Begun(Begun),
    Progress(Progress),
    Tasks(SqsBatchResponse),
}

/// A count that has begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    #[serde(rename = "comptage")]
    pub count: CountId,
}

/// How far a count has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct Progress {
    #[serde(rename = "parties")]
    pub parts: usize,
    /// Those that are counted.
    #[serde(rename = "comptees")]
    pub counted: usize,
    /// How it ended, if it did.
    #[serde(rename = "issue")]
    pub outcome: Option<Outcome>,
}

/// Why something isn't done.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an order is `geler` with a date, YYYY-MM-DD, or `suivre` with the id of a count")]
    Order,
    #[error("there is no count {0}, or it is too long ago")]
    NoCount(CountId),
    #[error("a task ended early")]
    Task,
    #[error("{0} of the count can't be read")]
    Kept(String),
    #[error("the part {0} isn't counted yet")]
    Missing(Part),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error("the snapshot of {0} can't be read: {1}")]
    Previous(Date, AuditError),
    #[error("the manifest of the snapshot of {0} can't be read")]
    Manifest(Date),
    #[error("{asked} can't be frozen on {today}: the register holds the state of the day alone")]
    NotToday { asked: Date, today: Date },
    #[error("the snapshot of {0} is frozen already")]
    Frozen(Date),
    #[error("{0} isn't frozen: no proof was found that its tables tell of nobody")]
    Unproved(Date),
}

impl StatisticsError {
    /// Whether the same again would end the same.
    fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Order
                | Self::NoCount(_)
                | Self::NotToday { .. }
                | Self::Frozen(_)
                | Self::Unproved(_)
        )
    }
}

impl From<StatisticsError> for Diagnostic {
    /// Stable types for alarms to filter on: the scheduler retries what may go through later.
    fn from(error: StatisticsError) -> Self {
        let kind = if error.is_permanent() { "Permanent" } else { "Retryable" };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

/// Begins a count, tells of one, or goes on with some.
pub async fn handle(
    context: &Context,
    asked: Asked,
    invocation: &Invocation,
) -> Result<Answer, StatisticsError> {
    match asked {
        Asked::Order(order) => Ok(Answer::Begun(begin(context, &order, invocation).await?)),
        Asked::Follow(id) => Ok(Answer::Progress(progress(context, id).await?)),
        Asked::Tasks(tasks) => Ok(Answer::Tasks(go_on(context, *tasks, invocation).await)),
    }
}

/// Makes the plan and asks for its parts. An order that is delivered again has the same id: it finds
/// its plan, and asks again for what isn't counted yet.
async fn begin(
    context: &Context,
    order: &Order,
    invocation: &Invocation,
) -> Result<Begun, StatisticsError> {
    let at = Timestamp::now();
    let today = day_in_france(at);
    if let Some(asked) = order.freeze.filter(|asked| *asked != today) {
        return Err(StatisticsError::NotToday { asked, today });
    }
    if order.freeze.is_some() && context.snapshots.frozen().await?.contains(&today) {
        return Err(StatisticsError::Frozen(today));
    }
    let count =
        CountId::try_from(invocation.request.clone()).map_err(|_| StatisticsError::Order)?;
    let kept = Kept::of(&context.snapshots, &count);
    let plan = Plan { at, freeze: order.freeze.is_some(), segments: context.segments };
    let plan = kept.plan(plan).await?;
    context.tasks.count(&count, &kept.missing(&plan).await?).await?;
    Ok(Begun { count })
}

async fn progress(context: &Context, id: CountId) -> Result<Progress, StatisticsError> {
    let kept = Kept::of(&context.snapshots, &id);
    let Some(plan) = kept.planned().await? else { return Err(StatisticsError::NoCount(id)) };
    let parts = plan.parts().count();
    let counted = parts - kept.missing(&plan).await?.len();
    Ok(Progress { parts, counted, outcome: kept.outcome().await? })
}

/// Works on the messages of a delivery, and says which have to come back.
async fn go_on(context: &Context, event: SqsEvent, invocation: &Invocation) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let task = message.body.as_deref().map(serde_json::from_str::<Task>);
        let Some(Ok(task)) = task else {
            // Nobody but us writes there, and the same again would be as unreadable.
            tracing::error!("a message of the queue isn't a task");
            continue;
        };
        if let Err(error) = one(context, &task, invocation).await {
            tracing::error!(%error, "a task comes back");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
    }
    response
}

async fn one(
    context: &Context,
    task: &Task,
    invocation: &Invocation,
) -> Result<(), StatisticsError> {
    let kept = Kept::of(&context.snapshots, &task.count);
    let Some(plan) = kept.planned().await? else {
        tracing::warn!("a task of a count that is too long ago");
        return Ok(());
    };
    match task.part {
        // All that a part comes to is in this future.
        Some(part) => Box::pin(count_part(context, &kept, &plan, task, part, invocation)).await,
        None => end(context, &kept, &plan).await,
    }
}

/// Counts a part, and asks for what comes next: its rest, or the assembly once nothing is missing.
/// Two that end at once both ask for it, and the second finds the count ended. Whoever dies before
/// it asks is delivered again, finds the part kept, and asks then.
async fn count_part(
    context: &Context,
    kept: &Kept<'_>,
    plan: &Plan,
    task: &Task,
    part: Part,
    invocation: &Invocation,
) -> Result<(), StatisticsError> {
    let mut missing = kept.missing(plan).await?;
    if missing.contains(&part) {
        let killed_at = invocation.killed_at;
        let segment = plan.segment(part);
        let reached = match part.table {
            Table::Etudiants => {
                let (registered, _) = assembly::establishments(context).await?;
                let cpge_prefixes = context.cpge_prefixes.clone();
                let scope = Scope { year: plan.year(), cpge_prefixes };
                let answers = &context.answers;
                let notes_whereabouts = plan.freeze;
                let counting =
                    CountingStudents { answers, segment, scope, registered, notes_whereabouts };
                count(&counting, kept, part, killed_at).await?
            }
            Table::Fiches => {
                let records = &context.records;
                let (year, from) = (plan.year(), quality::from(plan));
                let counting = CountingRecords { records, segment, year, from };
                count(&counting, kept, part, killed_at).await?
            }
            Table::Dossiers => {
                let counting = CountingCases { reviews: &context.reviews, segment };
                count(&counting, kept, part, killed_at).await?
            }
        };
        if reached == Reached::Page {
            return context.tasks.count(&task.count, &[part]).await;
        }
        missing = kept.missing(plan).await?;
    }
    if missing.is_empty() && kept.outcome().await?.is_none() {
        context.tasks.assemble(&task.count).await?;
    }
    Ok(())
}

/// Assembles a count that hasn't ended, and says how it ends. What would end the same again is a
/// refusal; anything else brings the task back.
async fn end(context: &Context, kept: &Kept<'_>, plan: &Plan) -> Result<(), StatisticsError> {
    if kept.outcome().await?.is_some() {
        return Ok(());
    }
    // Everything that a count holds is in this future.
    let outcome = match Box::pin(assembly::assemble(context, kept, plan)).await {
        Ok(published) => Outcome::Published(published),
        Err(error) if error.is_permanent() => {
            tracing::error!(%error, "the count is refused");
            Outcome::Refused(error.to_string())
        }
        Err(error) => return Err(error),
    };
    kept.end(&outcome).await
}

#[cfg(test)]
mod tests;
