//! How well records are put together.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::enrolment::StatedPerson;
use shared::identity::digest::RecordId;
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::engine::register::{RecordNumber, Register};

use crate::people::Population;
use crate::tables::Tables;

/// Pairs of records, over many worlds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    right: u32,
    pub(crate) wrong: u32,
    missed: u32,
}

impl Score {
    pub(crate) fn f1(&self) -> f64 {
        let twice = 2.0 * f64::from(self.right);
        twice / (twice + f64::from(self.wrong) + f64::from(self.missed))
    }

    /// Those who name nobody are left out: their INE and date decide, as the contract has it, and
    /// no evidence.
    fn count(&mut self, population: &Population, entity: impl Fn(&RecordId) -> u64) {
        let named: Vec<(u64, usize)> = named(population)
            .map(|(record, _)| (entity(record), population.truth[record]))
            .collect();
        for (at, (entity, person)) in named.iter().enumerate() {
            for (other, someone) in &named[at + 1..] {
                match (entity == other, person == someone) {
                    (true, true) => self.right += 1,
                    (true, false) => self.wrong += 1,
                    (false, true) => self.missed += 1,
                    (false, false) => {}
                }
            }
        }
    }

    /// What deduplication made of it.
    pub(crate) fn of_tables(&mut self, population: &Population, tables: &Tables) {
        let entities: BTreeMap<&RecordId, u64> = tables
            .edges
            .values()
            .zip(0..)
            .flat_map(|(own, number)| own.keys().map(move |record| (record, number)))
            .collect();
        self.count(population, |record| entities[record]);
    }

    /// What the engine alone makes of the same records, one after the other.
    pub(crate) fn of_the_engine(&mut self, population: &Population) {
        let mut register = Register::new(Blocking::new(&"blocking".to_owned().into()));
        let added: BTreeMap<&RecordId, RecordNumber> = named(population)
            .map(|(record, person)| (record, register.add(person, |_| {})))
            .collect();
        self.count(population, |record| u64::from(register.student_of(added[record]).0));
    }
}

fn named(population: &Population) -> impl Iterator<Item = (&RecordId, ComparedPerson)> {
    let mut seen = BTreeSet::new();
    population.last_words().into_iter().filter_map(move |statement| {
        match &statement.declaration.identite {
            StatedPerson::Civil(identity) if seen.insert(&statement.record) => Some((
                &statement.record,
                ComparedPerson::of(identity, statement.declaration.ine.as_ref()),
            )),
            _ => None,
        }
    })
}
