//! The statistics that anybody may read, as they were written.

use super::*;

const REPORT: &str = "<html><style>\nbody { margin: 0 }</style><h1>20 octobre</h1>";

fn world() -> World {
    let world = World::new();
    let put = |key: &str, text: &str| world.put("statistics", key, text);
    put("public/etats.json", r#"{"etats": ["2026-10-20", "2027-01-15"]}"#);
    put(
        "public/quotidien.json",
        r#"{"date": "2027-02-01", "rentree": "2026-2027", "etudiants": 2327100, "arrondi": "centaine"}"#,
    );
    put("snapshots/2026-10-20/rapport.html", REPORT);
    put("snapshots/2026-10-20/statut.csv", "academie;statut\n");
    put("snapshots/2026-12-24/rapport.html", "of a run that died");
    put("interne/2026-10-20/observations.json", "private");
    world
}

#[tokio::test]
async fn anybody_reads_the_days_total_and_finds_the_snapshots_the_latest_first() {
    let page = world().get("/portail/statistiques").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<strong>2\u{202f}327\u{202f}100</strong>"), "{}", page.text);
    let at = |date: &str| page.text.find(&format!("statistiques/{date}/rapport.html")).unwrap();
    assert!(at("2027-01-15") < at("2026-10-20"));

    let before_the_first_night = World::new().get("/portail/statistiques").await;
    assert_eq!(before_the_first_night.status, 200);
    assert!(before_the_first_night.text.contains("Aucun état n'est encore figé"));
}

#[tokio::test]
async fn a_file_of_a_snapshot_is_given_as_it_is_and_loads_nothing() {
    let world = world();
    let report = world.get("/portail/statistiques/2026-10-20/rapport.html").await;
    assert_eq!((report.status, report.text.as_str()), (200, REPORT));
    assert_eq!(header(&report, "cache-control"), "public, max-age=31536000, immutable");
    let policy = header(&report, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let table = world.get("/portail/statistiques/2026-10-20/statut.csv").await;
    assert_eq!(table.text, "academie;statut\n");
    assert!(header(&table, "content-security-policy").ends_with("sandbox"));
}

#[tokio::test]
async fn nothing_else_of_the_bucket_is_given() {
    let world = world();
    for path in [
        "2026-10-20/absent.csv",
        // Its manifest was never written.
        "2026-12-24/rapport.html",
        "2026-10-20/..%2F..%2Finterne%2F2026-10-20%2Fobservations.json",
        "interne/observations.json",
        "2026-10-20/",
    ] {
        let answer = world.get(&format!("/portail/statistiques/{path}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text.contains("private"), "{path}");
    }
}

#[tokio::test]
async fn a_member_sees_what_was_counted_of_the_establishment_beside_the_others() {
    let world = sending::world().await;
    let path = format!("etablissements/{UNIVERSITY}");
    let before = world.page(&path, "ada").await;
    assert!(before.status == 200 && !before.text.contains("<h2>Qualité</h2>"));
    let counted = json!({
        "uai": UNIVERSITY, "date": "2026-10-20", "anneeUniversitaire": "2026-2027",
        "fraicheur": {"dernierVersement": "2026-10-19", "jours": 1, "medianeNationale": 3},
        "imports": {
            "jours": 30, "fichiers": 4, "echecs": 0, "lignes": 1000, "acceptees": 978, "rejetees": 22,
            "averties": 5, "rejeteesPourMille": 22, "medianeNationale": 9,
            "parRegle": {"uai_invalide": 5, "date_invalide": 17, "regle_d_hier": 99},
        },
        "inscriptions": {
            "nombre": 12345, "visibles": 12300, "enDoute": 40, "enAttente": 5,
            "renseigne": {
                "regime": 1, "commune": 1, "communeInsee": 1, "cursus": 1, "diplome": 1, "niveauDiplome": 1,
            },
        },
        "delais": {"fichiers": {"nombre": 900, "p50": 5, "p95": 130, "p99": 200}, "unitaires": null},
        "identites": {
            "parStatutIne": {"CONFIRME": 12000}, "parConstat": {},
            "attenteMedianeJours": 1, "attenteMaximaleJours": 9,
        },
    });
    world.put(
        "statistics",
        &format!("interne/etablissements/{UNIVERSITY}.json"),
        &counted.to_string(),
    );
    let page = world.page(&path, "ada").await.text;
    for shown in [
        "22\u{202f}‰",
        "9\u{202f}‰",
        "12\u{202f}300 sur 12\u{202f}345",
        "3\u{a0}min",
        ": 17 lignes",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // A rule of yesterday's code has no sentence any more.
    assert!(!page.contains("99 lignes"));
    assert!(page.find(": 17 lignes") < page.find(": 5 lignes"));
}
