//! The keys of a client, as commands speak of them.

use anyhow::{Error, Result, anyhow, bail};
use shared::access::client::Key;
use shared::access::keys::{KeyError, names};

/// Why there is no new key, with the option that helps.
pub(crate) fn explained(error: KeyError) -> Error {
    match error {
        KeyError::DifferentRoutes { client, one, other } => anyhow!(
            "the keys of {client} open different routes: say which to renew, --routes {} or --routes {}",
            names(&one),
            names(&other)
        ),
        error @ KeyError::NoActiveKey { .. } => Error::new(error).context("see `new-key`"),
        error => Error::new(error),
    }
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use shared::access::client::Client;
    use shared::access::keys::{new, rotate};
    use shared::access::route::Route;

    use super::*;

    fn key(text: &str, route: Route) -> Key {
        let routes = [Route::StatusByIne, Route::StatusByIdentity].into();
        let client = Client { routes, ..Client::new("dinum", "DINUM") };
        new(&client, text, Some(&[route].into()), Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_key_is_found_by_the_start_of_its_locator() {
        let keys = ["a", "b"].map(|text| key(text, Route::StatusByIne));
        let locator = keys[1].digest.locator();
        assert_eq!(find(&keys, &locator.to_uppercase()).unwrap(), &keys[1]);
        assert_eq!(find(&keys, &locator[..6]).unwrap(), &keys[1]);
        assert_eq!(find(&keys, &keys[1].digest.number().to_string()).unwrap(), &keys[1]);
        assert!(find(&keys, "").is_err() && find(&keys, "zz").is_err());
        assert!(find(&[keys[0].clone(), keys[0].clone()], &keys[0].digest.locator()).is_err());
    }

    #[test]
    fn the_option_that_helps_is_named() {
        let keys = [key("a", Route::StatusByIne), key("b", Route::StatusByIdentity)];
        let client = Client::new("dinum", "DINUM");
        let (overlap, now) = (jiff::SignedDuration::ZERO, Timestamp::UNIX_EPOCH);
        let error = rotate(&client, &keys, None, "new", overlap, now).unwrap_err();
        let said = format!("{:#}", explained(error));
        assert!(said.contains("--routes status_by_ine or --routes status_by_identity"), "{said}");
    }
}
