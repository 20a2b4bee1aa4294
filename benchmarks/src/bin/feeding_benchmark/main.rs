//! The benchmark of feeding: `cargo run --release -p benchmarks --bin feeding_benchmark`.
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
mod memory;
mod reading;
mod report;
mod stub;
mod writing;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use self::arguments::{Arguments, Kind};
use self::files::{FORMATS, Maker};
use self::report::Report;

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
    let maker = Maker::new()?;
    if let Some(file) = &arguments.peak_while_reading {
        println!("{}", memory::peak_while_reading(file, &maker)?);
        return Ok(());
    }
    let mut report = Report::new(arguments);
    if arguments.wants(Kind::Reading) {
        eprintln!("reading");
        let mut files = Vec::new();
        for format in &FORMATS {
            files.push((format, maker.file(format, arguments.rows)?));
        }
        // In turns, so that a slow minute of the machine is every format's.
        for _ in 0..arguments.rounds {
            for (format, file) in &files {
                let read = reading::read(file, &maker).with_context(|| format.name.to_owned())?;
                report.read(format, file.len(), &read);
            }
        }
    }
    if arguments.wants(Kind::Memory) {
        eprintln!("memory");
        for format in FORMATS.iter().filter(|format| format.streams) {
            let peak = memory::measure(format, arguments.memory_rows, &maker)
                .with_context(|| format.name.to_owned())?;
            report.peak(format, peak);
        }
    }
    if arguments.wants(Kind::Writing) {
        eprintln!("writing");
        let records = maker.records(arguments.records)?;
        report.wrote(writing::measure(&records, arguments.rounds)?);
    }
    print!("{}", report.table());
    Ok(())
}
