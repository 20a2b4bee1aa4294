//! What the engine promises about people, and what holds whatever is written.

use proptest::prelude::*;

use super::blocking::{Blocking, MOST_KEYS};
use super::compare::{Comparison, Veto};
use super::decide::{Candidate, MatchDecision, MatchVerdict, Reads, resolve, verdict};
use super::fixtures::{LEA, LEA_WITHOUT_INE, person};
use super::lookup::{LookUpResult, Mode, look_up};
use super::person::{ComparedPerson, Written};
use super::register::{RecordNumber, Register};
use super::{BirthLevel, GivenLevel, IdentifierLevel, PlaceLevel, SurnameLevel};

fn compared(left: Written<'_>, right: Written<'_>) -> Comparison {
    Comparison::of(&person(left), &person(right))
}

fn judged(left: Written<'_>, right: Written<'_>) -> MatchVerdict {
    verdict(&compared(left, right))
}

fn blocking() -> Blocking {
    Blocking::new(&"secret".to_owned().into())
}

#[test]
fn habits_of_writing_do_not_matter() {
    let others = [
        Written { surname: "CASTELBOU", given: "LEA", place: "NANTES", ..LEA_WITHOUT_INE },
        Written { commune: "", place: "nantes", ..LEA_WITHOUT_INE },
        Written { place: "", country: "", ..LEA_WITHOUT_INE },
        Written { other_given: "", sex: "2", ..LEA_WITHOUT_INE },
        Written { surname: "de Castelbou", ..LEA_WITHOUT_INE },
        Written { surname: "Castelbou-Menger", ..LEA_WITHOUT_INE },
        Written { surname: "Menger", usage: "Castelbou", ..LEA_WITHOUT_INE },
        Written { surname: "Castlebou", ..LEA_WITHOUT_INE },
        Written { surname: "Kastelbou", ..LEA_WITHOUT_INE },
        Written { given: "Marguerite", other_given: "Léa", ..LEA_WITHOUT_INE },
        Written { surname: "Léa", given: "Castelbou", ..LEA_WITHOUT_INE },
        Written { birth: "2004-12-03", ..LEA_WITHOUT_INE },
    ];
    for (number, other) in others.into_iter().enumerate() {
        assert_eq!(judged(LEA_WITHOUT_INE, other), MatchVerdict::Match, "{number}");
    }
}

#[test]
fn twins_are_never_joined() {
    let twin = Written { given: "Chloé", other_given: "Jeanne", ..LEA };
    assert_eq!(judged(LEA_WITHOUT_INE, Written { identifier: "", ..twin }), MatchVerdict::Distinct);
    assert_eq!(judged(LEA, Written { identifier: "090567778FF", ..twin }), MatchVerdict::Distinct);
    // Their identifiers were exchanged: a person must look.
    assert_eq!(judged(LEA, twin), MatchVerdict::Possible);
    let lookalike = Written { given: "Lena", other_given: "", ..LEA_WITHOUT_INE };
    let known = Written { given: "Leana", other_given: "", ..LEA_WITHOUT_INE };
    assert!(compared(lookalike, known).vetoes.has(Veto::Lookalike));
    assert_eq!(judged(lookalike, known), MatchVerdict::Possible);
}

/// Two sisters of one surname, date and commune, and a list of neither name, or of one, or of both.
fn sisters(one: &'static str, other: &'static str) -> [Written<'static>; 2] {
    [one, other].map(|given| Written { given, other_given: "", ..LEA_WITHOUT_INE })
}

