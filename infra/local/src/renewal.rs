//! The register's secrets are renewed on the deployed stack, as the runbook says, and the same is
//! answered before, on the way and after.

use anyhow::{Result, bail};
use statut::ui;

use crate::demo::story;
use crate::feed;
use crate::files::Files;
use crate::platform::Platform;
use crate::process::{self, command};
use crate::samples::{LYCEE, UNIVERSITY};

/// One version more than what the platform began with.
const NEXT: (&str, &str) = ("hmac_key_versions", r#"{"ine":2,"identity":2}"#);
const REKEYING: (&str, &str) = ("rekeying", r#"["ine","identity"]"#);

/// Plays it to its end; fails where an answer isn't the right one, or where Terraform takes what it
/// should refuse.
pub(crate) async fn run(files: &Files, platform: &Platform) -> Result<()> {
    for sample in [&UNIVERSITY, &LYCEE] {
        feed::send(files, platform, sample).await?;
    }
    ask(platform).await?;
    if platform.apply(files, &[NEXT]).await.is_ok() {
        bail!("Terraform raised the version of a secret that nothing was derived from again");
    }
    ui::heading("Both versions are alive");
    platform.apply(files, &[NEXT, REKEYING]).await?;
    ask(platform).await?;
    let mut rekey = command(&platform.tool);
    rekey.arg("rekey").current_dir(files.root());
    if !process::shown(&mut rekey).await?.success() {
        bail!("statut rekey failed");
    }
    ask(platform).await?;
    ui::heading("Only the new one is");
    platform.apply(files, &[NEXT]).await?;
    ask(platform).await
}

async fn ask(platform: &Platform) -> Result<()> {
    for scene in story::scenes() {
        scene.play(&platform.outputs, &platform.sandbox).await?;
    }
    Ok(())
}
