//! The columns of an enrolment file: the write contract's field names, and those of the identity.

use std::fmt;

use crate::domain::fold::fold;

/// A column that the format knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// `ine`.
    Ine,
    /// `dateNaissance`.
    DateNaissance,
    /// `nomFamille`.
    NomFamille,
    /// `nomUsage`.
    NomUsage,
    /// `prenom1`.
    Prenom1,
    /// `prenom2`.
    Prenom2,
    /// `prenom3`.
    Prenom3,
    /// `sexe`.
    Sexe,
    /// `lieuNaissance`.
    LieuNaissance,
    /// `dateDebutInscription`.
    DateDebutInscription,
    /// `dateFinInscription`.
    DateFinInscription,
    /// `statut`.
    Statut,
    /// `regime`.
    Regime,
    /// `codeCommune`.
    CodeCommune,
    /// `uai`.
    Uai,
    /// `cursus`.
    Cursus,
    /// `diplome`.
    Diplome,
    /// `niveauDiplome`.
    NiveauDiplome,
    /// `numeroEtudiant`.
    NumeroEtudiant,
}

impl Column {
    /// All of them, in the documented order.
    pub const ALL: [Self; 19] = [
        Self::Ine,
        Self::DateNaissance,
        Self::NomFamille,
        Self::NomUsage,
        Self::Prenom1,
        Self::Prenom2,
        Self::Prenom3,
        Self::Sexe,
        Self::LieuNaissance,
        Self::DateDebutInscription,
        Self::DateFinInscription,
        Self::Statut,
        Self::Regime,
        Self::CodeCommune,
        Self::Uai,
        Self::Cursus,
        Self::Diplome,
        Self::NiveauDiplome,
        Self::NumeroEtudiant,
    ];

    /// Without these no row of the file can be accepted, so the file fails at once.
    pub const REQUIRED: [Self; 8] = [
        Self::DateNaissance,
        Self::NomFamille,
        Self::Prenom1,
        Self::Sexe,
        Self::DateDebutInscription,
        Self::DateFinInscription,
        Self::Statut,
        Self::Uai,
    ];

    /// The name in the header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ine => "ine",
            Self::DateNaissance => "dateNaissance",
            Self::NomFamille => "nomFamille",
            Self::NomUsage => "nomUsage",
            Self::Prenom1 => "prenom1",
            Self::Prenom2 => "prenom2",
            Self::Prenom3 => "prenom3",
            Self::Sexe => "sexe",
            Self::LieuNaissance => "lieuNaissance",
            Self::DateDebutInscription => "dateDebutInscription",
            Self::DateFinInscription => "dateFinInscription",
            Self::Statut => "statut",
            Self::Regime => "regime",
            Self::CodeCommune => "codeCommune",
            Self::Uai => "uai",
            Self::Cursus => "cursus",
            Self::Diplome => "diplome",
            Self::NiveauDiplome => "niveauDiplome",
            Self::NumeroEtudiant => "numeroEtudiant",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        Self::ALL.into_iter().find(|column| fold(column.name()) == folded)
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where each column is in this file.
#[derive(Debug, Clone)]
pub struct Header {
    positions: [Option<usize>; Column::ALL.len()],
    width: usize,
}

/// Why a first line is not a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// These required columns are not there.
    Missing(Vec<Column>),
    /// This column is there twice, so its value would be ambiguous.
    Duplicate(Column),
}

impl Header {
    /// Reads the fields of the first line, in any order; unknown ones are passed over.
    pub fn parse<'a>(fields: impl Iterator<Item = &'a str>) -> Result<Self, HeaderError> {
        let mut header = Self { positions: [None; Column::ALL.len()], width: 0 };
        for (position, field) in fields.enumerate() {
            header.width = position + 1;
            if let Some(column) = Column::parse(field)
                && header.positions[column.index()].replace(position).is_some()
            {
                return Err(HeaderError::Duplicate(column));
            }
        }
        let missing: Vec<_> =
            Column::REQUIRED.into_iter().filter(|column| header.position(*column).is_none()).collect();
        if missing.is_empty() { Ok(header) } else { Err(HeaderError::Missing(missing)) }
    }

    /// The position of a column, from 0, if the file has it.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.positions[column.index()]
    }

    /// How many fields each row must have.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_case_are_free_and_unknown_columns_are_passed_over() {
        let fields = [
            "UAI",
            "couleur",
            "Statut",
            "dateFinInscription",
            "dateDebutInscription",
            "sexe",
            "prenom1",
            "nomFamille",
            "dateNaissance",
        ];
        let header = Header::parse(fields.into_iter()).unwrap();
        assert_eq!(
            (header.position(Column::Uai), header.position(Column::DateNaissance), header.width()),
            (Some(0), Some(8), 9)
        );
        assert_eq!(header.position(Column::Ine), None);
    }

    #[test]
    fn missing_and_repeated_columns_are_named() {
        let all = || Column::ALL.into_iter().map(Column::name);
        assert_eq!(
            Header::parse(all().filter(|name| *name != "statut")).unwrap_err(),
            HeaderError::Missing(vec![Column::Statut])
        );
        assert_eq!(Header::parse(all().chain(["INE"])).unwrap_err(), HeaderError::Duplicate(Column::Ine));
    }
}
