//! The letters behind the bytes of a line.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_8859_15, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::text::Units;

/// An encoding that was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Charset {
    /// Nothing but ASCII so far, which is the same in all of those of one byte.
    #[serde(rename = "US-ASCII")]
    Ascii,
    /// UTF-8.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, the low byte first.
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// Windows-1252, of which ISO-8859-1 is a part.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// ISO-8859-15: Latin-1 with `€`, `œ`, `Š`, `Ž` and `Ÿ`.
    #[serde(rename = "ISO-8859-15")]
    Latin9,
}

/// The encoding of a file, as far as its lines have shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoder {
    units: Units,
    utf8_seen: bool,
    windows_seen: bool,
    latin9_seen: bool,
}

impl Decoder {
    /// Of a file in these units, which has a mark or not: one of bytes says UTF-8.
    pub(super) fn new(units: Units, marked: bool) -> Self {
        Self { units, utf8_seen: marked && units == Units::Bytes, windows_seen: false, latin9_seen: false }
    }

    /// As it was when it had [`Self::seen`] these.
    pub(super) fn restored(units: Units, seen: &[Charset]) -> Self {
        Self {
            units,
            utf8_seen: seen.contains(&Charset::Utf8),
            windows_seen: seen.contains(&Charset::Windows1252),
            latin9_seen: seen.contains(&Charset::Latin9),
        }
    }

    /// What the lines have shown so far. More than one when lines of different origins were put together.
    pub(super) fn seen(self) -> Vec<Charset> {
        match self.units {
            Units::Utf16Le => vec![Charset::Utf16Le],
            Units::Utf16Be => vec![Charset::Utf16Be],
            Units::Bytes => {
                let seen = [
                    (self.utf8_seen, Charset::Utf8),
                    (self.windows_seen, Charset::Windows1252),
                    (self.latin9_seen, Charset::Latin9),
                ];
                let seen: Vec<_> = seen.into_iter().filter_map(|(seen, charset)| seen.then_some(charset)).collect();
                if seen.is_empty() { vec![Charset::Ascii] } else { seen }
            }
        }
    }

    /// The text of a line. `None` when a file that has shown itself to be UTF-8 holds bytes that aren't, or when
    /// they are of no encoding that is read: another reading would store another name than was meant.
    ///
    /// UTF-8 and the others can be told apart by line, because accented text in one byte a letter is hardly ever
    /// valid UTF-8.
    pub(super) fn decode<'a>(&mut self, line: &'a [u8]) -> Option<Cow<'a, str>> {
        let strictly = |encoding: &'static Encoding| encoding.decode_without_bom_handling_and_without_replacement(line);
        match self.units {
            Units::Utf16Le => return strictly(UTF_16LE),
            Units::Utf16Be => return strictly(UTF_16BE),
            Units::Bytes => {}
        }
        if line.is_ascii() {
            // ASCII is UTF-8.
            return std::str::from_utf8(line).ok().map(Cow::Borrowed);
        }
        match std::str::from_utf8(line) {
            Ok(text) => {
                self.utf8_seen = true;
                Some(Cow::Borrowed(text))
            }
            Err(_) if self.utf8_seen => None,
            Err(_) => {
                let encoding = single_bytes(line)?;
                self.latin9_seen |= encoding == ISO_8859_15;
                self.windows_seen |= encoding == WINDOWS_1252;
                strictly(encoding)
            }
        }
    }
}

/// Which of the two encodings of one byte a letter it is, or `None` when it is neither.
///
/// They differ in two ranges. From `80` to `9F` windows-1252 has its typography (`œ`, `’`, `€`) and ISO-8859-15
/// has nothing that belongs in a text. And eight signs that windows-1252 shares with Latin-1 (`¤ ¦ ¨ ´ ¸ ¼ ½ ¾`) are
/// `€ Š š Ž ž Œ œ Ÿ` in ISO-8859-15: next to a letter they can only be the latter. Files of DOS (code page 850) and of
/// the old Macintosh put their accents where windows-1252 has signs that stand in no word: those are refused.
fn single_bytes(line: &[u8]) -> Option<&'static Encoding> {
    let letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0xC0);
    let mut windows = false;
    let mut latin9 = false;
    for (at, byte) in line.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| line.get(at));
        match byte {
            0x81 | 0x82 | 0x84..=0x87 | 0x89 | 0x8B | 0x8D | 0x8F | 0x90 | 0x95 | 0x98 | 0x9B | 0x9D
                if letter(before) || letter(line.get(at + 1)) =>
            {
                return None;
            }
            0x80..=0x9F => windows = true,
            0xA6 | 0xA8 | 0xB4 | 0xB8 | 0xBC | 0xBD | 0xBE if letter(before) || letter(line.get(at + 1)) => {
                latin9 = true;
            }
            _ => {}
        }
    }
    Some(if latin9 && !windows { ISO_8859_15 } else { WINDOWS_1252 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let mut decoder = Decoder::new(Units::Bytes, false);
        assert_eq!(decoder.decode(b"Renee").unwrap(), "Renee");
        assert_eq!(decoder.seen(), [Charset::Ascii]);
        assert_eq!(decoder.decode(b"Ren\xE9e \x9Cil").unwrap(), "Renée œil");
        assert_eq!(decoder.decode(b"B\xBDuf \xA6ime").unwrap(), "Bœuf Šime");
        assert_eq!(decoder.decode("Renée".as_bytes()).unwrap(), "Renée");
        assert_eq!(decoder.decode(b"Ren\xE9e"), None, "the file is UTF-8");
        assert_eq!(decoder.seen(), [Charset::Utf8, Charset::Windows1252, Charset::Latin9]);
        assert_eq!(Decoder::restored(Units::Bytes, &decoder.seen()), decoder);
        assert_eq!(Decoder::new(Units::Bytes, true).decode(b"Ren\xE9e"), None, "the mark said UTF-8");
    }

    #[test]
    fn signs_that_stand_alone_are_no_letters() {
        let mut decoder = Decoder::new(Units::Bytes, false);
        assert_eq!(decoder.decode(b"1 \xBD \xE9").unwrap(), "1 ½ é");
        assert_eq!(decoder.seen(), [Charset::Windows1252]);
    }

    #[test]
    fn accents_of_dos_and_of_the_old_macintosh_are_refused() {
        for line in [&b"Ren\x82e"[..], b"Fran\x87ois", b"Ren\x8Fe"] {
            assert_eq!(Decoder::new(Units::Bytes, false).decode(line), None, "{line:?}");
        }
    }

    #[test]
    fn utf16_is_read_strictly() {
        let line: Vec<_> = "Renée 🎓".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut decoder = Decoder::new(Units::Utf16Be, true);
        assert_eq!(decoder.decode(&line).unwrap(), "Renée 🎓");
        assert_eq!(decoder.decode(&line[..line.len() - 2]), None, "half a surrogate pair");
        assert_eq!(decoder.decode(b"\0"), None, "half a unit");
    }
}
