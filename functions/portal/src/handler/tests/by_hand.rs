//! One enrolment by hand: entered, found, corrected, cancelled, by who may send and nobody else.

use serde_json::Value;
use shared::domain::ine::Ine;

use super::sending::{TOKEN, world};
use super::*;

const INE: &str = "081768862AE";
const NUMBER: &str = "E-4217";
const PERSONAL: [&str; 5] = [INE, NUMBER, "Quintefeuille", "Eudoxie", "1999-11-30"];

fn path(page: &str) -> String {
    format!("/portail/etablissements/{UNIVERSITY}/{page}")
}

/// Dates of this academic year and the next days, whatever day the test runs on.
fn year() -> i16 {
    let today = shared::domain::academic_year::day_in_france(Timestamp::now());
    shared::domain::academic_year::AcademicYear::starting_on(today).first_year()
}

/// The form of an enrolment without INE, with other fields.
fn form(more: &str) -> String {
    let year = year();
    format!(
        "{TOKEN}&faire=enregistrer&numeroEtudiant={NUMBER}&dateNaissance=1999-11-30\
         &nomFamille=Quintefeuille&prenom1=Eudoxie&sexe=2&uai={UNIVERSITY}\
         &dateDebutInscription={year}-09-01&dateFinInscription={}-08-31&statut=inscrit&{more}",
        year + 1
    )
}

impl World {
    async fn enter(&self, id: &str, form: &str) -> Reply {
        self.ask("POST", &path("inscription"), Some(id), form).await
    }

    /// Enters an enrolment and gives its page.
    async fn entered(&self, form: &str) -> String {
        let entered = self.enter("ada", form).await;
        assert_eq!(entered.status, 303, "{}", entered.text);
        let page = header(&entered, "location").strip_prefix("https://portail.example/v1");
        page.unwrap().to_owned()
    }

    fn records(&self) -> Vec<Value> {
        self.tables.items("records").into_iter().map(Value::Object).collect()
    }

    fn traces(&self) -> Vec<String> {
        let traces = self.tables.items("access_log").into_iter();
        traces.map(|trace| trace["action"]["S"].as_str().unwrap().to_owned()).collect()
    }

    /// What the register has of a student who has the INE.
    fn register(&self) {
        let key = || DigestKey::new("1".into(), SecretString::from("0".repeat(64)));
        let keys = IdentityKeys::new(key(), &key());
        let student = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
        let ine = keys.ine(&Ine::parse(INE).unwrap());
        let partition = format!("S#{}", student.replace('-', ""));
        let answer =
            json!({ "pk": format!("I#{}", ine.as_str()), "sk": "ANSWER", "student": student });
        self.tables.put("students", item(&answer));
        let own = json!({ "pk": partition, "sk": "STUDENT", "version": 1 });
        self.tables.put("students", item(&own));
        let edge = json!({
            "record": "1.00000000000000000000000000000000",
            "version": "0000000000001.0.import.0000000002",
            "reason": "newcomer", "rules_version": 2,
            "declaration": {
                "ine": INE, "identite": { "dateNaissance": "1999-11-30" },
                "inscription": {
                    "dateDebut": "2025-09-01", "dateFin": "2026-08-31", "statut": "inscrit",
                    "regime": "RF1", "codeCommune": "75113", "uai": LYCEE,
                    "nomEtablissement": "Lycée",
                },
            },
        });
        self.tables.put("students", item(&json!({ "pk": partition, "sk": "E#1.0", "edge": edge })));
    }
}

