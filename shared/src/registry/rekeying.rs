//! The register under new secrets: every key that was derived with the ones before is derived anew.
//!
//! Deduplication is stopped meanwhile, and nothing else writes these items. Whoever reads looks
//! under both secrets ([`IdentityKeys::alive`]). An item moves in one transaction, and only as it
//! was read, so that of two runs at once, or of one that was stopped, each item is moved once;
//! nothing is left under the old secrets when a run finds nothing to move.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use serde::de::DeserializeOwned;

use super::StoreError;
use super::keys::{self, Item, text};
use super::records::RecordStore;
use super::reviews::{ReviewStore, Saved};
use super::segment::{Position, Segment};
use super::students::StudentStore;
use super::transaction::was_overtaken;
use crate::domain::ine::Ine;
use crate::identity::block::{Block, BlockId};
use crate::identity::digest::{IdentityKeys, IneDigest};
use crate::identity::edge::Edge;
use crate::identity::review::{Case, CaseQuestion};
use crate::identity::student::{Student, StudentId};

/// The names of the tables that have keys of these secrets, or lead to what has.
#[derive(Debug, Clone)]
pub struct Tables {
    pub students: String,
    pub blocks: String,
    pub records: String,
    pub reviews: String,
}

/// The register, on its way from one pair of secrets to another.
#[derive(Clone)]
pub struct Rekeying {
    client: Client,
    tables: Tables,
    students: StudentStore,
    records: RecordStore,
    reviews: ReviewStore,
    before: IdentityKeys,
    after: IdentityKeys,
}

/// What a run came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rekeyed {
    /// Items that are under the new secrets now.
    pub moved: usize,
    /// Items that can't be told any more what they were derived with, or that somebody wrote
    /// meanwhile.
    pub left: usize,
}

impl Rekeyed {
    fn count(&mut self, moved: bool) {
        *if moved { &mut self.moved } else { &mut self.left } += 1;
    }
}

impl std::ops::AddAssign for Rekeyed {
    fn add_assign(&mut self, other: Self) {
        self.moved += other.moved;
        self.left += other.left;
    }
}

impl Rekeying {
    /// Nothing is called yet. A secret that stays is the same in both.
    #[must_use]
    pub fn new(client: Client, tables: Tables, before: IdentityKeys, after: IdentityKeys) -> Self {
        Self {
            students: StudentStore::new(client.clone(), tables.students.clone()),
            records: RecordStore::new(client.clone(), tables.records.clone()),
            reviews: ReviewStore::new(client.clone(), tables.reviews.clone()),
            client,
            tables,
            before,
            after,
        }
    }

    /// What INEs lead to, in one part of the table. `segment` is from 0, below `segments`.
    ///
    /// An item doesn't say its INE: it is the one of its student's that the old secret makes this
    /// key of.
    pub async fn ines(&self, segment: i32, segments: i32) -> Result<Rekeyed, StoreError> {
        const OPERATION: &str = "students Scan";
        let mut done = Rekeyed::default();
        if self.before.ine.id() == self.after.ine.id() {
            return Ok(done);
        }
        let table = &self.tables.students;
        let prefix = format!("{}{}.", keys::INE_PREFIX, self.before.ine.id());
        let part = Segment { at: segment, of: segments };
        let mut from = None;
        loop {
            let page = self.page(table, &prefix, part, from, OPERATION).await?;
            for item in page.0 {
                let student = self.students.get(attribute(&item, "student", OPERATION)?).await?;
                let known = student.iter().flat_map(ines_of);
                let is_its_own =
                    |ine: &Ine| item.get("pk") == keys::ine(&self.before.ine(ine)).get("pk");
                done.count(match known.into_iter().find(is_its_own) {
                    Some(ine) => {
                        let to = keys::ine(&self.after.ine(&ine));
                        self.rename(table, item, to, &["student", "answer"]).await?
                    }
                    None => false,
                });
            }
            from = page.1;
            if from.is_none() {
                return Ok(done);
            }
        }
    }

    /// The blocks, in one part of the table. A block's key is one of each entry's, at the same
    /// place among its keys under either secret. An empty block is nobody's, and goes.
    pub async fn blocks(&self, segment: i32, segments: i32) -> Result<Rekeyed, StoreError> {
        const OPERATION: &str = "blocks Scan";
        let mut done = Rekeyed::default();
        if self.before.blocks.id() == self.after.blocks.id() {
            return Ok(done);
        }
        let table = &self.tables.blocks;
        let prefix = format!("{}.", self.before.blocks.id());
        let part = Segment { at: segment, of: segments };
        let mut from = None;
        loop {
            let page = self.page(table, &prefix, part, from, OPERATION).await?;
            for item in page.0 {
                let key: BlockId = attribute(&item, "pk", OPERATION)?;
                let block: Block<StudentId> = serde_dynamo::from_item(item.clone())
                    .map_err(|_| StoreError::shape(OPERATION))?;
                let to = self.key_after(&key, &block);
                let to = to.map(|key| Item::from([("pk".to_owned(), text(key.as_str()))]));
                done.count(match to {
                    Some(to) => self.rename(table, item, to, &["version"]).await?,
                    None if block.entries.is_empty() => self.forget(table, item).await?,
                    None => false,
                });
            }
            from = page.1;
            if from.is_none() {
                return Ok(done);
            }
        }
    }

