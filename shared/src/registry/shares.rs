//! What students share: a code by which whoever has it reads who they are and what they are enrolled
//! in, as of the moment that they read it.
//!
//! | `id` | holds |
//! |---|---|
//! | `S#<HMAC(code)>` | a share: what for, until when, how many wrong birth dates were given, and who the student is, encrypted under the code |
//! | `O#<owner>` | the shares that a student has made and not ended, under a version |
//!
//! Only the code's keyed digest is stored, and the identity is encrypted under the code: the table
//! and our secret together tell neither who shares nor with what code. A share and its line of the
//! list are written in one transaction, so none is live that its student doesn't see, and no more
//! than [`MOST_LIVE`] are, whatever is sent at once.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Delete, ReturnValue, TransactWriteItem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::{Item, number, text};
use super::transaction::{put_over, was_overtaken};
use super::{EncodeError, StoreError, backoff, read};

/// Shares of one student at most, at a time.
pub const MOST_LIVE: usize = 20;
/// Wrong birth dates that may be given for one share; then it opens nothing any more.
pub const MOST_WRONG: u32 = 5;

/// What a share is for: words of ours, so that nothing personal is written in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Logement,
    Emploi,
    Transport,
    Banque,
    Culture,
    Administration,
    Autre,
}

impl Purpose {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Logement,
        Self::Emploi,
        Self::Transport,
        Self::Banque,
        Self::Culture,
        Self::Administration,
        Self::Autre,
    ];

    /// Its name in forms, tables and traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Logement => "logement",
            Self::Emploi => "emploi",
            Self::Transport => "transport",
            Self::Banque => "banque",
            Self::Culture => "culture",
            Self::Administration => "administration",
            Self::Autre => "autre",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// A share, as its student's list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The digest of its code.
    pub digest: String,
    pub purpose: Purpose,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// A share, as its code finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub purpose: Purpose,
    pub until: Timestamp,
    /// The student's identity, encrypted under the code ([`Seal`](super::sealed::Seal)).
    pub identity: String,
}

/// Whether a share was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Yes,
    /// The student has [`MOST_LIVE`].
    TooMany,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    shares: Vec<Listed>,
}

/// A change of a student's list.
enum Change<'a> {
    Add(&'a Listed, &'a Share),
    Remove(&'a str),
}

/// The table `shares`.
#[derive(Debug, Clone)]
pub struct ShareStore {
    client: Client,
    table: String,
}

const TRANSACTION: &str = "shares TransactWriteItems";

impl ShareStore {
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The live shares of a student, latest first.
    pub async fn of(&self, owner: &str, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        Ok(self.list(owner, now).await?.shares)
    }

    /// Makes a share. A crash leaves it whole or not at all; one whose code was never shown is in
    /// the list, to be ended.
    pub async fn make(
        &self,
        owner: &str,
        listed: &Listed,
        share: &Share,
    ) -> Result<Made, StoreError> {
        let (change, now) = (Change::Add(listed, share), listed.since);
        self.change(owner, &change, now).await
    }

    /// Ends a share of this student, and gives it back; another's, or one that has ended, stays as it
    /// is.
    pub async fn end(
        &self,
        owner: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Listed>, StoreError> {
        let live = self.of(owner, now).await?;
        let ended = live.into_iter().find(|share| share.digest == digest);
        if ended.is_some() {
            self.change(owner, &Change::Remove(digest), now).await?;
        }
        Ok(ended)
    }

    /// The share of a code, and one of its wrong birth dates charged: whether the date is right is
    /// compared afterwards, and given back by [`Self::was_right`]. A crash in between leaves it
    /// charged, which is the safe side. `None` when there is no such share, when it has ended, and
    /// when too many wrong dates were given: all one write.
    pub async fn charge(&self, digest: &str, now: Timestamp) -> Result<Option<Share>, StoreError> {
        const OPERATION: &str = "shares UpdateItem";
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(share_key(digest)))
            .update_expression("ADD wrong :one")
            .condition_expression("attribute_exists(id) AND expires_at > :now AND wrong < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":most", number(MOST_WRONG))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(output) => serde_dynamo::from_item(output.attributes.unwrap_or_default())
                .map(Some)
                .map_err(|_| StoreError::shape(OPERATION)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::new(OPERATION, &error)),
        }
    }

