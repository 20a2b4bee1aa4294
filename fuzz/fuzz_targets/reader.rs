//! Any bytes, in pieces of any size, are read or refused without a panic; the same whole or cut,
//! and the same when another reader goes on from any row.
//!
//! `cargo +nightly fuzz run reader`, from the root of the repository. The first two bytes of the
//! input choose the pieces and where to stop; the rest is the file, under a good header for half of
//! the inputs.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use shared::domain::commune::CommuneCode;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::files::reader::{Conventions, Depositor, EnrolmentReader, FileError, Next, Position, Row, Step, Survey};
use shared::files::row::{RowOutcome, Setting};

const HEADER: &[u8] = b"ine;dateNaissance;nomFamille;prenom1;sexe;lieuNaissance;dateDebutInscription;dateFinInscription;statut;regime;codeCommune;uai;diplome;numeroEtudiant\n";

static DEPOSITOR: LazyLock<Depositor> = LazyLock::new(|| {
    let establishment = Establishment {
        uai: Uai::parse("0751967F").unwrap(),
        name: "UFR ECONOMIE".into(),
        kind: "universite".into(),
        commune: CommuneCode::parse("75113").unwrap(),
        postal_code: "75013".into(),
        sends_for: Vec::new(),
        regime_codes: [].into(),
        status_codes: [].into(),
    };
    Depositor::new(establishment.clone(), [establishment])
});

fn setting() -> Setting<'static> {
    Setting { depositor: &DEPOSITOR, today: jiff::civil::date(2026, 9, 15), year: None }
}

/// What the first pass finds.
fn survey(bytes: &[u8], piece: usize) -> Result<Conventions, FileError> {
    let mut survey = Survey::default();
    let mut pieces = bytes.chunks(piece);
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

/// Rows until `stop` of them are read or there are no more.
fn read(
    reader: &mut EnrolmentReader<'_>,
    bytes: &[u8],
    piece: usize,
    stop: usize,
) -> Result<Vec<(u64, RowOutcome)>, FileError> {
    let mut pieces = bytes.chunks(piece);
    let mut rows = Vec::new();
    while rows.len() < stop {
        match reader.next()? {
            Next::Row(Row { line, outcome, .. }) => rows.push((line, outcome)),
            Next::NeedsBytes => match pieces.next() {
                Some(piece) => reader.push(piece),
                None => reader.finish(),
            },
            Next::Unopened(workbook) => reader.opened(workbook.open()),
            Next::Pause => {}
            Next::Ended => break,
        }
    }
    Ok(rows)
}

fuzz_target!(|input: &[u8]| {
    let [shape, stop, file @ ..] = input else { return };
    let file = if shape % 2 == 0 { [HEADER, file].concat() } else { file.to_vec() };
    let piece = usize::from(shape / 2) + 1;

    let surveyed = survey(&file, file.len().max(1));
    assert_eq!(surveyed, survey(&file, piece));
    let Ok(conventions) = surveyed else { return };
    let whole = read(&mut EnrolmentReader::new(setting(), conventions), &file, file.len().max(1), usize::MAX);
    let cut = read(&mut EnrolmentReader::new(setting(), conventions), &file, piece, usize::MAX);
    assert_eq!(whole, cut);

    let Ok(whole) = whole else { return };
    let mut first = EnrolmentReader::new(setting(), conventions);
    let before = read(&mut first, &file, piece, usize::from(*stop)).unwrap();
    let stored = serde_json::to_string(&first.position()).unwrap();
    let position: Position = serde_json::from_str(&stored).unwrap();
    let mut second = EnrolmentReader::resume(setting(), conventions, &position).unwrap();
    let from = usize::try_from(position.object_offset()).unwrap();
    let after = read(&mut second, &file[from..], piece, usize::MAX).unwrap();
    assert_eq!([before, after].concat(), whole);
});
