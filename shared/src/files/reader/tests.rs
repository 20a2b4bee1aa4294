use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::domain::enrolment::Declaration;
use crate::files::column::{Column, HeaderError};
use crate::files::fixtures::{
    HEADER, ROW, depositor, drain, file, read, reader, row_with, setting, survey,
};
use crate::files::row::DateForm;

fn accepted(outcome: &RowOutcome) -> &Declaration {
    match outcome {
        RowOutcome::Accepted { declaration, .. } => declaration,
        RowOutcome::Rejected { problems, .. } => panic!("rejected: {problems:?}"),
    }
}

fn first_rule(outcome: &RowOutcome) -> Option<RowRule> {
    match outcome {
        RowOutcome::Accepted { .. } => None,
        RowOutcome::Rejected { problems, .. } => Some(problems[0].rule),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// The file as NDJSON.
fn json_lines(file: &str) -> String {
    let header: Vec<_> = file.lines().next().unwrap().split(';').collect();
    let object = |line: &str| {
        let object: serde_json::Map<_, _> = header
            .iter()
            .map(|name| (*name).to_owned())
            .zip(line.split(';').map(Into::into))
            .collect();
        serde_json::to_string(&object).unwrap() + "\n"
    };
    file.lines().skip(1).map(object).collect()
}

/// One declaration in every form that a file may have.
fn every_form() -> Vec<(&'static str, Vec<u8>)> {
    let file = format!("{HEADER}\n{ROW}\n");
    let reversed: Vec<_> =
        file.lines().map(|line| line.rsplit(';').collect::<Vec<_>>().join(";")).collect();
    let labels = file
        .replace("nomFamille", "Nom de naissance")
        .replace("prenom1", " PRÉNOM ")
        .replace("numeroEtudiant", "N° étudiant")
        .replace("ine;", "Code INE;");
    vec![
        ("plain", file.clone().into_bytes()),
        ("comma", file.replace(';', ",").into_bytes()),
        ("tab", file.replace(';', "\t").into_bytes()),
        ("bar", file.replace(';', "|").into_bytes()),
        ("byte order mark", format!("\u{feff}{file}").into_bytes()),
        ("windows-1252", encoding_rs::WINDOWS_1252.encode(&file).0.into_owned()),
        ("UTF-16LE, marked", utf16(&format!("\u{feff}{file}"), u16::to_le_bytes)),
        ("UTF-16BE, marked", utf16(&format!("\u{feff}{file}"), u16::to_be_bytes)),
        ("UTF-16LE", utf16(&file, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&file, u16::to_be_bytes)),
        ("other order", reversed.join("\n").into_bytes()),
        ("labels", labels.into_bytes()),
        ("CRLF", file.replace('\n', "\r\n").into_bytes()),
        ("CR", file.replace('\n', "\r").into_bytes()),
        ("no last line end", file.trim_end().as_bytes().to_vec()),
        ("quoted", file.replace("Lefèvre", "\"Lefèvre\"").into_bytes()),
        (
            "French dates",
            file.replace("2004-03-02", "02/03/2004")
                .replace("2026-09-01", "01-09-2026")
                .into_bytes(),
        ),
        (
            "blank lines",
            format!("\n{HEADER}\n\n{ROW}\n;;;;;;;;;;;;;;;;;;\n  \n\"\";\"\"\n").into_bytes(),
        ),
        (
            "unknown column",
            file.replace(HEADER, &format!("{HEADER};couleur"))
                .replace(ROW, &format!("{ROW};bleu"))
                .into_bytes(),
        ),
        ("NDJSON", json_lines(&file).into_bytes()),
        ("gzip", gzip(file.as_bytes())),
        (
            "gzip of two members",
            [gzip(&file.as_bytes()[..40]), gzip(&file.as_bytes()[40..])].concat(),
        ),
        ("zstd", zstd(file.as_bytes())),
        ("zstd of NDJSON", zstd(json_lines(&file).as_bytes())),
        ("gzip of UTF-16", gzip(&utf16(&file, u16::to_le_bytes))),
        ("XLSX", workbook::tests::workbook_of(&file)),
    ]
}

#[test]
fn a_declaration_is_the_same_in_every_form() {
    let expected = read(&file(&[ROW])).unwrap();
    for (name, bytes) in every_form() {
        let rows = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), 1, "{name}");
        assert_eq!(accepted(&rows[0].1), accepted(&expected[0].1), "{name}");
    }
}

