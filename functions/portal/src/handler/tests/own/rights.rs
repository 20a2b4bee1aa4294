//! What students ask by their rights, who answers, and that nobody else reads it.

use fakes::aws::Fault;
use shared::identity::review::{Case, CaseId, State as CaseState};
use shared::rights::{End, Request, RequestId, State};

use super::*;

const OTHER_SCHOOL: &str = LYCEE;
/// No request makes more calls.
const MOST_CALLS: usize = 30;

fn manager(uai: &str) -> Grant {
    Grant::Establishment { uai: Uai::parse(uai).unwrap(), role: EstablishmentRole::Gestionnaire }
}

fn national(role: NationalRole) -> Grant {
    Grant::National { role }
}

impl World {
    async fn with_rights() -> (Self, StudentId) {
        let world = Self::new();
        let student = world.enrol(&eudoxie(), RECORD, INE).await;
        world.student("eudoxie", &eudoxie()).await;
        world.session("dpo", &[national(NationalRole::Delegue)], Timestamp::now()).await;
        world.session("manager", &[manager(UNIVERSITY)], Timestamp::now()).await;
        (world, student)
    }

    async fn ask_for(&self, id: &str, form: &str) -> Reply {
        self.own("POST", "/mon-espace/droits", id, &format!("{TOKEN}&{form}")).await
    }

    /// Makes a request that is taken, and gives its id.
    async fn request(&self, id: &str, form: &str) -> String {
        let made = self.ask_for(id, form).await;
        assert_eq!(made.status, 303, "{}", made.text);
        header(&made, "location").rsplit('/').next().unwrap().to_owned()
    }

    async fn stored(&self, id: &str) -> Request {
        let id = RequestId::parse(id).unwrap();
        self.api.requests.get(id).await.unwrap().unwrap()
    }

    /// Answers a request as it is now.
    async fn reply(&self, who: &str, id: &str, form: &str) -> Reply {
        let version = self.stored(id).await.version;
        let form = format!("{TOKEN}&version={version}&{form}");
        self.ask("POST", &format!("/portail/demandes/{id}"), Some(who), &form).await
    }

    async fn dispute_of(&self, student: StudentId) -> Option<Case> {
        self.api.reviewing.cases.get(&CaseId::dispute(student)).await.unwrap()
    }
}

#[tokio::test]
async fn a_copy_is_given_at_once_to_whoever_is_found_and_to_nobody_else() {
    let (world, _) = World::with_rights().await;
    let copy = world.own("GET", "/mon-espace/export.json", "eudoxie", "").await;
    assert_eq!((copy.status, header(&copy, "cache-control")), (200, "no-store"));
    assert!(header(&copy, "content-disposition").starts_with("attachment"));
    let copy: serde_json::Value = serde_json::from_str(&copy.text).unwrap();
    assert_eq!((&copy["nom"], &copy["ine"]), (&json!("QUINTEFEUILLE"), &json!(INE)));
    assert_eq!(copy["declarations"][0]["valeurs"]["Prénom"], "Eudoxie");
    assert_eq!(copy["inscriptions"][0]["uai"], UNIVERSITY);
    assert_eq!(copy["consultations"][0]["pourquoi"], "Prendre une copie de vos données");
    assert_eq!(copy["consultationsCompletes"], true);

    world.student("stranger", &person("Zoé", "Inconnue", "2001-01-01", "44109")).await;
    let page = world.own("GET", "/mon-espace/export.json", "stranger", "").await;
    assert!(page.text.contains("pas été trouvé") && !page.text.contains(INE));
    *world.failing.lock().unwrap() = Some("access_log");
    let untraced = world.own("GET", "/mon-espace/export.json", "eudoxie", "").await;
    assert!(untraced.status == 503 && !untraced.text.contains(INE));
}

