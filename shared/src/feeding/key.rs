//! Keys of the inbox: who sends a file, and what it is meant to do.
//!
//! ```text
//! <UAI>/[complete/<year>/][confirm/][dry-run/][depot/]<name>
//! ```
//!
//! These words are read in any order and case, and in French (`complet`, `confirmé`, `essai`); what
//! is nearly one of them fails the import. Nothing else of a key has a meaning: `..`, `%2F`, blanks
//! and accents are parts of a name like any other, for S3 has no directories. No part of a key is
//! ever used as the key of something that we write.

use strsim::osa_distance;

use crate::domain::academic_year::AcademicYear;
use crate::domain::fold::fold;
use crate::domain::uai::Uai;

/// The meaning of an object's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositKey {
    /// The depositor.
    pub uai: Uai,
    pub mode: Mode,
    /// Only a report is wanted: nothing changes.
    pub dry_run: bool,
    /// The id of the deposit that the object was sent for, when it came through `/api/depots`.
    pub deposit: Option<String>,
}

/// The meaning of the absence of a record from a file.
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

/// The reason for which a key has no meaning. In French, for the registrar: it ends in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key doesn't start with an establishment, or ends there.
    #[error("le dossier de dépôt n'est pas une UAI : le fichier doit être déposé sous <UAI>/<nom>")]
    NoDepositor,
    /// The key is that of a complete file without an academic year. Taking it for a delta would be
    /// harmless, but isn't what was meant.
    #[error(
        "un fichier complet se dépose sous <UAI>/complete/<année>/, où 2026 désigne l'année 2026-2027"
    )]
    NoYear,
    /// A part of it is nearly a word that says what the file is meant to do, or is one in place of
    /// a name.
    #[error(
        "un dossier, ou le nom du fichier, ressemble à complete/<année>, confirm ou dry-run sans en être un : on ne sait \
         pas si le fichier est complet ou à l'essai ; l'écrire <UAI>/[complete/<année>/][confirm/][dry-run/]<nom>"
    )]
    NearlyAWord,
}

impl DepositKey {
    /// Reads a key, decoded. The words that say what a file is meant to do are read in any order
    /// and case, also in French; one that is nearly right is refused, since the file would mean
    /// something else without it.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let (uai, rest) = key.split_once('/').ok_or(KeyError::NoDepositor)?;
        let uai = Uai::parse(uai).map_err(|_| KeyError::NoDepositor)?;
        let (folders, name) =
            rest.rsplit_once('/').map_or(("", rest), |(folders, name)| (folders, name));
        if name.is_empty() {
            return Err(KeyError::NoDepositor);
        }
        let (mut year, mut confirmed, mut dry_run, mut deposit) = (None, false, false, false);
        let mut folders = folders.split('/').filter(|folder| !folder.is_empty()).peekable();
        while let Some(folder) = folders.next() {
            match Word::of(folder) {
                Some(Word::Complete) if year.is_some() => return Err(KeyError::NoYear),
                Some(Word::Complete) => {
                    let named = folders.next().and_then(academic_year).ok_or(KeyError::NoYear)?;
                    year = Some(named);
                }
                Some(Word::Confirm) => confirmed = true,
                Some(Word::DryRun) => dry_run = true,
                Some(Word::Deposit) => deposit = folders.peek().is_none(),
                None if Word::is_near(folder) => return Err(KeyError::NearlyAWord),
                None => {}
            }
        }
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let meant = Word::of(stem).is_some_and(|word| word != Word::Deposit)
            || fold(stem).starts_with("DRYRUN");
        if meant {
            return Err(KeyError::NearlyAWord);
        }
        let deposit = deposit.then(|| name.to_owned()).filter(|id| is_deposit_id(id));
        let mode = year.map_or(Mode::Delta, |year| Mode::Complete { year, confirmed });
        Ok(Self { uai, mode, dry_run, deposit })
    }

    /// The establishment that a key starts with, whatever the rest is worth.
    #[must_use]
    pub fn depositor(key: &str) -> Option<Uai> {
        key.split_once('/').and_then(|(uai, _)| Uai::parse(uai).ok())
    }
}

