//! What an attestation is worth at an instant, to somebody without a network.

use jiff::Timestamp;

use crate::claims::Claims;
use crate::keys::KeySet;
use crate::sign1::{Flaw, Unopened, open};
use crate::status_list::StatusList;

/// The state of an attestation. Whoever shows it still has to be the one that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by us, not over, and not revoked as of then.
    Valid {
        claims: Claims,
        as_of: Timestamp,
    },
    Expired {
        claims: Claims,
    },
    /// It stays so, however old the list is that says it.
    Revoked {
        claims: Claims,
        as_of: Timestamp,
    },
    /// Signed by us and not over; whether it was revoked isn't known: there is no list, or it isn't
    /// that of this attestation, or it is older than [`FRESH`](crate::status_list::FRESH).
    StatusTooOld {
        claims: Claims,
        as_of: Option<Timestamp>,
    },
    /// Signed by no key that we know: keys that are too old, or somebody else's.
    UnknownKey,
    Altered(Flaw),
}

/// The state of an attestation at an instant.
#[must_use]
pub fn verify(text: &str, keys: &KeySet, list: Option<&StatusList>, now: Timestamp) -> Verdict {
    let claims = match open(text, keys) {
        Ok(claims) => claims,
        Err(Unopened::UnknownKey) => return Verdict::UnknownKey,
        Err(Unopened::Flawed(flaw)) => return Verdict::Altered(flaw),
    };
    if now >= claims.expires_at {
        return Verdict::Expired { claims };
    }
    let list = list.filter(|list| list.name == claims.status.list);
    let status = list.and_then(|list| Some((list, list.is_revoked(claims.status.index)?)));
    match status {
        Some((list, true)) => Verdict::Revoked { claims, as_of: list.as_of },
        Some((list, false)) if list.is_fresh(now) => Verdict::Valid { claims, as_of: list.as_of },
        status => Verdict::StatusTooOld { claims, as_of: status.map(|(list, _)| list.as_of) },
    }
}
