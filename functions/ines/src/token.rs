//! Tokens of this service, made and believed by it alone: HS256 under a secret of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use shared::access::ines::Right;

/// How long a token is good for, in seconds.
pub(crate) const LIFETIME: i64 = 60 * 60;
/// No token is longer: an API Gateway header holds 10,240 bytes.
const LONGEST: usize = 4 * 1024;
/// Who makes them, and for whom: the same, and nobody else.
const SELF: &str = "ines";

/// What a token says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The client.
    pub(crate) sub: String,
    /// The token's own id.
    jti: String,
    /// What it allows, of what the client's record does: names between spaces (RFC 8693).
    scope: String,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// What the token allows.
    pub(crate) fn rights(&self) -> BTreeSet<Right> {
        self.scope.split_ascii_whitespace().filter_map(Right::named).collect()
    }
}

/// Signs tokens, and knows its own signature.
pub(crate) struct Signer {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    /// Under this secret; `id` says which one it is.
    pub(crate) fn new(id: String, secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        Self {
            id,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// A token for a client. `None` only if it can't be written down at all.
    pub(crate) fn token(
        &self,
        client_id: &str,
        rights: &BTreeSet<Right>,
        now: Timestamp,
    ) -> Option<String> {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: SELF.to_owned(),
            aud: SELF.to_owned(),
            sub: client_id.to_owned(),
            jti: uuid::Uuid::new_v4().to_string(),
            scope: rights.iter().map(|right| right.name()).collect::<Vec<_>>().join(" "),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME,
        };
        encode(&header, &claims, &self.encoding).ok()
    }

    /// What a token says, if it is one of ours and isn't over.
    pub(crate) fn read(&self, text: &str) -> Option<Claims> {
        if text.len() > LONGEST {
            return None;
        }
        // The algorithm is ours, never the token's.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[SELF]);
        validation.set_audience(&[SELF]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        decode::<Claims>(text, &self.decoding, &validation).ok().map(|token| token.claims)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn signer(secret: &str) -> Signer {
        Signer::new("1".into(), &secret.to_owned().into())
    }

    #[test]
    fn a_token_is_believed_by_who_made_it() {
        let rights = BTreeSet::from([Right::Verification, Right::Gestion]);
        let token = signer("a secret").token("supdata", &rights, Timestamp::now()).unwrap();
        let claims = signer("a secret").read(&token).unwrap();
        assert_eq!((claims.sub.as_str(), claims.rights()), ("supdata", rights));
        assert_eq!(claims.exp - claims.iat, LIFETIME);
        assert_eq!(signer("another secret").read(&token), None);
        assert_eq!(signer("a secret").read(&format!("{token}x")), None);
        assert_eq!(signer("a secret").read(&"a".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn a_token_ends() {
        let over = Timestamp::now() - SignedDuration::from_secs(LIFETIME + 1);
        let token = signer("a secret").token("supdata", &BTreeSet::new(), over).unwrap();
        assert_eq!(signer("a secret").read(&token), None);
    }

    #[test]
    fn no_other_algorithm_is_believed() {
        let signer = signer("a secret");
        let claims = signer
            .read(&signer.token("supdata", &BTreeSet::new(), Timestamp::now()).unwrap())
            .unwrap();
        let other = encode(&Header::new(Algorithm::HS512), &claims, &signer.encoding).unwrap();
        assert_eq!(signer.read(&other), None);
    }
}
