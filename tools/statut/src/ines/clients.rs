//! Those who may ask the identity service. Nothing is deleted: who could ask, and when, must stay
//! known.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use shared::access::client::State;
use shared::access::ines::{IdentityClient, Right};
use shared::access::key::{KeyDigest, new_key};
use shared::registry::ines::InesStore;

/// Ids are in the names of items, and in every log line.
const LONGEST_ID: usize = 64;
const UNREADABLE: &str = "the clients can't be read";
const UNWRITABLE: &str = "the client can't be written";

/// Registers a client, and gives its secret: only a digest of it is kept.
pub async fn create(store: &InesStore, id: &str, scopes: &BTreeSet<Right>) -> Result<String> {
    // A colon ends the id in what the client shows (RFC 7617).
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(is_plain) {
        bail!("{id:?} can't be a client's id: letters, digits and ._- only, {LONGEST_ID} at most");
    }
    if store.client(id).await.context(UNREADABLE)?.is_some() {
        bail!("{id} exists: `rotate` gives it another secret");
    }
    put(store, id, scopes.clone()).await
}

/// Gives a client another secret, and takes it the former; one that was revoked may ask again.
pub(crate) async fn rotate(store: &InesStore, id: &str) -> Result<String> {
    let client = known(store, id).await?;
    put(store, id, client.scopes).await
}

/// Ends a client.
pub(crate) async fn revoke(store: &InesStore, id: &str) -> Result<()> {
    let client = IdentityClient { state: State::Revoked, ..known(store, id).await? };
    store.put_client(&client).await.context(UNWRITABLE)
}

async fn known(store: &InesStore, id: &str) -> Result<IdentityClient> {
    store
        .client(id)
        .await
        .context(UNREADABLE)?
        .with_context(|| format!("no client is called {id:?}"))
}

async fn put(store: &InesStore, id: &str, scopes: BTreeSet<Right>) -> Result<String> {
    let secret = new_key();
    let client = IdentityClient {
        client_id: id.to_owned(),
        secret: KeyDigest::of(&secret),
        scopes,
        state: State::Active,
        created_at: Timestamp::now(),
    };
    store.put_client(&client).await.context(UNWRITABLE)?;
    Ok(secret)
}
