//! Other populations that are known without a solver: people who are somebody or somewhere else.
//!
//! What a move changes comes from whoever knows what cells count; here it is checked against every
//! sum, as what the solver says is.

use std::collections::{BTreeMap, BTreeSet};

use super::attack::Population;
use super::system::{CellId, System};

/// What one person's move changes: one more or one less in each of these cells.
pub type Change = BTreeMap<CellId, i64>;
/// What changing a cell by one, up or down, costs; `None` where it can't be.
pub type Cost<'a> = &'a dyn Fn(CellId, i64) -> Option<u64>;

/// Who knows which moves there are.
pub trait Movable {
    /// The cheapest that adds one person to a cell, each other cell changing at the cost that is
    /// given. The opposite move takes one away.
    fn cheapest(&self, cell: CellId, cost: Cost<'_>) -> Option<Change>;
}

/// Nobody: of a system whose cells are known by their sums alone.
#[derive(Debug, Clone, Copy)]
pub struct NoMoves;

impl Movable for NoMoves {
    fn cheapest(&self, _: CellId, _: Cost<'_>) -> Option<Change> {
        None
    }
}

/// Populations that prove a cell as those of an attack do, by people who move. Where `hiding`, they
/// may move what is published, and hide least.
pub(super) fn prove(
    system: &System,
    moves: &dyn Movable,
    cell: CellId,
    known: &BTreeSet<CellId>,
    hiding: bool,
) -> Option<Vec<Population>> {
    let known: BTreeSet<CellId> =
        known.iter().flat_map(|cell| system.twins(*cell)).copied().collect();
    let gap = system.cells[cell].gap;
    let falls = system.slack(cell).min(gap);
    let population = |by: i64| {
        let cost = |one: CellId, sign: i64| {
            let free = !known.contains(&one) && system.slack(one) >= -(sign * by);
            let cost = if free { price(system, one) } else { None };
            cost.filter(|cost| *cost == 0 || hiding)
        };
        let change = moves.cheapest(cell, &cost)?;
        let population: Population =
            change.into_iter().map(|(one, sign)| (one, sign * by)).collect();
        (population.get(&cell) == Some(&by) && holds(system, &population)).then_some(population)
    };
    // As far down as it can go and up by the rest, which asks least of others; then up alone.
    if falls == gap {
        if let Some(down) = population(-gap) {
            return Some(vec![down]);
        }
    } else if falls > 0
        && let (Some(down), Some(up)) = (population(-falls), population(gap - falls))
    {
        return Some(vec![up, down]);
    }
    population(gap).map(|up| vec![up])
}

/// What it costs to move an unknown: nothing, if nobody knows it; `None` where it has to be known.
fn price(system: &System, cell: CellId) -> Option<u64> {
    let mut price = 0;
    for twin in system.twins(cell).iter().map(|twin| &system.cells[*twin]) {
        if !twin.moves() {
            if !twin.may_hide() {
                return None;
            }
            price += 2 + u64::from(64 - twin.value.max(1).leading_zeros());
        }
    }
    Some(price)
}

/// Whether every sum holds.
fn holds(system: &System, population: &Population) -> bool {
    let sums: BTreeSet<usize> =
        population.keys().flat_map(|cell| system.equation_ids(*cell)).copied().collect();
    sums.into_iter().all(|at| {
        let equation = &system.equations[at];
        let by = |cell: CellId| population.get(&cell).map_or(0, |by| by * equation.sign(cell));
        equation.cells().map(by).sum::<i64>() == 0
    })
}
