//! Rounds of attack and repair, until every hidden cell is protected.
//!
//! What is hidden stays hidden, so each round leaves an attacker less, and a proof stays one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::attack::{self, Population};
use super::cover;
use super::moves::{self, Movable};
use super::system::{CellId, Equation, State, System, firsts};

/// Rounds, and attacks in all, before everything but the national total is hidden: so that a system
/// that is too large ends as one that isn't proved.
const MOST_ROUNDS: usize = 24;
const MOST_ATTACKS: usize = 80_000;
/// The rounds after these look far around each cell, which takes longer and is for the few left.
const NEAR_ROUNDS: usize = 2;

/// Sums around a cell that are looked at for room.
const MOST_SUMS: usize = 400;
/// A sum of which everything is hidden at once, and how many cells of a larger one lead further.
const SMALL_SUM: usize = 8;

/// What protecting took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protection {
    pub cells: usize,
    pub sensitive: usize,
    /// Hidden, sensitive ones and those of dropped rows included.
    pub hidden: usize,
    pub dropped_rows: usize,
    pub rounds: usize,
    /// Attacks by linear programming.
    pub attacks: usize,
    /// Every hidden cell is; if not, everything but the national total is hidden.
    pub proved: bool,
}

/// Hides what has to be hidden, and proves that it is enough.
pub fn protect(system: &mut System, moves: &dyn Movable) -> Protection {
    let mut attacker = Attacker::new(system, moves);
    cover::cover(system);
    for round in 1..=MOST_ROUNDS {
        attacker.far = round > NEAR_ROUNDS;
        let weak = attacker.weak_cells(system);
        if attacker.attacks > MOST_ATTACKS {
            break;
        }
        if weak.is_empty() {
            return Protection { rounds: round, proved: true, ..told(system, attacker.attacks) };
        }
        let mut changed = false;
        for (cell, known) in weak {
            changed |= attacker.hide_more(system, cell, &known) || give_room(system, cell);
        }
        // Nothing is left to hide near what is weak: more rounds would find the same.
        if !changed {
            break;
        }
    }
    blackout(system);
    told(system, attacker.attacks)
}

/// Hides the sensitive cells, and nothing for their sake: for readers who may know them.
pub fn hide_sensitive(system: &mut System) -> Protection {
    cover::hide_sensitive(system);
    told(system, 0)
}

/// The hidden cells that aren't protected, of a system whose values are a population that agrees
/// with what is published.
#[must_use]
pub fn narrow_cells(system: &System, moves: &dyn Movable) -> Vec<CellId> {
    let mut attacker = Attacker::new(system, moves);
    attacker.far = true;
    attacker.weak_cells(system).into_keys().collect()
}

fn told(system: &System, attacks: usize) -> Protection {
    let count =
        |state: fn(State) -> bool| system.cells.iter().filter(|cell| state(cell.state)).count();
    Protection {
        cells: count(|state| state != State::Latent),
        sensitive: system.cells.iter().filter(|cell| cell.sensitive).count(),
        hidden: count(|state| matches!(state, State::Hidden | State::Dropped)),
        dropped_rows: system.rows.iter().filter(|row| row.dropped).count(),
        attacks,
        ..Protection::default()
    }
}

/// What is proved so far.
struct Attacker<'a> {
    moves: &'a dyn Movable,
    proofs: Vec<Option<Vec<Population>>>,
    /// Cells that nobody's knowledge of their own cell gives away.
    clear: Vec<bool>,
    /// Cells with another of one person, whose knowledge of that one a proof allows for.
    allowed_for: BTreeSet<(CellId, CellId)>,
    /// Cells of one person each, by the first cell that has the same one.
    persons: Vec<CellId>,
    /// Whether it looks far around each cell, which takes longer and is for the few that are left.
    far: bool,
    attacks: usize,
}

impl<'a> Attacker<'a> {
    fn new(system: &System, moves: &'a dyn Movable) -> Self {
        let cells = system.cells.len();
        Self {
            moves,
            proofs: vec![None; cells],
            clear: vec![false; cells],
            allowed_for: BTreeSet::new(),
            persons: same_persons(system),
            far: false,
            attacks: 0,
        }
    }

