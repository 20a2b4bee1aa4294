//! What an attacker can say of a hidden cell: its least and its most, by linear programming.
//!
//! The attacker knows every published count, that hidden cells are 1 at least, the hierarchy of the
//! tables and where each establishment is. Hidden cells are the unknowns, and each sum, less what is
//! published of it, an equation. The unknowns are written as differences from the true population,
//! so that zero is a solution and the right-hand sides vanish.
//!
//! A vertex of the program may be a fraction of a person. It counts only where it is whole numbers,
//! which branching finds otherwise, in few steps or not at all; a cell that isn't proved is taken
//! for one that isn't protected. The program is first solved over the cells around the one in
//! question, the others staying as they are: that attacker believes too much, so an interval that is
//! wide enough for it is wide enough.
//!
//! Enrolments go with the people, so that they stay at least as many, and every sum of enrolments
//! holds as well: the second measure narrows nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::system::{CellId, System};

/// Another population that agrees with what is published: people added to cells, or taken from them.
pub(super) type Population = BTreeMap<CellId, i64>;

/// Who may differ from the true population.
#[derive(Debug, Clone, Copy)]
struct Reach {
    unknowns: usize,
    /// Hidden cells of one equation: a sum of hundreds must not fill the reach with cells whose own
    /// sums are then beyond it.
    of_equation: usize,
    /// Published cells of one equation, which would have to be hidden.
    published: usize,
}

const HIDDEN: [Reach; 3] = [
    Reach { unknowns: 60, of_equation: 8, published: 0 },
    Reach { unknowns: 240, of_equation: 20, published: 0 },
    Reach { unknowns: 1000, of_equation: 200, published: 0 },
];
const ANY: [Reach; 2] = [
    Reach { unknowns: 200, of_equation: 8, published: 6 },
    Reach { unknowns: 600, of_equation: 16, published: 12 },
];
/// How many more cells a sum may have that is a step nearer.
const STEP: usize = 32;
/// Programs solved to find whole numbers beside a vertex that isn't.
const MOST_BRANCHES: usize = 24;

/// How far around a cell a proof is looked for: further takes longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    Near,
    Middle,
    /// As the middle, then further.
    Far,
}

/// Populations that prove that a cell's interval is as wide as its gap; none, if it may not be.
/// The attacker knows the cells of `known` besides.
pub(super) fn prove(
    system: &System,
    cell: CellId,
    known: &BTreeSet<CellId>,
    range: Range,
) -> Option<Vec<Population>> {
    // A published cell is the same count by a sum of one part: it is known to everybody.
    if !system.is_unknown(cell) {
        return None;
    }
    let gap = system.cells[cell].gap;
    let mut before = 0;
    let reaches = match range {
        Range::Near => &HIDDEN[..1],
        Range::Middle => &HIDDEN[1..2],
        Range::Far => &HIDDEN[1..],
    };
    for reach in reaches.iter().copied() {
        let free = neighbourhood(system, cell, known, reach);
        // All that is tied to it was free already.
        if free.len() == before {
            break;
        }
        before = free.len();
        let program = Program::new(system, cell, free);
        let by = |found: &Option<Population>| {
            found.as_ref().and_then(|found| found.get(&cell)).map_or(0, |by| by.abs())
        };
        let up = program.extreme(OptimizationDirection::Maximize);
        let rises = by(&up);
        if rises >= gap {
            return Some(up.into_iter().collect());
        }
        if rises + system.slack(cell) < gap {
            continue;
        }
        let down = program.extreme(OptimizationDirection::Minimize);
        if rises + by(&down) >= gap {
            return Some(up.into_iter().chain(down).collect());
        }
    }
    None
}

/// Whether an attacker has to allow that somebody is in a cell of nobody.
pub(super) fn can_rise(system: &System, cell: CellId) -> bool {
    if !system.is_unknown(cell) {
        return false;
    }
    let [.., widest] = HIDDEN;
    let free = neighbourhood(system, cell, &BTreeSet::new(), widest);
    let up = Program::new(system, cell, free).extreme(OptimizationDirection::Maximize);
    up.is_some_and(|up| up.get(&cell).is_some_and(|by| *by > 0))
}

/// The populations that would prove a cell, if what they move were hidden, and that hide least.
pub(super) fn cheapest(
    system: &System,
    cell: CellId,
    known: &BTreeSet<CellId>,
) -> Option<Vec<Population>> {
    if !may_be_hidden(system, cell) {
        return None;
    }
    let gap = system.cells[cell].gap;
    let falls = system.slack(cell).min(gap);
    ANY.into_iter().find_map(|reach| {
        let program = Program::new(system, cell, neighbourhood(system, cell, known, reach));
        let moved = |by: i64| if by == 0 { Some(None) } else { program.cheapest(by).map(Some) };
        // As far down as it can go and up by the rest, which asks least of others; then up alone.
        let up_alone = (falls > 0).then_some((gap, 0));
        [(gap - falls, -falls)]
            .into_iter()
            .chain(up_alone)
            .find_map(|(up, down)| Some([moved(up)?, moved(down)?].into_iter().flatten().collect()))
    })
}

