//! What each route tells, and the table of it.

#![expect(clippy::print_stdout, reason = "the table is what the measure is run for")]

use evaluation::look_ups::{LookUpScore, Told};
use evaluation::set::{LabelledQuestion, LabelledSet};
use evaluation::tables::{percent, table};
use shared::identity::engine::lookup::Mode;

use super::doubles::client_id;
use super::route::Asking;
use super::tables::Tables;

/// The answers of one route in one mode.
#[derive(Debug)]
pub(super) struct Score {
    pub(super) asking: Asking,
    pub(super) mode: Mode,
    pub(super) look_ups: LookUpScore,
    /// Questions about somebody who is there, as the register has it, with all that a client must
    /// say to be told anything.
    pub(super) stated: LookUpScore,
}

impl Score {
    pub(super) fn new(asking: Asking, mode: Mode) -> Self {
        Self { asking, mode, look_ups: LookUpScore::default(), stated: LookUpScore::default() }
    }

    /// Counts an answer: the person told. The API says the same of nobody and of several.
    pub(super) fn count(&mut self, question: &LabelledQuestion, told: Option<&str>) {
        let told = told.map_or(Told::NotFound, Told::Person);
        let is_bare = self.asking.is_bare(&question.asked);
        self.look_ups.count(question, told, |_| is_bare);
        // To a client that wants to be certain, a name and a date alone mean nobody.
        let enough = self.mode == Mode::Standard || !is_bare;
        if enough && question.kind == "present_clean" {
            self.stated.count(question, told, |_| is_bare);
        }
    }
}

/// The table of `docs/identity.md`.
pub(super) fn print(set: &LabelledSet, tables: &Tables, scores: &[Score]) {
    println!(
        "{} records, of which {} refused; {} questions",
        set.records.len(),
        tables.refused,
        set.questions.len()
    );
    let heading = [
        "route",
        "mode",
        "leaks",
        "found clean / noisy",
        "one given name and no commune",
        "an absent twin is told of the other",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for Score { asking, mode, look_ups, .. } in scores {
        let (leaks, bare, twins) =
            (look_ups.leaks().part, look_ups.bare, look_ups.kind("absent_twin"));
        rows.push(vec![
            asking.name().to_owned(),
            client_id(*mode).to_owned(),
            format!("{} ({leaks})", percent(look_ups.leak_rate(), 2)),
            format!("{:.3} / {:.3}", look_ups.found_clean(), look_ups.found_noisy()),
            format!("{} right, {} leaks of {}", bare.right, bare.leaks, bare.asked),
            format!("{} of {}", twins.leaks, twins.asked),
        ]);
    }
    print!("{}", table(&rows));
    for Score { asking, mode, look_ups, .. } in scores {
        let leaks = look_ups.by_kind.iter().filter(|(_, count)| count.leaks > 0);
        let leaks: Vec<String> =
            leaks.map(|(kind, count)| format!("{} {kind}", count.leaks)).collect();
        if !leaks.is_empty() {
            println!("{}, {}: leaks are {}", asking.name(), client_id(*mode), leaks.join(", "));
        }
    }
}
