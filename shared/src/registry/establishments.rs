//! Establishments: reference data.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::keys::{Item, text};
use crate::contract::v3::coverage::Coverage;
pub use crate::domain::establishment::Establishment;
use crate::domain::uai::Uai;
use crate::files::reader::Depositor;

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

    /// An establishment with those that it may send for. One that it may send for and that isn't registered is
    /// left out: its rows are then rejected as not allowed.
    pub async fn depositor(&self, uai: Uai) -> Result<Option<Depositor>, StoreError> {
        let Some(establishment) = self.get(uai).await? else { return Ok(None) };
        let mut targets = Vec::new();
        for target in &establishment.sends_for {
            if *target == establishment.uai {
                targets.push(establishment.clone());
            } else {
                targets.extend(self.get(*target).await?);
            }
        }
        Ok(Some(Depositor::new(establishment, targets)))
    }

    /// Registers an establishment, in place of what was registered before; when its last feed came is kept.
    pub async fn put(&self, establishment: &Establishment) -> Result<(), StoreError> {
        const OPERATION: &str = "establishments UpdateItem";
        let item: Item = serde_dynamo::to_item(establishment).map_err(|_| StoreError::shape(OPERATION))?;
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
        update
            .update_expression(format!("SET {}", settings.join(", ")))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(())
    }

    /// Notes that enrolments of an establishment were accepted at `now`, unless later ones were already. Noted twice,
    /// it is the same.
    pub async fn note_feed(&self, uai: Uai, now: Timestamp) -> Result<(), StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("uai", text(uai.as_str()))
            .update_expression("SET last_feed_at = :now")
            .condition_expression(
                "attribute_exists(uai) AND (attribute_not_exists(last_feed_at) OR last_feed_at < :now)",
            )
            // To the second, so that texts sort as times.
            .expression_attribute_values(":now", text(format!("{now:.0}")))
            .send()
            .await;
        match result {
            Err(error)
                if !error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(StoreError::new("establishments UpdateItem", &error))
            }
            _ => Ok(()),
        }
    }

    /// When the last feed of one establishment came.
    pub async fn coverage(&self, uai: Uai) -> Result<Option<Coverage>, StoreError> {
        self.item(uai).await
    }

    /// The same of a page of them, in no particular order, and the one that it ended with when there may be more.
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
            .set_exclusive_start_key(after.map(|uai| [("uai".to_owned(), text(uai.as_str()))].into()))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let next = output.last_evaluated_key.as_ref().and_then(|key| Uai::parse(key.get("uai")?.as_s().ok()?).ok());
        let page =
            serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(|_| StoreError::shape(OPERATION))?;
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
