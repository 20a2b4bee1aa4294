//! A crash between any two calls, or an answer that is lost: whoever sends again finds it done
//! once.

use std::collections::BTreeSet;

use fakes::aws::{Fault, dynamo, item};
use fakes::gateway::request;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::world::{KEY, World, ask, enrolment, push, push_once, tick};

/// Calls of one request at most.
const MOST_CALLS: usize = 16;

fn faults() -> impl Iterator<Item = Fault> {
    (1..=MOST_CALLS).flat_map(|call| [Fault::Before(call), Fault::After(call)])
}

/// Every record that waits has a pointer.
fn assert_no_record_is_forgotten(world: &World, fault: Fault) {
    let sent: BTreeSet<String> = world.queue.bodies().iter().cloned().collect();
    for record in world.records() {
        let pointer = json!({ "record": record["id"]["S"] }).to_string();
        assert!(sent.contains(&pointer), "{fault:?}: a record waits without a pointer");
    }
}

#[tokio::test]
async fn a_request_that_failed_anywhere_is_done_by_the_next_attempt() {
    let mut failed = 0;
    for fault in faults() {
        for key in [None, Some("k1")] {
            let world = World::new();
            *world.faults.next.lock().unwrap() = Some(fault);
            let body = enrolment(&json!({}));
            let told = match key {
                Some(key) => push_once(&world.context(), key, &body).await,
                None => push(&world.context(), &body).await,
            };
            if told.status != 200 {
                failed += 1;
                assert_eq!(
                    (told.status, &told.json()["message"]),
                    (500, &"erreur serveur interne".into()),
                    "{fault:?}"
                );
                assert_eq!(told.json()["details"]["parameter"], "");
                assert!(told.headers.contains_key("retry-after"));
                *world.faults.next.lock().unwrap() = None;
                // A key whose release was lost, too, is free once no invocation can be at it any
                // more.
                world.tables.change("idempotency", |item| {
                    item.insert("in_progress_until".into(), dynamo(&json!(0)));
                });
                let again = match key {
                    Some(key) => push_once(&world.context(), key, &body).await,
                    None => push(&world.context(), &body).await,
                };
                assert_eq!(again.status, 200, "{fault:?}: {}", again.text);
            }
            assert_eq!(world.records().len(), 1, "{fault:?}");
            assert_no_record_is_forgotten(&world, fault);
            world.assert_nothing_personal();
        }
    }
    assert!(failed > 20, "the faults struck {failed} times only");
}

#[tokio::test]
async fn a_late_retry_does_not_override_what_was_said_since() {
    for fault in faults() {
        let world = World::new();
        *world.faults.next.lock().unwrap() = Some(fault);
        let old = enrolment(&json!({ "statut": "admis" }));
        let failed = push_once(&world.context(), "k1", &old).await.status != 200;
        *world.faults.next.lock().unwrap() = None;
        // Without its key in the table the first attempt is as if it had never been.
        let begun = !world.tables.items("idempotency").is_empty();
        if !(failed && begun) {
            continue;
        }
        tick();
        assert_eq!(push(&world.context(), &enrolment(&json!({}))).await.status, 200);
        tick();
        world.tables.change("idempotency", |item| {
            item.insert("in_progress_until".into(), dynamo(&json!(0)));
        });
        let late = push_once(&world.context(), "k1", &old).await;
        assert_eq!(
            (late.status, &late.json()["inscription"]["statut"]),
            (200, &"admis".into()),
            "acknowledged"
        );
        let stored = &world.records()[0]["declaration"]["M"]["inscription"]["M"]["statut"];
        assert_eq!(*stored, dynamo(&json!("inscrit")), "{fault:?}: and ignored");
    }
}

