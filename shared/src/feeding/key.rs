//! Keys of the inbox: who sends a file, and what it is meant to do.
//!
//! ```text
//! <UAI>/[complete/<year>/][confirm/][dry-run/][depot/]<name>
//! ```
//!
//! Nothing else of a key has a meaning: `..`, `%2F`, blanks and accents are parts of a name like any other, for S3
//! has no directories. No part of a key is ever used as the key of something that we write.

use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;

/// What the key of an object says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositKey {
    /// The depositor.
    pub uai: Uai,
    /// What the absence of a record means.
    pub mode: Mode,
    /// Only a report is wanted: nothing changes.
    pub dry_run: bool,
    /// The id of the deposit that the object was sent for, when it came through `/api/depots`.
    pub deposit: Option<String>,
}

/// What the absence of a record from a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: the file has what is new or changed.
    Delta,
    /// That the enrolment no longer exists, for the establishments that the file covers.
    Complete {
        /// The academic year that the file has all enrolments of.
        year: AcademicYear,
        /// The depositor confirms whatever it cancels.
        confirmed: bool,
    },
}

/// Why a key has no meaning. In French, for the registrar: it ends in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It doesn't start with an establishment, or ends there.
    #[error("le dossier de dépôt n'est pas une UAI : le fichier doit être déposé sous <UAI>/<nom>")]
    NoDepositor,
    /// It is that of a complete file without an academic year. Taking it for a delta would be harmless, but isn't
    /// what was meant.
    #[error("un fichier complet se dépose sous <UAI>/complete/<année>/, où 2026 désigne l'année 2026-2027")]
    NoYear,
}

impl DepositKey {
    /// Reads a key, decoded.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let (uai, mut rest) = key.split_once('/').ok_or(KeyError::NoDepositor)?;
        let uai = Uai::parse(uai).map_err(|_| KeyError::NoDepositor)?;
        let mut complete = None;
        if let Some(after) = rest.strip_prefix("complete/") {
            let (year, name) = after.split_once('/').ok_or(KeyError::NoYear)?;
            complete = Some(academic_year(year).ok_or(KeyError::NoYear)?);
            rest = name;
        }
        let mut flag = |name: &str| match rest.strip_prefix(name) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        let (confirmed, dry_run, deposit) = (flag("confirm/"), flag("dry-run/"), flag("depot/"));
        if rest.is_empty() {
            return Err(KeyError::NoDepositor);
        }
        let deposit = deposit.then(|| rest.to_owned()).filter(|id| is_deposit_id(id));
        let mode = complete.map_or(Mode::Delta, |year| Mode::Complete { year, confirmed });
        Ok(Self { uai, mode, dry_run, deposit })
    }

    /// The establishment that a key starts with, whatever the rest is worth.
    #[must_use]
    pub fn depositor(key: &str) -> Option<Uai> {
        key.split_once('/').and_then(|(uai, _)| Uai::parse(uai).ok())
    }
}

/// `2026`, or `2026-2027`.
fn academic_year(text: &str) -> Option<AcademicYear> {
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let first: u16 = text.parse().ok()?;
        return AcademicYear::parse(&format!("{first:04}-{:04}", first + 1)).ok();
    }
    AcademicYear::parse(text).ok()
}

/// The ids that `/api/depots` gives: 32 hexadecimal digits.
fn is_deposit_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(key: &str) -> DepositKey {
        DepositKey::parse(key).unwrap()
    }

    fn complete(confirmed: bool) -> Mode {
        Mode::Complete { year: AcademicYear::parse("2026-2027").unwrap(), confirmed }
    }

    #[test]
    fn each_part_of_a_key_has_its_place() {
        assert_eq!(parsed("0751967F/rentrée 2026.csv").mode, Mode::Delta);
        assert!(!parsed("0751967F/x.csv").dry_run);
        assert!(parsed("0751967F/dry-run/x.csv").dry_run);
        assert_eq!(parsed("0751967F/complete/2026/x.csv").mode, complete(false));
        assert_eq!(parsed("0751967F/complete/2026-2027/x.csv").mode, complete(false));
        let all = parsed("0751967F/complete/2026/confirm/dry-run/depot/0123456789abcdef0123456789abcdef");
        assert_eq!((all.mode, all.dry_run), (complete(true), true));
        assert_eq!(all.deposit.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    }

    #[test]
    fn anything_else_under_an_establishment_is_a_name() {
        for key in [
            "0751967F/../x.csv",
            "0751967F/a%2Fb.csv",
            "0751967F/dossier/complete/2026/x.csv",
            "0751967F/dry-run",
            "0751967F/confirmé/été/x",
            "0751967F/depot/pas un identifiant",
        ] {
            let key = parsed(key);
            assert_eq!((key.mode, key.dry_run, key.deposit), (Mode::Delta, false, None));
        }
        assert_eq!(parsed(&format!("0751967F/{}", "é".repeat(507))).mode, Mode::Delta);
    }

    #[test]
    fn a_key_without_establishment_or_year_is_refused() {
        for key in ["x.csv", "", "/", "0751967F", "0751967F/", "0751967G/x.csv", "../0751967F/x.csv", "/0751967F/x"] {
            assert_eq!(DepositKey::parse(key), Err(KeyError::NoDepositor), "{key}");
        }
        for key in ["0751967F/complete/x.csv", "0751967F/complete/26/x.csv", "0751967F/complete/2026-2028/x.csv"] {
            assert_eq!(DepositKey::parse(key), Err(KeyError::NoYear), "{key}");
        }
        assert_eq!(DepositKey::depositor("0751967F/complete/x.csv"), Uai::parse("0751967F").ok());
    }

    proptest! {
        #[test]
        fn no_key_makes_it_panic(key in "(0751967F/)?(complete/[0-9]{0,5}/?)?(confirm/)?(dry-run/)?(depot/)?\\PC{0,40}") {
            if let Ok(parsed) = DepositKey::parse(&key) {
                prop_assert_eq!(Some(parsed.uai), DepositKey::depositor(&key));
            }
        }
    }
}
