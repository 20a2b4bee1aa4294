//! Counts of the finest cells of each shape. Memory follows the cells, not the students.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::identity::stat::BirthClass;

use super::shape::{SHAPES, Shape};
use crate::dimensions::{Dimension, EVERYBODY, Key, Nomenclature, TOTAL, UNKNOWN};
use crate::facts::{EnrolmentFact, Fact};

/// What a cell counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Students by their main enrolment.
    pub students: i64,
    /// Enrolments.
    pub enrolments: i64,
    /// Enrolments beyond the first of a student in the cell: the people in it are the difference.
    pub repeated: i64,
}

impl Counts {
    /// Students with any enrolment in the cell.
    #[must_use]
    pub fn people(&self) -> i64 {
        self.enrolments - self.repeated
    }

    pub(super) fn add(&mut self, other: Self) {
        self.students += other.students;
        self.enrolments += other.enrolments;
        self.repeated += other.repeated;
    }
}

/// Counts, while they are gathered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Tally {
    pub nomenclature: Nomenclature,
    /// For each shape, its finest cells.
    pub(super) finest: Vec<HashMap<Key, Counts>>,
    /// For each shape, what students with several enrolments count twice, at every level.
    pub(super) repeated: Vec<HashMap<Key, i64>>,
}

/// A tally as it is kept between two invocations: a key of JSON is a text, and a cell is none.
#[derive(Serialize, Deserialize)]
struct Written {
    nomenclature: Nomenclature,
    finest: Vec<Vec<(Key, Counts)>>,
    repeated: Vec<Vec<(Key, i64)>>,
}

/// Cells that are of other shapes, or have values that their nomenclature hasn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cells of {0} shapes, or with a value of no dimension, where those of {count} are counted", count = SHAPES.len())]
struct NoTally(usize);

impl From<Tally> for Written {
    fn from(tally: Tally) -> Self {
        Self {
            nomenclature: tally.nomenclature,
            finest: tally.finest.into_iter().map(|cells| cells.into_iter().collect()).collect(),
            repeated: tally.repeated.into_iter().map(|cells| cells.into_iter().collect()).collect(),
        }
    }
}

impl TryFrom<Written> for Tally {
    type Error = NoTally;

    fn try_from(written: Written) -> Result<Self, NoTally> {
        let Written { nomenclature, finest, repeated } = written;
        let keys = || {
            let finest = finest.iter().flatten().map(|(key, _)| key);
            finest.chain(repeated.iter().flatten().map(|(key, _)| key))
        };
        let shapes = SHAPES.len();
        let known = keys().all(|key| nomenclature.has(key));
        if finest.len() != shapes || repeated.len() != shapes || !known {
            return Err(NoTally(finest.len()));
        }
        Ok(Self {
            nomenclature,
            finest: finest.into_iter().map(|cells| cells.into_iter().collect()).collect(),
            repeated: repeated.into_iter().map(|cells| cells.into_iter().collect()).collect(),
        })
    }
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(nomenclature: Nomenclature) -> Self {
        let none = || vec![HashMap::new(); SHAPES.len()];
        Self { nomenclature, finest: none(), repeated: vec![HashMap::new(); SHAPES.len()] }
    }

    /// Counts one student.
    pub fn add(&mut self, fact: &Fact) {
        let multiple = multiple(fact);
        let keys: Vec<Key> =
            fact.enrolments.iter().map(|one| self.key(fact, one, multiple)).collect();
        for (at, shape) in SHAPES.iter().enumerate() {
            let mut met: Vec<Key> = Vec::new();
            for (place, key) in keys.iter().enumerate() {
                let is_main = place == fact.main;
                if shape.people_only && !is_main {
                    continue;
                }
                let key = finest(shape, key, &self.nomenclature);
                let counts = self.finest[at].entry(key).or_default();
                counts.students += i64::from(is_main);
                counts.enrolments += 1;
                met.push(key);
            }
            if met.len() > 1 {
                self.repeat(at, shape, &met);
            }
        }
    }

