//! Runs the statistics function now, as its schedule would, and reads what it published.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::deployment::Deployment;
use crate::ui::{self, Step};

/// What the function answers: where its output is.
#[derive(Debug, Deserialize)]
struct Published {
    bucket: String,
    json: String,
    csv: String,
}

/// A publication of the statistics.
#[derive(Debug, Serialize)]
pub struct Statistics {
    /// The same as JSON and as CSV, `s3://` addresses.
    pub objects: [String; 2],
    /// The table, its heading first. A suppressed count is an empty cell.
    #[serde(serialize_with = "as_objects")]
    pub table: Vec<Vec<String>>,
}

impl Statistics {
    /// Computes the statistics of a deployment and reads what was published.
    pub async fn compute(deployment: &Deployment) -> Result<Self> {
        let step = Step::start("computing the statistics");
        let answer = deployment.lambda.invoke(&deployment.table("statistics")).await?;
        let Published { bucket, json, csv } = serde_json::from_str(&answer)
            .context("the statistics function's answer can't be understood")?;
        let object = deployment.s3.get_object().bucket(&bucket).key(&csv).send().await;
        let body = object.with_context(|| format!("{csv} can't be read"))?.body;
        let bytes = body.collect().await.with_context(|| format!("{csv} was cut short"))?.to_vec();
        let table = rows_of(&bytes).context("the published table can't be understood")?;
        step.done("");
        Ok(Self { objects: [json, csv].map(|key| format!("s3://{bucket}/{key}")), table })
    }

    /// Prints where it is and the table, a suppressed count as a dot.
    pub fn print(&self) {
        self.objects.iter().for_each(|address| ui::line(address));
        ui::line("");
        let shown = |cell: &String| if cell.is_empty() { "·".to_owned() } else { cell.clone() };
        let rows: Vec<Vec<String>> =
            self.table.iter().map(|row| row.iter().map(shown).collect()).collect();
        ui::table(&rows);
    }
}

fn rows_of(table: &[u8]) -> Result<Vec<Vec<String>>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(table);
    reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect())).collect()
}

/// Each row by the names of the heading, a suppressed count as `null`.
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
    fn a_suppressed_count_is_null() {
        let table =
            rows_of("uai;annee;effectif\n0751967F;2026;\n0751722P;2026;40\n".as_bytes()).unwrap();
        let objects = ["s3://b/a.json", "s3://b/a.csv"].map(str::to_owned);
        let shown = serde_json::to_value(Statistics { objects, table }).unwrap();
        assert_eq!(shown["table"][0]["effectif"], serde_json::Value::Null);
        assert_eq!(shown["table"][1]["effectif"], "40");
        assert_eq!(shown["table"].as_array().unwrap().len(), 2);
    }
}
