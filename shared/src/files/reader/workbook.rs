//! XLSX: what small schools really send.
//!
//! A workbook can only be read whole, so everything about it is bounded before it is opened: the
//! archive's entries are counted and inflated once to nowhere, because a declared size is only a
//! claim. While it is opened, each part is read once (`guard.rs`) and one budget covers the cells
//! of all its sheets, so the work is in proportion to what was inflated, however many sheets name
//! one part and however many cells name one text. Nothing outside of it is ever opened: external
//! links, macros and images are entries that nobody reads, and the XML reader expands no entity.

use std::io::{Cursor, Read};
use std::time::Instant;

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx, XlsxError};

use super::detected::shortened;
use super::error::{FileError, WorkbookError};
use super::heading::HeaderSearch;
use super::place;
use super::values::Shown;
use crate::domain::uai::Uai;
use crate::files::column::{Column, Header};
use crate::files::mapping::Mapping;
use crate::files::row;
pub(super) use cells::{Cells, Record};
use formulas::FormulaScan;
pub use formulas::Unstored;
use guard::{Guard, Stopped};

mod cells;
mod formulas;
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

/// What the sheets of a workbook may still cost, all together. It is charged for each cell before
/// its text is copied, also for those that are dropped then: a million blank cells may name one
/// text of many megabytes.
struct Budget {
    cells: usize,
    bytes: usize,
}

impl Budget {
    const WHOLE: Self = Self { cells: MOST_CELLS, bytes: LARGEST_SHEETS };

    fn charge(&mut self, value: &DataRef<'_>) -> Result<(), WorkbookError> {
        let (cells, bytes) = match value {
            DataRef::Empty => (0, 0),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                (1, text.len())
            }
            DataRef::SharedString(text) => (1, text.len()),
            // A number of usual length. The longest, 1e308 in full, has 309 digits, which memory
            // has room for.
            DataRef::Int(_)
            | DataRef::Float(_)
            | DataRef::DateTime(_)
            | DataRef::Bool(_)
            | DataRef::Error(_) => (1, 8),
        };
        let left = self.cells.checked_sub(cells).zip(self.bytes.checked_sub(bytes));
        let (cells, bytes) =
            left.ok_or(WorkbookError::LargeSheets { cells: MOST_CELLS, bytes: LARGEST_SHEETS })?;
        *self = Self { cells, bytes };
        Ok(())
    }
}

/// A workbook that was opened: its sheets that hold enrolments, and what the others are called.
pub(super) struct Book {
    /// In the workbook's order, one at least.
    pub(super) sheets: Vec<Sheet>,
    /// Filled sheets that hold none.
    pub(super) passed: Vec<SheetName>,
}

impl Book {
    /// What the values of all sheets show; date cells have no order.
    pub(super) fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        for Sheet { name, cells, header, header_row } in &self.sheets {
            for row in cells.rows().skip(header_row + 1) {
                shown.note(&Record { row, header }, place::of(Some(name.number), row.number()));
            }
        }
        shown
    }
}

/// A sheet of enrolments.
pub(super) struct Sheet {
    pub(super) name: SheetName,
    pub(super) cells: Cells,
    pub(super) header: Header,
    /// The index of the header among the rows.
    pub(super) header_row: usize,
}

/// How a sheet is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetName {
    /// From 1.
    pub number: u16,
    /// What its tab says, without invisible characters.
    pub name: String,
}

impl std::fmt::Display for SheetName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (« {} »)", self.number, self.name)
    }
}

/// Opens a workbook and reads every sheet that holds enrolments: one that is left out would be lost
/// without a word, and a complete file would cancel its students. Gives up at `deadline`, within
/// the time that inflating some kilobytes takes.
///
/// The parser is not ours and its input is anybody's: should it panic, the workbook is damaged, and
/// the process goes on.
pub(super) fn open(
    object: Vec<u8>,
    mapping: &Mapping,
    deadline: Instant,
) -> Result<Book, FileError> {
    std::panic::catch_unwind(|| open_guarded(object, mapping, deadline))
        .unwrap_or(Err(FileError::Workbook(WorkbookError::Damaged)))
}

fn open_guarded(object: Vec<u8>, mapping: &Mapping, deadline: Instant) -> Result<Book, FileError> {
    let stopped = Stopped::default();
    let parts = check(Guard::before(Cursor::new(object.as_slice()), deadline, stopped.clone()))
        .map_err(|error| FileError::Workbook(stopped.or(error)))?;
    let guard = Guard::before(Cursor::new(object), deadline, stopped.clone()).each_once(parts);
    let filled = filled(guard).map_err(|error| FileError::Workbook(stopped.or(error)))?;
    told_apart(filled, mapping)
}

/// A sheet with something in it.
struct Filled {
    name: SheetName,
    hidden: bool,
    cells: Cells,
}

fn filled(guard: Guard<Vec<u8>>) -> Result<Vec<Filled>, WorkbookError> {
    let mut workbook = Xlsx::new(guard).map_err(|_| WorkbookError::Damaged)?;
    let sheets = workbook.sheets_metadata().to_vec();
    if sheets.len() > MOST_SHEETS {
        return Err(WorkbookError::TooManySheets { seen: sheets.len(), most: MOST_SHEETS });
    }
    let mut budget = Budget::WHOLE;
    let mut all = Vec::new();
    for (number, sheet) in (1..).zip(sheets) {
        // A sheet that holds a chart has no cells.
        let Some(cells) = read(&mut workbook, &sheet.name, &mut budget)? else { continue };
        if cells.row(0).is_some() {
            let name = SheetName { number, name: shortened(&sheet.name) };
            all.push(Filled { name, hidden: sheet.visible != SheetVisible::Visible, cells });
        }
    }
    Ok(all)
}

