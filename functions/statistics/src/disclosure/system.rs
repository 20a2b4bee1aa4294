//! The cells of all tables as one system: each cell a variable, each sum an equation.
//!
//! Nothing here knows what a cell counts. A cell that two tables share is one variable; a cell that
//! no table publishes, but that ties two of them together, is a variable too ([`State::Latent`]).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A cell, by its place in [`System::cells`].
pub type CellId = usize;
/// A row of a table: what one unit's total is split into there.
pub type RowId = usize;

/// What readers see of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The count, zero included.
    Published,
    /// That it isn't published: whoever knows that zeros are takes it for 1 at least.
    Hidden,
    /// Nothing, and no table has it. It is protected as if it were hidden, since whoever could
    /// compute it would know it.
    Latent,
    /// Nothing of its row, zeros included.
    Dropped,
}

/// A cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The people whose main enrolment is in it.
    pub value: i64,
    /// Those who are in it by any enrolment.
    pub people: i64,
    pub state: State,
    /// Few enough people to be protected.
    pub sensitive: bool,
    /// The least width of what an attacker can say of it, in people: the threshold, less one.
    pub gap: i64,
    /// Published whatever happens.
    pub fixed: bool,
    /// The row that it can be dropped with.
    pub row: Option<RowId>,
}

impl Cell {
    /// Whether an attacker doesn't know its value.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.state != State::Published
    }

    /// Whether one person is in it, and knows it.
    #[must_use]
    pub fn single(&self) -> bool {
        self.people == 1
    }

    /// The least value that an attacker has to allow. A cell that is hidden for its second
    /// enrolments may have nobody's main one.
    #[must_use]
    pub fn least(&self) -> i64 {
        if self.state == State::Dropped { 0 } else { self.value.min(1) }
    }

    /// How far it can go down.
    #[must_use]
    pub fn slack(&self) -> i64 {
        self.value - self.least()
    }

    /// Whether it may be hidden for the sake of another: zeros are published.
    #[must_use]
    pub fn may_hide(&self) -> bool {
        self.state == State::Published && !self.fixed && self.value > 0
    }
}

/// A total and what it is the sum of.
#[derive(Debug, Clone)]
pub struct Equation {
    pub total: CellId,
    pub parts: Vec<CellId>,
}

impl Equation {
    /// Every cell, the total first.
    pub fn cells(&self) -> impl Iterator<Item = CellId> + '_ {
        std::iter::once(self.total).chain(self.parts.iter().copied())
    }

    /// What a cell counts for in the equation `parts - total = 0`.
    #[must_use]
    pub fn sign(&self, cell: CellId) -> i64 {
        if cell == self.total { -1 } else { 1 }
    }
}

/// The system.
#[derive(Debug, Clone, Default)]
pub struct System {
    pub cells: Vec<Cell>,
    pub equations: Vec<Equation>,
    /// The cells of each row, and the total that it splits.
    pub rows: Vec<Row>,
    /// The equations of each cell.
    of_cell: Vec<Vec<usize>>,
    /// For each cell, the cells that sums of one part say are the same, itself included.
    twins: Vec<Rc<[CellId]>>,
}

/// What one unit's total is split into by one table.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub cells: Vec<CellId>,
    /// The unit's total, which other tables have too.
    pub unit: Option<CellId>,
    pub dropped: bool,
}

impl System {
    /// A system of these cells and equations, with the rows that can be dropped.
    #[must_use]
    pub fn new(cells: Vec<Cell>, equations: Vec<Equation>, rows: Vec<Row>) -> Self {
        let mut of_cell = vec![Vec::new(); cells.len()];
        for (at, equation) in equations.iter().enumerate() {
            for cell in equation.cells() {
                if let Some(equations) = of_cell.get_mut(cell) {
                    equations.push(at);
                }
            }
        }
        let twins = twins(cells.len(), &equations);
        Self { cells, equations, rows, of_cell, twins }
    }

