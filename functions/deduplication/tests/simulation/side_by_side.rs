//! A batch side by side, and the same one after the other: how long each waits, on a clock where a
//! call of a table takes 4 ms and a question to INES 100.

use std::rc::Rc;
use std::time::Duration;

use deduplication::handler::{follow, handle};
use jiff::SignedDuration;
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::sex::Sex;

use crate::national::National;
use crate::people::Statement;
use crate::stories::{person, said};
use crate::world::{Cost, Process, Sim};
use crate::{check, event};

/// What a call of DynamoDB takes.
const TABLE: Duration = Duration::from_millis(4);
/// Messages of an invocation.
const BATCH: usize = 10;

struct Pupil {
    identity: CivilIdentity,
    ine: Ine,
}

/// Nobody who has anything to do with another.
fn strangers(count: usize) -> Vec<Pupil> {
    let syllables = ["ba", "do", "fi", "gu", "le", "mo", "ni", "pa", "ru", "ta", "vo", "xe"];
    let name = |number: usize| -> String {
        let digits = (0..5).map(|place| number / 12_usize.pow(place) % 12);
        digits.map(|digit| syllables[digit]).collect()
    };
    let pupils = (0..count).map(|number| {
        let (year, month, day) = (1990 + number % 17, 1 + number % 12, 1 + number % 28);
        Pupil {
            identity: CivilIdentity {
                nom_famille: PersonName::parse(&name(7 * number + 1)).unwrap(),
                prenom1: PersonName::parse(&name(11 * number + 5)).unwrap(),
                date_naissance: BirthDate::parse(&format!("{year}-{month:02}-{day:02}")).unwrap(),
                lieu_naissance: CommuneCode::parse(["44109", "29019", "13055"][number % 3]).ok(),
                ..person("Capucine", Sex::Female)
            },
            ine: ine(number),
        }
    });
    pupils.collect()
}

/// A class of a lycée, all of one surname, one commune and one year.
fn namesakes(count: usize) -> Vec<Pupil> {
    let pupils = strangers(count).into_iter().enumerate().map(|(number, stranger)| {
        let (month, day) = (1 + number % 12, 1 + number % 28);
        let identity = CivilIdentity {
            date_naissance: BirthDate::parse(&format!("2008-{month:02}-{day:02}")).unwrap(),
            prenom1: stranger.identity.prenom1,
            ..person("Capucine", Sex::Female)
        };
        Pupil { identity, ine: stranger.ine }
    });
    pupils.collect()
}

fn ine(number: usize) -> Ine {
    Ine::parse(&format!("{:09}HK", 100_000_000 + number)).unwrap()
}

/// How long the whole took, and what it cost.
fn run(pupils: &[Pupil], side_by_side: bool) -> (Duration, Cost) {
    let mut national = National::default();
    for Pupil { identity, ine } in pupils {
        national.learn(identity, *ine, &[*ine], 0);
    }
    let sim = Sim::new(1, Some(national));
    let statements: Vec<Statement> = (0..)
        .zip(pupils)
        .map(|(number, Pupil { identity, ine })| said(identity, Some(ine.expose()), number))
        .collect();
    for statement in &statements {
        sim.say(statement);
    }
    let pointers = statements.iter().map(|statement| Pointer::Record(statement.record.clone()));
    let pointers: Vec<Pointer> = pointers.collect();
    let (mut time, mut cost) = (Duration::ZERO, Cost::default());
    for batch in pointers.chunks(BATCH) {
        let process = Process::new(Rc::clone(&sim), 1);
        let deadline = sim.time() + SignedDuration::from_hours(1);
        let all = async {
            if side_by_side {
                let response =
                    handle(&process, event(batch.iter().map(Pointer::body)), deadline).await;
                assert_eq!(response.batch_item_failures.len(), 0);
            } else {
                for pointer in batch {
                    follow(&process, pointer).await.unwrap();
                }
            }
        };
        time += sim.timed(TABLE, all, &mut cost);
    }
    check::settled(&sim.tables(), &sim.keys);
    assert_eq!(check::students(&sim.tables()).len(), pupils.len(), "each is somebody");
    (time, cost)
}

fn told(what: &str, pupils: &[Pupil], time: Duration, cost: Cost) {
    let count = f64::from(u32::try_from(pupils.len()).unwrap());
    eprintln!("{what}: {:.0} records a second; {cost:?}", count / time.as_secs_f64());
}

/// Deterministic: the clock is the test's.
#[test]
fn a_batch_of_strangers_waits_an_eighth_of_the_time_for_the_same_writes() {
    let pupils = strangers(200);
    let [(one, alone), (all, together)] = [false, true].map(|at_once| run(&pupils, at_once));
    told("one after the other", &pupils, one, alone);
    told("side by side", &pupils, all, together);
    assert_eq!((alone.writes, alone.checks), (together.writes, together.checks));
    assert!(one >= 8 * all, "{one:?} and {all:?}");
}

/// Whoever shares a block waits for the other, and nobody is decided on twice.
#[test]
fn a_class_of_namesakes_is_in_order_where_it_must() {
    let pupils = namesakes(35);
    let [(one, alone), (all, together)] = [false, true].map(|at_once| run(&pupils, at_once));
    told("a class, one after the other", &pupils, one, alone);
    told("a class, side by side", &pupils, all, together);
    assert_eq!((alone.writes, alone.checks), (together.writes, together.checks));
    assert!(all <= one);
}

/// One person, whom ten rows name with an INE that INES doesn't know.
#[test]
fn equal_questions_of_a_batch_are_asked_once() {
    let [Pupil { identity, ine }] = &strangers(1)[..] else { panic!("one pupil") };
    let asked = |in_one_batch: bool| {
        let sim = Sim::new(1, Some(National::default()));
        let statements: Vec<Statement> =
            (0..10).map(|number| said(identity, Some(ine.expose()), number)).collect();
        for statement in &statements {
            sim.say(statement);
        }
        let pointers = statements.iter().map(|statement| Pointer::Record(statement.record.clone()));
        let pointers: Vec<Pointer> = pointers.collect();
        for batch in pointers.chunks(if in_one_batch { BATCH } else { 1 }) {
            let process = Process::new(Rc::clone(&sim), 1);
            let deadline = sim.time() + SignedDuration::from_hours(1);
            let all = async {
                let response =
                    handle(&process, event(batch.iter().map(Pointer::body)), deadline).await;
                assert_eq!(response.batch_item_failures.len(), 0);
            };
            sim.timed(TABLE, all, &mut Cost::default());
        }
        check::settled(&sim.tables(), &sim.keys);
        (sim.asked.get(), check::students(&sim.tables()).len())
    };
    let ((apart, as_many), (together, students)) = (asked(false), asked(true));
    assert_eq!(students, as_many);
    assert_eq!((apart, together), (10, 1));
}
