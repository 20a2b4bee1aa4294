//! What a file is, by its first bytes: names lie, and nobody thinks of a media type.

use serde::{Deserialize, Serialize};

use super::error::FileError;
use super::text::Units;

/// Bytes that are enough to tell.
pub(super) const ENOUGH: usize = 512;

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines of values under a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// An Office Open XML workbook.
    Xlsx,
}

/// What a file is wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To be inflated, and looked at again.
    Compressed(Compression),
    /// A ZIP archive, hopefully a workbook.
    Archive,
    /// Text, in units of one or two bytes, after a mark of so many bytes.
    Text { format: Format, units: Units, mark: usize },
}

/// Recognises a file by up to [`ENOUGH`] of its first bytes, fewer only when it has no more.
pub(super) fn sniff(head: &[u8]) -> Result<Kind, FileError> {
    if head.is_empty() {
        return Err(FileError::Empty);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Archive);
    }
    if head.starts_with(b"\x1F\x8B") {
        return Ok(Kind::Compressed(Compression::Gzip));
    }
    // A frame, or a skippable one (0x184D2A50 to 0x184D2A5F), which parallel compressors begin
    // with.
    if head.starts_with(b"\x28\xB5\x2F\xFD")
        || (head.len() >= 4 && head[0] & 0xF0 == 0x50 && head[1..4] == *b"\x2A\x4D\x18")
    {
        return Ok(Kind::Compressed(Compression::Zstd));
    }
    if let Some(seen) = foreign(head) {
        return Err(FileError::Foreign(seen));
    }
    let (units, mark) = units(head);
    let first = head[mark..].iter().copied().find(|byte| !byte.is_ascii_whitespace() && *byte != 0);
    // Further down they spoil their row only.
    let line =
        head.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(head, |end| &head[..end]);
    if units == Units::Bytes && line.contains(&0) {
        return Err(FileError::NotText);
    }
    match first {
        Some(b'{') => Ok(Kind::Text { format: Format::Ndjson, units, mark }),
        Some(b'[') => Err(FileError::Foreign(
            "un tableau JSON (il faut un objet par ligne, sans crochets ni virgules entre eux)",
        )),
        Some(b'<') => Err(FileError::Foreign("un document XML ou HTML")),
        _ => Ok(Kind::Text { format: Format::Csv, units, mark }),
    }
}

fn units(head: &[u8]) -> (Units, usize) {
    if head.starts_with(b"\xEF\xBB\xBF") {
        return (Units::Bytes, 3);
    }
    if head.starts_with(b"\xFF\xFE") {
        return (Units::Utf16Le, 2);
    }
    if head.starts_with(b"\xFE\xFF") {
        return (Units::Utf16Be, 2);
    }
    // Without a mark: a header is ASCII for the most part, so that one byte of each pair is zero.
    let pairs = head.chunks_exact(2);
    let count = pairs.len();
    let (mut high, mut low) = (0, 0);
    for pair in pairs {
        high += usize::from(pair[0] == 0 && pair[1] != 0);
        low += usize::from(pair[0] != 0 && pair[1] == 0);
    }
    match (high * 10 >= count * 8, low * 10 >= count * 8) {
        _ if count == 0 => (Units::Bytes, 0),
        (true, false) => (Units::Utf16Be, 0),
        (false, true) => (Units::Utf16Le, 0),
        _ => (Units::Bytes, 0),
    }
}

/// Formats that people send by mistake, in words that they know.
fn foreign(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 17] = [
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            "un classeur Excel 97-2003 (.xls) ou protégé par un mot de passe",
        ),
        (b"%PDF", "un PDF"),
        (b"\x89PNG", "une image PNG"),
        (b"\xFF\xD8\xFF", "une image JPEG"),
        (b"GIF8", "une image GIF"),
        (b"Rar!\x1A\x07", "une archive RAR"),
        (b"7z\xBC\xAF\x27\x1C", "une archive 7z"),
        (b"BZh", "compressé par bzip2"),
        (b"\xFD7zXZ\0", "compressé par xz"),
        (b"\x04\x22\x4D\x18", "compressé par lz4"),
        (b"{\\rtf", "un document RTF"),
        (b"PAR1", "un fichier Parquet"),
        (b"SQLite format 3\0", "une base SQLite"),
        (b"\x7FELF", "un programme"),
        (b"MZ\x90\0", "un programme"),
        (b"\xFF\xFE\0\0", "un texte en UTF-32"),
        (b"\0\0\xFE\xFF", "un texte en UTF-32"),
    ];
    SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)).map(|(_, seen)| *seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_their_first_bytes_say() {
        let csv = |units, mark| Ok(Kind::Text { format: Format::Csv, units, mark });
        for (head, kind) in [
            (&b"ine;uai"[..], csv(Units::Bytes, 0)),
            (b"\xEF\xBB\xBFine;uai", csv(Units::Bytes, 3)),
            (b"\xFF\xFEi\0n\0e\0", csv(Units::Utf16Le, 2)),
            (b"\xFE\xFF\0i\0n\0e", csv(Units::Utf16Be, 2)),
            (b"i\0n\0e\0", csv(Units::Utf16Le, 0)),
            (b"\0i\0n\0e", csv(Units::Utf16Be, 0)),
            (
                b"\n {\"ine\":1}",
                Ok(Kind::Text { format: Format::Ndjson, units: Units::Bytes, mark: 0 }),
            ),
            (b"\x1F\x8B\x08", Ok(Kind::Compressed(Compression::Gzip))),
            (b"\x28\xB5\x2F\xFD\x04", Ok(Kind::Compressed(Compression::Zstd))),
            (b"\x5A\x2A\x4D\x18\x04", Ok(Kind::Compressed(Compression::Zstd))),
            (b"PK\x03\x04\x14", Ok(Kind::Archive)),
            (b"", Err(FileError::Empty)),
            (b"a\0\0\0\0bc", Err(FileError::NotText)),
        ] {
            assert_eq!(sniff(head), kind, "{head:?}");
        }
        for head in [
            &b"%PDF-1.7"[..],
            b"\x89PNG\r\n",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            b"{\\rtf1",
            b"[{}]",
            b"<?xml",
            b"\xFF\xFE\0\0i\0\0\0",
        ] {
            assert!(matches!(sniff(head), Err(FileError::Foreign(_))), "{head:?}");
        }
    }
}
