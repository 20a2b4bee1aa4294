//! `cargo local drop`.

use anyhow::Result;

use crate::cli;
use crate::deposit::{Depositor, Wish};
use crate::files::Files;
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;

/// Sends a file to the platform that is running.
pub(crate) async fn run(files: &Files, options: &cli::Drop) -> Result<()> {
    let outputs = Outputs::of_running_platform(files)?;
    let sandbox = Sandbox::of_running_platform(files)?;
    let cli::Drop { file, uai, complete, confirm, dry_run, timeout } = options;
    let wish = Wish { complete: *complete, confirmed: *confirm, dry_run: *dry_run };
    Depositor::of(&outputs, &sandbox, *uai)?.send(file, wish, *timeout).await.map(drop)
}
