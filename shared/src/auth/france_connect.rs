//! FranceConnect, as its data providers meet it: a caller shows the access token of a person who is
//! logged in, and FranceConnect says who that is and what may be told (domain.md §6).

use std::str::FromStr;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::http::{Http, HttpError, Reply};
use super::jwe::{DecryptionKeys, JweError, StoredKey, StoredKeyError};
use super::jwks::Jwks;
use super::token::{NumericDate, Signed, TokenError, Trust, verify_claims};
use crate::access::scope::Scopes;
use crate::contract::pivot::PivotIdentity;

/// Access tokens have 43 characters in v2, some 100 in v1.
const LONGEST_TOKEN: usize = 2_048;
/// What an answer may say that it is (`typ`): RFC 9701, or nothing in particular.
const TYPES: [&str; 4] =
    ["jwt", "application/jwt", "token-introspection+jwt", "application/token-introspection+jwt"];
/// An answer made longer ago is a recording.
const ANSWER_IS_OLD_AFTER_SECONDS: i64 = 5 * 60;

/// Which of its two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Plain JSON, not signed, not encrypted: TLS alone vouches for it.
    V1,
    /// A signed answer, encrypted for us.
    V2,
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "v1" => Ok(Self::V1),
            "v2" => Ok(Self::V2),
            _ => Err(()),
        }
    }
}

/// Where it is, and who we are there.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which interface.
    pub version: Version,
    /// Its origin, without a final slash.
    pub url: String,
    /// The `iss` of its answers (v2).
    pub issuer: String,
    /// Our id as a data provider: the `aud` of its answers (v2).
    pub client_id: String,
}

/// What Secrets Manager holds: `{"client_secret":"…","keys":[…]}`.
#[derive(Deserialize)]
pub struct Secret {
    client_secret: SecretString,
    keys: Vec<StoredKey>,
}

/// FranceConnect.
#[derive(Debug)]
pub struct FranceConnect {
    settings: Settings,
    secret: SecretString,
    keys: DecryptionKeys,
    jwks: Jwks,
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    /// The service provider's id at FranceConnect: who asks.
    pub service_provider: String,
    /// What the person, and FranceConnect, let it ask.
    pub scopes: Scopes,
    /// Who the person is.
    pub identity: PivotIdentity,
}

/// Why a token gives nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FranceConnectError {
    /// It can't be one of FranceConnect's.
    #[error("the token is malformed")]
    MalformedToken,
    /// FranceConnect doesn't know it, or no longer.
    #[error("the token is unknown or has expired")]
    InactiveToken,
    /// FranceConnect didn't answer in time.
    #[error("FranceConnect did not answer in time")]
    Timeout,
    /// FranceConnect is out of reach, or says that it is broken.
    #[error("FranceConnect is out of reach")]
    Unreachable,
    /// FranceConnect doesn't know us: our id or secret is wrong.
    #[error("FranceConnect refused our own credentials")]
    RefusedUs,
    /// The answer is not to be believed.
    #[error("FranceConnect's answer is not to be believed: {0}")]
    Unbelievable(Doubt),
}

/// What is wrong with an answer of FranceConnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It isn't what the interface says.
    #[error("not the documented form")]
    Form,
    /// It can't be decrypted.
    #[error(transparent)]
    Encryption(#[from] JweError),
    /// It isn't signed by FranceConnect, or not for us.
    #[error(transparent)]
    Signature(TokenError),
    /// It was made too long ago, or in the future.
    #[error("made at another time")]
    Stale,
}

impl From<HttpError> for FranceConnectError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::Timeout,
            HttpError::Unreachable => Self::Unreachable,
            HttpError::TooLarge => Self::Unbelievable(Doubt::Form),
        }
    }
}

impl From<TokenError> for FranceConnectError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Unreachable => Self::Unreachable,
            other => Self::Unbelievable(Doubt::Signature(other)),
        }
    }
}

impl From<Doubt> for FranceConnectError {
    fn from(doubt: Doubt) -> Self {
        Self::Unbelievable(doubt)
    }
}

/// Version 2's answer, once it is decrypted and verified.
#[derive(Deserialize)]
struct Claims {
    iat: NumericDate,
    token_introspection: TokenIntrospection,
}

#[derive(Deserialize)]
struct TokenIntrospection {
    active: bool,
    #[serde(default)]
    aud: String,
    #[serde(default)]
    scope: Scopes,
    exp: Option<NumericDate>,
    #[serde(flatten)]
    identity: PivotIdentity,
}

