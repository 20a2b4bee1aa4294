//! `evaluate`: judges files of decisions, and prints the tables of docs/identity.md.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use evaluation::bounds::{self, Check, Must, ORDER_MOVES, Rates};
use evaluation::linkage::Linkage;
use evaluation::look_ups::LookUpScore;
use evaluation::matching;
use evaluation::resolution::Resolution;
use evaluation::set::{LabelledSet, Record};
use evaluation::tables::{self, Judged};
use serde_json::Value;

/// Judges identity resolution and look-ups over labelled sets.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judge the files that `cargo local match` wrote, as JSON
    Score(Score),
    /// Run the engine over every set and print the tables of docs/identity.md; fails if a bound
    /// isn't met
    Tables {
        /// The development set: a directory with records.csv, truth.csv, lookups.csv…
        dev: PathBuf,
        /// A set of twins named a letter apart
        #[arg(long)]
        twins: Option<PathBuf>,
        /// Where tests/identity/sets.py made the other sets
        #[arg(long)]
        sets: Option<PathBuf>,
    },
    /// Measure throughput and memory over a file of records, in a process of its own
    Throughput {
        /// The records, CSV, in order of arrival
        records: PathBuf,
    },
}

#[derive(clap::Args)]
struct Score {
    /// The labelled set: a directory with records.csv, truth.csv, lookups.csv…
    set: PathBuf,
    /// The student of each record
    #[arg(long)]
    entities: PathBuf,
    /// The pairs that a person should look at
    #[arg(long)]
    review: Option<PathBuf>,
    /// The answers to the set's questions
    #[arg(long)]
    answers: Option<PathBuf>,
    /// The compared pairs
    #[arg(long)]
    candidates: Option<PathBuf>,
    /// Count pairs of two establishments only
    #[arg(long)]
    link_only: bool,
}

/// Directories that `sets.py` makes, the column of each, and what it must reach.
const SETS: [(&str, &str, Option<Rates>); 8] = [
    ("natural", "development without added homonyms", Some(Rates::Natural)),
    ("drawn-natural", "another population, real homonyms", None),
    ("drawn-adversarial", "another, 35 times", None),
    ("drawn-hard", "another, 70 times, errors × 1.6", None),
    ("twins", "twins named alike", Some(Rates::Twins)),
    ("named-natural", "other names, real homonyms", None),
    ("named-twins", "other names, half of the twins alike", None),
    ("named-adversarial", "other names, 35 times", None),
];

/// The public sets, with the link F1 that each must reach; without any place none is asked.
const FEBRL: [(&str, Option<f64>); 8] = [
    ("febrl3-number-place", Some(0.998)),
    ("febrl3-place", Some(0.985)),
    ("febrl4-number-place", Some(0.999)),
    ("febrl4-place", Some(0.990)),
    ("febrl3-number", None),
    ("febrl3", None),
    ("febrl4-number", None),
    ("febrl4", None),
];

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Score(options) => score(&options),
        Command::Tables { dev, twins, sets } => {
            print_tables(&dev, twins.as_deref(), sets.as_deref())
        }
        Command::Throughput { records } => {
            let mut matched = matching::run(&records, false, |_| ())?;
            matched.measures.finish();
            print!("{}", tables::of_measures(&matched.measures));
            Ok(())
        }
    }
}

fn score(options: &Score) -> Result<()> {
    let set = LabelledSet::read(&options.set)?;
    let linkage = Linkage::read(
        &set,
        &options.entities,
        options.review.as_deref(),
        options.candidates.as_deref(),
    )?;
    let mut result = Resolution::of(&set, &linkage, counted(options.link_only)).json();
    if let Some(answers) = &options.answers {
        result.insert("look_ups".to_owned(), LookUpScore::read(&set, answers)?.json());
    }
    println!("{}", serde_json::to_string_pretty(&Value::Object(result))?);
    Ok(())
}

