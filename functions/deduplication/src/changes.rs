//! Students as they were read and as they become, until all is written at once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use shared::identity::digest::RecordId;
use shared::identity::edge::Edge;
use shared::identity::moves::{Moves, Place};
use shared::identity::publication::Change;
use shared::identity::review::CaseId;
use shared::identity::student::{Student, StudentId};

/// Students as they were read and as they become.
#[derive(Debug, Default)]
pub(crate) struct Changes(BTreeMap<StudentId, Change>);

impl Changes {
    /// A student, to be changed.
    pub(crate) fn of(&mut self, student: &Student) -> &mut Student {
        let unchanged =
            || Change { before: student.clone(), after: student.clone(), merged_into: None };
        &mut self.0.entry(student.id).or_insert_with(unchanged).after
    }

    /// The student as it becomes.
    pub(crate) fn get(&self, id: StudentId) -> Option<&Student> {
        self.0.get(&id).map(|change| &change.after)
    }

    /// The student as it becomes, to be changed further.
    pub(crate) fn get_mut(&mut self, id: StudentId) -> Option<&mut Student> {
        self.0.get_mut(&id).map(|change| &mut change.after)
    }

    /// Joins a student to another: its records move, and it leads there.
    pub(crate) fn merge(&mut self, joined: &Student, into: &Student) {
        let moved: Vec<Edge> = self.of(joined).edges().cloned().collect();
        let survivor = self.of(into);
        for edge in moved {
            survivor.attach(edge);
        }
        if let Some(change) = self.0.get_mut(&joined.id) {
            change.after = Student::restore(joined.id, joined.version, BTreeMap::new(), []);
            change.merged_into = Some(into.id);
        }
    }

    /// All of them, those that stay the same as well.
    pub(crate) fn into_list(self) -> Vec<Change> {
        self.0.into_values().collect()
    }

    /// All of them, to be read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.values()
    }

    /// All students as they become, to be changed further.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Student> {
        self.0.values_mut().map(|change| &mut change.after)
    }

    /// The student whose a record becomes, with its edge.
    pub(crate) fn holder(&self, record: &RecordId) -> Option<&Student> {
        self.iter().map(|change| &change.after).find(|student| student.edge(record).is_some())
    }

    /// A student that keeps no record leads to another.
    pub(crate) fn lead(&mut self, empty: StudentId, into: StudentId) {
        if let Some(change) = self.0.get_mut(&empty) {
            change.after = Student::restore(empty, change.before.version, BTreeMap::new(), []);
            change.merged_into = Some(into);
        }
    }

    /// Keeps with each record that stands otherwise where it was, when that rests on decisions in
    /// these cases. What was said anew was nowhere before. Gives the records that moved.
    pub(crate) fn trace(&mut self, by: &BTreeSet<CaseId>) -> BTreeSet<RecordId> {
        let mut before: BTreeMap<RecordId, (Edge, Place)> = BTreeMap::new();
        for Change { before: student, .. } in self.0.values() {
            for edge in student.edges() {
                before.extend(
                    Place::of(&edge.record, student)
                        .map(|place| (edge.record.clone(), (edge.clone(), place))),
                );
            }
        }
        let mut moved = BTreeSet::new();
        for Change { after, .. } in self.0.values_mut() {
            let (student, on_hold) = (after.id, after.on_hold.clone());
            for edge in after.edges_mut() {
                let from = match before.remove(&edge.record) {
                    Some((earlier, place)) if edge.repeats(&earlier) => {
                        if place.student == student && place.on_hold.keys().eq(on_hold.keys()) {
                            continue;
                        }
                        Some(place)
                    }
                    _ => {
                        edge.moves = Moves::default();
                        None
                    }
                };
                edge.moves.record(by, from);
                if !by.is_empty() {
                    moved.insert(edge.record.clone());
                }
            }
        }
        moved
    }
}
