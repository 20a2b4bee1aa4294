//! A first cover: an equation that leaves a hidden cell no room hides another one.
//!
//! It looks at one equation at a time, so it is quick and not enough: the attack on the whole
//! system ([`super::attack`]) decides.

use std::collections::{BTreeSet, VecDeque};

use super::system::{CellId, State, System};

/// Hides the sensitive cells, drops the rows that no cover can protect, and covers.
pub(super) fn cover(system: &mut System) {
    hide_sensitive(system);
    drop_hopeless(system);
    let all = (0..system.equations.len()).collect();
    settle(system, all);
}

/// Hides the sensitive cells, whatever their sums tell.
pub(super) fn hide_sensitive(system: &mut System) {
    for cell in &mut system.cells {
        if cell.sensitive && cell.state == State::Published && !cell.fixed {
            cell.state = State::Hidden;
        }
    }
}

/// Drops rows whose unit has too few people for any of its cells to be in doubt: seven people are
/// six women at most, whatever else is hidden.
fn drop_hopeless(system: &mut System) {
    let mut hopeless = BTreeSet::new();
    for equation in &system.equations {
        let total = &system.cells[equation.total];
        if total.moves() {
            continue;
        }
        let room: i64 =
            equation.parts.iter().map(|part| (system.cells[*part].value - 1).max(0)).sum();
        let sensitive = |part: &&CellId| system.cells[**part].sensitive;
        for part in equation.parts.iter().filter(sensitive) {
            let cell = &system.cells[*part];
            let of_unit = |row: &usize| system.rows[*row].unit == Some(equation.total);
            if room < cell.gap {
                hopeless.extend(cell.row.filter(of_unit));
            }
        }
    }
    for row in hopeless {
        system.drop_row(row);
    }
}

/// Covers these equations, and those of each cell that is hidden for it.
pub(super) fn settle(system: &mut System, equations: VecDeque<usize>) {
    let mut queue = equations;
    let mut queued: BTreeSet<usize> = queue.iter().copied().collect();
    while let Some(at) = queue.pop_front() {
        queued.remove(&at);
        while let Some(partner) = partner(system, at) {
            system.hide(partner);
            for equation in system.equation_ids(partner).to_vec() {
                if equation != at && queued.insert(equation) {
                    queue.push_back(equation);
                }
            }
        }
    }
}

/// The cell that an equation should hide, if it leaves too little room: the smallest that gives
/// what is missing, else the largest there is.
fn partner(system: &System, at: usize) -> Option<CellId> {
    let equation = &system.equations[at];
    let moving: Vec<CellId> = equation.cells().filter(|cell| system.cells[*cell].moves()).collect();
    let gap = |cell: &CellId| system.cells[*cell].gap;
    let needed = moving.iter().filter(|cell| system.cells[**cell].sensitive).map(gap).max();
    let missing = match moving.as_slice() {
        [] => return None,
        // Nobody is told of by a large cell that no table has.
        [only] if system.cells[*only].state == State::Latent && !system.cells[*only].sensitive => {
            return None;
        }
        // One unknown in an equation is no unknown.
        [only] => system.cells[*only].gap,
        // The total can rise with any of its parts.
        _ if system.cells[equation.total].moves() => return None,
        _ => needed? - moving.iter().map(|cell| system.cells[*cell].slack()).sum::<i64>(),
    };
    if missing <= 0 {
        return None;
    }
    let open = |cell: &CellId| system.cells[*cell].may_hide();
    let value = |cell: &CellId| system.cells[*cell].value;
    let enough = |cell: &CellId| value(cell) > missing || *cell == equation.total;
    let candidates = || equation.cells().filter(open);
    candidates()
        .filter(enough)
        // A total hides more than its count says: its own sums lose it too.
        .min_by_key(|cell| (value(cell) * if *cell == equation.total { 4 } else { 1 }, *cell))
        .or_else(|| candidates().max_by_key(value))
}
