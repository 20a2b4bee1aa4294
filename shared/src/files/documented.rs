//! The parts of `docs/` that are generated from the code: rules, columns, findings.

use std::fmt::Write as _;
use std::path::Path;

use super::column::Column;
use super::problem::{RowRule, Severity};
use crate::identity::finding::FindingCode;

const MARKS: (&str, &str) = ("<!-- table -->\n", "<!-- /table -->");

/// Compares the table of a document with the code; with `UPDATE_DOCS` set, writes it anew.
fn check(document: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS.0).unwrap();
    let (written, after) = rest.split_once(MARKS.1).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{}{table}{}{after}", MARKS.0, MARKS.1)).unwrap();
    } else {
        assert_eq!(
            written, table,
            "docs/{document} is out of date: UPDATE_DOCS=1 cargo test --workspace --lib documented"
        );
    }
}

#[test]
fn findings_are_documented_from_the_code() {
    let mut table = "\n| code | `gravite` | when | message |\n|---|---|---|---|\n".to_owned();
    for sheet in FindingCode::ALL.iter().map(|finding| finding.sheet()) {
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            sheet.code,
            sheet.severity.name(),
            sheet.case,
            sheet.message
        );
    }
    check("findings.md", &format!("{table}\n"));
}

fn names(columns: &[Column]) -> String {
    if columns.len() == Column::ALL.len() {
        return "any".to_owned();
    }
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn rules_are_documented_from_the_code() {
    let mut table = String::new();
    for (severity, title) in [(Severity::Reject, "Rejections"), (Severity::Warn, "Warnings")] {
        let _ = writeln!(
            table,
            "\n### {title}\n\n| code | columns | message | example |\n|---|---|---|---|"
        );
        for sheet in
            RowRule::ALL.iter().map(|rule| rule.sheet()).filter(|sheet| sheet.severity == severity)
        {
            let columns =
                if sheet.columns.is_empty() { "the line".to_owned() } else { names(sheet.columns) };
            let _ = writeln!(
                table,
                "| `{}` | {columns} | {} | {} |",
                sheet.code, sheet.message, sheet.example
            );
        }
    }
    check("rules.md", &table);
}

#[test]
fn columns_are_documented_from_the_code() {
    let mut table = "| column | presence | also called |\n|---|---|---|\n".to_owned();
    for column in Column::ALL {
        let presence = if Column::REQUIRED.contains(&column) {
            "required"
        } else if Column::IDENTITY.contains(&column) {
            "required without `ine`"
        } else {
            "optional"
        };
        let _ = writeln!(table, "| `{column}` | {presence} | {} |", column.labels().join(", "));
    }
    check("files.md", &table);
}
