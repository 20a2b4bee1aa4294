//! Which student a question by civil identity means, if the answer is certain.
//!
//! The leak is not the fuzzy match: it is the homonym who isn't in the register, and the second
//! homonym who hides behind another spelling. So uniqueness is tested on the wide net (everybody
//! who shares a blocking key), and a name and a date must be corroborated: by the birthplace, by a
//! second given name, or by their own rarity.

use serde::{Deserialize, Serialize};

use super::birth::BirthLevel;
use super::compare::{Comparison, SexLevel, Veto, may_be_a_twin};
use super::decide::{Candidate, Reads};
use super::name::{GivenLevel, OthersLevel, SurnameLevel};
use super::person::ComparedPerson;
use super::place::PlaceLevel;
use super::weight::{Bits, bits};

/// The certainty that a client requires of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The default: forgiving about spelling.
    #[default]
    Standard,
    /// Only the exact person, corroborated.
    Strict,
}

impl Mode {
    /// The default.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUpResult<S> {
    /// This student, certainly.
    Found(S),
    /// Several may be meant. To the caller it is the same as none.
    Ambiguous,
    /// Nobody, or nobody certain.
    None,
}

/// The relation of a student to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Another person.
    Other,
    /// Is meant if the question's date is mistaken, and nobody has that very date.
    NearDate,
    /// Has another given name that resembles, as a twin may: forbids an answer about anybody else,
    /// but about who is named by the question, to a client that doesn't want to be certain.
    Lookalike,
    /// Could be meant: forbids an answer about anybody else.
    Rival,
    /// Is meant, if alone.
    Meant,
    /// Is meant, if alone, and has the very given name, beside the birthplace or a further given
    /// name.
    Named,
}

