//! The rejected rows of an import, as a file.

use super::sending::{FINE, Found, world};
use super::*;

const FILE: &str = "ine;nomFamille;prenom1;sexe;dateNaissance;uai;dateDebutInscription;dateFinInscription;statut\n\
    070578267KH;Quintefeuille;Zoé;2;2004-13-02;0751717J;2026-09-01;2027-08-31;inscrit\n";

#[tokio::test]
async fn rejected_rows_are_given_back_to_who_may_send_and_traced() {
    let world = world().await;
    let id = world.open("contenu=delta").await;
    let key = format!("{UNIVERSITY}/dry-run/depot/{id}");
    let import = world.drop_file(&key, &Found { rejected: 1, ..FINE }).await;
    let import = import.as_str();
    let path = format!("imports/{import}/rejets.csv");
    let report = world.page(&format!("depots/{id}/rapport"), "ada").await;
    assert!(report.text.contains(&format!("/portail/{path}")), "{}", report.text);
    assert_eq!(world.page(&path, "ada").await.status, 410, "the inbox has forgotten the file");
    let object = Object {
        bytes: FILE.as_bytes().to_vec().into(),
        last_modified: Timestamp::now(),
        metadata: std::collections::BTreeMap::new(),
    };
    world.buckets.put("inbox", &key, "v1", object);
    let file = world.page(&path, "ada").await;
    assert_eq!((file.status, header(&file, "content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(header(&file, "cache-control"), "no-store");
    assert!(header(&file, "content-disposition").contains("lignes-rejetees.csv"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert!(lines.len() == 2 && lines[1].starts_with("2;dateNaissance : "), "{}", file.text);
    assert!(lines[1].contains(";070578267KH;") && lines[1].contains(";2004-13-02;"));
    // Who may only read, and who is of another establishment, take nothing.
    for (who, status) in [("ned", 403), ("eve", 404)] {
        assert_eq!(world.page(&path, who).await.status, status, "{who}");
    }
    let seen = world.page(&format!("imports/{import}"), "ned").await;
    assert!(!seen.text.contains("rejets.csv"));
    let traces = world.tables.items("access_log");
    let taken = traces.iter().filter(|trace| trace["action"]["S"] == "rejected_read");
    assert_eq!(taken.count(), 2, "each that asked, found or not: {traces:?}");
    let kept = serde_json::to_string(&traces).unwrap();
    assert!(!kept.contains("070578267KH") && !kept.contains("Quintefeuille"));
}
