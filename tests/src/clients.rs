//! Clients of a test's own, so that no two tests share a quota.

use std::num::NonZeroU32;

use jiff::Timestamp;
use shared::access::client::{Client, Key, Quota, Recipients, State};
use shared::access::key::{KeyDigest, new_key};
use shared::access::route::Route;
use shared::access::scope::Scopes;
use uuid::Uuid;

use crate::stack::Stack;

/// More than any test asks for.
const GENEROUS: Quota = Quota {
    per_second: NonZeroU32::new(10_000).unwrap(),
    per_caller: None,
    unknown_per_hour: NonZeroU32::new(1_000_000).unwrap(),
};

/// A number that a quota can be.
///
/// # Panics
///
/// For 0.
#[must_use]
pub fn per(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not 0")
}

/// A client that may ask and send anything, and reviews nothing, under an id that no other test
/// has. It isn't registered yet.
#[must_use]
pub fn anyone() -> Client {
    let id = format!("test-{}", Uuid::new_v4().simple());
    Client {
        routes: Route::ALL.into_iter().filter(|route| *route != Route::Review).collect(),
        scopes: Scopes::ALL,
        recipients: Recipients::Any,
        quota: GENEROUS,
        ..Client::new(&id, "Client d'un test")
    }
}

impl Stack {
    /// Registers a client, in place of what it was; warm instances may believe for two seconds what
    /// it was.
    ///
    /// # Panics
    ///
    /// When the table can't be written.
    pub async fn put(&self, client: &Client) {
        self.clients.put(client).await.expect("the client is registered");
    }

    /// Registers a client that may ask anything, but for what `change` changes, and gives it with a
    /// token.
    pub async fn client(&self, change: impl FnOnce(&mut Client)) -> (Client, String) {
        let mut client = anyone();
        change(&mut client);
        self.put(&client).await;
        let token = self.token(&client).await;
        (client, token)
    }

    /// Registers a service provider of FranceConnect, whose client may ask anything but for what
    /// `change` changes. Its id there is the client's here, with `fs-` before it.
    ///
    /// # Panics
    ///
    /// When the table can't be written.
    pub async fn service_provider(&self, change: impl FnOnce(&mut Client)) -> (Client, String) {
        let mut client = anyone();
        change(&mut client);
        self.put(&client).await;
        let provider = format!("fs-{}", client.client_id);
        self.clients
            .put_service_provider(&provider, &client.client_id)
            .await
            .expect("the provider is registered");
        (client, provider)
    }

    /// Registers a key that opens all that its client may ask, but for what `change` changes, and
    /// gives it.
    ///
    /// # Panics
    ///
    /// When the table can't be written.
    pub async fn key(&self, client: &Client, change: impl FnOnce(&mut Key)) -> String {
        let text = new_key();
        let mut key = Key {
            digest: KeyDigest::of(&text),
            client_id: client.client_id.clone(),
            routes: client.routes.clone(),
            state: State::Active,
            valid_until: None,
            created_at: Timestamp::now(),
            made_by: None,
            ended_by: None,
        };
        change(&mut key);
        self.clients.put_key(&key).await.expect("the key is registered");
        text
    }
}
