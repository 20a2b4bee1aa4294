//! Requests for an INE.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contract::ines::{DecisionKind, RequestState};
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::ine::Ine;
use crate::identity::digest::{DigestKey, IneDigest, is_digest};

/// The opaque id of a request: it follows from the client and from the client's own reference, so
/// that the same request is found again, whoever lost the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// The id of a client's request. The reference isn't ours, and may be anything: it is not kept.
    #[must_use]
    pub fn of(key: &DigestKey, client_id: &str, reference: &str) -> Self {
        Self(key.of(&["demande", client_id, reference]))
    }

    /// The id as it was given out. Only its form is checked.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_digest(text).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request for an INE, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    /// The client that asks.
    pub client_id: String,
    /// For whom.
    pub identite: CivilIdentity,
    pub etat: RequestState,
    /// The INE, once it is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<Ine>,
    /// Whether the INE is a new one.
    #[serde(default)]
    pub attribue: bool,
    /// The people whom it resembles, by the digests of their INEs, while a person has to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ressemblances: Vec<IneDigest>,
    /// When it was made.
    pub depuis: Timestamp,
    /// The decision of INES's staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decided>,
    /// The number of writes; 0 when it was never written.
    pub version: u64,
}

/// The decision of INES's staff about a request, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub decision: DecisionKind,
    /// The digest of the INE that was named, for [`DecisionKind::Meme`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ine: Option<IneDigest>,
    /// The client that the person who decided works with.
    pub par: String,
    /// When.
    pub le: Timestamp,
}

impl Request {
    /// A request that nothing is decided of yet.
    #[must_use]
    pub fn new(id: RequestId, client_id: &str, identite: CivilIdentity, now: Timestamp) -> Self {
        Self {
            id,
            client_id: client_id.to_owned(),
            identite,
            etat: RequestState::Pending,
            ine: None,
            attribue: false,
            ressemblances: Vec::new(),
            depuis: now,
            decision: None,
            version: 0,
        }
    }

    /// The same, granted: whom it resembled is no longer needed.
    #[must_use]
    pub fn granted(self, ine: Ine, attribue: bool) -> Self {
        Self {
            etat: RequestState::Granted,
            ine: Some(ine),
            attribue,
            ressemblances: Vec::new(),
            ..self
        }
    }

    /// The same, refused.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { etat: RequestState::Refused, ressemblances: Vec::new(), ..self }
    }

    /// The same, waiting for a person, who is shown whom it resembles.
    #[must_use]
    pub fn waiting(self, ressemblances: Vec<IneDigest>) -> Self {
        Self { ressemblances, ..self }
    }
}
