//! The report of an import, as a person reads it in a terminal.

use std::collections::BTreeMap;

use serde::Deserialize;
use statut::ui;

/// More lines than a person reads in a terminal.
const SHOWN: usize = 50;

/// What the report says. Its words are the contract's, in French.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    #[serde(rename = "essai", default)]
    dry_run: bool,
    #[serde(rename = "lignes")]
    counts: BTreeMap<String, u64>,
    #[serde(rename = "complet", default)]
    complete: Option<Complete>,
    #[serde(rename = "rejets", default)]
    rejections: Vec<Problem>,
    #[serde(rename = "avertissements", default)]
    warnings: Vec<Problem>,
}

/// What a complete file did, or would do.
#[derive(Debug, Deserialize)]
struct Complete {
    #[serde(rename = "uai")]
    covered: Vec<String>,
    #[serde(rename = "presentes")]
    present: u64,
    #[serde(rename = "absentes")]
    absent: u64,
    #[serde(rename = "annulees")]
    cancelled: u64,
    #[serde(rename = "refus", default)]
    refused: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    ligne: u64,
    #[serde(default)]
    colonne: Option<String>,
    regle: String,
    message: String,
}

impl Report {
    /// The lines that were rejected, each once, in their order; the heading is line 1.
    pub(crate) fn rejected_lines(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.rejections.iter().map(|rejection| rejection.ligne).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    pub(crate) fn print(&self) {
        if self.dry_run {
            println!("    a dry run: nothing was changed");
        }
        println!("    {}", self.summary());
        if let Some(complete) = &self.complete {
            println!("    {}", complete.summary());
        }
        let kinds = [("rejet", &self.rejections), ("avertissement", &self.warnings)];
        let problems: Vec<_> = kinds
            .iter()
            .flat_map(|(kind, problems)| problems.iter().map(|problem| problem.row(kind)))
            .collect();
        if problems.is_empty() {
            return;
        }
        println!();
        let mut rows =
            vec![["", "ligne", "colonne", "règle", "message"].map(str::to_owned).to_vec()];
        let more = problems.len().saturating_sub(SHOWN);
        rows.extend(problems.into_iter().take(SHOWN));
        ui::table(&rows);
        if more > 0 {
            println!("    … and {more} more");
        }
    }

    /// The counts, those that are nought left out but for the first three.
    fn summary(&self) -> String {
        let words = [
            ("lues", "rows read", true),
            ("acceptees", "accepted", true),
            ("rejetees", "rejected", true),
            ("averties", "accepted with a warning", false),
            ("inchangees", "unchanged", false),
            ("depassees", "older than what was known", false),
            ("annulees", "cancelled", false),
        ];
        let counts = words.iter().filter_map(|(name, word, always)| {
            let count = self.counts.get(*name).copied().unwrap_or_default();
            (*always || count > 0).then(|| format!("{count} {word}"))
        });
        counts.collect::<Vec<_>>().join(", ")
    }
}

impl Complete {
    fn summary(&self) -> String {
        let Self { covered, present, absent, cancelled, refused } = self;
        let refused = refused.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let covered = covered.join(", ");
        format!(
            "complete for {covered}: {present} present, {absent} absent, {cancelled} of them cancelled{refused}"
        )
    }
}

impl Problem {
    fn row(&self, kind: &str) -> Vec<String> {
        let Self { ligne, colonne, regle, message } = self;
        vec![
            kind.to_owned(),
            ligne.to_string(),
            colonne.clone().unwrap_or_default(),
            regle.clone(),
            message.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_are_nought_are_left_out() {
        let report: Report = serde_json::from_str(
            r#"{"lignes":{"lues":5,"acceptees":3,"depassees":1,"rejetees":2},"rejets":[
                {"ligne":9,"colonne":"uai","regle":"uai_non_autorise","message":"…"},
                {"ligne":4,"colonne":null,"regle":"guillemet_non_ferme","message":"…"},
                {"ligne":9,"regle":"date_invalide","message":"…"}]}"#,
        )
        .unwrap();
        assert_eq!(
            report.summary(),
            "5 rows read, 3 accepted, 2 rejected, 1 older than what was known"
        );
        assert_eq!(report.rejected_lines(), [4, 9]);
        let complete = Complete {
            covered: vec!["0751967F".to_owned()],
            present: 8,
            absent: 2,
            cancelled: 0,
            refused: Some("trop".to_owned()),
        };
        assert_eq!(
            complete.summary(),
            "complete for 0751967F: 8 present, 2 absent, 0 of them cancelled: trop"
        );
    }
}
