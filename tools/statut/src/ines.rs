//! Our own identity service, as its operator sees it: who is registered, and who may ask.

mod clients;
mod extract;
mod load;

use anyhow::{Context as _, Result};
use shared::config::StoredKey;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::registry::StoreError;
use shared::registry::ines::InesStore;

pub use self::clients::create;
pub(crate) use self::clients::{revoke, rotate};
pub use self::extract::Extract;
pub use self::load::load;

use crate::deployment::Deployment;

/// The tables of the identity service of a deployment.
#[must_use]
pub fn store(deployment: &Deployment) -> InesStore {
    let [table, postings] = ["ines", "ines-postings"].map(|name| deployment.table(name));
    // The retention is for those who decide requests.
    InesStore::new(deployment.dynamodb.clone(), table, postings, 0)
}

/// The keys of its tables.
async fn keys(deployment: &Deployment) -> Result<IdentityKeys> {
    Ok(IdentityKeys::new(key(deployment, "ine").await?, &key(deployment, "identity").await?))
}

async fn key(deployment: &Deployment, purpose: &str) -> Result<DigestKey> {
    let name = format!("{}/ines/{purpose}", deployment.name);
    let secret = deployment.secrets.get_secret_value().secret_id(&name).send().await;
    let secret = secret.map_err(|error| StoreError::new("secretsmanager GetSecretValue", &error));
    let secret = secret.with_context(|| format!("the secret {name} can't be read"))?;
    let stored: Option<StoredKey> =
        secret.secret_string().and_then(|text| serde_json::from_str(text).ok());
    let StoredKey { id, key } =
        stored.with_context(|| format!("the secret {name} is not one of ours"))?;
    Ok(DigestKey::new(id, key))
}
