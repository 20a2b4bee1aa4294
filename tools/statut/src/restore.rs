//! `statut restore`: every table as it was at one instant, under its own name.
//!
//! ```text
//! prepare     TABLE ──restore to the instant──► TABLE-at-20261129T100000Z     the service goes on
//! swap        TABLE-at-… ──backup──┐
//!             TABLE ──backup, kept─┴─ delete ──restore from the first backup──► TABLE
//! withdrawals what was taken back since the instant is taken back again
//! ```
//!
//! DynamoDB restores to new names only. A table is therefore restored twice, the second time under
//! its own name: names are in the environment of functions, in their rights, in alarms and in what
//! operators type. Each step looks at what is there and does what is missing, so that one that was
//! stopped is run again.

mod tables;
mod withdrawn;

pub(crate) use self::tables::{Restoration, Swapped};
pub(crate) use self::withdrawn::{Outcome, apply};

/// The tables that are restored together.
///
/// Not those of hours (`quotas`, `idempotency`, `sessions`) and what students give away (`shares`,
/// `attestations`), which have no backup; not the traces
/// (`access-log`, `ines-log`), since nobody may make a consultation unhappen; not `withdrawals`,
/// which says what must not come back, nor `retention`, which says who must not be erased, nor
/// `requests`, since nobody may make a person's request unmade.
pub(crate) const TABLES: [&str; 9] = [
    "records",
    "students",
    "blocks",
    "imports",
    "establishments",
    "findings",
    "reviews",
    "clients",
    "members",
];

/// Those of our own INES, where it is deployed.
pub(crate) const INES_TABLES: [&str; 2] = ["ines", "ines-blocks"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{INES_TABLES, TABLES};

    /// A new table is restored or is said to be left.
    #[test]
    fn every_table_of_the_stack_is_restored_or_left_on_purpose() {
        let left = [
            "quotas",
            "idempotency",
            "sessions",
            "shares",
            "attestations",
            "access-log",
            "ines-log",
            "withdrawals",
            "retention",
            "requests",
        ];
        let said: BTreeSet<&str> = TABLES.into_iter().chain(INES_TABLES).chain(left).collect();
        let described = fakes::terraform::tables();
        let there: BTreeSet<String> =
            described.iter().map(|table| table.name.replace('_', "-")).collect();
        assert_eq!(said, there.iter().map(String::as_str).collect());
    }
}
