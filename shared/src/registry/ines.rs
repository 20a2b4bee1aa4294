//! The tables of our own identity service: who has which INE, who asks for one, who may ask, and
//! the trace.
//!
//! | table | key | item |
//! |---|---|---|
//! | `ines` | `I#<digest of an INE>` | a [`Registration`] |
//! | | `D#<request id>` | a [`Request`]; while it waits, in the index `pending` |
//! | | `C#<client id>` | an [`IdentityClient`](crate::access::ines::IdentityClient) |
//! | | `G#<client id>#<day>#<digest of an INE>` | `date_count`, the birth dates that a client asked about with it that day, and an attribute for each, named by its keyed digest |
//! | `ines-blocks` | a blocking key | a [`Block`] of master INEs |
//! | `ines-log` | a subject and a time | a [`trace::Access`] |
//!
//! Every write is over a version that was read, and what belongs together is one transaction:
//! whoever is overtaken reads and decides again.

mod clients;
mod guesses;
pub mod load;
mod requests;
pub mod trace;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use guesses::DATES_PER_DAY;
pub use requests::{After, Waiting};

use super::blocks::{BlockStore, Consistency};
use super::keys::{Item, number, text};
use super::transaction::{EncodeError, put_over, was_overtaken};
use super::{StoreError, read};
use crate::identity::block::{Block, BlockId};
use crate::identity::digest::IneDigest;
use crate::identity::immatriculation::{Registration, Request};

/// The register of our own identity service.
#[derive(Debug, Clone)]
pub struct InesStore {
    client: Client,
    table: String,
    blocks: BlockStore<IneDigest>,
    request_retention_days: u32,
}

/// Something to write, over what was read.
#[derive(Debug, Clone, Copy)]
pub enum Write<'a> {
    /// Who has an INE.
    Registration(&'a IneDigest, &'a Registration),
    /// Where a request stands.
    Request(&'a Request),
    /// Who shares a key.
    Block(&'a BlockId, &'a Block<IneDigest>),
    /// Nothing, but the block must not have moved.
    Unmoved(&'a BlockId, u64),
}

/// Whether a transaction took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It did, as a whole.
    Yes,
    /// Something has moved since it was read, so nothing was written: read and decide again.
    Overtaken,
}

impl InesStore {
    /// The tables of those names. A request that is decided is forgotten after
    /// `request_retention_days`.
    #[must_use]
    pub fn new(client: Client, table: String, blocks: String, request_retention_days: u32) -> Self {
        let blocks = BlockStore::new(client.clone(), blocks);
        Self { client, table, blocks, request_retention_days }
    }

    /// Who has an INE, as of now.
    pub async fn registration(&self, ine: &IneDigest) -> Result<Option<Registration>, StoreError> {
        self.get(registration_key(ine), "ines GetItem").await
    }

    /// Who has each of up to a hundred INEs, as of now, in no order; an INE that nobody has is left
    /// out.
    pub async fn registrations(
        &self,
        ines: impl IntoIterator<Item = &IneDigest>,
    ) -> Result<Vec<Registration>, StoreError> {
        const OPERATION: &str = "ines BatchGetItem";
        let wanted = ines.into_iter().map(|ine| key(registration_key(ine))).collect();
        let items = read::many(&self.client, &self.table, wanted, true, OPERATION).await?;
        serde_dynamo::from_items(items).map_err(|_| StoreError::shape(OPERATION))
    }

    /// Who shares each of these keys: as of now for decisions, and perhaps a little old for
    /// answers.
    pub async fn sharing(
        &self,
        keys: impl IntoIterator<Item = &BlockId>,
        consistency: Consistency,
    ) -> Result<BTreeMap<BlockId, Block<IneDigest>>, StoreError> {
        self.blocks.read(keys, consistency).await
    }

    /// Writes up to a hundred items, all or none.
    ///
    /// Idempotent: a repetition finds the versions moved on, writes nothing and says so.
    pub async fn commit(&self, writes: &[Write<'_>]) -> Result<Committed, StoreError> {
        const OPERATION: &str = "ines TransactWriteItems";
        let items: Result<Vec<_>, _> = writes.iter().map(|write| self.item(*write)).collect();
        let items = items.map_err(|error| StoreError::encode(OPERATION, error))?;
        let Err(error) =
            self.client.transact_write_items().set_transact_items(Some(items)).send().await
        else {
            return Ok(Committed::Yes);
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if was_overtaken(cancelled.cancellation_reasons()) =>
            {
                Ok(Committed::Overtaken)
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }

    fn item(&self, write: Write<'_>) -> Result<TransactWriteItem, EncodeError> {
        match write {
            Write::Registration(ine, registration) => {
                let next =
                    Registration { version: registration.version + 1, ..registration.clone() };
                self.put(stored(registration_key(ine), &next)?, registration.version)
            }
            Write::Request(request) => self.put(self.request_item(request)?, request.version),
            Write::Block(key, block) => self.blocks.put(key, block),
            Write::Unmoved(key, version) => self.blocks.check(key, version),
        }
    }

    /// Writes an item over the version that was read.
    fn put(&self, item: Item, version: u64) -> Result<TransactWriteItem, EncodeError> {
        put_over(&self.table, "pk", item, version)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        pk: String,
        operation: &'static str,
    ) -> Result<Option<T>, StoreError> {
        read::one(&self.client, &self.table, key(pk), operation).await
    }
}

fn registration_key(ine: &IneDigest) -> String {
    format!("I#{}", ine.as_str())
}

fn key(pk: String) -> Item {
    Item::from([("pk".to_owned(), text(pk))])
}

fn stored<T: Serialize>(pk: String, value: &T) -> Result<Item, EncodeError> {
    #[derive(Serialize, Deserialize)]
    struct Stored<T> {
        pk: String,
        #[serde(flatten)]
        value: T,
    }
    Ok(serde_dynamo::to_item(Stored { pk, value })?)
}
