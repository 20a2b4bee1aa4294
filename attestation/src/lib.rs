//! A proof of a student's status that is verified off-line: a QR whose text is a CBOR Web Token (RFC
//! 8392) in `COSE_Sign1` (RFC 9052), signed by ES256, in base45 (RFC 9285) behind [`PREFIX`].
//!
//! Whoever verifies one needs two documents that the register publishes, and no network afterwards:
//! its public keys, a JWK Set ([`KeySet`]), and which attestations were revoked, a Token Status List
//! as JWT ([`StatusList`]). [`verify`] says which of six states an attestation is in.
//!
//! ```text
//! verdict       an attestation, by keys, a status list and an instant
//!   ├── sign1        the signed envelope, and its text
//!   ├── claims       what it says of whom
//!   ├── status_list  what was revoked
//!   └── keys         who signs
//! picture       the text as a QR
//! ```
//!
//! Nothing here knows of AWS: the signature itself is made by whoever has the private key.

pub mod claims;
pub mod keys;
pub mod picture;
pub mod sign1;
pub mod status_list;
pub mod verdict;

pub use claims::{Claims, StatusReference};
pub use keys::{KeySet, PublicKey};
pub use sign1::{PREFIX, Unsigned};
pub use status_list::StatusList;
pub use verdict::{Verdict, verify};

#[cfg(test)]
mod tests;