#[tokio::test]
async fn a_rectification_goes_to_the_establishment_and_its_next_word_ends_it() {
    let (world, student) = World::with_rights().await;
    let form = format!(
        "droit=rectification&texte=Mon+prénom+est+Eudoxe&uai={UNIVERSITY}&contester=oui&formulaire=1"
    );
    let id = world.request("eudoxie", &form).await;
    assert_eq!(world.request("eudoxie", &form).await, id, "sent twice, it is one");
    assert_eq!(world.tables.items("requests").len(), 1);
    let case = world.dispute_of(student).await.unwrap();
    assert!(case.is_contested());
    assert!(world.queues.bodies().iter().any(|body| body.contains(case.id.as_str())));
    assert_eq!(world.tables.items("withdrawals").len(), 1, "a restore hides them again");
    let request = world.stored(&id).await;
    assert_eq!(request.state, State::Sent { uai: Uai::parse(UNIVERSITY).unwrap() });

    // Nothing of who asks or what is in clear, and no key says anything.
    let stored = serde_json::to_string(&world.tables.items("requests")).unwrap();
    for personal in ["QUINTEFEUILLE", "Eudox", "2003-11-27", INE] {
        assert!(!stored.contains(personal), "{personal} in {stored}");
    }

    let list = format!("/portail/etablissements/{UNIVERSITY}/demandes");
    let list = world.ask("GET", &list, Some("manager"), "").await;
    assert!(list.text.contains(&id) && !list.text.contains("QUINTEFEUILLE"), "{}", list.text);
    let page = world.ask("GET", &format!("/portail/demandes/{id}"), Some("manager"), "").await;
    for told in ["Eudoxie Anne QUINTEFEUILLE", "2003-11-27", "Mon prénom est Eudoxe"] {
        assert!(page.text.contains(told), "{told} is missing: {}", page.text);
    }
    assert!(!page.text.contains(&student.to_string()) && !page.text.contains("satisfaire"));
    let seen = world.all_traces();
    let seen = seen.iter().find(|trace| trace.route == shared::access::route::Route::Rights);
    assert_eq!(seen.unwrap().depositor, Some(Uai::parse(UNIVERSITY).unwrap()));

    // It may not do what is the register's, nor with a page of before.
    let refused = world.reply("manager", &id, "faire=satisfaire").await;
    assert_eq!(refused.status, 400);
    let late = format!("{TOKEN}&version=0&faire=accepter");
    let late = world.ask("POST", &format!("/portail/demandes/{id}"), Some("manager"), &late).await;
    assert_eq!(late.status, 409);
    assert_eq!(world.reply("manager", &id, "faire=accepter").await.status, 303);
    assert_eq!(world.reply("manager", &id, "faire=accepter").await.status, 303, "done already");
    let own = world.own("GET", &format!("/mon-espace/demandes/{id}"), "eudoxie", "").await;
    assert!(own.text.contains("acceptée, à corriger") && own.text.contains("Eudoxe"));
    assert!(!own.text.contains("Ada Test"), "agents aren't named: {}", own.text);

    // The same words change nothing; others end it, and the student is told of again.
    let before = world.api.statements.students.get(student).await.unwrap().unwrap();
    let mut after = before.clone();
    let edge = before.edges().next().unwrap();
    let mut edge = serde_json::to_value(edge).unwrap();
    edge["version"] = json!("0000000000002.0.import-2.0000000002");
    after.attach(serde_json::from_value(edge.clone()).unwrap());
    world.publish(&before, &after).await;
    world.own("GET", &format!("/mon-espace/demandes/{id}"), "eudoxie", "").await;
    assert!(world.stored(&id).await.is_open());
    let before = world.api.statements.students.get(student).await.unwrap().unwrap();
    let mut after = before.clone();
    edge["declaration"]["identite"]["prenom1"] = json!("Eudoxe");
    after.attach(serde_json::from_value(edge).unwrap());
    world.publish(&before, &after).await;
    let own = world.own("GET", &format!("/mon-espace/demandes/{id}"), "eudoxie", "").await;
    assert!(own.text.contains("corrigée") && own.text.contains("un envoi de l&#39;établissement"));
    assert_eq!(world.stored(&id).await.state, State::Ended(End::Corrected));
    let case = world.dispute_of(student).await.unwrap();
    assert_eq!((case.state, case.is_contested()), (CaseState::Decided, false));
    let list = world.ask("GET", "/portail/national/demandes", Some("dpo"), "").await;
    assert!(list.text.contains("Aucune demande n'est ouverte"), "{}", list.text);
}

