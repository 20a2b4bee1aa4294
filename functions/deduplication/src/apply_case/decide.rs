//! What people decided is applied: it becomes links on records, some of which move.

use std::collections::BTreeSet;

use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, Reason};
use shared::identity::review::{CaseId, Effect};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use super::holder;
use crate::changes::Changes;
use crate::owners;
use crate::review::Cases;
use crate::world::World;

/// The changes that a case makes to students and records.
#[derive(Debug)]
pub(super) struct CaseChanges {
    pub(super) case: CaseId,
    pub(super) students: Changes,
    /// Records whose links changed while they stay with their student.
    pub(super) linked: BTreeSet<RecordId>,
    /// Records that are back with whom they were.
    pub(super) back: BTreeSet<RecordId>,
    /// Records that are decided on as if they came now.
    pub(super) anew: BTreeSet<RecordId>,
    /// Records that may stand otherwise now.
    pub(super) follow: BTreeSet<RecordId>,
    /// Other cases.
    pub(super) cases: Cases,
    /// The cases that moves rest on.
    pub(super) by: BTreeSet<CaseId>,
}

impl CaseChanges {
    pub(super) fn new(case: &CaseId) -> Self {
        Self {
            case: case.clone(),
            students: Changes::default(),
            linked: BTreeSet::new(),
            back: BTreeSet::new(),
            anew: BTreeSet::new(),
            follow: BTreeSet::new(),
            cases: Cases::default(),
            by: BTreeSet::new(),
        }
    }

    /// Nothing is told of the student any more.
    pub(super) async fn hide<W: World>(
        &mut self,
        world: &W,
        student: StudentId,
    ) -> Result<(), StoreError> {
        if let Some(student) = world.register().student(student).await? {
            self.students.of(&student).on_hold.insert(self.case.clone(), BTreeSet::new());
        }
        Ok(())
    }

    pub(super) async fn apply<W: World>(
        &mut self,
        world: &W,
        effect: &Effect,
    ) -> Result<(), StoreError> {
        let register = world.register();
        self.by.insert(self.case.clone());
        match effect {
            Effect::Attach { record, student } => {
                let holder = holder(world, record).await?;
                if let (Some(joined), Some(into)) = (holder, register.student(*student).await?) {
                    self.join(&joined, &into, Some(record));
                }
            }
            Effect::Merge([one, other]) => {
                if let (Some(one), Some(other)) =
                    (register.student(*one).await?, register.student(*other).await?)
                {
                    // Whom INES vouches for survives, then who has more records.
                    let rank =
                        |student: &Student| (student.verified().is_some(), student.edges().count());
                    let (joined, into) =
                        if rank(&one) > rank(&other) { (other, one) } else { (one, other) };
                    self.join(&joined, &into, None);
                }
            }
            Effect::Separate { record, students } => {
                let Some(mut student) = holder(world, record).await? else { return Ok(()) };
                let mut others = Vec::new();
                for other in students {
                    others.extend(register.student(*other).await?);
                }
                if others.iter().any(|other| other.id == student.id) {
                    // Evidence had joined it to one of them meanwhile.
                    let apart = Student::newcomer(world.new_student());
                    self.split(&student, &BTreeSet::from([record.clone()]), &apart);
                    student = self.students.get(apart.id).cloned().unwrap_or(student);
                }
                for other in others.iter().filter(|other| other.id != student.id) {
                    self.part(&student, other);
                }
                // Also of nobody, when INES or the register alone spoke against it.
                for edge in
                    self.students.of(&student).edges_mut().filter(|edge| edge.record == *record)
                {
                    edge.links.different.entry(self.case.clone()).or_default();
                    self.linked.insert(record.clone());
                }
                self.show(&student);
            }
            Effect::KeepApart([one, other]) => {
                if let (Some(one), Some(other)) =
                    (register.student(*one).await?, register.student(*other).await?)
                    && one.id != other.id
                {
                    let fewer = one.edges().count() <= other.edges().count();
                    let (one, other) = if fewer { (one, other) } else { (other, one) };
                    self.part(&one, &other);
                }
            }
            Effect::Split { student, records } => {
                if let Some(student) = register.student(*student).await? {
                    let apart = self.apart(world, &student, records).await?;
                    self.split(&student, records, &apart);
                    self.show(&student);
                }
            }
            Effect::Keep(student) => {
                if let Some(student) = register.student(*student).await? {
                    self.show(&student);
                }
            }
        }
        Ok(())
    }

