//! `statut stats`.

use anyhow::Result;

use crate::place::Place;
use crate::shown::Format;
use crate::statistics::Statistics;

/// Computes the statistics now.
pub(super) async fn run(place: &Place, format: Format) -> Result<()> {
    let statistics = Statistics::compute(&place.deployment().await?).await?;
    format.show(&statistics, || statistics.print())
}
