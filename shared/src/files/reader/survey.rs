//! The first pass over a file, before any of its rows is read: what only all lines together show.
//!
//! The encoding of one line can't be told from its bytes, nor whether `03/02/2004` is in February;
//! those of a whole file mostly can. The pass streams: it holds a line, some counters and the
//! places of a few dates, whatever the size.

use serde::{Deserialize, Serialize};

use super::LONGEST_LINE;
use super::charset::{Charset, Decoder, Page};
use super::error::FileError;
use super::fields::{Fields, Splitter};
use super::heading::{Heading, Table};
use super::likelihood::Scores;
use super::sniff::Format;
use super::source::{Form, Kept, Line, Source, Supply, object_offset};
use super::text::Units;
use super::values::{LOOKED_AT, Shown, ValueConventions};
use crate::files::column::Column;
use crate::files::json::Object;
use crate::files::mapping::Mapping;
use crate::files::row::Values;

/// Bytes of lines that one call of [`Survey::next`] looks at, at most.
const A_CALL: usize = 4 << 20;

/// What all lines of a file have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conventions {
    /// The encoding; none for a workbook, which says its own.
    pub(super) charset: Option<Charset>,
    /// What the values show. Those of a workbook are looked at when it is opened.
    pub(super) values: ValueConventions,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before more bytes are pushed, or said to have ended.
    NeedsBytes,
    /// As much as one call does: a moment to let others run, and then to ask again.
    Pause,
    /// The pass is over.
    Done(Conventions),
}

/// Surveys a file from pushed bytes.
pub struct Survey {
    mapping: Mapping,
    source: Source,
    form: Option<Form>,
    header: HeaderState,
    object: Box<Object>,
    shown: Lines,
}

/// What the lines have shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lines {
    /// Lines that are UTF-8 and not ASCII.
    utf8: u64,
    /// Lines that are neither.
    other: u64,
    scores: Scores,
    values: Shown,
}

enum HeaderState {
    /// Looked for in each encoding that it may be in.
    Sought(Vec<(Decoder, Heading)>),
    Found(Box<Columns>),
    /// There is none in any encoding, or none is needed.
    None,
}

/// Where the values are that are looked at.
struct Columns {
    splitter: Splitter,
    places: Places,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Places {
    separator: u8,
    columns: Vec<(Column, usize)>,
}

/// Where a survey stands after a line. Small, holds nothing of the rows, and goes into a
/// checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyPosition {
    form: Form,
    offset: u64,
    line: u64,
    places: Option<Places>,
    shown: Lines,
}

impl SurveyPosition {
    /// Where in the object the bytes to push next begin.
    #[must_use]
    pub fn object_offset(&self) -> u64 {
        object_offset(self.form.compression, self.offset)
    }
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            mapping: Mapping::default(),
            source: Source::new(),
            form: None,
            header: HeaderState::None,
            object: Box::default(),
            shown: Lines::default(),
        }
    }
}

impl Survey {
    /// Surveys a file whose columns are called so.
    #[must_use]
    pub fn new(mapping: Mapping) -> Self {
        Self { mapping, ..Self::default() }
    }

    /// Goes on where another left off: what is pushed is then the object's bytes from
    /// [`SurveyPosition::object_offset`] on.
    pub fn resume(position: SurveyPosition) -> Result<Self, FileError> {
        let SurveyPosition { form, offset, line, places, shown } = position;
        let found = |places: Places| HeaderState::Found(Box::new(Columns::new(places)));
        Ok(Self {
            // Where the columns are is known, or there is no header to look for.
            mapping: Mapping::default(),
            source: Source::resume(form, offset, line)?,
            form: Some(form),
            header: places.map_or(HeaderState::None, found),
            object: Box::default(),
            shown,
        })
    }

    /// Where to go on; `None` while only the start of the file is known, where it begins anew.
    #[must_use]
    pub fn position(&self) -> Option<SurveyPosition> {
        let places = match &self.header {
            HeaderState::Sought(_) => return None,
            HeaderState::Found(columns) => Some(columns.places.clone()),
            HeaderState::None => None,
        };
        let (offset, line) = (self.source.offset(), self.source.line());
        Some(SurveyPosition { form: self.form?, offset, line, places, shown: self.shown.clone() })
    }

