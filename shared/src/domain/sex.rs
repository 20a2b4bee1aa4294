//! The sex that the civil register writes.

use super::fold::fold;
use super::serde_as_text;

/// As SUPDATA writes it: `"1"` and `"2"` (domain.md §1.1). INES writes `H` and `F`, FranceConnect
/// `male` and `female`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sex {
    /// `"1"`.
    Male,
    /// `"2"`.
    Female,
}

/// The text names no sex that the register knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sex is \"1\" (M) or \"2\" (F)")]
pub struct SexError;

impl Sex {
    /// Reads the contract's code, `1` or `2`.
    pub fn parse(text: &str) -> Result<Self, SexError> {
        match text.trim() {
            "1" => Ok(Self::Male),
            "2" => Ok(Self::Female),
            _ => Err(SexError),
        }
    }

    /// Reads the contract's code, or what a file's author may prefer, whatever its case and
    /// accents: `M`, `H`, `F`, `Masculin`, `Féminin`, or a title.
    pub fn parse_forgiving(text: &str) -> Result<Self, SexError> {
        match text.trim() {
            // `01` in fixed-width exports, `1.0` where a table of numbers had blanks.
            "1" | "01" | "1.0" | "M" | "m" | "H" | "h" => return Ok(Self::Male),
            "2" | "02" | "2.0" | "F" | "f" => return Ok(Self::Female),
            _ => {}
        }
        match fold(text).as_str() {
            "M" | "H" | "MASCULIN" | "HOMME" | "MONSIEUR" | "MR" | "GARCON" => Ok(Self::Male),
            "F" | "FEMININ" | "FEMME" | "MADAME" | "MME" | "MLLE" | "MADEMOISELLE" | "MELLE"
            | "FILLE" => Ok(Self::Female),
            _ => Err(SexError),
        }
    }

    /// The contract's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }
}

serde_as_text!(Sex, code, Sex::parse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_the_contract_is_strict() {
        for sex in [Sex::Male, Sex::Female] {
            assert_eq!(Sex::parse(sex.code()), Ok(sex));
        }
        assert_eq!(Sex::parse("M"), Err(SexError));
        assert_eq!(Sex::parse_forgiving("h"), Ok(Sex::Male));
        assert_eq!(Sex::parse_forgiving("Féminin"), Ok(Sex::Female));
        assert_eq!(Sex::parse_forgiving("M."), Ok(Sex::Male));
        assert_eq!(Sex::parse_forgiving("Mme"), Ok(Sex::Female));
        for text in ["Mr", "Mr.", "Garçon", "01", "1.0"] {
            assert_eq!(Sex::parse_forgiving(text), Ok(Sex::Male), "{text}");
        }
        for text in ["Fille", "Melle", "02", "2.0"] {
            assert_eq!(Sex::parse_forgiving(text), Ok(Sex::Female), "{text}");
        }
        for text in ["3", "20", "2.5", "MMe Mr", "Mx"] {
            assert_eq!(Sex::parse_forgiving(text), Err(SexError), "{text}");
        }
    }
}
