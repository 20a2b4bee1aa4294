//! What a fresh platform holds: establishments, two clients, and their keys.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::registry::clients::{Client, ClientStore, Route};
use shared::registry::establishments::EstablishmentStore;

use crate::aws;
use crate::files::{self, Files};
use crate::outputs::Outputs;
use crate::ui::Step;

const FILE: &str = "sandbox.json";

/// `target/local/sandbox.json`: secrets of this machine only, new at each `up`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sandbox {
    /// Opens the look-up by INE.
    pub(crate) status_ine_key: String,
    /// Opens the look-up by civil identity.
    pub(crate) status_identity_key: String,
    /// The establishments that may send files.
    pub(crate) establishments: Vec<Known>,
}

/// An establishment, in short.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) uai: Uai,
    /// Its name.
    pub(crate) name: String,
    /// `universite`, `ecole`, `lycee`.
    pub(crate) kind: String,
}

/// Loads the sandbox into the tables, and writes the file.
pub(crate) async fn load(files: &Files, outputs: &Outputs) -> Result<Sandbox> {
    let step = Step::start("loading the sandbox");
    let dynamodb = aws::dynamodb(&outputs.endpoint_url);
    let text = files::read(&files.source("sandbox/establishments.json"))?;
    let establishments: Vec<Establishment> =
        serde_json::from_str(&text).context("infra/local/sandbox/establishments.json can't be understood")?;
    let store = EstablishmentStore::new(dynamodb.clone(), outputs.establishments_table.clone());
    for establishment in &establishments {
        store.put(establishment).await.with_context(|| format!("{} can't be loaded", establishment.uai))?;
    }

    let (status_ine_key, status_identity_key) = (new_key(), new_key());
    let clients = [
        Client::new("sandbox-ine", "Bac à sable, statut par INE", &status_ine_key, vec![Route::StatusByIne]),
        Client::new(
            "sandbox-identite",
            "Bac à sable, statut par état civil",
            &status_identity_key,
            vec![Route::StatusByIdentity],
        ),
    ];
    let store = ClientStore::new(dynamodb, outputs.clients_table.clone());
    for client in &clients {
        store.put(client).await.context("the clients can't be loaded")?;
    }

    let known = |establishment: Establishment| {
        let Establishment { uai, name, kind, .. } = establishment;
        Known { uai, name, kind }
    };
    let establishments = establishments.into_iter().map(known).collect();
    let sandbox = Sandbox { status_ine_key, status_identity_key, establishments };
    files::write_private(&files.local(FILE), &serde_json::to_string_pretty(&sandbox)?)?;
    step.done(&format!("{} establishments, {} clients", sandbox.establishments.len(), clients.len()));
    Ok(sandbox)
}

/// 32 bytes, of which the system's generator chose 244 bits.
fn new_key() -> String {
    [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|random| random.simple().to_string()).concat()
}
