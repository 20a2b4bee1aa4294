//! Which pointers of a batch are followed side by side, and which one after the other.
//!
//! Records that share an INE, a student or a block are decided on in the order in which they came:
//! side by side one would overtake the other, whose transaction fails and is begun again. All
//! others have nothing to do with each other. What the keys don't show, such as two INEs that INES
//! says are one person's, the transactions catch.

use std::collections::{BTreeMap, BTreeSet};

use shared::contract::pointer::Pointer;
use shared::feeding::record::Record;
use shared::identity::digest::{IdentityKeys, RecordId};
use shared::identity::edge::{InesVerification, traits};
use shared::registry::StoreError;

use crate::world::World;

/// Positions of pointers, in their order.
pub(crate) type Lane = Vec<usize>;

/// What two pointers must not have in common to be followed side by side.
type Key = String;

/// The lanes of a batch, by one read of its records; one pointer is its own lane, read or not.
pub(crate) async fn of<W: World>(
    world: &W,
    pointers: &[(usize, Pointer)],
) -> Result<Vec<Lane>, StoreError> {
    if let [(only, _)] = pointers {
        return Ok(vec![vec![*only]]);
    }
    let ids: BTreeSet<&RecordId> = pointers.iter().filter_map(|(_, one)| record_of(one)).collect();
    let records = world.register().records(ids.into_iter().cloned().collect()).await?;
    let records: BTreeMap<&RecordId, &Record> =
        records.iter().map(|record| (&record.id, record)).collect();
    let keyed = pointers.iter().map(|(position, pointer)| {
        let keys = match record_of(pointer) {
            Some(id) => keys(id, records.get(id).copied(), world.keys()),
            // A case may move anybody, and what is due is whatever is due.
            None => BTreeSet::from(["case".to_owned()]),
        };
        (*position, keys)
    });
    Ok(apart(keyed))
}

fn record_of(pointer: &Pointer) -> Option<&RecordId> {
    match pointer {
        Pointer::Record(id) | Pointer::Reconsider(id) => Some(id),
        Pointer::Case(_) | Pointer::Due => None,
    }
}

/// What a record will be decided on by, as far as it says so itself.
fn keys(id: &RecordId, record: Option<&Record>, secrets: &IdentityKeys) -> BTreeSet<Key> {
    let mut keys = BTreeSet::from([id.to_string()]);
    let Some(record) = record else { return keys };
    keys.extend(record.student.map(|student| student.to_string()));
    keys.extend(record.declaration.ine.map(|ine| secrets.ine(&ine).as_str().to_owned()));
    let traits = traits(&record.declaration, &InesVerification::Unasked);
    keys.extend(secrets.blocks.spread(&traits).into_keys().map(|block| block.as_str().to_owned()));
    keys
}

/// Puts together what shares a key with something that shares one, and so on.
fn apart(keyed: impl IntoIterator<Item = (usize, BTreeSet<Key>)>) -> Vec<Lane> {
    let mut lanes: Vec<(BTreeSet<Key>, Lane)> = Vec::new();
    for (position, keys) in keyed {
        let (with, without): (Vec<_>, Vec<_>) =
            lanes.into_iter().partition(|(own, _)| !own.is_disjoint(&keys));
        let mut joined = (keys, vec![position]);
        for (own, lane) in with {
            joined.0.extend(own);
            joined.1.extend(lane);
        }
        joined.1.sort_unstable();
        lanes = without;
        lanes.push(joined);
    }
    let mut lanes: Vec<Lane> = lanes.into_iter().map(|(_, lane)| lane).collect();
    // Whoever came first has its turn first.
    lanes.sort_unstable();
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(keys: &[&str]) -> Vec<Lane> {
        apart(keys.iter().enumerate().map(|(position, keys)| {
            (position, keys.split_whitespace().map(str::to_owned).collect())
        }))
    }

    #[test]
    fn what_shares_a_key_stays_in_order_and_the_rest_is_apart() {
        assert_eq!(keyed(&["a", "b", "c"]), [[0], [1], [2]]);
        assert_eq!(keyed(&["a x", "b", "c x", "d"]), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(keyed(&[]), [[0; 0]; 0]);
    }

    #[test]
    fn one_that_shares_with_two_brings_them_together() {
        assert_eq!(keyed(&["a", "b", "z", "a b"]), [vec![0, 1, 3], vec![2]]);
        assert_eq!(keyed(&["a b", "b c", "c d"]), [[0, 1, 2]]);
    }
}
