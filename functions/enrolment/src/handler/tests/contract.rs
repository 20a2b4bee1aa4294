//! `/api/inscription`: the contract to the letter, and what is ours beside it.

use fakes::aws::{dynamo, item};
use fakes::gateway::request;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::access::key::KeyDigest;

use super::world::{
    BIRTH_DATE, INE, KEY, NOBODYS_KEY, OTHER_KEY, READ_KEY, World, ask, enrolment, push, push_once,
    tick,
};

#[tokio::test]
async fn an_enrolment_is_stored_and_its_pointer_sent() {
    let world = World::new();
    let told = push(&world.context(), &enrolment(&json!({ "numeroEtudiant": "E-4217" }))).await;
    let id = told.json()["inscription"]["id_inscription"].as_str().unwrap().to_owned();
    assert_eq!(
        (told.status, told.text),
        (
            200,
            format!(
                r#"{{"message":"une nouvelle inscription créée","inscription":{{"id_inscription":"{id}","ine":"081768862AE","dateNaissance":"1999-11-30","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31","statut":"inscrit","codeCommune":"01200","uai":"0010006B"}}}}"#
            )
        )
    );
    let records = world.records();
    assert_eq!(
        (records.len(), &records[0]["id"], &records[0]["state"]),
        (1, &dynamo(&json!(id)), &dynamo(&json!("pending")))
    );
    let declaration = &records[0]["declaration"]["M"];
    assert_eq!(
        declaration["identite"],
        dynamo(&json!({ "dateNaissance": "1999-11-30" })),
        "the pair and no name"
    );
    assert_eq!(
        declaration["inscription"]["M"]["codeCommune"],
        dynamo(&json!("01033")),
        "its postal code is resolved"
    );
    assert_eq!(world.queue.bodies(), [format!(r#"{{"record":"{id}"}}"#)]);
    let tables = &world.tables;
    let fed = |uai: &str| {
        let items = tables.items("establishments");
        items.iter().any(|item| item["uai"]["S"] == uai && item.contains_key("last_feed_at"))
    };
    assert!(fed("0010006B") && !fed("0010814E"));
    assert_eq!(told.headers["ratelimit-remaining"], "19");
    let line = &world.log()[0];
    assert_eq!(
        (&line["route"], &line["client"], &line["uai"]),
        (&"enrolment".into(), &"lycee".into(), &"0010006B".into())
    );
    assert_eq!(
        (&line["outcome"], &line["stored"], &line["unknown"]),
        (&"done".into(), &1.into(), &0.into())
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn version_1_bodies_and_numbers_are_taken() {
    let world = World::new();
    let body = json!({
        "ine": INE.to_lowercase(), "dateNaissance": "1999-11-30", "dateDebutInscription": "2026-09-01",
        "dateFinInscription": "2027-08-31", "statut": 1, "codeCommune": 44109, "uai": "0010814E",
    });
    let told = push(&world.context(), &body).await;
    assert_eq!((told.status, &told.json()["inscription"]["statut"]), (200, &"inscrit".into()));
    assert_eq!(told.json()["inscription"]["codeCommune"], "44109");
    assert_eq!(told.json()["inscription"]["ine"], INE);
}

#[tokio::test]
async fn errors_are_to_the_letter() {
    let world = World::new();
    let context = world.context();
    let with = |others: Value| enrolment(&others);
    let number = KeyDigest::of("wrong").number();
    let envelope = |message: &str, parameter: &str| {
        format!(
            r#"{{"message":"{message}","uid":"<uid>","details":{{"method":"POST","endpoint":"inscription","parameter":{parameter}}}}}"#
        )
    };
    let invalid = |parameter: &str| {
        envelope("la valeur du paramètre n'est pas valide", &json!(parameter).to_string())
    };
    let unknown = |ine: &str, birth_date: &str| {
        envelope("étudiant introuvable", &format!(r#"["{ine}","{birth_date}"]"#))
    };
    for (body, status, expected) in [
        (
            with(json!({ "ine": "1111111111Q" })),
            400,
            invalid("le format ode l' INE n'est pas valide"),
        ),
        (with(json!({ "ine": "" })), 400, invalid("le format ode l' INE n'est pas valide")),
        (json!({}), 400, invalid("le format ode l' INE n'est pas valide")),
        (json!([]), 400, invalid("le corps de la requête n'est pas un objet JSON valide")),
        (
            with(json!({ "ine": "080890290EH", "dateNaissance": "2000-05-30" })),
            404,
            unknown("080890290EH", "2000-05-30"),
        ),
        (with(json!({ "dateNaissance": "2000-05-30" })), 404, unknown(INE, "2000-05-30")),
        (with(json!({ "uai": "0751967F" })), 404, unknown(INE, "1999-11-30")),
        (with(json!({ "uai": "0011402U" })), 404, unknown(INE, "1999-11-30")),
    ] {
        let told = push(&context, &body).await;
        assert_eq!((told.status, told.masked()), (status, expected), "{body}");
    }
    for (key, parameter) in [
        (None, "le token n'est pas valide".to_owned()),
        (Some("wrong"), format!("le token {number} n'est pas valide")),
    ] {
        let headers: Vec<_> = key.iter().map(|key| ("x-api-key", *key)).collect();
        let told = ask(&context, request("POST", "/api/inscription", &headers, "{}")).await;
        let expected = envelope("échec d'authentification", &json!(parameter).to_string());
        assert_eq!((told.status, told.masked()), (401, expected));
    }
    assert!(world.records().is_empty() && world.queue.bodies().is_empty());
    world.assert_nothing_personal();
}

#[tokio::test]
async fn several_problems_are_told_at_once_and_name_their_fields() {
    let world = World::new();
    let body = enrolment(
        &json!({ "dateFinInscription": "2027-02-30", "statut": "peut-être", "uai": "0751967F" }),
    );
    let told = push(&world.context(), &body).await;
    let parameter = told.json()["details"]["parameter"].as_str().unwrap().to_owned();
    assert_eq!(told.status, 400);
    assert!(
        parameter.contains("dateFinInscription : ") && parameter.contains("statut : "),
        "{parameter}"
    );
    assert!(!parameter.contains("uai"), "whose the establishment is isn't told: {parameter}");
}

#[tokio::test]
async fn a_key_opens_what_its_client_may_and_no_more() {
    let world = World::new();
    let context = world.context();
    for key in [READ_KEY, NOBODYS_KEY] {
        for (method, path) in
            [("POST", "/api/inscription"), ("GET", "/api/inscription/1.0"), ("POST", "/api/depots")]
        {
            let told = ask(&context, request(method, path, &[("x-api-key", key)], "{}")).await;
            assert_eq!(told.status, 401, "{key} {path}");
        }
    }
}

#[tokio::test]
async fn the_same_body_twice_is_one_enrolment_and_the_last_word_counts() {
    let world = World::new();
    let context = world.context();
    let body = enrolment(&json!({}));
    let first = push(&context, &body).await;
    tick();
    let second = push(&context, &body).await;
    assert_eq!((first.status, &first.text), (200, &second.text));
    tick();
    let corrected = push(
        &context,
        &enrolment(&json!({ "statut": "admis", "dateFinInscription": "2027-07-31" })),
    )
    .await;
    assert_eq!(
        corrected.json()["inscription"]["id_inscription"],
        first.json()["inscription"]["id_inscription"]
    );
    let records = world.records();
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0]["declaration"]["M"]["inscription"]["M"]["statut"],
        dynamo(&json!("admis"))
    );
}

#[tokio::test]
async fn unknown_pairs_are_counted_whatever_is_unknown_about_them() {
    let world = World::new();
    let context = world.context();
    push(&context, &enrolment(&json!({ "ine": "080890290EH" }))).await;
    push(&context, &enrolment(&json!({ "uai": "0751967F" }))).await;
    assert!(world.tables.items("quotas")[0].contains_key("unknown_until"));
    assert_eq!(world.log().iter().map(|line| line["unknown"].as_u64().unwrap()).sum::<u64>(), 2);
}

#[tokio::test]
async fn an_empty_quota_refuses_before_anything_is_read() {
    let world = World::new();
    let context = world.context();
    let batch: Vec<_> = (0..40).map(|_| enrolment(&json!({}))).collect();
    let told = ask(
        &context,
        request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], json!(batch).to_string()),
    )
    .await;
    assert_eq!(
        told.status, 200,
        "a batch is let in when there is room for one, and is paid for afterwards"
    );
    let told = push(&context, &enrolment(&json!({}))).await;
    assert_eq!((told.status, &told.headers["ratelimit-remaining"]), (429, &"0".parse().unwrap()));
    assert!(told.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_batch_is_answered_line_by_line() {
    let world = World::new();
    let context = world.context();
    let batch = json!([
        enrolment(&json!({ "statut": "admis" })),
        enrolment(&json!({ "ine": "1111111111Q" })),
        enrolment(&json!({ "ine": "080890290EH" })),
        enrolment(&json!({ "uai": "0751967F" })),
        null,
        enrolment(&json!({ "uai": "0010814E" })),
        enrolment(&json!({ "statut": "inscrit" })),
    ]);
    let told = ask(
        &context,
        request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], batch.to_string()),
    )
    .await;
    let results = told.json()["resultats"].as_array().unwrap().clone();
    let codes: Vec<_> = results.iter().map(|result| result["code"].as_u64().unwrap()).collect();
    assert_eq!((told.status, codes), (200, vec![200, 400, 404, 404, 400, 200, 200]));
    assert_eq!(
        results[1]["reponse"]["details"]["parameter"],
        "le format ode l' INE n'est pas valide"
    );
    assert_eq!(results[2]["reponse"]["details"]["parameter"], json!(["080890290EH", "1999-11-30"]));
    let id = |index: usize| &results[index]["reponse"]["inscription"]["id_inscription"];
    assert_eq!(id(0), id(6));
    assert_ne!(id(0), id(5));
    let records = world.records();
    let stored = records.iter().find(|record| record["id"] == dynamo(id(0))).unwrap();
    assert_eq!(
        (records.len(), &stored["declaration"]["M"]["inscription"]["M"]["statut"]),
        (2, &dynamo(&json!("inscrit"))),
        "the later line counts"
    );
    assert_eq!(world.queue.bodies().len(), 2);
    let line = &world.log()[0];
    assert_eq!(
        (&line["enrolments"], &line["stored"], &line["unknown"]),
        (&7.into(), &3.into(), &2.into())
    );
    for body in ["[]", "{}", &json!(vec![json!({}); 501]).to_string()] {
        let told =
            ask(&context, request("POST", "/api/inscription/lot", &[("x-api-key", KEY)], body))
                .await;
        assert_eq!(told.status, 400);
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn an_enrolment_is_read_back_by_its_own_establishment_only() {
    let world = World::new();
    let context = world.context();
    let told = push(&context, &enrolment(&json!({ "numeroEtudiant": "E-4217" }))).await;
    let id = told.json()["inscription"]["id_inscription"].as_str().unwrap().to_owned();
    let path = format!("/api/inscription/{id}");
    for (state, status, etat) in [
        ("pending", "inscrit", "en attente"),
        ("on_hold", "inscrit", "en vérification"),
        ("resolved", "inscrit", "publiée"),
        ("pending", "annulé", "en attente"),
        ("resolved", "annulé", "annulée"),
    ] {
        world.tables.change("records", |record| {
            record.insert("state".into(), dynamo(&json!(state)));
            record["declaration"]["M"]["inscription"]["M"]["statut"] = dynamo(&json!(status));
        });
        let told = ask(&context, request("GET", &path, &[("x-api-key", KEY)], "")).await;
        let body = told.json();
        assert_eq!(
            (told.status, &body["message"], &body["etat"]),
            (200, &"inscription trouvée".into(), &etat.into())
        );
        assert_eq!(body["inscription"]["numeroEtudiant"], "E-4217");
    }
    for (key, path) in
        [(OTHER_KEY, path.as_str()), (KEY, "/api/inscription/1.ffffffffffffffffffffffffffffffff")]
    {
        for method in ["GET", "DELETE"] {
            let told = ask(&context, request(method, path, &[("x-api-key", key)], "")).await;
            assert_eq!(
                (told.status, &told.json()["message"]),
                (404, &"inscription introuvable".into())
            );
            assert_eq!(told.json()["details"]["parameter"], path.rsplit('/').next().unwrap());
        }
    }
    let told =
        ask(&context, request("GET", "/api/inscription/Eudoxie", &[("x-api-key", KEY)], "")).await;
    assert_eq!((told.status, &told.json()["details"]["parameter"]), (404, &"".into()));
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_cancelled_enrolment_stays_so_until_it_is_said_again() {
    let world = World::new();
    let context = world.context();
    let id = push(&context, &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"]
        .clone();
    let path = format!("/api/inscription/{}", id.as_str().unwrap());
    for _ in 0..2 {
        let told = ask(&context, request("DELETE", &path, &[("x-api-key", KEY)], "")).await;
        let body = told.json();
        assert_eq!(
            (told.status, &body["message"], &body["etat"]),
            (200, &"inscription annulée".into(), &"en attente".into())
        );
        assert_eq!(body["inscription"]["statut"], "annulé");
        assert_eq!(
            world.records()[0]["declaration"]["M"]["inscription"]["M"]["statut"],
            dynamo(&json!("annulé"))
        );
    }
    assert_eq!(world.queue.bodies().len(), 3, "as long as it waits, its pointer is sent again");
    tick();
    push(&context, &enrolment(&json!({}))).await;
    assert_eq!(
        world.records()[0]["declaration"]["M"]["inscription"]["M"]["statut"],
        dynamo(&json!("inscrit"))
    );
}

#[tokio::test]
async fn what_was_said_later_than_now_can_not_be_cancelled() {
    let world = World::new();
    let context = world.context();
    let id = push(&context, &enrolment(&json!({}))).await.json()["inscription"]["id_inscription"]
        .clone();
    world.tables.change("records", |record| {
        record.insert("version".into(), dynamo(&json!("9999999999999.0.import.0000000002")));
    });
    let path = format!("/api/inscription/{}", id.as_str().unwrap());
    let told = ask(&context, request("DELETE", &path, &[("x-api-key", KEY)], "")).await;
    assert_eq!(
        (told.status, &told.json()["message"]),
        (409, &"une déclaration plus récente existe".into())
    );
}

#[tokio::test]
async fn a_key_is_answered_once() {
    let world = World::new();
    let context = world.context();
    let body = enrolment(&json!({}));
    let first = push_once(&context, "k1", &body).await;
    let version = world.records()[0]["version"].clone();
    tick();
    let again = push_once(&context, "k1", &body).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(
        (&world.records()[0]["version"], world.queue.bodies().len()),
        (&version, 1),
        "nothing is done again"
    );

    let kept = format!("{:?}", world.tables.items("idempotency"));
    assert!(kept.contains("sealed") && !kept.contains(INE) && !kept.contains(BIRTH_DATE), "{kept}");

    let reused = push_once(&context, "k1", &enrolment(&json!({ "statut": "admis" }))).await;
    assert_eq!(
        (reused.status, &reused.json()["details"]["parameter"]),
        (422, &"Idempotency-Key".into())
    );
    for key in ["", &"k".repeat(256)] {
        assert_eq!(push_once(&context, key, &body).await.status, 400);
    }
    // What did nothing binds nothing.
    let unknown = enrolment(&json!({ "ine": "080890290EH" }));
    assert_eq!(push_once(&context, "k2", &unknown).await.status, 404);
    assert_eq!(push_once(&context, "k2", &body).await.status, 200);
    // A day later the key is as good as new.
    world.tables.change("idempotency", |item| {
        item.insert("expires_at".into(), dynamo(&json!(0)));
    });
    assert_eq!(
        push_once(&context, "k1", &enrolment(&json!({ "statut": "admis" }))).await.status,
        200
    );
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_request_that_is_under_way_is_not_done_beside_itself() {
    let world = World::new();
    let context = world.context();
    let body = enrolment(&json!({}));
    push_once(&context, "k1", &body).await;
    world.tables.change("idempotency", |item| {
        item.insert("status".into(), dynamo(&json!("INPROGRESS")));
        item.remove("data");
    });
    let told = push_once(&context, "k1", &body).await;
    assert_eq!((told.status, told.headers.contains_key("retry-after")), (409, true));
    // Once no invocation can be at it any more, the next one is.
    world.tables.change("idempotency", |item| {
        item.insert("in_progress_until".into(), dynamo(&json!(0)));
    });
    assert_eq!(push_once(&context, "k1", &body).await.status, 200);
}

#[tokio::test]
async fn requests_that_are_none_have_decent_answers() {
    let world = World::new();
    let context = world.context();
    let key = ("x-api-key", KEY);
    for (method, path, headers, body, status) in [
        ("GET", "/api/inscription", vec![key], "", 405),
        ("OPTIONS", "/api/inscription", vec![], "", 405),
        ("PUT", "/api/depots/1", vec![key], "", 405),
        ("POST", "/api/inscription/lot/plus", vec![key], "", 404),
        ("POST", "/api/inscription", vec![key, ("content-type", "text/plain")], "{}", 415),
        ("POST", "/api/inscription", vec![key], &"x".repeat(20_000), 413),
        ("POST", "/api/inscription/lot", vec![key], &"x".repeat(600_000), 413),
    ] {
        let told = ask(&context, request(method, path, &headers, body)).await;
        assert_eq!(told.status, status, "{method} {path}");
        assert_eq!(told.headers.contains_key("allow"), status == 405);
        assert!(told.json()["message"].is_string());
    }
    let head = ask(&context, request("HEAD", "/api/inscription/openapi.json", &[], "")).await;
    assert_eq!((head.status, head.text.len()), (200, 0));
    let document = ask(&context, request("GET", "/api/inscription/openapi.json", &[], "")).await;
    assert_eq!(document.json()["openapi"], "3.1.0");
}

/// Any JSON, near the real ones.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}|[0-9-]{0,12}|(081768862AE|1999-11-30|2026-09-01|inscrit|0010006B)"
            .prop_map(Value::from),
    ];
    let names = "ine|dateNaissance|dateDebutInscription|dateFinInscription|statut|regime|codeCommune|uai|cursus|numeroEtudiant|mode|annee|\\PC{0,8}";
    scalar.prop_recursive(3, 24, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..10)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_json_has_a_decent_answer(
        replaced in any_json(), field in 0_usize..11, whole in any::<bool>(),
        path in "/api/(inscription|inscription/lot|depots|inscription/\\PC{0,40}|depots/[0-9a-f]{0,33})|/\\PC{0,12}",
        method in "GET|POST|POST|POST|DELETE|HEAD|PATCH", idempotency in "\\PC{0,12}",
    ) {
        let body = if whole { replaced } else {
            let mut body = enrolment(&json!({}));
            let name = body.as_object().unwrap().keys().nth(field).unwrap().clone();
            body[name] = replaced;
            body
        };
        let world = World::new();
        let mut request = request(&method, &path, &[("x-api-key", KEY)], body.to_string());
        if let Ok(value) = lambda_http::http::HeaderValue::from_bytes(idempotency.as_bytes()) {
            request.headers_mut().insert("idempotency-key", value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let told = runtime.block_on(ask(&world.context(), request));
        prop_assert!(told.status < 500, "{told:?}");
        if method != "HEAD" {
            prop_assert!(told.json().is_object());
        }
    }
}

#[test]
fn the_tables_of_these_tests_read_back_what_is_written() {
    assert_eq!(item(&json!({ "a": 1 }))["a"], json!({ "N": "1" }));
}
