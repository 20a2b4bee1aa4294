//! Codes in French words, for pages and definitions.

use crate::dimensions::ALL;

/// A code of a column in words; one that is a word already stays. `M` is a sex, and a cursus.
pub(super) fn words<'a>(column: &str, code: &'a str) -> &'a str {
    match code {
        ALL => "Ensemble",
        "M" if column == "sexe" => "Hommes",
        "F" if column == "sexe" => "Femmes",
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
        "nouveau" => "Nouveaux",
        "venu" => "Venus d'une autre académie",
        "reste" => "Restés dans leur académie",
        "parti" => "Partis",
        "17-" => "17 ans et moins",
        "26-29" => "26 à 29 ans",
        "30+" => "30 ans et plus",
        "inconnu" => "Non renseigné",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_by_its_column() {
        assert_eq!((words("sexe", "M"), words("cursus", "M")), ("Hommes", "Master"));
        assert_eq!((words("sexe", "F"), words("age", "30+")), ("Femmes", "30 ans et plus"));
        assert_eq!(words("regime", "RF1"), "RF1");
    }
}
