//! Doubts that a reviewer reads and decides by pages alone.

use shared::access::officer::Officer;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::identity::block::Traits;
use shared::identity::digest::IdentityKeys;
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::compare::Comparison;
use shared::identity::review::{Case, CaseId, CaseQuestion, Side, State};
use shared::identity::student::StudentId;

use super::*;

const STUDENTS: [&str; 2] =
    ["11111111111141118111111111111111", "22222222222242228222222222222222"];
const RECORDS: [&str; 2] =
    ["1.11111111111111111111111111111111", "1.22222222222222222222222222222222"];
const INES: [&str; 2] = ["081768862AE", "070578267KH"];
/// What no page tells, nor any table that isn't the people's own.
const PERSONAL: [&str; 6] =
    [INES[0], INES[1], "1999-11-30", "1999-11-03", "Quintefeuille", "Eudoxie"];

fn declaration(at: usize) -> serde_json::Value {
    let birth_date = ["1999-11-30", "1999-11-03"][at];
    let uai = [UNIVERSITY, LYCEE][at];
    json!({
        "ine": INES[at],
        "identite": {
            "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "autresPrenoms": [], "sexe": "2",
            "dateNaissance": birth_date,
        },
        "inscription": {
            "dateDebut": "2025-09-01", "dateFin": "2026-08-31", "statut": "inscrit", "regime": "RF1",
            "codeCommune": "75113", "uai": uai, "nomEtablissement": "Université",
        },
    })
}

fn student(at: usize) -> StudentId {
    serde_json::from_value(json!(STUDENTS[at])).unwrap()
}

impl World {
    /// Two reviewers, and two students of two establishments.
    async fn with_reviewers() -> Self {
        let world = Self::new();
        for (id, name) in [("colette", "c.garnier@example.org"), ("denis", "d.faure@example.org")] {
            world.reviewer(id, Some(name)).await;
        }
        for (at, id) in STUDENTS.iter().enumerate() {
            let partition = format!("S#{id}");
            world
                .tables
                .put("students", item(&json!({ "pk": partition, "sk": "STUDENT", "version": 1 })));
            let edge = json!({
                "record": RECORDS[at], "version": "0000000000001.0.import.0000000002",
                "reason": "newcomer", "rules_version": 2, "declaration": declaration(at),
            });
            let sort = format!("E#{}", RECORDS[at]);
            world
                .tables
                .put("students", item(&json!({ "pk": partition, "sk": sort, "edge": edge })));
        }
        world
    }

    async fn reviewer(&self, id: &str, officer: Option<&str>) {
        self.session(id, &[], Timestamp::now()).await;
        let digest = invitation_digest(&self.api.key, id);
        let invitation = Invitation {
            grant: Grant::National { role: NationalRole::Relecteur },
            officer: officer.map(|name| Officer::parse(name).unwrap()),
            by: "operator".into(),
            since: Timestamp::now(),
        };
        self.api.members.invite(&digest, &invitation).await.unwrap();
        let path = format!("/portail/invitations/{id}");
        let joined = self.ask("POST", &path, Some(id), &format!("jeton={CSRF}")).await;
        assert_eq!(joined.status, 303);
    }

    /// Keeps the doubt whether the two students are one, whom INES tells apart if `told_apart`.
    async fn doubt(&self, told_apart: bool) -> CaseId {
        let people = [0, 1].map(|at| {
            let said: Declaration = serde_json::from_value(declaration(at)).unwrap();
            Traits::said(said.ine, said.identite).person()
        });
        let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
        let keys = IdentityKeys::new(key("ine"), &key("civil"));
        let side = |at: usize| Side {
            student: student(at),
            master: told_apart.then(|| keys.ine(&Ine::parse(INES[at]).unwrap())),
        };
        let question = CaseQuestion::duplicate(
            side(0),
            side(1),
            serde_json::from_value(json!(RECORDS[0])).unwrap(),
            Comparison::of(&people[0], &people[1]),
        );
        self.keep(question, 100).await
    }

    async fn keep(&self, question: CaseQuestion, second: i64) -> CaseId {
        let case = Case::open(question, RULE_VERSION, Timestamp::from_second(second).unwrap());
        self.api.reviewing.cases.save(&case).await.unwrap();
        case.id
    }

