use std::fmt::Write as _;
use std::io::Write as _;

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;
use crate::files::fixtures::{HEADER, ROW, depositor, drain, read as read_file, setting};
use crate::files::problem::RowRule;
use crate::files::reader::{Conventions, EnrolmentReader, Next};
use crate::files::row::RowOutcome;

const CONTENT_TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const PACKAGE: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook of sheets, given as what is in their `sheetData`.
fn workbook(sheets: &[&str], more: &[(&str, &str)]) -> Vec<u8> {
    let mut names = String::new();
    let mut relations = String::new();
    let mut entries = Vec::new();
    for (index, data) in sheets.iter().enumerate() {
        let number = index + 1;
        let _ = write!(
            names,
            r#"<sheet name="Feuille {number}" sheetId="{number}" r:id="rId{number}"/>"#
        );
        let _ = write!(
            relations,
            r#"<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        );
        entries.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{data}</sheetData></worksheet>"#),
        ));
    }
    let book = format!(
        r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{names}</sheets></workbook>"#
    );
    let relations = format!(
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
    );
    let mut all = vec![
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/styles.xml", STYLES),
    ];
    all.extend(entries.iter().map(|(name, content)| (name.as_str(), content.as_str())));
    all.extend_from_slice(more);
    archive(&all)
}

fn column(mut index: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + u8::try_from(index % 26).unwrap()));
        if index < 26 {
            return name;
        }
        index = index / 26 - 1;
    }
}

