use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::Declaration;
use crate::domain::regime::Regime;
use crate::domain::status::Status;
use crate::files::column::Column;

const HEADER: &str = "ine;dateNaissance;nomFamille;nomUsage;prenom1;prenom2;prenom3;sexe;lieuNaissance;dateDebutInscription;dateFinInscription;statut;regime;codeCommune;uai;cursus;diplome;niveauDiplome;numeroEtudiant";
const ROW: &str = "070578267KH;2004-03-02;Lefèvre;;Zoé;Inès;;2;44109;2026-09-01;2027-08-31;inscrit;formation initiale;75113;0751967F;L;2400001;01;E42";

fn establishment(uai: &str) -> Establishment {
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

fn depositor() -> Depositor {
    Depositor::new(establishment("0751967F"), [establishment("0751967F"), establishment("0751722P")])
}

type Outcome = Result<Box<Declaration>, Vec<(Option<Column>, RowRule)>>;

fn read(input: &[u8]) -> Result<Vec<(u64, Outcome)>, FileError> {
    let depositor = depositor();
    let setting = Setting { depositor: &depositor, today: date(2026, 9, 15), year: None };
    let mut reader = EnrolmentReader::new(input, setting)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let outcome = match row.outcome {
            row::Outcome::Accepted { declaration, .. } => Ok(declaration),
            row::Outcome::Rejected { problems, .. } => {
                Err(problems.iter().map(|problem| (problem.column, problem.rule)).collect())
            }
        };
        rows.push((row.line, outcome));
    }
    Ok(rows)
}

fn one(row: &str) -> Outcome {
    let mut rows = read(format!("{HEADER}\n{row}\n").as_bytes()).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0).1
}

/// The row with one column's value replaced.
fn with(column: Column, value: &str) -> Outcome {
    let position = HEADER.split(';').position(|name| name == column.name()).unwrap();
    let mut fields: Vec<_> = ROW.split(';').collect();
    fields[position] = value;
    one(&fields.join(";"))
}

#[test]
fn a_row_says_what_it_says() {
    let declaration = one(ROW).unwrap();
    assert_eq!(declaration.ine.unwrap().expose(), "070578267KH");
    assert_eq!(declaration.identite.said().unwrap().nom_famille.expose(), "Lefèvre");
    assert_eq!(declaration.identite.said().unwrap().autres_prenoms[0].expose(), "Inès");
    assert_eq!(declaration.inscription.statut, Status::Inscrit);
    assert_eq!(declaration.inscription.nom_etablissement, "UFR ECONOMIE");
    assert_eq!(declaration.numero_etudiant.as_deref(), Some("E42"));
}

#[test]
fn separator_encoding_mark_order_and_line_ends_do_not_matter() {
    let expected = one(ROW).unwrap();
    let file = format!("{HEADER}\n{ROW}\n");
    let windows = encoding_rs::WINDOWS_1252.encode(&file).0.into_owned();
    let reversed: Vec<_> = file.lines().map(|line| line.rsplit(';').collect::<Vec<_>>().join(";")).collect();
    for (name, bytes) in [
        ("comma", file.replace(';', ",").into_bytes()),
        ("byte order mark", format!("\u{feff}{file}").into_bytes()),
        ("windows-1252", windows),
        ("other order", reversed.join("\n").into_bytes()),
        ("CRLF", file.replace('\n', "\r\n").into_bytes()),
        ("no last line end", file.trim_end().as_bytes().to_vec()),
        ("quoted", file.replace("Lefèvre", "\"Lefèvre\"").into_bytes()),
        ("blank lines", format!("\n{HEADER}\n\n{ROW}\n;;;;;;;;;;;;;;;;;;\n  \n").into_bytes()),
    ] {
        let rows = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), 1, "{name}");
        assert_eq!(rows[0].1.as_ref().unwrap(), &expected, "{name}");
    }
}

#[test]
fn each_rule_names_its_column() {
    use Column as C;
    use RowRule as R;
    for (column, value, rule) in [
        (C::Ine, "123", R::IneInvalide),
        (C::DateNaissance, "", R::ValeurManquante),
        (C::DateNaissance, "1999-02-29", R::DateInvalide),
        (C::NomFamille, " ", R::ValeurManquante),
        (C::NomFamille, "123", R::NomInvalide),
        (C::Prenom1, ",", R::ValeurManquante),
        (C::Prenom2, "--", R::NomInvalide),
        (C::Sexe, "3", R::SexeInvalide),
        (C::LieuNaissance, "Nantes", R::CommuneInvalide),
        (C::DateDebutInscription, "20260901", R::DateInvalide),
        (C::DateFinInscription, "2026-08-31", R::DatesInversees),
        (C::Statut, "", R::ValeurManquante),
        (C::Statut, "peut-être", R::StatutInconnu),
        (C::Statut, "1", R::CodeSansTable),
        (C::Regime, "gratuit", R::RegimeInconnu),
        (C::Regime, "9", R::CodeSansTable),
        (C::CodeCommune, "Paris", R::CommuneInvalide),
        (C::Uai, "0751967G", R::UaiInvalide),
        (C::Uai, "0011402U", R::UaiNonAutorise),
        (C::Diplome, &"x".repeat(65), R::ValeurInvalide),
    ] {
        assert_eq!(with(column, value).unwrap_err(), [(Some(column), rule)], "{column}={value}");
    }
}

