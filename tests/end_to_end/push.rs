//! Enrolments in real time, by the write contract.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::depositors::Depositor;
use tests::people::{Person, file, fresh_ine, fresh_name};
use tests::stack::{Stack, UNIVERSITY};
use ureq::http::Method;

/// From the answer to `POST /api/inscription` to the status that shows it (issue 4).
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// Someone whom the register knows, enrolled elsewhere.
async fn known(stack: &Stack) -> Person {
    let person = Person::at(UNIVERSITY);
    stack.import(UNIVERSITY, &[person.row()]).await;
    stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;
    person
}

/// Their enrolments, once they are enrolled there too.
fn both<'a>(depositor: &'a Depositor, status: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut both = vec![(UNIVERSITY, "inscrit"), (depositor.uai.as_str(), status)];
    both.sort_unstable();
    both
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_visible_within_five_seconds() {
    let stack = Stack::connect().await;
    let (depositor, person) = tokio::join!(stack.depositor(), known(&stack));
    let here = Person { uai: depositor.uai.clone(), ..person };
    let told = stack.tell(&depositor.key, "", &here.told()).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let started = Instant::now();
    assert_eq!(told.json()["message"], "une nouvelle inscription créée");
    stack.shows(&here.ine, &both(&depositor, "inscrit")).await;
    let took = started.elapsed();
    assert!(took <= VISIBLE_WITHIN, "visible after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_told_once_read_back_and_cancelled() {
    let stack = Stack::connect().await;
    let (depositor, other, person) =
        tokio::join!(stack.depositor(), stack.depositor(), known(&stack));
    let here = Person { uai: depositor.uai.clone(), ..person };
    let first = stack.tell(&depositor.key, "", &here.told()).await.json();
    let again = stack.tell(&depositor.key, "", &here.told()).await;
    let id = first["inscription"]["id_inscription"].as_str().unwrap_or_default();
    assert_eq!(
        (again.status, again.json()["inscription"]["id_inscription"].as_str()),
        (200, Some(id)),
        "{first}"
    );
    stack.shows(&here.ine, &both(&depositor, "inscrit")).await;

    let path = format!("/api/inscription/{id}");
    let read = |key: &str| stack.call(Method::GET, &path).key(key).send();
    let back = read(&depositor.key).await;
    assert_eq!(back.status, 200, "{}", back.text);
    assert!(
        !back.text.contains(&here.family),
        "an establishment is told what it sent, not what others did"
    );
    assert_eq!(read(&other.key).await.status, 404, "another's enrolment is like none");

    let cancel = |key: &str| stack.call(Method::DELETE, &path).key(key).send();
    assert_eq!(cancel(&other.key).await.status, 404);
    for _ in 0..2 {
        let cancelled = cancel(&depositor.key).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    }
    stack.shows(&here.ine, &[(UNIVERSITY, "inscrit")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_gives_the_first_answer_again() {
    let stack = Stack::connect().await;
    let (depositor, person) = tokio::join!(stack.depositor(), known(&stack));
    let here = Person { uai: depositor.uai.clone(), ..person };
    let key = fresh_ine();
    let tell = |body: Value| {
        let call = stack.call(Method::POST, "/api/inscription").key(&depositor.key);
        call.header("idempotency-key", &key).json(&body).send()
    };
    let first = tell(here.told()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = tell(here.told()).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    let other = tell(Person { status: "admis".into(), ..here.clone() }.told()).await;
    assert_eq!(other.status, 422, "another body under the same key: {}", other.text);
    stack.shows(&here.ine, &both(&depositor, "inscrit")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_nobody_knows_and_whom_one_may_not_tell_of_are_refused() {
    let stack = Stack::connect().await;
    let (depositor, other, person) =
        tokio::join!(stack.depositor(), stack.depositor(), known(&stack));
    let here = Person { uai: depositor.uai.clone(), ..person };
    for (what, status, key, told) in [
        ("nobody's INE", 404, &depositor.key, Person { ine: fresh_ine(), ..here.clone() }.told()),
        (
            "another birth date",
            404,
            &depositor.key,
            Person { birth: "2001-01-01".into(), ..here.clone() }.told(),
        ),
        ("another establishment", 404, &other.key, here.told()),
        ("no INE", 400, &depositor.key, Person { ine: "123".into(), ..here.clone() }.told()),
        ("no key", 401, &"nothing".to_owned(), here.told()),
    ] {
        let refused = stack.tell(key, "", &told).await;
        assert_eq!(refused.status, status, "{what}: {}", refused.text);
        let body = refused.json();
        for field in ["message", "uid", "details"] {
            assert!(!body[field].is_null(), "{what}: {body}");
        }
    }
    stack.shows(&here.ine, &[(UNIVERSITY, "inscrit")]).await;

    let batch = json!([here.told(), Person { ine: fresh_ine(), ..here.clone() }.told()]);
    let answer = stack.tell(&depositor.key, "/lot", &batch).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    stack.shows(&here.ine, &both(&depositor, "inscrit")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_push_of_one_enrolment_are_one() {
    let stack = Stack::connect().await;
    let (depositor, person) = tokio::join!(stack.depositor(), known(&stack));
    let here = |status: &str| Person {
        uai: depositor.uai.clone(),
        status: status.into(),
        ..person.clone()
    };
    let numbered = |status: &str| Person { number: format!("E{}", person.ine), ..here(status) };
    stack.deposited(&depositor, &json!({}), file(&[numbered("admis").row()]).as_bytes()).await;
    stack.shows(&person.ine, &both(&depositor, "admis")).await;

    let told = stack.tell(&depositor.key, "", &here("inscrit").told()).await;
    assert_eq!(told.status, 200, "{}", told.text);
    stack.shows(&person.ine, &both(&depositor, "inscrit")).await;
    for _ in 0..2 {
        let cancelled = stack.tell(&depositor.key, "", &here("annulé").told()).await;
        assert_eq!(
            (cancelled.status, &cancelled.json()["message"]),
            (200, &"inscription annulée".into())
        );
        stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;
    }
    // The latest statement wins, whichever way it came.
    stack.deposited(&depositor, &json!({}), file(&[numbered("admis").row()]).as_bytes()).await;
    stack.shows(&person.ine, &both(&depositor, "admis")).await;

    let elsewhere = Person { diploma: "2400009".into(), ..here("annulé") };
    let nothing = stack.tell(&depositor.key, "", &elsewhere.told()).await;
    assert_eq!(
        (nothing.status, &nothing.json()["message"]),
        (404, &"inscription introuvable".into())
    );
    stack.shows(&person.ine, &both(&depositor, "admis")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_before_the_file_is_the_same_enrolment() {
    let stack = Stack::connect().await;
    let (depositor, person) = tokio::join!(stack.depositor(), known(&stack));
    let here = |status: &str| Person {
        uai: depositor.uai.clone(),
        status: status.into(),
        ..person.clone()
    };
    let first = stack.tell(&depositor.key, "", &here("admis").told()).await.json();
    stack.shows(&person.ine, &both(&depositor, "admis")).await;
    let numbered = Person { number: fresh_name(), ..here("inscrit") };
    stack.deposited(&depositor, &json!({}), file(&[numbered.row()]).as_bytes()).await;
    stack.shows(&person.ine, &both(&depositor, "inscrit")).await;

    let id = first["inscription"]["id_inscription"].as_str().unwrap_or_default();
    let path = format!("/api/inscription/{id}");
    let cancelled = stack.call(Method::DELETE, &path).key(&depositor.key).send().await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;
}
