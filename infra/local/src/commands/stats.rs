//! `cargo local stats`.

use anyhow::Result;

use crate::files::Files;
use crate::outputs::Outputs;
use crate::statistics;

/// Computes the statistics of the platform that is running.
pub(crate) async fn run(files: &Files) -> Result<()> {
    let outputs = Outputs::of_running_platform(files)?;
    statistics::run(&outputs).await.map(drop)
}