    /// The cells that have the same people as this one by sums of one part, itself included: one
    /// unknown.
    #[must_use]
    pub fn twins(&self, cell: CellId) -> &[CellId] {
        &self.twins[cell]
    }

    /// Whether an attacker knows none of a cell's twins.
    #[must_use]
    pub fn is_unknown(&self, cell: CellId) -> bool {
        self.twins[cell].iter().all(|twin| self.cells[*twin].moves())
    }

    /// How far an unknown can go down.
    #[must_use]
    pub fn slack(&self, cell: CellId) -> i64 {
        self.twins[cell].iter().map(|twin| self.cells[*twin].slack()).min().unwrap_or_default()
    }

    /// The equations that a cell is in.
    pub fn equations_of(&self, cell: CellId) -> impl Iterator<Item = &Equation> {
        self.of_cell[cell].iter().map(|at| &self.equations[*at])
    }

    /// The places of the equations that a cell is in.
    #[must_use]
    pub fn equation_ids(&self, cell: CellId) -> &[usize] {
        &self.of_cell[cell]
    }

    /// Hides a cell; false when it isn't published.
    pub fn hide(&mut self, cell: CellId) -> bool {
        let may = self.cells[cell].may_hide();
        if may {
            self.cells[cell].state = State::Hidden;
        }
        may
    }

    /// Takes a row away: nothing of it is published, zeros included. What an attacker may still
    /// say of its cells is what the unit's own total says, if that is published: to one of its
    /// people, how many the others are.
    pub fn drop_row(&mut self, row: RowId) -> BTreeSet<CellId> {
        self.rows[row].dropped = true;
        let cells = self.rows[row].cells.clone();
        let unit = self.rows[row].unit.map(|unit| self.cells[unit].clone());
        let known = unit.filter(|unit| !unit.moves()).map(|unit| (unit.value - 1).max(0));
        for cell in &cells {
            let cell = &mut self.cells[*cell];
            // What no table has was never there to be dropped.
            if cell.state == State::Latent {
                continue;
            }
            cell.state = State::Dropped;
            cell.gap = cell.gap.min(known.unwrap_or(cell.gap));
        }
        cells.into_iter().collect()
    }

    /// The first equation that doesn't hold, if the cells were not counted as the equations say.
    #[must_use]
    pub fn broken(&self) -> Option<usize> {
        self.equations.iter().position(|equation| {
            let parts: i64 = equation.parts.iter().map(|part| self.cells[*part].value).sum();
            parts != self.cells[equation.total].value
        })
    }
}

fn twins(cells: usize, equations: &[Equation]) -> Vec<Rc<[CellId]>> {
    let pairs = equations.iter().filter_map(|equation| match equation.parts.as_slice() {
        [only] => Some((equation.total, *only)),
        _ => None,
    });
    let firsts = firsts(cells, &pairs.collect::<Vec<_>>());
    let mut members: BTreeMap<CellId, Vec<CellId>> = BTreeMap::new();
    for (cell, first) in firsts.iter().enumerate() {
        members.entry(*first).or_default().push(cell);
    }
    let members: BTreeMap<CellId, Rc<[CellId]>> =
        members.into_iter().map(|(first, cells)| (first, cells.into())).collect();
    firsts.iter().map(|first| Rc::clone(&members[first])).collect()
}

/// For each cell, the first of those that pairs tie it to.
pub(super) fn firsts(cells: usize, pairs: &[(CellId, CellId)]) -> Vec<CellId> {
    let mut firsts: Vec<CellId> = (0..cells).collect();
    // Each pass takes the first further along the pairs: as many passes as levels of totals.
    loop {
        let before = firsts.clone();
        for (one, other) in pairs {
            let first = firsts[*one].min(firsts[*other]);
            (firsts[*one], firsts[*other]) = (first, first);
        }
        if firsts == before {
            return firsts;
        }
    }
}
