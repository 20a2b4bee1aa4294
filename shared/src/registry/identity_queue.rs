//! The queue that leads from a stored record to its student, and from a decision to what it
//! changes.

use std::time::Duration;

use aws_sdk_sqs::Client;

use super::{StoreError, messages};
use crate::contract::pointer::Pointer;
use crate::identity::digest::RecordId;
use crate::identity::review::CaseId;

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
        let bodies: Vec<String> = pointers.iter().map(Pointer::body).collect();
        messages::send(&self.client, &self.url, &bodies).await
    }

    /// Sends a pointer that nobody receives before `delay` is over: 15 minutes at most, says SQS.
    pub async fn send_after(&self, delay: Duration, pointer: &Pointer) -> Result<(), StoreError> {
        let seconds = i32::try_from(delay.min(MOST_DELAY).as_secs()).unwrap_or_default();
        let message = self.client.send_message().queue_url(&self.url).message_body(pointer.body());
        let sent = message.delay_seconds(seconds).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::new("sqs SendMessage", &error))
    }
}