#[test]
fn a_letter_replaced_or_another_ending_is_another_name() {
    for (one, other) in [
        ("Bivo", "Bivi"),
        ("Sabizesu", "Zabizesu"),
        ("Manon", "Manen"),
        ("Marie", "Maria"),
        ("Manon", "Manono"),
        ("Lina", "Lyna"),
        ("Juliette", "Julie"),
        ("Léna", "Léana"),
        ("Bivolo", "Bivlo"),
        ("Manon", "M"),
        ("Jean", "Jean-Louis"),
    ] {
        let [left, right] = sisters(one, other);
        let comparison = compared(left, right);
        assert!(
            comparison.vetoes.has(Veto::Lookalike),
            "{one} and {other}: {:?}",
            comparison.given
        );
        assert_eq!(verdict(&comparison), MatchVerdict::Possible, "{one} and {other}");
        for mode in [Mode::Standard, Mode::Strict] {
            assert_eq!(
                asked(left, &[&[right]], mode),
                LookUpResult::None,
                "{one} is told what {other} is"
            );
        }
    }
}

#[test]
fn a_slip_inside_a_name_of_the_list_is_a_mistake() {
    for (listed, written) in [
        ("Benjamin", "Bnjamin"),
        ("Benjamin", "Bennjamin"),
        ("Benjamin", "Bejnamin"),
        ("Yanis", "Yannis"),
    ] {
        let [left, right] = sisters(listed, written);
        assert_eq!(judged(left, right), MatchVerdict::Match, "{listed} and {written}");
        assert_eq!(
            asked(right, &[&[left]], Mode::Strict),
            LookUpResult::Found(0),
            "{listed} and {written}"
        );
    }
}

#[test]
fn further_given_names_tell_a_mistake_from_a_twin() {
    let written = Written { given: "Manen", ..LEA_WITHOUT_INE };
    assert_eq!(judged(Written { given: "Manon", ..LEA_WITHOUT_INE }, written), MatchVerdict::Match);
    let other = Written { other_given: "Apolline", ..written };
    assert_ne!(judged(Written { given: "Manon", ..LEA_WITHOUT_INE }, other), MatchVerdict::Match);
    let [one, other] = sisters("Lina-Rose", "Line-Rose");
    assert_ne!(
        judged(one, other),
        MatchVerdict::Match,
        "the second half of a first name is no further name"
    );
}

#[test]
fn an_equal_identifier_mends_a_name_of_the_list_and_no_other() {
    let identified = |given| Written { given, other_given: "", ..LEA };
    assert_eq!(judged(identified("Manon"), identified("Manen")), MatchVerdict::Match);
    for (one, other) in [("Bivo", "Bivi"), ("Léna", "Léana")] {
        assert_eq!(
            judged(identified(one), identified(other)),
            MatchVerdict::Possible,
            "{one} and {other} are twins"
        );
    }
}

#[test]
fn a_record_with_the_name_of_one_and_the_identifier_of_the_other_joins_them() {
    let mut register = Register::new(blocking());
    let [named, misspelt] = sisters("Manon", "Manen");
    let named = register.add(person(named), |_| {});
    let misspelt = register.add(person(Written { identifier: LEA.identifier, ..misspelt }), |_| {});
    assert_ne!(register.student_of(named), register.student_of(misspelt));
    let both = register.add(person(Written { given: "Manon", other_given: "", ..LEA }), |_| {});
    assert_eq!(register.student_of(both), register.student_of(named));
    assert_eq!(register.student_of(both), register.student_of(misspelt));
}

#[test]
fn a_record_between_two_names_joins_neither_to_the_other() {
    let mut register = Register::new(blocking());
    let [marion, manon] = sisters("Marion", "Manon");
    let marion = register.add(person(marion), |_| {});
    let manon = register.add(person(manon), |_| {});
    register.add(person(Written { given: "Maron", other_given: "", ..LEA_WITHOUT_INE }), |_| {});
    assert_ne!(register.student_of(marion), register.student_of(manon));
}

#[test]
fn a_date_that_differs_is_for_a_person_unless_more_than_the_place_agrees() {
    let day = Written { birth: "2004-03-17", other_given: "", ..LEA_WITHOUT_INE };
    assert_eq!(
        judged(LEA, day),
        MatchVerdict::Possible,
        "homonyms are born in one commune some days apart"
    );
    assert_eq!(judged(LEA, Written { other_given: LEA.other_given, ..day }), MatchVerdict::Match);
    assert_eq!(judged(LEA, Written { identifier: LEA.identifier, ..day }), MatchVerdict::Match);
}

