//! What waits for a person, and what a person decides.

use fakes::gateway::Reply;
use serde_json::{Value, json};
use shared::api::Api;
use shared::domain::ine::Ine;

use super::world::{NUMBER, World, born_elsewhere, but, call, eudoxie, immatriculate, register};
use crate::context::Context;

fn ine() -> String {
    Ine::rnie(NUMBER).unwrap().expose().to_owned()
}

/// A request that waits.
async fn waiting(context: &Api<Context>) -> String {
    let told = immatriculate(context, "supdata", "r1", &born_elsewhere()).await;
    assert_eq!(told.status, 202, "{}", told.text);
    told.json()["idDemande"].as_str().unwrap().to_owned()
}

async fn decide(context: &Api<Context>, id: &str, decision: Value) -> Reply {
    call(context, "agents", "POST", &format!("/demandes/{id}/decision"), &decision).await
}

async fn read(context: &Api<Context>, client: &str, id: &str) -> Reply {
    call(context, client, "GET", &format!("/demandes/{id}"), &Value::Null).await
}

#[tokio::test]
async fn the_staff_sees_what_it_decides_on_and_the_client_does_not() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    let list =
        call(&context, "agents", "GET", "/demandes?etat=EN_ATTENTE", &Value::Null).await.json();
    assert_eq!(
        (&list["demandes"][0]["idDemande"], list.get("suivant")),
        (&id.as_str().into(), None)
    );
    let seen = read(&context, "agents", &id).await.json();
    assert_eq!(
        (&seen["etatDemande"], &seen["ressemblances"][0]["ine"]),
        (&"EN_ATTENTE".into(), &ine().into())
    );
    assert!(!seen["ressemblances"][0]["doutes"].as_array().unwrap().is_empty());
    let shown = seen["ressemblances"].to_string();
    for masked in ["Quintefeuille", "QUINTEFEUILLE", "Eudoxie", "EUDOXIE", "2004-03-12", "44109"] {
        assert!(!shown.contains(masked), "{masked} in {shown}");
    }
    let told = read(&context, "supdata", &id).await;
    assert_eq!((told.status, told.json().get("ressemblances")), (200, None));
    assert_eq!(read(&context, "parcoursup", &id).await.status, 404, "another's request");
    for id in ["1", "Eudoxie", "1.00000000000000000000000000000000"] {
        assert_eq!(read(&context, "agents", id).await.status, 404);
    }
    world.assert_nothing_personal();
}

#[tokio::test]
async fn it_may_be_the_same_person() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    let same = json!({ "decision": "MEME", "ine": ine() });
    let decided = decide(&context, &id, same.clone()).await;
    assert_eq!(
        (decided.status, &decided.json()["ine"], &decided.json()["attribue"]),
        (200, &ine().into(), &false.into())
    );
    assert_eq!(decide(&context, &id, same).await.text, decided.text, "twice is once");
    assert_eq!(decide(&context, &id, json!({ "decision": "REFUS" })).await.status, 409);
    assert_eq!(
        immatriculate(&context, "supdata", "r1", &born_elsewhere()).await.text,
        decided.text
    );
    assert_eq!(read(&context, "supdata", &id).await.text, decided.text);
    let list =
        call(&context, "agents", "GET", "/demandes?etat=EN_ATTENTE", &Value::Null).await.json();
    assert_eq!(list["demandes"], json!([]));
    let tables = &world.tables;
    let request = &tables.items_under("ines", "D#")[0];
    assert_eq!(request["decision"]["M"]["par"]["S"], "agents");
    assert!(request.contains_key("expires_at") && !request.contains_key("pending"));
}

#[tokio::test]
async fn it_may_be_somebody_new() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    let decided = decide(&context, &id, json!({ "decision": "NOUVEAU" })).await;
    assert_eq!(
        (decided.status, &decided.json()["attribue"], world.registrations()),
        (200, &true.into(), 2)
    );
    assert_eq!(decide(&context, &id, json!({ "decision": "NOUVEAU" })).await.text, decided.text);
    assert_eq!(world.registrations(), 2);
}

