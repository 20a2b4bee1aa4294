//! What was found about the identity of the rows of each import.
//!
//! | attribute | |
//! |---|---|
//! | `import` | the import |
//! | `position` | the line, in ten digits, and the record |
//! | `version`, `code`, `statut_ine` | the finding |
//! | `expires_at` | as long after it as the report |
//!
//! One item for each line, written by deduplication in the transaction that settles the record:
//! decided twice, the second takes the place of the first. A later import leaves what was found
//! about an earlier one, whose report stays as well.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::imports::ImportId;
use super::keys::{Item, text};
use super::transaction::EncodeError;
use crate::identity::digest::RecordId;
use crate::identity::finding::{Finding, FindingCode, StatutIne};
use crate::identity::student::RecordVersion;

/// Findings of one page at most: some 100 KB of JSON.
pub const MOST_IN_PAGE: i32 = 500;

/// The table `findings`.
#[derive(Debug, Clone)]
pub struct FindingStore {
    client: Client,
    table: String,
}

/// The place of a finding among those of its import: they are listed in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// Digits of a line.
    const LINE: usize = 10;

    /// Reads a place that was given out before.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (line, record) = text.split_once('.')?;
        let is_line = line.len() == Self::LINE && line.bytes().all(|byte| byte.is_ascii_digit());
        (is_line && RecordId::parse(record).is_some()).then(|| Self(text.to_owned()))
    }

    /// The text, to be given back as it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn record(&self) -> Option<RecordId> {
        self.0.split_once('.').and_then(|(_, record)| RecordId::parse(record))
    }
}

/// A page of findings.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order of the lines.
    pub findings: Vec<Finding>,
    /// Where to go on, when there may be more.
    pub after: Option<Position>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    import: ImportId,
    position: Position,
    version: RecordVersion,
    code: FindingCode,
    statut_ine: StatutIne,
    expires_at: i64,
}

/// The import and the line of a version; `None` for a statement that didn't come in a file, which
/// no report tells of.
fn place(record: &RecordId, version: &RecordVersion) -> Option<(ImportId, Position)> {
    let (import, line) = (ImportId::parse(version.import()?)?, version.line()?);
    Some((import, Position(format!("{line:0width$}.{record}", width = Position::LINE))))
}

impl FindingStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Writes a finding in place of an earlier one about the same version, to be kept for as long
    /// as a report is. `None` for a statement that didn't come in a file: it has no report to
    /// complete.
    pub fn put(
        &self,
        finding: &Finding,
        kept_for: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, EncodeError> {
        let Some((import, position)) = place(&finding.record, &finding.version) else {
            return Ok(None);
        };
        let stored = Stored {
            import,
            position,
            version: finding.version.clone(),
            code: finding.code,
            statut_ine: finding.statut_ine,
            expires_at: now.as_second().saturating_add(kept_for.as_secs()),
        };
        let item: Item = serde_dynamo::to_item(stored)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build()?;
        Ok(Some(TransactWriteItem::builder().put(put).build()))
    }

    /// Takes a finding away, or what would be there: nothing is to be told any more of this
    /// version. `None` as for [`FindingStore::put`].
    pub fn clear(
        &self,
        record: &RecordId,
        version: &RecordVersion,
    ) -> Result<Option<TransactWriteItem>, EncodeError> {
        let Some((import, position)) = place(record, version) else {
            return Ok(None);
        };
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("import", text(import.as_str()))
            .key("position", text(position.as_str()))
            .build()?;
        Ok(Some(TransactWriteItem::builder().delete(delete).build()))
    }

    /// The findings of an import that come after a place, [`MOST_IN_PAGE`] at most.
    pub async fn page(
        &self,
        import: &ImportId,
        after: Option<&Position>,
        limit: i32,
    ) -> Result<Page, StoreError> {
        const OPERATION: &str = "findings Query";
        // Before every line, for a key can't be compared with nothing.
        let after = after.map_or("0", Position::as_str);
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#import = :import AND #position > :after")
            .expression_attribute_names("#import", "import")
            .expression_attribute_names("#position", "position")
            .expression_attribute_values(":import", text(import.as_str()))
            .expression_attribute_values(":after", text(after))
            .limit(limit.clamp(1, MOST_IN_PAGE))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let is_last = output.last_evaluated_key.is_none();
        let shape = || StoreError::shape(OPERATION);
        let mut page = Page::default();
        for item in output.items.unwrap_or_default() {
            let stored: Stored = serde_dynamo::from_item(item).map_err(|_| shape())?;
            page.findings.push(Finding {
                record: stored.position.record().ok_or_else(shape)?,
                version: stored.version,
                code: stored.code,
                statut_ine: stored.statut_ine,
            });
            page.after = Some(stored.position);
        }
        page.after = page.after.filter(|_| !is_last);
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IMPORT: &str = "0123456789abcdef0123456789abcdef";

    fn record() -> RecordId {
        RecordId::parse("1.00000000000000000000000000000001").unwrap()
    }

    #[test]
    fn what_came_by_http_has_no_place_in_a_report() {
        let version = RecordVersion::new(Timestamp::UNIX_EPOCH, "", "push", 3);
        assert_eq!(place(&record(), &version), None);
    }

    #[test]
    fn rubbish_is_no_place() {
        for text in [
            "",
            "0",
            "0000000002",
            "2.1.00000000000000000000000000000001",
            "0000000002.x",
            "00000000a2.1.0",
        ] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn places_read_back_and_sort_as_lines_do(one in 0_u64..9_999_999_999, other in 0_u64..9_999_999_999) {
            let place = |line| {
                let version = RecordVersion::new(Timestamp::UNIX_EPOCH, "00AB", IMPORT, line);
                place(&record(), &version).unwrap()
            };
            let ((import, first), (_, second)) = (place(one), place(other));
            prop_assert_eq!((import.as_str(), first.record()), (IMPORT, Some(record())));
            prop_assert_eq!(Position::parse(first.as_str()), Some(first.clone()));
            prop_assert!(first.as_str() > "0");
            prop_assert_eq!(first.cmp(&second), one.cmp(&other));
        }
    }
}
