use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, sink};

use flate2::read::GzDecoder;
use jiff::civil::date;
use serde_json::Value;
use shared::domain::establishment::Establishment as Known;
use shared::files::column::Column as KnownColumn;
use shared::files::problem::Severity;
use shared::files::reader::{Depositor, EnrolmentReader, Next, Row, Step, Survey};
use shared::files::row::{RowOutcome, Setting};

use super::*;
use crate::settings::{Establishment, Kind, Rates};

const SANDBOX: &str = include_str!("../../../../infra/local/sandbox/establishments.json");

/// The university of the sandbox, which has registered its code table, and the lycée.
fn establishments() -> Vec<Establishment> {
    let of = |uai: &str, kind, commune: &str, postal_code: &str| Establishment {
        uai: uai.to_owned(),
        kind,
        commune: commune.to_owned(),
        postal_code: postal_code.to_owned(),
    };
    vec![
        of("0751967F", Kind::University, "75113", "75013"),
        of("0010006B", Kind::Lycee, "01033", "01200"),
    ]
}

fn settings(seed: u64, rows: u64) -> Settings {
    Settings::new(seed, rows, date(2026, 9, 3), establishments())
}

fn bytes(settings: Settings, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(settings, format, &mut bytes).unwrap();
    bytes
}

fn csv(habits: Csv) -> Format {
    Format { layout: Layout::Csv(habits), compression: Compression::None }
}

