//! `cargo local drop`.

use anyhow::Result;

use crate::cli;
use crate::files::Files;
use crate::inbox;
use crate::outputs::Outputs;

/// Drops a file into the platform that is running.
pub(crate) async fn run(files: &Files, options: &cli::Drop) -> Result<()> {
    let outputs = Outputs::of_running_platform(files)?;
    inbox::drop_file(&outputs, &options.uai, &options.file, options.timeout).await.map(drop)
}