#[test]
fn a_client_that_wants_to_be_certain_is_told_nobody_when_two_may_be_meant() {
    let question = Written { given: "Lena", other_given: "", ..LEA_WITHOUT_INE };
    for rival in
        [Written { birth: "2004-03-17", ..question }, Written { given: "Leana", ..question }]
    {
        assert_eq!(
            asked(question, &[&[question], &[rival]], Mode::Standard),
            LookUpResult::Found(0)
        );
        assert_eq!(
            asked(question, &[&[question], &[rival]], Mode::Strict),
            LookUpResult::Ambiguous
        );
    }
}

#[test]
fn student_numbers_of_one_establishment_part_and_corroborate() {
    let numbered =
        |written, establishment, number| person(written).numbered(establishment, 2026, number);
    let judge = |one: &ComparedPerson, other: &ComparedPerson| verdict(&Comparison::of(one, other));
    let lea = numbered(LEA_WITHOUT_INE, "0751967F", "1");
    assert_eq!(
        judge(&lea, &numbered(LEA_WITHOUT_INE, "0751967F", "2")),
        MatchVerdict::Possible,
        "a person decides"
    );
    assert_eq!(
        judge(&lea, &numbered(LEA_WITHOUT_INE, "0751722P", "2")),
        MatchVerdict::Match,
        "of another establishment"
    );
    let [one, other] = sisters("Manon", "Manen");
    let (first, second) = (numbered(one, "0751967F", "1"), numbered(other, "0751967F", "2"));
    assert_eq!(
        judge(&first, &second),
        MatchVerdict::Distinct,
        "the establishment says that they are two"
    );

    let elsewhere = Written { commune: "13055", place: "Marseille", ..LEA_WITHOUT_INE };
    assert_eq!(
        judge(&lea, &numbered(elsewhere, "0751967F", "1")),
        MatchVerdict::Match,
        "one of the places is mistaken"
    );
    let stranger =
        Written { surname: "Durand", given: "Paul", sex: "M", birth: "1999-07-01", ..elsewhere };
    assert_eq!(
        judge(&lea, &numbered(stranger, "0751967F", "1")),
        MatchVerdict::Distinct,
        "a number alone says nothing"
    );
    let second = numbered(other, "0751967F", "1");
    assert_eq!(judge(&first, &second), MatchVerdict::Possible, "the names don't agree");
}

#[test]
fn two_identifiers_of_one_register_are_two_people_and_of_two_registers_are_not() {
    assert_eq!(judged(LEA, Written { identifier: "090567778FF", ..LEA }), MatchVerdict::Possible);
    assert_eq!(judged(LEA, Written { identifier: "0906018155T", ..LEA }), MatchVerdict::Match);
    let bare = Written { other_given: "", commune: "", place: "", ..LEA };
    assert_eq!(judged(bare, Written { identifier: "0906018155T", ..bare }), MatchVerdict::Possible);
}

#[test]
fn an_identifier_with_a_slip_is_no_veto() {
    let slip = compared(LEA, Written { identifier: "070578276KH", ..LEA });
    assert_eq!((slip.identifier, verdict(&slip)), (IdentifierLevel::Slip, MatchVerdict::Match));
    let scanned = compared(LEA, Written { identifier: "O7O578267KH", ..LEA });
    assert_eq!(scanned.identifier, IdentifierLevel::Same);
}

#[test]
fn the_same_identifier_is_no_proof() {
    let stranger = Written {
        surname: "Durand",
        given: "Paul",
        other_given: "",
        sex: "M",
        birth: "1999-07-01",
        ..LEA
    };
    assert_ne!(judged(LEA, stranger), MatchVerdict::Match);
}

