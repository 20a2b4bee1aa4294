//! The imports of an establishment, by when they were received.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Import, ImportId, ImportStore, received_at};
use crate::domain::uai::Uai;
use crate::registry::keys::{Item, text};
use crate::registry::{StoreError, read};

/// The index of imports by establishment.
const BY_ESTABLISHMENT: &str = "establishment";
/// Imports that are read at once where all are wanted: as many as a batch of DynamoDB's takes.
const A_PAGE: i32 = 100;

/// Imports of an establishment, and the place after the last if there are more.
#[derive(Debug, Default)]
pub struct Listed {
    pub imports: Vec<Import>,
    pub next: Option<Place>,
}

/// The place of an import in the list of its establishment's. It tells nothing of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    received_at: Timestamp,
    id: ImportId,
}

impl Place {
    /// The place, as it is given out: milliseconds since 1970, and the import.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.received_at.as_millisecond(), self.id.as_str())
    }

    /// Reads a place that was given out before.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (received_at, id) = text.split_once('.')?;
        let received_at = Timestamp::from_millisecond(received_at.parse().ok()?).ok()?;
        Some(Self { received_at, id: ImportId::parse(id)? })
    }

    fn key(&self, uai: Uai) -> Item {
        Item::from([
            ("id".to_owned(), text(self.id.as_str())),
            ("uai".to_owned(), text(uai.to_string())),
            ("received_at".to_owned(), text(received_at(self.received_at))),
        ])
    }
}

/// What the index holds of an import.
#[derive(Deserialize)]
struct Key {
    id: ImportId,
    received_at: Timestamp,
}

impl Key {
    fn place(&self) -> Place {
        Place { received_at: self.received_at, id: self.id.clone() }
    }
}

impl ImportStore {
    /// Imports of an establishment, the latest first: those that were received before `before`.
    pub async fn of_establishment(
        &self,
        uai: Uai,
        before: Option<&Place>,
        limit: i32,
    ) -> Result<Listed, StoreError> {
        const OPERATION: &str = "imports Query";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_ESTABLISHMENT)
            .key_condition_expression("uai = :uai")
            .expression_attribute_values(":uai", text(uai.to_string()))
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(before.map(|place| place.key(uai)));
        let output = query.send().await.map_err(|error| StoreError::new(OPERATION, &error))?;
        let keys: Vec<Key> = output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(serde_dynamo::from_item)
            .collect::<Result<_, _>>()
            .map_err(|_| StoreError::shape(OPERATION))?;
        let next = output.last_evaluated_key.and_then(|_| keys.last().map(Key::place));
        Ok(Listed { imports: self.imports(keys).await?, next })
    }

    /// The imports of an establishment that were received from `from` on, the latest first.
    pub async fn since(&self, uai: Uai, from: Timestamp) -> Result<Vec<Import>, StoreError> {
        let (mut imports, mut before) = (Vec::new(), None);
        loop {
            let page = self.of_establishment(uai, before.as_ref(), A_PAGE).await?;
            let read = page.imports.len();
            let recent = |import: &Import| import.received_at.is_some_and(|at| at >= from);
            imports.extend(page.imports.into_iter().filter(recent));
            match page.next {
                // A page that has one from before is the last that is wanted.
                Some(next) if next.received_at >= from && read > 0 => before = Some(next),
                _ => return Ok(imports),
            }
        }
    }

    /// The imports of these keys, in their order.
    async fn imports(&self, keys: Vec<Key>) -> Result<Vec<Import>, StoreError> {
        const OPERATION: &str = "imports BatchGetItem";
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wanted =
            keys.iter().map(|key| Item::from([("id".to_owned(), text(key.id.as_str()))])).collect();
        let items = read::many(&self.client, &self.table, wanted, true, OPERATION).await?;
        let mut imports: Vec<Import> = items
            .into_iter()
            .map(serde_dynamo::from_item)
            .collect::<Result<_, _>>()
            .map_err(|_| StoreError::shape(OPERATION))?;
        imports.sort_by_key(|import| keys.iter().position(|key| key.id == import.id));
        Ok(imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_rubbish_is_none() {
        let place = Place {
            received_at: "2026-09-14T06:31:12.4Z".parse().unwrap(),
            id: ImportId::of("inbox", "0751967F/rentree.csv", "v1"),
        };
        assert_eq!(received_at(place.received_at), "2026-09-14T06:31:12.400Z");
        assert_eq!(Place::parse(&place.name()), Some(place));
        for text in [
            "",
            ".",
            "hier.0123456789abcdef0123456789abcdef",
            "1789367472400.x",
            "9223372036854775807.0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}
