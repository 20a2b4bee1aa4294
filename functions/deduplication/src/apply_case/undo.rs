//! A decision is taken back: what it moved goes back to where it was, record by record
//! ([`shared::identity::moves`]), and stands there as it stood. What came while it stood is decided
//! on as if it came now.

use std::collections::{BTreeMap, BTreeSet};

use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, InesVerification};
use shared::identity::moves::{Place, Return};
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use super::decide::CaseChanges;
use super::holder;
use crate::world::World;

/// Records that go back to one student, each with where it is now and how it was there.
type Returns = BTreeMap<RecordId, (StudentId, Place)>;

impl CaseChanges {
    /// Takes back what was decided last in a case.
    pub(super) async fn undo<W: World>(
        &mut self,
        world: &W,
        case: &Case,
    ) -> Result<(), StoreError> {
        let Some(decision) = case.decisions.last() else { return Ok(()) };
        for record in decision.records.union(&decision.moved) {
            if self.students.holder(record).is_none()
                && let Some(holder) = holder(world, record).await?
            {
                self.students.of(&holder);
            }
        }
        for (student, returns) in self.returns() {
            self.restore(world, student, returns).await?;
        }
        Ok(())
    }

    /// Forgets what was decided, and says which records go back, to whom.
    fn returns(&mut self) -> BTreeMap<StudentId, Returns> {
        let mut returns: BTreeMap<StudentId, Returns> = BTreeMap::new();
        for student in self.students.values_mut() {
            let whose = student.id;
            for edge in
                student.edges_mut().filter(|edge| edge.decisions().any(|case| *case == self.case))
            {
                edge.links.forget(&self.case);
                self.linked.insert(edge.record.clone());
                match edge.moves.undo(&self.case) {
                    Return::Stays => {}
                    Return::To(place) => {
                        returns
                            .entry(place.student)
                            .or_default()
                            .insert(edge.record.clone(), (whose, place));
                    }
                    Return::DecidedAgain => {
                        self.anew.insert(edge.record.clone());
                        self.follow.insert(edge.record.clone());
                    }
                }
            }
        }
        returns
    }

    /// Gives a student its records back, and hides it as it was hidden.
    async fn restore<W: World>(
        &mut self,
        world: &W,
        id: StudentId,
        returns: Returns,
    ) -> Result<(), StoreError> {
        self.read(world, id).await?;
        let mut on_hold: BTreeMap<CaseId, BTreeSet<StudentId>> = BTreeMap::new();
        let mut left: BTreeSet<StudentId> = BTreeSet::new();
        for (record, (whose, place)) in &returns {
            if !self.put_back(id, record, *whose, place) {
                // Another decision tells the two apart since, and stands.
                self.follow.insert(record.clone());
                continue;
            }
            on_hold.extend(place.on_hold.clone());
            if *whose != id {
                left.insert(*whose);
            }
        }
        // A dispute about the student itself had moved with its records.
        let dispute = CaseId::dispute(id);
        for holder in &left {
            let holder = self.students.get_mut(*holder);
            on_hold.extend(holder.and_then(|holder| holder.on_hold.remove_entry(&dispute)));
        }
        let all_back =
            |student: &Student| student.edges().all(|edge| returns.contains_key(&edge.record));
        if self.students.get(id).is_some_and(all_back) {
            self.hold_as_before(world, id, on_hold).await?;
        }
        for empty in left {
            self.lead_if_empty(empty, id);
        }
        Ok(())
    }

    /// Moves one record back. Gives whether it is there now: it stays away from records that people
    /// have told it apart from.
    fn put_back(
        &mut self,
        id: StudentId,
        record: &RecordId,
        whose: StudentId,
        place: &Place,
    ) -> bool {
        let edge = self.students.get(whose).and_then(|holder| holder.edge(record)).cloned();
        let (Some(edge), Some(student)) = (edge, self.students.get(id)) else { return false };
        if student.edges_besides(record).any(|other| other.parts_from(record, &edge.links)) {
            return false;
        }
        let verification = match edge.verification {
            InesVerification::Taken => place.verification.clone(),
            verification => verification,
        };
        if let Some(holder) = self.students.get_mut(whose).filter(|_| whose != id) {
            holder.detach(record);
        }
        if let Some(student) = self.students.get_mut(id) {
            student.attach(Edge { reason: place.reason, verification, ..edge });
        }
        self.back.insert(record.clone());
        true
    }

    /// Hides a student for the cases that it was hidden for. Those that evidence had settled are
    /// asked again; a dispute counts as long as it is open.
    async fn hold_as_before<W: World>(
        &mut self,
        world: &W,
        id: StudentId,
        before: BTreeMap<CaseId, BTreeSet<StudentId>>,
    ) -> Result<(), StoreError> {
        let mut on_hold = BTreeMap::new();
        for (case, rivals) in before {
            if case == self.case || !case.is_dispute() || self.cases.reopen(world, &case).await? {
                on_hold.insert(case, rivals);
            }
        }
        if let Some(student) = self.students.get_mut(id) {
            student.on_hold.retain(|case, _| case.is_dispute() && *case != self.case);
            student.on_hold.extend(on_hold);
        }
        Ok(())
    }

    /// Leads whoever has the id of a student that keeps no record to the one that has them, with
    /// the disputes about it.
    fn lead_if_empty(&mut self, empty: StudentId, id: StudentId) {
        let holder = self.students.get_mut(empty).filter(|holder| holder.edges().next().is_none());
        let Some(holder) = holder else { return };
        let on_hold = std::mem::take(&mut holder.on_hold);
        self.students.lead(empty, id);
        if let Some(student) = self.students.get_mut(id) {
            student.on_hold.extend(on_hold.into_iter().filter(|(case, _)| case.is_dispute()));
        }
    }

    /// A student to whom records go back: as it is, or as nobody, if it leads to another by now or
    /// isn't there.
    async fn read<W: World>(&mut self, world: &W, id: StudentId) -> Result<(), StoreError> {
        if self.students.get(id).is_some() {
            return Ok(());
        }
        let register = world.register();
        let student =
            if let Some(student) = register.student(id).await?.filter(|student| student.id == id) {
                student
            } else {
                let version = register.item_version(id).await?.unwrap_or_default();
                Student::restore(id, version, BTreeMap::new(), [])
            };
        self.students.of(&student);
        Ok(())
    }
}