#[test]
fn what_was_detected_is_told() {
    let depositor = depositor();
    let detected = |name: &str| {
        let (_, bytes) = every_form().into_iter().find(|(form, _)| *form == name).unwrap();
        let mut reader = reader(&depositor, &bytes).unwrap();
        assert_eq!(reader.detected(), None);
        drain(&mut reader, &bytes, bytes.len()).unwrap();
        assert_eq!(reader.bytes_read(), bytes.len() as u64, "{name}");
        reader.detected().unwrap()
    };
    let plain = detected("plain");
    assert_eq!(
        (plain.format, plain.compression, plain.mark, plain.quoted),
        (Format::Csv, None, false, false)
    );
    assert_eq!(
        (plain.charset, plain.line_end, plain.separator),
        (Some(Charset::Utf8), Some(LineEnd::Lf), Some(';'))
    );
    assert_eq!(
        (plain.header_line, plain.columns.len(), plain.dates),
        (Some(1), 19, vec![DateForm::Iso])
    );
    assert!(detected("byte order mark").mark && detected("quoted").quoted);
    assert_eq!(detected("windows-1252").charset, Some(Charset::Windows1252));
    assert_eq!(detected("UTF-16BE, marked").charset, Some(Charset::Utf16Be));
    assert_eq!(detected("CR").line_end, Some(LineEnd::Cr));
    assert_eq!(detected("CRLF").line_end, Some(LineEnd::CrLf));
    assert_eq!(detected("tab").separator, Some('\t'));
    assert_eq!(detected("unknown column").unknown, ["couleur"]);
    assert_eq!(
        detected("French dates").dates,
        [DateForm::Iso, DateForm::French, DateForm::FrenchHyphens]
    );
    let labels = detected("labels");
    assert_eq!(
        (labels.columns[4].column, labels.columns[4].label.as_str()),
        (Column::Prenom1, "PRÉNOM")
    );
    let json = detected("zstd of NDJSON");
    assert_eq!(
        (json.format, json.compression, json.columns.len()),
        (Format::Ndjson, Some(Compression::Zstd), 19)
    );
    let sheet = detected("XLSX");
    let sheets: Vec<_> =
        sheet.sheets.iter().map(|sheet| (sheet.number, sheet.name.as_str(), sheet.read)).collect();
    assert_eq!(
        (sheet.format, sheets, sheet.header_line),
        (Format::Xlsx, vec![(1, "Feuille 1", true)], Some(1))
    );
}

#[test]
fn a_broken_line_spoils_only_itself() {
    let long = "x".repeat(LONGEST_LINE + 1);
    let unclosed = ROW.replace("Lefèvre", "\"Lefèvre");
    let short = "070578267KH;2004-03-02";
    let mut bytes = file(&[ROW, &long, &unclosed, short, &"é;".repeat(300)]);
    bytes.extend_from_slice(b"Ren\xE9e;\n");
    bytes.extend_from_slice(ROW.as_bytes());
    let rules: Vec<_> =
        read(&bytes).unwrap().iter().map(|(line, outcome)| (*line, first_rule(outcome))).collect();
    assert_eq!(
        rules,
        [
            (2, None),
            (3, Some(RowRule::LigneTropLongue)),
            (4, Some(RowRule::GuillemetNonFerme)),
            (5, Some(RowRule::NombreDeChamps)),
            (6, Some(RowRule::NombreDeChamps)),
            (7, Some(RowRule::CaracteresIllisibles)),
            (8, None),
        ]
    );
}

