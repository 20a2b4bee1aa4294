//! Golden files, `tests/golden/ines_*.snap`: what a caller reads, to the letter.

use fakes::gateway::{Reply, request};
use serde_json::{Value, json};
use shared::domain::ine::Ine;

use super::world::{
    API, BIRTH_DATE, NUMBER, World, ask, basic, born_elsewhere, call, eudoxie, immatriculate,
};

fn golden(name: &str, told: &Reply) {
    let masked = [
        ("1\\.[0-9a-f]{32}", "[id]"),
        ("\"ine\":\"[0-9]{9}[A-K]{2}\",\"attribue\":true", "\"ine\":\"[INE]\",\"attribue\":true"),
        ("\"depuis\":\"[^\"]*\"", "\"depuis\":\"[time]\""),
    ];
    fakes::golden::compare(&format!("ines_{name}"), told, &masked);
}

#[tokio::test]
async fn answers_of_the_ministrys_calls() {
    let world = World::new();
    let context = world.context();
    let ine = Ine::rnie(NUMBER).unwrap();
    let verify = |ine: &str, date: &str| {
        let (context, body) = (&context, json!({ "ine": ine, "dateNaissance": date }));
        async move { call(context, "psy", "POST", "/verification", &body).await }
    };
    golden("verified", &verify(ine.expose(), BIRTH_DATE).await);
    golden("verification_unknown", &verify(ine.expose(), "2000-01-01").await);
    golden("verification_wrong", &verify("123", BIRTH_DATE).await);
    golden(
        "no_token",
        &ask(&context, request("POST", &format!("{API}/verification"), &[], "{}")).await,
    );
    let wrong = basic("psy", "wrong");
    let refused = request(
        "POST",
        "/oauth2/token",
        &[("authorization", &wrong)],
        "grant_type=client_credentials",
    );
    golden("token_refused", &ask(&context, refused).await);
    world.register(7, &born_elsewhere());
    let attach = json!({ "ine": Ine::rnie(7).unwrap().expose(), "ineMaitre": ine.expose() });
    golden("attached", &call(&context, "agents", "POST", "/rattachements", &attach).await);
    golden("verified_alias", &verify(Ine::rnie(7).unwrap().expose(), BIRTH_DATE).await);
}

#[tokio::test]
async fn answers_of_ours() {
    let world = World::new();
    let context = world.context();
    golden("found", &call(&context, "supdata", "POST", "/recherche", &eudoxie()).await);
    golden("known", &immatriculate(&context, "supdata", "r1", &eudoxie()).await);
    golden("reference_reused", &immatriculate(&context, "supdata", "r1", &born_elsewhere()).await);
    let pending = immatriculate(&context, "supdata", "r2", &born_elsewhere()).await;
    golden("pending", &pending);
    golden(
        "pending_list",
        &call(&context, "agents", "GET", "/demandes?etat=EN_ATTENTE", &Value::Null).await,
    );
    let path = format!("/demandes/{}", pending.json()["idDemande"].as_str().unwrap());
    golden("resemblances", &call(&context, "agents", "GET", &path, &Value::Null).await);
    let decision = json!({ "decision": "NOUVEAU" });
    golden(
        "assigned",
        &call(&context, "agents", "POST", &format!("{path}/decision"), &decision).await,
    );
    let refusal = json!({ "decision": "REFUS" });
    golden(
        "decided_otherwise",
        &call(&context, "agents", "POST", &format!("{path}/decision"), &refusal).await,
    );
    world.register(7, &eudoxie());
    golden("ambiguous", &call(&context, "supdata", "POST", "/recherche", &eudoxie()).await);
    golden("forbidden", &call(&context, "psy", "POST", "/recherche", &eudoxie()).await);
}
