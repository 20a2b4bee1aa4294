//! Reads an enrolment file row by row, from bytes that are pushed as they come.
//!
//! ```text
//! object's bytes ─► what is it? ─┬─ CSV, NDJSON ─────────────► lines ─► text ─► fields ─► row
//!                                ├─ gzip, zstd ─► inflated ──►
//!                                └─ XLSX, whole ─► cells of each sheet ───────────────────►
//! ```
//!
//! Nothing here waits, so one thread can read several files while it writes; and whatever is decided depends on the
//! bytes alone, never on how they were cut into pushes.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use super::column::{Column, Header};
use super::json::Object;
use super::problem::{Problem, RowRule};
use super::row::{self, Memory, Outcome, Setting};

mod charset;
mod detected;
mod error;
mod fields;
mod heading;
mod inflate;
pub mod place;
mod sniff;
mod text;
mod workbook;

pub use super::depositor::Depositor;
pub use charset::Charset;
pub use detected::{Detected, FoundColumn, FoundSheet, Position};
pub use error::{FileError, WorkbookError};
pub use heading::Missing;
pub use sniff::{Compression, Format};
pub use text::LineEnd;
pub use workbook::SheetName;

use charset::Decoder;
use detected::Found;
use fields::{Fields, Record, Splitter, separator};
use heading::HeaderSearch;
use inflate::{Inflater, Step};
use sniff::{ENOUGH, Kind, sniff};
use text::{Framed, Text, Units};
use workbook::Book;

/// Longest line, in bytes. A real row has 200 to 400; the limit bounds memory whatever is dropped in the inbox.
pub const LONGEST_LINE: usize = 65_536;
/// How many times its size a file may inflate to. Rows of one school compress ten times or so, rows that are all alike
/// a hundred times; gzip's own limit is a thousand.
pub const LARGEST_RATIO: u64 = 200;
/// Most that a file may inflate to, in bytes: twenty times the whole country's students.
pub const LARGEST_INFLATED: u64 = 16 << 30;
/// How long a workbook may take to be opened. What one may cost at most takes a sixth of that on a core of today
/// (docs/files.md), so only a machine that is out of breath makes an honest file fail.
pub const LONGEST_OPENING: Duration = Duration::from_mins(1);
/// Steps of inflating that one call of [`EnrolmentReader::next`] does at most: 4 MiB.
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
    pub outcome: Outcome,
}

impl Row {
    /// Its place among all rows of the file: that of a later row is greater, and a sheet comes after those before it.
    #[must_use]
    pub fn place(&self) -> u64 {
        place::of(self.sheet, self.line)
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A row.
    Row(Row),
    /// Nothing before more bytes are pushed, or said to have ended.
    NeedsBytes,
    /// Nothing before this is opened and given back ([`EnrolmentReader::opened`]). It takes seconds at worst: a caller
    /// with other things to do opens it on another thread.
    Unopened(Unopened),
    /// Nothing yet, after as much inflating as one call does: a moment to let others run, and then to ask again.
    Pause,
    /// Nothing any more.
    Ended,
}

/// A workbook, whole and closed.
#[derive(Debug)]
pub struct Unopened(Vec<u8>);

/// A workbook that was opened, or why it can't be.
pub struct Opened(Result<Book, FileError>);

impl Unopened {
    /// Opens it, or gives up after [`LONGEST_OPENING`]. The work is bounded all the same: see `workbook.rs`.
    #[must_use]
    pub fn open(self) -> Opened {
        Opened(workbook::open(self.0, Instant::now() + LONGEST_OPENING))
    }
}

/// Reads rows from pushed bytes, holding one line at a time and what was pushed and not yet read; a workbook is held
/// whole, within bounds.
pub struct EnrolmentReader<'a> {
    setting: Setting<'a>,
    memory: Memory,
    stage: Stage,
    text: Text,
    compression: Option<Compression>,
    inflater: Option<Inflater>,
    /// What was found out, once it is known that the file can be read.
    found: Option<Found>,
    /// Where the last row given ended.
    offset: u64,
    line: u64,
    /// The sheet of that row.
    sheet: u16,
    pushed: u64,
    ended: bool,
}

