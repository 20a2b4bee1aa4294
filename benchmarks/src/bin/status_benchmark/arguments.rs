//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

/// Measures the status function, and the same work in Python and Node, under a stub of Lambda
/// and AWS.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Requests to a warm process, after 200 that aren't measured
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(10..))]
    pub(crate) requests: u32,
    /// Cold starts, after one that isn't measured
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cold: u32,
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["rust", "python-whole", "node-whole", "bare", "python", "node", "bundle", "parts"])]
    pub(crate) only: Vec<Kind>,
    /// The function to measure, instead of building it
    #[arg(long)]
    pub(crate) status_binary: Option<PathBuf>,
    /// The program `parts` of this crate, instead of building it
    #[arg(long)]
    pub(crate) parts_binary: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The function itself.
    Rust,
    /// The function's work in Python: client, quota, look-up, trace, metrics.
    PythonWhole,
    /// The same in Node, as npm installs it.
    NodeWhole,
    /// The bare look-up in Rust: ours, without what the others don't do.
    Bare,
    /// The bare look-up in Python.
    Python,
    /// The bare look-up in Node, as npm installs it.
    Node,
    /// The same as one minified file.
    Bundle,
    /// The function's parts, one by one.
    Parts,
}

impl Arguments {
    /// Whether something is to be measured.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.only.contains(&kind)
    }
}