    async fn case(&self, id: &CaseId) -> Case {
        self.api.reviewing.cases.get(id).await.unwrap().unwrap()
    }

    async fn answer(&self, who: &str, id: &CaseId, form: &str) -> Reply {
        let form = format!("jeton={CSRF}&{form}");
        self.ask("POST", &format!("/portail/revues/{id}/reponse"), Some(who), &form).await
    }

    /// A page of somebody. It tells nothing personal.
    async fn read(&self, who: &str, path: &str) -> Reply {
        let page = self.ask("GET", &format!("/portail/{path}"), Some(who), "").await;
        for personal in PERSONAL {
            assert!(!page.text.contains(personal), "{personal} in {}", page.text);
        }
        page
    }
}

#[tokio::test]
async fn a_case_is_read_masked_answered_by_one_button_and_undone() {
    let world = World::with_reviewers().await;
    let case = world.doubt(false).await;
    let home = world.read("colette", "etablissements").await;
    assert_eq!(header(&home, "location"), format!("{ORIGIN}/v1/portail/revues"));
    let list = world.read("colette", "revues").await;
    assert!(
        list.text.contains("aucune réponse") && list.text.contains(">Revues</a>"),
        "{}",
        list.text
    );
    let first = world.read("colette", "revues/suivante").await;
    assert_eq!(header(&first, "location"), format!("{ORIGIN}/v1/portail/revues/{case}"));
    let page = world.read("colette", &format!("revues/{case}")).await;
    for needed in [
        "Q•••",
        "Étudiant 1 et Étudiant 2",
        "value=\"meme\"",
        "value=\"incertain\"",
        "Lycée d&#39;essai",
    ] {
        assert!(page.text.contains(needed), "{needed}: {}", page.text);
    }
    let traced = world.tables.items("access_log");
    assert_eq!(traced.len(), 2, "each student who was shown: {traced:?}");
    assert!(
        traced.iter().all(|trace| trace["client"]["S"].as_str().unwrap().starts_with("membre-"))
    );

    let sent = "version=1&motif=pieces&reponse=meme";
    for _ in 0..2 {
        let answered = world.answer("colette", &case, sent).await;
        let next = format!("{ORIGIN}/v1/portail/revues/suivante?fait={case}");
        assert_eq!(
            (answered.status, header(&answered, "location")),
            (303, next.as_str()),
            "{}",
            answered.text
        );
    }
    let decided = world.case(&case).await;
    assert_eq!((decided.votes.len(), decided.state), (1, State::Decided));
    assert_eq!(decided.votes[0].reviewer, "c.garnier@example.org");
    assert_eq!(world.queues.bodies().len(), 2, "deduplication is told, twice the same");
    let over = world.read("colette", &format!("revues/suivante?fait={case}")).await;
    assert_eq!(header(&over, "location"), format!("{ORIGIN}/v1/portail/revues?fait={case}&fini=1"));

    let shown = world.read("denis", &format!("revues/{case}")).await;
    assert!(
        shown.text.contains("Annuler la décision") && !shown.text.contains("Votre réponse</h2>")
    );
    let path = format!("/portail/revues/{case}/annulation");
    for _ in 0..2 {
        let undone = world.ask("POST", &path, Some("denis"), &format!("jeton={CSRF}")).await;
        assert_eq!(undone.status, 303, "{}", undone.text);
    }
    assert_eq!(world.case(&case).await.state, State::Undone);
}

#[tokio::test]
async fn a_person_is_one_voice_whichever_way_they_come_by() {
    let world = World::with_reviewers().await;
    world.reviewer("colette-again", Some("C.Garnier@example.org")).await;
    let case = world.doubt(true).await;
    assert_eq!(world.answer("colette", &case, "version=1&reponse=meme").await.status, 303);
    let next = world.read("colette", "revues/suivante").await;
    assert!(header(&next, "location").contains("fini=1"), "what is answered isn't proposed again");
    // Another account of hers says what she said; two voices are needed, and it is one.
    assert_eq!(world.answer("colette-again", &case, "version=2&reponse=meme").await.status, 303);
    assert_eq!(world.case(&case).await.state, State::Open);
    let contrary = world.answer("colette-again", &case, "version=2&reponse=different").await;
    assert!(contrary.status == 403 && contrary.text.contains("déjà répondu"), "{}", contrary.text);
    let stale = world.answer("denis", &case, "version=1&reponse=meme").await;
    assert!(stale.status == 409 && stale.text.contains("a changé"), "{}", stale.text);
    assert_eq!(world.answer("denis", &case, "version=2&reponse=meme").await.status, 303);
    assert_eq!(world.case(&case).await.state, State::Decided);
}

