//! What is kept encrypted under a key that only somebody else can make again: whoever sent a request,
//! has a cookie, or was given a code. The table and our secret together tell nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretBox};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::identity::digest::DigestKey;

/// Bytes of a nonce of AES-GCM.
const NONCE: usize = 12;

/// A key that is made anew each time, of our secret and of what only the other side has.
pub struct Seal(Option<SecretBox<[u8; 32]>>);

impl Seal {
    /// The key of these parts. The first says what it is for.
    #[must_use]
    pub fn of<P: AsRef<[u8]>>(key: &DigestKey, parts: &[P]) -> Self {
        Self(key.bytes(parts).map(|seal| SecretBox::new(Box::new(seal))))
    }

    /// Encrypts: a nonce of 12 bytes, then the text as AES-256-GCM has it, bound to `about`. `None`
    /// only if the system has no random numbers.
    #[must_use]
    pub fn close(&self, about: &str, mut text: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = self.cipher()?.seal_in_place_append_tag(Aad::from(about), &mut text).ok()?;
        Some([&nonce.as_ref()[..], &text].concat())
    }

    /// The text again; `None` if it wasn't encrypted with this key, or is about something else.
    #[must_use]
    pub fn open(&self, about: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let text = self.cipher()?.open_in_place(nonce, Aad::from(about), &mut text).ok()?;
        Some(text.to_vec())
    }

    /// A value, encrypted and in base64.
    #[must_use]
    pub fn close_value(&self, about: &str, value: &impl Serialize) -> Option<String> {
        let sealed = self.close(about, serde_json::to_vec(value).ok()?)?;
        Some(BASE64_STANDARD_NO_PAD.encode(sealed))
    }

    /// The value again.
    #[must_use]
    pub fn open_value<T: DeserializeOwned>(&self, about: &str, sealed: &str) -> Option<T> {
        let sealed = BASE64_STANDARD_NO_PAD.decode(sealed).ok()?;
        serde_json::from_slice(&self.open(about, &sealed)?).ok()
    }

    fn cipher(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.as_ref()?.expose_secret()).ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn only_whoever_brings_the_same_reads_it() {
        let key = DigestKey::new("1".into(), SecretString::from("0".repeat(64)));
        let seal = |part: &str| Seal::of(&key, &["essai", part]);
        let sealed = seal("a").close_value("b", &"Camille").unwrap();
        assert!(!sealed.contains("Camille"));
        assert_ne!(seal("a").close_value("b", &"Camille").unwrap(), sealed, "a nonce of its own");
        assert_eq!(seal("a").open_value::<String>("b", &sealed).as_deref(), Some("Camille"));
        assert_eq!(seal("A").open_value::<String>("b", &sealed), None);
        assert_eq!(seal("a").open_value::<String>("B", &sealed), None);
        assert_eq!(seal("a").open_value::<String>("b", &sealed[..12]), None);
        assert_eq!(seal("a").open_value::<String>("b", "é"), None);
    }
}
