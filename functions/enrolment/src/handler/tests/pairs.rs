//! What a key finds out about pairs of INE and birth date, and the traces that it leaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use fakes::aws::{dynamo, item};
use fakes::gateway::request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::api::Api;
use shared::domain::birth_date::BirthDate;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::identity::digest::PairDigest;
use shared::registry::pairs::{Admission, Drawer};

use super::world::{BIRTH_DATE, INE, KEY, World, ask, enrolment, push};
use crate::context::Context;

/// INEs that are well formed and nobody's.
fn ines(count: usize) -> impl Iterator<Item = String> {
    let all = (0..100_000_000_u64).map(|number| format!("{number:09}"));
    all.flat_map(|digits| ('A'..='Z').map(move |key| format!("{digits}{key}A")))
        .filter(|ine| Ine::parse(ine).is_ok() && ine != INE)
        .take(count)
}

/// A world whose depositor may ask as fast as it likes.
fn unhurried() -> Arc<World> {
    let world = World::new();
    world.tables.change("clients", |client| {
        if client["id"]["S"] == "CLIENT#lycee" {
            client.insert(
                "quota".into(),
                dynamo(&json!({ "per_second": 10_000, "unknown_per_hour": 1_000_000 })),
            );
        }
    });
    world
}

/// The codes of a batch, and what it answered beside the values that it was given.
async fn send(context: &Api<Context>, batch: &[Value]) -> Vec<(u64, Value)> {
    let body = json!(batch).to_string();
    let told =
        ask(context, request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], body)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let results = told.json()["resultats"].as_array().unwrap().clone();
    let without_uid = |mut answer: Value| {
        answer.as_object_mut().unwrap().remove("uid");
        answer
    };
    results
        .into_iter()
        .map(|result| (result["code"].as_u64().unwrap(), without_uid(result["reponse"].clone())))
        .collect()
}

#[tokio::test]
async fn five_hundred_dates_of_one_ine_find_what_the_allowance_finds() {
    // The right date among those that are checked, right after them, and last.
    for right in [2, 3, 499] {
        let world = unhurried();
        let context = world.context();
        let start = BirthDate::parse("1998-01-01").unwrap();
        let mut day = jiff::civil::Date::strptime("%Y-%m-%d", start.expose()).unwrap();
        let mut bodies = Vec::new();
        for at in 0..500 {
            let date = if at == right { BIRTH_DATE.to_owned() } else { day.to_string() };
            bodies.push(enrolment(&json!({ "dateNaissance": date })));
            day = day.tomorrow().unwrap();
        }
        let mut answers = Vec::new();
        for lot in bodies.chunks(100) {
            answers.extend(send(&context, lot).await);
        }
        let codes: Vec<u64> = answers.iter().map(|(code, _)| *code).collect();
        let expected = |at: usize| if at == right { 200 } else { 404 };
        assert_eq!(codes[..3], (0..3).map(expected).collect::<Vec<_>>());
        let beyond = &answers[3..];
        assert!(
            beyond.iter().all(|answer| *answer == beyond[0]),
            "right or wrong, each is answered the same"
        );
        assert_eq!(beyond[0].0, 429);
        assert_eq!(
            world.records().len(),
            usize::from(right < 3),
            "what wasn't checked isn't stored"
        );
        assert!(world.log().last().unwrap()["enumeration_suspected"] == 1, "and the alarm rings");
        // One by one, it is the same.
        let told = push(&context, &enrolment(&json!({ "dateNaissance": "1970-01-01" }))).await;
        assert_eq!((told.status, told.headers.contains_key("retry-after")), (429, true));
        world.assert_nothing_personal();
    }
}

#[tokio::test]
async fn unknown_pairs_are_charged_before_they_are_checked_and_known_ones_given_back() {
    let world = unhurried();
    let context = world.context();
    for _ in 0..15 {
        assert_eq!(
            push(&context, &enrolment(&json!({}))).await.status,
            200,
            "a known pair costs nothing"
        );
    }
    let unknown: Vec<Value> = ines(30).map(|ine| enrolment(&json!({ "ine": ine }))).collect();
    let answers = send(&context, &unknown).await;
    let mut codes = BTreeMap::new();
    for (code, _) in &answers {
        *codes.entry(*code).or_insert(0) += 1;
    }
    assert_eq!(codes, BTreeMap::from([(404, 10), (429, 20)]), "ten is the floor of these tests");
    let known = push(&context, &enrolment(&json!({}))).await;
    assert_eq!(
        known.status, 429,
        "once the day's are used up, a known pair is answered like the others"
    );
    assert_eq!(known.json()["message"], answers.last().unwrap().1["message"]);
    // The same unknown pair again would have been answered, had there been room.
    assert_eq!(world.records().len(), 1);
}

#[tokio::test]
async fn an_establishment_of_many_confirmed_students_makes_more_mistakes() {
    let world = unhurried();
    {
        let tables = &world.tables;
        let today = shared::domain::academic_year::day_in_france(Timestamp::now());
        let year = shared::domain::academic_year::AcademicYear::starting_on(today);
        let year = [year.before().to_string(), year.to_string()];
        let slice = shared::feeding::record::Slice {
            uai: Uai::parse("0010814E").unwrap(),
            year: shared::domain::academic_year::AcademicYear::parse(&year[0]).unwrap(),
            digit: 0,
        };
        for number in 0..50 {
            tables.put(
                "records",
                item(&json!({
                    "id": format!("1.{number:032x}"), "slice": slice.name(), "state": "resolved",
                    "student": uuid::Uuid::from_u128(number).to_string(), "statut_ine": "CONFIRME",
                    "declaration": { "ine": INE },
                })),
            );
        }
    }
    let context = world.context();
    let unknown: Vec<Value> = ines(60).map(|ine| enrolment(&json!({ "ine": ine }))).collect();
    let answers = send(&context, &unknown).await;
    let unknown = answers.iter().filter(|(code, _)| *code == 404).count();
    assert_eq!(unknown, 40, "five in a hundred of 50 × 16 students of the year before");
}