    /// Gives it the object's next bytes, as they are.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes);
    }

    /// There are no more bytes.
    pub fn finish(&mut self) {
        self.source.finish();
    }

    /// Bytes of the object that were looked at, for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.source.bytes_read()
    }

    /// Looks at what was pushed. An error is the file's, and final.
    #[expect(clippy::should_implement_trait, reason = "an iterator can't ask for bytes")]
    pub fn next(&mut self) -> Result<Step, FileError> {
        let form = match self.form {
            Some(form) => form,
            None if self.source.is_archive() => return Ok(Step::Done(Conventions::default())),
            None => match self.source.open()? {
                Kept::Text(form) => {
                    self.begin(form);
                    form
                }
                Kept::Archive(_) => return Ok(Step::Done(Conventions::default())),
                Kept::NeedsBytes if self.source.is_archive() => {
                    return Ok(Step::Done(Conventions::default()));
                }
                Kept::NeedsBytes => return Ok(Step::NeedsBytes),
                Kept::Pause => return Ok(Step::Pause),
            },
        };
        let mut looked_at = 0;
        while looked_at < A_CALL {
            match self.source.next_line()? {
                Supply::NeedsBytes => return Ok(Step::NeedsBytes),
                Supply::Pause => return Ok(Step::Pause),
                Supply::Ended => return self.conventions(form).map(Step::Done),
                // It is rejected, whatever it says.
                Supply::TooLong(_) => looked_at += LONGEST_LINE,
                Supply::Line(line) => looked_at += 1 + self.look(form, &line),
            }
        }
        Ok(Step::Pause)
    }

    /// Takes the form of a text, and where a header is needed looks for it in each encoding that it
    /// may be in.
    fn begin(&mut self, form: Form) {
        self.form = Some(form);
        if form.format == Format::Csv {
            let charsets = match form.units {
                Units::Utf16Le => vec![Charset::Utf16Le],
                Units::Utf16Be => vec![Charset::Utf16Be],
                Units::Bytes => {
                    [Charset::Utf8].into_iter().chain(Page::ALL.map(Page::charset)).collect()
                }
            };
            let sought =
                |charset| (Decoder::new(form.units, charset), Heading::new(self.mapping.clone()));
            self.header = HeaderState::Sought(charsets.into_iter().map(sought).collect());
        }
    }

    /// Looks at a line, and says how long it is.
    fn look(&mut self, form: Form, line: &Line) -> usize {
        let Self { source, header, object, shown, .. } = self;
        let bytes = source.bytes(line);
        if form.units == Units::Bytes && !bytes.is_ascii() {
            if std::str::from_utf8(bytes).is_ok() {
                shown.utf8 += 1;
            } else {
                shown.other += 1;
                shown.scores.add(bytes);
            }
        }
        match header {
            HeaderState::Sought(searches) => {
                if let Some(table) = search(searches, bytes, line.number) {
                    *header = HeaderState::Found(Box::new(Columns::of(&table)));
                } else if searches.is_empty() {
                    *header = HeaderState::None;
                }
            }
            HeaderState::Found(columns) => {
                let Columns { splitter, places } = columns.as_mut();
                let text = structure(form.units, bytes);
                if let Ok(fields) = splitter.split(&text) {
                    shown.values.note(
                        &LineValues { fields: &fields, columns: &places.columns },
                        line.number,
                    );
                }
            }
            HeaderState::None if form.format == Format::Ndjson => {
                let text = structure(form.units, bytes);
                if object.read(&text).is_ok() {
                    shown.values.note(object.as_ref(), line.number);
                }
            }
            HeaderState::None => {}
        }
        bytes.len()
    }

    /// What the lines so far have in common, where the rest isn't to be seen.
    pub(super) fn so_far(&self) -> Conventions {
        let found = self.form.map(|form| self.conventions(form));
        found.and_then(Result::ok).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.source.held()
    }

    fn conventions(&self, form: Form) -> Result<Conventions, FileError> {
        let Lines { utf8, other, scores, values } = &self.shown;
        let charset = match form.units {
            Units::Utf16Le => Charset::Utf16Le,
            Units::Utf16Be => Charset::Utf16Be,
            // The mark says so, and more lines than not are.
            Units::Bytes if form.mark || *utf8 > 0 && utf8 >= other => Charset::Utf8,
            Units::Bytes if *other == 0 => Charset::Ascii,
            Units::Bytes => match (scores.best(), &self.header) {
                (Ok(page), _) => page.charset(),
                // It fails by its header, which is easier to mend.
                (Err(_), HeaderState::None | HeaderState::Sought(_))
                    if form.format == Format::Csv =>
                {
                    Charset::Windows1252
                }
                (Err(doubt), _) => return Err(FileError::Encoding(doubt)),
            },
        };
        Ok(Conventions { charset: Some(charset), values: values.conventions()? })
    }
}

/// Looks for the header in a line, in each encoding that is left; those in which there is none are
/// dropped.
fn search(searches: &mut Vec<(Decoder, Heading)>, line: &[u8], number: u64) -> Option<Table> {
    let mut found = None;
    searches.retain_mut(|(decoder, heading)| {
        let looked = decoder.decode(line).map(|line| heading.look(&line, number));
        match looked {
            Some(Ok(Some(table))) => {
                found.get_or_insert(table);
                true
            }
            Some(Ok(None)) => true,
            Some(Err(_)) | None => false,
        }
    });
    found
}

/// A line as text whose separators, quotation marks and digits are right, whatever its accents are.
fn structure(units: Units, line: &[u8]) -> std::borrow::Cow<'_, str> {
    match units {
        Units::Bytes => match std::str::from_utf8(line) {
            Ok(text) => text.into(),
            Err(_) => encoding_rs::mem::decode_latin1(line),
        },
        Units::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(line).0,
        Units::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(line).0,
    }
}

impl Columns {
    fn new(places: Places) -> Self {
        Self { splitter: Splitter::new(places.separator), places }
    }

    fn of(table: &Table) -> Self {
        let place = |column: Column| Some((column, table.header.position(column)?));
        let columns = LOOKED_AT.into_iter().filter_map(place).collect();
        Self::new(Places { separator: table.separator, columns })
    }
}

/// The values of a line that are looked at.
struct LineValues<'a> {
    fields: &'a Fields<'a>,
    columns: &'a [(Column, usize)],
}

impl Values for LineValues<'_> {
    fn value(&self, column: Column) -> &str {
        let place = self.columns.iter().find(|(known, _)| *known == column);
        place.map_or("", |(_, position)| self.fields.get(*position).trim())
    }
}
