//! The clients of the identity service.

use super::super::StoreError;
use super::{InesStore, stored};
use crate::access::ines::IdentityClient;

impl InesStore {
    /// The client of an id.
    pub async fn client(&self, client_id: &str) -> Result<Option<IdentityClient>, StoreError> {
        self.get(client_key(client_id), "ines GetItem").await
    }

    /// Registers a client, or changes it.
    pub async fn put_client(&self, client: &IdentityClient) -> Result<(), StoreError> {
        const OPERATION: &str = "ines PutItem";
        let item = stored(client_key(&client.client_id), client)
            .map_err(|error| StoreError::encode(OPERATION, error))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }
}

fn client_key(client_id: &str) -> String {
    format!("C#{client_id}")
}
