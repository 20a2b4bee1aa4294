//! Runs the statistics function, as its schedule would or to freeze a date, reads what it wrote,
//! and proves a snapshot again from its files.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use statistics::audit::{self, Audit, read_tables};
use statistics::counting::{Outcome, Published};
use statistics::handler::{Begun, Progress};
use statistics::outputs::{MANIFEST, Manifest, REPORT};
use statistics::snapshot::PublishedRows;
use statistics::store::{FROZEN, SnapshotStore};

use crate::deployment::Deployment;
use crate::ui::{self, Step};

/// Between two looks at how far a count has come.
const BETWEEN: Duration = Duration::from_secs(1);
/// The table that is shown of a run: the country, by kind of establishment and cursus.
const SHOWN: &str = "territoire_pays.csv";

/// A run of the statistics.
#[derive(Debug, Serialize)]
pub struct Statistics {
    /// What the addresses of its files begin with, `s3://`.
    pub prefix: String,
    pub files: Vec<String>,
    /// The country's table, its heading first. A secret count is an empty cell.
    #[serde(serialize_with = "as_objects")]
    pub table: Vec<Vec<String>>,
}

impl Statistics {
    /// Counts the day, or freezes it if `freeze` is the day's date, and reads what was written.
    pub async fn compute(deployment: &Deployment, freeze: Option<Date>) -> Result<Self> {
        let step = Step::start(if freeze.is_some() {
            "freezing the statistics"
        } else {
            "computing the statistics"
        });
        let order = freeze
            .map_or_else(|| serde_json::json!({}), |date| serde_json::json!({ "geler": date }));
        let function = deployment.table("statistics");
        let Begun { count } = asked(deployment, &function, &order).await?;
        let Published { bucket, prefix, files } = loop {
            let follow = serde_json::json!({ "suivre": count });
            let progress: Progress = asked(deployment, &function, &follow).await?;
            match progress.outcome {
                Some(Outcome::Published(published)) => break published,
                Some(Outcome::Refused(reason)) => bail!("there are no files: {reason}"),
                None => {
                    let Progress { parts, counted, .. } = progress;
                    step.bar().set_message(format!("{counted} of {parts} parts are counted"));
                    tokio::time::sleep(BETWEEN).await;
                }
            }
        };
        let store = SnapshotStore::new(deployment.s3.clone(), bucket.clone());
        let key = format!("{prefix}{SHOWN}");
        let table = store.get(&key).await?.with_context(|| format!("{key} isn't there"))?;
        let table = rows_of(&table).context("the table can't be understood")?;
        step.done("");
        Ok(Self { prefix: format!("s3://{bucket}/{prefix}"), files, table })
    }

    /// Prints where the report is, beside everything else, and the table, a secret count as a dot.
    pub fn print(&self) {
        ui::line(&format!("{}{REPORT}", self.prefix));
        ui::line("");
        let shown = |cell: &String| if cell.is_empty() { "·".to_owned() } else { cell.clone() };
        let rows: Vec<Vec<String>> =
            self.table.iter().map(|row| row.iter().map(shown).collect()).collect();
        ui::table(&rows);
    }
}

/// What the function answers.
async fn asked<T: DeserializeOwned>(
    deployment: &Deployment,
    function: &str,
    event: &serde_json::Value,
) -> Result<T> {
    let answer = deployment.lambda.invoke(function, &event.to_string()).await?;
    serde_json::from_str(&answer).context("the statistics function's answer can't be understood")
}

/// Proves a snapshot again: a date of the deployment, with the snapshot that it was made with.
pub(crate) async fn audit_date(deployment: &Deployment, date: Date) -> Result<Audit> {
    let bucket = deployment.bucket("statistics").await?;
    let store = SnapshotStore::new(deployment.s3.clone(), bucket);
    let (manifest, tables) = frozen(&store, date).await?;
    let previous = match manifest.previous {
        Some(previous) => Some(frozen(&store, previous).await?.1),
        None => None,
    };
    Ok(audit::audit(&manifest, &tables, previous.as_ref())?)
}

async fn frozen(store: &SnapshotStore, date: Date) -> Result<(Manifest, PublishedRows)> {
    let prefix = format!("{FROZEN}{date}/");
    let manifest = store.get(&format!("{prefix}{MANIFEST}")).await?;
    let manifest = manifest.with_context(|| format!("no snapshot was frozen on {date}"))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).context("the manifest can't be understood")?;
    let names = manifest.files.iter().map(|entry| entry.name.as_str());
    let files = store.files(&prefix, names).await?;
    let tables = read_tables(&manifest, &files)?;
    Ok((manifest, tables))
}

/// The same of a copy of a snapshot in a directory; the snapshot that it was made with is looked
/// for beside it.
pub(crate) fn audit_directory(directory: &Path) -> Result<Audit> {
    let (manifest, tables) = copied(directory)?;
    let previous = match manifest.previous {
        Some(previous) => {
            let beside = directory.parent().unwrap_or(directory).join(previous.to_string());
            if !beside.is_dir() {
                bail!("the snapshot of {previous}, which it was made with, isn't beside it");
            }
            Some(copied(&beside)?.1)
        }
        None => None,
    };
    Ok(audit::audit(&manifest, &tables, previous.as_ref())?)
}

fn copied(directory: &Path) -> Result<(Manifest, PublishedRows)> {
    let read = |name: &str| {
        let path = directory.join(name);
        std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))
    };
    let manifest: Manifest =
        serde_json::from_slice(&read(MANIFEST)?).context("the manifest can't be understood")?;
    let mut files = HashMap::new();
    for entry in &manifest.files {
        files.insert(entry.name.clone(), read(&entry.name)?);
    }
    let tables = read_tables(&manifest, &files)?;
    Ok((manifest, tables))
}

fn rows_of(table: &[u8]) -> Result<Vec<Vec<String>>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(table);
    reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect())).collect()
}

/// Each row by the names of the heading, a secret count as `null`.
fn as_objects<S: serde::Serializer>(
    table: &[Vec<String>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (heading, rows) = table
        .split_first()
        .map_or((&[][..], &[][..]), |(heading, rows)| (heading.as_slice(), rows));
    serializer.collect_seq(rows.iter().map(|row| {
        let cells = row.iter().map(|cell| (!cell.is_empty()).then_some(cell));
        heading.iter().zip(cells).collect::<std::collections::BTreeMap<_, _>>()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_count_is_null() {
        let table = rows_of("type;effectif;etat\nlycee;;secret\nuniversite;40;publié\n".as_bytes())
            .unwrap();
        let run = Statistics { prefix: "s3://b/".to_owned(), files: Vec::new(), table };
        let shown = serde_json::to_value(run).unwrap();
        assert_eq!(shown["table"][0]["effectif"], serde_json::Value::Null);
        assert_eq!(shown["table"][1]["effectif"], "40");
        assert_eq!(shown["table"].as_array().unwrap().len(), 2);
    }
}
