//! Students with more records than a transaction takes: they become one, are parted, hidden and
//! shown in steps, and the process dies after each of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use deduplication::handler;
use shared::contract::pointer::Pointer;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;
use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, Links};
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::compare::Comparison;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::publication::{Change, RecordUpdate, Write, concerned, plan};
use shared::identity::review::{Case, CaseId, CaseQuestion, CaseVerdict, Side, State};
use shared::identity::student::{Student, StudentId};
use shared::registry::blocks::Consistency;
use shared::registry::publications::Published;

use crate::check;
use crate::drive::{Pace, drive};
use crate::people::Statement;
use crate::reviewers;
use crate::stories::{person, said};
use crate::world::{Cost, Process, Sim};

/// Records of each student: with what goes with them, three transactions and more.
const MANY: u64 = 130;

/// A sister and a brother with very many enrolments each, and one case about them.
struct Siblings {
    sim: Rc<Sim>,
    sister: Vec<Statement>,
    brother: Vec<Statement>,
}

impl Siblings {
    fn new(seed: u64) -> Self {
        let sim = Sim::new(seed, None);
        let sister = enrol(&sim, &person("Capucine", Sex::Female), None, 0..MANY);
        let brother = enrol(&sim, &person("Théodore", Sex::Male), None, 1_000..1_000 + MANY);
        let siblings = Self { sim, sister, brother };
        assert_eq!(siblings.groups(), 2);
        siblings
    }

    fn groups(&self) -> usize {
        check::partition(&self.sim.tables()).len()
    }

    fn student(&self, statement: &Statement) -> Student {
        let tables = self.sim.tables();
        tables.student(tables.records[&statement.record].student.unwrap()).unwrap()
    }

    fn duplicate(&self) -> CaseQuestion {
        let side = |student: StudentId| Side { student, master: None };
        let (one, other) = (&self.sister[0], &self.brother[0]);
        let [a, b] = [one, other]
            .map(|said| ComparedPerson::of(said.declaration.identite.said().unwrap(), None));
        let sides = [one, other].map(|said| side(self.student(said).id));
        let [one_side, other_side] = sides;
        CaseQuestion::duplicate(one_side, other_side, one.record.clone(), Comparison::of(&a, &b))
    }

    /// People decide, and it is applied by processes each of which dies after one transaction.
    /// Gives how many did.
    fn decide(&self, question: CaseQuestion, verdict: &CaseVerdict) -> (CaseId, usize) {
        let id = question.case();
        let stored = self.sim.tables().cases.get(&id).cloned();
        let mut case =
            stored.unwrap_or_else(|| Case::open(question, RULE_VERSION, self.sim.time()));
        for reviewer in ["a", "b"] {
            let _ = case.vote(reviewer, verdict.clone(), None, self.sim.time());
        }
        assert_eq!(case.state, State::Decided);
        reviewers::write(&self.sim, &case);
        self.sim.queue.borrow_mut().clear();
        let steps = self.die_after_each(&id);
        (id, steps)
    }

    fn undo(&self, id: &CaseId) -> usize {
        let mut case = self.sim.tables().cases[id].clone();
        case.undo("c", self.sim.time()).unwrap();
        reviewers::write(&self.sim, &case);
        self.sim.queue.borrow_mut().clear();
        self.die_after_each(id)
    }

    /// The last process lives, and so does what follows.
    fn die_after_each(&self, id: &CaseId) -> usize {
        let mut steps = 0;
        while self.step(id) {
            check::derived(&self.sim.tables(), &self.sim.keys);
            steps += 1;
            assert!(steps < 100, "it never ends");
        }
        self.sim.send(Pointer::Case(id.clone()), 0);
        drive(&self.sim, &[], Pace::Order);
        check::settled(&self.sim.tables(), &self.sim.keys);
        steps
    }

    /// A process follows the case until something was published, and dies. Gives whether anything
    /// was.
    fn step(&self, id: &CaseId) -> bool {
        let (before, pointer) = (self.sim.published.get(), Pointer::Case(id.clone()));
        let process = Process::new(Rc::clone(&self.sim), 1);
        let (mut running, mut calls) = (pin!(handler::follow(&process, &pointer)), Vec::new());
        loop {
            let polled = self.sim.poll(running.as_mut(), &mut calls);
            for call in std::mem::take(&mut calls) {
                self.sim.answer(1, call, &mut Cost::default());
            }
            if self.sim.published.get() > before {
                return true;
            }
            if let Poll::Ready(followed) = polled {
                followed.unwrap();
                return false;
            }
        }
    }

    fn told(&self) -> BTreeSet<StudentId> {
        let students = check::students(&self.sim.tables());
        students
            .into_iter()
            .filter(|student| student.answer().is_some())
            .map(|student| student.id)
            .collect()
    }
}

