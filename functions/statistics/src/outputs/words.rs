//! Codes in French words, for pages and definitions.

use crate::dimensions::ALL;

/// A code in words; one that is a word already stays.
pub(super) fn words(code: &str) -> &str {
    match code {
        ALL => "Ensemble",
        "universite" => "Universités",
        "ecole" => "Écoles",
        "lycee" => "Lycées",
        "L" => "Licence",
        "M" => "Master",
        "D" => "Doctorat",
        "initiale" => "Formation initiale",
        "alternance" => "Alternance",
        "continue" => "Formation continue",
        "admis" => "Admis",
        "inscrit" => "Inscrits",
        "17-" => "17 ans et moins",
        "26-29" => "26 à 29 ans",
        "30+" => "30 ans et plus",
        "inconnu" => "Non renseigné",
        other => other,
    }
}
