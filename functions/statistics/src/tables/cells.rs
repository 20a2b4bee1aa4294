//! Every cell of every table, and the sums that tie them, as one system.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::flows::{self, Before, Flows, flow_of};
use super::shape::{RowKey, SHAPES, Shape, Thresholds, is_establishments, is_latent};
use super::tally::{Counts, Tally, ancestors};
use crate::dimensions::{Dimension, EVERYBODY, Flow, Key, Nomenclature, TOTAL, Value};
use crate::disclosure::system::{Cell, CellId, Equation, Row, State, System};

/// Cells with their counts, and the sums among them.
#[derive(Debug)]
pub struct Cube {
    pub nomenclature: Nomenclature,
    /// The cells, and the place of each in the system.
    pub cells: Vec<(Key, Counts)>,
    pub places: HashMap<Key, CellId>,
    pub equations: Vec<Equation>,
    /// Where establishments are, for whoever counted them.
    sites: Option<Sites>,
    /// Cells of whoever was counted before, that the snapshot before told.
    told_before: BTreeSet<CellId>,
}

impl Cube {
    /// Every cell of what was counted.
    #[must_use]
    pub fn of(mut tally: Tally) -> Self {
        fill(&mut tally);
        let sites = Sites::of(&tally);
        let mut cube = Self {
            nomenclature: tally.nomenclature,
            cells: Vec::new(),
            places: HashMap::new(),
            equations: Vec::new(),
            sites: None,
            told_before: BTreeSet::new(),
        };
        cube.place(EVERYBODY, Counts::default());
        let mut known = HashSet::new();
        for (at, shape) in SHAPES.iter().enumerate() {
            let mut all: HashMap<Key, Counts> = HashMap::new();
            for (key, counts) in &tally.finest[at] {
                for ancestor in ancestors(shape, key, &cube.nomenclature) {
                    all.entry(ancestor).or_default().add(*counts);
                }
            }
            for (key, repeated) in &tally.repeated[at] {
                all.entry(*key).or_default().repeated = *repeated;
            }
            // Sorted, so that two runs over the same register decide the same.
            let mut all: Vec<(Key, Counts)> = all.into_iter().collect();
            all.sort_unstable_by_key(|(key, _)| *key);
            for (key, counts) in &all {
                let counts = if shape.people_only { people_only(*counts) } else { *counts };
                cube.place(sites.canonical(key, &cube.nomenclature), counts);
            }
            let keys = all.iter().map(|(key, _)| *key);
            cube.tie(shape, keys, |key, all| sites.canonical(key, all), &mut known);
        }
        cube.sites = Some(sites);
        cube
    }

    /// Cells that are known already, such as those of published tables, with the sums among them
    /// that the shapes say.
    #[must_use]
    pub fn known(nomenclature: Nomenclature, cells: Vec<(Key, Counts)>) -> Self {
        let mut cube = Self {
            nomenclature,
            cells: Vec::new(),
            places: HashMap::new(),
            equations: Vec::new(),
            sites: None,
            told_before: BTreeSet::new(),
        };
        let keys: Vec<Key> = cells.iter().map(|(key, _)| *key).collect();
        for (key, counts) in cells {
            cube.place(key, counts);
        }
        let mut known = HashSet::new();
        for shape in &SHAPES {
            let of_shape = |key: &&Key| is_of(shape, key, &cube.nomenclature);
            let own: Vec<Key> = keys.iter().filter(of_shape).copied().collect();
            cube.tie(shape, own.into_iter(), |key, _| *key, &mut known);
        }
        cube
    }

    /// Adds the flows since the snapshot before, which told this of its cells.
    pub(crate) fn add_flows(&mut self, flows: &Flows, before: &Before) {
        for (key, counts) in flows.cells(&self.nomenclature) {
            self.place(key, counts);
        }
        self.tie_flows(before);
    }

    /// Adds what tables don't tell of the flows that are among the cells.
    pub(crate) fn add_untold_flows(&mut self, before: &Before) {
        for (key, counts) in flows::untold(&self.cells, before) {
            self.place(key, counts);
        }
        self.tie_flows(before);
    }

    fn tie_flows(&mut self, before: &Before) {
        let (equations, told) = flows::tie(self, before);
        self.equations.extend(equations);
        self.told_before = told;
    }

