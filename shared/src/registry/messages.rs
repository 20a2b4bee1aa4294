//! Messages of a queue, many at once.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use super::{StoreError, backoff};

/// SQS takes so many messages in one call.
const MOST_AT_ONCE: usize = 10;

/// Sends each body as a message of its own. After an error some of them may have been sent.
pub async fn send(client: &Client, url: &str, bodies: &[String]) -> Result<(), StoreError> {
    for some in bodies.chunks(MOST_AT_ONCE) {
        send_some(client, url, some).await?;
    }
    Ok(())
}

async fn send_some(client: &Client, url: &str, bodies: &[String]) -> Result<(), StoreError> {
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
        let output = client
            .send_message_batch()
            .queue_url(url)
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
