//! What a file calls its columns, from its first bytes, whether they make a header or not: to be shown
//! to who sent it, and to nobody else.

use super::error::{FileError, WorkbookError};
use super::survey::{Conventions, Step, Survey};
use super::{EnrolmentReader, Next};
use crate::files::row::Setting;

/// The fields of the header, or of the line that is most like one; `None` where there is none, as in
/// NDJSON. `is_whole` says whether these are all of the file's bytes: a workbook is opened only then.
#[must_use]
pub fn labels(bytes: &[u8], is_whole: bool, setting: Setting<'_>) -> Option<Vec<String>> {
    let mut reader = EnrolmentReader::new(setting, conventions(bytes, is_whole, setting));
    reader.push(bytes);
    if is_whole {
        reader.finish();
    }
    let labels = loop {
        match reader.next() {
            Ok(Next::Unopened(workbook)) => reader.opened(workbook.open()),
            Ok(Next::Pause) => {}
            Ok(Next::Row(_) | Next::NeedsBytes | Next::Ended) => {
                break Some(reader.labels().to_vec());
            }
            Err(error) => break missing(&error),
        }
    };
    labels.filter(|labels| labels.iter().any(|label| !label.trim().is_empty()))
}

fn missing(error: &FileError) -> Option<Vec<String>> {
    match error {
        FileError::MissingColumns(missing) => Some(missing.fields().to_vec()),
        FileError::Workbook(WorkbookError::SheetWithoutHeader { error, .. }) => missing(error),
        _ => None,
    }
}

/// The encoding of the lines that are there.
fn conventions(bytes: &[u8], is_whole: bool, setting: Setting<'_>) -> Conventions {
    let mut survey = Survey::new(setting.depositor.mapping().clone());
    survey.push(bytes);
    if is_whole {
        survey.finish();
    }
    loop {
        match survey.next() {
            Ok(Step::Done(conventions)) => return conventions,
            Ok(Step::Pause) => {}
            Ok(Step::NeedsBytes) | Err(_) => return survey.so_far(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::column::Column;
    use crate::files::fixtures::{HEADER, ROW, depositor, drain, setting};
    use crate::files::mapping::Mapping;
    use crate::files::reader::Survey;
    use crate::files::row::RowOutcome;

    fn own_header() -> String {
        HEADER.replace("dateNaissance", "DT_NÉ").replace("statut", "SIT")
    }

    #[test]
    fn labels_are_those_of_the_file_whatever_they_are() {
        let depositor = depositor();
        let rows = format!("{ROW}\r\n").repeat(1_000);
        let file = format!("Liste\r\n{}\r\n{rows}", own_header());
        let expected: Vec<_> = own_header().split(';').map(str::to_owned).collect();
        let latin = encoding_rs::WINDOWS_1252.encode(&file).0.into_owned();
        for bytes in [file.as_bytes(), &latin] {
            for is_whole in [true, false] {
                let told = labels(bytes, is_whole, setting(&depositor));
                assert_eq!(told.as_deref(), Some(expected.as_slice()), "{is_whole}");
            }
        }
        let known = format!("{HEADER}\n{ROW}\n");
        let expected: Vec<_> = HEADER.split(';').map(str::to_owned).collect();
        assert_eq!(labels(known.as_bytes(), true, setting(&depositor)), Some(expected));
        for nothing in ["{\"ine\":\"x\"}\n", "", "\u{0}\u{1}"] {
            assert_eq!(labels(nothing.as_bytes(), true, setting(&depositor)), None, "{nothing}");
        }
    }

    #[test]
    fn a_file_is_read_by_the_labels_of_its_establishment() {
        let mapping = Mapping::new([
            ("dt né".to_owned(), Some(Column::DateNaissance)),
            ("SIT".to_owned(), Some(Column::Statut)),
        ]);
        let depositor = depositor().calling(mapping.unwrap());
        let file = format!("{}\n{ROW}\n", own_header().replace("DT_NÉ", "DT NÉ"));
        let mut survey = Survey::new(depositor.mapping().clone());
        survey.push(file.as_bytes());
        survey.finish();
        let Ok(Step::Done(conventions)) = survey.next() else { panic!("surveyed") };
        let mut reader = EnrolmentReader::new(setting(&depositor), conventions);
        let rows = drain(&mut reader, file.as_bytes(), 7).unwrap();
        assert!(matches!(rows[0].outcome, RowOutcome::Accepted { .. }), "{rows:?}");
        let detected = reader.detected().unwrap();
        let date = detected.columns.iter().find(|found| found.column == Column::DateNaissance);
        assert_eq!(date.map(|found| found.label.as_str()), Some("DT NÉ"));
        assert!(detected.unknown.is_empty());
    }
}
