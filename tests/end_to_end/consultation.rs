//! Consultation leaves a trace.

use tests::eventually;
use tests::people::Person;
use tests::stack::{Stack, UNIVERSITY};

#[tokio::test(flavor = "multi_thread")]
async fn every_consultation_is_traced_and_the_trace_names_nobody() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    stack.import(UNIVERSITY, &[person.row()]).await;
    let found = eventually("the status", || async {
        let answer = stack.by_ine(&person.ine).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(found.headers.get("cache-control").and_then(|value| value.to_str().ok()), Some("no-store"));
    let unknown = stack.by_identity(&Person::at(UNIVERSITY)).await;
    let uid = unknown.json()["uid"].as_str().unwrap().to_owned();

    let traces = stack.items("access_log_table").await;
    let text = |trace: &std::collections::HashMap<String, _>, name: &str| -> String {
        let value: Option<&aws_sdk_dynamodb::types::AttributeValue> = trace.get(name);
        value.and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
    };
    let trace = traces.iter().find(|trace| text(trace, "at").ends_with(&uid)).expect("the look-up is traced");
    assert_eq!(text(trace, "route"), "status_by_identity");
    assert_eq!(text(trace, "caller"), "DINUM - 22222222-2222-2222-2222-222222222222");
    assert_eq!(trace["found"].as_bool(), Ok(&false));
    assert!(trace["expires_at"].as_n().is_ok(), "a trace is kept for a time only");
    assert!(
        traces.iter().any(|trace| trace["found"].as_bool() == Ok(&true) && text(trace, "subject").starts_with("S#"))
    );
    let everything = format!("{traces:?}");
    for personal in [&person.ine, &person.family, &person.given] {
        assert!(!everything.contains(personal.as_str()));
    }
}
