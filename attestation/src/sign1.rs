//! The signed envelope, and the text that a QR holds.

use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable as _, iana};

use crate::claims::{Claims, ClaimsError};
use crate::keys::{KeyId, KeySet, SIGNATURE};

/// What the text of a QR begins with, in letters that a QR has short forms of: a reader knows at once
/// whose it is, and a next form has another number.
pub const PREFIX: &str = "ETU1:";
/// No text is longer: a QR holds no more letters.
const LONGEST_TEXT: usize = 4_296;

/// An attestation before it is signed.
#[derive(Debug)]
pub struct Unsigned {
    envelope: CoseSign1,
}

impl Unsigned {
    /// Claims for the key of that id to sign.
    #[must_use]
    pub fn new(claims: &Claims, key: KeyId) -> Self {
        let protected =
            HeaderBuilder::new().algorithm(iana::Algorithm::ES256).key_id(key.0.to_vec()).build();
        let envelope =
            CoseSign1Builder::new().protected(protected).payload(claims.encode()).build();
        Self { envelope }
    }

    /// The bytes whose signature is asked for.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.envelope.tbs_data(&[])
    }

    /// The text of the QR.
    pub fn signed(mut self, signature: &[u8; SIGNATURE]) -> Result<String, Flaw> {
        self.envelope.signature = signature.to_vec();
        let bytes = self.envelope.to_tagged_vec().map_err(|_| Flaw::Envelope)?;
        Ok(format!("{PREFIX}{}", base45::encode(&bytes)))
    }
}

/// What is wrong with a text that should be an attestation. No value is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("an attestation begins with {PREFIX}")]
    Prefix,
    #[error("after {PREFIX} base45 is expected, 4296 letters at most")]
    Base45,
    #[error("a COSE_Sign1 with its tag, in one form alone, is expected")]
    Envelope,
    #[error("the algorithm is not ES256")]
    Algorithm,
    #[error("the signature is not that of these claims")]
    Signature,
    #[error(transparent)]
    Claims(#[from] ClaimsError),
}

/// Why an attestation isn't opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    Flawed(Flaw),
    UnknownKey,
}

impl From<Flaw> for Unopened {
    fn from(flaw: Flaw) -> Self {
        Self::Flawed(flaw)
    }
}

/// The claims of a text, once a key of ours has signed them.
pub(crate) fn open(text: &str, keys: &KeySet) -> Result<Claims, Unopened> {
    let text = text.trim().strip_prefix(PREFIX).ok_or(Flaw::Prefix)?;
    if text.len() > LONGEST_TEXT {
        return Err(Flaw::Base45.into());
    }
    let bytes = base45::decode(text).map_err(|_| Flaw::Base45)?;
    let envelope = CoseSign1::from_tagged_slice(&bytes).map_err(|_| Flaw::Envelope)?;
    // What isn't signed has one form alone, or an attestation could be changed and still be one.
    let again = envelope.clone().to_tagged_vec().map_err(|_| Flaw::Envelope)?;
    if !envelope.unprotected.is_empty() || again != bytes || base45::encode(&bytes) != text {
        return Err(Flaw::Envelope.into());
    }
    let header = &envelope.protected.header;
    if header.alg != Some(coset::Algorithm::Assigned(iana::Algorithm::ES256)) {
        return Err(Flaw::Algorithm.into());
    }
    let key = keys.find(&header.key_id).ok_or(Unopened::UnknownKey)?;
    if !key.has_signed(&envelope.tbs_data(&[]), &envelope.signature) {
        return Err(Flaw::Signature.into());
    }
    let payload = envelope.payload.as_deref().ok_or(Flaw::Envelope)?;
    Ok(Claims::decode(payload).map_err(Flaw::Claims)?)
}
