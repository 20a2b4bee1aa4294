//! The bytes of an object, pushed as they come, to the lines of its text: what both passes over a
//! file have in common.

use serde::{Deserialize, Serialize};

use super::STEPS_A_CALL;
use super::error::FileError;
use super::inflate::{Inflater, Step};
use super::sniff::{Compression, ENOUGH, Format, Kind, sniff};
use super::text::{Framed, LineEnd, Text, Units};
use super::workbook;

/// How the text of a file is made, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    pub(super) format: Format,
    pub(super) compression: Option<Compression>,
    pub(super) units: Units,
    /// Whether it begins with a byte order mark.
    pub(super) mark: bool,
    pub(super) line_end: LineEnd,
}

/// What a file turns out to be.
#[derive(Debug)]
pub(super) enum Kept {
    /// Text, whose lines are asked for next.
    Text(Form),
    /// An archive, hopefully a workbook, whole.
    Archive(Vec<u8>),
    NeedsBytes,
    /// As much was inflated as one call does.
    Pause,
}

/// A line, or what to do to get it.
#[derive(Debug)]
pub(super) enum Supply {
    Line(Line),
    /// This line is longer than allowed.
    TooLong(u64),
    NeedsBytes,
    Pause,
    Ended,
}

/// A line that was framed. Its bytes are [`Source::bytes`], until more is pushed.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: u64,
    /// Whether it is the last one and has no end.
    pub(super) cut_off: bool,
    place: std::ops::Range<usize>,
}

enum Stage {
    /// Not yet known what it is.
    Sniffing,
    /// Text whose first line has no end yet.
    Framing {
        format: Format,
        units: Units,
        mark: bool,
    },
    /// A workbook, of which all bytes are collected.
    Collecting,
    Lines(Form),
}

/// Holds one line at a time and what was pushed and not yet read; a workbook whole, within its
/// bound.
pub(super) struct Source {
    stage: Stage,
    text: Text,
    compression: Option<Compression>,
    inflater: Option<Inflater>,
    pushed: u64,
    ended: bool,
}

impl Source {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Sniffing,
            text: Text::at(0, 0),
            compression: None,
            inflater: None,
            pushed: 0,
            ended: false,
        }
    }

    /// Goes on after a line of a text; what is pushed is then the object's bytes from
    /// [`object_offset`] on.
    pub(super) fn resume(form: Form, offset: u64, line: u64) -> Result<Self, FileError> {
        let inflater =
            form.compression.map(|compression| Inflater::new(compression, offset)).transpose()?;
        Ok(Self {
            stage: Stage::Lines(form),
            text: Text::at(offset, line),
            compression: form.compression,
            inflater,
            pushed: object_offset(form.compression, offset),
            ended: false,
        })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.pushed += bytes.len() as u64;
        match (&self.stage, &mut self.inflater) {
            (_, Some(inflater)) => inflater.push(bytes),
            (Stage::Collecting, None) if self.text.rest().len() > workbook::LARGEST_OBJECT => {}
            (_, None) => self.text.push(bytes),
        }
    }

    pub(super) fn finish(&mut self) {
        self.ended = true;
        match &mut self.inflater {
            Some(inflater) => inflater.finish(),
            None => self.text.end(),
        }
    }

    /// Forgets what was pushed and not read.
    pub(super) fn clear(&mut self) {
        self.text.take();
    }

    /// Bytes of the text before the next line, inflated if need be.
    pub(super) fn offset(&self) -> u64 {
        self.text.offset()
    }

    /// The last line that was framed, from 1.
    pub(super) fn line(&self) -> u64 {
        self.text.line()
    }

    /// Bytes of the object that were pushed.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Bytes of the object that were read, for progress.
    pub(super) fn bytes_read(&self) -> u64 {
        match (&self.stage, &self.inflater) {
            (Stage::Collecting, _) => self.pushed,
            (_, Some(inflater)) => inflater.taken(),
            (_, None) => self.text.offset(),
        }
    }

    /// Finds out what the file is.
    pub(super) fn open(&mut self) -> Result<Kept, FileError> {
        for _ in 0..STEPS_A_CALL {
            match &self.stage {
                Stage::Lines(form) => return Ok(Kept::Text(*form)),
                Stage::Collecting => return self.collect(),
                Stage::Sniffing if self.text.rest().len() >= ENOUGH || self.text.ended() => {
                    self.sniff()?;
                }
                Stage::Framing { format, units, mark } if self.text.line_end(*units).is_some() => {
                    let line_end = self.text.line_end(*units).unwrap_or(LineEnd::Lf);
                    let (format, units, mark) = (*format, *units, *mark);
                    self.stage = Stage::Lines(Form {
                        format,
                        compression: self.compression,
                        units,
                        mark,
                        line_end,
                    });
                }
                Stage::Sniffing | Stage::Framing { .. } => {
                    if !self.inflate()? {
                        return Ok(Kept::NeedsBytes);
                    }
                }
            }
        }
        Ok(Kept::Pause)
    }

    /// Whether it is known to be an archive, of which all is collected.
    pub(super) fn is_archive(&self) -> bool {
        matches!(self.stage, Stage::Collecting)
    }

    fn sniff(&mut self) -> Result<(), FileError> {
        let head = self.text.rest();
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
                Stage::Framing { format, units, mark: mark > 0 }
            }
        };
        Ok(())
    }

    fn collect(&mut self) -> Result<Kept, FileError> {
        if self.text.rest().len() > workbook::LARGEST_OBJECT {
            let limit = workbook::LARGEST_OBJECT;
            return Err(FileError::Workbook(super::WorkbookError::TooLarge { limit }));
        }
        if !self.ended {
            return Ok(Kept::NeedsBytes);
        }
        Ok(Kept::Archive(self.text.take()))
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

    /// The next line of a text that is open.
    pub(super) fn next_line(&mut self) -> Result<Supply, FileError> {
        let Stage::Lines(form) = self.stage else { return Err(FileError::Position) };
        for _ in 0..STEPS_A_CALL {
            let number = self.text.line() + 1;
            match self.text.next_line(form.units, form.line_end) {
                Framed::Line(place) => {
                    return Ok(Supply::Line(Line { number, cut_off: false, place }));
                }
                Framed::CutOff(place) => {
                    return Ok(Supply::Line(Line { number, cut_off: true, place }));
                }
                Framed::TooLong => return Ok(Supply::TooLong(number)),
                Framed::Ended => return Ok(Supply::Ended),
                Framed::NeedsBytes => {
                    if !self.inflate()? {
                        return Ok(Supply::NeedsBytes);
                    }
                }
            }
        }
        Ok(Supply::Pause)
    }

    /// The bytes of a line.
    pub(super) fn bytes(&self, line: &Line) -> &[u8] {
        self.text.line_at(line.place.clone())
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.text.rest().len()
    }
}

/// Where in the object the bytes to push next begin, for going on after so many bytes of the text:
/// its start, if only inflating leads there.
pub(super) fn object_offset(compression: Option<Compression>, offset: u64) -> u64 {
    if compression.is_some() { 0 } else { offset }
}
