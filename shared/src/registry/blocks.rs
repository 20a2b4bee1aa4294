//! The blocks of blocking keys: read all together, written in the transaction of whoever decides
//! on them.
//!
//! | attribute | |
//! |---|---|
//! | `pk` | the blocking key |
//! | `version` | moves with each write |
//! | `cut` | somebody was left out |
//! | `entries` | traits and their holders |
//! | `expires_at` | of an empty block only: a day after the last entry left |

use std::collections::BTreeMap;
use std::marker::PhantomData;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Item, number, text};
use super::transaction::{EncodeError, check_over, put_over};
use super::{StoreError, read};
use crate::identity::block::{Block, BlockId};
use crate::identity::digest::IdentityKeys;

/// How long an empty block stays. A block that comes back begins at version 1 again, so it must
/// not go while a decision may still hold a version of it: no invocation lasts a day.
const EMPTY_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A table of blocks whose holders are `H`.
#[derive(Debug, Clone)]
pub struct BlockStore<H> {
    client: Client,
    table: String,
    holder: PhantomData<H>,
}

/// Whether a read must see every write that ended before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// It may be a little old, at half the price: for answers.
    Eventual,
    /// It sees every write: for decisions.
    Strong,
}

impl Consistency {
    /// Whoever looks under two keys, one after the other, must not miss what moves in between.
    #[must_use]
    pub fn of(keys: &IdentityKeys) -> Self {
        if keys.are_changing() { Self::Strong } else { Self::Eventual }
    }
}

impl<H: Serialize + DeserializeOwned> BlockStore<H> {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, holder: PhantomData }
    }

    /// The blocks of up to a hundred keys, in one call; a key that nobody has gives an empty one.
    pub async fn read(
        &self,
        keys: impl IntoIterator<Item = &BlockId>,
        consistency: Consistency,
    ) -> Result<BTreeMap<BlockId, Block<H>>, StoreError> {
        const OPERATION: &str = "blocks BatchGetItem";
        let mut blocks: BTreeMap<BlockId, Block<H>> =
            keys.into_iter().map(|key| (key.clone(), Block::default())).collect();
        let wanted = blocks.keys().map(item_key).collect();
        let consistent = consistency == Consistency::Strong;
        for mut item in read::many(&self.client, &self.table, wanted, consistent, OPERATION).await?
        {
            let key = item.remove("pk").ok_or_else(|| StoreError::shape(OPERATION))?;
            let key: BlockId = serde_dynamo::from_attribute_value(key)
                .map_err(|_| StoreError::shape(OPERATION))?;
            let block = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            blocks.insert(key, block);
        }
        Ok(blocks)
    }

    /// Writes a block over the version that was read.
    pub fn put(&self, key: &BlockId, block: &Block<H>) -> Result<TransactWriteItem, EncodeError> {
        put_over(&self.table, "pk", item(key, block)?, block.version)
    }

    /// Writes a block that the last holder left as of `now`, over the version that was read.
    /// DynamoDB deletes it a day later, so that not even its key, a digest of a name and a birth
    /// date, outlasts whom it was about. Whoever joins it before writes it without that end.
    pub fn put_empty(
        &self,
        key: &BlockId,
        block: &Block<H>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, EncodeError> {
        let mut item = item(key, block)?;
        let expires = now.as_second().saturating_add(EMPTY_KEPT.as_secs());
        item.insert("expires_at".into(), number(expires));
        put_over(&self.table, "pk", item, block.version)
    }

    /// Stops a transaction if a block has moved since it was read.
    pub fn check(&self, key: &BlockId, version: u64) -> Result<TransactWriteItem, EncodeError> {
        check_over(&self.table, "pk", item_key(key), version)
    }
}

fn item<H: Serialize>(key: &BlockId, block: &Block<H>) -> Result<Item, EncodeError> {
    let mut item = item_key(key);
    item.insert("version".into(), number(block.version + 1));
    item.insert("cut".into(), serde_dynamo::to_attribute_value(block.cut)?);
    item.insert("entries".into(), serde_dynamo::to_attribute_value(&block.entries)?);
    Ok(item)
}

fn item_key(key: &BlockId) -> Item {
    Item::from([("pk".to_owned(), text(key.as_str()))])
}
