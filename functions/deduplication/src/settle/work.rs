//! What a case changes: what people decided, as links on records that move or stay, and the same taken back.

use std::collections::BTreeSet;

use shared::contract::pointer::Pointer;
use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, Reason};
use shared::identity::publication::{Buckets, Write, concerned, plan};
use shared::identity::review::{Case, CaseId, Effect};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;
use shared::registry::publications::Published;

use super::holder;
use crate::changes::Changes;
use crate::owners;
use crate::ports::{Queue, Register, World};
use crate::review;

/// What a case changes.
#[derive(Debug)]
pub(super) struct Work {
    case: CaseId,
    pub(super) changes: Changes,
    /// What people decided, on records that stay where they are.
    pub(super) linked: BTreeSet<RecordId>,
    /// Other cases that this one settles.
    withdrawn: BTreeSet<CaseId>,
    /// Records that may stand otherwise now.
    follow: BTreeSet<RecordId>,
}

impl Work {
    pub(super) fn new(case: &CaseId) -> Self {
        Self {
            case: case.clone(),
            changes: Changes::default(),
            linked: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
            follow: BTreeSet::new(),
        }
    }

    /// Nothing is told of the student any more.
    pub(super) async fn hide<W: World>(&mut self, world: &W, student: StudentId) -> Result<(), StoreError> {
        if let Some(student) = world.register().student(student).await? {
            self.changes.of(&student).withheld.insert(self.case.clone(), BTreeSet::new());
        }
        Ok(())
    }

