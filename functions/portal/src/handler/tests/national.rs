//! What an operator sees, and that nobody else does.

use shared::access::client::{Client, Key};
use shared::access::keys::new;
use shared::access::route::Route;

use super::*;

const TOKEN: &str = "jeton=a-token-of-this-session";

async fn world() -> World {
    let world = World::new();
    let now = Timestamp::now();
    let operator = Grant::National { role: NationalRole::Operateur };
    world.session("olga", &[operator], now).await;
    world.session("rene", &[Grant::National { role: NationalRole::Relecteur }], now).await;
    world.session("ada", &[depositor(UNIVERSITY)], now).await;
    let feed = now - SignedDuration::from_hours(70 * 24);
    let establishments = &world.api.establishments;
    establishments.note_feed(Uai::parse(LYCEE).unwrap(), feed).await.unwrap();
    world
}

#[tokio::test]
async fn operators_alone_see_the_national_pages() {
    let world = world().await;
    for page in ["", "/invitations", "/clients", "/alarmes"] {
        let path = format!("/portail/national{page}");
        for (id, status) in [("olga", 200), ("rene", 404), ("ada", 404)] {
            let seen = world.ask("GET", &path, Some(id), "").await;
            assert_eq!(seen.status, status, "{id} {page}");
            assert_eq!(seen.text.contains("href=\"/v1/portail/national\""), id == "olga", "{page}");
        }
        assert_eq!(world.get(&path).await.status, 303);
    }
    for id in ["rene", "ada"] {
        let form = format!("{TOKEN}&uai={UNIVERSITY}&formulaire=1");
        let sent = world.ask("POST", "/portail/national/invitations", Some(id), &form).await;
        assert_eq!(sent.status, 404, "{id}");
    }
    assert!(!format!("{:?}", world.tables.items("members")).contains("I#"));
}

#[tokio::test]
async fn who_stopped_sending_comes_first_and_can_be_listed_alone() {
    let world = world().await;
    let all = world.ask("GET", "/portail/national", Some("olga"), "").await;
    let place = |uai: &str| all.text.find(&format!("<code>{uai}</code>")).unwrap();
    assert!(place(LYCEE) < place(UNIVERSITY), "{}", all.text);
    assert!(all.text.contains("<span class=\"tag bad\">il y a ") && all.text.contains("jamais"));
    for (freshness, shown, hidden) in [("arrete", LYCEE, UNIVERSITY), ("jamais", UNIVERSITY, LYCEE)]
    {
        let path = format!("/portail/national?etat={freshness}");
        let some = world.ask("GET", &path, Some("olga"), "").await;
        assert!(some.text.contains(&format!("<code>{shown}</code>")), "{}", some.text);
        assert!(!some.text.contains(&format!("<code>{hidden}</code>")), "{}", some.text);
    }
    let hostile =
        "/portail/national?etat=%22%3E%3Cscript%3E&q=%3Cscript%3E&page=18446744073709551615";
    let hostile = world.ask("GET", hostile, Some("olga"), "").await;
    assert!(hostile.status == 200 && !hostile.text.contains("<script>"));
}

#[tokio::test]
async fn a_first_manager_is_invited_once() {
    let world = world().await;
    let path = "/portail/national/invitations";
    let asked = world.ask("GET", &format!("{path}?uai={LYCEE}"), Some("olga"), "").await;
    assert!(asked.text.contains(&format!("value=\"{LYCEE}\"")), "{}", asked.text);
    for (uai, said) in
        [("", "sept chiffres"), ("0751717X", "sept chiffres"), ("0010814E", "pas enregistr")]
    {
        let form = format!("{TOKEN}&uai={uai}&formulaire=wrong");
        let sent = world.ask("POST", path, Some("olga"), &form).await;
        assert!(sent.text.contains(said) && sent.text.contains("aria-invalid"), "{}", sent.text);
    }
    let form = format!("{TOKEN}&uai={LYCEE}&formulaire=first");
    let made = world.ask("POST", path, Some("olga"), &form).await;
    let code = made.text.split("/invitations/").nth(1).unwrap().split('"').next().unwrap();
    let again = world.ask("POST", path, Some("olga"), &form).await;
    assert!(again.text.contains("déjà été envoyé") && !again.text.contains(code));
    assert_eq!(
        world.ask("POST", path, Some("olga"), "uai=0750655E&formulaire=2").await.status,
        403
    );
    world.session("zoe", &[], Timestamp::now()).await;
    let invitation = format!("/portail/invitations/{code}");
    assert_eq!(world.ask("POST", &invitation, Some("zoe"), TOKEN).await.status, 303);
    let access = format!("/portail/etablissements/{LYCEE}/acces");
    assert_eq!(world.ask("GET", &access, Some("zoe"), "").await.status, 200);
    let zoe = world.member("zoe").await.unwrap();
    assert_eq!(zoe.history[0].by, member("olga"));
}

#[tokio::test]
async fn clients_are_listed_without_what_opens_anything() {
    let world = world().await;
    let routes = [Route::StatusByIne].into();
    let client = Client { routes, ..Client::new("dinum", "DINUM <i>") };
    let key: Key = new(&client, "the key itself", None, Timestamp::now()).unwrap();
    world.api.clients.put(&client).await.unwrap();
    world.api.clients.put_key(&key).await.unwrap();
    let page = world.ask("GET", "/portail/national/clients", Some("olga"), "").await;
    for shown in [
        "dinum",
        "DINUM &#60;i&#62;",
        "status_by_ine",
        "20 par seconde",
        "<td class=\"number\">1</td>",
    ] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    for hidden in ["the key itself", &key.digest.locator(), "<i>"] {
        assert!(!page.text.contains(hidden), "{hidden}");
    }
    let alarms = world.ask("GET", "/portail/national/alarmes", Some("olga"), "").await;
    assert!(alarms.text.contains("$name-no-feed") && !alarms.text.contains("<script"));
}
