//! Tokens from the test double of FranceConnect and of our issuer
//! (`infra/local/doubles/README.md`).

use serde_json::{Value, json};
use shared::access::client::Client;
use shared::access::scope::Scopes;
use ureq::http::Method;

use crate::http::Call;
use crate::people::Person;
use crate::stack::Stack;

/// As FranceConnect spells them: the last one without its final s (domain.md §4.2).
pub const FRANCE_CONNECT_SCOPES: [&str; 6] = [
    "openid",
    "mesri_admissions",
    "mesri_admission_inscrit",
    "mesri_admission_regime_formation",
    "mesri_admission_commune_etudes",
    "mesri_admission_etablissement_etude",
];

impl Stack {
    /// A token of our issuer with every scope, for a client of this test.
    pub async fn token(&self, client: &Client) -> String {
        self.token_with(client, json!({})).await
    }

    /// A token of our issuer for a client, with some of the double's fields replaced.
    ///
    /// RS256, because a test that rotates the issuer's ES256 key would have all others wait for it.
    pub async fn token_with(&self, client: &Client, replaced: Value) -> String {
        let defaults = json!({ "sub": client.client_id, "scopes": Scopes::ALL, "alg": "RS256" });
        self.access_token("/double/jwt", defaults, replaced).await
    }

    /// A token that a person of FranceConnect gave to a service provider, with some of the double's
    /// fields replaced.
    pub async fn france_connect_token(
        &self,
        provider: &str,
        person: &Person,
        replaced: Value,
    ) -> String {
        let defaults = json!({ "client_id": provider, "identity": person.pivot(), "scopes": FRANCE_CONNECT_SCOPES });
        self.access_token("/double/france-connect/token", defaults, replaced).await
    }

    /// A call of the double that is answered well.
    ///
    /// # Panics
    ///
    /// When it isn't.
    pub async fn double(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer =
            Call::to(method, &format!("{}{path}", self.double_url)).json(body).send().await;
        assert_eq!(answer.status, 200, "the double refuses: {}", answer.text);
        answer.json()
    }

    async fn access_token(&self, path: &str, mut wanted: Value, replaced: Value) -> String {
        if let (Some(wanted), Value::Object(replaced)) = (wanted.as_object_mut(), replaced) {
            wanted.extend(replaced);
        }
        let answer = self.double(Method::POST, path, &wanted).await;
        answer["access_token"].as_str().expect("the double gives a token").to_owned()
    }
}
