//! Clients as a person reads them.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, Quota, Recipients, State};
use shared::access::keys::names;
use shared::access::route::Route;
use shared::access::scope::Scopes;
use shared::identity::engine::lookup::Mode;

/// Every client in a table, its heading first.
pub(crate) fn list(clients: &[Client], keys: &[Key], now: Timestamp) -> Vec<Vec<String>> {
    let heading = ["client", "name", "state", "routes", "scopes", "quota", "active keys"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(clients.iter().map(|client| {
        let own = keys.iter().filter(|key| key.client_id == client.client_id && key.is_active(now));
        vec![
            client.client_id.clone(),
            client.name.clone(),
            state(client.state, client.valid_until, now),
            if client.routes.len() == Route::ALL.len() {
                "all".to_owned()
            } else {
                names(&client.routes)
            },
            scopes(client.scopes),
            quota(client.quota),
            own.count().to_string(),
        ]
    }));
    rows
}

/// One client, a setting a line, and then its keys in a table, its heading first.
pub(crate) fn card(
    client: &Client,
    keys: &[Key],
    now: Timestamp,
) -> (Vec<(&'static str, String)>, Vec<Vec<String>>) {
    let lines = vec![
        ("client", client.client_id.clone()),
        ("name", client.name.clone()),
        ("state", state(client.state, client.valid_until, now)),
        ("routes", names(&client.routes)),
        ("scopes", scopes(client.scopes)),
        ("recipients", recipients(&client.recipients)),
        ("sends as", client.depositor.map_or_else(|| "none".to_owned(), |uai| uai.to_string())),
        ("officer", client.officer.as_ref().map_or("none", |officer| officer.as_str()).to_owned()),
        ("look-ups", look_up(client.look_up).to_owned()),
        ("quota", quota(client.quota)),
    ];
    let mut rows = vec![["key", "token", "state", "routes", "made"].map(str::to_owned).to_vec()];
    rows.extend(keys.iter().map(|key| {
        let state = state(key.state, key.valid_until, now);
        vec![
            key.digest.locator(),
            key.digest.number().to_string(),
            state,
            names(&key.routes),
            format!("{:.0}", key.created_at),
        ]
    }));
    (lines, rows)
}

/// One client as a script reads it: as it is stored, with its keys, of which nothing opens
/// anything.
pub(crate) fn json(client: &Client, keys: &[Key]) -> Value {
    let mut shown = json!(client);
    let own = keys.iter().filter(|key| key.client_id == client.client_id).map(|key| {
        json!({
            "locator": key.digest.locator(), "token": key.digest.number(), "state": key.state,
            "valid_until": key.valid_until, "routes": key.routes, "created_at": key.created_at,
        })
    });
    shown["keys"] = own.collect();
    shown
}

fn state(state: State, until: Option<Timestamp>, now: Timestamp) -> String {
    match (state, until) {
        (State::Revoked, _) => "revoked".to_owned(),
        (State::Active, None) => "active".to_owned(),
        (State::Active, Some(end)) if now < end => format!("active until {end:.0}"),
        (State::Active, Some(end)) => format!("over since {end:.0}"),
    }
}

fn scopes(scopes: Scopes) -> String {
    match scopes {
        Scopes::ALL => "all".to_owned(),
        Scopes::NONE => "none".to_owned(),
        some => some.names().join(","),
    }
}

fn recipients(recipients: &Recipients) -> String {
    match recipients {
        Recipients::Any => "any".to_owned(),
        Recipients::Only(sirets) if sirets.is_empty() => "none".to_owned(),
        Recipients::Only(sirets) => {
            sirets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
    }
}

fn look_up(mode: Mode) -> &'static str {
    match mode {
        Mode::Standard => "standard",
        Mode::Strict => "strict",
    }
}

fn quota(quota: Quota) -> String {
    let Quota { per_second, per_caller, unknown_per_hour } = quota;
    let each = per_caller.map(|each| format!(", {each}/s a caller")).unwrap_or_default();
    format!("{per_second}/s{each}, {unknown_per_hour} unknown/h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_keys_are_counted_and_no_key_is_shown() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let routes = [Route::StatusByIne].into();
        let client = Client { routes, valid_until: Some(now), ..Client::new("dinum", "DINUM") };
        let key = shared::access::keys::new(&client, "a secret", None, now).unwrap();
        let revoked = Key { state: State::Revoked, ..key.clone() };
        let rows = list(std::slice::from_ref(&client), &[key.clone(), revoked], now);
        let row = [
            "dinum",
            "DINUM",
            "over since 2026-11-24T12:00:00Z",
            "status_by_ine",
            "none",
            "20/s, 1800 unknown/h",
            "1",
        ];
        assert_eq!(rows[1], row);
        let (lines, keys) = card(&client, std::slice::from_ref(&key), now);
        assert!(lines.contains(&("recipients", "none".to_owned())));
        assert!(lines.contains(&("look-ups", "standard".to_owned())));
        assert_eq!(keys[1][0], key.digest.locator());
        let shown = json(&client, std::slice::from_ref(&key));
        assert_eq!(shown["keys"][0]["locator"], key.digest.locator());
        assert!(!format!("{lines:?}{keys:?}{shown}").contains("secret"));
        assert!(
            !shown.to_string().contains(json!(key.digest).as_str().unwrap()),
            "not even the whole digest"
        );
    }
}
