//! `cargo local redrive`.

use anyhow::Result;

use crate::cli;
use crate::deployment::Deployment;
use crate::files::Files;
use crate::redrive::Queues;

/// Moves dead letters back to their queue, or says how many there are.
pub(crate) async fn run(files: &Files, options: &cli::Redrive) -> Result<()> {
    let deployment = Deployment::named(files, options.deployment.as_deref()).await?;
    for queue in &options.queues() {
        let queues = Queues::of(&deployment, queue.name()).await?;
        if options.dry_run {
            println!("{}: about {} messages wait", queue.name(), queues.waiting().await?);
        } else {
            println!("{}: {} messages moved back", queue.name(), queues.redrive().await?);
        }
    }
    Ok(())
}
