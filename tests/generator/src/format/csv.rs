//! CSV as school software writes it.

use std::io::{self, Write};

use super::{Csv, Dates, Header, whole_date};
use crate::column::Column;
use crate::fault::Fault;
use crate::row::GeneratedRow;

pub(super) fn write(
    rows: impl Iterator<Item = GeneratedRow>,
    habits: Csv,
    output: &mut impl Write,
) -> io::Result<()> {
    habits.charset.start(output)?;
    let mut line = Line { habits, text: String::new(), fields: 0 };
    for column in Column::ALL {
        line.field(match habits.header {
            Header::WireNames => column.wire_name(),
            Header::Labels => column.label(),
        });
    }
    line.end(output)?;
    for row in rows {
        for (column, value) in row.values() {
            match whole_date(column, value).filter(|_| habits.dates == Dates::French) {
                Some((year, month, day)) => line.field(&format!("{day}/{month}/{year}")),
                None => line.field(value),
            }
        }
        match row.fault {
            Some(Fault::ExtraField) => line.field("1"),
            // In a field of its own, so that no later mark of the line closes it.
            Some(Fault::OpenQuotationMark) => line.open_quotation(),
            _ => {}
        }
        line.end(output)?;
    }
    Ok(())
}

struct Line {
    habits: Csv,
    text: String,
    fields: usize,
}

impl Line {
    fn field(&mut self, value: &str) {
        self.separate();
        let special = |letter: char| letter == self.habits.separator || letter == '"';
        if self.habits.quoted || value.contains(special) {
            self.text.push('"');
            self.text.push_str(&value.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(value);
        }
    }

    fn open_quotation(&mut self) {
        self.separate();
        self.text.push_str("\"Dupont");
    }

    fn separate(&mut self) {
        if self.fields > 0 {
            self.text.push(self.habits.separator);
        }
        self.fields += 1;
    }

    fn end(&mut self, output: &mut impl Write) -> io::Result<()> {
        self.text.push_str(if self.habits.crlf { "\r\n" } else { "\n" });
        self.habits.charset.write(&self.text, output)?;
        self.text.clear();
        self.fields = 0;
        Ok(())
    }
}
