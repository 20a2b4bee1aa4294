//! The error envelope that the read and the write contract share (domain.md §1.3, §2).

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The correlation id of one answer: 13 hexadecimal digits of the time in seconds and microseconds
/// and `_0000`, as PHP's `uniqid()` makes them, because that is what callers have in their logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Uid(String);

impl Uid {
    /// The uid of an answer made at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let microseconds = now.subsec_nanosecond() / 1_000;
        Self(format!("{:08x}{microseconds:05x}_0000", now.as_second()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody<'a> {
    /// What went wrong, in the contract's words.
    #[schema(example = "inscription introuvable")]
    pub message: &'a str,
    /// The correlation id.
    #[schema(value_type = String, pattern = "^[0-9a-f]{13}_0000$", example = "62ee80b93834a_0000")]
    pub uid: &'a Uid,
    /// Where it went wrong.
    pub details: Details<'a>,
}

/// Where it went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct Details<'a> {
    /// The HTTP method.
    #[schema(example = "GET")]
    pub method: &'a str,
    /// The last part of the path, `etudiant` or `inscription`.
    #[schema(example = "etudiant")]
    pub endpoint: &'a str,
    /// What the contract puts here: the caller's own INE, a sentence, or nothing.
    pub parameter: Cow<'a, str>,
}

/// The contract's words, mistakes included.
pub mod message {
    /// 404 by INE.
    pub const ENROLMENT_NOT_FOUND: &str = "inscription introuvable";
    /// 404 by civil identity.
    pub const STUDENT_NOT_FOUND: &str = "étudiant introuvable";
    /// 400.
    pub const INVALID_PARAMETER: &str = "la valeur du paramètre n'est pas valide";
    /// `details.parameter` of a 400 by INE (sic).
    pub const INVALID_INE: &str = "le format de l'INE n'est valide";
    /// 401.
    pub const UNAUTHENTICATED: &str = "échec d'authentification";
    /// 500.
    pub const INTERNAL: &str = "erreur serveur interne";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_looks_like_the_published_one() {
        // 62ee80b93834a_0000 (domain.md §1.3) was made on 6 August 2022.
        let now = Timestamp::new(0x62ee_80b9, 0x3834a * 1_000).unwrap();
        assert_eq!(Uid::at(now).as_str(), "62ee80b93834a_0000");
    }
}
