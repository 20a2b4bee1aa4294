//! Files as they really come: broken, foreign, sent twice, late.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::eventually;
use tests::people::{HEADER, Person, file, fresh_name};
use tests::stack::{Drop, LYCEE, Stack, UNIVERSITY};

/// The counts of a report; those that aren't given are nought.
fn counts(given: &[(&str, u64)]) -> Value {
    let names = [
        "lues",
        "acceptees",
        "depassees",
        "inchangees",
        "nouvelles",
        "rejetees",
        "averties",
        "annulees",
    ];
    let count =
        |name| given.iter().find(|(given, _)| *given == name).map_or(0, |(_, count)| *count);
    names.map(|name| (name.to_owned(), json!(count(name)))).into_iter().collect()
}

async fn seen(stack: &Stack, person: &Person, expected: &str) {
    eventually(&format!("status {expected}"), || async {
        let answer = stack.by_ine(&person.ine).await;
        let visible = answer
            .enrolments()
            .iter()
            .map(|(_, status)| status.clone())
            .collect::<Vec<_>>()
            .join(",");
        (visible == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_row_in_the_middle_is_reported_and_the_others_go_through() {
    let stack = Stack::connect().await;
    let people: Vec<_> = (0..3).map(|_| Person::at(UNIVERSITY)).collect();
    let broken = Person { birth: "2005-02-30".into(), uai: LYCEE.into(), ..Person::at(UNIVERSITY) };
    let rows = [people[0].row(), broken.row(), "\"".to_owned() + &people[1].row(), people[2].row()];
    let report = stack.import(UNIVERSITY, &rows).await;

    assert_eq!(
        report["lignes"],
        counts(&[("lues", 4), ("acceptees", 2), ("nouvelles", 2), ("rejetees", 2)])
    );
    let rejected: Vec<_> = report["rejets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["ligne"].clone(), row["colonne"].clone(), row["regle"].clone()))
        .collect();
    assert_eq!(
        rejected,
        [
            (json!(3), json!("dateNaissance"), json!("date_invalide")),
            (json!(3), json!("uai"), json!("uai_non_autorise")),
            (json!(4), Value::Null, json!("guillemet_non_ferme")),
        ]
    );
    let text = report.to_string();
    for personal in [&broken.ine, &broken.family, &broken.given, &broken.birth, &people[0].ine] {
        assert!(!text.contains(personal.as_str()), "the report repeats a personal value");
    }
    seen(&stack, &people[0], "inscrit").await;
    seen(&stack, &people[2], "inscrit").await;
    assert_eq!(stack.by_ine(&broken.ine).await.status, 404);
    assert_eq!(stack.by_ine(&people[1].ine).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_for_two_people_is_a_problem_of_both_rows_and_changes_nothing() {
    let stack = Stack::connect().await;
    let known = Person { number: fresh_name(), ..Person::at(UNIVERSITY) };
    stack.import(UNIVERSITY, &[known.row()]).await;
    seen(&stack, &known, "inscrit").await;

    let same_number = Person { number: known.number.clone(), ..Person::at(UNIVERSITY) };
    let (first, other) = (Person::at(UNIVERSITY), Person::at(UNIVERSITY));
    let same_ine = Person { ine: first.ine.clone(), ..Person::at(UNIVERSITY) };
    let later = Person { status: "admis".into(), ..known.clone() };
    let rows = [same_number.row(), first.row(), other.row(), later.row(), same_ine.row()];
    let report = stack.import(UNIVERSITY, &rows).await;
    assert_eq!(
        report["lignes"],
        counts(&[("lues", 5), ("acceptees", 1), ("nouvelles", 1), ("rejetees", 4)])
    );
    let rejected: Vec<_> = report["rejets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let beside = row["message"].as_str().unwrap().rsplit(" ; ").next().unwrap().to_owned();
            (row["ligne"].clone(), row["colonne"].clone(), row["regle"].clone(), beside)
        })
        .collect();
    let told = |line: u64, column: &str, rule: &str, other: u64| {
        (json!(line), json!(column), json!(rule), format!("voir aussi la ligne {other}"))
    };
    assert_eq!(
        rejected,
        [
            told(2, "numeroEtudiant", "numero_de_plusieurs", 5),
            told(3, "ine", "ine_de_plusieurs", 6),
            told(5, "numeroEtudiant", "numero_de_plusieurs", 2),
            told(6, "ine", "ine_de_plusieurs", 3),
        ]
    );
    seen(&stack, &other, "inscrit").await;
    seen(&stack, &known, "inscrit").await;
    for nobody in [&same_number, &first] {
        assert_eq!(stack.by_ine(&nobody.ine).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_none_fail_with_a_reason() {
    let stack = Stack::connect().await;
    let name = fresh_name();
    for (key, content, reason) in [
        (format!("{UNIVERSITY}/{name}-vide.csv"), Vec::new(), "le fichier est vide"),
        (
            format!("{UNIVERSITY}/{name}-image.csv"),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            "le fichier est une image PNG : seuls CSV, NDJSON",
        ),
        (
            format!("{UNIVERSITY}/{name}-zip.csv"),
            b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(),
            "le classeur est endommagé",
        ),
        (
            format!("{UNIVERSITY}/{name}-colonnes.csv"),
            b"ine;nomFamille\n".to_vec(),
            "l'en-tête ne contient pas les colonnes obligatoires : dateNaissance",
        ),
        (format!("{UNIVERSITY}/{name}.xlsx"), b"PK\x03\x04".to_vec(), "le classeur est endommagé"),
        (
            format!("0332870R/{name}.csv"),
            HEADER.into(),
            "l'établissement déposant n'est pas enregistré",
        ),
        (
            format!("rentrée & co/{name}.csv"),
            HEADER.into(),
            "le dossier de dépôt n'est pas une UAI",
        ),
    ] {
        let dropped = stack.drop_as(&key, content, None).await;
        let report = stack.report(&dropped).await;
        assert_eq!(report["etat"], "échoué", "{key}");
        let given = report["raison"].as_str().unwrap_or_default();
        assert!(given.starts_with(reason), "{key}: {given}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    for _ in 0..2 {
        let report = stack.import(UNIVERSITY, &[person.row()]).await;
        assert_eq!(report["lignes"]["acceptees"], 1);
    }
    seen(&stack, &person, "inscrit").await;
    assert_eq!(stack.by_ine(&person.ine).await.enrolments().len(), 1);
}

/// A message of the queue of imports about a drop, as Lambda delivers it.
fn delivery(stack: &Stack, dropped: &Drop, message: &str) -> Value {
    let mut delivery: Value =
        serde_json::from_str(include_str!("../../events/sqs-import-object.json")).unwrap();
    delivery["Records"][0]["messageId"] = message.into();
    delivery["Records"][0]["body"] = stack.event(dropped).to_string().into();
    delivery
}

/// The messages that have to come back.
fn failures(invoked: &Value) -> Vec<&str> {
    assert_eq!((&invoked["status"], &invoked["error"]), (&200.into(), &false.into()), "{invoked}");
    let failures = invoked["answer"]["batchItemFailures"].as_array().into_iter().flatten();
    failures.filter_map(|failure| failure["itemIdentifier"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_owner_is_lost_is_taken_over_and_one_in_hand_is_not() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    let dropped = stack.drop_file(UNIVERSITY, file(&[person.row(), "broken".to_owned()])).await;
    let report = stack.report(&dropped).await;
    seen(&stack, &person, "inscrit").await;
    let ended = stack.item("imports_table", "id", &dropped.import).await.unwrap();
    let own = ended["message"].as_s().unwrap();

    // As if the invocation had died between its last record and its report, a minute or an hour
    // ago.
    let state =
        async || stack.item("imports_table", "id", &dropped.import).await.unwrap()["state"].clone();
    let running = AttributeValue::S("running".into());
    let now = jiff::Timestamp::now().as_second();
    stack.lose_owner(&dropped, now + 3600).await;
    let invoked = stack.invoke("ingestion", &delivery(&stack, &dropped, own)).await;
    assert_eq!(
        failures(&invoked),
        [own],
        "the message of who has it in hand stays: that one may be dead"
    );
    let invoked = stack.invoke("ingestion", &delivery(&stack, &dropped, "another")).await;
    assert!(failures(&invoked).is_empty(), "another message adds nothing to it: {invoked}");
    assert_eq!(state().await, running, "another invocation has it in hand");

    stack.lose_owner(&dropped, now - 3600).await;
    let invoked = stack.invoke("ingestion", &delivery(&stack, &dropped, own)).await;
    assert!(failures(&invoked).is_empty(), "{invoked}");
    let again = stack.item("imports_table", "id", &dropped.import).await.unwrap();
    for count in ["state", "rows_read", "accepted", "rejected", "superseded", "report_key"] {
        assert_eq!(again[count], ended[count], "{count}");
    }
    assert_eq!(stack.report(&dropped).await, report);
    assert_eq!(stack.by_ine(&person.ine).await.enrolments().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_never_overwrites_a_newer_one() {
    let stack = Stack::connect().await;
    let person = Person { number: fresh_name(), ..Person::at(UNIVERSITY) };
    let sent = |status: &str| file(&[Person { status: status.into(), ..person.clone() }.row()]);
    let key = |name: &str| format!("{UNIVERSITY}/{}-{name}.csv", person.number);

    let newer = stack.drop_as(&key("newer"), sent("inscrit"), Some("2026-09-10T08:00:00Z")).await;
    stack.report(&newer).await;
    seen(&stack, &person, "inscrit").await;

    let older = stack.drop_as(&key("older"), sent("admis"), Some("2026-09-01T08:00:00Z")).await;
    let report = stack.report(&older).await;
    assert_eq!(report["lignes"], counts(&[("lues", 1), ("acceptees", 1), ("depassees", 1)]));
    assert_eq!(stack.by_ine(&person.ine).await.enrolments()[0].1, "inscrit");

    let cancelled =
        stack.drop_as(&key("cancelled"), sent("annulé"), Some("2026-09-20T08:00:00Z")).await;
    stack.report(&cancelled).await;
    seen(&stack, &person, "").await;
    assert_eq!(stack.by_ine(&person.ine).await.status, 404, "nothing current is like nobody");
}
