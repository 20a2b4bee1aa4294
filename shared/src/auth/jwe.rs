//! Decryption of what FranceConnect v2 sends: compact JWE with `RSA-OAEP-256` or `ECDH-ES` and
//! `A256GCM` (RFC 7516, RFC 7518 §4.3, §4.6, §5.3; domain.md §6.2).
//!
//! No JOSE crate has both without OpenSSL, so the container is read here; all cryptography is
//! aws-lc's.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::kdf::{
    SskdfDigestAlgorithm, SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest,
};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Deserialize;
use serde_json::{Value, json};

/// No answer is longer.
pub const LONGEST: usize = super::http::LARGEST_ANSWER;
const KEY_BYTES: usize = 32;
const KEY_BITS: u32 = 256;
const TAG_BYTES: usize = 16;

/// Why a text is not decrypted. One error for all that may go wrong inside: which step failed must
/// not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not five parts of base64url, or a header that isn't JSON.
    #[error("not a compact JWE")]
    Malformed,
    /// An algorithm that we don't accept, or none of our keys.
    #[error("encrypted in a way, or for a key, that is not ours")]
    NotForUs,
    /// The key doesn't open it, or it was changed.
    #[error("it can't be decrypted")]
    Decryption,
}

/// A key of the secret, as it is stored:
/// `{"kid":"…","alg":"RSA-OAEP-256"|"ECDH-ES","pem":"-----BEGIN PRIVATE KEY…"}`.
#[derive(Deserialize)]
pub struct StoredKey {
    kid: String,
    alg: String,
    pem: String,
}

/// A stored key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key {kid} is not a PKCS#8 PEM of its algorithm, RSA-OAEP-256 or ECDH-ES (P-256)")]
pub struct StoredKeyError {
    kid: String,
}

/// Our private keys, and what is published of them.
#[derive(Debug)]
pub struct DecryptionKeys(Vec<DecryptionKey>);

#[derive(Debug)]
struct DecryptionKey {
    kid: String,
    public: Value,
    private: Private,
}

#[derive(Debug)]
enum Private {
    Rsa(Box<OaepPrivateDecryptingKey>),
    Ec(PrivateKey),
}

impl Private {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA-OAEP-256",
            Self::Ec(_) => "ECDH-ES",
        }
    }

    /// The key of the content.
    fn content_key(&self, compact: &Compact<'_>) -> Result<[u8; KEY_BYTES], JweError> {
        match self {
            Self::Rsa(private) => unwrap(private, &compact.encrypted_key),
            Self::Ec(private) => derive(private, compact),
        }
    }
}

