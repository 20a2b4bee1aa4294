//! Reads an enrolment file in two passes, from bytes that are pushed as they come.
//!
//! ```text
//! object's bytes ─► what is it? ─┬─ CSV, NDJSON ─────────────► lines ─┬─► survey ─► conventions
//!                   (source.rs)  ├─ gzip, zstd ─► inflated ──►        └─► text ─► fields ─► row
//!                                └─ XLSX, whole ─► cells of each sheet ────────────────────►
//! ```
//!
//! The first pass ([`Survey`]) finds what only all lines together show: the encoding, and whether
//! dates have the day first. The second ([`EnrolmentReader`]) reads rows by it.
//!
//! Nothing here waits, so one thread can read several files while it writes; and whatever is
//! decided depends on the bytes alone, never on how they were cut into pushes.

use std::time::{Duration, Instant};

use super::mapping::Mapping;
use super::problem::RowRule;
use super::row::{Memory, RowOutcome, Setting};

mod charset;
mod detected;
mod error;
mod fields;
mod head;
mod heading;
mod inflate;
mod likelihood;
mod lines;
pub mod place;
mod sniff;
mod source;
mod survey;
mod text;
mod values;
mod workbook;

pub use super::depositor::Depositor;
pub use charset::Charset;
pub use detected::{Detected, FoundColumn, FoundSheet, Position};
pub use error::{FileError, WorkbookError};
pub use head::labels;
pub use heading::Missing;
pub use likelihood::Doubt;
pub use sniff::{Compression, Format};
pub use survey::{Conventions, Step, Survey, SurveyPosition};
pub use text::LineEnd;
pub use values::{MonthFirst, Order};
pub use workbook::{SheetName, Unstored};

use charset::Decoder;
use detected::Found;
use fields::Splitter;
use heading::{Heading, Table};
use lines::{Layout, LineReader, Reading, broken};
use source::{Form, Kept, Source, Supply};
use text::Units;
use workbook::Book;

/// Longest line, in bytes. A real row has 200 to 400; the limit bounds memory whatever is dropped
/// in the inbox.
pub const LONGEST_LINE: usize = 65_536;
/// How many times its size a file may inflate to. Rows of one school compress ten times or so, rows
/// that are all alike a hundred times; gzip's own limit is a thousand.
pub const LARGEST_RATIO: u64 = 200;
/// Most that a file may inflate to, in bytes: twenty times the whole country's students.
pub const LARGEST_INFLATED: u64 = 16 << 30;
/// How long a workbook may take to be opened. What one may cost at most takes a sixth of that on a
/// core of today (docs/files.md), so only a machine that is out of breath makes an honest file
/// fail.
pub const LONGEST_OPENING: Duration = Duration::from_mins(1);
/// Steps of inflating that one call of [`EnrolmentReader::next`] or [`Survey::next`] does at most:
/// 4 MiB.
const STEPS_A_CALL: usize = 64;
/// The widest window of a zstd frame, which is held in memory: 8 MiB, that of level 19.
const WIDEST_WINDOW_LOG: u32 = 23;

/// One row: accepted or rejected on its own.
#[derive(Debug)]
pub struct Row {
    /// The number of its sheet in the workbook, from 1; none in a text.
    pub sheet: Option<u16>,
    /// Its line in the file, or in its sheet, from 1.
    pub line: u64,
    /// What it says, or everything that is wrong with it.
    pub outcome: RowOutcome,
}

