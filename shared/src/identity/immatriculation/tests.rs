use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::identity::block::BlockId;
use crate::identity::fixtures::{identity, keys};

/// A register in memory, written as the service writes its tables.
#[derive(Default)]
struct Register(BTreeMap<BlockId, Block<IneDigest>>);

impl Register {
    fn with(people: &[(u32, CivilIdentity)]) -> Self {
        let mut register = Self::default();
        for (number, person) in people {
            register.add(&registration(*number, person));
        }
        register
    }

    fn add(&mut self, registration: &Registration) {
        let holder = keys().ine(&registration.ine);
        for key in keys_of(&keys().blocks, &registration.identite) {
            self.0.entry(key).or_default().set(&holder, &[traits_of(registration)]);
        }
    }

    fn sharing(&self, person: &CivilIdentity) -> Resembling {
        Resembling::of(keys_of(&keys().blocks, person).iter().filter_map(|key| self.0.get(key)))
    }

    fn decide(&self, person: &CivilIdentity) -> ImmatriculationOutcome {
        self.sharing(person).decide(&ComparedPerson::of(person, None))
    }

    fn holders(&self) -> BTreeSet<IneDigest> {
        self.0.values().flat_map(|block| &block.entries).map(|entry| entry.holder.clone()).collect()
    }
}

fn ine(number: u32) -> Ine {
    Ine::rnie(number).unwrap()
}

fn registration(number: u32, person: &CivilIdentity) -> Registration {
    Registration::new(ine(number), person.clone())
}

fn digest(number: u32) -> IneDigest {
    keys().ine(&ine(number))
}

fn lea() -> CivilIdentity {
    identity("Castelbou", "Léa", "2004-03-12")
}

#[test]
fn nobody_resembles_and_the_same_person_is_known_again() {
    let mut register = Register::default();
    assert_eq!(register.decide(&lea()), ImmatriculationOutcome::Newcomer);
    register.add(&registration(7, &lea()));
    assert_eq!(register.decide(&lea()), ImmatriculationOutcome::Known(digest(7)));
    let spelled = CivilIdentity { nom_famille: PersonName::parse("CASTELBOU").unwrap(), ..lea() };
    assert_eq!(register.decide(&spelled), ImmatriculationOutcome::Known(digest(7)));
    let question = ComparedPerson::of(&spelled, None);
    assert_eq!(register.sharing(&spelled).find(&question), LookUpResult::Found(digest(7)));
    let twin = CivilIdentity { prenom1: PersonName::parse("Chloé").unwrap(), ..lea() };
    assert_eq!(register.decide(&twin), ImmatriculationOutcome::Newcomer, "a twin is somebody else");
}

#[test]
fn somebody_who_resembles_is_for_a_person_to_look_at() {
    let register = Register::with(&[(7, lea())]);
    let elsewhere = CivilIdentity { lieu_naissance: CommuneCode::parse("13055").ok(), ..lea() };
    assert_eq!(register.decide(&elsewhere), ImmatriculationOutcome::Doubt(vec![digest(7)]));
}

#[test]
fn two_who_may_be_one_are_not_chosen_among() {
    let register = Register::with(&[(7, lea()), (8, lea())]);
    let ImmatriculationOutcome::Doubt(mut near) = register.decide(&lea()) else {
        panic!("two people have this identity")
    };
    near.sort();
    let mut both = vec![digest(7), digest(8)];
    both.sort();
    assert_eq!(near, both);
    assert_eq!(
        register.sharing(&lea()).find(&ComparedPerson::of(&lea(), None)),
        LookUpResult::Ambiguous
    );
}

#[test]
fn nobody_is_new_when_somebody_was_left_out() {
    let mut register = Register::with(&[(7, lea())]);
    let stranger = identity("Quiniou", "Malo", "2003-06-30");
    let key = keys_of(&keys().blocks, &stranger).remove(0);
    register.0.insert(key, Block { cut: true, ..Block::default() });
    assert_eq!(register.decide(&stranger), ImmatriculationOutcome::Doubt(Vec::new()));
}

