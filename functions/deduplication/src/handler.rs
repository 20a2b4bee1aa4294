//! One batch of pointers, in order: each is resolved on its own, and only those that failed come back.

use std::time::Instant;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use shared::contract::pointer::{NotAPointer, Pointer};

use crate::context::Context;
use crate::resolve::{Resolution, ResolveError, resolve};

/// Why a message comes back. SQS delivers it again a few times, then moves it to the dead-letter queue, where the
/// alarm is: a poison message ends there as well as one that met a long outage.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Poison(#[from] NotAPointer),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

/// Resolves a batch and reports the messages that failed.
pub(crate) async fn handle(context: &Context, event: SqsEvent) -> SqsBatchResponse {
    let started = Instant::now();
    let mut outcomes = Outcomes::default();
    let mut failures = Vec::new();
    let received = event.records.len();
    for message in event.records {
        match one(context, &message).await {
            Ok(resolution) => outcomes.count(resolution),
            Err(error) => {
                // The id is SQS's own; the body may hold anything and stays out of the log.
                let message_id = message.message_id.unwrap_or_default();
                tracing::error!(%error, message_id, "pointer not resolved");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message_id;
                failures.push(failure);
            }
        }
    }
    tracing::info!(
        received,
        published = outcomes.published,
        in_review = outcomes.in_review,
        unchanged = outcomes.unchanged,
        failed = failures.len(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "pointers resolved"
    );
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

async fn one(context: &Context, message: &SqsMessage) -> Result<Resolution, Failure> {
    let Pointer::Record(record) = Pointer::read(message.body.as_deref().unwrap_or_default())? else {
        // Nobody sends one yet.
        return Err(NotAPointer.into());
    };
    Ok(resolve(context, &record).await?)
}

#[derive(Default)]
struct Outcomes {
    published: usize,
    in_review: usize,
    unchanged: usize,
}

impl Outcomes {
    fn count(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Published => self.published += 1,
            Resolution::InReview => self.in_review += 1,
            Resolution::Unchanged => self.unchanged += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_event_has_a_pointer_and_a_poison_message() {
        let event: SqsEvent = serde_json::from_str(include_str!("../../../events/sqs-pointers.json")).unwrap();
        let read: Vec<_> =
            event.records.iter().map(|message| Pointer::read(message.body.as_deref().unwrap()).is_ok()).collect();
        assert_eq!(read, [true, false]);
    }
}
