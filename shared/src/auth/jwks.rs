//! An issuer's public keys, remembered.
//!
//! The set is fetched when the process starts, every [`FRESH`], and when a token names a key that
//! isn't in it, but never more than once a [`COOLDOWN`]: otherwise anyone could have us flood the
//! issuer with made-up key ids. An issuer that is out of reach keeps the keys that it had.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::http::Http;

/// How long to wait between two fetches, whatever is asked.
pub const COOLDOWN: Duration = Duration::from_mins(1);
/// How long a set is used before it is fetched again, so that a key that its issuer withdraws is
/// forgotten.
pub const FRESH: Duration = Duration::from_hours(1);

/// The keys of one issuer.
#[derive(Debug)]
pub struct Jwks {
    url: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<JwkSet>,
    tried_at: Option<Instant>,
    fetched_at: Option<Instant>,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// The issuer has no such key.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// The issuer has never answered.
    #[error("the issuer's keys are out of reach")]
    Unreachable,
}

impl Jwks {
    /// The keys published at `url`; nothing is fetched yet.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self { url, state: Mutex::default() }
    }

    /// Fetches the keys, if they never were.
    pub async fn warm_up(&self, http: &impl Http) {
        let mut state = self.state.lock().await;
        if state.tried_at.is_none() {
            state.fetch(http, &self.url).await;
        }
    }

    /// The key that a token names. A token without a key id is verified with the issuer's only key
    /// of that algorithm, if there is only one.
    pub async fn key(
        &self,
        http: &impl Http,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Jwk, JwksError> {
        let mut state = self.state.lock().await;
        let found = state.find(kid, algorithm).cloned();
        let may_fetch = state.tried_at.is_none_or(|at| at.elapsed() >= COOLDOWN);
        let is_fresh = state.fetched_at.is_some_and(|at| at.elapsed() < FRESH);
        let found = match found {
            Some(key) if is_fresh || !may_fetch => Some(key),
            None if !may_fetch => None,
            _ => {
                state.fetch(http, &self.url).await;
                state.find(kid, algorithm).cloned()
            }
        };
        found.ok_or(if state.keys.is_some() {
            JwksError::UnknownKey
        } else {
            JwksError::Unreachable
        })
    }
}

impl State {
    /// Replaces the set, or keeps the one there is.
    async fn fetch(&mut self, http: &impl Http, url: &str) {
        self.tried_at = Some(Instant::now());
        let error = match http.get(url).await {
            Ok(reply) if reply.status == 200 => match serde_json::from_slice::<JwkSet>(&reply.body)
            {
                Ok(keys) => {
                    self.keys = Some(keys);
                    self.fetched_at = self.tried_at;
                    return;
                }
                Err(_) => "not a key set".to_owned(),
            },
            Ok(reply) => format!("status {}", reply.status),
            Err(error) => error.to_string(),
        };
        tracing::warn!(url, error, has_keys = self.keys.is_some(), "issuer's keys not fetched");
    }

    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Jwk> {
        let mut candidates = self.keys.iter().flat_map(|set| &set.keys).filter(|key| {
            // A key that says what it is for is used for nothing else.
            key.common.key_algorithm.is_none_or(|own| own == KeyAlgorithm::from(algorithm))
                && kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid))
        });
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::http::HttpError;
    use super::super::http::tests::FakeHttp;
    use super::*;

    fn set(kids: &[&str]) -> String {
        let key = |kid: &&str| {
            serde_json::json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            })
        };
        serde_json::json!({ "keys": kids.iter().map(key).collect::<Vec<_>>() }).to_string()
    }

    async fn ask(
        jwks: &Jwks,
        http: &FakeHttp,
        kid: Option<&str>,
    ) -> Result<Option<String>, JwksError> {
        jwks.key(http, kid, Algorithm::ES256).await.map(|key| key.common.key_id)
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_key_is_asked_for_once_a_minute() {
        let (jwks, http) = (Jwks::new("https://issuer/jwks".into()), FakeHttp::default());
        http.answer(200, set(&["old"]));
        jwks.warm_up(&http).await;
        jwks.warm_up(&http).await;
        assert_eq!(ask(&jwks, &http, Some("old")).await, Ok(Some("old".into())));
        for _ in 0..100 {
            assert_eq!(ask(&jwks, &http, Some("new")).await, Err(JwksError::UnknownKey));
        }
        assert_eq!(http.calls(), 1, "the set is less than a minute old");

        tokio::time::advance(COOLDOWN).await;
        http.answer(200, set(&["old", "new"]));
        assert_eq!(ask(&jwks, &http, Some("new")).await, Ok(Some("new".into())));
        assert_eq!(ask(&jwks, &http, Some("made up")).await, Err(JwksError::UnknownKey));
        assert_eq!(http.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_out_of_reach_keeps_yesterdays_keys() {
        let (jwks, http) = (Jwks::new("https://issuer/jwks".into()), FakeHttp::default());
        http.answer(200, set(&["key"]));
        jwks.warm_up(&http).await;
        for (status, body) in [(503, "{}"), (200, "<html>"), (200, "{}")] {
            tokio::time::advance(FRESH * 24).await;
            http.answer(status, body);
            assert_eq!(ask(&jwks, &http, Some("key")).await, Ok(Some("key".into())));
        }
        tokio::time::advance(FRESH).await;
        http.fail(HttpError::Timeout);
        assert_eq!(ask(&jwks, &http, Some("key")).await, Ok(Some("key".into())));
        assert_eq!(
            ask(&jwks, &http, Some("key")).await,
            Ok(Some("key".into())),
            "not asked again within the minute"
        );
        assert_eq!(http.calls(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_withdrawn_key_is_forgotten_within_the_hour() {
        let (jwks, http) = (Jwks::new("https://issuer/jwks".into()), FakeHttp::default());
        http.answer(200, set(&["old", "new"]));
        jwks.warm_up(&http).await;
        tokio::time::advance(FRESH).await;
        http.answer(200, set(&["new"]));
        assert_eq!(ask(&jwks, &http, Some("old")).await, Err(JwksError::UnknownKey));
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_never_answered_is_unreachable() {
        let (jwks, http) = (Jwks::new("https://issuer/jwks".into()), FakeHttp::default());
        assert_eq!(ask(&jwks, &http, Some("key")).await, Err(JwksError::Unreachable));
        assert_eq!(ask(&jwks, &http, Some("key")).await, Err(JwksError::Unreachable));
        assert_eq!(http.calls(), 1);
    }

    #[tokio::test]
    async fn a_token_that_names_no_key_needs_only_one_of_its_algorithm() {
        let (jwks, http) = (Jwks::new("https://issuer/jwks".into()), FakeHttp::default());
        http.answer(200, set(&["a"]));
        assert_eq!(ask(&jwks, &http, None).await, Ok(Some("a".into())));
        assert_eq!(
            jwks.key(&http, None, Algorithm::RS256).await.err(),
            Some(JwksError::UnknownKey)
        );
        let jwks = Jwks::new("https://issuer/jwks".into());
        http.answer(200, set(&["a", "b"]));
        assert_eq!(ask(&jwks, &http, None).await, Err(JwksError::UnknownKey));
    }
}
