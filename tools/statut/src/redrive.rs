//! Moves what was given up from a dead-letter queue back to its queue, once its cause is mended.
//!
//! `StartMessageMoveTask` does the same inside SQS; this works wherever messages can be received,
//! the emulator included, and shows how far it is. A message is sent to its queue before it is
//! deleted from where it waits: a crash in between leaves it in both, and whatever reads these
//! queues takes a message twice without harm.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use jiff::Timestamp;

use crate::deployment::Deployment;
use crate::ui::Step;

/// SQS takes and gives so many messages in one call.
const MESSAGES: i32 = 10;
/// How long to wait for messages: a call that doesn't may find none in a queue that has some.
const WAIT: Duration = Duration::from_secs(3);
/// How long a message is ours while it is moved.
const OURS: Duration = Duration::from_mins(1);
const SOME_MESSAGES: &str = "{wide_bar} {pos} of about {len} messages";

/// A queue, and where its messages go when their retries are over.
#[derive(Debug)]
pub(crate) struct Queues<'a> {
    sqs: &'a aws_sdk_sqs::Client,
    queue: String,
    dead_letters: String,
}

impl<'a> Queues<'a> {
    /// The queue of a deployment that is called `name`, by the names of `infra/`.
    pub(crate) async fn of(deployment: &'a Deployment, name: &str) -> Result<Self> {
        let (queue, dead_letters) =
            (deployment.queue(name).await?, deployment.queue(&format!("{name}-dlq")).await?);
        Ok(Self { sqs: &deployment.sqs, queue, dead_letters })
    }

    /// About how many messages wait: SQS counts them with some delay.
    pub(crate) async fn waiting(&self) -> Result<u64> {
        let wanted = QueueAttributeName::ApproximateNumberOfMessages;
        let ask = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.dead_letters)
            .attribute_names(wanted.clone());
        let answer = ask.send().await.context("the dead-letter queue can't be asked")?;
        let count =
            answer.attributes().and_then(|attributes| attributes.get(&wanted)?.parse().ok());
        count.context("the dead-letter queue doesn't say how many messages it has")
    }

    /// Moves every message that is there, and says how many. Those that fail again meanwhile stay:
    /// they would go round and round.
    pub(crate) async fn redrive(&self) -> Result<u64> {
        let began = Timestamp::now();
        let step = Step::of("redriving", self.waiting().await?, SOME_MESSAGES);
        let mut moved = 0;
        loop {
            let mut messages = self.receive().await?;
            messages.retain(|message| was_sent_before(message, began));
            if messages.is_empty() {
                step.done(&format!("{moved} messages"));
                return Ok(moved);
            }
            self.send(&messages).await?;
            self.delete(&messages).await?;
            moved += messages.len() as u64;
            step.bar().set_position(moved);
        }
    }

    async fn receive(&self) -> Result<Vec<Message>> {
        let receive = self
            .sqs
            .receive_message()
            .queue_url(&self.dead_letters)
            .max_number_of_messages(MESSAGES)
            .wait_time_seconds(WAIT.as_secs().try_into()?)
            .visibility_timeout(OURS.as_secs().try_into()?)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("All");
        let received = receive.send().await.context("the dead letters can't be received")?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn send(&self, messages: &[Message]) -> Result<()> {
        let mut batch = self.sqs.send_message_batch().queue_url(&self.queue);
        for (place, message) in messages.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .set_message_body(message.body.clone())
                .set_message_attributes(message.message_attributes.clone());
            batch = batch.entries(entry.build().context("a dead letter has no body")?);
        }
        let sent = batch.send().await.context("messages can't be sent to their queue")?;
        refused(sent.failed().iter().map(BatchResultErrorEntry::code), "sent")
    }

    async fn delete(&self, messages: &[Message]) -> Result<()> {
        let mut batch = self.sqs.delete_message_batch().queue_url(&self.dead_letters);
        for (place, message) in messages.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .set_receipt_handle(message.receipt_handle.clone());
            batch = batch.entries(entry.build().context("a dead letter has no handle")?);
        }
        let deleted = batch.send().await.context("dead letters can't be deleted")?;
        refused(deleted.failed().iter().map(BatchResultErrorEntry::code), "deleted")
    }
}

/// Fails if a part of a batch did. Whatever was done stays done, and a second run does the rest.
fn refused<'a>(codes: impl Iterator<Item = &'a str>, what: &str) -> Result<()> {
    let codes: Vec<_> = codes.collect();
    match codes.first() {
        Some(code) => bail!("{} messages were not {what} ({code}): run this again", codes.len()),
        None => Ok(()),
    }
}

/// Whether a message waited before this moment. It keeps its date when it is given up, and gets a
/// new one when it is moved back.
fn was_sent_before(message: &Message, moment: Timestamp) -> bool {
    let sent = message
        .attributes()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp));
    sent.and_then(|sent| sent.parse::<i64>().ok()).is_none_or(|sent| sent < moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_back_is_left_alone() {
        let moment = Timestamp::from_millisecond(1_000).unwrap();
        let sent = |at: &str| {
            Message::builder().attributes(MessageSystemAttributeName::SentTimestamp, at).build()
        };
        assert!(was_sent_before(&sent("999"), moment));
        assert!(!was_sent_before(&sent("1000"), moment));
        assert!(was_sent_before(&Message::builder().build(), moment), "a queue that tells no date");
    }

    #[test]
    fn a_batch_fails_with_any_of_its_messages() {
        assert!(refused([].into_iter(), "sent").is_ok());
        assert!(refused(["InternalError", "InternalError"].into_iter(), "sent").is_err());
    }
}