    fn place(&mut self, key: Key, counts: Counts) {
        let next = self.cells.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.cells.push((key, Counts::default()));
        }
        // One cell of two shapes: that which counts enrolments knows more.
        let (_, own) = &mut self.cells[place];
        own.students = own.students.max(counts.students);
        if counts.enrolments > own.enrolments {
            (own.enrolments, own.repeated) = (counts.enrolments, counts.repeated);
        }
    }

    /// The sums of a shape: each cell's, over the values one level below it in each dimension.
    fn tie(
        &mut self,
        shape: &Shape,
        keys: impl Iterator<Item = Key>,
        canonical: impl Fn(&Key, &Nomenclature) -> Key,
        known: &mut HashSet<Vec<CellId>>,
    ) {
        let mut sums: BTreeMap<(Key, usize), Vec<CellId>> = BTreeMap::new();
        for key in keys {
            let Some(part) = self.places.get(&canonical(&key, &self.nomenclature)) else {
                continue;
            };
            for (dimension, levels) in shape.levels {
                let level = self.nomenclature.level(*dimension, key[dimension.at()]);
                let above = levels.iter().copied().filter(|above| *above < level).max();
                let Some(above) = above else { continue };
                let mut total = key;
                total[dimension.at()] =
                    self.nomenclature.lift(*dimension, key[dimension.at()], above);
                sums.entry((total, dimension.at())).or_default().push(*part);
            }
        }
        for ((total, _), mut parts) in sums {
            let total = canonical(&total, &self.nomenclature);
            let Some(total) = self.places.get(&total).copied() else { continue };
            parts.sort_unstable();
            parts.dedup();
            // An establishment with one site is its own only part.
            if parts == [total] {
                continue;
            }
            let mut name = parts.clone();
            name.push(total);
            if known.insert(name) {
                self.equations.push(Equation { total, parts });
            }
        }
    }

    /// The key that the cell of a key is placed under.
    pub(super) fn canonical(&self, key: &Key) -> Key {
        self.sites.as_ref().map_or(*key, |sites| sites.canonical(key, &self.nomenclature))
    }

    /// Where establishments are: places of the finest level with an establishment; `None` for
    /// whoever has published cells alone.
    pub(super) fn known_sites(&self) -> Option<Vec<(Value, Value)>> {
        self.sites.as_ref().map(|sites| sites.all.iter().copied().collect())
    }

    /// The cells as variables, with their sums and rows.
    #[must_use]
    pub fn system(&self, thresholds: Thresholds) -> System {
        let mut rows: Vec<Row> = Vec::new();
        let mut of_key: HashMap<RowKey, usize> = HashMap::new();
        let mut cells = Vec::with_capacity(self.cells.len());
        for (id, (key, counts)) in self.cells.iter().enumerate() {
            let row = RowKey::of(key, &self.nomenclature).map(|row| {
                let place = *of_key.entry(row).or_insert_with(|| {
                    rows.push(Row { unit: self.places.get(&row.unit).copied(), ..Row::default() });
                    rows.len() - 1
                });
                rows[place].cells.push(id);
                place
            });
            let threshold = thresholds.of(key);
            let few = |count: i64| (1..threshold).contains(&count);
            let told_before = self.told_before.contains(&id);
            let fixed = *key == EVERYBODY || told_before;
            let latent = is_latent(key, &self.nomenclature) && !told_before;
            let secret_before = latent && counts.students > 0 && flow_of(key) == Some(Flow::Before);
            cells.push(Cell {
                value: counts.students,
                people: counts.students.max(counts.people()),
                state: if latent { State::Latent } else { State::Published },
                sensitive: !fixed
                    && (few(counts.students) || few(counts.people()) || secret_before),
                gap: threshold - 1,
                fixed,
                row,
            });
        }
        System::new(cells, self.equations.clone(), rows)
    }
}

/// A shape without enrolments knows nothing of them.
fn people_only(counts: Counts) -> Counts {
    Counts { students: counts.students, ..Counts::default() }
}

/// Whether a shape has a key: every dimension that it doesn't cross is a total, and the others are
/// at its levels.
fn is_of(shape: &Shape, key: &Key, all: &Nomenclature) -> bool {
    Dimension::ALL.iter().all(|dimension| {
        let level = all.level(*dimension, key[dimension.at()]);
        let own = shape.levels.iter().find(|(crossed, _)| crossed == dimension);
        own.map_or(level == 0, |(_, levels)| levels.contains(&level))
    })
}

/// Counts zero where a table has a value and nobody is.
fn fill(tally: &mut Tally) {
    for (at, shape) in SHAPES.iter().enumerate() {
        for dimension in shape.filled {
            let level = shape.levels.iter().find(|(crossed, _)| crossed == dimension);
            let level = level.and_then(|(_, levels)| levels.first().copied()).unwrap_or_default();
            let values: Vec<Value> = tally.nomenclature.values(*dimension, level).collect();
            let keys: Vec<Key> = tally.finest[at].keys().copied().collect();
            for mut key in keys {
                for value in &values {
                    key[dimension.at()] = *value;
                    tally.finest[at].entry(key).or_default();
                }
            }
        }
    }
}

/// Where each establishment is.
#[derive(Debug)]
struct Sites {
    /// Each place of the finest level with each establishment there.
    all: BTreeSet<(Value, Value)>,
    /// By establishment, the value of each level of place that all of it is in, if it is in one.
    only: HashMap<Value, [Option<Value>; 4]>,
}

impl Sites {
    fn of(tally: &Tally) -> Self {
        let all = &tally.nomenclature;
        let mut sites = BTreeSet::new();
        let mut only: HashMap<Value, [Option<Value>; 4]> = HashMap::new();
        for key in tally.finest[0].keys() {
            let (supplier, place) = (key[Dimension::Supplier.at()], key[Dimension::Place.at()]);
            sites.insert((place, supplier));
            let at = [0, 1, 2, 3].map(|level| Some(all.lift(Dimension::Place, place, level)));
            let known = only.entry(supplier).or_insert(at);
            for (known, here) in known.iter_mut().zip(at) {
                if *known != here {
                    *known = None;
                }
            }
        }
        Self { all: sites, only }
    }

    /// The cell of an establishment in a place is its cell anywhere, where all of it is there.
    fn canonical(&self, key: &Key, all: &Nomenclature) -> Key {
        let mut key = *key;
        let place = key[Dimension::Place.at()];
        if place != TOTAL && is_establishments(&key, all) {
            let level = usize::from(all.level(Dimension::Place, place));
            let sites = self.only.get(&key[Dimension::Supplier.at()]);
            if sites.is_some_and(|sites| sites[level] == Some(place)) {
                key[Dimension::Place.at()] = TOTAL;
            }
        }
        key
    }
}