/// The horizon is the only trace of a complete file that left the record alone.
#[tokio::test]
async fn a_late_retry_does_not_override_what_a_complete_file_said_again() {
    let version = |digit: &str| json!(format!("{}.0.import.0000000000", digit.repeat(13)));
    let status = |world: &World| {
        world.records()[0]["declaration"]["M"]["inscription"]["M"]["statut"].clone()
    };
    let [old, new] = ["admis", "inscrit"].map(|statut| dynamo(&json!(statut)));
    let mut tried = 0;
    for fault in faults() {
        for (horizon, broken, expected) in [
            ("9", None, &new),
            // Its row about this enrolment was broken: what is older may still be said.
            ("9", Some("9"), &old),
            ("0", None, &old),
        ] {
            let world = World::new();
            assert_eq!(push(&world.context(), &enrolment(&json!({}))).await.status, 200);
            *world.faults.calls.lock().unwrap() = 0;
            *world.faults.next.lock().unwrap() = Some(fault);
            let body = enrolment(&json!({ "statut": "admis" }));
            let failed = push_once(&world.context(), "k1", &body).await.status != 200;
            *world.faults.next.lock().unwrap() = None;
            let begun = !world.tables.items("idempotency").is_empty();
            if !(failed && begun && status(&world) == new) {
                continue;
            }
            tried += 1;
            world.tables.change("records", |record| {
                record.insert("version".into(), dynamo(&version("0")));
                if let Some(broken) = broken {
                    record.insert("seen".into(), dynamo(&version(broken)));
                }
            });
            let feed = json!({
                "id": "COMPLETE#0010006B#2026", "version": version(horizon), "arrivals": 1,
            });
            world.tables.put("imports", item(&feed));
            world.tables.change("idempotency", |item| {
                let an_hour_ago = Timestamp::now().as_millisecond() - 3_600_000;
                item.insert("in_progress_until".into(), dynamo(&json!(0)));
                item.insert("since".into(), dynamo(&json!(an_hour_ago)));
            });
            let late = push_once(&world.context(), "k1", &body).await;
            assert_eq!(late.status, 200, "acknowledged");
            assert_eq!(status(&world), *expected, "{fault:?}, {horizon}, {broken:?}");
            let feed = &world.tables.items("imports")[0];
            assert_eq!(feed["arrivals"], dynamo(&json!(2)), "who leaves alone is disturbed");
        }
    }
    assert!(tried > 0, "nothing was said late");
}

#[tokio::test]
async fn a_batch_that_failed_anywhere_is_done_by_the_next_attempt() {
    let batch: Vec<Value> =
        ["a", "b", "c"].map(|diploma| enrolment(&json!({ "diplome": diploma }))).into();
    let send = || {
        request(
            "POST",
            "/api/inscription/lot",
            &[("x-api-key", KEY), ("idempotency-key", "k")],
            json!(batch).to_string(),
        )
    };
    for fault in faults() {
        let world = World::new();
        *world.faults.next.lock().unwrap() = Some(fault);
        if ask(&world.context(), send()).await.status != 200 {
            *world.faults.next.lock().unwrap() = None;
            world.tables.change("idempotency", |item| {
                item.insert("in_progress_until".into(), dynamo(&json!(0)));
            });
            assert_eq!(ask(&world.context(), send()).await.status, 200, "{fault:?}");
        }
        assert_eq!(world.records().len(), 3, "{fault:?}");
        assert_no_record_is_forgotten(&world, fault);
    }
}

#[tokio::test]
async fn a_cancellation_that_failed_anywhere_is_done_by_the_next_attempt() {
    for fault in faults() {
        let world = World::new();
        let id = push(&world.context(), &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"].clone();
        let path = format!("/api/inscription/{}", id.as_str().unwrap());
        world.tables.change("records", |record| {
            record.insert("state".into(), dynamo(&json!("resolved")));
        });
        world.queue.drain();
        *world.faults.calls.lock().unwrap() = 0;
        *world.faults.next.lock().unwrap() = Some(fault);
        let cancel = || request("DELETE", &path, &[("x-api-key", KEY)], "");
        if ask(&world.context(), cancel()).await.status != 200 {
            *world.faults.next.lock().unwrap() = None;
            assert_eq!(ask(&world.context(), cancel()).await.status, 200, "{fault:?}");
        }
        assert_eq!(
            world.records()[0]["declaration"]["M"]["inscription"]["M"]["statut"],
            dynamo(&json!("annulé"))
        );
        assert_no_record_is_forgotten(&world, fault);
    }
}
