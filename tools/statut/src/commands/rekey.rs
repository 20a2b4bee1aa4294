//! `statut rekey`.

use anyhow::Result;
use serde_json::json;

use crate::place::Place;
use crate::rekey;
use crate::shown::Format;
use crate::ui;

pub(super) async fn run(place: &Place, format: Format) -> Result<()> {
    let deployment = place.deployment().await?;
    let done = rekey::run(&deployment, |what, done| {
        eprintln!("{what}: {} derived anew, {} left", done.moved, done.left);
    })
    .await?;
    format.show(&json!({ "moved": done.moved }), || {
        ui::line(&format!(
            "{} items are under the new secrets, and none under those before",
            done.moved
        ));
    })?;
    eprintln!("now empty `rekeying` and apply: deduplication goes on (docs/runbook.md)");
    Ok(())
}
