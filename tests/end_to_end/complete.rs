//! Complete files: what they don't contain is over.

use serde_json::{Value, json};
use shared::domain::academic_year::{AcademicYear, day_in_france};
use tests::people::{Person, file, fresh_name};
use tests::stack::Stack;

/// The year of the people's enrolments.
fn year() -> i16 {
    AcademicYear::starting_on(day_in_france(jiff::Timestamp::now())).first_year()
}

fn content(people: &[Person]) -> Vec<u8> {
    file(&people.iter().map(Person::row).collect::<Vec<_>>()).into_bytes()
}

fn counts(report: &Value) -> Value {
    let complete = &report["complet"];
    json!([complete["presentes"], complete["absentes"], complete["annulees"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_file_is_tried_refused_and_confirmed() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let people: Vec<_> =
        (0..20).map(|_| Person { number: fresh_name(), ..Person::at(&depositor.uai) }).collect();
    let enrolled = [(depositor.uai.as_str(), "inscrit")];
    let complete = |more: Value| {
        let mut wish = json!({ "mode": "complet", "annee": year() });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wish
    };
    let report = stack.deposited(&depositor, &json!({}), &content(&people)).await;
    assert_eq!(report["lignes"]["acceptees"], 20, "{report}");
    for person in &people {
        stack.shows(&person.ine, &enrolled).await;
    }

    // One in twenty is missing. Tried first: it says what it would do, and does nothing.
    let report = stack
        .deposited(&depositor, &complete(json!({ "essai": true })), &content(&people[1..]))
        .await;
    assert_eq!((&report["mode"], &report["essai"]), (&json!("complet"), &json!(true)), "{report}");
    assert_eq!(counts(&report), json!([19, 1, 1]), "{report}");
    assert_eq!(stack.by_ine(&people[0].ine).await.status, 200, "a dry run changes nothing");

    let report = stack.deposited(&depositor, &complete(json!({})), &content(&people[1..])).await;
    assert_eq!(counts(&report), json!([19, 1, 1]), "{report}");
    assert_eq!(report["complet"]["uai"], json!([depositor.uai]));
    stack.shows(&people[0].ine, &[]).await;

    // Nine more are missing: nearly half. Refused, and the rows of those who are there are stored
    // all the same.
    let fewer = content(&people[10..]);
    let report = stack.deposited(&depositor, &complete(json!({})), &fewer).await;
    assert_eq!(report["etat"], "terminé", "{report}");
    assert_eq!(report["complet"]["annulees"], 0, "{report}");
    assert!(report["complet"]["refus"].is_string(), "{report}");
    assert_eq!(
        stack.by_ine(&people[5].ine).await.status,
        200,
        "nothing is cancelled by a refused file"
    );

    let report = stack.deposited(&depositor, &complete(json!({ "confirme": true })), &fewer).await;
    assert_eq!(report["complet"]["annulees"], 9, "{report}");
    for person in &people[1..10] {
        stack.shows(&person.ine, &[]).await;
    }
    for person in &people[10..] {
        stack.shows(&person.ine, &enrolled).await;
    }

    // Who comes back is enrolled again.
    stack.deposited(&depositor, &json!({}), &content(&people[..1])).await;
    stack.shows(&people[0].ine, &enrolled).await;
}
