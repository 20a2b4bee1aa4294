//! The letters behind the bytes of a line.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, ISO_8859_15, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP850;
use serde::{Deserialize, Serialize};

use super::likelihood;
use super::text::Units;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Charset {
    /// Nothing but ASCII, which is the same in all of those of one byte.
    #[serde(rename = "US-ASCII")]
    Ascii,
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
    /// Mac OS Roman, which Excel for the Macintosh writes as "CSV (Macintosh)".
    #[serde(rename = "macintosh")]
    MacRoman,
    /// Code page 850 of DOS, which Excel for Windows writes as "CSV (MS-DOS)".
    #[serde(rename = "IBM850")]
    Cp850,
}

impl Charset {
    /// The name in IANA's list, as reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "US-ASCII",
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "windows-1252",
            Self::Latin9 => "ISO-8859-15",
            Self::MacRoman => "macintosh",
            Self::Cp850 => "IBM850",
        }
    }
}

/// An encoding of one byte a letter, ASCII in its lower half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Windows1252,
    Latin9,
    MacRoman,
    Cp850,
}

/// What each page has in its upper half. A byte that means nothing in it is a control character.
static UPPER_HALVES: LazyLock<[[char; 128]; Page::ALL.len()]> = LazyLock::new(|| {
    Page::ALL.map(|page| {
        let Some(encoding) = page.encoding() else { return DECODING_TABLE_CP850 };
        let bytes: [u8; 128] =
            std::array::from_fn(|index| 0x80 | u8::try_from(index).unwrap_or_default());
        let mut letters = ['\u{FFFD}'; 128];
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        letters.iter_mut().zip(text.chars()).for_each(|(place, letter)| *place = letter);
        letters
    })
});

impl Page {
    pub(super) const ALL: [Self; 4] =
        [Self::Windows1252, Self::Latin9, Self::MacRoman, Self::Cp850];

    pub(super) fn charset(self) -> Charset {
        match self {
            Self::Windows1252 => Charset::Windows1252,
            Self::Latin9 => Charset::Latin9,
            Self::MacRoman => Charset::MacRoman,
            Self::Cp850 => Charset::Cp850,
        }
    }

    fn of(charset: Charset) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.charset() == charset)
    }

    /// The letter of a byte.
    pub(super) fn letter(self, byte: u8) -> char {
        match byte.checked_sub(0x80) {
            None => char::from(byte),
            Some(index) => UPPER_HALVES[self as usize][usize::from(index)],
        }
    }

    pub(super) fn decode(self, line: &[u8]) -> Cow<'_, str> {
        match self.encoding() {
            Some(encoding) => encoding.decode_without_bom_handling(line).0,
            None => line.iter().map(|byte| self.letter(*byte)).collect::<String>().into(),
        }
    }

    /// None for what `encoding_rs` has not.
    fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Self::Windows1252 => Some(WINDOWS_1252),
            Self::Latin9 => Some(ISO_8859_15),
            Self::MacRoman => Some(MACINTOSH),
            Self::Cp850 => None,
        }
    }
}

/// Turns the lines of a file into text, all by the one encoding that its first pass found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoder {
    units: Units,
    charset: Charset,
}

impl Decoder {
    pub(super) fn new(units: Units, charset: Charset) -> Self {
        Self { units, charset }
    }

    /// The text of a line. `None` when it isn't one in the file's encoding: another reading would
    /// store another name than was meant. In a page of one byte nearly every line is *some* text,
    /// so one that is UTF-8, or that has signs or capitals where no word has them, isn't believed.
    pub(super) fn decode(self, line: &[u8]) -> Option<Cow<'_, str>> {
        let strictly = |encoding: &'static Encoding| {
            encoding.decode_without_bom_handling_and_without_replacement(line)
        };
        match self.units {
            Units::Utf16Le => return strictly(UTF_16LE),
            Units::Utf16Be => return strictly(UTF_16BE),
            Units::Bytes => {}
        }
        let utf8 = std::str::from_utf8(line);
        match Page::of(self.charset) {
            None => utf8.ok().map(Cow::Borrowed),
            Some(_) if line.is_ascii() => utf8.ok().map(Cow::Borrowed),
            Some(page) => {
                (utf8.is_err() && likelihood::is_text(line, page)).then(|| page.decode(line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(charset: Charset, line: &[u8]) -> Option<String> {
        Decoder::new(Units::Bytes, charset).decode(line).map(Cow::into_owned)
    }

    #[test]
    fn a_line_is_read_by_the_encoding_of_its_file() {
        for (charset, line) in [
            (Charset::Utf8, "Renée œil".as_bytes()),
            (Charset::Windows1252, b"Ren\xE9e \x9Cil"),
            (Charset::Latin9, b"Ren\xE9e \xBDil"),
            (Charset::MacRoman, b"Ren\x8Ee \xCFil"),
        ] {
            assert_eq!(decoded(charset, line).as_deref(), Some("Renée œil"), "{charset:?}");
            assert_eq!(decoded(charset, b"Renee").as_deref(), Some("Renee"));
        }
        assert_eq!(decoded(Charset::Cp850, b"Ren\x82e NO\xD3L").as_deref(), Some("Renée NOËL"));
        assert_eq!(
            decoded(Charset::Windows1252, b"1 \xBD \xE9").as_deref(),
            Some("1 ½ é"),
            "a sign that stands alone"
        );
    }

    #[test]
    fn a_line_of_another_encoding_is_none() {
        assert_eq!(decoded(Charset::Utf8, b"Ren\xE9e"), None);
        for line in ["Renée".as_bytes(), b"Ren\x82e", b"Fran\x87ois", b"Ren\x8Fe", b"Ren\x8Ee"] {
            assert_eq!(decoded(Charset::Windows1252, line), None, "{line:?}");
        }
        assert_eq!(decoded(Charset::MacRoman, b"Ren\xE9e"), None, "a capital within a word");
        assert_eq!(decoded(Charset::Latin9, b"l\x92\x8Cuf"), None, "control characters");
    }

    #[test]
    fn utf16_is_read_strictly() {
        let line: Vec<_> = "Renée 🎓".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let decoder = Decoder::new(Units::Utf16Be, Charset::Utf16Be);
        assert_eq!(decoder.decode(&line).unwrap(), "Renée 🎓");
        assert_eq!(decoder.decode(&line[..line.len() - 2]), None, "half a surrogate pair");
        assert_eq!(decoder.decode(b"\0"), None, "half a unit");
    }

    #[test]
    fn names_are_what_is_stored() {
        for page in Page::ALL {
            assert_eq!(serde_json::to_value(page.charset()).unwrap(), page.charset().name());
        }
    }
}
