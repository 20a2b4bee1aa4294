//! Signed tokens: whose they are, and what they allow (domain.md §4.2).

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::http::Http;
use super::jwks::{Jwks, JwksError};
use crate::access::scope::Scopes;

/// What we verify with, whatever a token asks for.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];
/// How an issuer signs with the secret that it gave us.
const BY_SECRET: Algorithm = Algorithm::HS256;
/// No token is longer: an API Gateway header holds 10,240 bytes.
pub const LONGEST: usize = 8 * 1024;
/// No token lives longer, from `iat` to `exp`: a revocation that doesn't know when its token ends
/// is kept for as long, so none outlives its revocation.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What a client's token may say that it is (`typ`), in any case: RFC 7519 and RFC 9068. An
/// identity token of the same issuer (`id+jwt`) is signed alike, and allows nothing.
const TYPES: [&str; 4] = ["jwt", "application/jwt", "at+jwt", "application/at+jwt"];
/// How far two clocks may be apart, in seconds.
const LEEWAY: u64 = 30;

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The only `iss`.
    pub issuer: String,
    /// What must be in `aud`.
    pub audience: String,
}

/// What a token of our issuer says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Claims")]
pub struct Token {
    /// The client.
    pub sub: String,
    /// The token's own id, by which it can be revoked.
    pub jti: String,
    /// What it allows, of what the client's record does.
    pub scopes: Scopes,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
}

/// A token's claims as they are written.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    jti: String,
    /// API Particulier's name.
    scopes: Option<Scopes>,
    /// RFC 9068's.
    scope: Option<Scopes>,
    iat: NumericDate,
    exp: NumericDate,
}

/// A token with both `scope` and `scopes` allows what both do: if they differ, either may be the
/// one that its issuer narrowed, and the other a leftover.
impl From<Claims> for Token {
    fn from(Claims { sub, jti, scopes, scope, iat, exp }: Claims) -> Self {
        let scopes = match (scopes, scope) {
            (Some(scopes), Some(scope)) => scopes.and(scope),
            (scopes, scope) => scopes.or(scope).unwrap_or_default(),
        };
        Self { sub, jti, scopes, iat: iat.0, exp: exp.0 }
    }
}

/// Seconds since 1970, perhaps with a fraction (RFC 7519 §2), which is cut off: a token is over a
/// little early.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumericDate(pub(super) i64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = || {
            // Beyond what jiff can tell there is no date, and every number below it is exact.
            let seconds = number.as_f64().filter(|seconds| seconds.abs() < 1e12)?;
            #[expect(clippy::cast_possible_truncation, reason = "it has thirteen digits at most")]
            Some(seconds.floor() as i64)
        };
        let seconds = number.as_i64().or_else(whole);
        seconds.map(Self).ok_or_else(|| D::Error::custom("seconds since 1970 were expected"))
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWS, or without a claim that it must have.
    #[error("the token is malformed")]
    Malformed,
    /// Signed in a way that we don't accept.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The signature is not the issuer's.
    #[error("the token's signature is not its issuer's")]
    Signature,
    /// Made by, or for, somebody else.
    #[error("the token is another issuer's, or for another audience")]
    NotForUs,
    /// Over.
    #[error("the token has expired")]
    Expired,
    /// It would live for longer than [`LONGEST_LIFE`].
    #[error("the token lives for too long")]
    TooLasting,
    /// Not valid yet, or made in the future.
    #[error("the token is not valid yet")]
    Early,
    /// The issuer's keys are out of reach, so nothing can be said.
    #[error("the issuer's keys are out of reach")]
    Unreachable,
}

impl From<JwksError> for TokenError {
    fn from(error: JwksError) -> Self {
        match error {
            JwksError::UnknownKey => Self::Signature,
            JwksError::Unreachable => Self::Unreachable,
        }
    }
}

/// Verifies a client's token.
pub async fn verify(
    text: &str,
    trust: &Trust,
    jwks: &Jwks,
    http: &impl Http,
    now: Timestamp,
) -> Result<Token, TokenError> {
    let signed = Signed { text, types: &TYPES, required: &["exp", "iat", "sub", "jti"] };
    let token: Token = verify_claims(signed, trust, jwks, http).await?;
    if token.iat > now.as_second() + LEEWAY.cast_signed() {
        return Err(TokenError::Early);
    }
    if token.exp.saturating_sub(token.iat) > LONGEST_LIFE.as_secs() {
        return Err(TokenError::TooLasting);
    }
    Ok(token)
}

