//! What can be wrong with a row. One place, stable codes, words for a registrar.

use serde::{Deserialize, Serialize};

use super::column::Column;

/// What a rule does to the row that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The row is not taken.
    Reject,
    /// The row is taken; the establishment should look at it.
    Warn,
}

/// A rule that a row breaks. The row is rejected; the others go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowRule {
    /// The line is longer than [`super::reader::LONGEST_LINE`].
    LigneTropLongue,
    /// A quotation mark is opened and never closed on the line.
    GuillemetNonFerme,
    /// Bytes that are not text in the file's encoding.
    CaracteresIllisibles,
    /// More or fewer fields than the header.
    NombreDeChamps,
    /// A required value is blank.
    ValeurManquante,
    /// Too long, or with invisible characters.
    ValeurInvalide,
    /// No known form of INE.
    IneInvalide,
    /// Not `AAAA-MM-JJ`, or not in the calendar.
    DateInvalide,
    /// The last day is before the first.
    DatesInversees,
    /// Not a name.
    NomInvalide,
    /// Not a sex.
    SexeInvalide,
    /// Neither a COG code nor a postal code.
    CommuneInvalide,
    /// Not a status.
    StatutInconnu,
    /// Not a régime.
    RegimeInconnu,
    /// A numeric code, and no table for it.
    CodeSansTable,
    /// Not a UAI.
    UaiInvalide,
    /// An establishment that the depositor may not send for.
    UaiNonAutorise,
}

impl RowRule {
    /// What a registrar reads: what is wrong, and what is expected.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::LigneTropLongue => "la ligne dépasse 65 536 octets",
            Self::GuillemetNonFerme => "un guillemet ouvert n'est pas fermé avant la fin de la ligne",
            Self::CaracteresIllisibles => {
                "des caractères sont illisibles : le fichier doit être en UTF-8 ou en Windows-1252"
            }
            Self::NombreDeChamps => "le nombre de champs n'est pas celui de l'en-tête",
            Self::ValeurManquante => "la valeur est obligatoire",
            Self::ValeurInvalide => "la valeur est trop longue ou contient des caractères invisibles",
            Self::IneInvalide => "l'INE n'a aucune des formes connues (RNIE, BEA, base 36, SIFA)",
            Self::DateInvalide => "la date doit exister et s'écrire AAAA-MM-JJ",
            Self::DatesInversees => "la fin de l'inscription précède son début",
            Self::NomInvalide => "le nom est trop long, sans lettre, ou contient des caractères invisibles",
            Self::SexeInvalide => "le sexe s'écrit 1 (M) ou 2 (F)",
            Self::CommuneInvalide => "la commune est un code COG à 5 caractères (99 et trois chiffres à l'étranger)",
            Self::StatutInconnu => "le statut est admis, inscrit ou annulé",
            Self::RegimeInconnu => "le régime n'est pas l'un des sept libellés",
            Self::CodeSansTable => {
                "un code numérique ne peut être lu qu'avec la table de l'établissement, et celui-ci n'en a pas pour ce code"
            }
            Self::UaiInvalide => "l'UAI est formée de 7 chiffres et de leur lettre de contrôle",
            Self::UaiNonAutorise => "le déposant n'est pas habilité à envoyer les inscriptions de cet établissement",
        }
    }

    /// What it does to the row.
    #[must_use]
    pub fn severity(self) -> Severity {
        Severity::Reject
    }

    /// The stable code, `date_invalide`.
    #[must_use]
    pub fn code(self) -> String {
        // An enum without data serialises as its name, so this never falls back.
        serde_json::to_value(self).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One problem of one row. It names the place and the rule, never the value: the report is read by more people
/// than the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The column, unless it is the line as a whole.
    pub column: Option<Column>,
    /// The rule.
    pub rule: RowRule,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_words() {
        assert_eq!(RowRule::UaiNonAutorise.code(), "uai_non_autorise");
        assert_eq!(RowRule::DateInvalide.code(), "date_invalide");
    }
}
