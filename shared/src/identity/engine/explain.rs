//! A comparison as a person reads it: plain French, without technical words, and values masked,
//! since whoever judges whether two files are one person's need not learn who it is.

use std::fmt;

use super::birth::{BirthLevel, Digits};
use super::compare::{Comparison, SexLevel, Veto};
use super::decide::{MatchVerdict, verdict};
use super::identifier::IdentifierLevel;
use super::name::{GivenLevel, OthersLevel, SurnameLevel};
use super::person::ComparedPerson;
use super::place::PlaceLevel;

/// The comparison of two people in sentences, for the review queue and for whoever asks why two
/// files were joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The conclusion of the rules, in a sentence.
    pub conclusion: &'static str,
    /// The traits, in the order in which a registrar reads a file.
    pub lines: Vec<Line>,
    /// The reasons for which the rules don't decide alone, a sentence each.
    pub doubts: Vec<&'static str>,
}

/// One trait of both people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The name of the trait.
    pub label: &'static str,
    /// The values, masked; empty when unknown.
    pub values: [String; 2],
    /// The level of agreement, in words.
    pub finding: &'static str,
}

/// Explains a comparison of two people.
#[must_use]
pub fn explain(
    left: &ComparedPerson,
    right: &ComparedPerson,
    comparison: &Comparison,
) -> Explanation {
    let line = |label, value: fn(&ComparedPerson) -> String, finding| Line {
        label,
        values: [value(left), value(right)],
        finding,
    };
    let lines = vec![
        line("INE", identifier, on_identifiers(comparison.identifier)),
        line("Nom", surname, on_surnames(comparison)),
        line("Prénom", given, on_given(comparison)),
        line("Autres prénoms", others, on_others(comparison.others)),
        line("Sexe", |_| String::new(), on_sexes(comparison.sex)),
        line("Date de naissance", birth, on_births(comparison.birth)),
        line("Lieu de naissance", place, on_places(comparison.place)),
    ];
    let conclusion = match verdict(comparison) {
        MatchVerdict::Match => "Il s’agit de la même personne.",
        MatchVerdict::Possible => {
            "Il s’agit peut-être de la même personne : quelqu’un doit en décider."
        }
        MatchVerdict::Distinct => "Rien ne permet de penser qu’il s’agit de la même personne.",
    };
    Explanation { conclusion, lines, doubts: comparison.vetoes.iter().map(doubt).collect() }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.conclusion)?;
        for doubt in &self.doubts {
            writeln!(f, "Attention : {doubt}")?;
        }
        for Line { label, values: [left, right], finding } in &self.lines {
            let or_unknown =
                |value: &str| if value.is_empty() { "—".to_owned() } else { value.to_owned() };
            match (left.is_empty(), right.is_empty()) {
                (true, true) => writeln!(f, "- {label} : {finding}.")?,
                _ => writeln!(
                    f,
                    "- {label} ({} / {}) : {finding}.",
                    or_unknown(left),
                    or_unknown(right)
                )?,
            }
        }
        Ok(())
    }
}

/// The first letter; the rest is hidden, and its length too.
fn masked(text: &str) -> String {
    text.chars().next().map_or_else(String::new, |first| format!("{first}•••"))
}

fn identifier(person: &ComparedPerson) -> String {
    person.identifier.as_ref().map_or_else(String::new, |identifier| {
        let shown = identifier.text.len().saturating_sub(2);
        format!("•••{}", &identifier.text[shown..])
    })
}

fn surname(person: &ComparedPerson) -> String {
    person.surname.as_ref().map_or_else(String::new, |surname| masked(&surname.whole.text))
}

fn given(person: &ComparedPerson) -> String {
    person.given.as_ref().map_or_else(String::new, |given| masked(&given.first.text))
}

fn others(person: &ComparedPerson) -> String {
    let names =
        person.given.iter().flat_map(|given| given.others.iter()).map(|name| masked(&name.text));
    names.collect::<Vec<_>>().join(" ")
}

fn birth(person: &ComparedPerson) -> String {
    let Digits(digits) = person.birth;
    if person.birth.is_missing() {
        String::new()
    } else {
        format!("••/••/{}", String::from_utf8_lossy(&digits[..4]))
    }
}

fn place(person: &ComparedPerson) -> String {
    match person.place.department() {
        Some(department) => format!("département {department}"),
        None if person.place.is_abroad() => "à l’étranger".to_owned(),
        None => person.place.name.as_ref().map_or_else(String::new, |name| masked(name)),
    }
}

fn on_identifiers(level: IdentifierLevel) -> &'static str {
    match level {
        IdentifierLevel::Same => "le même",
        IdentifierLevel::Slip => "à un caractère près, sans doute une faute de frappe",
        IdentifierLevel::Missing => "absent d’un côté au moins",
        IdentifierLevel::OtherForm => {
            "différents, mais de deux époques : une même personne peut avoir les deux"
        }
        IdentifierLevel::Unsure => "différents, et l’un des deux au moins est mal écrit",
        IdentifierLevel::Different => "deux numéros différents",
    }
}

fn on_surnames(comparison: &Comparison) -> &'static str {
    if comparison.exchanged {
        return "le nom de l’un est écrit à la place du prénom de l’autre";
    }
    match (comparison.surname, comparison.through_usage) {
        (SurnameLevel::Same, false) => "le même",
        (SurnameLevel::Same, true) => "le nom d’usage de l’un est le nom de l’autre",
        (SurnameLevel::Particle, _) => "le même, à une particule près",
        (SurnameLevel::Part, _) => "l’un est une partie de l’autre",
        (SurnameLevel::Sound, _) => "se prononcent de la même façon",
        (SurnameLevel::Slip, _) => "à une faute de frappe près",
        (SurnameLevel::Far, _) => "ressemblants",
        (SurnameLevel::Half, _) => "en partie communs : deux familles le plus souvent",
        (SurnameLevel::Missing, _) => "absent d’un côté au moins",
        (SurnameLevel::Different, _) => "différents",
    }
}

