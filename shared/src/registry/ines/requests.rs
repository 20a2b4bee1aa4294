//! Requests for an INE, and the queue of those that wait for a person.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::super::StoreError;
use super::super::keys::{Item, number, text};
use super::super::transaction::EncodeError;
use super::{InesStore, key, stored};
use crate::contract::ines::RequestState;
use crate::identity::immatriculation::{Request, RequestId};

/// The index of requests that wait: only they have its attributes, so it holds nothing else.
const INDEX: &str = "pending";
/// What every item of the index is under: those that wait are few, and read one page after the
/// other.
const PENDING: &str = "EN_ATTENTE";

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: RequestId,
    /// Since when, RFC 3339.
    pub since: String,
}

/// Where a page ended: a time and a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After(String);

impl After {
    /// The place as it was given out; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (since, id) = text.split_once('~')?;
        (since.parse::<jiff::Timestamp>().is_ok() && RequestId::parse(id).is_some())
            .then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InesStore {
    /// A request, as of now.
    pub async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        self.get(request_key(id), "ines GetItem").await
    }

    /// Requests that wait for a person, the oldest first, and where the next page begins.
    pub async fn waiting(
        &self,
        after: Option<&After>,
        most: i32,
    ) -> Result<(Vec<Waiting>, Option<After>), StoreError> {
        const OPERATION: &str = "ines Query";
        #[derive(Deserialize)]
        struct Place {
            since: String,
        }
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("pending = :pending")
            .expression_attribute_values(":pending", text(PENDING))
            .set_exclusive_start_key(after.map(start))
            .limit(most)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let shape = || StoreError::shape(OPERATION);
        let places: Vec<Place> =
            serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(|_| shape())?;
        let waiting = places.iter().map(|place| {
            let (since, id) = place.since.split_once('~')?;
            Some(Waiting { id: RequestId::parse(id)?, since: since.to_owned() })
        });
        let waiting = waiting.collect::<Option<Vec<_>>>().ok_or_else(shape)?;
        let is_last = output.last_evaluated_key.is_none();
        let next = places.into_iter().last().filter(|_| !is_last).map(|place| After(place.since));
        Ok((waiting, next))
    }

    /// A request that waits is in the index and stays; one that is decided leaves the index, and in
    /// time the table.
    pub(super) fn request_item(&self, request: &Request) -> Result<Item, EncodeError> {
        let next = Request { version: request.version + 1, ..request.clone() };
        let mut item = stored(request_key(&request.id), &next)?;
        if request.etat == RequestState::Pending {
            item.insert("pending".into(), text(PENDING));
            item.insert("since".into(), text(format!("{:.6}~{}", request.depuis, request.id)));
        } else {
            let decided = request.decision.as_ref().map_or(request.depuis, |decision| decision.le);
            let kept = i64::from(self.request_retention_days) * 24 * 60 * 60;
            item.insert("expires_at".into(), number(decided.as_second() + kept));
        }
        Ok(item)
    }
}

fn request_key(id: &RequestId) -> String {
    format!("D#{id}")
}

fn start(after: &After) -> Item {
    let id = after.as_str().split_once('~').map_or("", |(_, id)| id);
    let mut start = key(format!("D#{id}"));
    let value = |text: &str| AttributeValue::S(text.to_owned());
    start.extend([
        ("pending".to_owned(), value(PENDING)),
        ("since".to_owned(), value(after.as_str())),
    ]);
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_time_and_a_request() {
        let place = "2026-11-25T00:30:00.123456Z~1.00000000000000000000000000000000";
        assert_eq!(After::parse(place).unwrap().as_str(), place);
        for text in ["", "~", "2026-11-25T00:30:00Z~", "Léa~1.00000000000000000000000000000000"] {
            assert_eq!(After::parse(text), None, "{text}");
        }
    }
}
