//! The keys of a client: made, and renewed with an overlap.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::client::{Client, Key, State};
use super::key::KeyDigest;
use super::route::Route;

/// A key that takes the place of others.
#[derive(Debug, PartialEq, Eq)]
pub struct Rotation {
    /// It opens what they do.
    pub new: Key,
    /// They, with the end that they get.
    pub ending: Vec<Key>,
}

/// Why there is no new key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The client may not use the route, or not by a key.
    #[error("a key of {client} can't open {}: it is not among the client's routes by key", route.name())]
    NotOfClient { client: String, route: Route },
    /// A key would open nothing.
    #[error("{client} has no route that a key opens ({})", names(&by_key(&Route::ALL.into())))]
    NoRouteByKey { client: String },
    /// There is nothing to renew.
    #[error("{client} has no such active key")]
    NoActiveKey { client: String },
    /// One new key for several would open more than any of them: a route's key may be held by
    /// others.
    #[error("the keys of {client} open different routes, {} and {}", names(one), names(other))]
    DifferentRoutes { client: String, one: BTreeSet<Route>, other: BTreeSet<Route> },
    /// The old keys would end at an instant that has no name.
    #[error("the overlap ends too far in the future")]
    OverlapTooLong,
}

/// The routes that are opened by a key; the others are by a token.
#[must_use]
pub fn by_key(routes: &BTreeSet<Route>) -> BTreeSet<Route> {
    routes.iter().copied().filter(|route| route.is_opened_by_key()).collect()
}

/// Routes by their names, between commas.
#[must_use]
pub fn names(routes: &BTreeSet<Route>) -> String {
    routes.iter().map(|route| route.name()).collect::<Vec<_>>().join(",")
}

/// What is left of a new key: it opens `routes`, or else every route of its client that a key
/// opens.
///
/// # Errors
///
/// [`KeyError`] when it would open nothing, or what its client may not use by a key.
pub fn new(
    client: &Client,
    key: &str,
    routes: Option<&BTreeSet<Route>>,
    now: Timestamp,
) -> Result<Key, KeyError> {
    let may = by_key(&client.routes);
    let routes = routes.unwrap_or(&may);
    let named = || client.client_id.clone();
    if let Some(other) = routes.iter().find(|route| !may.contains(route)) {
        return Err(KeyError::NotOfClient { client: named(), route: *other });
    }
    if routes.is_empty() {
        return Err(KeyError::NoRouteByKey { client: named() });
    }
    Ok(Key {
        digest: KeyDigest::of(key),
        client_id: named(),
        routes: routes.clone(),
        state: State::Active,
        valid_until: None,
        created_at: now,
        made_by: None,
        ended_by: None,
    })
}

/// Puts a new key in the place of the active ones among `keys`, or of those that open exactly
/// `routes`.
///
/// # Errors
///
/// [`KeyError`] when there is nothing to renew, or more than one key can stand for.
pub fn rotate(
    client: &Client,
    keys: &[Key],
    routes: Option<&BTreeSet<Route>>,
    key: &str,
    overlap: SignedDuration,
    now: Timestamp,
) -> Result<Rotation, KeyError> {
    let active = keys
        .iter()
        .filter(|key| key.is_active(now) && routes.is_none_or(|routes| key.routes == *routes));
    let active: Vec<&Key> = active.collect();
    let named = || client.client_id.clone();
    let first = active.first().ok_or_else(|| KeyError::NoActiveKey { client: named() })?;
    if let Some(other) = active.iter().find(|key| key.routes != first.routes) {
        let (one, other) = (first.routes.clone(), other.routes.clone());
        return Err(KeyError::DifferentRoutes { client: named(), one, other });
    }
    let end = now.saturating_add(overlap).map_err(|_| KeyError::OverlapTooLong)?;
    let ending = active.iter().map(|key| Key {
        // An earlier rotation may have set an earlier end: that one stands.
        valid_until: Some(key.valid_until.map_or(end, |own| own.min(end))),
        ..(*key).clone()
    });
    // What the client may no longer ask isn't opened again.
    let routes: BTreeSet<Route> = first.routes.intersection(&client.routes).copied().collect();
    Ok(Rotation { new: new(client, key, Some(&routes), now)?, ending: ending.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn client() -> Client {
        let routes = [Route::StatusByIne, Route::StatusByIdentity, Route::Batch].into();
        Client { routes, ..Client::new("dinum", "DINUM") }
    }

    #[test]
    fn a_key_opens_routes_by_key_only() {
        let both = new(&client(), "k", None, now()).unwrap();
        assert_eq!(both.routes, [Route::StatusByIne, Route::StatusByIdentity].into());
        assert_eq!(
            new(&client(), "k", Some(&[Route::StatusByIne].into()), now()).unwrap().routes.len(),
            1
        );
        assert!(new(&client(), "k", Some(&[Route::Batch].into()), now()).is_err());
        assert!(new(&Client::new("other", "Other"), "k", None, now()).is_err());
    }

    #[test]
    fn the_old_keys_end_after_the_overlap_and_none_lives_longer() {
        let old = new(&client(), "old", None, now()).unwrap();
        let soon = now() + SignedDuration::from_hours(1);
        let older = Key { digest: KeyDigest::of("older"), valid_until: Some(soon), ..old.clone() };
        let over = Key { digest: KeyDigest::of("over"), valid_until: Some(now()), ..old.clone() };
        let Rotation { new, ending } =
            rotate(&client(), &[old.clone(), older, over], None, "new", WEEK, now()).unwrap();
        assert_eq!((new.routes, new.valid_until), (old.routes.clone(), None));
        assert_eq!(
            ending.iter().map(|key| key.valid_until).collect::<Vec<_>>(),
            [Some(now() + WEEK), Some(soon)]
        );
        let at_once = rotate(&client(), &[old], None, "new", SignedDuration::ZERO, now()).unwrap();
        assert!(!at_once.ending[0].is_active(now()));
        assert!(rotate(&client(), &[], None, "new", WEEK, now()).is_err());
    }

    #[test]
    fn keys_for_different_routes_are_renewed_apart() {
        let of = |key: &str, route| new(&client(), key, Some(&[route].into()), now()).unwrap();
        let keys = [of("a", Route::StatusByIne), of("b", Route::StatusByIdentity)];
        let error = rotate(&client(), &keys, None, "new", WEEK, now()).unwrap_err();
        assert!(matches!(error, KeyError::DifferentRoutes { .. }), "{error}");
        let one = rotate(&client(), &keys, Some(&keys[1].routes), "new", WEEK, now()).unwrap();
        assert_eq!((one.new.routes, one.ending.len()), (keys[1].routes.clone(), 1));
    }

    #[test]
    fn what_was_taken_from_the_client_is_not_opened_again() {
        let key = new(&client(), "a", None, now()).unwrap();
        let fewer = Client { routes: [Route::StatusByIne].into(), ..client() };
        let rotation =
            rotate(&fewer, std::slice::from_ref(&key), None, "new", WEEK, now()).unwrap();
        assert_eq!(rotation.new.routes, fewer.routes);
        assert!(rotate(&Client::new("dinum", "DINUM"), &[key], None, "new", WEEK, now()).is_err());
    }
}