#[test]
fn homonyms_wait_or_are_told_apart() {
    let elsewhere = Written { commune: "13055", place: "Marseille", ..LEA_WITHOUT_INE };
    assert_eq!(judged(LEA_WITHOUT_INE, elsewhere), MatchVerdict::Possible);
    let otherwise = Written { other_given: "Jeanne", ..LEA_WITHOUT_INE };
    assert_eq!(judged(LEA_WITHOUT_INE, otherwise), MatchVerdict::Possible);
    let common = Written {
        surname: "Martin",
        given: "Thomas",
        other_given: "",
        commune: "",
        place: "",
        ..LEA_WITHOUT_INE
    };
    assert_eq!(judged(common, common), MatchVerdict::Possible, "too many people have this name");
}

#[test]
fn families_that_share_half_of_a_name_are_told_apart_by_a_person() {
    let one = Written {
        surname: "Garnier-Quintefeuille",
        given: "Eudoxie",
        other_given: "",
        ..LEA_WITHOUT_INE
    };
    let other = Written { surname: "Garnier-Delafosse", ..one };
    let comparison = compared(one, other);
    assert!(
        comparison.bits >= super::decide::MATCH,
        "all else agrees, and is rare: {}",
        comparison.bits.value()
    );
    assert_eq!(verdict(&comparison), MatchVerdict::Possible);
    let identified = |written| Written { identifier: LEA.identifier, ..written };
    assert_eq!(
        judged(identified(one), identified(other)),
        MatchVerdict::Match,
        "who has taken another name"
    );
}

#[test]
fn names_alone_prove_nothing() {
    let name = Written {
        surname: "Castelbou",
        given: "Léa",
        other_given: "Marguerite Apolline",
        ..Written::default()
    };
    assert!(judged(name, name) < MatchVerdict::Match);
}

#[test]
fn places_are_compared_as_people_write_them() {
    let at = |commune, place, country| Written { commune, place, country, ..LEA };
    for (left, right, level) in [
        (at("75113", "", "99100"), at("75056", "PARIS", "99100"), PlaceLevel::Same),
        (at("", "Paris 13e Arrondissement", ""), at("75113", "", ""), PlaceLevel::Same),
        (at("75113", "", ""), at("75119", "", ""), PlaceLevel::OtherDistrict),
        (at("", "St Denis", ""), at("93066", "Saint-Denis", ""), PlaceLevel::Same),
        (at("44109", "", ""), at("44162", "", ""), PlaceLevel::SameDepartment),
        (at("44109", "", ""), at("13055", "", ""), PlaceLevel::Different),
        (at("97253", "LE LAMENTIN", ""), at("97213", "LE LAMENTIN", ""), PlaceLevel::Same),
        (at("99352", "", ""), at("", "ALGERIE", "99352"), PlaceLevel::SameCountry),
        (at("", "", "99352"), at("44109", "", "99100"), PlaceLevel::OtherCountry),
        (at("", "", ""), at("44109", "", ""), PlaceLevel::Missing),
        // One place, whatever its code or its name then.
        (at("59540", "", ""), at("59183", "Dunkerque", ""), PlaceLevel::Same),
        (at("", "Saint-Pol-sur-Mer", ""), at("59183", "", ""), PlaceLevel::Same),
        (at("59540", "ST POL SUR MER", ""), at("59540", "", ""), PlaceLevel::Same),
        (at("98511", "", "99100"), at("97611", "", "99100"), PlaceLevel::Same),
        (at("74011", "", ""), at("74010", "", ""), PlaceLevel::Same),
        // A postal code proves nothing against anybody.
        (at("44000", "", ""), at("44109", "", ""), PlaceLevel::Missing),
        (at("44000", "", ""), at("29019", "", ""), PlaceLevel::Missing),
        (at("75012", "", ""), at("75112", "", ""), PlaceLevel::Missing),
    ] {
        assert_eq!(
            compared(left, right).place,
            level,
            "{} {}, {} {}",
            left.commune,
            left.place,
            right.commune,
            right.place
        );
    }
}

