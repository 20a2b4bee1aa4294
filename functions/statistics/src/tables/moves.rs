//! What changes when people move: other populations that agree with every sum, in whole numbers,
//! without a solver.
//!
//! People who differ from what they are in one dimension (another sex, another régime), or who are
//! enrolled elsewhere and are otherwise the same, change a few cells of each shape, and every sum
//! holds. Which other dimensions they have is free where the cell in question doesn't say, so the
//! shapes that share no free dimension are decided one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::domain::territory;
use shared::domain::uai::Uai;

use super::cells::Cube;
use super::flows::{self, flow_of};
use super::shape::{SHAPES, is_latent};
use super::tally::{ancestors, finest};
use crate::dimensions::{Dimension, EVERYBODY, Flow, Key, TOTAL, Value};
use crate::disclosure::moves::{Change, Cost, Movable};
use crate::disclosure::system::CellId;

/// Places of establishments that people are taken from, or that they come to, as many of each kind
/// of neighbour.
const MOST_NEAR: usize = 10;

/// The moves of a cube.
pub struct Moves<'a> {
    cube: &'a Cube,
    knows_sites: bool,
    /// Where people are enrolled: a place of the finest level and an establishment. Those with most
    /// students first.
    sites: Vec<Site>,
    leaves: HashMap<Dimension, Vec<Value>>,
}

type Site = (Value, Value);

impl<'a> Moves<'a> {
    #[must_use]
    pub fn of(cube: &'a Cube) -> Self {
        let known = cube.known_sites();
        let knows_sites = known.is_some();
        let mut sites = known.unwrap_or_else(|| sites_of_codes(cube));
        let students = |site: &Site| {
            let mut key = EVERYBODY;
            key[Dimension::Supplier.at()] = site.1;
            count(cube, &key)
        };
        sites.sort_by_key(|site| (-students(site), *site));
        let leaves = Dimension::ALL.map(|dimension| (dimension, leaves(cube, dimension)));
        Self { cube, knows_sites, sites, leaves: leaves.into_iter().collect() }
    }

