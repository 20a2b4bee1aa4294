//! Clients: the administrations and companies that ask, the establishments that send.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::KeyDigest;
use super::officer::Officer;
use super::route::Route;
use super::scope::Scopes;
use crate::domain::siret::Siret;
use crate::domain::uai::Uai;
use crate::identity::engine::lookup::Mode;

/// Whether a client, or one of its keys, may be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may.
    Active,
    /// It may no longer.
    Revoked,
}

/// For whom a client may ask: the administrations that receive the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipients {
    /// Any, for a client that relays many others' requests (a software vendor, API Particulier).
    Any,
    /// Only these.
    Only(BTreeSet<Siret>),
}

/// How much a client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// People asked about a second, all callers together.
    pub per_second: NonZeroU32,
    /// For a client that relays others: the same for each `X-Caller`. `None` for one that asks for
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_caller: Option<NonZeroU32>,
    /// People nobody knows that it may ask about in an hour before it looks like trying numbers
    /// out.
    pub unknown_per_hour: NonZeroU32,
}

impl Quota {
    /// API Particulier's own quota, 20 a second (domain.md §4.2).
    pub const PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();
    /// One wrong number in forty at full speed: what typing mistakes make, not what guessing does.
    pub const UNKNOWN_PER_HOUR: NonZeroU32 = NonZeroU32::new(1_800).unwrap();
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            per_second: Self::PER_SECOND,
            per_caller: None,
            unknown_per_hour: Self::UNKNOWN_PER_HOUR,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its stable id: the `sub` of its tokens, and its name in logs and traces. Not a person's.
    pub client_id: String,
    /// Its name, for people.
    pub name: String,
    /// What it may ask.
    pub routes: BTreeSet<Route>,
    /// What it may be told, where scopes govern (v3, FranceConnect, batch).
    pub scopes: Scopes,
    /// For whom.
    pub recipients: Recipients,
    /// The establishment that it sends as, where it may send: it sends for those that this one
    /// sends for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depositor: Option<Uai>,
    /// The person who acts through it: required of a client that reviews. Of one that sends, it
    /// keeps that person from reviewing what they sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Officer>,
    /// How certain an answer by civil identity must be.
    #[serde(default, skip_serializing_if = "Mode::is_standard")]
    pub look_up: Mode,
    /// How much.
    pub quota: Quota,
    /// Whether it may ask at all.
    pub state: State,
    /// Until when, if not for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl Client {
    /// An active client that may nothing yet.
    #[must_use]
    pub fn new(client_id: &str, name: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            routes: BTreeSet::new(),
            scopes: Scopes::NONE,
            recipients: Recipients::Only(BTreeSet::new()),
            depositor: None,
            officer: None,
            look_up: Mode::Standard,
            quota: Quota::default(),
            state: State::Active,
            valid_until: None,
        }
    }

    /// Whether it may be used at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        usable(self.state, self.valid_until, now)
    }

    /// Whether it may ask by a route. One that was stored with routes that exclude each other may
    /// use none of those, whoever stored it.
    #[must_use]
    pub fn may(&self, route: Route) -> bool {
        self.routes.contains(&route) && !self.routes.iter().any(|other| route.excludes(*other))
    }

    /// Two of its routes that exclude each other, if there are two.
    #[must_use]
    pub fn contradiction(&self) -> Option<(Route, Route)> {
        let excluded = |route: &Route| {
            self.routes.iter().find(|other| route.excludes(**other)).map(|other| (*route, *other))
        };
        self.routes.iter().find_map(excluded)
    }

    /// Whether it may ask for a recipient.
    #[must_use]
    pub fn serves(&self, recipient: &Siret) -> bool {
        match &self.recipients {
            Recipients::Any => true,
            Recipients::Only(recipients) => recipients.contains(recipient),
        }
    }
}

/// A key of a client. The contract gives a different one to each route (domain.md §0), and a
/// rotation has the old and the new one live together for a while, so a client has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What is left of it here.
    pub digest: KeyDigest,
    /// Whose it is.
    pub client_id: String,
    /// What it opens, of what its client may.
    pub routes: BTreeSet<Route>,
    /// Whether it opens anything.
    pub state: State,
    /// Until when, if not for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The member of the portal who made it, by their digest; none for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// The member who gave it its end or revoked it last; none for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
}

impl Key {
    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        usable(self.state, self.valid_until, now)
    }
}

fn usable(state: State, valid_until: Option<Timestamp>, now: Timestamp) -> bool {
    state == State::Active && valid_until.is_none_or(|end| now < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_client_is_active_until_it_is_revoked_or_over() {
        let mut client = Client::new("dinum", "DINUM");
        assert!(client.is_active(at(100)));
        client.valid_until = Some(at(100));
        assert!(client.is_active(at(99)) && !client.is_active(at(100)));
        client = Client { state: State::Revoked, valid_until: None, ..client };
        assert!(!client.is_active(at(0)));
    }

    #[test]
    fn a_new_client_may_nothing() {
        let client = Client::new("dinum", "DINUM");
        let anyone = Siret::parse("13002526500013").unwrap();
        assert!(!client.serves(&anyone) && client.scopes.is_empty());
        assert!(Route::ALL.into_iter().all(|route| !client.may(route)));
        assert!(Client { recipients: Recipients::Any, ..client.clone() }.serves(&anyone));
        assert!(Client { recipients: Recipients::Only([anyone].into()), ..client }.serves(&anyone));
    }

    #[test]
    fn routes_that_exclude_each_other_open_nothing() {
        let routes = [Route::Review, Route::Deposit, Route::StatusByIne].into();
        let client = Client { routes, ..Client::new("both", "Both") };
        assert_eq!(client.contradiction(), Some((Route::Deposit, Route::Review)));
        assert!(
            !client.may(Route::Review)
                && !client.may(Route::Deposit)
                && client.may(Route::StatusByIne)
        );
        let client = Client { routes: [Route::Review].into(), ..client };
        assert!(client.contradiction().is_none() && client.may(Route::Review));
    }

    #[test]
    fn a_record_reads_back() {
        let client = Client { valid_until: Some(at(100)), ..Client::new("dinum", "DINUM") };
        let stored = serde_json::to_string(&client).unwrap();
        assert_eq!(serde_json::from_str::<Client>(&stored).unwrap(), client);
        assert!(
            !stored.contains("depositor") && !stored.contains("look_up"),
            "clients of before read back too"
        );
        let strict = Client { look_up: Mode::Strict, ..client.clone() };
        let stored = serde_json::to_string(&strict).unwrap();
        assert_eq!(serde_json::from_str::<Client>(&stored).unwrap(), strict);
        assert!(stored.contains(r#""look_up":"strict""#));
        let writer = Client { depositor: Uai::parse("0751967F").ok(), ..client };
        let stored = serde_json::to_string(&writer).unwrap();
        assert_eq!(serde_json::from_str::<Client>(&stored).unwrap(), writer);
    }
}
