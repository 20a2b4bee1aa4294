//! What an establishment reads about an import: `rapport.json` for its software, `rapport.csv` for
//! its registrar.

use std::collections::BTreeMap;

use shared::feeding::key::Mode;
use shared::feeding::shared_keys::SharedKeys;
use shared::files::problem::RowRule;
use shared::files::report::{self, Ending};
use shared::registry::StoreError;
use shared::registry::imports::Progress;

use super::work::Work;
use super::{File, Job};

/// The type of the JSON objects among the reports.
pub(super) const JSON: &str = "application/json; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";

impl Work {
    /// Rows so far by the rule that they broke, or were odd by.
    pub(super) fn rules(&self) -> &BTreeMap<RowRule, u64> {
        self.tally.by_rule()
    }

    pub(super) fn progress(&self) -> Progress {
        let counts = self.tally.counts();
        Progress {
            read: counts.read,
            accepted: counts.accepted,
            superseded: counts.superseded,
            unchanged: counts.unchanged,
            created: counts.created,
            cancelled: counts.cancelled,
            rejected: counts.rejected,
            warned: counts.warned,
            bytes_read: self.bytes_read,
        }
    }

    /// The cancellations of a complete file, made or, in a dry run, foreseen.
    fn complete(&self, file: &File) -> Option<report::Complete> {
        let Mode::Complete { year, .. } = file.key.mode else { return None };
        let found = &self.comparison;
        Some(report::Complete {
            year,
            covered: self.covered.iter().copied().collect(),
            present: found.present - found.absent,
            absent: found.absent,
            cancelled: if file.key.dry_run && found.refusal.is_none() {
                found.absent
            } else {
                found.cancelled
            },
            refused: found.refusal.clone(),
            confirmable: found.confirmable,
        })
    }
}

impl Job<'_> {
    /// Puts the reports where they belong, twice the same if done twice, and says where the JSON
    /// is.
    pub(super) async fn put_report(
        &self,
        file: Option<&File>,
        work: &Work,
        ending: Ending<'_>,
    ) -> Result<String, StoreError> {
        let folder = format!("{}/{}", self.folder(), self.id());
        let uai = self.folder();
        let complete = file.and_then(|file| work.complete(file));
        let mode = if complete.is_some() { report::Mode::Complete } else { report::Mode::Delta };
        let others = work.shared.as_ref().map(SharedKeys::others).unwrap_or_default();
        let report = work
            .tally
            .report(self.id(), &uai, ending)
            .beside(&others)
            .asked(mode, file.is_some_and(|file| file.key.dry_run))
            .extracted(
                work.extracted_at.map(|at| report::Extraction { at, given: work.extraction_given }),
            )
            .detected(work.detected.as_ref())
            .complete(complete.as_ref());
        let json = serde_json::to_vec_pretty(&report)
            .map_err(|_| StoreError::shape("writing the report"))?;
        let key = format!("{folder}/rapport.json");
        self.world
            .buckets
            .put(&format!("{folder}/rapport.csv"), CSV, report.table().into_bytes())
            .await?;
        self.world.buckets.put(&key, JSON, json).await?;
        Ok(key)
    }
}