#[test]
fn all_problems_of_a_row_are_told() {
    let problems = one(";;Lefèvre;;;;;;;;;;;;;;;;").unwrap_err();
    let columns: Vec<_> = problems.iter().filter_map(|(column, _)| *column).collect();
    for column in Column::REQUIRED.into_iter().filter(|column| *column != Column::NomFamille) {
        assert!(columns.contains(&column), "{column}");
    }
}

#[test]
fn values_are_forgiven_what_the_domain_says() {
    assert_eq!(with(Column::Regime, "").unwrap().inscription.regime, Regime::FormationInitiale);
    assert_eq!(
        with(Column::Regime, "2").unwrap().inscription.regime,
        Regime::FormationContinue,
        "the depositor's table"
    );
    assert_eq!(with(Column::Prenom1, "Zoé, Inès").unwrap().identite.said().unwrap().prenom1.expose(), "Zoé");
    assert_eq!(with(Column::Ine, "").unwrap().ine, None);
    let postal = with(Column::CodeCommune, "75634").unwrap().inscription;
    assert_eq!((postal.code_commune.as_str(), postal.code_commune_brut.as_deref()), ("75113", Some("75634")));
    assert_eq!(with(Column::Uai, "0751722p").unwrap().inscription.uai.as_str(), "0751722P");
}

#[test]
fn a_broken_line_spoils_only_itself() {
    let long = "x".repeat(LONGEST_LINE + 1);
    let unclosed = ROW.replace("Lefèvre", "\"Lefèvre");
    let short = "070578267KH;2004-03-02";
    let mut file = Vec::new();
    for line in [HEADER, ROW, &long, &unclosed, short, &"é;".repeat(300)] {
        file.extend_from_slice(line.as_bytes());
        file.push(b'\n');
    }
    file.extend_from_slice(b"Ren\xE9e;\n");
    file.extend_from_slice(ROW.as_bytes());
    let rows = read(&file).unwrap();
    let rules: Vec<_> =
        rows.iter().map(|(line, outcome)| (*line, outcome.as_ref().err().map(|problems| problems[0].1))).collect();
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
fn a_file_that_is_none_fails_with_a_reason() {
    for (input, reason) in [
        (&b""[..], "le fichier est vide"),
        (b"\n \n", "le fichier est vide"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "l'en-tête ne contient pas les colonnes obligatoires"),
        (b"PK\x03\x04\x14\0\0\0", "le fichier n'est pas un texte CSV"),
        (b"bonjour\nmonde\n", "l'en-tête ne contient pas les colonnes obligatoires : dateNaissance, nomFamille"),
        (b"\xFF\xFEi\0n\0e\0", "le fichier n'est pas un texte CSV"),
    ] {
        let error = read(input).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
    let twice = format!("{HEADER};statut\n");
    assert!(read(twice.as_bytes()).map(|_| ()).unwrap_err().to_string().contains("statut figure deux fois"));
}

#[test]
fn no_problem_repeats_a_value() {
    for (_, outcome) in read(format!("{HEADER}\n{}\n", ROW.replace("2004-03-02", "SECRET")).as_bytes()).unwrap() {
        for (column, rule) in outcome.unwrap_err() {
            assert!(!format!("{column:?} {} {}", rule.code(), rule.message()).contains("SECRET"));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(input in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&input);
        let _ = read(&[HEADER.as_bytes(), b"\n", &input].concat());
    }

    #[test]
    fn any_value_in_any_column_is_accepted_or_named(index in 0_usize..19, value in "[^;\r\n\"]{0,80}") {
        let column = Column::ALL[index];
        if let Err(problems) = with(column, &value) {
            let named = problems.iter().all(|(seen, _)| *seen == Some(column) || *seen == Some(Column::DateFinInscription));
            prop_assert!(named, "{:?}", problems);
        }
    }

    #[test]
    fn rows_are_independent(broken in "[^\n]{0,100}", position in 0_usize..3) {
        let mut lines = vec![ROW.to_owned(), ROW.to_owned()];
        lines.insert(position, broken);
        let rows = read(format!("{HEADER}\n{}\n", lines.join("\n")).as_bytes()).unwrap();
        prop_assert_eq!(rows.iter().filter(|(_, outcome)| outcome.is_ok()).count(), 2);
    }
}
