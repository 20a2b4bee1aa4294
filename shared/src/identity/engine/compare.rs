//! Two people side by side: a level per trait, evidence in bits, and the reasons that forbid an
//! automatic decision.

use serde::{Deserialize, Serialize};

use super::birth::{self, BirthLevel};
use super::identifier::{self, IdentifierLevel};
use super::name::{
    GivenLevel, GivenNames, OthersLevel, Surname, SurnameLevel, compare_given, compare_others,
    compare_surnames, further_names_agree, may_be_alike,
};
use super::person::{ComparedPerson, NumberLevel, StudentNumber};
use super::place::{self, PlaceLevel};
use super::weight::{Bits, bits};

/// A reason why the evidence, however strong, does not decide alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Veto {
    /// The given names disagree: twins share everything else.
    GivenNames,
    /// Each has an identifier of the same register, and they differ.
    Identifiers,
    /// The birth dates disagree beyond a slip.
    BirthDates,
    /// The given names after the first have nothing in common, and no identifier is shared.
    OtherGivenNames,
    /// The given names resemble each other as those of twins may, or one is missing, and no further
    /// given name agrees.
    Lookalike,
    /// The surnames disagree, wholly or by half, and no identifier is shared.
    Surnames,
    /// The birth dates are a slip apart, and nothing else than the names confirms that it is a
    /// slip.
    BirthDateSlip,
    /// The birthplaces disagree, and no identifier is shared.
    Birthplaces,
    /// Each has an identifier, of two registers, and only the names and the date say that one
    /// person owns both.
    TwoIdentifiers,
    /// One establishment gives them two student numbers in one academic year.
    StudentNumbers,
}

impl Veto {
    const ALL: [Self; 10] = [
        Self::GivenNames,
        Self::Identifiers,
        Self::BirthDates,
        Self::OtherGivenNames,
        Self::Lookalike,
        Self::Surnames,
        Self::BirthDateSlip,
        Self::Birthplaces,
        Self::TwoIdentifiers,
        Self::StudentNumbers,
    ];

    /// Whether the veto speaks of two people, so that it also forbids joining them through a third
    /// record. The others only say that this comparison proves nothing.
    #[must_use]
    pub fn separates(self) -> bool {
        matches!(
            self,
            Self::GivenNames
                | Self::Lookalike
                | Self::Identifiers
                | Self::BirthDates
                | Self::OtherGivenNames
                | Self::StudentNumbers
        )
    }
}

/// The vetoes that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Veto>", into = "Vec<Veto>")]
pub struct Vetoes(u16);

impl From<Vec<Veto>> for Vetoes {
    fn from(fired: Vec<Veto>) -> Self {
        let mut vetoes = Self::default();
        for veto in fired {
            vetoes.raise(veto, true);
        }
        vetoes
    }
}

impl From<Vetoes> for Vec<Veto> {
    fn from(vetoes: Vetoes) -> Self {
        vetoes.iter().collect()
    }
}

impl Vetoes {
    fn raise(&mut self, veto: Veto, fired: bool) {
        self.0 |= u16::from(fired) << (veto as u8);
    }

    /// The vetoes, the gravest first.
    pub fn iter(self) -> impl Iterator<Item = Veto> {
        Veto::ALL.into_iter().filter(move |veto| self.0 >> (*veto as u8) & 1 == 1)
    }

    /// None fired.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This one fired.
    #[must_use]
    pub fn has(self, veto: Veto) -> bool {
        self.iter().any(|fired| fired == veto)
    }

    /// One that also forbids joining through a third record fired.
    #[must_use]
    pub fn separate(self) -> bool {
        self.iter().any(Veto::separates)
    }
}

/// Whether the sexes agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SexLevel {
    Same,
    /// One is missing.
    Missing,
    Different,
}

/// The levels at which two people agree. It holds no personal value: it may be kept with the
/// decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub identifier: IdentifierLevel,
    /// The surnames, the closest of birth and usage names.
    pub surname: SurnameLevel,
    /// A usage name was needed for that.
    pub through_usage: bool,
    /// The first given names.
    pub given: GivenLevel,
    /// The other given names.
    pub others: OthersLevel,
    /// The surname of one is the given name of the other, and conversely.
    pub exchanged: bool,
    pub sex: SexLevel,
    /// The birth dates.
    pub birth: BirthLevel,
    /// The birthplaces.
    pub place: PlaceLevel,
    /// The numbers that establishments gave them.
    #[serde(default)]
    pub student_number: NumberLevel,
    /// One of them at least comes from civil registers: relatives and homonyms are to be feared.
    pub civil: bool,
    /// The evidence.
    pub bits: Bits,
    /// The reasons that forbid an automatic decision.
    pub vetoes: Vetoes,
}

