//! The queues `identity` and `imports`, in SQS.

use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use shared::identity::digest::RecordId;
use shared::registry::StoreError;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::imports::ImportId;
use shared::registry::imports_queue::ImportsQueue;

/// A message of the queue `imports`, as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// SQS's id, the same at each delivery.
    pub(crate) id: String,
    /// The handle by which this delivery is acknowledged or postponed.
    pub(crate) receipt: String,
    /// Deliveries of the message so far, this one included.
    pub(crate) deliveries: u32,
}

/// Pointers at most in one [`Queues::point`]: SQS's limit.
pub(crate) const MOST_POINTERS: usize = 10;

/// The two queues.
#[derive(Debug)]
pub(crate) struct Queues {
    sqs: aws_sdk_sqs::Client,
    identity: IdentityQueue,
    imports: ImportsQueue,
    imports_url: String,
}

impl Queues {
    pub(crate) fn new(sqs: aws_sdk_sqs::Client, identity: String, imports: String) -> Self {
        Self {
            identity: IdentityQueue::new(sqs.clone(), identity),
            imports: ImportsQueue::new(sqs.clone(), imports.clone()),
            sqs,
            imports_url: imports,
        }
    }

    /// Sends pointers to up to [`MOST_POINTERS`] records. Sent twice, a pointer is resolved twice,
    /// and the second time changes nothing.
    pub(crate) async fn point(&self, records: &[RecordId]) -> Result<(), StoreError> {
        self.identity.send(records).await
    }

    /// Asks for an import to be gone on with, after a while: SQS's limit is a quarter of an hour.
    pub(crate) async fn go_on(&self, import: &ImportId, after: Duration) -> Result<(), StoreError> {
        self.imports.go_on(import, after).await
    }

    /// Keeps a message from being delivered again for so long from now on. One that is no longer
    /// ours is left alone.
    pub(crate) async fn hold(&self, message: &Message, time: Duration) -> Result<(), StoreError> {
        let result = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.imports_url)
            .receipt_handle(&message.receipt)
            .visibility_timeout(i32::try_from(time.as_secs()).unwrap_or(i32::MAX))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            // Deleted, or delivered again since: no longer ours.
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some("ReceiptHandleIsInvalid" | "MessageNotInflight" | "InvalidParameterValue") => {
                    Ok(())
                }
                _ => Err(StoreError::new("sqs ChangeMessageVisibility", &error)),
            },
        }
    }
}
