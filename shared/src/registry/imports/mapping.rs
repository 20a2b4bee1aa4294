//! What establishments call their columns.

use jiff::Timestamp;
use serde::Deserialize;

use super::{ImportStore, held};
use crate::domain::uai::Uai;
use crate::files::mapping::Mapping;
use crate::registry::StoreError;
use crate::registry::deposits::Sender;
use crate::registry::keys::{number, text};

impl ImportStore {
    /// What an establishment calls its columns; nothing where it never said.
    pub async fn mapping(&self, uai: Uai) -> Result<Mapping, StoreError> {
        #[derive(Deserialize)]
        struct Kept {
            columns: Mapping,
        }
        let kept = self.item(&mapping_id(uai)).await?;
        Ok(kept.map_or_else(Mapping::default, |Kept { columns }| columns))
    }

    /// Keeps what an establishment calls its columns, and who said so. Of two at once the later
    /// stays; repeated, only the number of its version grows.
    pub async fn keep_mapping(
        &self,
        uai: Uai,
        mapping: &Mapping,
        by: &Sender,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "imports UpdateItem";
        let shape = |_| StoreError::shape(OPERATION);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(mapping_id(uai)))
            .update_expression(
                "SET #columns = :columns, told_by = :by, told_at = :now ADD version :one",
            )
            // A word of DynamoDB's own.
            .expression_attribute_names("#columns", "columns")
            .expression_attribute_values(
                ":columns",
                serde_dynamo::to_attribute_value(mapping).map_err(shape)?,
            )
            .expression_attribute_values(
                ":by",
                serde_dynamo::to_attribute_value(by).map_err(shape)?,
            )
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":one", number(1));
        held(update).await.map(drop)
    }
}

fn mapping_id(uai: Uai) -> String {
    format!("COLUMNS#{uai}")
}
