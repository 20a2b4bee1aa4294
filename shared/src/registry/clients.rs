//! The table `clients`: clients, their keys, the service providers of FranceConnect, revoked
//! tokens.
//!
//! | `id` | item |
//! |---|---|
//! | `CLIENT#<client id>` | a [`Client`] |
//! | `KEY#<locator>` | a [`Key`] |
//! | `FC#<service provider>` | the client that a FranceConnect service provider is |
//! | `OFFICER#<locator of the name>` | the clients that a person has, or had |
//! | `TOKEN#<locator of its jti>` | a token that was revoked, until it expires by itself |
//!
//! The index `depositor` lists the clients that send as an establishment, the index `client` a
//! client with its keys.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::keys::{Item, text};
use super::{StoreError, conditional, read};
use crate::access::client::{Client, Key};
use crate::access::key::KeyDigest;
use crate::access::officer::Officer;
use crate::domain::uai::Uai;

/// The clients that send as an establishment.
const BY_DEPOSITOR: &str = "depositor";
/// A client with its keys.
const BY_CLIENT: &str = "client";

/// The table `clients`.
#[derive(Debug, Clone)]
pub struct ClientStore {
    client: DynamoDb,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    id: String,
    #[serde(flatten)]
    item: T,
}

#[derive(Serialize, Deserialize)]
struct ServiceProvider {
    client_id: String,
}

