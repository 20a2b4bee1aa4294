//! `cargo local replay`.

use anyhow::Result;

use crate::cli;
use crate::deployment::Deployment;
use crate::files::Files;
use crate::replay;

/// Imports a file again; the new import is the one line of the standard output that a program would want.
pub(crate) async fn run(files: &Files, options: &cli::Replay) -> Result<()> {
    let deployment = Deployment::named(files, options.deployment.as_deref()).await?;
    let import = replay::run(&deployment, &options.import).await?;
    println!("{}", import.as_str());
    Ok(())
}
