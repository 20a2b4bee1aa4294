//! Whether everything is as it was before people decided, and what says otherwise if it isn't.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ine::Ine;
use shared::identity::digest::RecordId;

use crate::check;
use crate::tables::Tables;

/// What INES said meanwhile of records that are together otherwise than before: those of which it
/// vouches for an INE, and didn't before. `None` when all are together as they were.
///
/// # Panics
///
/// When some are together otherwise than before, and INES said nothing new of any of those that
/// they are or were with.
pub(crate) fn otherwise(before: &Tables, after: &Tables) -> Option<BTreeSet<RecordId>> {
    let [then, now] = [before, after].map(groups);
    let (vouched, given) = (verified(before), verified(after));
    let mut said = BTreeSet::new();
    for (record, group) in &then {
        let with = &now[record];
        if group == with {
            continue;
        }
        let concerned: BTreeSet<&RecordId> =
            group.union(with).flat_map(|other| then[other].union(&now[other])).collect();
        let anew: BTreeSet<RecordId> = concerned
            .into_iter()
            .filter(|other| given[*other] != vouched[*other])
            .cloned()
            .collect();
        assert!(
            !anew.is_empty(),
            "{record} was with {group:?}, is with {with:?}, and nobody said anything new"
        );
        said.extend(anew);
    }
    (!said.is_empty()).then_some(said)
}

/// With whom each record is.
fn groups(tables: &Tables) -> BTreeMap<RecordId, BTreeSet<RecordId>> {
    let groups = check::partition(tables);
    groups
        .iter()
        .flat_map(|group| group.iter().map(|record| (record.clone(), group.clone())))
        .collect()
}

/// The INE that INES vouches for by each record.
fn verified(tables: &Tables) -> BTreeMap<RecordId, Option<Ine>> {
    let edges = tables.edges.values().flat_map(BTreeMap::values);
    edges.map(|edge| (edge.record.clone(), edge.verified())).collect()
}