/// Tells sheets of enrolments from notes and lists of codes; refuses the workbook when that is in
/// doubt.
fn told_apart(filled: Vec<Filled>, mapping: &Mapping) -> Result<Book, FileError> {
    let mut book = Book { sheets: Vec::new(), passed: Vec::new() };
    let mut without = None;
    let alone = filled.len() == 1;
    let told = |error, name: &SheetName| if alone { error } else { in_sheet(error, name) };
    for Filled { name, hidden, cells } in filled {
        let (header_row, header) = match find_header(&cells, mapping) {
            Ok(found) => found,
            Err(error) if holds_enrolments(&cells) => return Err(told(error, &name)),
            Err(error) => {
                without.get_or_insert_with(|| told(error, &name));
                book.passed.push(name);
                continue;
            }
        };
        if hidden {
            return Err(FileError::Workbook(WorkbookError::HiddenSheet { sheet: name }));
        }
        book.sheets.push(Sheet { name, cells, header, header_row });
    }
    if book.sheets.is_empty() {
        return Err(without.unwrap_or(FileError::Workbook(WorkbookError::Empty)));
    }
    Ok(book)
}

/// The first row that is a header, under titles if need be.
fn find_header(cells: &Cells, mapping: &Mapping) -> Result<(usize, Header), FileError> {
    let mut search = HeaderSearch::default();
    for (index, row) in cells.rows().enumerate() {
        if let Some(header) = search.look(&row.fields(), row.number(), mapping)? {
            return Ok((index, header));
        }
    }
    Err(search.give_up())
}

/// Whether a sheet without a header holds enrolments all the same: a row that names most columns,
/// or one with a UAI and a date.
fn holds_enrolments(cells: &Cells) -> bool {
    cells.rows().any(|row| {
        let named = row.filled().filter(|field| Column::named(field).is_some()).count();
        named >= Column::REQUIRED.len()
            || row.filled().any(|field| Uai::parse(field).is_ok()) && row.filled().any(row::is_date)
    })
}

fn in_sheet(error: FileError, name: &SheetName) -> FileError {
    FileError::Workbook(WorkbookError::SheetWithoutHeader {
        sheet: name.clone(),
        error: Box::new(error),
    })
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
    let mut unstored = None;
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
        let mut formulas = FormulaScan::default();
        let copied = if held {
            entry.read_to_end(&mut texts).map(|seen| seen as u64)
        } else if name.starts_with("xl/worksheets/") {
            std::io::copy(&mut entry, &mut formulas)
        } else {
            std::io::copy(&mut entry, &mut std::io::sink())
        };
        let seen = copied.map_err(|_| WorkbookError::Damaged)?;
        if seen > limit {
            return Err(WorkbookError::Inflated {
                limit: if held { LARGEST_TEXTS } else { LARGEST_CONTENT },
            });
        }
        if held && !claims_what_it_may(&texts) {
            return Err(WorkbookError::Damaged);
        }
        unstored = unstored.or(formulas.found());
        total += seen;
        if total > LARGEST_CONTENT {
            return Err(WorkbookError::Inflated { limit: LARGEST_CONTENT });
        }
    }
    match unstored {
        _ if !workbook => {
            Err(WorkbookError::NotAWorkbook(foreign.unwrap_or("une archive ZIP sans classeur")))
        }
        Some(unstored) => Err(WorkbookError::UnstoredFormulas(unstored)),
        None => Ok(parts),
    }
}

/// Whether memory for as many texts as are declared may be reserved, which calamine does before it
/// reads any. The declaration is looked for as bytes, wherever it is, so that they must be of an
/// encoding with ASCII in it.
fn claims_what_it_may(texts: &[u8]) -> bool {
    const COUNT: &[u8] = b"uniqueCount";
    // The shortest text is `<si/>`.
    let most = texts.len() as u64 / 5;
    let declared = |at: usize| {
        let value = texts[at + COUNT.len()..].iter().skip_while(|byte| !byte.is_ascii_digit());
        value.take_while(|byte| byte.is_ascii_digit()).fold(0_u64, |number, digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    };
    memchr::memchr(0, texts).is_none()
        && memchr::memmem::find_iter(texts, COUNT).all(|at| declared(at) <= most)
}

/// Reads cell by cell: a sheet with two cells a billion apart has two cells. `None` for a sheet
/// that has no cells by its kind; one that can't be read fails the workbook, since nobody knows
/// what was in it.
fn read(
    workbook: &mut Xlsx<Guard<Vec<u8>>>,
    name: &str,
    budget: &mut Budget,
) -> Result<Option<Cells>, WorkbookError> {
    let mut reader = match workbook.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(None),
        Err(_) => return Err(WorkbookError::Damaged),
    };
    let zeros: Vec<_> = reader
        .styles()
        .iter()
        .map(|style| {
            style.number_format.as_ref().and_then(|format| cells::zeros(&format.format_code))
        })
        .collect();
    let mut sheet = Cells::default();
    while let Some((cell, style)) =
        reader.next_cell_with_style_id().map_err(|_| WorkbookError::Damaged)?
    {
        let (row, column) = cell.get_position();
        budget.charge(cell.get_value())?;
        sheet.push(row, column, cell.get_value(), zeros.get(style).copied().flatten())?;
    }
    Ok(Some(sheet))
}

#[cfg(test)]
pub(super) mod tests;
