//! The portal as a browser without JavaScript uses it: pages, log-in, invitation, log-out.

use tests::people::{Person, file};
use tests::portal::Browser;
use tests::stack::{Stack, UNIVERSITY};

#[tokio::test]
async fn public_pages_are_served_to_anybody() {
    let stack = Stack::connect().await;
    let mut browser = Browser::new(&stack);
    let home = browser.get("").await;
    assert_eq!(home.status, 200);
    assert!(home.header("content-security-policy").contains("default-src 'none'"));
    let style = home.text.split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
    let style = browser.get_at(style.split('"').next().unwrap()).await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    let covered = browser.get(&format!("/couverture?q={UNIVERSITY}")).await;
    assert!(covered.text.contains(UNIVERSITY) && covered.text.contains("1 établissement"));
    let missing = browser.get("/nulle-part").await;
    assert!(missing.status == 404 && missing.text.contains("Page introuvable"));
}

#[tokio::test]
async fn a_manager_logs_in_and_out() {
    let stack = Stack::connect().await;
    let mut browser = Browser::new(&stack);
    let sent_away = browser.get("/etablissements").await;
    assert!(sent_away.text.contains("S'identifier") || sent_away.text.contains("S&#39;identifier"));
    let mine = browser.log_in("gestionnaire").await;
    assert!(
        mine.text.contains("Mes établissements") && mine.text.contains(UNIVERSITY),
        "{}",
        mine.text
    );
    assert_eq!(mine.header("cache-control"), "no-store");
    let own = browser.get(&format!("/etablissements/{UNIVERSITY}")).await;
    assert!(own.status == 200 && own.text.contains("gestion"));
    let others = browser.get("/etablissements/0750655E").await;
    assert_eq!(others.status, 404);
    // Another site's form logs nobody out.
    assert_eq!(browser.post("/deconnexion", "jeton=guessed").await.status, 403);
    let jeton = browser.token(&mine);
    let out = browser.post("/deconnexion", &format!("jeton={jeton}")).await;
    assert_eq!(out.status, 200, "back on the home page, by way of the provider");
    let after = browser.get("/etablissements").await;
    assert!(after.text.contains("Se connecter") && !after.text.contains(UNIVERSITY));
}

#[tokio::test]
async fn who_has_no_invitation_is_told_what_to_do_and_an_invitation_is_taken_once() {
    let stack = Stack::connect().await;
    let invited =
        stack.tool(&["member", "invite", "--establishment", UNIVERSITY, "--role", "lecteur"]).await;
    assert!(invited.success, "{}", invited.errors);
    let link = invited.output.trim().strip_prefix("/portail").unwrap().to_owned();
    let mut browser = Browser::new(&stack);
    let nothing = browser.log_in("inconnu").await;
    assert!(nothing.text.contains("aucun établissement"), "{}", nothing.text);
    let shown = browser.get(&link).await;
    assert!(shown.text.contains("lire les imports"), "{}", shown.text);
    let jeton = browser.token(&shown);
    let mine = browser.post(&link, &format!("jeton={jeton}")).await;
    assert!(mine.text.contains(UNIVERSITY), "{}", mine.text);
    // Somebody else with the same link finds nothing.
    let mut other = Browser::new(&stack);
    other.log_in("deposant").await;
    assert_eq!(other.get(&link).await.status, 404);
    // A reviewer isn't made a member of what sends.
    let invited = stack
        .tool(&["member", "invite", "--establishment", UNIVERSITY, "--role", "deposant"])
        .await;
    let link = invited.output.trim().strip_prefix("/portail").unwrap().to_owned();
    let mut reviewer = Browser::new(&stack);
    reviewer.log_in("relecteur").await;
    let shown = reviewer.get(&link).await;
    let jeton = reviewer.token(&shown);
    let refused = reviewer.post(&link, &format!("jeton={jeton}")).await;
    assert!(refused.status == 409 && refused.text.contains("Rôles incompatibles"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_tried_confirmed_and_visible_by_pages_alone() {
    let stack = Stack::connect().await;
    let person = Person::at(UNIVERSITY);
    let content = file(&[person.row(), "broken".to_owned()]);
    stack.register_people(content.as_bytes()).await;
    let mut browser = Browser::new(&stack);
    browser.log_in("deposant").await;
    let sending = format!("/etablissements/{UNIVERSITY}/envoi");
    let asked = browser.get(&sending).await;
    let jeton = browser.token(&asked);
    let form = browser.post(&sending, &format!("jeton={jeton}&contenu=delta")).await;
    let deposit = form.header("x-url").rsplit('/').next().unwrap().to_owned();
    let path = format!("/depots/{deposit}");
    browser.drop_file(&form, content.as_bytes()).await;

    let columns = browser.until(&path, "Vérifier les colonnes").await;
    assert!(columns.text.contains("dateNaissance"), "{}", columns.text);
    let report = browser.get(&format!("{path}/rapport")).await;
    assert!(report.text.contains("nombre_de_champs"), "{}", report.text);
    assert_eq!(stack.by_ine(&person.ine).await.status, 404, "a trial changes nothing");

    let confirming = format!("{path}/confirmation");
    let shown = browser.get(&confirming).await;
    let import = shown.text.split("name=\"import\" value=\"").nth(1).unwrap();
    let import = import.split('"').next().unwrap();
    let sent = format!("jeton={jeton}&import={import}");
    browser.post(&confirming, &sent).await;
    let done = browser.until(&path, "Ce que sont devenues les lignes").await;
    assert!(done.text.contains("importé en partie"), "{}", done.text);
    stack.shows(&person.ine, &[(UNIVERSITY, "inscrit")]).await;
    // A member of another establishment, or of none, has never heard of it.
    let mut other = Browser::new(&stack);
    other.log_in("relecteur").await;
    assert_eq!(other.get(&path).await.status, 404);
}
