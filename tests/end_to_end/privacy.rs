//! Nothing personal where it must not be: logs, queue messages, table keys, object keys that we
//! choose.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use tests::eventually;
use tests::http::query;
use tests::people::{Person, file};
use tests::stack::{LYCEE, Stack, UNIVERSITY};
use ureq::http::Method;

/// Whatever must not be found, in each way of writing it.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(people: &[&Person], tokens: &[String]) -> Self {
        let personal = people
            .iter()
            .flat_map(|person| [&person.ine, &person.family, &person.given, &person.birth]);
        let written =
            personal.flat_map(|value| [value.clone(), value.to_uppercase(), value.to_lowercase()]);
        Self(written.chain(tokens.iter().cloned()).collect())
    }

    fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|value| text.contains(value.as_str()))
    }
}

/// Asks about people in every way there is, well and badly; gives the tokens that were shown.
async fn ask_in_every_way(stack: &Stack, known: &Person, unknown: &Person) -> Vec<String> {
    let (client, token) = stack.client(|_| {}).await;
    let key = stack.key(&client, |_| {}).await;
    let (_, provider) = stack.service_provider(|_| {}).await;
    let expired = stack.token_with(&client, json!({ "claims": { "exp": 1_000_000_000 } })).await;
    let mut tokens =
        vec![token.clone(), key.clone(), expired.clone(), "not.a-token_of.anybody".to_owned()];

    for person in [known, unknown] {
        stack.by_identity(person).await;
        stack.by_ine(&person.ine).await;
        stack.direct_by_identity(person, &token).await;
        stack.direct_by_ine(&person.ine, &token).await;
        for shown in &tokens[2..4] {
            stack.direct_by_ine(&person.ine, shown).await;
        }
        // A name where a number is wanted, in a reference, as a caller, in a path, in a body of
        // another type.
        let named = query([
            ("ine", person.family.as_str()),
            ("recipient", &person.given),
            ("uai", &person.ine),
        ]);
        stack.direct(&format!("ine?{named}"), &token).await;
        stack.direct(&format!("couverture?{named}"), &token).await;
        stack.direct(&format!("{}?{named}", person.ine), &token).await;
        let lines = [
            json!({ "reference": person.ine, "ine": person.ine }),
            json!({ "reference": person.family, "nomNaissance": person.family }),
            person.line(),
        ];
        stack.batch(&lines, &token).await;
        let broken = format!("{{\"demandes\":[{{\"ine\":\"{}\",", person.ine);
        let lot = "/v3/mesri/statut_etudiant/lot?recipient=13002526500013";
        stack.call(Method::POST, lot).bearer(&token).body(broken.clone()).send().await;
        stack
            .call(Method::POST, lot)
            .bearer(&token)
            .header("content-type", &person.ine)
            .body(broken)
            .send()
            .await;
        let path = format!("/api/etudiant?INE={}", person.ine);
        stack
            .call(Method::GET, &path)
            .key(&key)
            .caller(&format!("DINUM - {}", person.ine))
            .send()
            .await;
        stack
            .call(Method::GET, &path)
            .key(&person.family)
            .header("user-agent", &person.ine)
            .send()
            .await;
        stack
            .get(
                &format!("/api/etudiant/{}?INE={}&nom={}", person.ine, person.ine, person.ine),
                Some(&key),
            )
            .await;
        stack
            .post(&format!("{{\"nomFamille\":\"{}\"", person.family), Some(&stack.identity_key))
            .await;

        let failing =
            ["down", "garbage", "not_json", "wrong_signature", "not_encrypted", "inactive"];
        for behaviour in [&["normal"], &failing[..]].concat() {
            let shown = stack
                .france_connect_token(&provider, person, json!({ "behaviour": behaviour }))
                .await;
            stack.france_connect(&shown).await;
            tokens.push(shown);
        }
        // Its own fields where others are wanted: an answer that can't be read must not be quoted.
        for identity in
            [json!({ "gender": person.family }), json!({ "birthdate": [person.family] })]
        {
            let wrong = stack
                .france_connect_token(&provider, person, json!({ "identity": identity }))
                .await;
            stack.france_connect(&wrong).await;
            tokens.push(wrong);
        }
        stack.france_connect(&format!("{} {}", person.family, person.ine)).await;
    }
    tokens
}

