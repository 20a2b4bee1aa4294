//! From a decision to what changes: students, cases, and the records to look at again. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use shared::domain::enrolment::{Declaration, StatedPerson};
use shared::domain::record_state::{Doubt, RecordState};
use shared::feeding::record::Record;
use shared::identity::decide::{RecordDecision, may_be_one};
use shared::identity::digest::{IdentityKeys, RecordId};
use shared::identity::edge::{Edge, InesVerification, Reason};
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::decide::Closeness;
use shared::identity::publication::{Change, RecordUpdate, Write};
use shared::identity::review::{CaseId, CaseQuestion, Near, Side};
use shared::identity::student::{Student, StudentId};

use crate::changes::Changes;
use crate::found;

/// Students who are looked at for one decision at most, besides those that it concerns already.
pub(crate) const MOST_NEAR: usize = 3;

/// The writes and messages that follow from a decision about a record.
#[derive(Debug)]
pub(crate) struct RecordOutcome {
    pub(crate) changes: Changes,
    pub(crate) update: RecordUpdate,
    /// Cases to open, or to ask again.
    pub(crate) asked: Vec<CaseQuestion>,
    /// Cases that later evidence settled.
    pub(crate) withdrawn: BTreeSet<CaseId>,
    /// Records that may stand otherwise now.
    pub(crate) follow: BTreeSet<RecordId>,
    /// Records of somebody who was told of, and is no more: they wait from now on, and are looked
    /// at again.
    pub(crate) taken_back: Vec<Write>,
}

/// A record to attach, and all that it was decided on.
#[derive(Clone, Copy)]
pub(crate) struct Resolved<'a> {
    pub(crate) record: &'a Record,
    pub(crate) verification: &'a InesVerification,
    pub(crate) students: &'a [Student],
    pub(crate) decision: &'a RecordDecision,
    /// The id of a student who isn't there yet.
    pub(crate) new_student: StudentId,
    pub(crate) keys: &'a IdentityKeys,
    /// The day in France.
    pub(crate) today: Date,
}

/// To whom a record goes, and where it comes from.
struct Destination<'a> {
    /// The student that has the record, by this version or an earlier one.
    current: Option<&'a Student>,
    /// `current`, if it has no other record.
    alone: Option<&'a Student>,
    /// The students who are this person, the one that survives first.
    same: Vec<&'a Student>,
    /// The record goes on waiting with others because nothing is certain.
    stays: bool,
    /// The student that the record is attached to, as it was read.
    target: Student,
}

impl Destination<'_> {
    /// The record's student keeps its id and has nobody else's record: what the record says
    /// corrects what it said.
    fn is_correction(&self) -> bool {
        self.alone.is_some_and(|alone| alone.id == self.target.id && alone.version > 0)
    }
}

/// An outcome that is being put together.
#[derive(Default)]
struct Draft {
    changes: Changes,
    asked: Vec<CaseQuestion>,
    withdrawn: BTreeSet<CaseId>,
    follow: BTreeSet<RecordId>,
}

impl Draft {
    /// Nobody is asked about a student whose enrolments were all cancelled, or that waits for its
    /// establishment's quota. The student stays hidden: should an enrolment stand again, the
    /// question comes up again.
    fn withdraw_questions(&mut self, student: &Student) {
        self.asked.retain(|question| !student.on_hold.contains_key(&question.case()));
        self.withdrawn.extend(student.on_hold.keys().filter(|case| !case.is_dispute()).cloned());
    }

    /// Sends the other records of every student that this decision hides back to waiting, and has
    /// them decided on again.
    fn take_back(&mut self, record: &RecordId) -> Vec<Write> {
        let hidden =
            |change: &&Change| change.before.answer().is_some() && change.after.answer().is_none();
        let mut taken_back = Vec::new();
        for Change { after, .. } in self.changes.iter().filter(hidden) {
            for Edge { record: other, links, .. } in after.edges_besides(record) {
                let (other, links) = (other.clone(), links.clone());
                self.follow.insert(other.clone());
                taken_back.push(Write::Link {
                    record: other,
                    links,
                    student: after.id,
                    on_hold: true,
                });
            }
        }
        taken_back
    }
}

impl<'a> Resolved<'a> {
    pub(crate) fn outcome(&self) -> RecordOutcome {
        let destination = self.destination();
        let mut draft = Draft::default();
        self.leave(&destination, &mut draft);
        self.join(&destination, &mut draft);
        self.attach(&destination, &mut draft);
        let student = self.hold(&destination, &mut draft);
        self.ask_about_duplicates(&student, &mut draft);
        self.look_again(&destination, &student, &mut draft);
        let taken_back = draft.take_back(&self.record.id);
        let update = self.update(&student);
        let Draft { changes, asked, withdrawn, follow } = draft;
        RecordOutcome { changes, update, asked, withdrawn, follow, taken_back }
    }

