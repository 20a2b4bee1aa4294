//! A crash between any two calls, or an answer that is lost: whoever asks again is answered, and
//! one person has one INE.

use fakes::aws::Fault;
use serde_json::json;

use super::world::{World, born_elsewhere, call, eudoxie, immatriculate};

/// Calls of one request at most, the token's included.
const MOST_CALLS: usize = 10;

fn faults() -> impl Iterator<Item = Fault> {
    (2..=MOST_CALLS).flat_map(|call| [Fault::Before(call), Fault::After(call)])
}

#[tokio::test]
async fn a_request_that_failed_anywhere_is_done_by_the_next_attempt() {
    let mut failed = 0;
    for fault in faults() {
        let world = World::empty();
        *world.faults.next.lock().unwrap() = Some(fault);
        let told = immatriculate(&world.context(), "supdata", "r1", &eudoxie()).await;
        if told.status != 200 {
            failed += 1;
            assert_eq!(
                (told.status, told.headers.contains_key("retry-after")),
                (503, true),
                "{fault:?}"
            );
        }
        *world.faults.next.lock().unwrap() = None;
        let again = immatriculate(&world.context(), "supdata", "r1", &eudoxie()).await;
        assert_eq!(
            (again.status, &again.json()["attribue"]),
            (200, &true.into()),
            "{fault:?}: {}",
            again.text
        );
        assert_eq!(world.registrations(), 1, "{fault:?}");
        world.assert_nothing_personal();
    }
    assert!(failed >= 6, "the faults struck {failed} times only");
}

#[tokio::test]
async fn a_decision_that_failed_anywhere_is_made_by_the_next_attempt() {
    let mut failed = 0;
    for fault in faults() {
        let world = World::new();
        let told = immatriculate(&world.context(), "supdata", "r1", &born_elsewhere()).await;
        let path = format!("/demandes/{}/decision", told.json()["idDemande"].as_str().unwrap());
        let decision = json!({ "decision": "NOUVEAU" });
        *world.faults.calls.lock().unwrap() = 0;
        *world.faults.next.lock().unwrap() = Some(fault);
        let decided = call(&world.context(), "agents", "POST", &path, &decision).await;
        failed += usize::from(decided.status != 200);
        *world.faults.next.lock().unwrap() = None;
        let again = call(&world.context(), "agents", "POST", &path, &decision).await;
        assert_eq!(
            (again.status, &again.json()["attribue"]),
            (200, &true.into()),
            "{fault:?}: {}",
            again.text
        );
        assert_eq!(world.registrations(), 2, "{fault:?}");
    }
    assert!(failed >= 6, "the faults struck {failed} times only");
}

#[tokio::test]
async fn nothing_is_told_without_a_trace() {
    let world = World::new();
    let context = world.context();
    // The client, the token's and the question's, is remembered: the second call is the blocks',
    // the fourth the trace.
    *world.faults.next.lock().unwrap() = Some(Fault::Before(4));
    let told = call(&context, "supdata", "POST", "/recherche", &eudoxie()).await;
    assert_eq!(
        (told.status, told.text.contains("ineMaitre"), world.traces().len()),
        (503, false, 0)
    );
}