#[derive(Deserialize)]
struct ClientsOfOfficer {
    client_ids: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct RevokedToken {
    /// When DynamoDB may forget it, in seconds since 1970.
    expires_at: i64,
}

impl ClientStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: DynamoDb, table: String) -> Self {
        Self { client, table }
    }

    /// The client of an id.
    pub async fn by_id(&self, client_id: &str) -> Result<Option<Client>, StoreError> {
        self.get(client_item(client_id)).await
    }

    /// The key of a digest.
    pub async fn key(&self, digest: &KeyDigest) -> Result<Option<Key>, StoreError> {
        let key: Option<Key> = self.get(key_item(digest)).await?;
        Ok(key.filter(|key| key.digest.matches(digest)))
    }

    /// The client that a service provider of FranceConnect is, by the id it has there.
    pub async fn service_provider(&self, provider: &str) -> Result<Option<Client>, StoreError> {
        let stored: Option<ServiceProvider> = self.get(format!("FC#{provider}")).await?;
        match stored {
            Some(provider) => self.by_id(&provider.client_id).await,
            None => Ok(None),
        }
    }

    /// The clients of a person, by their ids: those that they ever had, so that each is to be
    /// looked at.
    pub async fn of_officer(&self, officer: &Officer) -> Result<BTreeSet<String>, StoreError> {
        let stored: Option<ClientsOfOfficer> = self.get(officer_item(officer)).await?;
        Ok(stored.map(|stored| stored.client_ids).unwrap_or_default())
    }

    /// Whether a token was revoked, by the digest of its `jti`.
    pub async fn is_token_revoked(&self, token: &KeyDigest) -> Result<bool, StoreError> {
        let revoked: Option<RevokedToken> = self.get(token_item(token)).await?;
        Ok(revoked.is_some())
    }

    /// Registers a client, in place of what was registered before.
    ///
    /// Its person is told of it first: a crash in between leaves a person who has a client more
    /// than there is, which is looked up in vain, and the same call again mends it.
    pub async fn put(&self, client: &Client) -> Result<(), StoreError> {
        if let Some(officer) = &client.officer {
            const OPERATION: &str = "clients UpdateItem";
            self.client
                .update_item()
                .table_name(&self.table)
                .key("id", text(officer_item(officer)))
                .update_expression("ADD client_ids :client")
                .expression_attribute_values(
                    ":client",
                    AttributeValue::Ss(vec![client.client_id.clone()]),
                )
                .send()
                .await
                .map_err(|error| StoreError::new(OPERATION, &error))?;
        }
        self.put_item(client_item(&client.client_id), client).await
    }

    /// Registers a key, or changes what it opens.
    pub async fn put_key(&self, key: &Key) -> Result<(), StoreError> {
        self.put_item(key_item(&key.digest), key).await
    }

    /// Says which client a service provider of FranceConnect is.
    pub async fn put_service_provider(
        &self,
        provider: &str,
        client_id: &str,
    ) -> Result<(), StoreError> {
        let stored = ServiceProvider { client_id: client_id.to_owned() };
        self.put_item(format!("FC#{provider}"), &stored).await
    }

    /// Revokes a token until it would have expired.
    pub async fn revoke_token(
        &self,
        token: &KeyDigest,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_item(token_item(token), &RevokedToken { expires_at: expires.as_second() }).await
    }

    /// Gives a key its end, unless it has an earlier one; `by` is the member who does. Given twice,
    /// it is the same. False for a key that isn't there or ends earlier.
    pub async fn end_key(
        &self,
        key: &KeyDigest,
        end: Timestamp,
        by: Option<&str>,
    ) -> Result<bool, StoreError> {
        // To the second, so that texts sort as times.
        let update = self
            .key_update(key, by, "valid_until = :end")
            .condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(valid_until) OR valid_until > :end)",
            )
            .expression_attribute_values(":end", text(format!("{end:.0}")));
        conditional::held(update, "clients UpdateItem").await
    }

    /// Ends a key for ever; `by` is the member who does. Revoked twice, it is the same. False for a
    /// key that isn't there.
    pub async fn revoke_key(&self, key: &KeyDigest, by: Option<&str>) -> Result<bool, StoreError> {
        let update = self
            .key_update(key, by, "#state = :revoked")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":revoked", text("revoked"));
        conditional::held(update, "clients UpdateItem").await
    }

    /// A change of a key that is no whole rewriting: of two at once, none is lost.
    fn key_update(&self, key: &KeyDigest, by: Option<&str>, set: &str) -> UpdateItemFluentBuilder {
        let update =
            self.client.update_item().table_name(&self.table).key("id", text(key_item(key)));
        match by {
            Some(by) => update
                .update_expression(format!("SET {set}, ended_by = :by"))
                .expression_attribute_values(":by", text(by)),
            None => update.update_expression(format!("SET {set} REMOVE ended_by")),
        }
    }

    /// The clients that send as an establishment, with all their keys, the latest first. A client or
    /// a key of this second may be missing: the index follows the table.
    pub async fn of_depositor(&self, uai: Uai) -> Result<Vec<(Client, Vec<Key>)>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name(BY_DEPOSITOR);
        let query = query.expression_attribute_names("#name", "depositor");
        let ids = ids(query, uai.as_str(), "CLIENT#").await?;
        let mut clients: Vec<Client> = self.items(ids).await?;
        clients.retain(|client| client.depositor == Some(uai));
        clients.sort_by(|a, b| a.client_id.cmp(&b.client_id));
        let mut found = Vec::with_capacity(clients.len());
        for client in clients {
            let keys = self.keys_of(&client.client_id).await?;
            found.push((client, keys));
        }
        Ok(found)
    }

    /// The keys of a client, the latest first.
    pub async fn keys_of(&self, client_id: &str) -> Result<Vec<Key>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name(BY_CLIENT);
        let query = query.expression_attribute_names("#name", "client_id");
        let ids = ids(query, client_id, "KEY#").await?;
        let mut keys: Vec<Key> = self.items(ids).await?;
        keys.sort_by_key(|key| (Reverse(key.created_at), key.digest.locator()));
        Ok(keys)
    }

    /// The items of these ids as of now.
    async fn items<T: DeserializeOwned>(&self, ids: Vec<String>) -> Result<Vec<T>, StoreError> {
        const OPERATION: &str = "clients BatchGetItem";
        let mut items = Vec::with_capacity(ids.len());
        for some in ids.chunks(100) {
            let keys = some.iter().map(|id| Item::from([("id".to_owned(), text(id.as_str()))]));
            items.extend(
                read::many(&self.client, &self.table, keys.collect(), true, OPERATION).await?,
            );
        }
        let read = items.into_iter().map(serde_dynamo::from_item).collect::<Result<_, _>>();
        read.map_err(|_| StoreError::shape(OPERATION))
    }

    /// Every client and every key, for the operators: a few hundred items.
    pub async fn list(&self) -> Result<(Vec<Client>, Vec<Key>), StoreError> {
        const OPERATION: &str = "clients Scan";
        let mut items = self.client.scan().table_name(&self.table).into_paginator().items().send();
        let (mut clients, mut keys) = (Vec::new(), Vec::new());
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let id = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
            let shape = |_| StoreError::shape(OPERATION);
            if id.starts_with("CLIENT#") {
                clients.push(serde_dynamo::from_item(item).map_err(shape)?);
            } else if id.starts_with("KEY#") {
                keys.push(serde_dynamo::from_item(item).map_err(shape)?);
            }
        }
        clients.sort_by(|a: &Client, b| a.client_id.cmp(&b.client_id));
        keys.sort_by(|a: &Key, b| (&a.client_id, a.created_at).cmp(&(&b.client_id, b.created_at)));
        Ok((clients, keys))
    }

    /// The ids of every client, in order. Nothing else of them is read.
    pub async fn ids(&self) -> Result<Vec<String>, StoreError> {
        const OPERATION: &str = "clients Scan";
        let scan = self.client.scan().table_name(&self.table).projection_expression("id");
        let mut items = scan.into_paginator().items().send();
        let mut clients = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let id = item.get("id").and_then(|id| id.as_s().ok());
            clients.extend(id.and_then(|id| id.strip_prefix("CLIENT#")).map(str::to_owned));
        }
        clients.sort_unstable();
        Ok(clients)
    }

    /// Reads consistently: what is read is believed for up to a minute, so it must not be late
    /// already.
    async fn get<T: DeserializeOwned>(&self, id: String) -> Result<Option<T>, StoreError> {
        let key = Item::from([("id".to_owned(), text(id))]);
        read::one(&self.client, &self.table, key, "clients GetItem").await
    }

    async fn put_item<T: Serialize>(&self, id: String, item: &T) -> Result<(), StoreError> {
        const OPERATION: &str = "clients PutItem";
        let item =
            serde_dynamo::to_item(Stored { id, item }).map_err(|_| StoreError::shape(OPERATION))?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }
}

/// The ids of a partition of an index that begin like this.
async fn ids(
    query: QueryFluentBuilder,
    value: &str,
    start: &str,
) -> Result<Vec<String>, StoreError> {
    const OPERATION: &str = "clients Query";
    let mut items = query
        .key_condition_expression("#name = :value AND begins_with(id, :start)")
        .expression_attribute_values(":value", text(value))
        .expression_attribute_values(":start", text(start))
        .into_paginator()
        .items()
        .send();
    let mut ids = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
        ids.extend(item.get("id").and_then(|id| id.as_s().ok()).cloned());
    }
    Ok(ids)
}

fn client_item(client_id: &str) -> String {
    format!("CLIENT#{client_id}")
}

/// Under a digest: a name is no key of a table.
fn officer_item(officer: &Officer) -> String {
    format!("OFFICER#{}", KeyDigest::of(officer.as_str()).locator())
}

fn key_item(digest: &KeyDigest) -> String {
    format!("KEY#{}", digest.locator())
}

fn token_item(token: &KeyDigest) -> String {
    format!("TOKEN#{}", token.locator())
}
