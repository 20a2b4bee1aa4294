//! The command line of `statut client`.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use shared::access::client::Recipients;
use shared::access::officer::Officer;
use shared::access::route::Route;
use shared::access::scope::{Scope, Scopes};
use shared::domain::siret::Siret;
use shared::domain::uai::Uai;

const EXAMPLES: &str = "\
Examples:
  statut client list
  statut client create dinum --name DINUM --routes status_by_ine --key > key
  statut client set dinum --per-second 50
  statut client rotate dinum --overlap 7d > key

A change takes effect within `client_cache_seconds`, a minute at most. A new key is printed once, alone on the standard
output (with --json, as `key` of an object): redirect it to where it is kept.";

/// Options of `client`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Client {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done to a client, a key or a token.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Register a client; refuses an id that exists
    Create(Create),
    /// Show every client
    List,
    /// Show one client and its keys
    Show {
        /// The client
        id: String,
    },
    /// Change what a client may
    Set(Set),
    /// Make one more key and print it
    NewKey {
        /// The client
        id: String,
        /// What it opens, of the client's routes by key; all of them by default
        #[arg(long, value_parser = routes)]
        routes: Option<Routes>,
    },
    /// Make a new key that opens what the active ones do, print it, and end those after an overlap
    Rotate {
        /// The client
        id: String,
        /// For how long the old keys open on: a number and `d`, `h`, `m` or `s`; `0s` for a key
        /// that leaked
        #[arg(long, default_value = "7d", value_parser = duration)]
        overlap: SignedDuration,
        /// Only the keys that open exactly these routes, for a client that has a key for each route
        #[arg(long, value_parser = routes)]
        routes: Option<Routes>,
    },
    /// End a client: all its keys and tokens are refused
    Revoke {
        /// The client
        id: String,
    },
    /// Undo `revoke`
    Reinstate {
        /// The client
        id: String,
    },
    /// End one key
    RevokeKey {
        /// The client
        id: String,
        /// The key, as `show` names it; its first digits are enough
        #[arg(long)]
        locator: String,
    },
    /// End one token of our issuer
    RevokeToken {
        /// The token's `jti`
        jti: String,
        /// When it ends by itself, its `exp`, from when its revocation may be forgotten; later than
        /// any token lives by default
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: Option<Timestamp>,
    },
    /// Say which client a service provider of FranceConnect is
    ServiceProvider {
        /// The id that the service provider has at FranceConnect
        france_connect_client_id: String,
        /// The client that it is here
        #[arg(long, value_name = "ID")]
        client: String,
    },
}

/// Options of `create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its id: the `sub` of its tokens, and its name in logs and traces; not a person's
    pub(crate) id: String,
    /// Its name, for people
    #[arg(long)]
    pub(crate) name: String,
    /// What it may, between commas: `status_by_ine`, `status_by_identity` (upstream, by key),
    /// `direct_by_ine`, `direct_by_identity`, `batch` (direct, by token), `france_connect`; for an
    /// establishment, `enrolment`, `deposit` (by key); for a reviewing officer, `review` (by key)
    #[arg(long, value_parser = routes)]
    pub(crate) routes: Routes,
    /// The rest of what it may.
    #[command(flatten)]
    pub(crate) terms: Terms,
    /// Make a key that opens its routes by key, and print it
    #[arg(long)]
    pub(crate) key: bool,
}

/// Options of `set`: what isn't given stays.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The client
    pub(crate) id: String,
    /// Its name, for people
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it may ask, between commas; replaces what it might
    #[arg(long, value_parser = routes)]
    pub(crate) routes: Option<Routes>,
    /// The rest of what it may.
    #[command(flatten)]
    pub(crate) terms: Terms,
}

/// What a client may, besides its routes.
#[derive(Debug, Default, Args)]
pub(crate) struct Terms {
    /// What it may be told by the direct routes, between commas, or `all` or `none`; none when it
    /// is created
    #[arg(long, value_parser = scopes)]
    pub(crate) scopes: Option<Scopes>,
    /// For whom it may ask by the direct routes: SIRETs between commas, or `any` or `none`; none
    /// when it is created
    #[arg(long, value_parser = recipients)]
    pub(crate) recipients: Option<Recipients>,
    /// The establishment that it sends as, for `enrolment` and `deposit`
    #[arg(long, value_name = "UAI", value_parser = uai)]
    pub(crate) establishment: Option<Uai>,
    /// The person who acts through it, by their name in the directory (an address or a number):
    /// required for `review`, where voices are counted by it; given for `enrolment` and `deposit`,
    /// it keeps the person from reviewing what they send
    #[arg(long, value_name = "NAME", value_parser = Officer::parse)]
    pub(crate) officer: Option<Officer>,
    /// Answer by civil identity only when nobody else could be meant: fewer answers and fewer
    /// mistakes, for a client that decides without a person; `--strict=false` goes back to the
    /// standard
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) strict: Option<bool>,
    /// People asked or told about a second, all callers together; 20 when it is created
    #[arg(long, value_name = "N")]
    pub(crate) per_second: Option<NonZeroU32>,
    /// For a client that relays others: the same for each `X-Caller`, or `none`
    #[arg(long, value_name = "N", value_parser = limit)]
    pub(crate) per_caller: Option<Limit>,
    /// People nobody knows in an hour before it looks like trying numbers out; 1800 when it is
    /// created
    #[arg(long, value_name = "N")]
    pub(crate) unknown_per_hour: Option<NonZeroU32>,
    /// Until when, such as 2027-08-31T00:00:00Z, or `never`
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(crate) until: Option<End>,
}

