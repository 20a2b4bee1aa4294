//! Reads an enrolment file row by row.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};

use csv_core::ReadRecordResult;

use super::column::{Column, Header, HeaderError};
use super::lines::{Charset, Lines};
use super::problem::{Problem, RowRule};
use super::row::{self, Outcome, Setting, Values};
use crate::domain::establishment::Establishment;
use crate::domain::uai::Uai;

/// Longest line, in bytes. A real row has 200 to 400; the limit bounds memory whatever is dropped in the inbox.
pub const LONGEST_LINE: usize = 65_536;
/// Most fields of a line that are looked at.
const MOST_FIELDS: usize = 256;

/// Who sends a file, and for whom.
#[derive(Debug, Clone)]
pub struct Depositor {
    establishment: Establishment,
    sends_for: BTreeMap<Uai, Establishment>,
}

impl Depositor {
    /// `establishment` with the establishments that it may send for, itself included if it may.
    #[must_use]
    pub fn new(establishment: Establishment, sends_for: impl IntoIterator<Item = Establishment>) -> Self {
        Self { establishment, sends_for: sends_for.into_iter().map(|target| (target.uai, target)).collect() }
    }

    /// The depositor itself; its software's code tables apply to the whole file.
    #[must_use]
    pub fn establishment(&self) -> &Establishment {
        &self.establishment
    }

    /// The establishment, if the depositor may send for it.
    #[must_use]
    pub fn may_send_for(&self, uai: Uai) -> Option<&Establishment> {
        self.sends_for.get(&uai)
    }
}

/// One row: accepted or rejected on its own.
#[derive(Debug)]
pub struct Row {
    /// Its line in the file, from 1; the header is line 1.
    pub line: u64,
    /// What it says, or everything that is wrong with it.
    pub outcome: Outcome,
}

/// Why a file can't be read at all.
#[derive(Debug)]
pub enum FileError {
    /// Nothing in it.
    Empty,
    /// Its first line is not text: a spreadsheet, an archive, UTF-16.
    NotText,
    /// Its first line is not our header.
    Header(HeaderError),
    /// The bytes stopped coming: worth another try.
    Io(io::Error),
}

/// In French, for the registrar: it ends in the report.
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("le fichier est vide"),
            Self::NotText => f.write_str("le fichier n'est pas un texte CSV en UTF-8 ou en Windows-1252"),
            Self::Header(HeaderError::Missing(columns)) => {
                f.write_str("l'en-tête ne contient pas les colonnes obligatoires : ")?;
                for (index, column) in columns.iter().enumerate() {
                    write!(f, "{}{column}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Header(HeaderError::Duplicate(column)) => {
                write!(f, "la colonne {column} figure deux fois dans l'en-tête")
            }
            Self::Io(_) => f.write_str("la lecture du fichier a été interrompue"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Empty | Self::NotText | Self::Header(_) => None,
        }
    }
}

/// Reads rows from any stream, holding one line at a time.
pub struct EnrolmentReader<'a, R> {
    lines: Lines<R>,
    charset: Charset,
    splitter: Splitter,
    header: Header,
    setting: Setting<'a>,
}

impl<'a, R: BufRead> EnrolmentReader<'a, R> {
    /// Reads the header.
    pub fn new(input: R, setting: Setting<'a>) -> Result<Self, FileError> {
        let mut lines = Lines::new(input, LONGEST_LINE);
        let mut charset = Charset::default();
        let first = loop {
            let line = lines.next().map_err(FileError::Io)?.ok_or(FileError::Empty)?;
            let bytes = line.bytes.ok_or(FileError::NotText)?;
            if bytes.contains(&0) {
                return Err(FileError::NotText);
            }
            let bytes = if line.number == 1 { charset.strip_byte_order_mark(bytes) } else { bytes };
            if !bytes.trim_ascii().is_empty() {
                break charset.decode(bytes).ok_or(FileError::NotText)?.into_owned();
            }
        };
        let mut splitter = Splitter::new(delimiter(&first));
        let fields = splitter.split(&first).map_err(|_| FileError::NotText)?;
        let header = Header::parse(fields.iter().copied()).map_err(FileError::Header)?;
        Ok(Self { lines, charset, splitter, header, setting })
    }

