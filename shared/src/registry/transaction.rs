//! What the writes of several stores have in common: over the version that was read, in a transaction
//! or alone, and why DynamoDB cancelled one.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{CancellationReason, ConditionCheck, Put, TransactWriteItem};

use super::StoreError;
use super::keys::{Item, number};

/// A write couldn't be put into DynamoDB's terms. It doesn't quote what was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A value has no form as an attribute.
    #[error("a value can't be an attribute")]
    Attribute,
    /// The request lacks a part that DynamoDB requires.
    #[error("an incomplete request")]
    Request,
}

impl From<serde_dynamo::Error> for EncodeError {
    fn from(_: serde_dynamo::Error) -> Self {
        Self::Attribute
    }
}

impl From<BuildError> for EncodeError {
    fn from(_: BuildError) -> Self {
        Self::Request
    }
}

/// The condition that an item is as it was read: its version, or 0 for none. `key` is the table's
/// hash key.
fn unmoved(key: &str, read: u64) -> (String, Option<(&'static str, u64)>) {
    match read {
        0 => (format!("attribute_not_exists({key})"), None),
        version => ("version = :read".to_owned(), Some((":read", version))),
    }
}

/// Writes an item over the version that was read.
pub(super) fn put_over(
    table: &str,
    key: &str,
    item: Item,
    read: u64,
) -> Result<TransactWriteItem, EncodeError> {
    let (condition, value) = unmoved(key, read);
    let mut put =
        Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    if let Some((name, version)) = value {
        put = put.expression_attribute_values(name, number(version));
    }
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

/// Whether an item was written over the version that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It was.
    Yes,
    /// Someone else wrote it since it was read: read it again.
    Overtaken,
}

/// The same as a write of its own. Repeated, it finds the version moved on, and says so.
pub(super) async fn save_over(
    client: &Client,
    (table, key): (&str, &str),
    item: Item,
    read: u64,
    operation: &'static str,
) -> Result<Saved, StoreError> {
    let (condition, value) = unmoved(key, read);
    let mut put =
        client.put_item().table_name(table).set_item(Some(item)).condition_expression(condition);
    if let Some((name, version)) = value {
        put = put.expression_attribute_values(name, number(version));
    }
    match put.send().await {
        Ok(_) => Ok(Saved::Yes),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
        {
            Ok(Saved::Overtaken)
        }
        Err(error) => Err(StoreError::new(operation, &error)),
    }
}

/// Stops a transaction if an item has moved since it was read.
pub(super) fn check_over(
    table: &str,
    key: &str,
    item: Item,
    read: u64,
) -> Result<TransactWriteItem, EncodeError> {
    let (condition, value) = unmoved(key, read);
    let mut check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(item))
        .condition_expression(condition);
    if let Some((name, version)) = value {
        check = check.expression_attribute_values(name, number(version));
    }
    Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
}

/// What one write of a cancelled transaction had to do with it. DynamoDB gives these codes as text:
/// they are read here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancellation<'a> {
    /// Nothing: it would have gone through.
    None,
    /// Its condition doesn't hold.
    ConditionFailed,
    /// Another transaction is at the same item.
    Conflict,
    /// The table is at its limit.
    Throttled,
    /// An item over DynamoDB's size, an expression that it doesn't take: it won't take it another
    /// time either.
    Refused(&'a str),
}

impl<'a> From<&'a CancellationReason> for Cancellation<'a> {
    fn from(reason: &'a CancellationReason) -> Self {
        match reason.code() {
            None | Some("None") => Self::None,
            Some("ConditionalCheckFailed") => Self::ConditionFailed,
            Some("TransactionConflict") => Self::Conflict,
            Some("ThrottlingError" | "ProvisionedThroughputExceeded") => Self::Throttled,
            Some(code) => Self::Refused(code),
        }
    }
}

/// Whether somebody else's write got in the way: what the transaction rests on is to be read again.
pub(super) fn was_overtaken(reasons: &[CancellationReason]) -> bool {
    reasons.iter().any(|reason| {
        matches!(reason.into(), Cancellation::ConditionFailed | Cancellation::Conflict)
    })
}
