//! A population that agrees with what is published, for whoever doesn't know the true one.

use std::collections::{BTreeSet, HashMap, VecDeque};

pub use microlp::OptimizationDirection as Direction;
use microlp::{ComparisonOp, Problem, Solution, Variable};

use super::system::{CellId, State, System};

/// The published enrolments of a cell, where its table counts them.
pub type Enrolments = [Option<i64>];

/// Gives every hidden cell a value, so that all sums hold: of students, and of enrolments, which
/// are at least as many. `enrolments` is of each cell: known, hidden (`None`); `counted` says
/// whether its table has them. False when there is no such population, in whole numbers.
pub fn find_population(system: &mut System, enrolments: &Enrolments, counted: &[bool]) -> bool {
    for component in components(system) {
        // One where many cells have room makes proofs short. The corners of most such systems are
        // whole numbers of people; asking for them takes longer.
        let solved = [Wish::Room, Wish::Any, Wish::Whole]
            .into_iter()
            .find_map(|wish| solve(system, &component, enrolments, counted, wish));
        let Some(values) = solved else { return false };
        for (cell, value) in values {
            system.cells[cell].value = value;
        }
    }
    system.broken().is_none()
}

/// Which of the populations that agree is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// One where as many people as can be are the first few of their cell.
    Room,
    Any,
    /// Any, in whole numbers whatever it takes.
    Whole,
}

/// The people of a cell, as what is the least and what is above.
type People = Vec<Variable>;

/// The least or the most that a hidden cell can be, as its component says; `None` if the solver
/// doesn't say, or there is no most.
#[must_use]
pub fn bound(system: &System, counted: &[bool], cell: CellId, direction: Direction) -> Option<i64> {
    let component = components(system).into_iter().find(|cells| cells.contains(&cell))?;
    let mut problem = Problem::new(direction);
    let variables: HashMap<CellId, People> = component
        .iter()
        .map(|id| {
            let cost = if *id == cell { 1.0 } else { 0.0 };
            (*id, vec![problem.add_var(cost, (low(system, counted, *id), f64::INFINITY))])
        })
        .collect();
    constrain(system, &component, &mut problem, &variables, |id| Some(system.cells[id].value));
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let value = value_of(&solution, &variables[&cell]);
    // A fraction beyond a whole number is the next one.
    #[allow(clippy::cast_possible_truncation)]
    let bound = match direction {
        Direction::Minimize => (value - 1e-6).ceil(),
        Direction::Maximize => (value + 1e-6).floor(),
    } as i64;
    Some(bound)
}

/// Hidden cells that sums tie to each other.
fn components(system: &System) -> Vec<BTreeSet<CellId>> {
    let mut seen = vec![false; system.cells.len()];
    let mut components = Vec::new();
    for start in 0..system.cells.len() {
        if seen[start] || !system.cells[start].moves() {
            continue;
        }
        seen[start] = true;
        let mut component = BTreeSet::from([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for other in system.equations_of(at).flat_map(super::system::Equation::cells) {
                if !seen[other] && system.cells[other].moves() {
                    seen[other] = true;
                    component.insert(other);
                    queue.push_back(other);
                }
            }
        }
        components.push(component);
    }
    components
}

fn solve(
    system: &System,
    component: &BTreeSet<CellId>,
    enrolments: &Enrolments,
    counted: &[bool],
    wish: Wish,
) -> Option<Vec<(CellId, i64)>> {
    let mut problem = Problem::new(Direction::Minimize);
    let mut students: HashMap<CellId, People> = HashMap::new();
    let mut all = HashMap::new();
    for id in component {
        let low = low(system, counted, *id);
        let people = match wish {
            Wish::Room => {
                let few = low + whole(system.cells[*id].gap);
                vec![problem.add_var(-1.0, (low, few)), problem.add_var(0.0, (0.0, f64::INFINITY))]
            }
            Wish::Any => vec![problem.add_var(0.0, (low, f64::INFINITY))],
            Wish::Whole => {
                vec![problem.add_integer_var(0.0, (i32::from(low > 0.0), i32::MAX))]
            }
        };
        students.insert(*id, people);
        if counted[*id] {
            let least = if system.cells[*id].state == State::Hidden { 1.0 } else { 0.0 };
            let more = problem.add_var(0.0, (least, f64::INFINITY));
            let mut terms = vec![(more, 1.0)];
            terms.extend(students[id].iter().map(|people| (*people, -1.0)));
            problem.add_constraint(&terms, ComparisonOp::Ge, 0.0);
            all.insert(*id, vec![more]);
        }
    }
    constrain(system, component, &mut problem, &students, |id| Some(system.cells[id].value));
    constrain(system, component, &mut problem, &all, |id| enrolments[id]);
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let value = |people: &People| {
        let value = value_of(&solution, people);
        // Counts of people are far below 2^53, and what isn't whole is none.
        #[allow(clippy::cast_possible_truncation)]
        ((value - value.round()).abs() < 1e-6).then_some(value.round() as i64)
    };
    students.iter().map(|(cell, people)| Some((*cell, value(people)?))).collect()
}

fn value_of(solution: &Solution, people: &People) -> f64 {
    people.iter().map(|variable| solution.var_value(*variable)).sum()
}

/// The sums of a component, of one measure: those all of whose cells have it.
fn constrain(
    system: &System,
    component: &BTreeSet<CellId>,
    problem: &mut Problem,
    variables: &HashMap<CellId, People>,
    known: impl Fn(CellId) -> Option<i64>,
) {
    let touched: BTreeSet<usize> =
        component.iter().flat_map(|cell| system.equation_ids(*cell)).copied().collect();
    for at in touched {
        let equation = &system.equations[at];
        let mut terms = Vec::new();
        let mut constant = 0;
        let mut complete = true;
        for id in equation.cells() {
            let sign = equation.sign(id);
            match (variables.get(&id), system.cells[id].moves(), known(id)) {
                (Some(people), _, _) => {
                    terms.extend(people.iter().map(|variable| (*variable, whole(sign))));
                }
                (None, false, Some(value)) => constant += sign * value,
                _ => complete = false,
            }
        }
        if complete {
            problem.add_constraint(&terms, ComparisonOp::Eq, whole(-constant));
        }
    }
}

/// What an attacker knows of a cell besides its sums: a hidden one has somebody, though perhaps by
/// a second enrolment, which tables without enrolments can't mean.
fn low(system: &System, counted: &[bool], cell: CellId) -> f64 {
    if system.cells[cell].state == State::Hidden && !counted[cell] { 1.0 } else { 0.0 }
}

/// Counts of people are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn whole(count: i64) -> f64 {
    count as f64
}
