//! Lines of a text to rows: fields under a header, or a JSON object a line.

use std::cmp::Ordering;

use super::charset::Decoder;
use super::detected::Found;
use super::error::FileError;
use super::fields::{Fields, Record, Splitter};
use super::source::Line;
use super::{Next, Row};
use crate::files::column::{Column, Header};
use crate::files::json::Object;
use crate::files::problem::{Problem, RowRule};
use crate::files::row::{self, Memory, RowOutcome, Setting, Values};

/// What the lines of a text are read as.
pub(super) enum Layout {
    Fields { splitter: Box<Splitter>, header: Header },
    Objects { object: Box<Object>, begun: bool },
}

/// What rows are read by, one after the other.
pub(super) struct Reading<'a> {
    pub(super) setting: Setting<'a>,
    pub(super) memory: &'a mut Memory,
    /// What the row said, where that is asked for.
    pub(super) said: &'a mut Option<Vec<String>>,
}

impl Reading<'_> {
    pub(super) fn row(&mut self, values: &impl Values, problems: Vec<Problem>) -> RowOutcome {
        if let Some(said) = self.said {
            *said = Column::ALL.map(|column| values.value(column).to_owned()).into();
        }
        row::read_with(values, self.setting, self.memory, problems)
    }
}

/// Reads lines that are all in one encoding.
pub(super) struct LineReader {
    pub(super) decoder: Decoder,
    pub(super) layout: Layout,
}

impl LineReader {
    /// The row of a line; `None` for a blank one.
    pub(super) fn read(
        &mut self,
        line: &Line,
        bytes: &[u8],
        reading: &mut Reading<'_>,
        found: &mut Option<Found>,
    ) -> Result<Option<Next>, FileError> {
        let Some(text) = self.decoder.decode(bytes) else {
            return Ok(Some(broken(line.number, RowRule::CaracteresIllisibles)));
        };
        let outcome = match &mut self.layout {
            Layout::Fields { splitter, header } => {
                if splitter.is_blank(&text) {
                    return Ok(None);
                }
                match read_fields(splitter, header, &text, line.cut_off, reading) {
                    Ok(outcome) => outcome,
                    Err(rule) => return Ok(Some(broken(line.number, rule))),
                }
            }
            Layout::Objects { object, begun } => {
                let trimmed = text.trim();
                if trimmed.is_empty() {
                    return Ok(None);
                }
                if !std::mem::replace(begun, true) && trimmed.ends_with(['{', ',']) {
                    return Err(FileError::Foreign(
                        "un JSON mis en forme sur plusieurs lignes (il faut un objet entier par ligne)",
                    ));
                }
                if let Err(rule) = object.read(&text) {
                    return Ok(Some(broken(line.number, rule)));
                }
                if let Some(Found { detected, .. }) = found {
                    object.columns().for_each(|column| detected.note_column(column));
                    object.unknown().iter().for_each(|name| detected.note_unknown_key(name));
                }
                reading.row(object.as_ref(), object.problems().to_vec())
            }
        };
        Ok(Some(Next::Row(Row { sheet: None, line: line.number, outcome })))
    }

    /// Whether values were seen in quotation marks.
    pub(super) fn quoted(&self) -> bool {
        matches!(&self.layout, Layout::Fields { splitter, .. } if splitter.quoted())
    }
}

fn read_fields(
    splitter: &mut Splitter,
    header: &Header,
    text: &str,
    cut_off: bool,
    reading: &mut Reading<'_>,
) -> Result<RowOutcome, RowRule> {
    let fields = splitter.split(text)?;
    let uneven = uneven(&fields, header, cut_off)?;
    let problems = uneven.map(|rule| Problem { column: None, rule }).into_iter().collect();
    Ok(reading.row(&Record { fields: &fields, header }, problems))
}

/// What is to be said of a line that hasn't as many fields as the header, and may be read all the
/// same. Spreadsheets leave out blank fields at the end of a line, or add some. A last line without
/// its end was probably cut off with the upload, so nothing is taken for blank in it.
///
/// # Errors
///
/// The rule by which the line is refused, when a required field is missing or one too many isn't
/// blank.
fn uneven(fields: &Fields<'_>, header: &Header, cut_off: bool) -> Result<Option<RowRule>, RowRule> {
    let width = header.width();
    match fields.len().cmp(&width) {
        Ordering::Equal => Ok(None),
        Ordering::Less => {
            let lacks = |column: &Column| {
                header.position(*column).is_some_and(|position| position >= fields.len())
            };
            let is_whole = !cut_off && !Column::REQUIRED.iter().any(lacks);
            is_whole.then_some(Some(RowRule::ChampsManquants)).ok_or(RowRule::NombreDeChamps)
        }
        Ordering::Greater => {
            let blank = fields.iter().skip(width).all(|field| field.trim().is_empty());
            let is_blank = blank && fields.len() <= Header::WIDEST;
            is_blank.then_some(Some(RowRule::SeparateurEnTrop)).ok_or(RowRule::NombreDeChamps)
        }
    }
}

/// A row that is wrong as a whole.
pub(super) fn broken(line: u64, rule: RowRule) -> Next {
    let outcome =
        RowOutcome::Rejected { problems: vec![Problem { column: None, rule }], about: None };
    Next::Row(Row { sheet: None, line, outcome })
}