#[tokio::test]
async fn it_may_be_refused() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    let decided = decide(&context, &id, json!({ "decision": "REFUS" })).await;
    assert_eq!((decided.status, &decided.json()["etatDemande"]), (200, &"REFUSÉ".into()));
    let again = immatriculate(&context, "supdata", "r1", &born_elsewhere()).await;
    assert_eq!((again.status, again.text), (200, decided.text));
}

#[tokio::test]
async fn what_makes_no_sense_decides_nothing() {
    let world = World::new();
    world.register(
        7,
        &but(eudoxie(), &json!({ "nomFamille": "Bertrand", "prenom1": "Paul", "sexe": "H" })),
    );
    let context = world.context();
    let id = waiting(&context).await;
    let stranger = Ine::rnie(7).unwrap();
    for (decision, status) in [
        (json!({ "decision": "PEUT-ETRE" }), 400),
        (json!({ "decision": "MEME" }), 400),
        (json!({ "decision": "MEME", "ine": "123" }), 400),
        (json!({ "decision": "NOUVEAU", "ine": ine() }), 400),
        (json!({ "decision": "MEME", "ine": "070578267KH" }), 404),
        (json!({ "decision": "MEME", "ine": stranger.expose() }), 422),
    ] {
        assert_eq!(decide(&context, &id, decision.clone()).await.status, status, "{decision}");
    }
    assert_eq!(
        decide(&context, "1.00000000000000000000000000000000", json!({ "decision": "REFUS" }))
            .await
            .status,
        404
    );
    assert_eq!(read(&context, "supdata", &id).await.json()["etatDemande"], "EN_ATTENTE");
}

#[tokio::test]
async fn somebody_who_came_since_is_shown_before_a_number_is_given() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    world.register(7, &born_elsewhere());
    let refused = decide(&context, &id, json!({ "decision": "NOUVEAU" })).await;
    assert_eq!((refused.status, world.registrations()), (409, 2));
    let seen = read(&context, "agents", &id).await.json();
    assert_eq!(
        seen["ressemblances"][0]["ine"],
        Ine::rnie(7).unwrap().expose(),
        "the closest first"
    );
    // Now it was seen, and somebody else comes at the last moment, who is no other person's
    // business.
    let stranger = but(eudoxie(), &json!({ "prenom1": "Philomène" }));
    *world.meanwhile.lock().unwrap() = Some(Box::new(move |tables| register(tables, 8, &stranger)));
    assert_eq!(decide(&context, &id, json!({ "decision": "NOUVEAU" })).await.status, 200);
    assert_eq!(world.registrations(), 4);
}

#[tokio::test]
async fn later_evidence_settles_what_waits() {
    let world = World::new();
    let context = world.context();
    let id = waiting(&context).await;
    // Whoever asks turns out to have been registered elsewhere, as that very person.
    world.register(7, &born_elsewhere());
    let told = immatriculate(&context, "supdata", "r1", &born_elsewhere()).await;
    assert_eq!((told.status, &told.json()["ine"]), (200, &Ine::rnie(7).unwrap().expose().into()));
    assert_eq!(decide(&context, &id, json!({ "decision": "REFUS" })).await.status, 409);
}

#[tokio::test]
async fn those_who_wait_come_page_by_page() {
    let world = World::new();
    let context = world.context();
    for number in 0..53 {
        let told =
            immatriculate(&context, "supdata", &format!("r{number}"), &born_elsewhere()).await;
        assert_eq!(told.status, 202);
    }
    let page = |path: String| {
        let context = &context;
        async move { call(context, "agents", "GET", &path, &Value::Null).await }
    };
    let first = page("/demandes?etat=EN_ATTENTE".into()).await.json();
    let next = first["suivant"].as_str().unwrap();
    let second = page(format!("/demandes?etat=EN_ATTENTE&apres={next}")).await.json();
    let ids = |page: &Value| -> Vec<String> {
        page["demandes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["idDemande"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((ids(&first).len(), ids(&second).len(), second.get("suivant")), (50, 3, None));
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
    for query in ["", "?etat=VALIDÉ", "?etat=EN_ATTENTE&apres=Eudoxie"] {
        assert_eq!(page(format!("/demandes{query}")).await.status, 400, "{query}");
    }
}
