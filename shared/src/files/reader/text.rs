//! Bounded lines of a text that comes in pieces.

use std::ops::Range;

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::LONGEST_LINE;

/// What a character is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Units {
    /// Bytes: UTF-8, windows-1252, ISO-8859-15.
    #[serde(rename = "8")]
    Bytes,
    /// Pairs of bytes, the low one first.
    #[serde(rename = "16le")]
    Utf16Le,
    /// Pairs of bytes, the high one first.
    #[serde(rename = "16be")]
    Utf16Be,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineEnd {
    /// A line feed.
    #[serde(rename = "LF")]
    Lf,
    /// A carriage return and a line feed.
    #[serde(rename = "CRLF")]
    CrLf,
    /// A carriage return, as on a Macintosh of the last century, or from its Excel of this one.
    #[serde(rename = "CR")]
    Cr,
}

impl Units {
    fn width(self) -> usize {
        match self {
            Self::Bytes => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    /// Where `byte`, as a character, first is in `text` from `from` on.
    fn find(self, byte: u8, text: &[u8], from: usize) -> Option<usize> {
        let pair = match self {
            Self::Bytes => return memchr(byte, text.get(from..)?).map(|at| from + at),
            Self::Utf16Le => [byte, 0],
            Self::Utf16Be => [0, byte],
        };
        let from = from & !1;
        text.get(from..)?.chunks_exact(2).position(|unit| unit == pair).map(|at| from + 2 * at)
    }

    /// Where the first break outside of quotation marks is.
    fn first_break(self, text: &[u8]) -> Option<usize> {
        let mut quoted = false;
        for (index, unit) in text.chunks_exact(self.width()).enumerate() {
            if self.is(b'"', unit) {
                quoted = !quoted;
            } else if !quoted && (self.is(b'\n', unit) || self.is(b'\r', unit)) {
                return Some(index * self.width());
            }
        }
        None
    }

    fn is(self, byte: u8, unit: &[u8]) -> bool {
        match self {
            Self::Bytes => unit == [byte],
            Self::Utf16Le => unit == [byte, 0],
            Self::Utf16Be => unit == [0, byte],
        }
    }
}

/// Text that was pushed and not yet read, and where in the whole it is.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    /// Where in `bytes` the next line starts.
    start: usize,
    /// Where in the whole text that is.
    offset: u64,
    /// The line before it, from 1.
    line: u64,
    /// How much of the next line is known to hold no line end.
    scanned: usize,
    /// A line longer than allowed is being dropped.
    dropping: bool,
    ended: bool,
}

/// A line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// Without its end; where it is, for [`Text::line_at`].
    Line(Range<usize>),
    /// The last one, which has no end.
    CutOff(Range<usize>),
    /// Longer than allowed; it was dropped.
    TooLong,
    /// Its end hasn't come yet.
    NeedsBytes,
    /// There are no more lines.
    Ended,
}

