use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::http::HttpError;
use super::super::http::tests::FakeHttp;
use super::*;

/// Someone who signs.
pub(crate) struct Issuer {
    kid: &'static str,
    key: EncodingKey,
}

impl Issuer {
    pub(crate) fn new(kid: &'static str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        Self { kid, key: EncodingKey::from_ec_der(pkcs8.as_ref()) }
    }

    pub(crate) fn jwks(&self) -> String {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        key.common.key_id = Some(self.kid.to_owned());
        json!({ "keys": [key] }).to_string()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(self.kid), claims)
    }

    fn sign_as(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).unwrap()
    }
}

fn trust() -> Trust {
    Trust { issuer: "https://issuer".into(), audience: "statut-etudiant".into() }
}

/// jsonwebtoken reads the system's clock, so the claims are relative to it.
fn claims(replaced: &Value) -> Value {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": "https://issuer", "aud": "statut-etudiant", "sub": "client", "jti": "1", "iat": now, "nbf": now,
        "exp": now + 60, "scopes": ["mesri_identite", "openid"],
    });
    for (name, value) in replaced.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

async fn verified(text: &str, jwks: impl Into<Vec<u8>>) -> Result<Token, TokenError> {
    let http = FakeHttp::default();
    http.answer(200, jwks);
    verify(text, &trust(), &Jwks::new("https://issuer/jwks".into()), &http, Timestamp::now()).await
}

#[tokio::test]
async fn a_good_token_says_whose_it_is() {
    let issuer = Issuer::new("k");
    let token = verified(&issuer.sign(&claims(&json!({}))), issuer.jwks()).await.unwrap();
    assert_eq!((token.sub.as_str(), token.jti.as_str()), ("client", "1"));
    assert_eq!(token.scopes.names(), ["mesri_identite"]);

    let text = claims(
        &json!({ "scopes": null, "scope": "mesri_admissions openid", "aud": ["x", "statut-etudiant"] }),
    );
    let token = verified(&issuer.sign_as(None, &text), issuer.jwks()).await.unwrap();
    assert_eq!(token.scopes.names(), ["mesri_admissions"]);

    let both = |scopes: Value, scope: &str| claims(&json!({ "scopes": scopes, "scope": scope }));
    let text = both(json!(["mesri_identite", "mesri_admissions"]), "mesri_admissions openid");
    let token = verified(&issuer.sign(&text), issuer.jwks()).await.unwrap();
    assert_eq!(token.scopes.names(), ["mesri_admissions"], "what both grant");
    let disjoint =
        verified(&issuer.sign(&both(json!(["mesri_identite"]), "openid")), issuer.jwks())
            .await
            .unwrap();
    assert!(disjoint.scopes.is_empty());

    let none =
        verified(&issuer.sign(&claims(&json!({ "scopes": null }))), issuer.jwks()).await.unwrap();
    assert!(none.scopes.is_empty());
}

#[tokio::test]
async fn each_claim_is_checked() {
    let issuer = Issuer::new("k");
    let now = Timestamp::now().as_second();
    for (replaced, error) in [
        (json!({ "exp": now - 60 }), TokenError::Expired),
        (json!({ "nbf": now + 60 }), TokenError::Early),
        (json!({ "iat": now + 60 }), TokenError::Early),
        (json!({ "iss": "https://issuer.example" }), TokenError::NotForUs),
        (json!({ "aud": "another" }), TokenError::NotForUs),
        (json!({ "exp": null }), TokenError::Malformed),
        (json!({ "iat": null }), TokenError::Malformed),
        (json!({ "sub": null }), TokenError::Malformed),
        (json!({ "jti": null }), TokenError::Malformed),
        (json!({ "iss": null }), TokenError::Malformed),
        (json!({ "aud": null }), TokenError::Malformed),
        (json!({ "exp": "tomorrow" }), TokenError::Malformed),
        (json!({ "iat": true }), TokenError::Malformed),
        (json!({ "iat": 1e300 }), TokenError::Malformed),
        (json!({ "iss": ["https://issuer"] }), TokenError::Malformed),
        (json!({ "iss": ["https://issuer.example", "https://issuer"] }), TokenError::Malformed),
        (json!({ "exp": now + 367 * 24 * 3_600 }), TokenError::TooLasting),
        (
            json!({ "iat": now - 365 * 24 * 3_600, "exp": now + 2 * 24 * 3_600 }),
            TokenError::TooLasting,
        ),
    ] {
        let text = issuer.sign(&claims(&replaced));
        assert_eq!(verified(&text, issuer.jwks()).await, Err(error), "{replaced}");
    }
}