    /// Joins two students by decision: the records of one move, and each says why.
    fn join(&mut self, joined: &Student, into: &Student, decided: Option<&RecordId>) {
        if joined.id == into.id {
            // Evidence was faster.
            self.show(into);
            return;
        }
        // What was decided in this case before is decided otherwise.
        self.forget(joined);
        let parts =
            |edge: &Edge| into.edges().any(|other| other.parts_from(&edge.record, &edge.links));
        if self.students.get(joined.id).unwrap_or(joined).edges().any(parts) {
            // Another case told them apart meanwhile: of two people who contradict each other, the
            // one who joins waits.
            self.show(joined);
            return;
        }
        let Some(anchor) = into.edges().next().map(|edge| edge.record.clone()) else { return };
        let disputed: Vec<CaseId> =
            joined.on_hold.keys().filter(|case| case.is_dispute()).cloned().collect();
        let moved = self.students.of(joined);
        for edge in moved.edges_mut() {
            edge.links.same.entry(self.case.clone()).or_default().insert(anchor.clone());
            if decided.is_none_or(|record| *record == edge.record) {
                edge.reason = Reason::Decided;
            }
            self.linked.insert(edge.record.clone());
            self.follow.insert(edge.record.clone());
        }
        self.students.merge(joined, into);
        if let Some(survivor) = self.students.get_mut(into.id) {
            survivor.on_hold.extend(disputed.into_iter().map(|case| (case, BTreeSet::new())));
        }
    }

    /// Tells two students apart for good.
    fn part(&mut self, student: &Student, other: &Student) {
        let others: BTreeSet<RecordId> = other.edges().map(|edge| edge.record.clone()).collect();
        for edge in self.students.of(student).edges_mut() {
            edge.links
                .different
                .entry(self.case.clone())
                .or_default()
                .extend(others.iter().cloned());
            self.linked.insert(edge.record.clone());
        }
    }

    /// The student that takes the records that leave another: a new one, or, when they were too
    /// many for one transaction, the one that the first of them went to.
    async fn apart<W: World>(
        &self,
        world: &W,
        student: &Student,
        records: &BTreeSet<RecordId>,
    ) -> Result<Student, StoreError> {
        for record in records.iter().filter(|record| student.edge(record).is_none()) {
            let holder = holder(world, record).await?;
            let parted = |holder: &Student| {
                holder
                    .edge(record)
                    .is_some_and(|edge| edge.links.different.contains_key(&self.case))
            };
            if let Some(holder) = holder.filter(parted) {
                return Ok(holder);
            }
        }
        Ok(Student::newcomer(world.new_student()))
    }

    /// Some records are another person's.
    fn split(&mut self, student: &Student, records: &BTreeSet<RecordId>, apart: &Student) {
        let leaving: Vec<Edge> =
            student.edges().filter(|edge| records.contains(&edge.record)).cloned().collect();
        let staying: BTreeSet<RecordId> = student
            .edges()
            .map(|edge| edge.record.clone())
            .filter(|record| !records.contains(record))
            .collect();
        if leaving.is_empty() || staying.is_empty() {
            return;
        }
        let mut other = apart.clone();
        for mut edge in leaving {
            self.students.of(student).detach(&edge.record);
            edge.links
                .different
                .entry(self.case.clone())
                .or_default()
                .extend(staying.iter().cloned());
            edge.reason = Reason::Decided;
            self.linked.insert(edge.record.clone());
            self.follow.insert(edge.record.clone());
            other.attach(edge);
        }
        // An INE that both halves give is the one's whom INES vouches for, else of the half that
        // stays.
        let vouched: BTreeSet<_> = other.edges().filter_map(Edge::verified).collect();
        let shared: BTreeSet<_> = self
            .students
            .get(student.id)
            .map(Student::ines)
            .unwrap_or_default()
            .intersection(&other.ines())
            .copied()
            .collect();
        let stays = self.students.get(student.id).and_then(Student::verified);
        for ine in shared {
            let loser = if vouched.contains(&ine) && stays.is_none() {
                self.students.of(student)
            } else {
                &mut other
            };
            owners::disbelieve(loser, ine);
        }
        *self.students.of(apart) = other;
    }

    /// The case keeps nothing from being told any more.
    fn show(&mut self, student: &Student) {
        let student = self.students.of(student);
        student.on_hold.remove(&self.case);
        self.follow.extend(student.edges().map(|edge| edge.record.clone()));
    }

    /// Forgets what was decided, on records that stay where they are.
    fn forget(&mut self, student: &Student) {
        for edge in self.students.of(student).edges_mut() {
            let before = edge.links.clone();
            edge.links.forget(&self.case);
            if edge.links != before {
                self.linked.insert(edge.record.clone());
            }
        }
    }
}
