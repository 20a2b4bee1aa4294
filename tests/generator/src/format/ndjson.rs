//! The write contract's JSON, an object a line.

use std::io::{self, Write};

use crate::fault::Fault;
use crate::row::GeneratedRow;

pub(super) fn write(
    rows: impl Iterator<Item = GeneratedRow>,
    output: &mut impl Write,
) -> io::Result<()> {
    for row in rows {
        let mut start = b"{";
        for (column, value) in row.values().filter(|(_, value)| !value.is_empty()) {
            output.write_all(start)?;
            start = b",";
            write!(output, "\"{}\":", column.wire_name())?;
            serde_json::to_writer(&mut *output, value)?;
        }
        output.write_all(if row.fault == Some(Fault::OpenQuotationMark) {
            b",\"\n"
        } else {
            b"}\n"
        })?;
    }
    Ok(())
}
