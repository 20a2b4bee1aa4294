//! `cargo local bench`.

use anyhow::{Result, bail};

use crate::cli;
use crate::files::Files;
use crate::process::{self, cargo};

/// Builds the benchmark as what goes to AWS is built, and runs it.
pub(crate) async fn run(files: &Files, options: &cli::Bench) -> Result<()> {
    let binary = match options.measured {
        cli::Measured::Status => "status_benchmark",
        cli::Measured::Feeding => "feeding_benchmark",
        cli::Measured::Statistics => "statistics_benchmark",
        cli::Measured::WorstFiles => "worst_files",
    };
    let mut command = cargo();
    command.current_dir(files.root());
    command
        .args(["run", "--release", "-p", "benchmarks", "--bin", binary, "--"])
        .args(&options.arguments);
    if !process::shown(&mut command).await?.success() {
        bail!("the benchmark failed: see what it says above");
    }
    Ok(())
}
