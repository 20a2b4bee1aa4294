//! Deposits: forms that were given out, and what became of the files that were sent with them.
//!
//! They live in the table `imports`, as `DEPOT#<id>`: whoever follows a deposit reads both.
//! Ingestion writes the attribute `import` when it takes the object, so the import of a deposit is
//! one read away.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::imports::{ImportId, ImportState};
use super::keys::{Item, text};
use super::{StoreError, read};
use crate::domain::uai::Uai;

/// A deposit, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// The establishment that sends the file.
    pub uai: Uai,
    /// The client whose key asked for the form.
    pub client: String,
    /// Where the file goes in the inbox.
    pub key: String,
    /// When the form was given.
    pub created_at: Timestamp,
    /// When DynamoDB may forget it, in seconds since 1970.
    pub expires_at: i64,
    /// The import that took what was uploaded; the latest one, should the form have been posted
    /// twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
}

/// How far the import of a deposit has come.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Followed {
    /// How far.
    pub state: ImportState,
    /// Rows read so far.
    #[serde(default)]
    pub rows_read: u64,
    /// Rows accepted so far.
    #[serde(default)]
    pub accepted: u64,
    /// Rows older than what was known.
    #[serde(default)]
    pub superseded: u64,
    /// Rows rejected so far.
    #[serde(default)]
    pub rejected: u64,
    /// Rows accepted with something odd.
    #[serde(default)]
    pub warned: u64,
    /// Bytes read so far, of `bytes`.
    #[serde(default)]
    pub bytes_read: u64,
    /// Size of the object.
    #[serde(default)]
    pub bytes: u64,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<String>,
    /// Where its report is, in the reports bucket.
    #[serde(default)]
    pub report_key: Option<String>,
}

#[derive(Serialize)]
struct Stored<'a> {
    id: String,
    #[serde(flatten)]
    deposit: &'a Deposit,
}

/// The deposits in the table `imports`.
#[derive(Debug, Clone)]
pub struct DepositStore {
    client: Client,
    table: String,
}

impl DepositStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps a deposit that is about to be given out. Its id is random, so none is ever replaced.
    pub async fn put(&self, id: &str, deposit: &Deposit) -> Result<(), StoreError> {
        const OPERATION: &str = "imports PutItem";
        let stored = Stored { id: item_id(id), deposit };
        let item: Item = serde_dynamo::to_item(stored).map_err(|_| StoreError::shape(OPERATION))?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }

    /// One deposit.
    pub async fn get(&self, id: &str) -> Result<Option<Deposit>, StoreError> {
        self.item(item_id(id)).await
    }

    /// How far an import has come.
    pub async fn follow(&self, import: &ImportId) -> Result<Option<Followed>, StoreError> {
        self.item(import.as_str().to_owned()).await
    }

    async fn item<T: serde::de::DeserializeOwned>(
        &self,
        id: String,
    ) -> Result<Option<T>, StoreError> {
        let key = Item::from([("id".to_owned(), text(id))]);
        read::one(&self.client, &self.table, key, "imports GetItem").await
    }
}

fn item_id(id: &str) -> String {
    format!("DEPOT#{id}")
}
