//! A chart: the rows of one dimension of a table, with a bar each.

use std::borrow::Cow;
use std::collections::HashMap;

use super::figures::{change, grouped, share};
use crate::dimensions::{ALL, Flow};
use crate::outputs::words::words;
use crate::snapshot::{PublishedRows, Snapshot};
use crate::tables::published::{Row, Table};

/// What a chart is called.
#[derive(Debug)]
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// The heading of its values.
    pub(super) heading: &'static str,
    /// What its values are of.
    pub(super) definition: Cow<'static, str>,
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
    /// Some of them were told a year before as well.
    pub(super) is_compared: bool,
}

/// A value and its students.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    /// `None` when it is secret.
    pub(super) students: Option<String>,
    pub(super) share: Option<String>,
    /// Since the year before, where both are told.
    pub(super) change: Option<String>,
    /// Of the longest bar, in per cent.
    pub(super) width: i64,
}

/// A row of the chart, before it is written.
pub(super) struct Value {
    pub(super) code: String,
    pub(super) label: String,
    pub(super) students: Option<i64>,
    /// A year before, where it was told.
    before: Option<i64>,
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
        let bars: Vec<Bar> = values
            .into_iter()
            .map(|value| Bar {
                label: value.label,
                students: value.students.map(grouped),
                // Whoever left is no part of those who are there.
                share: (value.code != Flow::Left.code())
                    .then_some(value.students)
                    .flatten()
                    .and_then(|count| share(count, snapshot.students)),
                change: value.students.zip(value.before).and_then(|(now, then)| change(now, then)),
                width: (value.students.unwrap_or_default() * 100)
                    .checked_div(longest)
                    .unwrap_or_default(),
            })
            .collect();
        let is_compared = bars.iter().any(|bar| bar.change.is_some());
        Self { about, table: table.name, bars, has_secrets, is_compared }
    }
}

/// The rows of a table that tell the values of `column` apart, the columns of `fixed` having these
/// codes; `None` where there are none.
pub(super) fn values(
    snapshot: &Snapshot,
    table: &str,
    column: &str,
    fixed: &[(&str, &str)],
) -> Option<(&'static Table, Vec<Value>)> {
    let (table, rows) = told(&snapshot.tables, table, column, fixed)?;
    let before: HashMap<&str, i64> = snapshot
        .year_before
        .as_ref()
        .and_then(|before| told(&before.tables, table.name, column, fixed))
        .map(|(_, rows)| rows.iter().filter_map(|row| Some((row.code, row.students?))).collect())
        .unwrap_or_default();
    let values: Vec<Value> = rows
        .into_iter()
        .map(|row| Value {
            code: row.code.to_owned(),
            label: row.label.to_owned(),
            students: row.students,
            before: before.get(row.code).copied(),
        })
        .collect();
    (!values.is_empty()).then_some((table, values))
}

/// What a row of a table tells of a value.
struct ToldRow<'a> {
    code: &'a str,
    label: &'a str,
    students: Option<i64>,
}

fn told<'a>(
    tables: &'a PublishedRows,
    table: &str,
    column: &str,
    fixed: &[(&str, &str)],
) -> Option<(&'static Table, Vec<ToldRow<'a>>)> {
    let (table, rows) = tables.iter().find(|(one, _)| one.name == table)?;
    let at = |name: &str| table.columns.iter().position(|column| column.name == name);
    let place = at(column)?;
    let fixed: Option<Vec<(usize, &str)>> =
        fixed.iter().map(|(name, code)| Some((at(name)?, *code))).collect();
    let fixed = fixed?;
    // A name is that of the column before it.
    let name = at("nom").filter(|name| *name == place + 1);
    let is_wanted = |row: &&Row| {
        row.codes[place] != ALL && fixed.iter().all(|(at, code)| row.codes[*at] == *code)
    };
    let read = |row: &'a Row| {
        let code = row.codes[place].as_str();
        ToldRow {
            code,
            label: name.map_or_else(|| words(column, code), |name| &row.codes[name]),
            students: row.told.students(),
        }
    };
    Some((*table, rows.iter().filter(is_wanted).map(read).collect()))
}
