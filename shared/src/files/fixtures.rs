//! An invented depositor and its files, for the tests of this module.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::column::Column;
use super::depositor::Depositor;
use super::reader::{Conventions, EnrolmentReader, FileError, Next, Row, Step, Survey};
use super::row::{RowOutcome, Setting};
use crate::domain::commune::CommuneCode;
use crate::domain::establishment::Establishment;
use crate::domain::regime::Regime;
use crate::domain::uai::Uai;

pub(super) const HEADER: &str = "ine;dateNaissance;nomFamille;nomUsage;prenom1;prenom2;prenom3;sexe;lieuNaissance;dateDebutInscription;dateFinInscription;statut;regime;codeCommune;uai;cursus;diplome;niveauDiplome;numeroEtudiant";
pub(super) const ROW: &str = "070578267KH;2004-03-02;Lefèvre;;Zoé;Inès;;2;44109;2026-09-01;2027-08-31;inscrit;formation initiale;75113;0751967F;L;2400001;01;E42";

pub(super) fn establishment(uai: &str) -> Establishment {
    Establishment {
        uai: Uai::parse(uai).unwrap(),
        name: "UFR ECONOMIE".into(),
        kind: "universite".into(),
        commune: CommuneCode::parse("75113").unwrap(),
        postal_code: "75013".into(),
        sends_for: Vec::new(),
        regime_codes: BTreeMap::from([("2".into(), Regime::FormationContinue)]),
        status_codes: BTreeMap::new(),
    }
}

pub(crate) fn depositor() -> Depositor {
    Depositor::new(
        establishment("0751967F"),
        [establishment("0751967F"), establishment("0751722P")],
    )
}

pub(super) fn setting(depositor: &Depositor) -> Setting<'_> {
    Setting { depositor, today: date(2026, 9, 15), year: None }
}

/// [`ROW`] with some columns' values replaced.
pub(super) fn row_with(changes: &[(Column, &str)]) -> String {
    let mut fields: Vec<_> = ROW.split(';').collect();
    for (column, value) in changes {
        fields[HEADER.split(';').position(|name| name == column.name()).unwrap()] = value;
    }
    fields.join(";")
}

/// A file of these rows.
pub(super) fn file(rows: &[&str]) -> Vec<u8> {
    format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes()
}

/// What the first pass finds when the bytes come in such pieces.
pub(super) fn survey(bytes: &[u8], piece: usize) -> Result<Conventions, FileError> {
    let mut survey = Survey::default();
    let mut pieces = bytes.chunks(piece.max(1));
    loop {
        match survey.next()? {
            Step::Done(conventions) => return Ok(conventions),
            Step::NeedsBytes => match pieces.next() {
                Some(piece) => survey.push(piece),
                None => survey.finish(),
            },
            Step::Pause => {}
        }
    }
}

/// A reader of a file that was surveyed.
pub(super) fn reader<'a>(
    depositor: &'a Depositor,
    bytes: &[u8],
) -> Result<EnrolmentReader<'a>, FileError> {
    survey(bytes, 4096).map(|conventions| EnrolmentReader::new(setting(depositor), conventions))
}

/// What a reader gives when the bytes come in such pieces.
pub(super) fn drain(
    reader: &mut EnrolmentReader<'_>,
    bytes: &[u8],
    piece: usize,
) -> Result<Vec<Row>, FileError> {
    let mut pieces = bytes.chunks(piece.max(1));
    let mut rows = Vec::new();
    loop {
        match reader.next()? {
            Next::Row(row) => rows.push(row),
            Next::NeedsBytes => match pieces.next() {
                Some(piece) => reader.push(piece),
                None => reader.finish(),
            },
            Next::Unopened(workbook) => reader.opened(workbook.open()),
            Next::Pause => {}
            Next::Ended => return Ok(rows),
        }
    }
}

/// The rows of a file, by line.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(u64, RowOutcome)>, FileError> {
    let depositor = depositor();
    let rows = drain(&mut reader(&depositor, bytes)?, bytes, bytes.len())?;
    Ok(rows.into_iter().map(|row| (row.line, row.outcome)).collect())
}