/// Somebody with very many records: the first is decided on, and the others are attached like it,
/// since each decision reads all that were attached before.
fn enrol(
    sim: &Rc<Sim>,
    identity: &CivilIdentity,
    ine: Option<&str>,
    numbers: Range<u64>,
) -> Vec<Statement> {
    let statements: Vec<Statement> = numbers.map(|number| said(identity, ine, number)).collect();
    drive(sim, &statements[..1], Pace::Order);
    for chunk in statements[1..].chunks(20) {
        for statement in chunk {
            sim.say(statement);
        }
        let tables = sim.tables();
        let first = &tables.records[&statements[0].record];
        let before = tables.student(first.student.unwrap()).unwrap();
        let like = before.edge(&first.id).unwrap();
        let mut after = before.clone();
        let mut updates = Vec::new();
        for Statement { record, version, declaration } in chunk.iter().cloned() {
            updates.push(Write::UpdateRecord(Box::new(RecordUpdate {
                record: record.clone(),
                version: version.clone(),
                before: None,
                links: Links::default(),
                state: first.state,
                student: before.id,
                doubt: first.doubt,
                statut_ine: first.statut_ine.unwrap(),
                finding: first.finding,
                unknown_since: first.unknown_since,
                verify_on: first.verify_on,
            })));
            after.attach(Edge { record, version, declaration, ..like.clone() });
        }
        let changes = [Change { before, after, merged_into: None }];
        let keys = concerned(&changes, &sim.keys);
        let blocks = sim.meanwhile(sim.stores.blocks.read(&keys, Consistency::Strong)).unwrap();
        let writes: Vec<Write> =
            plan(&changes, &sim.keys, &blocks).into_iter().chain(updates).collect();
        assert_eq!(
            sim.meanwhile(sim.stores.publisher.publish(&writes, jiff::Timestamp::now())).unwrap(),
            Published::Yes
        );
    }
    check::settled(&sim.tables(), &sim.keys);
    statements
}

#[test]
fn a_merge_of_any_size_is_made_and_undone() {
    let siblings = Siblings::new(1);
    let before = check::partition(&siblings.sim.tables());
    let told = siblings.told();
    let (case, steps) = siblings.decide(siblings.duplicate(), &CaseVerdict::Same);
    assert!(steps > 3, "{steps}");
    assert_eq!(siblings.groups(), 1);
    assert_eq!(siblings.told().len(), 1);
    let steps = siblings.undo(&case);
    assert!(steps > 3, "{steps}");
    assert_eq!(check::partition(&siblings.sim.tables()), before);
    assert_eq!(siblings.told(), told, "both are told of again, under the ids that they had");
}

#[test]
fn a_merge_that_is_under_way_is_undone() {
    for steps in 1..6 {
        let siblings = Siblings::new(2);
        let before = check::partition(&siblings.sim.tables());
        let told = siblings.told();
        let question = siblings.duplicate();
        let id = question.case();
        let mut case = Case::open(question, RULE_VERSION, siblings.sim.time());
        case.vote("a", CaseVerdict::Same, None, siblings.sim.time()).unwrap();
        reviewers::write(&siblings.sim, &case);
        siblings.sim.queue.borrow_mut().clear();
        for _ in 0..steps {
            assert!(siblings.step(&id));
        }
        assert!(siblings.told().is_empty(), "nothing is told of whoever changes");
        siblings.undo(&id);
        assert_eq!(check::partition(&siblings.sim.tables()), before, "after {steps} steps");
        assert_eq!(siblings.told(), told);
    }
}

#[test]
fn students_of_any_size_are_told_apart_and_parted_and_shown() {
    let siblings = Siblings::new(3);
    let before = check::partition(&siblings.sim.tables());
    let told = siblings.told();
    let (apart, _) = siblings.decide(siblings.duplicate(), &CaseVerdict::Different);
    let student = siblings.student(&siblings.sister[0]).id;
    let dispute = CaseQuestion::Dispute { student };
    let half: BTreeSet<RecordId> =
        siblings.sister.iter().step_by(2).map(|statement| statement.record.clone()).collect();
    // The dispute hides her first.
    let case = Case::open(dispute.clone(), RULE_VERSION, siblings.sim.time());
    reviewers::write(&siblings.sim, &case);
    drive(&siblings.sim, &[], Pace::Order);
    assert_eq!(siblings.told().len(), 1);
    let (split, steps) = siblings.decide(dispute.clone(), &CaseVerdict::Split(half));
    assert!(steps > 1);
    assert_eq!((siblings.groups(), siblings.told().len()), (3, 3));
    siblings.undo(&split);
    assert_eq!(siblings.told().len(), 1, "she is disputed again");
    let (keep, steps) = siblings.decide(dispute, &CaseVerdict::Keep);
    assert!(steps > 1);
    assert_eq!(siblings.told(), told);
    siblings.undo(&keep);
    siblings.undo(&apart);
    assert_eq!(check::partition(&siblings.sim.tables()), before);
}

/// Somebody's two names were two people's, until a record with both comes.
#[test]
fn evidence_makes_one_of_students_of_any_size() {
    let sim = Sim::new(4, None);
    let ine = "070578267KH";
    let birth = person("Capucine", Sex::Female);
    let usage =
        CivilIdentity { nom_famille: PersonName::parse("Ouédraogo").unwrap(), ..birth.clone() };
    let both = CivilIdentity { nom_usage: Some(usage.nom_famille.clone()), ..birth.clone() };
    // Fewer, for all of them are decided on again; a transaction takes a third of those that move.
    enrol(&sim, &birth, Some(ine), 0..50);
    enrol(&sim, &usage, None, 1_000..1_050);
    assert_eq!(check::partition(&sim.tables()).len(), 2);
    drive(&sim, &[said(&both, Some(ine), 2_000)], Pace::Order);
    check::settled(&sim.tables(), &sim.keys);
    assert_eq!(check::partition(&sim.tables()).len(), 1);
    let decided = |case: &Case| case.decision().is_some() && case.votes.is_empty();
    assert!(sim.tables().cases.values().any(decided), "a case that evidence decided");
}
