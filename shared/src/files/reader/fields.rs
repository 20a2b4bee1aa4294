//! A line of delimited values.

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter};

use super::LONGEST_LINE;
use crate::files::column::{Column, Header};
use crate::files::problem::RowRule;
use crate::files::row::Values;

/// What may stand between two values.
pub(super) const SEPARATORS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Splits lines: on the separator alone where there is no quotation mark, which is most of them,
/// else with the csv crate's own state machine.
pub(super) struct Splitter {
    separator: u8,
    /// Whether any line had a quotation mark.
    quoted: bool,
    machine: csv_core::Reader,
    line: Vec<u8>,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
    places: Vec<(u32, u32)>,
}

/// The fields of a line.
pub(super) struct Fields<'a> {
    text: &'a str,
    places: &'a [(u32, u32)],
}

impl<'a> Fields<'a> {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        let Self { text, places } = *self;
        places
            .iter()
            .map(move |(start, end)| text.get(*start as usize..*end as usize).unwrap_or_default())
    }

    pub(super) fn get(&self, position: usize) -> &'a str {
        let place = self.places.get(position);
        place
            .and_then(|(start, end)| self.text.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }
}

impl Splitter {
    pub(super) fn new(separator: u8) -> Self {
        Self {
            separator,
            quoted: false,
            machine: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            line: Vec::new(),
            unquoted: Vec::new(),
            ends: Vec::new(),
            places: Vec::with_capacity(Header::WIDEST + 1),
        }
    }

    /// Whether there is nothing on the line but separators and blanks: spreadsheets leave such
    /// lines at the end.
    pub(super) fn is_blank(&self, line: &str) -> bool {
        line.chars().all(|letter| {
            letter.is_whitespace() || letter == char::from(self.separator) || letter == '"'
        })
    }

    /// Whether any line had a quotation mark.
    pub(super) fn quoted(&self) -> bool {
        self.quoted
    }

    /// The fields of a line, one more than [`Header::WIDEST`] at most.
    pub(super) fn split<'a>(&'a mut self, line: &'a str) -> Result<Fields<'a>, RowRule> {
        self.places.clear();
        if memchr(b'"', line.as_bytes()).is_some() {
            self.quoted = true;
            return self.split_quoted(line);
        }
        let mut start = 0;
        for end in memchr_iter(self.separator, line.as_bytes())
            .chain([line.len()])
            .take(Header::WIDEST + 1)
        {
            self.places.push(place(start, end));
            start = end + 1;
        }
        Ok(Fields { text: line, places: &self.places })
    }

    fn split_quoted(&mut self, line: &str) -> Result<Fields<'_>, RowRule> {
        self.line.clear();
        self.line.extend_from_slice(line.as_bytes());
        // The end of line closes the last field, unless a quotation mark is still open: then it is
        // taken for part of the field, and the record for unfinished.
        self.line.push(b'\n');
        // Unquoting only shortens a line, and decoding makes it three times as long at most.
        self.unquoted.resize(3 * LONGEST_LINE + 1, 0);
        self.ends.resize(Header::WIDEST + 1, 0);
        // Whatever the last line left unfinished is forgotten.
        self.machine.reset();
        let (result, consumed, _, ended) =
            self.machine.read_record(&self.line, &mut self.unquoted, &mut self.ends);
        match result {
            ReadRecordResult::Record if consumed == self.line.len() => {}
            // A carriage return within the line ends a record before the line does.
            ReadRecordResult::Record => return Err(RowRule::CaracteresIllisibles),
            ReadRecordResult::OutputEndsFull => return Err(RowRule::NombreDeChamps),
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {
                return Err(RowRule::GuillemetNonFerme);
            }
        }
        let mut start = 0;
        for end in &self.ends[..ended] {
            self.places.push(place(start, *end));
            start = *end;
        }
        let text = std::str::from_utf8(&self.unquoted[..start])
            .map_err(|_| RowRule::CaracteresIllisibles)?;
        Ok(Fields { text, places: &self.places })
    }
}

/// A line, and so a place in it, is far below the bounds of a `u32`.
fn place(start: usize, end: usize) -> (u32, u32) {
    (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}

/// The separator of a header: the one under which it names most columns, then the one that it has
/// most of.
pub(super) fn separator(header: &str) -> u8 {
    let score = |separator: &u8| {
        let mut splitter = Splitter::new(*separator);
        let Ok(fields) = splitter.split(header) else { return (0, 0) };
        (fields.iter().filter(|field| Column::named(field.trim()).is_some()).count(), fields.len())
    };
    // The first of the best: a header of one column has no separator.
    SEPARATORS.into_iter().rev().max_by_key(score).unwrap_or(b';')
}

/// The fields of a line, found by the header.
pub(super) struct Record<'a> {
    pub(super) fields: &'a Fields<'a>,
    pub(super) header: &'a Header,
}

impl Values for Record<'_> {
    fn value(&self, column: Column) -> &str {
        self.header.position(column).map_or("", |position| self.fields.get(position).trim())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_separator_is_the_one_that_names_columns() {
        for (header, expected) in [
            ("ine;uai", b';'),
            ("ine,uai;statut,sexe", b','),
            ("ine\tuai", b'\t'),
            ("ine|uai", b'|'),
            ("\"ine\",\"a;b;c\",\"uai\"", b','),
            ("a,b", b','),
            ("ine", b';'),
            ("", b';'),
        ] {
            assert_eq!(separator(header), expected, "{header}");
        }
    }

    #[test]
    fn a_field_too_many_is_seen_and_no_more_are() {
        let line = "x;".repeat(1_000_000);
        assert_eq!(Splitter::new(b';').split(&line).unwrap().len(), Header::WIDEST + 1);
        assert!(
            Splitter::new(b';')
                .split(&"\"x\";".repeat(1_000))
                .is_err_and(|rule| rule == RowRule::NombreDeChamps)
        );
    }

    proptest! {
        #[test]
        fn quoted_or_not_fields_are_the_same(fields in prop::collection::vec("[a-zé ]{0,5}", 1..8)) {
            let mut plain = Splitter::new(b';');
            let mut quoted = Splitter::new(b';');
            let line = fields.join(";");
            let marked = fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(";");
            let plain: Vec<_> = plain.split(&line).unwrap().iter().map(str::to_owned).collect();
            let quoted: Vec<_> = quoted.split(&marked).unwrap().iter().map(str::to_owned).collect();
            prop_assert_eq!(&plain, &fields);
            prop_assert_eq!(&quoted, &fields);
        }
    }
}
