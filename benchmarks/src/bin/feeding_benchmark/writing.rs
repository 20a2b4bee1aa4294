//! Declarations to DynamoDB: processor time of the SDK for a record, in the three ways that there
//! are.
//!
//! Ours is [`RecordStore::put`], as the import calls it. The three others are the calls alone, with
//! the same item in each, so that they can be compared with one another.

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeValue, PutRequest, TransactWriteItem, Update, WriteRequest,
};
use benchmarks::sample;
use jiff::Timestamp;
use shared::domain::enrolment::Declaration;
use shared::feeding::record::Horizons;
use shared::identity::digest::{DigestKey, RecordId};
use shared::identity::student::RecordVersion;
use shared::registry::records::{MOST_IN_BATCH, NewRecord, RecordStore};

use crate::stub::Stub;
use benchmarks::clock::Clock;

const TABLE: &str = "records";
/// DynamoDB's limit for a plain batch.
const MOST_IN_PLAIN_BATCH: usize = 25;
/// One by one takes long: so many are enough.
const MOST_ONE_BY_ONE: usize = 2_000;
const UPDATE: &str = "SET version = :version, #state = :pending, declaration = :declaration";
const CONDITION: &str = "attribute_not_exists(id) OR version < :version";

/// Processor time for a record, the best of the rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// The record store's `put`, from records on: the attribute values are made in it.
    pub(crate) store: Duration,
    /// The id, which is an HMAC, and the attribute values: what the three calls below are given.
    pub(crate) values: Duration,
    /// `TransactWriteItems`, a hundred conditional updates.
    pub(crate) transaction: Duration,
    /// `BatchWriteItem`, 25 items, without conditions.
    pub(crate) plain_batch: Duration,
    /// `UpdateItem`, conditional, one by one.
    pub(crate) one_by_one: Duration,
}

/// Writes the records in each way, in turns.
pub(crate) fn measure(declarations: &[Declaration], rounds: u32) -> Result<Written> {
    let stub = Stub::serve()?;
    // One thread, as the import has: its processor time is what is measured. The stub has its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = dynamodb(&stub);
        let mut best: Option<Written> = None;
        for _ in 0..=rounds {
            let round = round(&client, declarations).await?;
            // The first one opens the connection and warms the caches.
            best = Some(best.map_or(round, |best| best.or_better(&round)));
        }
        best.context("nothing was measured")
    })
}

impl Written {
    fn or_better(&self, other: &Self) -> Self {
        Self {
            store: self.store.min(other.store),
            values: self.values.min(other.values),
            transaction: self.transaction.min(other.transaction),
            plain_batch: self.plain_batch.min(other.plain_batch),
            one_by_one: self.one_by_one.min(other.one_by_one),
        }
    }
}

async fn round(client: &Client, declarations: &[Declaration]) -> Result<Written> {
    let clock = Clock::start();
    let items = declarations.iter().map(Item::of).collect::<Result<Vec<_>>>()?;
    let values = each(clock.elapsed(), items.len());

    let store = RecordStore::new(client.clone(), TABLE.into());
    let records: Vec<_> = declarations.iter().map(record).collect();
    let count = records.len();
    let batches = in_batches(records, MOST_IN_BATCH);
    let clock = Clock::start();
    for batch in batches {
        store.put(batch, &Horizons::new()).await?;
    }
    let store = each(clock.elapsed(), count);

    let batches = in_batches(items.clone(), MOST_IN_BATCH);
    let clock = Clock::start();
    for batch in batches {
        let writes = batch.into_iter().map(Item::into_update).collect::<Result<Vec<_>>>()?;
        client.transact_write_items().set_transact_items(Some(writes)).send().await?;
    }
    let transaction = each(clock.elapsed(), count);

    let batches = in_batches(items.clone(), MOST_IN_PLAIN_BATCH);
    let clock = Clock::start();
    for batch in batches {
        let writes = batch.into_iter().map(Item::into_put).collect::<Result<Vec<_>>>()?;
        client.batch_write_item().request_items(TABLE, writes).send().await?;
    }
    let plain_batch = each(clock.elapsed(), count);

    let some: Vec<_> = items.into_iter().take(MOST_ONE_BY_ONE).collect();
    let count = some.len();
    let clock = Clock::start();
    for item in some {
        item.update(client).await?;
    }
    let one_by_one = each(clock.elapsed(), count);
    Ok(Written { store, values, transaction, plain_batch, one_by_one })
}

/// A record's attributes.
#[derive(Debug, Clone)]
struct Item {
    id: String,
    version: AttributeValue,
    declaration: AttributeValue,
}

impl Item {
    fn of(declaration: &Declaration) -> Result<Self> {
        let NewRecord { id, version, declaration, .. } = record(declaration);
        Ok(Self {
            id: id.as_str().to_owned(),
            version: AttributeValue::S(version.as_str().to_owned()),
            declaration: serde_dynamo::to_attribute_value(declaration)?,
        })
    }

    fn into_update(self) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(TABLE)
            .key("id", AttributeValue::S(self.id))
            .update_expression(UPDATE)
            .condition_expression(CONDITION)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", self.version)
            .expression_attribute_values(":pending", pending())
            .expression_attribute_values(":declaration", self.declaration)
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn into_put(self) -> Result<WriteRequest> {
        let put = PutRequest::builder()
            .item("id", AttributeValue::S(self.id))
            .item("version", self.version)
            .item("state", pending())
            .item("declaration", self.declaration)
            .build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    }

    async fn update(self, client: &Client) -> Result<()> {
        client
            .update_item()
            .table_name(TABLE)
            .key("id", AttributeValue::S(self.id))
            .update_expression(UPDATE)
            .condition_expression(CONDITION)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":version", self.version)
            .expression_attribute_values(":pending", pending())
            .expression_attribute_values(":declaration", self.declaration)
            .send()
            .await?;
        Ok(())
    }
}

fn pending() -> AttributeValue {
    AttributeValue::S("pending".to_owned())
}

fn record(declaration: &Declaration) -> NewRecord {
    let key = DigestKey::new(sample::DIGEST_KEY_ID.into(), sample::DIGEST_KEY.to_owned().into());
    NewRecord {
        id: RecordId::of(&key, declaration),
        version: RecordVersion::new(Timestamp::UNIX_EPOCH, "", "benchmark", 2),
        depositor: declaration.inscription.uai,
        declaration: Box::new(declaration.clone()),
    }
}

fn in_batches<T>(values: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let mut batches = Vec::new();
    let mut values = values.into_iter().peekable();
    while values.peek().is_some() {
        batches.push(values.by_ref().take(most).collect());
    }
    batches
}

fn each(time: Duration, count: usize) -> Duration {
    time / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

fn dynamodb(stub: &Stub) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new("eu-west-3"))
        .endpoint_url(format!("http://{}", stub.address()))
        .credentials_provider(Credentials::new("test", "test", None, None, "benchmark"))
        .build();
    Client::from_conf(config)
}

/// The last behaviour that ignores the proxies of the environment: the stub is on this machine.
#[expect(
    deprecated,
    reason = "later behaviours would send requests for 127.0.0.1 to the person's proxy"
)]
fn without_proxy() -> BehaviorVersion {
    BehaviorVersion::v2025_01_17()
}