#[tokio::test]
async fn a_new_day_has_a_new_allowance_and_what_could_not_be_asked_is_forgotten() {
    let world = World::new();
    let context = world.context();
    let own = [Uai::parse("0010006B").unwrap()];
    let now = Timestamp::now();
    let drawer = Drawer { depositor: own[0], sends_for: &own, now };
    let ine = context.statements.keys.identity.ine(&Ine::parse(INE).unwrap());
    let pair = |date: &str| PairDigest { ine: ine.clone(), date: format!("1.{date}") };
    let mut admitted = Vec::new();
    for date in ["a", "b", "a", "c", "d"] {
        admitted.push(context.statements.pairs.admit(drawer, &pair(date)).await.unwrap());
    }
    assert_eq!(
        admitted,
        [
            Admission::First,
            Admission::First,
            Admission::Again,
            Admission::First,
            Admission::Exhausted
        ]
    );
    context.statements.pairs.release(drawer, &pair("b")).await.unwrap();
    context.statements.pairs.release(drawer, &pair("b")).await.unwrap();
    assert_eq!(context.statements.pairs.admit(drawer, &pair("d")).await.unwrap(), Admission::First);
    assert_eq!(
        context.statements.pairs.admit(drawer, &pair("b")).await.unwrap(),
        Admission::Exhausted
    );
    let tomorrow = Drawer { now: now + SignedDuration::from_hours(24), ..drawer };
    assert_eq!(
        context.statements.pairs.admit(tomorrow, &pair("b")).await.unwrap(),
        Admission::First
    );
    let other = Drawer { depositor: Uai::parse("0751967F").unwrap(), ..drawer };
    assert_eq!(context.statements.pairs.admit(other, &pair("b")).await.unwrap(), Admission::First);
}

#[tokio::test]
async fn a_refused_pair_of_a_batch_may_be_sent_again_under_its_idempotency_key() {
    let world = unhurried();
    let context = world.context();
    let unknown: Vec<Value> = ines(12).map(|ine| enrolment(&json!({ "ine": ine }))).collect();
    let headers = [("x-api-key", KEY), ("idempotency-key", "k")];
    for _ in 0..2 {
        let lot = request("POST", "/api/inscription/lot", &headers, json!(unknown).to_string());
        let told = ask(&context, lot).await;
        assert_eq!((told.status, told.headers.contains_key("idempotent-replayed")), (200, false));
        // What was checked is unknown as before, and what was beyond may be checked tomorrow.
        world.tables.change("quotas", |kept| {
            if kept["subject"]["S"].as_str().unwrap().starts_with("U#") {
                kept.insert("reserved_count".into(), dynamo(&json!(0)));
            }
        });
    }
}

#[tokio::test]
async fn whatever_is_done_about_a_person_leaves_a_trace_under_the_enrolment() {
    let world = World::new();
    let context = world.context();
    let id = push(&context, &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"]
        .clone();
    let id = id.as_str().unwrap();
    let path = format!("/api/inscription/{id}");
    for method in ["GET", "DELETE"] {
        assert_eq!(
            ask(&context, request(method, &path, &[("x-api-key", KEY)], "")).await.status,
            200
        );
    }
    assert_eq!(push(&context, &enrolment(&json!({ "ine": "080890290EH" }))).await.status, 404);
    let tables = &world.tables;
    let traces = tables.items("access_log");
    let text = |trace: &fakes::dynamodb::Item, name: &str| {
        trace.get(name).map(|value| value["S"].as_str().unwrap().to_owned())
    };
    let mut told: Vec<_> =
        traces.iter().map(|trace| (text(trace, "subject"), text(trace, "action"))).collect();
    told.sort();
    let record = Some(format!("R#{id}"));
    let of = |subject: &Option<String>, action: &str| (subject.clone(), Some(action.to_owned()));
    let nobody = Some("C#lycee".to_owned());
    let student = Some("S#6f9619ff8b86d011b42d00cf4fc964ff".to_owned());
    assert_eq!(
        told,
        [
            of(&nobody, "sent"),
            of(&record, "cancelled"),
            of(&record, "read"),
            of(&record, "sent"),
            of(&student, "sent")
        ]
    );
    for trace in &traces {
        assert_eq!(text(trace, "client").as_deref(), Some("lycee"));
        assert_eq!(text(trace, "depositor").as_deref(), Some("0010006B"));
        assert!(text(trace, "by").unwrap().starts_with("lycee#"), "found from the client");
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn without_its_trace_nothing_is_told() {
    let world = World::new();
    let context = world.context();
    let id = push(&context, &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"]
        .clone();
    let path = format!("/api/inscription/{}", id.as_str().unwrap());
    let traces = || world.tables.items("access_log").len();
    let mut failed = 0;
    for call in 1..=4 {
        let before = traces();
        *world.faults.calls.lock().unwrap() = 0;
        *world.faults.next.lock().unwrap() = Some(fakes::aws::Fault::Before(call));
        let told = ask(&context, request("GET", &path, &[("x-api-key", KEY)], "")).await;
        if told.status == 200 {
            assert_eq!(traces(), before + 1, "call {call}");
        } else {
            failed += 1;
        }
    }
    assert!(failed >= 2, "the faults struck {failed} times only");
}
