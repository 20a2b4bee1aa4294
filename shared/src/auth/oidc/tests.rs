use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::http::tests::FakeHttp;
use super::super::token::tests::Issuer;
use super::*;

const RETURN: &str = "https://portail.example/portail/connexion/retour";

fn client() -> OidcClient<FakeHttp> {
    client_of(Profile::ProConnect)
}

fn client_of(profile: Profile) -> OidcClient<FakeHttp> {
    let provider =
        Provider { issuer: "https://issuer".into(), client_id: "portail".into(), profile };
    let http = FakeHttp::default();
    let discovery = json!({
        "authorization_endpoint": "https://issuer/authorize", "token_endpoint": "https://issuer/token",
        "userinfo_endpoint": "https://issuer/userinfo", "jwks_uri": "https://issuer/jwks",
        "end_session_endpoint": "https://issuer/end",
    });
    http.answer(200, discovery.to_string());
    OidcClient::new(provider, SecretString::from("secret"), http)
}

fn attempt() -> Attempt {
    Attempt { state: "s".repeat(43), nonce: "n".repeat(43), verifier: "v".repeat(43) }
}

fn claims(sub: &str, more: &Value) -> Value {
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({ "iss": "https://issuer", "aud": "portail", "sub": sub, "iat": now, "exp": now + 60 });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// The provider's answers to an exchange: tokens, keys, who it is.
async fn exchange(
    id_token: &Value,
    user_info: impl Fn(&Issuer) -> String,
) -> Result<Person, LoginError> {
    let (client, issuer) = (client(), Issuer::new("key"));
    let tokens = json!({ "access_token": "access", "id_token": issuer.sign(id_token) });
    client.http.answer(200, tokens.to_string());
    client.http.answer(200, issuer.jwks());
    client.http.answer(200, user_info(&issuer));
    client.exchange(&attempt(), RETURN, "code").await
}

#[tokio::test]
async fn the_browser_takes_along_what_proconnect_knows_and_nothing_else() {
    let url = client().authorization_url(&attempt(), RETURN).await.unwrap();
    let query = url.strip_prefix("https://issuer/authorize?").unwrap();
    let names: Vec<String> =
        form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    assert_eq!(
        names,
        [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method"
        ]
    );
    assert!(!url.contains(&"v".repeat(43)), "the verifier stays here");
    assert!(Attempt::new().unwrap().state.len() >= 32);
}

#[tokio::test]
async fn who_came_back_is_who_the_signed_answers_say() {
    let token = claims("ada", &json!({ "nonce": "n".repeat(43) }));
    let info = json!({ "given_name": "Ada", "usual_name": "Test", "siret": "13002526500013", "idp_id": "idp" });
    let signed = exchange(&token, |issuer| issuer.sign(&claims("ada", &info))).await.unwrap();
    assert_eq!((signed.sub.as_str(), signed.name.as_str()), ("ada", "Ada Test"));
    assert_eq!(signed.idp_id.as_deref(), Some("idp"));
    let plain = exchange(&token, |_| json!({ "sub": "ada", "family_name": "Test" }).to_string())
        .await
        .unwrap();
    assert_eq!((plain.name.as_str(), plain.siret), ("Test", None));
}

#[tokio::test]
async fn answers_of_another_log_in_or_person_are_not_believed() {
    let ada = |_: &Issuer| json!({ "sub": "ada" }).to_string();
    let nonce = json!({ "nonce": "n".repeat(43) });
    let other_nonce = exchange(&claims("ada", &json!({ "nonce": "other" })), ada).await;
    assert_eq!(other_nonce.unwrap_err(), LoginError::Nonce);
    assert_eq!(exchange(&claims("ada", &json!({})), ada).await.unwrap_err(), LoginError::Nonce);
    let somebody = exchange(&claims("grace", &nonce), ada).await;
    assert_eq!(somebody.unwrap_err(), LoginError::Malformed);
    let mut foreign = claims("ada", &nonce);
    foreign["aud"] = "another".into();
    assert_eq!(exchange(&foreign, ada).await.unwrap_err(), LoginError::Token(TokenError::NotForUs));
    let forged =
        exchange(&claims("ada", &nonce), |_| Issuer::new("key").sign(&claims("ada", &json!({}))))
            .await;
    assert_eq!(forged.unwrap_err(), LoginError::Token(TokenError::Signature));
}

#[tokio::test]
async fn a_code_that_was_used_is_refused_and_a_log_out_names_its_log_in() {
    let client = client();
    client.http.answer(400, "{}");
    let refused = client.exchange(&attempt(), RETURN, "code").await;
    assert_eq!(refused.unwrap_err(), LoginError::Refused(400));
    let end = client.end_session_url("token", "https://portail.example/").await.unwrap().unwrap();
    assert!(
        end.starts_with("https://issuer/end?id_token_hint=token&post_logout_redirect_uri="),
        "{end}"
    );
}

/// What FranceConnect signs with the secret that it shares with us.
fn by_secret(claims: &Value, secret: &str) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn pivot() -> Value {
    json!({
        "given_name": "Camille Anne", "given_name_array": ["Camille", "Anne"], "family_name": "ROUSSEL",
        "birthdate": "1996-12-26", "gender": "female", "birthplace": "44109", "birthcountry": "99100",
    })
}

/// FranceConnect's answers to an exchange, each signed with a secret.
async fn at_france_connect(
    id_token: &Value,
    secret: &str,
) -> (Result<Person, LoginError>, Vec<String>) {
    let client = client_of(Profile::FranceConnect);
    let tokens = json!({ "access_token": "access", "id_token": by_secret(id_token, secret) });
    client.http.answer(200, tokens.to_string());
    client.http.answer(200, by_secret(&claims("camille", &pivot()), secret));
    let person = client.exchange(&attempt(), RETURN, "code").await;
    let asked = client.http.asked.lock().unwrap().clone();
    (person, asked)
}

#[tokio::test]
async fn france_connect_is_sent_what_it_lists_and_no_proof_of_the_code() {
    let client = client_of(Profile::FranceConnect);
    let url = client.authorization_url(&attempt(), RETURN).await.unwrap();
    let query = url.strip_prefix("https://issuer/authorize?").unwrap();
    let sent: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "acr_values"]
    );
    let value = |wanted: &str| sent.iter().find(|(name, _)| name == wanted).unwrap().1.as_str();
    assert_eq!((value("scope"), value("acr_values")), ("openid identite_pivot", "eidas1"));
}

