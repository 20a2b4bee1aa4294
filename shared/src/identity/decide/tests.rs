use super::*;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::{Pair, StatedPerson};
use crate::domain::name::PersonName;
use crate::domain::place_name::PlaceName;
use crate::identity::fixtures::{declaration, edge, identity, student};
use crate::identity::review::CaseId;

const RNIE: &str = "070578267KH";
const OTHER_RNIE: &str = "081768862AE";
const BEA: &str = "0906018155T";

fn this(said: &Declaration) -> RecordId {
    let mut own = said.clone();
    own.numero_etudiant = Some("this".into());
    edge(&own).record
}

fn decided(said: &Declaration, students: &[Student]) -> RecordDecision {
    with_standing(said, &InesVerification::Unasked, students)
}

fn with_standing(
    said: &Declaration,
    verification: &InesVerification,
    students: &[Student],
) -> RecordDecision {
    let (record, links) = (this(said), Links::default());
    decide(
        StatedRecord { record: &record, declaration: said, verification, links: &links },
        students,
        Reads::Whole,
    )
}

fn named(said: &mut Declaration) -> &mut CivilIdentity {
    let StatedPerson::Civil(identity) = &mut said.identite else { panic!("it names nobody") };
    identity
}

fn without_birthplace(mut said: Declaration) -> Declaration {
    named(&mut said).lieu_naissance = None;
    said
}

fn by_pair(ine: &str, birth: &str) -> Declaration {
    let mut said = declaration(Some(ine), "x", "y", birth);
    said.identite = StatedPerson::Pair(Pair {
        date_naissance: BirthDate::parse(birth).unwrap(),
        registre: None,
    });
    said
}

fn confirmed(ine: &str, name: &str) -> InesVerification {
    let registre = Box::new(identity(name, "Zoé", "2004-03-02"));
    InesVerification::Confirmed { registre, ine_maitre: Ine::parse(ine).unwrap() }
}

fn verified(said: &Declaration, ine: &str, name: &str) -> Student {
    let mut edge = edge(said);
    edge.verification = confirmed(ine, name);
    Student::restore(StudentId::random(), 1, [].into(), [edge])
}