enum Stage {
    /// Not yet known what it is.
    Sniffing,
    /// Collecting a workbook.
    Collecting,
    /// The workbook was given to the caller to be opened.
    Opening,
    /// Text whose header hasn't come.
    Heading(Box<Heading>),
    /// Delimited lines.
    Lines(Box<Delimited>),
    /// A JSON object a line.
    Objects { lines: Lines, object: Box<Object>, begun: bool },
    /// The rows of a workbook's sheets, from this one of this sheet on.
    Cells { book: Book, sheet: usize, index: usize },
    /// It can't be read.
    Failed(FileError),
}

/// A text whose header is looked for.
struct Heading {
    format: Format,
    units: Units,
    marked: bool,
    /// Once what ends a line is known.
    lines: Option<Lines>,
    /// Whether the line in hand is the rest of one with a quotation mark open, and what came of it so far: Excel puts
    /// several lines into one cell of a header.
    open: Option<(u64, String)>,
    search: HeaderSearch,
}

/// Delimited lines, and what their values are.
struct Delimited {
    lines: Lines,
    splitter: Splitter,
    header: Header,
}

/// How lines become text.
#[derive(Clone, Copy)]
struct Lines {
    units: Units,
    line_end: LineEnd,
    decoder: Decoder,
}

impl<'a> EnrolmentReader<'a> {
    /// Reads a file from its start.
    #[must_use]
    pub fn new(setting: Setting<'a>) -> Self {
        Self {
            setting,
            memory: Memory::new(),
            stage: Stage::Sniffing,
            text: Text::at(0, 0),
            compression: None,
            inflater: None,
            found: None,
            offset: 0,
            line: 0,
            sheet: 0,
            pushed: 0,
            ended: false,
        }
    }

    /// Goes on where another left off: what is pushed is then the object's bytes from
    /// [`Position::object_offset`] on.
    pub fn resume(setting: Setting<'a>, position: &Position) -> Result<Self, FileError> {
        let mut reader = Self::new(setting);
        let Some(found) = &position.found else { return Ok(reader) };
        let detected = &found.detected;
        let lines = || {
            let line_end = detected.line_end.ok_or(FileError::Position)?;
            Ok(Lines { units: found.units, line_end, decoder: Decoder::restored(found.units, &detected.charsets) })
        };
        reader.stage = match detected.format {
            Format::Csv => {
                let separator = detected.separator.and_then(|separator| u8::try_from(separator).ok());
                Stage::Lines(Box::new(Delimited {
                    lines: lines()?,
                    splitter: Splitter::new(separator.ok_or(FileError::Position)?),
                    header: found.header().ok_or(FileError::Position)?,
                }))
            }
            Format::Ndjson => Stage::Objects { lines: lines()?, object: Box::default(), begun: position.line > 0 },
            Format::Xlsx => Stage::Collecting,
        };
        if let Some(compression) = detected.compression {
            reader.compression = Some(compression);
            reader.inflater = Some(Inflater::new(compression, position.offset)?);
        }
        for form in &detected.dates {
            reader.memory.saw(*form);
        }
        reader.text = Text::at(position.offset, position.line);
        reader.offset = position.offset;
        reader.line = position.line;
        reader.sheet = position.sheet;
        reader.pushed = position.object_offset();
        reader.found = Some(found.clone());
        Ok(reader)
    }

