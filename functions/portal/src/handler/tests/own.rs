//! What a student reads of their own and shares, and that nobody else does.

use shared::audit::Access;
use shared::contract::pivot::PivotIdentity;
use shared::identity::publication::{Change, concerned, plan};
use shared::identity::student::{Student, StudentId};
use shared::registry::blocks::{BlockStore, Consistency};
use shared::registry::findings::FindingStore;
use shared::registry::publications::{Published, Publisher};
use shared::registry::reviews::ReviewStore;
use shared::registry::sessions::StudentSession;

use super::*;
use crate::session::{STUDENT, student_digest, student_seal};

mod attesting;
mod leaks;
mod rights;
mod sharing;

const TOKEN: &str = "jeton=a-token-of-this-session";
const RECORD: &str = "1.11111111111111111111111111111111";
const INE: &str = "081768862AE";

fn keys() -> IdentityKeys {
    let key = || DigestKey::new("1".into(), SecretString::from("0".repeat(64)));
    IdentityKeys::new(key(), &key())
}

/// Somebody as FranceConnect names them.
fn person(given: &str, family: &str, born: &str, place: &str) -> PivotIdentity {
    PivotIdentity {
        family_name: family.into(),
        given_name: given.into(),
        birthdate: born.into(),
        gender: "female".into(),
        birthplace: place.into(),
        birthcountry: "99100".into(),
        ..PivotIdentity::default()
    }
}

fn eudoxie() -> PivotIdentity {
    person("Eudoxie Anne", "QUINTEFEUILLE", "2003-11-27", "44109")
}

impl World {
    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let tables = Arc::clone(&self.tables);
        let aws = fakes::aws::config(move |call| tables.call(&call.operation, &call.text));
        aws_sdk_dynamodb::Client::new(&aws)
    }

    /// Publishes somebody who is enrolled, as deduplication does.
    async fn enrol(&self, who: &PivotIdentity, record: &str, ine: &str) -> StudentId {
        let today = shared::domain::academic_year::day_in_france(Timestamp::now());
        let (first, others) = who.given_name.split_once(' ').unwrap_or((&who.given_name, ""));
        let others: Vec<&str> = others.split_whitespace().collect();
        let sex = if who.gender == "male" { "1" } else { "2" };
        let edge = json!({
            "record": record, "version": "0000000000001.0.import-1.0000000002", "reason": "newcomer",
            "rules_version": 4, "declaration": {
                "ine": ine, "numeroEtudiant": format!("n-{ine}"),
                "identite": {
                    "nomFamille": who.family_name, "prenom1": first, "autresPrenoms": others, "sexe": sex,
                    "dateNaissance": who.birthdate, "lieuNaissance": who.birthplace,
                },
                "inscription": {
                    "dateDebut": today, "dateFin": today, "statut": "inscrit", "regime": "RF1",
                    "codeCommune": "75113", "uai": UNIVERSITY, "nomEtablissement": "Université <b>d'essai</b>",
                },
            },
        });
        let mut student = Student::newcomer(StudentId::random());
        student.attach(serde_json::from_value(edge).unwrap());
        self.publish(&Student::newcomer(student.id), &student).await;
        student.id
    }

    async fn publish(&self, before: &Student, after: &Student) {
        let (dynamodb, keys) = (self.dynamodb(), keys());
        let blocks = BlockStore::new(dynamodb.clone(), "blocks".into());
        let reviews = ReviewStore::new(dynamodb.clone(), "reviews".into());
        let findings = FindingStore::new(dynamodb.clone(), "findings".into());
        let changes = [Change { before: before.clone(), after: after.clone(), merged_into: None }];
        let read = blocks.read(&concerned(&changes, &keys), Consistency::Strong).await.unwrap();
        let publisher = Publisher::new(
            dynamodb,
            ("students".into(), "records".into()),
            blocks,
            reviews,
            (findings, SignedDuration::from_hours(1)),
        );
        let writes = plan(&changes, &keys, &read.into_iter().collect());
        assert_eq!(publisher.publish(&writes, Timestamp::now()).await.unwrap(), Published::Yes);
    }

    /// Somebody who is logged in as a student.
    async fn student(&self, id: &str, identity: &PivotIdentity) {
        let digest = student_digest(&self.api.key, id);
        let seal = student_seal(&self.api.key, id);
        let now = Timestamp::now();
        let session = StudentSession {
            owner: self.api.key.of(&["etudiant du fournisseur", id]),
            identity: seal.close_value(&digest, identity).unwrap(),
            csrf: CSRF.into(),
            id_token: "token".into(),
            since: now,
            seen: now,
        };
        self.api.sessions.begin(&digest, &session).await.unwrap();
    }

    /// Asks with a student's cookie.
    async fn own(&self, method: &str, path: &str, id: &str, form: &str) -> Reply {
        let cookie = format!("{STUDENT}={id}");
        let mut headers = vec![("cookie", cookie.as_str())];
        if method == "POST" {
            headers.extend([("origin", ORIGIN), ("sec-fetch-site", "same-origin")]);
        }
        self.send(method, &format!("/portail{path}"), &headers, form).await
    }

    fn all_traces(&self) -> Vec<Access> {
        let items = self.tables.plain("access_log");
        let mut traces: Vec<Access> =
            items.into_iter().map(|item| serde_json::from_value(item).unwrap()).collect();
        traces.sort_by(|one, other| one.at.cmp(&other.at));
        traces
    }
}

