//! A report as it is read back, and its problems gathered by what caused them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Complete, Counts, Mode, Total};
use crate::files::column::Column;
use crate::files::problem::{RowRule, Severity};
use crate::files::reader::Detected;

/// Lines of a group that are named one by one.
const MOST_NAMED: usize = 30;

/// A report that ingestion wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReadReport {
    #[serde(rename = "raison", default)]
    pub reason: Option<String>,
    pub mode: Mode,
    #[serde(rename = "essai")]
    pub dry_run: bool,
    #[serde(rename = "lignes")]
    pub counts: Counts,
    #[serde(rename = "detecte", default)]
    pub detected: Option<Detected>,
    #[serde(rename = "complet", default)]
    pub complete: Option<Complete>,
    #[serde(rename = "totauxParRegle")]
    pub by_rule: BTreeMap<RowRule, Total>,
    /// Whether every problem is among those that are listed.
    #[serde(rename = "listeComplete")]
    pub list_is_complete: bool,
    #[serde(rename = "rejets")]
    pub rejected: Vec<ReadProblem>,
    #[serde(rename = "avertissements")]
    pub warned: Vec<ReadProblem>,
}

/// One problem of one row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReadProblem {
    #[serde(rename = "feuille", default)]
    pub sheet: Option<u16>,
    #[serde(rename = "ligne")]
    pub line: u64,
    #[serde(rename = "colonne")]
    pub column: Option<Column>,
    #[serde(rename = "regle")]
    pub rule: RowRule,
}

/// Problems of one cause: a rule that rows break in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub rule: RowRule,
    pub column: Option<Column>,
    /// How many are listed.
    pub listed: usize,
    /// The first of their places: sheet and line.
    pub places: Vec<(Option<u16>, u64)>,
}

impl ReadReport {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// When it isn't one, or has a rule or a column that this version doesn't know.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The problems of a severity by their causes, those of most rows first; of one column alone, if
    /// one is named.
    #[must_use]
    pub fn groups(&self, severity: Severity, column: Option<Column>) -> Vec<Group> {
        let problems = match severity {
            Severity::Reject => &self.rejected,
            Severity::Warn => &self.warned,
        };
        let mut groups: BTreeMap<(RowRule, Option<Column>), Group> = BTreeMap::new();
        for problem in problems.iter().filter(|one| column.is_none() || one.column == column) {
            let ReadProblem { sheet, line, column, rule } = *problem;
            let group = groups.entry((rule, column)).or_insert_with(|| Group {
                rule,
                column,
                listed: 0,
                places: Vec::new(),
            });
            group.listed += 1;
            if group.places.len() < MOST_NAMED {
                group.places.push((sheet, line));
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.listed));
        groups
    }

    /// The columns that problems are about, in the documented order.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        let about = |column: &Column| {
            self.rejected.iter().chain(&self.warned).any(|one| one.column == Some(*column))
        };
        Column::ALL.into_iter().filter(about).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::problem::Problem;
    use crate::files::report::{Ending, Tally};

    fn problem(column: Option<Column>, rule: RowRule) -> Problem {
        Problem { column, rule }
    }

    #[test]
    fn a_report_reads_back_and_its_problems_are_gathered_by_cause() {
        let mut tally = Tally::default();
        let date = problem(Some(Column::DateNaissance), RowRule::DateInvalide);
        let end = problem(Some(Column::DateFinInscription), RowRule::DateInvalide);
        tally.reject(2, &[end]);
        for line in 3..=50 {
            tally.reject(line, &[date]);
        }
        tally.accept(51, &[problem(None, RowRule::ChampsManquants)]);
        let report = tally.report("abc", "0751967F", Ending::Failed("trop"));
        let read = ReadReport::parse(&serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!((read.counts, read.reason.as_deref()), (tally.counts(), Some("trop")));
        let groups = read.groups(Severity::Reject, None);
        let told: Vec<_> = groups.iter().map(|group| (group.column, group.listed)).collect();
        assert_eq!(
            told,
            [(Some(Column::DateNaissance), 48), (Some(Column::DateFinInscription), 1)],
            "most rows first"
        );
        assert_eq!((groups[0].places.len(), groups[0].places[0]), (MOST_NAMED, (None, 3)));
        let one = read.groups(Severity::Reject, Some(Column::DateFinInscription));
        assert_eq!((one.len(), one[0].places.as_slice()), (1, [(None, 2)].as_slice()));
        assert_eq!(read.groups(Severity::Warn, None)[0].column, None);
        assert_eq!(read.columns(), [Column::DateNaissance, Column::DateFinInscription]);
    }
}
