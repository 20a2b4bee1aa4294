//! Which student a look-up by civil identity means: a question becomes a [`ComparedPerson`], its blocking
//! keys give blocks, and the [engine](super::engine::lookup) answers over everybody who is in
//! them.
//!
//! The cost is bounded whatever is asked: at most [`MOST_KEYS`](super::engine::blocking::MOST_KEYS)
//! blocks of [`MOST_ENTRIES`](super::block::MOST_ENTRIES) traits, so 1,400 comparisons of some two
//! microseconds; most questions meet one or two people.

use super::block::{Block, Sharing, Traits};
use super::engine::decide::Candidate;
use super::engine::lookup::{LookUpResult, Mode, look_up};
use super::engine::person::{ComparedPerson, Written};
use super::student::{PublishedAnswer, StudentId};
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;

/// A person who is asked about, by civil identity, whichever contract asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CivilQuestion {
    /// The birth name.
    pub nom_famille: PersonName,
    /// The first given name.
    pub prenom1: PersonName,
    /// The other given names, when the caller knows them: one that agrees corroborates, one that
    /// doesn't excludes.
    pub autres_prenoms: Vec<PersonName>,
    /// The birth date, known to the day.
    pub date_naissance: BirthDate,
    pub sexe: Sex,
    /// The commune of birth, or the country (`99` and three digits), when the caller knows it.
    pub lieu_naissance: Option<CommuneCode>,
}

impl CivilQuestion {
    /// The person, as the engine compares it.
    #[must_use]
    pub fn person(&self) -> ComparedPerson {
        let others: Vec<&str> = self.autres_prenoms.iter().map(PersonName::expose).collect();
        ComparedPerson::read(&Written {
            surname: self.nom_famille.expose(),
            given: self.prenom1.expose(),
            other_given: &others.join(" "),
            sex: self.sexe.code(),
            birth: &self.date_naissance.expose(),
            commune: self.lieu_naissance.as_ref().map_or("", CommuneCode::as_str),
            ..Written::default()
        })
    }

    /// Whether a student is told by the very names and date that are asked about, but for accents,
    /// case and separators. A first given name that is told as a compound may be asked about as
    /// several names.
    #[must_use]
    pub fn names(&self, answer: &PublishedAnswer) -> bool {
        let told = answer.prenom.folded();
        let mut given = self.prenom1.folded();
        let mut others = self.autres_prenoms.iter().map(PersonName::folded);
        while given.len() < told.len()
            && let Some(other) = others.next()
        {
            given.push_str(&other);
        }
        given == told
            && answer.nom_famille.folded() == self.nom_famille.folded()
            && answer.date_naissance == self.date_naissance
    }
}

