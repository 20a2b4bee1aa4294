//! Reading items whole: one, or up to a hundred whatever it takes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::de::DeserializeOwned;

use super::keys::Item;
use super::{StoreError, backoff};

/// One item as of now, if it is there.
pub(super) async fn one<T: DeserializeOwned>(
    client: &Client,
    table: &str,
    key: Item,
    operation: &'static str,
) -> Result<Option<T>, StoreError> {
    let get = client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
    let output = get.send().await.map_err(|error| StoreError::new(operation, &error))?;
    let shape = |_| StoreError::shape(operation);
    output.item.map(serde_dynamo::from_item).transpose().map_err(shape)
}

/// The items of these keys, a hundred at most and no two alike, in no order; what isn't there is
/// left out.
pub(super) async fn many(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
    consistent: bool,
    operation: &'static str,
) -> Result<Vec<Item>, StoreError> {
    let mut left = keys;
    let mut items = Vec::with_capacity(left.len());
    let mut waits = backoff();
    while !left.is_empty() {
        let asked = left.len();
        let request =
            KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(consistent).build();
        let request = request.map_err(|_| StoreError::shape(operation))?;
        let output = client.batch_get_item().request_items(table, request).send().await;
        let output = output.map_err(|error| StoreError::new(operation, &error))?;
        items.extend(output.responses.unwrap_or_default().into_values().flatten());
        let unread = output.unprocessed_keys.unwrap_or_default().remove(table);
        left = unread.map_or_else(Vec::new, |unread| unread.keys);
        // A table at its limit, or more than 16 MB: some are read, the others are asked for again.
        if left.len() == asked {
            let wait = waits.next().ok_or_else(|| StoreError::contention(operation))?;
            tokio::time::sleep(wait).await;
        }
    }
    Ok(items)
}
