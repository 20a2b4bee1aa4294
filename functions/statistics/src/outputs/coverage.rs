//! Who was fed when, and how much of what was expected is there.
//!
//! What is expected of an establishment is what was published of it at the same date a year before.
//! Both counts are published, so that the share tells nothing that they don't.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::dimensions::ALL;
use crate::snapshot::{PublishedRows, Snapshot};

/// The table that has the students of each establishment.
const ESTABLISHMENTS: &str = "etablissement";
/// Students of whom at least as many must be expected: a share of few says little, and much of them.
const FEWEST: i64 = 50;
/// Shares are told in steps of so many points, and none beyond the most.
const STEP: i64 = 10;
const MOST: i64 = 200;

/// A row of the table.
pub(super) struct Covered<'a> {
    pub(super) uai: &'a str,
    pub(super) name: &'a str,
    pub(super) last_feed: Option<Date>,
    /// Of a hundred that are expected, rounded down.
    pub(super) share: Option<i64>,
}

pub(super) fn rows(snapshot: &Snapshot) -> Vec<Covered<'_>> {
    let now = students(&snapshot.tables);
    let before = snapshot.year_before.as_ref();
    let expected = before.map(|before| students(&before.tables)).unwrap_or_default();
    let share = |uai: &str| {
        let expected = expected.get(uai).copied().filter(|expected| *expected >= FEWEST)?;
        let share = now.get(uai)?.checked_mul(100)?.checked_div(expected)?;
        Some((share / STEP * STEP).min(MOST))
    };
    snapshot
        .coverage
        .iter()
        .map(|one| Covered {
            uai: one.uai.as_str(),
            name: &one.name,
            last_feed: one.last_feed,
            share: share(one.uai.as_str()),
        })
        .collect()
}

/// The students of each establishment, where they are told.
pub(super) fn students(tables: &PublishedRows) -> HashMap<&str, i64> {
    let rows = tables.iter().filter(|(table, _)| table.name == ESTABLISHMENTS);
    rows.flat_map(|(_, rows)| rows)
        .filter(|row| row.codes.last().is_some_and(|code| code == ALL))
        .filter_map(|row| Some((row.codes.first()?.as_str(), row.told.students()?)))
        .collect()
}
