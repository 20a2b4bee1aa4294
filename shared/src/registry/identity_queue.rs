//! The queue that leads from a stored record to its student, and from a decision to what it
//! changes.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use super::{StoreError, backoff};
use crate::contract::pointer::Pointer;
use crate::identity::digest::RecordId;
use crate::identity::review::CaseId;

/// SQS takes so many messages in one call.
const MOST_AT_ONCE: usize = 10;
/// SQS keeps a message back no longer.
const MOST_DELAY: Duration = Duration::from_mins(15);

#[derive(Debug, Clone)]
pub struct IdentityQueue {
    client: Client,
    url: String,
}

impl IdentityQueue {
    /// The queue of that URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends a pointer to each record. Sent twice, a pointer is resolved twice, and the second time
    /// changes nothing.
    pub async fn send(&self, records: &[RecordId]) -> Result<(), StoreError> {
        let pointers: Vec<Pointer> = records.iter().cloned().map(Pointer::Record).collect();
        self.send_pointers(&pointers).await
    }

    /// Sends a pointer to a case, of which something is to be applied. Twice is the same as once,
    /// too.
    pub async fn send_case(&self, case: &CaseId) -> Result<(), StoreError> {
        self.send_pointers(&[Pointer::Case(case.clone())]).await
    }

    /// Sends pointers of both kinds.
    pub async fn send_pointers(&self, pointers: &[Pointer]) -> Result<(), StoreError> {
        for chunk in pointers.chunks(MOST_AT_ONCE) {
            let bodies: Vec<String> = chunk.iter().map(Pointer::body).collect();
            self.send_some(&bodies).await?;
        }
        Ok(())
    }

    /// Sends a pointer that nobody receives before `delay` is over: 15 minutes at most, says SQS.
    pub async fn send_after(&self, delay: Duration, pointer: &Pointer) -> Result<(), StoreError> {
        let seconds = i32::try_from(delay.min(MOST_DELAY).as_secs()).unwrap_or_default();
        let message = self.client.send_message().queue_url(&self.url).message_body(pointer.body());
        let sent = message.delay_seconds(seconds).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::new("sqs SendMessage", &error))
    }

    async fn send_some(&self, bodies: &[String]) -> Result<(), StoreError> {
        const OPERATION: &str = "sqs SendMessageBatch";
        let mut left: Vec<usize> = (0..bodies.len()).collect();
        let mut waits = backoff();
        loop {
            let entries = left.iter().map(|index| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(&bodies[*index])
                    .build()
                    .map_err(|_| StoreError::shape(OPERATION))
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let output = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| StoreError::new(OPERATION, &error))?;
            // A call that succeeds may have taken some of the messages only.
            left = output.failed().iter().filter_map(|failure| failure.id().parse().ok()).collect();
            if left.is_empty() {
                return Ok(());
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention(OPERATION))?;
            tokio::time::sleep(wait).await;
        }
    }
}
