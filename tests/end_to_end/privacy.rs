//! Nothing personal where it must not be: logs, queue messages, table keys, object keys that we choose.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tests::eventually;
use tests::people::{Person, file};
use tests::stack::{LYCEE, Stack, UNIVERSITY};

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_and_no_key_names_a_person() {
    let stack = Stack::connect().await;
    let person = Person {
        family: "Quintefeuille".into(),
        given: "Eudoxie".into(),
        birth: "2003-11-27".into(),
        ..Person::at(UNIVERSITY)
    };
    let broken = Person { birth: "2003-02-31".into(), family: "Malencontre".into(), ..Person::at(UNIVERSITY) };
    let doubtful = Person { given: "Barnabé".into(), uai: LYCEE.into(), ..person.clone() };

    // Every way that a name can come in: good, broken, doubtful rows; a file name; questions; poison.
    let key = format!("{UNIVERSITY}/{}-{}.csv", person.family, tests::people::fresh_name());
    let dropped = stack.drop_as(&key, file(&[person.row(), broken.row()]), None).await;
    stack.report(&dropped).await;
    eventually("the status", || async { (stack.by_ine(&person.ine).await.status == 200).then_some(()) }).await;
    stack.import(LYCEE, &[doubtful.row()]).await;
    stack.by_identity(&person).await;
    stack.by_identity(&broken).await;
    stack.by_ine(&broken.ine).await;
    stack
        .get(&format!("/api/etudiant/{}?INE={}&nom={}", person.ine, person.ine, person.family), Some(&stack.ine_key))
        .await;
    stack.post(&format!("{{\"nomFamille\":\"{}\"", person.family), Some(&stack.identity_key)).await;
    stack.enqueue(&person.row()).await;
    stack.invoke("statistics", &serde_json::json!({})).await;

    let mut personal: Vec<String> = Vec::new();
    for someone in [&person, &broken, &doubtful] {
        for value in [&someone.ine, &someone.family, &someone.given, &someone.birth] {
            personal.extend([value.clone(), value.to_uppercase(), value.to_lowercase()]);
        }
    }
    let names = |text: &str| personal.iter().any(|value| text.contains(value.as_str()));

    // The poison message is logged last of all.
    let deduplication = stack.log_groups()["deduplication"].clone();
    eventually("the log of the poison message", || async {
        let lines = stack.log_lines(&deduplication).await;
        lines.iter().any(|line| line.contains("pointer not resolved")).then_some(())
    })
    .await;
    for (function, group) in stack.log_groups() {
        let lines = stack.log_lines(&group).await;
        assert!(lines.len() > 1, "{function} logs something");
        for line in lines {
            assert!(!names(&line), "{function} logged: {line}");
        }
    }

    let sources: [(&str, &[&str]); 6] = [
        ("records_table", &["id"]),
        ("students_table", &["pk", "sk"]),
        ("postings_table", &["pk", "sk"]),
        ("imports_table", &["id"]),
        ("access_log_table", &["subject", "at"]),
        ("reviews_table", &["id"]),
    ];
    for (table, keys) in sources {
        for item in stack.items(table).await {
            let key: HashMap<&str, Option<&AttributeValue>> =
                keys.iter().map(|name| (*name, item.get(*name))).collect();
            assert!(!names(&format!("{key:?}")), "{table} has a key that names a person");
            if let Some(report) = item.get("report_key") {
                assert!(!names(&format!("{report:?}")), "a report's key names a person");
            }
        }
    }
}
