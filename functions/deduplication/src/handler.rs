//! One batch of pointers: each is followed on its own, side by side with those that have nothing to
//! do with it, and only those that failed come back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use shared::contract::pointer::{NotAPointer, Pointer};
use shared::identity::ines::InesError;
use shared::registry::StoreError;

use crate::apply_case::{AppliedCase, ApplyCaseError, apply_case};
use crate::asked_once::BatchWorld;
use crate::daily;
use crate::lanes;
use crate::resolve::{Occasion, Resolution, ResolveError, resolve};
use crate::verification;
use crate::world::World;

/// The reason for which a message comes back. SQS delivers it again a few times, then moves it to
/// the dead-letter queue, where the alarm is: a poison message ends there as well as one that met a
/// long outage of ours.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The message holds no pointer.
    #[error(transparent)]
    Poison(#[from] NotAPointer),
    /// Its record can't be resolved now.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Its case can't be settled now.
    #[error(transparent)]
    Settle(#[from] ApplyCaseError),
    /// The pointer could not be sent again for later.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The longest that one pointer may take: two questions to INES of eight seconds each, and the
/// tables.
const MOST_FOR_ONE: SignedDuration = SignedDuration::from_secs(18);
/// When what there was no time for, or no turn at INES, is received again.
const SOON: Duration = Duration::from_secs(10);

/// Follows a batch of pointers and reports the messages that failed. `deadline` is when the
/// invocation is killed.
///
/// Those that have nothing to do with each other are followed side by side (`lanes`): nearly all
/// of the time is spent waiting for INES and for the tables.
///
/// While INES is slow there may not be time for all: the rest is sent again, rather than left to be
/// killed with what is under way, because a message that is received too often is given up.
pub async fn handle<W: World>(world: &W, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    let started = Instant::now();
    let world = &BatchWorld::of(world);
    let received = event.records.len();
    let mut batch = Batch::default();
    let mut pointers = Vec::new();
    for (position, message) in event.records.iter().enumerate() {
        match Pointer::read(message.body.as_deref().unwrap_or_default()) {
            Ok(pointer) => pointers.push((position, pointer)),
            Err(error) => batch.ended(message, Err(error.into())),
        }
    }
    let lanes = match lanes::of(world, &pointers).await {
        Ok(lanes) => lanes,
        Err(error) => {
            // What they have to do with each other isn't known: one after the other.
            tracing::warn!(%error, "a batch is followed in order");
            vec![pointers.iter().map(|(position, _)| *position).collect()]
        }
    };
    let side_by_side = lanes.len();
    let pointers: BTreeMap<usize, Pointer> = pointers.into_iter().collect();
    // The first one always has its turn, so that every invocation does something.
    let first = pointers.keys().next().copied();
    let mut running: FuturesUnordered<_> = lanes
        .into_iter()
        .map(|lane| {
            let pointers = &pointers;
            async move {
                let mut ended = Vec::with_capacity(lane.len());
                for position in lane {
                    let Some(pointer) = pointers.get(&position) else { continue };
                    let is_late = Some(position) != first
                        && deadline.duration_since(world.now()) < MOST_FOR_ONE;
                    ended.push((position, one(world, pointer, is_late).await));
                }
                ended
            }
        })
        .collect();
    while let Some(lane) = running.next().await {
        for (position, outcome) in lane {
            batch.ended(&event.records[position], outcome);
        }
    }
    let Batch { outcomes, failures } = batch;
    tracing::info!(
        received,
        side_by_side,
        published = outcomes.published,
        on_hold = outcomes.on_hold,
        postponed = outcomes.postponed,
        unchanged = outcomes.unchanged,
        cases = outcomes.cases,
        due = outcomes.due,
        failed = failures.len(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "pointers followed"
    );
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

/// What became of a batch.
#[derive(Default)]
struct Batch {
    outcomes: Outcomes,
    failures: Vec<BatchItemFailure>,
}

impl Batch {
    fn ended(&mut self, message: &SqsMessage, outcome: Result<Followed, Failure>) {
        match outcome {
            Ok(outcome) => self.outcomes.count(outcome),
            Err(error) => {
                // The id is SQS's own; the body may hold anything and stays out of the log.
                let message_id = message.message_id.clone().unwrap_or_default();
                tracing::error!(%error, message_id, "pointer not followed");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message_id;
                self.failures.push(failure);
            }
        }
    }
}

/// The end of a pointer: of a record, or of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    Record(Resolution),
    Case(AppliedCase),
    /// So many records about which INES is asked again.
    Due(usize),
}

async fn one<W: World>(world: &W, pointer: &Pointer, is_late: bool) -> Result<Followed, Failure> {
    if is_late {
        world.queue().send_after(SOON, pointer).await?;
        return Ok(Followed::Record(Resolution::Postponed));
    }
    follow(world, pointer).await
}

/// Follows one pointer.
///
/// While INES is out of reach, its record waits: the pointer is sent again, to be received later,
/// and this message is done. An outage of hours then costs nothing but messages, and no record ends
/// in the dead-letter queue for it.
///
/// # Errors
///
/// [`Failure`]: the message is to be delivered again.
pub async fn follow<W: World>(world: &W, pointer: &Pointer) -> Result<Followed, Failure> {
    let resolution = match pointer {
        Pointer::Record(record) => resolve(world, record, Occasion::Sent).await,
        Pointer::Reconsider(record) => resolve(world, record, Occasion::Reconsidered).await,
        Pointer::Case(case) => return Ok(Followed::Case(apply_case(world, case).await?)),
        Pointer::Due => return Ok(Followed::Due(daily::look_after(world).await?)),
    };
    match resolution {
        Err(ResolveError::Ines(error)) if verification::is_passing(error) => {
            tracing::warn!(%error, "record waits for INES");
            // INES is well where only our own rate is in the way.
            let again = if error == InesError::OverRate { SOON } else { verification::ASK_AGAIN };
            world.queue().send_after(again, pointer).await?;
            Ok(Followed::Record(Resolution::Postponed))
        }
        other => Ok(Followed::Record(other?)),
    }
}

#[derive(Default)]
struct Outcomes {
    published: usize,
    on_hold: usize,
    postponed: usize,
    unchanged: usize,
    cases: usize,
    due: usize,
}

impl Outcomes {
    fn count(&mut self, followed: Followed) {
        match followed {
            Followed::Record(Resolution::Published) => self.published += 1,
            Followed::Record(Resolution::OnHold) => self.on_hold += 1,
            Followed::Record(Resolution::Postponed) => self.postponed += 1,
            Followed::Record(Resolution::Unchanged) | Followed::Case(AppliedCase::Nothing) => {
                self.unchanged += 1;
            }
            Followed::Case(AppliedCase::Done) => self.cases += 1,
            Followed::Due(records) => self.due += records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_event_has_a_pointer_and_a_poison_message() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/sqs-pointers.json")).unwrap();
        let read: Vec<_> = event
            .records
            .iter()
            .map(|message| Pointer::read(message.body.as_deref().unwrap()).is_ok())
            .collect();
        assert_eq!(read, [true, false]);
    }
}
