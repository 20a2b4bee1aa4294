//! A population that agrees with what is published, for whoever doesn't know the true one.

use std::collections::{BTreeSet, HashMap, VecDeque};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::system::{CellId, State, System};

/// The published enrolments of a cell, where its table counts them.
pub type Enrolments = [Option<i64>];

/// Gives every hidden cell a value, so that all sums hold: of students, and of enrolments, which
/// are at least as many. `enrolments` is of each cell: known, hidden (`None`); `counted` says
/// whether its table has them. False when there is no such population, in whole numbers.
pub fn find_population(system: &mut System, enrolments: &Enrolments, counted: &[bool]) -> bool {
    for component in components(system) {
        // The corners of most such systems are whole numbers of people; asking for them takes longer.
        let solved = [false, true]
            .into_iter()
            .find_map(|whole| solve(system, &component, enrolments, counted, whole));
        let Some(values) = solved else { return false };
        for (cell, value) in values {
            system.cells[cell].value = value;
        }
    }
    system.broken().is_none()
}

/// The least that a hidden cell can be, as its component says; `None` if the solver doesn't say.
#[must_use]
pub fn least(system: &System, counted: &[bool], cell: CellId) -> Option<i64> {
    let component = components(system).into_iter().find(|cells| cells.contains(&cell))?;
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let variables: HashMap<CellId, Variable> = component
        .iter()
        .map(|id| {
            let cost = if *id == cell { 1.0 } else { 0.0 };
            (*id, problem.add_var(cost, (low(system, counted, *id), f64::INFINITY)))
        })
        .collect();
    constrain(system, &component, &mut problem, &variables, |id| Some(system.cells[id].value));
    let solution = problem.solve().ok()?.into_solution().ok()?;
    // A fraction above a whole number is the next one.
    #[allow(clippy::cast_possible_truncation)]
    let least = (solution.var_value(variables[&cell]) - 1e-6).ceil() as i64;
    Some(least)
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
    in_whole: bool,
) -> Option<Vec<(CellId, i64)>> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut students = HashMap::new();
    let mut all = HashMap::new();
    for id in component {
        let low = low(system, counted, *id);
        let people = if in_whole {
            problem.add_integer_var(0.0, (i32::from(low > 0.0), i32::MAX))
        } else {
            problem.add_var(0.0, (low, f64::INFINITY))
        };
        students.insert(*id, people);
        if counted[*id] {
            let least = if system.cells[*id].state == State::Hidden { 1.0 } else { 0.0 };
            let more = problem.add_var(0.0, (least, f64::INFINITY));
            problem.add_constraint([(more, 1.0), (people, -1.0)], ComparisonOp::Ge, 0.0);
            all.insert(*id, more);
        }
    }
    constrain(system, component, &mut problem, &students, |id| Some(system.cells[id].value));
    constrain(system, component, &mut problem, &all, |id| enrolments[id]);
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let value = |variable: &Variable| {
        let value = solution.var_value(*variable);
        // Counts of people are far below 2^53, and what isn't whole is none.
        #[allow(clippy::cast_possible_truncation)]
        ((value - value.round()).abs() < 1e-6).then_some(value.round() as i64)
    };
    students.iter().map(|(cell, variable)| Some((*cell, value(variable)?))).collect()
}

/// The sums of a component, of one measure: those all of whose cells have it.
fn constrain(
    system: &System,
    component: &BTreeSet<CellId>,
    problem: &mut Problem,
    variables: &HashMap<CellId, Variable>,
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
                (Some(variable), _, _) => terms.push((*variable, whole(sign))),
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