/// Every pair of records, or those of two sources.
fn counted(link_only: bool) -> impl Fn(&Record, &Record) -> bool {
    move |one, other| !link_only || one.uai != other.uai
}

fn print_tables(dev: &Path, twins: Option<&Path>, sets: Option<&Path>) -> Result<()> {
    let mut judged = vec![("development (adversarial)".to_owned(), Judged::of(dev)?)];
    let mut checks = named(&judged[0].0, bounds::checks(Rates::Adversarial, &judged[0].1));
    for (directory, name, rates) in SETS {
        let made = if rates == Some(Rates::Twins) {
            twins.map(Path::to_owned)
        } else {
            sets.map(|sets| sets.join(directory))
        };
        if let Some(set) = made.filter(|set| set.exists()) {
            let of_set = Judged::of(&set)?;
            checks.extend(
                rates.iter().flat_map(|rates| named(name, bounds::checks(*rates, &of_set))),
            );
            judged.push((name.to_owned(), of_set));
        }
    }
    println!("{}", tables::of_sets(&judged));
    if let Some(sets) = sets {
        let f1 = judged[0].1.resolution.f1();
        let as_it_is = judged.drain(..1).map(|(_, judged)| ("as it is".to_owned(), judged));
        checks.extend(orders(sets, f1, as_it_is.collect())?);
        checks.extend(public(sets)?);
        print_replay(dev, sets)?;
    }
    println!("{}", tables::of_checks(&checks));
    let missed = checks.iter().filter(|(_, check)| !check.is_met()).count();
    if missed > 0 {
        bail!("{missed} bounds of {} aren't met", checks.len());
    }
    Ok(())
}

fn named(set: &str, checks: Vec<Check>) -> Vec<(String, Check)> {
    checks.into_iter().map(|check| (set.to_owned(), check)).collect()
}

fn orders(sets: &Path, f1: f64, mut orders: Vec<(String, Judged)>) -> Result<Vec<(String, Check)>> {
    let mut checks = Vec::new();
    for seed in 1.. {
        let set = sets.join(format!("shuffled-{seed}"));
        if !set.exists() {
            break;
        }
        let judged = Judged::of(&set)?;
        let name = format!("shuffled ({seed})");
        let value = (judged.resolution.f1() - f1).abs();
        checks.push((
            name.clone(),
            Check { measure: "F1 moves by", value, must: Must::AtMost(ORDER_MOVES) },
        ));
        orders.push((name, judged));
    }
    println!("{}", tables::of_orders(&orders));
    Ok(checks)
}

fn public(sets: &Path) -> Result<Vec<(String, Check)>> {
    let (mut scores, mut checks) = (Vec::new(), Vec::new());
    for (name, least) in FEBRL {
        let directory = sets.join(name);
        if !directory.exists() {
            continue;
        }
        let (set, matched) = tables::matched(&directory)?;
        let linkage = Linkage::of_matched(&set, &matched)?;
        // The third has one source, whose records are each other's duplicates; the fourth two, one
        // record each.
        let [whole, link] = [false, name.starts_with("febrl4")]
            .map(|link| Resolution::of(&set, &linkage, counted(link)));
        if let Some(least) = least {
            let check = Check { measure: "link F1", value: link.f1(), must: Must::AtLeast(least) };
            checks.push((name.to_owned(), check));
        }
        scores.push((name.to_owned(), whole, link));
    }
    if !scores.is_empty() {
        println!("{}", tables::of_links(&scores));
    }
    Ok(checks)
}

/// The whole file twice must give the same students.
fn print_replay(dev: &Path, sets: &Path) -> Result<()> {
    let twice = sets.join("replayed/records.csv");
    if twice.exists() {
        let [once, twice] =
            [dev.join("records.csv"), twice].map(|records| matching::run(&records, false, |_| ()));
        if !once?.entities().eq(twice?.entities()) {
            bail!("the whole file twice gives other students");
        }
        println!("The whole file twice: the same entities.\n");
    }
    Ok(())
}
