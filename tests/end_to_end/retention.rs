//! What is over is erased, and nothing else.

use serde_json::{Value, json};
use tests::eventually;
use tests::people::Person;
use tests::stack::Stack;

/// A whole pass, begun anew, after what another test began is finished: how many students both erased.
async fn pass(stack: &Stack) -> u64 {
    let mut erased = 0;
    for order in [json!({}), json!({ "recommencer": true })] {
        let pass = finished(stack, run(stack, &order).await).await;
        erased += pass["students"].as_u64().unwrap();
    }
    erased
}

async fn run(stack: &Stack, order: &Value) -> Value {
    let run = stack.invoke("retention", order).await;
    assert_eq!(run["error"], false, "{run}");
    assert_eq!(run["answer"]["unset"], json!([]), "the local platform has durations");
    run["answer"]["pass"].clone()
}

/// A pass at its end: of two runs at once one stops, and either may be asked to go on.
async fn finished(stack: &Stack, begun: Value) -> Value {
    if begun["finished_at"].is_string() {
        return begun;
    }
    eventually("the end of the pass", || async {
        let pass = run(stack, &json!({})).await;
        pass["finished_at"].is_string().then_some(pass)
    })
    .await
}

/// How many records of an establishment are there, all of them some student's.
async fn attached(stack: &Stack, school: &str) -> usize {
    let records = stack.items_with("records_table", "slice", &format!("{school}#")).await;
    let pending = records.iter().filter(|record| !record.contains_key("student")).count();
    if pending > 0 { 0 } else { records.len() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_ten_years_ago_is_erased_and_who_came_back_stays() {
    let stack = Stack::connect().await;
    let school = stack.depositor().await.uai.clone();
    let then = || ("2012-09-01".to_owned(), "2013-08-31".to_owned());
    let adult = || Person { birth: "1988-03-04".into(), ..Person::at(&school) };
    let gone = Person { period: then(), ..adult() };
    let stays = adult();
    let before = Person { period: then(), diploma: "2400002".into(), ..stays.clone() };
    stack.import(&school, &[gone.row(), stays.row(), before.row()]).await;
    eventually("the records are attached", || async {
        (attached(&stack, &school).await == 3).then_some(())
    })
    .await;
    assert!(pass(&stack).await >= 1);
    assert_eq!(attached(&stack, &school).await, 2, "one is gone, the other has both years");
    assert_eq!(stack.by_ine(&stays.ine).await.status, 200);
    // Whoever comes back is a new student.
    let again = Person { period: stays.period.clone(), ..gone };
    stack.import(&school, &[again.row()]).await;
    eventually("the status", || async {
        (stack.by_ine(&again.ine).await.status == 200).then_some(())
    })
    .await;
    pass(&stack).await;
    assert_eq!(attached(&stack, &school).await, 3);
}
