//! The smallest workbook that spreadsheets open: one sheet, texts in the cells, dates as the
//! numbers that spreadsheets make of them.

use std::io::{self, Write};

use jiff::civil::{Date, date};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::whole_date;
use crate::column::Column;
use crate::row::GeneratedRow;

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const PACKAGE_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Inscriptions" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Two styles: 0 is plain, 1 is a date (number format 14).
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#;
const SHEET_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";

/// Day 0 of spreadsheets, which count a 29 February 1900 that never was.
const DAY_ZERO: Date = date(1899, 12, 30);

pub(super) fn write<W: Write>(
    rows: impl Iterator<Item = GeneratedRow>,
    output: W,
) -> io::Result<W> {
    let mut workbook = ZipWriter::new_stream(output);
    // Without a time, so that the same rows give the same bytes; zip64, in case a sheet passes 4
    // GB.
    let options =
        SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).large_file(true);
    for (name, part) in [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", PACKAGE_RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/styles.xml", STYLES),
    ] {
        workbook.start_file(name, options)?;
        workbook.write_all(part.as_bytes())?;
    }
    workbook.start_file("xl/worksheets/sheet1.xml", options)?;
    workbook.write_all(SHEET_START.as_bytes())?;
    let mut xml = Vec::new();
    write!(xml, "<row r=\"1\">")?;
    for (column, letter) in Column::ALL.into_iter().zip('A'..) {
        text_cell(letter, 1, column.label(), &mut xml)?;
    }
    write!(xml, "</row>")?;
    for row in rows {
        let line = row.number + 1;
        write!(xml, "<row r=\"{line}\">")?;
        for ((column, value), letter) in row.values().zip('A'..) {
            match day_number(column, value) {
                _ if value.is_empty() => {}
                Some(days) => write!(xml, "<c r=\"{letter}{line}\" s=\"1\"><v>{days}</v></c>")?,
                None => text_cell(letter, line, value, &mut xml)?,
            }
        }
        write!(xml, "</row>")?;
        workbook.write_all(&xml)?;
        xml.clear();
    }
    workbook.write_all(SHEET_END.as_bytes())?;
    Ok(workbook.finish()?.into_inner())
}

fn text_cell(letter: char, line: u64, text: &str, xml: &mut Vec<u8>) -> io::Result<()> {
    write!(xml, "<c r=\"{letter}{line}\" t=\"inlineStr\"><is><t>")?;
    for byte in text.bytes() {
        match byte {
            b'&' => xml.extend_from_slice(b"&amp;"),
            b'<' => xml.extend_from_slice(b"&lt;"),
            // XML 1.0 has no control characters; spreadsheets write them so.
            control if control.is_ascii_control() => write!(xml, "_x{control:04X}_")?,
            other => xml.push(other),
        }
    }
    xml.extend_from_slice(b"</t></is></c>");
    Ok(())
}

/// Nothing for a date that no calendar has: it stays a text, as when someone types it.
fn day_number(column: Column, value: &str) -> Option<i32> {
    whole_date(column, value)?;
    let day: Date = value.parse().ok()?;
    Some((day - DAY_ZERO).get_days())
}
