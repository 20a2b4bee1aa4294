//! Counts, step by step, over tables, a bucket and a queue of this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fakes::aws::{Call, Fault, Faults, Response, item};
use fakes::dynamodb::Tables;
use fakes::s3::{Buckets, Pieces};
use fakes::sqs::Queues;
use serde_json::json;
use shared::identity::student::StudentId;

use super::*;
use crate::context::tests::context;

/// What the tests' counts are of.
const UNIVERSITY: &str = "0751967F";

#[derive(Default)]
struct World {
    tables: Tables,
    queue: Queues,
    buckets: Buckets,
    faults: Faults,
}

impl World {
    /// With a university of 40 women and 30 men, and a student of whom nothing may be told.
    fn new() -> Arc<Self> {
        let world = Self::default();
        world.tables.put(
            "establishments",
            item(&json!({
                "uai": UNIVERSITY, "name": "Université", "kind": "universite", "commune": "75113",
                "postal_code": "75013", "sends_for": [UNIVERSITY], "regime_codes": {}, "status_codes": {},
            })),
        );
        let today = day_in_france(Timestamp::now());
        let year = shared::domain::academic_year::AcademicYear::starting_on(today).first_year();
        world.enrol(year, 40, "2");
        world.enrol(year, 30, "1");
        world.student(&json!({}));
        Arc::new(world)
    }

    /// Enrols this many students of a sex in the university.
    fn enrol(&self, year: i16, students: usize, sex: &str) {
        for _ in 0..students {
            let enrolment = json!({
                "dateDebut": format!("{year}-09-01"), "dateFin": format!("{}-08-31", year + 1),
                "statut": "inscrit", "regime": "RF1", "codeCommune": "75113", "uai": UNIVERSITY,
                "nomEtablissement": "Université", "cursus": "L",
            });
            self.student(&json!({
                "answer": { "inscriptions": [enrolment] },
                "stat": { "sexe": sex, "naissance": year - 20, "lieu": "france" },
            }));
        }
    }

    fn student(&self, attributes: &Value) {
        let mut student = attributes.clone();
        student["pk"] = format!("S#{}", StudentId::random()).into();
        student["sk"] = "STUDENT".into();
        self.tables.put("students", item(&student));
    }

    fn answer(&self, call: &Call) -> Response {
        self.faults.answer(call, || match call.service.as_str() {
            "AmazonSQS" => self.queue.call(call),
            "s3" => self.buckets.call(call, Timestamp::now(), |bytes| Pieces::new([Ok(bytes)])),
            _ => self.tables.call(&call.operation, &call.text),
        })
    }

    fn context(self: &Arc<Self>) -> Context {
        let answering = Arc::clone(self);
        context(&fakes::aws::config(move |call| answering.answer(call)))
    }

    /// The JSON of an object.
    fn object(&self, key: &str) -> Value {
        let object = self.buckets.get("statistics", key, "").unwrap_or_else(|| panic!("no {key}"));
        serde_json::from_slice(&object.bytes).unwrap()
    }
}

fn invocation(request: &str) -> Invocation {
    let killed_at = Instant::now() + Duration::from_mins(15);
    Invocation { request: request.to_owned(), killed_at }
}

async fn begin(context: &Context, request: &str, order: Value) -> CountId {
    let asked = Asked::read(order).unwrap();
    match handle(context, asked, &invocation(request)).await.unwrap() {
        Answer::Begun(begun) => begun.count,
        other => panic!("{other:?}"),
    }
}

/// Delivers a message, and says whether it was done with.
async fn deliver(context: &Context, body: &str) -> bool {
    let event = json!({ "Records": [{ "messageId": "1", "body": body }] });
    let asked = Asked::read(event).unwrap();
    match handle(context, asked, &invocation("delivery")).await.unwrap() {
        Answer::Tasks(response) => response.batch_item_failures.is_empty(),
        other => panic!("{other:?}"),
    }
}

/// Delivers what was sent, each message `times` over, until nothing more is sent.
async fn deliver_all(world: &Arc<World>, context: &Context, times: usize) {
    loop {
        let sent = world.queue.drain();
        if sent.is_empty() {
            return;
        }
        for message in sent {
            for _ in 0..times {
                assert!(deliver(context, &message.body).await, "{}", message.body);
            }
        }
    }
}

async fn outcome(context: &Context, id: &CountId) -> Option<Outcome> {
    let asked = Asked::Follow(id.clone());
    match handle(context, asked, &invocation("follow")).await.unwrap() {
        Answer::Progress(progress) => progress.outcome,
        other => panic!("{other:?}"),
    }
}

/// The students of the university, as the tables of a count have them.
async fn students(world: &World, context: &Context, id: &CountId) -> Value {
    let Some(Outcome::Published(published)) = outcome(context, id).await else {
        panic!("there are no files")
    };
    let rows = world.object(&format!("{}etablissement.json", published.prefix));
    let total = rows.as_array().unwrap().iter().find(|row| row["cursus"] == "ensemble").cloned();
    total.unwrap()["effectif"].clone()
}

#[tokio::test]
async fn a_day_is_counted_in_parts_whatever_comes_twice() {
    let world = World::new();
    let context = world.context();
    let id = begin(&context, "order", json!({})).await;
    assert_eq!(world.queue.bodies().len(), 12, "four parts of three tables");
    assert_eq!(outcome(&context, &id).await, None);
    deliver_all(&world, &context, 2).await;
    assert_eq!(students(&world, &context, &id).await, 70);
    let observed =
        world.object(&format!("interne/{}/observations.json", day_in_france(Timestamp::now())));
    assert_eq!((&observed["etudiants"], &observed["enAttente"]), (&json!(70), &json!(1)));

    // The same order again is the same count, which has ended: nothing is asked for.
    assert_eq!(begin(&context, "order", json!({})).await, id);
    assert!(world.queue.bodies().is_empty());
    // Another order counts anew.
    let other = begin(&context, "another", json!({})).await;
    assert_ne!(other, id);
    assert_eq!(world.queue.drain().len(), 12);
}