/// Version 1's answer.
#[derive(Deserialize)]
struct CheckedToken {
    #[serde(default)]
    scope: Scopes,
    identity: PivotIdentity,
    client: ServiceProvider,
}

#[derive(Deserialize)]
struct ServiceProvider {
    client_id: String,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

impl FranceConnect {
    /// FranceConnect with our secret, as of now.
    pub fn new(settings: Settings, secret: Secret) -> Result<Self, StoredKeyError> {
        let jwks = Jwks::new(format!("{}/api/v2/jwks", settings.url));
        Ok(Self {
            settings,
            secret: secret.client_secret,
            keys: DecryptionKeys::new(secret.keys)?,
            jwks,
        })
    }

    /// What FranceConnect encrypts for, to be published.
    #[must_use]
    pub fn encryption_keys(&self) -> serde_json::Value {
        self.keys.public()
    }

    /// Whom a token stands for.
    pub async fn introspect(
        &self,
        token: &str,
        http: &impl Http,
        now: Timestamp,
    ) -> Result<Introspection, FranceConnectError> {
        if !is_token(token) {
            return Err(FranceConnectError::MalformedToken);
        }
        match self.settings.version {
            Version::V1 => self.introspect_v1(token, http).await,
            Version::V2 => self.introspect_v2(token, http, now).await,
        }
    }

    async fn introspect_v1(
        &self,
        token: &str,
        http: &impl Http,
    ) -> Result<Introspection, FranceConnectError> {
        let url = format!("{}/api/v1/checktoken", self.settings.url);
        let reply = http.post_json(&url, serde_json::json!({ "token": token }).to_string()).await?;
        match reply.status {
            200 => {
                let checked: CheckedToken =
                    serde_json::from_slice(&reply.body).map_err(|_| Doubt::Form)?;
                Ok(Introspection {
                    service_provider: checked.client.client_id,
                    scopes: checked.scope,
                    identity: checked.identity,
                })
            }
            401 => {
                let malformed = serde_json::from_slice::<Refused>(&reply.body)
                    .is_ok_and(|refused| refused.message.starts_with("Malformed"));
                Err(if malformed {
                    FranceConnectError::MalformedToken
                } else {
                    FranceConnectError::InactiveToken
                })
            }
            _ => Err(unexpected(&reply)),
        }
    }

    async fn introspect_v2(
        &self,
        token: &str,
        http: &impl Http,
        now: Timestamp,
    ) -> Result<Introspection, FranceConnectError> {
        let url = format!("{}/api/v2/checktoken", self.settings.url);
        let form = [
            ("token", token),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.secret.expose_secret()),
        ];
        let reply = http.post_form(&url, &form).await?;
        if reply.status != 200 {
            return Err(unexpected(&reply));
        }
        let sealed = str::from_utf8(&reply.body).map_err(|_| Doubt::Form)?;
        let signed = String::from_utf8(self.keys.decrypt(sealed).map_err(Doubt::from)?)
            .map_err(|_| Doubt::Form)?;
        let trust = Trust {
            issuer: self.settings.issuer.clone(),
            audience: self.settings.client_id.clone(),
        };
        let signed = Signed { text: &signed, types: &TYPES, required: &["iat"] };
        let claims: Claims = verify_claims(signed, &trust, &self.jwks, http).await?;
        if (now.as_second() - claims.iat.0).abs() > ANSWER_IS_OLD_AFTER_SECONDS {
            return Err(Doubt::Stale.into());
        }
        let introspection = claims.token_introspection;
        let is_over = introspection.exp.is_some_and(|end| end.0 <= now.as_second());
        if !introspection.active || is_over {
            return Err(FranceConnectError::InactiveToken);
        }
        if introspection.aud.is_empty() {
            return Err(Doubt::Form.into());
        }
        Ok(Introspection {
            service_provider: introspection.aud,
            scopes: introspection.scope,
            identity: introspection.identity,
        })
    }
}

/// A status that the interface doesn't promise for a well-formed call.
fn unexpected(reply: &Reply) -> FranceConnectError {
    match reply.status {
        // What we send is ours: if it is refused, the fault is in our configuration.
        400..500 => FranceConnectError::RefusedUs,
        500.. => FranceConnectError::Unreachable,
        _ => Doubt::Form.into(),
    }
}

/// RFC 6750's `b64token`: anything else is not worth a call, and could not be put in a log by
/// mistake.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && text.len() <= LONGEST_TOKEN
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests;