#[test]
fn nobody_resembles() {
    let decision = decided(&declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02"), &[]);
    assert_eq!(
        (decision.same, decision.reason, decision.doubt),
        (Vec::new(), Reason::Newcomer, None)
    );
}

#[test]
fn a_person_who_is_written_otherwise() {
    let known = student(1, &[declaration(Some(RNIE), "Lefèvre", "Marie-Zoé", "2004-03-02")]);
    let decision = decided(
        &declaration(Some(RNIE), "LEFEVRE", "ZOE", "2004-03-02"),
        std::slice::from_ref(&known),
    );
    assert_eq!((decision.same, decision.reason), (vec![known.id], Reason::Evidence));
    assert!(decision.evidence.is_some());
}

#[test]
fn a_sibling_under_the_same_ine_waits() {
    let known = student(1, &[declaration(Some(RNIE), "Lefèvre", "Léa", "2004-03-02")]);
    let decision = decided(
        &declaration(Some(RNIE), "Lefèvre", "Hugo", "2004-03-02"),
        std::slice::from_ref(&known),
    );
    assert_eq!((decision.same.len(), decision.doubt), (0, Some(Doubt::Resembles)));
    assert_eq!(decision.near[0].student, known.id);
}

#[test]
fn what_a_record_said_itself_before_is_no_evidence() {
    let said = declaration(Some(RNIE), "Lefèvre", "Léa", "2004-03-02");
    let mut own = said.clone();
    own.numero_etudiant = Some("this".into());
    let known = student(1, &[own]);
    assert_eq!(decided(&said, &[known]).doubt, None);
}

#[test]
fn two_homonyms_who_are_not_each_other() {
    let known = [RNIE, OTHER_RNIE]
        .map(|ine| student(1, &[declaration(Some(ine), "Quintefeuille", "Eudoxie", "2004-03-02")]));
    let decision = decided(&declaration(None, "Quintefeuille", "Eudoxie", "2004-03-02"), &known);
    assert_eq!((decision.same.len(), decision.doubt), (0, Some(Doubt::Homonyms)));
}

#[test]
fn who_could_not_be_read_may_be_the_one() {
    let said = declaration(None, "Lefèvre", "Zoé", "2004-03-02");
    let (record, links) = (this(&said), Links::default());
    let statement = StatedRecord {
        record: &record,
        declaration: &said,
        verification: &InesVerification::Unasked,
        links: &links,
    };
    assert_eq!(decide(statement, &[], Reads::Cut).doubt, Some(Doubt::Homonyms));
    let verification = confirmed(RNIE, "Lefèvre");
    assert_eq!(
        decide(StatedRecord { verification: &verification, ..statement }, &[], Reads::Cut).doubt,
        None,
        "INES knows"
    );
}

#[test]
fn a_record_that_names_nobody_needs_a_known_pair() {
    let known = student(1, &[declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02")]);
    let known = std::slice::from_ref(&known);
    let pair = by_pair(RNIE, "2004-03-02");
    let decision = decided(&pair, known);
    assert_eq!((decision.same, decision.reason), (vec![known[0].id], Reason::SameIne));
    assert_eq!(decided(&pair, &[]).doubt, Some(Doubt::Unknown));
    assert_eq!(decided(&by_pair(RNIE, "2004-02-03"), known).doubt, Some(Doubt::BirthDateDiffers));
}

#[test]
fn a_record_with_names_joins_the_pair_that_waited_for_it() {
    let pair = student(1, &[by_pair(RNIE, "2004-03-02")]);
    let said = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
    assert_eq!(decided(&said, std::slice::from_ref(&pair)).same, [pair.id]);
    let other_date = student(1, &[by_pair(RNIE, "2004-02-03")]);
    assert!(decided(&said, &[other_date]).same.is_empty());
}

#[test]
fn the_pair_of_a_record_that_people_joined_to_it_is_named_once() {
    let pair = student(1, &[by_pair(RNIE, "2004-03-02")]);
    let said = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
    let (record, mut links) = (this(&said), Links::default());
    links.same.insert(
        CaseId::attachment(&record),
        pair.edges().map(|edge| edge.record.clone()).collect(),
    );
    let statement = StatedRecord {
        record: &record,
        declaration: &said,
        verification: &InesVerification::Unasked,
        links: &links,
    };
    let decision = decide(statement, std::slice::from_ref(&pair), Reads::Whole);
    assert_eq!((decision.same, decision.reason), (vec![pair.id], Reason::Decided));
}

#[test]
fn ines_vouches_for_whom_nothing_else_makes_certain() {
    let bare = without_birthplace(declaration(Some(RNIE), "Martin", "Zoé", "2004-03-02"));
    let known = verified(&declaration(Some(BEA), "Lefèvre", "Zoé", "2004-03-02"), RNIE, "Lefèvre");
    let decision = with_standing(&bare, &confirmed(RNIE, "Lefèvre"), std::slice::from_ref(&known));
    assert_eq!((decision.same, decision.reason), (vec![known.id], Reason::Verified));
}

#[test]
fn whom_ines_tells_apart_no_evidence_joins() {
    let said = declaration(Some(BEA), "Lefèvre", "Zoé", "2004-03-02");
    let known = verified(&declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02"), RNIE, "Lefèvre");
    assert_eq!(
        decided(&said, std::slice::from_ref(&known)).same,
        [known.id],
        "two registers give two numbers"
    );
    let decision = with_standing(&said, &confirmed(BEA, "Lefèvre"), std::slice::from_ref(&known));
    assert_eq!((decision.same.len(), decision.doubt), (0, None), "published under its own INE");
    assert_eq!(
        decision.near[0].student, known.id,
        "and two people have to say whether they are one"
    );
}

#[test]
fn an_ine_that_is_somebody_elses_is_no_evidence() {
    let known = student(1, &[declaration(Some(OTHER_RNIE), "Lefèvre", "Zoé", "2004-03-02")]);
    let said = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
    let decision = with_standing(&said, &InesVerification::Unknown, std::slice::from_ref(&known));
    assert_eq!(decision.same, [known.id], "certain by everything else");
    let decision = with_standing(&said, &InesVerification::Differs, &[]);
    assert_eq!((decision.same.len(), decision.doubt), (0, Some(Doubt::RegisterDiffers)));
}

#[test]
fn what_people_decided_overrides_evidence() {
    let known = student(1, &[declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02")]);
    let other = known.edges().next().unwrap().record.clone();
    let case = CaseId::attachment(&other);
    let said = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
    let stranger = declaration(None, "Petit", "Hugo", "1999-12-31");
    let (record, mut links) = (this(&said), Links::default());
    links.different.entry(case.clone()).or_default().insert(other.clone());
    let statement = StatedRecord {
        record: &record,
        declaration: &said,
        verification: &InesVerification::Unasked,
        links: &links,
    };
    let decision = decide(statement, std::slice::from_ref(&known), Reads::Whole);
    assert_eq!((decision.same.len(), decision.near.len(), decision.doubt), (0, 0, None));
    let mut links = Links::default();
    links.same.entry(case).or_default().insert(other);
    let statement = StatedRecord { declaration: &stranger, links: &links, ..statement };
    let decision = decide(statement, std::slice::from_ref(&known), Reads::Whole);
    assert_eq!((decision.same, decision.reason), (vec![known.id], Reason::Decided));
}

#[test]
fn the_order_of_reads_decides_nothing() {
    let said = declaration(None, "Quintefeuille", "Eudoxie", "2004-03-02");
    let mut known = [(); 3].map(|()| student(1, std::slice::from_ref(&said)));
    let forwards = decided(&said, &known).same;
    known.reverse();
    assert_eq!(decided(&said, &known).same, forwards);
    assert_eq!(forwards.len(), 3, "they are one person, and this record says so");
}

#[test]
fn birthplaces_tell_students_apart() {
    let mut elsewhere = declaration(None, "Lefèvre", "Zoé", "2004-03-02");
    named(&mut elsewhere).lieu_naissance = Some(CommuneCode::parse("35238").unwrap());
    let one = student(1, &[declaration(None, "Lefèvre", "Zoé", "2004-03-02")]);
    let other = student(1, &[elsewhere]);
    assert!(may_be_one(&one, &other).is_none_or(|near| near.verdict < MatchVerdict::Match));
    let mut same = declaration(None, "LEFEVRE", "Zoé", "2004-03-02");
    named(&mut same).autres_prenoms = vec![PersonName::parse("Inès").unwrap()];
    assert_eq!(
        may_be_one(&one, &student(1, &[same])).map(|near| near.verdict),
        Some(MatchVerdict::Match)
    );
}

#[test]
fn a_birthplace_is_compared_by_its_name_as_by_its_code() {
    let born = |code: Option<&str>, name: Option<&str>| {
        let mut said = declaration(None, "Lefèvre", "Zoé", "2004-03-02");
        named(&mut said).lieu_naissance = code.map(|code| CommuneCode::parse(code).unwrap());
        named(&mut said).libelle_naissance = name.map(|name| PlaceName::parse(name).unwrap());
        said
    };
    let verdict = |said: &Declaration, known: &Declaration| {
        let known = student(1, std::slice::from_ref(known));
        let joined = decided(said, std::slice::from_ref(&known)).same == [known.id];
        (
            joined,
            may_be_one(&student(1, std::slice::from_ref(said)), &known).map(|near| near.verdict),
        )
    };
    for (code, name, expected) in [
        ("93066", "Saint-Denis", MatchVerdict::Match),
        ("97411", "SAINT DENIS", MatchVerdict::Match),
        ("75113", "PARIS 13E ARRONDISSEMENT", MatchVerdict::Match),
        ("44109", "Saint-Denis", MatchVerdict::Possible),
        ("44109", "PARIS 13E ARRONDISSEMENT", MatchVerdict::Possible),
    ] {
        let (by_code, by_name) = (born(Some(code), None), born(None, Some(name)));
        for (one, other) in [(&by_code, &by_name), (&by_name, &by_code)] {
            assert_eq!(
                verdict(one, other),
                (expected == MatchVerdict::Match, Some(expected)),
                "{code} {name}"
            );
        }
    }
    let by_name = born(None, Some("Saint-Denis"));
    assert_eq!(verdict(&by_name, &by_name), (true, Some(MatchVerdict::Match)));
    assert_eq!(
        verdict(&by_name, &born(None, Some("Saint-Pierre"))),
        (false, Some(MatchVerdict::Possible))
    );
}