/// The student that may be told, among everybody in the blocks of the question's keys, if the
/// engine is certain.
///
/// Upstream has no code for "several": nobody, several, somebody who waits for a decision and
/// somebody who may have been left out of a full block are all `None`, and callers can't tell them
/// apart (domain.md §1.3).
#[must_use]
pub fn meant<'a>(
    question: &ComparedPerson,
    blocks: impl IntoIterator<Item = &'a Block<StudentId>>,
    mode: Mode,
) -> Option<StudentId> {
    let Sharing { traits, reads } = Sharing::of(blocks);
    let people: Vec<(StudentId, Vec<ComparedPerson>)> = traits
        .into_iter()
        .filter(|(_, traits)| !traits.iter().all(|traits| traits.annule))
        .map(|(holder, traits)| (*holder, traits.into_iter().map(Traits::person).collect()))
        .collect();
    let records: Vec<Vec<&ComparedPerson>> =
        people.iter().map(|(_, people)| people.iter().collect()).collect();
    let candidates: Vec<Candidate<'_, StudentId>> = people
        .iter()
        .zip(&records)
        .map(|((holder, _), records)| Candidate { student: *holder, records })
        .collect();
    match look_up(question, &candidates, reads, mode) {
        LookUpResult::Found(student) => Some(student),
        LookUpResult::Ambiguous | LookUpResult::None => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::enrolment;
    use crate::domain::place_name::PlaceName;
    use crate::identity::block::BlockId;
    use crate::identity::fixtures::{identity, keys};

    /// Quintefeuille is so rare that a name and a date are enough.
    fn eudoxie() -> CivilQuestion {
        let identity = identity("Quintefeuille", "Eudoxie", "2003-11-27");
        CivilQuestion {
            nom_famille: identity.nom_famille,
            prenom1: identity.prenom1,
            autres_prenoms: Vec::new(),
            date_naissance: identity.date_naissance,
            sexe: identity.sexe,
            lieu_naissance: None,
        }
    }

    #[test]
    fn a_student_is_named_by_accents_and_compounds_and_not_by_a_letter() {
        let name = |text: &str| PersonName::parse(text).unwrap();
        let answer = |given: &str, family: &str, date: &str| PublishedAnswer {
            student: StudentId::random(),
            nom_famille: name(family),
            prenom: name(given),
            date_naissance: BirthDate::parse(date).unwrap(),
            inscriptions: Vec::new(),
        };
        let anne = CivilQuestion { autres_prenoms: vec![name("Anne"), name("Zoé")], ..eudoxie() };
        for (given, family, date, expected) in [
            ("EUDOXIE", "Quintefeuille", "2003-11-27", true),
            ("Eudoxié", "QUINTE-FEUILLE", "2003-11-27", true),
            ("Eudoxie-Anne", "Quintefeuille", "2003-11-27", true),
            ("Eudoxie Anne Zoé", "Quintefeuille", "2003-11-27", true),
            ("Eudoxia", "Quintefeuille", "2003-11-27", false),
            ("Eudoxi", "Quintefeuille", "2003-11-27", false),
            ("Eudoxie-Zoé", "Quintefeuille", "2003-11-27", false),
            ("Anne", "Quintefeuille", "2003-11-27", false),
            ("Eudoxie", "Quintefeuilles", "2003-11-27", false),
            ("Eudoxie", "Quintefeuille", "2003-11-28", false),
            ("Eudoxie", "Quintefeuille", "2003-11", false),
        ] {
            assert_eq!(
                anne.names(&answer(given, family, date)),
                expected,
                "{given} {family} {date}"
            );
        }
    }

    fn born(code: &str) -> Option<CommuneCode> {
        CommuneCode::parse(code).ok()
    }

    /// Eudoxie as an establishment wrote her.
    fn said(birthplace: Option<CommuneCode>, others: &[&str]) -> Traits {
        let autres_prenoms = others.iter().map(|name| PersonName::parse(name).unwrap()).collect();
        let identity = identity("QUINTEFEUILLE", "EUDOXIE", "2003-11-27");
        let identity = crate::domain::civil_identity::CivilIdentity {
            lieu_naissance: birthplace,
            autres_prenoms,
            ..identity
        };
        Traits::said(None, enrolment::StatedPerson::Civil(identity))
    }

    fn student() -> StudentId {
        StudentId::random()
    }

    /// Posts people as the register does, then asks as consultation does.
    fn ask(
        question: &CivilQuestion,
        indexed: &[(&StudentId, Traits)],
        mode: Mode,
    ) -> Option<StudentId> {
        let keys = keys().blocks;
        let mut blocks: BTreeMap<BlockId, Block<StudentId>> = BTreeMap::new();
        for (holder, traits) in indexed {
            for (key, traits) in keys.spread([traits]) {
                blocks.entry(key).or_default().set(holder, &traits);
            }
        }
        let person = question.person();
        let read = keys.of(&person);
        meant(&person, read.iter().filter_map(|key| blocks.get(key)), mode)
    }

    #[test]
    fn nobody_and_several_are_the_same() {
        assert_eq!(ask(&eudoxie(), &[], Mode::Standard), None);
        let (one, other) = (student(), student());
        let both = [(&one, said(born("44109"), &[])), (&other, said(born("35238"), &[]))];
        assert_eq!(ask(&eudoxie(), &both, Mode::Standard), None);
        assert_eq!(ask(&eudoxie(), &both[..1], Mode::Standard), Some(one), "who is alone is meant");
    }

    #[test]
    fn a_birthplace_decides_between_homonyms_and_another_given_name_corrects_it() {
        let (one, other) = (student(), student());
        let both = [(&one, said(born("44109"), &["Léa"])), (&other, said(born("35238"), &["Zoé"]))];
        let born_there = CivilQuestion { lieu_naissance: born("35238"), ..eudoxie() };
        assert_eq!(ask(&born_there, &both, Mode::Standard), Some(other));
        let elsewhere = CivilQuestion { lieu_naissance: born("75113"), ..eudoxie() };
        assert_eq!(
            ask(&elsewhere, &both[..1], Mode::Standard),
            None,
            "who is known to be born elsewhere isn't meant"
        );
        let named =
            CivilQuestion { autres_prenoms: vec![PersonName::parse("Lea").unwrap()], ..elsewhere };
        assert_eq!(
            ask(&named, &both[..1], Mode::Standard),
            Some(one),
            "the register may have the place wrong"
        );
        assert_eq!(ask(&named, &both, Mode::Standard), None);
    }

    #[test]
    fn a_birthplace_that_the_register_has_by_name_decides_as_a_code_does() {
        let by_name = |name: &str| {
            let mut traits = said(None, &[]);
            if let enrolment::StatedPerson::Civil(identity) = &mut traits.identite {
                identity.libelle_naissance = PlaceName::parse(name).ok();
            }
            traits
        };
        let (one, other) = (student(), student());
        let both = [(&one, by_name("Saint-Denis")), (&other, said(born("35238"), &[]))];
        for (code, expected) in
            [("93066", Some(one)), ("97411", Some(one)), ("35238", Some(other)), ("44109", None)]
        {
            let question = CivilQuestion { lieu_naissance: born(code), ..eudoxie() };
            assert_eq!(ask(&question, &both, Mode::Standard), expected, "{code}");
        }
        let district = [(&one, by_name("PARIS 13E ARRONDISSEMENT"))];
        let in_paris = CivilQuestion { lieu_naissance: born("75113"), ..eudoxie() };
        assert_eq!(ask(&in_paris, &district, Mode::Strict), Some(one));
    }

    #[test]
    fn a_country_tells_apart_those_who_have_no_commune() {
        let (one, other) = (student(), student());
        let both = [(&one, said(born("99352"), &[])), (&other, said(born("99350"), &[]))];
        let in_algeria = CivilQuestion { lieu_naissance: born("99352"), ..eudoxie() };
        assert_eq!(ask(&in_algeria, &both[..1], Mode::Standard), Some(one));
        let in_france = CivilQuestion { lieu_naissance: born("99100"), ..eudoxie() };
        assert_eq!(ask(&in_france, &both[..1], Mode::Standard), None);
    }

    #[test]
    fn who_waits_for_a_decision_hides_whoever_resembles_it() {
        // It is indexed like any other; that nothing may be told of it is said where its answer
        // would be.
        let (waiting, known) = (student(), student());
        let indexed = [(&waiting, said(born("44109"), &[])), (&known, said(born("44109"), &[]))];
        assert_eq!(ask(&eudoxie(), &indexed, Mode::Standard), None);
    }

    #[test]
    fn strict_takes_a_homonym_born_elsewhere_for_a_rival() {
        let (one, other) = (student(), student());
        let both = [(&one, said(born("44109"), &[])), (&other, said(born("35238"), &[]))];
        let born_there = CivilQuestion { lieu_naissance: born("44109"), ..eudoxie() };
        assert_eq!(ask(&born_there, &both, Mode::Standard), Some(one));
        assert_eq!(ask(&born_there, &both, Mode::Strict), None);
    }

    #[test]
    fn who_may_be_left_out_of_a_block_forbids_an_answer() {
        let one = student();
        let mut block = Block::default();
        block.set(&one, &[said(born("44109"), &[])]);
        let person = eudoxie().person();
        assert_eq!(meant(&person, [&block], Mode::Standard), Some(one));
        block.cut = true;
        assert_eq!(meant(&person, [&block], Mode::Standard), None);
    }

    #[test]
    fn what_several_records_of_a_student_say_is_put_together() {
        let one = student();
        let keys = keys().blocks;
        let both = [said(None, &[]), said(born("44109"), &["Léa"])];
        let mut blocks: BTreeMap<BlockId, Block<StudentId>> = BTreeMap::new();
        for (key, traits) in keys.spread(&both) {
            blocks.entry(key).or_default().set(&one, &traits);
        }
        let elsewhere = CivilQuestion { lieu_naissance: born("35238"), ..eudoxie() };
        let person = elsewhere.person();
        let read = keys.of(&person);
        let found = meant(&person, read.iter().filter_map(|key| blocks.get(key)), Mode::Standard);
        assert_eq!(
            found, None,
            "the record that lacks the birthplace doesn't hide the one that has it"
        );
    }
}
