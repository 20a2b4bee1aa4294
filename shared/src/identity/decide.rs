//! Which student a declaration is about.
//!
//! The register's own rule is the model: certain → automatic, doubt → a person decides (identity.md). The
//! evidence here is deliberately coarse, equality of folded identities; what it lacks in recall it must not
//! take from precision.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::digest::RecordId;
use super::student::{Student, StudentId};
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment::{Declaration, Person};
use crate::domain::fold::folded_words;
use crate::domain::ine::Ine;

/// The version of these rules, kept with every attachment.
pub const RULES_VERSION: u32 = 1;

/// Why a record is a student's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Same INE, same birth date, given names that agree.
    SameIne,
    /// Same folded civil identity, and the birthplace or a second given name says so too.
    SameCivilIdentity,
    /// The only record of this student says something new about the same person.
    Correction,
    /// Nobody resembles.
    Newcomer,
}

/// Why a person has to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The INE is known with another birth date: one of the two is wrong.
    BirthDateDiffers,
    /// The INE is known with other given names: siblings' INEs get swapped.
    GivenNamesDiffer,
    /// Several students resemble.
    Homonyms,
    /// One student resembles, and nothing but name, birth date and sex says that it is the same.
    Uncorroborated,
    /// The record gives an INE and a birth date and names nobody, and nobody has this INE yet.
    Unknown,
}

/// What follows for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is this student's.
    Attach(StudentId, Rule),
    /// It is a student not seen before.
    Create,
    /// It waits, and nobody can see it.
    Review(Doubt),
}

/// What is known when a record is decided.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The record's id: what it said itself before is no evidence.
    pub record: &'a RecordId,
    /// What it says now.
    pub declaration: &'a Declaration,
    /// The student that has its INE.
    pub by_ine: Option<&'a Student>,
    /// The students that share its folded civil identity.
    pub resembling: &'a [Student],
    /// The student that an earlier version of the record was attached to.
    pub current: Option<&'a Student>,
}

/// Decides.
#[must_use]
pub fn decide(evidence: Evidence<'_>) -> Decision {
    let Evidence { record, declaration, by_ine, resembling, current } = evidence;
    if let Some(student) = by_ine.filter(|student| student.edges_besides(record).next().is_some()) {
        return same_ine(record, declaration, student);
    }
    let Some(said) = declaration.identite.said() else {
        return Decision::Review(Doubt::Unknown);
    };

    let mut corroborated = Vec::new();
    let mut bare = false;
    for student in resembling {
        match resemblance(record, declaration.ine, said, student) {
            Resemblance::Corroborated => corroborated.push(student.id),
            Resemblance::Bare => bare = true,
            Resemblance::None => {}
        }
    }
    match (corroborated.as_slice(), bare) {
        ([_, _, ..], _) => Decision::Review(Doubt::Homonyms),
        ([_], true) if declaration.ine.is_none() => Decision::Review(Doubt::Homonyms),
        ([student], _) => Decision::Attach(*student, Rule::SameCivilIdentity),
        ([], true) if declaration.ine.is_none() => Decision::Review(Doubt::Uncorroborated),
        // With an INE of its own that nobody has yet, a bare resemblance is a homonym: the person is published
        // under the INE, and a look-up by civil identity finds two and tells nothing.
        ([], _) => match by_ine.or(current).filter(|student| student.edges_besides(record).next().is_none()) {
            Some(student) => Decision::Attach(student.id, Rule::Correction),
            None => Decision::Create,
        },
    }
}

/// An equal INE alone is no proof: the other records of that student must agree. A record that names nobody agrees by
/// its birth date alone, as the write contract has it (domain.md §2).
fn same_ine(record: &RecordId, declaration: &Declaration, student: &Student) -> Decision {
    let others = || student.edges_besides(record).map(|edge| &edge.declaration.identite);
    let birth_date = declaration.identite.birth_date();
    if !others().any(|other| other.birth_date() == birth_date) {
        return Decision::Review(Doubt::BirthDateDiffers);
    }
    let mut named = others().filter_map(Person::told).peekable();
    match declaration.identite.said() {
        Some(said) if named.peek().is_some() && !named.any(|other| given_names_agree(said, other)) => {
            Decision::Review(Doubt::GivenNamesDiffer)
        }
        _ => Decision::Attach(student.id, Rule::SameIne),
    }
}

enum Resemblance {
    Corroborated,
    Bare,
    None,
}

/// How far a student with the same folded civil identity is the same person.
fn resemblance(record: &RecordId, ine: Option<Ine>, said: &CivilIdentity, student: &Student) -> Resemblance {
    let mut resemblance = Resemblance::None;
    for edge in student.edges_besides(record) {
        // What the register had is somebody else's statement: it counts once, with that one.
        let Some(other) = edge.declaration.identite.said() else { continue };
        match (said.lieu_naissance, other.lieu_naissance) {
            // Another birthplace is another person, and so is another INE of the same register.
            (Some(a), Some(b)) if a != b => return Resemblance::None,
            _ if two_ines_of_one_register(ine, edge.declaration.ine) => return Resemblance::None,
            (Some(_), Some(_)) => resemblance = Resemblance::Corroborated,
            _ if shares_another_given_name(said, other) => resemblance = Resemblance::Corroborated,
            _ if matches!(resemblance, Resemblance::None) => resemblance = Resemblance::Bare,
            _ => {}
        }
    }
    resemblance
}

