//! The rows of a file that are rejected, with what is wrong with each, as a file to correct and to
//! send again. Made from the file itself whenever it is asked for, and stored nowhere.

use std::time::Instant;

use super::shared_keys::{Claims, SharedKeys, Uncomparable};
use crate::files::column::Column;
use crate::files::problem::{Problem, Severity};
use crate::files::reader::{Conventions, EnrolmentReader, FileError, Next, Row, Step, Survey};
use crate::files::report::table;
use crate::files::row::{RowOutcome, Setting};
use crate::identity::digest::DigestKey;

/// The rejected rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// A table in CSV: `ligne` (and `feuille` for a workbook), `motifs`, then the columns that the
    /// file has, by the names of the format and with its own values, harmless to a spreadsheet.
    pub table: String,
    /// How many rows are in it.
    pub rows: u64,
    /// Whether rows were left out for its size.
    pub is_cut: bool,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum RejectedError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Keys(#[from] Uncomparable),
    /// It takes longer than a person waits for.
    #[error("file takes too long to be read again")]
    TooLong,
}

/// How much may be done.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub until: Instant,
    /// Bytes of the table at most, a row more or less.
    pub most: usize,
}

/// Reads a file once more, as its import did, for the rows that it rejects. `secret` keys the digests
/// by which rows are compared; any will do.
pub fn rejected(
    object: &[u8],
    setting: Setting<'_>,
    secret: &DigestKey,
    bounds: Bounds,
) -> Result<Rejected, RejectedError> {
    let conventions = surveyed(object, setting, bounds)?;
    let mut claims = Claims::default();
    let reader = EnrolmentReader::new(setting, conventions);
    let noted = each(object, reader, bounds, |row, _| match &row.outcome {
        RowOutcome::Accepted { declaration, .. } => Ok(claims.note(secret, declaration)?),
        RowOutcome::Rejected { .. } => Ok(()),
    });
    noted?;
    let mut shared = claims.shared()?;
    let mut rejected = Rejected { table: String::new(), rows: 0, is_cut: false };
    let mut columns = Vec::new();
    let reader = EnrolmentReader::new(setting, conventions).quoting();
    each(object, reader, bounds, |row, reader| {
        let Some(problems) = problems(&row, &mut shared, secret) else { return Ok(()) };
        if rejected.table.is_empty() {
            columns = present(reader);
            rejected.table = head(&row, &columns);
        }
        if rejected.table.len() > bounds.most {
            rejected.is_cut = true;
            return Ok(());
        }
        write(&mut rejected.table, &row, &problems, reader.said(), &columns);
        rejected.rows += 1;
        Ok(())
    })?;
    Ok(rejected)
}

fn surveyed(
    object: &[u8],
    setting: Setting<'_>,
    bounds: Bounds,
) -> Result<Conventions, RejectedError> {
    let mut survey = Survey::new(setting.depositor.mapping().clone());
    let mut is_pushed = false;
    loop {
        match survey.next()? {
            Step::Done(conventions) => return Ok(conventions),
            Step::NeedsBytes if is_pushed => survey.finish(),
            Step::NeedsBytes => {
                survey.push(object);
                is_pushed = true;
            }
            Step::Pause => {}
        }
        in_time(bounds)?;
    }
}