/// The version that a page's forms send back.
fn version(page: &Reply) -> String {
    let value = page.text.split("name=\"version\" value=\"").nth(1);
    let value = value.unwrap_or_else(|| panic!("{}", page.text));
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_enrolment_is_entered_found_corrected_and_cancelled() {
    let world = world().await;
    let page = world.entered(&form("")).await;
    // Sent twice, it is one enrolment; two pointers of one record do no harm.
    assert_eq!(world.entered(&form("")).await, page);
    assert_eq!(world.records().len(), 1);
    let stored = world.records()[0].to_string();
    assert!(stored.contains("saisie") && stored.contains("Quintefeuille"), "{stored}");
    let pointers = world.asked_for();
    assert!(!pointers.is_empty());

    let found = world
        .ask("POST", &path("etudiants"), Some("ada"), &format!("{TOKEN}&numero={NUMBER}"))
        .await;
    assert!(found.text.contains(&page), "{}", found.text);
    assert!(found.text.to_uppercase().contains("EUDOXIE QUINTEFEUILLE"), "{}", found.text);

    let shown = world.ask("GET", &page, Some("ada"), "").await;
    assert!(shown.text.contains("en attente") && shown.text.contains(NUMBER), "{}", shown.text);
    assert_eq!(header(&shown, "cache-control"), "no-store");
    let first = version(&shown);
    let correction = |fields: &str| {
        let year = year();
        format!(
            "{TOKEN}&faire=corriger&version={first}&dateDebutInscription={year}-09-01\
             &dateFinInscription={}-07-31&statut=inscrit&regime=&codeCommune=&cursus=L&niveauDiplome=&{fields}",
            year + 1
        )
    };
    for _ in 0..2 {
        let sent = world.ask("POST", &page, Some("ada"), &correction("")).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
    }
    let stored = world.records()[0].to_string();
    assert!(stored.contains("-07-31") && stored.contains("Quintefeuille"), "{stored}");
    assert_eq!(world.records().len(), 1);

    // Somebody who still has the first page would undo it.
    let cancel = format!("{TOKEN}&faire=annuler&version={first}");
    assert_eq!(world.ask("POST", &page, Some("ada"), &cancel).await.status, 409);
    let shown = world.ask("GET", &page, Some("ada"), "").await;
    let cancel = format!("{TOKEN}&faire=annuler&version={}", version(&shown));
    for _ in 0..2 {
        assert_eq!(world.ask("POST", &page, Some("ada"), &cancel).await.status, 303);
    }
    let shown = world.ask("GET", &page, Some("ada"), "").await;
    assert!(shown.text.contains("Cette inscription est annulée"), "{}", shown.text);

    // Each access left its trace, before anything; nobody is in a queue or a key.
    let traces = world.traces();
    for action in ["sent", "read", "cancelled"] {
        assert!(traces.iter().any(|trace| trace == action), "{traces:?}");
    }
    let clients = serde_json::to_string(&world.tables.items("access_log")).unwrap();
    assert!(clients.contains(&format!("membre-{}", member("ada"))), "{clients}");
    let told = format!("{pointers:?} {} {page}", world.tables.keys());
    for personal in PERSONAL {
        assert!(!told.contains(personal), "{personal} in {told}");
    }
}

#[tokio::test]
async fn errors_are_tied_to_their_fields_and_nothing_is_stored() {
    let world = world().await;
    let wrong = form("").replace("1999-11-30", "1999-31-11").replace("inscrit", "annulé");
    let sent = world
        .enter("ada", &wrong.replace("nomFamille=Quintefeuille", "nomFamille=%3Cscript%3E"))
        .await;
    assert!(sent.status == 200 && sent.text.contains("Rien n'a été enregistré"), "{}", sent.text);
    for needed in [
        "<a href=\"#dateNaissance\">",
        "aria-describedby=\"aide-dateNaissance erreur-dateNaissance-1\" aria-invalid=\"true\"",
        "<title>Erreur : saisir une inscription",
    ] {
        assert!(sent.text.contains(needed), "{needed} in {}", sent.text);
    }
    assert!(!sent.text.contains("<script>"));
    for (value, by, said) in [
        (UNIVERSITY, LYCEE, "#uai"),
        ("statut=inscrit", "statut=annul%C3%A9", "#statut"),
        ("sexe=2", "sexe=2&ine=070578267KH", "Personne n&#39;a cet INE"),
    ] {
        let sent = world.enter("ada", &form("").replace(value, by)).await;
        assert!(sent.status == 200 && sent.text.contains(said), "{said}: {}", sent.text);
    }
    assert!(world.records().is_empty());
    let sought = |what: &str| format!("{TOKEN}&{what}");
    for (what, said) in [
        ("", "Donnez le num"),
        ("ine=12345", "aucune des formes connues"),
        (&format!("numero={}", "9".repeat(80)), "64 caract"),
        ("numero=E-0000", "Aucune inscription"),
        ("ine=070578267KH", "Aucune inscription"),
    ] {
        let sent = world.ask("POST", &path("etudiants"), Some("ada"), &sought(what)).await;
        assert!(sent.status == 200 && sent.text.contains(said), "{what}: {}", sent.text);
    }
}

#[tokio::test]
async fn a_pair_that_is_known_is_taken_and_what_others_sent_is_not_shown() {
    let world = world().await;
    world.register();
    // The lycée sent something of this student; the university hasn't.
    let sought = format!("{TOKEN}&ine={INE}");
    let before = world.ask("POST", &path("etudiants"), Some("ada"), &sought).await;
    assert!(before.text.contains("Aucune inscription"), "{}", before.text);
    assert!(before.text.contains(&format!("name=\"ine\" value=\"{INE}\"")), "to enter it with");
    let opened = format!("{TOKEN}&faire=ouvrir&ine={INE}");
    let opened = world.enter("ada", &opened).await;
    assert!(
        opened.status == 200 && opened.text.contains(INE) && !opened.text.contains("aria-invalid")
    );
    let nameless = form("")
        .replace("nomFamille=Quintefeuille", "nomFamille=")
        .replace("prenom1=Eudoxie", "prenom1=")
        .replace("sexe=2", &format!("sexe=&ine={INE}"));
    let page = world.entered(&nameless).await;
    let after = world.ask("POST", &path("etudiants"), Some("ada"), &sought).await;
    assert!(!after.text.contains(LYCEE), "{}", after.text);
    let shown = world.ask("GET", &page, Some("ada"), "").await;
    assert!(shown.text.contains(&format!("INE {INE}")), "{}", shown.text);
}

#[tokio::test]
async fn who_may_not_send_sees_no_enrolment() {
    let world = world().await;
    let page = world.entered(&form("")).await;
    // A reader of the establishment, a depositor of another one, and nobody.
    for (id, expected) in [("ned", [403, 403, 404]), ("eve", [404, 404, 404])] {
        for (place, target) in
            [path("etudiants"), path("inscription"), page.clone()].iter().enumerate()
        {
            assert_eq!(
                world.ask("GET", target, Some(id), "").await.status,
                expected[place],
                "{id} {target}"
            );
            let sent = world.ask("POST", target, Some(id), &form("&faire=annuler")).await;
            assert_eq!(sent.status, expected[place], "{id} {target}");
        }
    }
    assert_eq!(world.ask("GET", &page, None, "").await.status, 303);
    let foreign = form("").replace(TOKEN, "jeton=forged");
    assert_eq!(world.enter("ada", &foreign).await.status, 403);
    assert_eq!(world.ask("POST", &page, Some("ada"), "jeton=&faire=annuler").await.status, 403);
    for other in ["1.00000000000000000000000000000000", "Quintefeuille", "..%2F", "%3Cscript%3E"] {
        let page =
            world.ask("GET", &format!("/portail/inscriptions/{other}"), Some("ada"), "").await;
        assert!(page.status == 404 && !page.text.contains("<script>"), "{other}");
    }
    assert_eq!(world.records().len(), 1);
    assert!(!world.records()[0].to_string().contains("annul"));
}
