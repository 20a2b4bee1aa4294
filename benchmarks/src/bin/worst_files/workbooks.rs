//! Workbooks that might cost more than others.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use anyhow::Result;
use zip::write::{SimpleFileOptions, ZipWriter};

const PACKAGE: &str = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
/// What the entries inflate to at most, as the reader has it, less what the small ones take.
const INFLATED: usize = (256 << 20) - (1 << 20);
/// What the shared texts may inflate to.
const TEXTS: usize = (64 << 20) - 64;

/// Every workbook, none of them larger than `size`.
pub(crate) fn all(size: usize) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for (name, unit) in [
        ("empty cells", "<c/>"),
        ("empty cells with a place", r#"<c r="A1"/>"#),
        ("cells of one digit", "<c><v>1</v></c>"),
        ("cells of one long number", "<c><v>1e300</v></c>"),
        ("empty rows", "<row/>"),
        ("rows of one cell", "<row><c><v>1</v></c></row>"),
        ("texts in the cell", r#"<c t="inlineStr"><is><t>x</t></is></c>"#),
        ("formulas", "<c><f>A1</f><v>1</v></c>"),
        ("comments", "<!---->"),
        ("entities in the cell", r#"<c t="str"><v>&amp;&amp;&amp;&amp;</v></c>"#),
    ] {
        let data = unit.repeat(INFLATED / unit.len());
        let sheet = format!("<worksheet><sheetData>{data}</sheetData></worksheet>");
        all.push((
            format!("one sheet of {name}"),
            workbook(&["worksheets/sheet1.xml"], &[("sheet1", &sheet)], "")?,
        ));
        // A sixtieth of it, named by sixty sheets: what stopped the import once.
        let data = unit.repeat(INFLATED / unit.len() / 60);
        let sheet = format!("<worksheet><sheetData>{data}</sheetData></worksheet>");
        let file = workbook(&["worksheets/sheet1.xml"; 60], &[("sheet1", &sheet)], "")?;
        all.push((format!("sixty sheets on one part of {name}"), file));
    }
    for (name, length) in [("empty", 0), ("short", 8), ("long", 1 << 20), ("huge", TEXTS - 64)] {
        for (letter, column) in [(" ", ""), ("x", ""), ("x", r#" r="ZZ1""#)] {
            let text = format!("<si><t>{}</t></si>", letter.repeat(length));
            let texts = text.repeat((TEXTS / text.len()).max(1));
            let cell = format!(r#"<c{column} t="s"><v>0</v></c>"#);
            let data = cell.repeat((INFLATED - TEXTS) / cell.len());
            let sheet = format!("<worksheet><sheetData>{data}</sheetData></worksheet>");
            let file = workbook(&["worksheets/sheet1.xml"], &[("sheet1", &sheet)], &texts)?;
            let place = if column.is_empty() { "" } else { ", right of the widest header" };
            all.push((format!("cells of {name} shared texts of {letter:?}{place}"), file));
        }
    }
    all.retain(|(_, file)| file.len() <= size);
    Ok(all)
}

fn workbook(targets: &[&str], sheets: &[(&str, &str)], texts: &str) -> Result<Vec<u8>> {
    let (mut names, mut relations) = (String::new(), String::new());
    for (number, target) in targets.iter().enumerate() {
        write!(names, r#"<sheet name="{number}" sheetId="{number}" r:id="rId{number}"/>"#)?;
        write!(
            relations,
            r#"<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="{target}"/>"#
        )?;
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut entry = |name: &str, content: &str| -> Result<()> {
        archive.start_file(name, SimpleFileOptions::default().compression_level(Some(9)))?;
        archive.write_all(content.as_bytes())?;
        Ok(())
    };
    entry("_rels/.rels", PACKAGE)?;
    entry(
        "xl/workbook.xml",
        &format!(r#"<workbook xmlns:r="r"><sheets>{names}</sheets></workbook>"#),
    )?;
    entry("xl/_rels/workbook.xml.rels", &format!("<Relationships>{relations}</Relationships>"))?;
    if !texts.is_empty() {
        entry("xl/sharedStrings.xml", &format!("<sst>{texts}</sst>"))?;
    }
    for (name, content) in sheets {
        entry(&format!("xl/worksheets/{name}.xml"), content)?;
    }
    Ok(archive.finish()?.into_inner())
}
