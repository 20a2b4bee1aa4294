//! What happens to people whose papers are mixed up, told one message after the other.

use std::rc::Rc;

use deduplication::handler::{self, Followed};
use deduplication::resolve::Resolution;
use jiff::Timestamp;
use jiff::civil::date;
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Declaration, Enrolment, StatedPerson, Unsaid};
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::record_state::{Doubt, RecordState};
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::feeding::record::Record;
use shared::identity::digest::{DigestKey, RecordId};
use shared::identity::engine::lookup::Mode;
use shared::identity::finding::FindingCode;
use shared::identity::review::{CaseId, State};
use shared::identity::student::{RecordVersion, Student, StudentId};

use crate::check;
use crate::drive::{Pace, drive};
use crate::national::National;
use crate::people::Statement;
use crate::world::{Cost, Process, Sim};

/// The sister's, whom INES knows.
const HERS: &str = "070578267KH";

pub(crate) fn person(given: &str, sexe: Sex) -> CivilIdentity {
    CivilIdentity {
        nom_famille: PersonName::parse("Castelbou").unwrap(),
        nom_usage: None,
        prenom1: PersonName::parse(given).unwrap(),
        autres_prenoms: Vec::new(),
        sexe,
        date_naissance: BirthDate::parse("2004-03-12").unwrap(),
        lieu_naissance: Some(CommuneCode::parse("44109").unwrap()),
        libelle_naissance: None,
    }
}

/// What a lycée says of the `number`th enrolment: whoever it names has one student number there.
pub(crate) fn said(identity: &CivilIdentity, ine: Option<&str>, number: u64) -> Statement {
    let declaration = Declaration {
        ine: ine.map(|ine| Ine::parse(ine).unwrap()),
        numero_etudiant: Some(identity.prenom1.folded()),
        identite: StatedPerson::Civil(identity.clone()),
        inscription: Enrolment {
            date_debut: date(2026, 9, 1),
            date_fin: date(2027, 8, 31),
            statut: Status::Inscrit,
            regime: Regime::FormationInitiale,
            code_commune: CommuneCode::parse("44109").unwrap(),
            code_commune_brut: None,
            uai: Uai::parse("0440085D").unwrap(),
            nom_etablissement: "LYCEE".into(),
            cursus: None,
            diplome: Some(format!("240000{number}")),
            niveau_diplome: None,
            non_dit: Unsaid::default(),
        },
    };
    let record =
        RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), &declaration);
    let version = RecordVersion::new(Timestamp::UNIX_EPOCH, "", "import", number);
    Statement { record, version, declaration }
}

/// A world where INES knows the sister.
fn world() -> Rc<Sim> {
    let mut national = National::default();
    let ine = Ine::parse(HERS).unwrap();
    national.learn(&person("Capucine", Sex::Female), ine, &[ine], 0);
    Sim::new(0, Some(national))
}

fn follow(sim: &Rc<Sim>, statements: &[&Statement]) {
    for statement in statements {
        drive(sim, std::slice::from_ref(*statement), Pace::Order);
    }
    check::settled(&sim.tables(), &sim.keys);
}

fn record(sim: &Sim, statement: &Statement) -> Record {
    sim.tables().records[&statement.record].clone()
}

/// He has two enrolments under his sister's INE: that both say the same makes neither right.
#[test]
fn records_that_ines_contradicts_do_not_vouch_for_each_other() {
    let sim = world();
    let brother = person("Théodore", Sex::Male);
    let sister = said(&person("Capucine", Sex::Female), Some(HERS), 1);
    let [one, other] = [2, 3].map(|number| said(&brother, Some(HERS), number));
    follow(&sim, &[&sister, &one, &other]);
    assert_eq!(record(&sim, &sister).state, RecordState::Resolved);
    for his in [&one, &other] {
        let record = record(&sim, his);
        assert_eq!(
            (record.state, record.doubt),
            (RecordState::OnHold, Some(Doubt::RegisterDiffers))
        );
    }
    assert_eq!(record(&sim, &one).student, record(&sim, &other).student, "they wait together");

    // An establishment that doesn't know his INE sends him to INES, which gives him one: that
    // settles all three.
    let third = said(&brother, None, 4);
    follow(&sim, &[&third]);
    for his in [&one, &other, &third] {
        assert_eq!(record(&sim, his).state, RecordState::Resolved);
    }
    let student = record(&sim, &third).student.unwrap();
    let student = sim.tables().student(student).unwrap();
    assert!(
        student.verified().is_some_and(|ine| ine != Ine::parse(HERS).unwrap())
            && student.edges().count() == 3
    );
}