/// Goes through all rows of a file.
fn each(
    object: &[u8],
    mut reader: EnrolmentReader<'_>,
    bounds: Bounds,
    mut look: impl FnMut(Row, &EnrolmentReader<'_>) -> Result<(), RejectedError>,
) -> Result<(), RejectedError> {
    let (mut is_pushed, mut rows) = (false, 0_u64);
    loop {
        match reader.next()? {
            Next::Row(row) => {
                look(row, &reader)?;
                rows += 1;
                // The clock is read now and then.
                if !rows.is_multiple_of(4096) {
                    continue;
                }
            }
            Next::NeedsBytes if is_pushed => reader.finish(),
            Next::NeedsBytes => {
                reader.push(object);
                is_pushed = true;
            }
            Next::Unopened(workbook) => reader.opened(workbook.open()),
            Next::Pause => {}
            Next::Ended => return Ok(()),
        }
        in_time(bounds)?;
    }
}

fn in_time(bounds: Bounds) -> Result<(), RejectedError> {
    if Instant::now() < bounds.until { Ok(()) } else { Err(RejectedError::TooLong) }
}

/// What is wrong with a row that is rejected: what only its neighbours show is, as well.
fn problems(row: &Row, shared: &mut SharedKeys, secret: &DigestKey) -> Option<Vec<Problem>> {
    match &row.outcome {
        RowOutcome::Rejected { problems, .. } => Some(problems.clone()),
        RowOutcome::Accepted { declaration, warnings } => {
            let mut all = shared.problems(secret, declaration, row.place());
            let is_rejected = all.iter().any(|problem| problem.rule.severity() == Severity::Reject);
            all.extend(warnings.iter().copied());
            is_rejected.then_some(all)
        }
    }
}

/// The columns that the file has, by what was found of it.
fn present(reader: &EnrolmentReader<'_>) -> Vec<Column> {
    let detected = reader.detected();
    let found = detected.iter().flat_map(|detected| &detected.columns);
    let found: Vec<Column> = found.map(|found| found.column).collect();
    Column::ALL.into_iter().filter(|column| found.contains(column)).collect()
}

fn head(row: &Row, columns: &[Column]) -> String {
    let mut head = "\u{FEFF}".to_owned();
    let sheet = row.sheet.map(|_| "feuille");
    let names = columns.iter().map(|column| column.name());
    let titles: Vec<&str> =
        ["ligne"].into_iter().chain(sheet).chain(["motifs"]).chain(names).collect();
    table::row(&mut head, &titles);
    head
}

fn write(told: &mut String, row: &Row, problems: &[Problem], said: &[String], columns: &[Column]) {
    let reasons: Vec<String> = problems
        .iter()
        .filter(|problem| problem.rule.severity() == Severity::Reject)
        .map(|problem| match problem.column {
            Some(column) => format!("{} : {}", column.name(), problem.rule.message()),
            None => problem.rule.message().to_owned(),
        })
        .collect();
    let mut values = vec![row.line.to_string()];
    values.extend(row.sheet.map(|sheet| sheet.to_string()));
    values.push(reasons.join(" ; "));
    values.extend(columns.iter().map(|column| {
        let place = Column::ALL.iter().position(|known| known == column);
        place.and_then(|place| said.get(place)).cloned().unwrap_or_default()
    }));
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    table::row(told, &values);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::files::fixtures::depositor;
    use crate::identity::fixtures::keys;

    fn of(file: &str, most: usize) -> Result<Rejected, RejectedError> {
        let depositor = depositor();
        let today = jiff::civil::date(2026, 9, 14);
        let setting = Setting { depositor: &depositor, today, year: None };
        let until = Instant::now() + Duration::from_mins(1);
        rejected(file.as_bytes(), setting, &keys().ine, Bounds { until, most })
    }

    #[test]
    fn rejected_rows_come_with_their_values_and_every_reason() {
        let file = "ine;nomFamille;prenom1;sexe;dateNaissance;uai;dateDebut;dateFin;statut;X\n\
            070578267KH;Quintefeuille;=Zoé;9;2004-13-02;0751967F;2026-09-01;2027-08-31;inscrit;kept out\n\
            broken\n";
        let told = of(file, 1 << 20).unwrap();
        let lines: Vec<&str> = told.table.trim_start_matches('\u{FEFF}').lines().collect();
        assert!(lines[0].starts_with("ligne;motifs;"), "{}", lines[0]);
        assert!(!lines[0].contains('X'));
        assert!(
            lines[1].starts_with("2;") && lines[1].contains("dateNaissance : "),
            "{}",
            lines[1]
        );
        assert!(lines[1].contains("sexe : ") && lines[1].contains(";2004-13-02;"), "{}", lines[1]);
        assert!(lines[1].contains(";'=Zoé;"), "nothing that a spreadsheet computes: {}", lines[1]);
        assert!(lines[2].starts_with("3;"), "{}", lines[2]);
        assert_eq!((told.rows, told.is_cut, lines.len()), (2, false, 3));
        // Corrected, it is a file of the format: what it says beside is not read.
        let again = of(told.table.trim_start_matches('\u{FEFF}'), 1 << 20).unwrap();
        assert_eq!(again.rows, 2);
        let cut = of(file, 1).unwrap();
        assert_eq!((cut.rows, cut.is_cut), (0, true));
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        assert!(matches!(of("nothing", 10), Err(RejectedError::File(_))));
    }
}