#[test]
fn dates_are_compared_as_they_are_mistyped() {
    let born = |birth| Written { birth, ..LEA };
    for (left, right, level) in [
        ("2004-03-12", "2004-12-03", BirthLevel::Swapped),
        ("2004-03-12", "2004-03-17", BirthLevel::Digit),
        ("2004-12-31", "2005-12-31", BirthLevel::Digit),
        ("2009-12-31", "2010-12-31", BirthLevel::Digit),
        ("2004-03-12", "2004-01-01", BirthLevel::Partial),
        ("2004-01-01", "2004-01-01", BirthLevel::SameDefault),
        ("2004-03-12", "2004", BirthLevel::Partial),
        ("2004-03-12", "", BirthLevel::Missing),
        ("2004-03-12", "1999-07-25", BirthLevel::Different),
    ] {
        assert_eq!(compared(born(left), born(right)).birth, level, "{left} {right}");
    }
}

#[test]
fn given_names_are_compared_as_sets_that_have_a_first() {
    let named = |given, other_given| Written { given, other_given, ..LEA };
    for (left, right, level) in [
        (named("Jean-Claude", ""), named("Jean Claude", ""), GivenLevel::Same),
        (named("Jean-Claude", ""), named("Jean", "Claude"), GivenLevel::Compound),
        (named("Jean-Claude", ""), named("Jean-Paul", ""), GivenLevel::Different),
        (named("Emma", "Louise"), named("Louise", "Emma"), GivenLevel::Reordered),
        (named("Mathis", ""), named("Matis", ""), GivenLevel::Sound),
        (named("Benjamin", ""), named("Bnjamin", ""), GivenLevel::Slip),
        (named("Maxime", ""), named("Max", ""), GivenLevel::Far),
        (named("Jean-Claude", ""), named("Jean", ""), GivenLevel::Far),
        (named("Emma", "Louise"), named("Louise", ""), GivenLevel::Among),
        (named("Léa", ""), named("Léo", ""), GivenLevel::Different),
    ] {
        assert_eq!(compared(left, right).given, level, "{} and {}", left.given, right.given);
    }
}

#[test]
fn surnames_are_compared_as_families_write_them() {
    for (left, right, level) in [
        ("LE GUEZIEC", "GUEZIEC", SurnameLevel::Particle),
        ("El Gasmi", "Elgasmi", SurnameLevel::Same),
        ("Menger-Castelbou", "Castelbou Menger", SurnameLevel::Same),
        ("TAXMILE--FREZAL", "Frezal", SurnameLevel::Part),
        ("Esteves Nascimento", "Nascimento Alves", SurnameLevel::Half),
        ("Limeri", "Limairi", SurnameLevel::Sound),
        ("Ferreira", "Fererira", SurnameLevel::Slip),
        ("Rostaing", "Rostairig", SurnameLevel::Slip),
        ("Simper", "Bianco", SurnameLevel::Different),
    ] {
        let comparison =
            compared(Written { surname: left, ..LEA }, Written { surname: right, ..LEA });
        assert_eq!(comparison.surname, level, "{left} {right}");
    }
}

#[test]
fn a_list_without_sex_or_ine_is_decided_by_evidence_alone() {
    let listed = Written {
        identifier: "8176103",
        surname: "quilliam",
        given: "hannah",
        birth: "1922-03-09",
        commune: "3121",
        place: "geurie",
        ..Written::default()
    };
    assert_eq!(judged(listed, Written { given: "reani", ..listed }), MatchVerdict::Match);
    assert_eq!(
        judged(Written { sex: "F", ..listed }, Written { given: "reani", ..listed }),
        MatchVerdict::Possible
    );
}

#[test]
fn a_record_that_has_both_names_reconciles_those_that_have_one() {
    let mut register = Register::new(blocking());
    let anne = register.add(person(Written { given: "Anne", other_given: "", ..LEA }), |_| {});
    let marie =
        register.add(person(Written { given: "Marguerite", other_given: "", ..LEA }), |_| {});
    assert_ne!(register.student_of(anne), register.student_of(marie));
    let both =
        register.add(person(Written { given: "Anne", other_given: "Marguerite", ..LEA }), |_| {});
    assert_eq!(register.student_of(both), register.student_of(anne));
    assert_eq!(register.student_of(both), register.student_of(marie));
    assert_eq!(register.review().count(), 0, "what was in doubt is settled");
}

