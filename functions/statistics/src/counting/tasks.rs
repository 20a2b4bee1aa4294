//! The queue of the tasks.

use aws_sdk_sqs::Client;
use shared::registry::messages;

use super::{CountId, Part, Task};
use crate::handler::StatisticsError;
use crate::outputs::FormatError;

/// The queue `statistics`.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    client: Client,
    url: String,
}

impl Tasks {
    pub(crate) fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Asks for parts. Asked twice, a part is found counted.
    pub(crate) async fn count(
        &self,
        count: &CountId,
        parts: &[Part],
    ) -> Result<(), StatisticsError> {
        let tasks = parts.iter().map(|part| Task { count: count.clone(), part: Some(*part) });
        self.send(tasks.collect()).await
    }

    /// Asks for the assembly. Asked twice, the count is found ended.
    pub(crate) async fn assemble(&self, count: &CountId) -> Result<(), StatisticsError> {
        self.send(vec![Task { count: count.clone(), part: None }]).await
    }

    async fn send(&self, tasks: Vec<Task>) -> Result<(), StatisticsError> {
        let bodies: Result<Vec<_>, _> = tasks.iter().map(serde_json::to_string).collect();
        let bodies = bodies.map_err(|_| FormatError::Json)?;
        Ok(messages::send(&self.client, &self.url, &bodies).await?)
    }
}