#[test]
fn a_file_is_always_the_same() {
    let text = String::from_utf8(bytes(settings(7, 5).with_faults(0.5), Format::CSV)).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_seed_is_a_file_in_every_format() {
    for format in ["csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst", "xlsx"] {
        let format = format.parse().unwrap();
        let file = bytes(settings(1, 200), format);
        assert_eq!(file, bytes(settings(1, 200), format));
        assert_ne!(file, bytes(settings(2, 200), format));
    }
    for text in ["", "ods", "csv.bz2", "xlsx.gz"] {
        assert_eq!(text.parse::<Format>(), Err(FormatError), "{text}");
    }
}

#[test]
fn compression_wraps_the_plain_file() {
    let plain = bytes(settings(1, 2000), Format::CSV);
    let mut read = Vec::new();
    GzDecoder::new(&*bytes(settings(1, 2000), "csv.gz".parse().unwrap()))
        .read_to_end(&mut read)
        .unwrap();
    assert!(read == plain);
    assert!(
        zstd::decode_all(&*bytes(settings(1, 2000), "csv.zst".parse().unwrap())).unwrap() == plain
    );
}

#[test]
fn charsets_say_the_same() {
    let plain = String::from_utf8(bytes(settings(1, 500), Format::CSV)).unwrap();
    for (charset, encoding) in [
        (Charset::Utf8Bom, encoding_rs::UTF_8),
        (Charset::Windows1252, encoding_rs::WINDOWS_1252),
        (Charset::Iso8859_15, encoding_rs::ISO_8859_15),
        (Charset::Utf16Le, encoding_rs::UTF_16LE),
    ] {
        let file = bytes(settings(1, 500), csv(Csv { charset, ..Csv::DOCUMENTED }));
        assert!(file != plain.as_bytes());
        assert!(encoding.decode(&file).0 == plain, "{charset:?}");
    }
}

#[test]
fn habits_change_the_writing_and_nothing_else() {
    let habits = Csv {
        separator: ',',
        crlf: true,
        quoted: true,
        header: Header::Labels,
        dates: Dates::French,
        ..Csv::DOCUMENTED
    };
    let text = String::from_utf8(bytes(settings(1, 1), csv(habits))).unwrap();
    let (header, row) = text.split_once("\r\n").unwrap();
    assert!(header.starts_with(r#""INE","Date de naissance","Nom de famille""#), "{header}");
    assert!(row.ends_with("\"\r\n") && row.contains("/2027\""), "{row}");
}

#[test]
fn json_says_what_csv_says() {
    let file = bytes(settings(1, 300), Format::NDJSON);
    let objects =
        serde_json::Deserializer::from_slice(&file).into_iter::<BTreeMap<String, Value>>();
    let mut seen = 0;
    for (object, row) in objects.zip(Generator::new(settings(1, 300)).unwrap()) {
        let object = object.unwrap();
        for (column, value) in row.values() {
            let written =
                object.get(column.wire_name()).map_or("", |value| value.as_str().unwrap());
            assert_eq!(written, value);
        }
        seen += 1;
    }
    assert_eq!(seen, 300);
}

fn depositor() -> Depositor {
    let all: Vec<Known> = serde_json::from_str(SANDBOX).unwrap();
    let ours = |known: &Known| establishments().iter().any(|ours| ours.uai == known.uai.as_str());
    let university = all[0].clone();
    Depositor::new(university, all.into_iter().filter(ours))
}

/// What the reader says of the rows that it rejects, by line.
fn reported(file: &[u8]) -> BTreeMap<u64, Vec<(Option<&'static str>, &'static str)>> {
    let depositor = depositor();
    let mut survey = Survey::default();
    survey.push(file);
    survey.finish();
    let conventions = loop {
        match survey.next().unwrap() {
            Step::Done(conventions) => break conventions,
            Step::NeedsBytes => panic!("all of the file was given"),
            Step::Pause => {}
        }
    };
    let setting = Setting { depositor: &depositor, today: date(2026, 9, 3), year: None };
    let mut reader = EnrolmentReader::new(setting, conventions);
    reader.push(file);
    reader.finish();
    let mut reported = BTreeMap::new();
    loop {
        match reader.next().unwrap() {
            Next::Row(Row { line, outcome: RowOutcome::Rejected { problems, .. }, .. }) => {
                let rejecting =
                    problems.iter().filter(|problem| problem.rule.severity() == Severity::Reject);
                let told = rejecting
                    .map(|problem| (problem.column.map(KnownColumn::name), problem.rule.code()));
                reported.insert(line, told.collect());
            }
            Next::Row(_) | Next::Pause => {}
            Next::NeedsBytes => panic!("all of the file was given"),
            Next::Unopened(workbook) => reader.opened(workbook.open()),
            Next::Ended => return reported,
        }
    }
}

/// What it should say, and the faults that are expected to be told.
fn expected(
    settings: &Settings,
    format: Format,
) -> BTreeMap<u64, Vec<(Option<&'static str>, &'static str)>> {
    let rows = Generator::new(settings.clone()).unwrap();
    let told = rows.filter_map(|row| {
        let problem = format.problem(&row)?;
        Some((format.line(row.number), vec![(problem.column.map(Column::wire_name), problem.rule)]))
    });
    told.collect()
}

#[test]
fn each_broken_row_breaks_its_rule_and_no_other() {
    let habits = [
        Csv::DOCUMENTED,
        Csv {
            separator: ',',
            crlf: true,
            header: Header::Labels,
            charset: Charset::Windows1252,
            ..Csv::DOCUMENTED
        },
        Csv { quoted: true, dates: Dates::French, charset: Charset::Iso8859_15, ..Csv::DOCUMENTED },
        Csv { charset: Charset::Utf16Le, ..Csv::DOCUMENTED },
        Csv { header: Header::Labels, crlf: true, charset: Charset::Utf8Bom, ..Csv::DOCUMENTED },
    ];
    let others =
        ["csv.gz", "csv.zst", "ndjson", "ndjson.gz", "xlsx"].map(|name| name.parse().unwrap());
    let settings = settings(3, 2000).with_faults(0.2);
    let faults: BTreeSet<_> =
        Generator::new(settings.clone()).unwrap().filter_map(|row| row.fault).collect();
    assert_eq!(faults, BTreeSet::from(Fault::ALL));
    for format in habits.into_iter().map(csv).chain(others) {
        let expected = expected(&settings, format);
        assert!(expected.len() > 300, "{format:?}");
        assert_eq!(reported(&bytes(settings.clone(), format)), expected, "{format:?}");
    }
}

#[test]
fn codes_are_those_of_the_establishments_software() {
    assert_eq!(
        reported(&bytes(Settings { regime_codes: true, ..settings(4, 2000) }, Format::CSV)),
        BTreeMap::new()
    );
}

#[test]
fn what_can_not_be_written_is_not_expected() {
    let broken = |format| write(settings(3, 2000).with_faults(0.5), format, sink()).unwrap().broken;
    assert!(broken(Format::XLSX) < broken(Format::NDJSON));
    assert!(broken(Format::NDJSON) < broken(Format::CSV));
}

#[test]
fn settings_that_make_no_file_are_refused() {
    let refused = |settings| Generator::new(settings).map(|_| ()).unwrap_err();
    let nowhere = Settings { establishments: Vec::new(), ..settings(1, 1) };
    assert!(matches!(refused(nowhere), SettingsError::NoEstablishment));
    let rates = Rates { twins: 1.5, ..Rates::default() };
    assert!(matches!(refused(Settings { rates, ..settings(1, 1) }), SettingsError::Rate(_)));
    let faults = vec![(Fault::ShortIne, 0.6), (Fault::UnknownSex, 0.6)];
    assert!(matches!(refused(Settings { faults, ..settings(1, 1) }), SettingsError::Faults(_)));
}
