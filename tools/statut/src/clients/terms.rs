//! What a client may.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use jiff::Timestamp;
use shared::access::client::{Client, Key, Quota, Recipients};
use shared::access::keys::{by_key, names};
use shared::access::route::Route;
use shared::identity::engine::lookup::Mode;

use crate::cli::client::{Create, Set, Terms};

/// Ids are in the names of items and of buckets, and in every log line.
const LONGEST_ID: usize = 128;

/// A new client.
pub(crate) fn created(options: &Create, now: Timestamp) -> Result<Client> {
    let Create { id, name, routes, terms, key } = options;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:@/".contains(&byte);
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(is_plain) {
        bail!(
            "{id:?} can't be a client's id: letters, digits and ._-:@/ only, {LONGEST_ID} at most"
        );
    }
    if *key && by_key(routes).is_empty() {
        bail!(
            "--key: a key opens {} only, and this client has none of them",
            names(&by_key(&Route::ALL.into()))
        );
    }
    let client = Client { routes: routes.clone(), ..Client::new(id, name) };
    with(client, terms, now)
}

/// A client with other terms.
pub(crate) fn changed(client: Client, options: &Set, now: Timestamp) -> Result<Client> {
    let Set { name, routes, terms, id: _ } = options;
    let client = Client {
        name: name.clone().unwrap_or(client.name),
        routes: routes.clone().unwrap_or(client.routes),
        ..client
    };
    with(client, terms, now)
}

fn with(client: Client, terms: &Terms, now: Timestamp) -> Result<Client> {
    let Terms {
        scopes,
        recipients,
        establishment,
        officer,
        strict,
        per_second,
        per_caller,
        unknown_per_hour,
        until,
    } = terms;
    let Quota { per_second: of_all, per_caller: of_each, unknown_per_hour: unknown } = client.quota;
    let quota = Quota {
        per_second: per_second.unwrap_or(of_all),
        per_caller: per_caller.map_or(of_each, |limit| limit.0),
        unknown_per_hour: unknown_per_hour.unwrap_or(unknown),
    };
    if let Some(each) = quota.per_caller.filter(|each| *each > quota.per_second) {
        bail!(
            "--per-caller {each} is more than all of them have together, {} a second",
            quota.per_second
        );
    }
    if let Some(end) = until.and_then(|end| end.0).filter(|end| *end <= now) {
        bail!("--until {end} is over: `revoke` ends a client now");
    }
    if client.name.trim().is_empty() {
        bail!("--name is empty");
    }
    let client = Client { officer: officer.clone().or(client.officer), ..client };
    if let Some((one, other)) = client.contradiction() {
        bail!(
            "{} and {} exclude each other: whoever sends an enrolment doesn't decide whose it is",
            one.name(),
            other.name()
        );
    }
    if client.may(Route::Review) && client.officer.is_none() {
        bail!(
            "--officer: a client that reviews is a named person's, for voices are counted by people"
        );
    }
    Ok(Client {
        scopes: scopes.unwrap_or(client.scopes),
        recipients: recipients.clone().unwrap_or(client.recipients),
        depositor: establishment.or(client.depositor),
        look_up: strict
            .map_or(client.look_up, |strict| if strict { Mode::Strict } else { Mode::Standard }),
        quota,
        valid_until: until.map_or(client.valid_until, |end| end.0),
        ..client
    })
}

