//! The columns of an enrolment file, under the two names that a header may give them.

/// A column of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The national number.
    Ine,
    /// The birth date, which may be partial.
    DateNaissance,
    /// The surname at birth.
    NomFamille,
    /// The surname in use.
    NomUsage,
    /// The first given name.
    Prenom1,
    /// The second given name.
    Prenom2,
    /// The third given name.
    Prenom3,
    /// The sex, `1` or `2`.
    Sexe,
    /// Where one was born: a COG code.
    LieuNaissance,
    /// The first day of the enrolment.
    DateDebutInscription,
    /// Its last day.
    DateFinInscription,
    /// How far it has come.
    Statut,
    /// Who pays for it.
    Regime,
    /// Where one studies.
    CodeCommune,
    /// The establishment.
    Uai,
    /// `L`, `M` or `D`.
    Cursus,
    /// The diploma: a SISE code, or a MEFSTAT11.
    Diplome,
    /// The year within the diploma.
    NiveauDiplome,
    /// The establishment's own number for the student.
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

    /// The name of the write contract, `nomFamille`.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        self.names().0
    }

    /// What a registrar's spreadsheet calls it, `Nom de famille`.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.names().1
    }

    /// Whether it holds a date.
    #[must_use]
    pub fn is_date(self) -> bool {
        matches!(self, Self::DateNaissance | Self::DateDebutInscription | Self::DateFinInscription)
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ine => ("ine", "INE"),
            Self::DateNaissance => ("dateNaissance", "Date de naissance"),
            Self::NomFamille => ("nomFamille", "Nom de famille"),
            Self::NomUsage => ("nomUsage", "Nom d'usage"),
            Self::Prenom1 => ("prenom1", "Prénom"),
            Self::Prenom2 => ("prenom2", "Deuxième prénom"),
            Self::Prenom3 => ("prenom3", "Troisième prénom"),
            Self::Sexe => ("sexe", "Sexe"),
            Self::LieuNaissance => ("lieuNaissance", "Lieu de naissance"),
            Self::DateDebutInscription => ("dateDebutInscription", "Date de début d'inscription"),
            Self::DateFinInscription => ("dateFinInscription", "Date de fin d'inscription"),
            Self::Statut => ("statut", "Statut"),
            Self::Regime => ("regime", "Régime"),
            Self::CodeCommune => ("codeCommune", "Code commune d'études"),
            Self::Uai => ("uai", "UAI"),
            Self::Cursus => ("cursus", "Cursus"),
            Self::Diplome => ("diplome", "Diplôme"),
            Self::NiveauDiplome => ("niveauDiplome", "Niveau du diplôme"),
            Self::NumeroEtudiant => ("numeroEtudiant", "Numéro étudiant"),
        }
    }
}
