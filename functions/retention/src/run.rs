//! One invocation: its pass, whom it must not touch, its pace and its end.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use shared::identity::student::StudentId;
use shared::registry::StoreError;
use shared::registry::retention::Pass;
use shared::retention::Counts;
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::context::Context;

/// The longest that one thing takes to be erased: reads and a transaction, tried again when others
/// are in the way.
const MOST_FOR_ONE: Duration = Duration::from_secs(20);

/// The finest that time is measured here.
const FINEST: Duration = Duration::from_millis(1);

/// One invocation.
pub(crate) struct Run<'a> {
    pub(crate) context: &'a Context,
    pub(crate) pass: Pass,
    pub(crate) now: Timestamp,
    /// Students under a legal hold when the run began: those that were named, and whom they have
    /// joined since.
    held: BTreeSet<StudentId>,
    until: Instant,
    pace: Mutex<Interval>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepEnd {
    /// Everything of it was looked at; what stays is counted here, what was erased elsewhere.
    Done(Counts),
    /// The invocation's time is over: the next one reads the part again, of which less is left.
    OutOfTime,
}

impl<'a> Run<'a> {
    pub(crate) async fn begin(
        context: &'a Context,
        pass: Pass,
        now: Timestamp,
        until: Instant,
    ) -> Result<Self, StoreError> {
        let mut held = BTreeSet::new();
        for hold in context.retention.holds().await? {
            held.insert(hold.student);
            held.extend(context.students.get(hold.student).await?.map(|student| student.id));
        }
        let mut pace = interval((Duration::from_secs(1) / context.per_second.get()).max(FINEST));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { context, pass, now, held, until, pace: Mutex::new(pace) })
    }

    /// Whether a student must not be erased. A hold of this very moment is seen by the transaction
    /// itself, under the student that it names.
    pub(crate) async fn is_held(&self, student: StudentId) -> Result<bool, StoreError> {
        Ok(self.held.contains(&student) || self.context.retention.held(student).await?.is_some())
    }

    /// Whether there is time for one thing more.
    pub(crate) fn has_time(&self) -> bool {
        self.until.saturating_duration_since(Instant::now()) >= MOST_FOR_ONE
    }

    /// Waits for the next thing's turn; `false` when there is no time for it.
    pub(crate) async fn has_turn(&self) -> bool {
        if !self.has_time() {
            return false;
        }
        self.pace.lock().await.tick().await;
        true
    }
}
