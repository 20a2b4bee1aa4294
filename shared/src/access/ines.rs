//! The clients of our own identity service, with what each may ask of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::client::State;
use super::key::KeyDigest;

/// What a client of the identity service may ask: a scope of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Whether an INE and a birth date go together.
    Verification,
    /// Which INE a person has.
    Recherche,
    /// An INE for a person, and what became of its requests.
    Immatriculation,
    /// All that waits for a decision, and to decide: the service's own staff.
    Gestion,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Verification, Self::Recherche, Self::Immatriculation, Self::Gestion];

    /// Its name, as tokens spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Recherche => "recherche",
            Self::Immatriculation => "immatriculation",
            Self::Gestion => "gestion",
        }
    }

    /// The right of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }
}

/// A client of the identity service: it shows an id and a secret, and gets a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityClient {
    /// Its stable id: the `sub` of its tokens, and its name in logs and traces. Not a person's.
    pub client_id: String,
    /// What is left of its secret here.
    pub secret: KeyDigest,
    /// What it may ask.
    pub scopes: BTreeSet<Right>,
    /// Whether it may ask at all.
    pub state: State,
    /// When its secret was made.
    pub created_at: Timestamp,
}

impl IdentityClient {
    /// Whether it is this client that shows `secret`, and may ask.
    #[must_use]
    pub fn is_shown(&self, secret: &str) -> bool {
        // Both are looked at, so that a revoked client takes as long to refuse as a wrong secret.
        let matches = self.secret.matches(&KeyDigest::of(secret));
        matches && self.state == State::Active
    }

    /// Of these rights, those that it has now.
    #[must_use]
    pub fn and(&self, asked: &BTreeSet<Right>) -> BTreeSet<Right> {
        match self.state {
            State::Active => self.scopes.intersection(asked).copied().collect(),
            State::Revoked => BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_has_one_name() {
        for right in Right::ALL {
            assert_eq!(Right::named(right.name()), Some(right));
            assert_eq!(serde_json::to_value(right).unwrap(), right.name());
        }
        assert_eq!(Right::named("admin"), None);
    }

    #[test]
    fn a_client_that_is_revoked_may_nothing() {
        let client = IdentityClient {
            client_id: "supdata".into(),
            secret: KeyDigest::of("s"),
            scopes: [Right::Verification, Right::Recherche].into(),
            state: State::Active,
            created_at: Timestamp::UNIX_EPOCH,
        };
        assert!(client.is_shown("s") && !client.is_shown("t"));
        let asked = [Right::Recherche, Right::Gestion].into();
        assert_eq!(client.and(&asked), [Right::Recherche].into());
        let revoked = IdentityClient { state: State::Revoked, ..client };
        assert!(!revoked.is_shown("s") && revoked.and(&asked).is_empty());
    }
}