/// The weight of an equal student number where names and date agree: as much as a birthplace.
const SAME_STUDENT_NUMBER: Bits = bits(8.0);

/// The names of two people.
struct Names {
    surname: SurnameLevel,
    through_usage: bool,
    given: GivenLevel,
    others: OthersLevel,
    exchanged: bool,
    bits: Bits,
}

impl Comparison {
    /// Compares two people. Symmetric: the order of the arguments changes nothing.
    #[must_use]
    pub fn of(left: &ComparedPerson, right: &ComparedPerson) -> Self {
        let (identifier, identifier_bits) =
            identifier::compare(left.identifier.as_ref(), right.identifier.as_ref());
        let names = compare_names(left, right);
        let (birth, birth_bits) = birth::compare(left.birth, right.birth);
        let (place, place_bits) = place::compare(&left.place, &right.place);
        let sex = match (left.sex, right.sex) {
            (Some(one), Some(other)) if one == other => SexLevel::Same,
            (Some(_), Some(_)) => SexLevel::Different,
            _ => SexLevel::Missing,
        };
        // The given name says the sex already: only a contradiction is news.
        let sex_bits = if sex == SexLevel::Different { bits(-3.0) } else { Bits::ZERO };
        let mut comparison = Self {
            identifier,
            surname: names.surname,
            through_usage: names.through_usage,
            given: names.given,
            others: names.others,
            exchanged: names.exchanged,
            sex,
            birth,
            place,
            student_number: StudentNumber::compare(left.student_number, right.student_number),
            civil: left.is_civil() || right.is_civil(),
            bits: identifier_bits + names.bits + birth_bits + place_bits + sex_bits,
            vetoes: Vetoes::default(),
        };
        // Two lines of a mere list of people say nothing of sex or INE. Such a list is a sample: a
        // twin of the one who is in it is most likely not in it, and disagreements are mistakes.
        // Evidence alone decides.
        if comparison.civil {
            if comparison.is_one_student_there() {
                comparison.bits += SAME_STUDENT_NUMBER;
            }
            comparison.raise_vetoes();
        } else {
            comparison.bits += comparison.as_listed();
        }
        comparison
    }

    /// The identifiers agree, a slip apart at most.
    pub(super) fn identified(&self) -> bool {
        matches!(self.identifier, IdentifierLevel::Same | IdentifierLevel::Slip)
    }

    /// The names and the date agree, and one establishment knows both under one number: it
    /// corroborates what agrees, and says nothing by itself, since numbers are mistyped and given
    /// again.
    fn is_one_student_there(&self) -> bool {
        self.student_number == NumberLevel::Same
            && self.surname <= SurnameLevel::Slip
            && self.given <= GivenLevel::Slip
            && self.birth <= BirthLevel::SameDefault
    }

    /// Something else than the names agrees. Names alone, however rare, prove nothing.
    pub(super) fn is_corroborated(&self) -> bool {
        self.identified()
            || matches!(self.place, PlaceLevel::Same | PlaceLevel::Slip)
            || self.birth < BirthLevel::TwoDigits
    }

    /// The change of the weight between two lines of a mere list: its names come from anywhere, so
    /// that the tables of frequencies don't make them rare; and values are put in each other's
    /// place more often than people resemble each other.
    fn as_listed(&self) -> Bits {
        let unknown_frequency = bits(-5.0);
        let surname = match self.surname {
            SurnameLevel::Different => bits(4.0),
            SurnameLevel::Missing => Bits::ZERO,
            _ => unknown_frequency,
        };
        let given = match self.given {
            GivenLevel::Different => bits(4.0),
            GivenLevel::Missing => Bits::ZERO,
            _ => unknown_frequency,
        };
        let birth = if self.birth == BirthLevel::Different { bits(4.0) } else { Bits::ZERO };
        let identifier =
            if self.identifier == IdentifierLevel::Unsure { bits(3.0) } else { Bits::ZERO };
        surname + given + birth + identifier
    }

