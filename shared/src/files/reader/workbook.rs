//! XLSX: what small schools really send.
//!
//! A workbook can only be read whole, so everything about it is bounded before it is opened: the archive's entries
//! are counted and inflated once to nowhere, because a declared size is only a claim. While it is opened, each part is
//! read once (`guard.rs`) and one budget covers the cells of all its sheets, so the work is in proportion to what was
//! inflated, however many sheets name one part and however many cells name one text. Nothing outside of it is ever
//! opened: external links, macros and images are entries that nobody reads, and the XML reader expands no entity.

use std::io::{Cursor, Read};
use std::time::Instant;

use calamine::{DataRef, Reader as _, Xlsx};

use super::error::{FileError, WorkbookError};
use crate::files::column::{Column, Header};
use crate::files::row::Values;
use guard::{Guard, Stopped};

mod guard;

/// Largest object that is opened. A workbook of 200,000 enrolments has some 20 MB.
pub(super) const LARGEST_OBJECT: usize = 32 << 20;
/// Most that its entries may inflate to, all together.
const LARGEST_CONTENT: u64 = 256 << 20;
/// Most that the entry with its texts may inflate to, which is held in memory.
const LARGEST_TEXTS: u64 = 64 << 20;
/// Most entries: a workbook has a dozen, and one more or two for each sheet and image.
const MOST_ENTRIES: usize = 4_096;
/// Most sheets. An export has one to thirty.
const MOST_SHEETS: usize = 256;
/// Most text of the cells of all sheets, which is held in memory too.
const LARGEST_SHEETS: usize = 64 << 20;
/// Most filled cells of all sheets: 400,000 rows of 20.
const MOST_CELLS: usize = 8_000_000;

/// What the sheets of a workbook may still cost, all together. It is charged for each cell before its text is copied,
/// also for those that are dropped then: a million blank cells may name one text of many megabytes.
struct Budget {
    cells: usize,
    bytes: usize,
}

impl Budget {
    const WHOLE: Self = Self { cells: MOST_CELLS, bytes: LARGEST_SHEETS };

    fn charge(&mut self, value: &DataRef<'_>) -> Result<(), WorkbookError> {
        let (cells, bytes) = match value {
            DataRef::Empty | DataRef::Error(_) => (0, 0),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (1, text.len()),
            DataRef::SharedString(text) => (1, text.len()),
            // A number of usual length. The longest, 1e308 in full, has 309 digits, which memory has room for.
            DataRef::Int(_) | DataRef::Float(_) | DataRef::DateTime(_) | DataRef::Bool(_) => (1, 8),
        };
        let left = self.cells.checked_sub(cells).zip(self.bytes.checked_sub(bytes));
        let (cells, bytes) = left.ok_or(WorkbookError::LargeSheets { cells: MOST_CELLS, bytes: LARGEST_SHEETS })?;
        *self = Self { cells, bytes };
        Ok(())
    }
}

/// The filled cells of a sheet, as text.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    text: String,
    /// Each filled cell: its column, and where its text ends.
    cells: Vec<(u16, u32)>,
    /// Each row with one: its number, from 1, and where its cells end.
    rows: Vec<(u32, u32)>,
}

/// A row of a sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct SheetRow<'a> {
    sheet: &'a Sheet,
    index: usize,
}

