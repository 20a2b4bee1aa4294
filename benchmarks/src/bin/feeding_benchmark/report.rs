//! The tables.

use std::fmt::Write as _;
use std::time::Duration;

use benchmarks::machine::Machine;

use crate::arguments::Arguments;
use crate::files::Measured;
use crate::reading::Read;
use crate::writing::Written;

/// Rows read in a second of one core, at least.
const ROWS_GOAL: f64 = 400_000.0;
/// Bytes resident while a million rows are read, less than.
const MEMORY_GOAL: u64 = 128 << 20;

/// Everything that was measured.
pub(crate) struct Report {
    title: String,
    reading: Vec<Reading>,
    peaks: Vec<(&'static str, u64)>,
    memory_rows: u64,
    written: Option<Written>,
}

struct Reading {
    name: &'static str,
    bytes_per_row: f64,
    best: Duration,
    /// The first pass alone.
    survey: Duration,
    rows: u64,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let Arguments { rows, rounds, memory_rows, records, .. } = *arguments;
        let machine = Machine::this().line();
        let title =
            format!("{machine}; {rows} rows, {records} records, the best of {rounds} rounds");
        Self { title, reading: Vec::new(), peaks: Vec::new(), memory_rows, written: None }
    }

    /// A file was read, once more.
    pub(crate) fn read(&mut self, format: &Measured, bytes: usize, read: &Read) {
        match self.reading.iter_mut().find(|reading| reading.name == format.name) {
            Some(reading) => {
                reading.best = reading.best.min(read.time);
                reading.survey = reading.survey.min(read.survey);
            }
            None => self.reading.push(Reading {
                name: format.name,
                bytes_per_row: as_number(bytes as u64) / as_number(read.rows),
                best: read.time,
                survey: read.survey,
                rows: read.rows,
            }),
        }
    }

    /// A file was read in a process of its own.
    pub(crate) fn peak(&mut self, format: &Measured, bytes: u64) {
        self.peaks.push((format.name, bytes));
    }

    /// Records were written.
    pub(crate) fn wrote(&mut self, written: Written) {
        self.written = Some(written);
    }

    /// All of it, in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{}\n", self.title);
        self.reading_table(&mut text);
        self.memory_table(&mut text);
        self.writing_table(&mut text);
        text
    }

    fn reading_table(&self, text: &mut String) {
        let Some(plain) = self.reading.first() else { return };
        text.push_str("\n| reading | bytes a row | µs a row | rows a second and core | times the first | first pass, MB/s | goal |\n");
        text.push_str("|---|---:|---:|---:|---:|---:|---|\n");
        for reading in &self.reading {
            let each = reading.each();
            let ratio = each / plain.each();
            let verdict = if reading.per_second() >= ROWS_GOAL { "reached" } else { "missed" };
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.2} | {:.0} | {ratio:.1} | {:.0} | {ROWS_GOAL}: {verdict} |",
                reading.name,
                reading.bytes_per_row,
                each * 1e6,
                reading.per_second(),
                reading.bytes_per_row * as_number(reading.rows)
                    / reading.survey.as_secs_f64()
                    / 1e6,
            );
        }
    }

    fn memory_table(&self, text: &mut String) {
        if self.peaks.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\n| memory, {} rows | resident at most, MiB | goal |",
            self.memory_rows
        );
        text.push_str("|---|---:|---|\n");
        for (name, bytes) in &self.peaks {
            let verdict = if *bytes < MEMORY_GOAL { "reached" } else { "missed" };
            let mebibyte = as_number(1 << 20);
            let (peak, goal) = (as_number(*bytes) / mebibyte, as_number(MEMORY_GOAL) / mebibyte);
            let _ = writeln!(text, "| {name} | {peak:.1} | {goal}: {verdict} |");
        }
    }

    fn writing_table(&self, text: &mut String) {
        let Some(written) = self.written else { return };
        text.push_str("\n| writing a record | µs | times the transaction |\n|---|---:|---:|\n");
        for (name, time) in [
            ("the record store's `put`, attribute values included", written.store),
            ("`TransactWriteItems`, a hundred conditional updates", written.transaction),
            ("`BatchWriteItem`, 25 items, no condition", written.plain_batch),
            ("`UpdateItem`, conditional, one by one", written.one_by_one),
            ("before any of the three: the id (HMAC) and the attribute values", written.values),
        ] {
            let ratio = time.as_secs_f64() / written.transaction.as_secs_f64();
            let _ = writeln!(text, "| {name} | {:.2} | {ratio:.1} |", time.as_secs_f64() * 1e6);
        }
    }
}

impl Reading {
    /// Seconds.
    fn each(&self) -> f64 {
        self.best.as_secs_f64() / as_number(self.rows)
    }

    fn per_second(&self) -> f64 {
        1.0 / self.each()
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing here reaches 2⁵³")]
fn as_number(count: u64) -> f64 {
    count as f64
}
