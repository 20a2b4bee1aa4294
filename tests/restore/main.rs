//! Every table goes back to one instant: the same answers after as before, and what was taken back
//! since stays taken back.
//!
//! Apart from the other end-to-end tests, whose tables it would take away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails by panicking")]

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::eventually;
use tests::people::Person;
use tests::stack::Stack;
use tests::tool::Outcome;

async fn operator(stack: &Stack, arguments: &[&str]) -> Outcome {
    let outcome = stack.tool(arguments).await;
    assert!(outcome.success, "{arguments:?}: {}", outcome.errors);
    outcome
}

/// Somebody enrolled at an establishment of their own, whose status is told.
async fn enrolled(stack: &Stack) -> Person {
    let depositor = stack.depositor().await;
    let person = Person::at(&depositor.uai);
    stack.import(&depositor.uai, &[person.row()]).await;
    stack.shows(&person.ine, &[(&person.uai, "inscrit")]).await;
    person
}

/// The status of what is told of a person by INE, and their enrolments.
async fn told(stack: &Stack, person: &Person) -> (u16, Vec<(String, String)>) {
    let answer = stack.by_ine(&person.ine).await;
    (answer.status, answer.enrolments())
}

async fn is_untold(stack: &Stack, person: &Person) {
    eventually("nothing is told of them", || async {
        (told(stack, person).await.0 == 404).then_some(())
    })
    .await;
}

async fn is_refused(stack: &Stack, key: &str, person: &Person) {
    eventually("the key opens nothing", || async {
        let answer = stack.get(&format!("/api/etudiant?INE={}", person.ine), Some(key)).await;
        (answer.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_told_after_a_restore_and_what_was_taken_back_stays_so() {
    let stack = Stack::connect().await;
    let (leaves, disputed) = (enrolled(&stack).await, enrolled(&stack).await);
    let (client, _) = stack.client(|_| {}).await;
    let key = stack.key(&client, |_| {}).await;
    let before = told(&stack, &leaves).await;
    let at = Timestamp::now().to_string();
    let deployment = stack.output("students_table").trim_end_matches("-students").to_owned();

    operator(&stack, &["restore", "prepare", "--at", &at]).await;
    let again = operator(&stack, &["restore", "prepare", "--at", &at, "--json"]).await;
    let beside: Value = serde_json::from_str(&again.output).unwrap();
    assert!(beside["tables"].as_array().unwrap().len() >= 9, "{beside}");

    // What happens after that instant: an enrolment is cancelled, somebody new is enrolled, a key
    // is revoked, a student is hidden.
    let cancelled = Person { status: "annulé".into(), ..leaves.clone() };
    stack.import(&leaves.uai, &[cancelled.row()]).await;
    is_untold(&stack, &leaves).await;
    let newcomer = enrolled(&stack).await;
    let locator = shared::access::key::KeyDigest::of(&key).locator();
    operator(&stack, &["client", "revoke-key", &client.client_id, "--locator", &locator]).await;
    is_refused(&stack, &key, &leaves).await;
    let officer = stack.reviewer().await;
    let record = stack.record_of(&disputed.uai).await;
    let dispute = json!({ "inscription": record.id });
    let opened = stack.review_post(&officer, "/contestations", &dispute).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    is_untold(&stack, &disputed).await;

    let other = stack.tool(&["restore", "swap", "--at", &at, "--confirm", "another"]).await;
    assert!(!other.success && other.errors.contains(&deployment), "{}", other.errors);
    operator(&stack, &["restore", "swap", "--at", &at, "--confirm", &deployment]).await;
    assert_eq!(told(&stack, &leaves).await, before, "as it was told at that instant");
    assert_eq!(told(&stack, &newcomer).await.0, 404, "and what came later is to be sent again");

    let applied = operator(&stack, &["restore", "withdrawals", "--since", &at, "--json"]).await;
    let applied: Vec<Value> = serde_json::from_str(&applied.output).unwrap();
    let outcome = |kind: &str, name: &str, value: &str| {
        let own = applied
            .iter()
            .find(|one| one["withdrawn"]["kind"] == *kind && one["withdrawn"][name] == *value);
        own.unwrap_or_else(|| panic!("no {kind} {value}: {applied:?}"))["outcome"].clone()
    };
    assert_eq!(outcome("key", "client_id", &client.client_id), "taken back again");
    assert_eq!(outcome("student", "student", &record.student.unwrap()), "taken back again");
    is_refused(&stack, &key, &leaves).await;
    is_untold(&stack, &disputed).await;

    // Run again, it changes nothing.
    let again = operator(&stack, &["restore", "withdrawals", "--since", &at]).await;
    assert!(!again.output.contains("taken back again"), "{}", again.output);
    // And the register goes on.
    enrolled(&stack).await;
}
