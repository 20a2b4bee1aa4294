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

/// The least or the most that a hidden cell can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extreme {
    pub students: i64,
    /// There is such a population in whole numbers: it isn't the program's bound alone.
    pub is_whole: bool,
}

/// The least or the most that a hidden cell can be, as its component says; `None` if the solver
/// doesn't say, or there is no most.
#[must_use]
pub fn extreme(
    system: &System,
    enrolments: &Enrolments,
    counted: &[bool],
    cell: CellId,
    direction: Direction,
) -> Option<Extreme> {
    let component = components(system).into_iter().find(|cells| cells.contains(&cell))?;
    let people = |problem: &mut Problem, id: CellId| {
        let cost = if id == cell { 1.0 } else { 0.0 };
        vec![problem.add_var(cost, (low(system, counted, id), f64::INFINITY))]
    };
    let model = Model::of(system, &component, (enrolments, counted), direction, people);
    let solution = model.problem.solve().ok()?.into_solution().ok()?;
    let value = value_of(&solution, &model.students[&cell]);
    let mut all = model.students.values().chain(model.enrolments.values());
    let is_whole = all.all(|people| is_whole(value_of(&solution, people)));
    // A fraction beyond a whole number is the next one.
    #[allow(clippy::cast_possible_truncation)]
    let students = match direction {
        Direction::Minimize => (value - 1e-6).ceil(),
        Direction::Maximize => (value + 1e-6).floor(),
    } as i64;
    Some(Extreme { students, is_whole })
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
    let people = |problem: &mut Problem, id: CellId| {
        let low = low(system, counted, id);
        match wish {
            Wish::Room => {
                let few = low + whole(system.cells[id].gap);
                vec![problem.add_var(-1.0, (low, few)), problem.add_var(0.0, (0.0, f64::INFINITY))]
            }
            Wish::Any => vec![problem.add_var(0.0, (low, f64::INFINITY))],
            Wish::Whole => {
                vec![problem.add_integer_var(0.0, (i32::from(low > 0.0), i32::MAX))]
            }
        }
    };
    let known = (enrolments, counted);
    let Model { problem, students, .. } =
        Model::of(system, component, known, Direction::Minimize, people);
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let value = |people: &People| {
        let value = value_of(&solution, people);
        // Counts of people are far below 2^53, and what isn't whole is none.
        #[allow(clippy::cast_possible_truncation)]
        is_whole(value).then_some(value.round() as i64)
    };
    students.iter().map(|(cell, people)| Some((*cell, value(people)?))).collect()
}

/// The populations that agree with what is published of a component, as a linear program.
struct Model {
    problem: Problem,
    students: HashMap<CellId, People>,
    /// Of the cells whose table counts them.
    enrolments: HashMap<CellId, People>,
}

impl Model {
    /// The program whose unknown students of a cell `people` adds, and what they cost.
    fn of(
        system: &System,
        component: &BTreeSet<CellId>,
        (known, counted): (&Enrolments, &[bool]),
        direction: Direction,
        people: impl Fn(&mut Problem, CellId) -> People,
    ) -> Self {
        let mut problem = Problem::new(direction);
        let mut students: HashMap<CellId, People> = HashMap::new();
        let mut enrolments = HashMap::new();
        for id in component {
            students.insert(*id, people(&mut problem, *id));
            if counted[*id] {
                let least = if system.cells[*id].state == State::Hidden { 1.0 } else { 0.0 };
                let all = problem.add_var(0.0, (least, f64::INFINITY));
                let mut terms = vec![(all, 1.0)];
                terms.extend(students[id].iter().map(|people| (*people, -1.0)));
                problem.add_constraint(&terms, ComparisonOp::Ge, 0.0);
                enrolments.insert(*id, vec![all]);
            }
        }
        let told = |id: CellId| Some(system.cells[id].value);
        constrain(system, component, &mut problem, &students, told);
        constrain(system, component, &mut problem, &enrolments, |id| known[id]);
        Self { problem, students, enrolments }
    }
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6
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