    /// Adds what was counted elsewhere, of other students.
    pub fn absorb(&mut self, other: Self) {
        let here = self.nomenclature.absorb(&other.nomenclature);
        for (own, others) in self.finest.iter_mut().zip(other.finest) {
            for (key, counts) in others {
                own.entry(here.key(&key)).or_default().add(counts);
            }
        }
        for (own, others) in self.repeated.iter_mut().zip(other.repeated) {
            for (key, more) in others {
                *own.entry(here.key(&key)).or_default() += more;
            }
        }
    }

    /// Notes the cells that several enrolments of one student are in.
    fn repeat(&mut self, at: usize, shape: &Shape, finest: &[Key]) {
        let mut all = Vec::new();
        for key in finest {
            all.extend(ancestors(shape, key, &self.nomenclature));
        }
        all.sort_unstable();
        for same in all.chunk_by(|one, other| one == other) {
            if let [key, _, ..] = same {
                let more = i64::try_from(same.len()).unwrap_or(1) - 1;
                *self.repeated[at].entry(*key).or_default() += more;
            }
        }
    }

    fn key(&mut self, fact: &Fact, one: &EnrolmentFact, multiple: &str) -> Key {
        let all = &mut self.nomenclature;
        let mut key = EVERYBODY;
        key[Dimension::Place.at()] = all.place(one.department);
        key[Dimension::Supplier.at()] = all.supplier(one.uai);
        key[Dimension::Diploma.at()] = all.diploma(one.diploma.as_deref(), one.level.as_deref());
        let sex = fact.sex.map_or(UNKNOWN, |sex| match sex {
            Sex::Male => "M",
            Sex::Female => "F",
        });
        let birth = match fact.birth {
            BirthClass::France => "france",
            BirthClass::Abroad => "etranger",
            BirthClass::Unknown => UNKNOWN,
        };
        let status = if one.status == Status::Admis { "admis" } else { "inscrit" };
        for (dimension, level, code) in [
            (Dimension::Cursus, 1, one.cursus),
            (Dimension::Sex, 1, sex),
            (Dimension::Regime, 2, one.regime.map_or(UNKNOWN, Regime::code)),
            (Dimension::Age, 1, &age_band(fact.age)),
            (Dimension::Birth, 1, birth),
            (Dimension::Status, 1, status),
            (Dimension::Multiple, 1, multiple),
        ] {
            key[dimension.at()] = all.of(dimension, level, code);
        }
        key
    }
}

/// `17-`, each year from 18 to 25, `26-29`, `30+`.
fn age_band(age: Option<i16>) -> String {
    match age {
        None => UNKNOWN.to_owned(),
        Some(..=17) => "17-".to_owned(),
        Some(age @ 18..=25) => age.to_string(),
        Some(26..=29) => "26-29".to_owned(),
        Some(30..) => "30+".to_owned(),
    }
}

/// By number of enrolments; whoever is in a CPGE and elsewhere is counted apart, because universities
/// enrol the students of a CPGE who don't study there.
fn multiple(fact: &Fact) -> &'static str {
    let (cpge, other) =
        (fact.enrolments.iter().any(|one| one.cpge), fact.enrolments.iter().any(|one| !one.cpge));
    match fact.enrolments.len() {
        _ if cpge && other => "double_cpge",
        0 | 1 => "1",
        2 => "2",
        _ => "3+",
    }
}

/// A key at the finest levels of a shape; the dimensions that it doesn't cross are totals.
pub(super) fn finest(shape: &Shape, key: &Key, all: &Nomenclature) -> Key {
    let mut at = EVERYBODY;
    for (dimension, levels) in shape.levels {
        let level = levels.first().copied().unwrap_or_default();
        at[dimension.at()] = all.lift(*dimension, key[dimension.at()], level);
    }
    at
}

/// A finest key at every combination of the levels of a shape, itself included.
pub(super) fn ancestors(shape: &Shape, key: &Key, all: &Nomenclature) -> Vec<Key> {
    let mut keys = vec![*key];
    for (dimension, levels) in shape.levels {
        let lower = std::mem::take(&mut keys);
        for key in lower {
            for level in *levels {
                let mut lifted = key;
                lifted[dimension.at()] = if *level == 0 {
                    TOTAL
                } else {
                    all.lift(*dimension, key[dimension.at()], *level)
                };
                keys.push(lifted);
            }
        }
    }
    keys
}
