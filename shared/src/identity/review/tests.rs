use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::ine::Ine;
use crate::identity::block::Traits;
use crate::identity::digest::{IneDigest, RecordId};
use crate::identity::engine::RULE_VERSION;
use crate::identity::engine::compare::Comparison;
use crate::identity::fixtures::{identity, keys};
use crate::rights::RequestId;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn record() -> RecordId {
    RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap()
}

fn student(number: u128) -> StudentId {
    serde_json::from_value(serde_json::json!(format!("{number:032x}"))).unwrap()
}

fn master(ine: &str) -> Option<IneDigest> {
    Ine::parse(ine).ok().map(|ine| keys().ine(&ine))
}

fn side(number: u128, ine: &str) -> Side {
    Side { student: student(number), master: master(ine) }
}

fn comparison() -> Comparison {
    let person = |given| {
        let identite = crate::domain::enrolment::StatedPerson::Civil(identity(
            "Castelbou",
            given,
            "2004-03-02",
        ));
        Traits::said(None, identite).person()
    };
    Comparison::of(&person("Léa"), &person("Zoé"))
}

const ONE: &str = "070578267KH";
const OTHER: &str = "161234567AB";

/// A record near three students: one without a verified INE, one with another, one with its own.
fn attachment() -> Case {
    let near = [side(1, ""), side(2, OTHER), side(3, ONE)];
    let near = near.into_iter().map(|side| Near { side, comparison: comparison() }).collect();
    let question = CaseQuestion::Attachment { record: record(), master: master(ONE), near };
    Case::open(question, RULE_VERSION, now())
}

fn duplicate(one: &str, other: &str) -> Case {
    let question = CaseQuestion::duplicate(side(2, one), side(1, other), record(), comparison());
    Case::open(question, RULE_VERSION, now())
}

fn dispute() -> Case {
    Case::open(CaseQuestion::Dispute { student: student(1) }, RULE_VERSION, now())
}

fn say(case: &mut Case, reviewer: &str, verdict: CaseVerdict) -> Result<State, VoteError> {
    case.vote(reviewer, verdict, None, now()).map(|progress| progress.state)
}

#[test]
fn ids_read_back_and_follow_from_the_question() {
    for case in [attachment(), duplicate("", ""), dispute()] {
        assert_eq!(CaseId::parse(case.id.as_str()), Some(case.id.clone()));
    }
    assert_eq!(
        CaseId::duplicate(student(1), student(2)),
        CaseId::duplicate(student(2), student(1))
    );
    for wrong in ["", "a-", "a-x", "c-1", "d-1-2", "e-00000000000000000000000000000001"] {
        assert_eq!(CaseId::parse(wrong), None, "{wrong}");
    }
    let [one, other] = [student(1), student(2)];
    assert_eq!(CaseId::parse(&format!("d-{other}-{one}")), None, "one pair has one id");
}

#[test]
fn one_voice_decides_unless_ines_tells_two_people_apart() {
    for verdict in
        [CaseVerdict::Attach(student(1)), CaseVerdict::Attach(student(3)), CaseVerdict::Different]
    {
        assert_eq!(say(&mut attachment(), "a", verdict), Ok(State::Decided));
    }
    let mut two = attachment();
    assert_eq!(say(&mut two, "a", CaseVerdict::Attach(student(2))), Ok(State::Open));
    assert_eq!(
        say(&mut two, "a", CaseVerdict::Attach(student(2))),
        Ok(State::Open),
        "twice the same person is one"
    );
    assert_eq!(say(&mut two, "a", CaseVerdict::Different), Err(VoteError::Voted));
    assert_eq!(say(&mut two, "b", CaseVerdict::Attach(student(2))), Ok(State::Decided));
    assert_eq!(say(&mut duplicate(ONE, OTHER), "a", CaseVerdict::Same), Ok(State::Open));
    for (one, other) in [(ONE, ""), ("", OTHER), ("", ""), (ONE, ONE)] {
        assert_eq!(say(&mut duplicate(one, other), "a", CaseVerdict::Same), Ok(State::Decided));
    }
}

#[test]
fn two_who_disagree_decide_nothing() {
    let mut case = duplicate(ONE, OTHER);
    say(&mut case, "a", CaseVerdict::Same).unwrap();
    let progress = case.vote("b", CaseVerdict::Different, Some(Reason::Documents), now()).unwrap();
    assert_eq!(progress, Progress { state: State::Open, voices: 2, unsure: 0, disagreement: true });
    assert_eq!(
        say(&mut case, "c", CaseVerdict::Same),
        Ok(State::Open),
        "two against one, where two are needed"
    );
    assert_eq!(say(&mut case, "d", CaseVerdict::Same), Ok(State::Decided));
}

#[test]
fn whoever_cannot_tell_may_find_out() {
    let mut case = attachment();
    assert_eq!(say(&mut case, "a", CaseVerdict::Unsure), Ok(State::Open));
    assert_eq!((case.progress().voices, case.progress().unsure), (0, 1));
    assert_eq!(say(&mut case, "a", CaseVerdict::Different), Ok(State::Decided));
    assert_eq!(case.votes.len(), 2);
}

