//! Reading up to a hundred items of a table, whatever it takes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::keys::Item;
use super::{StoreError, backoff};

/// The items of these keys, a hundred at most and no two alike, in no order; what isn't there is
/// left out.
pub(super) async fn read(
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
