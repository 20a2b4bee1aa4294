//! The tables of docs/identity.md, in Markdown.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use shared::identity::engine::lookup::{LookUpResult, Mode};

use crate::bounds::{Check, Must};
use crate::linkage::Linkage;
use crate::look_ups::{LookUpScore, Told};
use crate::matching::{self, Matched};
use crate::measures::Measures;
use crate::resolution::{Resolution, Share};
use crate::set::{LabelledSet, LookUp};

/// The engine over one set.
#[derive(Debug)]
pub struct Judged {
    /// How records were put together.
    pub resolution: Resolution,
    /// What the run took.
    pub measures: Measures,
    /// How questions were answered, if the set has some.
    pub look_ups: Option<LookUps>,
}

/// The same questions in both modes.
#[derive(Debug)]
pub struct LookUps {
    /// A client that takes the standard.
    pub standard: LookUpScore,
    /// A client that wants to be certain.
    pub strict: LookUpScore,
}

impl Judged {
    /// Runs the engine over the records of a directory, asks its questions, and judges both.
    pub fn of(directory: &Path) -> Result<Self> {
        let (set, matched) = matched(directory)?;
        let resolution = Resolution::of(&set, &Linkage::of_matched(&set, &matched)?, |_, _| true);
        let look_ups = if set.questions.is_empty() {
            None
        } else {
            let asked = |mode| answers(&set, &matched, &directory.join("lookups.csv"), mode);
            Some(LookUps { standard: asked(Mode::Standard)?, strict: asked(Mode::Strict)? })
        };
        Ok(Self { resolution, measures: matched.measures, look_ups })
    }
}

/// A labelled set, and what the engine decided about its records.
pub fn matched(directory: &Path) -> Result<(LabelledSet, Matched)> {
    Ok((
        LabelledSet::read(directory)?,
        matching::run(&directory.join("records.csv"), true, |_| ())?,
    ))
}

fn answers(
    set: &LabelledSet,
    matched: &Matched,
    questions: &Path,
    mode: Mode,
) -> Result<LookUpScore> {
    let by_id: HashMap<_, _> =
        set.questions.iter().map(|question| (question.asked.query_id.as_str(), question)).collect();
    let mut score = LookUpScore::default();
    matched.look_up(questions, mode, |id, answer| {
        let told = match answer {
            LookUpResult::Found(record) => Told::Person(set.person(set.number(record)?)),
            LookUpResult::Ambiguous => Told::Several,
            LookUpResult::None => Told::Nobody,
        };
        if let Some(question) = by_id.get(id) {
            score.count(question, told, LookUp::is_bare);
        }
        Ok(())
    })?;
    Ok(score)
}

const MEASURES: [&str; 12] = [
    "precision / recall of entities",
    "wrongly attached per 10,000",
    "false pairs that are twins or siblings",
    "recall of match or review, review pairs per 1,000, share of them true",
    "pair completeness, keys a record",
    "look-up standard: leaks; found clean / noisy",
    "look-up strict: leaks; found clean",
    "an absent twin is told the other's status, standard / strict",
    "look-ups with one given name and no birthplace",
    "recall: born in France / abroad",
    "recall: women / men",
    "recall: INE equal / missing / different",
];

/// A column for each set, a line for each measure.
#[must_use]
pub fn of_sets(sets: &[(String, Judged)]) -> String {
    let columns: Vec<_> = sets.iter().map(|(_, judged)| column(judged)).collect();
    let names = sets.iter().map(|(name, _)| name.as_str());
    let mut rows =
        vec![std::iter::once("measure").chain(names).map(str::to_owned).collect::<Vec<_>>()];
    for (at, measure) in MEASURES.iter().enumerate() {
        rows.push(
            std::iter::once((*measure).to_owned())
                .chain(columns.iter().map(|column| column[at].clone()))
                .collect(),
        );
    }
    table(&rows)
}

