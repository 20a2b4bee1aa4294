//! The register's public keys, and what a signature is: ES256, ECDSA on P-256 with SHA-256.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of a coordinate, and of a half of a signature.
const COORDINATE: usize = 32;
/// Bytes of a signature: `r`, then `s`.
pub const SIGNATURE: usize = 2 * COORDINATE;
/// What stands before the point in the `SubjectPublicKeyInfo` of a P-256 key (RFC 5480): the algorithm,
/// the curve, and a bit string that begins with an uncompressed point.
const SPKI_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// Names a key: the first eight bytes of its thumbprint (RFC 7638), so that it is what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The key id in base64url, as a JWK and a JWT have it.
    #[must_use]
    pub fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// A public key on P-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    x: [u8; COORDINATE],
    y: [u8; COORDINATE],
}

/// Why something is no key, or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "a SubjectPublicKeyInfo of P-256 has 91 bytes and an uncompressed point, and this is none"
    )]
    Spki,
    #[error("a JWK Set is JSON with an array `keys`, and this is none")]
    NotASet,
    #[error("a key of P-256 in a JWK Set has `x` and `y` of 32 bytes each in base64url")]
    Coordinates,
    #[error("the `kid` of a key is not what its coordinates give")]
    KeyId,
    #[error("no key of the JWK Set is one of P-256")]
    Empty,
    #[error(
        "a DER signature of P-256 is a sequence of two integers of 32 bytes at most, and this is none"
    )]
    Der,
}

impl PublicKey {
    /// A key in DER, as KMS gives it.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let point = der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::Spki)?;
        let (x, y) = point.split_at_checked(COORDINATE).ok_or(KeyError::Spki)?;
        let coordinate = |bytes: &[u8]| bytes.try_into().map_err(|_| KeyError::Spki);
        Ok(Self { x: coordinate(x)?, y: coordinate(y)? })
    }

    #[must_use]
    pub fn id(&self) -> KeyId {
        let (x, y) = (URL_SAFE_NO_PAD.encode(self.x), URL_SAFE_NO_PAD.encode(self.y));
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(canonical)[..8]);
        KeyId(id)
    }

    /// Whether a signature of [`SIGNATURE`] bytes is this key's.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let point = [&[0x04], &self.x[..], &self.y[..]].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
    }
}

/// A signature in DER, as KMS gives it, as COSE and JOSE have it: `r` and `s` of 32 bytes each.
pub fn fixed(der: &[u8]) -> Result<[u8; SIGNATURE], KeyError> {
    let body = match der {
        [0x30, length, body @ ..] if usize::from(*length) == body.len() && *length < 0x80 => body,
        _ => return Err(KeyError::Der),
    };
    let (r, rest) = integer(body)?;
    let (s, rest) = integer(rest)?;
    if !rest.is_empty() {
        return Err(KeyError::Der);
    }
    let mut signature = [0; SIGNATURE];
    signature[..COORDINATE].copy_from_slice(&r);
    signature[COORDINATE..].copy_from_slice(&s);
    Ok(signature)
}

/// A positive integer in DER, to its full length, and what follows it.
fn integer(der: &[u8]) -> Result<([u8; COORDINATE], &[u8]), KeyError> {
    let [0x02, length, rest @ ..] = der else { return Err(KeyError::Der) };
    let (digits, rest) = rest.split_at_checked(usize::from(*length)).ok_or(KeyError::Der)?;
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let start = COORDINATE.checked_sub(digits.len()).ok_or(KeyError::Der)?;
    let mut number = [0; COORDINATE];
    number[start..].copy_from_slice(digits);
    Ok((number, rest))
}

/// The keys by which attestations and status lists may be signed: those of today, and those that
/// signed what hasn't expired yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<PublicKey>);

#[derive(Debug, Serialize, Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    kid: String,
    #[serde(rename = "use")]
    used_for: String,
    alg: String,
}

impl KeySet {
    #[must_use]
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// A JWK Set (RFC 7517). Keys of other kinds are passed over, for sets grow.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        let set: JwkSet = serde_json::from_str(json).map_err(|_| KeyError::NotASet)?;
        let ours = set.keys.iter().filter(|jwk| jwk.kty == "EC" && jwk.crv == "P-256");
        let keys = ours.map(key_of).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self(keys)) }
    }

    /// The set as a JWK Set.
    #[must_use]
    pub fn json(&self) -> String {
        let jwk = |key: &PublicKey| Jwk {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            x: URL_SAFE_NO_PAD.encode(key.x),
            y: URL_SAFE_NO_PAD.encode(key.y),
            kid: key.id().text(),
            used_for: "sig".to_owned(),
            alg: "ES256".to_owned(),
        };
        serde_json::to_string(&JwkSet { keys: self.0.iter().map(jwk).collect() })
            .unwrap_or_default()
    }

    /// The key of that id, if it is one of these.
    #[must_use]
    pub fn find(&self, id: &[u8]) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.id().0 == id)
    }
}

fn key_of(jwk: &Jwk) -> Result<PublicKey, KeyError> {
    let coordinate = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Coordinates)
    };
    let key = PublicKey { x: coordinate(&jwk.x)?, y: coordinate(&jwk.y)? };
    if key.id().text() == jwk.kid { Ok(key) } else { Err(KeyError::KeyId) }
}