impl Row {
    /// Its place among all rows of the file: that of a later row is greater, and a sheet comes
    /// after those before it.
    #[must_use]
    pub fn place(&self) -> u64 {
        place::of(self.sheet, self.line)
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    Row(Row),
    /// Nothing before more bytes are pushed, or said to have ended.
    NeedsBytes,
    /// Nothing before this is opened and given back ([`EnrolmentReader::opened`]). It takes seconds
    /// at worst: a caller with other things to do opens it on another thread.
    Unopened(Unopened),
    /// Nothing yet, after as much inflating as one call does: a moment to let others run, and then
    /// to ask again.
    Pause,
    /// Nothing any more.
    Ended,
}

/// A workbook, whole and closed.
#[derive(Debug)]
pub struct Unopened {
    object: Vec<u8>,
    mapping: Mapping,
}

/// A workbook that was opened, or why it can't be.
pub struct Opened(Result<Book, FileError>);

impl Unopened {
    /// Opens it, or gives up after [`LONGEST_OPENING`]. The work is bounded all the same: see
    /// `workbook.rs`.
    #[must_use]
    pub fn open(self) -> Opened {
        let deadline = Instant::now() + LONGEST_OPENING;
        Opened(workbook::open(self.object, &self.mapping, deadline))
    }
}

/// Reads rows from pushed bytes, holding one line at a time and what was pushed and not yet read; a
/// workbook is held whole, within bounds.
pub struct EnrolmentReader<'a> {
    setting: Setting<'a>,
    conventions: Conventions,
    memory: Memory,
    stage: Stage,
    source: Source,
    /// What was found out, once it is known that the file can be read.
    found: Option<Found>,
    /// Where the last row given ended.
    offset: u64,
    line: u64,
    /// The sheet of that row.
    sheet: u16,
    /// What the header's fields say, once it was read here.
    labels: Vec<String>,
    /// What the last row said, where that is asked for.
    said: Option<Vec<String>>,
}

enum Stage {
    /// Not yet known what it is, or a workbook that isn't whole.
    Opening,
    /// The workbook was given to the caller to be opened.
    Unopened,
    /// Text whose header hasn't come.
    Heading(Form, Box<Heading>),
    Lines(Box<LineReader>),
    /// The rows of a workbook's sheets, from this one of this sheet on.
    Cells {
        book: Book,
        sheet: usize,
        index: usize,
    },
    /// It can't be read.
    Failed(FileError),
}

impl<'a> EnrolmentReader<'a> {
    /// Reads a file from its start, by what its first pass found.
    #[must_use]
    pub fn new(setting: Setting<'a>, conventions: Conventions) -> Self {
        let mut memory = Memory::new();
        memory.follow(conventions.values.day_first, conventions.values.postal_birthplaces);
        Self {
            setting,
            conventions,
            memory,
            stage: Stage::Opening,
            source: Source::new(),
            found: None,
            offset: 0,
            line: 0,
            sheet: 0,
            labels: Vec::new(),
            said: None,
        }
    }

    /// Keeps what each row says, for [`Self::said`].
    #[must_use]
    pub fn quoting(self) -> Self {
        Self { said: Some(Vec::new()), ..self }
    }

    /// Goes on where another left off: what is pushed is then the object's bytes from
    /// [`Position::object_offset`] on.
    pub fn resume(
        setting: Setting<'a>,
        conventions: Conventions,
        position: &Position,
    ) -> Result<Self, FileError> {
        let mut reader = Self::new(setting, conventions);
        let Some(found) = &position.found else { return Ok(reader) };
        let detected = &found.detected;
        let layout = match detected.format {
            Format::Csv => {
                let separator =
                    detected.separator.and_then(|separator| u8::try_from(separator).ok());
                let splitter = Box::new(Splitter::new(separator.ok_or(FileError::Position)?));
                Some(Layout::Fields {
                    splitter,
                    header: found.header().ok_or(FileError::Position)?,
                })
            }
            Format::Ndjson => {
                Some(Layout::Objects { object: Box::default(), begun: position.line > 0 })
            }
            Format::Xlsx => None,
        };
        if let Some(layout) = layout {
            let form = found.form().ok_or(FileError::Position)?;
            reader.source = Source::resume(form, position.offset, position.line)?;
            reader.stage =
                Stage::Lines(Box::new(LineReader { decoder: reader.decoder(form), layout }));
        }
        for form in &detected.dates {
            reader.memory.saw(*form);
        }
        reader.offset = position.offset;
        reader.line = position.line;
        reader.sheet = position.sheet;
        reader.found = Some(found.clone());
        Ok(reader)
    }