fn column(judged: &Judged) -> [String; 12] {
    let Judged { resolution, measures, look_ups } = judged;
    let rate = |share: Option<Share>| {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.4}", share.of_one()))
    };
    let recall = |groups: &[&str]| {
        groups
            .iter()
            .map(|group| format!("{:.4}", resolution.recall_of(group)))
            .collect::<Vec<_>>()
            .join(" / ")
    };
    let asked =
        |show: fn(&LookUps) -> String| look_ups.as_ref().map_or_else(|| "–".to_owned(), show);
    [
        format!("{:.5} / {:.4}", resolution.precision.of_one(), resolution.recall.of_one()),
        format!("{:.2}", resolution.misplaced_per_10000()),
        resolution.relatives().to_string(),
        format!(
            "{} at {:.1}, {} true",
            rate(resolution.joined_or_waiting),
            resolution.review_per_1000().unwrap_or_default(),
            percent(resolution.review.unwrap_or_default().of_one(), 0)
        ),
        format!("{} at {:.2}", rate(resolution.blocking), measures.keys_per_record),
        asked(|LookUps { standard, .. }| {
            let (clean, noisy) = (standard.found_clean(), standard.found_noisy());
            format!("{}; {clean:.3} / {noisy:.3}", percent(standard.leak_rate(), 2))
        }),
        asked(|LookUps { strict, .. }| {
            format!("{}; {:.3}", percent(strict.leak_rate(), 2), strict.found_clean())
        }),
        asked(|LookUps { standard, strict }| {
            let [standard, strict] = [standard, strict].map(|score| score.kind("absent_twin"));
            format!("{} / {} of {}", standard.leaks, strict.leaks, standard.asked)
        }),
        asked(|LookUps { standard, .. }| {
            let bare = standard.bare;
            format!("{} right, {} leaks of {}", bare.right, bare.leaks, bare.asked)
        }),
        recall(&["born in France", "born abroad"]),
        recall(&["women", "men"]),
        recall(&["INE equal", "INE missing", "INE different"]),
    ]
}

/// What must be reached beside what is, a line each.
#[must_use]
pub fn of_checks(checks: &[(String, Check)]) -> String {
    let mut rows = vec![["set", "measure", "must", "here", "met"].map(str::to_owned).to_vec()];
    for (set, check) in checks {
        let must = match check.must {
            Must::AtLeast(least) => format!("≥ {least}"),
            Must::AtMost(most) => format!("≤ {most}"),
        };
        let met = if check.is_met() { "yes" } else { "NO" };
        rows.push(vec![
            set.clone(),
            check.measure.to_owned(),
            must,
            format!("{:.5}", check.value),
            met.to_owned(),
        ]);
    }
    table(&rows)
}

/// The order of arrival: F1 and false pairs of each.
#[must_use]
pub fn of_orders(orders: &[(String, Judged)]) -> String {
    let mut rows = vec![["order of arrival", "F1", "false pairs"].map(str::to_owned).to_vec()];
    for (name, Judged { resolution, .. }) in orders {
        rows.push(vec![
            name.clone(),
            format!("{:.4}", resolution.f1()),
            resolution.wrong().to_string(),
        ]);
    }
    table(&rows)
}

/// Public sets: the whole, and the pairs of two sources.
#[must_use]
pub fn of_links(sets: &[(String, Resolution, Resolution)]) -> String {
    let heading = ["set", "entity F1", "link F1", "precision", "recall", "pair completeness"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (name, whole, link) in sets {
        let completeness = link.blocking.unwrap_or_default().of_one();
        let figures =
            [whole.f1(), link.f1(), link.precision.of_one(), link.recall.of_one(), completeness];
        rows.push(
            std::iter::once(name.clone())
                .chain(figures.map(|figure| format!("{figure:.4}")))
                .collect(),
        );
    }
    table(&rows)
}

/// Throughput and memory of one run.
#[must_use]
pub fn of_measures(measures: &Measures) -> String {
    let heading =
        ["records", "records a second", "processor seconds", "candidates a record", "peak memory"];
    let unknown = || "–".to_owned();
    table(&[
        heading.map(str::to_owned).to_vec(),
        vec![
            measures.records.to_string(),
            format!("{:.0}", measures.records_per_second),
            measures.processor_seconds.map_or_else(unknown, |seconds| format!("{seconds:.1}")),
            format!("{:.2}", measures.candidates_per_record),
            measures
                .peak_memory_bytes
                .map_or_else(unknown, |bytes| format!("{} MB", bytes / 1_000_000)),
        ],
    ])
}

/// Rows in Markdown, of which the first is the heading.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if at == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
        }
    }
    text
}

/// A rate in percent, to so many digits.
#[must_use]
pub fn percent(rate: f64, digits: usize) -> String {
    format!("{:.digits$} %", 100.0 * rate)
}