/// The record that made him certain is corrected, and was somebody else's.
#[test]
fn what_is_left_of_a_student_is_contradicted_again() {
    let sim = world();
    let brother = person("Théodore", Sex::Male);
    let [one, other] = [2, 3].map(|number| said(&brother, Some(HERS), number));
    let third = said(&brother, None, 4);
    follow(&sim, &[&third, &one, &other]);
    assert_eq!(record(&sim, &one).state, RecordState::Resolved);
    let verified = |statement| {
        let student = record(&sim, statement).student.unwrap();
        sim.tables().student(student).unwrap().verified()
    };
    let his_ine = verified(&third);

    let mut corrected = third.clone();
    corrected.declaration.identite = StatedPerson::Civil(person("Marguerite", Sex::Female));
    corrected.version = RecordVersion::new(Timestamp::UNIX_EPOCH, "", "later", 4);
    follow(&sim, &[&corrected]);
    assert_eq!(record(&sim, &third).state, RecordState::Resolved);
    for his in [&one, &other] {
        assert_eq!(record(&sim, his).doubt, Some(Doubt::RegisterDiffers));
    }
    assert!(his_ine.is_some() && verified(&third) != his_ine, "what INES gave him is not hers");
}

/// INES has yet to decide about the first when the second comes: it is asked about that one as
/// well, and nothing is told in its stead.
#[test]
fn who_waits_for_ines_waits_with_every_record() {
    let sim = world();
    let newcomer = person("Théodore", Sex::Male);
    let both = [2, 3].map(|number| said(&newcomer, None, number));
    let followed = drive(&sim, &both, Pace::Order);
    assert_eq!(followed[0].0, Followed::Record(Resolution::Postponed), "INES takes its time");
    check::settled(&sim.tables(), &sim.keys);
    let [one, other] = both.each_ref().map(|statement| record(&sim, statement));
    assert_eq!((one.state, other.state), (RecordState::Resolved, RecordState::Resolved));
    let student = sim.tables().student(one.student.unwrap()).unwrap();
    assert!(
        student.edge(&other.id).is_some() && student.verified().is_some(),
        "one student, whose INE INES gave"
    );
}

/// Another statement about the record of one, later.
fn later(statement: &Statement, change: impl Fn(&mut Declaration)) -> Statement {
    let mut later = statement.clone();
    later.version = RecordVersion::new(Timestamp::UNIX_EPOCH, "", "later", 1);
    change(&mut later.declaration);
    later
}

fn student(sim: &Sim, statement: &Statement) -> Student {
    sim.tables().student(record(sim, statement).student.unwrap()).unwrap()
}

fn meant(sim: &Sim, identity: &CivilIdentity, mode: Mode) -> Option<StudentId> {
    check::meant(&sim.tables(), &sim.keys, identity, mode)
}

/// An INE that INES has not yet is no reason to give another: the student would have two for ever.
#[test]
fn an_ine_that_ines_does_not_know_is_asked_about_again_until_it_does() {
    const NOT_YET: &str = "081768862AE";
    for comes_again in [false, true] {
        let sim = world();
        let newcomer = person("Théodore", Sex::Male);
        let statement = said(&newcomer, Some(NOT_YET), 2);
        follow(&sim, &[&statement]);
        let told = record(&sim, &statement);
        assert_eq!(
            (told.state, told.finding),
            (RecordState::Resolved, Some(FindingCode::IneInconnu))
        );
        assert!(student(&sim, &statement).ines().is_empty(), "no INE is given, nor believed");
        assert_eq!(meant(&sim, &newcomer, Mode::Strict), told.student, "and is found by identity");

        let ine = Ine::parse(NOT_YET).unwrap();
        sim.national.as_ref().unwrap().borrow_mut().learn(&newcomer, ine, &[ine], 0);
        if comes_again {
            follow(
                &sim,
                &[&later(&statement, |said| said.inscription.niveau_diplome = Some("02".into()))],
            );
        } else {
            sim.clock.set(sim.clock.get() + 24 * 60 * 60);
            sim.send(Pointer::Due, 0);
            follow(&sim, &[]);
            drive(&sim, &[], Pace::Order);
        }
        assert_eq!(student(&sim, &statement).verified(), Some(ine), "comes again: {comes_again}");
        let told = record(&sim, &statement);
        assert_eq!((told.finding, told.verify_on), (None, None));
        assert!(sim.tables().ines.contains_key(&sim.keys.ine(&ine)), "and is found by the INE");
    }
}

