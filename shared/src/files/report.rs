//! The report of an import: what an establishment reads after it dropped a file, as JSON for its
//! software and as a table for its registrar.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, RowRule, Severity};
use super::reader::{Detected, place};
use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;

pub mod read;

pub(crate) mod table;

/// Rejections listed one by one at most; totals count all of them. A file with more has one fault
/// many times, and the limit bounds the memory of an import.
pub const MOST_LISTED: usize = 100_000;
/// Warnings of one rule listed one by one at most: a file that writes postal codes has one on each
/// row.
pub const MOST_WARNINGS_OF_A_RULE: u64 = 1_000;

/// Counts and problems, gathered while a file is read. It can be stored in a checkpoint and taken
/// up again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    counts: Counts,
    by_rule: BTreeMap<RowRule, u64>,
    rejections: Vec<(u64, Problem)>,
    warnings: Vec<(u64, Problem)>,
}

/// How many rows went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Rows read, blank ones and the header left out.
    #[serde(rename = "lues")]
    pub read: u64,
    /// Rows that are well formed; their records are stored.
    #[serde(rename = "acceptees")]
    pub accepted: u64,
    /// Among the accepted, those about which a more recent statement was already stored:
    /// acknowledged, ignored.
    #[serde(rename = "depassees")]
    pub superseded: u64,
    /// Among the accepted, those that say what was already stored.
    #[serde(rename = "inchangees")]
    pub unchanged: u64,
    /// Among the accepted, those about an enrolment that wasn't known.
    #[serde(rename = "nouvelles")]
    pub created: u64,
    /// Rows that break a rule.
    #[serde(rename = "rejetees")]
    pub rejected: u64,
    /// Among the accepted, those that should be looked at.
    #[serde(rename = "averties")]
    pub warned: u64,
    /// Records that a complete file cancelled, since it doesn't contain them.
    #[serde(rename = "annulees")]
    pub cancelled: u64,
}

impl Tally {
    /// A row is accepted, with these warnings. Its place is that of [`super::reader::Row::place`].
    pub fn accept(&mut self, place: u64, warnings: &[Problem]) {
        self.counts.read += 1;
        self.counts.accepted += 1;
        self.counts.warned += u64::from(!warnings.is_empty());
        self.note(place, warnings);
    }

    /// Accepted rows say less recent things than what is stored.
    pub fn supersede(&mut self, rows: u64) {
        self.counts.superseded += rows;
    }

    /// Accepted rows say what is stored already.
    pub fn leave(&mut self, rows: u64) {
        self.counts.unchanged += rows;
    }

    /// Accepted rows are about enrolments that weren't known.
    pub fn create(&mut self, rows: u64) {
        self.counts.created += rows;
    }

    /// Records are cancelled.
    pub fn cancel(&mut self, records: u64) {
        self.counts.cancelled += records;
    }

    /// A row is rejected, for these problems.
    pub fn reject(&mut self, place: u64, problems: &[Problem]) {
        self.counts.read += 1;
        self.counts.rejected += 1;
        self.note(place, problems);
    }

    fn note(&mut self, place: u64, problems: &[Problem]) {
        for problem in problems {
            let total = self.by_rule.entry(problem.rule).or_default();
            *total += 1;
            match problem.rule.severity() {
                Severity::Reject if self.rejections.len() < MOST_LISTED => {
                    self.rejections.push((place, *problem));
                }
                Severity::Warn if *total <= MOST_WARNINGS_OF_A_RULE => {
                    self.warnings.push((place, *problem));
                }
                Severity::Reject | Severity::Warn => {}
            }
        }
    }

    /// How many rows broke which rule so far, or were odd by it.
    #[must_use]
    pub fn by_rule(&self) -> &BTreeMap<RowRule, u64> {
        &self.by_rule
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The report on the import `import` of the establishment `uai`.
    #[must_use]
    pub fn report<'a>(&'a self, import: &'a str, uai: &'a str, ending: Ending<'a>) -> Report<'a> {
        let (state, reason) = match ending {
            Ending::Running => ("en cours", None),
            Ending::Done => ("terminé", None),
            Ending::Failed(reason) => ("échoué", Some(reason)),
        };
        let total = |(rule, total): (&RowRule, &u64)| {
            (rule.code(), Total { severity: rule.severity(), total: *total })
        };
        let listed = (self.rejections.len() + self.warnings.len()) as u64;
        Report {
            import,
            uai,
            state,
            reason,
            mode: Mode::Delta,
            dry_run: false,
            extraction: None,
            counts: self.counts,
            detected: None,
            complete: None,
            by_rule: self.by_rule.iter().map(total).collect(),
            list_is_complete: listed == self.by_rule.values().sum::<u64>(),
            rejected: self.rejections.iter().map(Listed::of).collect(),
            warned: self.warnings.iter().map(Listed::of).collect(),
        }
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// There are more rows to read: the report is partial.
    Running,
    /// Every row was accepted or rejected.
    Done,
    /// The file could not be read, for this reason.
    Failed(&'a str),
}

/// What a file means by what it doesn't contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing.
    Delta,
    /// That it is no longer so.
    #[serde(rename = "complet")]
    Complete,
}

/// When what a file says was true, which decides what is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Extraction {
    /// The moment, RFC 3339.
    #[serde(rename = "date")]
    pub at: Timestamp,
    /// Whether the depositor said so with `date-extraction`; else it is when the file was dropped.
    #[serde(rename = "donnee")]
    pub given: bool,
}

/// What a complete file did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    /// The academic year that it is about.
    #[serde(rename = "annee")]
    pub year: AcademicYear,
    /// The establishments that it covers.
    #[serde(rename = "uai")]
    pub covered: Vec<Uai>,
    /// Records stored for them and that year which the file contains, or has a broken row about.
    #[serde(rename = "presentes")]
    pub present: u64,
    /// Those that it doesn't contain.
    #[serde(rename = "absentes")]
    pub absent: u64,
    /// Among the absent, those that were cancelled, or would be.
    #[serde(rename = "annulees")]
    pub cancelled: u64,
    /// Why nothing was cancelled, for the registrar.
    #[serde(rename = "refus", default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether they are all the same once somebody confirms it.
    #[serde(rename = "confirmable", default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmable: bool,
}