impl DecryptionKeys {
    /// Reads the keys of the secret.
    pub fn new(stored: Vec<StoredKey>) -> Result<Self, StoredKeyError> {
        let read = |stored: StoredKey| {
            DecryptionKey::read(&stored).ok_or(StoredKeyError { kid: stored.kid })
        };
        stored.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The public halves, as a JWK set with `use: "enc"`.
    #[must_use]
    pub fn public(&self) -> Value {
        json!({ "keys": self.0.iter().map(|key| &key.public).collect::<Vec<_>>() })
    }

    /// The content of a compact JWE.
    pub fn decrypt(&self, text: &str) -> Result<Vec<u8>, JweError> {
        let compact = Compact::parse(text)?;
        if compact.header.enc != "A256GCM" {
            return Err(JweError::NotForUs);
        }
        // Without a key id every key of the algorithm is tried: while one replaces another there
        // are two.
        let candidates = self.0.iter().filter(|key| {
            key.private.algorithm() == compact.header.alg
                && compact.header.kid.as_ref().is_none_or(|kid| *kid == key.kid)
        });
        let mut failure = JweError::NotForUs;
        for key in candidates {
            match key
                .private
                .content_key(&compact)
                .and_then(|content_key| compact.open(&content_key))
            {
                Ok(content) => return Ok(content),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl DecryptionKey {
    fn read(stored: &StoredKey) -> Option<Self> {
        let der = pem::parse(&stored.pem).ok()?.into_contents();
        let (private, signing, family) = match stored.alg.as_str() {
            "RSA-OAEP-256" => {
                let key = PrivateDecryptingKey::from_pkcs8(&der).ok()?;
                let private = Private::Rsa(Box::new(OaepPrivateDecryptingKey::new(key).ok()?));
                (private, EncodingKey::from_rsa_pem(stored.pem.as_bytes()).ok()?, Algorithm::RS256)
            }
            "ECDH-ES" => {
                let private = Private::Ec(PrivateKey::from_private_key_der(&ECDH_P256, &der).ok()?);
                (private, EncodingKey::from_ec_pem(stored.pem.as_bytes()).ok()?, Algorithm::ES256)
            }
            _ => return None,
        };
        // jsonwebtoken knows keys for signing only: its coordinates, our use.
        let mut public =
            serde_json::to_value(Jwk::from_encoding_key(&signing, family).ok()?.algorithm).ok()?;
        public["use"] = "enc".into();
        public["alg"] = private.algorithm().into();
        public["kid"] = stored.kid.as_str().into();
        Some(Self { kid: stored.kid.clone(), public, private })
    }
}

/// The five parts, decoded.
struct Compact<'a> {
    /// As it came: what the tag covers.
    protected: &'a str,
    header: JoseHeader,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
    enc: String,
    kid: Option<String>,
    epk: Option<EphemeralKey>,
    #[serde(default)]
    apu: String,
    #[serde(default)]
    apv: String,
    /// Compression, which we don't offer: a few bytes could grow without limit.
    zip: Option<String>,
    /// Extensions that must be understood: we understand none.
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct EphemeralKey {
    crv: String,
    x: String,
    y: String,
}

impl<'a> Compact<'a> {
    fn parse(text: &'a str) -> Result<Self, JweError> {
        if text.len() > LONGEST {
            return Err(JweError::Malformed);
        }
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [protected, encrypted_key, iv, ciphertext, tag] = parts[..] else {
            return Err(JweError::Malformed);
        };
        let header: JoseHeader =
            serde_json::from_slice(&decode(protected)?).map_err(|_| JweError::Malformed)?;
        if header.zip.is_some() || header.crit.is_some() {
            return Err(JweError::NotForUs);
        }
        Ok(Self {
            protected,
            header,
            encrypted_key: decode(encrypted_key)?,
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        })
    }

    fn open(&self, content_key: &[u8; KEY_BYTES]) -> Result<Vec<u8>, JweError> {
        if self.tag.len() != TAG_BYTES {
            return Err(JweError::Decryption);
        }
        let key = UnboundKey::new(&AES_256_GCM, content_key).map_err(|_| JweError::Decryption)?;
        let nonce = Nonce::try_assume_unique_for_key(&self.iv).map_err(|_| JweError::Decryption)?;
        let mut sealed = self.ciphertext.clone();
        sealed.extend_from_slice(&self.tag);
        let length = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::from(self.protected.as_bytes()), &mut sealed)
            .map_err(|_| JweError::Decryption)?
            .len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Malformed)
}

/// The content key that was encrypted for our RSA key.
fn unwrap(
    private: &OaepPrivateDecryptingKey,
    encrypted: &[u8],
) -> Result<[u8; KEY_BYTES], JweError> {
    let mut output = vec![0; private.min_output_size()];
    let content_key = private
        .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut output, None)
        .map_err(|_| JweError::Decryption)?;
    (&*content_key).try_into().map_err(|_| JweError::Decryption)
}

/// The content key that follows from our EC key and the sender's ephemeral one: direct key
/// agreement, with the Concat KDF of RFC 7518 §4.6.2, which is NIST's single-step KDF.
fn derive(private: &PrivateKey, compact: &Compact<'_>) -> Result<[u8; KEY_BYTES], JweError> {
    let header = &compact.header;
    let ephemeral =
        header.epk.as_ref().filter(|key| key.crv == "P-256").ok_or(JweError::NotForUs)?;
    if !compact.encrypted_key.is_empty() {
        return Err(JweError::Malformed);
    }
    let mut point = vec![4]; // uncompressed
    for coordinate in [&ephemeral.x, &ephemeral.y] {
        point.extend(decode(coordinate)?);
    }
    let mut info = Vec::new();
    for part in [header.enc.as_bytes(), &decode(&header.apu)?, &decode(&header.apv)?] {
        info.extend(u32::try_from(part.len()).map_err(|_| JweError::Malformed)?.to_be_bytes());
        info.extend(part);
    }
    info.extend(KEY_BITS.to_be_bytes());
    let sha256 = sha256_kdf().ok_or(JweError::Decryption)?;
    agree(private, UnparsedPublicKey::new(&ECDH_P256, point), JweError::Decryption, |secret| {
        let mut content_key = [0; KEY_BYTES];
        sskdf_digest(sha256, secret, &info, &mut content_key).map_err(|_| JweError::Decryption)?;
        Ok(content_key)
    })
}

fn sha256_kdf() -> Option<&'static SskdfDigestAlgorithm> {
    get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256)
}

#[cfg(test)]
pub(super) mod tests;
