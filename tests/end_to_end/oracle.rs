//! Nobody, several, and somebody of whom nothing is current: the same answer to the byte (domain.md
//! §1.3).

use serde_json::json;
use tests::http::HttpAnswer;
use tests::people::{Person, fresh_ine};
use tests::stack::{Stack, UNIVERSITY};

use crate::population::population;

/// All of an answer that may not depend on who is asked about.
fn outside(answer: &HttpAnswer, hidden: &[&str]) -> String {
    // What is another one for each answer, whoever is asked about.
    let volatile = [
        "date",
        "x-request-id",
        "x-amzn-requestid",
        "x-amz-request-id",
        "ratelimit-remaining",
        "ratelimit-reset",
    ];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            let value =
                if volatile.contains(&name.as_str()) { "…" } else { value.to_str().unwrap() };
            format!("{name}: {value}")
        })
        .collect();
    headers.sort();
    let text = hidden
        .iter()
        .fold(answer.text.replace(&answer.uid(), "[uid]"), |text, ine| text.replace(ine, "[INE]"));
    format!("{}\n{}\n\n{text}", answer.status, headers.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn by_civil_identity_nobody_and_several_look_the_same() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (_, token) = stack.client(|_| {}).await;
    let (_, provider) = stack.service_provider(|_| {}).await;
    // Each as one would be who has no birthplace.
    let blank = |person: &Person| Person { birthplace: String::new(), ..person.clone() };
    let cases = [
        ("nobody", blank(&Person::at(UNIVERSITY))),
        ("two homonyms", blank(&people.homonyms[0])),
        (
            "two homonyms born elsewhere",
            Person { birthplace: "13055".into(), ..people.homonyms[0].clone() },
        ),
        (
            "somebody born elsewhere",
            Person { birthplace: "13055".into(), ..people.student.clone() },
        ),
        ("an enrolment that is over", blank(&people.over)),
        ("one that was cancelled", blank(&people.cancelled)),
        ("one that starts later", blank(&people.starts_later)),
    ];
    let mut expected: Option<[String; 4]> = None;
    for (what, person) in &cases {
        let birthplace = (!person.birthplace.is_empty()).then_some(person.birthplace.as_str());
        let upstream =
            stack.post(&person.question(birthplace).to_string(), Some(&stack.identity_key)).await;
        let direct = stack.direct_by_identity(person, &token).await;
        let batch = stack.batch(&[person.line(), person.line()], &token).await;
        let pivot = stack.france_connect_token(&provider, person, json!({})).await;
        let france_connect = stack.france_connect(&pivot).await;
        assert_eq!(
            [upstream.status, direct.status, batch.status, france_connect.status],
            [404, 404, 200, 404],
            "{what}"
        );
        let seen = [&upstream, &direct, &batch, &france_connect].map(|answer| outside(answer, &[]));
        match &expected {
            Some(expected) => assert_eq!(&seen, expected, "{what}"),
            None => expected = Some(seen),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_ine_nobody_and_nothing_current_look_the_same() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (_, token) = stack.client(|_| {}).await;
    let nobody = fresh_ine();
    let mut expected: Option<[String; 3]> = None;
    for (what, ine) in [
        ("nobody", &nobody),
        ("an enrolment that is over", &people.over.ine),
        ("one that was cancelled", &people.cancelled.ine),
        ("one that starts later", &people.starts_later.ine),
    ] {
        let upstream = stack.by_ine(ine).await;
        let direct = stack.direct_by_ine(ine, &token).await;
        let batch = stack.batch(&[json!({ "ine": ine })], &token).await;
        let seen = [&upstream, &direct, &batch].map(|answer| outside(answer, &[ine.as_str()]));
        match &expected {
            Some(expected) => assert_eq!(&seen, expected, "{what}"),
            None => expected = Some(seen),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_told_from_ninety_days_before_it_starts() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (_, token) = stack.client(|_| {}).await;
    let soon = &people.starts_soon;
    let told = stack.direct_by_ine(&soon.ine, &token).await.json();
    assert_eq!(told["data"]["admissions"][0]["date_debut"], soon.period.0, "{told}");
    assert_eq!(
        stack.by_ine(&soon.ine).await.json()["inscriptions"][0]["dateDebutInscription"],
        soon.period.0
    );
    assert_eq!(stack.by_identity(soon).await.status, 200);
    for unseen in [&people.starts_later, &people.over, &people.cancelled] {
        assert_eq!(stack.by_ine(&unseen.ine).await.status, 404);
        assert_eq!(stack.by_identity(unseen).await.status, 404);
        assert_eq!(stack.direct_by_ine(&unseen.ine, &token).await.refusal(), "404 25003");
        assert_eq!(stack.direct_by_identity(unseen, &token).await.refusal(), "404 25003");
    }
}
