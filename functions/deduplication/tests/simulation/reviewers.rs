//! People who decide cases, rightly or not, dispute students, and undo what was decided.

use std::collections::{BTreeMap, BTreeSet};

use shared::contract::pointer::Pointer;
use shared::identity::digest::RecordId;
use shared::identity::engine::RULE_VERSION;
use shared::identity::review::{Case, CaseId, CaseQuestion, CaseVerdict, State};
use shared::identity::student::{Student, StudentId};
use shared::registry::reviews::Saved;

use crate::check;
use crate::world::Sim;

/// Writes a case as review does, and sends its pointer.
pub(crate) fn write(sim: &Sim, case: &Case) {
    let id = case.id.clone();
    sim.note(|| {
        format!(
            "reviewers: {id} {:?} {:?}",
            case.state,
            case.decisions.last().map(|decision| &decision.effect)
        )
    });
    assert_eq!(sim.meanwhile(sim.stores.reviews.save(case)).unwrap(), Saved::Yes);
    sim.send(Pointer::Case(id), 0);
}

/// Somebody says that some students are two people.
pub(crate) fn dispute(sim: &Sim) {
    let students = check::students(&sim.tables());
    for student in students {
        let disputed = student.on_hold.keys().any(CaseId::is_dispute);
        if student.edges().count() > 1 && !disputed && sim.chance(0.3) {
            let question = CaseQuestion::Dispute { student: student.id };
            let stored = sim.tables().cases.get(&question.case()).cloned();
            match stored {
                Some(mut case) => {
                    if case.ask_again(question, RULE_VERSION, sim.time()) {
                        write(sim, &case);
                    }
                }
                None => write(sim, &Case::open(question, RULE_VERSION, sim.time())),
            }
        }
    }
}

/// Two people look at most of the open cases, and say what is true, most of the time.
pub(crate) fn decide(sim: &Sim, truth: &BTreeMap<RecordId, usize>) {
    let open: Vec<Case> =
        sim.tables().cases.values().filter(|case| case.state == State::Open).cloned().collect();
    for mut case in open {
        if sim.chance(0.7) {
            let verdict = verdict(sim, &case.question, truth);
            for reviewer in ["a", "b"] {
                // The second finds the case decided, if one is enough.
                let _ = case.vote(reviewer, verdict.clone(), None, sim.time());
            }
            write(sim, &case);
        }
    }
}

/// A decision that stands is undone, if there is one: the latest, or any.
pub(crate) fn undo(sim: &Sim, latest: bool) -> bool {
    let mut decided: Vec<Case> =
        sim.tables().cases.values().filter(|case| case.decision().is_some()).cloned().collect();
    decided.sort_by_key(|case| case.decision().map(|decision| decision.at));
    let undone = if latest { decided.len().checked_sub(1) } else { Some(sim.below(decided.len())) };
    let Some(mut case) = undone.and_then(|at| decided.get(at)).cloned() else { return false };
    case.undo("c", sim.time()).unwrap();
    write(sim, &case);
    true
}

fn verdict(sim: &Sim, question: &CaseQuestion, truth: &BTreeMap<RecordId, usize>) -> CaseVerdict {
    let honest = sim.chance(0.8);
    let records = |student: StudentId| -> BTreeSet<RecordId> {
        let student = sim.tables().student(student);
        student.iter().flat_map(Student::edges).map(|edge| edge.record.clone()).collect()
    };
    let is = |student: StudentId, person: usize| {
        records(student).iter().any(|record| truth[record] == person)
    };
    match question {
        CaseQuestion::Attachment { record, near, .. } => {
            let mut near = near.iter().map(|near| near.side.student);
            let whose = near.find(|student| is(*student, truth[record]) == honest);
            whose.map_or(CaseVerdict::Different, CaseVerdict::Attach)
        }
        CaseQuestion::Duplicate { sides: [one, other], .. } => {
            let same = records(one.student).iter().any(|record| is(other.student, truth[record]));
            if same == honest { CaseVerdict::Same } else { CaseVerdict::Different }
        }
        CaseQuestion::Dispute { student } => {
            let records = records(*student);
            let first = records.iter().next().map(|record| truth[record]);
            let others: BTreeSet<RecordId> = records
                .iter()
                .filter(|record| (Some(truth[*record]) != first) == honest)
                .cloned()
                .collect();
            if others.is_empty() || others.len() == records.len() {
                CaseVerdict::Keep
            } else {
                CaseVerdict::Split(others)
            }
        }
    }
}
