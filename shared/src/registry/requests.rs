//! Requests by which people exercise their rights ([`crate::rights`]).
//!
//! | attribute | |
//! |---|---|
//! | `id` | the request: a random number, or a keyed digest |
//! | `version` | moves with each write |
//! | `right`, `state`, `due_on`, `history`, … | the request |
//! | `statement`, and the notes of `history` | who asks and what was written, encrypted |
//! | `desk`, `rank` | of an open one only: the keys of the index `open`, those due first before the others |
//! | `uai`, `rank` | of one that an establishment has, or had last: the index `establishment` |
//! | `owner`, `rank` | of whoever asked by `FranceConnect`: the index `owner` |
//! | `expires_at` | of one that ended, where its duration is set |
//!
//! A request is one item, made under the condition that there is none and changed over the version
//! that was read: a crash leaves it as it was or as it is. Indexes are a moment late, so what they
//! list is read again by its id.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;

use super::keys::{Item, number, text};
use super::transaction::{Saved, save_over};
use super::{StoreError, read};
use crate::domain::uai::Uai;
use crate::retention::Days;
use crate::rights::{Request, RequestId, State};

/// Requests of one list at most: DynamoDB's limit for one reading.
pub const MOST_LISTED: i32 = 100;

/// The hash key of the index of open requests. They are counted in hundreds: one partition takes a
/// thousand writes a second.
const DESK: &str = "national";

/// A place in an index: the day by which it is answered, and the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rank {
    day: Date,
    id: RequestId,
}

impl Rank {
    fn parse(text: &str) -> Option<Self> {
        let (day, id) = text.split_once('.')?;
        Some(Self { day: day.parse().ok()?, id: RequestId::parse(id)? })
    }
}

impl std::fmt::Display for Rank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.day, self.id)
    }
}

/// The table `requests`.
#[derive(Debug, Clone)]
pub struct RequestStore {
    client: Client,
    table: String,
    /// How long one that ended is kept; one without a duration is kept for ever.
    kept: Option<Days>,
}

impl RequestStore {
    #[must_use]
    pub fn new(client: Client, table: String, kept: Option<Days>) -> Self {
        Self { client, table, kept }
    }

    /// One request, as of now.
    pub async fn get(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        read::one(&self.client, &self.table, key(id), "requests GetItem").await
    }

    /// Writes a request over the version that was read. Repeated, it finds the version moved on, and
    /// says so.
    pub async fn save(&self, request: &Request) -> Result<Saved, StoreError> {
        const OPERATION: &str = "requests PutItem";
        let item = self.item(request).map_err(|_| StoreError::shape(OPERATION))?;
        save_over(&self.client, (&self.table, "id"), item, request.version, OPERATION).await
    }

    /// The open requests, those due first before the others, [`MOST_LISTED`] at most.
    pub async fn open(&self) -> Result<Vec<Request>, StoreError> {
        let mut open = self.read(&self.ranks_of_open().await?).await?;
        open.retain(Request::is_open);
        Ok(open)
    }

    /// The requests that an establishment has, or had last, those due last before the others.
    pub async fn of_establishment(&self, uai: Uai) -> Result<Vec<Request>, StoreError> {
        let mut own = self.read(&self.ranks_of_establishment(uai).await?).await?;
        own.retain(|request| request.was_sent_to(uai));
        Ok(own)
    }

    /// What somebody asked, the latest first.
    pub async fn of_owner(&self, owner: &str) -> Result<Vec<Request>, StoreError> {
        let mut own = self.read(&self.ranks_of_owner(owner).await?).await?;
        own.retain(|request| request.owner.as_deref() == Some(owner));
        own.sort_by_key(|request| std::cmp::Reverse(request.opened_at));
        Ok(own)
    }

    /// The days by which open requests have to be answered, up to this one, late ones included;
    /// [`MOST_LISTED`] at most. Nothing but the index is read.
    pub async fn due_by(&self, last: Date) -> Result<Vec<Date>, StoreError> {
        let due = self.ranks_of_open().await?;
        Ok(due.into_iter().map(|Rank { day, .. }| day).take_while(|day| *day <= last).collect())
    }

    async fn ranks_of_open(&self) -> Result<Vec<Rank>, StoreError> {
        let query = self.client.query().index_name("open");
        self.ranks(query, ("desk", DESK), true).await
    }

    async fn ranks_of_establishment(&self, uai: Uai) -> Result<Vec<Rank>, StoreError> {
        let query = self.client.query().index_name("establishment");
        self.ranks(query, ("uai", &uai.to_string()), false).await
    }

