//! Enrolments that a file told of first, under numbers that a push doesn't give.

use std::sync::Arc;

use fakes::aws::{Fault, dynamo, item};
use fakes::dynamodb::Item;
use fakes::gateway::{Reply, request};
use serde_json::{Value, json};
use shared::api::Api;

use super::world::{
    BIRTH_DATE, INE, KEY, SECOND_INE, World, ask, enrolment, push, push_once, second_student, tick,
};
use crate::context::Context;

const STUDENT: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
const RECORD: &str = "1.0123456789abcdef0123456789abcdef";
const SECOND: &str = "1.fedcba9876543210fedcba9876543210";

/// What a file said of the student of these tests, with other values for some fields of the
/// enrolment.
fn said(number: &str, others: &Value) -> Value {
    let mut inscription = json!({
        "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": "inscrit", "regime": "RF4",
        "codeCommune": "44109", "uai": "0010006B", "nomEtablissement": "Lycée", "diplome": "2400000", "cursus": "M",
    });
    for (name, value) in others.as_object().unwrap() {
        inscription[name] = value.clone();
    }
    json!({
        "ine": INE, "numeroEtudiant": number,
        "identite": {
            "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "autresPrenoms": [], "sexe": "2",
            "dateNaissance": BIRTH_DATE,
        },
        "inscription": inscription,
    })
}

fn stored(world: &World, id: &str, declaration: &Value) {
    let record = json!({
        "id": id, "version": "0000000000001.0.import.0000000002", "said_at": "0000000000001.0.import.0000000002",
        "state": "resolved", "student": STUDENT, "digest": "00", "declaration": declaration,
    });
    world.tables.put("records", item(&record));
}

fn attached(world: &World, id: &str, declaration: &Value) {
    let edge = json!({
        "record": id, "version": "0000000000001.0.import.0000000002", "reason": "newcomer", "rules_version": 2,
        "declaration": declaration,
    });
    let partition = format!("S#{}", STUDENT.replace('-', ""));
    let edge = item(&json!({ "pk": partition, "sk": format!("E#{id}"), "edge": edge }));
    world.tables.put("students", edge);
}

/// A world in which a file told of these enrolments, and they were published.
fn world(told: &[(&str, Value)]) -> Arc<World> {
    let world = World::new();
    for (id, declaration) in told {
        stored(&world, id, declaration);
        attached(&world, id, declaration);
    }
    world
}

fn record(world: &World, id: &str) -> Item {
    world.records().into_iter().find(|record| record["id"] == dynamo(&json!(id))).unwrap()
}

fn inscription(record: &Item) -> &Value {
    &record["declaration"]["M"]["inscription"]["M"]
}

/// Cancels by push, as the write contract has it: without a number.
async fn cancel(context: &Api<Context>, others: &Value) -> Reply {
    let mut body = enrolment(others);
    body["statut"] = "annulé".into();
    push(context, &body).await
}

