//! Accepted rows to records and pointers.

use std::collections::HashSet;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use shared::contract::pointer::Pointer;
use shared::identity::digest::RecordId;
use shared::registry::records::{NewRecord, RecordStore};
use shared::registry::{StoreError, backoff};
use tokio::task::JoinSet;

/// Batches written side by side. A new on-demand table takes 4,000 writes a second, which four transactions of a
/// hundred records every 100 ms reach.
const SIDE_BY_SIDE: usize = 4;
/// SQS takes so many messages in one call.
const MESSAGES: usize = 10;

/// Writes batches, a few at a time.
pub(crate) struct Writer {
    records: RecordStore,
    queue: Queue,
    running: JoinSet<Result<u64, StoreError>>,
}

impl Writer {
    pub(crate) fn new(records: RecordStore, sqs: aws_sdk_sqs::Client, queue_url: String) -> Self {
        Self { records, queue: Queue { sqs, url: queue_url }, running: JoinSet::new() }
    }

    /// Starts writing a batch, after waiting for room. Says how many rows of *earlier* batches were superseded.
    pub(crate) async fn write(&mut self, records: Vec<NewRecord>) -> Result<u64, StoreError> {
        let mut superseded = 0;
        for batch in without_repetition(records) {
            while self.running.len() >= SIDE_BY_SIDE {
                superseded += self.one().await?;
            }
            let (records, queue) = (self.records.clone(), self.queue.clone());
            // Records before pointers: a pointer never leads to nothing. A crash in between leaves records
            // pending, and the retry of the import finds them so and sends their pointers.
            self.running.spawn(async move {
                let outcome = records.put(batch).await?;
                queue.send(&outcome.pending).await?;
                Ok(outcome.superseded)
            });
        }
        Ok(superseded)
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(&mut self) -> Result<u64, StoreError> {
        let mut superseded = 0;
        while !self.running.is_empty() {
            superseded += self.one().await?;
        }
        Ok(superseded)
    }

    async fn one(&mut self) -> Result<u64, StoreError> {
        match self.running.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(StoreError::shape("a writing task")),
            None => Ok(0),
        }
    }
}

/// Cuts a batch wherever a record comes back: a transaction may name an item once, and the later row must win.
fn without_repetition(records: Vec<NewRecord>) -> Vec<Vec<NewRecord>> {
    let mut batches: Vec<Vec<NewRecord>> = Vec::new();
    let mut seen: HashSet<RecordId> = HashSet::new();
    for record in records {
        if batches.is_empty() || !seen.insert(record.id.clone()) {
            seen = HashSet::from([record.id.clone()]);
            batches.push(Vec::new());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push(record);
        }
    }
    batches
}

#[derive(Clone)]
struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// Sends a pointer to each record. Sent twice, a pointer is resolved twice, and the second time changes
    /// nothing.
    async fn send(&self, records: &[RecordId]) -> Result<(), StoreError> {
        for chunk in records.chunks(MESSAGES) {
            self.send_some(chunk).await?;
        }
        Ok(())
    }

    async fn send_some(&self, records: &[RecordId]) -> Result<(), StoreError> {
        const OPERATION: &str = "sqs SendMessageBatch";
        let mut left: Vec<usize> = (0..records.len()).collect();
        let mut waits = backoff();
        loop {
            let entries = left
                .iter()
                .map(|index| {
                    SendMessageBatchRequestEntry::builder()
                        .id(index.to_string())
                        .message_body(Pointer::write(&records[*index]))
                        .build()
                        .map_err(|_| StoreError::shape(OPERATION))
                })
                .collect::<Result<Vec<_>, _>>()?;
            let output = self
                .sqs
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| StoreError::new(OPERATION, &error))?;
            left = output.failed().iter().filter_map(|failure| failure.id().parse().ok()).collect();
            if left.is_empty() {
                return Ok(());
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention(OPERATION))?;
            tokio::time::sleep(wait).await;
        }
    }
}
