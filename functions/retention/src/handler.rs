//! One run, in order: a pass begins or goes on, and its steps are done one after the other.
//!
//! A pass reads every table once, in parts. Which part comes next is stored after each, so a run
//! that dies, or that has no time left, is followed by one that goes on there. What was erased of a
//! part is gone when the part is read again; how many things were erased is counted in the
//! transactions that erase them. So a pass is right wherever it was stopped.

use jiff::{Span, Timestamp};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use shared::domain::academic_year::day_in_france;
use shared::registry::StoreError;
use shared::registry::retention::{Pass, PassId};
use shared::registry::segment::Segment;
use shared::retention::{Counts, Terms};
use tokio::time::Instant;

use crate::context::Context;
use crate::run::{Run, StepEnd};
use crate::{cases, records, students};

/// Days from one pass to the next: each reads the tables of students, records and cases as a whole,
/// and a duration of years isn't missed by three days.
const DAYS_BETWEEN: i64 = 3;

/// What a pass does, in this order: a case is about nobody only once its students are erased.
const KINDS: [Kind; 3] = [Kind::Students, Kind::Records, Kind::Cases];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Students,
    Records,
    Cases,
}

/// What the function is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Begin another pass, even if the latest is finished and none is due.
    #[serde(rename = "recommencer", default)]
    pub again: bool,
}

impl Order {
    /// Reads an event: what the scheduler sends is no order, and the pass that is due goes on.
    pub fn read(event: serde_json::Value) -> Result<Self, RetentionError> {
        match event {
            serde_json::Value::Object(fields) if fields.contains_key("recommencer") => {
                serde_json::from_value(fields.into()).map_err(|_| RetentionError::Order)
            }
            _ => Ok(Self::default()),
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The pass as it is stored now; none while the register is re-keyed.
    pub pass: Option<Pass>,
    /// What has no duration, of which nothing is erased: `students`, `cases`.
    pub unset: Vec<String>,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an order is `recommencer` with true or false")]
    Order,
}

impl From<RetentionError> for Diagnostic {
    /// Stable types for alarms to filter on: the scheduler retries what may go through later.
    fn from(error: RetentionError) -> Self {
        let kind = match error {
            RetentionError::Order => "Permanent",
            RetentionError::Store(_) => "Retryable",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

/// Goes on with the pass that is due, until it is finished or `until` is near.
///
/// Two at once do the same: each write has its condition, and the second changes nothing.
pub async fn handle(
    context: &Context,
    order: Order,
    now: Timestamp,
    until: Instant,
) -> Result<Report, RetentionError> {
    let unset = unset(context.terms);
    count_requests(context, now).await?;
    if context.keys.are_changing() {
        // What is under the secrets that are left would stay behind.
        tracing::warn!("nothing is erased while the register is re-keyed");
        return Ok(Report { pass: None, unset });
    }
    let pass = current(context, order, now).await?;
    let mut run = Run::begin(context, pass, now, until).await?;
    let steps = run.pass.segments.saturating_mul(u32::try_from(KINDS.len()).unwrap_or(u32::MAX));
    while run.pass.finished_at.is_none() {
        let StepEnd::Done(met) = step(&run).await? else { break };
        let finished_at = (run.pass.step.saturating_add(1) >= steps).then_some(now);
        if !context.retention.advance(&run.pass, met, finished_at).await? {
            // Another run is at it.
            break;
        }
        run.pass.step = run.pass.step.saturating_add(1);
        run.pass.finished_at = finished_at;
    }
    let stored = context.retention.passes(1).await?.pop();
    if let Some(pass) = &stored {
        told(pass, &unset);
    }
    Ok(Report { pass: stored, unset })
}

/// The line by which an alarm knows that a request of rights has to be answered within some days, or
/// should have been (infra/retention.tf). It says how many, and nothing of whose.
async fn count_requests(context: &Context, now: Timestamp) -> Result<(), StoreError> {
    let today = day_in_france(now);
    let last = today.saturating_add(Span::new().days(i64::from(context.request_alarm_days)));
    let due = context.requests.due_by(last).await?;
    let late = due.iter().filter(|day| **day < today).count();
    tracing::info!(requests_due = due.len(), late, "requests of rights counted");
    Ok(())
}

/// The line that ends a run. The alarm counts those of finished passes (infra/retention.tf).
fn told(pass: &Pass, unset: &[String]) {
    let Counts { students, records, aliases, cases, held, undecided, failed } = pass.counts;
    tracing::info!(
        as_of = %pass.as_of,
        finished = pass.finished_at.is_some(),
        students,
        records,
        aliases,
        cases,
        held,
        undecided,
        failed,
        unset = unset.join(" "),
        "retention applied"
    );
}

fn unset(terms: Terms) -> Vec<String> {
    let settings = [("students", terms.students), ("cases", terms.cases)];
    let without = settings.into_iter().filter(|(_, days)| days.is_none());
    without.map(|(name, _)| name.to_owned()).collect()
}

/// The pass to go on with: the latest, unless its durations aren't today's any more, or it is
/// finished and another one is due. A duration that was too short must stop erasing at once.
async fn current(context: &Context, order: Order, now: Timestamp) -> Result<Pass, StoreError> {
    let today = day_in_france(now);
    if let Some(latest) = context.retention.passes(1).await?.pop()
        && latest.terms == context.terms
    {
        let next = latest.as_of.saturating_add(Span::new().days(DAYS_BETWEEN));
        if latest.finished_at.is_none() || (today < next && !order.again) {
            return Ok(latest);
        }
    }
    let pass = Pass {
        id: PassId::beginning(now),
        as_of: today,
        terms: context.terms,
        segments: context.segments.get(),
        step: 0,
        finished_at: None,
        counts: Counts::default(),
    };
    context.retention.begin(&pass).await?;
    Ok(pass)
}

async fn step(run: &Run<'_>) -> Result<StepEnd, StoreError> {
    let segments = run.pass.segments;
    let (kind, part) = (run.pass.step / segments, Segment::of(run.pass.step % segments, segments)?);
    match usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind)) {
        Some(Kind::Students) => students::step(run, part).await,
        Some(Kind::Records) => records::step(run, part).await,
        Some(Kind::Cases) => cases::step(run, part).await,
        None => Ok(StepEnd::Done(Counts::default())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_order_of_ours_is_an_order() {
        let scheduled = json!({ "version": "0", "detail-type": "Scheduled Event", "detail": {} });
        for event in [scheduled, json!(null), json!({}), json!("now")] {
            assert_eq!(Order::read(event).unwrap(), Order { again: false });
        }
        assert_eq!(Order::read(json!({ "recommencer": true })).unwrap(), Order { again: true });
        for event in [json!({ "recommencer": "oui" }), json!({ "recommencer": true, "tout": 1 })] {
            assert!(matches!(Order::read(event), Err(RetentionError::Order)));
        }
    }
}