#[test]
fn a_newcomer_between_two_homonyms_is_ambiguous() {
    let here = person(LEA);
    let there =
        person(Written { identifier: "090567778FF", commune: "13055", place: "Marseille", ..LEA });
    let newcomer = person(Written { commune: "", place: "", ..LEA_WITHOUT_INE });
    let candidates =
        [Candidate { student: 1, records: &[&here] }, Candidate { student: 2, records: &[&there] }];
    let resolution = resolve(&newcomer, &candidates, Reads::Whole);
    assert_eq!(resolution.decision, MatchDecision::Ambiguous);
    assert_eq!(resolution.near.len(), 2, "both are for review");
    assert_eq!(
        resolve(&newcomer, &candidates[..1], Reads::Whole).decision,
        MatchDecision::Same(vec![1])
    );
    assert_eq!(
        resolve(
            &person(Written { surname: "Durand", given: "Paul", ..LEA_WITHOUT_INE }),
            &candidates,
            Reads::Whole
        )
        .decision,
        MatchDecision::New
    );
}

#[test]
fn nobody_is_new_or_alone_when_somebody_was_not_read() {
    let lea = person(LEA);
    let stranger = person(Written { surname: "Durand", given: "Paul", ..LEA_WITHOUT_INE });
    let candidates = [Candidate { student: 1, records: &[&lea] }];
    assert_eq!(resolve(&stranger, &candidates, Reads::Cut).decision, MatchDecision::Ambiguous);
    assert_eq!(resolve(&lea, &candidates, Reads::Cut).decision, MatchDecision::Same(vec![1]));
    assert_eq!(look_up(&lea, &candidates, Reads::Cut, Mode::Standard), LookUpResult::Ambiguous);
}

fn asked(question: Written<'_>, students: &[&[Written<'_>]], mode: Mode) -> LookUpResult<usize> {
    let people: Vec<Vec<ComparedPerson>> =
        students.iter().map(|records| records.iter().copied().map(person).collect()).collect();
    let records: Vec<Vec<&ComparedPerson>> =
        people.iter().map(|records| records.iter().collect()).collect();
    let candidates: Vec<Candidate<'_, usize>> = records
        .iter()
        .enumerate()
        .map(|(student, records)| Candidate { student, records })
        .collect();
    look_up(&person(question), &candidates, Reads::Whole, mode)
}

#[test]
fn a_question_is_answered_when_corroborated_and_alone() {
    let bare = Written { other_given: "", commune: "", place: "", ..LEA_WITHOUT_INE };
    let elsewhere =
        Written { commune: "13055", place: "Marseille", other_given: "", ..LEA_WITHOUT_INE };
    let common = Written { surname: "Martin", given: "Thomas", sex: "M", ..bare };
    for mode in [Mode::Standard, Mode::Strict] {
        assert_eq!(asked(LEA_WITHOUT_INE, &[&[LEA]], mode), LookUpResult::Found(0));
        assert_eq!(
            asked(
                common,
                &[&[Written { surname: "Martin", given: "Thomas", sex: "M", ..LEA }]],
                mode
            ),
            LookUpResult::None
        );
        assert_eq!(asked(bare, &[&[LEA], &[elsewhere]], mode), LookUpResult::Ambiguous);
        assert_eq!(asked(elsewhere, &[&[LEA]], mode), LookUpResult::None, "an absent homonym");
        assert_eq!(
            asked(Written { given: "Chloé", ..LEA_WITHOUT_INE }, &[&[LEA]], mode),
            LookUpResult::None,
            "an absent twin"
        );
        assert_eq!(asked(LEA_WITHOUT_INE, &[], mode), LookUpResult::None);
    }
    assert_eq!(
        asked(bare, &[&[LEA]], Mode::Standard),
        LookUpResult::Found(0),
        "hardly anybody else has such a name"
    );
    assert_eq!(asked(bare, &[&[LEA]], Mode::Strict), LookUpResult::None);
    let rarer = Written { given: "Ombeline", ..bare };
    let ombeline = Written { given: "Ombeline", ..LEA };
    assert_eq!(asked(rarer, &[&[ombeline]], Mode::Standard), LookUpResult::Found(0));
    assert_eq!(
        asked(rarer, &[&[ombeline]], Mode::Strict),
        LookUpResult::None,
        "a rare name is a family's as well"
    );
    assert_eq!(
        asked(LEA_WITHOUT_INE, &[&[LEA], &[elsewhere]], Mode::Standard),
        LookUpResult::Found(0),
        "the place tells"
    );
    assert_eq!(
        asked(LEA_WITHOUT_INE, &[&[LEA], &[elsewhere]], Mode::Strict),
        LookUpResult::Ambiguous
    );
}