/// Finds the student that a question means.
#[must_use]
pub fn look_up<S: Copy>(
    question: &ComparedPerson,
    candidates: &[Candidate<'_, S>],
    reads: Reads,
    mode: Mode,
) -> LookUpResult<S> {
    let records = || candidates.iter().flat_map(|candidate| candidate.records);
    let is_in_full = records().any(|record| names_in_full(question, record));
    // Whoever writes to the register could hide somebody by a row that resembles them: where the
    // question names in full a person whom INES confirmed, only what INES says of others makes one
    // of them meant instead.
    let standings: Vec<(Standing, S)> = candidates
        .iter()
        .map(|candidate| {
            let competing =
                candidate.records.iter().copied().filter(|record| !is_in_full || record.confirmed);
            (standing(question, &competing.collect::<Vec<_>>(), mode), candidate.student)
        })
        .collect();
    let count = |wanted: &[Standing]| {
        standings.iter().filter(|(standing, _)| wanted.contains(standing)).count()
    };
    let meant = [Standing::Meant, Standing::Named];
    let wanted: &[Standing] =
        if count(&meant) + count(&[Standing::Rival]) == 0 { &[Standing::NearDate] } else { &meant };
    let named = mode == Mode::Standard && count(&[Standing::Named]) > 0;
    let lookalikes = if named { 0 } else { count(&[Standing::Lookalike]) };
    let rivals = count(&[Standing::Rival]) + lookalikes;
    let mut found = standings
        .iter()
        .filter(|(standing, _)| wanted.contains(standing))
        .map(|(_, student)| *student);
    match (found.next(), count(wanted) + rivals) {
        // Who wasn't read may be the homonym.
        (Some(student), 1) if reads == Reads::Whole => LookUpResult::Found(student),
        (None, 0 | 1) => LookUpResult::None,
        _ => LookUpResult::Ambiguous,
    }
}

/// Whether a question has all that INES has of a person whose INE it confirmed: the birth name,
/// every given name in order, the date, the sex and the commune or country of birth.
fn names_in_full(question: &ComparedPerson, record: &ComparedPerson) -> bool {
    let comparison = Comparison::of(question, record);
    let every_given_name =
        question.given.as_ref().zip(record.given.as_ref()).is_some_and(|(asked, known)| {
            asked.all().map(|name| &name.text).eq(known.all().map(|name| &name.text))
        });
    record.confirmed
        && every_given_name
        && (comparison.surname, comparison.through_usage) == (SurnameLevel::Same, false)
        && comparison.birth <= BirthLevel::SameDefault
        && comparison.sex == SexLevel::Same
        && matches!(comparison.place, PlaceLevel::Same | PlaceLevel::SameCountry)
}

fn standing(question: &ComparedPerson, records: &[&ComparedPerson], mode: Mode) -> Standing {
    let each: Vec<Comparison> =
        records.iter().map(|record| Comparison::of(question, record)).collect();
    let best =
        each.iter().map(|comparison| judge(comparison, mode)).max().unwrap_or(Standing::Other);
    if best != Standing::Meant {
        return best;
    }
    // What the student's records say together: one that lacks the birthplace doesn't hide the one
    // that has it.
    let place = each
        .iter()
        .map(|comparison| comparison.place)
        .filter(|place| *place != PlaceLevel::Missing)
        .min();
    let others = |level| each.iter().any(|comparison| comparison.others == level);
    let second_name = others(OthersLevel::Shared);
    let evidence = each.iter().map(|comparison| comparison.bits).max().unwrap_or(Bits::ZERO);
    let rare = evidence >= if mode == Mode::Strict { RARE_STRICT } else { RARE };
    let corroborated = match place.unwrap_or(PlaceLevel::Missing) {
        PlaceLevel::Same | PlaceLevel::Slip => true,
        PlaceLevel::SameCountry => second_name || rare,
        // A rare name is no proof of who nobody else is: families and twins share it.
        PlaceLevel::Missing => {
            second_name || mode == Mode::Standard && rare && !question.place.has_commune()
        }
        PlaceLevel::OtherDistrict | PlaceLevel::SameDepartment => second_name,
        // Born elsewhere, says the register: with another given name in common it is mistaken,
        // without it is right, and speaks of somebody else.
        PlaceLevel::Different if second_name && mode == Mode::Standard => true,
        PlaceLevel::Different if mode == Mode::Standard => return Standing::Other,
        PlaceLevel::Different | PlaceLevel::OtherCountry => false,
    };
    if !corroborated || !second_name && others(OthersLevel::Disjoint) {
        return Standing::Rival;
    }
    let very_name = each.iter().any(|comparison| comparison.given == GivenLevel::Same);
    let placed = matches!(place, Some(PlaceLevel::Same | PlaceLevel::Slip));
    if very_name && (placed || second_name) { Standing::Named } else { Standing::Meant }
}

/// A name and a date that so few people share that nothing else is needed.
const RARE: Bits = bits(31.0);

/// The same when the date is a slip away and the commune is right.
const RARE_NEAR_DATE: Bits = bits(33.0);

/// The same when the client wants to be certain.
const RARE_STRICT: Bits = bits(35.0);

/// Whether one record's names and date are the question's.
fn judge(comparison: &Comparison, mode: Mode) -> Standing {
    if comparison.given == GivenLevel::Different || comparison.surname == SurnameLevel::Different {
        return Standing::Other;
    }
    let same_place = comparison.place == PlaceLevel::Same;
    let further_agree = comparison.others == OthersLevel::Shared;
    let confirmed = same_place && further_agree;
    let given = comparison.given <= GivenLevel::Slip
        || comparison.given <= GivenLevel::Far && further_agree;
    let names = given && comparison.surname <= SurnameLevel::Slip
        || same_place
            && comparison.surname <= SurnameLevel::Far
            && comparison.given == GivenLevel::Same
        || confirmed
            && comparison.surname <= SurnameLevel::Far
            && comparison.given <= GivenLevel::Far;
    let contradicted =
        comparison.vetoes.has(Veto::Lookalike) || comparison.vetoes.has(Veto::OtherGivenNames);
    let meant = names && !contradicted;
    match comparison.birth {
        BirthLevel::Same | BirthLevel::SameDefault if meant => Standing::Meant,
        BirthLevel::Same | BirthLevel::SameDefault if may_be_a_twin(comparison.given) => {
            Standing::Lookalike
        }
        BirthLevel::Same | BirthLevel::SameDefault => Standing::Rival,
        BirthLevel::Swapped | BirthLevel::Digit | BirthLevel::Partial | BirthLevel::Missing => {
            // A homonym born in the same commune a slip away is unheard of, unless the names are
            // common.
            let exact = mode == Mode::Standard
                && same_place
                && comparison.surname <= SurnameLevel::Sound
                && comparison.given == GivenLevel::Same
                && comparison.bits >= RARE_NEAR_DATE;
            // Who has another date is no homonym, unless the client wants to be certain that the
            // date isn't mistaken.
            let elsewhere =
                matches!(comparison.place, PlaceLevel::Different | PlaceLevel::OtherCountry);
            match mode {
                _ if meant && (confirmed || exact) => Standing::NearDate,
                Mode::Strict if meant && !elsewhere => Standing::Rival,
                _ => Standing::Other,
            }
        }
        BirthLevel::TwoDigits | BirthLevel::Different => Standing::Other,
    }
}
