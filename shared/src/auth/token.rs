//! Signed tokens: whose they are, and what they allow (domain.md §4.2).

use std::collections::HashSet;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::Http;
use super::jwks::{Jwks, JwksError};
use crate::access::scope::Scopes;

/// What we verify with, whatever a token asks for.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];
/// No token is longer: an API Gateway header holds 10,240 bytes.
pub const LONGEST: usize = 8 * 1024;
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
pub struct Token {
    /// The client.
    pub sub: String,
    /// The token's own id, by which it can be revoked.
    pub jti: String,
    /// What it allows, of what the client's record does.
    #[serde(default, alias = "scope")]
    pub scopes: Scopes,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
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
    let token: Token = verify_claims(text, trust, &["exp", "iat", "sub", "jti"], jwks, http).await?;
    if token.iat > now.as_second() + LEEWAY.cast_signed() {
        return Err(TokenError::Early);
    }
    Ok(token)
}

/// Verifies a signature, `iss`, `aud`, and `exp` and `nbf` when they are there; reads the claims.
pub(super) async fn verify_claims<T: DeserializeOwned>(
    text: &str,
    trust: &Trust,
    required: &[&str],
    jwks: &Jwks,
    http: &impl Http,
) -> Result<T, TokenError> {
    let header = header(text)?;
    let key = jwks.key(http, header.kid.as_deref(), header.alg).await?;
    let key = DecodingKey::from_jwk(&key).map_err(|_| TokenError::Signature)?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY;
    validation.set_issuer(&[&trust.issuer]);
    validation.set_audience(&[&trust.audience]);
    validation.validate_nbf = true;
    let always = ["iss", "aud"];
    validation.required_spec_claims =
        required.iter().chain(&always).map(|claim| (*claim).to_owned()).collect::<HashSet<_>>();
    validation.validate_exp = required.contains(&"exp");
    let token = decode::<T>(text, &key, &validation).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::Early,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::NotForUs,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        // A claim is named only once the signature is found good, so a forger learns nothing from it.
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => {
            TokenError::Malformed
        }
        _ => TokenError::Signature,
    })?;
    Ok(token.claims)
}

/// The header, when it is one of a token that could be believed.
fn header(text: &str) -> Result<Header, TokenError> {
    if text.len() > LONGEST {
        return Err(TokenError::Malformed);
    }
    let header = decode_header(text).map_err(|error| match error.kind() {
        ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => TokenError::Algorithm,
        _ => TokenError::Malformed,
    })?;
    if ALGORITHMS.contains(&header.alg) { Ok(header) } else { Err(TokenError::Algorithm) }
}

#[cfg(test)]
#[path = "token_tests.rs"]
pub(super) mod tests;
