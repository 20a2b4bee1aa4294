//! Clients: who may ask, and how.

use std::fmt;

use aws_sdk_dynamodb::Client as DynamoDb;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::keys::text;

/// The digest under which a key is stored.
///
/// A bare SHA-256: unlike a password, a key is 256 random bits, which no dictionary holds. Looking the digest up
/// also keeps the comparison free of the key's own bytes, so its timing tells nothing about them.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// The digest of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(hex::encode(Sha256::digest(key.as_bytes())))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// A route that a key may open. The contract gives a different key to each (domain.md §0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// `GET /api/etudiant?INE=`.
    StatusByIne,
    /// `POST /api/etudiant`.
    StatusByIdentity,
}

impl Route {
    /// Its name in logs and traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StatusByIne => "status_by_ine",
            Self::StatusByIdentity => "status_by_identity",
        }
    }
}

/// Whether a client may ask at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may.
    Active,
    /// It may no longer.
    Revoked,
}

/// A client, as one of its keys shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The digest of the key.
    pub key_hash: KeyHash,
    /// Its stable id, in logs and traces.
    pub client_id: String,
    /// Its name, for people.
    pub name: String,
    /// What the key opens.
    pub routes: Vec<Route>,
    /// Whether it may ask at all.
    pub state: State,
}

impl Client {
    /// An active client with a key.
    #[must_use]
    pub fn new(client_id: &str, name: &str, key: &str, routes: Vec<Route>) -> Self {
        Self {
            key_hash: KeyHash::of(key),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            routes,
            state: State::Active,
        }
    }

    /// Whether it may use a route now.
    #[must_use]
    pub fn may(&self, route: Route) -> bool {
        self.state == State::Active && self.routes.contains(&route)
    }
}

/// The table `clients`.
#[derive(Debug, Clone)]
pub struct ClientStore {
    client: DynamoDb,
    table: String,
}

impl ClientStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: DynamoDb, table: String) -> Self {
        Self { client, table }
    }

    /// The client that a key belongs to.
    pub async fn get(&self, key: &KeyHash) -> Result<Option<Client>, StoreError> {
        const OPERATION: &str = "clients GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("key_hash", text(&key.0))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let shape = |_| StoreError::shape(OPERATION);
        output.item.map(serde_dynamo::from_item).transpose().map_err(shape)
    }

    /// Registers a client's key, or changes what it opens.
    pub async fn put(&self, client: &Client) -> Result<(), StoreError> {
        const OPERATION: &str = "clients PutItem";
        let item = serde_dynamo::to_item(client).map_err(|_| StoreError::shape(OPERATION))?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_its_routes_until_it_is_revoked() {
        let mut client = Client::new("dinum", "DINUM", "key", vec![Route::StatusByIne]);
        assert!(client.may(Route::StatusByIne) && !client.may(Route::StatusByIdentity));
        client.state = State::Revoked;
        assert!(!client.may(Route::StatusByIne));
    }

    #[test]
    fn a_key_is_never_printed_or_stored() {
        let client = Client::new("dinum", "DINUM", "a secret key", vec![]);
        assert!(!format!("{client:?}").contains("a secret key"));
        assert!(!serde_json::to_string(&client).unwrap().contains("a secret key"));
    }
}
