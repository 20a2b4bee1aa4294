//! `statut redecide`.

use anyhow::Result;

use crate::cli::operations as cli;
use crate::place::Place;
use crate::shown::Format;
use crate::{redecide, ui};

/// Shows what the rules of today would change, and applies it if that was asked for.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Redecide) -> Result<()> {
    let deployment = place.deployment().await?;
    let difference = redecide::compare(&deployment).await?;
    format.show(&redecide::shown(&difference), || {
        if difference.merges.is_empty() && difference.splits.is_empty() {
            println!("the rules of today would change nothing");
        } else {
            ui::table(&redecide::rows(&difference));
        }
    })?;
    if options.apply {
        redecide::apply(&deployment, &difference, options.step).await?;
    }
    Ok(())
}
