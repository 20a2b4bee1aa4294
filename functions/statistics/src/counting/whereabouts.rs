//! Where each student of a snapshot was counted, kept for the flows to the next one.
//!
//! Of a student there is its random id alone, below the académie of its main enrolment. The list of
//! académies is written last and makes the others whole, so that whoever dies before leaves
//! nothing that the next snapshot would take for people who are new.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::identity::student::StudentId;

use super::kept::read;
use crate::dimensions::UNKNOWN;
use crate::facts::Fact;
use crate::handler::StatisticsError;
use crate::outputs::compact_json_file;
use crate::store::{SnapshotStore, WHEREABOUTS};

const ACADEMIES: &str = "academies.json";

/// Students by the code of the académie that they are counted in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whereabouts(BTreeMap<String, Vec<StudentId>>);

impl Whereabouts {
    /// Notes where a student is counted.
    pub fn add(&mut self, fact: &Fact) {
        let department = fact.enrolments.get(fact.main).and_then(|main| main.department);
        let academy = department.map_or(UNKNOWN, |department| department.academy);
        match self.0.get_mut(academy) {
            Some(students) => students.push(fact.student),
            None => {
                self.0.insert(academy.to_owned(), vec![fact.student]);
            }
        }
    }

    /// Adds those of other students.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (academy, mut students) in other.0 {
            self.0.entry(academy).or_default().append(&mut students);
        }
    }

    /// Each académie with its students.
    pub(crate) fn academies(&self) -> impl Iterator<Item = (&str, &[StudentId])> {
        self.0.iter().map(|(academy, students)| (academy.as_str(), students.as_slice()))
    }

    /// Keeps them for the snapshot after that of `date`. The same again writes the same.
    pub(crate) async fn keep(
        &self,
        store: &SnapshotStore,
        date: Date,
    ) -> Result<(), StatisticsError> {
        let prefix = format!("{WHEREABOUTS}{date}/");
        for (academy, students) in &self.0 {
            let file = compact_json_file(&format!("{academy}.json"), students)?;
            store.put(&prefix, &file).await?;
        }
        let academies: Vec<&String> = self.0.keys().collect();
        Ok(store.put(&prefix, &compact_json_file(ACADEMIES, &academies)?).await?)
    }

    /// Those of the snapshot of a date; none if they weren't kept whole, or were too long ago.
    pub(crate) async fn kept(
        store: &SnapshotStore,
        date: Date,
    ) -> Result<Option<Self>, StatisticsError> {
        let prefix = format!("{WHEREABOUTS}{date}/");
        let Some(academies) = read::<Vec<String>>(store, &prefix, ACADEMIES).await? else {
            return Ok(None);
        };
        let mut whereabouts = Self::default();
        for academy in academies {
            let Some(students) = read(store, &prefix, &format!("{academy}.json")).await? else {
                return Ok(None);
            };
            whereabouts.0.insert(academy, students);
        }
        Ok(Some(whereabouts))
    }
}
