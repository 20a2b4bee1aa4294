//! People who log in with FranceConnect: every way that it answers, and every way that it may fail.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::access::client::{Recipients, State};
use shared::access::route::Route;
use shared::access::scope::{Scope, Scopes};
use tests::double::FRANCE_CONNECT_SCOPES;
use tests::eventually;
use tests::http::{RECIPIENT, told_fields};
use tests::people::Person;
use tests::stack::{Stack, UNIVERSITY};
use tests::traces;
use ureq::http::Method;

use crate::golden::{golden, personal};
use crate::population::population;

#[tokio::test(flavor = "multi_thread")]
async fn every_encryption_and_signature_names_the_student() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let (_, provider) = stack.service_provider(|_| {}).await;
    for encryption in ["RSA-OAEP-256", "ECDH-ES"] {
        for signature in ["ES256", "RS256"] {
            let wanted = json!({ "encryption": encryption, "signature": signature });
            let token = stack.france_connect_token(&provider, student, wanted).await;
            let answer = stack.france_connect(&token).await;
            assert_eq!(answer.status, 200, "{encryption} {signature}: {}", answer.text);
            // Its caller has the identity already, and is never told an INE.
            golden("france_connect_found", &answer, &personal(student));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_establishments_scope_has_two_spellings() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let (_, provider) = stack.service_provider(|_| {}).await;
    for scope in ["mesri_admission_etablissement_etude", "mesri_admission_etablissement_etudes"] {
        let token = stack
            .france_connect_token(
                &provider,
                student,
                json!({ "scopes": ["mesri_admissions", scope] }),
            )
            .await;
        let data = stack.france_connect(&token).await.json()["data"].clone();
        let expected = ["date_debut", "date_fin", "etablissement_etudes"].map(str::to_owned);
        assert_eq!(told_fields(&data), expected.into(), "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_france_connect_has_its_words() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let (_, provider) = stack.service_provider(|_| {}).await;
    let ask = async |(name, wanted): (&'static str, Value)| {
        let token = stack.france_connect_token(&provider, student, wanted).await;
        (name, stack.france_connect(&token).await)
    };
    let behaving = |behaviour: &'static str| (behaviour, json!({ "behaviour": behaviour }));
    let wanted = [
        behaving("inactive"),
        behaving("slow"),
        behaving("down"),
        behaving("wrong_audience"),
        behaving("wrong_issuer"),
        behaving("wrong_signature"),
        behaving("unknown_signing_key"),
        behaving("not_encrypted"),
        behaving("not_json"),
        behaving("garbage"),
        behaving("stale"),
        ("over", json!({ "expires_in": -1 })),
    ];
    // Side by side, because of the slow one.
    for (name, answer) in join_all(wanted.into_iter().map(ask)).await {
        let (golden_name, refusal) = match name {
            "inactive" | "over" => ("france_connect_inactive", "401 50002"),
            "slow" => ("france_connect_slow", "504 51002"),
            "down" => ("france_connect_down", "502 51001"),
            _ => ("france_connect_not_believed", "502 51999"),
        };
        assert_eq!(answer.refusal(), refusal, "{name}");
        golden(golden_name, &answer, &[]);
        let retry_in = answer.json()["errors"][0]["meta"]["retry_in"]
            .as_u64()
            .map(|seconds| seconds.to_string());
        assert_eq!(answer.header("retry-after"), retry_in.unwrap_or_default(), "{name}");
        let challenge = if answer.status == 401 { "Bearer" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge, "{name}");
        assert_eq!(answer.header("cache-control"), "no-store", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_one_is_not_asked_about() {
    let stack = Stack::connect().await;
    let path = format!("/v3/mesri/statut_etudiant/france_connect?recipient={RECIPIENT}");
    let long = "x".repeat(3_000);
    for token in ["two words", "{\"a\":1}", "====", long.as_str()] {
        let answer = stack.call(Method::GET, &path).bearer(token).send().await;
        assert_eq!(
            (answer.refusal(), answer.header("www-authenticate")),
            ("401 50001".into(), "Bearer"),
            "{token}"
        );
    }
    let answer = stack.call(Method::GET, &path).bearer("two words").send().await;
    golden("france_connect_malformed", &answer, &[]);
    assert_eq!(stack.call(Method::GET, &path).send().await.refusal(), "401 00101", "no token");
    assert_eq!(stack.france_connect("one-that-was-never-given").await.refusal(), "401 50002");
    let (_, token) = stack.client(|_| {}).await;
    assert_eq!(
        stack.france_connect(&token).await.refusal(),
        "401 50002",
        "a token of our own issuer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_may_be_partial() {
    let stack = Stack::connect().await;
    let people = population(&stack).await;
    let (client, provider) = stack.service_provider(|_| {}).await;
    let ask = async |person: &Person, replaced: Value| {
        let mut identity = person.pivot();
        identity.as_object_mut().unwrap().extend(replaced.as_object().unwrap().clone());
        let token =
            stack.france_connect_token(&provider, person, json!({ "identity": identity })).await;
        stack.france_connect(&token).await
    };
    assert_eq!(
        ask(&people.born_abroad, json!({})).await.status,
        200,
        "born abroad, without a birthplace"
    );
    assert_eq!(ask(&people.admitted, json!({})).await.status, 200, "a man, and not enrolled yet");
    let student = &people.student;
    for (replaced, expected) in [
        (json!({ "birthplace": "" }), 200),
        (json!({ "birthplace": "somewhere" }), 200),
        (json!({ "preferred_username": "AUTREMENT", "given_name_array": [] }), 200),
        (json!({ "given_name": student.given }), 200),
        (json!({ "birthplace": null }), 200),
        (json!({ "birthcountry": null, "preferred_username": null }), 200),
        (json!({ "birthplace": "35238" }), 404),
        (json!({ "family_name": "AUTREMENT" }), 404),
    ] {
        assert_eq!(ask(student, replaced.clone()).await.status, expected, "{replaced}");
    }

    // What it lacks is refused as in a civil identity, all of it at once.
    for (replaced, codes) in [
        (json!({ "birthdate": "2005" }), "00423 00424"),
        (json!({ "birthdate": "2005-00-00" }), "00423 00424"),
        (json!({ "birthdate": "2005-04" }), "00424"),
        (json!({ "birthdate": "2005-02-30" }), "00425"),
        (json!({ "family_name": "" }), "00420"),
        (json!({ "given_name": "" }), "00421"),
        (json!({ "given_name": " " }), "00421"),
        (json!({ "birthdate": "" }), "00422 00423 00424"),
        (json!({ "birthdate": "17/04/2005" }), "00422 00423 00424"),
        (json!({ "gender": "" }), "00427"),
        (json!({ "gender": "unspecified" }), "00427"),
        (json!({ "given_name": null }), "00421"),
        (json!({ "birthdate": null, "gender": null }), "00422 00423 00424 00427"),
    ] {
        let answer = ask(student, replaced.clone()).await;
        let body = answer.json();
        let told: Vec<_> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["code"].as_str().unwrap())
            .collect();
        assert_eq!((answer.status, told.join(" ").as_str()), (422, codes), "{replaced}");
        if codes == "00424" {
            golden("france_connect_partial_birth_date", &answer, &[]);
        } else if codes == "00420" {
            golden("france_connect_missing_pivot", &answer, &[]);
        }
    }
    let token = stack.france_connect_token(&provider, student, json!({ "identity": {} })).await;
    assert_eq!(
        stack.france_connect(&token).await.refusal(),
        "422 00420 00421 00422 00423 00424 00427",
        "nobody at all"
    );

    // Homonyms: a birthplace decides, and without one nobody is told.
    let [nantes, _] = &people.homonyms;
    assert_eq!(ask(nantes, json!({})).await.status, 200);
    assert_eq!(
        ask(nantes, json!({ "birthplace": "", "birthcountry": "" })).await.refusal(),
        "404 25003"
    );

    assert_eq!(
        ask(&Person::at(UNIVERSITY), json!({})).await.refusal(),
        "404 25003",
        "whom we don't know"
    );

    let answer = ask(student, json!({})).await;
    let trace = &stack.traces(&answer, &client.client_id).await[0];
    assert_eq!(traces::text(trace, "route"), "france_connect");
    assert_eq!(traces::text(trace, "recipient"), RECIPIENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_service_providers_that_may_are_told() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let token =
        async |provider: &str| stack.france_connect_token(provider, student, json!({})).await;
    let refused =
        async |provider: &str| stack.france_connect(&token(provider).await).await.refusal();

    let unknown = stack.france_connect(&token("a-stranger").await).await;
    golden("france_connect_unknown_service_provider", &unknown, &[]);
    assert_eq!(unknown.refusal(), "403 00100");

    let (_, elsewhere) =
        stack.service_provider(|client| client.routes = [Route::DirectByIdentity].into()).await;
    assert_eq!(refused(&elsewhere).await, "403 00100", "another route");
    let (_, parisian) =
        stack.service_provider(|client| client.recipients = Recipients::Only([].into())).await;
    assert_eq!(refused(&parisian).await, "403 00100", "another recipient");
    let (_, scopeless) = stack.service_provider(|client| client.scopes = Scopes::NONE).await;
    assert_eq!(refused(&scopeless).await, "403 00100", "no scope of its own");
    let identity = [Scope::Identite].into_iter().collect();
    let (_, curious) = stack.service_provider(|client| client.scopes = identity).await;
    assert_eq!(
        refused(&curious).await,
        "403 00100",
        "only the identity, which this route doesn't tell"
    );
    let (_, over) = stack
        .service_provider(|client| client.valid_until = Some(jiff::Timestamp::UNIX_EPOCH))
        .await;
    assert_eq!(refused(&over).await, "401 00103", "over");

    let (client, provider) = stack.service_provider(|_| {}).await;
    let good = token(&provider).await;
    assert_eq!(stack.france_connect(&good).await.status, 200);
    let without = stack.direct("france_connect", &good).await;
    assert_eq!(without.refusal(), "422 00203", "no recipient");
    stack.put(&shared::access::client::Client { state: State::Revoked, ..client }).await;
    eventually("a revoked service provider is refused", || async {
        (stack.france_connect(&good).await.refusal() == "401 00105").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_did_not_consent_to_is_not_told() {
    let stack = Stack::connect().await;
    let student = &population(&stack).await.student;
    let two = [Scope::AdmissionInscrit, Scope::Admissions].into_iter().collect();
    let (_, provider) = stack.service_provider(|client| client.scopes = two).await;
    let fields = async |scopes: &[&str]| {
        let token =
            stack.france_connect_token(&provider, student, json!({ "scopes": scopes })).await;
        let answer = stack.france_connect(&token).await;
        let names: Vec<_> = told_fields(&answer.json()["data"]).into_iter().collect();
        format!("{} {}", answer.status, names.join(" "))
    };
    assert_eq!(fields(&FRANCE_CONNECT_SCOPES).await, "200 date_debut date_fin est_inscrit");
    assert_eq!(
        fields(&["mesri_admission_inscrit", "mesri_admission_commune_etudes"]).await,
        "200 ",
        "no list"
    );
    for none in [&[][..], &["openid"], &["mesri_admission_commune_etudes"], &["mesri_identite"]] {
        assert_eq!(fields(none).await, "403 ", "{none:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_keys_are_published_and_nothing_private_with_them() {
    let stack = Stack::connect().await;
    let answer = stack.get("/api/france_connect_jwks", None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"));
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let of = |name: &str| {
        keys.iter().map(|key| key[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (of("use"), of("alg")),
        (vec!["enc".into(); 2], vec!["RSA-OAEP-256".into(), "ECDH-ES".into()])
    );
    assert_ne!(of("kid")[0], of("kid")[1]);
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert_eq!(key.get(private), None, "a private key is published");
        }
    }
}
