use proptest::prelude::*;

use super::*;
use crate::domain::enrolment::StatedPerson;
use crate::domain::place_name::PlaceName;
use crate::files::column::Column as C;
use crate::files::fixtures::{HEADER, ROW, depositor, setting};
use crate::files::problem::RowRule as R;
use crate::identity::digest::{Named, RecordId};
use crate::identity::fixtures::keys;

/// [`ROW`] with some columns' values replaced.
struct Changed<'a>(&'a [(Column, &'a str)]);

impl Values for Changed<'_> {
    fn value(&self, column: Column) -> &str {
        let changed =
            self.0.iter().rev().find(|(changed, _)| *changed == column).map(|(_, value)| *value);
        let position = HEADER.split(';').position(|name| name == column.name());
        changed.or_else(|| ROW.split(';').nth(position?)).unwrap_or_default().trim()
    }
}

fn outcome(changes: &[(Column, &str)]) -> RowOutcome {
    read(&Changed(changes), setting(&depositor()))
}

/// What is said, and what is odd about it.
fn accepted(changes: &[(Column, &str)]) -> (Box<Declaration>, Vec<(Column, RowRule)>) {
    match outcome(changes) {
        RowOutcome::Accepted { declaration, warnings } => (declaration, named(&warnings)),
        RowOutcome::Rejected { problems, .. } => panic!("{changes:?}: {problems:?}"),
    }
}

fn rejected(changes: &[(Column, &str)]) -> Vec<(Column, RowRule)> {
    match outcome(changes) {
        RowOutcome::Accepted { .. } => panic!("{changes:?} is accepted"),
        RowOutcome::Rejected { problems, .. } => named(&problems),
    }
}

fn named(problems: &[Problem]) -> Vec<(Column, RowRule)> {
    problems.iter().map(|problem| (problem.column.unwrap(), problem.rule)).collect()
}

#[test]
fn a_row_says_what_it_says() {
    let (declaration, warnings) = accepted(&[]);
    assert_eq!(warnings, []);
    assert_eq!(declaration.ine.unwrap().expose(), "070578267KH");
    let identity = declaration.identite.said().unwrap();
    assert_eq!(
        (identity.nom_famille.expose(), identity.autres_prenoms[0].expose()),
        ("Lefèvre", "Inès")
    );
    assert_eq!(declaration.inscription.statut, Status::Inscrit);
    assert_eq!(declaration.inscription.nom_etablissement, "UFR ECONOMIE");
    assert_eq!(declaration.numero_etudiant.as_deref(), Some("E42"));
}

#[test]
fn each_rejection_names_its_column() {
    let long = "x".repeat(65);
    for (column, value, rule) in [
        (C::Ine, "123", R::IneInvalide),
        (C::DateNaissance, "", R::ValeurManquante),
        (C::DateNaissance, "1999-02-29", R::DateInvalide),
        (C::DateNaissance, "2/3/2004", R::DateInvalide),
        (C::DateNaissance, "2026-03-02", R::AgeImpossible),
        (C::DateNaissance, "1904-03-02", R::AgeImpossible),
        (C::NomFamille, " ", R::ValeurManquante),
        (C::NomFamille, "123", R::NomInvalide),
        (C::NomFamille, "Mar\u{202E}tin", R::CaractereInvisible),
        (C::NomFamille, "\u{3164}", R::CaractereInvisible),
        (C::NumeroEtudiant, "E42\u{200B}", R::CaractereInvisible),
        (C::NumeroEtudiant, "1,03E+10", R::NombreDeTableur),
        (C::Diplome, "2400123.0", R::NombreDeTableur),
        (C::Ine, "00000000000", R::IneInvalide),
        (C::DateNaissance, "2004-03-01 23:00:00", R::DateAvecHeure),
        (C::DateDebutInscription, "31/08/2026 22:00", R::DateAvecHeure),
        (C::NomFamille, "LefÃ¨vre", R::NomMalEncode),
        (C::NomUsage, "BÅ“uf", R::NomMalEncode),
        (C::Prenom1, ",", R::ValeurManquante),
        (C::Prenom2, "1", R::NomInvalide),
        (C::Sexe, "3", R::SexeInvalide),
        (C::DateDebutInscription, "20260901", R::DateInvalide),
        (C::DateFinInscription, "2026-08-31", R::DatesInversees),
        (C::DateFinInscription, "2029-08-31", R::PeriodeTropLongue),
        (C::Statut, "", R::ValeurManquante),
        (C::Statut, "peut-être", R::StatutInconnu),
        (C::Statut, "1", R::CodeSansTable),
        (C::Regime, "gratuit", R::RegimeInconnu),
        (C::Regime, "RF8", R::RegimeInconnu),
        (C::Regime, "9", R::CodeSansTable),
        (C::CodeCommune, "Paris", R::CommuneInvalide),
        (C::CodeCommune, "une commune au nom bien trop long", R::CommuneInvalide),
        (C::Uai, "0751967G", R::UaiInvalide),
        (C::Uai, "0011402U", R::UaiNonAutorise),
        (C::Diplome, &long, R::ValeurInvalide),
        (C::NumeroEtudiant, "E\u{7}42", R::CaractereInvisible),
    ] {
        assert_eq!(rejected(&[(column, value)]), [(column, rule)], "{column}={value}");
        assert_eq!(rule.severity(), Severity::Reject);
    }
}

#[test]
fn each_warning_names_its_column_and_costs_nothing() {
    for (column, value, rule) in [
        (C::Ine, "123456789AA", R::IneCleFausse),
        (C::DateNaissance, "2013-03-02", R::AgeRare),
        (C::DateNaissance, "1941", R::AgeRare),
        (C::NomFamille, "Ren?e", R::NomInhabituel),
        (C::NomFamille, "МARTINELLI", R::NomNonLatin),
        (C::NomFamille, "ИВАНОВ", R::NomNonLatin),
        (C::NomUsage, "-", R::ValeurNeant),
        (C::Prenom2, "Néant", R::ValeurNeant),
        (C::Ine, "N/A", R::ValeurNeant),
        (C::NumeroEtudiant, "--", R::ValeurNeant),
        (C::Diplome, "#N/A", R::ValeurNeant),
        (C::LieuNaissance, "Saint-Denis", R::LieuNaissanceSansCode),
        (C::LieuNaissance, "Alger", R::LieuNaissanceInconnu),
        (C::LieuNaissance, "92352", R::LieuNaissanceHorsListe),
        (C::LieuNaissance, "44000", R::LieuNaissanceCodePostal),
        (C::LieuNaissance, "75012", R::LieuNaissanceCodePostal),
        (C::LieuNaissance, "44109.0", R::CodeDecimal),
        (C::Regime, "2.0", R::CodeDecimal),
        (C::DateNaissance, "03/02/2004", R::JourAvantMois),
        (C::LieuNaissance, "1053", R::ZeroInitialPerdu),
        (C::DateFinInscription, "2028-01-31", R::PeriodeHorsAnnee),
        (C::CodeCommune, "75634", R::CommuneCodePostal),
        (C::CodeCommune, "44109", R::CommuneAutreDepartement),
    ] {
        assert_eq!(accepted(&[(column, value)]).1, [(column, rule)], "{column}={value}");
        assert_eq!(rule.severity(), Severity::Warn);
    }
    let period = |first, last| [(C::DateDebutInscription, first), (C::DateFinInscription, last)];
    let improbable = (C::DateDebutInscription, R::PeriodeImprobable);
    assert_eq!(accepted(&period("2028-07-01", "2029-08-31")).1, [improbable]);
    let old =
        [&period("2014-09-01", "2015-08-31")[..], &[(C::DateNaissance, "1994-03-02")]].concat();
    assert_eq!(accepted(&old).1, [improbable, (C::Ine, R::IneAnachronique)]);
    let zero = accepted(&[(C::CodeCommune, "1053")]);
    assert_eq!(zero.0.inscription.code_commune.as_str(), "01053");
    assert_eq!(
        zero.1,
        [(C::CodeCommune, R::ZeroInitialPerdu), (C::CodeCommune, R::CommuneAutreDepartement)]
    );
}

#[test]
fn all_problems_of_a_row_are_told() {
    let blank: Vec<_> = C::ALL
        .into_iter()
        .filter(|column| *column != C::NomFamille)
        .map(|column| (column, ""))
        .collect();
    let mut expected = C::REQUIRED.to_vec();
    expected.extend([C::Prenom1, C::Sexe]);
    let mut missing: Vec<_> = rejected(&blank)
        .into_iter()
        .map(|(column, rule)| {
            assert_eq!(rule, R::ValeurManquante);
            column
        })
        .collect();
    expected.sort();
    missing.sort();
    assert_eq!(missing, expected);
    let both = rejected(&[(C::Ine, "123456789AA"), (C::Statut, "?")]);
    assert_eq!(
        both,
        [(C::Ine, R::IneCleFausse), (C::Statut, R::StatutInconnu)],
        "a warning is told beside a rejection"
    );
}

#[test]
fn names_may_all_be_left_out_beside_an_ine_and_not_in_part() {
    let nameless = [(C::NomFamille, ""), (C::Prenom1, ""), (C::Prenom2, ""), (C::Sexe, "")];
    let (declaration, warnings) = accepted(&nameless);
    assert!(
        matches!(&declaration.identite, StatedPerson::Pair(pair) if pair.date_naissance.expose() == "2004-03-02")
    );
    assert_eq!(warnings, []);
    assert_eq!(
        rejected(&nameless[1..]),
        [(C::Prenom1, R::ValeurManquante), (C::Sexe, R::ValeurManquante)]
    );
    let nobody = [&nameless[..], &[(C::Ine, "")]].concat();
    assert_eq!(
        rejected(&nobody),
        [
            (C::NomFamille, R::ValeurManquante),
            (C::Prenom1, R::ValeurManquante),
            (C::Sexe, R::ValeurManquante)
        ]
    );
    let wrong = [&nameless[..], &[(C::Ine, "123")]].concat();
    assert_eq!(rejected(&wrong), [(C::Ine, R::IneInvalide)]);
}

#[test]
fn values_are_forgiven_what_the_domain_says() {
    let regime = |text| accepted(&[(C::Regime, text)]).0.inscription.regime;
    assert_eq!(regime(""), Regime::FormationInitiale);
    assert_eq!(regime("2"), Regime::FormationContinue, "the depositor's table");
    assert_eq!(regime("rf7"), Regime::ContratProfessionnalisation);
    assert_eq!(
        regime("Formation Initiale Hors Apprentissage"),
        Regime::FormationInitialeHorsApprentissage
    );
    let status = |text| accepted(&[(C::Statut, text)]).0.inscription.statut;
    assert_eq!(
        [status("Inscrite"), status("ADMISE"), status("annulee")],
        [Status::Inscrit, Status::Admis, Status::Annule]
    );
    assert_eq!(
        ["VALIDEE", "AUTORISEE", "ANNULEE"].map(status),
        [Status::Inscrit, Status::Admis, Status::Annule]
    );
    assert_eq!(rejected(&[(C::Statut, "TERMINEE")]), [(C::Statut, R::StatutInconnu)]);
    assert_eq!(regime("Contrat apprentissage"), Regime::ContratApprentissage, "Apogée");
    let (given, _) = accepted(&[(C::Prenom1, "Zoé, Inès"), (C::Prenom2, "")]);
    assert_eq!(given.identite.said().unwrap().autres_prenoms[0].expose(), "Inès");
    assert_eq!(accepted(&[(C::Ine, "")]).0.ine, None);
    let postal = accepted(&[(C::CodeCommune, "75634")]).0.inscription;
    assert_eq!(
        (postal.code_commune.as_str(), postal.code_commune_brut.as_deref()),
        ("75113", Some("75634"))
    );
    assert_eq!(accepted(&[(C::Uai, "0751722p")]).0.inscription.uai.as_str(), "0751722P");
    assert_eq!(
        accepted(&[(C::NomFamille, "JOÃO ÂNGELO")]).1,
        [],
        "letters of Portuguese are no garbled accents"
    );
}

#[test]
fn nobodys_name_is_said_in_one_way() {
    let named = |changes: &[(Column, &str)]| {
        let declaration = accepted(changes).0;
        let said = declaration.identite.said().unwrap().clone();
        (said.nom_famille.expose().to_owned(), said.prenom1.expose().to_owned())
    };
    let none = ("SANS NOM".to_owned(), "SANS PRENOM".to_owned());
    assert_eq!(named(&[(C::NomFamille, "-"), (C::Prenom1, "-")]), none);
    assert_eq!(named(&[(C::NomFamille, "Sans nom"), (C::Prenom1, "sans prénom")]), none);
    assert_eq!(rejected(&[(C::NomFamille, "")]), [(C::NomFamille, R::ValeurManquante)]);
}

#[test]
fn an_ine_may_be_in_two_columns() {
    let ine = |number, key| {
        accepted(&[(C::Ine, number), (C::CleIne, key)]).0.ine.map(|ine| ine.expose().to_owned())
    };
    for (number, key) in
        [("070578267K", "H"), ("070578267", "KH"), ("070578267KH", "H"), ("070578267KH", "")]
    {
        assert_eq!(ine(number, key).as_deref(), Some("070578267KH"), "{number} {key}");
    }
    for (number, key, column) in [
        ("070578267KH", "J", C::CleIne),
        ("070578267K", "", C::Ine),
        ("", "H", C::Ine),
        ("070578267KH", "070578267KHH", C::CleIne),
    ] {
        assert_eq!(
            rejected(&[(C::Ine, number), (C::CleIne, key)]),
            [(column, R::IneInvalide)],
            "{number} {key}"
        );
    }
}

#[test]
fn a_code_is_read_without_what_spreadsheets_wrap_it_in() {
    let number = |text| accepted(&[(C::NumeroEtudiant, text)]).0.numero_etudiant;
    for text in ["=\"01234567\"", "'01234567", "01234567"] {
        assert_eq!(number(text).as_deref(), Some("01234567"), "{text}");
    }
    for text in ["12E3", "1E23", "2.1.3", "L1.2"] {
        assert_eq!(number(text).as_deref(), Some(text));
    }
}

#[test]
fn apostrophes_of_every_kind_are_usual() {
    for name in ["Teʻaraʻi", "Nʼdiaye", "N’Diaye", "N`Diaye", "Ɛkɔ", "Nguyễn"] {
        assert_eq!(accepted(&[(C::NomFamille, name)]).1, [], "{name}");
    }
}

#[test]
fn a_birthplace_is_a_code_or_else_a_name() {
    for (text, code, name) in [
        ("44109", Some("44109"), None),
        ("Nantes", Some("44109"), None),
        ("Saint-Denis (974)", Some("97411"), None),
        ("Saint-Denis", None, Some("Saint-Denis")),
        ("PARIS 13E  ARRONDISSEMENT", None, Some("PARIS 13E ARRONDISSEMENT")),
        ("Alger", None, None),
    ] {
        let (declaration, _) = accepted(&[(C::LieuNaissance, text)]);
        let said = declaration.identite.said().unwrap();
        assert_eq!(
            said.lieu_naissance,
            code.and_then(|code| CommuneCode::parse(code).ok()),
            "{text}"
        );
        assert_eq!(said.libelle_naissance.as_ref().map(PlaceName::expose), name, "{text}");
        assert!(
            name.is_none_or(|name| !format!("{declaration:?}").contains(name)),
            "{text} in a log"
        );
        let stored = serde_json::to_string(&declaration).unwrap();
        assert_eq!(stored.contains("libelleNaissance"), name.is_some(), "{text}");
        assert_eq!(serde_json::from_str::<Declaration>(&stored).unwrap(), *declaration, "{text}");
    }
}

#[test]
fn a_complete_file_is_about_one_year() {
    let depositor = depositor();
    for (year, expected) in [("2026-2027", false), ("2025-2026", true)] {
        let year = AcademicYear::parse(year).ok();
        let outcome = read(&Changed(&[]), Setting { year, ..setting(&depositor) });
        let refused = matches!(&outcome, RowOutcome::Rejected { problems, .. } if problems[0].rule == R::AnneeHorsFichier);
        assert_eq!(refused, expected);
    }
}

#[test]
fn a_rejected_row_is_about_what_it_would_be_about() {
    let subject = |changes: &[(Column, &str)]| match outcome(changes) {
        RowOutcome::Accepted { declaration, .. } => Some(RecordId::of(&keys().ine, &declaration)),
        RowOutcome::Rejected { about, .. } => {
            about.map(|about| RecordId::of_subject(&keys().ine, &about))
        }
    };
    let broken = (C::Statut, "?");
    for known in
        [vec![], vec![(C::NumeroEtudiant, "")], vec![(C::NumeroEtudiant, ""), (C::Ine, "")]]
    {
        let accepted = subject(&known);
        assert!(accepted.is_some());
        assert_eq!(subject(&[&known[..], &[broken]].concat()), accepted, "{known:?}");
    }
    for doubt in [
        vec![(C::Uai, "0011402U")],
        vec![(C::DateDebutInscription, "?")],
        vec![(C::Diplome, "x\u{7}")],
        vec![(C::NumeroEtudiant, "x\u{7}")],
        vec![(C::NumeroEtudiant, ""), (C::Ine, "123")],
        vec![(C::NumeroEtudiant, ""), (C::Ine, ""), (C::NomFamille, "")],
    ] {
        assert_eq!(subject(&doubt), None, "{doubt:?}");
    }
    let RowOutcome::Rejected { about: Some(about), .. } = outcome(&[broken]) else {
        panic!("not about anything")
    };
    assert_eq!(about.student, Named::Number("E42".into()));
}

#[test]
fn no_problem_repeats_a_value() {
    let RowOutcome::Rejected { problems, .. } = outcome(&[(C::DateNaissance, "SECRET")]) else {
        panic!("accepted")
    };
    for problem in problems {
        assert!(
            !format!("{problem:?} {} {}", problem.rule, problem.rule.message()).contains("SECRET")
        );
    }
}

proptest! {
    #[test]
    fn any_value_in_any_column_is_accepted_or_named(index in 0_usize..20, value in "\\PC{0,80}|[0-9/-]{0,12}") {
        let column = C::ALL[index];
        if let RowOutcome::Rejected { problems, .. } = outcome(&[(column, &value)]) {
            let named = problems.iter().all(|problem| {
                let cross = matches!(problem.rule, R::DatesInversees | R::PeriodeTropLongue | R::PeriodeHorsAnnee | R::AgeImpossible | R::AgeRare | R::IneAnachronique);
                problem.column == Some(column) || cross
            });
            prop_assert!(named, "{:?}", problems);
        }
    }

    #[test]
    fn a_row_reads_the_same_among_others(changes in prop::collection::vec((0_usize..20, prop::sample::select(vec!["", "inscrit", "Nantes", "44109", "75634", "1053", "0751722P", "2", "2004-03-02", "?"])), 0..30)) {
        let depositor = depositor();
        let mut memory = Memory::new();
        for (index, value) in changes {
            let changes = [(C::ALL[index], value)];
            let values = Changed(&changes);
            let among = read_with(&values, setting(&depositor), &mut memory, Vec::new());
            prop_assert_eq!(among, read(&values, setting(&depositor)));
        }
    }
}
