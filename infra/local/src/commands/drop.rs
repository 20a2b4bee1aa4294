//! `cargo local drop`.

use anyhow::Result;

use crate::cli;
use crate::deposit::{Depositor, Wish};
use crate::files::Files;
use crate::findings;
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;

/// Sends a file to the platform that is running.
pub(crate) async fn run(files: &Files, options: &cli::Drop) -> Result<()> {
    let outputs = Outputs::of_running_platform(files)?;
    let sandbox = Sandbox::of_running_platform(files)?;
    let cli::Drop { file, uai, complete, confirm, dry_run, no_wait, timeout } = options;
    let wish = Wish { complete: *complete, confirmed: *confirm, dry_run: *dry_run };
    let depositor = Depositor::of(&outputs, &sandbox, *uai)?;
    let sent = depositor.send(file, wish, *timeout).await?;
    // Of a dry run nothing is stored, so nobody is looked for.
    if *dry_run || *no_wait {
        return Ok(());
    }
    let all = findings::wait_for_identities(&outputs).await?;
    findings::print(&depositor.findings(&sent.deposit).await?);
    if !all {
        println!(
            "    rows are still being looked at: later findings are at /api/depots/{}/identites",
            sent.deposit
        );
    }
    Ok(())
}