#[tokio::test]
async fn a_student_reads_what_is_told_and_who_said_it_once_it_is_traced() {
    let world = World::new();
    let student = world.enrol(&eudoxie(), RECORD, INE).await;
    world.student("eudoxie", &eudoxie()).await;
    let page = world.own("GET", "/mon-espace", "eudoxie", "").await;
    assert_eq!((page.status, header(&page, "cache-control")), (200, "no-store"), "{}", page.text);
    for told in ["Eudoxie QUINTEFEUILLE", INE, UNIVERSITY, "inscrit", "formation initiale", "n-081"]
    {
        assert!(page.text.contains(told), "{told} is missing: {}", page.text);
    }
    assert!(page.text.contains("&#60;b&#62;d&#39;essai") && !page.text.contains("<b>d"));
    assert!(page.text.contains("action=\"/v1/portail/mon-espace/deconnexion\""));
    let traces = world.tables.plain("access_log");
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0]["subject"], format!("S#{student}"));
    assert_eq!((&traces[0]["route"], &traces[0]["enrolments"]), (&json!("own_page"), &json!(1)));
    assert!(!world.tables.keys().contains("QUINTEFEUILLE"));

    *world.failing.lock().unwrap() = Some("access_log");
    for path in ["/mon-espace", "/mon-espace/consultations"] {
        let untraced = world.own("GET", path, "eudoxie", "").await;
        assert!(untraced.status == 503 && !untraced.text.contains(INE), "{path}");
    }
}

