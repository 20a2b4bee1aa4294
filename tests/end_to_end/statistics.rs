//! Published tables disclose nobody.

use serde_json::{Value, json};
use tests::depositors::Depositor;
use tests::eventually;
use tests::http::Call;
use tests::people::Person;
use tests::portal::Browser;
use tests::stack::Stack;
use ureq::http::Method;

/// A table of a run, by the names of its columns.
async fn table(stack: &Stack, run: &Value, name: &str) -> Vec<Value> {
    let key = format!("{}{name}.json", run["prefix"].as_str().unwrap());
    let rows = stack.object("statistics_bucket", &key).await;
    rows.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_adds_up_and_what_is_few_is_secret() {
    let stack = Stack::connect().await;
    // An establishment that nobody else feeds.
    let depositor = stack.depositor().await;
    let school = depositor.uai.clone();
    let enrolled: Vec<_> = (0..16).map(|_| Person::at(&school)).collect();
    let admitted: Vec<_> =
        (0..4).map(|_| Person { status: "admis".into(), ..Person::at(&school) }).collect();
    let rows: Vec<_> = enrolled.iter().chain(&admitted).map(Person::row).collect();
    stack.import(&school, &rows).await;
    for person in enrolled.iter().chain(&admitted) {
        eventually("the status", || async {
            (stack.by_ine(&person.ine).await.status == 200).then_some(())
        })
        .await;
    }

    let run = stack.count(&json!({})).await;
    let run = &run["publie"];
    assert!(run["prefix"].as_str().unwrap().starts_with("interne/"));
    let rows = table(&stack, run, "etablissement").await;
    let total = rows.iter().find(|row| row["uai"] == school && row["cursus"] == "ensemble");
    let total = total.unwrap();
    // Other tests feed as well, and one of their small counts may need this one for cover.
    match total["etat"].as_str().unwrap() {
        "publié" => assert_eq!(total["effectif"], 20, "{total}"),
        state => assert_eq!((state, &total["effectif"]), ("secret", &Value::Null)),
    }
    for (name, threshold) in [("etablissement", 5), ("etablissement_sexe", 11), ("statut", 5)] {
        for row in table(&stack, run, name).await {
            let few = row["effectif"].as_i64().is_some_and(|count| (1..threshold).contains(&count));
            assert!(!few, "{row}");
        }
    }
    // Every row of this test leaves the commune out.
    let met = format!("{}observations.json", run["prefix"].as_str().unwrap());
    let met = stack.object("statistics_bucket", &met).await;
    assert!(met["communeDeUai"].as_u64().unwrap() + met["communeInconnue"].as_u64().unwrap() >= 20);
    quality_is_told_to_the_school_alone(&stack, &depositor, run).await;
    let daily = stack.object("statistics_bucket", "public/quotidien.json").await;
    assert_eq!(daily["etudiants"].as_u64().unwrap() % 100, 0, "{daily}");
}

/// What it sent and what became of it, by its own key; and the tables of everybody are private.
async fn quality_is_told_to_the_school_alone(stack: &Stack, depositor: &Depositor, run: &Value) {
    let school = &depositor.uai;
    let told = stack.get("/api/qualite", Some(&depositor.key)).await;
    assert_eq!(told.status, 200);
    let told = told.json();
    assert_eq!(told["uai"], school.as_str());
    assert_eq!(told["imports"]["acceptees"], 20, "{told}");
    assert_eq!(told["inscriptions"]["visibles"], 20, "{told}");
    assert_eq!(told["inscriptions"]["renseigne"]["commune"], 0, "{told}");
    assert_eq!(told["delais"]["fichiers"]["nombre"], 20, "{told}");
    assert_eq!(told["fraicheur"]["jours"], 0, "{told}");
    let prefix = run["prefix"].as_str().unwrap();
    let all = stack.bytes("statistics_bucket", &format!("{prefix}qualite.csv")).await;
    let all = String::from_utf8(all).unwrap();
    assert!(all.lines().any(|line| line.starts_with(school.as_str())), "{all}");
    let doubts = stack.bytes("statistics_bucket", &format!("{prefix}doublons.csv")).await;
    assert!(doubts.starts_with(b"question;ouverts;attente_mediane_jours;attente_maximale_jours;"));
    let used = stack.bytes("statistics_bucket", &format!("{prefix}usage.csv")).await;
    assert!(used.starts_with(b"jour;client;route;action;resultat;nombre\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_frozen_once_and_proved_from_its_files() {
    let stack = Stack::connect().await;
    let refused = stack.invoke("statistics", &json!({"geler": "2020-01-15"})).await;
    assert_eq!(refused["answer"]["errorType"], "Permanent", "{refused}");
    let school = stack.depositor().await.uai;
    let enrolled: Vec<_> = (0..40).map(|_| Person::at(&school)).collect();
    stack.import(&school, &enrolled.iter().map(Person::row).collect::<Vec<_>>()).await;
    for person in &enrolled {
        eventually("the status", || async {
            (stack.by_ine(&person.ine).await.status == 200).then_some(())
        })
        .await;
    }

    let today = shared::domain::academic_year::day_in_france(jiff::Timestamp::now()).to_string();
    let begun = stack.invoke("statistics", &json!({ "geler": today })).await;
    // A platform that stays has the snapshot of an earlier run of the day.
    if begun["error"] == false {
        let outcome = stack.end_of_count(&begun).await;
        // What other tests fed may be more than can be proved: then nothing is published.
        if let Some(reason) = outcome["refus"].as_str() {
            assert!(reason.contains("no proof was found"), "{reason}");
            return;
        }
        let files = outcome["publie"]["files"].as_array().unwrap();
        assert_eq!(files.last().unwrap(), "manifeste.json");
    }
    let manifest = format!("snapshots/{today}/manifeste.json");
    let first = stack.bytes("statistics_bucket", &manifest).await;
    let again = stack.invoke("statistics", &json!({ "geler": today })).await;
    assert_eq!(again["answer"]["errorType"], "Permanent", "{again}");
    assert_eq!(stack.bytes("statistics_bucket", &manifest).await, first);

    // Anybody reads it in the portal, under its own address.
    let mut browser = Browser::new(&stack);
    let list = browser.get("/statistiques").await;
    let report = format!("/statistiques/{today}/rapport.html");
    assert!(list.text.contains(&report), "{}", list.text);
    let report = browser.get(&report).await;
    assert_eq!(report.status, 200);
    assert!(report.text.contains("<h1>Étudiants au"), "{}", report.text);
    assert!(report.header("content-security-policy").contains("style-src 'sha256-"));
    let columns = format!("{}/statistiques/{today}/statut.parquet", stack.output("portal_url"));
    let columns = Call::to(Method::GET, &columns).send().await;
    assert_eq!(columns.status, 303, "S3 gives what is no text");
    assert!(columns.header("location").contains("/statut.parquet?"));
    let private = browser.get(&format!("/statistiques/{today}/observations.json")).await;
    assert_eq!(private.status, 404);

    let audit = stack.tool(&["stats", "audit", &today, "--json"]).await;
    assert!(audit.success, "{}", audit.errors);
    let audit: Value = serde_json::from_str(&audit.output).unwrap();
    assert!(audit["cells"].as_u64().unwrap() > 100, "{audit}");
}
