//! Which tokens of the issuer are believed, and which are not.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::access::client::Client;
use tests::eventually;
use tests::http::{HttpAnswer, RECIPIENT};
use tests::people::fresh_ine;
use tests::stack::Stack;
use ureq::http::Method;

/// What a good token gets when it asks about nobody.
const BELIEVED: &str = "404 25003";
const NOT_BELIEVED: &str = "401 00101";

async fn ask(stack: &Stack, token: &str) -> HttpAnswer {
    stack.direct_by_ine(&fresh_ine(), token).await
}

/// A token signed as `{"alg":"HS256"}` with what the issuer publishes: whoever verifies with "the
/// key" of the header's algorithm takes it for the issuer's.
fn signed_with_the_public_key(client: &Client, key: &Value, secret: &[u8]) -> String {
    let now = jiff::Timestamp::now().as_second();
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": key["kid"] });
    let claims = json!({
        "iss": key["issuer"], "aud": "statut-etudiant", "sub": client.client_id, "jti": "forged",
        "iat": now, "exp": now + 3_600, "scopes": ["mesri_identite"],
    });
    let signed =
        format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// The published key of the algorithm that the issuer keeps, with the issuer's name.
async fn published_key(stack: &Stack) -> Value {
    let jwks = stack.double(Method::GET, "/issuer/jwks", &json!({})).await;
    let keys = jwks["keys"].as_array().unwrap();
    let mut key = keys.iter().find(|key| key["alg"] == "RS256").unwrap().clone();
    key["issuer"] = format!("{}/issuer", stack.double_url).into();
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_issuers_is_not_believed() {
    let stack = Stack::connect().await;
    let (client, good) = stack.client(|_| {}).await;
    assert_eq!(ask(&stack, &good).await.refusal(), BELIEVED);

    let now = jiff::Timestamp::now().as_second();
    let mut tokens = Vec::new();
    for (what, replaced) in [
        ("for another audience", json!({ "claims": { "aud": "somebody-else" } })),
        ("for no audience", json!({ "claims": { "aud": null } })),
        ("of another issuer", json!({ "claims": { "iss": "https://issuer.invalid" } })),
        ("of no issuer", json!({ "claims": { "iss": null } })),
        ("that never ends", json!({ "claims": { "exp": null } })),
        ("without an id", json!({ "claims": { "jti": null } })),
        ("of nobody", json!({ "claims": { "sub": null } })),
        ("made at no time", json!({ "claims": { "iat": null } })),
        ("made tomorrow", json!({ "claims": { "iat": now + 86_400 } })),
        ("that begins tomorrow", json!({ "claims": { "nbf": now + 86_400 } })),
        ("whose end is a text", json!({ "claims": { "exp": "2099-01-01" } })),
        ("signed with a key that isn't published", json!({ "signed_with": "unpublished" })),
        ("under another algorithm's name", json!({ "headers": { "alg": "ES256" } })),
        ("of a client that nobody knows", json!({ "sub": "nobody" })),
        ("that is too long", json!({ "claims": { "padding": "x".repeat(6_500) } })),
    ] {
        tokens.push((what, stack.token_with(&client, replaced).await));
    }

    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let mut others: Value = serde_json::from_slice(&BASE64.decode(claims).unwrap()).unwrap();
    others["sub"] = "sandbox-direct".into();
    let none = BASE64.encode(json!({ "alg": "none", "typ": "JWT" }).to_string());
    let key = published_key(&stack).await;
    let modulus = BASE64.decode(key["n"].as_str().unwrap()).unwrap();
    tokens.extend([
        (
            "made another client's",
            format!("{header}.{}.{signature}", BASE64.encode(others.to_string())),
        ),
        ("without a signature", format!("{header}.{claims}.")),
        ("without two of its parts", header.to_owned()),
        ("that needs no signature", format!("{none}.{claims}.")),
        ("that needs none and has one", format!("{none}.{claims}.{signature}")),
        ("signed with the modulus", signed_with_the_public_key(&client, &key, &modulus)),
        (
            "signed with the JWK",
            signed_with_the_public_key(&client, &key, key.to_string().as_bytes()),
        ),
        ("that is none", "garbage".to_owned()),
        ("that is empty", String::new()),
        ("that is an API key", stack.ine_key.clone()),
    ]);
    let body = stack.call(Method::GET, "/v3/mesri/statut_etudiant/ine").send().await.text;
    for (what, token) in tokens {
        let answer = ask(&stack, &token).await;
        assert_eq!(answer.refusal(), NOT_BELIEVED, "a token {what}");
        assert_eq!(
            (&answer.text, answer.header("www-authenticate")),
            (&body, "Bearer"),
            "a token {what}"
        );
        assert_eq!(answer.header("ratelimit-limit"), "", "a token {what} has no quota");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_may_be_written_in_several_ways() {
    let stack = Stack::connect().await;
    let (client, token) = stack.client(|_| {}).await;
    let path = format!("/v3/mesri/statut_etudiant/ine?ine={}&recipient={RECIPIENT}", fresh_ine());
    for (authorization, expected) in [
        (format!("Bearer {token}"), BELIEVED),
        (format!("bearer {token}"), BELIEVED),
        (format!("Basic {token}"), NOT_BELIEVED),
        (token.clone(), NOT_BELIEVED),
        ("Bearer".to_owned(), NOT_BELIEVED),
    ] {
        let answer =
            stack.call(Method::GET, &path).header("authorization", &authorization).send().await;
        assert_eq!(answer.refusal(), expected, "{}", authorization.split(' ').next().unwrap());
    }
    let keyed = stack.call(Method::GET, &path).key(&stack.key(&client, |_| {}).await).send().await;
    assert_eq!(keyed.refusal(), NOT_BELIEVED, "a key is no token");

    for replaced in [
        json!({ "claims": { "aud": ["somebody-else", "statut-etudiant"] } }),
        json!({ "claims": { "scopes": null, "scope": "openid mesri_identite" } }),
        // The issuer has one key of this algorithm: none needs to be named.
        json!({ "headers": { "kid": null, "typ": null } }),
    ] {
        let token = stack.token_with(&client, replaced.clone()).await;
        assert_eq!(ask(&stack, &token).await.refusal(), BELIEVED, "{replaced}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_issuer_is_fetched() {
    let stack = Stack::connect().await;
    let (client, _) = stack.client(|_| {}).await;
    let es256 = json!({ "alg": "ES256" });
    let before = stack.token_with(&client, es256.clone()).await;
    stack.double(Method::POST, "/double/jwt/rotate", &json!({})).await;
    let after = stack.token_with(&client, es256).await;
    // Each instance fetches at most once a minute, and another test asks with a key that will never
    // be there.
    eventually("a token under the new key is believed", || async {
        (ask(&stack, &after).await.refusal() == BELIEVED).then_some(())
    })
    .await;
    eventually("a token under the old key is still believed", || async {
        (ask(&stack, &before).await.refusal() == BELIEVED).then_some(())
    })
    .await;
}