#[tokio::test]
async fn nobody_decides_on_what_they_sent_and_others_find_no_page() {
    let world = World::with_reviewers().await;
    let case = world.doubt(false).await;
    world.session("ada", &[depositor(UNIVERSITY)], Timestamp::now()).await;
    world.session("nobody", &[], Timestamp::now()).await;
    world.reviewer("nameless", None).await;
    for (who, status) in [("ada", 404), ("nobody", 404), ("nameless", 403)] {
        for path in ["revues".to_owned(), "revues/suivante".to_owned(), format!("revues/{case}")] {
            assert_eq!(world.read(who, &path).await.status, status, "{who} {path}");
        }
        assert_eq!(world.answer(who, &case, "version=1&reponse=meme").await.status, status);
    }
    // She sent for the lycée until her membership ended, and reviews since.
    let mut member = world.member("denis").await.unwrap();
    let until = Timestamp::now() - SignedDuration::from_hours(24);
    let role = EstablishmentRole::Deposant;
    member.establishments.insert(Uai::parse(LYCEE).unwrap(), Held { role, until });
    world.invite("again", Grant::National { role: NationalRole::Operateur }).await;
    let again = invitation_digest(&world.api.key, "again");
    world.api.members.join(&again, &super::member("denis"), &member).await.unwrap();
    let page = world.read("denis", &format!("revues/{case}")).await;
    assert!(
        page.text.contains("une autre personne doit répondre")
            && !page.text.contains("name=\"reponse\"")
    );
    assert_eq!(world.answer("denis", &case, "version=1&reponse=different").await.status, 403);
    let next = world.read("denis", "revues/suivante").await;
    assert!(header(&next, "location").contains("fini=1"));
    assert!(world.case(&case).await.votes.is_empty());
}

#[tokio::test]
async fn a_student_is_contested_by_a_page_and_what_is_not_an_answer_is_refused() {
    let world = World::with_reviewers().await;
    let case = world.doubt(false).await;
    for (form, status) in [
        ("version=1", 400),
        ("version=1&reponse=peut-etre", 400),
        ("version=1&reponse=maintenir", 400),
        ("reponse=meme", 400),
        ("version=1&reponse=scinder", 400),
        ("version=un&reponse=meme", 400),
    ] {
        assert_eq!(world.answer("colette", &case, form).await.status, status, "{form}");
    }
    for id in ["9", "a-1.x", "%3Cscript%3E"] {
        assert_eq!(world.read("colette", &format!("revues/{id}")).await.status, 404, "{id}");
    }
    let form = format!("jeton={CSRF}&etudiant={}", STUDENTS[0]);
    for _ in 0..2 {
        let opened =
            world.ask("POST", "/portail/revues/contestations", Some("colette"), &form).await;
        assert_eq!(opened.status, 303, "{}", opened.text);
        let id = header(&opened, "location").rsplit('/').next().unwrap().to_owned();
        let page = world.read("colette", &format!("revues/{id}")).await;
        assert!(page.text.contains("Cet étudiant est-il une seule personne ?"), "{}", page.text);
    }
    assert_eq!(world.tables.items("reviews").len(), 2);
    let noted = world.tables.items("withdrawals");
    assert!(!noted.is_empty(), "a restore must not tell the student again");
    let unknown = "etudiant=33333333333343338333333333333333";
    let unknown = format!("jeton={CSRF}&{unknown}");
    let refused =
        world.ask("POST", "/portail/revues/contestations", Some("colette"), &unknown).await;
    assert_eq!(refused.status, 404);
    let seen = world.read("colette", "revues?nature=contestation").await;
    assert!(seen.text.contains("Cet étudiant") && !seen.text.contains("Ces deux étudiants"));
}
