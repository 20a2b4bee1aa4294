//! The buckets of blocking keys: read all together, written in the transaction of whoever decides
//! on them.
//!
//! | attribute | |
//! |---|---|
//! | `pk` | the blocking key |
//! | `version` | moves with each write |
//! | `cut` | somebody was left out |
//! | `entries` | traits and their holders |

use std::collections::BTreeMap;
use std::marker::PhantomData;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Item, number, text};
use super::{StoreError, batch};
use crate::identity::posting::{Bucket, PostingKey};

/// A table of buckets whose holders are `H`.
#[derive(Debug, Clone)]
pub struct PostingStore<H> {
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

impl<H: Serialize + DeserializeOwned> PostingStore<H> {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, holder: PhantomData }
    }

    /// The buckets of up to a hundred keys, in one call; a key that nobody has gives an empty one.
    pub async fn read(
        &self,
        keys: impl IntoIterator<Item = &PostingKey>,
        consistency: Consistency,
    ) -> Result<BTreeMap<PostingKey, Bucket<H>>, StoreError> {
        const OPERATION: &str = "postings BatchGetItem";
        let mut buckets: BTreeMap<PostingKey, Bucket<H>> =
            keys.into_iter().map(|key| (key.clone(), Bucket::default())).collect();
        let wanted = buckets.keys().map(item_key).collect();
        let consistent = consistency == Consistency::Strong;
        for mut item in
            batch::read(&self.client, &self.table, wanted, consistent, OPERATION).await?
        {
            let key = item.remove("pk").ok_or_else(|| StoreError::shape(OPERATION))?;
            let key: PostingKey = serde_dynamo::from_attribute_value(key)
                .map_err(|_| StoreError::shape(OPERATION))?;
            let bucket = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            buckets.insert(key, bucket);
        }
        Ok(buckets)
    }

    /// Writes a bucket over the version that was read. `None` only if it can't be written down at
    /// all.
    #[must_use]
    pub fn put(&self, key: &PostingKey, bucket: &Bucket<H>) -> Option<TransactWriteItem> {
        let mut item = item_key(key);
        item.insert("version".into(), number(bucket.version + 1));
        item.insert("cut".into(), serde_dynamo::to_attribute_value(bucket.cut).ok()?);
        item.insert("entries".into(), serde_dynamo::to_attribute_value(&bucket.entries).ok()?);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match bucket.version {
            0 => put.condition_expression(ABSENT),
            version => put
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":read", number(version)),
        };
        Some(TransactWriteItem::builder().put(put.build().ok()?).build())
    }

    /// Stops a transaction if a bucket has moved since it was read.
    #[must_use]
    pub fn check(&self, key: &PostingKey, version: u64) -> Option<TransactWriteItem> {
        let check = ConditionCheck::builder().table_name(&self.table).set_key(Some(item_key(key)));
        let check = match version {
            0 => check.condition_expression(ABSENT),
            version => check
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":read", number(version)),
        };
        Some(TransactWriteItem::builder().condition_check(check.build().ok()?).build())
    }
}

const ABSENT: &str = "attribute_not_exists(pk)";
const UNCHANGED: &str = "version = :read";

fn item_key(key: &PostingKey) -> Item {
    Item::from([("pk".to_owned(), text(key.as_str()))])
}
