//! Who is who: homonyms, corrections, doubts.

use aws_sdk_dynamodb::types::AttributeValue;
use tests::eventually;
use tests::people::{Person, fresh_ine, fresh_name};
use tests::stack::{LYCEE, Stack, UNIVERSITY};

async fn visible(stack: &Stack, ine: &str) {
    eventually("the status", || async { (stack.by_ine(ine).await.status == 200).then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn homonyms_are_told_apart_by_birthplace_and_by_nothing_else() {
    let stack = Stack::connect().await;
    let nantes = Person::at(UNIVERSITY);
    let rennes = Person {
        ine: fresh_ine(),
        birthplace: "35238".into(),
        uai: LYCEE.into(),
        ..nantes.clone()
    };
    stack.import(UNIVERSITY, &[nantes.row()]).await;
    stack.import(LYCEE, &[rennes.row()]).await;
    visible(&stack, &nantes.ine).await;
    visible(&stack, &rennes.ine).await;

    let ask = async |birthplace: Option<&str>| {
        stack.post(&nantes.question(birthplace).to_string(), Some(&stack.identity_key)).await
    };
    assert_eq!(ask(Some("44109")).await.enrolments()[0].0, UNIVERSITY);
    assert_eq!(ask(Some("35238")).await.enrolments()[0].0, LYCEE);
    let (ambiguous, unknown) = (ask(None).await, ask(Some("75113")).await);
    assert_eq!((ambiguous.status, unknown.status), (404, 404));
    let without_uid = |text: &str| text.split("\"uid\"").next().unwrap().to_owned();
    assert_eq!(
        without_uid(&ambiguous.text),
        without_uid(&unknown.text),
        "several and none look the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_ine_moves_the_student() {
    let stack = Stack::connect().await;
    let wrong = Person { number: fresh_name(), ..Person::at(UNIVERSITY) };
    stack.import(UNIVERSITY, &[wrong.row()]).await;
    visible(&stack, &wrong.ine).await;

    let right = Person { ine: fresh_ine(), ..wrong.clone() };
    stack.import(UNIVERSITY, &[right.row()]).await;
    visible(&stack, &right.ine).await;
    assert_eq!(stack.by_ine(&wrong.ine).await.status, 404, "the mistaken INE answers for nobody");
    assert_eq!(stack.by_identity(&right).await.enrolments().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ine_of_another_person_is_not_believed() {
    let stack = Stack::connect().await;
    let sister = Person { given: "Capucine".into(), ..Person::at(UNIVERSITY) };
    stack.import(UNIVERSITY, &[sister.row()]).await;
    visible(&stack, &sister.ine).await;

    // Twice: that two enrolments say the same makes neither right.
    let brother =
        Person { given: "Théodore".into(), sex: "1".into(), uai: LYCEE.into(), ..sister.clone() };
    let again = Person { diploma: "2400002".into(), ..brother.clone() };
    let follower = Person::at(LYCEE);
    stack.import(LYCEE, &[brother.row(), again.row(), follower.row()]).await;
    visible(&stack, &follower.ine).await;
    eventually("both records in review", || async {
        let records = stack.items("records_table").await;
        let his = records.iter().filter(|record| {
            let written = format!("{:?}", record["declaration"]);
            written.contains(&brother.family) && written.contains(&brother.given)
        });
        let doubted = his.filter(|record| {
            record.get("doubt") == Some(&AttributeValue::S("register_differs".into()))
        });
        (doubted.count() == 2).then_some(())
    })
    .await;
    assert_eq!(stack.by_ine(&sister.ine).await.enrolments().len(), 1, "her status is hers alone");
    assert_eq!(stack.by_identity(&brother).await.status, 404, "his waits for a person");
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_newcomers_with_one_identity_become_one_student() {
    let stack = Stack::connect().await;
    let person = Person { ine: String::new(), ..Person::at(UNIVERSITY) };
    let rows: Vec<_> = (0..6)
        .map(|index| Person { diploma: format!("240000{index}"), ..person.clone() }.row())
        .collect();
    stack.import(UNIVERSITY, &rows).await;
    eventually("six enrolments of one student", || async {
        (stack.by_identity(&person).await.enrolments().len() == 6).then_some(())
    })
    .await;
}
