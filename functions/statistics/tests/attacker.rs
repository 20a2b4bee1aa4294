//! Small random populations, and an attacker that tries every population there can be.

#![allow(clippy::print_stdout, reason = "how many systems were attacked")]

use std::cell::Cell as Counter;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use statistics::disclosure::moves::NoMoves;
use statistics::disclosure::protect;
use statistics::disclosure::system::{Cell, CellId, Equation, Row, State, System};

const THRESHOLD: i64 = 4;

/// The people of a unit, by two dimensions of three values.
type Unit = [[i64; 3]; 3];
/// The margin of a unit by one of them.
type Way<'a> = &'a dyn Fn(&Unit, usize) -> i64;

/// A population counted by unit × two dimensions of three values, published as two tables that
/// share the units' totals, with the margins of each, and the country's total.
fn population(units: &[Unit]) -> System {
    let mut cells: Vec<Cell> = Vec::new();
    let mut equations = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |value: i64, row: Option<usize>, fixed: bool| {
        cells.push(Cell {
            value,
            people: value,
            state: State::Published,
            sensitive: (1..THRESHOLD).contains(&value) && !fixed,
            gap: THRESHOLD - 1,
            fixed,
            row,
        });
        cells.len() - 1
    };
    let national: i64 = units.iter().flatten().flatten().sum();
    let national = add(national, None, true);
    let margin = |by: Way<'_>, at: usize| -> i64 { units.iter().map(|unit| by(unit, at)).sum() };
    let first = |unit: &Unit, at: usize| unit[at].iter().sum::<i64>();
    let second = |unit: &Unit, at: usize| unit.iter().map(|line| line[at]).sum::<i64>();
    let ways: [Way<'_>; 2] = [&first, &second];
    let columns: Vec<Vec<CellId>> =
        ways.map(|way| (0..3).map(|at| add(margin(way, at), None, false)).collect()).to_vec();
    let mut parts = vec![vec![Vec::new(); 3]; 2];
    let mut totals = Vec::new();
    for unit in units {
        let total = add(unit.iter().flatten().sum(), None, false);
        totals.push(total);
        for (table, way) in ways.iter().enumerate() {
            let row = rows.len();
            let split: Vec<CellId> =
                (0..3).map(|at| add(way(unit, at), Some(row), false)).collect();
            for (at, cell) in split.iter().enumerate() {
                parts[table][at].push(*cell);
            }
            rows.push(Row { cells: split.clone(), unit: Some(total), dropped: false });
            equations.push(Equation { total, parts: split });
        }
    }
    equations.push(Equation { total: national, parts: totals });
    for (table, columns) in columns.into_iter().enumerate() {
        equations.push(Equation { total: national, parts: columns.clone() });
        for (at, total) in columns.into_iter().enumerate() {
            equations.push(Equation { total, parts: parts[table][at].clone() });
        }
    }
    System::new(cells, equations, rows)
}

/// Every population that agrees with what is published, or as many as it takes: the least and the
/// most of each cell.
struct Attacker<'a> {
    system: &'a System,
    values: Vec<Option<i64>>,
    seen: Vec<(i64, i64)>,
    steps: usize,
}

impl<'a> Attacker<'a> {
    fn intervals(system: &'a System, known: Option<CellId>) -> Option<Vec<(i64, i64)>> {
        let published =
            |(id, cell): (usize, &Cell)| (!cell.moves() || known == Some(id)).then_some(cell.value);
        let mut attacker = Self {
            system,
            values: system.cells.iter().enumerate().map(published).collect(),
            seen: vec![(i64::MAX, i64::MIN); system.cells.len()],
            steps: 0,
        };
        attacker.go().then_some(attacker.seen)
    }