    /// Gives back what was charged: the date was right. A share that has ended meanwhile stays so.
    pub async fn was_right(&self, digest: &str) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(share_key(digest)))
            .update_expression("ADD wrong :less")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":less", number(-1));
        super::conditional::held(update, "shares UpdateItem").await.map(drop)
    }

    /// The list of a student, without what is over.
    async fn list(&self, owner: &str, now: Timestamp) -> Result<List, StoreError> {
        let key = owner_key(owner);
        let read = read::one(&self.client, &self.table, key, "shares GetItem").await?;
        let mut list: List = read.unwrap_or_default();
        list.shares.retain(|share| share.until > now);
        list.shares.sort_by_key(|share| std::cmp::Reverse(share.since));
        Ok(list)
    }

    /// Changes the list and the share together, over the list as it was read: whoever is overtaken
    /// reads it again.
    async fn change(
        &self,
        owner: &str,
        change: &Change<'_>,
        now: Timestamp,
    ) -> Result<Made, StoreError> {
        let mut waits = backoff();
        loop {
            let mut list = self.list(owner, now).await?;
            let read = list.version;
            let write = match change {
                Change::Add(..) if list.shares.len() >= MOST_LIVE => return Ok(Made::TooMany),
                Change::Add(listed, share) => {
                    list.shares.push((*listed).clone());
                    self.put_share(listed, share)
                }
                Change::Remove(digest) => {
                    list.shares.retain(|share| share.digest != *digest);
                    self.delete_share(digest)
                }
            };
            list.version = read + 1;
            let written = self.put_list(owner, &list, now, read);
            let writes = [write, written].into_iter().collect::<Result<Vec<_>, _>>();
            let writes = writes.map_err(|_| StoreError::shape(TRANSACTION))?;
            let call = self.client.transact_write_items().set_transact_items(Some(writes));
            let Err(error) = call.send().await else { return Ok(Made::Yes) };
            let overtaken = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    was_overtaken(cancelled.cancellation_reasons())
                }
                _ => false,
            };
            match waits.next().filter(|_| overtaken) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(StoreError::new(TRANSACTION, &error)),
            }
        }
    }

    fn put_share(&self, listed: &Listed, share: &Share) -> Result<TransactWriteItem, EncodeError> {
        let mut item: Item = serde_dynamo::to_item(share)?;
        item.extend(share_key(&listed.digest));
        item.insert("wrong".to_owned(), number(0));
        item.insert("expires_at".to_owned(), number(share.until.as_second()));
        put_over(&self.table, "id", item, 0)
    }

    /// What isn't there any more is deleted all the same: a share is ended once.
    fn delete_share(&self, digest: &str) -> Result<TransactWriteItem, EncodeError> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(share_key(digest)));
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
    }

    fn put_list(
        &self,
        owner: &str,
        list: &List,
        now: Timestamp,
        read: u64,
    ) -> Result<TransactWriteItem, EncodeError> {
        let mut item: Item = serde_dynamo::to_item(list)?;
        item.extend(owner_key(owner));
        let until = list.shares.iter().map(|share| share.until).max().unwrap_or(now);
        item.insert("expires_at".to_owned(), number(until.as_second()));
        put_over(&self.table, "id", item, read)
    }
}

fn share_key(digest: &str) -> Item {
    Item::from([("id".to_owned(), text(format!("S#{digest}")))])
}

fn owner_key(owner: &str) -> Item {
    Item::from([("id".to_owned(), text(format!("O#{owner}")))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_named_as_it_is_stored() {
        for purpose in Purpose::ALL {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.name());
            assert_eq!(Purpose::named(purpose.name()), Some(purpose));
        }
        assert_eq!(Purpose::named("mon propriétaire"), None);
    }
}