/// A set of routes.
pub(crate) type Routes = BTreeSet<Route>;

/// A number, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<NonZeroU32>);

/// An end, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End(pub(crate) Option<Timestamp>);

fn routes(text: &str) -> Result<Routes, String> {
    let known = || Route::ALL.map(Route::name).join(", ");
    parts(text)
        .map(|name| Route::named(name).ok_or_else(|| format!("{name:?} is none of {}", known())))
        .collect()
}

fn scopes(text: &str) -> Result<Scopes, String> {
    let known = || Scopes::ALL.names().join(", ");
    match text {
        "all" => Ok(Scopes::ALL),
        "none" => Ok(Scopes::NONE),
        // Not `Scopes::named`, which passes over what it doesn't know: here that is a mistake.
        _ => parts(text)
            .map(|name| {
                Scope::named(name).ok_or_else(|| format!("{name:?} is none of {}", known()))
            })
            .collect(),
    }
}

fn recipients(text: &str) -> Result<Recipients, String> {
    let siret = |text: &str| Siret::parse(text).map_err(|error| format!("{text:?}: {error}"));
    match text {
        "any" => Ok(Recipients::Any),
        "none" => Ok(Recipients::Only(BTreeSet::new())),
        _ => parts(text).map(siret).collect::<Result<_, _>>().map(Recipients::Only),
    }
}

fn uai(text: &str) -> Result<Uai, String> {
    Uai::parse(text).map_err(|error| error.to_string())
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        _ => text
            .parse()
            .map(|number| Limit(Some(number)))
            .map_err(|_| "a number from 1, or none".to_owned()),
    }
}

fn end(text: &str) -> Result<End, String> {
    if text == "never" { Ok(End(None)) } else { time(text).map(|time| End(Some(time))) }
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "a time with its zone, such as 2027-08-31T00:00:00Z".to_owned())
}

/// `7d`, `12h`, `30m`, `0s`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    // Longer than any key should live on.
    const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
    let error = || "a number and d, h, m or s, such as 7d, a year at most".to_owned();
    let unit = match text.as_bytes().last() {
        Some(b'd') => 24 * 60 * 60,
        Some(b'h') => 60 * 60,
        Some(b'm') => 60,
        Some(b's') => 1,
        _ => return Err(error()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| error())?;
    let duration = SignedDuration::from_secs(i64::from(number) * unit);
    if duration > LONGEST { Err(error()) } else { Ok(duration) }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    fn parse(words: &str) -> Result<Client, String> {
        let arguments = ["statut", "client"].into_iter().chain(words.split(' '));
        match Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?.command {
            Command::Client(client) => Ok(client),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_client_is_described() {
        let words = "create dinum --name DINUM --routes status_by_ine,batch --scopes mesri_identite --recipients \
                     13002526500013,21750001600019 --strict --per-second 50 --per-caller none --until 2027-08-31T00:00:00Z";
        let Client { action: Action::Create(Create { routes, terms, key, .. }) } =
            parse(words).unwrap()
        else {
            panic!()
        };
        assert!(!key);
        assert_eq!(routes, [Route::StatusByIne, Route::Batch].into());
        assert_eq!(terms.scopes.map(Scopes::names), Some(vec!["mesri_identite"]));
        assert!(matches!(terms.recipients, Some(Recipients::Only(sirets)) if sirets.len() == 2));
        assert_eq!((terms.per_caller, terms.unknown_per_hour), (Some(Limit(None)), None));
        assert_eq!(terms.strict, Some(true));
        assert_eq!(terms.until, Some(End(Some("2027-08-31T00:00:00Z".parse().unwrap()))));
    }

    #[test]
    fn the_value_that_is_wrong_is_named() {
        for (words, named) in [
            ("set a --routes status_by_ine,status_by_name", "\"status_by_name\""),
            ("set a --routes status_by_ine,", "\"\""),
            ("set a --scopes mesri_identite,mesri_all", "\"mesri_all\""),
            ("set a --recipients 13002526500013,13002526500014", "\"13002526500014\""),
            ("set a --establishment 0751967A", "'0751967A'"),
            ("set a --officer a#b", "'a#b'"),
            ("set a --per-second 0", "'0'"),
            ("set a --per-caller some", "'some'"),
            ("set a --until 2027-08-31", "'2027-08-31'"),
            ("rotate a --overlap 7", "'7'"),
            ("rotate a --overlap 9999d", "'9999d'"),
            ("create a --name A", "--routes"),
        ] {
            let said = parse(words).unwrap_err();
            assert!(said.contains(named), "{words}: {said}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("7d", 604_800), ("12h", 43_200), ("30m", 1_800), ("0s", 0)] {
            assert_eq!(duration(text), Ok(SignedDuration::from_secs(seconds)));
        }
        for text in ["", "d", "-1d", "1 d", "1é", "367d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
