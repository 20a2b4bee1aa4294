//! Tables as CSV and JSON.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};

use super::File;
use super::coverage::Covered;
use crate::tables::published::{Row, Table, Told};

pub(crate) const JSON: &str = "application/json; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";
/// The columns of counts, after those of codes.
const STUDENTS: &str = "effectif";
const ENROLMENTS: &str = "inscriptions";
pub(super) const STATE: &str = "etat";
/// The columns of coverage, before its state.
pub(super) const UAI: &str = "uai";
pub(super) const NAME: &str = "nom";
pub(super) const DAY: &str = "dernier_versement";
pub(super) const SHARE: &str = "part_attendue";
const PUBLISHED: &str = "publié";
const SECRET: &str = "secret";
/// A measure that the row can't have.
const PURPOSELESS: &str = "sans_objet";

/// A file can't be written, or isn't one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("a table could not be written as CSV")]
    Csv,
    #[error("a document could not be written as JSON")]
    Json,
    #[error("a page could not be written as HTML")]
    Html,
    #[error("definitions could not be written")]
    Text,
    #[error("a table could not be written as Parquet")]
    Parquet,
    #[error("line {line} is not a row of the table: {expected}")]
    Row { line: usize, expected: &'static str },
}

/// The names of a table's columns.
pub(super) fn heading(table: &Table) -> Vec<&'static str> {
    let mut names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    names.push(STUDENTS);
    if !table.people_only {
        names.push(ENROLMENTS);
    }
    names.push(STATE);
    names
}

/// What is said of a row beside its counts.
pub(super) fn state_of(told: Told) -> &'static str {
    match told {
        Told::Counts { .. } => PUBLISHED,
        Told::Secret => SECRET,
    }
}

/// The same of an establishment's last feed.
pub(super) fn state_of_feed(last_feed: Option<Date>) -> &'static str {
    if last_feed.is_some() { PUBLISHED } else { PURPOSELESS }
}

/// A file of rows under a heading, in UTF-8 with `;`.
pub(crate) fn csv_file(
    name: &str,
    heading: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<File, FormatError> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(heading).map_err(|_| FormatError::Csv)?;
    for row in rows {
        writer.write_record(row).map_err(|_| FormatError::Csv)?;
    }
    let content = writer.into_inner().map_err(|_| FormatError::Csv)?;
    Ok(File { name: name.to_owned(), media_type: CSV, content })
}

/// A document.
pub(crate) fn json_file(name: &str, content: &impl Serialize) -> Result<File, FormatError> {
    let content = serde_json::to_vec_pretty(content).map_err(|_| FormatError::Json)?;
    Ok(File { name: name.to_owned(), media_type: JSON, content })
}

/// The same for whoever reads no file: a third as long.
pub(crate) fn compact_json_file(name: &str, content: &impl Serialize) -> Result<File, FormatError> {
    let content = serde_json::to_vec(content).map_err(|_| FormatError::Json)?;
    Ok(File { name: name.to_owned(), media_type: JSON, content })
}

pub(super) fn csv(table: &Table, rows: &[Row]) -> Result<File, FormatError> {
    let line = |row: &Row| {
        let mut cells = row.codes.clone();
        let (students, enrolments) = match row.told {
            Told::Counts { students, enrolments } => {
                (students.to_string(), enrolments.unwrap_or_default().to_string())
            }
            Told::Secret => (String::new(), String::new()),
        };
        cells.push(students);
        if !table.people_only {
            cells.push(enrolments);
        }
        cells.push(state_of(row.told).to_owned());
        cells
    };
    csv_file(&format!("{}.csv", table.name), &heading(table), rows.iter().map(line))
}

pub(super) fn json(table: &Table, rows: &[Row]) -> Result<File, FormatError> {
    let object = |row: &Row| -> Value {
        let codes = row.codes.iter().map(|code| Value::from(code.as_str()));
        let mut object: Map<String, Value> =
            table.columns.iter().map(|column| column.name.to_owned()).zip(codes).collect();
        let (students, enrolments) = match row.told {
            Told::Counts { students, enrolments } => {
                (Value::from(students), Value::from(enrolments))
            }
            Told::Secret => (Value::Null, Value::Null),
        };
        object.insert(STUDENTS.to_owned(), students);
        if !table.people_only {
            object.insert(ENROLMENTS.to_owned(), enrolments);
        }
        object.insert(STATE.to_owned(), state_of(row.told).into());
        Value::Object(object)
    };
    let rows: Vec<Value> = rows.iter().map(object).collect();
    let content = serde_json::to_vec(&rows).map_err(|_| FormatError::Json)?;
    Ok(File { name: format!("{}.json", table.name), media_type: JSON, content })
}

/// When each establishment was last fed, and how much of what was expected is there.
pub(super) fn coverage(rows: &[Covered<'_>]) -> Result<File, FormatError> {
    let row = |one: &Covered<'_>| {
        vec![
            one.uai.to_owned(),
            one.name.to_owned(),
            one.last_feed.map(|day| day.to_string()).unwrap_or_default(),
            one.share.map(|share| share.to_string()).unwrap_or_default(),
            state_of_feed(one.last_feed).to_owned(),
        ]
    };
    csv_file("couverture.csv", &[UAI, NAME, DAY, SHARE, STATE], rows.iter().map(row))
}

/// The rows of a table, read back from its CSV.
pub fn read_csv(table: &Table, content: &[u8]) -> Result<Vec<Row>, FormatError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(content);
    let wrong = |line: usize, expected: &'static str| FormatError::Row { line, expected };
    let names = reader.headers().map_err(|_| wrong(1, "a heading"))?;
    if names.iter().ne(heading(table)) {
        return Err(wrong(1, "the heading of the table"));
    }
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let line = at + 2;
        let record = record.map_err(|_| wrong(line, "as many values as the heading has"))?;
        let codes: Vec<String> =
            record.iter().take(table.columns.len()).map(str::to_owned).collect();
        let counts: Vec<&str> = record.iter().skip(table.columns.len()).collect();
        let count = |at: usize| counts.get(at).and_then(|text| text.parse::<i64>().ok());
        let told = match (counts.last(), count(0)) {
            (Some(&PUBLISHED), Some(students)) => {
                let enrolments = (!table.people_only).then(|| count(1)).flatten();
                Told::Counts { students, enrolments }
            }
            (Some(&SECRET), None) => Told::Secret,
            _ => return Err(wrong(line, "a count and `publié`, or `secret` without one")),
        };
        rows.push(Row { codes, told });
    }
    Ok(rows)
}