/// Whether nobody would know a cell if what may be hidden of its twins were.
fn may_be_hidden(system: &System, cell: CellId) -> bool {
    let twins = system.twins(cell).iter().map(|twin| &system.cells[*twin]);
    twins.into_iter().all(|twin| twin.moves() || twin.may_hide())
}

/// The unknowns that equations tie to a cell, nearest first: one of the twins for all.
fn neighbourhood(
    system: &System,
    cell: CellId,
    known: &BTreeSet<CellId>,
    reach: Reach,
) -> Vec<CellId> {
    let mut near = vec![cell];
    let mut seen: BTreeSet<CellId> =
        known.iter().chain([&cell]).flat_map(|cell| system.twins(*cell)).copied().collect();
    let gap = system.cells[cell].gap;
    let mut nearest = Nearest::of(system, cell);
    while let Some((id, steps)) = nearest.next() {
        let equation = &system.equations[id];
        let mut open: Vec<CellId> = equation
            .cells()
            .filter(|other| !seen.contains(other) && system.is_unknown(*other))
            .collect();
        // A total can always take; then those that can give most, the smallest first.
        open.sort_by_key(|other| {
            let value = system.cells[*other].value;
            (*other != equation.total, -system.slack(*other).min(gap), value)
        });
        open.truncate(reach.of_equation);
        if reach.published > 0 {
            let may_hide = |other: &CellId| {
                !seen.contains(other) && !system.is_unknown(*other) && may_be_hidden(system, *other)
            };
            let mut others: Vec<CellId> = equation.cells().filter(may_hide).collect();
            // The cheapest of those that can give as much as is needed.
            others.sort_by_key(|other| (system.slack(*other) < gap, system.cells[*other].value));
            others.truncate(reach.published);
            open.extend(others);
        }
        for other in open {
            if near.len() >= reach.unknowns {
                return near;
            }
            near.push(other);
            seen.extend(system.twins(other));
            nearest.reach(other, steps + 1);
        }
    }
    near
}

/// The sums around a cell, the nearest and smallest first: what balances within a row and a
/// department balances in every sum above them.
pub(super) struct Nearest<'a> {
    system: &'a System,
    /// Distance, sum, and how many sums away from the cell it is.
    queue: BinaryHeap<Reverse<(usize, usize, usize)>>,
    visited: BTreeSet<usize>,
}

impl<'a> Nearest<'a> {
    pub(super) fn of(system: &'a System, cell: CellId) -> Self {
        let mut nearest = Self { system, queue: BinaryHeap::new(), visited: BTreeSet::new() };
        nearest.reach(cell, 0);
        nearest
    }

    /// Goes on through a cell that is so many sums away.
    pub(super) fn reach(&mut self, cell: CellId, steps: usize) {
        for twin in self.system.twins(cell) {
            for at in self.system.equation_ids(*twin) {
                let distance = self.system.equations[*at].parts.len() + STEP * steps;
                self.queue.push(Reverse((distance, *at, steps)));
            }
        }
    }

    /// The next sum, and how many sums away it is.
    pub(super) fn next(&mut self) -> Option<(usize, usize)> {
        while let Some(Reverse((_, at, steps))) = self.queue.pop() {
            if self.visited.insert(at) {
                return Some((at, steps));
            }
        }
        None
    }
}

/// The linear program of one cell: the unknowns that may differ, and the sums that they are in.
struct Program<'a> {
    system: &'a System,
    cell: CellId,
    free: Vec<CellId>,
    /// Of each sum, the places of its cells in `free`, with their signs.
    sums: Vec<Vec<(usize, f64)>>,
}

/// The least and the most that cells may differ by, in whole numbers, beside their own bounds.
type Branch = BTreeMap<usize, (f64, f64)>;

impl<'a> Program<'a> {
    fn new(system: &'a System, cell: CellId, free: Vec<CellId>) -> Self {
        let twins = |(at, cell): (usize, &CellId)| {
            system.twins(*cell).iter().map(move |twin| (*twin, at)).collect::<Vec<_>>()
        };
        let place: HashMap<CellId, usize> = free.iter().enumerate().flat_map(twins).collect();
        let mut sums: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for (cell, at) in &place {
            for id in system.equation_ids(*cell) {
                let equation = &system.equations[*id];
                // What a sum of one part says is that its cells are twins.
                if equation.parts.len() > 1 {
                    let sign = if *cell == equation.total { -1.0 } else { 1.0 };
                    sums.entry(*id).or_default().push((*at, sign));
                }
            }
        }
        let sums = sums
            .into_values()
            .map(|mut terms| {
                terms.sort_unstable_by_key(|(at, _)| *at);
                terms
            })
            .collect();
        Self { system, cell, free, sums }
    }