    /// The values of a dimension that a cell's people may have, the most usual first.
    fn values(&self, dimension: Dimension, within: Value) -> impl Iterator<Item = Value> + '_ {
        let leaves = self.leaves.get(&dimension).map(Vec::as_slice).unwrap_or_default();
        leaves.iter().copied().filter(move |leaf| self.is_within(dimension, *leaf, within))
    }

    fn is_within(&self, dimension: Dimension, value: Value, above: Value) -> bool {
        let all = &self.cube.nomenclature;
        above == TOTAL || all.lift(dimension, value, all.level(dimension, above)) == above
    }

    fn has(&self, key: &Key, site: Site) -> bool {
        self.is_within(Dimension::Place, site.0, key[Dimension::Place.at()])
            && self.is_within(Dimension::Supplier, site.1, key[Dimension::Supplier.at()])
    }

    /// Sites near one: those of its département, its académie, its région, and the largest.
    fn near(&self, site: Site) -> Vec<Site> {
        let all = &self.cube.nomenclature;
        let mut near: BTreeSet<Site> = BTreeSet::new();
        for level in [3, 2, 1, 0] {
            let around = all.lift(Dimension::Place, site.0, level);
            let same = |other: &&Site| {
                **other != site && all.lift(Dimension::Place, other.0, level) == around
            };
            near.extend(self.sites.iter().filter(same).take(MOST_NEAR));
        }
        near.into_iter().collect()
    }

    /// The cheapest way from `from` to `to`, which differ in the dimensions `moved`: what the others
    /// are is chosen for each group of shapes that share one.
    fn way(
        &self,
        (from, to): (&Key, &Key),
        groups: &[Group],
        within: &Key,
        cost: Cost<'_>,
    ) -> Option<(u64, Change)> {
        let mut all = Change::new();
        for group in groups {
            let mut best: Option<(u64, Change)> = None;
            for chosen in self.choices(&group.free, within) {
                let with = |base: &Key| {
                    let mut key = *base;
                    for (dimension, value) in &chosen {
                        key[dimension.at()] = *value;
                    }
                    key
                };
                let change = self.change(&group.shapes, &with(from), &with(to));
                let Some(change) = change else { continue };
                let Some(price) = price(&change, cost) else { continue };
                if best.as_ref().is_none_or(|(least, _)| price < *least) {
                    best = Some((price, change));
                }
                if price == 0 {
                    break;
                }
            }
            // Margins that two groups share change by the same.
            all.extend(best?.1);
        }
        let flows = self.flows(from, to)?.into_iter();
        let flow = flows.min_by_key(|change| price(change, cost).unwrap_or(u64::MAX));
        all.extend(flow.unwrap_or_default());
        Some((price(&all, cost)?, all))
    }

    /// What becomes of somebody who is in another académie, as the flows since the snapshot before
    /// have it: they are new there, or moved there from a third one. Nothing if they stay, or there
    /// are no flows; `None` if they can be neither.
    fn flows(&self, from: &Key, to: &Key) -> Option<Vec<Change>> {
        let academy = |key: &Key| {
            self.cube.nomenclature.lift(Dimension::Place, key[Dimension::Place.at()], 2)
        };
        let (left, reached) = (academy(from), academy(to));
        let has_flows = self.cube.places.contains_key(&flows::of(TOTAL, Flow::Before));
        if left == reached || !has_flows {
            return Some(Vec::new());
        }
        let change = |flow: Flow| {
            let cell = |place: Value| self.cube.places.get(&flows::of(place, flow)).copied();
            Some(Change::from([(cell(left)?, -1), (cell(reached)?, 1)]))
        };
        let changes: Vec<Change> =
            [Flow::New, Flow::MovedHere].into_iter().filter_map(change).collect();
        (!changes.is_empty()).then_some(changes)
    }

    /// Every choice of some dimensions.
    fn choices(&self, free: &[Dimension], within: &Key) -> Vec<Vec<(Dimension, Value)>> {
        let mut choices = vec![Vec::new()];
        for dimension in free {
            let values: Vec<Value> = self.values(*dimension, within[dimension.at()]).collect();
            choices = choices
                .into_iter()
                .flat_map(|chosen: Vec<_>| {
                    values.iter().map(move |value| {
                        let mut chosen = chosen.clone();
                        chosen.push((*dimension, *value));
                        chosen
                    })
                })
                .collect();
        }
        choices
    }

    /// What one person changes in some shapes by going from one key to another; `None` where that
    /// is a cell of nobody that isn't there.
    fn change(&self, shapes: &[usize], from: &Key, to: &Key) -> Option<Change> {
        let all = &self.cube.nomenclature;
        let mut by: BTreeMap<Key, i64> = BTreeMap::new();
        for shape in shapes.iter().filter_map(|at| SHAPES.get(*at)) {
            for (key, sign) in [(from, -1), (to, 1)] {
                let ancestors = ancestors(shape, &finest(shape, key, all), all);
                let canonical: BTreeSet<Key> =
                    ancestors.iter().map(|key| self.cube.canonical(key)).collect();
                for key in canonical {
                    *by.entry(key).or_default() += sign;
                }
            }
        }
        // A key of two shapes is one cell.
        let mut change = Change::new();
        for (key, by) in by.into_iter().filter(|(_, by)| *by != 0) {
            match self.cube.places.get(&key) {
                Some(cell) => {
                    change.insert(*cell, by.signum());
                }
                // Whoever has the files alone knows nothing of sites.
                None if !self.knows_sites && is_latent(&key, all) => {}
                None => return None,
            }
        }
        Some(change)
    }
}

impl Movable for Moves<'_> {
    fn cheapest(&self, cell: CellId, cost: Cost<'_>) -> Option<Change> {
        let within = self.cube.cells.get(cell)?.0;
        // What became of people isn't what they are: the solver looks for other flows.
        if flow_of(&within).is_some() {
            return None;
        }
        let mut best: Option<(u64, Change)> = None;
        let mut keep = |found: Option<(u64, Change)>| {
            if let Some((price, change)) = found
                && best.as_ref().is_none_or(|(least, _)| price < *least)
            {
                best = Some((price, change));
            }
            best.as_ref().is_some_and(|(price, _)| *price == 0)
        };
        let sites: Vec<Site> =
            self.sites.iter().copied().filter(|site| self.has(&within, *site)).collect();
        for dimension in Dimension::ALL {
            let own = within[dimension.at()];
            let is_place = matches!(dimension, Dimension::Place | Dimension::Supplier);
            if own == TOTAL || is_place {
                continue;
            }
            let groups = groups(&[dimension]);
            let crosses_sites = groups.iter().any(Group::crosses_sites);
            let most = if crosses_sites { MOST_NEAR } else { 1 };
            for site in sites.iter().take(most) {
                for to in self.values(dimension, own).take(MOST_NEAR) {
                    let others = self.values(dimension, TOTAL);
                    let outside = others.filter(|other| !self.is_within(dimension, *other, own));
                    for from in outside {
                        let at = |value: Value| {
                            let mut key = at_site(EVERYBODY, *site);
                            key[dimension.at()] = value;
                            key
                        };
                        if keep(self.way((&at(from), &at(to)), &groups, &within, cost)) {
                            return best.map(|(_, change)| change);
                        }
                    }
                }
            }
        }
        let is_of_place = [Dimension::Place, Dimension::Supplier];
        if is_of_place.iter().any(|dimension| within[dimension.at()] != TOTAL) {
            let groups = groups(&is_of_place);
            for to in sites.iter().take(MOST_NEAR) {
                for from in self.near(*to).into_iter().filter(|from| !self.has(&within, *from)) {
                    let ends = (&at_site(EVERYBODY, from), &at_site(EVERYBODY, *to));
                    if keep(self.way(ends, &groups, &within, cost)) {
                        return best.map(|(_, change)| change);
                    }
                }
            }
        }
        best.map(|(_, change)| change)
    }
}