#[tokio::test]
async fn whoever_is_not_found_asks_all_the_same_and_is_told_nothing_of_anybody() {
    let (world, _) = World::with_rights().await;
    world.student("stranger", &person("Zoé", "Inconnue", "2001-01-01", "44109")).await;
    let page = world.own("GET", "/mon-espace/droits", "stranger", "").await;
    assert!(!page.text.contains(UNIVERSITY) && !page.text.contains("export.json"));
    // An establishment that isn't theirs isn't told of them.
    let form =
        format!("droit=rectification&texte=faux&uai={UNIVERSITY}&contester=oui&formulaire=1");
    let id = world.request("stranger", &form).await;
    let request = world.stored(&id).await;
    assert_eq!((request.state, request.student), (State::Received, None));
    assert!(world.tables.items("reviews").is_empty() && world.queues.bodies().is_empty());
    let manager = world.ask("GET", &format!("/portail/demandes/{id}"), Some("manager"), "").await;
    assert_eq!(manager.status, 404);

    let list = world.ask("GET", "/portail/national/demandes", Some("dpo"), "").await;
    assert!(list.text.contains(&id) && list.text.contains("personne</td>"), "{}", list.text);
    let page = world.ask("GET", &format!("/portail/demandes/{id}"), Some("dpo"), "").await;
    assert!(page.text.contains("Zoé Inconnue"), "{}", page.text);
    let unknown = world.reply("dpo", &id, "faire=transmettre&uai=9999999X").await;
    assert_eq!(unknown.status, 400);
    assert_eq!(world.reply("dpo", &id, "faire=refuser&motif=introuvable").await.status, 409);
    assert_eq!(world.reply("dpo", &id, "faire=prendre").await.status, 303);
    let sent = world.reply("dpo", &id, &format!("faire=transmettre&uai={OTHER_SCHOOL}")).await;
    assert_eq!(sent.status, 303);
    let reason = "faire=refuser&motif=introuvable&texte=Rien+sous+votre+nom.";
    assert_eq!(world.reply("dpo", &id, reason).await.status, 303);
    let own = world.own("GET", &format!("/mon-espace/demandes/{id}"), "stranger", "").await;
    assert!(own.text.contains("refusée") && own.text.contains("Rien sous votre nom."));
    assert!(own.text.contains("cnil.fr") && own.text.contains("un agent du registre"));
}

#[tokio::test]
async fn a_request_is_nobody_elses_to_read() {
    let (world, _) = World::with_rights().await;
    world.student("other", &person("Ada", "Autre", "2001-01-01", "44109")).await;
    world.session("elsewhere", &[manager(LYCEE)], Timestamp::now()).await;
    world.session("sender", &[depositor(UNIVERSITY)], Timestamp::now()).await;
    world.session("reviewer", &[national(NationalRole::Relecteur)], Timestamp::now()).await;
    let form = format!("droit=rectification&texte=faux&uai={UNIVERSITY}&formulaire=1");
    let id = world.request("eudoxie", &form).await;
    let nobodys = RequestId::random().to_string();
    let pages = async |who: &str, id: &str| {
        let own = format!("/mon-espace/demandes/{id}");
        let get = world.own("GET", &own, who, "").await;
        let post = world.own("POST", &own, who, TOKEN).await;
        (get.status, get.text.len(), post.status, post.text.len())
    };
    assert_eq!(pages("other", &id).await, pages("other", &nobodys).await);
    assert_eq!(pages("other", &id).await.0, 404);
    let letter = world.own("GET", "/mon-espace/destinataires/1.abc", "eudoxie", "").await;
    assert_eq!(letter.status, 404);
    for who in ["elsewhere", "sender", "reviewer"] {
        let form = format!("{TOKEN}&version=1&faire=corriger");
        let path = |id: &str| format!("/portail/demandes/{id}");
        for id in [&id, &nobodys, "x", "..", &id.to_uppercase()] {
            assert_eq!(world.ask("GET", &path(id), Some(who), "").await.status, 404, "{who}");
            assert_eq!(world.ask("POST", &path(id), Some(who), &form).await.status, 404, "{who}");
        }
        let list = world.ask("GET", "/portail/national/demandes", Some(who), "").await;
        assert_eq!(list.status, 404, "{who}");
    }
    let own_school = format!("/portail/etablissements/{UNIVERSITY}/demandes");
    assert_eq!(world.ask("GET", &own_school, Some("elsewhere"), "").await.status, 404);
    assert_eq!(world.ask("GET", &own_school, Some("sender"), "").await.status, 403);
    // The officer answers requests and sees nothing else of the nation's.
    for path in ["/portail/national", "/portail/national/clients", "/portail/revues"] {
        assert_eq!(world.ask("GET", path, Some("dpo"), "").await.status, 404, "{path}");
    }
    assert_eq!(world.stored(&id).await.version, 1);
    for (form, status) in [("jeton=another", 403), ("", 403)] {
        let path = format!("/mon-espace/demandes/{id}");
        assert_eq!(world.own("POST", &path, "eudoxie", form).await.status, status);
        let sent = world.own("POST", "/mon-espace/droits", "eudoxie", form).await;
        assert_eq!(sent.status, status);
        let sent = world.ask("POST", &format!("/portail/demandes/{id}"), Some("dpo"), form).await;
        assert_eq!(sent.status, status);
    }
}

