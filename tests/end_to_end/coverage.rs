//! Coverage: when each establishment was last fed, told to anybody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tests::eventually;
use tests::http::HttpAnswer;
use tests::people::Person;
use tests::stack::{QUIET_UNIVERSITY, Stack};
use ureq::http::Method;

use crate::golden::golden;

const COVERAGE: &str = "/v3/mesri/statut_etudiant/couverture";

async fn coverage(stack: &Stack, query: &str) -> HttpAnswer {
    stack.call(Method::GET, &format!("{COVERAGE}{query}")).send().await
}

async fn last_feed(stack: &Stack, uai: &str) -> Option<Timestamp> {
    let answer = coverage(stack, &format!("?uai={uai}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"][0]["derniere_alimentation"].as_str().map(|time| time.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_import_moves_the_last_feed_and_a_rejected_one_does_not() {
    let stack = Stack::connect().await;
    let before = last_feed(&stack, QUIET_UNIVERSITY).await;
    let broken = Person { birth: "2005-02-30".into(), ..Person::at(QUIET_UNIVERSITY) };
    let report = stack.import(QUIET_UNIVERSITY, &[broken.row()]).await;
    assert_eq!(report["lignes"]["acceptees"], 0, "{report}");
    assert_eq!(last_feed(&stack, QUIET_UNIVERSITY).await, before, "nothing was accepted");

    // Told to the second.
    let dropped_at = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    stack.import(QUIET_UNIVERSITY, &[Person::at(QUIET_UNIVERSITY).row()]).await;
    let after = eventually("the last feed moves", || async {
        last_feed(&stack, QUIET_UNIVERSITY).await.filter(|after| Some(*after) != before)
    })
    .await;
    assert!(after >= dropped_at && after <= Timestamp::now(), "{dropped_at} {after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_is_told_and_may_keep_it_for_a_while() {
    let stack = Stack::connect().await;
    let one = coverage(&stack, &format!("?uai={QUIET_UNIVERSITY}")).await;
    let all = coverage(&stack, "").await;
    for answer in [&one, &all] {
        assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"));
        assert_eq!(answer.header("ratelimit-limit"), "");
    }
    let names: Vec<_> = one.json()["data"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["derniere_alimentation", "nom", "uai"], "and neither settings nor counts");
    assert_eq!(one.json()["data"][0]["nom"], "SORBONNE UNIVERSITE");
    assert_eq!(
        (&one.json()["links"], &one.json()["meta"]),
        (&serde_json::json!({}), &serde_json::json!({}))
    );
    assert_eq!(coverage(&stack, "?uai=0751722p").await.status, 200, "in small letters as well");
    golden("coverage_unknown_establishment", &coverage(&stack, "?uai=0332870R").await, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_by_page_each_establishment_comes_once() {
    let stack = Stack::connect().await;
    let uais = |answer: &HttpAnswer| -> Vec<String> {
        let data = answer.json()["data"].as_array().unwrap().clone();
        data.iter().map(|one| one["uai"].as_str().unwrap().to_owned()).collect()
    };
    let all = uais(&coverage(&stack, "").await);
    assert!(all.len() >= 5, "the sandbox has five: {all:?}");
    for limit in [1, 2] {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut next = format!("{COVERAGE}?limite={limit}");
        // The last page may be empty, so there is one more than needed at most.
        for _ in 0..=all.len() {
            let page = stack.call(Method::GET, &next).send().await;
            assert!(uais(&page).len() <= limit, "{}", page.text);
            for uai in uais(&page) {
                *seen.entry(uai).or_default() += 1;
            }
            let Value::String(link) = page.json()["links"]["suivant"].take() else {
                next.clear();
                break;
            };
            next = link;
        }
        assert_eq!(next, "", "the pages come to an end");
        assert_eq!(seen, all.iter().map(|uai| (uai.clone(), 1)).collect());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_named() {
    let stack = Stack::connect().await;
    for (query, code, parameter) in [
        ("?uai=x", "00472", "uai"),
        ("?uai=0751722A", "00472", "uai"),
        ("?uai=0751722P&uai=0751722P", "00472", "uai"),
        ("?apres=x", "00473", "apres"),
        ("?limite=0", "00474", "limite"),
        ("?limite=501", "00474", "limite"),
        ("?limite=-1", "00474", "limite"),
        ("?limite=dix", "00474", "limite"),
        ("?limite=99999999999999999999", "00474", "limite"),
    ] {
        let answer = coverage(&stack, query).await;
        assert_eq!(answer.refusal(), format!("422 {code}"), "{query}");
        assert_eq!(answer.json()["errors"][0]["source"]["parameter"], parameter, "{query}");
        assert_eq!(answer.header("cache-control"), "no-store", "{query}: an error isn't kept");
    }
    assert_eq!(coverage(&stack, "?limite=500&inconnu=x").await.status, 200);
    assert_eq!(coverage(&stack, "?apres=0332870R").await.status, 200, "after one that isn't there");
}
