//! Establishments: reference data.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::conditional;
use super::keys::{Item, text};
use crate::contract::v3::coverage::Coverage;
pub use crate::domain::establishment::Establishment;
use crate::domain::siret::Siret;
use crate::domain::uai::Uai;
use crate::files::reader::Depositor;

const UPDATE: &str = "establishments UpdateItem";

/// An establishment as operators register it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What it is, whom it sends for and what its codes mean.
    #[serde(flatten)]
    pub establishment: Establishment,
    /// Its SIRET, as a list of establishments gives it. Several establishments may share one.
    #[serde(default)]
    pub siret: Option<Siret>,
    /// Since when nothing is accepted from it or for it any more. What it sent before stays.
    #[serde(default)]
    pub retired_at: Option<Timestamp>,
}

/// The attributes that a list of establishments tells; the others are what operators decide.
const DESCRIPTION: [&str; 5] = ["name", "kind", "commune", "postal_code", "siret"];
/// What operators decide of what an establishment sends.
const TERMS: [&str; 3] = ["sends_for", "regime_codes", "status_codes"];

/// The table `establishments`.
#[derive(Debug, Clone)]
pub struct EstablishmentStore {
    client: Client,
    table: String,
}

impl EstablishmentStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// One establishment.
    pub async fn get(&self, uai: Uai) -> Result<Option<Establishment>, StoreError> {
        self.item(uai).await
    }

    /// An establishment with those that it may send for; `None` when it isn't registered, or is
    /// retired. One that it may send for and that isn't registered, or is retired, is left out: its
    /// rows are then rejected as not allowed.
    pub async fn depositor(&self, uai: Uai) -> Result<Option<Depositor>, StoreError> {
        let Some(establishment) = self.active(uai).await? else { return Ok(None) };
        let mut targets = Vec::new();
        for target in &establishment.sends_for {
            if *target == establishment.uai {
                targets.push(establishment.clone());
            } else {
                targets.extend(self.active(*target).await?);
            }
        }
        Ok(Some(Depositor::new(establishment, targets)))
    }

    async fn active(&self, uai: Uai) -> Result<Option<Establishment>, StoreError> {
        let registration =
            self.registration(uai).await?.filter(|registration| registration.retired_at.is_none());
        Ok(registration.map(|registration| registration.establishment))
    }

    /// Registers an establishment, in place of what was registered before; when its last feed came
    /// is kept, and so are its SIRET and its retirement.
    pub async fn put(&self, establishment: &Establishment) -> Result<(), StoreError> {
        self.update(item_of(establishment)?, None).await.map(|_| ())
    }

    /// One establishment with what operators know of it.
    pub async fn registration(&self, uai: Uai) -> Result<Option<Registration>, StoreError> {
        self.item(uai).await
    }

    /// All of them, in no particular order.
    pub async fn registrations(&self) -> Result<Vec<Registration>, StoreError> {
        const OPERATION: &str = "establishments Scan";
        let mut pages = self.client.scan().table_name(&self.table).into_paginator().items().send();
        let mut registrations = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            registrations
                .push(serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?);
        }
        Ok(registrations)
    }

    /// Registers an establishment that nobody registered; false when somebody did, and nothing is
    /// changed.
    pub async fn register(&self, registration: &Registration) -> Result<bool, StoreError> {
        self.update(item_of(registration)?, Some("attribute_not_exists(uai)")).await
    }

    /// Writes what a list tells of an establishment: name, kind, commune, postal code and SIRET.
    /// What operators decided stays, whenever they decided it. False when it isn't registered.
    pub async fn describe(&self, registration: &Registration) -> Result<bool, StoreError> {
        self.update_some(registration, &DESCRIPTION).await
    }

    /// Writes whom an establishment sends for and what its codes mean. False when it isn't
    /// registered.
    pub async fn set_terms(&self, registration: &Registration) -> Result<bool, StoreError> {
        self.update_some(registration, &TERMS).await
    }

    /// Writes whether an establishment is retired, and since when. False when it isn't registered.
    pub async fn set_retired(&self, registration: &Registration) -> Result<bool, StoreError> {
        self.update_some(registration, &["retired_at"]).await
    }

    async fn update_some(
        &self,
        registration: &Registration,
        attributes: &[&str],
    ) -> Result<bool, StoreError> {
        let mut item = item_of(registration)?;
        item.retain(|name, _| name == "uai" || attributes.contains(&name.as_str()));
        self.update(item, Some("attribute_exists(uai)")).await
    }

    /// Writes some attributes of one item, the others being left as they are; false when the
    /// condition doesn't hold.
    async fn update(&self, item: Item, condition: Option<&str>) -> Result<bool, StoreError> {
        let mut update = self.client.update_item().table_name(&self.table);
        let mut settings = Vec::new();
        for (position, (name, value)) in item.into_iter().enumerate() {
            if name == "uai" {
                update = update.key(name, value);
            } else {
                settings.push(format!("#{position} = :{position}"));
                update = update
                    .expression_attribute_names(format!("#{position}"), name)
                    .expression_attribute_values(format!(":{position}"), value);
            }
        }
        let update = update.update_expression(format!("SET {}", settings.join(", ")));
        let update = update.set_condition_expression(condition.map(str::to_owned));
        conditional::held(update, UPDATE).await
    }

    /// Notes that enrolments of an establishment were accepted at `now`, unless later ones were
    /// already. Noted twice, it is the same.
    pub async fn note_feed(&self, uai: Uai, now: Timestamp) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("uai", text(uai.as_str()))
            .update_expression("SET last_feed_at = :now")
            .condition_expression(
                "attribute_exists(uai) AND (attribute_not_exists(last_feed_at) OR last_feed_at < :now)",
            )
            // To the second, so that texts sort as times.
            .expression_attribute_values(":now", text(format!("{now:.0}")));
        conditional::held(update, UPDATE).await.map(|_| ())
    }

    /// When the last feed of one establishment came.
    pub async fn coverage(&self, uai: Uai) -> Result<Option<Coverage>, StoreError> {
        self.item(uai).await
    }

    /// The same of a page of them, in no particular order, and the one that it ended with when
    /// there may be more.
    pub async fn coverage_page(
        &self,
        after: Option<Uai>,
        limit: u16,
    ) -> Result<(Vec<Coverage>, Option<Uai>), StoreError> {
        const OPERATION: &str = "establishments Scan";
        let output = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(i32::from(limit))
            .projection_expression("uai, #name, last_feed_at")
            .expression_attribute_names("#name", "name")
            .set_exclusive_start_key(
                after.map(|uai| [("uai".to_owned(), text(uai.as_str()))].into()),
            )
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let next = output
            .last_evaluated_key
            .as_ref()
            .and_then(|key| Uai::parse(key.get("uai")?.as_s().ok()?).ok());
        let page = serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))?;
        Ok((page, next))
    }

    async fn item<T: DeserializeOwned>(&self, uai: Uai) -> Result<Option<T>, StoreError> {
        const OPERATION: &str = "establishments GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("uai", text(uai.as_str()))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let shape = |_| StoreError::shape(OPERATION);
        output.item.map(serde_dynamo::from_item).transpose().map_err(shape)
    }
}

fn item_of(value: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|_| StoreError::shape(UPDATE))
}