impl Text {
    /// An empty text, which is at `offset` after line `line`.
    pub(super) fn at(offset: u64, line: u64) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            offset,
            line,
            scanned: 0,
            dropping: false,
            ended: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// There is no more.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// What is there, unread.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Takes what is there, unread.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.drain(..self.start);
        self.start = 0;
        bytes
    }

    /// Passes over bytes that were looked at, such as a mark.
    pub(super) fn skip(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The last line that was given, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What ends the first line, `None` while that is not known. A break between quotation marks is
    /// one within a value of the header, which often is of another kind.
    pub(super) fn line_end(&self, units: Units) -> Option<LineEnd> {
        let rest = self.rest();
        let head = &rest[..rest.len().min(LONGEST_LINE)];
        let known = self.ended || rest.len() > LONGEST_LINE;
        let first = match units.first_break(head) {
            Some(first) => first,
            None if known => 0,
            None => return None,
        };
        let (feed, carriage) = (units.find(b'\n', head, first), units.find(b'\r', head, first));
        match (feed, carriage) {
            (None, None) => known.then_some(LineEnd::Lf),
            (Some(feed), Some(carriage)) if feed == carriage + units.width() => Some(LineEnd::CrLf),
            (Some(feed), carriage) if carriage.is_none_or(|carriage| feed < carriage) => {
                Some(LineEnd::Lf)
            }
            (_, Some(carriage)) => {
                let next = rest.get(carriage + units.width()..carriage + 2 * units.width());
                match next {
                    Some(_) => Some(LineEnd::Cr),
                    None => self.ended.then_some(LineEnd::Cr),
                }
            }
            (Some(_), None) => Some(LineEnd::Lf),
        }
    }

    /// The bytes of a line that [`Self::next_line`] gave, until more is pushed.
    pub(super) fn line_at(&self, place: Range<usize>) -> &[u8] {
        self.bytes.get(place).unwrap_or_default()
    }

    pub(super) fn next_line(&mut self, units: Units, line_end: LineEnd) -> Framed {
        let terminator = if line_end == LineEnd::Cr { b'\r' } else { b'\n' };
        let width = units.width();
        let rest = &self.bytes[self.start..];
        let (length, whole) = match units.find(terminator, rest, self.scanned) {
            Some(end) => (end, end + width),
            None if self.ended && rest.is_empty() && !self.dropping => return Framed::Ended,
            None if self.ended => (rest.len(), rest.len()),
            None => {
                // A unit may be cut in two.
                self.scanned = rest.len() & !(width - 1);
                if self.scanned > LONGEST_LINE {
                    self.dropping = true;
                    self.skip(self.scanned);
                    self.scanned = 0;
                }
                return Framed::NeedsBytes;
            }
        };
        let start = self.start;
        self.skip(whole);
        self.scanned = 0;
        self.line += 1;
        if std::mem::take(&mut self.dropping) || length > LONGEST_LINE {
            return Framed::TooLong;
        }
        let line = &self.bytes[start..start + length];
        let cut = line.len().saturating_sub(width);
        let carriage = line_end != LineEnd::Cr && units.is(b'\r', &line[cut..]);
        let place = start..start + if carriage { cut } else { length };
        if whole > length { Framed::Line(place) } else { Framed::CutOff(place) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of pieces, and the offset after each.
    fn lines(pieces: &[&[u8]], units: Units) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut text = Text::at(0, 0);
        let mut pieces = pieces.iter();
        let mut all = Vec::new();
        let mut line_end = None;
        loop {
            if line_end.is_none() {
                line_end = text.line_end(units);
            }
            let framed = match line_end {
                Some(line_end) => text.next_line(units, line_end),
                None => Framed::NeedsBytes,
            };
            let line = match framed {
                Framed::Line(place) | Framed::CutOff(place) => Some(text.line_at(place).to_vec()),
                Framed::TooLong => None,
                Framed::Ended => return all,
                Framed::NeedsBytes => {
                    match pieces.next() {
                        Some(piece) => text.push(piece),
                        None => text.end(),
                    }
                    continue;
                }
            };
            all.push((text.offset(), line));
            assert_eq!(text.line(), all.len() as u64);
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_line_too_long_is_dropped_and_the_next_one_is_read() {
        let long = vec![b'x'; LONGEST_LINE + 1];
        for pieces in [
            vec![&b"abc\r\n"[..], &long, b"\nab"],
            vec![&[b"abc\r\n", &long[..], b"\nab"].concat()],
        ] {
            let seen: Vec<_> =
                lines(&pieces, Units::Bytes).into_iter().map(|(_, line)| line).collect();
            assert_eq!(seen, [Some(b"abc".to_vec()), None, Some(b"ab".to_vec())]);
        }
    }

    #[test]
    fn line_ends_of_every_kind_are_told_apart() {
        for (input, expected) in [
            ("a\nb", Some(LineEnd::Lf)),
            ("a\r\nb", Some(LineEnd::CrLf)),
            ("a\rb", Some(LineEnd::Cr)),
            ("\ra\nb", Some(LineEnd::Cr)),
            ("a\r", None),
            ("a", None),
        ] {
            let mut text = Text::at(0, 0);
            text.push(input.as_bytes());
            assert_eq!(text.line_end(Units::Bytes), expected, "{input:?}");
            let mut wide = Text::at(0, 0);
            wide.push(&utf16(input));
            assert_eq!(wide.line_end(Units::Utf16Le), expected, "{input:?}");
            text.end();
            assert!(text.line_end(Units::Bytes).is_some());
        }
    }

    #[test]
    fn a_pair_that_only_looks_like_a_line_end_is_none() {
        // U+0A0D and U+0D0A hold the bytes of line ends, across and within pairs.
        let input = utf16("a\u{0A0D}\u{0D0A}b\nc");
        let seen: Vec<_> =
            lines(&[&input], Units::Utf16Le).into_iter().filter_map(|(_, line)| line).collect();
        assert_eq!(seen, [utf16("a\u{0A0D}\u{0D0A}b"), utf16("c")]);
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_input_however_it_is_cut(input in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..200), piece in 1_usize..20) {
            // The first line end decides what ends a line: make it a line feed.
            let input = [b"\n", &input[..]].concat();
            let expected: Vec<_> = input.strip_suffix(b"\n").unwrap_or(&input).split(|byte| *byte == b'\n')
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect();
            let pieces: Vec<_> = input.chunks(piece).collect();
            let seen = lines(&pieces, Units::Bytes);
            prop_assert_eq!(seen.last().map(|(offset, _)| *offset), Some(input.len() as u64));
            let seen: Vec<_> = seen.into_iter().map(|(_, line)| line.unwrap()).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
