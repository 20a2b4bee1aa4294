//! What the person in front of the terminal sees: headings, steps that tick, bars, tables.
//!
//! Progress goes to the standard error, so that the standard output has the result alone. A bar
//! needs a terminal; elsewhere (a continuous integration log) each step is two plain lines, one
//! when it starts and one when it is done.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step in progress. Dropped before [`Step::done`], it disappears: the error that follows tells
/// more.
#[derive(Debug)]
pub struct Step {
    bar: ProgressBar,
    title: String,
    started: Instant,
}

impl Step {
    /// A step of unknown length.
    pub fn start(title: impl Into<String>) -> Self {
        Self::with_style(
            title.into(),
            ProgressBar::new_spinner(),
            "{spinner} {prefix} {wide_msg:.dim}",
        )
    }

    /// A step of known length; `template` is indicatif's, after the title.
    pub fn of(title: impl Into<String>, length: u64, template: &str) -> Self {
        Self::with_style(
            title.into(),
            ProgressBar::new(length),
            &format!("{{spinner}} {{prefix}} {template}"),
        )
    }

    fn with_style(title: String, bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_prefix(title.clone());
        bar.enable_steady_tick(Duration::from_millis(100));
        if !std::io::stderr().is_terminal() {
            eprintln!("  … {title}");
        }
        Self { bar, title, started: Instant::now() }
    }

    /// The bar, to move it.
    #[must_use]
    pub fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Ends well; `detail` may be empty.
    pub fn done(self, detail: &str) {
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
pub const BYTES: &str = "{wide_bar} {bytes} of {total_bytes}";

/// Says that something is done, and how long it took.
pub fn done(title: &str, detail: &str, took: Duration) {
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    eprintln!("  ✔ {title}{detail} ({:.1} s)", took.as_secs_f64());
}

/// The title of a part.
pub fn heading(text: &str) {
    println!("\n━━ {text}");
}

/// Prints a table with aligned columns, the first row being its heading.
pub fn table(rows: &[Vec<String>]) {
    for text in aligned(rows) {
        line(&text);
    }
}

/// Prints an indented line on the standard error: what is shown before a question is asked.
pub(crate) fn aside(text: &str) {
    eprintln!("    {text}");
}

/// The lines of a table with aligned columns, the first row being its heading.
pub(crate) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
    lines.insert(lines.len().min(1), rule);
    lines
}

/// Prints an indented line of a result, which may be piped into a program that doesn't read to the
/// end (`head`).
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "    {text}");
}

/// Prints a result as it is, which may be piped into a program that doesn't read to the end.
pub fn output(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says why a command failed, cause by cause.
#[must_use]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    ExitCode::FAILURE
}

/// The first four characters of a key or a token, to tell it from another.
#[must_use]
pub fn masked(key: &str) -> String {
    format!("{}…", key.get(..4).unwrap_or_default())
}