#[tokio::test]
async fn nobody_several_and_a_doubt_are_one_answer() {
    let mut pages = Vec::new();
    for case in ["nobody", "several", "doubt", "partial"] {
        let world = World::new();
        let mut who = eudoxie();
        match case {
            "several" => {
                // One person twice over, whom nothing tells apart.
                world.enrol(&who, RECORD, INE).await;
                world.enrol(&who, "1.22222222222222222222222222222222", "070578267KH").await;
            }
            "doubt" => {
                let id = world.enrol(&who, RECORD, INE).await;
                let before = world.api.statements.students.get(id).await.unwrap().unwrap();
                let mut after = before.clone();
                let case = serde_json::from_value(json!(format!("r-{}", "1".repeat(32)))).unwrap();
                after.on_hold.insert(case, std::iter::once(StudentId::random()).collect());
                world.publish(&before, &after).await;
            }
            "partial" => {
                world.enrol(&who, RECORD, INE).await;
                who.birthdate = "2003".into();
            }
            _ => {}
        }
        world.student("eudoxie", &who).await;
        for path in ["/mon-espace", "/mon-espace/consultations"] {
            let page = world.own("GET", path, "eudoxie", "").await;
            assert_eq!(page.status, 200, "{case}");
            assert!(!page.text.contains(INE) && !page.text.contains(UNIVERSITY), "{case}");
            pages.push(page.text);
        }
        let refused = format!("{TOKEN}&faire=creer&usage=logement&formulaire=1");
        let refused = world.own("POST", "/mon-espace/partages", "eudoxie", &refused).await;
        assert!(refused.text.contains("ne montrerait rien"), "{case}");
        assert!(world.tables.items("shares").is_empty(), "{case}");
        let traces = world.all_traces();
        assert!(traces.iter().all(|trace| !trace.found && trace.fields.is_empty()), "{case}");
    }
    assert!(pages[0].contains("Votre dossier n&#39;a pas été trouvé"), "{}", pages[0]);
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn a_session_opens_the_pages_of_its_kind_alone() {
    let world = World::new();
    world.enrol(&eudoxie(), RECORD, INE).await;
    world.student("eudoxie", &eudoxie()).await;
    world.session("ada", &[depositor(UNIVERSITY)], Timestamp::now()).await;
    let paths = [
        "/mon-espace",
        "/mon-espace/consultations",
        "/mon-espace/partages",
        "/mon-espace/attestations",
        "/mon-espace/droits",
        "/mon-espace/destinataires",
        "/mon-espace/export.json",
    ];
    for path in paths {
        let as_agent = world.ask("GET", &format!("/portail{path}"), Some("ada"), "").await;
        assert_eq!(
            (as_agent.status, header(&as_agent, "location")),
            (303, "/v1/portail/mon-espace/connexion"),
            "{path}"
        );
        // An agent's id under a student's name, and the reverse.
        assert_eq!(world.own("GET", path, "ada", "").await.status, 303, "{path}");
        assert_eq!(world.own("GET", path, "eudoxie", "").await.status, 200, "{path}");
        assert_eq!(world.get(&format!("/portail{path}")).await.status, 303, "{path}");
    }
    let as_student = world.own("GET", "/etablissements", "eudoxie", "").await;
    assert_eq!(
        (as_student.status, header(&as_student, "location")),
        (303, "/v1/portail/connexion?retour=/etablissements")
    );
    assert_eq!(world.ask("GET", "/portail/etablissements", Some("eudoxie"), "").await.status, 303);
    for (path, form) in [
        ("/mon-espace/partages", format!("{TOKEN}&faire=creer&usage=logement&formulaire=1")),
        ("/mon-espace/deconnexion", TOKEN.to_owned()),
    ] {
        let path = format!("/portail{path}");
        assert_eq!(world.ask("POST", &path, Some("ada"), &form).await.status, 303, "{path}");
    }
    assert!(world.tables.items("shares").is_empty());
    // The menu of a public page is that of whoever is logged in.
    let home = world.own("GET", "", "eudoxie", "").await;
    assert!(home.text.contains(">Mon espace</a>") && home.text.contains("Eudoxie Anne"));
    let stored = serde_json::to_string(&world.tables.items("sessions")).unwrap();
    assert!(!stored.contains("QUINTEFEUILLE") && !stored.contains("2003-11-27"), "{stored}");

    let left = world.own("POST", "/mon-espace/deconnexion", "eudoxie", TOKEN).await;
    assert_eq!(
        (left.status, header(&left, "location")),
        (303, "https://portail.example/v1/portail")
    );
    assert!(header(&left, "set-cookie").contains("__Host-etudiant=;"));
    assert_eq!(world.own("GET", "/mon-espace", "eudoxie", "").await.status, 303);
}

#[tokio::test]
async fn who_consulted_is_told_by_what_they_act_for_and_page_by_page() {
    use shared::access::client::Client;
    use shared::access::route::Route;
    use shared::audit::{Action, Disclosure, Request};
    use shared::contract::error::Uid;

    let world = World::new();
    let student = world.enrol(&eudoxie(), RECORD, INE).await;
    world.student("eudoxie", &eudoxie()).await;
    world.api.clients.put(&Client::new("dinum", "API Particulier")).await.unwrap();
    let uid = Uid::at(Timestamp::now());
    let request = |client, route, action, depositor: Option<&str>| Request {
        uid: &uid,
        at: Timestamp::now(),
        client,
        depositor: depositor.map(|uai| Uai::parse(uai).unwrap()),
        route,
        action,
        caller: None,
        recipient: None,
    };
    let about = |record: Option<&str>| Disclosure {
        student: Some(student),
        record: record.map(|id| serde_json::from_value(json!(id)).unwrap()),
        fields: vec!["nom_naissance", "statut"],
        ..Disclosure::default()
    };
    let traces = &world.api.traces;
    for _ in 0..25 {
        let asked = Request {
            caller: Some("DINUM <i> - 1"),
            ..request(Some("dinum"), Route::StatusByIne, Action::Consulted, None)
        };
        traces.write(&asked, &[about(None)]).await.unwrap();
    }
    let agent = Some("membre-1.abc");
    for (asked, record) in [
        (request(agent, Route::Enrolment, Action::Read, Some(UNIVERSITY)), Some(RECORD)),
        (request(agent, Route::Review, Action::Consulted, None), Some(RECORD)),
    ] {
        traces.write(&asked, &[about(record)]).await.unwrap();
    }
    // Somebody else's.
    let other = Disclosure { student: Some(StudentId::random()), ..Disclosure::default() };
    let asked = request(Some("autre-client"), Route::Batch, Action::Consulted, None);
    traces.write(&asked, &[other]).await.unwrap();

    let first = world.own("GET", "/mon-espace/consultations", "eudoxie", "").await;
    for told in [
        "API Particulier",
        "Un agent de : Université",
        "Un agent chargé de vérifier les doutes",
        "Lever un doute sur l&#39;une de vos inscriptions",
        "DINUM &#60;i&#62; - 1",
        "nom, statut",
        "<td>Vous</td>",
        "Depuis le ",
    ] {
        assert!(first.text.contains(told), "{told} is missing: {}", first.text);
    }
    assert!(!first.text.contains("membre-") && !first.text.contains("autre-client"));
    assert_eq!(first.text.matches("<tr><td>").count(), 20);
    let next = first.text.split("consultations?avant=").nth(1).unwrap().split('"').next().unwrap();
    // A gateway gives parameters decoded.
    let query = format!("avant={next}");
    let (_, next) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
    let next = format!("/mon-espace/consultations?avant={next}");
    let second = world.own("GET", &next, "eudoxie", "").await;
    // 25 consultations, two agents, and the first of these two readings.
    assert_eq!(second.text.matches("<tr><td>").count(), 8, "{}", second.text);
    assert!(!second.text.contains("plus anciennes</a>") && second.text.contains("plus récentes"));
    for place in ["<script>", "\0", &"9".repeat(200)] {
        let path = format!("/mon-espace/consultations?avant={place}");
        let hostile = world.own("GET", &path, "eudoxie", "").await;
        assert!(hostile.status == 200 && hostile.text.matches("<tr><td>").count() == 20);
    }
}

#[tokio::test]
async fn where_students_cannot_log_in_there_is_nothing_to_find() {
    let world = World::with(None);
    world.session("ada", &[], Timestamp::now()).await;
    for path in [
        "/mon-espace",
        "/mon-espace/connexion",
        "/mon-espace/connexion/depart",
        "/partage",
        "/mon-espace/attestations",
        "/attestation/verifier",
        "/attestation/ouvrier.js",
        "/attestation/cles",
        "/attestation/etats",
    ] {
        for cookie in [None, Some("ada")] {
            let page = world.ask("GET", &format!("/portail{path}"), cookie, "").await;
            assert_eq!(page.status, 404, "{path}");
        }
    }
    let read = world.ask("POST", "/portail/partage", None, "code=x&naissance=2003-11-27").await;
    assert_eq!(read.status, 404);
    for path in ["", "/connexion", "/plan-du-site", "/donnees-personnelles"] {
        let page = world.get(&format!("/portail{path}")).await;
        assert!(!page.text.contains("mon-espace") && !page.text.contains("/partage\""), "{path}");
    }
}
