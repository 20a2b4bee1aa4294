//! One part of a table, read page by page: whoever reads it may stop after any of them, and go on
//! elsewhere.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::keys::{Item, text};

/// A part: `at` is from 0, below `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub at: i32,
    pub of: i32,
}

/// The key of the item that a page ended with: the next page begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(BTreeMap<String, String>);

impl Position {
    /// What `DynamoDB` says of where a scan stopped. The keys of every table of ours are texts.
    fn of(key: Option<HashMap<String, AttributeValue>>) -> Result<Option<Self>, StoreError> {
        let text = |(name, value): (String, AttributeValue)| match value {
            AttributeValue::S(value) => Ok((name, value)),
            _ => Err(StoreError::shape("dynamodb Scan")),
        };
        let key = key.map(|key| key.into_iter().map(text).collect::<Result<_, _>>());
        Ok(key.transpose()?.map(Self))
    }

    fn key(self) -> HashMap<String, AttributeValue> {
        self.0.into_iter().map(|(name, value)| (name, text(&value))).collect()
    }
}

impl Segment {
    /// The part of those numbers, which `DynamoDB` takes up to `i32::MAX`.
    pub fn of(at: u32, of: u32) -> Result<Self, StoreError> {
        let part = |number| i32::try_from(number).map_err(|_| StoreError::shape("dynamodb Scan"));
        Ok(Self { at: part(at)?, of: part(of)? })
    }

    /// One page of a scan: what `DynamoDB` reads in a megabyte, and where the next one begins if
    /// there is one.
    pub(super) async fn page(
        self,
        scan: ScanFluentBuilder,
        after: Option<Position>,
        operation: &'static str,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let output = scan
            .segment(self.at)
            .total_segments(self.of)
            .set_exclusive_start_key(after.map(Position::key))
            .send()
            .await
            .map_err(|error| StoreError::new(operation, &error))?;
        Ok((output.items.unwrap_or_default(), Position::of(output.last_evaluated_key)?))
    }
}
