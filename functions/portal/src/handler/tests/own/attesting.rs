//! Attestations that a student makes and revokes, and what others verify them by.

use attestation::status_list::SIZE;
use attestation::{Claims, KeySet, StatusList, Verdict, verify};

use super::*;
use crate::attesting::published::{list_address, sign};

const PATH: &str = "/mon-espace/attestations";

/// The text of the QR on a page.
fn text_of(page: &Reply) -> String {
    let text = page.text.split("<textarea id=\"texte\" rows=\"8\" readonly>").nth(1);
    text.unwrap_or_else(|| panic!("{}", page.text)).split('<').next().unwrap().to_owned()
}

impl World {
    async fn attest(&self, id: &str, uai: &str, number: &str) -> Reply {
        let form = format!("{TOKEN}&faire=creer&etablissement={uai}&formulaire={number}");
        self.own("POST", PATH, id, &form).await
    }

    async fn revoke(&self, id: &str, index: &str) -> Reply {
        let form = format!("{TOKEN}&faire=revoquer&attestation={index}");
        self.own("POST", PATH, id, &form).await
    }

    async fn indexes(&self, id: &str) -> Vec<String> {
        let page = self.own("GET", PATH, id, "").await;
        let indexes = page.text.split("name=\"attestation\" value=\"").skip(1);
        indexes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    async fn keys(&self) -> KeySet {
        let keys = self.get("/portail/attestation/cles").await;
        assert_eq!(
            (keys.status, header(&keys, "content-type"), header(&keys, "cache-control")),
            (200, "application/jwk-set+json", "public, max-age=86400")
        );
        KeySet::parse(&keys.text).unwrap()
    }

    /// The list of now: a process that hasn't signed one in the last minutes.
    async fn list(&self, keys: &KeySet) -> StatusList {
        let attesting = &self.api.own.as_ref().unwrap().attesting;
        let name = list_address(&self.api);
        let Ok(list) = sign(attesting, &name, Timestamp::now()).await else { panic!("no list") };
        StatusList::open(&list.text, keys).unwrap()
    }

    async fn verdict(&self, text: &str) -> Verdict {
        let keys = self.keys().await;
        let list = self.list(&keys).await;
        verify(text, &keys, Some(&list), Timestamp::now())
    }
}

async fn with_eudoxie() -> (World, StudentId) {
    let world = World::new();
    let student = world.enrol(&eudoxie(), RECORD, INE).await;
    world.student("eudoxie", &eudoxie()).await;
    (world, student)
}

fn claims(verdict: Verdict) -> Claims {
    match verdict {
        Verdict::Valid { claims, .. } => claims,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_attestation_is_verified_without_us_until_its_student_revokes_it() {
    let (world, student) = with_eudoxie().await;
    let made = world.attest("eudoxie", UNIVERSITY, "1").await;
    assert_eq!((made.status, header(&made, "cache-control")), (200, "no-store"), "{}", made.text);
    assert!(made.text.contains("<svg class=\"qr\"") && !made.text.contains(INE), "{}", made.text);
    let text = text_of(&made);
    let claims = claims(world.verdict(&text).await);
    let today = shared::domain::academic_year::day_in_france(Timestamp::now());
    assert_eq!(
        (claims.nom_famille.as_str(), claims.prenom.as_str(), claims.uai.as_str()),
        ("QUINTEFEUILLE", "Eudoxie", UNIVERSITY)
    );
    assert_eq!(claims.etablissement, "Université <b>d'essai</b>");
    assert_eq!((claims.statut.as_str(), claims.date_fin_inscription), ("inscrit", today));
    assert_eq!(claims.date_naissance.to_string(), "2003-11-27");
    assert_eq!(claims.status.list, "https://portail.example/v1/portail/attestation/etats");
    // The enrolment ends today, and so does what it proves.
    let midnight = shared::domain::academic_year::in_france(today.tomorrow().unwrap().into());
    assert_eq!(Some(claims.expires_at), midnight);

    // Nothing of what it says is kept, nor whose it is.
    let stored = serde_json::to_string(&world.tables.items("attestations")).unwrap();
    for personal in ["QUINTEFEUILLE", "Eudoxie", "2003-11-27", INE, UNIVERSITY, text.as_str()] {
        assert!(!stored.contains(personal), "{personal} in {stored}");
    }
    assert!(!stored.contains(&student.to_string()), "{stored}");

    let indexes = world.indexes("eudoxie").await;
    assert_eq!(indexes, [claims.status.index.to_string()]);
    for _ in 0..2 {
        let revoked = world.revoke("eudoxie", &indexes[0]).await;
        assert_eq!(
            (revoked.status, header(&revoked, "location")),
            (303, "https://portail.example/v1/portail/mon-espace/attestations")
        );
    }
    assert!(matches!(world.verdict(&text).await, Verdict::Revoked { .. }));
    assert!(world.indexes("eudoxie").await.is_empty());
    let actions: Vec<&str> = world.all_traces().iter().map(|trace| trace.action.name()).collect();
    assert_eq!(actions, ["attested", "consulted", "revoked", "consulted"]);
    let attested = &world.all_traces()[0];
    assert_eq!((attested.enrolments, attested.fields.len()), (1, 6));
    let seen = world.own("GET", "/mon-espace/consultations", "eudoxie", "").await;
    assert!(seen.text.contains("Créer une attestation"), "{}", seen.text);
    assert!(seen.text.contains("Révoquer une attestation"), "{}", seen.text);
}

#[tokio::test]
async fn the_list_and_the_keys_are_everybodys_and_kept_for_a_day() {
    let (world, _) = with_eudoxie().await;
    let list = world.get("/portail/attestation/etats").await;
    assert_eq!(
        (list.status, header(&list, "content-type"), header(&list, "access-control-allow-origin")),
        (200, "application/statuslist+jwt", "*")
    );
    let cache = header(&list, "cache-control");
    let kept: u32 = cache.strip_prefix("public, max-age=").unwrap().parse().unwrap();
    assert!((86_000..=86_400).contains(&kept), "{cache}");
    let keys = world.keys().await;
    let opened = StatusList::open(&list.text, &keys).unwrap();
    assert!((0..SIZE).step_by(997).all(|index| opened.is_revoked(index) == Some(false)));
    // Both keys are published, and the first alone signs.
    let json: serde_json::Value = serde_json::from_str(&keys.json()).unwrap();
    assert_eq!(json["keys"].as_array().unwrap().len(), 2);
    let only = json!({ "keys": [json["keys"][0].clone()] }).to_string();
    assert!(StatusList::open(&list.text, &KeySet::parse(&only).unwrap()).is_ok());
    let other = json!({ "keys": [json["keys"][1].clone()] }).to_string();
    assert!(StatusList::open(&list.text, &KeySet::parse(&other).unwrap()).is_err());
    // Asked again, it is the same one: a signature is paid for.
    assert_eq!(world.get("/portail/attestation/etats").await.text, list.text);
}

#[tokio::test]
async fn nothing_is_attested_of_whom_nothing_is_told_nor_twice_by_one_form() {
    let (world, student) = with_eudoxie().await;
    for uai in [LYCEE, "", "x", "9999999X"] {
        let refused = world.attest("eudoxie", uai, "1").await;
        assert!(refused.text.contains("rien à attester"), "{uai}: {}", refused.text);
    }
    assert!(world.attest("eudoxie", UNIVERSITY, "1").await.text.contains("<svg class=\"qr\""));
    let again = world.attest("eudoxie", UNIVERSITY, "1").await;
    assert!(again.text.contains("déjà servi"), "{}", again.text);
    assert_eq!(world.indexes("eudoxie").await.len(), 1);

    let before = world.api.statements.students.get(student).await.unwrap().unwrap();
    let mut after = before.clone();
    let case = serde_json::from_value(json!(format!("r-{}", "1".repeat(32)))).unwrap();
    after.on_hold.insert(case, std::iter::once(StudentId::random()).collect());
    world.publish(&before, &after).await;
    let refused = world.attest("eudoxie", UNIVERSITY, "2").await;
    assert!(refused.text.contains("rien à attester"), "{}", refused.text);
    // What was made before is still theirs to revoke.
    let indexes = world.indexes("eudoxie").await;
    assert_eq!(world.revoke("eudoxie", &indexes[0]).await.status, 303);
    assert!(world.indexes("eudoxie").await.is_empty());
}

#[tokio::test]
async fn ten_are_live_at_most_and_each_is_its_students_to_revoke() {
    let (world, _) = with_eudoxie().await;
    let other = person("Théodora Marie", "QUINTEFEUILLE", "2003-11-27", "44109");
    world.enrol(&other, "1.22222222222222222222222222222222", "070578267KH").await;
    world.student("theodora", &other).await;
    let mut made = 0;
    for pair in 0..6 {
        let (one, another) = (format!("a{pair}"), format!("b{pair}"));
        let (one, another) = tokio::join!(
            world.attest("eudoxie", UNIVERSITY, &one),
            world.attest("eudoxie", UNIVERSITY, &another),
        );
        for reply in [one, another] {
            let is_made = reply.text.contains("<svg class=\"qr\"");
            assert!(is_made || reply.text.contains("Dix attestations"), "{}", reply.text);
            made += usize::from(is_made);
        }
    }
    let indexes = world.indexes("eudoxie").await;
    assert_eq!((made, indexes.len()), (10, 10));
    for index in [indexes[0].as_str(), "4294967295"] {
        assert_eq!(world.revoke("theodora", index).await.status, 303);
    }
    for index in ["-1", "", "x", "4294967296"] {
        assert_eq!(world.revoke("eudoxie", index).await.status, 404, "{index}");
    }
    assert_eq!(world.indexes("eudoxie").await.len(), 10);
    let keys = world.keys().await;
    let list = world.list(&keys).await;
    assert!(indexes.iter().all(|index| list.is_revoked(index.parse().unwrap()) == Some(false)));
}

#[tokio::test]
async fn without_a_trace_or_a_signature_there_is_no_attestation() {
    for failing in ["access_log", "attestations"] {
        let (world, _) = with_eudoxie().await;
        *world.failing.lock().unwrap() = Some(failing);
        let made = world.attest("eudoxie", UNIVERSITY, "1").await;
        assert!(made.status == 503 && !made.text.contains("ETU1:"), "{failing}: {}", made.text);
        *world.failing.lock().unwrap() = None;
        assert!(world.indexes("eudoxie").await.is_empty(), "{failing}");
    }
    let (world, _) = with_eudoxie().await;
    *world.failing.lock().unwrap() = Some("kms");
    let made = world.attest("eudoxie", UNIVERSITY, "1").await;
    assert!(made.status == 503 && !made.text.contains("ETU1:"), "{}", made.text);
    assert_eq!(world.get("/portail/attestation/etats").await.status, 503);
}

#[tokio::test]
async fn the_page_that_verifies_keeps_its_policy_and_its_worker_what_it_loads() {
    let world = World::new();
    let page = world.get("/portail/attestation/verifier").await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains("worker-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(header(&page, "permissions-policy").contains("camera=(self)"));
    let worker = world.get("/portail/attestation/ouvrier.js").await;
    assert!(header(&worker, "content-type").starts_with("text/javascript"));
    let (mut files, mut imports) = (0, 0);
    for path in worker.text.split('"').filter(|text| text.starts_with("/v1/portail/")) {
        let file = world.get(path.strip_prefix("/v1").unwrap()).await;
        assert_eq!(file.status, 200, "{path}");
        files += 1;
        // What a script imports is kept as well, under the name that it imports it by.
        for after in [" from \"./", " from './"] {
            for import in file.text.split(after).skip(1) {
                let name = import.split(['"', '\'']).next().unwrap();
                assert!(worker.text.contains(name), "{path} imports {name}");
                imports += 1;
            }
        }
    }
    assert_eq!((files, imports), (9, 3));
}
