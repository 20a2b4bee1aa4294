//! A snapshot: every table at a date, protected together, and with the one before.

use std::collections::HashMap;

use jiff::civil::Date;
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;

use crate::dimensions::{EVERYBODY, Nomenclature};
use crate::disclosure::system::System;
use crate::disclosure::{self, Protection};
use crate::tables::cells::Cube;
use crate::tables::flows::{Before, Flows, flow_of};
use crate::tables::moves::Moves;
use crate::tables::published::{Row, TABLES, Table, Told};
use crate::tables::shape::Thresholds;
use crate::tables::tally::Tally;

/// What the public may be told every day: the number of students, rounded. Whoever arrives on a day
/// isn't told of by the difference.
const DAILY_STEP: i64 = 100;

/// When an establishment was last fed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub uai: Uai,
    pub name: String,
    pub last_feed: Option<Date>,
}

/// The rows of a published snapshot, by table.
pub type PublishedRows = Vec<(&'static Table, Vec<Row>)>;

/// The snapshot of the same date a year before, which readers compare with.
#[derive(Debug)]
pub struct YearBefore {
    pub date: Date,
    pub tables: PublishedRows,
}

/// The snapshot before.
#[derive(Debug)]
pub struct Previous {
    pub date: Date,
    pub tables: PublishedRows,
    /// What became of students since, where it is known.
    pub flows: Option<Flows>,
}

/// A snapshot.
#[derive(Debug)]
pub struct Snapshot {
    pub date: Date,
    pub year: AcademicYear,
    pub thresholds: Thresholds,
    /// The snapshot before, which it was protected with.
    pub previous: Option<Date>,
    pub year_before: Option<YearBefore>,
    pub tables: PublishedRows,
    pub coverage: Vec<Coverage>,
    /// The students of the country.
    pub students: i64,
    pub protection: Protection,
}

impl Snapshot {
    /// The tables of what was counted, to be frozen if they are proved. What changed little since
    /// the snapshot before, if that is of the same year, is as secret as what is few: the difference
    /// of two published counts is published.
    #[must_use]
    pub fn of(
        at: (Date, AcademicYear),
        tally: Tally,
        thresholds: Thresholds,
        previous: Option<&Previous>,
        coverage: Vec<Coverage>,
    ) -> Self {
        let mut cube = Cube::of(tally);
        let before = previous.map(|one| counts_of(&one.tables, &mut cube.nomenclature));
        if let (Some(before), Some(Previous { flows: Some(flows), .. })) = (&before, previous) {
            cube.add_flows(flows, before);
        }
        let is_of_year = previous.is_some_and(|one| is_of(one.date, at.1));
        let mut system = cube.system(thresholds);
        if let Some(before) = before.filter(|_| is_of_year) {
            hide_small_changes(&cube, &mut system, &before);
        }
        let protection = disclosure::protect(&mut system, &Moves::of(&cube));
        let previous = previous.map(|one| one.date);
        Self { previous, ..Self::told(at, &cube, (&system, protection), thresholds, coverage) }
    }

    /// The tables of what was counted, for internal use: what is few is hidden, but sums may tell it.
    /// It never depends on a proof.
    #[must_use]
    pub fn internal(
        at: (Date, AcademicYear),
        tally: Tally,
        thresholds: Thresholds,
        coverage: Vec<Coverage>,
    ) -> Self {
        let cube = Cube::of(tally);
        let mut system = cube.system(thresholds);
        let protection = disclosure::hide_sensitive(&mut system);
        Self::told(at, &cube, (&system, protection), thresholds, coverage)
    }

    fn told(
        (date, year): (Date, AcademicYear),
        cube: &Cube,
        (system, protection): (&System, Protection),
        thresholds: Thresholds,
        coverage: Vec<Coverage>,
    ) -> Self {
        let tables = TABLES.iter().map(|table| (table, table.rows(cube, system))).collect();
        let students = cube.places.get(&EVERYBODY).and_then(|place| cube.cells.get(*place));
        Self {
            date,
            year,
            thresholds,
            previous: None,
            year_before: None,
            tables,
            coverage,
            students: students.map_or(0, |(_, counts)| counts.students),
            protection,
        }
    }

    /// The snapshot before, if its counts are compared with these: those of two rentrées aren't.
    #[must_use]
    pub(crate) fn compared(&self) -> Option<Date> {
        self.previous.filter(|date| is_of(*date, self.year))
    }

    /// What the public is told every day.
    #[must_use]
    pub fn rounded(&self) -> i64 {
        (self.students + DAILY_STEP / 2) / DAILY_STEP * DAILY_STEP
    }
}

/// Whether a day's counts are of a year.
pub(crate) fn is_of(date: Date, year: AcademicYear) -> bool {
    AcademicYear::starting_on(date) == year
}

/// The students and enrolments of each cell that was published. Flows are of two snapshots, and
/// those of two others are others.
pub(crate) fn counts_of(rows: &PublishedRows, all: &mut Nomenclature) -> Before {
    let mut counts = HashMap::new();
    for (table, rows) in rows {
        for row in rows {
            if let (Told::Counts { students, enrolments }, Some(key)) =
                (row.told, table.key(&row.codes, all))
                && flow_of(&key).is_none()
            {
                counts.insert(key, (students, enrolments));
            }
        }
    }
    counts
}

/// Takes for sensitive what was published before, and has changed by fewer people than the
/// threshold since.
fn hide_small_changes(cube: &Cube, system: &mut System, before: &Before) {
    for ((key, counts), cell) in cube.cells.iter().zip(&mut system.cells) {
        let now = (counts.students, Some(counts.enrolments));
        if let Some(before) = before.get(key)
            && !cell.fixed
            && (cell.value > 0 || counts.enrolments > 0)
            && is_small_change(*before, now, cell.gap)
        {
            cell.sensitive = true;
        }
    }
}

/// Whether two published rows of one cell differ by few people, or few enrolments.
pub(crate) fn is_small_change(
    (students, enrolments): (i64, Option<i64>),
    now: (i64, Option<i64>),
    gap: i64,
) -> bool {
    let few = |before: i64, now: i64| (1..=gap).contains(&(now - before).abs());
    let enrolments = enrolments.zip(now.1).is_some_and(|(before, now)| few(before, now));
    few(students, now.0) || enrolments
}
