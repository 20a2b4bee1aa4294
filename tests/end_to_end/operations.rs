//! What goes wrong, and what operators do about it.

use serde_json::{Value, json};
use tests::depositors::fresh_uai;
use tests::eventually;
use tests::people::{Person, file, fresh_name};
use tests::stack::{Drop, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_redriven() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let person = Person::at(&depositor.uai);
    let dropped = stack.drop_file(&depositor.uai, file(&[person.row()])).await;
    let report = stack.report(&dropped).await;

    // As after an outage that outlasted every delivery: the import is in nobody's hands, its
    // message was given up.
    stack.lose_owner(&dropped, jiff::Timestamp::now().as_second() - 3_600).await;
    stack.enqueue("imports_dlq_url", &stack.event(&dropped).to_string()).await;
    let counted = stack.tool(&["redrive", "--queue", "imports", "--dry-run"]).await;
    assert!(counted.success && counted.output.contains("messages wait"), "{counted:?}");
    let state =
        async || stack.item("imports_table", "id", &dropped.import).await.unwrap()["state"].clone();
    assert_eq!(state().await.as_s().unwrap(), "running", "a dry run moves nothing");

    let redriven = stack.tool(&["redrive", "--queue", "imports"]).await;
    assert!(redriven.success && redriven.output.contains("moved back"), "{redriven:?}");
    for text in [&redriven.output, &redriven.errors] {
        assert!(!text.contains(&dropped.key), "a message is not printed: {text}");
    }
    assert_eq!(stack.report(&dropped).await["lignes"], report["lignes"]);
    assert!(stack.waiting("imports_dlq_url").await.is_empty());
    stack.shows(&person.ine, &[(&depositor.uai, "inscrit")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_again_and_what_was_said_since_stays() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let person = |status: &str| Person {
        status: status.into(),
        number: fresh_name(),
        ..Person::at(&depositor.uai)
    };
    let (corrected, lost) = (person("admis"), person("inscrit"));
    // A key that has to be encoded.
    let key = format!("{}/rentrée & co/{} +1.csv", depositor.uai, fresh_name());
    let dropped = stack.drop_as(&key, file(&[corrected.row(), lost.row()]), None).await;
    stack.report(&dropped).await;
    stack.shows(&corrected.ine, &[(&depositor.uai, "admis")]).await;
    stack.shows(&lost.ine, &[(&depositor.uai, "inscrit")]).await;
    let since = Person { status: "inscrit".into(), ..corrected.clone() };
    stack.import(&depositor.uai, &[since.row()]).await;
    stack.shows(&corrected.ine, &[(&depositor.uai, "inscrit")]).await;

    let replayed = stack.tool(&["replay", &dropped.import]).await;
    assert!(replayed.success, "{replayed:?}");
    let import = replayed.output.lines().last().unwrap_or_default().trim().to_owned();
    assert_ne!(import, dropped.import);
    let report = eventually("the end of the second import", || async {
        let item = stack.item("imports_table", "id", &import).await?;
        let ended = matches!(item.get("state")?.as_s().ok()?.as_str(), "done" | "failed");
        ended.then(|| item["report_key"].as_s().cloned().unwrap_or_default())
    })
    .await;
    let report = stack.object("reports_bucket", &report).await;
    assert_eq!(report["etat"], "terminé", "{report}");
    assert_eq!(
        (&report["lignes"]["acceptees"], &report["lignes"]["depassees"]),
        (&json!(2), &json!(1)),
        "{report}"
    );
    stack.shows(&corrected.ine, &[(&depositor.uai, "inscrit")]).await;
    stack.shows(&lost.ine, &[(&depositor.uai, "inscrit")]).await;

    let unknown = stack.tool(&["replay", &"0".repeat(32)]).await;
    assert!(!unknown.success, "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_establishment_of_a_list_is_registered_changed_and_retired() {
    let stack = Stack::connect().await;
    let uai = fresh_uai().to_string();
    let path = std::env::temp_dir().join(format!("etablissements-{uai}.csv"));
    let list = path.to_str().unwrap();
    let load = async |name: &str, option: &str| {
        let rows =
            format!("uai;nom;type;code commune;code postal\n{uai};{name};ecole;44109;44000\n");
        std::fs::write(&path, rows).unwrap();
        let loaded = stack.tool(&["establishment", "load", list, option, "--json"]).await;
        assert!(loaded.success, "{loaded:?}");
        serde_json::from_str::<Value>(&loaded.output).unwrap()
    };
    let refused = {
        load("ECOLE D'UN TEST", "--dry-run").await;
        stack.tool(&["establishment", "load", list]).await
    };
    assert!(!refused.success && refused.errors.contains("nobody to ask"), "{refused:?}");
    assert!(!stack.tool(&["establishment", "show", &uai]).await.success, "nothing was written");

    assert_eq!(load("ECOLE D'UN TEST", "--yes").await["written"]["added"], 1);
    assert_eq!(load("ECOLE D'UN TEST", "--yes").await["written"], Value::Null);
    assert_eq!(
        load("ECOLE", "--yes").await["plan"]["changed"][0]["differences"][0]["attribute"],
        "name"
    );

    let set = [
        "establishment",
        "set",
        &uai,
        "--status-codes",
        "1=inscrit,2=admis",
        "--retired",
        "--json",
    ];
    let set = stack.tool(&set).await;
    let shown: Value = serde_json::from_str(&set.output).unwrap_or_else(|_| panic!("{set:?}"));
    assert_eq!((&shown["name"], &shown["status_codes"]["2"]), (&json!("ECOLE"), &json!("admis")));
    assert!(shown["retired_at"].is_string() && shown["last_feed_at"].is_null(), "{shown}");
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_subscribed_is_told_how_imports_end() {
    let stack = Stack::connect().await;
    let (depositor, other) = tokio::join!(stack.depositor(), stack.depositor());
    let queue = stack.subscribe(&depositor.uai).await;
    let person = Person::at(&depositor.uai);
    stack.deposited(&other, &json!({}), file(&[Person::at(&other.uai).row()]).as_bytes()).await;
    stack.deposited(&depositor, &json!({}), file(&[person.row()]).as_bytes()).await;
    stack.deposited(&depositor, &json!({}), b"rien").await;
    let mut told: Vec<Value> = Vec::new();
    while told.len() < 2 {
        let notice = eventually("a notification", || stack.take(&queue)).await;
        assert!(!notice.contains(&person.ine) && !notice.contains(&person.family), "{notice}");
        told.push(serde_json::from_str(&notice).unwrap());
    }
    told.sort_by_key(|notice| notice["etat"].to_string());
    assert_eq!([&told[0]["etat"], &told[1]["etat"]], ["terminé", "échoué"]);
    for notice in &told {
        assert_eq!(notice["uai"], depositor.uai, "of the other's imports nothing is told");
        assert_eq!(notice["import"].as_str().map(str::len), Some(32));
    }
    assert_eq!(told[0]["lignes"]["acceptees"], 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_twice_and_late_change_nothing() {
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let person = Person { number: fresh_name(), ..Person::at(&depositor.uai) };
    let sent = |status: &str| file(&[Person { status: status.into(), ..person.clone() }.row()]);
    let key = format!("{}/{}.csv", depositor.uai, person.number);
    let first = stack.drop_as(&key, sent("admis"), None).await;
    stack.report(&first).await;
    let second = stack.drop_as(&key, sent("inscrit"), None).await;
    stack.report(&second).await;
    stack.shows(&person.ine, &[(&depositor.uai, "inscrit")]).await;
    let import = async |dropped: &Drop| stack.item("imports_table", "id", &dropped.import).await;
    let imports = async || (import(&first).await, import(&second).await);
    let before = imports().await;

    for dropped in [&second, &first, &first, &second] {
        stack.enqueue("imports_queue_url", &stack.event(dropped).to_string()).await;
    }
    let group = stack.log_groups()["ingestion"].clone();
    eventually("all four are passed over", || async {
        let lines = stack.log_lines_with(&group, "\"import ended before, nothing to do\"").await;
        let ours = lines
            .iter()
            .filter(|line| [&first, &second].iter().any(|dropped| line.contains(&dropped.import)));
        (ours.count() >= 4).then_some(())
    })
    .await;
    assert_eq!(imports().await, before);
    stack.shows(&person.ine, &[(&depositor.uai, "inscrit")]).await;
}