/// Why a client would still be refused where it has a route.
pub(crate) fn warnings(client: &Client, keys: &[Key], now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_direct = by_key(&client.routes).len() < client.routes.len();
    if is_direct && client.scopes.is_empty() {
        warnings.push(
            "it has no scope: every question by a direct route will be refused (--scopes)"
                .to_owned(),
        );
    }
    if is_direct && client.recipients == Recipients::Only(BTreeSet::new()) {
        warnings.push(
            "it has no recipient: every question by a direct route will be refused (--recipients)"
                .to_owned(),
        );
    }
    if client.depositor.is_none() && client.routes.iter().any(|route| route.is_write()) {
        warnings.push(
            "it sends as no establishment: all that it sends will be refused (--establishment)"
                .to_owned(),
        );
    }
    for route in by_key(&client.routes) {
        if !keys.iter().any(|key| key.is_active(now) && key.routes.contains(&route)) {
            warnings.push(format!("no key opens {} (new-key)", route.name()));
        }
    }
    if !client.is_active(now) {
        warnings.push("it is revoked or over: everything that it asks is refused".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use shared::access::scope::Scopes;

    use super::*;
    use crate::cli::client::{End, Limit};

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn create(id: &str, terms: Terms) -> Result<Client> {
        let routes = [Route::StatusByIne, Route::DirectByIne].into();
        created(
            &Create { id: id.to_owned(), name: "DINUM".to_owned(), routes, terms, key: false },
            now(),
        )
    }

    fn set(terms: Terms) -> Set {
        Set { id: "dinum".to_owned(), name: None, routes: None, terms }
    }

    #[test]
    fn what_is_not_given_is_the_default_and_then_stays() {
        let client =
            create("dinum", Terms { scopes: Some(Scopes::ALL), ..Terms::default() }).unwrap();
        assert_eq!((client.quota, client.valid_until), (Quota::default(), None));
        let until = Some(End(Some("2027-08-31T00:00:00Z".parse().unwrap())));
        let per_second = NonZeroU32::new(50);
        let other =
            changed(client.clone(), &set(Terms { per_second, until, ..Terms::default() }), now())
                .unwrap();
        assert_eq!(other.quota.per_second.get(), 50);
        assert_eq!(other.quota.unknown_per_hour, Quota::UNKNOWN_PER_HOUR);
        assert_eq!((&other.routes, other.scopes), (&client.routes, Scopes::ALL));
        let strict = Terms { strict: Some(true), ..Terms::default() };
        let strict = changed(other.clone(), &set(strict), now()).unwrap();
        assert_eq!((other.look_up, strict.look_up), (Mode::Standard, Mode::Strict));
        let never = Terms { until: Some(End(None)), ..Terms::default() };
        let never = changed(strict, &set(never), now()).unwrap();
        assert_eq!((never.valid_until, never.look_up), (None, Mode::Strict));
        let standard = Terms { strict: Some(false), ..Terms::default() };
        assert_eq!(changed(never, &set(standard), now()).unwrap().look_up, Mode::Standard);
    }

    #[test]
    fn nonsense_is_refused() {
        for id in ["", "a b", "a#b", "clé", &"a".repeat(129)] {
            assert!(create(id, Terms::default()).is_err(), "{id}");
        }
        let over = Terms { until: Some(End(Some(now()))), ..Terms::default() };
        assert!(create("dinum", over).unwrap_err().to_string().contains("revoke"));
        let each = Terms { per_caller: Some(Limit(NonZeroU32::new(21))), ..Terms::default() };
        assert!(create("dinum", each).unwrap_err().to_string().contains("--per-caller 21"));
        let options = Create {
            id: "dinum".to_owned(),
            name: "DINUM".to_owned(),
            routes: [Route::Batch].into(),
            terms: Terms::default(),
            key: true,
        };
        assert!(created(&options, now()).is_err(), "a key would open nothing");
    }

    #[test]
    fn whoever_reviews_is_a_person_who_does_not_send() {
        let of = |routes: &[Route], officer: Option<&str>| {
            let officer =
                officer.map(|name| shared::access::officer::Officer::parse(name).unwrap());
            let routes = routes.iter().copied().collect();
            let terms = Terms { officer, ..Terms::default() };
            created(
                &Create { id: "revue-1".into(), name: "Revue 1".into(), routes, terms, key: false },
                now(),
            )
        };
        let officer = Some("a.martin@ac-lyon.fr");
        let client = of(&[Route::Review], officer).unwrap();
        assert_eq!(client.officer.as_ref().map(shared::access::officer::Officer::as_str), officer);
        assert!(of(&[Route::Review], None).unwrap_err().to_string().contains("--officer"));
        for write in [Route::Enrolment, Route::Deposit] {
            let error = of(&[Route::Review, write], officer).unwrap_err().to_string();
            assert!(error.contains("exclude each other"), "{error}");
            let both = Set { routes: Some([Route::Review, write].into()), ..set(Terms::default()) };
            assert!(changed(client.clone(), &both, now()).is_err());
        }
        // One that was stored without a person, or with both, can be set right and not otherwise.
        let stored = Client { officer: None, ..client };
        assert!(changed(stored.clone(), &set(Terms::default()), now()).is_err());
        let reader = Set { routes: Some([Route::StatusByIne].into()), ..set(Terms::default()) };
        assert!(changed(stored, &reader, now()).is_ok());
    }

    #[test]
    fn a_client_that_would_be_refused_is_warned_about() {
        let client = create("dinum", Terms::default()).unwrap();
        let said = warnings(&client, &[], now()).join("\n");
        for about in ["no scope", "no recipient", "no key opens status_by_ine"] {
            assert!(said.contains(about), "{said}");
        }
        let terms = Terms {
            scopes: Some(Scopes::ALL),
            recipients: Some(Recipients::Any),
            ..Terms::default()
        };
        let client = changed(client, &set(terms), now()).unwrap();
        let key = shared::access::keys::new(&client, "a key", None, now()).unwrap();
        assert_eq!(warnings(&client, &[key], now()), Vec::<String>::new());
    }

    #[test]
    fn an_establishment_has_a_key_and_needs_no_scope() {
        let options = Create {
            id: "etablissement-0751967F".to_owned(),
            name: "UFR ECONOMIE".to_owned(),
            routes: [Route::Enrolment, Route::Deposit].into(),
            terms: Terms::default(),
            key: true,
        };
        let client = created(&options, now()).unwrap();
        let key = shared::access::keys::new(&client, "a key", None, now()).unwrap();
        assert_eq!(key.routes, client.routes);
        let said = warnings(&client, std::slice::from_ref(&key), now());
        assert!(said.len() == 1 && said[0].contains("--establishment"), "{said:?}");
        let establishment = shared::domain::uai::Uai::parse("0751967F").ok();
        let client =
            changed(client, &set(Terms { establishment, ..Terms::default() }), now()).unwrap();
        assert_eq!(
            (client.depositor, warnings(&client, &[key], now())),
            (establishment, Vec::new())
        );
    }
}
