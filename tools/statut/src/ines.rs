//! Our own identity service, as its operator sees it: who is registered, and who may ask.

mod clients;
mod extract;
mod load;

use anyhow::Result;
use shared::identity::digest::IdentityKeys;
use shared::registry::ines::InesStore;

pub use self::clients::create;
pub(crate) use self::clients::{revoke, rotate};
pub use self::extract::Extract;
pub use self::load::load;

use crate::deployment::Deployment;

/// The tables of the identity service of a deployment.
#[must_use]
pub fn store(deployment: &Deployment) -> InesStore {
    let [table, blocks] = ["ines", "ines-blocks"].map(|name| deployment.table(name));
    // The retention is for those who decide requests.
    InesStore::new(deployment.dynamodb.clone(), table, blocks, 0)
}

/// The keys of its tables.
async fn keys(deployment: &Deployment) -> Result<IdentityKeys> {
    let ine = deployment.digest_key("ines/ine").await?;
    Ok(IdentityKeys::new(ine, &deployment.digest_key("ines/identity").await?))
}
