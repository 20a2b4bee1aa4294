//! Deposits: forms that were given out, and what became of the files that were sent with them.
//!
//! They live in the table `imports`, as `DEPOT#<id>`: whoever follows a deposit reads both.
//! Ingestion writes the attribute `import` when it takes the object, and whoever orders what follows
//! a trial writes `ordered`: the import of a deposit is one read away.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::imports::{ImportId, Order};
use super::keys::{Item, text};
use super::{StoreError, conditional, read};
use crate::domain::uai::Uai;

/// A deposit, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// The establishment that sends the file.
    pub uai: Uai,
    /// Who asked for the form.
    #[serde(flatten)]
    pub sender: Sender,
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
    /// What was ordered after a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Ordered>,
}

/// Who sent a file, or ordered what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A client, by its id.
    Client(String),
    /// A member of the portal, by their digest.
    Member(String),
}

/// What was ordered after a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// The import that does it.
    pub import: ImportId,
    /// The import that had tried it.
    pub of: ImportId,
    pub order: Order,
    pub by: Sender,
    pub at: Timestamp,
}

impl Deposit {
    /// The import that tells how far it has come: what was ordered last, else what took the object.
    #[must_use]
    pub fn current(&self) -> Option<&ImportId> {
        self.ordered.as_ref().map(|ordered| &ordered.import).or(self.import.as_ref())
    }
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
        let key = Item::from([("id".to_owned(), text(item_id(id)))]);
        read::one(&self.client, &self.table, key, "imports GetItem").await
    }

    /// Notes what was ordered after an import, if that import is still the deposit's latest; says
    /// whether it was.
    pub async fn order(&self, id: &str, ordered: &Ordered) -> Result<bool, StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let stored = serde_dynamo::to_attribute_value(ordered);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(item_id(id)))
            .update_expression("SET ordered = :ordered")
            .condition_expression(
                "(attribute_not_exists(ordered) AND #import = :of) OR ordered.#import = :of",
            )
            .expression_attribute_names("#import", "import")
            .expression_attribute_values(":of", text(ordered.of.as_str()))
            .expression_attribute_values(
                ":ordered",
                stored.map_err(|_| StoreError::shape(OPERATION))?,
            );
        conditional::held(update, OPERATION).await
    }
}

fn item_id(id: &str) -> String {
    format!("DEPOT#{id}")
}