#[test]
fn aliases_are_one_person_until_they_are_parted() {
    let married = CivilIdentity { lieu_naissance: CommuneCode::parse("13055").ok(), ..lea() };
    let keys = keys();
    let mut register = Register::with(&[(7, lea()), (8, married.clone())]);
    let before = register.0.clone();
    let attachments = |aliases| Attachments::of(&keys, registration(7, &lea()), aliases);
    let among = |register: &Register, alias: &Registration| {
        let wanted = attachments(Vec::new()).keys(alias);
        register
            .0
            .clone()
            .into_iter()
            .filter(|(key, _)| wanted.contains(key))
            .collect::<BTreeMap<_, _>>()
    };

    let alias = registration(8, &married);
    let mut blocks = among(&register, &alias);
    let [master, alias] = attachments(Vec::new()).attach(alias, &mut blocks).unwrap();
    register.0.extend(blocks);
    assert_eq!((master.alias.clone(), alias.master()), (vec![ine(8)], ine(7)));
    assert_eq!(register.holders(), [digest(7)].into());
    assert_eq!(register.decide(&married), ImmatriculationOutcome::Known(digest(7)));
    assert_eq!(register.decide(&lea()), ImmatriculationOutcome::Known(digest(7)));

    let mut blocks = among(&register, &alias);
    let [master, alias] =
        Attachments::of(&keys, master, vec![alias.clone()]).detach(alias, &mut blocks);
    register.0.extend(blocks);
    assert_eq!((master.alias.len(), alias.maitre), (0, None));
    let sorted = |blocks: &BTreeMap<BlockId, Block<IneDigest>>| {
        let sort = |block: &Block<IneDigest>| {
            let mut holders: Vec<_> =
                block.entries.iter().map(|entry| entry.holder.clone()).collect();
            holders.sort();
            holders
        };
        blocks.iter().map(|(key, block)| (key.clone(), sort(block))).collect::<Vec<_>>()
    };
    assert_eq!(sorted(&register.0), sorted(&before), "as if they had never been joined");
}

#[test]
fn what_makes_no_sense_is_not_attached() {
    let keys = keys();
    let attach = |master: Registration, alias: Registration| {
        Attachments::of(&keys, master, Vec::new())
            .attach(alias, &mut BTreeMap::new())
            .map(|[master, _]| master.alias)
    };
    let seven = || registration(7, &lea());
    let eight = || registration(8, &lea());
    assert_eq!(attach(seven(), seven()), Err(AttachmentError::Same));
    assert_eq!(
        attach(Registration { maitre: Some(ine(9)), ..seven() }, eight()),
        Err(AttachmentError::MasterIsAlias)
    );
    assert_eq!(
        attach(seven(), Registration { alias: vec![ine(9)], ..eight() }),
        Err(AttachmentError::HasAliases)
    );
    assert_eq!(
        attach(seven(), Registration { maitre: Some(ine(9)), ..eight() }),
        Err(AttachmentError::AliasOfAnother)
    );
    let full = Registration { alias: (20..28).map(ine).collect(), ..seven() };
    assert_eq!(attach(full, eight()), Err(AttachmentError::TooMany));
    let again = Registration { alias: vec![ine(8)], ..seven() };
    assert_eq!(
        attach(again, Registration { maitre: Some(ine(7)), ..eight() }),
        Ok(vec![ine(8)]),
        "twice is once"
    );
}

#[test]
fn a_request_is_the_same_under_one_reference_and_tells_nothing() {
    let key = &keys().ine;
    let id = RequestId::of(key, "supdata", "0751967F 2210 Léa");
    assert_eq!(id, RequestId::of(key, "supdata", "0751967F 2210 Léa"));
    assert_ne!(id, RequestId::of(key, "supdat", "a0751967F 2210 Léa"));
    assert_eq!(RequestId::parse(id.as_str()), Some(id));
    for text in [
        "",
        "1",
        "1.",
        "1.zz",
        ".00000000000000000000000000000000",
        "1.0000000000000000000000000000000g",
    ] {
        assert_eq!(RequestId::parse(text), None, "{text}");
    }
}

prop_compose! {
    fn anybody()(
        family in "[A-Z][a-z]{2,7}|Martin|Castelbou",
        given in "Léa|Chloé|Malo|[A-Z][a-z]{2,6}",
        birth in "200[0-9]-0[1-9]-(1[0-9]|2[0-8])",
        place in prop::sample::select(vec!["44109", "75056", "13055", "99352"]),
    ) -> CivilIdentity {
        CivilIdentity { lieu_naissance: CommuneCode::parse(place).ok(), ..identity(&family, &given, &birth) }
    }
}

proptest! {
    #[test]
    fn nobody_gets_two_numbers_and_no_two_get_one(people in prop::collection::vec(anybody(), 1..24)) {
        let mut register = Register::default();
        let mut given: BTreeMap<IneDigest, CivilIdentity> = BTreeMap::new();
        for (number, person) in (0..).zip(&people) {
            match register.decide(person) {
                ImmatriculationOutcome::Newcomer => {
                    register.add(&registration(number, person));
                    given.insert(digest(number), person.clone());
                }
                ImmatriculationOutcome::Known(holder) => prop_assert!(given.contains_key(&holder)),
                ImmatriculationOutcome::Doubt(near) => prop_assert!(near.iter().all(|holder| given.contains_key(holder))),
            }
            // Asked again, whoever asks is known, or waits as before: never a second number.
            prop_assert_ne!(register.decide(person), ImmatriculationOutcome::Newcomer);
        }
        // The same people written twice: a name, a date and a place are somebody's once.
        let identities: Vec<_> = given.values().map(|person| {
            let place = person.lieu_naissance.map(|place| place.to_string());
            (person.nom_famille.folded(), person.prenom1.folded(), person.date_naissance, place)
        }).collect();
        prop_assert_eq!(identities.iter().collect::<BTreeSet<_>>().len(), identities.len());
    }
}
