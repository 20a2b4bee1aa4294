//! Clients and their keys: registered, rotated, over, revoked, without a deployment.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use shared::access::client::{Client, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::access::scope::{Scope, Scopes};
use tests::clients::anyone;
use tests::http::HttpAnswer;
use tests::people::fresh_ine;
use tests::stack::Stack;
use ureq::http::Method;

/// How long an instance of the local platform believes what it read of a client
/// (`client_cache_seconds`), and some.
const BELIEVED_FOR: Duration = Duration::from_millis(2_500);

async fn by_key(stack: &Stack, key: &str) -> u16 {
    stack.get(&format!("/api/etudiant?INE={}", fresh_ine()), Some(key)).await.status
}

async fn by_token(stack: &Stack, token: &str) -> String {
    stack.direct_by_ine(&fresh_ine(), token).await.refusal()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_registered_and_asks_at_once() {
    let stack = Stack::connect().await;
    let client = anyone();
    stack.put(&client).await;
    let key = stack.key(&client, |_| {}).await;
    assert_eq!(by_key(&stack, &key).await, 404);
    assert_eq!(by_token(&stack, &stack.token(&client).await).await, "404 25003");

    let narrow = stack.key(&client, |key| key.routes = [Route::StatusByIdentity].into()).await;
    assert_eq!(by_key(&stack, &narrow).await, 401, "a key opens what it says");
    let identity_only = Client { routes: [Route::StatusByIdentity].into(), ..anyone() };
    stack.put(&identity_only).await;
    let wide = stack.key(&identity_only, |key| key.routes = Route::ALL.into()).await;
    assert_eq!(by_key(&stack, &wide).await, 401, "and no more than its client may");
    let orphan = stack.key(&anyone(), |_| {}).await;
    assert_eq!(by_key(&stack, &orphan).await, 401, "a key of nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_without_a_gap() {
    let stack = Stack::connect().await;
    let client = anyone();
    stack.put(&client).await;
    let old = stack.key(&client, |_| {}).await;
    let new = stack.key(&client, |_| {}).await;
    assert_eq!(
        (by_key(&stack, &old).await, by_key(&stack, &new).await),
        (404, 404),
        "both live together"
    );

    let (old_digest, mut kept) = (KeyDigest::of(&old), None);
    for key in stack.clients.list().await.unwrap().1 {
        if key.digest.matches(&old_digest) {
            kept = Some(key);
        }
    }
    stack
        .clients
        .put_key(&shared::access::client::Key { state: State::Revoked, ..kept.unwrap() })
        .await
        .unwrap();
    tokio::time::sleep(BELIEVED_FOR).await;
    assert_eq!(
        (by_key(&stack, &old).await, by_key(&stack, &new).await),
        (401, 404),
        "the old one is over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_refused() {
    let stack = Stack::connect().await;
    let now = Timestamp::now();
    let (ended, ends_later) = (now - 1.minute(), now + 1.hour());
    let client = anyone();
    stack.put(&client).await;
    let over = stack.key(&client, |key| key.valid_until = Some(ended)).await;
    let still_good = stack.key(&client, |key| key.valid_until = Some(ends_later)).await;
    assert_eq!(
        (by_key(&stack, &over).await, by_key(&stack, &still_good).await),
        (401, 404),
        "a key"
    );

    let (past, past_token) = stack.client(|client| client.valid_until = Some(ended)).await;
    let (_, good_token) = stack.client(|client| client.valid_until = Some(ends_later)).await;
    assert_eq!(by_token(&stack, &past_token).await, "401 00103", "a client");
    assert_eq!(by_token(&stack, &good_token).await, "404 25003", "a client that isn't over yet");
    let key_of_past = stack.key(&past, |_| {}).await;
    assert_eq!(by_key(&stack, &key_of_past).await, 401, "a key of a client that is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_holds_on_every_warm_instance_within_the_cache_time() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|_| {}).await;
    let key = stack.key(&client, |_| {}).await;
    let several = async || {
        let answers = (0..12).map(|turn| {
            let (stack, token, key) = (&stack, &token, &key);
            async move {
                if turn % 2 == 0 {
                    by_token(stack, token).await
                } else {
                    by_key(stack, key).await.to_string()
                }
            }
        });
        join_all(answers).await
    };
    // Side by side, so that several instances know the client.
    let before = several().await;
    assert!(before.iter().all(|answer| answer.starts_with("404")), "{before:?}");
    stack.put(&Client { state: State::Revoked, ..client.clone() }).await;
    tokio::time::sleep(BELIEVED_FOR).await;
    for _ in 0..3 {
        let after = several().await;
        assert!(after.iter().all(|answer| answer == "401 00105" || answer == "401"), "{after:?}");
    }

    stack.put(&client).await;
    tokio::time::sleep(BELIEVED_FOR).await;
    assert_eq!(by_token(&stack, &token).await, "404 25003", "and is undone as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_revoked_alone() {
    let stack = Stack::connect().await;
    let (client, other) = stack.client(|_| {}).await;
    let jti = uuid::Uuid::new_v4().to_string();
    let token = stack.token_with(&client, json!({ "claims": { "jti": jti } })).await;
    assert_eq!(by_token(&stack, &token).await, "404 25003");
    stack.clients.revoke_token(&KeyDigest::of(&jti), Timestamp::now() + 1.hour()).await.unwrap();
    tokio::time::sleep(BELIEVED_FOR).await;
    assert_eq!(by_token(&stack, &token).await, "401 00105");
    assert_eq!(by_token(&stack, &other).await, "404 25003", "its client has others");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_is_told_its_name_and_scopes() {
    let stack = Stack::connect().await;
    let own: Scopes = [Scope::Identite, Scope::Admissions].into_iter().collect();
    let (client, token) = stack
        .client(|client| {
            client.scopes = own;
            client.name = "Ville de Nantes – « bourses » éâ".into();
        })
        .await;
    let by_token = async |token: &str| -> HttpAnswer {
        stack.call(Method::GET, "/api/introspect").bearer(token).send().await
    };
    let expected =
        |scopes: &[&str]| json!({ "_id": client.client_id, "name": client.name, "scopes": scopes });
    let answer = by_token(&token).await;
    assert_eq!(answer.json(), expected(&["mesri_identite", "mesri_admissions"]));
    assert_eq!(answer.header("cache-control"), "no-store");
    let fewer = ["mesri_admissions", "mesri_admission_inscrit"];
    let narrow = stack.token_with(&client, json!({ "scopes": fewer })).await;
    assert_eq!(by_token(&narrow).await.json(), expected(&["mesri_admissions"]), "what both grant");

    let by_key = async |key: &str| stack.call(Method::GET, "/api/introspect").key(key).send().await;
    let key = stack.key(&client, |_| {}).await;
    assert_eq!(by_key(&key).await.json(), expected(&["mesri_identite", "mesri_admissions"]));

    let anonymous = stack.get("/api/introspect", None).await;
    assert_eq!(
        (anonymous.refusal(), anonymous.header("www-authenticate")),
        ("401 00101".into(), "Bearer")
    );
    assert_eq!(by_key("wrong").await.refusal(), "401 00101");
    assert_eq!(by_token("wrong").await.refusal(), "401 00101");
    let revoked = by_token(stack.tokens["revoked"].as_str().unwrap()).await;
    assert_eq!(revoked.refusal(), "401 00105");
}