    fn raise_vetoes(&mut self) {
        let identified = self.identified();
        let same_identifier = self.identifier == IdentifierLevel::Same;
        let mut vetoes = Vetoes::default();
        vetoes.raise(Veto::GivenNames, self.given == GivenLevel::Different);
        vetoes.raise(Veto::Identifiers, self.identifier == IdentifierLevel::Different);
        // With the names and the identifier of the same person, a date that has nothing to do with
        // it is a mistake.
        let named = self.surname <= SurnameLevel::Sound
            && self.given <= GivenLevel::Compound
            && !self.exchanged;
        let other_date = matches!(self.birth, BirthLevel::Different | BirthLevel::TwoDigits);
        vetoes.raise(Veto::BirthDates, other_date && !(same_identifier && named));
        vetoes
            .raise(Veto::OtherGivenNames, !same_identifier && self.others == OthersLevel::Disjoint);
        let other_sex = self.sex == SexLevel::Different
            && matches!(self.given, GivenLevel::Sound | GivenLevel::Slip);
        let unnamed = self.given == GivenLevel::Missing;
        let two_numbers = self.identifier > IdentifierLevel::Missing;
        let twin_like = self.given == GivenLevel::Lookalike
            || self.given == GivenLevel::Among && two_numbers
            || may_be_a_twin(self.given) && !same_identifier
            || (other_sex || unnamed) && !identified;
        // An equal INE is no help: establishments give twins each other's. Further given names are,
        // since twins don't share them; and whom INES confirmed is joined by that, not by this
        // comparison.
        vetoes.raise(Veto::Lookalike, twin_like && self.others != OthersLevel::Shared);
        let other_family = matches!(self.surname, SurnameLevel::Half | SurnameLevel::Different);
        vetoes.raise(Veto::Surnames, !identified && other_family);
        // Homonyms are born in one commune some days apart, so the place doesn't confirm that a
        // date is mistaken.
        let slip =
            matches!(self.birth, BirthLevel::Swapped | BirthLevel::Digit | BirthLevel::Partial);
        vetoes
            .raise(Veto::BirthDateSlip, !identified && slip && self.others != OthersLevel::Shared);
        let elsewhere = matches!(
            self.place,
            PlaceLevel::Different | PlaceLevel::OtherCountry | PlaceLevel::SameDepartment
        );
        let one_student = self.is_one_student_there();
        vetoes.raise(Veto::Birthplaces, !identified && !one_student && elsewhere);
        vetoes.raise(Veto::StudentNumbers, self.student_number == NumberLevel::Different);
        let corroborated = match self.place {
            PlaceLevel::Same | PlaceLevel::Slip => true,
            // People born abroad have no commune that could confirm: rare names do.
            PlaceLevel::SameCountry => self.bits >= bits(33.0),
            _ => false,
        };
        let uncorroborated = !corroborated && self.others != OthersLevel::Shared;
        vetoes.raise(
            Veto::TwoIdentifiers,
            self.identifier == IdentifierLevel::OtherForm && uncorroborated,
        );
        self.vetoes = vetoes;
    }
}

/// Names that twins may have, who share everything else.
pub(super) fn may_be_a_twin(given: GivenLevel) -> bool {
    matches!(given, GivenLevel::Near | GivenLevel::Far | GivenLevel::Lookalike)
}

fn compare_names(left: &ComparedPerson, right: &ComparedPerson) -> Names {
    let straight = straight_names(left, right);
    if straight.surname < SurnameLevel::Far && straight.given < GivenLevel::Far {
        return straight;
    }
    match exchanged_names(left, right) {
        Some(exchanged) if exchanged.bits > straight.bits => exchanged,
        _ => straight,
    }
}