#[tokio::test]
async fn whoever_dies_at_any_call_is_made_good_by_the_next_delivery() {
    for after in [false, true] {
        for dying in 1.. {
            let world = World::new();
            let context = world.context();
            let id = begin(&context, "order", json!({})).await;
            let mut left = world.queue.drain();
            *world.faults.calls.lock().unwrap() = 0;
            let fault = if after { Fault::After(dying) } else { Fault::Before(dying) };
            *world.faults.next.lock().unwrap() = Some(fault);
            let mut died = false;
            while let Some(message) = left.pop() {
                let done = deliver(&context, &message.body).await;
                died |= !done;
                if !done {
                    left.push(message);
                }
                left.extend(world.queue.drain());
            }
            *world.faults.next.lock().unwrap() = None;
            assert_eq!(students(&world, &context, &id).await, 70, "call {dying}, after: {after}");
            if !died {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_snapshot_that_was_frozen_before_it_could_be_said_is_that_counts() {
    let world = World::new();
    let context = world.context();
    let today = day_in_france(Timestamp::now()).to_string();
    let id = begin(&context, "freeze", json!({ "geler": today })).await;
    let tasks = world.queue.bodies();
    assert_eq!(tasks.len(), 4, "a snapshot is made of the students alone");
    deliver_all(&world, &context, 1).await;
    let first = outcome(&context, &id).await.unwrap();
    let Outcome::Published(published) = &first else { panic!("{first:?}") };
    assert_eq!(published.files.last().unwrap(), "manifeste.json");

    // It died between the manifest and its last word.
    world.buckets.remove("statistics", &format!("interne/comptages/{id}/issue.json"));
    assert!(deliver(&context, &json!({ "comptage": id }).to_string()).await);
    assert_eq!(outcome(&context, &id).await, Some(first));

    // Another count of the day is refused: at once, or when it comes second.
    let order = Asked::read(json!({ "geler": today })).unwrap();
    let refused = handle(&context, order, &invocation("second")).await;
    assert!(matches!(refused, Err(StatisticsError::Frozen(_))), "{refused:?}");
}

/// What is in the bucket of a day, as if the day were another one.
fn redate(world: &World, from: Date, to: Date) {
    for prefix in ["snapshots/", "interne/parcours/"] {
        let (from, to) = (format!("{prefix}{from}/"), format!("{prefix}{to}/"));
        for key in world.buckets.keys("statistics", &from) {
            let object = world.buckets.get("statistics", &key, "").unwrap();
            world.buckets.put("statistics", &key.replacen(&from, &to, 1), "", object);
            world.buckets.remove("statistics", &key);
        }
    }
}

#[tokio::test]
async fn a_snapshot_tells_who_came_and_left_since_the_one_before() {
    let world = World::new();
    let context = world.context();
    let today = day_in_france(Timestamp::now());
    begin(&context, "first", json!({ "geler": today })).await;
    deliver_all(&world, &context, 1).await;
    redate(&world, today, today.yesterday().unwrap());
    let mut students = world.tables.items("students");
    students
        .retain(|student| student.get("stat").is_some_and(|stat| stat["M"]["sexe"]["S"] == "2"));
    for student in students.iter().take(25) {
        world.tables.delete("students", student);
    }
    let year = shared::domain::academic_year::AcademicYear::starting_on(today).first_year();
    // So many of each kind that no count has changed by few.
    world.enrol(year, 50, "1");

    // Where students were is kept once the snapshot is there: whoever died before keeps it again.
    let id = begin(&context, "second", json!({ "geler": today })).await;
    let last = world.queue.drain();
    for message in &last {
        assert!(deliver(&context, &message.body).await);
    }
    let assembly = world.queue.drain().pop().unwrap();
    for dying in 1.. {
        *world.faults.calls.lock().unwrap() = 0;
        *world.faults.next.lock().unwrap() = Some(Fault::After(dying));
        if deliver(&context, &assembly.body).await {
            break;
        }
    }
    *world.faults.next.lock().unwrap() = None;
    assert!(matches!(outcome(&context, &id).await, Some(Outcome::Published(_))));
    let flows = world.object(&format!("snapshots/{today}/flux.json"));
    let country: BTreeMap<String, Value> = flows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["academie"] == "ensemble")
        .map(|row| (row["flux"].as_str().unwrap().to_owned(), row["effectif"].clone()))
        .collect();
    assert_eq!(
        serde_json::to_value(country).unwrap(),
        json!({ "nouveau": 50, "parti": 25, "reste": 45, "venu": 0 })
    );
    let kept = world.object(&format!("interne/parcours/{today}/academies.json"));
    assert_eq!(kept, json!(["A01"]));
}

#[test]
fn what_is_no_order_is_refused() {
    for (event, expected) in [
        (json!({}), Some(None)),
        (json!("tick"), Some(None)),
        (json!({"geler": "2027-01-15"}), Some(Some("2027-01-15"))),
        (json!({"geler": "15/01/2027"}), None),
        (json!({"geler": "2027-01-15", "suivre": "a"}), None),
        (json!({"suivre": "../snapshots"}), None),
    ] {
        let order = match Asked::read(event.clone()) {
            Ok(Asked::Order(order)) => Some(order.freeze.map(|date| date.to_string())),
            Ok(other) => panic!("{other:?}"),
            Err(_) => None,
        };
        let expected = expected.map(|date| date.map(str::to_owned));
        assert_eq!(order, expected, "{event}");
    }
}
