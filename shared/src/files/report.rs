//! The report of an import: what an establishment reads after it dropped a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::problem::{Problem, RowRule};

/// Problems listed one by one at most; totals count all of them. A file with more has one fault many times, and
/// the limit bounds the memory of an import.
pub const MOST_LISTED: usize = 100_000;

/// Counts and problems, gathered while a file is read.
#[derive(Debug, Default)]
pub struct Tally {
    read: u64,
    accepted: u64,
    superseded: u64,
    rejected: u64,
    by_rule: BTreeMap<RowRule, u64>,
    listed: Vec<(u64, Problem)>,
}

/// How many rows went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows read, blank ones and the header left out.
    #[serde(rename = "lues")]
    pub read: u64,
    /// Rows that are well formed; their records are stored.
    #[serde(rename = "acceptees")]
    pub accepted: u64,
    /// Among the accepted, those about which a more recent statement was already stored: acknowledged, ignored.
    #[serde(rename = "depassees")]
    pub superseded: u64,
    /// Rows that break a rule.
    #[serde(rename = "rejetees")]
    pub rejected: u64,
}

impl Tally {
    /// A row is accepted.
    pub fn accept(&mut self) {
        self.read += 1;
        self.accepted += 1;
    }

    /// An accepted row says less recent things than what is stored.
    pub fn supersede(&mut self, rows: u64) {
        self.superseded += rows;
    }

    /// A row is rejected.
    pub fn reject(&mut self, line: u64, problems: &[Problem]) {
        self.read += 1;
        self.rejected += 1;
        for problem in problems {
            *self.by_rule.entry(problem.rule).or_default() += 1;
            if self.listed.len() < MOST_LISTED {
                self.listed.push((line, *problem));
            }
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { read: self.read, accepted: self.accepted, superseded: self.superseded, rejected: self.rejected }
    }

    /// The report.
    #[must_use]
    pub fn report<'a>(&'a self, import: &'a str, uai: &'a str, ending: Ending<'a>) -> Report<'a> {
        let (state, reason) = match ending {
            Ending::Done => ("terminé", None),
            Ending::Failed(reason) => ("échoué", Some(reason)),
        };
        Report {
            import,
            uai,
            state,
            reason,
            counts: self.counts(),
            by_rule: self.by_rule.iter().map(|(rule, count)| (rule.code(), *count)).collect(),
            list_is_complete: self.listed.len() < MOST_LISTED,
            rejected: self.listed.iter().map(|(line, problem)| RejectedRow::new(*line, *problem)).collect(),
        }
    }
}

/// How an import ended.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// Every row was accepted or rejected.
    Done,
    /// The file could not be read, for this reason.
    Failed(&'a str),
}

/// The report as JSON.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    import: &'a str,
    uai: &'a str,
    #[serde(rename = "etat")]
    state: &'static str,
    #[serde(rename = "raison", skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(rename = "lignes")]
    counts: Counts,
    #[serde(rename = "totauxParRegle")]
    by_rule: BTreeMap<String, u64>,
    #[serde(rename = "listeComplete")]
    list_is_complete: bool,
    #[serde(rename = "rejets")]
    rejected: Vec<RejectedRow>,
}

#[derive(Debug, Serialize)]
struct RejectedRow {
    #[serde(rename = "ligne")]
    line: u64,
    #[serde(rename = "colonne")]
    column: Option<&'static str>,
    #[serde(rename = "regle")]
    rule: RowRule,
    message: &'static str,
}

impl RejectedRow {
    fn new(line: u64, problem: Problem) -> Self {
        Self {
            line,
            column: problem.column.map(super::column::Column::name),
            rule: problem.rule,
            message: problem.rule.message(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::column::Column;

    #[test]
    fn a_report_names_line_column_and_rule() {
        let mut tally = Tally::default();
        tally.accept();
        tally.reject(3, &[Problem { column: Some(Column::DateNaissance), rule: RowRule::DateInvalide }]);
        tally.reject(4, &[Problem { column: None, rule: RowRule::NombreDeChamps }]);
        insta::assert_json_snapshot!(tally.report("abc", "0751967F", Ending::Done), @r#"
        {
          "import": "abc",
          "uai": "0751967F",
          "etat": "terminé",
          "lignes": {
            "lues": 3,
            "acceptees": 1,
            "depassees": 0,
            "rejetees": 2
          },
          "totauxParRegle": {
            "date_invalide": 1,
            "nombre_de_champs": 1
          },
          "listeComplete": true,
          "rejets": [
            {
              "ligne": 3,
              "colonne": "dateNaissance",
              "regle": "date_invalide",
              "message": "la date doit exister et s'écrire AAAA-MM-JJ"
            },
            {
              "ligne": 4,
              "colonne": null,
              "regle": "nombre_de_champs",
              "message": "le nombre de champs n'est pas celui de l'en-tête"
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_failed_file_has_its_reason() {
        let report =
            serde_json::to_value(Tally::default().report("abc", "0751967F", Ending::Failed("le fichier est vide")))
                .unwrap();
        assert_eq!((&report["etat"], &report["raison"]), (&"échoué".into(), &"le fichier est vide".into()));
    }

    #[test]
    fn the_list_is_bounded_and_the_totals_are_not() {
        let mut tally = Tally::default();
        for line in 0..=MOST_LISTED as u64 {
            tally.reject(line, &[Problem { column: None, rule: RowRule::NombreDeChamps }]);
        }
        let report = serde_json::to_value(tally.report("abc", "0751967F", Ending::Done)).unwrap();
        assert_eq!(report["rejets"].as_array().unwrap().len(), MOST_LISTED);
        assert_eq!(report["totauxParRegle"]["nombre_de_champs"], MOST_LISTED + 1);
        assert_eq!(report["listeComplete"], false);
    }
}