fn straight_names(left: &ComparedPerson, right: &ComparedPerson) -> Names {
    let (surname, surname_bits, through_usage) = closest_surnames(left, right);
    let (given, given_bits, others, others_bits) = match (&left.given, &right.given) {
        (Some(one), Some(other)) => {
            let (given, given_bits) = compare_given(one, other);
            let (others, others_bits) = match compare_others(one, other) {
                (OthersLevel::Shared, _)
                    if may_be_a_twin(given) && !further_names_agree(one, other) =>
                {
                    (OthersLevel::Missing, Bits::ZERO)
                }
                compared => compared,
            };
            (given, given_bits, others, others_bits)
        }
        _ => (GivenLevel::Missing, Bits::ZERO, OthersLevel::Missing, Bits::ZERO),
    };
    Names {
        surname,
        through_usage,
        given,
        others,
        exchanged: false,
        bits: surname_bits + given_bits + others_bits,
    }
}

/// The best of the birth and usage names; a usage name says a little less, since a couple shares
/// it.
fn closest_surnames(left: &ComparedPerson, right: &ComparedPerson) -> (SurnameLevel, Bits, bool) {
    let compared = |one: &Option<Surname>, other: &Option<Surname>, usage: bool| {
        let (level, weight) = compare_surnames(one.as_ref()?, other.as_ref()?);
        let usage_cost = if usage { bits(2.0) } else { Bits::ZERO };
        Some((level, weight - usage_cost, usage))
    };
    let straight = compared(&left.surname, &right.surname, false);
    if straight.is_some_and(|(level, ..)| level == SurnameLevel::Same)
        || left.usage.is_none() && right.usage.is_none()
    {
        return straight.unwrap_or((SurnameLevel::Missing, Bits::ZERO, false));
    }
    let others = [
        compared(&left.usage, &right.surname, true),
        compared(&left.surname, &right.usage, true),
        compared(&left.usage, &right.usage, true),
    ];
    // Levels are ordered from equal to different, and bits decide between equal ones.
    let best = others
        .into_iter()
        .chain([straight])
        .flatten()
        .min_by_key(|(level, bits, _)| (*level, -*bits));
    best.unwrap_or((SurnameLevel::Missing, Bits::ZERO, false))
}

/// The surname in the place of the given name, and conversely.
fn exchanged_names(left: &ComparedPerson, right: &ComparedPerson) -> Option<Names> {
    let crossed = |person: &ComparedPerson, other: &ComparedPerson| {
        let surname = person.surname.as_ref()?;
        if !other
            .given
            .as_ref()?
            .all()
            .any(|name| surname.cores().iter().any(|core| may_be_alike(core, name)))
        {
            return None;
        }
        // As surnames, whatever column they come from: the spelling rules of double-barrelled names
        // apply. Any given name may be the one that was taken for the first.
        let given = other.given.as_ref()?.as_surnames();
        let closest = given
            .map(|given| compare_surnames(surname, &given))
            .min_by_key(|(level, bits)| (*level, -*bits));
        closest.filter(|(level, _)| *level <= SurnameLevel::Slip)
    };
    let (one, one_bits) = crossed(left, right)?;
    let (other, other_bits) = crossed(right, left)?;
    let given = match one.max(other) {
        SurnameLevel::Same => GivenLevel::Same,
        // Which of the two is misspelt isn't known: it may be the given name.
        _ => GivenLevel::Near,
    };
    let others = match (&left.given, &right.given) {
        (Some(one), Some(other)) => compare_rest(one, other),
        _ => (OthersLevel::Missing, Bits::ZERO),
    };
    Some(Names {
        surname: one.max(other),
        through_usage: false,
        given,
        others: others.0,
        exchanged: true,
        bits: one_bits + other_bits + others.1 - bits(3.0),
    })
}

/// The given names after the first of people one of whose first names is a surname.
fn compare_rest(left: &GivenNames, right: &GivenNames) -> (OthersLevel, Bits) {
    if left.others.is_empty() || right.others.is_empty() {
        return (OthersLevel::Missing, Bits::ZERO);
    }
    let (longer, shorter) =
        if left.others.len() >= right.others.len() { (left, right) } else { (right, left) };
    let mut known = shorter
        .others
        .iter()
        .filter(|name| longer.others.iter().any(|other| other.text == name.text));
    match known.by_ref().count() {
        0 => (OthersLevel::Disjoint, bits(-5.0)),
        count if count < shorter.others.len() => (OthersLevel::Missing, Bits::ZERO),
        _ => (
            OthersLevel::Shared,
            shorter.others.iter().map(|name| name.weight.min(bits(6.0))).max().unwrap_or_default(),
        ),
    }
}
