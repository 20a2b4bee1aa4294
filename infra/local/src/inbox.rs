//! Drops an enrolment file, follows its import and shows its report.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use shared::domain::uai::Uai;
use shared::registry::imports::{Import, ImportId, ImportState, ImportStore};
use ureq::http::Request;

use crate::aws;
use crate::http::{self, encoded};
use crate::outputs::Outputs;
use crate::ui::{self, Step};

/// Between two looks at an import.
const PACE: Duration = Duration::from_millis(200);
/// More rejections than a person reads in a terminal.
const SHOWN_REJECTIONS: usize = 50;

/// What the report says. Its words are the contract's, in French.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    lignes: Rows,
    #[serde(default)]
    rejets: Vec<Rejection>,
}

#[derive(Debug, Deserialize)]
struct Rows {
    lues: u64,
    acceptees: u64,
    rejetees: u64,
}

#[derive(Debug, Deserialize)]
struct Rejection {
    ligne: u64,
    #[serde(default)]
    colonne: Option<String>,
    regle: String,
    message: String,
}

/// Drops a file in the inbox, follows its import to the end and prints the report. Fails if the import does.
pub(crate) async fn drop_file(outputs: &Outputs, uai: &Uai, file: &Path, patience: Duration) -> Result<Report> {
    let name = file.file_name().and_then(|name| name.to_str()).context("the file's name is not readable text")?;
    let key = format!("{uai}/{name}");
    let version = upload(outputs, &key, file, patience).await?;
    let id = ImportId::of(&outputs.inbox_bucket, &key, &version);
    let import = follow(outputs, &id, file, patience).await?;
    if import.state == ImportState::Failed {
        let reason = import.reason.unwrap_or_else(|| "no reason given".to_owned());
        bail!("the import of {name} failed: {reason}");
    }
    let report = read_report(outputs, &import).await?;
    report.print();
    Ok(report)
}

impl Report {
    /// The lines that were rejected, each once, in their order; the heading is line 1.
    pub(crate) fn rejected_lines(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.rejets.iter().map(|rejection| rejection.ligne).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    fn print(&self) {
        let Rows { lues, acceptees, rejetees } = self.lignes;
        println!("    {lues} rows read, {acceptees} accepted, {rejetees} rejected");
        if self.rejets.is_empty() {
            return;
        }
        println!();
        let mut rows = vec![["ligne", "colonne", "règle", "message"].map(str::to_owned).to_vec()];
        rows.extend(self.rejets.iter().take(SHOWN_REJECTIONS).map(|rejection| {
            let Rejection { ligne, colonne, regle, message } = rejection;
            vec![ligne.to_string(), colonne.clone().unwrap_or_default(), regle.clone(), message.clone()]
        }));
        ui::table(&rows);
        if self.rejets.len() > SHOWN_REJECTIONS {
            println!("    … and {} more", self.rejets.len() - SHOWN_REJECTIONS);
        }
    }
}

/// Uploads the file and returns its version in the bucket.
async fn upload(outputs: &Outputs, key: &str, file: &Path, patience: Duration) -> Result<String> {
    let unreadable = || format!("{} can't be read", file.display());
    let content = File::open(file).with_context(unreadable)?;
    let metadata = content.metadata().with_context(unreadable)?;
    if !metadata.is_file() {
        bail!("{} is not a file", file.display());
    }
    let step = Step::of(format!("uploading {key}"), metadata.len(), ui::BYTES);
    let path: Vec<String> = key.split('/').map(encoded).collect();
    let request = Request::put(format!("{}/{}/{}", outputs.endpoint_url, outputs.inbox_bucket, path.join("/")))
        .header("content-length", metadata.len())
        .header("content-type", "text/csv");
    let answer = http::upload(request, step.bar().wrap_read(content), patience).await.context("the upload failed")?;
    if answer.status != 200 {
        bail!("the inbox refused the file (status {}): {}", answer.status, answer.body);
    }
    let version = answer.headers.get("x-amz-version-id").and_then(|version| version.to_str().ok());
    let version = version.ok_or_else(|| anyhow!("the inbox gave no version: is versioning on?"))?.to_owned();
    step.done("");
    Ok(version)
}

/// Follows an import until it is over.
async fn follow(outputs: &Outputs, id: &ImportId, file: &Path, patience: Duration) -> Result<Import> {
    let store = ImportStore::new(aws::dynamodb(&outputs.endpoint_url), outputs.imports_table.clone());
    let step = Step::of("importing", rows_of(file).await?, ui::ROWS);
    let started = tokio::time::Instant::now();
    loop {
        let import = store.get(id).await.context("the imports table can't be read")?;
        if let Some(import) = import {
            step.bar().set_position(import.rows_read);
            if import.state.is_final() {
                step.done("");
                return Ok(import);
            }
        }
        if started.elapsed() > patience {
            bail!(
                "the import is not over after {} s: it goes on, this command doesn't wait any longer",
                patience.as_secs()
            );
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Counts lines, less the heading: only the length of the bar, so quoted line ends don't matter.
async fn rows_of(file: &Path) -> Result<u64> {
    let file = file.to_owned();
    let count = move || -> std::io::Result<u64> {
        use std::io::{BufRead as _, BufReader};
        let mut reader = BufReader::new(File::open(file)?);
        let mut lines = 0;
        while reader.skip_until(b'\n')? > 0 {
            lines += 1;
        }
        Ok(u64::saturating_sub(lines, 1))
    };
    Ok(tokio::task::spawn_blocking(count).await??)
}

async fn read_report(outputs: &Outputs, import: &Import) -> Result<Report> {
    let key = import.report_key.as_ref().context("the import has no report")?;
    let object = aws::s3(&outputs.endpoint_url).get_object().bucket(&outputs.reports_bucket).key(key).send().await;
    let body = object.with_context(|| format!("the report {key} can't be read"))?.body;
    let bytes = body.collect().await.context("the report was cut short")?.into_bytes();
    serde_json::from_slice(&bytes).context("the report can't be understood")
}