#[test]
fn missing_blanks_at_the_end_of_a_line_and_one_separator_too_many_are_told() {
    let short = ROW.rsplit_once(';').unwrap().0;
    let long = format!("{ROW};");
    let wide = format!("{ROW};x");
    let rules = |bytes: &[u8]| -> Vec<_> {
        let told = |outcome: &RowOutcome| match outcome {
            RowOutcome::Accepted { warnings, .. } => {
                (true, warnings.iter().map(|problem| problem.rule).collect())
            }
            RowOutcome::Rejected { problems, .. } => {
                (false, problems.iter().map(|problem| problem.rule).collect::<Vec<_>>())
            }
        };
        read(bytes).unwrap().iter().map(|(_, outcome)| told(outcome)).collect()
    };
    let many = (false, vec![RowRule::NombreDeChamps]);
    assert_eq!(
        rules(&file(&[short, &long, &wide, ROW])),
        [
            (true, vec![RowRule::ChampsManquants]),
            (true, vec![RowRule::SeparateurEnTrop]),
            many.clone(),
            (true, vec![]),
        ]
    );
    assert_eq!(rules(format!("{HEADER}\n{short}").as_bytes()), [many], "the upload was cut off");
    assert_eq!(
        rules(format!("{HEADER};;\n{ROW}\n{ROW};\n").as_bytes())[0],
        (true, vec![]),
        "no columns, no fields"
    );
}

#[test]
fn a_header_is_found_under_titles_over_several_lines_and_with_hints() {
    let expected = read(&file(&[ROW])).unwrap();
    let lines = HEADER
        .replace("nomFamille", "\"Nom de\nfamille\"")
        .replace("numeroEtudiant", "\"N°\nétudiant\"");
    let hints = HEADER
        .replace("dateNaissance", "Date de naissance (jj/mm/aaaa)*")
        .replace("sexe", "Sexe (M ou F) *");
    for (name, text, at) in [
        (
            "titles",
            format!("Liste des inscrits 2026-2027;;\nUniversité;d'essai;;;\n;;\n{HEADER}\n{ROW}\n"),
            4,
        ),
        ("lines", format!("{lines}\n{ROW}\n"), 1),
        ("lines, CRLF", format!("{lines}\r\n{ROW}\r\n"), 1),
        ("lines, CR", format!("{lines}\r{ROW}\r"), 1),
        ("titles and lines", format!("\"Liste des inscrits\n2026\"\n{lines}\n{ROW}\n"), 3),
        ("hints", format!("{hints}\n{ROW}\n"), 1),
    ] {
        let depositor = depositor();
        for piece in [1, 7, text.len()] {
            let mut reader = reader(&depositor, text.as_bytes()).unwrap();
            let rows = drain(&mut reader, text.as_bytes(), piece)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(rows.len(), 1, "{name}");
            assert_eq!(accepted(&rows[0].outcome), accepted(&expected[0].1), "{name}");
            assert_eq!(reader.detected().unwrap().header_line, Some(at), "{name}");
        }
    }
}

#[test]
fn a_row_above_the_header_is_never_passed_over() {
    let error = read(format!("{ROW}\n{HEADER}\n{ROW}\n").as_bytes()).unwrap_err();
    assert!(matches!(error, FileError::MissingColumns(_)), "{error}");
    assert!(!error.to_string().contains("Lefèvre"), "{error}");
}

#[test]
fn a_printed_json_is_one_fault_of_the_file() {
    for text in [
        "{\n  \"ine\": \"070578267KH\"\n}\n",
        "{\"ine\": \"070578267KH\",\n\"uai\": \"0751967F\"}\n",
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(
            matches!(error, FileError::Foreign(seen) if seen.starts_with("un JSON mis en forme")),
            "{error}"
        );
    }
}

