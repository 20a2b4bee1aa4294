//! Bounded lines of a byte stream, and their text.

use std::borrow::Cow;
use std::io::{self, BufRead};

use memchr::memchr;

/// Reads lines without ever holding more than `longest` bytes of one.
pub(super) struct Lines<R> {
    input: R,
    longest: usize,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

/// One line, without its end.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// `None` when it is longer than allowed: the rest of it was read and dropped.
    pub(super) bytes: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, longest: usize) -> Self {
        Self { input, longest, buffer: Vec::new(), number: 0, bytes: 0 }
    }

    /// Bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// The next line, up to `\n`, `\r\n` or the end of the input.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut too_long = false;
        let mut read_any = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            read_any = true;
            let end = memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if self.buffer.len() + part.len() > self.longest {
                too_long = true;
            } else if !too_long {
                self.buffer.extend_from_slice(part);
            }
            let consumed = end.map_or(chunk.len(), |end| end + 1);
            self.bytes += consumed as u64;
            self.input.consume(consumed);
            if end.is_some() {
                break;
            }
        }
        if !read_any {
            return Ok(None);
        }
        self.number += 1;
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        Ok(Some(Line { number: self.number, bytes: (!too_long).then_some(self.buffer.as_slice()) }))
    }
}

/// The encoding of a file, as far as its lines have shown it.
#[derive(Debug, Default)]
pub(super) struct Charset {
    utf8_seen: bool,
}

impl Charset {
    /// A file that starts with a byte order mark is UTF-8.
    pub(super) fn strip_byte_order_mark<'a>(&mut self, first_line: &'a [u8]) -> &'a [u8] {
        match first_line.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) => {
                self.utf8_seen = true;
                rest
            }
            None => first_line,
        }
    }

    /// The text of a line: UTF-8 if it is, else windows-1252. `None` when a file that has shown itself to be
    /// UTF-8 holds bytes that aren't: reading those as windows-1252 would store another name than was meant.
    ///
    /// The two can be told apart by line, because accented windows-1252 text is hardly ever valid UTF-8.
    pub(super) fn decode<'a>(&mut self, line: &'a [u8]) -> Option<Cow<'a, str>> {
        match std::str::from_utf8(line) {
            Ok(text) => {
                self.utf8_seen |= !text.is_ascii();
                Some(Cow::Borrowed(text))
            }
            Err(_) if self.utf8_seen => None,
            Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling_and_without_replacement(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn lines(input: &[u8], capacity: usize, longest: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, input), longest);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.bytes.map(<[u8]>::to_vec)));
        }
        assert_eq!(lines.bytes_read(), input.len() as u64);
        all
    }

    #[test]
    fn a_line_too_long_is_dropped_and_the_next_one_is_read() {
        assert_eq!(
            lines(b"abc\r\nabcdefgh\nab", 3, 4),
            [(1, Some(b"abc".to_vec())), (2, None), (3, Some(b"ab".to_vec()))]
        );
    }

    #[test]
    fn encodings_are_told_apart() {
        let mut charset = Charset::default();
        assert_eq!(charset.decode(b"Ren\xE9e \x9Cil").unwrap(), "Renée œil");
        assert_eq!(charset.decode("Renée".as_bytes()).unwrap(), "Renée");
        assert_eq!(charset.decode(b"Ren\xE9e"), None, "the file is UTF-8");
        let mut charset = Charset::default();
        assert_eq!(charset.strip_byte_order_mark(b"\xEF\xBB\xBFine"), b"ine");
        assert_eq!(charset.decode(b"Ren\xE9e"), None, "the mark said UTF-8");
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_input(input in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..200), capacity in 1_usize..20) {
            let expected: Vec<_> = input.strip_suffix(b"\n").unwrap_or(&input).split(|byte| *byte == b'\n')
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect();
            let expected = if input.is_empty() { Vec::new() } else { expected };
            let seen: Vec<_> = lines(&input, capacity, 1000).into_iter().map(|(_, line)| line.unwrap()).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
