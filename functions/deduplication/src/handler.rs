//! One batch of pointers, in order: each is followed on its own, and only those that failed come
//! back.

use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::{SignedDuration, Timestamp};
use shared::contract::pointer::{NotAPointer, Pointer};
use shared::registry::StoreError;

use crate::apply_case::{AppliedCase, ApplyCaseError, apply_case};
use crate::daily;
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
/// When what there was no time for is received again.
const SOON: Duration = Duration::from_secs(10);

/// Follows a batch of pointers and reports the messages that failed. `deadline` is when the
/// invocation is killed.
///
/// While INES is slow there may not be time for all: the rest is sent again, rather than left to be
/// killed with what is under way, because a message that is received too often is given up.
pub async fn handle<W: World>(world: &W, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    let started = Instant::now();
    let mut outcomes = Outcomes::default();
    let mut failures = Vec::new();
    let received = event.records.len();
    for (position, message) in event.records.into_iter().enumerate() {
        // The first one always has its turn, so that every invocation does something.
        let is_late = position > 0 && deadline.duration_since(world.now()) < MOST_FOR_ONE;
        match one(world, &message, is_late).await {
            Ok(outcome) => outcomes.count(outcome),
            Err(error) => {
                // The id is SQS's own; the body may hold anything and stays out of the log.
                let message_id = message.message_id.unwrap_or_default();
                tracing::error!(%error, message_id, "pointer not followed");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message_id;
                failures.push(failure);
            }
        }
    }
    tracing::info!(
        received,
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

/// The end of a pointer: of a record, or of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    Record(Resolution),
    Case(AppliedCase),
    /// So many records about which INES is asked again.
    Due(usize),
}

async fn one<W: World>(
    world: &W,
    message: &SqsMessage,
    is_late: bool,
) -> Result<Followed, Failure> {
    let pointer = Pointer::read(message.body.as_deref().unwrap_or_default())?;
    if is_late {
        world.queue().send_after(SOON, &pointer).await?;
        return Ok(Followed::Record(Resolution::Postponed));
    }
    follow(world, &pointer).await
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
            world.queue().send_after(verification::ASK_AGAIN, pointer).await?;
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