    fn find(&self, id: StudentId) -> Option<&'a Student> {
        self.students.iter().find(|student| student.id == id)
    }

    fn destination(&self) -> Destination<'a> {
        let Self { record, decision, .. } = *self;
        let current = self.students.iter().find(|student| student.edge(&record.id).is_some());
        let mut same: Vec<&Student> =
            decision.same.iter().filter_map(|id| self.find(*id)).collect();
        let on_hold = current.filter(|current| same.is_empty() && self.is_on_hold_in(current));
        same.extend(on_hold);
        // A student of one record may say something new about itself, and keeps its id.
        let alone = current.filter(|student| student.edges_besides(&record.id).next().is_none());
        let target = same
            .first()
            .copied()
            .or(alone)
            .cloned()
            .unwrap_or_else(|| Student::newcomer(self.new_student));
        Destination { current, alone, same, stays: on_hold.is_some(), target }
    }

    /// Takes the record away from the student that has it, since what it said before is no longer
    /// said.
    fn leave(&self, destination: &Destination<'_>, draft: &mut Draft) {
        let Destination { current: Some(current), alone, same, .. } = destination else { return };
        draft.changes.of(current).detach(&self.record.id);
        draft.withdrawn.extend(current.on_hold.keys().cloned());
        if same.iter().chain(alone).any(|student| student.id == current.id) {
            return;
        }
        let left = draft.changes.of(current);
        self.hand_over(left, &mut draft.asked);
        self.hide(left, &mut draft.asked);
        draft.withdrawn.retain(|case| !left.on_hold.contains_key(case));
        // Those that are left may stand otherwise without it, or have waited for a pointer that was
        // never sent.
        draft.follow.extend(left.edges().map(|edge| edge.record.clone()));
    }

    /// Makes one student of those who are this person.
    fn join(&self, destination: &Destination<'_>, draft: &mut Draft) {
        let Destination { alone, same, target, .. } = destination;
        for joined in same.iter().skip(1) {
            draft.changes.merge(joined, target);
        }
        // A student of this record alone is led to the one that the record joins, if the record
        // names the same person as before. If it names another, whoever has the student's id meant
        // somebody else.
        if let Some(alone) = alone.filter(|alone| alone.id != target.id) {
            let said = alone.edge(&self.record.id).map(|edge| &edge.declaration.identite);
            if said.is_some_and(|said| {
                said.said().is_some() && *said == self.record.declaration.identite
            }) {
                draft.changes.merge(alone, target);
            }
        }
    }

    /// Attaches the record, with why.
    fn attach(&self, destination: &Destination<'_>, draft: &mut Draft) {
        let Self { record, decision, .. } = *self;
        let before = destination.current.and_then(|current| current.edge(&record.id));
        let reason = match before {
            _ if destination.is_correction() && decision.reason == Reason::Newcomer => {
                Reason::Correction
            }
            Some(before) if destination.stays => before.reason,
            _ => decision.reason,
        };
        let declaration =
            registered(record.declaration.clone(), &destination.target, self.verification);
        draft.changes.of(&destination.target).attach(Edge {
            record: record.id.clone(),
            version: record.version.clone(),
            declaration,
            verification: self.verification.clone(),
            reason,
            evidence: decision.evidence,
            runner_up: decision.runner_up,
            rules_version: RULE_VERSION,
            links: record.links.clone(),
            moves: before.map(|before| before.moves.clone()).unwrap_or_default(),
        });
    }

    /// Says for which cases nothing may be told of the student, and withdraws those that this
    /// decision settles. Gives the student as it becomes.
    fn hold(&self, destination: &Destination<'_>, draft: &mut Draft) -> Student {
        let Destination { alone, same, target, .. } = destination;
        let student = draft.changes.of(target);
        let on_hold = self.on_hold(same, *alone, student, &mut draft.asked);
        let before =
            same.iter().copied().chain(*alone).flat_map(|student| student.on_hold.keys().cloned());
        draft.withdrawn.extend(before);
        draft.withdrawn.retain(|case| !on_hold.contains_key(case));
        student.on_hold = on_hold;
        let student = student.clone();
        if !student.competes() || self.waits_for_quota(&student) {
            draft.withdraw_questions(&student);
        }
        student
    }

    /// Asks people whether the student is one with those that it resembles, if both can be told of.
    fn ask_about_duplicates(&self, student: &Student, draft: &mut Draft) {
        if student.answer().is_none() || !student.competes() {
            return;
        }
        for near in self.decision.near.iter().take(MOST_NEAR) {
            let Some(other) = self.find(near.student).filter(|other| other.on_hold.is_empty())
            else {
                continue;
            };
            let [one, other] = [side(student, self.keys), side(other, self.keys)];
            draft.asked.push(CaseQuestion::duplicate(
                one,
                other,
                self.record.id.clone(),
                near.best,
            ));
        }
    }

    /// Has the records decided on again that may stand otherwise now: those of the student, if it
    /// waited and is told of now, and those of everybody who waits, perhaps for what only some of
    /// the student's records resemble.
    fn look_again(&self, destination: &Destination<'_>, student: &Student, draft: &mut Draft) {
        let waited =
            destination.same.iter().any(|one| !one.on_hold.is_empty() || one.answer().is_none());
        if waited && student.answer().is_some() {
            draft
                .follow
                .extend(student.edges_besides(&self.record.id).map(|edge| edge.record.clone()));
        }
        for other in self.students.iter().filter(|other| other.answer().is_none()) {
            if draft.changes.get(other.id).is_none() {
                draft.follow.extend(other.edges().map(|edge| edge.record.clone()));
            }
        }
    }

    /// The update of the record itself.
    fn update(&self, student: &Student) -> RecordUpdate {
        let record = self.record;
        let shown = student.answer().is_some();
        let doubt = (!shown).then(|| self.doubt(student));
        let statut_ine = found::statut_ine(&record.declaration, self.verification, doubt);
        let (unknown_since, verify_on) =
            found::asked_again(statut_ine, record.unknown_since, self.today);
        RecordUpdate {
            record: record.id.clone(),
            version: record.version.clone(),
            before: record.student,
            links: record.links.clone(),
            state: if shown { RecordState::Resolved } else { RecordState::OnHold },
            student: student.id,
            doubt,
            statut_ine,
            finding: student.edge(&record.id).and_then(|edge| found::of(student, edge, doubt)),
            unknown_since,
            verify_on,
        }
    }

    /// Whether the record stays on hold with the other records of `current`: it says nothing new,
    /// and while nothing is certain it would leave them as a newcomer, be joined by them, and leave
    /// again.
    fn is_on_hold_in(&self, current: &Student) -> bool {
        let Self { record, decision, verification, .. } = *self;
        let said =
            |edge: &Edge| edge.version == record.version && edge.verification == *verification;
        let parted = || current.edges().any(|edge| edge.parts_from(&record.id, &record.links));
        !current.on_hold.is_empty()
            && !decision.near.is_empty()
            && current.edge(&record.id).is_some_and(said)
            && current.edges_besides(&record.id).next().is_some()
            && !parted()
    }

    /// The record leaves others, and with it the case that they wait for is about another of them.
    fn hand_over(&self, left: &mut Student, asked: &mut Vec<CaseQuestion>) {
        let Some(rivals) = left.on_hold.remove(&CaseId::attachment(&self.record.id)) else {
            return;
        };
        let Some(first) = left.edges().next().map(|edge| edge.record.clone()) else { return };
        let rivals =
            rivals.iter().filter_map(|id| self.students.iter().find(|known| known.id == *id));
        let near: Vec<_> = rivals.filter_map(|rival| may_be_one(left, rival)).collect();
        // Without them it is looked at again, and told then.
        left.on_hold.extend([self.ask(&first, left, &near, asked)]);
    }

    /// The record leaves others, of whom it alone said what INES doesn't contradict: nothing is
    /// told of them any more.
    fn hide(&self, left: &mut Student, asked: &mut Vec<CaseQuestion>) {
        if !left.on_hold.is_empty() || !left.is_on_hold_without(&self.record.id) {
            return;
        }
        let Some(first) = left.edges().next().map(|edge| edge.record.clone()) else { return };
        left.on_hold.extend([self.ask(&first, left, &[], asked)]);
    }

    /// For which cases nothing may be told of the student, now that the record is attached to it.
    fn on_hold(
        &self,
        same: &[&Student],
        alone: Option<&Student>,
        student: &Student,
        asked: &mut Vec<CaseQuestion>,
    ) -> BTreeMap<CaseId, BTreeSet<StudentId>> {
        let Self { record, decision, .. } = *self;
        let mut held: BTreeMap<CaseId, BTreeSet<StudentId>> = same
            .iter()
            .copied()
            .chain(alone.filter(|_| same.is_empty()))
            .flat_map(|student| student.on_hold.clone())
            .collect();
        // A dispute is settled by people alone, as is a decision that was undone.
        let disputes = |held: &mut BTreeMap<CaseId, BTreeSet<StudentId>>| {
            held.retain(|case, _| case.is_dispute());
        };
        if same.is_empty() {
            disputes(&mut held);
            // Who names nobody can't be told, and there is nothing to decide about it.
            if let Some(doubt) = decision.doubt
                && doubt != Doubt::Unknown
            {
                let nearest = &decision.near[..decision.near.len().min(MOST_NEAR)];
                held.extend([self.ask(&record.id, student, nearest, asked)]);
            }
            return held;
        }
        let seen = same.iter().any(|student| !student.is_on_hold_without(&record.id));
        if seen || student.verified().is_some() {
            disputes(&mut held);
            return held;
        }
        // All that it is waits: for whom it may still be.
        let case = held.keys().find(|case| !case.is_dispute()).cloned();
        let case = case.unwrap_or_else(|| CaseId::attachment(&record.id));
        let mut rivals: BTreeSet<StudentId> = held.values().flatten().copied().collect();
        rivals.extend(decision.near.iter().map(|near| near.student));
        disputes(&mut held);
        let rivals =
            rivals.iter().filter_map(|id| self.students.iter().find(|known| known.id == *id));
        let near: Vec<_> = rivals
            .filter(|rival| !same.iter().any(|student| student.id == rival.id))
            .filter_map(|rival| {
                // What the record said as one of theirs it says here now.
                let mut rival = rival.clone();
                rival.detach(&record.id);
                may_be_one(student, &rival)
            })
            .collect();
        // What has nothing to do with whom it resembles, one more record that waits doesn't settle.
        let doubted = decision.doubt.is_some_and(|doubt| doubt != Doubt::Resembles);
        if doubted || !near.is_empty() {
            let first = student.edges().find(|edge| CaseId::attachment(&edge.record) == case);
            let first = first.map_or(&record.id, |edge| &edge.record);
            held.extend([self.ask(first, student, &near, asked)]);
        }
        held
    }

    /// Asks whether the student that a record waits with is one of those near it. Gives the case,
    /// with whom it is about.
    fn ask(
        &self,
        record: &RecordId,
        student: &Student,
        near: &[Closeness<StudentId>],
        asked: &mut Vec<CaseQuestion>,
    ) -> (CaseId, BTreeSet<StudentId>) {
        let sides = near.iter().take(MOST_NEAR).filter_map(|near| {
            let known = self.students.iter().find(|known| known.id == near.student)?;
            Some(Near { side: side(known, self.keys), comparison: near.best })
        });
        let master = side(student, self.keys).master;
        asked.push(CaseQuestion::Attachment {
            record: record.clone(),
            master,
            near: sides.collect(),
        });
        (CaseId::attachment(record), near.iter().map(|near| near.student).collect())
    }

    /// Whether the student is beyond the quota of its establishment. An operator is told rather
    /// than reviewers, and it may be nobody who is known.
    fn waits_for_quota(&self, student: &Student) -> bool {
        self.decision.doubt == Some(Doubt::Quota)
            && student.on_hold.values().all(BTreeSet::is_empty)
    }

    fn doubt(&self, student: &Student) -> Doubt {
        if student.on_hold.keys().any(CaseId::is_dispute) {
            return Doubt::Disputed;
        }
        // It joined one who waits, or names nobody.
        self.decision.doubt.unwrap_or(if student.on_hold.is_empty() {
            Doubt::Unknown
        } else {
            Doubt::Resembles
        })
    }
}

/// A student in question.
pub(crate) fn side(student: &Student, keys: &IdentityKeys) -> Side {
    Side { student: student.id, master: student.verified().map(|ine| keys.ine(&ine)) }
}

/// A declaration that names nobody keeps the identity of the student it is attached to, or INES's:
/// it stays to be told should the records that gave it be taken away.
fn registered(
    mut declaration: Declaration,
    student: &Student,
    verification: &InesVerification,
) -> Declaration {
    if let StatedPerson::Pair(pair) = &mut declaration.identite {
        pair.registre = match verification {
            InesVerification::Confirmed { registre, .. } => Some(registre.clone()),
            _ => student.spelling().cloned().map(Box::new),
        };
    }
    declaration
}