    /// Gives it the object's next bytes, as they are. Holds them until the rows in them are read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pushed += bytes.len() as u64;
        match (&mut self.stage, &mut self.inflater) {
            (Stage::Failed(_), _) => {}
            (_, Some(inflater)) => inflater.push(bytes),
            (Stage::Collecting, None) if self.text.rest().len() > workbook::LARGEST_OBJECT => {}
            (_, None) => self.text.push(bytes),
        }
    }

    /// Goes on with a workbook that was opened.
    pub fn opened(&mut self, opened: Opened) {
        if matches!(self.stage, Stage::Opening)
            && let Err(error) = self.start_cells(opened)
        {
            self.stage = Stage::Failed(error);
        }
    }

    /// There are no more bytes.
    pub fn finish(&mut self) {
        self.ended = true;
        match &mut self.inflater {
            Some(inflater) => inflater.finish(),
            None => self.text.end(),
        }
    }

    /// The next row that isn't blank, or what to do to get it. An error is the file's, and final.
    #[expect(clippy::should_implement_trait, reason = "an iterator can't ask for bytes")]
    pub fn next(&mut self) -> Result<Next, FileError> {
        let next = self.advance();
        match &next {
            Ok(Next::Row(row)) => {
                self.line = row.line;
                self.sheet = row.sheet.unwrap_or_default();
                self.offset = self.text.offset();
            }
            Ok(Next::NeedsBytes | Next::Unopened(_) | Next::Pause | Next::Ended) => {}
            Err(error) => {
                self.stage = Stage::Failed(error.clone());
                self.text.take();
            }
        }
        next
    }

    /// Where to go on after the last row given.
    #[must_use]
    pub fn position(&self) -> Position {
        let found = self.found.clone().map(|found| Found { detected: self.completed(found.detected), ..found });
        Position { offset: self.offset, line: self.line, sheet: self.sheet, found }
    }

    /// What was found out so far; `None` until it is known that the file can be read.
    #[must_use]
    pub fn detected(&self) -> Option<Detected> {
        self.found.as_ref().map(|found| self.completed(found.detected.clone()))
    }

    /// Bytes of the object that were read, for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        match (&self.stage, &self.inflater) {
            (Stage::Collecting | Stage::Opening | Stage::Cells { .. }, _) => self.pushed,
            (_, Some(inflater)) => inflater.taken(),
            (_, None) => self.text.offset(),
        }
    }

    /// With what only the rows show.
    fn completed(&self, mut detected: Detected) -> Detected {
        detected.dates = self.memory.date_forms().collect();
        match &self.stage {
            Stage::Lines(delimited) => {
                detected.charsets = delimited.lines.decoder.seen();
                detected.quoted |= delimited.splitter.quoted();
            }
            Stage::Objects { lines, .. } => detected.charsets = lines.decoder.seen(),
            _ => {}
        }
        detected
    }

    fn advance(&mut self) -> Result<Next, FileError> {
        for _ in 0..STEPS_A_CALL {
            let moved = match &self.stage {
                Stage::Failed(error) => return Err(error.clone()),
                Stage::Sniffing => self.sniff()?,
                Stage::Collecting => return self.collect(),
                // Asked again without having opened what was given.
                Stage::Opening => return Err(FileError::Position),
                Stage::Heading(_) => self.read_head()?,
                Stage::Lines(_) | Stage::Objects { .. } => match self.read_line()? {
                    Some(next) => return Ok(next),
                    None => self.inflate()?,
                },
                Stage::Cells { .. } => return Ok(self.read_cells()),
            };
            if !moved {
                return Ok(Next::NeedsBytes);
            }
        }
        Ok(Next::Pause)
    }

    /// Gets more text from what was pushed; `false` when only a push helps.
    fn inflate(&mut self) -> Result<bool, FileError> {
        let Some(inflater) = &mut self.inflater else { return Ok(false) };
        match inflater.step(&mut self.text)? {
            Step::Gave => Ok(true),
            Step::NeedsBytes => Ok(false),
            Step::Ended => {
                self.text.end();
                Ok(true)
            }
        }
    }

    /// Finds out what the file is; `false` when only a push helps.
    fn sniff(&mut self) -> Result<bool, FileError> {
        let head = self.text.rest();
        if head.len() < ENOUGH && !self.text.ended() {
            return self.inflate();
        }
        self.stage = match sniff(&head[..head.len().min(ENOUGH)])? {
            Kind::Compressed(_) | Kind::Archive if self.inflater.is_some() => {
                return Err(FileError::Foreign("une archive dans un fichier compressé"));
            }
            Kind::Compressed(compression) => {
                let mut inflater = Inflater::new(compression, 0)?;
                inflater.push(&self.text.take());
                if self.ended {
                    inflater.finish();
                }
                self.text = Text::at(0, 0);
                self.inflater = Some(inflater);
                self.compression = Some(compression);
                Stage::Sniffing
            }
            Kind::Archive => Stage::Collecting,
            Kind::Text { format, units, mark } => {
                self.text.skip(mark);
                let marked = mark > 0;
                let search = HeaderSearch::default();
                Stage::Heading(Box::new(Heading { format, units, marked, lines: None, open: None, search }))
            }
        };
        Ok(true)
    }

    /// Gives a workbook out to be opened, once it is whole.
    fn collect(&mut self) -> Result<Next, FileError> {
        if self.text.rest().len() > workbook::LARGEST_OBJECT {
            let limit = workbook::LARGEST_OBJECT;
            return Err(FileError::Workbook(WorkbookError::TooLarge { limit }));
        }
        if !self.ended {
            return Ok(Next::NeedsBytes);
        }
        self.stage = Stage::Opening;
        Ok(Next::Unopened(Unopened(self.text.take())))
    }

    /// Begins with the rows of a workbook.
    fn start_cells(&mut self, Opened(opened): Opened) -> Result<(), FileError> {
        let book = opened?;
        let mut detected = Detected::new(Format::Xlsx, None);
        detected.set_sheets(&book);
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

    /// Reads up to the header; `false` when only a push helps.
    fn read_head(&mut self) -> Result<bool, FileError> {
        let Self { stage, text, compression, .. } = self;
        let Stage::Heading(heading) = stage else { return Err(FileError::Position) };
        let Heading { format, units, marked, lines, open, search } = heading.as_mut();
        let lines = match lines {
            Some(lines) => lines,
            None => {
                let Some(line_end) = text.line_end(*units) else { return self.inflate() };
                lines.insert(Lines { units: *units, line_end, decoder: Decoder::new(*units, *marked) })
            }
        };
        let mut detected = Detected::new(*format, *compression);
        detected.mark = *marked;
        detected.line_end = Some(lines.line_end);
        if *format == Format::Ndjson {
            let lines = *lines;
            self.found = Some(Found { units: lines.units, width: 0, detected });
            self.offset = self.text.offset();
            self.stage = Stage::Objects { lines, object: Box::default(), begun: false };
            return Ok(true);
        }
        let (header, splitter) = loop {
            let next = text.line() + 1;
            let line = match text.next_line(lines.units, lines.line_end) {
                Framed::NeedsBytes => return self.inflate(),
                Framed::Ended => return Err(search.give_up()),
                Framed::TooLong => return Err(FileError::HeaderTooLong),
                Framed::Line(line) | Framed::CutOff(line) => lines.decoder.decode(line).ok_or(FileError::NotText)?,
            };
            if line.contains('\0') {
                return Err(FileError::NotText);
            }
            let (number, line) = match open.take() {
                Some((number, before)) => (number, format!("{before}\n{line}")),
                None => (next, line.into_owned()),
            };
            if line.len() > LONGEST_LINE {
                return Err(FileError::HeaderTooLong);
            }
            if line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
                *open = Some((number, line));
                continue;
            }
            // `sep=;` is how a file tells Excel what the header tells us.
            let announced = line.trim().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
            let separator = separator(&line);
            let mut splitter = Splitter::new(separator);
            if announced || splitter.is_blank(&line) {
                continue;
            }
            let fields: Vec<_> = splitter.split(&line).map_err(|_| FileError::NotText)?.iter().collect();
            if let Some(header) = search.look(&fields, number)? {
                detected.separator = Some(char::from(separator));
                detected.header_line = Some(number);
                detected.set_header(&header, fields.into_iter());
                break (header, splitter);
            }
        };
        let lines = *lines;
        let width = u16::try_from(header.width()).unwrap_or_default();
        self.found = Some(Found { units: lines.units, width, detected });
        self.offset = self.text.offset();
        self.line = self.text.line();
        self.stage = Stage::Lines(Box::new(Delimited { lines, splitter, header }));
        Ok(true)
    }

    /// The next row of a text; `None` when there is no whole line.
    fn read_line(&mut self) -> Result<Option<Next>, FileError> {
        let Self { stage, text, memory, setting, found, .. } = self;
        let (lines, mut reading) = match stage {
            Stage::Lines(delimited) => {
                let Delimited { lines, splitter, header } = delimited.as_mut();
                (lines, Reading::Fields { splitter, header })
            }
            Stage::Objects { lines, object, begun } => (lines, Reading::Object(object, begun)),
            _ => return Err(FileError::Position),
        };
        let Lines { units, line_end, decoder } = lines;
        loop {
            let number = text.line() + 1;
            let mut cut_off = false;
            let line = match text.next_line(*units, *line_end) {
                Framed::NeedsBytes => return Ok(None),
                Framed::Ended => return Ok(Some(Next::Ended)),
                Framed::TooLong => return Ok(Some(broken(number, RowRule::LigneTropLongue))),
                Framed::Line(line) => line,
                Framed::CutOff(line) => {
                    cut_off = true;
                    line
                }
            };
            let Some(line) = decoder.decode(line) else {
                return Ok(Some(broken(number, RowRule::CaracteresIllisibles)));
            };
            let outcome = match &mut reading {
                Reading::Fields { splitter, header } => {
                    if splitter.is_blank(&line) {
                        continue;
                    }
                    let fields = match splitter.split(&line) {
                        Ok(fields) => fields,
                        Err(rule) => return Ok(Some(broken(number, rule))),
                    };
                    let Some(uneven) = uneven(&fields, header, cut_off) else {
                        return Ok(Some(broken(number, RowRule::NombreDeChamps)));
                    };
                    let problems = uneven.map(|rule| Problem { column: None, rule }).into_iter().collect();
                    row::read_with(&Record { fields: &fields, header }, *setting, memory, problems)
                }
                Reading::Object(object, begun) => {
                    let trimmed = line.trim();
                    if trimmed.is_empty() {
                        continue;
                    }
                    if !std::mem::replace(*begun, true) && trimmed.ends_with(['{', ',']) {
                        return Err(FileError::Foreign(
                            "un JSON mis en forme sur plusieurs lignes (il faut un objet entier par ligne)",
                        ));
                    }
                    if let Err(rule) = object.read(&line) {
                        return Ok(Some(broken(number, rule)));
                    }
                    if let Some(Found { detected, .. }) = found {
                        object.columns().for_each(|column| detected.note_column(column));
                        object.unknown().iter().for_each(|name| detected.note_unknown_key(name));
                    }
                    row::read_with(object.as_ref(), *setting, memory, object.problems().to_vec())
                }
            };
            return Ok(Some(Next::Row(Row { sheet: None, line: number, outcome })));
        }
    }

    fn read_cells(&mut self) -> Next {
        let Stage::Cells { book, sheet: at, index } = &mut self.stage else { return Next::Ended };
        while let Some(sheet) = book.sheets.get(*at) {
            if let Some(row) = sheet.cells.row(*index) {
                *index += 1;
                let values = workbook::Record { row, header: &sheet.header };
                let outcome = row::read_with(&values, self.setting, &mut self.memory, Vec::new());
                return Next::Row(Row { sheet: Some(sheet.name.number), line: row.number(), outcome });
            }
            *at += 1;
            *index = book.sheets.get(*at).map_or(0, |next| next.header_row + 1);
        }
        Next::Ended
    }
}