/// A folder that says what a file is meant to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Complete,
    Confirm,
    DryRun,
    Deposit,
}

impl Word {
    /// The spellings of each mode, folded. `depot` is ours alone: the API writes it.
    const ALL: [(&str, Self); 9] = [
        ("COMPLETE", Self::Complete),
        ("COMPLET", Self::Complete),
        ("CONFIRM", Self::Confirm),
        ("CONFIRME", Self::Confirm),
        ("CONFIRMER", Self::Confirm),
        ("CONFIRMATION", Self::Confirm),
        ("DRYRUN", Self::DryRun),
        ("ESSAI", Self::DryRun),
        ("DEPOT", Self::Deposit),
    ];

    fn of(folder: &str) -> Option<Self> {
        let word = fold(folder);
        Self::ALL.into_iter().find(|(written, _)| *written == word).map(|(_, word)| word)
    }

    /// Whether a folder is a slip of a word, or one with something at its end: `complte`,
    /// `complete-2026`.
    fn is_near(folder: &str) -> bool {
        let word = fold(folder);
        let bare = word.trim_matches(|letter: char| letter.is_ascii_digit());
        let near = |written: &str| osa_distance(written, bare) <= written.len() / 4;
        Self::ALL.into_iter().any(|(written, meant)| meant != Self::Deposit && near(written))
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
        let all =
            parsed("0751967F/complete/2026/confirm/dry-run/depot/0123456789abcdef0123456789abcdef");
        assert_eq!((all.mode, all.dry_run), (complete(true), true));
        assert_eq!(all.deposit.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    }

    #[test]
    fn anything_else_under_an_establishment_is_a_name() {
        for key in [
            "0751967F/../x.csv",
            "0751967F/a%2Fb.csv",
            "0751967F/rentrée/compléments/x.csv",
            "0751967F/confirmé/été/x",
            "0751967F/depot/pas un identifiant",
        ] {
            let key = parsed(key);
            assert_eq!((key.mode, key.dry_run, key.deposit), (Mode::Delta, false, None));
        }
        assert_eq!(parsed(&format!("0751967F/{}", "é".repeat(507))).mode, Mode::Delta);
    }

    #[test]
    fn words_are_read_as_meant_or_refused() {
        for key in [
            "Dry-Run/x.csv",
            "dry_run/x.csv",
            "DRYRUN/x.csv",
            "essai/x.csv",
            "//dry-run/x.csv",
            "2026/dry-run/x.csv",
        ] {
            assert!(parsed(&format!("0751967F/{key}")).dry_run, "{key}");
        }
        for key in ["Complet/2026/x.csv", "COMPLETE/2026-2027/x.csv", "dossier/complete/2026/x.csv"]
        {
            assert_eq!(parsed(&format!("0751967F/{key}")).mode, complete(false), "{key}");
        }
        let all = parsed("0751967F/dry-run/confirme/complete/2026/x.csv");
        assert_eq!((all.mode, all.dry_run), (complete(true), true));
        for key in [
            "dryrn/x.csv",
            "dry-runs/x.csv",
            "complte/2026/x.csv",
            "complete-2026/x.csv",
            "essais/x.csv",
            "dry-run",
            "dry-run.csv",
            "dry-run-2026.csv",
            "complet.csv",
        ] {
            assert_eq!(
                DepositKey::parse(&format!("0751967F/{key}")),
                Err(KeyError::NearlyAWord),
                "{key}"
            );
        }
    }

    #[test]
    fn a_key_without_establishment_or_year_is_refused() {
        for key in [
            "x.csv",
            "",
            "/",
            "0751967F",
            "0751967F/",
            "0751967G/x.csv",
            "../0751967F/x.csv",
            "/0751967F/x",
        ] {
            assert_eq!(DepositKey::parse(key), Err(KeyError::NoDepositor), "{key}");
        }
        for key in [
            "0751967F/complete/x.csv",
            "0751967F/complete/26/x.csv",
            "0751967F/complete/2026-2028/x.csv",
        ] {
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
