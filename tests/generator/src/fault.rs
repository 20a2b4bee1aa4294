//! What can be broken on purpose, and what the report must then say.

use crate::column::Column;

/// One way to break a row, and only that: the rest of the row stays whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No surname.
    MissingFamilyName,
    /// No first given name.
    MissingGivenName,
    /// A surname without any letter.
    FamilyNameWithoutLetter,
    /// A sex that the register doesn't know.
    UnknownSex,
    /// A birth date that no calendar has.
    ImpossibleBirthDate,
    /// An INE cut short.
    ShortIne,
    /// A commune of study by its name, where a code is due.
    NamedCommune,
    /// A first day that no calendar has.
    ImpossibleFirstDay,
    /// A last day before the first.
    ReversedDates,
    /// A word that is no status.
    UnknownStatus,
    /// Words that are no régime.
    UnknownRegime,
    /// A number for which no establishment has a régime.
    UnmappedRegimeCode,
    /// A UAI whose control letter doesn't follow from its digits.
    WrongUaiLetter,
    /// A well-formed UAI that is none of the file's establishments.
    ForeignUai,
    /// An invisible character in the diploma.
    ControlCharacter,
    /// A quotation mark that is never closed.
    OpenQuotationMark,
    /// A field more than the header.
    ExtraField,
}

/// What a report must say of a broken row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Problem {
    /// The column, unless it is the line as a whole.
    pub column: Option<Column>,
    /// The rule's stable code, `date_invalide`.
    pub rule: &'static str,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::MissingFamilyName,
        Self::MissingGivenName,
        Self::FamilyNameWithoutLetter,
        Self::UnknownSex,
        Self::ImpossibleBirthDate,
        Self::ShortIne,
        Self::NamedCommune,
        Self::ImpossibleFirstDay,
        Self::ReversedDates,
        Self::UnknownStatus,
        Self::UnknownRegime,
        Self::UnmappedRegimeCode,
        Self::WrongUaiLetter,
        Self::ForeignUai,
        Self::ControlCharacter,
        Self::OpenQuotationMark,
        Self::ExtraField,
    ];

    /// What the report must say, when the file is a CSV.
    #[must_use]
    pub(crate) fn problem(self) -> Problem {
        let (column, rule) = match self {
            Self::MissingFamilyName => (Some(Column::NomFamille), "valeur_manquante"),
            Self::MissingGivenName => (Some(Column::Prenom1), "valeur_manquante"),
            Self::FamilyNameWithoutLetter => (Some(Column::NomFamille), "nom_invalide"),
            Self::UnknownSex => (Some(Column::Sexe), "sexe_invalide"),
            Self::ImpossibleBirthDate => (Some(Column::DateNaissance), "date_invalide"),
            Self::ShortIne => (Some(Column::Ine), "ine_invalide"),
            Self::NamedCommune => (Some(Column::CodeCommune), "commune_invalide"),
            Self::ImpossibleFirstDay => (Some(Column::DateDebutInscription), "date_invalide"),
            Self::ReversedDates => (Some(Column::DateFinInscription), "dates_inversees"),
            Self::UnknownStatus => (Some(Column::Statut), "statut_inconnu"),
            Self::UnknownRegime => (Some(Column::Regime), "regime_inconnu"),
            Self::UnmappedRegimeCode => (Some(Column::Regime), "code_sans_table"),
            Self::WrongUaiLetter => (Some(Column::Uai), "uai_invalide"),
            Self::ForeignUai => (Some(Column::Uai), "uai_non_autorise"),
            Self::ControlCharacter => (Some(Column::Diplome), "caractere_invisible"),
            Self::OpenQuotationMark => (None, "guillemet_non_ferme"),
            Self::ExtraField => (None, "nombre_de_champs"),
        };
        Problem { column, rule }
    }
}