    /// What follows from single sums; false when there is a contradiction.
    fn follow(&mut self, set: &mut Vec<CellId>) -> bool {
        loop {
            let mut any = false;
            for equation in &self.system.equations {
                let open: Vec<CellId> =
                    equation.cells().filter(|cell| self.values[*cell].is_none()).collect();
                let sum: i64 = equation
                    .cells()
                    .filter_map(|cell| Some(self.values[cell]? * equation.sign(cell)))
                    .sum();
                match open.as_slice() {
                    [] if sum != 0 => return false,
                    [only] => {
                        let value = -sum * equation.sign(*only);
                        if value < self.least(*only) {
                            return false;
                        }
                        self.values[*only] = Some(value);
                        set.push(*only);
                        any = true;
                    }
                    _ => {}
                }
            }
            if !any {
                return true;
            }
        }
    }

    fn least(&self, cell: CellId) -> i64 {
        i64::from(self.system.cells[cell].state == State::Hidden)
    }

    /// The most that a cell can be by any one of its sums.
    fn most(&self, cell: CellId) -> i64 {
        let room = |equation: &Equation| {
            let total = self.values[equation.total].filter(|_| equation.total != cell)?;
            let others = equation.parts.iter().filter(|part| **part != cell);
            Some(
                total
                    - others
                        .map(|part| self.values[*part].unwrap_or(self.least(*part)))
                        .sum::<i64>(),
            )
        };
        let national =
            self.system.cells.iter().find(|cell| cell.fixed).map_or(0, |cell| cell.value);
        self.system.equations_of(cell).filter_map(room).min().unwrap_or(national).min(national)
    }

    /// False when it takes too long to say.
    fn go(&mut self) -> bool {
        self.steps += 1;
        if self.steps > 60_000 {
            return false;
        }
        let mut set = Vec::new();
        let mut known = true;
        if self.follow(&mut set) {
            let open = (0..self.values.len()).filter(|cell| self.values[*cell].is_none());
            match open.map(|cell| (self.most(cell) - self.least(cell), cell)).min() {
                None => {
                    for (cell, value) in self.values.iter().enumerate() {
                        let (low, high) = &mut self.seen[cell];
                        let value = value.unwrap_or_default();
                        (*low, *high) = ((*low).min(value), (*high).max(value));
                    }
                }
                Some((_, cell)) => {
                    for value in self.least(cell)..=self.most(cell) {
                        self.values[cell] = Some(value);
                        known = self.go();
                        if !known {
                            break;
                        }
                    }
                    self.values[cell] = None;
                }
            }
        }
        for cell in set {
            self.values[cell] = None;
        }
        known
    }
}

/// For each cell of one person, where that person is: the unit and both values.
fn sole(units: &[Unit], system: &System) -> Vec<Option<(usize, usize, usize)>> {
    let mut sole = vec![None; system.cells.len()];
    let places = (0..units.len()).flat_map(|unit| (0..9).map(move |at| (unit, at / 3, at % 3)));
    for (unit, first, second) in places.filter(|(unit, i, j)| units[*unit][*i][*j] > 0) {
        let mut alone = vec![[[0; 3]; 3]; units.len()];
        alone[unit][first][second] = 1;
        for (id, cell) in population(&alone).cells.iter().enumerate() {
            if cell.value == 1 && system.cells[id].value == 1 {
                sole[id] = Some((unit, first, second));
            }
        }
    }
    sole
}

/// False when the attacker would take too long. `own` are cells of the person who knows one, of
/// whom nothing is told by them.
fn check(system: &System, known: Option<CellId>, own: &[CellId]) -> bool {
    let Some(intervals) = Attacker::intervals(system, known) else { return false };
    for (id, cell) in system.cells.iter().enumerate().filter(|(id, _)| !own.contains(id)) {
        let (low, high) = intervals[id];
        assert!((low..=high).contains(&cell.value), "the truth is possible");
        if cell.moves() && cell.sensitive {
            assert!(
                high - low >= cell.gap,
                "cell {id} of {} {:?} is from {low} to {high} for {known:?}",
                cell.value,
                cell.state
            );
        }
    }
    true
}