/// A text that should be signed, and what it should be.
pub(super) struct Signed<'a> {
    pub(super) text: &'a str,
    /// What it may say that it is (`typ`), in lower case. It may leave that out.
    pub(super) types: &'a [&'a str],
    /// Claims that it must have, besides `iss` and `aud`.
    pub(super) required: &'a [&'a str],
}

/// Claims with the issuer, which is one text: a list of issuers, one of them ours, says of none
/// that it signed.
#[derive(Deserialize)]
struct Issued<T> {
    #[serde(rename = "iss")]
    _iss: String,
    #[serde(flatten)]
    claims: T,
}

/// Verifies a signature, `iss`, `aud`, and `exp` and `nbf` when they are there; reads the claims.
pub(super) async fn verify_claims<T: DeserializeOwned>(
    signed: Signed<'_>,
    trust: &Trust,
    jwks: &Jwks,
    http: &impl Http,
) -> Result<T, TokenError> {
    let header = header(&signed, &ALGORITHMS)?;
    let key = jwks.key(http, header.kid.as_deref(), header.alg).await?;
    let key = DecodingKey::from_jwk(&key).map_err(|_| TokenError::Signature)?;
    claims(&signed, trust, header.alg, &key)
}

/// Whether a text says that it is signed with a secret that both sides have, rather than with a key
/// that its issuer publishes.
pub(super) fn is_signed_with_secret(text: &str) -> bool {
    text.len() <= LONGEST && decode_header(text).is_ok_and(|header| header.alg == BY_SECRET)
}

/// The same of a text that is signed with a secret. No published key is ever taken for one.
pub(super) fn verify_claims_by_secret<T: DeserializeOwned>(
    signed: &Signed<'_>,
    trust: &Trust,
    secret: &SecretString,
) -> Result<T, TokenError> {
    let header = header(signed, &[BY_SECRET])?;
    let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
    claims(signed, trust, header.alg, &key)
}

fn claims<T: DeserializeOwned>(
    signed: &Signed<'_>,
    trust: &Trust,
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<T, TokenError> {
    let Signed { text, required, .. } = signed;
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY;
    validation.set_issuer(&[&trust.issuer]);
    validation.set_audience(&[&trust.audience]);
    validation.validate_nbf = true;
    let always = ["iss", "aud"];
    validation.required_spec_claims =
        required.iter().chain(&always).map(|claim| (*claim).to_owned()).collect::<HashSet<_>>();
    validation.validate_exp = required.contains(&"exp");
    let token =
        decode::<Issued<T>>(text, key, &validation).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => TokenError::Expired,
            ErrorKind::ImmatureSignature => TokenError::Early,
            ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::NotForUs,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            // A claim is named only once the signature is found good, so a forger learns nothing
            // from it.
            ErrorKind::MissingRequiredClaim(_)
            | ErrorKind::InvalidClaimFormat(_)
            | ErrorKind::Json(_) => TokenError::Malformed,
            _ => TokenError::Signature,
        })?;
    Ok(token.claims.claims)
}

/// The header, when it is one of a token that could be believed.
fn header(signed: &Signed<'_>, algorithms: &[Algorithm]) -> Result<Header, TokenError> {
    let Signed { text, types, .. } = *signed;
    if text.len() > LONGEST {
        return Err(TokenError::Malformed);
    }
    let header = decode_header(text).map_err(|error| match error.kind() {
        ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => TokenError::Algorithm,
        _ => TokenError::Malformed,
    })?;
    if !algorithms.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let is_expected = |typ: &String| types.contains(&typ.to_ascii_lowercase().as_str());
    if has_critical(text) || !header.typ.as_ref().is_none_or(is_expected) {
        return Err(TokenError::Malformed);
    }
    Ok(header)
}

/// Whether a header names extensions that whoever reads it must understand (RFC 7515 §4.1.11): we
/// understand none. It is looked for in the bytes, since a library may pass over one that isn't of
/// the form that it expects.
fn has_critical(text: &str) -> bool {
    let header =
        text.split('.').next().and_then(|header| BASE64_URL_SAFE_NO_PAD.decode(header).ok());
    let header = header.and_then(|header| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&header).ok()
    });
    header.is_none_or(|header| header.contains_key("crit"))
}

#[cfg(test)]
pub(super) mod tests;
