//! `statut ines`. Only secrets go to the standard output of the commands that make one, so that it
//! can be piped into a vault.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;
use shared::registry::ines::load::Loaded;

use crate::cli::ines::{Action, ClientAction, Ines};
use crate::ines;
use crate::place::Place;
use crate::shown::Format;

/// Does it, to the deployment that was named or to the local platform.
pub(super) async fn run(place: &Place, format: Format, options: &Ines) -> Result<()> {
    let deployment = place.deployment().await?;
    let store = ines::store(&deployment);
    match &options.action {
        Action::Load { file } => {
            let Loaded { added, unchanged, different } = ines::load(&deployment, file).await?;
            format.show(
                &json!({ "added": added, "unchanged": unchanged, "different": different }),
                || {},
            )
        }
        Action::Client { action: ClientAction::Create { id, scopes } } => {
            hand_over(format, id, &ines::create(&store, id, scopes).await?)
        }
        Action::Client { action: ClientAction::Rotate { id } } => {
            hand_over(format, id, &ines::rotate(&store, id).await?)
        }
        Action::Client { action: ClientAction::Revoke { id } } => {
            ines::revoke(&store, id).await?;
            eprintln!("{id} is revoked, within client_cache_seconds (a minute at most)");
            Ok(())
        }
    }
}

/// Prints a secret: the only time that it is seen.
fn hand_over(format: Format, id: &str, secret: &str) -> Result<()> {
    let text = match format {
        Format::Table => secret.to_owned(),
        Format::Json => json!({ "client_id": id, "client_secret": secret }).to_string(),
    };
    let mut output = std::io::stdout().lock();
    writeln!(output, "{text}")
        .and_then(|()| output.flush())
        .context("the secret could not be printed: rotate it")?;
    eprintln!("the secret of {id} is the one line of the standard output, and is kept nowhere");
    Ok(())
}
