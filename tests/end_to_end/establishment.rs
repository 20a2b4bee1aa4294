//! What an establishment does in the portal besides files, as a browser without JavaScript: access,
//! keys, one enrolment by hand; and what an operator sees.

use std::time::Duration;

use tests::http::HttpAnswer;
use tests::people::{Person, file};
use tests::portal::Browser;
use tests::stack::{Stack, UNIVERSITY};

/// How long an instance of the local platform believes what it read of a client
/// (`client_cache_seconds`), and some.
const BELIEVED_FOR: Duration = Duration::from_millis(2_500);

fn page(name: &str) -> String {
    format!("/etablissements/{UNIVERSITY}/{name}")
}

/// The value of the first such attribute after some words.
fn value(page: &HttpAnswer, after: &str, attribute: &str) -> String {
    let mut rest = page.text.as_str();
    for words in [after, attribute] {
        let at = rest.find(words).unwrap_or_else(|| panic!("no {words}: {}", page.text));
        rest = &rest[at + words.len()..];
    }
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_invites_changes_a_role_and_ends_it() {
    let stack = Stack::connect().await;
    let mut manager = Browser::new(&stack);
    manager.log_in("gestionnaire").await;
    let seen = manager.get(&page("acces")).await;
    assert!(
        seen.text.contains("Ada LEROUX") && seen.text.contains("Blaise MOREL"),
        "{}",
        seen.text
    );
    let (token, form) = (manager.token(&seen), value(&seen, "", "name=\"formulaire\" value=\""));
    let invite = format!("jeton={token}&formulaire={form}&faire=inviter&role=lecteur");
    let made = manager.post(&page("acces"), &invite).await;
    let link = value(&made, "id=\"lien\"", "value=\"");
    let link = link.split("/portail").nth(1).unwrap().to_owned();

    let mut invited = Browser::new(&stack);
    invited.log_in("operateur").await;
    let shown = invited.get(&link).await;
    let accept = format!("jeton={}", invited.token(&shown));
    invited.post(&link, &accept).await;
    assert_eq!(invited.get(&page("envoi")).await.status, 403, "a reader sends nothing");

    let seen = manager.get(&page("acces")).await;
    let digest = value(&seen, "<h2>Denis FAURE</h2>", "name=\"membre\" value=\"");
    let change = |what: &str| format!("jeton={token}&membre={digest}&{what}");
    manager.post(&page("acces"), &change("faire=changer&role=deposant")).await;
    assert_eq!(invited.get(&page("envoi")).await.status, 200);
    let ended = manager.post(&page("acces"), &change("faire=terminer")).await;
    assert!(ended.text.contains("fin du rôle : dépôt"), "{}", ended.text);
    assert_eq!(invited.get(&page("envoi")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_makes_a_key_that_sends_until_it_is_revoked() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    stack.register_people(file(&[person.row()]).as_bytes()).await;
    let mut manager = Browser::new(&stack);
    manager.log_in("gestionnaire").await;
    let seen = manager.get(&page("cles")).await;
    let (token, form) = (manager.token(&seen), value(&seen, "", "name=\"formulaire\" value=\""));
    let made =
        manager.post(&page("cles"), &format!("jeton={token}&formulaire={form}&faire=faire")).await;
    let key = value(&made, "id=\"cle\"", "value=\"");
    let told = stack.tell(&key, "", &person.told()).await;
    assert_eq!(told.status, 200, "{}", told.text);
    stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;

    let number = value(&made, "<h1>Clé n° ", "").trim_end().to_owned();
    let number = number.split('<').next().unwrap();
    let listed = manager.get(&page("cles")).await;
    assert!(!listed.text.contains(&key), "it was shown once");
    let locator = value(&listed, &format!("<h2>Clé n° {number}</h2>"), "name=\"cle\" value=\"");
    let renewed =
        format!("jeton={token}&formulaire={form}2&faire=renouveler&delai=7&cle={locator}");
    let next = value(&manager.post(&page("cles"), &renewed).await, "id=\"cle\"", "value=\"");
    tokio::time::sleep(BELIEVED_FOR).await;
    for key in [&key, &next] {
        assert_eq!(stack.tell(key, "", &person.told()).await.status, 200, "both for a week");
    }
    manager.post(&page("cles"), &format!("jeton={token}&faire=revoquer&cle={locator}")).await;
    tokio::time::sleep(BELIEVED_FOR).await;
    assert_eq!(stack.tell(&key, "", &person.told()).await.status, 401);
    assert_eq!(stack.tell(&next, "", &person.told()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_entered_corrected_and_cancelled_by_hand() {
    let stack = Stack::connect().await;
    let person =
        Person { number: format!("N-{}", tests::people::fresh_ine()), ..Person::at(UNIVERSITY) };
    stack.register_people(file(&[person.row()]).as_bytes()).await;
    let mut browser = Browser::new(&stack);
    browser.log_in("deposant").await;
    let asked = browser.get(&page("etudiants")).await;
    let token = browser.token(&asked);
    let sought = format!("jeton={token}&ine={}", person.ine);
    let nobody = browser.post(&page("etudiants"), &sought).await;
    assert!(nobody.text.contains("Aucune inscription"), "{}", nobody.text);

    let (first, last) = &person.period;
    let enrolment = format!(
        "dateDebutInscription={first}&dateFinInscription={last}&regime=formation initiale&cursus=L"
    );
    let entry = format!(
        "jeton={token}&faire=enregistrer&ine={}&dateNaissance={}&numeroEtudiant={}&uai={UNIVERSITY}\
         &diplome={}&statut=inscrit&{enrolment}",
        person.ine, person.birth, person.number, person.diploma
    );
    let wrong =
        browser.post(&page("inscription"), &entry.replace(&person.birth, "2005-04-18")).await;
    assert!(wrong.text.contains("Personne n&#39;a cet INE"), "{}", wrong.text);
    let entered = browser.post(&page("inscription"), &entry).await;
    let path = entered.header("x-url").split("/portail").nth(1).unwrap().to_owned();
    assert!(path.starts_with("/inscriptions/") && !path.contains(&person.ine), "{path}");
    stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;

    let by_number = format!("jeton={token}&numero={}&diplome={}", person.number, person.diploma);
    let found = browser.post(&page("etudiants"), &by_number).await;
    assert!(found.text.contains(&path), "{}", found.text);
    let shown = browser.until(&path, "visible").await;
    let version = value(&shown, "", "name=\"version\" value=\"");
    let correction =
        format!("jeton={token}&faire=corriger&version={version}&statut=admis&{enrolment}");
    browser.post(&path, &correction).await;
    stack.shows(&person.ine, &[(UNIVERSITY, "admis")]).await;

    let shown = browser.until(&path, "visible").await;
    let version = value(&shown, "", "name=\"version\" value=\"");
    browser.post(&path, &format!("jeton={token}&faire=annuler&version={version}")).await;
    browser.until(&path, ">annulée<").await;
    assert_eq!(stack.by_ine(&person.ine).await.status, 404, "told as nobody");
    let mut other = Browser::new(&stack);
    other.log_in("relecteur").await;
    assert_eq!(other.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_every_establishment_and_its_clients() {
    let stack = Stack::connect().await;
    let mut operator = Browser::new(&stack);
    operator.log_in("operateur").await;
    let all = operator.get(&format!("/national?q={UNIVERSITY}")).await;
    assert!(all.text.contains(UNIVERSITY) && all.text.contains("Plus rien depuis 60 jours"));
    let clients = operator.get("/national/clients").await;
    assert!(clients.text.contains("status_by_ine"), "{}", clients.text);
    let asked = operator.get("/national/invitations?uai=0750655E").await;
    let form = value(&asked, "", "name=\"formulaire\" value=\"");
    let invite = format!("jeton={}&formulaire={form}&uai={UNIVERSITY}", operator.token(&asked));
    let made = operator.post("/national/invitations", &invite).await;
    assert!(made.text.contains("/portail/invitations/"), "{}", made.text);
    let mut depositor = Browser::new(&stack);
    depositor.log_in("deposant").await;
    assert_eq!(depositor.get("/national").await.status, 404);
}