#[tokio::test]
async fn a_cancellation_finds_the_enrolment_that_a_file_told_of_under_a_number() {
    let world = world(&[(RECORD, said("E-4217", &json!({})))]);
    let context = world.context();
    for _ in 0..2 {
        let told = cancel(&context, &json!({})).await;
        let body = told.json();
        assert_eq!(
            (told.status, &body["message"]),
            (200, &"inscription annulée".into()),
            "{}",
            told.text
        );
        assert_eq!(
            body["inscription"]["id_inscription"], RECORD,
            "the id that the establishment may read it by"
        );
        assert_eq!(body["inscription"]["statut"], "annulé");
        let record = record(&world, RECORD);
        assert_eq!(inscription(&record)["statut"], dynamo(&json!("annulé")));
        assert_eq!(inscription(&record)["regime"], dynamo(&json!("RF4")), "nothing else changes");
        assert_eq!(
            record["declaration"]["M"]["identite"]["M"]["nomFamille"],
            dynamo(&json!("Quintefeuille"))
        );
        assert_eq!(
            (&record["state"], record.contains_key("digest")),
            (&dynamo(&json!("pending")), false)
        );
        assert_eq!(world.records().len(), 1);
        tick();
    }
    assert_eq!(world.queue.bodies(), vec![format!(r#"{{"record":"{RECORD}"}}"#); 2]);
    let read = ask(
        &context,
        request("GET", &format!("/api/inscription/{RECORD}"), &[("x-api-key", KEY)], ""),
    )
    .await;
    assert_eq!(read.json()["inscription"]["statut"], "annulé");
    // The first version of the contract has no diploma.
    let version_1 = enrolment(&json!({ "diplome": null, "cursus": null, "statut": "annulé" }));
    assert_eq!(push(&context, &version_1).await.json()["inscription"]["id_inscription"], RECORD);
    world.assert_nothing_personal();
}

#[tokio::test]
async fn what_is_admis_by_a_file_and_inscrit_by_push_is_one_enrolment() {
    let world = world(&[(RECORD, said("E-4217", &json!({ "statut": "admis" })))]);
    let context = world.context();
    let body = enrolment(
        &json!({ "regime": null, "codeCommune": null, "cursus": null, "dateFinInscription": "2027-07-31" }),
    );
    let told = push(&context, &body).await;
    assert_eq!(
        (told.status, &told.json()["message"]),
        (200, &"une nouvelle inscription créée".into())
    );
    assert_eq!(told.json()["inscription"]["id_inscription"], RECORD);
    let record = record(&world, RECORD);
    assert_eq!(world.records().len(), 1);
    let told = |field: &str| inscription(&record)[field]["S"].clone();
    assert_eq!((told("statut"), told("dateFin")), (json!("inscrit"), json!("2027-07-31")));
    assert_eq!(
        (told("regime"), told("codeCommune"), told("cursus"), told("niveauDiplome")),
        (json!("RF4"), json!("44109"), json!("M"), json!("01")),
        "what the body leaves out stays as the file said it"
    );
    // Said again under the same key, it is answered as before; and under another one, it is done
    // again.
    for key in ["a", "a", "b"] {
        assert_eq!(
            push_once(&context, key, &body).await.json()["inscription"]["id_inscription"],
            RECORD
        );
    }
    assert_eq!(world.records().len(), 1);
}

#[tokio::test]
async fn a_cancellation_of_nothing_says_so() {
    let elsewhere = said("E-4217", &json!({ "uai": "0751967F" }));
    let last_year = said("E-4217", &json!({ "dateDebut": "2025-09-01", "dateFin": "2026-08-31" }));
    let another_diploma = said("E-4217", &json!({ "diplome": "2400001" }));
    let attached_to_nobody = world(&[]);
    stored(&attached_to_nobody, RECORD, &said("E-4217", &json!({})));
    let somebody_else = world(&[(RECORD, said("E-4217", &json!({})))]);
    somebody_else.tables.change("records", |record| {
        // The number was given to another person since, who isn't attached yet.
        record["declaration"]["M"]["identite"]["M"]["prenom1"] = dynamo(&json!("Sidonie"));
        record.insert("state".into(), dynamo(&json!("pending")));
    });
    let worlds = [elsewhere, last_year, another_diploma].map(|said| world(&[(RECORD, said)]));
    for world in worlds.iter().chain([&attached_to_nobody, &somebody_else]) {
        let before = world.records();
        let told = cancel(&world.context(), &json!({})).await;
        let body = told.json();
        assert_eq!((told.status, &body["message"]), (404, &"inscription introuvable".into()));
        assert_eq!(body["details"]["parameter"], json!([INE, BIRTH_DATE]));
        assert_eq!((world.records(), world.queue.bodies().len()), (before, 0));
        world.assert_nothing_personal();
    }
    // In a batch each is told for itself.
    let world = World::new();
    let batch = json!([
        enrolment(&json!({ "statut": "annulé" })),
        enrolment(&json!({ "uai": "0010814E" }))
    ]);
    let told = ask(
        &world.context(),
        request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], batch.to_string()),
    )
    .await;
    let results = told.json()["resultats"].clone();
    assert_eq!((&results[0]["code"], &results[1]["code"]), (&404.into(), &200.into()));
    assert_eq!(results[0]["reponse"]["message"], "inscription introuvable");
    assert_eq!(world.records().len(), 1);
}

#[tokio::test]
async fn of_several_enrolments_none_is_cancelled_by_guess() {
    let two = [(RECORD, said("E-4217", &json!({}))), (SECOND, said("E-4218", &json!({})))];
    let world = world(&two);
    let context = world.context();
    let told = cancel(&context, &json!({})).await;
    assert_eq!(
        (told.status, &told.json()["details"]["parameter"]),
        (409, &"diplome ou numeroEtudiant".into())
    );
    assert!(
        world
            .records()
            .iter()
            .all(|record| inscription(record)["statut"] == dynamo(&json!("inscrit")))
    );
    let told = cancel(&context, &json!({ "numeroEtudiant": "E-4218" })).await;
    assert_eq!((told.status, &told.json()["inscription"]["id_inscription"]), (200, &SECOND.into()));
    assert_eq!(inscription(&record(&world, RECORD))["statut"], dynamo(&json!("inscrit")));
    // Once that is published, the one that stands is meant.
    attached(&world, SECOND, &said("E-4218", &json!({ "statut": "annulé" })));
    let told = cancel(&context, &json!({})).await;
    assert_eq!((told.status, &told.json()["inscription"]["id_inscription"]), (200, &RECORD.into()));
}

#[tokio::test]
async fn what_was_said_later_than_now_is_not_cancelled() {
    let world = world(&[(RECORD, said("E-4217", &json!({})))]);
    world.tables.change("records", |record| {
        record.insert("version".into(), dynamo(&json!("9999999999999.0.import.0000000002")));
    });
    let context = world.context();
    let told = cancel(&context, &json!({})).await;
    assert_eq!(
        (told.status, &told.json()["message"]),
        (409, &"une déclaration plus récente existe".into())
    );
    let told = push(&context, &enrolment(&json!({ "statut": "admis" }))).await;
    assert_eq!(told.status, 200, "what is older is acknowledged and ignored, as in files");
    assert_eq!(inscription(&record(&world, RECORD))["statut"], dynamo(&json!("inscrit")));
}

#[tokio::test]
async fn an_enrolment_with_a_record_of_each_way_is_cancelled_in_both() {
    let world = World::new();
    let context = world.context();
    // The push came first.
    let own = push(&context, &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"]
        .clone();
    let own = own.as_str().unwrap();
    let pair = json!({ "dateNaissance": BIRTH_DATE });
    let mut pushed = said("", &json!({ "regime": "RF1" }));
    pushed.as_object_mut().unwrap().remove("numeroEtudiant");
    pushed["identite"] = pair;
    attached(&world, own, &pushed);
    world.tables.change("records", |record| {
        record.insert("student".into(), dynamo(&json!(STUDENT)));
    });
    let by_file = said("E-4217", &json!({}));
    stored(&world, RECORD, &by_file);
    attached(&world, RECORD, &by_file);
    let statuses = |status: &str| {
        let records = world.records();
        assert_eq!(records.len(), 2);
        assert!(
            records.iter().all(|record| inscription(record)["statut"] == dynamo(&json!(status))),
            "{records:?}"
        );
    };
    statuses("inscrit");
    tick();
    let told = cancel(&context, &json!({})).await;
    assert_eq!(
        told.json()["inscription"]["id_inscription"],
        own,
        "an id that was given goes on being given"
    );
    statuses("annulé");
    tick();
    assert_eq!(push(&context, &enrolment(&json!({}))).await.status, 200);
    statuses("inscrit");
    // By the id of either.
    for id in [own, RECORD] {
        tick();
        let path = format!("/api/inscription/{id}");
        let told = ask(&context, request("DELETE", &path, &[("x-api-key", KEY)], "")).await;
        assert_eq!((told.status, &told.json()["inscription"]["id_inscription"]), (200, &id.into()));
        statuses("annulé");
        for traced in [own, RECORD] {
            let traces = format!("{:?}", world.tables.items("access_log"));
            assert!(
                traces.contains(traced),
                "each record that is written leaves a trace: {traces}"
            );
        }
        tick();
        push(&context, &enrolment(&json!({}))).await;
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn one_number_for_two_people_of_a_batch_is_a_problem_of_both() {
    let world = World::new();
    second_student(&world);
    let context = world.context();
    let batch = json!([
        enrolment(&json!({ "numeroEtudiant": "E-4217" })),
        enrolment(&json!({ "numeroEtudiant": "E-4218" })),
        enrolment(&json!({ "numeroEtudiant": "E-4217", "ine": SECOND_INE, "diplome": "2400001" })),
        enrolment(&json!({ "numeroEtudiant": "E-4219", "ine": SECOND_INE })),
    ]);
    let told = ask(
        &context,
        request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], batch.to_string()),
    )
    .await;
    let results = told.json()["resultats"].as_array().unwrap().clone();
    let codes: Vec<_> = results.iter().map(|result| result["code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [400, 200, 400, 200]);
    for refused in [0, 2] {
        let parameter = results[refused]["reponse"]["details"]["parameter"].as_str().unwrap();
        assert!(parameter.starts_with("numeroEtudiant : le même numéro"), "{parameter}");
    }
    assert_eq!(world.records().len(), 2);
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_cancellation_that_failed_anywhere_is_done_by_the_next_attempt() {
    let mut failed = 0;
    for fault in (1..=16).flat_map(|call| [Fault::Before(call), Fault::After(call)]) {
        for key in [None, Some("k1")] {
            let world = world(&[(RECORD, said("E-4217", &json!({})))]);
            *world.faults.next.lock().unwrap() = Some(fault);
            let body = enrolment(&json!({ "statut": "annulé" }));
            let send = async || match key {
                Some(key) => push_once(&world.context(), key, &body).await,
                None => push(&world.context(), &body).await,
            };
            if send().await.status != 200 {
                failed += 1;
                *world.faults.next.lock().unwrap() = None;
                world.tables.change("idempotency", |item| {
                    item.insert("in_progress_until".into(), dynamo(&json!(0)));
                });
                let again = send().await;
                assert_eq!(again.status, 200, "{fault:?}: {}", again.text);
            }
            let record = record(&world, RECORD);
            assert_eq!(inscription(&record)["statut"], dynamo(&json!("annulé")), "{fault:?}");
            assert_eq!(world.records().len(), 1, "{fault:?}");
            let pointer = format!(r#"{{"record":"{RECORD}"}}"#);
            assert!(
                world.queue.bodies().contains(&pointer),
                "{fault:?}: a record waits without a pointer"
            );
            world.assert_nothing_personal();
        }
    }
    assert!(failed > 20, "the faults struck {failed} times only");
}

#[tokio::test]
async fn a_batch_may_cancel_what_it_tells_of() {
    let world = World::new();
    let context = world.context();
    let (made, cancelled) = (enrolment(&json!({})), enrolment(&json!({ "statut": "annulé" })));
    let lot = async |batch: &Value| {
        let told = ask(
            &context,
            request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], batch.to_string()),
        )
        .await;
        let results = told.json()["resultats"].as_array().unwrap().clone();
        results.iter().map(|result| result["code"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let status = || inscription(&world.records()[0])["statut"].clone();
    assert_eq!(lot(&json!([cancelled, made])).await, [404, 200], "there was nothing yet");
    assert_eq!((world.records().len(), status()), (1, dynamo(&json!("inscrit"))));
    let other = json!({ "diplome": "2400009" });
    let (made, mut cancelled) = (enrolment(&other), enrolment(&other));
    cancelled["statut"] = "annulé".into();
    assert_eq!(lot(&json!([made, cancelled])).await, [200, 200]);
    let records = world.records();
    let last = records
        .iter()
        .find(|record| inscription(record)["diplome"] == dynamo(&json!("2400009")))
        .unwrap();
    assert_eq!(inscription(last)["statut"], dynamo(&json!("annulé")), "the later line counts");
}

#[tokio::test]
async fn a_number_that_is_somebody_elses_by_now_is_not_cancelled() {
    let world = World::new();
    let context = world.context();
    second_student(&world);
    let hers = enrolment(&json!({ "numeroEtudiant": "E-4217" }));
    assert_eq!(push(&context, &hers).await.status, 200);
    tick();
    // Another person of the same birth date, under the same number.
    let told = push(
        &context,
        &enrolment(&json!({ "numeroEtudiant": "E-4217", "ine": SECOND_INE, "statut": "annulé" })),
    )
    .await;
    assert_eq!((told.status, &told.json()["message"]), (404, &"inscription introuvable".into()));
    assert_eq!(inscription(&world.records()[0])["statut"], dynamo(&json!("inscrit")));
}