impl Sheet {
    pub(super) fn row(&self, index: usize) -> Option<SheetRow<'_>> {
        (index < self.rows.len()).then_some(SheetRow { sheet: self, index })
    }

    /// The index of the first row after this number.
    pub(super) fn after(&self, number: u64) -> usize {
        self.rows.partition_point(|(row, _)| u64::from(*row) <= number)
    }

    fn push(&mut self, row: u32, column: u32, value: &DataRef<'_>) -> Result<(), WorkbookError> {
        let start = self.text.len();
        write(value, &mut self.text);
        if self.text[start..].trim().is_empty() {
            self.text.truncate(start);
            return Ok(());
        }
        // What is right of the widest header is never looked at.
        let Some(column) = u16::try_from(column).ok().filter(|column| usize::from(*column) <= Header::WIDEST) else {
            self.text.truncate(start);
            return Ok(());
        };
        let end = u32::try_from(self.text.len()).map_err(|_| WorkbookError::Damaged)?;
        self.cells.push((column, end));
        let cells = u32::try_from(self.cells.len()).map_err(|_| WorkbookError::Damaged)?;
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
    pub(super) fn number(self) -> u64 {
        u64::from(self.sheet.rows[self.index].0)
    }

    fn cells(self) -> std::ops::Range<usize> {
        let ends = |index: usize| self.sheet.rows[index].1 as usize;
        self.index.checked_sub(1).map_or(0, ends)..ends(self.index)
    }

    fn text(self, cell: usize) -> &'a str {
        let end = |cell: usize| self.sheet.cells[cell].1 as usize;
        &self.sheet.text[cell.checked_sub(1).map_or(0, end)..end(cell)]
    }

    /// Its values from the first column to the last filled one.
    pub(super) fn fields(self) -> Vec<&'a str> {
        let mut fields = Vec::new();
        for cell in self.cells() {
            let column = usize::from(self.sheet.cells[cell].0);
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
            .find(|cell| usize::from(self.sheet.cells[*cell].0) == column)
            .map_or("", |cell| self.text(cell))
    }
}

/// The cells of a row, found by the header.
pub(super) struct Record<'a> {
    pub(super) row: SheetRow<'a>,
    pub(super) header: &'a Header,
}

impl Values for Record<'_> {
    fn value(&self, column: Column) -> &str {
        self.header.position(column).map_or("", |position| self.row.get(position).trim())
    }
}

/// Opens a workbook and reads its first sheet with a header, or if none has one, its first sheet with anything in it.
/// Gives up at `deadline`, within the time that inflating some kilobytes takes.
///
/// The parser is not ours and its input is anybody's: should it panic, the workbook is damaged, and the process goes
/// on.
pub(super) fn open(object: Vec<u8>, deadline: Instant) -> Result<(usize, Sheet), FileError> {
    std::panic::catch_unwind(|| open_guarded(object, deadline))
        .unwrap_or(Err(WorkbookError::Damaged))
        .map_err(FileError::Workbook)
}

fn open_guarded(object: Vec<u8>, deadline: Instant) -> Result<(usize, Sheet), WorkbookError> {
    let stopped = Stopped::default();
    let parts = check(Guard::before(Cursor::new(object.as_slice()), deadline, stopped.clone()))
        .map_err(|error| stopped.or(error))?;
    let guard = Guard::before(Cursor::new(object), deadline, stopped.clone()).each_once(parts);
    first_with_header(guard, &stopped).map_err(|error| stopped.or(error))
}

fn first_with_header(guard: Guard<Vec<u8>>, stopped: &Stopped) -> Result<(usize, Sheet), WorkbookError> {
    let mut workbook = Xlsx::new(guard).map_err(|_| WorkbookError::Damaged)?;
    let names = workbook.sheet_names();
    if names.len() > MOST_SHEETS {
        return Err(WorkbookError::TooManySheets { seen: names.len(), most: MOST_SHEETS });
    }
    let mut budget = Budget::WHOLE;
    let mut first = None;
    for (index, name) in names.into_iter().enumerate() {
        // A sheet that holds a chart has no cells.
        let Some(sheet) = read(&mut workbook, &name, &mut budget, stopped)? else { continue };
        let Some(row) = sheet.row(0) else { continue };
        let labels = row.fields().iter().filter(|field| Column::named(field.trim()).is_some()).count();
        if labels >= Column::REQUIRED.len() {
            return Ok((index + 1, sheet));
        }
        first.get_or_insert((index + 1, sheet));
    }
    first.ok_or(WorkbookError::Empty)
}

