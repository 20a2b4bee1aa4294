//! What a person decides: from the doubt to the publication, and back.

use jiff::Timestamp;
use serde_json::json;
use shared::domain::birth_date::BirthDate;
use shared::domain::enrolment::{Pair, StatedPerson};
use shared::domain::ine::Ine;
use shared::identity::block::Traits;
use shared::identity::digest::{DigestKey, IdentityKeys, RecordId};
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::compare::Comparison;
use shared::identity::review::{Case, CaseQuestion, Side};
use shared::identity::student::StudentId;
use tests::depositors::Depositor;
use tests::eventually;
use tests::people::Person;
use tests::stack::Stack;

/// Sends a person's row by an establishment of their own, and waits until it is read.
async fn sent(stack: &Stack, person: &Person) -> (Depositor, Person) {
    let depositor = stack.depositor().await;
    let person = Person { uai: depositor.uai.clone(), ..person.clone() };
    stack.import(&depositor.uai, &[person.row()]).await;
    (depositor, person)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_listed_read_decided_undone_and_decided_again() {
    let stack = Stack::connect().await;
    let officer = stack.reviewer().await;
    let (_, known) = sent(&stack, &Person::at("")).await;
    stack.shows(&known.ine, &[(&known.uai, "inscrit")]).await;
    // The same names and birth date, born elsewhere, without INE: nobody can tell.
    let doubtful = Person { ine: String::new(), birthplace: "35238".into(), ..known.clone() };
    let (_, doubtful) = sent(&stack, &doubtful).await;
    let id = format!("a-{}", stack.record_of(&doubtful.uai).await.id);

    let case = stack.case(&officer, &id, "ouverte").await;
    let told = case.to_string().to_uppercase();
    for value in [&known.family, &known.given, &known.ine, &known.birth] {
        assert!(!told.contains(&value.to_uppercase()), "{value} is shown");
    }
    let listed = eventually("the case on the list", || async {
        let mut after = String::new();
        loop {
            let page = stack
                .review(&officer, &format!("?nature=rattachement&nombre=100{after}"))
                .await
                .json();
            if let Some(case) =
                page["revues"].as_array().unwrap().iter().find(|case| case["id"] == *id)
            {
                return Some(case.clone());
            }
            after = format!("&apres={}", page["suite"].as_str()?);
        }
    })
    .await;
    assert_eq!((&listed["etat"], &listed["deuxPersonnes"]), (&"ouverte".into(), &false.into()));

    let same = case["reponses"]
        .as_array()
        .unwrap()
        .iter()
        .find(|answer| answer["verdict"] == "meme")
        .unwrap();
    let answer =
        json!({ "verdict": "meme", "etudiant": same["etudiant"], "motif": "etablissement" });
    assert_eq!(stack.answer_case(&officer, &id, answer).await.status, 200);
    stack.case(&officer, &id, "appliquée").await;
    let mut both = [(known.uai.as_str(), "inscrit"), (doubtful.uai.as_str(), "inscrit")];
    both.sort_unstable();
    stack.shows(&known.ine, &both).await;

    assert_eq!(stack.undo_case(&officer, &id).await.status, 200);
    stack.case(&officer, &id, "ouverte").await;
    stack.shows(&known.ine, &[(&known.uai, "inscrit")]).await;

    assert_eq!(
        stack.answer_case(&officer, &id, json!({ "verdict": "different" })).await.status,
        200
    );
    stack.case(&officer, &id, "appliquée").await;
    eventually("the other person's status", || async {
        let seen = stack.by_identity(&doubtful).await.enrolments();
        (seen == [(doubtful.uai.clone(), "inscrit".to_owned())]).then_some(())
    })
    .await;
    stack.shows(&known.ine, &[(&known.uai, "inscrit")]).await;
}

/// A case about two published students, of whom INES is said to have confirmed two INEs: what an
/// import can't bring about at will.
async fn told_apart(stack: &Stack, one: &Person, other: &Person) -> CaseQuestion {
    let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
    let keys = IdentityKeys::new(key("ine"), &key("civil"));
    let ine = |person: &Person| Ine::parse(&person.ine).unwrap();
    let side = async |person: &Person| {
        let student = stack.record_of(&person.uai).await.student.expect("it is published");
        let student: StudentId = serde_json::from_value(student.into()).unwrap();
        Side { student, master: Some(keys.ine(&ine(person))) }
    };
    let traits = |person: &Person| {
        let pair =
            Pair { date_naissance: BirthDate::parse(&person.birth).unwrap(), registre: None };
        Traits::said(Some(ine(person)), StatedPerson::Pair(pair)).person()
    };
    let by = RecordId::parse(&stack.record_of(&other.uai).await.id).unwrap();
    CaseQuestion::duplicate(
        side(one).await,
        side(other).await,
        by,
        Comparison::of(&traits(one), &traits(other)),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_join_two_students_and_one_splits_them() {
    let stack = Stack::connect().await;
    let [first, second] = [stack.reviewer().await, stack.reviewer().await];
    let (_, one) = sent(&stack, &Person::at("")).await;
    let (_, other) = sent(&stack, &Person::at("")).await;
    let [alone, apart] = [&one, &other].map(|person| [(person.uai.as_str(), "inscrit")]);
    stack.shows(&one.ine, &alone).await;
    stack.shows(&other.ine, &apart).await;
    let question = told_apart(&stack, &one, &other).await;
    let id = question.case().to_string();
    stack.reviews().save(&Case::open(question, RULE_VERSION, Timestamp::now())).await.unwrap();

    let same = || json!({ "verdict": "meme", "motif": "pieces" });
    let told = stack.answer_case(&first, &id, same()).await;
    assert_eq!(
        (told.status, &told.json()["revue"]["etat"]),
        (200, &"ouverte".into()),
        "one person isn't enough"
    );
    let otherwise = stack.answer_case(&first, &id, json!({ "verdict": "different" })).await;
    assert_eq!(otherwise.status, 403, "and is not two");
    let told = stack.answer_case(&second, &id, same()).await;
    assert_eq!((told.status, &told.json()["revue"]["etat"]), (200, &"décidée".into()));
    stack.case(&first, &id, "appliquée").await;
    let mut both = [alone[0], apart[0]];
    both.sort_unstable();
    stack.shows(&one.ine, &both).await;
    stack.shows(&other.ine, &both).await;

    // Somebody says that it was wrong: nothing is told until it is settled.
    let record = stack.record_of(&other.uai).await.id;
    let disputed =
        stack.review_post(&first, "/contestations", &json!({ "inscription": record })).await;
    assert_eq!(disputed.status, 201, "{}", disputed.text);
    stack.shows(&one.ine, &[]).await;
    stack.shows(&other.ine, &[]).await;
    let dispute = disputed.json()["revue"]["id"].as_str().unwrap().to_owned();
    let split = json!({ "verdict": "scinder", "inscriptions": [record] });
    assert_eq!(stack.answer_case(&second, &dispute, split).await.status, 200);
    stack.case(&second, &dispute, "appliquée").await;
    stack.shows(&one.ine, &alone).await;
    stack.shows(&other.ine, &apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_is_undone_leaves_both_as_they_were() {
    let stack = Stack::connect().await;
    let [first, second] = [stack.reviewer().await, stack.reviewer().await];
    let (_, one) = sent(&stack, &Person::at("")).await;
    let (_, other) = sent(&stack, &Person::at("")).await;
    stack.shows(&one.ine, &[(&one.uai, "inscrit")]).await;
    stack.shows(&other.ine, &[(&other.uai, "inscrit")]).await;
    let question = told_apart(&stack, &one, &other).await;
    let id = question.case().to_string();
    stack.reviews().save(&Case::open(question, RULE_VERSION, Timestamp::now())).await.unwrap();
    for officer in [&first, &second] {
        assert_eq!(stack.answer_case(officer, &id, json!({ "verdict": "meme" })).await.status, 200);
    }
    stack.case(&first, &id, "appliquée").await;
    assert_eq!(stack.undo_case(&second, &id).await.status, 200);
    stack.case(&first, &id, "ouverte").await;
    stack.shows(&one.ine, &[(&one.uai, "inscrit")]).await;
    stack.shows(&other.ine, &[(&other.uai, "inscrit")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_dismissed_tells_again_what_was_told() {
    let stack = Stack::connect().await;
    let officer = stack.reviewer().await;
    let (_, person) = sent(&stack, &Person::at("")).await;
    stack.shows(&person.ine, &[(&person.uai, "inscrit")]).await;
    let record = stack.record_of(&person.uai).await.id;
    let disputed =
        stack.review_post(&officer, "/contestations", &json!({ "inscription": record })).await;
    assert_eq!(disputed.status, 201, "{}", disputed.text);
    stack.shows(&person.ine, &[]).await;
    assert_eq!(stack.by_identity(&person).await.status, 404, "nor by civil identity");
    let id = disputed.json()["revue"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        stack.answer_case(&officer, &id, json!({ "verdict": "maintenir" })).await.status,
        200
    );
    stack.shows(&person.ine, &[(&person.uai, "inscrit")]).await;
}
