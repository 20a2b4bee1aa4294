//! What each column holds, for whoever fills it in: the portal's dictionary and templates are made of
//! this.

use super::column::Column;

/// What is said of a column.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSheet {
    /// What it holds.
    pub what: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// A value of the invented student of the templates.
    pub example: &'static str,
}

impl Column {
    /// Whether a file must have it, in words.
    #[must_use]
    pub fn presence(self) -> &'static str {
        if Self::REQUIRED.contains(&self) {
            "obligatoire"
        } else if Self::IDENTITY.contains(&self) {
            "obligatoire sans INE"
        } else {
            "facultative"
        }
    }

    /// Whether a template has it: one half of an INE alone would be a mistake to copy.
    #[must_use]
    pub fn is_in_templates(self) -> bool {
        self != Self::CleIne
    }

    /// Everything that is said of it.
    #[must_use]
    pub fn sheet(self) -> ColumnSheet {
        let (what, form, example) = match self {
            Self::Ine => ("L'identifiant national étudiant", "11 caractères", "070578267KH"),
            Self::CleIne => ("La clé de l'INE, s'il est en deux colonnes", "1 ou 2 caractères", ""),
            Self::DateNaissance => {
                ("La date de naissance", "AAAA-MM-JJ ou JJ/MM/AAAA", "2004-03-02")
            }
            Self::NomFamille => ("Le nom de naissance", "avec ses accents", "Lefèvre"),
            Self::NomUsage => ("Le nom d'usage, s'il diffère", "avec ses accents", ""),
            Self::Prenom1 => ("Le premier prénom de l'état civil", "avec ses accents", "Zoé"),
            Self::Prenom2 => ("Le deuxième prénom", "avec ses accents", "Inès"),
            Self::Prenom3 => ("Le troisième prénom", "avec ses accents", ""),
            Self::Sexe => ("Le sexe à l'état civil", "1 ou M, 2 ou F", "2"),
            Self::LieuNaissance => (
                "La commune ou le pays de naissance",
                "code INSEE (COG) à 5 caractères, jamais un code postal",
                "44109",
            ),
            Self::DateDebutInscription => {
                ("Le premier jour de l'inscription", "AAAA-MM-JJ ou JJ/MM/AAAA", "2026-09-01")
            }
            Self::DateFinInscription => {
                ("Le dernier jour de l'inscription", "AAAA-MM-JJ ou JJ/MM/AAAA", "2027-08-31")
            }
            Self::Statut => ("Où en est l'inscription", "admis, inscrit ou annulé", "inscrit"),
            Self::Regime => (
                "Le régime d'inscription",
                "RF1 à RF7, ou son libellé, par exemple « formation initiale »",
                "formation initiale",
            ),
            Self::CodeCommune => {
                ("La commune où l'on étudie", "code INSEE (COG) à 5 caractères", "75113")
            }
            Self::Uai => ("L'établissement d'inscription", "7 chiffres et une lettre", "0751967F"),
            Self::Cursus => ("Le cursus", "par exemple L, M ou D", "L"),
            Self::Diplome => ("Le diplôme préparé", "code SISE, ou MEF en lycée", "2400001"),
            Self::NiveauDiplome => ("L'année dans le diplôme", "01 à 08", "01"),
            Self::NumeroEtudiant => (
                "Votre propre numéro de l'étudiant, par lequel une correction retrouve l'inscription",
                "64 caractères au plus",
                "E42",
            ),
        };
        ColumnSheet { what, form, example }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::fixtures::read;
    use crate::files::row::RowOutcome;

    /// The examples are the row of the templates: what a registrar copies is read without a remark.
    #[test]
    fn the_examples_make_a_row_without_a_remark() {
        let columns = || Column::ALL.into_iter().filter(|column| column.is_in_templates());
        let join = |values: Vec<&str>| values.join(";");
        let names = join(columns().map(Column::name).collect());
        let values = join(columns().map(|column| column.sheet().example).collect());
        let rows = read(format!("{names}\n{values}\n").as_bytes()).unwrap();
        let [(2, RowOutcome::Accepted { warnings, .. })] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(warnings, &[]);
        for column in columns().filter(|column| Column::REQUIRED.contains(column)) {
            assert!(!column.sheet().example.is_empty(), "{column}");
        }
    }
}