fn on_given(comparison: &Comparison) -> &'static str {
    match comparison.given {
        GivenLevel::Same => "le même",
        GivenLevel::Compound => "l’un est le début de l’autre, composé",
        GivenLevel::Reordered => "les mêmes, dans un autre ordre",
        GivenLevel::Among => "l’un figure parmi les prénoms de l’autre",
        GivenLevel::Sound => "se prononcent de la même façon",
        GivenLevel::Slip => "à une faute de frappe près",
        GivenLevel::Near => "à une lettre ou deux près : une faute, ou un autre prénom",
        GivenLevel::Far => "l’un est le début de l’autre",
        GivenLevel::Lookalike => "ressemblants, mais ce peut être deux prénoms",
        GivenLevel::Missing => "absent ou réduit à une initiale",
        GivenLevel::Different => "différents",
    }
}

fn on_others(level: OthersLevel) -> &'static str {
    match level {
        OthersLevel::Shared => "en commun",
        OthersLevel::Missing => "absents d’un côté, ou en partie seulement communs",
        OthersLevel::Disjoint => "aucun en commun",
    }
}

fn on_sexes(level: SexLevel) -> &'static str {
    match level {
        SexLevel::Same => "le même",
        SexLevel::Missing => "absent d’un côté au moins",
        SexLevel::Different => "différents",
    }
}

fn on_births(level: BirthLevel) -> &'static str {
    match level {
        BirthLevel::Same => "la même",
        BirthLevel::SameDefault => "la même, un 1er janvier, souvent écrit faute de mieux",
        BirthLevel::Swapped => "le jour et le mois sont intervertis",
        BirthLevel::Partial => "la même année, mais l’une est imprécise",
        BirthLevel::Digit => "à un chiffre près",
        BirthLevel::TwoDigits => "à deux chiffres près",
        BirthLevel::Missing => "absente d’un côté au moins",
        BirthLevel::Different => "différentes",
    }
}

fn on_places(level: PlaceLevel) -> &'static str {
    match level {
        PlaceLevel::Same => "la même commune",
        PlaceLevel::SameCountry => "le même pays, ce qui dit peu",
        PlaceLevel::OtherDistrict => "la même ville, mais deux arrondissements",
        PlaceLevel::Missing => "absent d’un côté au moins",
        PlaceLevel::Slip => "la même commune, à une faute près",
        PlaceLevel::SameDepartment => "deux communes d’un même département",
        PlaceLevel::Different => "deux départements",
        PlaceLevel::OtherCountry => "deux pays",
    }
}

/// The reason for which a veto leaves the decision to a person, in a sentence.
#[must_use]
pub fn doubt(veto: Veto) -> &'static str {
    match veto {
        Veto::GivenNames => "les prénoms diffèrent ; des jumeaux ont tout le reste en commun.",
        Veto::Identifiers => {
            "deux INE de même origine, tous deux valables, désignent en principe deux personnes."
        }
        Veto::BirthDates => "les dates de naissance diffèrent trop pour une faute de frappe.",
        Veto::OtherGivenNames => {
            "les autres prénoms n’ont rien de commun ; ce peut être un homonyme."
        }
        Veto::Lookalike => {
            "les prénoms se ressemblent sans être les mêmes ; ce peut être des jumeaux, qui ont tout le reste en commun."
        }
        Veto::Surnames => "les noms diffèrent, et aucun INE commun ne l’explique.",
        Veto::BirthDateSlip => {
            "la date de naissance n’est pas tout à fait la même, et rien d’autre ne confirme."
        }
        Veto::Birthplaces => "les lieux de naissance diffèrent, et aucun INE commun ne l’explique.",
        Veto::StudentNumbers => {
            "un établissement leur donne deux numéros d’étudiant la même année."
        }
        Veto::TwoIdentifiers => {
            "chacun a son INE ; seuls le nom et la date de naissance les rapprochent."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{LEA, person};
    use super::super::person::Written;
    use super::*;

    #[test]
    fn a_doubt_is_told_in_plain_french_without_values() {
        let (lea, twin) = (person(LEA), person(Written { given: "Chloé", ..LEA }));
        let explanation = explain(&lea, &twin, &Comparison::of(&lea, &twin));
        insta::assert_snapshot!(explanation, @r"
        Il s’agit peut-être de la même personne : quelqu’un doit en décider.
        Attention : les prénoms diffèrent ; des jumeaux ont tout le reste en commun.
        - INE (•••KH / •••KH) : le même.
        - Nom (C••• / C•••) : le même.
        - Prénom (L••• / C•••) : différents.
        - Autres prénoms (M••• / M•••) : absents d’un côté, ou en partie seulement communs.
        - Sexe : le même.
        - Date de naissance (••/••/2004 / ••/••/2004) : la même.
        - Lieu de naissance (département 44 / département 44) : la même commune.
        ");
    }

    #[test]
    fn no_value_is_shown_whole() {
        let lea = person(LEA);
        let text = explain(&lea, &lea, &Comparison::of(&lea, &lea)).to_string().to_uppercase();
        for value in [
            LEA.surname,
            LEA.given,
            LEA.other_given,
            LEA.identifier,
            LEA.birth,
            LEA.commune,
            "NANTES",
        ] {
            assert!(!text.contains(&value.to_uppercase()), "{text}");
        }
    }
}