    /// A population in whole numbers where the cell is at its least or its most, or the best that
    /// few branches find. It doesn't look further than the cell's gap.
    fn extreme(&self, direction: OptimizationDirection) -> Option<Population> {
        let mut open: Vec<Branch> = vec![Branch::new()];
        for _ in 0..MOST_BRANCHES {
            let branch = open.pop()?;
            let Some(values) = self.solve(direction, &branch) else { continue };
            let fraction = values.iter().position(|value| (value - value.round()).abs() > 1e-6);
            let Some(at) = fraction else {
                return self.whole(&values);
            };
            let (low, high) = branch.get(&at).copied().unwrap_or(self.bounds(at));
            let (mut below, mut above) = (branch.clone(), branch);
            below.insert(at, (low, values[at].floor()));
            above.insert(at, (values[at].ceil(), high));
            open.extend([below, above]);
        }
        None
    }

    /// The population where the cell differs by this much that hides least, if it is whole numbers.
    fn cheapest(&self, by: i64) -> Option<Population> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<(Variable, Variable)> = self
            .free
            .iter()
            .map(|cell| {
                let cost = self.cost(*cell);
                let (up, down) = match by {
                    _ if *cell != self.cell => (f64::INFINITY, float(self.system.slack(*cell))),
                    1.. => (float(by), 0.0),
                    _ => (0.0, float(-by)),
                };
                let least = |most: f64| if *cell == self.cell { most } else { 0.0 };
                let up = problem.add_var(cost, (least(up), up));
                (up, problem.add_var(cost, (least(down), down)))
            })
            .collect();
        for sum in &self.sums {
            let terms = sum.iter().flat_map(|(at, sign)| {
                let (up, down) = variables[*at];
                [(up, *sign), (down, -*sign)]
            });
            let terms: Vec<(Variable, f64)> = terms.collect();
            problem.add_constraint(&terms, ComparisonOp::Eq, 0.0);
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        let values: Vec<f64> = variables
            .into_iter()
            .map(|(up, down)| solution.var_value(up) - solution.var_value(down))
            .collect();
        let moved = self.whole(&values)?;
        (moved.get(&self.cell) == Some(&by)).then_some(moved)
    }

    /// What moving an unknown costs: hiding ten thousand isn't a thousand times worse than hiding
    /// ten, and moving what is hidden costs little.
    fn cost(&self, cell: CellId) -> f64 {
        let twins = self.system.twins(cell).iter();
        let published = twins.filter(|twin| !self.system.cells[**twin].moves());
        let bits = |twin: &CellId| 64 - self.system.cells[*twin].value.max(1).leading_zeros();
        0.1 + published.map(|twin| 2.0 + f64::from(bits(twin))).sum::<f64>()
    }

    fn bounds(&self, at: usize) -> (f64, f64) {
        let slack = self.system.slack(self.free[at]);
        if self.free[at] == self.cell {
            let gap = self.system.cells[self.cell].gap;
            (-float(slack.min(gap)), float(gap))
        } else {
            (-float(slack), f64::INFINITY)
        }
    }

    fn solve(&self, direction: OptimizationDirection, branch: &Branch) -> Option<Vec<f64>> {
        let mut problem = Problem::new(direction);
        let variables: Vec<Variable> = (0..self.free.len())
            .map(|at| {
                let aim = if self.free[at] == self.cell { 1.0 } else { 0.0 };
                let bounds = branch.get(&at).copied().unwrap_or_else(|| self.bounds(at));
                problem.add_var(aim, bounds)
            })
            .collect();
        for sum in &self.sums {
            let terms: Vec<(Variable, f64)> =
                sum.iter().map(|(at, sign)| (variables[*at], *sign)).collect();
            problem.add_constraint(&terms, ComparisonOp::Eq, 0.0);
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        Some(variables.into_iter().map(|variable| solution.var_value(variable)).collect())
    }

    /// The solution as a population, checked in whole numbers: the solver's word isn't taken.
    fn whole(&self, values: &[f64]) -> Option<Population> {
        // Counts of people are far below 2^53.
        #[allow(clippy::cast_possible_truncation)]
        let by: Vec<i64> = values.iter().map(|value| value.round() as i64).collect();
        let allowed = self.free.iter().zip(&by).all(|(cell, by)| -by <= self.system.slack(*cell));
        let plus = |(at, sign): &(usize, f64)| if *sign > 0.0 { by[*at] } else { -by[*at] };
        let balanced = self.sums.iter().all(|sum| sum.iter().map(plus).sum::<i64>() == 0);
        let moved = self.free.iter().zip(&by).filter(|(_, by)| **by != 0);
        let twins =
            moved.flat_map(|(cell, by)| self.system.twins(*cell).iter().map(|twin| (*twin, *by)));
        (allowed && balanced).then(|| twins.collect())
    }
}

/// Counts of people are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn float(count: i64) -> f64 {
    count as f64
}
