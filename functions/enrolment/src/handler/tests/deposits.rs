//! `/api/depots`: a form under the key's own prefix, and what became of the file.

use std::collections::{BTreeMap, HashMap};

use fakes::aws::{Fault, dynamo, item};
use fakes::dynamodb::Item;
use fakes::gateway::{Reply, request};
use jiff::Timestamp;
use lambda_http::RequestExt as _;
use serde_json::{Value, json};
use shared::api::Api;
use shared::domain::uai::Uai;
use shared::feeding::import::GoOn;
use shared::identity::finding::FindingCode;
use shared::registry::imports::{Arrival, End, ImportId, LeaseHolder, Order, Progress};

use super::world::{KEY, OTHER_KEY, READ_KEY, World, ask, enrolment, push};
use crate::context::Context;

async fn open(context: &Api<Context>, body: &str) -> Reply {
    ask(context, request("POST", "/api/depots", &[("x-api-key", KEY)], body)).await
}

async fn follow(context: &Api<Context>, key: &str, id: &str) -> Reply {
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
        let tables = &world.tables;
        let stored = tables
            .items("imports")
            .into_iter()
            .find(|item| item["id"]["S"] == format!("DEPOT#{id}"));
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
        assert_eq!(
            (told.status, &told.json()["details"]["endpoint"]),
            (status, &"depots".into()),
            "{body}"
        );
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn only_a_file_of_its_own_establishment_is_a_deposits() {
    let world = World::new();
    let context = world.context();
    let id = open(&context, "").await.json()["id"].as_str().unwrap().to_owned();
    let imports = world.imports();
    let own = ImportId::of("inbox", &format!("0010006B/depot/{id}"), "v1");
    let stranger = ImportId::of("inbox", &format!("0751967F/dry-run/depot/{id}"), "v1");
    let linked = || world.tables.items("imports")[0].get("import").cloned();
    let link = async |uai: &str, import: &ImportId| {
        imports.link_deposit(&id, Uai::parse(uai).unwrap(), import).await
    };
    link("0751967F", &stranger).await.unwrap();
    assert_eq!(linked(), None, "whoever guesses or is told an id drives nobody else's deposit");
    for _ in 0..2 {
        link("0010006B", &own).await.unwrap();
        assert_eq!(linked(), Some(dynamo(&json!(own.as_str()))));
    }
    link("0751967F", &stranger).await.unwrap();
    assert_eq!(linked(), Some(dynamo(&json!(own.as_str()))));
}

#[tokio::test]
async fn an_establishment_has_so_many_places_and_each_is_left_or_over_by_itself() {
    let world = World::new();
    let imports = world.imports();
    let uai = Uai::parse("0751967F").unwrap();
    let ids = ["a", "b", "c"].map(|key| ImportId::of("inbox", key, "v1"));
    let holders = ids.each_ref().map(|import| LeaseHolder { import, owner: "owner" });
    let now = Timestamp::from_second(1_000).unwrap();
    let later = Timestamp::from_second(1_100).unwrap();
    assert_eq!(imports.enter(uai, holders[0], now).await.unwrap(), Some(0));
    assert_eq!(imports.enter(uai, holders[1], now).await.unwrap(), Some(1));
    assert_eq!(imports.enter(uai, holders[2], now).await.unwrap(), None);
    assert_eq!(
        imports.enter(uai, holders[0], now).await.unwrap(),
        Some(0),
        "asked again, it has its own"
    );
    assert_eq!(
        imports.enter(Uai::parse("0010006B").unwrap(), holders[2], now).await.unwrap(),
        Some(0)
    );
    imports.leave(uai, 1, holders[1]).await.unwrap();
    assert_eq!(imports.enter(uai, holders[2], now).await.unwrap(), Some(1));
    imports.leave(uai, 1, holders[1]).await.unwrap();
    assert!(
        imports.stay(uai, 1, holders[2], later).await.unwrap(),
        "left twice, it is another's and stays so"
    );
    assert_eq!(
        imports.enter(uai, holders[1], later).await.unwrap(),
        Some(0),
        "a lease that is over holds nothing"
    );
    assert!(!imports.stay(uai, 0, holders[0], later).await.unwrap());
}

#[tokio::test]
async fn a_deposit_is_followed_by_its_own_establishment_only() {
    let world = World::new();
    let context = world.context();
    let id = open(&context, "").await.json()["id"].as_str().unwrap().to_owned();
    let told = follow(&context, KEY, &id).await;
    let nothing = json!({ "lues": 0, "acceptees": 0, "depassees": 0, "inchangees": 0, "nouvelles": 0, "rejetees": 0, "averties": 0 });
    let awaited = json!({ "id": id, "import": null, "essai": false, "etat": "attendu", "lignes": nothing, "progression": 0.0, "raison": null, "rapport": null });
    assert_eq!((told.status, told.json()), (200, awaited));
    for (key, id) in
        [(OTHER_KEY, id.as_str()), (KEY, "ffffffffffffffffffffffffffffffff"), (KEY, "Eudoxie")]
    {
        let told = follow(&context, key, id).await;
        assert_eq!((told.status, &told.json()["message"]), (404, &"dépôt introuvable".into()));
        assert!(!told.text.contains("Eudoxie"));
    }

    world.tables.change("imports", |deposit| {
        deposit.insert("import".into(), dynamo(&json!("0123456789abcdef0123456789abcdef")));
    });
    for (state, etat, progress) in [
        ("received", "reçu", 0.42),
        ("running", "en cours", 0.42),
        ("done", "terminé", 1.0),
        ("failed", "échoué", 1.0),
    ] {
        let import = json!({
            "id": "0123456789abcdef0123456789abcdef", "state": state, "rows_read": 10, "accepted": 7, "superseded": 1,
            "unchanged": 2, "created": 3, "rejected": 3, "warned": 2, "bytes_read": 429, "bytes": 1_000, "reason": null,
            "report_key": "0010006B/0123456789abcdef0123456789abcdef/rapport.json",
        });
        world.tables.put("imports", item(&import));
        let told = follow(&context, KEY, &id).await.json();
        assert_eq!((&told["etat"], &told["progression"]), (&etat.into(), &progress.into()));
        let lines = json!({
            "lues": 10, "acceptees": 7, "depassees": 1, "inchangees": 2, "nouvelles": 3, "rejetees": 3, "averties": 2,
        });
        assert_eq!(told["lignes"], lines);
        for form in ["json", "csv"] {
            let link = told["rapport"][form].as_str().unwrap();
            assert!(
                link.contains(&format!("/rapport.{form}?")) && link.contains("X-Amz-Expires=300"),
                "{link}"
            );
        }
    }
    assert_eq!(
        world.log().iter().filter(|line: &&Value| line["route"] == "deposit_status").count(),
        8
    );
}

async fn confirm(context: &Api<Context>, key: &str, id: &str, body: &Value) -> Reply {
    let path = format!("/api/depots/{id}/confirmation");
    ask(context, request("POST", &path, &[("x-api-key", key)], body.to_string())).await
}

#[tokio::test]
async fn a_trial_is_imported_for_good_once_however_often_it_is_confirmed() {
    let world = World::new();
    let context = world.context();
    let told = open(&context, r#"{"mode":"complet","annee":2026,"essai":true}"#).await.json();
    let (id, key) = (told["id"].as_str().unwrap(), told["champs"]["key"].as_str().unwrap());
    let (imports, now) = (world.imports(), Timestamp::now());
    let tried = ImportId::of("inbox", key, "v1");
    let holder = LeaseHolder { import: &tried, owner: "owner" };
    let arrival = Arrival {
        object_key: key.to_owned(),
        version_id: "v1".into(),
        bytes: 10,
        event_time: Some(now),
        sequencer: "00".into(),
    };
    let body = json!({ "import": tried.as_str(), "annulations": 12 });
    assert_eq!(confirm(&context, KEY, id, &body).await.status, 409, "nothing was dropped");
    imports.claim(holder, "message", Some(&arrival), now).await.unwrap();
    imports.link_deposit(id, Uai::parse("0010006B").unwrap(), &tried).await.unwrap();
    let running = confirm(&context, KEY, id, &body).await;
    assert!(running.status == 409 && running.text.contains("pas terminé"), "{}", running.text);
    let (progress, rules) = (Progress::default(), BTreeMap::new());
    let end = End { progress, rules: &rules, report_key: "report", failure: None };
    imports.finish(holder, end, now).await.unwrap();
    assert_eq!(follow(&context, KEY, id).await.json()["essai"], true);

    for (key, body, status) in [
        (OTHER_KEY, &body, 404),
        (READ_KEY, &body, 401),
        (KEY, &json!({ "import": "ffffffffffffffffffffffffffffffff" }), 409),
        (KEY, &json!({}), 400),
        (KEY, &json!([]), 400),
    ] {
        assert_eq!(confirm(&context, key, id, body).await.status, status, "{body}");
    }
    world.queue.drain();
    // It dies after each of its calls in turn, then goes through.
    for fault in 1..=9 {
        *world.faults.calls.lock().unwrap() = 0;
        *world.faults.next.lock().unwrap() = Some(Fault::After(fault));
        confirm(&context, KEY, id, &body).await;
    }
    *world.faults.next.lock().unwrap() = None;
    let done = confirm(&context, KEY, id, &body).await;
    let told = done.json();
    assert_eq!(
        (done.status, &told["etat"], &told["essai"], &told["import"]),
        (202, &json!("reçu"), &json!(false), &json!(tried.after().as_str()))
    );
    let ordered = imports.get(&tried.after()).await.unwrap().unwrap();
    assert_eq!((ordered.object_key.as_str(), ordered.version_id.as_str()), (key, "v1"));
    assert_eq!(ordered.order, Some(Order { dry_run: false, cancellations: 12, columns: None }));
    let asked = world.queue.drain();
    assert!(!asked.is_empty());
    for sent in asked {
        assert_eq!((sent.queue.as_str(), sent.body), ("imports", GoOn::body(&tried.after())));
    }
    let otherwise = json!({ "import": tried.as_str(), "annulations": 13 });
    assert_eq!(confirm(&context, KEY, id, &otherwise).await.status, 409, "ordered otherwise");
    let again = json!({ "import": tried.after().as_str() });
    assert_eq!(confirm(&context, KEY, id, &again).await.status, 409, "no trial");
    world.assert_nothing_personal();
}

const IMPORT: &str = "0123456789abcdef0123456789abcdef";

async fn findings(context: &Api<Context>, key: &str, id: &str, after: &str) -> Reply {
    let asked = request("GET", &format!("/api/depots/{id}/identites"), &[("x-api-key", key)], "");
    let after = HashMap::from([("apres".to_owned(), vec![after.to_owned()])]);
    ask(context, asked.with_query_string_parameters(after)).await
}

/// What deduplication writes about a line.
fn finding(line: u64, code: &str, statut_ine: &str) -> Item {
    item(&json!({
        "import": IMPORT, "position": format!("{line:010}.1.{line:032x}"), "code": code, "statut_ine": statut_ine,
        "version": format!("1790000000000.{:024}.{IMPORT}.{line:010}", 0), "expires_at": 1_790_000_000,
    }))
}

#[tokio::test]
async fn what_was_found_about_its_rows_is_told_to_its_own_establishment_only() {
    let world = World::new();
    let context = world.context();
    let id = open(&context, "").await.json()["id"].as_str().unwrap().to_owned();
    let told = findings(&context, KEY, &id, "").await;
    assert_eq!(
        (told.status, told.json()),
        (200, json!({ "id": id, "constats": [], "suivant": null }))
    );
    world.tables.change("imports", |deposit| {
        deposit.insert("import".into(), dynamo(&json!(IMPORT)));
    });
    {
        let tables = &world.tables;
        tables.put("findings", finding(11, "en_revue", "LITIGE"));
        tables.put("findings", finding(2, "ine_corrige", "DONNEES_INVALIDES"));
        let mut of_another = finding(3, "immatricule", "CONFIRME");
        of_another.insert("import".into(), dynamo(&json!("ffffffffffffffffffffffffffffffff")));
        tables.put("findings", of_another);
    }
    let told = findings(&context, KEY, &id, "").await;
    let line = |line: u64, code: FindingCode, gravite, statut: &str| {
        json!({
            "ligne": line, "id_inscription": format!("1.{line:032x}"), "code": code, "gravite": gravite,
            "message": code.sheet().message, "statutIne": statut,
        })
    };
    let constats = json!([
        line(2, FindingCode::IneCorrige, "avertissement", "DONNEES_INVALIDES"),
        line(11, FindingCode::EnRevue, "attente", "LITIGE"),
    ]);
    assert_eq!(
        (told.status, told.json()),
        (200, json!({ "id": id, "constats": constats, "suivant": null }))
    );
    for (key, id, status) in [
        (OTHER_KEY, id.as_str(), 404),
        (KEY, "ffffffffffffffffffffffffffffffff", 404),
        (READ_KEY, id.as_str(), 401),
    ] {
        assert_eq!(findings(&context, key, id, "").await.status, status);
    }
    for after in ["Eudoxie", "2", "0000000002"] {
        let told = findings(&context, KEY, &id, after).await;
        assert_eq!(told.status, 400);
        assert!(!told.text.contains("Eudoxie"));
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn findings_come_in_pages_that_miss_none() {
    let world = World::new();
    let context = world.context();
    let id = open(&context, "").await.json()["id"].as_str().unwrap().to_owned();
    world.tables.change("imports", |deposit| {
        deposit.insert("import".into(), dynamo(&json!(IMPORT)));
    });
    (2..=1_201)
        .for_each(|line| world.tables.put("findings", finding(line, "ine_inconnu", "INCONNU")));
    let (mut after, mut lines, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = findings(&context, KEY, &id, &after).await.json();
        lines.extend(
            page["constats"].as_array().unwrap().iter().map(|told| told["ligne"].as_u64().unwrap()),
        );
        pages += 1;
        match page["suivant"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!((lines, pages), ((2..=1_201).collect(), 3));
}

#[tokio::test]
async fn an_enrolment_read_back_says_what_was_found_about_its_person() {
    let world = World::new();
    let context = world.context();
    let told = push(&context, &enrolment(&json!({}))).await.json();
    let path =
        format!("/api/inscription/{}", told["inscription"]["id_inscription"].as_str().unwrap());
    let read =
        async || ask(&context, request("GET", &path, &[("x-api-key", KEY)], "")).await.json();
    let before = read().await;
    assert_eq!(
        (before.get("statutIne"), before.get("constat")),
        (None, None),
        "nobody has looked yet"
    );
    world.tables.change("records", |record| {
        record.insert("statut_ine".into(), dynamo(&json!("CONFIRME")));
    });
    let confirmed = read().await;
    assert_eq!((&confirmed["statutIne"], confirmed.get("constat")), (&"CONFIRME".into(), None));
    world.tables.change("records", |record| {
        record.insert("finding".into(), dynamo(&json!("ine_remplace")));
    });
    let replaced = read().await;
    let message = FindingCode::IneRemplace.sheet().message;
    let words = json!({ "code": "ine_remplace", "gravite": "avertissement", "message": message });
    assert_eq!((&replaced["statutIne"], &replaced["constat"]), (&"CONFIRME".into(), &words));
}
