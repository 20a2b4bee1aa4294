//! Golden files: the contract of domain.md §1 to the byte, over the wire.

use tests::eventually;
use tests::people::Person;
use tests::stack::{Stack, UNIVERSITY};

use crate::golden::{golden, personal};

#[tokio::test(flavor = "multi_thread")]
async fn a_student_by_ine_and_by_identity() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    stack.import(UNIVERSITY, &[person.row()]).await;
    let by_ine = eventually("the status", || async {
        let answer = stack.by_ine(&person.ine.to_lowercase()).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    golden("by_ine_found", &by_ine, &personal(&person));
    golden("by_identity_found", &stack.by_identity(&person).await, &personal(&person));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error() {
    let stack = Stack::connect().await;
    let (ine_key, identity_key) = (Some(stack.ine_key.as_str()), Some(stack.identity_key.as_str()));
    let nobody = Person::at(UNIVERSITY);
    let personal = [(nobody.ine.as_str(), "[INE]")];

    golden("by_ine_unknown", &stack.by_ine(&nobody.ine).await, &personal);
    golden("by_ine_malformed", &stack.by_ine("1111111111Q").await, &[]);
    golden("by_ine_missing", &stack.get("/api/etudiant", ine_key).await, &[]);
    golden(
        "by_ine_lower_case_parameter",
        &stack.get("/api/etudiant?ine=1234567890G", ine_key).await,
        &[],
    );
    golden(
        "by_ine_wrong_key",
        &stack.get("/api/etudiant?INE=1234567890G", Some("wrong")).await,
        &[],
    );
    golden(
        "by_ine_key_of_the_other_route",
        &stack.get("/api/etudiant?INE=1234567890G", identity_key).await,
        &[],
    );
    golden("by_ine_no_key", &stack.get("/api/etudiant?INE=1234567890G", None).await, &[]);

    golden("by_identity_unknown", &stack.by_identity(&nobody).await, &[]);
    golden("by_identity_malformed_json", &stack.post("{\"nomFamille\":", identity_key).await, &[]);
    golden("by_identity_empty_body", &stack.post("", identity_key).await, &[]);
    let mut question = nobody.question(None);
    question["dateNaissance"] = "17/04/2005".into();
    golden("by_identity_wrong_date", &stack.post(&question.to_string(), identity_key).await, &[]);
    golden(
        "by_identity_wrong_key",
        &stack.post(&nobody.question(None).to_string(), ine_key).await,
        &[],
    );
    golden(
        "by_identity_oversized_body",
        &stack.post(&"x".repeat(100_000), identity_key).await,
        &[],
    );

    golden("unknown_path", &stack.get("/api/etudiants", ine_key).await, &[]);
    let delete = stack.send(ureq::http::Method::DELETE, "/api/etudiant", ine_key, None).await;
    golden("wrong_method", &delete, &[]);
    assert_eq!(
        delete.headers.get("allow").and_then(|value| value.to_str().ok()),
        Some("GET, POST")
    );
    golden("ping", &stack.get("/ping", None).await, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_probes_of_api_particulier_find_nobody() {
    let stack = Stack::connect().await;
    assert_eq!(stack.by_ine("1234567890G").await.status, 404);
    let probe = Person {
        family: "DUPONT".into(),
        given: "Jean".into(),
        birth: "2000-01-01".into(),
        sex: "1".into(),
        ..Person::at(UNIVERSITY)
    };
    assert_eq!(
        stack.post(&probe.question(None).to_string(), Some(&stack.identity_key)).await.status,
        404
    );
}