/// Refuses what would cost too much to open, and says where the parts of the rest begin.
fn check(object: Guard<&[u8]>) -> Result<Vec<u64>, WorkbookError> {
    let mut archive = zip::ZipArchive::new(object).map_err(|_| WorkbookError::Damaged)?;
    let mut parts = Vec::new();
    if archive.len() > MOST_ENTRIES {
        return Err(WorkbookError::TooManyEntries { seen: archive.len() });
    }
    let mut total = 0;
    let mut workbook = false;
    let mut foreign = None;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| WorkbookError::Damaged)?;
        let name = entry.name().map_err(|_| WorkbookError::Damaged)?.to_ascii_lowercase();
        let held = name.ends_with("sharedstrings.xml");
        if entry.compressed_size() > 0 {
            parts.push(entry.data_start().ok_or(WorkbookError::Damaged)?);
        }
        workbook |= name == "xl/workbook.xml";
        foreign = foreign.or(match name.as_str() {
            "mimetype" => Some("un document OpenDocument (.ods, .odt)"),
            "xl/workbook.bin" => Some("un classeur Excel binaire (.xlsb)"),
            "word/document.xml" => Some("un document Word"),
            "ppt/presentation.xml" => Some("une présentation PowerPoint"),
            _ => None,
        });
        let limit = if held { LARGEST_TEXTS } else { LARGEST_CONTENT - total };
        let mut entry = entry.take(limit + 1);
        let mut texts = Vec::new();
        let copied = if held {
            entry.read_to_end(&mut texts).map(|seen| seen as u64)
        } else {
            std::io::copy(&mut entry, &mut std::io::sink())
        };
        let seen = copied.map_err(|_| WorkbookError::Damaged)?;
        if seen > limit {
            return Err(WorkbookError::Inflated { limit: if held { LARGEST_TEXTS } else { LARGEST_CONTENT } });
        }
        if held && !claims_what_it_may(&texts) {
            return Err(WorkbookError::Damaged);
        }
        total += seen;
        if total > LARGEST_CONTENT {
            return Err(WorkbookError::Inflated { limit: LARGEST_CONTENT });
        }
    }
    if workbook {
        Ok(parts)
    } else {
        Err(WorkbookError::NotAWorkbook(foreign.unwrap_or("une archive ZIP sans classeur")))
    }
}

/// Whether memory for as many texts as are declared may be reserved, which calamine does before it reads any. The
/// declaration is looked for as bytes, wherever it is, so that they must be of an encoding with ASCII in it.
fn claims_what_it_may(texts: &[u8]) -> bool {
    const COUNT: &[u8] = b"uniqueCount";
    // The shortest text is `<si/>`.
    let most = texts.len() as u64 / 5;
    let declared = |at: usize| {
        let value = texts[at + COUNT.len()..].iter().skip_while(|byte| !byte.is_ascii_digit());
        value
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    };
    memchr::memchr(0, texts).is_none() && memchr::memmem::find_iter(texts, COUNT).all(|at| declared(at) <= most)
}

/// Reads cell by cell: a sheet with two cells a billion apart has two cells.
fn read(
    workbook: &mut Xlsx<Guard<Vec<u8>>>,
    name: &str,
    budget: &mut Budget,
    stopped: &Stopped,
) -> Result<Option<Sheet>, WorkbookError> {
    let mut cells = match workbook.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(_) if stopped.is_set() => return Err(WorkbookError::Damaged),
        Err(_) => return Ok(None),
    };
    let mut sheet = Sheet::default();
    while let Some(cell) = cells.next_cell().map_err(|_| WorkbookError::Damaged)? {
        let (row, column) = cell.get_position();
        budget.charge(cell.get_value())?;
        sheet.push(row, column, cell.get_value())?;
    }
    Ok(Some(sheet))
}

/// A cell as its author sees it, more or less: days as `AAAA-MM-JJ`, numbers without a decimal point unless needed.
fn write(value: &DataRef<'_>, text: &mut String) {
    use std::fmt::Write as _;
    // Writing to a string never fails.
    let _ = match value {
        DataRef::Int(number) => write!(text, "{number}"),
        DataRef::Float(number) => write!(text, "{number}"),
        DataRef::String(value) => text.write_str(value),
        DataRef::SharedString(value) => text.write_str(value),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            write!(text, "{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(length) => write!(text, "{}", length.as_f64()),
        DataRef::DateTimeIso(moment) => text.write_str(moment.get(..10).unwrap_or(moment)),
        DataRef::DurationIso(length) => text.write_str(length),
        DataRef::Bool(value) => text.write_str(if *value { "VRAI" } else { "FAUX" }),
        // `#N/A` stands for no value.
        DataRef::Error(_) | DataRef::Empty => Ok(()),
    };
}

#[cfg(test)]
pub(super) mod tests;
