//! `statut replay`.

use anyhow::Result;
use serde_json::json;

use crate::cli::operations as cli;
use crate::place::Place;
use crate::replay;
use crate::shown::Format;

/// Imports a file again; the new import is the one line of the standard output.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Replay) -> Result<()> {
    let import = replay::run(&place.deployment().await?, &options.import).await?;
    format.show(&json!({ "import": import.as_str() }), || println!("{}", import.as_str()))
}
