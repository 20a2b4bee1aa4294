//! Runs the statistics function now, as its schedule would, and shows what it published.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use ureq::http::Request;

use crate::aws;
use crate::http;
use crate::outputs::Outputs;
use crate::ui::{self, Step};

/// What the function answers: where its output is.
#[derive(Debug, Deserialize)]
struct Published {
    bucket: String,
    json: String,
    csv: String,
}

/// Computes the statistics, says where they are and prints the table. Returns how many lines were published.
pub(crate) async fn run(outputs: &Outputs) -> Result<usize> {
    let step = Step::start("computing the statistics");
    let Outputs { endpoint_url, statistics_function, .. } = outputs;
    let request = Request::post(format!("{endpoint_url}/2015-03-31/functions/{statistics_function}/invocations"))
        .header("content-type", "application/json")
        .body("{}".to_owned())
        .context("the request can't be written")?;
    let answer = http::send(request).await.context("the statistics function doesn't answer")?;
    if answer.status != 200 || answer.headers.contains_key("x-amz-function-error") {
        bail!("the statistics function failed (status {}): {}", answer.status, answer.body);
    }
    let Published { bucket, json, csv } =
        serde_json::from_str(&answer.body).context("the statistics function's answer can't be understood")?;
    step.done("");

    println!("    s3://{bucket}/{json}\n    s3://{bucket}/{csv}\n");
    let rows = rows_of(&read(outputs, &bucket, &csv).await?).context("the published table can't be understood")?;
    ui::table(&rows);
    Ok(rows.len().saturating_sub(1))
}

async fn read(outputs: &Outputs, bucket: &str, key: &str) -> Result<Vec<u8>> {
    let object = aws::s3(&outputs.endpoint_url).get_object().bucket(bucket).key(key).send().await;
    let body = object.with_context(|| format!("{key} can't be read"))?.body;
    Ok(body.collect().await.with_context(|| format!("{key} was cut short"))?.to_vec())
}

/// The table, its heading first. A suppressed count is an empty cell, shown as a dot.
fn rows_of(table: &[u8]) -> Result<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(table);
    let shown = |cell: &str| if cell.is_empty() { "·" } else { cell }.to_owned();
    reader.records().map(|row| Ok(row?.iter().map(shown).collect())).collect()
}
