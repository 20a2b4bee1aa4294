//! Who is new since the snapshot before, who stayed, who moved and who left, by académie.
//!
//! ```text
//! now(a)    = nouveau(a) + venu(a)  + reste(a)
//! before(a) = reste(a)   + sorti(a) + parti(a)      sums of venu and of sorti: the same people
//! ```
//!
//! `sorti`, those who moved to another académie, is in no table, and `before` is published by the
//! snapshot before or secret there: both are cells of the system, so that neither is told by the
//! others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::identity::student::StudentId;

use super::cells::Cube;
use super::tally::Counts;
use crate::counting::whereabouts::Whereabouts;
use crate::dimensions::{Dimension, EVERYBODY, Flow, Key, Nomenclature, TOTAL, Value};
use crate::disclosure::system::{CellId, Equation};

/// What was told of cells by the snapshot before: students, and enrolments where it counts them.
pub(crate) type Before = HashMap<Key, (i64, Option<i64>)>;

/// How many students each flow has, by académie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows(BTreeMap<String, [i64; Flow::ALL.len()]>);

impl Flows {
    /// The flows between two snapshots. A student whose two identities were found to be one in
    /// between has left by one of them.
    #[must_use]
    pub fn between(before: &Whereabouts, now: &Whereabouts) -> Self {
        let mut flows = Self::default();
        let mut left: Vec<(StudentId, &str)> = Vec::new();
        for (academy, students) in before.academies() {
            left.extend(students.iter().map(|student| (*student, academy)));
            flows.add(academy, Flow::Before, students.len());
        }
        left.sort_unstable();
        let mut stays = vec![false; left.len()];
        for (academy, students) in now.academies() {
            for student in students {
                let then = left.binary_search_by_key(student, |(student, _)| *student).ok();
                let flow = match then.map(|at| left[at].1) {
                    None => Flow::New,
                    Some(then) if then == academy => Flow::Stayed,
                    Some(then) => {
                        flows.add(then, Flow::MovedAway, 1);
                        Flow::MovedHere
                    }
                };
                flows.add(academy, flow, 1);
                if let Some(at) = then {
                    stays[at] = true;
                }
            }
        }
        let gone = left.iter().zip(&stays).filter(|(_, stays)| !**stays);
        for ((_, academy), _) in gone {
            flows.add(academy, Flow::Left, 1);
        }
        flows
    }

    fn add(&mut self, academy: &str, flow: Flow, students: usize) {
        let students = i64::try_from(students).unwrap_or(i64::MAX);
        if !self.0.contains_key(academy) {
            self.0.insert(academy.to_owned(), Default::default());
        }
        if let Some(counts) = self.0.get_mut(academy) {
            counts[flow as usize] += students;
        }
    }

    /// The cells of each flow, those of nobody included.
    pub(super) fn cells(&self, all: &Nomenclature) -> Vec<(Key, Counts)> {
        let mut cells = Vec::new();
        for flow in Flow::ALL {
            let mut everywhere = 0;
            for (academy, counts) in &self.0 {
                let Some(place) = all.find(Dimension::Place, 2, academy) else { continue };
                let students = counts[flow as usize];
                everywhere += students;
                cells.push((of(place, flow), Counts { students, ..Counts::default() }));
            }
            // Whoever moved is one person, here and there.
            if flow != Flow::MovedAway && !cells.is_empty() {
                let students = everywhere;
                cells.push((of(TOTAL, flow), Counts { students, ..Counts::default() }));
            }
        }
        cells
    }
}

/// The cell of a flow in a place.
pub(crate) fn of(place: Value, flow: Flow) -> Key {
    let mut key = EVERYBODY;
    key[Dimension::Place.at()] = place;
    key[Dimension::Flow.at()] = flow.value();
    key
}

/// The flow that a cell counts, if it does.
pub(crate) fn flow_of(key: &Key) -> Option<Flow> {
    Flow::of(key[Dimension::Flow.at()])
}

