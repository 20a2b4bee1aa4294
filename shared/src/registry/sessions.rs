//! Sessions of the portal's people, and log-ins that have begun.
//!
//! | id | holds |
//! |---|---|
//! | `S#<digest>` | an agent's session: who it is, since when, last seen, its CSRF token |
//! | `E#<digest>` | a student's session: the same, who it is being encrypted under the cookie |
//! | `L#<digest>` | a log-in on its way through the provider, used once |
//!
//! Only digests of the cookies' values are stored: who reads the table can't take a session over.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::{Item, text};
use super::{StoreError, conditional, read};
use crate::auth::oidc::Attempt;

/// A session that isn't used ends after this.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// A session ends after this, whatever it is used for: the provider's own lasts as long.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// A log-in takes no longer.
pub const LOGIN: SignedDuration = SignedDuration::from_mins(10);
/// A session is noted as seen at most so often: a page has a write less.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A kind of session. One of a kind is never found as another: an agent's opens no page of a
/// student's, nor the reverse.
pub trait Kind: Serialize + DeserializeOwned {
    /// What its keys start with.
    const PREFIX: &'static str;

    fn since(&self) -> Timestamp;

    fn seen(&self) -> Timestamp;

    /// Whether it may still be used. The table forgets an item within two days of its end, so every
    /// reading asks.
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen()) < IDLE && now.duration_since(self.since()) < LONGEST
    }
}

/// An agent who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest under which the person's memberships are.
    pub member: String,
    /// The name to greet them by.
    pub name: String,
    /// The SIRET that the provider gave, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siret: Option<String>,
    /// What a form must send back, so that another site can't send it.
    pub csrf: String,
    /// By which the provider knows the log-in that is to end.
    pub id_token: String,
    pub since: Timestamp,
    pub seen: Timestamp,
}

/// A student who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentSession {
    /// The digest of the person, as their provider names them to us: whose their shares are.
    pub owner: String,
    /// The person's identity, encrypted under the cookie ([`Seal`](super::sealed::Seal)).
    pub identity: String,
    /// What a form must send back, so that another site can't send it.
    pub csrf: String,
    /// By which the provider knows the log-in that is to end.
    pub id_token: String,
    pub since: Timestamp,
    pub seen: Timestamp,
}

impl Kind for Session {
    const PREFIX: &'static str = "S";

    fn since(&self) -> Timestamp {
        self.since
    }

    fn seen(&self) -> Timestamp {
        self.seen
    }
}

impl Kind for StudentSession {
    const PREFIX: &'static str = "E";

    fn since(&self) -> Timestamp {
        self.since
    }

    fn seen(&self) -> Timestamp {
        self.seen
    }
}

/// A log-in that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub attempt: Attempt,
    /// The page that was asked for, below the portal's own address.
    pub return_to: String,
    pub since: Timestamp,
}

/// The table `sessions`.
#[derive(Debug, Clone)]
pub struct SessionStore {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Stored<'a, T> {
    id: String,
    expires_at: i64,
    #[serde(flatten)]
    value: &'a T,
}

impl SessionStore {
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Begins a session. Its id was drawn for it, so nothing is replaced.
    pub async fn begin<K: Kind>(&self, digest: &str, session: &K) -> Result<(), StoreError> {
        let expires_at = session.since().as_second() + LONGEST.as_secs();
        self.put(format!("{}#{digest}", K::PREFIX), expires_at, session).await
    }

    /// The session, if it is alive; noted as seen now and then.
    ///
    /// Two requests at once may both note it: the later time stays within a minute of the truth.
    pub async fn find<K: Kind>(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<K>, StoreError> {
        let key = key(K::PREFIX, digest);
        let session: Option<K> =
            read::one(&self.client, &self.table, key.clone(), "sessions GetItem").await?;
        let Some(session) = session.filter(|session| session.is_alive(now)) else {
            return Ok(None);
        };
        if now.duration_since(session.seen()) >= SEEN_EVERY {
            let update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(key))
                .update_expression("SET seen = :now")
                // Logged out meanwhile: it must not come back.
                .condition_expression("attribute_exists(id)")
                .expression_attribute_values(":now", text(now.to_string()));
            if !conditional::held(update, "sessions UpdateItem").await? {
                return Ok(None);
            }
        }
        Ok(Some(session))
    }

    /// Whether a form of this session is sent for the first time, by the number that was drawn for
    /// it: what gives a secret away does so once, whoever sends the form again.
    ///
    /// A crash after it leaves a form that did nothing: the page that has it is opened again.
    pub async fn use_form<K: Kind>(&self, digest: &str, number: &str) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(K::PREFIX, digest)))
            .update_expression("ADD forms :forms")
            .condition_expression("attribute_exists(id) AND NOT contains(forms, :form)")
            .expression_attribute_values(":forms", AttributeValue::Ss(vec![number.to_owned()]))
            .expression_attribute_values(":form", text(number));
        conditional::held(update, "sessions UpdateItem").await
    }

    /// Ends a session; ended twice, nothing is left to end.
    pub async fn end<K: Kind>(&self, digest: &str) -> Result<(), StoreError> {
        self.delete(key(K::PREFIX, digest)).await
    }

    async fn delete(&self, key: Item) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        let deleted = delete.send().await;
        deleted.map(drop).map_err(|error| StoreError::new("sessions DeleteItem", &error))
    }

    /// Keeps a log-in that begins.
    pub async fn begin_login(&self, digest: &str, login: &Login) -> Result<(), StoreError> {
        let expires_at = login.since.as_second() + LOGIN.as_secs();
        self.put(format!("L#{digest}"), expires_at, login).await
    }

    /// Takes a log-in out, so that it is used once: of two who bring it back, one has it.
    pub async fn take_login(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Login>, StoreError> {
        const OPERATION: &str = "sessions DeleteItem";
        let output = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key("L", digest)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let login: Option<Login> = output
            .attributes
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|_| StoreError::shape(OPERATION))?;
        Ok(login.filter(|login| now.duration_since(login.since) < LOGIN))
    }

    async fn put<T: Serialize>(
        &self,
        id: String,
        expires_at: i64,
        value: &T,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "sessions PutItem";
        let item = serde_dynamo::to_item(Stored { id, expires_at, value })
            .map_err(|_| StoreError::shape(OPERATION))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::new(OPERATION, &error))
    }
}

fn key(kind: &str, digest: &str) -> Item {
    Item::from([("id".to_owned(), text(format!("{kind}#{digest}")))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_a_day_of_work() {
        let session = |since: Timestamp, seen: Timestamp| Session {
            member: String::new(),
            name: String::new(),
            siret: None,
            csrf: String::new(),
            id_token: String::new(),
            since,
            seen,
        };
        let start: Timestamp = "2026-09-14T08:00:00Z".parse().unwrap();
        assert!(session(start, start).is_alive(start + IDLE - SignedDuration::from_secs(1)));
        assert!(!session(start, start).is_alive(start + IDLE));
        assert!(!session(start, start + LONGEST).is_alive(start + LONGEST));
    }
}
