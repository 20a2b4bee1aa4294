//! The review queue: cases, and which of them somebody has to look at.
//!
//! | attribute | |
//! |---|---|
//! | `id` | the case |
//! | `version` | moves with each write |
//! | `question`, `state`, `round`, `votes`, `decisions`, … | the case |
//! | `open`, `rank` | of an open case that may be answered: the keys of the index `open` |
//!
//! The index is sparse, so it holds what is to be done and nothing else. Its hash key is the kind
//! and one of `SLICES`: one key for all would bound the whole register's doubts by one partition's
//! writes. Its range key is the time and the id, which nothing else has: a page goes on exactly
//! where the one before it ended.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use jiff::Timestamp;
use serde::Deserialize;

use super::keys::{Item, number, text};
use super::segment::{Position, Segment};
pub use super::transaction::Saved;
use super::transaction::{EncodeError, put_over, save_over};
use super::{StoreError, read};
use crate::identity::review::{Case, CaseId, Kind, State};

/// Cases of one page at most: DynamoDB's limit for one reading.
pub const MOST_IN_PAGE: usize = 100;

/// Parts of the index for each kind. A part takes a thousand cases a second; deduplication at full
/// speed opens some two hundred.
const SLICES: u8 = 4;
/// The index of open cases.
const OPEN: &str = "open";

/// Where a page ended: the place of its last case among all open ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(String);

impl Place {
    /// The place of a case among the open ones.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self(format!("{:013}.{}", case.opened_at.as_millisecond().max(0), case.id))
    }

    /// The place as it was given out. Only its form is checked.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('.')?;
        let is_time = time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit());
        (is_time && CaseId::parse(id).is_some()).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn opened_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.0.split_once('.')?.0.parse().ok()?).ok()
    }

    fn id(&self) -> Option<CaseId> {
        CaseId::parse(self.0.split_once('.')?.1)
    }
}

/// Open cases, the oldest first.
#[derive(Debug, Default)]
pub struct Page {
    pub cases: Vec<Case>,
    /// Where to go on, when there may be more.
    pub after: Option<Place>,
}

/// The table `reviews`.
#[derive(Debug, Clone)]
pub struct ReviewStore {
    client: Client,
    table: String,
}

impl ReviewStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// One case, as of now.
    pub async fn get(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        read::one(&self.client, &self.table, key(id), "reviews GetItem").await
    }

    /// Writes a case over the version that was read. Repeated, it finds the version moved on, and
    /// says so.
    pub async fn save(&self, case: &Case) -> Result<Saved, StoreError> {
        const OPERATION: &str = "reviews PutItem";
        let item = item(case).map_err(|error| StoreError::encode(OPERATION, error))?;
        save_over(&self.client, (&self.table, "id"), item, case.version, OPERATION).await
    }

    /// The same, as a part of another transaction: deduplication opens, refreshes, withdraws and
    /// settles cases together with the records and students that they are about.
    pub fn put(&self, case: &Case) -> Result<TransactWriteItem, EncodeError> {
        put_over(&self.table, "id", item(case)?, case.version)
    }

    /// Open cases, of one kind or of all, the oldest first. The index is a moment late, so a case
    /// that was decided in that moment is left out here.
    pub async fn page(
        &self,
        kind: Option<Kind>,
        after: Option<&Place>,
        most: usize,
    ) -> Result<Page, StoreError> {
        let most = most.clamp(1, MOST_IN_PAGE);
        let mut places = Vec::new();
        for part in parts(kind) {
            places.extend(self.places(part, after, most).await?);
        }
        places.sort_unstable();
        // Each part gave its first ones, so the first ones of all are among them.
        places.truncate(most);
        let after = places.last().filter(|_| places.len() == most).cloned();
        let ids: Vec<CaseId> = places.iter().filter_map(Place::id).collect();
        let mut read = self.read(&ids).await?;
        let cases =
            ids.iter().filter_map(|id| read.remove(id)).filter(|case| case.state == State::Open);
        Ok(Page { cases: cases.collect(), after })
    }

    /// Some cases of all, open or not, and where to go on.
    pub(super) async fn scan(
        &self,
        from: Option<Item>,
    ) -> Result<(Vec<Case>, Option<Item>), StoreError> {
        const OPERATION: &str = "reviews Scan";
        let scan = self.client.scan().table_name(&self.table).consistent_read(true);
        let output = scan.set_exclusive_start_key(from).send().await;
        let output = output.map_err(|error| StoreError::new(OPERATION, &error))?;
        let cases = serde_dynamo::from_items(output.items.unwrap_or_default());
        Ok((cases.map_err(|_| StoreError::shape(OPERATION))?, output.last_evaluated_key))
    }

    /// One reading, of a megabyte at most, of one part of the table, open cases and others. It may
    /// be a little old.
    pub async fn scan_segment(
        &self,
        segment: Segment,
        from: Option<Position>,
    ) -> Result<(Vec<Case>, Option<Position>), StoreError> {
        const OPERATION: &str = "reviews Scan";
        let scan = self.client.scan().table_name(&self.table);
        let (items, next) = segment.page(scan, from, OPERATION).await?;
        let cases = serde_dynamo::from_items(items).map_err(|_| StoreError::shape(OPERATION))?;
        Ok((cases, next))
    }

    /// Erases a case that nobody wrote since it was read.
    pub fn erase(&self, case: &Case) -> Result<TransactWriteItem, EncodeError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key(&case.id)))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", number(case.version))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// When the oldest open case was opened. The index is a moment late.
    pub async fn oldest(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut first = Vec::new();
        for part in parts(None) {
            first.extend(self.places(part, None, 1).await?);
        }
        Ok(first.iter().min().and_then(Place::opened_at))
    }

    /// The first places of one part of the index.
    async fn places(
        &self,
        part: String,
        after: Option<&Place>,
        most: usize,
    ) -> Result<Vec<Place>, StoreError> {
        const OPERATION: &str = "reviews Query";
        #[derive(Deserialize)]
        struct Stored {
            rank: String,
        }
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(OPEN)
            .key_condition_expression("#open = :part AND #rank > :after")
            .expression_attribute_names("#open", "open")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":part", text(part))
            // Every place begins with a digit, and so comes after this.
            .expression_attribute_values(":after", text(after.map_or("!", Place::as_str)))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let stored: Vec<Stored> = serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))?;
        Ok(stored.into_iter().map(|Stored { rank }| Place(rank)).collect())
    }

    async fn read(&self, ids: &[CaseId]) -> Result<BTreeMap<CaseId, Case>, StoreError> {
        const OPERATION: &str = "reviews BatchGetItem";
        let mut cases = BTreeMap::new();
        let wanted = ids.iter().map(key).collect();
        for item in read::many(&self.client, &self.table, wanted, true, OPERATION).await? {
            let case: Case =
                serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            cases.insert(case.id.clone(), case);
        }
        Ok(cases)
    }
}

