//! A delivery of the queue `imports`, message by message: each is acknowledged or comes back.
//!
//! A message is S3's event about an object that was dropped, or our own about an import to go on
//! with. It is acknowledged once nothing more depends on it: the import has ended, another message
//! asks for the rest, or another invocation has it in hand for a message of its own. Anything else
//! brings it back, sooner or later, and after too many times it goes to the dead-letter queue,
//! where the alarm is.

use std::time::Duration;

use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde::Deserialize;
use shared::feeding::import::GoOn;
use shared::registry::imports::ImportId;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::import::{self, ImportError, ImportOutcome, Invocation, Settings};
use crate::object::{self, NotOurs};
use crate::queues::Message;
use crate::world::World;

/// The time for which a message stays away when work on it begins: until the first heartbeat has
/// had time to come.
const FIRST_HELD: Duration = Duration::from_mins(1);
/// The first wait after a failure, doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// The longest. With ten deliveries, an outage of an hour is survived before the dead-letter queue.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// The two kinds of message.
enum Body {
    Objects(S3Event),
    GoOn(ImportId),
    /// S3 says that it was configured.
    Test,
}

impl Body {
    fn read(body: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Test {
            #[serde(rename = "Event")]
            event: String,
        }
        if let Some(import) = GoOn::read(body) {
            return import.map(Self::GoOn);
        }
        if let Ok(event) = serde_json::from_str::<S3Event>(body)
            && !event.records.is_empty()
        {
            return Some(Self::Objects(event));
        }
        serde_json::from_str::<Test>(body)
            .ok()
            .filter(|test| test.event == "s3:TestEvent")
            .map(|_| Self::Test)
    }
}

/// Works on the messages of a delivery, and says which have to come back.
///
/// `killed_at` is when the invocation is stopped if it doesn't end before.
pub async fn handle(
    world: &World,
    settings: &Settings,
    event: SqsEvent,
    owner: &str,
    clock: Clock,
    killed_at: Instant,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for delivered in event.records {
        let (message, body) = message(delivered);
        let invocation = Invocation { owner, message: &message, clock, killed_at };
        if let Err(error) = one(world, settings, invocation, &body).await {
            let wait = match error {
                ImportError::InHand { after } => after,
                _ => backoff(message.deliveries),
            };
            tracing::error!(%error, message_id = message.id, deliveries = message.deliveries, "import interrupted");
            // If this fails, the message comes back when it would have anyway.
            if let Err(error) = world.queues.hold(&message, wait).await {
                tracing::warn!(%error, message_id = message.id, "message not held");
            }
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Works on one message; it may be acknowledged unless there is an error.
async fn one(
    world: &World,
    settings: &Settings,
    invocation: Invocation<'_>,
    body: &str,
) -> Result<(), ImportError> {
    let id = &invocation.message.id;
    match Body::read(body) {
        Some(Body::Objects(event)) => {
            // The queue's own visibility timeout is longer than any invocation: a crash would wait
            // for hours.
            hold(world, invocation.message).await;
            for record in &event.records {
                match object::arrival(record, &settings.inbox) {
                    Ok((import, arrival)) => {
                        told(
                            &import,
                            Box::pin(import::run(
                                world,
                                settings,
                                invocation,
                                &import,
                                Some(&arrival),
                            ))
                            .await?,
                        );
                    }
                    Err(NotOurs::Folder) => {
                        tracing::info!(message_id = id, "mark of a folder passed over");
                    }
                    // Delivered again, it would be the same.
                    Err(error) => tracing::error!(%error, message_id = id, "event passed over"),
                }
            }
        }
        Some(Body::GoOn(import)) => {
            hold(world, invocation.message).await;
            told(&import, Box::pin(import::run(world, settings, invocation, &import, None)).await?);
        }
        Some(Body::Test) => tracing::info!(message_id = id, "S3 tested the queue"),
        // The body may hold anything and stays out of the log. Nobody but S3 and us may write to
        // the queue.
        None => tracing::error!(
            message_id = id,
            "message is neither an event of S3 nor an import to go on with"
        ),
    }
    Ok(())
}

async fn hold(world: &World, message: &Message) {
    if let Err(error) = world.queues.hold(message, FIRST_HELD).await {
        tracing::warn!(%error, message_id = message.id, "message not held");
    }
}

fn told(import: &ImportId, outcome: ImportOutcome) {
    let import = import.as_str();
    match outcome {
        ImportOutcome::Ended => {}
        ImportOutcome::EndedBefore => tracing::info!(import, "import ended before, nothing to do"),
        ImportOutcome::Elsewhere => tracing::info!(import, "another invocation has the import"),
        ImportOutcome::Waits => {
            tracing::info!(import, "the establishment has other imports under way, this one waits");
        }
        ImportOutcome::HandedOver => tracing::info!(import, "time ran out, the rest is asked for"),
        ImportOutcome::Nothing => tracing::error!(import, "no such import to go on with"),
    }
}

fn message(delivered: SqsMessage) -> (Message, String) {
    let deliveries =
        delivered.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let message = Message {
        id: delivered.message_id.unwrap_or_default(),
        receipt: delivered.receipt_handle.unwrap_or_default(),
        deliveries: deliveries.unwrap_or(1),
    };
    (message, delivered.body.unwrap_or_default())
}

/// The delay before the next delivery of a message that failed for the `deliveries`th time.
fn backoff(deliveries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << deliveries.saturating_sub(1).min(10)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(event: &str) -> (Message, Option<Body>) {
        let mut event: SqsEvent = serde_json::from_str(event).unwrap();
        let (message, body) = message(event.records.remove(0));
        let body = Body::read(&body);
        (message, body)
    }

    #[test]
    fn recorded_messages_are_told_apart() {
        let (message, dropped) = body(include_str!("../../../events/sqs-import-object.json"));
        assert_eq!(
            (message.id.as_str(), message.deliveries),
            ("059f36b4-87a3-44ab-83d2-661975830a7d", 1)
        );
        let Some(Body::Objects(event)) = dropped else { panic!("an event of S3") };
        assert_eq!(event.records.len(), 1);
        let (message, go_on) = body(include_str!("../../../events/sqs-import-continuation.json"));
        assert_eq!(message.deliveries, 3);
        let Some(Body::GoOn(import)) = go_on else { panic!("an import to go on with") };
        assert_eq!(GoOn::body(&import), r#"{"import":"0123456789abcdef0123456789abcdef"}"#);
        assert!(matches!(
            body(include_str!("../../../events/sqs-import-test.json")).1,
            Some(Body::Test)
        ));
    }

    #[test]
    fn anything_else_is_no_message() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"import":"../x"}"#,
            r#"{"Records":[]}"#,
            r#"{"Event":"s3:Other"}"#,
            "{",
        ] {
            assert!(Body::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn failures_come_back_later_and_later() {
        assert_eq!(backoff(1), FIRST_WAIT);
        assert_eq!(backoff(2), 2 * FIRST_WAIT);
        assert_eq!(backoff(u32::MAX), LONGEST_WAIT);
        let all: Duration = (1..=10).map(backoff).sum();
        assert!(all > Duration::from_hours(1));
    }
}
