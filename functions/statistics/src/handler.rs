//! One run, in order: scan in parallel segments, merge, suppress, publish.

use std::sync::Arc;
use std::time::Instant;

use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use serde::Serialize;
use shared::domain::academic_year::day_in_france;
use shared::registry::StoreError;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::table::Tally;

/// Where a run's output is.
#[derive(Debug, Serialize)]
pub(crate) struct Published {
    bucket: String,
    json: String,
    csv: String,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatisticsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a scanning task ended early")]
    Scan,
    #[error("the table could not be written as {0}")]
    Format(&'static str),
}

impl From<StatisticsError> for Diagnostic {
    /// One stable type for alarms to filter on: the scheduler retries.
    fn from(error: StatisticsError) -> Self {
        Self { error_type: "Retryable".to_owned(), error_message: error.to_string() }
    }
}

/// Publishes the statistics of today. Idempotent: a second run of the same day writes the same keys
/// again, and the bucket keeps both versions.
pub(crate) async fn handle(context: &Context) -> Result<Published, StatisticsError> {
    let started = Instant::now();
    let (tally, students) = scan(context).await?;
    let date = day_in_france(Timestamp::now());
    let table = tally.publish(date, context.threshold);
    let json = table.json().map_err(|_| StatisticsError::Format("JSON"))?;
    let csv = table.csv().map_err(|_| StatisticsError::Format("CSV"))?;
    let published = Published {
        bucket: context.bucket.clone(),
        json: format!("{date}/etudiants.json"),
        csv: format!("{date}/etudiants.csv"),
    };
    put(context, &published.json, "application/json; charset=utf-8", json).await?;
    put(context, &published.csv, "text/csv; charset=utf-8", csv).await?;
    let (cells, suppressed) = table.cells();
    tracing::info!(
        students,
        cells,
        suppressed,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "statistics published"
    );
    Ok(published)
}

async fn scan(context: &Context) -> Result<(Tally, u64), StatisticsError> {
    let answers = Arc::new(context.answers.clone());
    let mut segments = JoinSet::new();
    for segment in 0..context.segments {
        let (answers, total) = (Arc::clone(&answers), context.segments);
        segments.spawn(async move {
            let mut tally = Tally::default();
            let students =
                answers.scan_enrolments(segment, total, |enrolments| tally.add(enrolments)).await?;
            Ok::<_, StoreError>((tally, students))
        });
    }
    let (mut tally, mut students) = (Tally::default(), 0);
    while let Some(segment) = segments.join_next().await {
        let (part, seen) = segment.map_err(|_| StatisticsError::Scan)??;
        tally.merge(part);
        students += seen;
    }
    Ok((tally, students))
}

async fn put(
    context: &Context,
    key: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Result<(), StoreError> {
    context
        .s3
        .put_object()
        .bucket(&context.bucket)
        .key(key)
        .content_type(content_type)
        .body(ByteStream::from(body))
        .send()
        .await
        .map_err(|error| StoreError::new("s3 PutObject", &error))?;
    Ok(())
}
