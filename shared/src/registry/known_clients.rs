//! Clients and keys, remembered: a caller is recognised without a read, and a revocation still
//! holds within a minute.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::StoreError;
use super::clients::ClientStore;
use super::remembered::Remembered;
use crate::access::client::{Client, Key};
use crate::access::key::KeyDigest;
use crate::access::officer::Officer;
use crate::access::route::Route;

/// The table `clients`, through what was read of it lately.
#[derive(Debug)]
pub struct KnownClients {
    store: ClientStore,
    keys: Remembered<KeyDigest, Option<Arc<Key>>>,
    by_id: Remembered<String, Option<Arc<Client>>>,
    service_providers: Remembered<String, Option<Arc<Client>>>,
    revoked_tokens: Remembered<KeyDigest, bool>,
}

impl KnownClients {
    /// The clients of `store`, each remembered for `kept_for`.
    #[must_use]
    pub fn new(store: ClientStore, kept_for: Duration) -> Self {
        Self {
            store,
            keys: Remembered::new(kept_for),
            by_id: Remembered::new(kept_for),
            service_providers: Remembered::new(kept_for),
            revoked_tokens: Remembered::new(kept_for),
        }
    }

    /// The key of a digest.
    pub async fn key(&self, digest: KeyDigest) -> Result<Option<Arc<Key>>, StoreError> {
        self.keys
            .get_or(digest, async |digest| Ok(self.store.key(digest).await?.map(Arc::new)))
            .await
    }

    /// The client of an id.
    pub async fn by_id(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.by_id
            .get_or(client_id.to_owned(), async |id| Ok(self.store.by_id(id).await?.map(Arc::new)))
            .await
    }

    /// The clients that a person has. Which they are is read anew, and what they are is remembered.
    pub async fn of_officer(&self, officer: &Officer) -> Result<Vec<Arc<Client>>, StoreError> {
        let mut clients = Vec::new();
        for id in self.store.of_officer(officer).await? {
            clients.extend(
                self.by_id(&id).await?.filter(|client| client.officer.as_ref() == Some(officer)),
            );
        }
        Ok(clients)
    }

    /// The client that a service provider of FranceConnect is.
    pub async fn service_provider(
        &self,
        provider: &str,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let read = async |provider: &String| {
            Ok(self.store.service_provider(provider).await?.map(Arc::new))
        };
        self.service_providers.get_or(provider.to_owned(), read).await
    }

    /// Whether a token was revoked, by the digest of its `jti`.
    pub async fn is_token_revoked(&self, token: KeyDigest) -> Result<bool, StoreError> {
        self.revoked_tokens
            .get_or(token, async |token| self.store.is_token_revoked(token).await)
            .await
    }

    /// The client whose key is shown, if both are active and the key opens `route`.
    pub async fn by_key(
        &self,
        shown: &str,
        route: Option<Route>,
        now: Timestamp,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let Some(key) = self.key(KeyDigest::of(shown)).await? else { return Ok(None) };
        if !key.is_active(now) || route.is_some_and(|route| !key.routes.contains(&route)) {
            return Ok(None);
        }
        Ok(self.by_id(&key.client_id).await?.filter(|client| client.is_active(now)))
    }
}
