//! What the identity service of a fresh platform holds: the people of the sample files, and us among its clients.

use anyhow::{Context as _, Result};
use serde_json::json;
use shared::access::ines::Right;

use super::{clients, load, store};
use crate::deployment::Deployment;
use crate::files::Files;

/// Those whom the sample files are about, as INES knows them.
pub(crate) const SAMPLES: &str = "ines.csv";
/// The person whom API Particulier's probes ask for, loaded only where it is asked for.
pub(crate) const PROBES: &str = "ines_sondes.csv";
/// What we are called there.
const OURSELVES: &str = "supdata";

/// Registers the people of a file of `sandbox/`.
pub(crate) async fn fill(files: &Files, deployment: &Deployment, name: &str) -> Result<()> {
    load(deployment, &files.source("sandbox").join(name)).await.map(drop)
}

/// Fills it, registers us, and puts our credentials where deduplication and enrolment read them (`secret`), as an
/// operator does elsewhere (docs/deploying.md).
pub(crate) async fn hand_over(files: &Files, deployment: &Deployment, secret: &str) -> Result<()> {
    fill(files, deployment, SAMPLES).await?;
    let rights = [Right::Verification, Right::Recherche, Right::Immatriculation].into();
    let client_secret = clients::create(&store(deployment), OURSELVES, &rights).await?;
    deployment
        .secrets
        .put_secret_value()
        .secret_id(secret)
        .secret_string(json!({ "client_id": OURSELVES, "client_secret": client_secret }).to_string())
        .send()
        .await
        .context("our credentials at INES can't be written")?;
    Ok(())
}