#[test]
fn a_student_is_known_by_all_of_its_records() {
    let without_place = Written { commune: "", place: "", other_given: "", ..LEA };
    let question = Written { other_given: "", ..LEA_WITHOUT_INE };
    assert_eq!(asked(question, &[&[without_place]], Mode::Standard), LookUpResult::None);
    assert_eq!(asked(question, &[&[without_place, LEA]], Mode::Standard), LookUpResult::Found(0));
}

/// Records of three people, two of them twins, each written as different establishments do.
fn families() -> Vec<(char, ComparedPerson)> {
    let twin = Written { identifier: "090567778FF", given: "Chloé", other_given: "Jeanne", ..LEA };
    let other = Written {
        identifier: "081768862AE",
        surname: "Quiniou",
        given: "Malo",
        other_given: "",
        sex: "M",
        birth: "2003-06-30",
        commune: "29019",
        place: "Brest",
        ..LEA
    };
    let written = |base: Written<'static>| {
        let (slip, birth) = if base.surname == "Castelbou" {
            ("Castlebou", "2004-03-17")
        } else {
            ("Quinoiu", "2003-06-20")
        };
        [
            base,
            Written { identifier: "", other_given: "", ..base },
            Written { surname: slip, commune: "", ..base },
            Written { birth, commune: "", place: "", ..base },
        ]
    };
    let people = [('a', LEA), ('b', twin), ('c', other)];
    people
        .into_iter()
        .flat_map(|(label, base)| written(base).map(|record| (label, person(record))))
        .collect()
}

prop_compose! {
    /// A person in which anything may be missing, wrong or in another's place.
    fn anybody()(
        identifier in "|[0-9]{9}[A-K]{2}|070578267KH|0906018155T|[0-9OIB]{10}[A-Z]",
        surname in "|[A-Z]{1,9}|CASTELBOU|LE CASTELBOU|Castelbou-Menger|MARTIN|É{0,2}[a-zœç' -]{0,12}",
        usage in "|MENGER|CASTELBOU",
        given in "|[A-Z]{1,8}|LEA|LENA|Marie-Ève|Jean Claude|MAX|MAXIME",
        other_given in "|MARIE|LEA JEANNE|[a-z ]{0,14}",
        sex in "|F|M|1",
        birth in "|200[0-9]-0[1-9]-[0-2][0-9]|2004-01-01|2004|[0-9-]{0,10}",
        commune in "|44109|7511[0-9]|[0-9]{4,5}|99352|2A004",
        place in "|Nantes|PARIS 13E ARRONDISSEMENT|Saint-Denis|[a-z ]{0,12}",
        country in "|99100|99352",
    ) -> [String; 10] {
        [identifier, surname, usage, given, other_given, sex, birth, commune, place, country]
    }
}

fn read(written: &[String; 10]) -> ComparedPerson {
    let [identifier, surname, usage, given, other_given, sex, birth, commune, place, country] =
        written.each_ref();
    person(Written {
        identifier,
        surname,
        usage,
        given,
        other_given,
        sex,
        birth,
        commune,
        place,
        country,
    })
}

