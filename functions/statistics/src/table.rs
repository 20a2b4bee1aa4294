//! Counts by academic year, establishment and status, with small ones suppressed.
//!
//! No total is published, of a year, an establishment or the country: with one, a single suppressed
//! count could be computed back from the others.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;
use shared::domain::academic_year::AcademicYear;
use shared::domain::enrolment::Enrolment;
use shared::domain::status::Status;
use shared::domain::uai::Uai;

type Cell = (AcademicYear, Uai, Status);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Count {
    establishment: String,
    enrolments: u64,
    students: u64,
}

/// Counts, while they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Cell, Count>);

impl Tally {
    /// Counts one student: each enrolment that isn't cancelled, and the student once in each cell.
    pub(crate) fn add(&mut self, enrolments: Vec<Enrolment>) {
        let mut seen = HashSet::new();
        for enrolment in
            enrolments.into_iter().filter(|enrolment| enrolment.statut != Status::Annule)
        {
            let cell = (enrolment.academic_year(), enrolment.uai, enrolment.statut);
            let count = self.0.entry(cell).or_default();
            count.enrolments += 1;
            count.students += u64::from(seen.insert(cell));
            count.establishment = enrolment.nom_etablissement;
        }
    }

    /// Adds what another part of the table gave.
    pub(crate) fn merge(&mut self, other: Self) {
        for (cell, count) in other.0 {
            let sum = self.0.entry(cell).or_default();
            sum.enrolments += count.enrolments;
            sum.students += count.students;
            sum.establishment = count.establishment;
        }
    }

    /// The table to publish: counts of fewer than `threshold` students are left out, and their
    /// enrolments too.
    pub(crate) fn publish(self, date: Date, threshold: u64) -> Table {
        let rows = self
            .0
            .into_iter()
            .map(|((year, uai, status), count)| {
                let told = count.students >= threshold;
                Row {
                    year,
                    uai,
                    establishment: count.establishment,
                    status,
                    enrolments: told.then_some(count.enrolments),
                    students: told.then_some(count.students),
                }
            })
            .collect();
        Table { date, threshold, rows }
    }
}

/// The published table.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    date: Date,
    #[serde(rename = "seuil")]
    threshold: u64,
    #[serde(rename = "lignes")]
    rows: Vec<Row>,
}

/// One cell. `None` (`null` in JSON, empty in CSV) is a suppressed count.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(rename = "anneeUniversitaire")]
    year: AcademicYear,
    uai: Uai,
    #[serde(rename = "etablissement")]
    establishment: String,
    #[serde(rename = "statut")]
    status: Status,
    #[serde(rename = "inscriptions")]
    enrolments: Option<u64>,
    #[serde(rename = "etudiants")]
    students: Option<u64>,
}

impl Table {
    /// As JSON.
    pub(crate) fn json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }

    /// As CSV, with `;` as French spreadsheets expect.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        for row in &self.rows {
            writer.serialize(row)?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    /// How many cells are told, and how many are suppressed.
    pub(crate) fn cells(&self) -> (usize, usize) {
        let told = self.rows.iter().filter(|row| row.students.is_some()).count();
        (told, self.rows.len() - told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolment(uai: &str, statut: &str) -> Enrolment {
        serde_json::from_value(serde_json::json!({
            "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": statut, "regime": "RF1",
            "codeCommune": "75113", "uai": uai, "nomEtablissement": "UFR ECONOMIE",
        }))
        .unwrap()
    }

    fn published(students: Vec<Vec<Enrolment>>) -> String {
        // In two parts, as two segments would.
        let (mut first, mut second) = (Tally::default(), Tally::default());
        for (index, student) in students.into_iter().enumerate() {
            if index % 2 == 0 { first.add(student) } else { second.add(student) }
        }
        first.merge(second);
        let date = jiff::civil::date(2026, 11, 23);
        String::from_utf8(first.publish(date, 5).csv().unwrap()).unwrap()
    }

    #[test]
    fn four_students_are_suppressed_and_five_are_told() {
        let university = |n| vec![vec![enrolment("0751967F", "inscrit")]; n];
        let lycee = |n| vec![vec![enrolment("0010006B", "admis")]; n];
        assert_eq!(
            published([university(5), lycee(4)].concat()),
            "anneeUniversitaire;uai;etablissement;statut;inscriptions;etudiants\n\
             2026-2027;0010006B;UFR ECONOMIE;admis;;\n\
             2026-2027;0751967F;UFR ECONOMIE;inscrit;5;5\n"
        );
    }

    #[test]
    fn students_with_two_enrolments_count_once_and_many_enrolments_of_few_are_suppressed() {
        let twice = vec![enrolment("0751967F", "inscrit"), enrolment("0751967F", "inscrit")];
        assert!(published(vec![twice.clone(); 4]).ends_with("inscrit;;\n"));
        assert!(published(vec![twice; 5]).ends_with("inscrit;10;5\n"));
    }

    #[test]
    fn cancelled_enrolments_count_nowhere() {
        assert_eq!(published(vec![vec![enrolment("0751967F", "annulé")]; 9]), "");
    }
}