    /// Gives it the object's next bytes, as they are. Holds them until the rows in them are read.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.stage, Stage::Failed(_)) {
            self.source.push(bytes);
        }
    }

    /// Goes on with a workbook that was opened.
    pub fn opened(&mut self, opened: Opened) {
        if matches!(self.stage, Stage::Unopened)
            && let Err(error) = self.start_cells(opened)
        {
            self.stage = Stage::Failed(error);
        }
    }

    /// There are no more bytes.
    pub fn finish(&mut self) {
        self.source.finish();
    }

    /// The next row that isn't blank, or what to do to get it. An error is the file's, and final.
    #[expect(clippy::should_implement_trait, reason = "an iterator can't ask for bytes")]
    pub fn next(&mut self) -> Result<Next, FileError> {
        let next = self.advance();
        match &next {
            Ok(Next::Row(row)) => {
                self.line = row.line;
                self.sheet = row.sheet.unwrap_or_default();
                self.offset = self.source.offset();
            }
            Ok(Next::NeedsBytes | Next::Unopened(_) | Next::Pause | Next::Ended) => {}
            Err(error) => {
                self.stage = Stage::Failed(error.clone());
                self.source.clear();
            }
        }
        next
    }

    /// Where to go on after the last row given.
    #[must_use]
    pub fn position(&self) -> Position {
        let found = self
            .found
            .clone()
            .map(|found| Found { detected: self.completed(found.detected), ..found });
        Position { offset: self.offset, line: self.line, sheet: self.sheet, found }
    }

    /// What was found out so far; `None` until it is known that the file can be read.
    #[must_use]
    pub fn detected(&self) -> Option<Detected> {
        self.found.as_ref().map(|found| self.completed(found.detected.clone()))
    }

    /// What the fields of its header say, once it was read here: to be shown to who sent the file,
    /// and to nobody else.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What the last row says in the columns of [`Column::ALL`](crate::files::column::Column::ALL), as the file has it: to be shown to
    /// who sent the file, and to nobody else. Empty unless it was asked for, and for a line whose
    /// values can't be told apart.
    #[must_use]
    pub fn said(&self) -> &[String] {
        self.said.as_deref().unwrap_or_default()
    }

    /// Bytes of the object that were read, for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        match &self.stage {
            Stage::Unopened | Stage::Cells { .. } => self.source.pushed(),
            _ => self.source.bytes_read(),
        }
    }

    /// With what only the rows show.
    fn completed(&self, mut detected: Detected) -> Detected {
        detected.dates = self.memory.date_forms().collect();
        if let Stage::Lines(lines) = &self.stage {
            detected.quoted |= lines.quoted();
        }
        detected
    }

    fn decoder(&self, form: Form) -> Decoder {
        Decoder::new(form.units, self.conventions.charset.unwrap_or(Charset::Ascii))
    }

    fn advance(&mut self) -> Result<Next, FileError> {
        loop {
            match &self.stage {
                Stage::Failed(error) => return Err(error.clone()),
                Stage::Opening => match self.source.open()? {
                    Kept::NeedsBytes => return Ok(Next::NeedsBytes),
                    Kept::Pause => return Ok(Next::Pause),
                    Kept::Archive(object) => {
                        self.stage = Stage::Unopened;
                        let mapping = self.setting.depositor.mapping().clone();
                        return Ok(Next::Unopened(Unopened { object, mapping }));
                    }
                    Kept::Text(form) => self.begin(form),
                },
                // Asked again without having opened what was given.
                Stage::Unopened => return Err(FileError::Position),
                Stage::Heading(..) => {
                    if let Some(next) = self.read_head()? {
                        return Ok(next);
                    }
                }
                Stage::Lines(_) => {
                    if let Some(next) = self.read_line()? {
                        return Ok(next);
                    }
                }
                Stage::Cells { .. } => return Ok(self.read_cells()),
            }
        }
    }

    /// Begins with the lines of a text.
    fn begin(&mut self, form: Form) {
        self.stage = match form.format {
            Format::Ndjson => {
                self.found =
                    Some(Found { units: form.units, width: 0, detected: self.detected_of(form) });
                self.offset = self.source.offset();
                let layout = Layout::Objects { object: Box::default(), begun: false };
                Stage::Lines(Box::new(LineReader { decoder: self.decoder(form), layout }))
            }
            Format::Csv | Format::Xlsx => {
                let mapping = self.setting.depositor.mapping().clone();
                Stage::Heading(form, Box::new(Heading::new(mapping)))
            }
        };
    }

    fn detected_of(&self, form: Form) -> Detected {
        let mut detected = Detected::new(form.format, form.compression);
        detected.mark = form.mark;
        detected.line_end = Some(form.line_end);
        detected.charset = self.conventions.charset;
        detected
    }

    /// Begins with the rows of a workbook.
    fn start_cells(&mut self, Opened(opened): Opened) -> Result<(), FileError> {
        let book = opened?;
        let found = book.shown().conventions()?;
        self.memory.follow(found.day_first, found.postal_birthplaces);
        let mut detected = Detected::new(Format::Xlsx, None);
        detected.set_sheets(&book, self.setting.depositor.mapping());
        let first = book.sheets.first();
        let row = first.and_then(|sheet| sheet.cells.row(sheet.header_row));
        let labels = row.map(|row| row.fields().into_iter().map(detected::shortened).collect());
        self.labels = labels.unwrap_or_default();
        self.found = Some(Found { units: Units::Bytes, width: 0, detected });
        // Gone on from a row, what is before it is passed over.
        let sheet = book.sheets.partition_point(|sheet| sheet.name.number < self.sheet);
        let index = book.sheets.get(sheet).map_or(0, |at| {
            let after = if at.name.number == self.sheet { at.cells.after(self.line) } else { 0 };
            after.max(at.header_row + 1)
        });
        self.stage = Stage::Cells { book, sheet, index };
        Ok(())
    }

    /// Looks for the header in the next line.
    fn read_head(&mut self) -> Result<Option<Next>, FileError> {
        let Self { stage, source, conventions, .. } = self;
        let Stage::Heading(form, heading) = stage else { return Err(FileError::Position) };
        let form = *form;
        let line = match source.next_line()? {
            Supply::NeedsBytes => return Ok(Some(Next::NeedsBytes)),
            Supply::Pause => return Ok(Some(Next::Pause)),
            Supply::Ended => return Err(heading.give_up()),
            Supply::TooLong(_) => return Err(FileError::HeaderTooLong),
            Supply::Line(line) => line,
        };
        let decoder = Decoder::new(form.units, conventions.charset.unwrap_or(Charset::Ascii));
        let text = decoder.decode(source.bytes(&line)).ok_or(FileError::NotText)?;
        if let Some(table) = heading.look(&text, line.number)? {
            self.start_lines(form, table);
        }
        Ok(None)
    }

    /// Begins with the rows under a header.
    fn start_lines(&mut self, form: Form, Table { header, separator, line, labels }: Table) {
        let mut detected = self.detected_of(form);
        detected.separator = Some(char::from(separator));
        detected.header_line = Some(line);
        let fields = labels.iter().map(String::as_str);
        detected.set_header(&header, fields, self.setting.depositor.mapping());
        self.labels = labels.iter().map(|label| detected::shortened(label.trim())).collect();
        let width = u16::try_from(header.width()).unwrap_or_default();
        self.found = Some(Found { units: form.units, width, detected });
        self.offset = self.source.offset();
        self.line = self.source.line();
        let layout = Layout::Fields { splitter: Box::new(Splitter::new(separator)), header };
        self.stage = Stage::Lines(Box::new(LineReader { decoder: self.decoder(form), layout }));
    }

    /// The row of the next line of a text; `None` for a blank one.
    fn read_line(&mut self) -> Result<Option<Next>, FileError> {
        let Self { stage, source, memory, setting, found, said, .. } = self;
        let Stage::Lines(lines) = stage else { return Err(FileError::Position) };
        said.iter_mut().for_each(Vec::clear);
        match source.next_line()? {
            Supply::NeedsBytes => Ok(Some(Next::NeedsBytes)),
            Supply::Pause => Ok(Some(Next::Pause)),
            Supply::Ended => Ok(Some(Next::Ended)),
            Supply::TooLong(line) => Ok(Some(broken(line, RowRule::LigneTropLongue))),
            Supply::Line(line) => {
                let mut reading = Reading { setting: *setting, memory, said };
                lines.read(&line, source.bytes(&line), &mut reading, found)
            }
        }
    }

    fn read_cells(&mut self) -> Next {
        let Stage::Cells { book, sheet: at, index } = &mut self.stage else { return Next::Ended };
        while let Some(sheet) = book.sheets.get(*at) {
            if let Some(row) = sheet.cells.row(*index) {
                *index += 1;
                let values = workbook::Record { row, header: &sheet.header };
                let (setting, memory, said) = (self.setting, &mut self.memory, &mut self.said);
                let outcome = Reading { setting, memory, said }.row(&values, Vec::new());
                return Next::Row(Row {
                    sheet: Some(sheet.name.number),
                    line: row.number(),
                    outcome,
                });
            }
            *at += 1;
            *index = book.sheets.get(*at).map_or(0, |next| next.header_row + 1);
        }
        Next::Ended
    }
}

#[cfg(test)]
mod tests;
