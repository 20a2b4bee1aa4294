//! Records whose time is over.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use jiff::civil::Date;
use serde::Deserialize;

use super::RecordStore;
use crate::identity::digest::RecordId;
use crate::identity::student::RecordVersion;
use crate::registry::StoreError;
use crate::registry::keys::{self, text};
use crate::registry::segment::{Position, Segment};
use crate::registry::transaction::EncodeError;

/// Records that are no student's.
#[derive(Debug, Default)]
pub struct UnattachedPage {
    /// With the versions that were read.
    pub records: Vec<(RecordId, RecordVersion)>,
    /// Where to go on, when there may be more.
    pub next: Option<Position>,
}

impl RecordStore {
    /// One reading, of a megabyte at most, of one part of the table: records that were never
    /// attached to a student, whose enrolment ended before a day. It may be a little old; no
    /// identity is read.
    pub async fn scan_unattached(
        &self,
        segment: Segment,
        first_kept: Date,
        from: Option<Position>,
    ) -> Result<UnattachedPage, StoreError> {
        const OPERATION: &str = "records Scan";
        #[derive(Deserialize)]
        struct Stored {
            id: RecordId,
            version: RecordVersion,
        }
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression("id, version")
            // Dates are written year first, so they sort as texts.
            .filter_expression(
                "attribute_not_exists(student) AND declaration.inscription.dateFin < :kept",
            )
            .expression_attribute_values(":kept", text(first_kept.to_string()));
        let (items, next) = segment.page(scan, from, OPERATION).await?;
        let stored: Vec<Stored> =
            serde_dynamo::from_items(items).map_err(|_| StoreError::shape(OPERATION))?;
        let records = stored.into_iter().map(|one| (one.id, one.version)).collect();
        Ok(UnattachedPage { records, next })
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
