//! What an establishment is told of the identity of its rows.

use serde_json::{Value, json};
use tests::depositors::Depositor;
use tests::eventually;
use tests::people::{Person, file};
use tests::stack::Stack;
use ureq::http::Method;

/// What was found so far about a deposit's rows.
async fn findings(stack: &Stack, key: &str, id: &str) -> Value {
    let answer =
        stack.call(Method::GET, &format!("/api/depots/{id}/identites")).key(key).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Deposits rows, and gives the id of the deposit once something was found about each of them.
async fn found(stack: &Stack, depositor: &Depositor, people: &[&Person]) -> (String, Vec<Value>) {
    let rows: Vec<_> = people.iter().map(|person| person.row()).collect();
    let id = stack.deposit_strangers(depositor, &json!({}), file(&rows).as_bytes()).await;
    let ended = stack.ended(depositor, &id).await;
    assert_eq!(ended["lignes"]["acceptees"], people.len(), "{ended}");
    let told = eventually("a finding about each row", || async {
        let told = findings(stack, &depositor.key, &id).await["constats"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        (told.len() == people.len()).then_some(told)
    })
    .await;
    (id, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_establishment_is_told_which_ine_is_unknown_and_who_was_given_one() {
    let stack = Stack::connect().await;
    let (depositor, other) = tokio::join!(stack.depositor(), stack.depositor());
    // An INE that INES never gave, first of somebody who is named, then of nobody; and somebody
    // without any.
    let wrong = Person::at(&depositor.uai);
    let nobody = String::new;
    let unknown =
        Person { family: nobody(), given: nobody(), sex: nobody(), ..Person::at(&depositor.uai) };
    let newcomer =
        Person { ine: String::new(), number: "E-1".into(), ..Person::at(&depositor.uai) };
    let (id, told) = found(&stack, &depositor, &[&wrong, &unknown, &newcomer]).await;
    let seen: Vec<_> =
        told.iter().map(|told| json!([told["ligne"], told["code"], told["statutIne"]])).collect();
    let expected = [
        json!([2, "ine_inconnu", "INCONNU"]),
        json!([3, "ine_inconnu", "INCONNU"]),
        json!([4, "immatricule", "CONFIRME"]),
    ];
    assert_eq!(seen, expected);
    for told in &told {
        let text = told.to_string();
        for personal in [&wrong.ine, &unknown.ine, &wrong.family, &newcomer.given, &wrong.birth] {
            assert!(!text.contains(personal.as_str()), "{personal} in {text}");
        }
        // The same is told of the enrolment alone.
        let path = format!("/api/inscription/{}", told["id_inscription"].as_str().unwrap());
        let read = stack.call(Method::GET, &path).key(&depositor.key).send().await.json();
        assert_eq!(
            (&read["constat"]["code"], &read["statutIne"]),
            (&told["code"], &told["statutIne"]),
            "{read}"
        );
    }

    let path = format!("/api/depots/{id}/identites");
    assert_eq!(
        stack.call(Method::GET, &path).key(&other.key).send().await.status,
        404,
        "another's is like none"
    );
    assert_eq!(stack.call(Method::GET, &path).send().await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_sent_twice_has_its_finding_in_each_report_once() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let person = Person::at(&depositor.uai);
    let (first, _) = found(&stack, &depositor, &[&person]).await;
    // Another content, so that it is looked at again.
    let corrected = Person { sex: "1".into(), ..person };
    let (second, _) = found(&stack, &depositor, &[&corrected]).await;
    for id in [first, second] {
        let told = findings(&stack, &depositor.key, &id).await;
        assert_eq!(told["constats"].as_array().map(Vec::len), Some(1), "{told}");
    }
}
