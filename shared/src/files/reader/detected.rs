//! What was found out about a file, and where in it one is.

use serde::{Deserialize, Serialize};

use super::charset::Charset;
use super::sniff::{Compression, Format};
use super::text::{LineEnd, Units};
use crate::domain::name::is_invisible;
use crate::files::column::{Column, Header};
use crate::files::row::DateForm;

/// Most unknown columns that are named.
const MOST_UNKNOWN: usize = 50;
/// Longest name of a column that is kept, in characters.
const LONGEST_NAME: usize = 64;

/// What was found out about a file, for the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// What is in it.
    pub format: Format,
    /// What it is wrapped in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// Its encodings, as far as the lines read have shown them; none for a workbook.
    #[serde(rename = "encodages", default, skip_serializing_if = "Vec::is_empty")]
    pub charsets: Vec<Charset>,
    /// Whether it begins with a byte order mark.
    #[serde(rename = "bom", default)]
    pub mark: bool,
    /// What ends its lines; none for a workbook.
    #[serde(rename = "finsDeLigne", default, skip_serializing_if = "Option::is_none")]
    pub line_end: Option<LineEnd>,
    /// What stands between its values.
    #[serde(rename = "separateur", default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Whether values were seen in quotation marks.
    #[serde(rename = "guillemets", default)]
    pub quoted: bool,
    /// The sheet of a workbook that was read, from 1.
    #[serde(rename = "feuille", default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<usize>,
    /// The line of the header; none where each line names its values.
    #[serde(rename = "ligneEnTete", default, skip_serializing_if = "Option::is_none")]
    pub header_line: Option<u64>,
    /// How its dates are written, as far as the lines read have shown it.
    #[serde(rename = "dates", default)]
    pub dates: Vec<DateForm>,
    /// The columns that were recognised.
    #[serde(rename = "colonnes", default)]
    pub columns: Vec<FoundColumn>,
    /// Some of those that were not, as the depositor calls them.
    #[serde(rename = "colonnesInconnues", default)]
    pub unknown: Vec<String>,
}

/// A column that was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundColumn {
    /// Which.
    #[serde(rename = "colonne")]
    pub column: Column,
    /// What the file calls it.
    #[serde(rename = "libelle")]
    pub label: String,
    /// Where it is, from 1; none where each line names its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u16>,
}

impl Detected {
    pub(super) fn new(format: Format, compression: Option<Compression>) -> Self {
        Self {
            format,
            compression,
            charsets: Vec::new(),
            mark: false,
            line_end: None,
            separator: None,
            quoted: false,
            sheet: None,
            header_line: None,
            dates: Vec::new(),
            columns: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Notes where the columns are.
    pub(super) fn set_header<'a>(&mut self, header: &Header, fields: impl Iterator<Item = &'a str>) {
        for (position, field) in fields.enumerate() {
            let field = field.trim();
            let found = Column::named(field).filter(|column| header.position(*column) == Some(position));
            match found {
                Some(column) => {
                    let position = u16::try_from(position + 1).ok();
                    self.columns.push(FoundColumn { column, label: shortened(field), position });
                }
                None if !field.is_empty() => self.note_unknown(field),
                None => {}
            }
        }
    }

    /// Notes a column that a line names itself.
    pub(super) fn note_column(&mut self, column: Column) {
        if !self.columns.iter().any(|found| found.column == column) {
            self.columns.push(FoundColumn { column, label: column.name().to_owned(), position: None });
        }
    }

    /// Notes a column that is not recognised.
    pub(super) fn note_unknown(&mut self, name: &str) {
        if self.unknown.len() < MOST_UNKNOWN {
            let name = shortened(name);
            if !self.unknown.contains(&name) {
                self.unknown.push(name);
            }
        }
    }

    /// The header again.
    fn header(&self, width: u16) -> Option<Header> {
        Header::restored(
            self.columns.iter().filter_map(|found| Some((found.column, found.position?.checked_sub(1)?))),
            width,
        )
    }
}

fn shortened(name: &str) -> String {
    name.chars().filter(|letter| !is_invisible(*letter)).take(LONGEST_NAME).collect()
}

/// Where in a file one is, after some row. Small, holds nothing of the rows, and goes into a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes of the text, inflated if need be, before the next line; 0 for a workbook.
    pub(super) offset: u64,
    /// The line of the last row, from 1.
    pub(super) line: u64,
    /// What was found out, once the header is read.
    pub(super) found: Option<Found>,
}

/// What is needed to go on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) units: Units,
    pub(super) width: u16,
    pub(super) detected: Detected,
}

impl Position {
    /// Where in the object the bytes to push next begin: its start, for what can only be read from there.
    #[must_use]
    pub fn object_offset(&self) -> u64 {
        match &self.found {
            Some(Found { detected: Detected { compression: None, format, .. }, .. }) if *format != Format::Xlsx => {
                self.offset
            }
            _ => 0,
        }
    }

    /// The line of the last row, from 1; 0 before the first.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl Found {
    pub(super) fn header(&self) -> Option<Header> {
        self.detected.header(self.width)
    }
}
