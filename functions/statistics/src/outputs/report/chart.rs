//! A chart: the rows of one dimension of a table, with a bar each.

use super::figures::{grouped, share};
use crate::dimensions::ALL;
use crate::outputs::words::words;
use crate::snapshot::Snapshot;
use crate::tables::published::{Row, Table, Told};

/// What a chart is called.
#[derive(Debug)]
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// The heading of its values.
    pub(super) heading: &'static str,
    /// What its values are of.
    pub(super) definition: &'static str,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) about: About,
    /// The table that it is read from.
    pub(super) table: &'static str,
    pub(super) bars: Vec<Bar>,
    /// Some of its counts aren't told.
    pub(super) has_secrets: bool,
}

/// A value and its students.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    /// `None` when it is secret.
    pub(super) students: Option<String>,
    pub(super) share: Option<String>,
    /// Of the longest bar, in per cent.
    pub(super) width: i64,
}

/// A row of the chart, before it is written.
struct Value {
    code: String,
    label: String,
    students: Option<i64>,
}

impl Chart {
    /// The values with most students first; those that are secret last.
    pub(super) fn ranked(
        snapshot: &Snapshot,
        about: About,
        (table, column): (&str, &str),
        fixed: &[(&str, &str)],
    ) -> Option<Self> {
        let (table, mut values) = values(snapshot, table, column, fixed)?;
        values.sort_by(|one, other| {
            other.students.cmp(&one.students).then_with(|| one.label.cmp(&other.label))
        });
        Some(Self::of(snapshot, about, table, values))
    }

    /// The values in the order that they are given.
    pub(super) fn ordered(
        snapshot: &Snapshot,
        about: About,
        (table, column): (&str, &str),
        fixed: &[(&str, &str)],
        order: &[&str],
    ) -> Option<Self> {
        let (table, mut values) = values(snapshot, table, column, fixed)?;
        values.sort_by_key(|value| order.iter().position(|code| *code == value.code));
        Some(Self::of(snapshot, about, table, values))
    }

    fn of(snapshot: &Snapshot, about: About, table: &'static Table, values: Vec<Value>) -> Self {
        let longest = values.iter().filter_map(|value| value.students).max().unwrap_or_default();
        let has_secrets = values.iter().any(|value| value.students.is_none());
        let bars = values
            .into_iter()
            .map(|value| Bar {
                label: value.label,
                students: value.students.map(grouped),
                share: value.students.and_then(|count| share(count, snapshot.students)),
                width: (value.students.unwrap_or_default() * 100)
                    .checked_div(longest)
                    .unwrap_or_default(),
            })
            .collect();
        Self { about, table: table.name, bars, has_secrets }
    }
}

/// The rows of a table that tell the values of `column` apart, the columns of `fixed` having these
/// codes; `None` where there are none.
fn values(
    snapshot: &Snapshot,
    table: &str,
    column: &str,
    fixed: &[(&str, &str)],
) -> Option<(&'static Table, Vec<Value>)> {
    let (table, rows) = snapshot.tables.iter().find(|(one, _)| one.name == table)?;
    let at = |name: &str| table.columns.iter().position(|column| column.name == name);
    let place = at(column)?;
    let fixed: Option<Vec<(usize, &str)>> =
        fixed.iter().map(|(name, code)| Some((at(name)?, *code))).collect();
    let fixed = fixed?;
    // A name is that of the column before it.
    let name = at("nom").filter(|name| *name == place + 1);
    let told = |row: &&Row| {
        row.codes[place] != ALL && fixed.iter().all(|(at, code)| row.codes[*at] == *code)
    };
    let values: Vec<Value> = rows
        .iter()
        .filter(told)
        .map(|row| {
            let code = row.codes[place].clone();
            let label = name
                .map_or_else(|| words(column, &code).to_owned(), |name| row.codes[name].clone());
            let students = match row.told {
                Told::Counts { students, .. } => Some(students),
                Told::Secret => None,
            };
            Value { code, label, students }
        })
        .collect();
    (!values.is_empty()).then_some((*table, values))
}