const UNCHANGED: &str = "version = :read";

fn key(id: &CaseId) -> Item {
    Item::from([("id".to_owned(), text(id.as_str()))])
}

/// A case as it will be stored.
fn item(case: &Case) -> Result<Item, EncodeError> {
    let mut item: Item = serde_dynamo::to_item(case)?;
    item.insert("version".into(), number(case.version + 1));
    // One that nobody can answer is nothing to be done.
    if case.is_open() && !case.is_contested() {
        item.insert("open".into(), text(part(case)));
        item.insert("rank".into(), text(Place::of(case).0));
    }
    Ok(item)
}

/// The part of the index that a case is in. Ids end in a hexadecimal digit of a digest or of a
/// random number.
fn part(case: &Case) -> String {
    let last = case.id.as_str().bytes().last().unwrap_or_default();
    let digit = char::from(last)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
        .unwrap_or_default();
    part_of(case.question.kind(), digit % SLICES)
}

fn parts(kind: Option<Kind>) -> impl Iterator<Item = String> {
    let kinds = [Kind::Attachment, Kind::Duplicate, Kind::Dispute].into_iter();
    kinds
        .filter(move |own| kind.is_none_or(|kind| kind == *own))
        .flat_map(|kind| (0..SLICES).map(move |slice| part_of(kind, slice)))
}

fn part_of(kind: Kind, slice: u8) -> String {
    let kind = match kind {
        Kind::Attachment => 'a',
        Kind::Duplicate => 'd',
        Kind::Dispute => 'c',
    };
    format!("{kind}{slice}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::review::{CaseQuestion, CaseVerdict};
    use crate::identity::student::StudentId;

    fn case() -> Case {
        let question = CaseQuestion::Dispute { student: StudentId::random() };
        Case::open(question, 2, Timestamp::from_millisecond(1_234_567).unwrap())
    }

    #[test]
    fn an_item_reads_back_one_version_on_and_only_an_open_one_is_listed() {
        let mut case = case();
        let stored = item(&case).unwrap();
        assert!(parts(Some(Kind::Dispute)).any(|part| stored["open"] == text(part)));
        assert_eq!(stored["rank"], text(format!("0000001234567.{}", case.id)));
        let read: Case = serde_dynamo::from_item(stored).unwrap();
        assert_eq!(read, Case { version: 1, ..case.clone() });
        case.vote("a", CaseVerdict::Keep, None, Timestamp::UNIX_EPOCH).unwrap();
        let stored = item(&case).unwrap();
        assert!(!stored.contains_key("open") && !stored.contains_key("rank"));
    }

    #[test]
    fn a_place_reads_back_and_sorts_by_age() {
        let old = Place::of(&case());
        assert_eq!(Place::parse(old.as_str()), Some(old.clone()));
        assert_eq!(old.opened_at(), Some(case().opened_at), "to the millisecond");
        assert_eq!(Place::parse("Camille"), None);
        let young = Place::of(&Case { opened_at: Timestamp::now(), ..case() });
        assert!(old < young && old.as_str() > "!");
    }
}
