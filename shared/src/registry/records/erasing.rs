//! Records whose time is over.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use jiff::civil::Date;
use serde::Deserialize;

use super::RecordStore;
use crate::identity::digest::RecordId;
use crate::identity::student::RecordVersion;
use crate::registry::StoreError;
use crate::registry::keys::{self, text};
use crate::registry::read::Next;
use crate::registry::transaction::EncodeError;

/// Records that are no student's.
#[derive(Debug, Default)]
pub struct UnattachedPage {
    /// With the versions that were read.
    pub records: Vec<(RecordId, RecordVersion)>,
    /// Where to go on, when there may be more.
    pub next: Option<Next>,
}

impl RecordStore {
    /// One reading, of a megabyte at most, of one part of the table: records that were never
    /// attached to a student, whose enrolment ended before a day. `segment` is from 0, below
    /// `segments`. It may be a little old; no identity is read.
    pub async fn scan_unattached(
        &self,
        (segment, segments): (u32, u32),
        first_kept: Date,
        from: Option<Next>,
    ) -> Result<UnattachedPage, StoreError> {
        const OPERATION: &str = "records Scan";
        #[derive(Deserialize)]
        struct Stored {
            id: RecordId,
            version: RecordVersion,
        }
        let part = |number| i32::try_from(number).map_err(|_| StoreError::shape(OPERATION));
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(part(segment)?)
            .total_segments(part(segments)?)
            .projection_expression("id, version")
            // Dates are written year first, so they sort as texts.
            .filter_expression(
                "attribute_not_exists(student) AND declaration.inscription.dateFin < :kept",
            )
            .expression_attribute_values(":kept", text(first_kept.to_string()))
            .set_exclusive_start_key(from.map(|Next(key)| key));
        let output = scan.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        let stored: Vec<Stored> = serde_dynamo::from_items(output.items.unwrap_or_default())
            .map_err(|_| StoreError::shape(OPERATION))?;
        Ok(UnattachedPage {
            records: stored.into_iter().map(|one| (one.id, one.version)).collect(),
            next: output.last_evaluated_key.map(Next),
        })
    }

    /// Erases a record that is still as it was read.
    pub fn erase(
        &self,
        id: &RecordId,
        version: &RecordVersion,
    ) -> Result<TransactWriteItem, EncodeError> {
        self.deletion(id, version, "version = :version")
    }

    /// Erases a record that is still as it was read, and still no student's.
    pub fn erase_unattached(
        &self,
        id: &RecordId,
        version: &RecordVersion,
    ) -> Result<TransactWriteItem, EncodeError> {
        self.deletion(id, version, "version = :version AND attribute_not_exists(student)")
    }

    fn deletion(
        &self,
        id: &RecordId,
        version: &RecordVersion,
        condition: &str,
    ) -> Result<TransactWriteItem, EncodeError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::record(id)))
            .condition_expression(condition)
            .expression_attribute_values(":version", text(version.as_str()))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