    /// The next row that isn't blank, `None` at the end.
    pub fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        loop {
            let Some(line) = self.lines.next().map_err(FileError::Io)? else { return Ok(None) };
            let number = line.number;
            let whole = |rule| {
                let outcome = Outcome::Rejected { problems: vec![Problem { column: None, rule }], about: None };
                Some(Row { line: number, outcome })
            };
            let Some(bytes) = line.bytes else { return Ok(whole(RowRule::LigneTropLongue)) };
            let Some(text) = self.charset.decode(bytes) else { return Ok(whole(RowRule::CaracteresIllisibles)) };
            let fields = match self.splitter.split(&text) {
                Ok(fields) => fields,
                Err(rule) => return Ok(whole(rule)),
            };
            // Spreadsheets leave lines of nothing but separators at the end.
            if fields.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            if fields.len() != self.header.width() {
                return Ok(whole(RowRule::NombreDeChamps));
            }
            return Ok(Some(Row {
                line: number,
                outcome: row::read(&Fields { fields: &fields, header: &self.header }, self.setting),
            }));
        }
    }

    /// Bytes read so far, for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }
}

/// The fields of a line, found by the header.
struct Fields<'a> {
    fields: &'a [&'a str],
    header: &'a Header,
}

impl Values for Fields<'_> {
    fn value(&self, column: Column) -> &str {
        self.header.position(column).and_then(|position| self.fields.get(position)).map_or("", |field| field.trim())
    }
}

/// `;` or `,`, whichever the header has more of outside quotation marks.
fn delimiter(header: &str) -> u8 {
    let mut quoted = false;
    let (mut semicolons, mut commas) = (0_usize, 0_usize);
    for byte in header.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => semicolons += 1,
            b',' if !quoted => commas += 1,
            _ => {}
        }
    }
    if commas > semicolons { b',' } else { b';' }
}

/// Splits a line into fields with the csv crate's own state machine.
struct Splitter {
    machine: csv_core::Reader,
    line: Vec<u8>,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        // Unquoting only shortens a line, and decoding windows-1252 makes it three times as long at most.
        Self {
            machine: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            line: Vec::new(),
            output: vec![0; 3 * LONGEST_LINE + 1],
            ends: vec![0; MOST_FIELDS],
        }
    }

    fn split(&mut self, line: &str) -> Result<Vec<&str>, RowRule> {
        self.line.clear();
        self.line.extend_from_slice(line.as_bytes());
        // The end of line closes the last field, unless a quotation mark is still open: then it is taken for
        // part of the field, and the record for unfinished.
        self.line.push(b'\n');
        // Whatever the last line left unfinished is forgotten.
        self.machine.reset();
        let (result, consumed, _, ended) = self.machine.read_record(&self.line, &mut self.output, &mut self.ends);
        match result {
            ReadRecordResult::Record if consumed == self.line.len() => {}
            ReadRecordResult::OutputEndsFull => return Err(RowRule::NombreDeChamps),
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull if !line.trim().is_empty() => {
                return Err(RowRule::GuillemetNonFerme);
            }
            // A carriage return within the line ends a record before the line does.
            ReadRecordResult::Record => return Err(RowRule::CaracteresIllisibles),
            // A blank line.
            _ => return Ok(Vec::new()),
        }
        let mut start = 0;
        let mut fields = Vec::with_capacity(ended);
        for end in &self.ends[..ended] {
            let field = std::str::from_utf8(&self.output[start..*end]).map_err(|_| RowRule::CaracteresIllisibles)?;
            fields.push(field);
            start = *end;
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests;
