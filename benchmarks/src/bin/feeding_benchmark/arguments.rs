//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures what a row of an enrolment file costs: reading it, and storing its record.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Rows of each file that is read
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    /// How many times each is read and written; the best counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Rows of the files that are read for their memory
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) memory_rows: u64,
    /// Records that are written in each way
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..))]
    pub(crate) records: u64,
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["reading", "memory", "writing"])]
    pub(crate) only: Vec<Kind>,
    /// Only reads this file and says how many bytes were resident at most: what the benchmark
    /// starts itself with
    #[arg(long, hide = true)]
    pub(crate) peak_while_reading: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Bytes to declarations.
    Reading,
    /// Resident memory while reading.
    Memory,
    /// Declarations to DynamoDB.
    Writing,
}

impl Arguments {
    /// Whether something is to be measured.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.only.contains(&kind)
    }
}