    /// Attacks every cell that has to be protected. Of those that aren't, says what the attacker
    /// knows besides: cells of one person, who is in them.
    fn weak_cells(&mut self, system: &System) -> BTreeMap<CellId, BTreeSet<CellId>> {
        let mut weak = BTreeMap::new();
        for cell in to_protect(system) {
            // What is left over when attacks are spent isn't proved.
            let spent = self.attacks > MOST_ATTACKS;
            if self.proofs[cell].is_none() && (spent || !self.prove(system, cell)) {
                weak.insert(cell, BTreeSet::new());
            }
        }
        for cell in to_protect(system).filter(|cell| system.cells[*cell].sensitive) {
            if weak.contains_key(&cell) || self.clear[cell] {
                continue;
            }
            if self.attacks > MOST_ATTACKS {
                weak.insert(cell, BTreeSet::new());
                continue;
            }
            match self.known_by_one(system, cell) {
                Some(known) => {
                    weak.insert(cell, known);
                }
                None => self.clear[cell] = true,
            }
        }
        weak
    }

    /// Hides what the cheapest proof of a cell needs hidden; false if there is none.
    fn hide_more(&mut self, system: &mut System, cell: CellId, known: &BTreeSet<CellId>) -> bool {
        // An earlier repair of the round may have been enough.
        if known.is_empty() && self.proofs[cell].is_some() {
            return true;
        }
        self.attacks += 1;
        let proof = attack::cheapest(system, cell, known)
            .or_else(|| moves::prove(system, self.moves, cell, known, true));
        let Some(proof) = proof else { return false };
        // What the proof balances needs no cover: the next round attacks what is hidden with it.
        for moved in proof.iter().flat_map(BTreeMap::keys) {
            system.hide(*moved);
        }
        for population in &proof {
            self.share(system, population);
        }
        self.proofs[cell] = Some(proof);
        self.allowed_for.extend(known.iter().map(|known| (cell, *known)));
        true
    }

    /// One population often proves several cells.
    fn share(&mut self, system: &System, population: &Population) {
        for (cell, by) in population {
            if by.abs() >= system.cells[*cell].gap && self.proofs[*cell].is_none() {
                self.proofs[*cell] = Some(vec![population.clone()]);
            }
        }
    }

    fn attack(
        &mut self,
        system: &System,
        cell: CellId,
        known: &BTreeSet<CellId>,
    ) -> Option<Vec<Population>> {
        self.attacks += 1;
        let near = attack::prove(system, cell, known, attack::Range::Near);
        near.or_else(|| moves::prove(system, self.moves, cell, known, false)).or_else(|| {
            let further = if self.far { attack::Range::Far } else { attack::Range::Middle };
            attack::prove(system, cell, known, further)
        })
    }

    fn prove(&mut self, system: &System, cell: CellId) -> bool {
        let Some(proof) = self.attack(system, cell, &BTreeSet::new()) else {
            // A sum may say that a cell of a dropped row is empty: that is no secret.
            let one = &system.cells[cell];
            return one.state == State::Dropped
                && one.value == 0
                && !attack::can_rise(system, cell);
        };
        for population in &proof {
            self.share(system, population);
        }
        self.proofs[cell] = Some(proof);
        true
    }

    /// The cells by whose count their only person can say more of this one than others can. Where
    /// the proof moves such cells, another one is needed that doesn't move any, or one for each.
    /// Nobody is told of by what they know of themselves.
    fn known_by_one(&mut self, system: &System, cell: CellId) -> Option<BTreeSet<CellId>> {
        let moved = self.proofs[cell].iter().flatten().flat_map(|population| population.keys());
        let singles: BTreeSet<CellId> = moved
            .copied()
            .filter(|other| system.cells[*other].single())
            .filter(|other| self.persons[*other] != self.persons[cell])
            .collect();
        if singles.is_empty() || self.attack(system, cell, &singles).is_some() {
            return None;
        }
        for single in singles {
            let known = BTreeSet::from([single]);
            let is_allowed_for = self.allowed_for.contains(&(cell, single));
            if !is_allowed_for && self.attack(system, cell, &known).is_none() {
                return Some(known);
            }
        }
        None
    }
}

/// For each cell, the first that has the same only person, itself mostly: a sum of one person has
/// that of its only part.
fn same_persons(system: &System) -> Vec<CellId> {
    let same =
        |one: CellId, other: CellId| system.cells[one].single() && system.cells[other].single();
    let mut pairs: Vec<(CellId, CellId)> = Vec::new();
    for equation in &system.equations {
        let parts = equation.parts.iter().filter(|part| same(equation.total, **part));
        pairs.extend(parts.map(|part| (equation.total, *part)));
    }
    firsts(system.cells.len(), &pairs)
}

