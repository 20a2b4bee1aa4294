//! The identity queue: poison does not stop it.

use tests::eventually;
use tests::people::{Person, fresh_name};
use tests::stack::{Stack, UNIVERSITY};

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_in_the_dead_letter_queue_and_the_others_go_through() {
    let stack = Stack::connect().await;
    let garbage = [
        format!("garbage {}", fresh_name()),
        format!("{{\"record\":\"1.{:032x}\"}}", uuid::Uuid::new_v4().as_u128()),
    ];
    for body in &garbage {
        stack.enqueue("identity_queue_url", body).await;
    }
    let person = Person::at(UNIVERSITY);
    stack.import(UNIVERSITY, &[person.row()]).await;
    eventually("the status", || async {
        (stack.by_ine(&person.ine).await.status == 200).then_some(())
    })
    .await;

    let mut seen = std::collections::HashSet::new();
    loop {
        let letters = eventually("both messages in the dead-letter queue", || async {
            let letters = stack.waiting("identity_dlq_url").await;
            (!letters.is_empty()).then_some(letters)
        })
        .await;
        seen.extend(letters);
        if garbage.iter().all(|body| seen.contains(body)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_delivered_again_changes_nothing() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    stack.import(UNIVERSITY, &[person.row()]).await;
    eventually("the status", || async {
        (stack.by_ine(&person.ine).await.status == 200).then_some(())
    })
    .await;
    let records = stack.items("records_table").await;
    let record = records
        .iter()
        .find(|record| format!("{record:?}").contains(&person.ine))
        .expect("it is stored");
    let id = record["id"].as_s().unwrap();
    let before = stack.by_ine(&person.ine).await.text;

    let unchanged = async || {
        let lines = stack.log_lines(&stack.log_groups()["deduplication"]).await;
        lines.iter().filter(|line| line.contains("\"unchanged\":1")).count()
    };
    let seen = unchanged().await;
    stack.enqueue("identity_queue_url", &format!("{{\"record\":\"{id}\"}}")).await;
    eventually("the pointer found its record resolved", || async {
        (unchanged().await > seen).then_some(())
    })
    .await;
    assert_eq!(stack.by_ine(&person.ine).await.text, before);
}
