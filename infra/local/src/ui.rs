//! What the person in front of the terminal sees: headings, steps that tick, bars.
//!
//! Bars go to the standard error and only to a terminal. Elsewhere (a continuous integration log) each step
//! is two plain lines, one when it starts and one when it is done.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step in progress. Dropped before [`Step::done`], it disappears: the error that follows tells more.
#[derive(Debug)]
pub(crate) struct Step {
    bar: ProgressBar,
    title: String,
    started: Instant,
}

impl Step {
    /// A step of unknown length.
    pub(crate) fn start(title: impl Into<String>) -> Self {
        Self::with_style(title.into(), ProgressBar::new_spinner(), "{spinner} {prefix} {wide_msg:.dim}")
    }

    /// A step of known length; `template` is indicatif's, after the title.
    pub(crate) fn of(title: impl Into<String>, length: u64, template: &str) -> Self {
        Self::with_style(title.into(), ProgressBar::new(length), &format!("{{spinner}} {{prefix}} {template}"))
    }

    fn with_style(title: String, bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_prefix(title.clone());
        bar.enable_steady_tick(Duration::from_millis(100));
        if !std::io::stderr().is_terminal() {
            println!("  … {title}");
        }
        Self { bar, title, started: Instant::now() }
    }

    /// The bar, to move it.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Ends well; `detail` may be empty.
    pub(crate) fn done(self, detail: &str) {
        self.bar.finish_and_clear();
        done(&self.title, detail, self.started.elapsed());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of bytes, for uploads.
pub(crate) const BYTES: &str = "{wide_bar} {bytes} of {total_bytes}";

/// Says that something is done, and how long it took.
pub(crate) fn done(title: &str, detail: &str, took: Duration) {
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    println!("  ✔ {title}{detail} ({:.1} s)", took.as_secs_f64());
}

/// The title of a part.
pub(crate) fn heading(text: &str) {
    println!("\n━━ {text}");
}

/// Prints a table with aligned columns, the first row being its heading.
pub(crate) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end());
        if number == 0 {
            line(&widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
        }
    }
}

/// Prints an indented line of a result, which may be piped into a program that doesn't read to the end (`head`).
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "    {text}");
}
