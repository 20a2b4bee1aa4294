//! Rows to bytes, in any form that the register reads.

mod charset;
mod csv;
mod ndjson;
mod xlsx;

use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use flate2::write::GzEncoder;

pub use charset::Charset;

use crate::column::Column;
use crate::fault::{Fault, Problem};
use crate::generator::Generator;
use crate::row::GeneratedRow;
use crate::settings::{Settings, SettingsError};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// How rows are.
    pub layout: Layout,
    /// What the whole is wrapped in.
    pub compression: Compression,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A line a row, after a header.
    Csv(Csv),
    /// The write contract's JSON, an object a line, no header.
    Ndjson,
    /// The first sheet of a workbook, after a header; whole dates are dates of the spreadsheet.
    Xlsx,
}

/// The habits of the software that writes a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csv {
    /// `;` or `,`.
    pub separator: char,
    /// Lines end with `\r\n` instead of `\n`.
    pub crlf: bool,
    /// Every field is between quotation marks, instead of those that must.
    pub quoted: bool,
    /// What the header calls columns.
    pub header: Header,
    /// How dates are written.
    pub dates: Dates,
    /// The encoding.
    pub charset: Charset,
}

/// What a header calls columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `nomFamille`.
    WireNames,
    /// `Nom de famille`.
    Labels,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// `YYYY-MM-DD`.
    Iso,
    /// `DD/MM/YYYY`, when they are known to the day.
    French,
}

impl Csv {
    /// As the documentation describes it: UTF-8, `;`, wire names, `YYYY-MM-DD`.
    pub const DOCUMENTED: Self = Self {
        separator: ';',
        crlf: false,
        quoted: false,
        header: Header::WireNames,
        dates: Dates::Iso,
        charset: Charset::Utf8,
    };
}

/// What a file is wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip, level 6.
    Gzip,
    /// Zstandard, level 3.
    Zstd,
}

/// What a file holds, for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Rows, the header left out.
    pub rows: u64,
    /// The broken ones among them.
    pub broken: u64,
}

/// Why a file can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no such file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The bytes can't go where they should.
    #[error("the file can't be written")]
    Io(#[from] io::Error),
}

/// Why a text is not a format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a format is csv, ndjson or xlsx; csv and ndjson may be followed by .gz or .zst")]
pub struct FormatError;

impl Format {
    /// A CSV as the documentation describes it.
    pub const CSV: Self =
        Self { layout: Layout::Csv(Csv::DOCUMENTED), compression: Compression::None };
    /// JSON, an object a line.
    pub const NDJSON: Self = Self { layout: Layout::Ndjson, compression: Compression::None };
    /// A workbook.
    pub const XLSX: Self = Self { layout: Layout::Xlsx, compression: Compression::None };

    /// The line of a row, from 1, given its rank among the rows.
    #[must_use]
    pub fn line(&self, number: u64) -> u64 {
        match self.layout {
            Layout::Csv(_) | Layout::Xlsx => number + 1,
            Layout::Ndjson => number,
        }
    }

    /// What the report must say of a row: nothing if it is whole, or if its fault can't be written
    /// in this format, in which case the row is written whole.
    #[must_use]
    pub fn problem(&self, row: &GeneratedRow) -> Option<Problem> {
        match (row.fault?, self.layout) {
            // What is cut there is the object.
            (Fault::OpenQuotationMark, Layout::Ndjson) => {
                Some(Problem { column: None, rule: "json_invalide" })
            }
            // Cells have neither quotation marks nor a number of fields to keep, and objects no
            // fields to add.
            (Fault::OpenQuotationMark, Layout::Xlsx)
            | (Fault::ExtraField, Layout::Ndjson | Layout::Xlsx) => None,
            (fault, _) => Some(fault.problem()),
        }
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let (layout, compression) = match text.split_once('.') {
            None => (text, Compression::None),
            Some((layout, "gz")) => (layout, Compression::Gzip),
            Some((layout, "zst")) => (layout, Compression::Zstd),
            Some(_) => return Err(FormatError),
        };
        match (layout, compression) {
            ("csv", _) => Ok(Self { compression, ..Self::CSV }),
            ("ndjson", _) => Ok(Self { compression, ..Self::NDJSON }),
            // A workbook is compressed as it is.
            ("xlsx", Compression::None) => Ok(Self::XLSX),
            _ => Err(FormatError),
        }
    }
}

/// Writes a file, holding one row at a time.
pub fn write(
    settings: Settings,
    format: Format,
    output: impl Write,
) -> Result<Written, WriteError> {
    let rows = Generator::new(settings)?;
    // On both sides of an encoder, whose calls cost more than a row.
    let output = BufWriter::with_capacity(1 << 16, output);
    let mut written = Written { rows: 0, broken: 0 };
    let rows = rows.inspect(|row| {
        written.rows += 1;
        written.broken += u64::from(format.problem(row).is_some());
    });
    match format.compression {
        Compression::None => write_rows(rows, format.layout, output)?.flush()?,
        Compression::Gzip => {
            let encoder = BufWriter::new(GzEncoder::new(output, flate2::Compression::default()));
            let encoder =
                write_rows(rows, format.layout, encoder)?.into_inner().map_err(io::Error::from)?;
            encoder.finish()?.flush()?;
        }
        Compression::Zstd => {
            let encoder = BufWriter::new(zstd::Encoder::new(output, 3)?);
            let encoder =
                write_rows(rows, format.layout, encoder)?.into_inner().map_err(io::Error::from)?;
            encoder.finish()?.flush()?;
        }
    }
    Ok(written)
}

fn write_rows<W: Write>(
    rows: impl Iterator<Item = GeneratedRow>,
    layout: Layout,
    mut output: W,
) -> io::Result<W> {
    match layout {
        Layout::Csv(habits) => csv::write(rows, habits, &mut output)?,
        Layout::Ndjson => ndjson::write(rows, &mut output)?,
        Layout::Xlsx => return xlsx::write(rows, output),
    }
    Ok(output)
}

/// The three parts of a date that is known to the day; nothing for another value, or a partial
/// birth date.
fn whole_date(column: Column, value: &str) -> Option<(&str, &str, &str)> {
    (column.is_date() && value.len() == 10).then(|| (&value[..4], &value[5..7], &value[8..]))
}

#[cfg(test)]
mod tests;
