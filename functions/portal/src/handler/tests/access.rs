//! Who has access, and the keys of an establishment: its managers alone, each change once.

use shared::access::client::{Client, Key};
use shared::access::key::KeyDigest;
use shared::access::keys::new;
use shared::access::route::Route;
use shared::registry::members::EstablishmentRole::{Deposant, Gestionnaire, Lecteur};

use super::*;

const TOKEN: &str = "jeton=a-token-of-this-session";

fn uai() -> Uai {
    Uai::parse(UNIVERSITY).unwrap()
}

fn role(uai: &str, role: EstablishmentRole) -> Grant {
    Grant::Establishment { uai: Uai::parse(uai).unwrap(), role }
}

/// Managers, a depositor and a reader of the university; a manager of the lycée.
async fn world() -> World {
    let world = World::new();
    let now = Timestamp::now();
    for (id, grant) in [
        ("mia", role(UNIVERSITY, Gestionnaire)),
        ("ada", role(UNIVERSITY, Deposant)),
        ("ned", role(UNIVERSITY, Lecteur)),
        ("eve", role(LYCEE, Gestionnaire)),
    ] {
        world.session(id, &[grant], now).await;
    }
    world
}

fn path(page: &str) -> String {
    format!("/portail/etablissements/{UNIVERSITY}/{page}")
}

/// The number that a page drew for its forms.
fn number(page: &Reply) -> &str {
    let value = page.text.split("name=\"formulaire\" value=\"").nth(1).unwrap();
    value.split('"').next().unwrap()
}

impl World {
    async fn change(&self, page: &str, id: &str, form: &str) -> Reply {
        self.ask("POST", &path(page), Some(id), &format!("{TOKEN}&{form}")).await
    }

    async fn role_of(&self, id: &str) -> Option<EstablishmentRole> {
        self.member(id).await.unwrap().role(uai(), Timestamp::now())
    }
}

#[tokio::test]
async fn managers_alone_see_and_change_who_has_access() {
    let world = world().await;
    let target = format!("membre={}", member("ned"));
    for page in ["acces", "cles"] {
        for (id, status) in [("ada", 403), ("ned", 403), ("eve", 404)] {
            let seen = world.ask("GET", &path(page), Some(id), "").await;
            assert_eq!(seen.status, status, "{id} {page}");
            for form in ["faire=terminer", "faire=inviter&role=lecteur", "faire=faire"] {
                let sent = world.change(page, id, &format!("{form}&{target}&formulaire=1")).await;
                assert_eq!(sent.status, status, "{id} {page} {form}");
            }
        }
        let foreign = world.ask("POST", &path(page), Some("mia"), "faire=faire&formulaire=1").await;
        assert_eq!(foreign.status, 403);
        let elsewhere = format!("/portail/etablissements/{LYCEE}/{page}");
        assert_eq!(world.ask("GET", &elsewhere, Some("mia"), "").await.status, 404);
    }
    assert_eq!(world.role_of("ned").await, Some(Lecteur));
    assert!(world.tables.items("clients").is_empty());
    let seen = world.ask("GET", &path("acces"), Some("mia"), "").await;
    assert_eq!((seen.status, header(&seen, "cache-control")), (200, "no-store"));
    // Three people of one name, each with the role; nobody of the lycée.
    assert_eq!(seen.text.matches("<h2>Ada Test</h2>").count(), 3, "{}", seen.text);
    assert!(!seen.text.contains(&member("eve")));
}

#[tokio::test]
async fn an_invitation_is_made_once_listed_and_taken_back() {
    let world = world().await;
    let page = world.ask("GET", &path("acces"), Some("mia"), "").await;
    let form = format!("faire=inviter&role=deposant&formulaire={}", number(&page));
    let made = world.change("acces", "mia", &form).await;
    assert_eq!(made.status, 200);
    let link = made.text.split(&format!("{ORIGIN}/v1/portail/invitations/")).nth(1).unwrap();
    let code = link.split('"').next().unwrap().to_owned();
    // The same form again makes no second one.
    let again = world.change("acces", "mia", &form).await;
    assert!(
        again.text.contains("déjà été envoyé") && !again.text.contains(&code),
        "{}",
        again.text
    );
    let roster = world.api.members.of_establishment(uai(), Timestamp::now()).await.unwrap();
    assert_eq!(roster.pending.len(), 1);
    let unsaid = world.change("acces", "mia", "faire=inviter&formulaire=2").await;
    assert!(unsaid.text.contains("Choisissez un rôle"), "{}", unsaid.text);
    // Another establishment's manager can't withdraw it, even by a form of their own.
    let withdraw = format!("faire=retirer&invitation={}", roster.pending[0].digest);
    let elsewhere = format!("/portail/etablissements/{LYCEE}/acces");
    let sent = world.ask("POST", &elsewhere, Some("eve"), &format!("{TOKEN}&{withdraw}")).await;
    assert_eq!(sent.status, 404);
    for _ in 0..2 {
        assert_eq!(world.change("acces", "mia", &withdraw).await.status, 303);
    }
    world.session("new", &[], Timestamp::now()).await;
    let taken = world.ask("GET", &format!("/portail/invitations/{code}"), Some("new"), "").await;
    assert_eq!(taken.status, 404);
    assert_eq!(
        world.api.members.of_establishment(uai(), Timestamp::now()).await.unwrap().pending,
        []
    );
}

