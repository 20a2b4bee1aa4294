//! The queue by which imports are asked for: of S3, when an object is dropped, and of ours, when one
//! is to be gone on with or was ordered.

use std::time::Duration;

use aws_sdk_sqs::Client;

use super::StoreError;
use super::imports::ImportId;
use crate::feeding::import::GoOn;

#[derive(Debug, Clone)]
pub struct ImportsQueue {
    client: Client,
    url: String,
}

impl ImportsQueue {
    /// The queue of that URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Asks for an import to be gone on with, after a while: SQS's limit is a quarter of an hour.
    /// Asked twice, whoever comes second finds it in hand, or ended.
    pub async fn go_on(&self, import: &ImportId, after: Duration) -> Result<(), StoreError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(GoOn::body(import))
            .delay_seconds(i32::try_from(after.as_secs()).unwrap_or(900).min(900))
            .send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("sqs SendMessage", &error))
    }
}
