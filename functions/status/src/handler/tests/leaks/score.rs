//! What was right, in the words of `tests/identity/score.py`.

#![expect(clippy::print_stdout, reason = "the table is what the measure is run for")]

use std::collections::BTreeMap;

use shared::identity::engine::lookup::Mode;

use super::doubles::client_id;
use super::population::{Population, Question};
use super::route::Asking;
use super::tables::Tables;

/// The answers of one route in one mode.
#[derive(Debug)]
pub(super) struct Score {
    pub(super) asking: Asking,
    pub(super) mode: Mode,
    by_kind: BTreeMap<String, Count>,
    /// One given name and no commune, as the route carries it.
    bare: Count,
    /// Questions about somebody who is there, as the register has it, with all that a client must say to be told anything.
    stated: Count,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    asked: u32,
    right: u32,
    /// Somebody else than the person who is meant.
    leaks: u32,
}

impl Score {
    pub(super) fn new(asking: Asking, mode: Mode) -> Self {
        Self { asking, mode, by_kind: BTreeMap::new(), bare: Count::default(), stated: Count::default() }
    }

    /// Counts an answer: the person told. The API says the same of nobody and of several.
    pub(super) fn count(&mut self, question: &Question, told: Option<&str>) {
        let expected = question.expected.rsplit(':').next().unwrap_or_default();
        let (right, leak) = match told {
            Some(person) => (person == expected, person != expected),
            None => (matches!(expected, "NONE" | "AMBIGUOUS"), false),
        };
        let mut counts = vec![self.by_kind.entry(question.kind.clone()).or_default()];
        if self.asking.is_bare(&question.asked) {
            counts.push(&mut self.bare);
        }
        // To a client that wants to be certain, a name and a date alone mean nobody.
        let enough = self.mode == Mode::Standard || !self.asking.is_bare(&question.asked);
        if enough && question.kind == "present_clean" {
            counts.push(&mut self.stated);
        }
        for count in counts {
            count.asked += 1;
            count.right += u32::from(right);
            count.leaks += u32::from(leak);
        }
    }

    fn all(&self) -> Count {
        self.by_kind.values().fold(Count::default(), |all, kind| Count {
            asked: all.asked + kind.asked,
            right: all.right + kind.right,
            leaks: all.leaks + kind.leaks,
        })
    }

    pub(super) fn leak_rate(&self) -> f64 {
        let Count { asked, leaks, .. } = self.all();
        f64::from(leaks) / f64::from(asked.max(1))
    }

    /// The share of a kind that is answered right; everything when none was asked.
    fn found(&self, kind: &str) -> f64 {
        self.by_kind.get(kind).map_or(1.0, |count| f64::from(count.right) / f64::from(count.asked))
    }

    /// The share that is answered of what is asked as the register has it, by whoever says enough.
    pub(super) fn found_of_stated(&self) -> f64 {
        f64::from(self.stated.right) / f64::from(self.stated.asked.max(1))
    }
}

/// The table of `docs/identity.md`.
pub(super) fn print(population: &Population, tables: &Tables, scores: &[Score]) {
    println!(
        "{} records, of which {} refused; {} questions",
        population.records.len(),
        tables.refused,
        population.questions.len()
    );
    println!("| route | mode | leaks | found clean / noisy | one given name and no commune |\n|---|---|---|---|---|");
    for score in scores {
        let Count { asked, right, leaks } = score.bare;
        println!(
            "| {} | {} | {:.2} % ({}) | {:.3} / {:.3} | {right} right, {leaks} leaks of {asked} |",
            score.asking.name(),
            client_id(score.mode),
            100.0 * score.leak_rate(),
            score.all().leaks,
            score.found("present_clean"),
            score.found("present_noisy"),
        );
    }
    for score in scores {
        let leaks = score.by_kind.iter().filter(|(_, count)| count.leaks > 0);
        let leaks: Vec<String> = leaks.map(|(kind, count)| format!("{} {kind}", count.leaks)).collect();
        if !leaks.is_empty() {
            println!("{}, {}: leaks are {}", score.asking.name(), client_id(score.mode), leaks.join(", "));
        }
    }
}
