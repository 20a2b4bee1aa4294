//! Formulas whose result was never stored: programs that write workbooks without being spreadsheets
//! leave it out, and whoever opens one sees a value that isn't there. The parser gives such a cell
//! as a blank one.

use std::io::{self, Write};

use memchr::memchr;

/// Longest tag that is kept, in bytes: a cell's has some forty.
const LONGEST_TAG: usize = 512;

/// Cells of one part that have a formula and no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstored {
    /// The first one, `J3`.
    pub(in crate::files::reader) first: String,
    /// How many there are.
    pub(in crate::files::reader) cells: u64,
}

/// Looks for them in the XML of a sheet, which is written to it in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct FormulaScan {
    in_tag: bool,
    tag: Vec<u8>,
    /// The cell that is open: its name, and what it was seen to have.
    cell: Option<Cell>,
    in_value: bool,
    found: Option<Unstored>,
}

#[derive(Debug)]
struct Cell {
    name: String,
    /// Its result is a text, which may be blank.
    text: bool,
    formula: bool,
    value: bool,
}

impl FormulaScan {
    /// What was found.
    pub(super) fn found(self) -> Option<Unstored> {
        self.found
    }

    fn end_tag(&mut self) {
        let tag = std::mem::take(&mut self.tag);
        let closes = tag.first() == Some(&b'/');
        let empty = tag.last() == Some(&b'/');
        let body = &tag[usize::from(closes)..];
        let end = body
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || *byte == b'/')
            .unwrap_or(body.len());
        let name = body[..end].rsplit(|byte| *byte == b':').next().unwrap_or_default();
        match (name, closes) {
            (b"c", false) if !empty => {
                let name =
                    attribute(body, b"r").map(|value| String::from_utf8_lossy(value).into_owned());
                let text = attribute(body, b"t") == Some(b"str");
                self.cell = Some(Cell {
                    name: name.unwrap_or_default(),
                    text,
                    formula: false,
                    value: false,
                });
            }
            (b"c", true) => {
                if let Some(Cell { name, formula: true, value: false, .. }) = self.cell.take() {
                    self.found.get_or_insert(Unstored { first: name, cells: 0 }).cells += 1;
                }
            }
            (b"f", false) => {
                if let Some(cell) = &mut self.cell {
                    cell.formula = true;
                }
            }
            (b"v" | b"is", false) => {
                self.in_value = !empty;
                if let Some(cell) = &mut self.cell {
                    cell.value |= cell.text;
                }
            }
            (b"v" | b"is", true) => self.in_value = false,
            _ => {}
        }
        self.tag = tag;
        self.tag.clear();
    }
}

impl Write for FormulaScan {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr(if self.in_tag { b'>' } else { b'<' }, rest);
            let before = &rest[..end.unwrap_or(rest.len())];
            if self.in_tag {
                let room = LONGEST_TAG.saturating_sub(self.tag.len());
                self.tag.extend_from_slice(&before[..before.len().min(room)]);
            } else if self.in_value
                && !before.is_empty()
                && let Some(cell) = &mut self.cell
            {
                cell.value = true;
            }
            let Some(end) = end else { break };
            if self.in_tag {
                self.end_tag();
            }
            self.in_tag = !self.in_tag;
            rest = &rest[end + 1..];
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The value of an attribute in a tag.
fn attribute<'a>(tag: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    tag.split(u8::is_ascii_whitespace).find_map(|part| {
        let value = part.strip_prefix(name)?.strip_prefix(b"=")?;
        let quote = *value.first()?;
        value[1..].split(|byte| *byte == quote).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(xml: &str, piece: usize) -> Option<(String, u64)> {
        let mut scan = FormulaScan::default();
        for piece in xml.as_bytes().chunks(piece) {
            scan.write_all(piece).unwrap();
        }
        scan.found().map(|found| (found.first, found.cells))
    }

    #[test]
    fn a_formula_without_a_value_is_found_however_it_is_written_and_cut() {
        for (cells, found) in [
            (r#"<c r="A1"><f>1+1</f><v>2</v></c>"#, None),
            (r#"<c r="A1"><f>1+1</f><v></v></c>"#, Some(1)),
            (
                r#"<c r="A1"><f>1+1</f><v/></c><c r="A2"/><c r="A3"><f t="shared" si="0"/></c>"#,
                Some(2),
            ),
            (r#"<x:c s="1" r="A1"><x:f>A1&gt;2</x:f></x:c>"#, Some(1)),
            (r#"<c t="str" r="A1"><f>IF(B1,"x","")</f><v></v></c>"#, None),
            (
                r#"<c r="A1" s="4"/><c r="B1"><v>3</v></c><c r="C1" t="inlineStr"><is><t>x</t></is></c>"#,
                None,
            ),
        ] {
            for piece in [1, 3, 1_000] {
                let expected = found.map(|cells| ("A1".to_owned(), cells));
                assert_eq!(
                    scan(&format!("<row>{cells}</row>"), piece),
                    expected,
                    "{cells} by {piece}"
                );
            }
        }
    }
}