#[tokio::test]
async fn what_is_not_a_request_is_said_and_five_at_a_time_are_enough() {
    let (world, _) = World::with_rights().await;
    let long = "a".repeat(2_001);
    for (form, said) in [
        ("droit=tout&texte=x&formulaire=1".to_owned(), "Choisissez le droit"),
        ("droit=acces&texte=+&formulaire=1".to_owned(), "Dites ce que vous demandez"),
        (format!("droit=acces&texte={long}&formulaire=1"), "Dites ce que vous demandez"),
    ] {
        let page = world.ask_for("eudoxie", &form).await;
        assert!(page.status == 200 && page.text.contains(said), "{}", page.text);
    }
    for number in 0..5 {
        world.request("eudoxie", &format!("droit=acces&texte=x&formulaire={number}")).await;
    }
    let page = world.ask_for("eudoxie", "droit=acces&texte=x&formulaire=6").await;
    assert!(page.text.contains("Cinq demandes sont en cours"), "{}", page.text);
    // One of the five, sent again, is there.
    let id = world.request("eudoxie", "droit=acces&texte=x&formulaire=4").await;
    let path = format!("/mon-espace/demandes/{id}");
    for _ in 0..2 {
        assert_eq!(world.own("POST", &path, "eudoxie", TOKEN).await.status, 303);
    }
    assert_eq!(world.stored(&id).await.state, State::Ended(End::Withdrawn));
    world.request("eudoxie", "droit=acces&texte=x&formulaire=6").await;
}

