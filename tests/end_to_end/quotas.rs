//! How much a client may ask, whatever the number of instances that answer it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use shared::access::client::Quota;
use tests::clients::per;
use tests::http::{HttpAnswer, query};
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};
use ureq::http::Method;

use crate::golden::golden;
use crate::population::population;

/// A quota of so many a second, whatever nobody knows.
fn quota(per_second: u32) -> Quota {
    Quota { per_second: per(per_second), per_caller: None, unknown_per_hour: per(1_000_000) }
}

/// Asks until there is a refusal.
async fn until_refused(mut ask: impl AsyncFnMut() -> HttpAnswer) -> HttpAnswer {
    for _ in 0..200 {
        let answer = ask().await;
        if answer.status == 429 {
            return answer;
        }
        assert_eq!(answer.status, 404, "{}", answer.text);
    }
    panic!("never refused");
}

fn retry_after(answer: &HttpAnswer) -> u64 {
    answer.header("retry-after").parse().unwrap_or_else(|_| panic!("no Retry-After: {answer:?}"))
}

/// How many got an answer rather than a refusal.
fn served(answers: &[HttpAnswer]) -> usize {
    assert!(answers.iter().all(|answer| [200, 404, 429].contains(&answer.status)), "{answers:?}");
    answers.iter().filter(|answer| answer.status != 429).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_a_second_is_refused_the_second_and_served_after_the_delay() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|client| client.quota = quota(1)).await;
    let refused = until_refused(async || stack.direct_by_ine(&fresh_ine(), &token).await).await;
    golden("direct_too_many_requests", &refused, &[]);
    let number = |name: &str| refused.header(name).parse::<u64>().unwrap();
    assert_eq!((number("ratelimit-limit"), number("ratelimit-remaining")), (1, 0));
    assert!(
        number("ratelimit-reset")
            >= u64::try_from(jiff::Timestamp::now().as_second()).unwrap() - 60
    );
    assert_eq!(refused.json()["errors"][0]["meta"]["retry_in"], retry_after(&refused));
    assert!(stack.traces(&refused, &client.client_id).await.is_empty(), "nobody was told anything");
    let metrics = stack.metrics(&refused, Some(&client.client_id)).await;
    assert_eq!(
        (&metrics["refused_quota"], &metrics["outcome"]),
        (&1.into(), &"too_many_requests".into())
    );
    tokio::time::sleep(Duration::from_secs(retry_after(&refused))).await;
    assert_eq!(stack.direct_by_ine(&fresh_ine(), &token).await.status, 404, "served again");

    // The upstream contract counts alike, in its own words.
    let key = stack.key(&client, |_| {}).await;
    let by_ine =
        async || stack.get(&format!("/api/etudiant?INE={}", fresh_ine()), Some(&key)).await;
    let refused = until_refused(by_ine).await;
    golden("by_ine_too_many_requests", &refused, &[]);
    tokio::time::sleep(Duration::from_secs(retry_after(&refused))).await;
    assert_eq!(by_ine().await.status, 404, "served again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_told() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|client| client.quota = quota(20)).await;
    let first = stack.direct_by_ine(&fresh_ine(), &token).await;
    assert_eq!(
        (first.header("ratelimit-limit"), first.header("ratelimit-remaining")),
        ("20", "19")
    );
    assert_eq!(first.header("retry-after"), "");
    let (_, token) = stack.client(|client| client.quota = quota(20)).await;
    let lines: Vec<_> = (0..7).map(|_| json!({ "ine": fresh_ine() })).collect();
    assert_eq!(
        stack.batch(&lines, &token).await.header("ratelimit-remaining"),
        "13",
        "a batch is its people"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_relayed_has_a_quota_of_its_own() {
    let stack = Stack::connect().await;
    let relaying = Quota { per_caller: Some(per(1)), ..quota(1_000) };
    let (client, token) = stack.client(|client| client.quota = relaying).await;
    let key = stack.key(&client, |_| {}).await;
    let by_token = async |caller: &str| {
        let query = query([("ine", fresh_ine().as_str()), ("recipient", tests::http::RECIPIENT)]);
        let path = format!("/v3/mesri/statut_etudiant/ine?{query}");
        stack.call(Method::GET, &path).bearer(&token).caller(caller).send().await
    };
    let by_key = async |caller: &str| {
        stack
            .call(Method::GET, &format!("/api/etudiant?INE={}", fresh_ine()))
            .key(&key)
            .caller(caller)
            .send()
            .await
    };
    for caller in ["DINUM - 1", "DINUM - 2", "Ville de Nantes"] {
        let refused = until_refused(async || by_token(caller).await).await;
        assert_eq!(refused.header("ratelimit-limit"), "1", "{caller}");
        assert_eq!(
            by_token(&format!("{caller} bis")).await.status,
            404,
            "another caller is not concerned"
        );
        assert_eq!(by_key(&format!("{caller} ter")).await.status, 404, "nor with a key");
    }
    until_refused(async || by_key("DINUM - 1").await).await;
    until_refused(async || stack.direct_by_ine(&fresh_ine(), &token).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_let_through_no_more_than_one_would() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|client| client.quota = quota(5)).await;
    for _ in 0..2 {
        let started = Instant::now();
        let asked: Vec<_> = (0..40).map(|_| fresh_ine()).collect();
        let answers = join_all(asked.iter().map(|ine| stack.direct_by_ine(ine, &token))).await;
        // One bucket, and what refills it meanwhile.
        let most = 5.0 + started.elapsed().as_secs_f64() * 5.0 + 1.0;
        let served = served(&answers);
        assert!((1..40).contains(&served), "{served} of 40");
        assert!(
            f64::from(u32::try_from(served).unwrap()) <= most,
            "{served} of 40, {most:.1} at most"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_are_relayed_share_their_clients_quota() {
    let stack = Stack::connect().await;
    let relaying = Quota { per_caller: Some(per(5)), ..quota(5) };
    let (_, token) = stack.client(|client| client.quota = relaying).await;
    let path = format!(
        "/v3/mesri/statut_etudiant/ine?ine={}&recipient={}",
        fresh_ine(),
        tests::http::RECIPIENT
    );
    let started = Instant::now();
    let ask = |caller: u32| {
        stack.call(Method::GET, &path).bearer(&token).caller(&format!("DINUM - {caller}")).send()
    };
    let served = served(&join_all((0..40).map(ask)).await);
    let most = 5.0 + started.elapsed().as_secs_f64() * 5.0 + 1.0;
    assert!(f64::from(u32::try_from(served).unwrap()) <= most, "{served} of 40, {most:.1} at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_quota_is_not_used_up_by_a_few_calls_on_many_instances() {
    let stack = Stack::connect().await;
    let (_, token) = stack.client(|client| client.quota = quota(1_000)).await;
    let asked: Vec<_> = (0..40).map(|_| fresh_ine()).collect();
    let answers = join_all(asked.iter().map(|ine| stack.direct_by_ine(ine, &token))).await;
    assert_eq!(served(&answers), 40, "of 40, with 1,000 a second allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_counts_its_people() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|client| client.quota = quota(20)).await;
    let lines: Vec<_> = (0..100).map(|_| json!({ "ine": fresh_ine() })).collect();
    let started = Instant::now();
    let batch = stack.batch(&lines, &token).await;
    assert_eq!(
        (batch.status, batch.header("ratelimit-remaining")),
        (200, "0"),
        "let in, and paid for: {}",
        batch.text
    );
    let single = stack.direct_by_ine(&fresh_ine(), &token).await;
    let again = stack.batch(&lines[..1], &token).await;
    let elapsed = started.elapsed();
    // A hundred take five seconds, and the last second of them may be owed.
    if elapsed < Duration::from_secs(4) {
        for refused in [&single, &again] {
            assert_eq!(refused.refusal(), "429 00429");
            assert!(
                (5 - elapsed.as_secs() - 1..=5).contains(&retry_after(refused)),
                "{refused:?} after {elapsed:?}"
            );
        }
        assert_eq!(
            stack.traces(&again, &client.client_id).await,
            Vec::new(),
            "a refused batch is about nobody: {again:?}"
        );
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(stack.direct_by_ine(&fresh_ine(), &token).await.status, 404, "served again");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tries_numbers_out_is_slowed_down() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    // Sixty an hour: ten at once.
    let wary = Quota { unknown_per_hour: per(60), ..quota(20) };
    let (client, token) = stack.client(|client| client.quota = wary).await;
    // Four at once, with a pause: at 20 a second there is always room for them.
    let round = async || {
        let answers = join_all((0..4).map(|_| stack.direct_by_ine(&student.ine, &token))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        served(&answers)
    };
    for _ in 0..10 {
        assert_eq!(round().await, 4, "who asks about students is served");
    }

    let mut answers = Vec::new();
    for _ in 0..12 {
        let answer = stack.direct_by_ine(&fresh_ine(), &token).await;
        if answer.status == 404 {
            answers.push(answer);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answers.len() >= 11, "slowed down too early: {answers:?}");
    let id = Some(client.client_id.as_str());
    let suspected = async |answer: &HttpAnswer| {
        stack.metrics(answer, id).await["enumeration_suspected"].clone()
    };
    assert_eq!(suspected(&answers[0]).await, 0);
    assert_eq!(
        suspected(answers.last().unwrap()).await,
        1,
        "eleven nobodies are one more than ten"
    );

    let mut refused = false;
    for _ in 0..50 {
        refused |= round().await < 4;
        if refused {
            break;
        }
    }
    assert!(refused, "a tenth of the speed is left, and this one isn't refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_nobodies_is_suspect_and_people_of_france_connect_are_not() {
    let stack = Stack::connect().await;
    let wary = Quota { unknown_per_hour: per(60), ..quota(1_000) };
    let (client, token) = stack.client(|client| client.quota = wary).await;
    let lines: Vec<_> = (0..20).map(|_| json!({ "ine": fresh_ine() })).collect();
    let metrics = stack.metrics(&stack.batch(&lines, &token).await, Some(&client.client_id)).await;
    assert_eq!(
        (&metrics["enumeration_suspected"], &metrics["people"]),
        (&1.into(), &20.into()),
        "{metrics}"
    );

    let (client, provider) = stack.service_provider(|client| client.quota = wary).await;
    let mut last = None;
    for _ in 0..12 {
        let token = stack.france_connect_token(&provider, &Person::at(UNIVERSITY), json!({})).await;
        let answer = stack.france_connect(&token).await;
        assert_eq!(answer.refusal(), "404 25003");
        last = Some(answer);
    }
    let metrics = stack.metrics(&last.unwrap(), Some(&client.client_id)).await;
    assert_eq!(
        metrics["enumeration_suspected"], 0,
        "whom FranceConnect names can't be made up: {metrics}"
    );
}
