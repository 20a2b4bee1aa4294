//! The table, and the file of the numbers in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use benchmarks::machine::Machine;
use serde::Serialize;

use crate::arguments::{Arguments, Kind};
use crate::measure::{ColdStart, Part, Warm, median, microseconds};
use crate::subject::Subject;

/// A cold start is so many times shorter than the better of the others.
const COLD_GOAL: f64 = 15.0;
/// A request takes so many times less processor time.
const CPU_GOAL: f64 = 4.0;
/// A process has so many times less memory.
const MEMORY_GOAL: f64 = 3.0;

/// The columns, in order: the function and its work in other languages, then bare look-ups.
const COLUMNS: [Kind; 7] = [
    Kind::Rust,
    Kind::PythonWhole,
    Kind::NodeWhole,
    Kind::Bare,
    Kind::Python,
    Kind::Node,
    Kind::Bundle,
];

/// A value for each column, where there is one.
type Row<T> = [Option<T>; COLUMNS.len()];

/// What was measured of a subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Results {
    kind: Kind,
    name: String,
    /// Every measured start.
    #[serde(serialize_with = "as_milliseconds")]
    pub(crate) cold: Vec<ColdStart>,
    /// Asked by INE.
    pub(crate) by_ine: Option<Warm>,
    /// Asked by civil identity; ours only.
    pub(crate) by_identity: Option<Warm>,
}

impl Results {
    /// Nothing yet.
    pub(crate) fn of(subject: &Subject) -> Self {
        Self {
            kind: subject.kind(),
            name: subject.name().to_owned(),
            cold: Vec::new(),
            by_ine: None,
            by_identity: None,
        }
    }

    fn cold(&self, which: impl Fn(&ColdStart) -> Duration) -> Option<f64> {
        let mut times: Vec<_> = self.cold.iter().map(which).collect();
        (!times.is_empty()).then(|| microseconds(median(&mut times)) / 1e3)
    }
}

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    requests: u32,
    cold_starts: u32,
    subjects: Vec<Results>,
    /// Of the function, one by one.
    parts: Vec<Part>,
}

impl Report {
    /// All that there is to tell.
    pub(crate) fn new(arguments: &Arguments, subjects: Vec<Results>, parts: Vec<Part>) -> Self {
        let Arguments { requests, cold, .. } = *arguments;
        Self { machine: Machine::this(), requests, cold_starts: cold, subjects, parts }
    }

    /// Writes the numbers.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text =
            serde_json::to_string_pretty(self).context("the results can't be written as JSON")?;
        fs::write(path, text + "\n").with_context(|| format!("{} can't be written", path.display()))
    }

    /// The table, in Markdown.
    pub(crate) fn table(&self) -> String {
        let names = COLUMNS.map(|kind| match kind {
            Kind::Rust => "**status**".to_owned(),
            Kind::Bare => "bare look-up, Rust".to_owned(),
            // With its version, if it was there.
            _ => {
                let name = self
                    .of(kind)
                    .map_or_else(|| format!("{kind:?}"), |results| results.name.clone());
                let whole = matches!(kind, Kind::PythonWhole | Kind::NodeWhole);
                if whole { name } else { format!("bare look-up, {name}") }
            }
        });
        let mut table = format!(
            "{}; {} requests, {} cold starts\n\n",
            self.machine.line(),
            self.requests,
            self.cold_starts
        );
        let _ = writeln!(table, "| | {} | times better: status | bare | goal |", names.join(" | "));
        table.push_str("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n");
        self.cold_rows(&mut table);
        self.warm_rows(&mut table);
        self.part_rows(&mut table);
        table
    }

    fn cold_rows(&self, table: &mut String) {
        let cold = |which: fn(&ColdStart) -> Duration| self.each(|results| results.cold(which));
        row(
            table,
            "Cold start until ready for an event, ms",
            cold(|start| start.ready),
            1,
            Some(COLD_GOAL),
        );
        row(
            table,
            "Cold start until the first answer, ms",
            cold(|start| start.answer),
            1,
            Some(COLD_GOAL),
        );
        let connections = self.each(|results| results.cold.last().map(|start| start.connections));
        let connections = connections
            .map(|seen| seen.map(|[ready, answered]| format!("{ready}, then {answered}")));
        text_row(
            table,
            "Connections to DynamoDB when ready, and after the first answer",
            connections,
        );
    }

    fn warm_rows(&self, table: &mut String) {
        let warm =
            |which: fn(&Warm) -> f64| self.each(|results| results.by_ine.as_ref().map(which));
        let cpu = |warm: &Warm| warm.cpu_microseconds;
        row(table, "Processor time for a request by INE, µs", warm(cpu), 0, Some(CPU_GOAL));
        let by_identity = self.each(|results| results.by_identity.as_ref().map(cpu));
        row(table, "Processor time for a request by civil identity, µs", by_identity, 0, None);
        row(
            table,
            "Request by INE from event to answer, median, µs",
            warm(|warm| warm.wall_microseconds),
            0,
            None,
        );
        row(
            table,
            "The same, slowest in a hundred, µs",
            warm(|warm| warm.wall_99_microseconds),
            0,
            None,
        );
        row(
            table,
            "Resident memory, MiB",
            warm(|warm| mebibytes(warm.resident_bytes)),
            1,
            Some(MEMORY_GOAL),
        );
        row(
            table,
            "Resident memory at most, MiB",
            warm(|warm| mebibytes(warm.peak_bytes)),
            1,
            Some(MEMORY_GOAL),
        );
        let by_ine = self.each(|results| results.by_ine.as_ref().map(|warm| calls(&warm.calls)));
        text_row(table, "AWS calls for a request by INE", by_ine);
        let by_identity =
            self.each(|results| results.by_identity.as_ref().map(|warm| calls(&warm.calls)));
        text_row(table, "AWS calls for a request by civil identity", by_identity);
    }

    /// What the function's processor time by INE is made of.
    fn part_rows(&self, table: &mut String) {
        let mut ours = |title: &str, microseconds| {
            row(table, title, [Some(microseconds), None, None, None, None, None, None], 1, None);
        };
        for part in &self.parts {
            ours(&format!("of which {}, µs", part.name), part.cpu_microseconds);
        }
        let whole = self.of(Kind::Rust).and_then(|results| results.by_ine.as_ref());
        if let Some(whole) = whole.filter(|_| !self.parts.is_empty()) {
            let parts: f64 = self.parts.iter().map(|part| part.cpu_microseconds).sum();
            ours("of which the rest: event in, answer out, µs", whole.cpu_microseconds - parts);
        }
    }

    fn of(&self, kind: Kind) -> Option<&Results> {
        self.subjects.iter().find(|results| results.kind == kind)
    }

    fn each<T>(&self, value: impl Fn(&Results) -> Option<T>) -> Row<T> {
        COLUMNS.map(|kind| self.of(kind).and_then(&value))
    }
}

