//! Establishments: reference data.

use aws_sdk_dynamodb::Client;

use super::StoreError;
use super::keys::text;
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

    /// Registers an establishment, in place of what was registered before.
    pub async fn put(&self, establishment: &Establishment) -> Result<(), StoreError> {
        const OPERATION: &str = "establishments PutItem";
        let item = serde_dynamo::to_item(establishment).map_err(|_| StoreError::shape(OPERATION))?;
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
