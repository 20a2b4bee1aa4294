//! The files of `tests/corpus/`, each with what must come of it in a file beside it: a school's
//! oddity is two files.
//!
//! `UPDATE_CORPUS=1 cargo test --workspace --lib corpus` writes what comes of each file today, to
//! be read by somebody before it is believed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::depositor::Depositor;
use super::fixtures::{drain, establishment, reader};
use super::problem::{Problem, Severity};
use super::reader::Row;
use super::row::RowOutcome;
use crate::domain::enrolment::Declaration;
use crate::feeding::shared_keys::Claims;
use crate::identity::digest::DigestKey;

/// What must come of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Expected {
    /// Where the file is from, for its reader.
    origine: String,
    /// Why it fails, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    echec: Option<String>,
    /// Its filled sheets that were passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feuilles_non_lues: Option<String>,
    /// Its rows, if it doesn't.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lignes: Vec<ExpectedRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ExpectedRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feuille: Option<u16>,
    ligne: u64,
    /// What it says if it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acceptee: Option<Said>,
    /// `colonne: regle` for each problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    problemes: Vec<String>,
}

/// The values that readings differ in.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nom: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prenoms: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sexe: Option<String>,
    naissance: String,
    /// The birthplace, by its code or its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lieu: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    numero: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    diplome: Option<String>,
    periode: String,
    statut: String,
    regime: String,
}

impl Said {
    fn of(declaration: &Declaration) -> Self {
        let person = declaration.identite.said();
        let inscription = &declaration.inscription;
        let given = |person: &crate::domain::civil_identity::CivilIdentity| {
            let names = std::iter::once(&person.prenom1).chain(&person.autres_prenoms);
            names.map(|name| name.expose().to_owned()).collect::<Vec<_>>().join(", ")
        };
        Self {
            nom: person.map(|person| person.nom_famille.expose().to_owned()),
            prenoms: person.map(given),
            sexe: person.map(|person| person.sexe.code().to_owned()),
            naissance: declaration.identite.birth_date().expose(),
            lieu: person.and_then(|person| {
                let code = person.lieu_naissance.map(|code| code.as_str().to_owned());
                code.or_else(|| {
                    person.libelle_naissance.as_ref().map(|name| name.expose().to_owned())
                })
            }),
            ine: declaration.ine.map(|ine| ine.expose().to_owned()),
            numero: declaration.numero_etudiant.clone(),
            diplome: inscription.diplome.clone(),
            periode: format!("{} {}", inscription.date_debut, inscription.date_fin),
            statut: inscription.statut.label().to_owned(),
            regime: inscription.regime.code().to_owned(),
        }
    }
}

impl ExpectedRow {
    fn of(row: &Row) -> Self {
        let (acceptee, problems) = match &row.outcome {
            RowOutcome::Accepted { declaration, warnings } => {
                (Some(Said::of(declaration)), warnings)
            }
            RowOutcome::Rejected { problems, .. } => (None, problems),
        };
        let told = |problem: &Problem| {
            format!(
                "{}: {}",
                problem.column.map_or("ligne", super::column::Column::name),
                problem.rule.code()
            )
        };
        Self {
            feuille: row.sheet,
            ligne: row.line,
            acceptee,
            problemes: problems.iter().map(told).collect(),
        }
    }
}

fn comes_of(bytes: &[u8], origine: String) -> Expected {
    let others = ["0751967F", "0011402U", "0010814E"].map(establishment);
    let depositor = Depositor::new(establishment("0751967F"), others);
    let mut reader = match reader(&depositor, bytes) {
        Ok(reader) => reader,
        Err(error) => {
            return Expected {
                origine,
                echec: Some(error.to_string()),
                feuilles_non_lues: None,
                lignes: Vec::new(),
            };
        }
    };
    let read = drain(&mut reader, bytes, 4096);
    let feuilles_non_lues = reader.detected().and_then(|detected| detected.passed_sheets());
    match read {
        Ok(mut rows) => {
            compare(&mut rows);
            Expected {
                origine,
                echec: None,
                feuilles_non_lues,
                lignes: rows.iter().map(ExpectedRow::of).collect(),
            }
        }
        Err(error) => Expected {
            origine,
            echec: Some(error.to_string()),
            feuilles_non_lues,
            lignes: Vec::new(),
        },
    }
}

/// The rows as an import has them, compared with each other.
fn compare(rows: &mut [Row]) {
    let secret = DigestKey::new("1".into(), "corpus".to_owned().into());
    let mut claims = Claims::default();
    for row in rows.iter() {
        if let RowOutcome::Accepted { declaration, .. } = &row.outcome {
            claims.note(&secret, declaration).unwrap();
        }
    }
    let mut shared = claims.shared().unwrap();
    for row in rows {
        let place = row.place();
        let RowOutcome::Accepted { declaration, warnings } = &mut row.outcome else { continue };
        warnings.extend(shared.problems(&secret, declaration, place));
        if warnings.iter().any(|problem| problem.rule.severity() == Severity::Reject) {
            row.outcome = RowOutcome::Rejected { problems: std::mem::take(warnings), about: None };
        }
    }
}

/// The file that says what must come of another: `x.xlsx`, `x.xlsx.attendu.json`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".attendu.json");
    PathBuf::from(name)
}

#[test]
fn each_file_of_the_corpus_becomes_what_is_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let all: BTreeSet<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let named = |path: &Path, ending: &str| path.to_string_lossy().ends_with(ending);
    let inputs: Vec<_> =
        all.iter().filter(|path| !named(path, ".attendu.json") && !named(path, ".md")).collect();
    assert!(!inputs.is_empty());
    for path in inputs {
        let expected = beside(path);
        let written = std::fs::read(&expected)
            .unwrap_or_else(|_| panic!("{} is missing", expected.display()));
        let written: Expected = serde_json::from_slice(&written).unwrap();
        let found = comes_of(&std::fs::read(path).unwrap(), written.origine.clone());
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            std::fs::write(&expected, serde_json::to_string_pretty(&found).unwrap() + "\n")
                .unwrap();
        } else {
            assert_eq!(written, found, "{}", path.display());
        }
    }
}