    fn key_after(&self, key: &BlockId, block: &Block<StudentId>) -> Option<BlockId> {
        block.entries.iter().find_map(|entry| {
            let person = entry.traits.person();
            let place = self.before.blocks.of(&person).iter().position(|own| own == key)?;
            self.after.blocks.of(&person).into_iter().nth(place)
        })
    }

    /// The INEs that cases hold against each other, by their keys.
    pub async fn cases(&self) -> Result<Rekeyed, StoreError> {
        let mut done = Rekeyed::default();
        if self.before.ine.id() == self.after.ine.id() {
            return Ok(done);
        }
        let mut from = None;
        loop {
            let page = self.reviews.scan(from).await?;
            for case in page.0 {
                let is_old = |ine: &&mut IneDigest| ine.is_of(&self.before.ine);
                let mut changed = case.clone();
                if changed.question.masters_mut().find(is_old).is_none() {
                    continue;
                }
                let known = self.keys_of(&case).await?;
                let mut whole = true;
                for master in changed.question.masters_mut().filter(is_old) {
                    match known.get(master) {
                        Some(after) => *master = after.clone(),
                        None => whole = false,
                    }
                }
                let saved = changed == case || self.reviews.save(&changed).await? == Saved::Yes;
                done.count(saved && whole);
            }
            from = page.1;
            if from.is_none() {
                return Ok(done);
            }
        }
    }

    /// Old and new keys of every INE of whom a case is about.
    async fn keys_of(&self, case: &Case) -> Result<BTreeMap<IneDigest, IneDigest>, StoreError> {
        let mut involved = case.question.students();
        if let CaseQuestion::Attachment { record, .. } = &case.question {
            involved.extend(self.records.get(record).await?.and_then(|record| record.student));
        }
        let mut keys = BTreeMap::new();
        for student in involved {
            let student = self.students.get(student).await?;
            let ines = student.iter().flat_map(ines_of);
            keys.extend(ines.map(|ine| (self.before.ine(&ine), self.after.ine(&ine))));
        }
        Ok(keys)
    }

    /// Items whose key begins so, and where to go on.
    async fn page(
        &self,
        table: &str,
        prefix: &str,
        segment: Segment,
        from: Option<Position>,
        operation: &'static str,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let scan = self
            .client
            .scan()
            .table_name(table)
            .consistent_read(true)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix));
        segment.page(scan, from, operation).await
    }

    /// Puts an item under another key, if it still says what was read in these attributes. `false`
    /// when it doesn't, or when something is under that key.
    async fn rename(
        &self,
        table: &str,
        item: Item,
        to: Item,
        as_read: &[&str],
    ) -> Result<bool, StoreError> {
        let mut conditions = Vec::new();
        let mut delete = Delete::builder().table_name(table);
        for name in as_read {
            delete = delete.expression_attribute_names(format!("#{name}"), *name);
            match item.get(*name) {
                Some(value) => {
                    delete = delete.expression_attribute_values(format!(":{name}"), value.clone());
                    conditions.push(format!("#{name} = :{name}"));
                }
                None => conditions.push(format!("attribute_not_exists(#{name})")),
            }
        }
        let own = |name: &String| Some((name.clone(), item.get(name)?.clone()));
        let from: Item = to.keys().filter_map(own).collect();
        let delete =
            delete.set_key(Some(from)).condition_expression(conditions.join(" AND ")).build();
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item.into_iter().chain(to).collect()))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        let parts = TransactWriteItem::builder;
        self.write([
            put.map(|put| parts().put(put).build()),
            delete.map(|delete| parts().delete(delete).build()),
        ])
        .await
    }

    /// Deletes a block that holds nobody, if it is as it was read.
    async fn forget(&self, table: &str, item: Item) -> Result<bool, StoreError> {
        let read = |name: &str| item.get(name).cloned().unwrap_or(AttributeValue::Null(true));
        let delete = Delete::builder()
            .table_name(table)
            .key("pk", read("pk"))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", read("version"))
            .build();
        self.write([delete.map(|delete| TransactWriteItem::builder().delete(delete).build())]).await
    }

    async fn write(
        &self,
        items: impl IntoIterator<Item = Result<TransactWriteItem, BuildError>>,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "rekeying TransactWriteItems";
        let items: Result<Vec<_>, _> = items.into_iter().collect();
        let items = items.map_err(|error| StoreError::encode(OPERATION, error.into()))?;
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        let Err(error) = write.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if was_overtaken(cancelled.cancellation_reasons()) =>
            {
                Ok(false)
            }
            _ => Err(StoreError::new(OPERATION, &error)),
        }
    }
}

/// Every INE that a student was given, believed or not, and those that INES vouches for.
fn ines_of(student: &Student) -> impl Iterator<Item = Ine> + '_ {
    let vouched = student.edges().filter_map(Edge::verified);
    student.ines().into_iter().chain(vouched)
}

fn attribute<T: DeserializeOwned>(
    item: &Item,
    name: &str,
    operation: &'static str,
) -> Result<T, StoreError> {
    let value = item.get(name).cloned();
    value
        .and_then(|value| serde_dynamo::from_attribute_value(value).ok())
        .ok_or_else(|| StoreError::shape(operation))
}
