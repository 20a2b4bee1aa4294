//! The *régime d'inscription*: who pays for the training, and how (domain.md §1.2, §2.2).

use super::fold::fold;
use super::serde_as_text;

/// The seven régimes. Answers carry the exact lower-case label: API Particulier turns anything else
/// into `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Regime {
    /// RF1.
    FormationInitiale,
    /// RF2.
    FormationInitialeHorsApprentissage,
    /// RF3.
    RepriseEtudesNonFinancee,
    /// RF4.
    ContratApprentissage,
    /// RF5.
    FormationContinue,
    /// RF6.
    FormationContinueHorsContratProfessionnel,
    /// RF7.
    ContratProfessionnalisation,
}

/// The text is none of the seven labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown régime, expected one of the seven labels (RF1 to RF7)")]
pub struct RegimeError;

impl Regime {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::FormationInitiale,
        Self::FormationInitialeHorsApprentissage,
        Self::RepriseEtudesNonFinancee,
        Self::ContratApprentissage,
        Self::FormationContinue,
        Self::FormationContinueHorsContratProfessionnel,
        Self::ContratProfessionnalisation,
    ];

    /// The régime of an enrolment that names none: plain initial training, as Apogée's users do
    /// (domain.md §2.2, derived).
    pub const UNSAID: Self = Self::FormationInitiale;

    /// API Particulier's code, `RF1` to `RF7`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FormationInitiale => "RF1",
            Self::FormationInitialeHorsApprentissage => "RF2",
            Self::RepriseEtudesNonFinancee => "RF3",
            Self::ContratApprentissage => "RF4",
            Self::FormationContinue => "RF5",
            Self::FormationContinueHorsContratProfessionnel => "RF6",
            Self::ContratProfessionnalisation => "RF7",
        }
    }

    /// The contract's label, to the letter.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::FormationInitiale => "formation initiale",
            Self::FormationInitialeHorsApprentissage => "formation initiale hors apprentissage",
            Self::RepriseEtudesNonFinancee => "reprise d'études non financée sans convention",
            Self::ContratApprentissage => "contrat d'apprentissage",
            Self::FormationContinue => "formation continue",
            Self::FormationContinueHorsContratProfessionnel => {
                "formation continue hors contrat professionnel"
            }
            Self::ContratProfessionnalisation => "contrat de professionnalisation",
        }
    }

    /// Reads a label, whatever its case, accents and apostrophes: production is known to send
    /// "Formation initiale hors apprentissage" capitalised.
    pub fn parse_label(text: &str) -> Result<Self, RegimeError> {
        let folded = fold(text);
        let own = Self::ALL.into_iter().find(|regime| fold(regime.label()) == folded);
        own.or_else(|| {
            OF_SYSTEMS.iter().find(|(label, _)| fold(label) == folded).map(|(_, regime)| *regime)
        })
        .ok_or(RegimeError)
    }

    /// Reads a code, `RF1` to `RF7`: what is stored, and what an establishment's own table maps to.
    pub fn parse_code(text: &str) -> Result<Self, RegimeError> {
        Self::ALL.into_iter().find(|regime| regime.code() == text).ok_or(RegimeError)
    }
}

/// Labels that are not the contract's, of Apogée as `RegimeInscriptionMetierYamlRepository` of the
/// University of Strasbourg's apogee-ws-server-stub has them, and of the ministry's *base centrale
/// des nomenclatures* (`n_regime_inscription`, which software takes its own from) as Easter-eggs'
/// ldapsaisie has it; which régime each is follows from domain.md §2.2. Those of Scolarix were
/// looked for and not found.
const OF_SYSTEMS: [(&str, Regime); 6] = [
    // The ministry's 21, which Apogée calls `diplômante financée`.
    ("Formation continue diplômante", Regime::FormationContinue),
    ("Formation continue diplômante financée", Regime::FormationContinue),
    ("Reprise études non financée sans conv", Regime::RepriseEtudesNonFinancee),
    ("Reprise d'études non financée sans conv", Regime::RepriseEtudesNonFinancee),
    ("Contrat apprentissage", Regime::ContratApprentissage),
    ("Formation continue hors contrat prof", Regime::FormationContinueHorsContratProfessionnel),
];

serde_as_text!(Regime, code, Regime::parse_code);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_and_codes_are_distinct_and_read_back() {
        for regime in Regime::ALL {
            assert_eq!(Regime::parse_label(regime.label()), Ok(regime));
            assert_eq!(Regime::parse_code(regime.code()), Ok(regime));
        }
        assert_eq!(
            Regime::ALL
                .map(|regime| fold(regime.label()))
                .into_iter()
                .collect::<HashSet<_>>()
                .len(),
            7
        );
    }

    #[test]
    fn spelling_of_a_label_is_forgiven() {
        for text in [
            "Reprise d’études non financée sans convention",
            "REPRISE D'ETUDES NON FINANCEE SANS CONVENTION",
        ] {
            assert_eq!(Regime::parse_label(text), Ok(Regime::RepriseEtudesNonFinancee));
        }
        for (label, regime) in OF_SYSTEMS {
            assert_eq!(Regime::parse_label(&label.to_uppercase()), Ok(regime));
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_label(text in "\\PC{0,50}") {
            if let Ok(regime) = Regime::parse_label(&text) {
                let of_a_system = OF_SYSTEMS.iter().any(|(label, known)| *known == regime && fold(label) == fold(&text));
                prop_assert!(of_a_system || fold(regime.label()) == fold(&text));
            }
        }
    }
}