/// The cells of flows that no table has, for whoever has those of tables alone: how many there are
/// isn't known to them, but for what the snapshot before told.
pub(crate) fn untold(tables: &[(Key, Counts)], before: &Before) -> Vec<(Key, Counts)> {
    let mut untold = Vec::new();
    for place in places_of(tables) {
        let students = before.get(&total_of(place)).map_or(0, |(students, _)| *students);
        untold.push((of(place, Flow::Before), Counts { students, ..Counts::default() }));
        if place != TOTAL {
            untold.push((of(place, Flow::MovedAway), Counts::default()));
        }
    }
    untold
}

/// The places whose flows are counted.
fn places_of(cells: &[(Key, Counts)]) -> BTreeSet<Value> {
    let of_flows = cells.iter().filter(|(key, _)| flow_of(key).is_some());
    of_flows.map(|(key, _)| key[Dimension::Place.at()]).collect()
}

/// Everybody in a place.
fn total_of(place: Value) -> Key {
    let mut key = EVERYBODY;
    key[Dimension::Place.at()] = place;
    key
}

/// The sums of the flows of a cube, and the cells that the snapshot before told.
pub(super) fn tie(cube: &Cube, before: &Before) -> (Vec<Equation>, BTreeSet<CellId>) {
    let places = places_of(&cube.cells);
    let cell = |key: Key| cube.places.get(&key).copied();
    let flow = |place: Value, flow: Flow| cell(of(place, flow));
    let mut sums: Vec<(Option<CellId>, Vec<Option<CellId>>)> = Vec::new();
    let mut told = BTreeSet::new();
    for place in &places {
        let now = [Flow::New, Flow::MovedHere, Flow::Stayed].map(|one| flow(*place, one));
        sums.push((cell(total_of(*place)), now.to_vec()));
        // In the country, whoever moved away is whoever moved.
        let away = if *place == TOTAL { Flow::MovedHere } else { Flow::MovedAway };
        let then = [Flow::Stayed, away, Flow::Left].map(|one| flow(*place, one));
        sums.push((flow(*place, Flow::Before), then.to_vec()));
        if before.contains_key(&total_of(*place)) {
            told.extend(flow(*place, Flow::Before));
        }
    }
    for one in Flow::ALL {
        let total = if one == Flow::MovedAway { Flow::MovedHere } else { one };
        let academies = places.iter().filter(|place| **place != TOTAL);
        let parts = academies.map(|place| flow(*place, one)).collect();
        sums.push((flow(TOTAL, total), parts));
    }
    let equations = sums.into_iter().filter_map(|(total, parts)| {
        let parts: Vec<CellId> = parts.into_iter().collect::<Option<_>>()?;
        Some(Equation { total: total?, parts }).filter(|equation| !equation.parts.is_empty())
    });
    (equations.collect(), told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whereabouts(academies: &[(&str, &[StudentId])]) -> Whereabouts {
        let academies: BTreeMap<&str, &[StudentId]> = academies.iter().copied().collect();
        serde_json::from_value(serde_json::to_value(academies).unwrap()).unwrap()
    }

    #[test]
    fn whoever_was_there_stays_moves_or_leaves_and_the_others_are_new() {
        let students: [StudentId; 5] = std::array::from_fn(|_| StudentId::random());
        let [stays, moves, leaves, comes, comes_too] = students;
        let before = whereabouts(&[("A01", &[stays, moves]), ("A09", &[leaves])]);
        let now = whereabouts(&[("A01", &[stays, comes]), ("A17", &[moves, comes_too])]);
        let flows = Flows::between(&before, &now);
        let counts = |academy: &str| flows.0[academy];
        // New, moved here, stayed; left, moved away, before.
        assert_eq!(counts("A01"), [1, 0, 1, 0, 1, 2]);
        assert_eq!(counts("A17"), [1, 1, 0, 0, 0, 0]);
        assert_eq!(counts("A09"), [0, 0, 0, 1, 0, 1]);
    }
}