#[tokio::test]
async fn what_is_due_soon_is_counted_for_the_alarm_and_late_is_said() {
    let (world, _) = World::with_rights().await;
    let first = world.request("eudoxie", "droit=acces&texte=x&formulaire=1").await;
    let second = world.request("eudoxie", "droit=acces&texte=x&formulaire=2").await;
    let due = world.stored(&first).await.due_on;
    let requests = &world.api.requests;
    assert_eq!(requests.due_by(due).await.unwrap(), [due, due]);
    assert!(requests.due_by(due.yesterday().unwrap()).await.unwrap().is_empty());
    // One is extended and one becomes late.
    let extended = format!("{TOKEN}&version=1&faire=prolonger&texte=x");
    world.ask("POST", &format!("/portail/demandes/{first}"), Some("dpo"), &extended).await;
    let mut request = world.stored(&second).await;
    request.due_on = jiff::civil::date(2026, 1, 1);
    requests.save(&request).await.unwrap();
    assert_eq!(requests.due_by(due).await.unwrap(), [jiff::civil::date(2026, 1, 1)]);
    let list = world.ask("GET", "/portail/national/demandes", Some("dpo"), "").await;
    assert!(list.text.contains("Une demande a dépassé son échéance"), "{}", list.text);
    assert!(list.text.find(&second) < list.text.find(&first), "the first due comes first");
    let own = world.own("GET", "/mon-espace/droits", "eudoxie", "").await;
    assert!(own.text.contains("(en retard)"), "{}", own.text);
    world.own("POST", &format!("/mon-espace/demandes/{second}"), "eudoxie", TOKEN).await;
    assert!(requests.due_by(due).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_objection_is_answered_by_the_ground_and_a_restriction_that_is_granted_stays() {
    let (world, student) = World::with_rights().await;
    let id = world.request("eudoxie", "droit=limitation&texte=x&formulaire=1").await;
    assert!(world.dispute_of(student).await.unwrap().is_contested(), "at once");
    world.reply("dpo", &id, "faire=prendre").await;
    let page = world.ask("GET", &format!("/portail/demandes/{id}"), Some("dpo"), "").await;
    assert!(page.text.contains(&student.to_string()) && page.text.contains("Ada Test"));
    assert!(!page.text.contains("value=\"fondement\""), "no ground refuses a restriction");
    assert_eq!(world.reply("dpo", &id, "faire=refuser&motif=fondement").await.status, 409);
    let granted = world.reply("dpo", &id, "faire=satisfaire&texte=C'est+fait").await;
    assert_eq!(granted.status, 303);
    assert!(world.dispute_of(student).await.unwrap().is_contested(), "for good");

    let id = world.request("eudoxie", "droit=opposition&texte=x&formulaire=2").await;
    let due = world.stored(&id).await.due_on;
    world.reply("dpo", &id, "faire=prendre").await;
    assert_eq!(world.reply("dpo", &id, "faire=prolonger&texte=dossiers").await.status, 303);
    assert!(world.stored(&id).await.due_on > due);
    assert_eq!(world.reply("dpo", &id, "faire=refuser&motif=fondement").await.status, 303);
    let own = world.own("GET", &format!("/mon-espace/demandes/{id}"), "eudoxie", "").await;
    assert!(own.text.contains("vu le fondement du registre"), "{}", own.text);
}

#[tokio::test]
async fn whoever_was_told_is_listed_once_with_a_letter_that_names_nobody_in_its_address() {
    use shared::access::client::Client;
    use shared::access::route::Route;
    use shared::audit::{Action, Disclosure, Request};
    use shared::contract::error::Uid;

    let (world, student) = World::with_rights().await;
    world.api.clients.put(&Client::new("dinum", "API <i>Particulier")).await.unwrap();
    let uid = Uid::at(Timestamp::now());
    for (route, found) in [
        (Route::StatusByIne, true),
        (Route::Batch, true),
        (Route::StatusByIne, false),
        (Route::Review, true),
    ] {
        let asked = Request {
            uid: &uid,
            at: Timestamp::now(),
            client: Some("dinum"),
            depositor: None,
            route,
            action: Action::Consulted,
            caller: Some("Mairie de Nantes"),
            recipient: None,
        };
        let told = Disclosure {
            student: found.then_some(student),
            fields: vec!["statut"],
            ..Disclosure::default()
        };
        world.api.traces.write(&asked, &[told]).await.unwrap();
    }
    let page = world.own("GET", "/mon-espace/destinataires", "eudoxie", "").await;
    assert_eq!(page.text.matches("/mon-espace/destinataires/").count(), 1, "{}", page.text);
    let id = page.text.split("/mon-espace/destinataires/").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    assert!(!id.contains("dinum"));
    let letter = world.own("GET", &format!("/mon-espace/destinataires/{id}"), "eudoxie", "").await;
    for told in ["API &#60;i&#62;Particulier", "Mairie de Nantes", "à 2 reprises", "Eudoxie Anne"]
    {
        assert!(letter.text.contains(told), "{told} is missing: {}", letter.text);
    }
}

#[tokio::test]
async fn a_request_that_failed_anywhere_is_done_by_the_next_attempt() {
    let mut failed = 0;
    for fault in (1..=MOST_CALLS).flat_map(|call| [Fault::Before(call), Fault::After(call)]) {
        for withdraws in [false, true] {
            let (world, student) = World::with_rights().await;
            let form = "droit=limitation&texte=x&formulaire=1";
            let made = if withdraws { Some(world.request("eudoxie", form).await) } else { None };
            let ask = async || match &made {
                None => world.ask_for("eudoxie", form).await,
                Some(id) => {
                    world.own("POST", &format!("/mon-espace/demandes/{id}"), "eudoxie", TOKEN).await
                }
            };
            let _ = world.queues.drain();
            *world.faults.calls.lock().unwrap() = 0;
            *world.faults.next.lock().unwrap() = Some(fault);
            let told = ask().await;
            *world.faults.next.lock().unwrap() = None;
            if told.status >= 400 {
                failed += 1;
                assert_eq!(told.status, 503, "{fault:?}: {}", told.text);
                let again = ask().await;
                assert_eq!(again.status, 303, "{fault:?}: {}", again.text);
            }
            assert_eq!(world.tables.items("requests").len(), 1, "{fault:?}");
            let case = world.dispute_of(student).await.unwrap();
            assert_eq!(case.is_contested(), !withdraws, "{fault:?}");
            assert!(case.pending().is_some(), "{fault:?}");
            let pointed = world.queues.bodies();
            assert!(pointed.iter().any(|body| body.contains(case.id.as_str())), "{fault:?}");
        }
    }
    assert!(failed > 20, "the faults struck {failed} times only");
}
