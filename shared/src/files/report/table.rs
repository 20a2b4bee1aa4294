//! The report as a table that a spreadsheet opens: UTF-8 with its mark, `;` and CRLF, which is what
//! French Excel reads without being asked.

use std::fmt::Write as _;

use super::{Listed, Report};
use crate::files::problem::Severity;

impl Report<'_> {
    /// The table, `rapport.csv`: `ligne;colonne;regle;gravite;message`, and for a workbook
    /// `feuille`, the name on the tab.
    ///
    /// Columns that were not recognised are in it by the depositor's own names, so that each value
    /// is made harmless: a spreadsheet would compute `=…` (CSV injection).
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "\u{FEFF}".to_owned();
        let sheets = self.detected.map(|detected| detected.sheets.as_slice()).unwrap_or_default();
        let titles = ["ligne", "colonne", "regle", "gravite", "message", "feuille"];
        // Only a workbook has the last column, so that programs that read the table of other files
        // find what they know.
        let width = if sheets.is_empty() { titles.len() - 1 } else { titles.len() };
        let mut row = |values: [&str; 6]| row(&mut table, &values[..width]);
        row(titles);
        if let Some(reason) = self.reason {
            row(["", "", "fichier_illisible", Severity::Reject.name(), reason, ""]);
        }
        if let Some(detected) = self.detected {
            let line = detected.header_line.map(|line| line.to_string()).unwrap_or_default();
            for name in &detected.unknown {
                let message = "la colonne n'est pas reconnue : ce qu'elle contient n'est pas lu";
                row([&line, name, "colonne_inconnue", "information", message, ""]);
            }
        }
        for sheet in sheets.iter().filter(|sheet| !sheet.read) {
            let message = "la feuille n'a pas d'en-tête : ce qu'elle contient n'est pas lu";
            row(["", "", "feuille_non_lue", "information", message, &sheet.name]);
        }
        for listed in self.rejected.iter().chain(&self.warned) {
            let Listed { sheet, line, column, rule, message } = listed;
            let sheet = sheets
                .iter()
                .find(|known| Some(known.number) == *sheet)
                .map_or("", |known| known.name.as_str());
            let severity = rule.severity().name();
            row([
                &line.to_string(),
                column.unwrap_or_default(),
                rule.code(),
                severity,
                message,
                sheet,
            ]);
        }
        table
    }
}

/// Writes a line of values, each harmless to a spreadsheet.
pub(crate) fn row(table: &mut String, values: &[&str]) {
    for (position, value) in values.iter().copied().enumerate() {
        if position > 0 {
            table.push(';');
        }
        let formula =
            value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        let value = if formula { format!("'{value}") } else { value.to_owned() };
        if value.contains([';', '"', '\r', '\n']) {
            // Writing to a string never fails.
            let _ = write!(table, "\"{}\"", value.replace('"', "\"\""));
        } else {
            table.push_str(&value);
        }
    }
    table.push_str("\r\n");
}
