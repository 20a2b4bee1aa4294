//! Text to the bytes of an encoding.

use std::io::{self, Write};

use encoding_rs::{ISO_8859_15, WINDOWS_1252};

/// The encoding of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with one, as Excel writes it.
    Utf8Bom,
    Windows1252,
    Iso8859_15,
    /// UTF-16, little-endian, with a byte order mark: Excel's "Unicode text".
    Utf16Le,
}

impl Charset {
    /// The file's first bytes.
    pub(super) fn start(self, output: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Utf8Bom | Self::Utf16Le => self.write("\u{FEFF}", output),
            Self::Utf8 | Self::Windows1252 | Self::Iso8859_15 => Ok(()),
        }
    }

    /// A character that the encoding lacks fails: no list has any.
    pub(super) fn write(self, text: &str, output: &mut impl Write) -> io::Result<()> {
        let (bytes, _, lacking) = match self {
            Self::Utf8 | Self::Utf8Bom => return output.write_all(text.as_bytes()),
            Self::Utf16Le => {
                return text
                    .encode_utf16()
                    .try_for_each(|unit| output.write_all(&unit.to_le_bytes()));
            }
            Self::Windows1252 => WINDOWS_1252.encode(text),
            Self::Iso8859_15 => ISO_8859_15.encode(text),
        };
        if lacking {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a character isn't in the file's encoding",
            ));
        }
        output.write_all(&bytes)
    }
}