#[test]
fn a_verdict_must_answer_the_question() {
    for (mut case, verdict) in [
        (attachment(), CaseVerdict::Same),
        (attachment(), CaseVerdict::Attach(student(9))),
        (duplicate("", ""), CaseVerdict::Keep),
        (dispute(), CaseVerdict::Different),
        (dispute(), CaseVerdict::Split(BTreeSet::new())),
    ] {
        assert_eq!(say(&mut case, "a", verdict), Err(VoteError::NotAnAnswer(NotAnAnswer)));
    }
}

#[test]
fn an_undone_decision_is_kept_and_the_case_is_open_again() {
    let mut case = duplicate("", "");
    assert_eq!(case.undo("a", now()), Err(NothingDecided));
    say(&mut case, "a", CaseVerdict::Same).unwrap();
    assert!(matches!(case.pending(), Some(Pending::Apply(Effect::Merge(_)))));
    case.complete(&BTreeSet::new(), now());
    assert_eq!((case.state, case.pending()), (State::Applied, None));
    assert_eq!(say(&mut case, "b", CaseVerdict::Different), Err(VoteError::DecidedOtherwise));
    case.undo("b", now()).unwrap();
    assert!(matches!(case.pending(), Some(Pending::Revert(Effect::Merge(_)))));
    assert_eq!(say(&mut case, "b", CaseVerdict::Different), Err(VoteError::NotOpen(State::Undone)));
    case.complete(&BTreeSet::new(), now());
    assert_eq!((case.state, case.decision(), case.progress().voices), (State::Open, None, 0));
    case.undo("b", now()).unwrap();
    say(&mut case, "a", CaseVerdict::Different).unwrap();
    assert_eq!((case.decisions.len(), case.decision().unwrap().round), (2, 1));
    assert_eq!(case.decisions[0].undone.as_ref().unwrap().reviewer, "b");
}

#[test]
fn a_disputed_student_is_hidden_until_it_is_settled() {
    let mut case = dispute();
    assert_eq!(case.pending(), Some(Pending::Hide(student(1))));
    say(&mut case, "a", CaseVerdict::Split(BTreeSet::from([record()]))).unwrap();
    assert!(matches!(case.pending(), Some(Pending::Apply(Effect::Split { .. }))));
    case.complete(&BTreeSet::new(), now());
    case.undo("a", now()).unwrap();
    case.complete(&BTreeSet::new(), now());
    assert_eq!(case.pending(), Some(Pending::Hide(student(1))));
}

#[test]
fn what_a_person_contests_is_nobody_s_to_decide_and_ends_with_the_last_request() {
    let (one, other) = (RequestId::random(), RequestId::random());
    let mut case = dispute();
    assert_eq!(case.contest_by(one, now()), Ok(true));
    assert_eq!(case.contest_by(one, now()), Ok(false));
    assert_eq!(case.contest_by(other, now()), Ok(true));
    assert_eq!(case.pending(), Some(Pending::Hide(student(1))));
    assert_eq!(say(&mut case, "a", CaseVerdict::Keep), Err(VoteError::Contested));
    assert!(case.lift(one, now()) && !case.lift(one, now()));
    assert!(case.is_contested());
    assert!(case.lift(other, now()));
    assert_eq!(case.pending(), Some(Pending::Apply(&Effect::Keep(student(1)))));
    assert_eq!(case.contest_by(one, now()), Err(BeingApplied(State::Decided)));
    case.complete(&BTreeSet::new(), now());
    // Asked again, it is hidden again.
    assert_eq!(case.contest_by(one, now()), Ok(true));
    assert_eq!((case.round, case.pending()), (1, Some(Pending::Hide(student(1)))));
    assert!(case.lift(one, now()));
    assert_eq!(case.state, State::Decided);
}

#[test]
fn a_doubt_of_others_outlives_the_person_s_own_request() {
    let request = RequestId::random();
    let mut before = Case { version: 1, ..dispute() };
    before.contest_by(request, now()).unwrap();
    let mut after = dispute();
    after.contest_by(request, now()).unwrap();
    assert!(after.ask_again(after.question.clone(), RULE_VERSION, now()));
    assert!(!after.ask_again(after.question.clone(), RULE_VERSION, now()));
    for mut case in [before, after] {
        assert!(case.lift(request, now()));
        assert!(case.is_open() && !case.is_contested());
        assert_eq!(case.pending(), Some(Pending::Hide(student(1))));
        assert_eq!(say(&mut case, "a", CaseVerdict::Keep), Ok(State::Decided));
    }
}

