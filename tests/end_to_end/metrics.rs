//! What each request leaves in the log: one line, which is the metrics as well, and nothing
//! personal in it.

use serde_json::{Value, json};
use shared::access::scope::Scopes;
use tests::eventually;
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};
use ureq::http::Method;

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_one_line_of_metrics() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|_| {}).await;
    let id = Some(client.client_id.as_str());
    let nobody = fresh_ine();
    let (_, scopeless) = stack.client(|client| client.scopes = Scopes::NONE).await;
    let key = stack.key(&client, |_| {}).await;
    for (answer, client, route, outcome) in [
        (stack.direct_by_ine(&nobody, &token).await, id, "direct_by_ine", "not_found"),
        (stack.batch(&[json!({ "ine": nobody }), json!({})], &token).await, id, "batch", "found"),
        (stack.direct("ine", &token).await, id, "direct_by_ine", "invalid"),
        (stack.direct("ine", "garbage").await, None, "direct_by_ine", "unauthenticated"),
        (stack.direct("ine", &scopeless).await, None, "direct_by_ine", "forbidden"),
        (
            stack.get(&format!("/api/etudiant?INE={nobody}"), Some(&key)).await,
            id,
            "status_by_ine",
            "not_found",
        ),
        (stack.get("/ping", None).await, None, "ping", "found"),
        (stack.get("/nowhere", None).await, None, "unknown", "no_such_path"),
        (stack.call(Method::PUT, "/ping").send().await, None, "unknown", "method_not_allowed"),
    ] {
        let line = stack.metrics(&answer, client).await;
        assert_eq!((&line["route"], &line["outcome"]), (&route.into(), &outcome.into()), "{line}");
        assert_eq!(
            (&line["status"], &line["requests"]),
            (&answer.status.into(), &1.into()),
            "{line}"
        );
        assert!(
            line["request_id"].as_str().is_some_and(|id| id.len() == 36),
            "Lambda's own: {line}"
        );
        assert!(line["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0), "{line}");
        assert!([0, 1].map(Value::from).contains(&line["cold_starts"]), "{line}");
        let flags =
            ["server_errors", "refused_quota", "enumeration_suspected", "france_connect_failures"];
        assert!(flags.iter().all(|flag| line[flag] == 0), "{line}");
        let text = line.to_string();
        assert!(
            !text.contains(&nobody) && !text.contains(&token) && !text.contains(&key),
            "{text}"
        );
        assert_eq!(
            line["people"],
            if route == "batch" { 2 } else { u64::from(outcome == "not_found") },
            "{line}"
        );
        let names = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        let is_metric = |name: &str| names.iter().any(|metric| metric["Name"] == name);
        assert!(
            is_metric("duration_ms") && is_metric("cold_starts") && !is_metric("status"),
            "{line}"
        );
    }

    // Some instance was the first to answer.
    let group = stack.log_groups()["status"].clone();
    eventually("a cold start", || async {
        let lines = stack.log_lines_with(&group, "cold_starts").await;
        lines.iter().any(|line| line.contains("\"cold_starts\":1")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_france_connect_is_counted() {
    let stack = Stack::connect().await;
    let (_, provider) = stack.service_provider(|_| {}).await;
    let nobody = Person::at(UNIVERSITY);
    for (behaviour, failures) in [("down", 1), ("garbage", 1), ("inactive", 0)] {
        let token =
            stack.france_connect_token(&provider, &nobody, json!({ "behaviour": behaviour })).await;
        let answer = stack.france_connect(&token).await;
        let line = stack.metrics(&answer, None).await;
        assert_eq!(
            (&line["france_connect_failures"], &line["route"]),
            (&failures.into(), &"france_connect".into())
        );
        assert_eq!(line["server_errors"], failures, "{line}");
    }
}
