//! `statut stats`.

use anyhow::{Context as _, Result};
use jiff::civil::Date;

use crate::cli::statistics::{Action, Stats};
use crate::place::Place;
use crate::shown::Format;
use crate::statistics::{Statistics, audit_date, audit_directory};
use crate::ui;

/// Counts the day, freezes it, or proves what was frozen.
pub(super) async fn run(place: &Place, format: Format, options: &Stats) -> Result<()> {
    let freeze = match &options.action {
        None => None,
        Some(Action::Freeze { date }) => Some(*date),
        Some(Action::Audit { snapshot }) => return audit(place, format, snapshot).await,
    };
    let statistics = Statistics::compute(&place.deployment().await?, freeze).await?;
    format.show(&statistics, || statistics.print())
}

async fn audit(place: &Place, format: Format, snapshot: &str) -> Result<()> {
    let proved = if std::path::Path::new(snapshot).is_dir() {
        audit_directory(snapshot.as_ref())?
    } else {
        let date: Date = snapshot.parse().with_context(|| {
            format!("{snapshot} is neither the date of a snapshot nor a directory with one")
        })?;
        audit_date(&place.deployment().await?, date).await?
    };
    format.show(&proved, || {
        ui::line(&format!(
            "{} files, {} cells, {} of them secret, {} sums: no secret count can be told; \
             {} counts compared with the snapshot before",
            proved.files, proved.cells, proved.secret, proved.sums, proved.compared
        ));
    })
}