#[tokio::test]
async fn france_connect_says_who_came_back_with_the_secret_that_it_gave_us() {
    let token = claims("camille", &json!({ "nonce": "n".repeat(43), "acr": "eidas1" }));
    let (person, asked) = at_france_connect(&token, "secret").await;
    let person = person.unwrap();
    assert_eq!((person.name.as_str(), person.sub.as_str()), ("Camille Anne ROUSSEL", "camille"));
    assert_eq!(person.identity.given_name_array, ["Camille", "Anne"]);
    assert_eq!((person.identity.birthplace.as_str(), person.siret), ("44109", None));
    assert!(!asked.iter().any(|call| call.contains("code_verifier")), "{asked:?}");
    assert!(asked.last().unwrap().starts_with("GET https://issuer/userinfo"), "{asked:?}");
    let (forged, _) = at_france_connect(&token, "another secret").await;
    assert_eq!(forged.unwrap_err(), LoginError::Token(TokenError::Signature));
}

#[tokio::test]
async fn a_level_that_was_not_asked_for_vouches_for_nobody() {
    for level in [json!({}), json!({ "acr": "eidas0" }), json!({ "acr": null })] {
        let mut token = claims("camille", &json!({ "nonce": "n".repeat(43) }));
        token.as_object_mut().unwrap().extend(level.as_object().unwrap().clone());
        let (person, _) = at_france_connect(&token, "secret").await;
        assert_eq!(person.unwrap_err(), LoginError::Level, "{level}");
    }
}

#[tokio::test]
async fn a_secret_vouches_for_nobody_where_keys_are_published() {
    let client = client_of(Profile::ProConnect);
    let token = claims("ada", &json!({ "nonce": "n".repeat(43), "acr": "eidas1" }));
    let tokens = json!({ "access_token": "access", "id_token": by_secret(&token, "secret") });
    client.http.answer(200, tokens.to_string());
    let refused = client.exchange(&attempt(), RETURN, "code").await;
    assert_eq!(refused.unwrap_err(), LoginError::Token(TokenError::Algorithm));
}
