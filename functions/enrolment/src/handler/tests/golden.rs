//! Golden files of the write contract, `tests/golden/enrolment_*.snap`: what a caller reads, to the
//! letter.

use fakes::aws::Fault;
use fakes::gateway::{Reply, request};
use serde_json::{Value, json};

use super::world::{KEY, World, ask, enrolment, push, push_once};

fn golden(name: &str, told: &Reply) {
    let masked = [
        ("1\\.[0-9a-f]{32}", "[id]"),
        ("\"id\":\"[0-9a-f]{32}\"", "\"id\":\"[deposit]\""),
        ("depot/[0-9a-f]{32}", "depot/[deposit]"),
        (
            "\"(x-amz-credential|x-amz-date|policy|x-amz-signature|expire)\":\"[^\"]*\"",
            "\"$1\":\"[$1]\"",
        ),
    ];
    fakes::golden::compare(&format!("enrolment_{name}"), told, &masked);
}

#[tokio::test]
async fn answers_of_the_contract() {
    let context = World::new().context();
    golden("created", &push(&context, &enrolment(&json!({}))).await);
    let mut v1 = enrolment(&json!({}));
    for field in ["regime", "cursus", "diplome", "niveauDiplome"] {
        v1.as_object_mut().unwrap().remove(field);
    }
    golden("created_v1", &push(&context, &v1).await);
    golden("wrong_ine", &push(&context, &enrolment(&json!({ "ine": "1111111111Q" }))).await);
    golden(
        "wrong_dates",
        &push(&context, &enrolment(&json!({ "dateFinInscription": "2026-08-31" }))).await,
    );
    golden("not_an_object", &push(&context, &Value::Null).await);
    golden(
        "unknown_pair",
        &push(&context, &enrolment(&json!({ "dateNaissance": "2000-05-30" }))).await,
    );
    golden(
        "another_establishment",
        &push(&context, &enrolment(&json!({ "uai": "0751967F" }))).await,
    );
    golden("no_key", &ask(&context, request("POST", "/api/inscription", &[], "{}")).await);
    let wrong = [("x-api-key", "2ed3c3176ad1a803603841b13fd3437a")];
    golden("wrong_key", &ask(&context, request("POST", "/api/inscription", &wrong, "{}")).await);
    let world = World::new();
    *world.faults.next.lock().unwrap() = Some(Fault::Before(4));
    golden("unavailable", &push(&world.context(), &enrolment(&json!({}))).await);
}

#[tokio::test]
async fn answers_of_ours() {
    let world = World::new();
    let context = world.context();
    let body = enrolment(&json!({ "numeroEtudiant": "E-4217" }));
    let id = push_once(&context, "k", &body).await.json()["inscription"]["id_inscription"].clone();
    golden("key_reused", &push_once(&context, "k", &enrolment(&json!({}))).await);
    let path = format!("/api/inscription/{}", id.as_str().unwrap());
    let key = [("x-api-key", KEY)];
    golden("read", &ask(&context, request("GET", &path, &key, "")).await);
    golden("cancelled", &ask(&context, request("DELETE", &path, &key, "")).await);
    golden(
        "read_unknown",
        &ask(&context, request("GET", "/api/inscription/Eudoxie", &key, "")).await,
    );
    let batch = json!([
        body,
        enrolment(&json!({ "ine": "1111111111Q" })),
        enrolment(&json!({ "uai": "0751967F" }))
    ]);
    golden(
        "batch",
        &ask(&context, request("POST", "/api/inscription/lot", &key, batch.to_string())).await,
    );
    golden(
        "not_a_batch",
        &ask(&context, request("POST", "/api/inscription/lot", &key, "{}")).await,
    );
    let form = ask(&context, request("POST", "/api/depots", &key, "{}")).await;
    golden("deposit_form", &form);
    let path = format!("/api/depots/{}", form.json()["id"].as_str().unwrap());
    golden("deposit_awaited", &ask(&context, request("GET", &path, &key, "")).await);
    golden(
        "deposit_unknown",
        &ask(&context, request("GET", "/api/depots/Eudoxie", &key, "")).await,
    );
    golden(
        "deposit_of_another",
        &ask(&context, request("POST", "/api/depots", &key, r#"{"uai":"0751967F"}"#)).await,
    );
    golden("wrong_method", &ask(&context, request("PATCH", "/api/depots", &key, "")).await);
}
