//! Runs the statistics function now, as its schedule would, and shows what it published.

use anyhow::{Context as _, Result, bail};
use aws_sdk_s3::primitives::DateTime;
use ureq::http::Request;

use crate::aws;
use crate::http;
use crate::outputs::Outputs;
use crate::ui::{self, Step};

/// Computes the statistics, says where they are and prints the tables. Returns how many were published.
pub(crate) async fn run(outputs: &Outputs) -> Result<usize> {
    let step = Step::start("computing the statistics");
    let before = std::time::SystemTime::now();
    let Outputs { endpoint_url, statistics_function, .. } = outputs;
    let request = Request::post(format!("{endpoint_url}/2015-03-31/functions/{statistics_function}/invocations"))
        .header("content-type", "application/json")
        .body("{}".to_owned())
        .context("the request can't be written")?;
    let answer = http::send(request).await.context("the statistics function doesn't answer")?;
    if answer.status != 200 || answer.headers.contains_key("x-amz-function-error") {
        bail!("the statistics function failed (status {}): {}", answer.status, answer.body);
    }
    step.done("");

    let published = published_since(outputs, before).await?;
    for key in &published {
        println!("    s3://{}/{key}", outputs.statistics_bucket);
    }
    for key in published.iter().filter(|key| has_extension(key, "csv")) {
        println!("\n    {key}\n");
        ui::table(&rows_of(&read(outputs, key).await?));
    }
    Ok(published.len())
}

/// The keys of the objects written since then, in their order. Clocks are the same: it is the same machine.
async fn published_since(outputs: &Outputs, then: std::time::SystemTime) -> Result<Vec<String>> {
    let then = DateTime::from(then).secs();
    let mut pages =
        aws::s3(&outputs.endpoint_url).list_objects_v2().bucket(&outputs.statistics_bucket).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        for object in page.context("the statistics bucket can't be listed")?.contents.unwrap_or_default() {
            if object.last_modified.is_some_and(|modified| modified.secs() >= then) {
                keys.extend(object.key);
            }
        }
    }
    Ok(keys)
}

async fn read(outputs: &Outputs, key: &str) -> Result<String> {
    let object = aws::s3(&outputs.endpoint_url).get_object().bucket(&outputs.statistics_bucket).key(key).send().await;
    let body = object.with_context(|| format!("{key} can't be read"))?.body;
    let bytes = body.collect().await.with_context(|| format!("{key} was cut short"))?.into_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn has_extension(key: &str, extension: &str) -> bool {
    std::path::Path::new(key).extension().is_some_and(|of_key| of_key.eq_ignore_ascii_case(extension))
}

/// The published tables quote nothing: codes, labels and numbers.
fn rows_of(csv: &str) -> Vec<Vec<String>> {
    let separator = if csv.lines().next().is_some_and(|heading| heading.contains(';')) { ';' } else { ',' };
    let cells = |line: &str| line.trim_start_matches('\u{feff}').split(separator).map(str::to_owned).collect();
    csv.lines().map(cells).collect()
}