/// A row of numbers that are better when smaller.
fn row(table: &mut String, title: &str, values: Row<f64>, decimals: usize, goal: Option<f64>) {
    // Like is compared with like. The bundle is there to be seen beside: what is compared with is
    // what `npm install` gives.
    let [status, python_whole, node_whole, bare, python, node, _] = values;
    let ratio = |ours: Option<f64>, others: [Option<f64>; 2]| {
        ours.zip(others.into_iter().flatten().reduce(f64::min)).map(|(ours, others)| others / ours)
    };
    let whole = ratio(status, [python_whole, node_whole]);
    let verdict = goal.map_or_else(String::new, |goal| match whole {
        Some(ratio) if ratio >= goal => format!("{goal}: reached"),
        Some(_) => format!("{goal}: missed"),
        None => format!("{goal}"),
    });
    let cells = values.map(|value| number(value, decimals)).join(" | ");
    let ratios = [whole, ratio(bare, [python, node])].map(|ratio| number(ratio, 1)).join(" | ");
    let _ = writeln!(table, "| {title} | {cells} | {ratios} | {verdict} |");
}

fn text_row(table: &mut String, title: &str, values: Row<String>) {
    let cells = values.map(|value| value.unwrap_or_else(nothing));
    let _ =
        writeln!(table, "| {title} | {} | {} | {} | |", cells.join(" | "), nothing(), nothing());
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(nothing, |value| format!("{value:.decimals$}"))
}

fn nothing() -> String {
    "–".to_owned()
}

fn calls(calls: &BTreeMap<String, f64>) -> String {
    let shown = calls.iter().filter(|(_, each)| **each >= 0.01).map(|(call, each)| {
        let each = format!("{each:.2}");
        format!("{} {call}", each.trim_end_matches('0').trim_end_matches('.'))
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2⁵³ bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn as_milliseconds<S: serde::Serializer>(
    starts: &[ColdStart],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Milliseconds {
        ready: f64,
        answer: f64,
        connections: [u32; 2],
    }
    let milliseconds = |time| microseconds(time) / 1e3;
    serializer.collect_seq(starts.iter().map(|start| Milliseconds {
        ready: milliseconds(start.ready),
        answer: milliseconds(start.answer),
        connections: start.connections,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: Row<f64>, goal: Option<f64>) -> String {
        let mut table = String::new();
        row(&mut table, "time", values, 1, goal);
        table
    }

    #[test]
    fn the_better_of_the_others_is_what_counts() {
        let values = [2.0, 60.0, 30.0, 1.0, 40.0, 20.0, 10.0].map(Some);
        assert_eq!(
            line(values, Some(16.0)),
            "| time | 2.0 | 60.0 | 30.0 | 1.0 | 40.0 | 20.0 | 10.0 | 15.0 | 20.0 | 16: missed |\n"
        );
        assert_eq!(
            line(values, Some(15.0)),
            "| time | 2.0 | 60.0 | 30.0 | 1.0 | 40.0 | 20.0 | 10.0 | 15.0 | 20.0 | 15: reached |\n"
        );
    }

    #[test]
    fn what_was_not_measured_is_no_verdict() {
        assert_eq!(
            line([Some(2.0), None, None, None, None, None, None], Some(15.0)),
            "| time | 2.0 | – | – | – | – | – | – | – | – | 15 |\n"
        );
        assert_eq!(
            line([None, Some(40.0), None, None, None, None, None], None),
            "| time | – | 40.0 | – | – | – | – | – | – | – |  |\n"
        );
    }

    #[test]
    fn rare_calls_are_left_out() {
        let each = BTreeMap::from([
            ("GetItem students".to_owned(), 1.0),
            ("GetItem clients".to_owned(), 0.0002),
        ]);
        assert_eq!(calls(&each), "1 GetItem students");
    }
}