    pub(super) async fn apply<W: World>(&mut self, world: &W, effect: &Effect) -> Result<(), StoreError> {
        let register = world.register();
        match effect {
            Effect::Attach { record, student } => {
                let holder = holder(world, record).await?;
                if let (Some(joined), Some(into)) = (holder, register.student(*student).await?) {
                    self.join(&joined, &into, Some(record));
                }
            }
            Effect::Merge([one, other]) => {
                if let (Some(one), Some(other)) = (register.student(*one).await?, register.student(*other).await?) {
                    // Whom INES vouches for survives, then who has more records.
                    let rank = |student: &Student| (student.verified().is_some(), student.edges().count());
                    let (joined, into) = if rank(&one) > rank(&other) { (other, one) } else { (one, other) };
                    self.join(&joined, &into, None);
                }
            }
            Effect::Separate { record, students } => {
                let Some(student) = holder(world, record).await? else { return Ok(()) };
                for other in students {
                    if let Some(other) = register.student(*other).await?.filter(|other| other.id != student.id) {
                        self.part(&student, &other);
                    }
                }
                // Also of nobody, when INES or the register alone spoke against it.
                for edge in self.changes.of(&student).edges_mut().filter(|edge| edge.record == *record) {
                    edge.links.different.entry(self.case.clone()).or_default();
                    self.linked.insert(record.clone());
                }
                self.show(&student);
            }
            Effect::KeepApart([one, other]) => {
                if let (Some(one), Some(other)) = (register.student(*one).await?, register.student(*other).await?)
                    && one.id != other.id
                {
                    let fewer = one.edges().count() <= other.edges().count();
                    let (one, other) = if fewer { (one, other) } else { (other, one) };
                    self.part(&one, &other);
                }
            }
            Effect::Split { student, records } => {
                if let Some(student) = register.student(*student).await? {
                    self.split(&student, records, world.new_student());
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

    pub(super) async fn revert<W: World>(&mut self, world: &W, effect: &Effect) -> Result<(), StoreError> {
        let register = world.register();
        match effect {
            Effect::Attach { record, .. } => {
                if let Some(student) = holder(world, record).await? {
                    let apart = self.take_apart(&student, world.new_student());
                    let rivals = BTreeSet::from([student.id]).into_iter().filter(|rival| *rival != apart).collect();
                    if let Some(apart) = self.changes.get_mut(apart) {
                        apart.withheld.insert(self.case.clone(), rivals);
                        self.linked.extend(apart.edges().map(|edge| edge.record.clone()));
                    }
                }
            }
            Effect::Merge([student, _]) => {
                if let Some(student) = register.student(*student).await? {
                    self.take_apart(&student, world.new_student());
                }
            }
            Effect::Separate { record, students } => {
                if let Some(student) = holder(world, record).await? {
                    let rivals = students.iter().copied().filter(|rival| *rival != student.id).collect();
                    self.changes.of(&student).withheld.insert(self.case.clone(), rivals);
                    self.linked.extend(student.edges().map(|edge| edge.record.clone()));
                    self.forget(&student);
                }
            }
            Effect::KeepApart(students) => {
                for student in students {
                    if let Some(student) = register.student(*student).await? {
                        self.forget(&student);
                    }
                }
            }
            Effect::Split { student, records } => {
                let Some(student) = register.student(*student).await? else { return Ok(()) };
                self.changes.of(&student).withheld.insert(self.case.clone(), BTreeSet::new());
                let mut seen = BTreeSet::from([student.id]);
                self.forget(&student);
                for record in records {
                    let Some(holder) = holder(world, record).await? else { continue };
                    if !seen.insert(holder.id) {
                        continue;
                    }
                    // What had joined the two was undone before: INES tells them apart, and that stands.
                    if holder.verified().zip(student.verified()).is_some_and(|(one, other)| one != other) {
                        self.forget(&holder);
                    } else {
                        self.bring_back(&holder, &student);
                    }
                }
            }
            Effect::Keep(student) => self.hide(world, *student).await?,
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
        let parts = |edge: &Edge| into.edges().any(|other| other.parts_from(&edge.record, &edge.links));
        if self.changes.get(joined.id).unwrap_or(joined).edges().any(parts) {
            // Another case told them apart meanwhile: of two people who contradict each other, the one who joins waits.
            self.show(joined);
            return;
        }
        let Some(anchor) = into.edges().next().map(|edge| edge.record.clone()) else { return };
        // Whatever waited for this waits no more.
        self.withdrawn.extend(joined.withheld.keys().filter(|case| !case.is_dispute() && **case != self.case).cloned());
        let disputed: Vec<CaseId> = joined.withheld.keys().filter(|case| case.is_dispute()).cloned().collect();
        let moved = self.changes.of(joined);
        for edge in moved.edges_mut() {
            edge.links.same.entry(self.case.clone()).or_default().insert(anchor.clone());
            if decided.is_none_or(|record| *record == edge.record) {
                edge.reason = Reason::Decided;
            }
            self.linked.insert(edge.record.clone());
            self.follow.insert(edge.record.clone());
        }
        self.changes.merge(joined, into);
        if let Some(survivor) = self.changes.get_mut(into.id) {
            survivor.withheld.extend(disputed.into_iter().map(|case| (case, BTreeSet::new())));
        }
    }

    /// Tells two students apart for good.
    fn part(&mut self, student: &Student, other: &Student) {
        let others: BTreeSet<RecordId> = other.edges().map(|edge| edge.record.clone()).collect();
        for edge in self.changes.of(student).edges_mut() {
            edge.links.different.entry(self.case.clone()).or_default().extend(others.iter().cloned());
            self.linked.insert(edge.record.clone());
        }
    }

    /// Some records are another person's.
    fn split(&mut self, student: &Student, records: &BTreeSet<RecordId>, apart: StudentId) {
        let leaving: Vec<Edge> = student.edges().filter(|edge| records.contains(&edge.record)).cloned().collect();
        let staying: BTreeSet<RecordId> =
            student.edges().map(|edge| edge.record.clone()).filter(|record| !records.contains(record)).collect();
        if leaving.is_empty() || staying.is_empty() {
            return;
        }
        let mut other = Student::newcomer(apart);
        let newcomer = other.clone();
        for mut edge in leaving {
            self.changes.of(student).detach(&edge.record);
            edge.links.different.entry(self.case.clone()).or_default().extend(staying.iter().cloned());
            edge.reason = Reason::Decided;
            self.linked.insert(edge.record.clone());
            self.follow.insert(edge.record.clone());
            other.attach(edge);
        }
        // An INE that both halves give is the one's whom INES vouches for, else of the half that stays.
        let vouched: BTreeSet<_> = other.edges().filter_map(Edge::verified).collect();
        let shared: BTreeSet<_> = self
            .changes
            .get(student.id)
            .map(Student::ines)
            .unwrap_or_default()
            .intersection(&other.ines())
            .copied()
            .collect();
        let stays = self.changes.get(student.id).and_then(Student::verified);
        for ine in shared {
            let loser = if vouched.contains(&ine) && stays.is_none() { self.changes.of(student) } else { &mut other };
            owners::disbelieve(loser, ine);
        }
        *self.changes.of(&newcomer) = other;
    }

    /// The case keeps nothing from being told any more.
    fn show(&mut self, student: &Student) {
        let student = self.changes.of(student);
        student.withheld.remove(&self.case);
        self.follow.extend(student.edges().map(|edge| edge.record.clone()));
    }

    /// Forgets what was decided, on records that stay where they are.
    pub(super) fn forget(&mut self, student: &Student) {
        for edge in self.changes.of(student).edges_mut() {
            let before = edge.links.clone();
            edge.links.forget(&self.case);
            if edge.links != before {
                self.linked.insert(edge.record.clone());
            }
        }
    }

    /// The records that the decision joined to a student are another's again, as they were: by evidence alone they
    /// would be joined, or told apart, by what came since. Gives whose they are.
    fn take_apart(&mut self, student: &Student, apart: StudentId) -> StudentId {
        let joined = |edge: &&Edge| edge.links.same.contains_key(&self.case);
        let leaving: Vec<Edge> = student.edges().filter(joined).cloned().collect();
        let all = leaving.len() == student.edges().count();
        self.forget(student);
        if all || leaving.is_empty() {
            return student.id;
        }
        let newcomer = Student::newcomer(apart);
        for mut edge in leaving {
            self.leave(student, &edge.record);
            edge.links.forget(&self.case);
            self.follow.insert(edge.record.clone());
            self.changes.of(&newcomer).attach(edge);
        }
        apart
    }

    /// A record leaves, and with it the case that was about it. The others are looked at again.
    fn leave(&mut self, student: &Student, record: &RecordId) {
        let left = self.changes.of(student);
        left.detach(record);
        let case = CaseId::attachment(record);
        if left.withheld.remove(&case).is_some() {
            self.follow.extend(left.edges().map(|edge| edge.record.clone()));
            self.withdrawn.extend([case].into_iter().filter(|case| *case != self.case));
        }
    }

    /// The records that the decision took from a student are its again.
    fn bring_back(&mut self, holder: &Student, student: &Student) {
        let taken = |edge: &&Edge| edge.links.different.contains_key(&self.case);
        let taken: Vec<Edge> = holder.edges().filter(taken).cloned().collect();
        self.forget(holder);
        if taken.len() == holder.edges().count() {
            // It waited as a student of its own.
            self.withdrawn.extend(holder.withheld.keys().filter(|case| !case.is_dispute()).cloned());
            self.changes.merge(holder, student);
            return;
        }
        for mut edge in taken {
            self.leave(holder, &edge.record);
            edge.links.forget(&self.case);
            self.changes.of(student).attach(edge);
        }
    }

    pub(super) async fn publish<W: World>(mut self, world: &W, case: Case) -> Result<Published, StoreError> {
        let register = world.register();
        owners::reconcile(world, &mut self.changes).await?;
        let changes = self.changes.into_list();
        let keys = concerned(&changes, world.keys());
        let buckets = if keys.is_empty() { Buckets::new() } else { register.buckets(&keys).await? };
        let mut writes = plan(&changes, world.keys(), &buckets);
        for record in self.linked {
            let whose = changes.iter().map(|change| &change.after).find(|student| student.edge(&record).is_some());
            if let Some((student, edge)) = whose.and_then(|student| Some((student, student.edge(&record)?))) {
                let (links, waits) = (edge.links.clone(), student.answer().is_none());
                writes.push(Write::Link { record, links, student: student.id, waits });
            }
        }
        for case in &self.withdrawn {
            writes.extend(review::withdraw(world, case).await?);
        }
        let version = case.version;
        writes.push(Write::PutCase(Box::new(case)));
        tracing::debug!(writes = writes.len(), version, "settling a case");
        let published = register.publish(&writes).await?;
        if published == Published::Yes && !self.follow.is_empty() {
            let pointers: Vec<Pointer> = self.follow.into_iter().map(Pointer::Record).collect();
            world.queue().send(&pointers).await?;
        }
        Ok(published)
    }
}
