//! `cargo local match`.

use anyhow::{Context as _, Result};
use statut::ui;

use crate::cli;
use crate::matching;

/// Runs the identity engine over a file, in memory: no platform, no AWS.
pub(crate) async fn run(options: &cli::Match) -> Result<()> {
    let options = options.clone();
    // It computes for as long as the file is: on its own thread, so that Ctrl-C is heard.
    let lines = tokio::task::spawn_blocking(move || matching::run(&options))
        .await
        .context("the engine stopped")??;
    ui::table(&lines);
    Ok(())
}