/// A text cell.
fn text(column_index: usize, row: usize, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    format!(r#"<c r="{}{row}" t="inlineStr"><is><t>{value}</t></is></c>"#, column(column_index))
}

fn rows(file: &str) -> String {
    let mut data = String::new();
    for (index, line) in file.lines().enumerate() {
        let row = index + 1;
        let cells: String = line
            .split(';')
            .enumerate()
            .filter(|(_, value)| !value.is_empty())
            .map(|(at, value)| text(at, row, value))
            .collect();
        let _ = write!(data, r#"<row r="{row}">{cells}</row>"#);
    }
    data
}

/// A CSV file as a workbook.
pub(in crate::files::reader) fn workbook_of(file: &str) -> Vec<u8> {
    workbook(&[&rows(file)], &[])
}

fn accepted(bytes: &[u8]) -> Vec<(u64, RowOutcome)> {
    let rows = read_file(bytes).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        rows.iter().all(|(_, outcome)| matches!(outcome, RowOutcome::Accepted { .. })),
        "{rows:?}"
    );
    rows
}

#[test]
fn texts_with_the_month_first_fail_the_workbook_and_name_the_sheet() {
    let months = rows(&format!("{HEADER}\n{}\n", ROW.replace("2004-03-02", "12/25/2004")));
    let days = rows(&format!("{HEADER}\n{}\n", ROW.replace("2004-03-02", "25/12/2004")));
    assert!(read_file(&workbook(&[&days], &[])).is_ok());
    let error = read_file(&workbook(&[&days, &months], &[])).unwrap_err().to_string();
    assert!(
        error.contains("dateNaissance a 1 dates") && error.contains("2 de la feuille 2"),
        "{error}"
    );
}

#[test]
fn days_and_numbers_are_those_that_the_author_sees() {
    // 2004-03-02, 2026-09-01 and 2027-08-31 as days of Excel; the sex and the place as numbers.
    let mut data = rows(&format!("{HEADER}\n{ROW}\n"));
    for (cell, old, new) in [
        ("B2", "2004-03-02", "38048"),
        ("J2", "2026-09-01", "46266"),
        ("K2", "2027-08-31", "46630.0"),
    ] {
        data = data.replace(
            &format!(r#"<c r="{cell}" t="inlineStr"><is><t>{old}</t></is></c>"#),
            &format!(r#"<c r="{cell}" s="1"><v>{new}</v></c>"#),
        );
    }
    for (cell, value) in [("H2", "2"), ("I2", "44109")] {
        data = data.replace(
            &format!(r#"<c r="{cell}" t="inlineStr"><is><t>{value}</t></is></c>"#),
            &format!(r#"<c r="{cell}"><v>{value}.0</v></c>"#),
        );
    }
    assert!(!data.contains("<t>2004-03-02</t>") && !data.contains("<t>44109</t>"));
    let expected = accepted(format!("{HEADER}\n{ROW}\n").as_bytes());
    assert_eq!(accepted(&workbook(&[&data], &[])), expected);
}

#[test]
fn a_day_is_one_in_either_system_and_its_hour_is_no_secret() {
    let birth = |value: &str, system: &str| {
        let data = rows(&format!("{HEADER}\n{ROW}\n")).replace(
            r#"<c r="B2" t="inlineStr"><is><t>2004-03-02</t></is></c>"#,
            &format!(r#"<c r="B2" s="1"><v>{value}</v></c>"#),
        );
        let mut bytes = workbook(&[&data], &[]);
        if !system.is_empty() {
            bytes = replaced(&bytes, "<sheets>", &format!("{system}<sheets>"));
        }
        match read_file(&bytes).unwrap().remove(0).1 {
            RowOutcome::Accepted { declaration, .. } => {
                Ok(declaration.identite.birth_date().expose())
            }
            RowOutcome::Rejected { problems, .. } => Err((problems[0].column, problems[0].rule)),
        }
    };
    let hour = Err((Some(Column::DateNaissance), RowRule::DateAvecHeure));
    for (value, expected) in [
        ("38048", Ok("2004-03-02".to_owned())),
        // 20 s before midnight, as SheetJS writes it in Cayenne, and 20 s after.
        ("38047.999768518515", Ok("2004-03-02".to_owned())),
        ("38048.000231481485", Ok("2004-03-02".to_owned())),
        // 23:00 of the day before, as ExcelJS writes it in Paris.
        ("38047.958333333336", hour.clone()),
        ("38048.5", hour),
    ] {
        assert_eq!(birth(value, ""), expected, "{value}");
    }
    assert_eq!(birth("36586", r#"<workbookPr date1904="1"/>"#), Ok("2004-03-02".to_owned()));
    assert_eq!(birth("36585.9999", r#"<workbookPr date1904="1"/>"#), Ok("2004-03-02".to_owned()));
}

#[test]
fn a_code_has_the_digits_that_its_author_sees() {
    let styles = STYLES
        .replace("<cellXfs", r#"<numFmts count="1"><numFmt numFmtId="165" formatCode="00000000"/></numFmts><cellXfs"#)
        .replace(r#"<xf numFmtId="14"/>"#, r#"<xf numFmtId="165"/>"#);
    let number = |value: &str, style: usize| {
        let data = rows(&format!("{HEADER}\n{ROW}\n")).replace(
            r#"<c r="S2" t="inlineStr"><is><t>E42</t></is></c>"#,
            &format!(r#"<c r="S2" s="{style}"><v>{value}</v></c>"#),
        );
        let bytes = replaced(&workbook(&[&data], &[]), STYLES, &styles);
        match read_file(&bytes).unwrap().remove(0).1 {
            RowOutcome::Accepted { declaration, .. } => Ok(declaration.numero_etudiant.unwrap()),
            RowOutcome::Rejected { problems, .. } => Err((problems[0].column, problems[0].rule)),
        }
    };
    assert_eq!(number("1234567", 1), Ok("01234567".to_owned()));
    assert_eq!(number("1234567", 0), Ok("1234567".to_owned()));
    assert_eq!(number("123456789012345", 0), Ok("123456789012345".to_owned()));
    let lost = Err((Some(Column::NumeroEtudiant), RowRule::NombreDeTableur));
    assert_eq!(
        [number("1234567890123456", 0), number("1.5E+20", 0), number("1234567.5", 0)],
        [(); 3].map(|()| lost.clone())
    );
}

#[test]
fn a_sheet_of_notes_is_passed_over_and_lines_are_those_of_the_sheet() {
    let notes = rows("Export du 1er septembre\n");
    let list = rows(&format!("\n\n{HEADER}\n{ROW}\n\n{ROW}\n"));
    let lines: Vec<_> =
        accepted(&workbook(&["", &notes, &list], &[])).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [4, 6]);
}

#[test]
fn every_sheet_that_holds_enrolments_is_read() {
    let list = rows(&format!("{HEADER}\n{ROW}\n"));
    let titled = rows(&format!("BTS 2e année\n\n{HEADER}\n{ROW}\n{ROW}\n"));
    let notes = rows("Export du 1er septembre\n");
    let bytes = workbook(&[&list, &notes, &titled], &[]);
    let depositor = depositor();
    let mut reader = EnrolmentReader::new(setting(&depositor), Conventions::default());
    let rows = drain(&mut reader, &bytes, bytes.len()).unwrap();
    let places: Vec<_> = rows.iter().map(|row| (row.sheet, row.line)).collect();
    assert_eq!(places, [(Some(1), 2), (Some(3), 4), (Some(3), 5)]);
    assert!(rows.windows(2).all(|pair| pair[0].place() < pair[1].place()));
    let detected = reader.detected().unwrap();
    let sheets: Vec<_> =
        detected.sheets.iter().map(|sheet| (sheet.number, sheet.header_line)).collect();
    assert_eq!(sheets, [(1, Some(1)), (2, None), (3, Some(3))]);
    assert_eq!(detected.passed_sheets().as_deref(), Some("feuille 2 (« Feuille 2 »)"));
    for given in 0..rows.len() {
        let mut first = EnrolmentReader::new(setting(&depositor), Conventions::default());
        first.push(&bytes);
        first.finish();
        let Ok(Next::Unopened(unopened)) = first.next() else { panic!("a workbook") };
        first.opened(unopened.open());
        (0..given).for_each(|_| assert!(matches!(first.next(), Ok(Next::Row(_)))));
        let mut second =
            EnrolmentReader::resume(setting(&depositor), Conventions::default(), &first.position())
                .unwrap();
        let rest = drain(&mut second, &bytes, bytes.len()).unwrap();
        assert_eq!(
            rest.iter().map(|row| (row.sheet, row.line)).collect::<Vec<_>>(),
            places[given..]
        );
    }
}

#[test]
fn a_sheet_of_enrolments_that_cant_be_read_fails_the_workbook() {
    let list = rows(&format!("{HEADER}\n{ROW}\n"));
    let headless = rows(&format!("{ROW}\n"));
    let incomplete = rows(&format!("{}\n{ROW}\n", HEADER.replace("statut", "etat")));
    for second in [&headless, &incomplete] {
        let error = read_file(&workbook(&[&list, second], &[])).unwrap_err();
        assert!(
            matches!(error, FileError::Workbook(WorkbookError::SheetWithoutHeader { .. })),
            "{error}"
        );
        assert!(error.to_string().contains("la feuille 2 (« Feuille 2 »)"), "{error}");
        assert!(!error.to_string().contains("Lefèvre"), "{error}");
    }
    let damaged = workbook(&[&list, "<row r=\"1\"><c r=\"A1\"><v>1</c>"], &[]);
    assert_eq!(read_file(&damaged).unwrap_err(), FileError::Workbook(WorkbookError::Damaged));
    let hidden = hide(&workbook(&[&list, &list], &[]), "Feuille 2");
    let error = read_file(&hidden).unwrap_err();
    assert!(matches!(error, FileError::Workbook(WorkbookError::HiddenSheet { .. })), "{error}");
}

/// The workbook with a sheet hidden.
fn hide(bytes: &[u8], name: &str) -> Vec<u8> {
    let shown = format!(r#"name="{name}""#);
    replaced(bytes, &shown, &format!(r#"{shown} state="hidden""#))
}

/// The workbook with a text of its parts replaced.
fn replaced(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = Vec::new();
    for index in 0..from.len() {
        let mut entry = from.by_index(index).unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        let name_of_entry = entry.name().unwrap().to_string();
        entries.push((name_of_entry, content.replace(old, new)));
    }
    archive(
        &entries
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_str()))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn what_points_outside_is_never_followed() {
    let file = format!("{HEADER}\n{ROW}\n");
    let link = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="file:///etc/passwd" TargetMode="External"/></Relationships>"#;
    let links =
        [("xl/externalLinks/_rels/externalLink1.xml.rels", link), ("xl/vbaProject.bin", "macro")];
    assert_eq!(accepted(&workbook(&[&rows(&file)], &links)), accepted(file.as_bytes()));
}

#[test]
fn entities_are_not_expanded() {
    let entity = r#"<c r="A1" t="inlineStr"><is><t>&lol9;</t></is></c>"#;
    let data = format!(r#"<row r="1">{entity}</row>"#);
    let mut bytes = workbook(&[&data], &[]);
    assert!(read_file(&bytes).is_err());
    let texts = r#"<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>"#;
    bytes = workbook(
        &[r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#],
        &[("xl/sharedStrings.xml", texts)],
    );
    assert!(read_file(&bytes).is_err());
}

#[test]
fn memory_is_not_reserved_on_a_claim() {
    let count = |claim: &str| {
        format!(r#"<?xml version="1.0"?><sst uniqueCount="{claim}"><si><t>ine</t></si></sst>"#)
    };
    let data = r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#;
    let damaged = FileError::Workbook(WorkbookError::Damaged);
    for claim in ["99999999999999", "18446744073709551615", "999999999999999999999999"] {
        for path in ["xl/sharedStrings.xml", "XL/SHAREDSTRINGS.XML", "other/sharedStrings.xml"] {
            assert_eq!(
                read_file(&workbook(&[data], &[(path, &count(claim))])).unwrap_err(),
                damaged
            );
        }
    }
    // Further down, or in an encoding that hides it.
    let late =
        count("99999999999999").replace("<sst", &format!("<sst a='{}'", ">".repeat(100_000)));
    assert_eq!(
        read_file(&workbook(&[data], &[("xl/sharedStrings.xml", &late)])).unwrap_err(),
        damaged
    );
    let wide: String = count("99999999999999").chars().flat_map(|letter| ['\0', letter]).collect();
    assert_eq!(
        read_file(&workbook(&[data], &[("xl/sharedStrings.xml", &wide)])).unwrap_err(),
        damaged
    );
    let honest =
        read_file(&workbook(&[data], &[("xl/sharedStrings.xml", &count("1"))])).unwrap_err();
    assert!(matches!(honest, FileError::MissingColumns(_)), "{honest}");
}

#[test]
fn cells_far_apart_cost_nothing() {
    let file = rows(&format!("{HEADER}\n{ROW}\n"));
    let far = format!(r#"{file}<row r="1048576">{}</row>"#, text(16_383, 1_048_576, "x"));
    let rows = read_file(&workbook(&[&far], &[])).unwrap();
    assert_eq!(rows.len(), 1, "what is right of the widest header is not looked at");
}

#[test]
fn archives_that_are_no_workbook_are_named() {
    let many: Vec<_> =
        (0..=MOST_ENTRIES).map(|index| (format!("x{index}"), String::new())).collect();
    let many: Vec<_> =
        many.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    let backwards =
        format!(r#"<row r="2">{}</row><row r="1">{}</row>"#, text(0, 2, "a"), text(0, 1, "b"));
    for (bytes, expected) in [
        (
            archive(&[("a.csv", "ine")]),
            WorkbookError::NotAWorkbook("une archive ZIP sans classeur"),
        ),
        (
            archive(&[("mimetype", "x")]),
            WorkbookError::NotAWorkbook("un document OpenDocument (.ods, .odt)"),
        ),
        (archive(&many), WorkbookError::TooManyEntries { seen: MOST_ENTRIES + 1 }),
        (
            archive(&[("xl/workbook.xml", "<"), ("x", &"0".repeat(1 << 20))])[..900].to_vec(),
            WorkbookError::Damaged,
        ),
        (archive(&[("xl/workbook.xml", "<workbook><")]), WorkbookError::Damaged),
        (workbook(&["", ""], &[]), WorkbookError::Empty),
        (workbook(&[&backwards], &[]), WorkbookError::Disordered),
    ] {
        assert_eq!(read_file(&bytes).unwrap_err(), FileError::Workbook(expected));
    }
}

#[test]
fn a_bomb_is_stopped_before_it_is_opened() {
    let zeros = "0".repeat(1 << 20);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).unwrap();
    for _ in 0..=(LARGEST_TEXTS >> 20) {
        archive.write_all(zeros.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    let expected = WorkbookError::Inflated { limit: LARGEST_TEXTS };
    assert_eq!(read_file(&bytes).unwrap_err(), FileError::Workbook(expected));
}

#[test]
fn a_workbook_too_large_is_refused_without_being_kept() {
    let bytes = [b"PK\x03\x04".to_vec(), vec![0; LARGEST_OBJECT]].concat();
    let expected = WorkbookError::TooLarge { limit: LARGEST_OBJECT };
    assert_eq!(read_file(&bytes).unwrap_err(), FileError::Workbook(expected));
}

/// A workbook whose sheets are all one part.
fn sheets_on_one_part(targets: &[&str], data: &str) -> Vec<u8> {
    let (mut names, mut relations) = (String::new(), String::new());
    for (number, target) in targets.iter().enumerate() {
        let _ = write!(
            names,
            r#"<sheet name="Feuille {number}" sheetId="{number}" r:id="rId{number}"/>"#
        );
        let _ = write!(
            relations,
            r#"<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="{target}"/>"#
        );
    }
    archive(&[
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", PACKAGE),
        (
            "xl/workbook.xml",
            &format!(r#"<workbook xmlns:r="r"><sheets>{names}</sheets></workbook>"#),
        ),
        ("xl/_rels/workbook.xml.rels", &format!("<Relationships>{relations}</Relationships>")),
        (
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet><sheetData>{data}</sheetData></worksheet>"),
        ),
    ])
}

#[test]
fn no_part_is_read_twice_however_it_is_named() {
    let twice = FileError::Workbook(WorkbookError::PartReadTwice);
    let notes = rows("Export du 1er septembre\n");
    for targets in [
        ["worksheets/sheet1.xml", "worksheets/sheet1.xml"],
        ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"],
        ["worksheets/sheet1.xml", "WORKSHEETS/SHEET1.XML"],
    ] {
        assert_eq!(
            read_file(&sheets_on_one_part(&targets, &notes)).unwrap_err(),
            twice,
            "{targets:?}"
        );
    }
    let sixty = vec!["worksheets/sheet1.xml"; 60];
    assert_eq!(read_file(&sheets_on_one_part(&sixty, &notes)).unwrap_err(), twice);
    let file = format!("{HEADER}\n{ROW}\n");
    assert_eq!(read_file(&sheets_on_one_part(&sixty, &rows(&file))).unwrap_err(), twice);
    let many = vec!["worksheets/sheet1.xml"; MOST_SHEETS + 1];
    let expected = WorkbookError::TooManySheets { seen: MOST_SHEETS + 1, most: MOST_SHEETS };
    assert_eq!(
        read_file(&sheets_on_one_part(&many, &notes)).unwrap_err(),
        FileError::Workbook(expected)
    );
}

#[test]
fn one_budget_is_for_all_sheets_and_for_what_is_dropped() {
    let expected = FileError::Workbook(WorkbookError::LargeSheets {
        cells: MOST_CELLS,
        bytes: LARGEST_SHEETS,
    });
    let texts = |text: &str| format!("<sst><si><t xml:space=\"preserve\">{text}</t></si></sst>");
    let cells = |first: &str, count: usize| {
        let cell = format!(r#"<c r="{first}1" t="s"><v>0</v></c>"#);
        format!(r#"<row r="1">{}</row>"#, cell.repeat(count))
    };
    let megabyte = |letter: &str| texts(&letter.repeat(1 << 20));
    // Blank cells, and cells right of the widest header, keep nothing and cost all the same.
    for (letter, column) in [(" ", "A"), ("x", "ZZ")] {
        let data = cells(column, (LARGEST_SHEETS >> 20) + 1);
        let bytes = workbook(&[&data], &[("xl/sharedStrings.xml", &megabyte(letter))]);
        assert!(bytes.len() < 1 << 16);
        assert_eq!(read_file(&bytes).unwrap_err(), expected);
    }
    // Half of the budget for each of three sheets.
    let data = cells("A", LARGEST_SHEETS >> 21);
    let sheets = [data.as_str(); 3];
    let bytes = workbook(&sheets, &[("xl/sharedStrings.xml", &megabyte("x"))]);
    assert_eq!(read_file(&bytes).unwrap_err(), expected);
    let bytes = workbook(&sheets[..1], &[("xl/sharedStrings.xml", &megabyte("x"))]);
    assert!(matches!(read_file(&bytes).unwrap_err(), FileError::MissingColumns(_)));
}

#[test]
fn opening_gives_up_at_its_deadline() {
    let bytes = workbook_of(&format!("{HEADER}\n{ROW}\n"));
    assert!(
        open(
            bytes.clone(),
            &Mapping::default(),
            Instant::now() + crate::files::reader::LONGEST_OPENING
        )
        .is_ok()
    );
    let late = open(bytes, &Mapping::default(), Instant::now()).map(|_| ()).unwrap_err();
    assert_eq!(late, FileError::Workbook(WorkbookError::Slow));
    assert!(late.to_string().contains("60 secondes"));
}
