//! Which attestations were revoked: a Token Status List (IETF draft, one bit each), as JWT. It says so
//! of all of them at once, so that whoever has it asks about nobody.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{KeyId, KeySet, SIGNATURE};

/// Attestations that a list has room for.
pub const SIZE: u32 = 1 << 20;
/// How long a list is believed.
pub const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// No list is believed that has more bytes once it is unpacked.
const LONGEST_LIST: u64 = 1 << 21;
/// The media type of a list, by which its JWT is no other.
const TYPE: &str = "statuslist+jwt";

/// A list that a key of ours has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    /// Its address, by which attestations name it.
    pub name: String,
    /// As of when it is true.
    pub as_of: Timestamp,
    bits: Vec<u8>,
}

/// Why a text is no status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error("a status list is a JWT of type {TYPE}, signed by ES256, and this is none")]
    Jwt,
    #[error("a key signed the status list that is not of the JWK Set")]
    UnknownKey,
    #[error("the signature is not that of this status list")]
    Signature,
    #[error("a status list has one bit for each attestation, packed by zlib, 2 MiB at most")]
    Bits,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    sub: String,
    iat: i64,
    exp: i64,
    ttl: i64,
    status_list: Packed,
}

#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    bits: u8,
    lst: String,
}

/// A list before it is signed.
#[derive(Debug)]
pub struct UnsignedList {
    message: String,
}

impl UnsignedList {
    /// The list of that name, in which these were revoked, for the key of that id to sign.
    #[must_use]
    pub fn new(name: &str, revoked: &BTreeSet<u32>, as_of: Timestamp, key: KeyId) -> Self {
        let header = Header { typ: TYPE.to_owned(), alg: "ES256".to_owned(), kid: key.text() };
        let payload = Payload {
            sub: name.to_owned(),
            iat: as_of.as_second(),
            exp: as_of.as_second() + FRESH.as_secs(),
            ttl: FRESH.as_secs(),
            status_list: Packed { bits: 1, lst: URL_SAFE_NO_PAD.encode(packed(revoked)) },
        };
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let payload = serde_json::to_vec(&payload).unwrap_or_default();
        let (header, payload) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        Self { message: format!("{header}.{payload}") }
    }

    /// The bytes whose signature is asked for.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// The list, signed.
    #[must_use]
    pub fn signed(self, signature: &[u8; SIGNATURE]) -> String {
        format!("{}.{}", self.message, URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The bits, packed: the first attestation's is the lowest of the first byte.
fn packed(revoked: &BTreeSet<u32>) -> Vec<u8> {
    let mut bits = vec![0_u8; SIZE as usize / 8];
    for index in revoked {
        if let Some(byte) = bits.get_mut(*index as usize / 8) {
            *byte |= 1 << (index % 8);
        }
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _: Result<(), _> = encoder.write_all(&bits);
    encoder.finish().unwrap_or_default()
}

impl StatusList {
    /// A list, once a key of these has signed it. How old it is, is for [`verify`](crate::verify) to
    /// say.
    pub fn open(text: &str, keys: &KeySet) -> Result<Self, ListError> {
        let (message, signature) = text.trim().rsplit_once('.').ok_or(ListError::Jwt)?;
        let (header, payload) = message.split_once('.').ok_or(ListError::Jwt)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ListError::Jwt);
        let header: Header =
            serde_json::from_slice(&decoded(header)?).map_err(|_| ListError::Jwt)?;
        if header.typ != TYPE || header.alg != "ES256" {
            return Err(ListError::Jwt);
        }
        let key = keys.find(&decoded(&header.kid)?).ok_or(ListError::UnknownKey)?;
        if !key.has_signed(message.as_bytes(), &decoded(signature)?) {
            return Err(ListError::Signature);
        }
        let payload: Payload =
            serde_json::from_slice(&decoded(payload)?).map_err(|_| ListError::Jwt)?;
        let as_of = Timestamp::from_second(payload.iat).map_err(|_| ListError::Jwt)?;
        Ok(Self { name: payload.sub, as_of, bits: unpacked(&payload.status_list)? })
    }

    /// Whether an attestation was revoked, if the list has a bit for it.
    #[must_use]
    pub fn is_revoked(&self, index: u32) -> Option<bool> {
        let byte = self.bits.get(index as usize / 8)?;
        Some(byte >> (index % 8) & 1 == 1)
    }

    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.as_of) < FRESH
    }
}

fn unpacked(packed: &Packed) -> Result<Vec<u8>, ListError> {
    let bytes = URL_SAFE_NO_PAD.decode(&packed.lst).map_err(|_| ListError::Bits)?;
    let mut bits = Vec::new();
    let mut decoder = ZlibDecoder::new(bytes.as_slice()).take(LONGEST_LIST + 1);
    decoder.read_to_end(&mut bits).map_err(|_| ListError::Bits)?;
    if packed.bits != 1 || bits.len() as u64 > LONGEST_LIST {
        return Err(ListError::Bits);
    }
    Ok(bits)
}
