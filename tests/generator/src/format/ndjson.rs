//! The write contract's JSON, an object a line.

use std::io::{self, Write};

use crate::row::GeneratedRow;

pub(super) fn write(rows: impl Iterator<Item = GeneratedRow>, output: &mut impl Write) -> io::Result<()> {
    for row in rows {
        let mut start = b"{";
        // A blank value is left out, unless leaving it out is the fault: then either form must be reported.
        for (column, value) in row.values().filter(|(_, value)| !value.is_empty()) {
            output.write_all(start)?;
            start = b",";
            write!(output, "\"{}\":", column.wire_name())?;
            serde_json::to_writer(&mut *output, value)?;
        }
        output.write_all(b"}\n")?;
    }
    Ok(())
}
