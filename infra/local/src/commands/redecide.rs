//! `cargo local redecide`.

use anyhow::{Context as _, Result};

use crate::cli;
use crate::deployment::Deployment;
use crate::files::Files;
use crate::redecide;

/// Shows what the rules of today would change, and applies it if that was asked for.
pub(crate) async fn run(files: &Files, options: &cli::Redecide) -> Result<()> {
    let deployment = Deployment::named(files, options.deployment.as_deref()).await?;
    let difference = redecide::compare(&deployment).await?;
    let shown = serde_json::to_string_pretty(&redecide::shown(&difference))?;
    match &options.output {
        Some(path) => std::fs::write(path, shown).with_context(|| format!("{} can't be written", path.display()))?,
        None => println!("{shown}"),
    }
    if options.apply {
        redecide::apply(&deployment, &difference, options.step).await?;
    }
    Ok(())
}