/// The report. It is JSON when serialised, and a table with [`Self::table`].
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    import: &'a str,
    uai: &'a str,
    #[serde(rename = "etat")]
    state: &'static str,
    #[serde(rename = "raison", skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    mode: Mode,
    #[serde(rename = "essai")]
    dry_run: bool,
    #[serde(rename = "extraction", skip_serializing_if = "Option::is_none")]
    extraction: Option<Extraction>,
    #[serde(rename = "lignes")]
    counts: Counts,
    #[serde(rename = "detecte", skip_serializing_if = "Option::is_none")]
    detected: Option<&'a Detected>,
    #[serde(rename = "complet", skip_serializing_if = "Option::is_none")]
    complete: Option<&'a Complete>,
    #[serde(rename = "totauxParRegle")]
    by_rule: BTreeMap<&'static str, Total>,
    #[serde(rename = "listeComplete")]
    list_is_complete: bool,
    #[serde(rename = "rejets")]
    rejected: Vec<Listed>,
    #[serde(rename = "avertissements")]
    warned: Vec<Listed>,
}

impl<'a> Report<'a> {
    /// What the file's key asked for.
    #[must_use]
    pub fn asked(self, mode: Mode, dry_run: bool) -> Self {
        Self { mode, dry_run, ..self }
    }

    /// With the places of other rows in what is said of rows that share something with them.
    #[must_use]
    pub fn beside(mut self, others: &BTreeMap<u64, Vec<u64>>) -> Self {
        for listed in self.rejected.iter_mut().chain(&mut self.warned) {
            let shared = matches!(
                listed.rule,
                RowRule::NumeroDePlusieurs | RowRule::IneDePlusieurs | RowRule::InePartage
            );
            if let Some(others) =
                others.get(&place::of(listed.sheet, listed.line)).filter(|_| shared)
            {
                listed.message =
                    format!("{} ; voir aussi {}", listed.message, lines(others)).into();
            }
        }
        self
    }

    /// When what the file says was true.
    #[must_use]
    pub fn extracted(self, extraction: Option<Extraction>) -> Self {
        Self { extraction, ..self }
    }

    /// What was found out about the file.
    #[must_use]
    pub fn detected(self, detected: Option<&'a Detected>) -> Self {
        Self { detected, ..self }
    }

    /// What a complete file did.
    #[must_use]
    pub fn complete(self, complete: Option<&'a Complete>) -> Self {
        Self { complete, ..self }
    }
}

/// How often a rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    #[serde(rename = "gravite")]
    pub severity: Severity,
    pub total: u64,
}

/// One problem of one row.
#[derive(Debug, Serialize)]
struct Listed {
    /// The number of the sheet in a workbook, from 1.
    #[serde(rename = "feuille", skip_serializing_if = "Option::is_none")]
    sheet: Option<u16>,
    #[serde(rename = "ligne")]
    line: u64,
    #[serde(rename = "colonne")]
    column: Option<&'static str>,
    #[serde(rename = "regle")]
    rule: RowRule,
    message: Cow<'static, str>,
}

/// Lines at most that are named beside one.
const MOST_NAMED: usize = 3;

/// `les lignes 3, 5`, `la ligne 3 de la feuille 2`.
fn lines(places: &[u64]) -> String {
    let named: Vec<String> = places
        .iter()
        .take(MOST_NAMED)
        .map(|place| match place::read(*place) {
            (None, line) => line.to_string(),
            (Some(sheet), line) => format!("{line} de la feuille {sheet}"),
        })
        .collect();
    let more = if places.len() > MOST_NAMED { "…" } else { "" };
    format!(
        "{} {}{more}",
        if named.len() > 1 { "les lignes" } else { "la ligne" },
        named.join(", ")
    )
}

impl Listed {
    fn of((place, problem): &(u64, Problem)) -> Self {
        let (sheet, line) = place::read(*place);
        Self {
            sheet,
            line,
            column: problem.column.map(super::column::Column::name),
            rule: problem.rule,
            message: problem.rule.message().into(),
        }
    }
}

#[cfg(test)]
mod tests;