#[tokio::test]
async fn a_date_may_have_a_fraction_and_a_token_may_live_a_year() {
    let issuer = Issuer::new("k");
    let now = Timestamp::now().as_second();
    let decimal = |seconds: i64| serde_json::from_str::<Value>(&format!("{seconds}.75")).unwrap();
    let text =
        claims(&json!({ "iat": decimal(now), "nbf": decimal(now - 1), "exp": decimal(now + 60) }));
    let token = verified(&issuer.sign(&text), issuer.jwks()).await.unwrap();
    assert_eq!((token.iat, token.exp), (now, now + 60));
    let text = claims(&json!({ "exp": decimal(now - 60) }));
    assert_eq!(verified(&issuer.sign(&text), issuer.jwks()).await, Err(TokenError::Expired));
    let year = claims(&json!({ "exp": now + LONGEST_LIFE.as_secs() }));
    assert!(verified(&issuer.sign(&year), issuer.jwks()).await.is_ok());
}

#[tokio::test]
async fn a_header_that_says_more_than_we_understand_is_refused() {
    let issuer = Issuer::new("k");
    let good = Header { kid: Some("k".into()), ..Header::new(Algorithm::ES256) };
    let typed = |typ: Option<&str>| Header { typ: typ.map(str::to_owned), ..good.clone() };
    for typ in [None, Some("JWT"), Some("jwt"), Some("at+jwt"), Some("application/at+JWT")] {
        let text = encode(&typed(typ), &claims(&json!({})), &issuer.key).unwrap();
        assert!(verified(&text, issuer.jwks()).await.is_ok(), "{typ:?}");
    }
    for typ in ["id+jwt", "application/id+jwt", "logout+jwt", "token-introspection+jwt", ""] {
        let text = encode(&typed(Some(typ)), &claims(&json!({})), &issuer.key).unwrap();
        assert_eq!(verified(&text, issuer.jwks()).await, Err(TokenError::Malformed), "{typ:?}");
    }
    for crit in [vec![], vec!["exp".to_owned()], vec!["urn:example:bound".to_owned()]] {
        let header = Header { crit: Some(crit), ..good.clone() };
        let text = encode(&header, &claims(&json!({})), &issuer.key).unwrap();
        assert_eq!(verified(&text, issuer.jwks()).await, Err(TokenError::Malformed));
    }
}

#[tokio::test]
async fn only_the_issuers_own_signature_is_believed() {
    let (issuer, forger) = (Issuer::new("k"), Issuer::new("k"));
    assert_eq!(
        verified(&forger.sign(&claims(&json!({}))), issuer.jwks()).await,
        Err(TokenError::Signature)
    );
    let unknown = issuer.sign_as(Some("other"), &claims(&json!({})));
    assert_eq!(verified(&unknown, issuer.jwks()).await, Err(TokenError::Signature));

    // A body under another's signature.
    let (one, two) =
        (issuer.sign(&claims(&json!({}))), issuer.sign(&claims(&json!({ "sub": "other" }))));
    let parts: Vec<&str> = one.split('.').collect();
    let mixed = format!("{}.{}.{}", parts[0], two.split('.').nth(1).unwrap(), parts[2]);
    assert_eq!(verified(&mixed, issuer.jwks()).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn the_token_does_not_choose_its_algorithm() {
    let issuer = Issuer::new("k");
    let hmac = Header { kid: Some("k".into()), ..Header::new(Algorithm::HS256) };
    let with_public_key = EncodingKey::from_secret(issuer.jwks().as_bytes());
    let text = encode(&hmac, &claims(&json!({})), &with_public_key).unwrap();
    assert_eq!(verified(&text, issuer.jwks()).await, Err(TokenError::Algorithm));

    // {"alg":"none"} and no signature: no such algorithm exists for the library.
    let body = issuer.sign(&claims(&json!({})));
    let none = format!("eyJhbGciOiJub25lIn0.{}.", body.split('.').nth(1).unwrap());
    assert_eq!(verified(&none, issuer.jwks()).await, Err(TokenError::Malformed));

    // RS256 over a key that is for ES256.
    let mut parts: Vec<&str> = body.split('.').collect();
    parts[0] = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ";
    assert_eq!(verified(&parts.join("."), issuer.jwks()).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn without_the_issuers_keys_nothing_is_said() {
    let issuer = Issuer::new("k");
    let http = FakeHttp::default();
    http.fail(HttpError::Timeout);
    let jwks = Jwks::new("https://issuer/jwks".into());
    let refused =
        verify(&issuer.sign(&claims(&json!({}))), &trust(), &jwks, &http, Timestamp::now()).await;
    assert_eq!(refused, Err(TokenError::Unreachable));
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let issuer = Issuer::new("k");
        prop_assert!(runtime.block_on(verified(&text, issuer.jwks())).is_err());
    }

    #[test]
    fn any_changed_byte_is_refused(position in 0_usize..400, byte in any::<u8>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let issuer = Issuer::new("k");
        let good = issuer.sign(&claims(&json!({})));
        let mut bytes = good.clone().into_bytes();
        let position = position % bytes.len();
        bytes[position] = byte;
        if let Ok(text) = String::from_utf8(bytes)
            && text != good
        {
            prop_assert!(runtime.block_on(verified(&text, issuer.jwks())).is_err());
        }
    }
}
