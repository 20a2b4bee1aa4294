//! The items, in memory.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// An item, or a key, in DynamoDB's JSON.
pub(crate) type Item = Map<String, Value>;

/// A handful of items a table: they are searched one by one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(HashMap<String, Vec<Item>>);

impl Tables {
    /// Stores an item. Nothing here is ever written twice while the tables are filled.
    pub(super) fn put(&mut self, table: &str, item: Item) {
        self.0.entry(table.to_owned()).or_default().push(item);
    }

    /// The items of a table.
    pub(super) fn all(&self, table: &str) -> impl Iterator<Item = &Item> {
        self.0.get(table).into_iter().flatten()
    }

    /// The item that has all the attributes of a key.
    pub(super) fn get(&self, table: &str, key: &Item) -> Option<&Item> {
        self.all(table).find(|item| key.iter().all(|(name, value)| item.get(name) == Some(value)))
    }
}
