//! The benchmark of statistics: `cargo run --release -p benchmarks --bin statistics_benchmark`.
//!
//! Enrolments are invented, counted as the function counts them, and written for `DuckDB`, which counts
//! the same ones from Parquet. Both say how many students each académie has, and must agree.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line tool: its table is its result"
)]

mod peer;
mod students;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use benchmarks::clock::Clock;
use benchmarks::usage::Memory;
use clap::Parser;
use shared::domain::academic_year::AcademicYear;
use statistics::dimensions::{Dimension, EVERYBODY, Nomenclature};
use statistics::facts::{Observed, Scope};
use statistics::tables::cells::Cube;
use statistics::tables::tally::Tally;

use self::students::Students;

/// Measures what counting an enrolment for the tables costs, beside `DuckDB` on the same rows.
#[derive(Debug, Parser)]
struct Arguments {
    /// Enrolments that are counted; twice, the second time ten times as many
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    enrolments: u64,
    /// Leave `DuckDB` out
    #[arg(long)]
    alone: bool,
    /// Where the rows are written for it
    #[arg(long, default_value = "target/benchmarks/statistics")]
    directory: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    println!(
        "| enrolments | ours, s of a core | rows/s | resident at most, MB | cells | DuckDB, s of a core | ratio |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for enrolments in [arguments.enrolments, 10 * arguments.enrolments] {
        eprintln!("{enrolments} enrolments");
        let counted = count(enrolments)?;
        let peer = if arguments.alone {
            None
        } else {
            let measured = peer::measure(enrolments, &arguments.directory)?;
            ensure!(
                measured.academies == counted.academies,
                "DuckDB has other students by académie: {:?}, and not {:?}",
                measured.academies,
                counted.academies
            );
            Some(measured.processor)
        };
        let seconds = counted.processor.as_secs_f64();
        let (theirs, ratio) = peer.map_or_else(
            || ("–".to_owned(), "–".to_owned()),
            |theirs| {
                let theirs = theirs.as_secs_f64();
                (format!("{theirs:.2}"), format!("{:.2}", seconds / theirs))
            },
        );
        println!(
            "| {enrolments} | {seconds:.2} | {:.0} | {} | {} | {theirs} | {ratio} |",
            rows(enrolments) / seconds,
            counted.peak / 1_000_000,
            counted.cells,
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate that is shown")]
fn rows(enrolments: u64) -> f64 {
    enrolments as f64
}

/// What was counted, and what it took.
struct Counted {
    processor: Duration,
    peak: u64,
    cells: usize,
    /// Students by académie, in the order of its code.
    academies: Vec<(String, i64)>,
}

/// Counts as the function does what a scan gives, page by page, without what making it takes.
fn count(enrolments: u64) -> Result<Counted> {
    let year = AcademicYear::parse(students::YEAR)?;
    let scope = Scope { year, cpge_prefixes: vec![students::CPGE.to_owned()] };
    let mut nomenclature = Nomenclature::new();
    for (uai, kind) in students::schools() {
        nomenclature.register(uai, kind, "");
    }
    let (mut tally, mut observed) = (Tally::new(nomenclature), Observed::default());
    let mut processor = Duration::ZERO;
    let mut students = Students::new(enrolments);
    loop {
        let page = students.page();
        if page.is_empty() {
            break;
        }
        let clock = Clock::start();
        for fact in scope.facts(page, &mut observed) {
            tally.add(&fact);
        }
        processor += clock.elapsed();
    }
    let clock = Clock::start();
    let cube = Cube::of(tally);
    processor += clock.elapsed();
    let peak = Memory::of(std::process::id())?.peak;
    let mut academies: Vec<(String, i64)> = cube
        .nomenclature
        .values(Dimension::Place, 2)
        .filter_map(|academy| {
            let mut key = EVERYBODY;
            key[Dimension::Place.at()] = academy;
            let (_, counts) = cube.cells.get(*cube.places.get(&key)?)?;
            let code = cube.nomenclature.code(Dimension::Place, academy).to_owned();
            (counts.students > 0).then_some((code, counts.students))
        })
        .collect();
    academies.sort_unstable();
    Ok(Counted { processor, peak, cells: cube.cells.len(), academies })
}