/// Protects a population, and attacks it; false where nothing was proved, or the attacker would
/// take too long.
fn withstands(units: &[Unit]) -> bool {
    let mut system = population(units);
    assert_eq!(system.broken(), None);
    let protection = protect(&mut system, &NoMoves);
    for cell in &system.cells {
        assert!(!cell.fixed || cell.state == State::Published);
        assert!(cell.value > 0 || cell.state != State::Hidden, "a zero covers nothing");
        assert!(!(cell.sensitive && cell.state == State::Published));
        let threshold_or_unit =
            cell.gap == THRESHOLD - 1 || matches!(cell.state, State::Dropped | State::Published);
        assert!(threshold_or_unit);
    }
    if !protection.proved || !check(&system, None, &[]) {
        return false;
    }
    let sole = sole(units, &system);
    let singles = (0..system.cells.len()).filter(|id| sole[*id].is_some());
    singles.filter(|id| system.cells[*id].moves()).take(4).all(|single| {
        let own: Vec<CellId> = (0..sole.len()).filter(|id| sole[*id] == sole[single]).collect();
        check(&system, Some(single), &own)
    })
}

fn small() -> impl Strategy<Value = Vec<Unit>> {
    let count = prop_oneof![4 => Just(0_i64), 3 => 1_i64..3, 2 => 3_i64..9];
    let line = prop::array::uniform3(count);
    prop::collection::vec(prop::array::uniform3(line), 1..4)
}

#[test]
fn an_attacker_who_tries_everything_finds_no_narrow_interval() {
    let (attacked, skipped) = (Counter::new(0), Counter::new(0));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&small(), |units| {
        let count = if withstands(&units) { &attacked } else { &skipped };
        count.set(count.get() + 1);
        Ok(())
    });
    println!("{} systems attacked, {} skipped", attacked.get(), skipped.get());
    assert!(result.is_ok(), "{result:?}");
    assert!(skipped.get() * 3 <= attacked.get() + skipped.get(), "too many were skipped");
}

/// The only person of the country, whose count is published: what is the same count by a sum of one
/// part can't be a secret, and nothing is told to be proved.
#[test]
fn what_the_national_total_says_is_not_proved_to_be_hidden() {
    let mut alone = population(&[[[0, 0, 0], [1, 0, 0], [0, 0, 0]]]);
    let protection = protect(&mut alone, &NoMoves);
    assert!(!protection.proved);
    assert!(alone.cells.iter().all(|cell| cell.fixed || cell.state == State::Dropped));
}

#[test]
fn large_counts_are_published_as_they_are() {
    let mut system = population(&[[[9; 3]; 3]; 3]);
    let protection = protect(&mut system, &NoMoves);
    assert_eq!((protection.hidden, protection.dropped_rows), (0, 0));
}

#[test]
fn one_small_cell_takes_a_partner_in_each_sum_and_no_more() {
    let mut units = [[[20; 3]; 3]; 3];
    units[0][0] = [1, 1, 0];
    let mut system = population(&units);
    let protection = protect(&mut system, &NoMoves);
    // Two people of the first value: another of the unit, and both of another unit.
    assert_eq!((protection.sensitive, protection.hidden), (1, 4));
    assert!(protection.proved);
}

#[test]
fn seven_people_whose_sexes_are_told_in_elevens_lose_that_row() {
    let mut system = population(&[[[3, 0, 0], [2, 0, 0], [2, 0, 0]], [[30; 3]; 3]]);
    for cell in &mut system.cells {
        if !cell.fixed && (1..11).contains(&cell.value) && cell.row.is_some() {
            (cell.sensitive, cell.gap) = (true, 10);
        }
    }
    let protection = protect(&mut system, &NoMoves);
    assert!(protection.dropped_rows >= 1, "{protection:?}");
    assert!(protection.proved);
}