/// The cells that have to be protected: the sensitive ones, and those that a reader can't tell from
/// them. A cell of twice the gap is told from them even by an interval that is narrower.
fn to_protect(system: &System) -> impl Iterator<Item = CellId> + '_ {
    (0..system.cells.len()).filter(|id| {
        let cell = &system.cells[*id];
        match cell.state {
            State::Published => false,
            State::Latent => cell.sensitive,
            // Whoever may not be there isn't told of.
            State::Dropped => cell.sensitive && cell.people > 0,
            State::Hidden => cell.sensitive || cell.value < 2 * cell.gap,
        }
    })
}

/// Takes a cell's row away. If it is already, the nearest sum that can gives it room: of those in it
/// who are few, the rows of the smallest units go, since who isn't shown may be nobody; else it
/// hides what it has. False when nothing around has anything left to hide.
fn give_room(system: &mut System, cell: CellId) -> bool {
    if let Some(row) = system.cells[cell].row.filter(|row| !system.rows[*row].dropped) {
        drop_row(system, row);
        return true;
    }
    let Some((rows, cells)) = nearest_room(system, cell) else { return false };
    for row in rows {
        drop_row(system, row);
    }
    hide_all(system, cells);
    true
}

/// The rows to take away, or else the cells to hide, of the nearest sum that has any.
fn nearest_room(system: &System, cell: CellId) -> Option<(Vec<usize>, BTreeSet<CellId>)> {
    let gap = system.cells[cell].gap;
    let mut nearest = attack::Nearest::of(system, cell);
    for _ in 0..MOST_SUMS {
        let (at, steps) = nearest.next()?;
        let equation = &system.equations[at];
        let rows = rows_of_few(system, equation, gap);
        if !rows.is_empty() {
            return Some((rows, BTreeSet::new()));
        }
        let open = equation.cells().filter(|one| system.cells[*one].may_hide());
        let cells: BTreeSet<CellId> = if equation.parts.len() <= SMALL_SUM {
            open.collect()
        } else {
            let enough = |one: &CellId| system.cells[*one].value > gap;
            open.filter(enough).min_by_key(|one| system.cells[*one].value).into_iter().collect()
        };
        if !cells.is_empty() {
            return Some((Vec::new(), cells));
        }
        for other in equation.cells().filter(|other| system.is_unknown(*other)).take(SMALL_SUM) {
            nearest.reach(other, steps + 1);
        }
    }
    None
}

/// The rows by which a sum's hidden few have no room, of the smallest units, as many as give it.
fn rows_of_few(system: &System, equation: &Equation, gap: i64) -> Vec<usize> {
    let few = |part: &&CellId| {
        let cell = &system.cells[**part];
        cell.state == State::Hidden && cell.sensitive && cell.value > 0
    };
    let mut rows: Vec<(i64, usize, i64)> = equation
        .parts
        .iter()
        .filter(few)
        .filter_map(|part| Some((system.cells[*part].row?, system.cells[*part].value)))
        .filter(|(row, _)| !system.rows[*row].dropped)
        .map(|(row, value)| {
            let unit = system.rows[row].unit.map_or(i64::MAX, |unit| system.cells[unit].value);
            (unit, row, value)
        })
        .collect();
    rows.sort_unstable();
    let mut room = 0;
    let enough = |(_, _, value): &(i64, usize, i64)| {
        let before = room;
        room += value;
        before < gap
    };
    rows.into_iter().take_while(enough).map(|(_, row, _)| row).collect()
}

fn drop_row(system: &mut System, row: usize) {
    let cells = system.drop_row(row);
    settle(system, &cells);
}

/// Hides cells, and covers the equations that they are in; false when none was published.
fn hide_all(system: &mut System, cells: BTreeSet<CellId>) -> bool {
    let hidden: BTreeSet<CellId> = cells.into_iter().filter(|cell| system.hide(*cell)).collect();
    settle(system, &hidden);
    !hidden.is_empty()
}

fn settle(system: &mut System, cells: &BTreeSet<CellId>) {
    let equations: BTreeSet<usize> =
        cells.iter().flat_map(|cell| system.equation_ids(*cell)).copied().collect();
    cover::settle(system, VecDeque::from_iter(equations));
}

/// Hides everything but what is published whatever happens, which alone can tell of nobody more than
/// it does.
fn blackout(system: &mut System) {
    for cell in system.cells.iter_mut().filter(|cell| !cell.fixed && cell.state != State::Latent) {
        cell.state = State::Dropped;
    }
    for row in &mut system.rows {
        row.dropped = true;
    }
}