#[test]
fn a_broken_object_spoils_only_itself() {
    let good = json_lines(&format!("{HEADER}\n{ROW}\n"));
    let twice = good.replace('{', "{\"ine\":\"070578267KH\",");
    let bytes = [&good, "{\"ine\":\n", &twice, "[1]\n", &good].concat();
    let rules: Vec<_> =
        read(bytes.as_bytes()).unwrap().iter().map(|(_, outcome)| first_rule(outcome)).collect();
    let json = Some(RowRule::JsonInvalide);
    assert_eq!(rules, [None, json, Some(RowRule::JsonCleRepetee), json, None]);
}

#[test]
fn a_file_that_is_none_fails_with_a_reason() {
    let many = format!("{}\n", "x;".repeat(100_000));
    let wide = format!("{}\n", "x;".repeat(1_000));
    for (input, reason) in [
        (&b""[..], "le fichier est vide"),
        (b"\n \n", "le fichier est vide"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "le fichier est une image PNG : seuls CSV"),
        (b"PK\x03\x04\x14\0\0\0", "le classeur est endommagé"),
        (
            b"bonjour\nmonde\n",
            "l'en-tête ne contient pas les colonnes obligatoires : dateNaissance, dateDebut",
        ),
        (b"ine\0uai\n", "le fichier n'est pas un texte CSV"),
        (b"\x1F\x8B\x08", "le fichier compressé est incomplet"),
        (b"[{\"ine\":1}]", "le fichier est un tableau JSON"),
        (many.as_bytes(), "la première ligne dépasse 65536 octets"),
        (wide.as_bytes(), "l'en-tête a plus de 256 colonnes"),
        (&gzip(&gzip(b"ine")), "le fichier est une archive dans un fichier compressé"),
    ] {
        let error = read(input).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
    let twice = format!("{HEADER};STATUT\n");
    assert_eq!(
        read(twice.as_bytes()).unwrap_err(),
        FileError::Header(HeaderError::Duplicate(Column::Statut))
    );
}

#[test]
fn an_error_is_final() {
    let depositor = depositor();
    let mut reader = EnrolmentReader::new(setting(&depositor), Conventions::default());
    reader.push(b"bonjour\n");
    reader.finish();
    let error = reader.next().map(|_| ()).unwrap_err();
    reader.push(&file(&[ROW]));
    assert_eq!(reader.next().map(|_| ()), Err(error));
    assert_eq!((reader.detected(), reader.position()), (None, Position::default()));
}

#[test]
fn a_line_of_two_gigabytes_is_dropped_as_it_comes() {
    let depositor = depositor();
    let conventions = survey(&file(&[ROW]), 1000).unwrap();
    let mut reader = EnrolmentReader::new(setting(&depositor), conventions);
    let mut first_pass = Survey::default();
    first_pass.push(&file(&[ROW]));
    reader.push(&file(&[ROW, ROW, ROW]));
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..3 {
        assert!(matches!(reader.next(), Ok(Next::Row(_))));
    }
    for _ in 0..2048 {
        reader.push(&megabyte);
        assert!(matches!(reader.next(), Ok(Next::NeedsBytes)));
        assert!(reader.source.held() <= LONGEST_LINE);
        first_pass.push(&megabyte);
        assert_eq!(first_pass.next(), Ok(Step::NeedsBytes));
        assert!(first_pass.held() <= LONGEST_LINE);
    }
    reader.push(format!("\n{ROW}").as_bytes());
    reader.finish();
    let Ok(Next::Row(Row { line: 5, outcome, .. })) = reader.next() else { panic!("no row") };
    assert_eq!(first_rule(&outcome), Some(RowRule::LigneTropLongue));
    assert!(matches!(
        reader.next(),
        Ok(Next::Row(Row { line: 6, outcome: RowOutcome::Accepted { .. }, .. }))
    ));
    assert!(matches!(reader.next(), Ok(Next::Ended)));
}

#[test]
fn a_position_says_nothing_of_the_rows() {
    let depositor = depositor();
    let bytes = file(&[ROW, &row_with(&[(Column::NomFamille, "123")])]);
    let mut reader = reader(&depositor, &bytes).unwrap();
    drain(&mut reader, &bytes, 1000).unwrap();
    let stored = serde_json::to_string(&reader.position()).unwrap();
    assert!(stored.len() < 4_000, "{} bytes", stored.len());
    for value in ROW.split(';').filter(|value| value.len() > 2) {
        assert!(!stored.contains(value), "{value}");
    }
}

#[test]
fn a_position_of_another_file_is_refused_or_harmless() {
    let depositor = depositor();
    let conventions = survey(&file(&[ROW]), 1000).unwrap();
    let mut reader = EnrolmentReader::new(setting(&depositor), conventions);
    drain(&mut reader, &file(&[ROW]), 1000).unwrap();
    let mut stored = serde_json::to_value(reader.position()).unwrap();
    stored["found"]["detected"]["separateur"] = serde_json::Value::Null;
    let position: Position = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(
        EnrolmentReader::resume(setting(&depositor), conventions, &position)
            .map(|_| ())
            .unwrap_err(),
        FileError::Position
    );
    stored["found"]["detected"]["separateur"] = ";".into();
    stored["found"]["width"] = 3.into();
    let position: Position = serde_json::from_value(stored).unwrap();
    assert_eq!(
        EnrolmentReader::resume(setting(&depositor), conventions, &position)
            .map(|_| ())
            .unwrap_err(),
        FileError::Position
    );
}

#[test]
fn a_reader_may_go_from_thread_to_thread() {
    fn sent(_: impl Send) {}
    sent(EnrolmentReader::new(setting(&depositor()), Conventions::default()));
    sent(Survey::default());
}

/// What rows say, whichever reader gave them.
fn said(rows: &[Row]) -> Vec<(u64, &RowOutcome)> {
    rows.iter().map(|row| (row.line, &row.outcome)).collect()
}

/// A file of good, broken and blank lines, in one of the forms of a text.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(ROW.to_owned()),
        1 => Just(row_with(&[(Column::DateNaissance, "02/03/2004"), (Column::Statut, "Admise")])),
        1 => Just(row_with(&[(Column::NomFamille, "\"Lefèvre\"")])),
        1 => Just(String::new()),
        1 => Just("x".repeat(LONGEST_LINE + 10)),
        1 => "[^\n\r\0]{0,60}",
    ];
    (prop::collection::vec(line, 0..8), 0_usize..9).prop_map(|(lines, form)| {
        let file = format!("{HEADER}\n{}\n", lines.join("\n"));
        match form {
            0 => file.replace('\n', "\r\n").into_bytes(),
            1 => file.replace('\n', "\r").into_bytes(),
            2 => utf16(&format!("\u{feff}{file}"), u16::to_le_bytes),
            3 => utf16(&file, u16::to_be_bytes),
            4 => gzip(file.as_bytes()),
            5 => zstd(file.as_bytes()),
            6 => encoding_rs::WINDOWS_1252.encode(&file).0.into_owned(),
            7 => json_lines(&format!("{HEADER}\n{ROW}\n{ROW}\n")).into_bytes(),
            _ => file.into_bytes(),
        }
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_the_same_however_they_are_cut(input in prop::collection::vec(any::<u8>(), 0..400), magic in prop::sample::select(vec![&b""[..], b"\x1F\x8B\x08\0", b"\x28\xB5\x2F\xFD", b"\xFF\xFE", b"PK\x03\x04", b"{\"ine\":"]), piece in 1_usize..50) {
        for input in [[magic, &input].concat(), [HEADER.as_bytes(), b"\n", &input].concat()] {
            let depositor = depositor();
            let surveyed = survey(&input, input.len());
            prop_assert_eq!(&surveyed, &survey(&input, piece));
            // One that fails in the first pass is read all the same, by whatever encoding.
            let conventions = surveyed.unwrap_or_default();
            let whole = drain(&mut EnrolmentReader::new(setting(&depositor), conventions), &input, input.len());
            let cut = drain(&mut EnrolmentReader::new(setting(&depositor), conventions), &input, piece);
            prop_assert_eq!(whole.as_deref().map(said), cut.as_deref().map(said));
        }
    }

    #[test]
    fn rows_do_not_depend_on_how_the_bytes_are_cut(bytes in any_file(), piece in 1_usize..3_000) {
        let depositor = depositor();
        prop_assert_eq!(survey(&bytes, bytes.len()), survey(&bytes, piece));
        let Ok(conventions) = survey(&bytes, piece) else { return Ok(()) };
        let mut one = EnrolmentReader::new(setting(&depositor), conventions);
        let mut other = EnrolmentReader::new(setting(&depositor), conventions);
        let whole = drain(&mut one, &bytes, bytes.len());
        let cut = drain(&mut other, &bytes, piece);
        prop_assert_eq!(whole.as_deref().map(said), cut.as_deref().map(said));
        prop_assert_eq!(one.position(), other.position());
        prop_assert_eq!(one.detected(), other.detected());
    }

    #[test]
    fn reading_goes_on_from_any_row(bytes in any_file(), stop in 0_usize..8, piece in 1_usize..3_000) {
        let depositor = depositor();
        let Ok(conventions) = survey(&bytes, piece) else { return Ok(()) };
        let Ok(whole) = drain(&mut EnrolmentReader::new(setting(&depositor), conventions), &bytes, bytes.len()) else { return Ok(()) };
        let stop = stop.min(whole.len());
        let mut first = EnrolmentReader::new(setting(&depositor), conventions);
        let mut pieces = bytes.chunks(piece);
        let mut given = 0;
        while given < stop {
            match first.next().unwrap() {
                Next::Row(_) => given += 1,
                Next::NeedsBytes => match pieces.next() {
                    Some(piece) => first.push(piece),
                    None => first.finish(),
                },
                Next::Unopened(workbook) => first.opened(workbook.open()),
                Next::Pause => {}
                Next::Ended => break,
            }
        }
        let stored = serde_json::to_string(&first.position()).unwrap();
        let position: Position = serde_json::from_str(&stored).unwrap();
        let mut second = EnrolmentReader::resume(setting(&depositor), conventions, &position).unwrap();
        let from = usize::try_from(position.object_offset()).unwrap();
        let rest = drain(&mut second, &bytes[from..], piece).unwrap();
        prop_assert_eq!(said(&rest), said(&whole[stop..]));
    }

    #[test]
    fn a_survey_goes_on_from_any_line(bytes in any_file(), stop in 0_usize..3_000, piece in 1_usize..3_000) {
        let whole = survey(&bytes, bytes.len());
        let mut first = Survey::default();
        let stop = stop.min(bytes.len());
        for piece in bytes[..stop].chunks(piece) {
            first.push(piece);
            while first.next() == Ok(Step::Pause) {}
        }
        let Some(position) = first.position() else { return Ok(()) };
        let stored = serde_json::to_string(&position).unwrap();
        let position: SurveyPosition = serde_json::from_str(&stored).unwrap();
        let from = usize::try_from(position.object_offset()).unwrap();
        let mut second = Survey::resume(position).unwrap();
        second.push(&bytes[from..]);
        second.finish();
        let gone_on = loop {
            match second.next() {
                Ok(Step::Pause) => {}
                Ok(Step::Done(conventions)) => break Ok(conventions),
                Ok(Step::NeedsBytes) => panic!("all of it was pushed"),
                Err(error) => break Err(error),
            }
        };
        prop_assert_eq!(gone_on, whole);
    }

    #[test]
    fn rows_are_independent(broken in "[^\n]{0,100}", position in 0_usize..3) {
        let mut lines = vec![ROW, ROW];
        lines.insert(position, &broken);
        let rows = read(&file(&lines)).unwrap();
        let accepted = rows.iter().filter(|(_, outcome)| first_rule(outcome).is_none()).count();
        prop_assert_eq!(accepted, 2);
    }
}
