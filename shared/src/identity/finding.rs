//! What an establishment is told about the identity of a row, once its import is over: under which
//! INE it was published, what it waits for, what to correct. `docs/findings.md` is generated from
//! here.
//!
//! A finding names a code and never a value: who reads it has the row.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::digest::RecordId;
use super::student::RecordVersion;

/// A finding about one version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The record.
    pub record: RecordId,
    /// The version that it is about: with it go the import and the line.
    pub version: RecordVersion,
    pub code: FindingCode,
    /// INES's verdict on the INE.
    pub statut_ine: StatutIne,
}

/// INES's verdict on the INE of a row, in the words of the students' information systems (domain.md
/// §2.3).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatutIne {
    /// INES has this INE for this person.
    Confirme,
    /// INES hasn't been asked yet, or was out of reach.
    AVerifier,
    /// The row doesn't say enough for INES to be asked.
    DonneesIncompletes,
    /// INES has this INE for somebody else, or with another birth date.
    DonneesInvalides,
    /// INES answered something that isn't in its contract.
    ErrVerif,
    /// People resemble each other, and one of INES's staff decides.
    Litige,
    /// INES doesn't know this INE.
    Inconnu,
    /// INES refuses to give this person an INE.
    ErrImat,
}

/// The action that a finding asks of the establishment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To correct its own records: what it sent is published all the same, or can't be as it is.
    #[serde(rename = "avertissement")]
    Warning,
    /// Nothing: the enrolment isn't published yet, and will be without being sent again.
    #[serde(rename = "attente")]
    Waiting,
    /// Nothing: it is published, and something was added.
    Information,
}

impl Severity {
    /// The name that the API gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "avertissement",
            Self::Waiting => "attente",
            Self::Information => "information",
        }
    }
}

/// The texts of a code.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// The stable code, `ine_corrige`.
    pub code: &'static str,
    /// The action that it asks of the establishment.
    pub severity: Severity,
    /// The message for a registrar: what was found, and what to do.
    pub message: &'static str,
    /// When it is given, for the documentation.
    pub case: &'static str,
}

macro_rules! findings {
    ($($(#[$doc:meta])* $finding:ident = $code:literal, $severity:ident, $case:literal, $message:literal;)*) => {
        /// A kind of finding about the identity of a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum FindingCode {
            $($(#[$doc])* #[serde(rename = $code)] $finding,)*
        }

        impl FindingCode {
            /// All of them, in the documented order.
            pub const ALL: &'static [Self] = &[$(Self::$finding),*];

            /// Everything that is said of it.
            #[must_use]
            pub const fn sheet(self) -> Sheet {
                match self {
                    $(Self::$finding => Sheet {
                        code: $code,
                        severity: Severity::$severity,
                        message: $message,
                        case: $case,
                    },)*
                }
            }
        }
    };
}

findings! {
    /// INES doesn't have the INE with this birth date.
    IneInconnu = "ine_inconnu", Warning, "INES has no such INE with this birth date; a row that names the person is published by identity alone, and INES is asked again every day for a while",
        "l'INES ne connaît pas cet INE avec cette date de naissance : vérifiez l'un et l'autre, puis renvoyez la ligne ; sans nouvel envoi, l'INES sera interrogé de nouveau chaque jour pendant un mois";
    /// Published under another INE than the one that was sent.
    IneCorrige = "ine_corrige", Warning, "the INE is unknown or somebody else's, and the person is certain",
        "cet INE n'est pas celui de la personne : l'inscription est publiée sous le bon ; corrigez-le dans votre système";
    /// The INE that was sent is an alias of the one to keep.
    IneRemplace = "ine_remplace", Warning, "INES names another INE as this person's master INE",
        "cet INE en désigne un autre, celui que l'INES conserve pour cette personne : l'inscription est publiée sous celui-ci, reprenez-le dans votre système";
    /// The row had no INE, and one was found or given.
    Immatricule = "immatricule", Information, "the row has no INE; INES found the person's, or gave one",
        "la ligne ne donne pas d'INE : celui de la personne a été retrouvé ou attribué, et l'inscription est publiée";
    /// A person decides.
    EnRevue = "en_revue", Waiting, "the person may be one of several, or resembles a known student without certainty",
        "l'identité de la personne n'est pas certaine : quelqu'un doit en décider, et l'inscription n'est pas publiée d'ici là";
    /// INES has to answer, or decide.
    EnAttenteInes = "en_attente_ines", Waiting, "INES is out of reach, or one of its staff has to decide",
        "l'INES n'a pas encore répondu, ou doit décider : l'inscription sera publiée ensuite, sans nouvel envoi";
    /// The establishment sent more new people than it may before an operator has looked.
    QuotaIdentites = "quota_identites", Waiting, "the establishment sends more people without INE than its quota of new identities for the year has room for",
        "votre établissement a envoyé plus de nouvelles personnes que prévu : l'équipe du service en est avertie et l'inscription sera publiée ensuite, vous n'avez rien à faire";
    /// The pair of INE and birth date wasn't checked: the depositor had as many checked today as it
    /// may.
    CoupleEnAttente = "couple_en_attente", Waiting, "the depositor's files and pushes gave too many birth dates for this INE today, or too many pairs that nobody has: this one wasn't checked, and is another day",
        "trop de couples INE et date de naissance ont été envoyés sans être confirmés : celui-ci sera vérifié un autre jour, sans nouvel envoi ; s'il est faux, corrigez la ligne";
    /// Two student numbers of the establishment lead to one person.
    NumerosMultiples = "numeros_multiples", Warning, "INES confirms one INE under two student numbers of the establishment in one academic year",
        "l'INES confirme un même INE sous deux de vos numéros d'étudiant pour cette année : c'est une seule personne, publiée une fois ; gardez un seul numéro dans votre système";
    /// INES writes the person otherwise.
    IdentiteDifferente = "identite_differente", Warning, "INES has the INE with this birth date under another name",
        "le nom, le prénom ou le sexe diffère de celui que l'INES a sous cet INE : c'est celui de l'INES qui fait foi, vérifiez la ligne";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_are_those_of_the_wire() {
        for finding in FindingCode::ALL {
            assert_eq!(serde_json::to_value(finding).unwrap(), finding.sheet().code);
            assert_eq!(
                serde_json::to_value(finding.sheet().severity).unwrap(),
                finding.sheet().severity.name()
            );
        }
        for (status, name) in [
            (StatutIne::Confirme, "CONFIRME"),
            (StatutIne::AVerifier, "A_VERIFIER"),
            (StatutIne::DonneesIncompletes, "DONNEES_INCOMPLETES"),
            (StatutIne::DonneesInvalides, "DONNEES_INVALIDES"),
            (StatutIne::ErrVerif, "ERR_VERIF"),
            (StatutIne::Litige, "LITIGE"),
            (StatutIne::Inconnu, "INCONNU"),
            (StatutIne::ErrImat, "ERR_IMAT"),
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), name);
        }
    }
}
