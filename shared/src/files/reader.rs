//! Reads an enrolment file row by row, from bytes that are pushed as they come.
//!
//! ```text
//! object's bytes ─► what is it? ─┬─ CSV, NDJSON ─────────────► lines ─► text ─► fields ─► row
//!                                ├─ gzip, zstd ─► inflated ──►
//!                                └─ XLSX, whole ─► cells of a sheet ─────────────────────►
//! ```
//!
//! Nothing here waits, so one thread can read several files while it writes; and whatever is decided depends on the
//! bytes alone, never on how they were cut into pushes.

use std::time::{Duration, Instant};

use super::column::Header;
use super::json::Object;
use super::problem::{Problem, RowRule};
use super::row::{self, Memory, Outcome, Setting};

mod charset;
mod detected;
mod error;
mod fields;
mod inflate;
mod sniff;
mod text;
mod workbook;

pub use super::depositor::Depositor;
pub use charset::Charset;
pub use detected::{Detected, FoundColumn, Position};
pub use error::{FileError, WorkbookError};
pub use sniff::{Compression, Format};
pub use text::LineEnd;

use charset::Decoder;
use detected::Found;
use fields::{Record, Splitter, separator};
use inflate::{Inflater, Step};
use sniff::{ENOUGH, Kind, sniff};
use text::{Framed, Text, Units};
use workbook::Sheet;

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
    /// Its line in the file, from 1.
    pub line: u64,
    /// What it says, or everything that is wrong with it.
    pub outcome: Outcome,
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
pub struct Opened(Result<(usize, Sheet), FileError>);

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
    Heading { format: Format, units: Units, mark: usize },
    /// Delimited lines.
    Lines(Box<Delimited>),
    /// A JSON object a line.
    Objects { lines: Lines, object: Box<Object> },
    /// The rows of a sheet, from this one on.
    Cells { sheet: Sheet, header: Header, index: usize },
    /// It can't be read.
    Failed(FileError),
}

/// Delimited lines, and what their values are.
struct Delimited {
    lines: Lines,
    splitter: Splitter,
    header: Header,
}

/// How lines become text.
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
            Format::Ndjson => Stage::Objects { lines: lines()?, object: Box::default() },
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
        Position { offset: self.offset, line: self.line, found }
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
                Stage::Heading { format, units, mark } => self.read_head(*format, *units, *mark)?,
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
                Stage::Heading { format, units, mark }
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

    /// Reads the header of the sheet, and begins with its rows.
    fn start_cells(&mut self, Opened(opened): Opened) -> Result<(), FileError> {
        let (number, sheet) = opened?;
        let head = sheet.row(0).ok_or(FileError::Empty)?;
        let fields = head.fields();
        let header = Header::parse(fields.iter().copied()).map_err(FileError::Header)?;
        let mut detected = Detected::new(Format::Xlsx, None);
        detected.sheet = Some(number);
        detected.header_line = Some(head.number());
        detected.set_header(&header, fields.into_iter());
        // Gone on from a row, the header is passed over with the rows before it.
        let index = sheet.after(self.line.max(head.number()));
        let width = u16::try_from(header.width()).unwrap_or_default();
        self.found = Some(Found { units: Units::Bytes, width, detected });
        self.stage = Stage::Cells { sheet, header, index };
        Ok(())
    }

    /// Reads up to the header; `false` when only a push helps.
    fn read_head(&mut self, format: Format, units: Units, mark: usize) -> Result<bool, FileError> {
        let Some(line_end) = self.text.line_end(units) else { return self.inflate() };
        let mut lines = Lines { units, line_end, decoder: Decoder::new(units, mark > 0) };
        let mut detected = Detected::new(format, self.compression);
        detected.mark = mark > 0;
        detected.line_end = Some(line_end);
        if format == Format::Ndjson {
            self.found = Some(Found { units, width: 0, detected });
            self.offset = self.text.offset();
            self.stage = Stage::Objects { lines, object: Box::default() };
            return Ok(true);
        }
        let line = loop {
            match self.text.next_line(units, line_end) {
                Framed::NeedsBytes => return self.inflate(),
                Framed::Ended => return Err(FileError::Empty),
                Framed::TooLong => return Err(FileError::HeaderTooLong),
                Framed::Line(line) => {
                    let line = lines.decoder.decode(line).ok_or(FileError::NotText)?;
                    if line.contains('\0') {
                        return Err(FileError::NotText);
                    }
                    let head = line.trim();
                    // `sep=;` is how a file tells Excel what the header tells us.
                    let announced = head.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
                    if !head.is_empty() && !announced {
                        break line.into_owned();
                    }
                }
            }
        };
        let separator = separator(&line);
        let mut splitter = Splitter::new(separator);
        let fields = splitter.split(&line).map_err(|_| FileError::NotText)?;
        let header = Header::parse(fields.iter()).map_err(FileError::Header)?;
        detected.separator = Some(char::from(separator));
        detected.header_line = Some(self.text.line());
        detected.set_header(&header, fields.iter());
        let width = u16::try_from(header.width()).unwrap_or_default();
        self.found = Some(Found { units, width, detected });
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
            Stage::Objects { lines, object } => (lines, Reading::Object(object)),
            _ => return Err(FileError::Position),
        };
        let Lines { units, line_end, decoder } = lines;
        loop {
            let number = text.line() + 1;
            let line = match text.next_line(*units, *line_end) {
                Framed::NeedsBytes => return Ok(None),
                Framed::Ended => return Ok(Some(Next::Ended)),
                Framed::TooLong => return Ok(Some(broken(number, RowRule::LigneTropLongue))),
                Framed::Line(line) => line,
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
                    if fields.len() != header.width() {
                        return Ok(Some(broken(number, RowRule::NombreDeChamps)));
                    }
                    row::read_with(&Record { fields: &fields, header }, *setting, memory, Vec::new())
                }
                Reading::Object(object) => {
                    if line.trim().is_empty() {
                        continue;
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
            return Ok(Some(Next::Row(Row { line: number, outcome })));
        }
    }

    fn read_cells(&mut self) -> Next {
        let Stage::Cells { sheet, header, index } = &mut self.stage else { return Next::Ended };
        let Some(row) = sheet.row(*index) else { return Next::Ended };
        *index += 1;
        let values = workbook::Record { row, header };
        let outcome = row::read_with(&values, self.setting, &mut self.memory, Vec::new());
        Next::Row(Row { line: row.number(), outcome })
    }
}

/// What a line is read as.
enum Reading<'a> {
    Fields { splitter: &'a mut Splitter, header: &'a Header },
    Object(&'a mut Box<Object>),
}

/// A row that is wrong as a whole.
fn broken(line: u64, rule: RowRule) -> Next {
    let outcome = Outcome::Rejected { problems: vec![Problem { column: None, rule }], about: None };
    Next::Row(Row { line, outcome })
}

#[cfg(test)]
mod tests;