fn at_site(mut key: Key, (place, supplier): Site) -> Key {
    (key[Dimension::Place.at()], key[Dimension::Supplier.at()]) = (place, supplier);
    key
}

fn price(change: &Change, cost: Cost<'_>) -> Option<u64> {
    change.iter().map(|(cell, by)| cost(*cell, *by)).sum()
}

/// Shapes whose free dimensions are chosen together.
#[derive(Debug)]
struct Group {
    shapes: Vec<usize>,
    free: Vec<Dimension>,
}

impl Group {
    fn crosses_sites(&self) -> bool {
        let crosses = |at: &usize| SHAPES[*at].levels.iter().any(|(one, _)| is_place(*one));
        self.shapes.iter().any(crosses)
    }
}

fn is_place(dimension: Dimension) -> bool {
    matches!(dimension, Dimension::Place | Dimension::Supplier)
}

/// The shapes that tell some dimensions, those that share another one together. Places are chosen
/// before.
fn groups(moved: &[Dimension]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, shape) in SHAPES.iter().enumerate() {
        let crossed = || shape.levels.iter().map(|(dimension, _)| *dimension);
        if !crossed().any(|dimension| moved.contains(&dimension)) {
            continue;
        }
        let free: Vec<Dimension> = crossed()
            .filter(|dimension| !moved.contains(dimension) && !is_place(*dimension))
            .collect();
        let (mut joined, others): (Vec<Group>, Vec<Group>) = groups
            .into_iter()
            .partition(|group| group.free.iter().any(|dimension| free.contains(dimension)));
        joined.push(Group { shapes: vec![at], free });
        let mut together = Group { shapes: Vec::new(), free: Vec::new() };
        for group in joined {
            together.shapes.extend(group.shapes);
            together.free.extend(group.free);
        }
        together.free.sort_unstable();
        together.free.dedup();
        groups = others;
        groups.push(together);
    }
    groups
}

fn count(cube: &Cube, key: &Key) -> i64 {
    let cell = cube.places.get(key).and_then(|place| cube.cells.get(*place));
    cell.map_or(0, |(_, counts)| counts.students)
}

/// The finest values of a dimension that anybody may have, the most usual first.
fn leaves(cube: &Cube, dimension: Dimension) -> Vec<Value> {
    let all = &cube.nomenclature;
    let finest = match dimension {
        Dimension::Regime | Dimension::Supplier | Dimension::Diploma => 2,
        Dimension::Place => 3,
        _ => 1,
    };
    let mut leaves: Vec<Value> = all.values(dimension, finest).collect();
    let students = |value: &Value| {
        let mut key = EVERYBODY;
        key[dimension.at()] = *value;
        count(cube, &key)
    };
    leaves.sort_by_key(|value| (-students(value), *value));
    leaves
}

/// Where establishments are by their UAI, for whoever doesn't know better.
fn sites_of_codes(cube: &Cube) -> Vec<Site> {
    let all = &cube.nomenclature;
    let site = |supplier: Value| {
        let uai = Uai::parse(all.code(Dimension::Supplier, supplier)).ok()?;
        let department = territory::of_uai(uai)?;
        Some((all.find(Dimension::Place, 3, department.code)?, supplier))
    };
    all.values(Dimension::Supplier, 2).filter_map(site).collect()
}
