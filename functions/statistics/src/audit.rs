//! The proof again, from published files alone.
//!
//! The auditor knows what any reader knows: the files, the hierarchy of the tables, the thresholds.
//! It looks for a population that agrees with them, and then for others as far apart as the
//! thresholds say. Where establishments have their sites isn't published, so the sums that follow
//! from it are the maker's to prove ([`crate::disclosure`]).

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use crate::dimensions::{EVERYBODY, Key, Nomenclature};
use crate::disclosure::base::{Direction, extreme, find_population};
use crate::disclosure::narrow_cells;
use crate::disclosure::system::{State, System};
use crate::outputs::{FormatError, Manifest, read_csv};
use crate::snapshot::{PublishedRows, counts_of, is_of, is_small_change};
use crate::tables::cells::Cube;
use crate::tables::flows::Before;
use crate::tables::moves::Moves;
use crate::tables::published::{TABLES, Told};
use crate::tables::shape::Thresholds;
use crate::tables::tally::Counts;

/// Why a snapshot isn't proved.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    #[error("{0} is missing, or isn't the file that the manifest names")]
    File(String),
    #[error("{table}: {error}")]
    Table { table: &'static str, error: FormatError },
    #[error("{table}: line {line} has a code that is in no list, or a cell of an earlier line")]
    Row { table: &'static str, line: usize },
    #[error("the national total isn't published")]
    NoTotal,
    #[error("a sum of published counts doesn't hold ({0} of them)")]
    Sums(usize),
    #[error("{0} published counts are of fewer people than the threshold")]
    Few(usize),
    #[error("no population in whole numbers was found that agrees with what is published")]
    NoPopulation,
    #[error("{0} secret counts can be told more closely than the threshold allows")]
    Narrow(usize),
    #[error("{0} counts have changed by fewer people than the threshold since the snapshot before")]
    Changes(usize),
}

/// What was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Audit {
    pub files: usize,
    pub cells: usize,
    pub secret: usize,
    pub sums: usize,
    /// Published counts that were compared with the snapshot before.
    pub compared: usize,
}

/// The tables of a snapshot, from its files.
pub fn read_tables<S: BuildHasher>(
    manifest: &Manifest,
    files: &HashMap<String, Vec<u8>, S>,
) -> Result<PublishedRows, AuditError> {
    for entry in &manifest.files {
        if !files.get(&entry.name).is_some_and(|content| entry.is(content)) {
            return Err(AuditError::File(entry.name.clone()));
        }
    }
    let mut tables = Vec::new();
    for table in TABLES.iter().filter(|table| table.since <= manifest.form) {
        let name = format!("{}.csv", table.name);
        let listed = manifest.files.iter().any(|entry| entry.name == name);
        let content = files.get(&name).filter(|_| listed).ok_or(AuditError::File(name))?;
        let rows = read_csv(table, content)
            .map_err(|error| AuditError::Table { table: table.name, error })?;
        tables.push((table, rows));
    }
    Ok(tables)
}

/// Proves a snapshot from its tables, and those of the one that it was made with.
pub fn audit(
    manifest: &Manifest,
    tables: &PublishedRows,
    previous: Option<&PublishedRows>,
) -> Result<Audit, AuditError> {
    let mut read = Read::of(tables)?;
    let thresholds = manifest.thresholds();
    let told = previous.map(|before| counts_of(before, &mut read.nomenclature));
    let told = told.unwrap_or_default();
    // Counts of two rentrées aren't compared, but for those who were there before and are now.
    let is_of_year = manifest.previous.is_some_and(|date| is_of(date, manifest.year));
    let nothing = Before::new();
    let before = if is_of_year { &told } else { &nothing };
    let now = counts_of(tables, &mut read.nomenclature);
    let compared = changes(before, &now, thresholds)?;
    let Read { nomenclature, cells, secret, counted } = read;
    let (count, hidden) = (cells.len(), secret.len());
    let mut cube = Cube::known(nomenclature, cells);
    cube.add_untold_flows(&told);
    let mut system = hide(&cube, thresholds, &secret)?;
    let in_doubt = |equation: &crate::disclosure::system::Equation| {
        equation.cells().any(|cell| system.cells[cell].moves())
    };
    let wrong = cube.equations.iter().filter(|equation| {
        let value = |cell: usize| system.cells[cell].value * equation.sign(cell);
        !in_doubt(equation) && equation.cells().map(value).sum::<i64>() != 0
    });
    match wrong.count() {
        0 => {}
        wrong => return Err(AuditError::Sums(wrong)),
    }
    let counted: Vec<bool> = cube.cells.iter().map(|(key, _)| counted.contains(key)).collect();
    let enrolments: Vec<Option<i64>> = cube
        .cells
        .iter()
        .zip(&counted)
        .map(|((_, counts), counted)| counted.then_some(counts.enrolments))
        .collect();
    // The national total alone tells of nobody more than it does.
    let in_tables = cube.cells.iter().take(count);
    let nothing_else =
        in_tables.map(|(key, _)| key).all(|key| *key == EVERYBODY || secret.contains(key));
    if nothing_else {
        let sums = cube.equations.len();
        return Ok(Audit {
            files: manifest.files.len(),
            cells: count,
            secret: hidden,
            sums,
            compared,
        });
    }
    if !find_population(&mut system, &enrolments, &counted) {
        return Err(AuditError::NoPopulation);
    }
    for ((_, counts), cell) in cube.cells.iter_mut().zip(&mut system.cells) {
        counts.students = cell.value;
        // Nobody has a table of them, and yet the tables may tell of them.
        cell.sensitive |= cell.state == State::Latent && (1..=cell.gap).contains(&cell.value);
    }
    // What wasn't proved near the cell may be by two populations of all that it is tied to. A cell
    // that is certainly not few, and hasn't certainly changed by few, is secret for the sake of
    // others alone.
    let narrow = narrow_cells(&system, &Moves::of(&cube));
    let close = narrow.into_iter().filter(|cell| {
        let (key, _) = &cube.cells[*cell];
        let gap = thresholds.of(key) - 1;
        let extreme = |direction| extreme(&system, &enrolments, &counted, *cell, direction);
        let (least, most) = (extreme(Direction::Minimize), extreme(Direction::Maximize));
        let is_in_doubt = least.zip(most).is_some_and(|(least, most)| {
            least.is_whole && most.is_whole && most.students - least.students >= gap
        });
        let (least, most) = (least.map(|one| one.students), most.map(|one| one.students));
        let is_few = least.is_none_or(|least| least <= gap);
        let has_changed_little = before.get(key).is_some_and(|(before, _)| {
            least.is_none_or(|least| least <= before + gap)
                && most.is_none_or(|most| most >= before - gap)
        });
        !is_in_doubt && (is_few || has_changed_little)
    });
    match close.count() {
        0 => {}
        narrow => return Err(AuditError::Narrow(narrow)),
    }
    let sums = cube.equations.len();
    Ok(Audit { files: manifest.files.len(), cells: count, secret: hidden, sums, compared })
}

