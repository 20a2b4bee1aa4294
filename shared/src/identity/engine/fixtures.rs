//! People for the tests.

use super::person::{ComparedPerson, Written};

pub(super) const LEA: Written<'_> = Written {
    identifier: "070578267KH",
    surname: "Castelbou",
    usage: "",
    given: "Léa",
    other_given: "Marguerite",
    sex: "F",
    birth: "2004-03-12",
    commune: "44109",
    place: "Nantes",
    country: "99100",
};

pub(super) fn person(written: Written<'_>) -> ComparedPerson {
    ComparedPerson::read(&written)
}

/// Without the identifier, as most doubts are.
pub(super) const LEA_WITHOUT_INE: Written<'_> = Written { identifier: "", ..LEA };
