use jiff::civil::date;

use super::*;

fn now() -> Timestamp {
    "2027-01-31T23:30:00Z".parse().unwrap()
}

fn uai(text: &str) -> Uai {
    Uai::parse(text).unwrap()
}

fn request(right: Right) -> Request {
    let opening = Opening {
        id: RequestId::random(),
        right,
        owner: Some("1.abc".into()),
        student: Some(StudentId::random()),
        statement: String::new(),
        contests: false,
        uai: None,
        by: Actor::Person,
    };
    Request::open(opening, 1, now())
}

fn agent() -> Actor {
    Actor::National { member: "1.agent".into() }
}

fn school() -> Actor {
    Actor::Establishment { uai: uai("0751717J"), member: "1.manager".into() }
}

fn record() -> RecordId {
    RecordId::parse("1.11111111111111111111111111111111").unwrap()
}

fn said(text: &str) -> BTreeMap<RecordId, String> {
    BTreeMap::from([(record(), text.to_owned())])
}

#[test]
fn it_is_due_a_month_later_by_the_calendar_of_paris_and_two_more_once() {
    let mut request = request(Right::Access);
    assert_eq!(request.due_on, date(2027, 3, 1), "of the first of February, in Paris");
    assert!(!request.is_late(date(2027, 3, 1)) && request.is_late(date(2027, 3, 2)));
    request.extend(None, agent(), now()).unwrap();
    assert_eq!(request.due_on, date(2027, 5, 1));
    assert_eq!(request.extend(None, agent(), now()), Err(ChangeError::ExtendedAlready));
    let january: Timestamp = "2027-01-31T12:00:00Z".parse().unwrap();
    let opening = Opening {
        id: request.id,
        right: Right::Access,
        owner: None,
        student: None,
        statement: String::new(),
        contests: false,
        uai: None,
        by: agent(),
    };
    assert_eq!(Request::open(opening, 1, january).due_on, date(2027, 2, 28), "a shorter month");
}

#[test]
fn somebody_takes_charge_before_it_is_answered_and_it_ends_once() {
    let mut request = request(Right::Access);
    assert_eq!(request.grant(None, agent(), now()), Err(ChangeError::NobodyInCharge));
    request.take("1.agent", agent(), now()).unwrap();
    request.take("1.agent", agent(), now()).unwrap();
    assert_eq!((&request.state, request.history.len()), (&State::InProgress, 2));
    request.grant(None, agent(), now()).unwrap();
    request.grant(None, agent(), now()).unwrap();
    assert_eq!((request.history.len(), request.ended_at()), (3, Some(now())));
    let refused = request.refuse(RefusalReason::NotHeld, Ground::PublicTask, None, agent(), now());
    assert_eq!(refused, Err(ChangeError::Ended(End::Granted)));
    assert_eq!(request.withdraw(now()), Err(ChangeError::Ended(End::Granted)));
    assert_eq!(request.take("2", agent(), now()), Err(ChangeError::Ended(End::Granted)));
    assert!(!request.is_open() && !request.is_late(date(2030, 1, 1)));
}

#[test]
fn an_establishment_agrees_and_its_next_word_corrects_or_it_refuses() {
    let mut request = request(Right::Rectification);
    assert_eq!(request.agree(said("a"), school(), now()), Err(ChangeError::NotSent));
    assert_eq!(request.correct(None, school(), now()), Err(ChangeError::NotSent));
    request.send(uai("0751717J"), agent(), now()).unwrap();
    request.send(uai("0751717J"), agent(), now()).unwrap();
    assert_eq!((request.establishment(), request.history.len()), (Some(uai("0751717J")), 2));
    let mut refused = request.clone();
    request.agree(said("a"), school(), now()).unwrap();
    request.agree(said("b"), school(), now()).unwrap();
    assert!(!request.compare(&said("a"), now()), "the same words");
    assert!(request.clone().compare(&said("b"), now()), "other words");
    assert!(request.compare(&BTreeMap::new(), now()), "none any more");
    assert_eq!(request.state, State::Ended(End::Corrected));
    assert_eq!(request.history.last().unwrap().by, Actor::Feed);
    assert!(request.was_sent_to(uai("0751717J")) && !request.was_sent_to(uai("0750655E")));

    let reason = RefusalReason::Accurate;
    refused.refuse(reason, Ground::LegalObligation, None, school(), now()).unwrap();
    assert_eq!(refused.state, State::Ended(End::Refused(reason)));
    let access = self::request(Right::Access).send(uai("0751717J"), agent(), now());
    assert_eq!(access, Err(ChangeError::NotRectification(Right::Access)));
}

#[test]
fn one_that_goes_from_one_establishment_to_another_is_the_others() {
    let mut request = request(Right::Rectification);
    request.send(uai("0751717J"), agent(), now()).unwrap();
    request.agree(said("a"), school(), now()).unwrap();
    request.send(uai("0750655E"), agent(), now()).unwrap();
    assert_eq!(request.state, State::Sent { uai: uai("0750655E") });
    assert!(!request.was_sent_to(uai("0751717J")) && request.was_sent_to(uai("0750655E")));
}

#[test]
fn the_ground_refuses_what_the_law_lets_it() {
    use Ground::{LegalObligation, PublicTask};
    let refuse = |right, ground| {
        let mut request = request(right);
        request.take("1.agent", agent(), now()).unwrap();
        request.refuse(RefusalReason::Ground, ground, None, agent(), now())
    };
    for right in [Right::Access, Right::Rectification, Right::Restriction] {
        for ground in Ground::ALL {
            assert_eq!(refuse(right, ground), Err(ChangeError::NotByGround { right, ground }));
        }
    }
    assert_eq!(refuse(Right::Objection, LegalObligation), Ok(()));
    assert!(refuse(Right::Objection, PublicTask).is_err(), "it has to be weighed");
    assert_eq!(refuse(Right::Erasure, PublicTask), Ok(()));
}

#[test]
fn nothing_is_told_until_it_ends_if_that_is_asked_and_for_good_once_granted() {
    for (right, asked, granted) in [
        (Right::Access, false, false),
        (Right::Rectification, false, false),
        (Right::Restriction, true, true),
        (Right::Objection, false, true),
        (Right::Erasure, false, true),
    ] {
        let mut request = request(right);
        assert_eq!(request.silences(), asked, "{right:?}");
        request.contests = true;
        assert!(request.silences());
        request.take("1.agent", agent(), now()).unwrap();
        let mut withdrawn = request.clone();
        withdrawn.withdraw(now()).unwrap();
        assert!(!withdrawn.silences());
        request.grant(None, agent(), now()).unwrap();
        assert_eq!(request.silences(), granted, "{right:?}");
    }
}

#[test]
fn names_are_what_is_stored_and_an_id_has_one_form() {
    for right in Right::ALL {
        assert_eq!(serde_json::to_value(right).unwrap(), right.name());
        assert_eq!(Right::named(right.name()), Some(right));
    }
    for reason in RefusalReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        assert_eq!(RefusalReason::named(reason.name()), Some(reason));
    }
    for ground in Ground::ALL {
        assert_eq!(serde_json::to_value(ground).unwrap(), ground.name());
        assert_eq!(ground.name().parse(), Ok(ground));
    }
    assert_eq!("6.1.c".parse::<Ground>(), Err(UnknownGround));
    let id = RequestId::random();
    assert_eq!(RequestId::parse(&id.to_string()), Some(id));
    for other in ["", "x", &id.to_string().to_uppercase(), &format!("{{{id}}}")] {
        assert_eq!(RequestId::parse(other), None, "{other}");
    }
}
