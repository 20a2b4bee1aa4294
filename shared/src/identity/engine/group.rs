//! Two groups of records: may they be one student?
//!
//! Transitive closure is where precision dies, so every record of one is held against every record
//! of the other. But records also vouch for each other: once one of them says `ANNE MARIE`, another
//! may say `ANNE` and a third `MARIE`.

use super::birth::{self, BirthLevel};
use super::compare::{Comparison, Veto};
use super::identifier::IdentifierLevel;
use super::name::OthersLevel;
use super::person::{ComparedPerson, NumberLevel, StudentNumber};
use super::place::PlaceLevel;

/// Something in the records speaks of two people. `witnesses` are records that belong with both
/// groups if they are one, and may reconcile them.
pub(super) fn separated(
    left: &[&ComparedPerson],
    right: &[&ComparedPerson],
    witnesses: &[&ComparedPerson],
) -> bool {
    let mut elsewhere = false;
    let mut settled = false;
    let mut two_identifiers = false;
    let mut tied = false;
    for one in left {
        for other in right {
            let comparison = Comparison::of(one, other);
            let vouched =
                |vouches: fn(&ComparedPerson, &ComparedPerson, &ComparedPerson) -> bool| {
                    left.iter()
                        .chain(right)
                        .chain(witnesses)
                        .any(|witness| vouches(witness, one, other))
                };
            let forbidden =
                comparison.vetoes.iter().filter(|veto| veto.separates()).any(|veto| match veto {
                    Veto::GivenNames => !vouched(has_both_names),
                    Veto::Lookalike => {
                        !reconciles(left.iter().chain(witnesses), one, other)
                            && !reconciles(right.iter().chain(witnesses), other, one)
                    }
                    Veto::StudentNumbers => {
                        !left.iter().any(|own| has_number_of(own, other))
                            && !right.iter().any(|own| has_number_of(own, one))
                    }
                    Veto::BirthDates => {
                        comparison.identifier != IdentifierLevel::Same || !vouched(is_between_dates)
                    }
                    _ => true,
                });
            if forbidden {
                return true;
            }
            let same_commune = matches!(comparison.place, PlaceLevel::Same | PlaceLevel::Slip);
            elsewhere |= comparison.vetoes.has(Veto::Birthplaces);
            settled |= comparison.identified()
                || same_commune
                || comparison.place == PlaceLevel::SameCountry;
            two_identifiers |= comparison.vetoes.has(Veto::TwoIdentifiers);
            tied |=
                comparison.identified() || same_commune || comparison.others == OthersLevel::Shared;
        }
    }
    // One wrong birthplace among right ones is a mistake; birthplaces that never agree are two
    // people's. And a record without identifier is no bridge between two that have one each.
    elsewhere
        && !settled
        && !witnesses.iter().any(|witness| settles_birthplace(witness, left, right))
        || two_identifiers && !tied
}

/// A record with the INE of one side and the commune of the other says which of two birthplaces is
/// mistaken.
fn settles_birthplace(
    witness: &ComparedPerson,
    left: &[&ComparedPerson],
    right: &[&ComparedPerson],
) -> bool {
    let any = |side: &[&ComparedPerson], agrees: fn(&Comparison) -> bool| {
        side.iter().any(|record| agrees(&Comparison::of(witness, record)))
    };
    let identified = |comparison: &Comparison| comparison.identifier == IdentifierLevel::Same;
    let neighbour =
        |comparison: &Comparison| matches!(comparison.place, PlaceLevel::Same | PlaceLevel::Slip);
    any(left, identified) && any(right, neighbour) || any(right, identified) && any(left, neighbour)
}

fn has_both_names(witness: &ComparedPerson, one: &ComparedPerson, other: &ComparedPerson) -> bool {
    let (Some(names), Some(one), Some(other)) = (&witness.given, &one.given, &other.given) else {
        return false;
    };
    names.all().count() > 1 && names.hold(&one.first) && names.hold(&other.first)
}

/// Whether a group that says `own` knows that the spelling of `opposite` is no twin's: it has that
/// spelling already, by a decision of people or of INES, or one of its records has the name of
/// `own` and the INE of `opposite`.
fn reconciles<'a, 'b: 'a>(
    mut group: impl Iterator<Item = &'a &'b ComparedPerson>,
    own: &ComparedPerson,
    opposite: &ComparedPerson,
) -> bool {
    let called = |person: &ComparedPerson, like: &ComparedPerson| {
        person
            .given
            .as_ref()
            .zip(like.given.as_ref())
            .is_some_and(|(own, other)| own.first.text == other.first.text)
    };
    let clear =
        |record: &ComparedPerson| !Comparison::of(record, opposite).vetoes.has(Veto::Lookalike);
    group.any(|record| called(record, opposite) || called(record, own) && clear(record))
}

/// A group that has the other's number as well was joined by people or by INES, who know that it
/// has two.
fn has_number_of(record: &ComparedPerson, other: &ComparedPerson) -> bool {
    StudentNumber::compare(record.student_number, other.student_number) == NumberLevel::Same
}

fn is_between_dates(
    witness: &ComparedPerson,
    one: &ComparedPerson,
    other: &ComparedPerson,
) -> bool {
    [one, other]
        .iter()
        .all(|person| birth::compare(witness.birth, person.birth).0 < BirthLevel::TwoDigits)
}
