//! The filled cells of a sheet, as text.

use calamine::{DataRef, ExcelDateTime};
use jiff::civil::Date;

use super::super::error::WorkbookError;
use crate::files::column::{Column, Header};
use crate::files::row::Values;

/// The last row that a spreadsheet can have.
const LAST_ROW: u32 = 1_048_576;
/// From here on a number of a spreadsheet has lost digits: it keeps fifteen.
const FIRST_INEXACT: f64 = 1e15;
/// How far from midnight, in seconds, a day may be: `SheetJS` writes the seconds by which local
/// time differed from Greenwich before there were zones.
const NEAR_MIDNIGHT: u32 = 60;
const A_DAY: u32 = 86_400;

/// The filled cells of a sheet, as text.
#[derive(Debug, Default)]
pub(in crate::files::reader) struct Cells {
    text: String,
    /// Each filled cell: its column, and where its text ends.
    filled: Vec<(u16, u32)>,
    /// Each row with one: its number, from 1, and where its cells end.
    rows: Vec<(u32, u32)>,
}

/// A row of a sheet.
#[derive(Debug, Clone, Copy)]
pub(in crate::files::reader) struct SheetRow<'a> {
    sheet: &'a Cells,
    index: usize,
}

impl Cells {
    pub(in crate::files::reader) fn row(&self, index: usize) -> Option<SheetRow<'_>> {
        (index < self.rows.len()).then_some(SheetRow { sheet: self, index })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = SheetRow<'_>> {
        (0..self.rows.len()).map(|index| SheetRow { sheet: self, index })
    }

    /// The index of the first row after this number.
    pub(in crate::files::reader) fn after(&self, number: u64) -> usize {
        self.rows.partition_point(|(row, _)| u64::from(*row) <= number)
    }

    /// Keeps a cell. `zeros` is how many digits its format shows at least, for a format of zeros
    /// only.
    pub(super) fn push(
        &mut self,
        row: u32,
        column: u32,
        value: &DataRef<'_>,
        zeros: Option<usize>,
    ) -> Result<(), WorkbookError> {
        if row >= LAST_ROW {
            return Err(WorkbookError::Damaged);
        }
        let start = self.text.len();
        write(value, zeros, &mut self.text);
        if self.text[start..].trim().is_empty() {
            self.text.truncate(start);
            return Ok(());
        }
        // What is right of the widest header is never looked at.
        let Some(column) =
            u16::try_from(column).ok().filter(|column| usize::from(*column) <= Header::WIDEST)
        else {
            self.text.truncate(start);
            return Ok(());
        };
        let end = u32::try_from(self.text.len()).map_err(|_| WorkbookError::Damaged)?;
        self.filled.push((column, end));
        let cells = u32::try_from(self.filled.len()).map_err(|_| WorkbookError::Damaged)?;
        match self.rows.last_mut() {
            Some((number, _)) if *number > row + 1 => return Err(WorkbookError::Disordered),
            Some((number, end)) if *number == row + 1 => *end = cells,
            _ => self.rows.push((row + 1, cells)),
        }
        Ok(())
    }
}

impl<'a> SheetRow<'a> {
    /// From 1.
    pub(in crate::files::reader) fn number(self) -> u64 {
        u64::from(self.sheet.rows[self.index].0)
    }

    fn cells(self) -> std::ops::Range<usize> {
        let ends = |index: usize| self.sheet.rows[index].1 as usize;
        self.index.checked_sub(1).map_or(0, ends)..ends(self.index)
    }

    fn text(self, cell: usize) -> &'a str {
        let end = |cell: usize| self.sheet.filled[cell].1 as usize;
        &self.sheet.text[cell.checked_sub(1).map_or(0, end)..end(cell)]
    }

    /// Its filled cells.
    pub(super) fn filled(self) -> impl Iterator<Item = &'a str> {
        self.cells().map(move |cell| self.text(cell).trim())
    }

    /// Its values from the first column to the last filled one.
    pub(in crate::files::reader) fn fields(self) -> Vec<&'a str> {
        let mut fields = Vec::new();
        for cell in self.cells() {
            let column = usize::from(self.sheet.filled[cell].0);
            if fields.len() <= column {
                fields.resize(column, "");
                fields.push(self.text(cell));
            }
        }
        fields
    }

    fn get(self, column: usize) -> &'a str {
        let cells = self.cells();
        cells
            .into_iter()
            .find(|cell| usize::from(self.sheet.filled[*cell].0) == column)
            .map_or("", |cell| self.text(cell))
    }
}

/// The cells of a row, found by the header.
pub(in crate::files::reader) struct Record<'a> {
    pub(in crate::files::reader) row: SheetRow<'a>,
    pub(in crate::files::reader) header: &'a Header,
}

impl Values for Record<'_> {
    fn value(&self, column: Column) -> &str {
        self.header.position(column).map_or("", |position| self.row.get(position).trim())
    }
}

/// How many digits a format of zeros only shows at least: `00000000` shows 1234567 as 01234567.
pub(super) fn zeros(format: &str) -> Option<usize> {
    (!format.is_empty() && format.bytes().all(|byte| byte == b'0')).then_some(format.len())
}

/// A cell as its author sees it, more or less: days as `AAAA-MM-JJ`, numbers without a decimal
/// point unless needed. A number that has lost digits is written with its exponent, which no column
/// of codes takes.
fn write(value: &DataRef<'_>, zeros: Option<usize>, text: &mut String) {
    use std::fmt::Write as _;
    // Writing to a string never fails.
    let _ = match value {
        DataRef::Int(number) => write!(text, "{number:0width$}", width = zeros.unwrap_or_default()),
        DataRef::Float(number) if number.abs() >= FIRST_INEXACT => {
            let number = format!("{number:E}");
            write!(text, "{}", number.replacen('E', "E+", 1))
        }
        DataRef::Float(number) if number.fract() == 0.0 => {
            write!(text, "{number:0width$}", width = zeros.unwrap_or_default())
        }
        DataRef::Float(number) => write!(text, "{number}"),
        DataRef::String(value) => text.write_str(value),
        DataRef::SharedString(value) => text.write_str(value),
        DataRef::DateTime(moment) if moment.is_datetime() => write_moment(moment, text),
        DataRef::DateTime(length) => write!(text, "{}", length.as_f64()),
        // The hour is read as that of a text is: only midnight is a day.
        DataRef::DateTimeIso(moment) => text.write_str(moment),
        DataRef::DurationIso(length) => text.write_str(length),
        DataRef::Bool(value) => text.write_str(if *value { "VRAI" } else { "FAUX" }),
        // `#N/A`: no value, which is told where the column may be blank.
        DataRef::Error(error) => write!(text, "{error}"),
        DataRef::Empty => Ok(()),
    };
}

/// A day, or a day and its hour when that isn't midnight: a program that writes local midnights in
/// the time of Greenwich (`ExcelJS` does) puts 23:00 of the day before, and which day was meant is
/// not ours to say.
fn write_moment(moment: &ExcelDateTime, text: &mut String) -> std::fmt::Result {
    use std::fmt::Write as _;
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let seconds = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second);
    if seconds <= NEAR_MIDNIGHT {
        return write!(text, "{year:04}-{month:02}-{day:02}");
    }
    let next = |text: &mut String| {
        let date = Date::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        )
        .ok()?;
        write!(text, "{}", date.tomorrow().ok()?).ok()
    };
    if seconds >= A_DAY - NEAR_MIDNIGHT && next(text).is_some() {
        return Ok(());
    }
    write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}
