//! The benchmark of the status function: `cargo run --release -p benchmarks --bin
//! status_benchmark`.
//!
//! The order of things is told here. What is measured, and what isn't, is in
//! `benchmarks/README.md`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line tool: its table is its result"
)]

mod arguments;
mod files;
mod fill;
mod install;
mod measure;
mod process;
mod question;
mod report;
mod stub;
mod subject;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use self::arguments::{Arguments, Kind};
use self::files::Files;
use self::measure::{BLOCKS, Part, Parts, Warming, cold};
use self::question::BenchmarkQuestion;
use self::report::{Report, Results};
use self::stub::Tables;
use self::subject::Subject;

// One thread, so that the process measured has the other cores to itself.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let files = Files::locate()?;
    let subjects = install::subjects(&files, arguments).await?;
    let (parts_program, subjects): (Vec<_>, Vec<_>) =
        subjects.into_iter().partition(|subject| subject.kind() == Kind::Parts);
    let tables = fill::tables().await?;
    let mut results: Vec<Results> = subjects.iter().map(Results::of).collect();

    cold_starts(&subjects, &tables, arguments.cold, &mut results).await?;
    let parts =
        warm_requests(&subjects, parts_program.first(), &tables, arguments.requests, &mut results)
            .await?;
    let report = Report::new(arguments, results, parts);
    report.write(&files.scratch("status.json"))?;
    print!("{}", report.table());
    Ok(())
}

/// The subjects take turns, so that a slow minute of the machine is everybody's.
async fn cold_starts(
    subjects: &[Subject],
    tables: &Tables,
    rounds: u32,
    results: &mut [Results],
) -> Result<()> {
    eprintln!("cold starts");
    let question = BenchmarkQuestion::by_ine()?;
    for round in 0..=rounds {
        for (subject, results) in subjects.iter().zip(&mut *results) {
            let start = cold(subject, tables, &question)
                .await
                .with_context(|| subject.name().to_owned())?;
            // The first one reads the files from the disk.
            if round > 0 {
                results.cold.push(start);
            }
        }
    }
    Ok(())
}

/// In turns as well, block by block; those whose turn it isn't sleep.
async fn warm_requests(
    subjects: &[Subject],
    parts: Option<&Subject>,
    tables: &Tables,
    requests: u32,
    results: &mut [Results],
) -> Result<Vec<Part>> {
    eprintln!("warm requests");
    let (by_ine, by_identity) = (BenchmarkQuestion::by_ine()?, BenchmarkQuestion::by_identity()?);
    let mut processes = Vec::new();
    for (subject, results) in subjects.iter().zip(results) {
        let start = async |question| {
            Warming::start(subject, tables, question)
                .await
                .with_context(|| subject.name().to_owned())
        };
        processes.push((subject, &mut results.by_ine, start(&by_ine).await?));
        if subject.kind() == Kind::Rust {
            processes.push((subject, &mut results.by_identity, start(&by_identity).await?));
        }
    }
    let mut parts = match parts {
        Some(subject) => Some(Parts::start(subject, tables).await.context("parts")?),
        None => None,
    };
    for _ in 0..BLOCKS {
        for (subject, _, process) in &mut processes {
            process.block(requests / BLOCKS).await.with_context(|| subject.name().to_owned())?;
        }
        if let Some(parts) = &mut parts {
            parts.block(requests / BLOCKS).await.context("parts")?;
        }
    }
    for (_, result, process) in processes {
        *result = Some(process.end().await?);
    }
    match parts {
        Some(parts) => parts.end().await,
        None => Ok(Vec::new()),
    }
}
