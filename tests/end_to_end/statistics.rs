//! Published tables disclose nobody.

use serde_json::json;
use tests::eventually;
use tests::people::Person;
use tests::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_published_and_small_ones_are_not() {
    let stack = Stack::connect().await;
    // An establishment that nobody else feeds.
    let school = stack.depositor().await.uai;
    let enrolled: Vec<_> = (0..6).map(|_| Person::at(&school)).collect();
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

    let run = stack.invoke("statistics", &json!({})).await;
    assert_eq!(run["error"], false, "{run}");
    let table = stack.object("statistics_bucket", run["answer"]["json"].as_str().unwrap()).await;
    let rows = table["lignes"].as_array().unwrap();
    let cell = |status: &str| {
        let row = rows.iter().find(|row| row["uai"] == school && row["statut"] == status).unwrap();
        (row["etudiants"].clone(), row["inscriptions"].clone())
    };
    assert_eq!(cell("inscrit"), (json!(6), json!(6)));
    assert_eq!(cell("admis"), (json!(null), json!(null)), "four are fewer than five");
    assert!(rows.iter().all(|row| row["etudiants"].as_u64().is_none_or(|count| count >= 5)));

    let csv = String::from_utf8(
        stack.bytes("statistics_bucket", run["answer"]["csv"].as_str().unwrap()).await,
    )
    .unwrap();
    assert!(
        csv.starts_with("anneeUniversitaire;uai;etablissement;statut;inscriptions;etudiants\n")
    );
    assert!(csv.lines().any(|line| line.contains(&school) && line.ends_with("admis;;")), "{csv}");
}
