//! Clients, remembered for a minute: a key is checked without a read, and a revocation holds within a minute.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use shared::registry::StoreError;
use shared::registry::clients::{Client, ClientStore, KeyHash};

const REMEMBERED: Duration = Duration::from_mins(1);
/// Unknown keys are remembered too, so that guessing costs no reads; this bounds what guessing costs in memory.
const MOST: usize = 1_000;

pub(crate) struct ClientCache {
    store: ClientStore,
    seen: Mutex<HashMap<KeyHash, (Instant, Option<Client>)>>,
}

impl ClientCache {
    pub(crate) fn new(store: ClientStore) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// The client that a key belongs to, as of a minute ago at most.
    pub(crate) async fn get(&self, key: KeyHash) -> Result<Option<Client>, StoreError> {
        if let Ok(seen) = self.seen.lock()
            && let Some((at, client)) = seen.get(&key)
            && at.elapsed() < REMEMBERED
        {
            return Ok(client.clone());
        }
        let client = self.store.get(&key).await?;
        if let Ok(mut seen) = self.seen.lock() {
            if seen.len() >= MOST {
                seen.clear();
            }
            seen.insert(key, (Instant::now(), client.clone()));
        }
        Ok(client)
    }
}