/// Sends people in every way that a write key allows, well and badly; gives the keys that were
/// shown.
async fn tell_in_every_way(stack: &Stack, known: &Person, unknown: &Person) -> Vec<String> {
    let depositor = stack.depositor().await;
    for person in [known, unknown] {
        let here = Person { uai: depositor.uai.clone(), ..person.clone() };
        for key in [depositor.key.as_str(), &person.family] {
            stack.tell(key, "", &here.told()).await;
            stack.tell(key, "/lot", &json!([here.told(), person.told(), person.family])).await;
            stack.form(key, &json!({ "uai": person.ine, "mode": person.family })).await;
            stack.follow(key, &person.ine).await;
        }
        let mut odd = here.told();
        odd["dateNaissance"] = person.family.as_str().into();
        odd[person.family.as_str()] = person.ine.as_str().into();
        stack.tell(&depositor.key, "", &odd).await;
        let call = |method, path: &str| stack.call(method, path).key(&depositor.key);
        let path = format!("/api/inscription/{}?nom={}", person.ine, person.family);
        call(Method::GET, &path).send().await;
        call(Method::DELETE, &path).send().await;
        let repeated =
            call(Method::POST, "/api/inscription").header("idempotency-key", &person.ine);
        repeated.json(&here.told()).send().await;
        call(Method::POST, "/api/inscription")
            .body(format!("{{\"ine\":\"{}\",", person.ine))
            .send()
            .await;
        stack.deposited(&depositor, &json!({}), file(&[here.row(), person.row()]).as_bytes()).await;
        stack.deposited(&depositor, &json!({ "essai": true }), person.row().as_bytes()).await;
    }
    vec![depositor.key]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_and_no_key_names_a_person() {
    let stack = Stack::connect().await;
    let person = Person {
        family: "Quintefeuille".into(),
        given: "Eudoxie".into(),
        birth: "2003-11-27".into(),
        ..Person::at(UNIVERSITY)
    };
    let broken = Person {
        birth: "2003-02-31".into(),
        family: "Malencontre".into(),
        ..Person::at(UNIVERSITY)
    };
    let doubtful = Person { given: "Barnabé".into(), uai: LYCEE.into(), ..person.clone() };

    // Every way that a name can come in: good, broken, doubtful rows; a file name; questions;
    // poison.
    let key = format!("{UNIVERSITY}/{}-{}.csv", person.family, tests::people::fresh_name());
    let dropped = stack.drop_as(&key, file(&[person.row(), broken.row()]), None).await;
    stack.report(&dropped).await;
    eventually("the status", || async {
        (stack.by_ine(&person.ine).await.status == 200).then_some(())
    })
    .await;
    stack.import(LYCEE, &[doubtful.row()]).await;
    let mut tokens = ask_in_every_way(&stack, &person, &broken).await;
    tokens.extend(tell_in_every_way(&stack, &person, &broken).await);
    let officer = stack.reviewer().await;
    for _ in 0..2 {
        assert_eq!(stack.review(&officer, "").await.status, 200);
    }
    stack.enqueue("identity_queue_url", &person.row()).await;
    stack.count(&json!({})).await;
    stack.invoke("retention", &json!({})).await;
    let secrets = Secrets::of(&[&person, &broken, &doubtful], &tokens);

    // The poison message is logged last of all.
    let deduplication = stack.log_groups()["deduplication"].clone();
    eventually("the log of the poison message", || async {
        let lines = stack.log_lines(&deduplication).await;
        lines.iter().any(|line| line.contains("pointer not followed")).then_some(())
    })
    .await;
    for (function, group) in stack.log_groups() {
        let lines = stack.log_lines(&group).await;
        assert!(lines.len() > 1, "{function} logs something");
        for line in lines {
            assert!(!secrets.are_in(&line), "{function} logged: {line}");
        }
    }
    nothing_in_the_tables(&stack, &secrets).await;
}

async fn nothing_in_the_tables(stack: &Stack, secrets: &Secrets) {
    let tables: [(&str, &[&str]); 11] = [
        ("records_table", &["id"]),
        ("students_table", &["pk", "sk"]),
        ("blocks_table", &["pk"]),
        ("findings_table", &["import", "position"]),
        ("imports_table", &["id"]),
        ("access_log_table", &["subject", "at"]),
        ("reviews_table", &["id"]),
        ("establishments_table", &["uai"]),
        ("clients_table", &["id"]),
        ("quotas_table", &["subject"]),
        ("idempotency_table", &["id"]),
    ];
    for (table, keys) in tables {
        for item in stack.items(table).await {
            let key: HashMap<&str, Option<&AttributeValue>> =
                keys.iter().map(|name| (*name, item.get(*name))).collect();
            assert!(key.values().all(Option::is_some), "{table} has other keys");
            assert!(!secrets.are_in(&format!("{key:?}")), "{table} has a key that names a person");
            if let Some(report) = item.get("report_key") {
                assert!(!secrets.are_in(&format!("{report:?}")), "a report's key names a person");
            }
        }
    }
    // What these hold isn't personal at all, `caller` excepted: it is what the client says of
    // itself.
    for table in ["clients_table", "quotas_table", "access_log_table"] {
        for mut item in stack.items(table).await {
            item.remove("caller");
            assert!(!secrets.are_in(&format!("{item:?}")), "{table} names a person");
        }
    }
}