#[tokio::test]
async fn who_takes_a_managers_invitation_is_listed_with_who_invited_them() {
    let world = world().await;
    let page = world.ask("GET", &path("acces"), Some("mia"), "").await;
    let form = format!("faire=inviter&role=gestionnaire&formulaire={}", number(&page));
    let made = world.change("acces", "mia", &form).await;
    let code = made.text.split("/invitations/").nth(1).unwrap().split('"').next().unwrap();
    world.session("zoe", &[], Timestamp::now()).await;
    let invitation = format!("/portail/invitations/{code}");
    assert_eq!(world.ask("POST", &invitation, Some("zoe"), TOKEN).await.status, 303);
    let seen = world.ask("GET", &path("acces"), Some("zoe"), "").await;
    assert_eq!(seen.text.matches("<h2>Ada Test</h2>").count(), 4);
    assert!(seen.text.contains("rôle donné : gestion</td><td>Ada Test"), "{}", seen.text);
    assert!(seen.text.contains("rôle donné : lecture</td><td>l&#39;équipe nationale"));
}

#[tokio::test]
async fn a_role_is_changed_and_ended_with_a_trace_and_never_ones_own() {
    let world = world().await;
    let of = |id: &str, what: &str| format!("{what}&membre={}", member(id));
    for _ in 0..2 {
        let raised = world.change("acces", "mia", &of("ned", "faire=changer&role=deposant")).await;
        assert_eq!(raised.status, 303);
    }
    assert_eq!(world.role_of("ned").await, Some(Deposant));
    assert!(world.tables.items("withdrawals").is_empty(), "nothing was taken back yet");
    for _ in 0..2 {
        assert_eq!(world.change("acces", "mia", &of("ned", "faire=terminer")).await.status, 303);
    }
    assert_eq!(world.role_of("ned").await, None);
    let refused = world.ask("GET", &path("envoi"), Some("ned"), "").await;
    assert_eq!(refused.status, 404, "the session that was open sees nothing any more");
    let history = world.member("ned").await.unwrap().history;
    assert_eq!(history.iter().map(|change| change.ended).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(history[2].by, member("mia"));
    let noted = world.tables.items("withdrawals");
    assert!(noted.len() == 1 && noted[0]["withdrawn"].to_string().contains("role"), "{noted:?}");

    let own = world.change("acces", "mia", &of("mia", "faire=terminer")).await;
    assert!(own.status == 409 && own.text.contains("Votre propre rôle"), "{}", own.text);
    // Nobody of this establishment, and nobody at all.
    for id in ["eve", "nobody"] {
        for what in ["faire=terminer", "faire=changer&role=gestionnaire"] {
            assert_eq!(world.change("acces", "mia", &of(id, what)).await.status, 404, "{id}");
        }
    }
    let absurd = format!("faire=terminer&membre={}", "x".repeat(4_000));
    assert_eq!(world.change("acces", "mia", &absurd).await.status, 404);
    assert_eq!(world.change("acces", "mia", "faire=autre").await.status, 404);
    let raised = world.change("acces", "mia", &of("ned", "faire=changer&role=gestionnaire")).await;
    assert_eq!(raised.status, 404, "whose role has ended is invited again");
    let seen = world.ask("GET", &path("acces"), Some("mia"), "").await;
    assert!(seen.text.contains("fin du rôle : dépôt"), "{}", seen.text);
}

/// The key that a page shows.
fn shown(page: &Reply) -> String {
    let value = page.text.split("id=\"cle\" readonly value=\"").nth(1);
    let value = value.unwrap_or_else(|| panic!("{}", page.text));
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_made_once_shown_once_renewed_and_revoked() {
    let world = world().await;
    let page = world.ask("GET", &path("cles"), Some("mia"), "").await;
    assert!(page.text.contains("pas encore de clé"), "{}", page.text);
    let form = format!("faire=faire&formulaire={}", number(&page));
    let made = world.change("cles", "mia", &form).await;
    let key = shown(&made);
    let again = world.change("cles", "mia", &form).await;
    assert!(again.text.contains("déjà été envoyé") && !again.text.contains(&key));
    let find = async |key: &str| world.api.clients.key(&KeyDigest::of(key)).await.unwrap().unwrap();
    let stored = find(&key).await;
    assert_eq!(stored.routes, [Route::Enrolment, Route::Deposit].into());
    assert_eq!(stored.made_by, Some(member("mia")));
    let client = world.api.clients.by_id(&stored.client_id).await.unwrap().unwrap();
    assert_eq!((client.depositor, client.client_id.as_str()), (Some(uai()), "portail-0751717J"));
    assert_eq!(world.tables.items("clients").len(), 2, "one client and one key");
    let tables = format!("{:?}", world.tables.items("clients"));
    assert!(!tables.contains(&key), "the key itself is kept nowhere");

    let cle = format!("cle={}", stored.digest.locator());
    let form = format!("faire=renouveler&delai=7&{cle}&formulaire=first");
    let renewed = world.change("cles", "mia", &form).await;
    let next = shown(&renewed);
    let twice = world.change("cles", "mia", &form).await;
    assert!(twice.text.contains("déjà été envoyé"), "{}", twice.text);
    let (old, new, now) = (find(&key).await, find(&next).await, Timestamp::now());
    let end = old.valid_until.unwrap().duration_since(now);
    assert!(old.is_active(now) && end > SignedDuration::from_hours(6 * 24) && new.is_active(now));
    assert_eq!(world.tables.items("clients").len(), 3, "renewed once");
    assert!(
        world
            .change("cles", "mia", &format!("faire=renouveler&{cle}"))
            .await
            .text
            .contains("Choisissez quand")
    );

    let revoke = format!("faire=revoquer&cle={}", new.digest.locator());
    for _ in 0..2 {
        assert_eq!(world.change("cles", "mia", &revoke).await.status, 303);
    }
    let revoked = find(&next).await;
    assert!(!revoked.is_active(Timestamp::now()) && revoked.ended_by == Some(member("mia")));
    assert_eq!(world.tables.items("withdrawals").len(), 2, "the end of one, the other at once");
    let listed = world.ask("GET", &path("cles"), Some("mia"), "").await;
    assert!(listed.text.contains("révoquée par Ada Test") && !listed.text.contains(&next));
}

#[tokio::test]
async fn keys_of_others_are_out_of_reach_and_operators_keys_are_listed() {
    let world = world().await;
    let client = |id: &str, of: &str, routes: &[Route]| Client {
        routes: routes.iter().copied().collect(),
        depositor: Uai::parse(of).ok(),
        ..Client::new(id, &format!("Logiciel <i>{id}</i>"))
    };
    let clients = [
        client("scolarite", UNIVERSITY, &[Route::Deposit]),
        client("lycee", LYCEE, &[Route::Deposit]),
        client("both", UNIVERSITY, &[Route::Enrolment, Route::StatusByIne]),
    ];
    let mut locators = Vec::new();
    for client in &clients {
        let key: Key = new(client, &client.client_id, None, Timestamp::now()).unwrap();
        world.api.clients.put(client).await.unwrap();
        world.api.clients.put_key(&key).await.unwrap();
        locators.push(key.digest.locator());
    }
    let listed = world.ask("GET", &path("cles"), Some("mia"), "").await;
    assert!(
        listed.text.contains(&locators[0]) && listed.text.contains("par l&#39;équipe nationale")
    );
    assert!(listed.text.contains("&#60;i&#62;scolarite") && !listed.text.contains("<i>"));
    for hidden in &locators[1..] {
        assert!(!listed.text.contains(hidden), "{}", listed.text);
        for what in ["faire=revoquer", "faire=renouveler&delai=0&formulaire=1"] {
            let sent = world.change("cles", "mia", &format!("{what}&cle={hidden}")).await;
            assert_eq!(sent.status, 404);
        }
    }
    let old = format!("faire=renouveler&delai=0&formulaire=2&cle={}", locators[0]);
    let renewed = shown(&world.change("cles", "mia", &old).await);
    let new = world.api.clients.key(&KeyDigest::of(&renewed)).await.unwrap().unwrap();
    assert_eq!((new.client_id.as_str(), new.routes), ("scolarite", [Route::Deposit].into()));
    let before = world.api.clients.key(&KeyDigest::of("scolarite")).await.unwrap().unwrap();
    assert!(!before.is_active(Timestamp::now()), "a key that leaked ends at once");
}