/// One person may lawfully have two INEs, a BEA one and then an RNIE one, but each register gives one.
fn two_ines_of_one_register(a: Option<Ine>, b: Option<Ine>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b && a.form() == b.form())
}

fn shares_another_given_name(a: &CivilIdentity, b: &CivilIdentity) -> bool {
    let folded = |identity: &CivilIdentity| -> BTreeSet<String> {
        identity.autres_prenoms.iter().map(crate::domain::name::PersonName::folded).collect()
    };
    !folded(a).is_disjoint(&folded(b))
}

/// Whether two people called this way may be one: a word in common among all given names (`Jean-Pierre` and
/// `Pierre`), or a first given name that differs by a slip (`Thibaut`, `Thibault`).
fn given_names_agree(a: &CivilIdentity, b: &CivilIdentity) -> bool {
    /// Between 0 and 1. Slips score above, siblings' names (`Léa`, `Léo`) below.
    const SLIP: f64 = 0.92;
    let words = |identity: &CivilIdentity| -> BTreeSet<String> {
        std::iter::once(&identity.prenom1)
            .chain(&identity.autres_prenoms)
            .flat_map(|name| folded_words(name.expose()).collect::<Vec<_>>())
            .collect()
    };
    !words(a).is_disjoint(&words(b))
        || a.prenom1.folded() == b.prenom1.folded()
        || strsim::jaro_winkler(&a.prenom1.folded(), &b.prenom1.folded()) >= SLIP
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::birth_date::BirthDate;
    use crate::domain::commune::CommuneCode;
    use crate::domain::enrolment::Pair;
    use crate::domain::name::PersonName;
    use crate::identity::digest::DigestKey;
    use crate::identity::fixtures::declaration;
    use crate::identity::student::{Edge, RecordVersion};

    const RNIE: &str = "070578267KH";
    const OTHER_RNIE: &str = "081768862AE";
    const BEA: &str = "0906018155T";

    fn id(name: &str) -> RecordId {
        RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), &declaration(None, name, "x", "2000"))
    }

    fn student(name: &str, said: Declaration) -> Student {
        let mut student = Student::newcomer(StudentId::random());
        student.attach(Edge {
            record: id(name),
            version: RecordVersion::new(Timestamp::UNIX_EPOCH, "", "import", 2),
            declaration: said,
            rule: Rule::Newcomer,
            rules_version: RULES_VERSION,
        });
        student
    }

    fn decided(said: &Declaration, by_ine: Option<&Student>, resembling: &[Student]) -> Decision {
        decide(Evidence { record: &id("this"), declaration: said, by_ine, resembling, current: None })
    }

    fn without_birthplace(mut said: Declaration) -> Declaration {
        named(&mut said).lieu_naissance = None;
        said
    }

    fn named(said: &mut Declaration) -> &mut CivilIdentity {
        let Person::Civil(identity) = &mut said.identite else { panic!("it names nobody") };
        identity
    }

    fn by_pair(ine: &str, birth: &str) -> Declaration {
        let mut said = declaration(Some(ine), "x", "y", birth);
        said.identite = Person::Pair(Pair { date_naissance: BirthDate::parse(birth).unwrap(), registre: None });
        said
    }

    #[test]
    fn a_record_that_names_nobody_needs_a_known_pair() {
        let known = student("other", declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02"));
        let pair = by_pair(RNIE, "2004-03-02");
        assert_eq!(decided(&pair, Some(&known), &[]), Decision::Attach(known.id, Rule::SameIne));
        assert_eq!(decided(&pair, None, &[]), Decision::Review(Doubt::Unknown));
        let other_date = by_pair(RNIE, "2004-02-03");
        assert_eq!(decided(&other_date, Some(&known), &[]), Decision::Review(Doubt::BirthDateDiffers));
    }

    #[test]
    fn what_the_register_had_is_no_evidence_for_a_homonym() {
        let mut pushed = by_pair(RNIE, "2004-03-02");
        let identity = crate::identity::fixtures::identity("Martin", "Léa", "2004-03-02");
        let Person::Pair(pair) = &mut pushed.identite else { panic!("it names somebody") };
        pair.registre = Some(Box::new(identity));
        let known = student("other", pushed);
        let said = declaration(None, "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&said, None, &[known]), Decision::Create);
    }

    #[test]
    fn nobody_resembles() {
        let said = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
        assert_eq!(decided(&said, None, &[]), Decision::Create);
    }

    #[test]
    fn same_ine_with_names_written_otherwise() {
        let known = student("other", declaration(Some(RNIE), "Lefèvre", "Marie-Zoé", "2004-03-02"));
        let said = declaration(Some(RNIE), "MARTIN", "ZOE", "2004-03-02");
        assert_eq!(decided(&said, Some(&known), &[]), Decision::Attach(known.id, Rule::SameIne));
    }

    #[test]
    fn same_ine_but_another_person() {
        let known = student("other", declaration(Some(RNIE), "Lefèvre", "Léa", "2004-03-02"));
        let brother = declaration(Some(RNIE), "Lefèvre", "Hugo", "2004-03-02");
        assert_eq!(decided(&brother, Some(&known), &[]), Decision::Review(Doubt::GivenNamesDiffer));
        let typo = declaration(Some(RNIE), "Lefèvre", "Léa", "2004-02-03");
        assert_eq!(decided(&typo, Some(&known), &[]), Decision::Review(Doubt::BirthDateDiffers));
    }

    #[test]
    fn the_establishment_may_correct_what_it_said_alone() {
        let known = student("this", declaration(Some(RNIE), "Lefèvre", "Léa", "2004-03-02"));
        let corrected = declaration(Some(RNIE), "Lefèvre", "Hugo", "2004-02-03");
        assert_eq!(decided(&corrected, Some(&known), &[]), Decision::Attach(known.id, Rule::Correction));
    }

    #[test]
    fn without_ine_a_birthplace_corroborates() {
        let known = student("other", declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02"));
        let said = declaration(None, "LEFEVRE", "ZOE", "2004-03-02");
        assert_eq!(
            decided(&said, None, std::slice::from_ref(&known)),
            Decision::Attach(known.id, Rule::SameCivilIdentity)
        );
    }

    #[test]
    fn without_ine_and_birthplace_a_second_given_name_corroborates_and_nothing_else() {
        let mut known = declaration(Some(RNIE), "Lefèvre", "Zoé", "2004-03-02");
        named(&mut known).autres_prenoms = vec![PersonName::parse("Inès").unwrap()];
        let known = student("other", known);
        let mut said = without_birthplace(declaration(None, "LEFEVRE", "ZOE", "2004-03-02"));
        assert_eq!(decided(&said, None, std::slice::from_ref(&known)), Decision::Review(Doubt::Uncorroborated));
        named(&mut said).autres_prenoms = vec![PersonName::parse("INES").unwrap()];
        assert_eq!(
            decided(&said, None, std::slice::from_ref(&known)),
            Decision::Attach(known.id, Rule::SameCivilIdentity)
        );
    }

    #[test]
    fn another_birthplace_is_another_person() {
        let known = student("other", declaration(None, "Martin", "Léa", "2004-03-02"));
        let mut said = declaration(None, "Martin", "Léa", "2004-03-02");
        named(&mut said).lieu_naissance = Some(CommuneCode::parse("35238").unwrap());
        assert_eq!(decided(&said, None, &[known]), Decision::Create);
    }

    #[test]
    fn two_homonyms_are_for_a_person_to_decide() {
        let known = ["a", "b"].map(|name| student(name, declaration(None, "Martin", "Léa", "2004-03-02")));
        let said = declaration(None, "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&said, None, &known), Decision::Review(Doubt::Homonyms));
        let [_, sure] = known;
        let vague = student("a", without_birthplace(said.clone()));
        assert_eq!(decided(&said, None, &[vague, sure]), Decision::Review(Doubt::Homonyms));
    }

    #[test]
    fn a_register_gives_one_ine_but_two_registers_give_two() {
        let known = student("other", declaration(Some(RNIE), "Martin", "Léa", "2004-03-02"));
        let known = std::slice::from_ref(&known);
        let twin_by_register = declaration(Some(OTHER_RNIE), "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&twin_by_register, None, known), Decision::Create);
        let older = declaration(Some(BEA), "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&older, None, known), Decision::Attach(known[0].id, Rule::SameCivilIdentity));
    }

    #[test]
    fn an_unseen_ine_is_published_beside_a_bare_homonym() {
        let known = student("other", without_birthplace(declaration(None, "Martin", "Léa", "2004-03-02")));
        let said = declaration(Some(RNIE), "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&said, None, &[known]), Decision::Create);
    }

    #[test]
    fn one_record_with_another_birthplace_vetoes_the_whole_student() {
        let mut known = student("a", declaration(None, "Martin", "Léa", "2004-03-02"));
        let mut elsewhere = declaration(None, "Martin", "Léa", "2004-03-02");
        named(&mut elsewhere).lieu_naissance = Some(CommuneCode::parse("35238").unwrap());
        known.attach(student("b", elsewhere).edges().next().unwrap().clone());
        let said = declaration(None, "Martin", "Léa", "2004-03-02");
        assert_eq!(decided(&said, None, &[known]), Decision::Create);
    }

    #[test]
    fn a_partial_birth_date_is_not_the_full_one() {
        let known = student("other", declaration(Some(RNIE), "Diallo", "Awa", "2004-03-02"));
        let mut said = declaration(Some(RNIE), "Diallo", "Awa", "2004");
        named(&mut said).date_naissance = BirthDate::parse("2004").unwrap();
        assert_eq!(decided(&said, Some(&known), &[]), Decision::Review(Doubt::BirthDateDiffers));
    }
}
