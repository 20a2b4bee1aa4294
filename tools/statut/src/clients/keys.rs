//! The keys of a client.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;

use super::terms::by_key;

/// A key that takes the place of others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    /// It opens what they do.
    pub(crate) new: Key,
    /// They, with the end that they get.
    pub(crate) ending: Vec<Key>,
}

/// What is left of a new key: it opens `routes`, or else every route of its client that a key
/// opens.
pub(crate) fn new(
    client: &Client,
    key: &str,
    routes: Option<&BTreeSet<Route>>,
    now: Timestamp,
) -> Result<Key> {
    let may = by_key(&client.routes);
    let routes = routes.unwrap_or(&may);
    if let Some(other) = routes.iter().find(|route| !may.contains(route)) {
        bail!(
            "a key of {} can't open {}: it is not among the client's routes by key",
            client.client_id,
            other.name()
        );
    }
    if routes.is_empty() {
        bail!(
            "{} has no route that a key opens ({})",
            client.client_id,
            names(&by_key(&Route::ALL.into()))
        );
    }
    Ok(Key {
        digest: KeyDigest::of(key),
        client_id: client.client_id.clone(),
        routes: routes.clone(),
        state: State::Active,
        valid_until: None,
        created_at: now,
    })
}

/// Puts a new key in the place of the active ones, or of those that open exactly `routes`.
pub(crate) fn rotate(
    client: &Client,
    keys: &[Key],
    routes: Option<&BTreeSet<Route>>,
    key: &str,
    overlap: SignedDuration,
    now: Timestamp,
) -> Result<Rotation> {
    let active = keys
        .iter()
        .filter(|key| key.is_active(now) && routes.is_none_or(|routes| key.routes == *routes));
    let active: Vec<&Key> = active.collect();
    let first = active
        .first()
        .with_context(|| format!("{} has no such active key: see `new-key`", client.client_id))?;
    // One new key for several would open more than any of them: a route's key may be held by
    // others.
    if let Some(other) = active.iter().find(|key| key.routes != first.routes) {
        bail!(
            "the keys of {} open different routes: say which to renew, --routes {} or --routes {}",
            client.client_id,
            names(&first.routes),
            names(&other.routes)
        );
    }
    let end = now.saturating_add(overlap).context("the overlap ends too far in the future")?;
    let ending = active.iter().map(|key| Key {
        // An earlier rotation may have set an earlier end: that one stands.
        valid_until: Some(key.valid_until.map_or(end, |own| own.min(end))),
        ..(*key).clone()
    });
    // What the client may no longer ask isn't opened again.
    let routes: BTreeSet<Route> = first.routes.intersection(&client.routes).copied().collect();
    Ok(Rotation { new: new(client, key, Some(&routes), now)?, ending: ending.collect() })
}

/// The only key whose locator starts like that, or that has this number, by which a 401 names it.
pub(crate) fn find<'a>(keys: &'a [Key], locator: &str) -> Result<&'a Key> {
    let start = locator.trim().to_ascii_lowercase();
    let mut found = keys.iter().filter(|key| {
        !start.is_empty()
            && (key.digest.locator().starts_with(&start)
                || key.digest.number().to_string() == start)
    });
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => {
            bail!("several keys of this client start with {locator}: give more digits")
        }
        (None, _) => bail!("no key of this client starts with {locator:?}: see `show`"),
    }
}

/// Routes, as the command line takes them.
pub(super) fn names(routes: &BTreeSet<Route>) -> String {
    routes.iter().map(|route| route.name()).collect::<Vec<_>>().join(",")
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
        let error = rotate(&client(), &keys, None, "new", WEEK, now()).unwrap_err().to_string();
        assert!(error.contains("--routes status_by_ine or --routes status_by_identity"), "{error}");
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

    #[test]
    fn a_key_is_found_by_the_start_of_its_locator() {
        let keys = ["a", "b"].map(|key| new(&client(), key, None, now()).unwrap());
        let locator = keys[1].digest.locator();
        assert_eq!(find(&keys, &locator.to_uppercase()).unwrap(), &keys[1]);
        assert_eq!(find(&keys, &locator[..6]).unwrap(), &keys[1]);
        assert_eq!(find(&keys, &keys[1].digest.number().to_string()).unwrap(), &keys[1]);
        assert!(find(&keys, "").is_err() && find(&keys, "zz").is_err());
        assert!(find(&[keys[0].clone(), keys[0].clone()], &keys[0].digest.locator()).is_err());
    }
}
