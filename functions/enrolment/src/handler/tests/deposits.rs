//! `/api/depots`: a form under the key's own prefix, and what became of the file.

use serde_json::{Value, json};

use super::world::{KEY, OTHER_KEY, Told, World, ask, dynamo, item, request};
use crate::context::Context;

async fn open(context: &Context, body: &str) -> Told {
    ask(context, request("POST", "/api/depots", &[("x-api-key", KEY)], body)).await
}

async fn follow(context: &Context, key: &str, id: &str) -> Told {
    ask(context, request("GET", &format!("/api/depots/{id}"), &[("x-api-key", key)], "")).await
}

#[tokio::test]
async fn a_form_puts_one_file_under_the_keys_own_prefix() {
    let world = World::new();
    let context = world.context();
    for (body, prefix) in [
        ("", "0010006B/depot/"),
        (r#"{"uai":"0010006b"}"#, "0010006B/depot/"),
        (
            r#"{"mode":"complet","annee":2026,"confirme":true,"essai":true}"#,
            "0010006B/complete/2026/confirm/dry-run/depot/",
        ),
    ] {
        let told = open(&context, body).await;
        let form = told.json();
        let id = form["id"].as_str().unwrap();
        assert_eq!((told.status, &form["champs"]["key"]), (201, &format!("{prefix}{id}").into()));
        assert_eq!(
            (&form["url"], &form["tailleMax"]),
            (&"https://inbox.s3.eu-west-3.amazonaws.com/".into(), &1_000.into())
        );
        assert_eq!(form["champs"]["x-amz-security-token"], "token");
        assert!(told.text.contains(r#""champs":{"key":"#) && !told.text.contains("secret"));
        let tables = world.tables.lock().unwrap();
        let stored = tables.items("imports").into_iter().find(|item| item["id"]["S"] == format!("DEPOT#{id}"));
        assert_eq!(stored.unwrap()["key"], dynamo(&form["champs"]["key"]));
    }
    for (body, status) in [
        (r#"{"uai":"0751967F"}"#, 404),
        (r#"{"uai":"0010814E"}"#, 404),
        (r#"{"mode":"complet"}"#, 400),
        ("[]", 400),
        (&"x".repeat(5_000), 413),
    ] {
        let told = open(&context, body).await;
        assert_eq!((told.status, &told.json()["details"]["endpoint"]), (status, &"depots".into()), "{body}");
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn a_deposit_is_followed_by_its_own_establishment_only() {
    let world = World::new();
    let context = world.context();
    let id = open(&context, "").await.json()["id"].as_str().unwrap().to_owned();
    let told = follow(&context, KEY, &id).await;
    let nothing = json!({ "lues": 0, "acceptees": 0, "depassees": 0, "rejetees": 0, "averties": 0 });
    let awaited =
        json!({ "id": id, "etat": "attendu", "lignes": nothing, "progression": 0.0, "raison": null, "rapport": null });
    assert_eq!((told.status, told.json()), (200, awaited));
    for (key, id) in [(OTHER_KEY, id.as_str()), (KEY, "ffffffffffffffffffffffffffffffff"), (KEY, "Eudoxie")] {
        let told = follow(&context, key, id).await;
        assert_eq!((told.status, &told.json()["message"]), (404, &"dépôt introuvable".into()));
        assert!(!told.text.contains("Eudoxie"));
    }

    for deposit in world.tables.lock().unwrap().items_mut("imports") {
        deposit.insert("import".into(), dynamo(&json!("0123456789abcdef0123456789abcdef")));
    }
    for (state, etat, progress) in
        [("received", "reçu", 0.42), ("running", "en cours", 0.42), ("done", "terminé", 1.0), ("failed", "échoué", 1.0)]
    {
        let import = json!({
            "id": "0123456789abcdef0123456789abcdef", "state": state, "rows_read": 10, "accepted": 7, "superseded": 1,
            "rejected": 3, "warned": 2, "bytes_read": 429, "bytes": 1_000, "reason": null,
            "report_key": "0010006B/0123456789abcdef0123456789abcdef/rapport.json",
        });
        world.tables.lock().unwrap().put("imports", item(&import));
        let told = follow(&context, KEY, &id).await.json();
        assert_eq!((&told["etat"], &told["progression"]), (&etat.into(), &progress.into()));
        let lines = json!({ "lues": 10, "acceptees": 7, "depassees": 1, "rejetees": 3, "averties": 2 });
        assert_eq!(told["lignes"], lines);
        for form in ["json", "csv"] {
            let link = told["rapport"][form].as_str().unwrap();
            assert!(link.contains(&format!("/rapport.{form}?")) && link.contains("X-Amz-Expires=300"), "{link}");
        }
    }
    assert_eq!(world.log().iter().filter(|line: &&Value| line["route"] == "deposit_status").count(), 8);
}
