//! The report as a table that a spreadsheet opens: UTF-8 with its mark, `;` and CRLF, which is what French Excel reads
//! without being asked.

use std::fmt::Write as _;

use super::{Listed, Report};
use crate::files::problem::Severity;

impl Report<'_> {
    /// The table, `rapport.csv`: `ligne;colonne;regle;gravite;message`.
    ///
    /// Columns that were not recognised are in it by the depositor's own names, so that each value is made harmless: a
    /// spreadsheet would compute `=…` (CSV injection).
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "\u{FEFF}".to_owned();
        row(&mut table, ["ligne", "colonne", "regle", "gravite", "message"]);
        if let Some(reason) = self.reason {
            row(&mut table, ["", "", "fichier_illisible", Severity::Reject.name(), reason]);
        }
        if let Some(detected) = self.detected {
            let line = detected.header_line.map(|line| line.to_string()).unwrap_or_default();
            for name in &detected.unknown {
                let message = "la colonne n'est pas reconnue : ce qu'elle contient n'est pas lu";
                row(&mut table, [&line, name, "colonne_inconnue", "information", message]);
            }
        }
        for listed in self.rejected.iter().chain(&self.warned) {
            let Listed { line, column, rule, message } = listed;
            let severity = rule.severity().name();
            row(&mut table, [&line.to_string(), column.unwrap_or_default(), rule.code(), severity, message]);
        }
        table
    }
}

fn row(table: &mut String, values: [&str; 5]) {
    for (position, value) in values.into_iter().enumerate() {
        if position > 0 {
            table.push(';');
        }
        let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
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
