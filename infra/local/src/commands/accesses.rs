//! `cargo local accesses`.

use std::io::Read as _;

use anyhow::{Context as _, Result, anyhow, bail};
use shared::domain::ine::Ine;

use crate::accesses;
use crate::cli;
use crate::deployment::Deployment;
use crate::files::Files;
use crate::ui;

/// A line is enough for an INE; more is something else.
const LONGEST_INPUT: u64 = 1_024;

/// Shows a student's accesses.
pub(crate) async fn run(files: &Files, options: &cli::Accesses) -> Result<()> {
    let ine = if options.ine == "-" { from_standard_input()? } else { options.ine.clone() };
    let ine = Ine::parse(&ine).map_err(|error| anyhow!("--ine: {error}"))?;
    let deployment = Deployment::named(files, options.deployment.as_deref()).await?;
    let Some(accesses) = accesses::of_student(&deployment, &ine).await? else { bail!("no student has this INE") };
    if accesses.is_empty() {
        println!("this student's status was told to nobody in the time that traces are kept");
        return Ok(());
    }
    ui::table(&accesses::rows(&accesses));
    if accesses::may_be_more(&accesses) {
        eprintln!("these are the latest {}: there may be older ones", accesses.len());
    }
    Ok(())
}

fn from_standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(LONGEST_INPUT).read_to_string(&mut text).context("the INE can't be read")?;
    Ok(text)
}
