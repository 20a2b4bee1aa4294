//! `cargo local bench`.

use anyhow::{Result, bail};

use crate::cli;
use crate::files::Files;
use crate::process::{self, cargo};

/// Builds the benchmark as what goes to AWS is built, and runs it.
pub(crate) async fn run(files: &Files, options: &cli::Bench) -> Result<()> {
    let mut command = cargo();
    command.current_dir(files.root());
    command.args(["run", "--release", "-p", "benchmarks", "--bin", "status_benchmark", "--"]).args(&options.arguments);
    if !process::shown(&mut command).await?.success() {
        bail!("the benchmark failed: see what it says above");
    }
    Ok(())
}