/// A row that resembles somebody whom INES confirmed hides nobody, and nothing is left of it once
/// it is cancelled.
#[test]
fn a_homonym_that_an_establishment_invents_hides_nobody() {
    let sim = world();
    let sister = person("Capucine", Sex::Female);
    let hers = said(&sister, Some(HERS), 1);
    let elsewhere =
        CivilIdentity { lieu_naissance: CommuneCode::parse("13055").ok(), ..sister.clone() };
    let mut invented = said(&elsewhere, None, 2);
    invented.declaration.inscription.uai = Uai::parse("0751967F").unwrap();
    follow(&sim, &[&hers, &invented]);
    let she = record(&sim, &hers).student;
    for mode in [Mode::Standard, Mode::Strict] {
        assert_eq!(meant(&sim, &sister, mode), she, "INES has her by all that the question says");
    }
    let bare = CivilIdentity { lieu_naissance: None, autres_prenoms: Vec::new(), ..sister.clone() };
    assert_eq!(meant(&sim, &bare, Mode::Standard), None, "either may be meant");

    follow(&sim, &[&later(&invented, |said| said.inscription.statut = Status::Annule)]);
    assert_eq!(meant(&sim, &bare, Mode::Standard), she, "nobody else is left");
    let open = sim.tables().cases.values().filter(|case| case.state == State::Open).count();
    assert_eq!(open, 0, "and nobody is asked whose the row was");
}

/// Sisters a letter apart, of whom an establishment says by their numbers that they are two.
#[test]
fn twins_named_alike_are_two_and_each_is_told_of_herself() {
    let sim = Sim::new(0, None);
    let [enrolled, sister] = ["Rahmata", "Rahmati"].map(|given| person(given, Sex::Female));
    let [one, other] = [said(&enrolled, None, 1), said(&sister, None, 1)];
    follow(&sim, &[&one, &other]);
    let both = [&one, &other].map(|statement| record(&sim, statement));
    assert!(both.iter().all(|record| record.state == RecordState::Resolved), "{both:?}");
    assert_ne!(both[0].student, both[1].student);
    assert_eq!(
        [&enrolled, &sister].map(|asked| meant(&sim, asked, Mode::Standard)),
        both.each_ref().map(|r| r.student)
    );

    let alone = Sim::new(0, None);
    follow(&alone, &[&one]);
    for mode in [Mode::Standard, Mode::Strict] {
        assert_eq!(
            meant(&alone, &sister, mode),
            None,
            "who isn't enrolled is not told her sister's status"
        );
    }
}

/// The lycée may have one newcomer: the second waits, whoever else decides about nobody, until an
/// operator looks.
#[test]
fn who_is_beyond_the_quota_waits_for_an_operator_and_then_is_told() {
    let sim = world();
    sim.limit_new_identities(1, i64::MAX);
    let [first, second] = [("Théodore", 2), ("Marguerite", 3)]
        .map(|(name, at)| said(&person(name, Sex::Male), None, at));
    let come = |statement: &Statement| {
        sim.say(statement);
        let pointer = Pointer::Record(statement.record.clone());
        let followed = sim.alone(
            handler::follow(&Process::new(Rc::clone(&sim), 1), &pointer),
            &mut Cost::default(),
        );
        followed.unwrap()
    };
    let reserved = || sim.tables().reserved;
    let postponed = Followed::Record(Resolution::Postponed);
    assert_eq!(come(&first), postponed, "INES takes its time");
    assert_eq!(come(&first), Followed::Record(Resolution::Published));
    assert_eq!(come(&second), postponed);
    assert_eq!(reserved(), 1, "the first paid once, the second not at all");

    let waiting = record(&sim, &second);
    assert_eq!((waiting.state, waiting.doubt), (RecordState::OnHold, Some(Doubt::Quota)));
    assert_eq!(waiting.finding, Some(FindingCode::QuotaIdentites));
    let is_case = || sim.tables().cases.contains_key(&CaseId::attachment(&second.record));
    assert!(!is_case(), "there is nothing that reviewers could decide");
    check::settled(&sim.tables(), &sim.keys);
    let before = sim.tables();
    assert_eq!((come(&second), reserved()), (postponed, 1), "the same message again");
    assert!(sim.tables() == before);
    let later = sim.clock.get() + 15 * 60;
    let again = Pointer::Record(second.record.clone());
    assert!(
        sim.queue
            .borrow()
            .iter()
            .any(|message| message.pointer == again && message.visible_at == later)
    );

    // An operator lifts it: nothing is sent again, and the pointer that waits does the rest.
    sim.limit_new_identities(2, i64::MAX);
    drive(&sim, &[], Pace::Order);
    check::settled(&sim.tables(), &sim.keys);
    assert_eq!((record(&sim, &second).state, reserved()), (RecordState::Resolved, 2));
    assert_eq!(
        (record(&sim, &second).doubt, record(&sim, &second).finding),
        (None, Some(FindingCode::Immatricule))
    );
}