    async fn ranks_of_owner(&self, owner: &str) -> Result<Vec<Rank>, StoreError> {
        let query = self.client.query().index_name("owner");
        self.ranks(query, ("owner", owner), false).await
    }

    /// The places that an index has under a hash key.
    async fn ranks(
        &self,
        query: QueryFluentBuilder,
        (hash, value): (&'static str, &str),
        forward: bool,
    ) -> Result<Vec<Rank>, StoreError> {
        const OPERATION: &str = "requests Query";
        #[derive(Deserialize)]
        struct Stored {
            rank: String,
        }
        let output = query
            .table_name(&self.table)
            .key_condition_expression("#hash = :hash")
            .expression_attribute_names("#hash", hash)
            .expression_attribute_values(":hash", text(value))
            .scan_index_forward(forward)
            .limit(MOST_LISTED)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let stored: Vec<Stored> = serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))?;
        let ranks = stored.iter().map(|stored| Rank::parse(&stored.rank));
        ranks.collect::<Option<_>>().ok_or_else(|| StoreError::shape(OPERATION))
    }

    /// The requests of these ids as of now, in this order; one that is gone is left out.
    async fn read(&self, ranks: &[Rank]) -> Result<Vec<Request>, StoreError> {
        const OPERATION: &str = "requests BatchGetItem";
        let wanted = ranks.iter().map(|rank| key(rank.id)).collect();
        let mut found = BTreeMap::new();
        for item in read::many(&self.client, &self.table, wanted, true, OPERATION).await? {
            let request: Request =
                serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            found.insert(request.id, request);
        }
        Ok(ranks.iter().filter_map(|rank| found.remove(&rank.id)).collect())
    }

    /// A request as it will be stored.
    fn item(&self, request: &Request) -> Result<Item, serde_dynamo::Error> {
        let mut item: Item = serde_dynamo::to_item(request)?;
        item.extend(key(request.id));
        item.insert("version".into(), number(request.version + 1));
        let rank = Rank { day: request.due_on, id: request.id };
        item.insert("rank".into(), text(rank.to_string()));
        if request.is_open() {
            item.insert("desk".into(), text(DESK));
        }
        if let Some(uai) = request.last_sent_to() {
            item.insert("uai".into(), text(uai.to_string()));
        }
        if let (State::Ended(_), Some(at), Some(kept)) =
            (&request.state, request.ended_at(), self.kept)
        {
            let kept = SignedDuration::from_hours(24 * i64::from(kept.count()));
            let until = at.saturating_add(kept).map_or(i64::MAX, jiff::Timestamp::as_second);
            item.insert("expires_at".into(), number(until));
        }
        Ok(item)
    }
}

fn key(id: RequestId) -> Item {
    Item::from([("id".to_owned(), text(id.to_string()))])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::rights::{Actor, Opening, Right};

    fn store(kept: Option<&str>) -> RequestStore {
        let aws = aws_sdk_dynamodb::Config::builder().behavior_version_latest().build();
        let kept = kept.map(|days| days.parse().unwrap());
        RequestStore::new(Client::from_conf(aws), "requests".into(), kept)
    }

    #[test]
    fn an_item_reads_back_one_version_on_and_what_is_over_is_listed_nowhere_and_expires() {
        let now: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
        let uai = Uai::parse("0751717J").unwrap();
        let opening = Opening {
            id: RequestId::random(),
            right: Right::Rectification,
            owner: Some("1.owner".into()),
            student: None,
            statement: "sealed".into(),
            contests: true,
            uai: Some(uai),
            by: Actor::Person,
        };
        let mut request = Request::open(opening, 1, now);
        let item = store(Some("10")).item(&request).unwrap();
        assert_eq!(item["rank"], text(format!("2027-01-01.{}", request.id)));
        assert_eq!((&item["desk"], &item["uai"]), (&text(DESK), &text("0751717J")));
        assert!(!item.contains_key("expires_at"));
        let read: Request = serde_dynamo::from_item(item).unwrap();
        assert_eq!(read, Request { version: 1, ..request.clone() });
        request.withdraw(now).unwrap();
        let item = store(Some("10")).item(&request).unwrap();
        assert!(!item.contains_key("desk") && item.contains_key("uai"));
        let read: Request = serde_dynamo::from_item(item.clone()).unwrap();
        assert_eq!(read, Request { version: 1, ..request.clone() });
        assert_eq!(item["expires_at"], number(now.as_second() + 864_000));
        assert!(!store(None).item(&request).unwrap().contains_key("expires_at"));
    }
}
