use std::fmt::Write as _;

use super::*;
use crate::files::column::Column;
use crate::files::fixtures::{HEADER, ROW, depositor, drain, reader, row_with};
use crate::files::row::RowOutcome;

/// Where the contracts' golden files are.
macro_rules! golden {
    ($name:literal, $value:expr) => {
        insta::with_settings!({ snapshot_path => "../../../../tests/golden", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $value);
        });
    };
}

fn json(report: &Report<'_>) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

/// A file with everything in it, read.
fn read() -> (Tally, Detected) {
    let rows = [
        ROW.to_owned(),
        row_with(&[(Column::DateNaissance, "31/02/2004"), (Column::Uai, "0011402U")]),
        "070578267KH;2004-03-02".to_owned(),
        row_with(&[(Column::CodeCommune, "75634"), (Column::LieuNaissance, "Saint-Denis")]),
    ];
    let mut file = format!("{HEADER};=cmd|'/C calc'!A0;couleur\r\n");
    for row in rows {
        let _ = write!(file, "{row};;bleu\r\n");
    }
    let depositor = depositor();
    let mut reader = reader(&depositor, file.as_bytes()).unwrap();
    let mut tally = Tally::default();
    for row in drain(&mut reader, file.as_bytes(), 100).unwrap() {
        match row.outcome {
            RowOutcome::Accepted { warnings, .. } => tally.accept(row.line, &warnings),
            RowOutcome::Rejected { problems, .. } => tally.reject(row.line, &problems),
        }
    }
    tally.supersede(1);
    (tally, reader.detected().unwrap())
}

#[test]
fn a_report_names_what_was_detected_and_line_column_and_rule() {
    let (tally, detected) = read();
    let report = tally.report("abc", "0751967F", Ending::Done).detected(Some(&detected));
    golden!("report_done", json(&report));
    golden!("report_done_table", report.table().replace('\r', "␍").replace('\u{FEFF}', "<BOM>"));
}

#[test]
fn a_complete_file_tells_what_it_cancels() {
    let (mut tally, _) = read();
    tally.cancel(3);
    let complete = Complete {
        year: AcademicYear::parse("2026-2027").unwrap(),
        covered: vec![Uai::parse("0751967F").unwrap()],
        present: 12,
        absent: 3,
        cancelled: 0,
        refused: Some("plus de 10 % des inscriptions seraient annulées".to_owned()),
        confirmable: true,
    };
    let report = tally
        .report("abc", "0751967F", Ending::Running)
        .asked(Mode::Complete, true)
        .complete(Some(&complete));
    golden!("report_complete", json(&report));
}

#[test]
fn a_failed_file_has_its_reason() {
    let tally = Tally::default();
    let report = tally.report("abc", "0751967F", Ending::Failed("le fichier est vide"));
    golden!("report_failed", json(&report));
    assert!(report.table().ends_with("\r\n;;fichier_illisible;rejet;le fichier est vide\r\n"));
}

#[test]
fn a_report_repeats_no_value_of_a_row() {
    let (tally, detected) = read();
    let report = tally.report("abc", "0751967F", Ending::Done).detected(Some(&detected));
    for value in ["070578267KH", "Lefèvre", "Zoé", "31/02/2004", "Saint-Denis;", "E42"] {
        assert!(!json(&report).contains(value) && !report.table().contains(value), "{value}");
    }
}

#[test]
fn what_a_depositor_writes_is_harmless_in_a_spreadsheet() {
    let (tally, mut detected) = read();
    for name in ["=1+1", "+33", "-1", "@SUM(A1)", "\t=1", "＝1", "a;b", "a\"b"] {
        detected.unknown.push(name.to_owned());
    }
    let report = tally.report("abc", "0751967F", Ending::Done).detected(Some(&detected));
    for line in report.table().trim_start_matches('\u{FEFF}').split("\r\n") {
        let column = line.split(';').nth(1).unwrap_or_default().trim_start_matches('"');
        assert!(!column.starts_with(['=', '+', '-', '@', '\t', '＝']), "{line}");
    }
    assert!(report.table().contains(";\"a;b\";") && report.table().contains(";\"a\"\"b\";"));
}

#[test]
fn a_tally_is_taken_up_again_where_it_was_left() {
    let (tally, _) = read();
    let stored = serde_json::to_string(&tally).unwrap();
    assert_eq!(serde_json::from_str::<Tally>(&stored).unwrap(), tally);
}

#[test]
fn lists_are_bounded_and_totals_are_not() {
    let mut tally = Tally::default();
    let wrong = [Problem { column: None, rule: RowRule::NombreDeChamps }];
    let odd = [Problem { column: Some(Column::CodeCommune), rule: RowRule::CommuneCodePostal }];
    for line in 0..=MOST_LISTED as u64 {
        tally.reject(line, &wrong);
        tally.accept(line, &odd);
    }
    let report = serde_json::to_value(tally.report("abc", "0751967F", Ending::Done)).unwrap();
    assert_eq!(report["rejets"].as_array().unwrap().len(), MOST_LISTED);
    assert_eq!(report["avertissements"].as_array().unwrap().len() as u64, MOST_WARNINGS_OF_A_RULE);
    assert_eq!(report["totauxParRegle"]["nombre_de_champs"]["total"], MOST_LISTED + 1);
    assert_eq!(report["lignes"]["averties"], MOST_LISTED + 1);
    assert_eq!(report["listeComplete"], false);
}
