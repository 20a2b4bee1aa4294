//! The sample files: readable templates in `sandbox/`, rendered for the current academic year.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use jiff::Timestamp;
use shared::domain::academic_year::{AcademicYear, day_in_france};

use crate::files::{self, Files};
use crate::status::{Identity, StatusQuestion};

/// One sample: what it is on disk and what its import should say.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The template's name, and the file's.
    name: &'static str,
    /// How the establishment's software writes text.
    encoding: &'static Encoding,
    separator: u8,
    /// Who sends it.
    pub(crate) uai: &'static str,
    /// The lines that are broken on purpose; the heading is line 1.
    pub(crate) broken: &'static [u64],
}

/// A university's: UTF-8 and semicolons, régimes as its software numbers them.
pub(crate) const UNIVERSITY: Sample = Sample {
    name: "universite.csv",
    encoding: UTF_8,
    separator: b';',
    uai: "0751967F",
    broken: &[9, 15, 25],
};

/// A lycée's (higher technician certificates and preparatory classes): windows-1252, commas,
/// columns in another order. It also sends for a neighbour.
pub(crate) const LYCEE: Sample = Sample {
    name: "lycee.csv",
    encoding: WINDOWS_1252,
    separator: b',',
    uai: "0010006B",
    broken: &[7, 11],
};

/// The person whom API Particulier's probes ask for every other minute (domain.md §1.4). In
/// production they must find nobody, so this is dropped only where it is asked for.
pub(crate) const PROBES: Sample =
    Sample { name: "sondes.csv", encoding: UTF_8, separator: b';', uai: "0751967F", broken: &[] };

/// What the probe by civil identity asks: it gives no birthplace.
pub(crate) fn probe_by_identity() -> StatusQuestion {
    let [nom_famille, prenom1, date_naissance, sexe] =
        ["DUPONT", "Jean", "2000-01-01", "1"].map(str::to_owned);
    StatusQuestion::Identity(Identity {
        nom_famille,
        prenom1,
        date_naissance,
        sexe,
        lieu_naissance: String::new(),
    })
}

/// A file ready to be dropped.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// One question for each person that should be visible once the file is imported.
    pub(crate) visible: Vec<StatusQuestion>,
}

impl Sample {
    /// Writes the file in `target/local/samples`.
    pub(crate) fn render(&self, files: &Files) -> Result<Rendered> {
        let template = files::read(&files.source("sandbox").join(self.name))?;
        let text = with_years(
            &template,
            AcademicYear::starting_on(day_in_france(Timestamp::now())).first_year(),
        );
        let (bytes, _, lossy) = self.encoding.encode(&text);
        if lossy {
            bail!("the template {} has a character that {} lacks", self.name, self.encoding.name());
        }
        let directory = files.local("samples");
        files::create_directory(&directory)?;
        let path = directory.join(self.name);
        fs::write(&path, bytes).with_context(|| format!("{} can't be written", path.display()))?;
        Ok(Rendered { path, visible: self.visible(&text)? })
    }

    /// The rows that are neither broken nor cancelled.
    fn visible(&self, text: &str) -> Result<Vec<StatusQuestion>> {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(self.separator).from_reader(text.as_bytes());
        let headings = reader.headers()?.clone();
        let mut questions = Vec::new();
        for (row, line) in reader.records().zip(2_u64..) {
            let row = row?;
            let cell = |name: &str| {
                let column = headings.iter().position(|heading| heading == name);
                column.and_then(|column| row.get(column)).unwrap_or_default()
            };
            if self.broken.contains(&line) || cell("statut") == "annulé" {
                continue;
            }
            questions.push(match cell("ine") {
                "" => StatusQuestion::Identity(Identity {
                    nom_famille: cell("nomFamille").to_owned(),
                    prenom1: cell("prenom1").to_owned(),
                    date_naissance: cell("dateNaissance").to_owned(),
                    sexe: cell("sexe").to_owned(),
                    lieu_naissance: cell("lieuNaissance").to_owned(),
                }),
                ine => StatusQuestion::Ine(ine.to_owned()),
            });
        }
        Ok(questions)
    }
}

/// Writes the two civil years of the academic year in place of `{N}` and `{N+1}`.
fn with_years(template: &str, first: i16) -> String {
    template.replace("{N}", &first.to_string()).replace("{N+1}", &(first + 1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_follow_the_academic_year() {
        assert_eq!(with_years("{N}-07-01;{N+1}-08-31", 2026), "2026-07-01;2027-08-31");
    }

    #[test]
    fn every_sample_can_be_written_in_its_encoding() {
        let files = Files::locate().unwrap();
        for (sample, people) in [(UNIVERSITY, 24), (LYCEE, 10), (PROBES, 1)] {
            let text = files::read(&files.source("sandbox").join(sample.name)).unwrap();
            assert!(!sample.encoding.encode(&text).2, "{}", sample.name);
            assert_eq!(sample.visible(&text).unwrap().len(), people, "{}", sample.name);
        }
    }
}
