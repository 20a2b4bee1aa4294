//! `cargo local ines`. Only secrets go to the standard output of the commands that make one, so that it can be piped into
//! a vault.

use std::io::Write as _;

use anyhow::{Context as _, Result};

use crate::cli::ines::{Action, ClientAction, Ines};
use crate::deployment::Deployment;
use crate::files::Files;
use crate::ines;

/// Does it, to the deployment that was named or to the local platform.
pub(crate) async fn run(files: &Files, options: &Ines) -> Result<()> {
    let deployment = Deployment::named(files, options.deployment.as_deref()).await?;
    let store = ines::store(&deployment);
    match &options.action {
        Action::Load { file } => ines::load(&deployment, file).await.map(drop),
        Action::Client { action: ClientAction::Create { id, scopes } } => {
            hand_over(id, &ines::create(&store, id, scopes).await?)
        }
        Action::Client { action: ClientAction::Rotate { id } } => hand_over(id, &ines::rotate(&store, id).await?),
        Action::Client { action: ClientAction::Revoke { id } } => {
            ines::revoke(&store, id).await?;
            eprintln!("{id} is revoked, within client_cache_seconds (a minute at most)");
            Ok(())
        }
    }
}

/// Prints a secret: the only time that it is seen.
fn hand_over(id: &str, secret: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{secret}").and_then(|()| output.flush()).context("the secret could not be printed: rotate it")?;
    eprintln!("the secret of {id} is the one line of the standard output, and is kept nowhere");
    Ok(())
}