/// The cells of published tables.
struct Read {
    nomenclature: Nomenclature,
    cells: Vec<(Key, Counts)>,
    secret: HashSet<Key>,
    /// Cells whose table counts enrolments.
    counted: HashSet<Key>,
}

impl Read {
    fn of(tables: &PublishedRows) -> Result<Self, AuditError> {
        let mut read = Self {
            nomenclature: Nomenclature::new(),
            cells: Vec::new(),
            secret: HashSet::new(),
            counted: HashSet::new(),
        };
        let mut seen = HashSet::new();
        for (table, rows) in tables {
            for (at, row) in rows.iter().enumerate() {
                let wrong = || AuditError::Row { table: table.name, line: at + 2 };
                let key = table.key(&row.codes, &mut read.nomenclature).ok_or_else(wrong)?;
                if !table.has(&key, &read.nomenclature) || !seen.insert(key) {
                    return Err(wrong());
                }
                let mut counts = Counts::default();
                match row.told {
                    Told::Counts { students, enrolments } => {
                        (counts.students, counts.enrolments) =
                            (students, enrolments.unwrap_or_default());
                    }
                    Told::Secret => {
                        read.secret.insert(key);
                    }
                }
                if !table.people_only {
                    read.counted.insert(key);
                }
                read.cells.push((key, counts));
            }
        }
        Ok(read)
    }
}

/// The system as a reader sees it: a row of which nothing is published may have zeros.
fn hide(cube: &Cube, thresholds: Thresholds, secret: &HashSet<Key>) -> Result<System, AuditError> {
    let mut system = cube.system(thresholds);
    let is_secret = |place: usize| secret.contains(&cube.cells[place].0);
    match cube.places.get(&EVERYBODY) {
        Some(total) if !is_secret(*total) => {}
        _ => return Err(AuditError::NoTotal),
    }
    let mut few = 0;
    for (place, cell) in system.cells.iter_mut().enumerate() {
        if is_secret(place) {
            // A reader can't tell the sensitive ones from the others.
            (cell.state, cell.sensitive) = (State::Hidden, true);
        } else {
            few += usize::from(cell.sensitive);
            cell.sensitive = false;
        }
        // Nor is anybody's knowledge of their own cell known to a reader.
        cell.people = 0;
    }
    if few > 0 {
        return Err(AuditError::Few(few));
    }
    for row in 0..system.rows.len() {
        let cells = &system.rows[row].cells;
        if !cells.is_empty() && cells.iter().all(|cell| is_secret(*cell)) {
            system.drop_row(row);
        }
    }
    Ok(system)
}

fn changes(before: &Before, now: &Before, thresholds: Thresholds) -> Result<usize, AuditError> {
    let both = now.iter().filter(|(key, _)| **key != EVERYBODY);
    let both: Vec<_> = both.filter_map(|(key, now)| Some((key, *before.get(key)?, *now))).collect();
    let small = both
        .iter()
        .filter(|(key, before, now)| is_small_change(*before, *now, thresholds.of(key) - 1));
    match small.count() {
        0 => Ok(both.len()),
        small => Err(AuditError::Changes(small)),
    }
}
