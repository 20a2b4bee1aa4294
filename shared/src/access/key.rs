//! API keys: how one is recognised without being stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 digest of a key or of a token's id.
///
/// A bare digest is enough: unlike a password, a key is 244 random bits, which no dictionary holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// The first half, as 32 hexadecimal digits: under which the second half is found.
    #[must_use]
    pub fn locator(&self) -> String {
        hex::encode(&self.0[..16])
    }

    /// What the contracts call the number of a token: the first 32 bits of the locator, in decimal
    /// digits. Of 244 random bits they tell nothing, and support finds a client's key by them.
    #[must_use]
    pub fn number(&self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Whether both are of one key, in a time that doesn't depend on where they differ.
    ///
    /// The locator found the item; the rest of the digest decides, so that neither a store's index
    /// nor a timing ever compares a key's own bytes.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(&text, &mut digest).map_err(serde::de::Error::custom)?;
        Ok(Self(digest))
    }
}

/// A new key, 64 hexadecimal digits of which the system's generator chose 244 bits. Shown once,
/// never stored.
#[must_use]
pub fn new_key() -> String {
    [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|random| random.simple().to_string()).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_and_tells_nothing_when_printed() {
        let digest = KeyDigest::of("a secret key");
        let stored = serde_json::to_string(&digest).unwrap();
        assert!(digest.matches(&serde_json::from_str(&stored).unwrap()));
        assert!(!digest.matches(&KeyDigest::of("another")));
        assert!(stored.starts_with(&format!("\"{}", digest.locator())));
        assert!(!format!("{digest:?} {stored}").contains("secret"));
    }

    #[test]
    fn new_keys_differ() {
        let key = new_key();
        assert_eq!(key.len(), 64);
        assert_ne!(key, new_key());
    }
}