/// Parts that come twice.
#[test]
fn the_order_of_two_surnames_does_not_matter() {
    let named = |surname| Written { identifier: "", surname, usage: "", ..LEA };
    for [one, other] in [
        ["œa ç ç", "ç'œç œ"],
        ["ç ç", "ç œ"],
        ["MARTIN MARTIN", "MARTIN QUINIOU"],
        ["A B B", "B C"],
    ] {
        let (one, other) = (person(named(one)), person(named(other)));
        assert_eq!(Comparison::of(&one, &other), Comparison::of(&other, &one));
    }
}

proptest! {
    #[test]
    fn the_order_of_two_people_does_not_matter(one in anybody(), other in anybody()) {
        let (one, other) = (read(&one), read(&other));
        prop_assert_eq!(Comparison::of(&one, &other), Comparison::of(&other, &one));
    }

    #[test]
    fn a_veto_is_never_a_match(one in anybody(), other in anybody()) {
        let comparison = Comparison::of(&read(&one), &read(&other));
        if !comparison.vetoes.is_empty() {
            prop_assert_ne!(verdict(&comparison), MatchVerdict::Match);
        }
    }

    #[test]
    fn normalising_twice_changes_nothing(written in anybody()) {
        let once = read(&written);
        let mut again = written.clone();
        for at in [1, 2] {
            let name = if at == 1 { &once.surname } else { &once.usage };
            again[at] = name.as_ref().map_or_else(String::new, |name| {
                name.cores().iter().map(|word| word.text.as_ref()).collect::<Vec<_>>().join(" ")
            });
        }
        again[3] = once.given.as_ref().map_or_else(String::new, |given| {
            given.firsts().iter().map(|word| word.text.as_ref()).collect::<Vec<_>>().join(" ")
        });
        let again = read(&again);
        // Particles are forgotten in the parts, kept in the whole: the parts are what must not
        // move.
        let cores = |name: &ComparedPerson| name.surname.as_ref().map(|name| name.cores().iter().map(|word| word.text.clone()).collect::<Vec<_>>());
        if once.surname.as_ref().is_some_and(|name| name.cores().len() > 1) {
            prop_assert_eq!(cores(&again), cores(&once));
        }
        prop_assert!(again.given == once.given);
    }

    #[test]
    fn keys_are_few_different_and_stable(written in anybody()) {
        let keys = blocking().keys(&read(&written));
        prop_assert!(keys.len() <= MOST_KEYS);
        let mut unique = keys.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(unique.len(), keys.len());
        prop_assert_eq!(blocking().keys(&read(&written)), keys.clone());
        let elsewhere = Blocking::new(&"another secret".to_owned().into()).keys(&read(&written));
        prop_assert!(keys.iter().all(|key| !elsewhere.contains(key)), "a key tells nothing without its secret");
    }

    #[test]
    fn the_order_of_arrival_changes_no_student(order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle()) {
        let records = families();
        let mut register = Register::new(blocking());
        let numbers: Vec<(char, RecordNumber)> =
            order.iter().map(|at| (records[*at].0, register.add(records[*at].1.clone(), |_| {}))).collect();
        for (label, number) in &numbers {
            for (other_label, other) in &numbers {
                let joined = register.student_of(*number) == register.student_of(*other);
                prop_assert_eq!(joined, label == other_label, "{} {}", label, other_label);
            }
        }
    }

    #[test]
    fn students_are_a_partition_named_by_their_first_record(
        people in prop::collection::vec(anybody(), 0..12),
    ) {
        let mut register = Register::new(blocking());
        let numbers: Vec<RecordNumber> = people.iter().map(|person| register.add(read(person), |_| {})).collect();
        for number in &numbers {
            let student = register.student_of(*number);
            prop_assert_eq!(register.student_of(student), student);
            prop_assert!(student <= *number, "the first record names the student");
        }
        for (one, other) in register.review() {
            prop_assert_ne!(register.student_of(one), register.student_of(other));
        }
    }
}