/// What a line is read as.
enum Reading<'a> {
    Fields {
        splitter: &'a mut Splitter,
        header: &'a Header,
    },
    /// And whether an object was read before.
    Object(&'a mut Box<Object>, &'a mut bool),
}

/// Whether a line has as many fields as the header, or what is to be said if it may be read all the same; `None` if it
/// may not, or lacks what is required. Spreadsheets leave out blank fields at the end of a line, or add some. A last line without its end was
/// probably cut off with the upload, so nothing is taken for blank in it.
fn uneven(fields: &Fields<'_>, header: &Header, cut_off: bool) -> Option<Option<RowRule>> {
    let width = header.width();
    match fields.len().cmp(&width) {
        Ordering::Equal => Some(None),
        Ordering::Less => {
            let lacks = |column: &Column| header.position(*column).is_some_and(|position| position >= fields.len());
            (!cut_off && !Column::REQUIRED.iter().any(lacks)).then_some(Some(RowRule::ChampsManquants))
        }
        Ordering::Greater => {
            let blank = fields.iter().skip(width).all(|field| field.trim().is_empty());
            (blank && fields.len() <= Header::WIDEST).then_some(Some(RowRule::SeparateurEnTrop))
        }
    }
}

/// A row that is wrong as a whole.
fn broken(line: u64, rule: RowRule) -> Next {
    let outcome = Outcome::Rejected { problems: vec![Problem { column: None, rule }], about: None };
    Next::Row(Row { sheet: None, line, outcome })
}

#[cfg(test)]
mod tests;