#[test]
fn a_question_about_others_begins_another_round() {
    let mut case = attachment();
    say(&mut case, "a", CaseVerdict::Attach(student(2))).unwrap();
    assert!(!case.ask_again(case.question.clone(), RULE_VERSION, now()));
    let near = vec![Near { side: side(2, OTHER), comparison: comparison() }];
    let fewer = CaseQuestion::Attachment { record: record(), master: master(ONE), near };
    assert!(case.ask_again(fewer, RULE_VERSION, now()));
    assert_eq!((case.round, case.votes.len(), case.progress().voices), (1, 1, 0));
}

#[test]
fn what_is_decided_stands_unless_ines_has_told_two_people_apart_since() {
    let mut case = duplicate(ONE, "");
    say(&mut case, "a", CaseVerdict::Same).unwrap();
    let same = case.question.clone();
    assert!(!case.ask_again(same, RULE_VERSION, now()));
    assert!(case.ask_again(duplicate(ONE, OTHER).question, RULE_VERSION, now()));
    assert_eq!((case.state, case.pending()), (State::Open, None));
    assert_eq!(say(&mut case, "b", CaseVerdict::Same), Ok(State::Decided));
}

#[test]
fn what_was_told_apart_is_not_asked_again_and_what_is_new_is() {
    let mut case = attachment();
    say(&mut case, "a", CaseVerdict::Different).unwrap();
    case.complete(&BTreeSet::new(), now());
    assert!(!case.ask_again(attachment().question, RULE_VERSION, now()));
    let near = vec![Near { side: side(4, ""), comparison: comparison() }];
    let another = CaseQuestion::Attachment { record: record(), master: None, near };
    assert!(case.ask_again(another, RULE_VERSION, now()));
    assert_eq!((case.state, case.round, case.votes.len()), (State::Open, 1, 1));
    assert!(case.withdraw() && !case.withdraw());
    assert!(
        case.ask_again(attachment().question, RULE_VERSION, now()) && case.state == State::Open
    );
}

#[test]
fn a_case_reads_back_and_holds_nothing_personal() {
    for mut case in [attachment(), duplicate(ONE, OTHER), dispute()] {
        say(&mut case, "a", CaseVerdict::Unsure).unwrap();
        let stored = serde_json::to_string(&case).unwrap();
        assert_eq!(serde_json::from_str::<Case>(&stored).unwrap(), case);
        for value in [ONE, OTHER, "CASTELBOU", "2004"] {
            assert!(!stored.to_uppercase().contains(value), "{stored}");
        }
    }
}

#[derive(Debug, Clone)]
enum Move {
    Vote(&'static str, CaseVerdict),
    Undo(&'static str),
    Complete,
    Withdraw,
    Ask(bool),
}

impl Move {
    fn make(&self, case: &mut Case) {
        match self {
            Self::Vote(reviewer, verdict) => {
                let _ = case.vote(reviewer, verdict.clone(), None, now());
            }
            Self::Undo(reviewer) => drop(case.undo(reviewer, now())),
            Self::Complete => case.complete(&BTreeSet::new(), now()),
            Self::Withdraw => drop(case.withdraw()),
            Self::Ask(verified) => {
                let question = duplicate(ONE, if *verified { OTHER } else { "" }).question;
                case.ask_again(question, RULE_VERSION, now());
            }
        }
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let reviewer = || prop::sample::select(vec!["a", "b", "c"]);
    let verdict =
        prop::sample::select(vec![CaseVerdict::Same, CaseVerdict::Different, CaseVerdict::Unsure]);
    let one = prop_oneof![
        6 => (reviewer(), verdict).prop_map(|(reviewer, verdict)| Move::Vote(reviewer, verdict)),
        2 => reviewer().prop_map(Move::Undo),
        2 => Just(Move::Complete),
        1 => Just(Move::Withdraw),
        2 => any::<bool>().prop_map(Move::Ask),
    ];
    prop::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn whatever_happens_one_person_never_joins_what_ines_tells_apart(verified in any::<bool>(), moves in moves()) {
        let mut case = duplicate(ONE, if verified { OTHER } else { "" });
        for one in moves {
            let before = case.clone();
            one.make(&mut case);
            prop_assert!(case.votes.starts_with(&before.votes), "a vote is never taken away");
            prop_assert_eq!(case.decision().is_some(), matches!(case.state, State::Decided | State::Applied));
            let mut earlier = case.decisions.iter().rev().skip(1);
            prop_assert!(earlier.all(|decision| decision.undone.is_some() || decision.round < case.round));
            if let (State::Decided, Some(decision)) = (case.state, case.decision()) {
                let people: BTreeSet<&str> = case.votes.iter()
                    .filter(|vote| vote.round == decision.round)
                    .filter(|vote| case.question.effect(&vote.verdict) == Ok(Some(decision.effect.clone())))
                    .map(|vote| vote.reviewer.as_str())
                    .collect();
                prop_assert!(people.len() >= case.question.voices(&decision.effect));
            }
            // Settling is the one move that leads on: a repetition of any other finds it made.
            if !matches!(one, Move::Complete) {
                let once = case.clone();
                one.make(&mut case);
                prop_assert_eq!(&case, &once, "{:?}", one);
            }
        }
    }
}
