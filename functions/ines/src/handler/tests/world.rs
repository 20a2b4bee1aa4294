//! What the handler is run over: the tables, four clients, and whoever a test registers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakes::aws::{Call, Faults, Response, keyed, plain};
use fakes::dynamodb::{Item, Tables};
use fakes::gateway::{Reply, request};
use fakes::log::Log;
use jiff::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};
use shared::access::client::State;
use shared::access::ines::{IdentityClient, Right};
use shared::access::key::KeyDigest;
use shared::api::Api;
use shared::contract::ines::Identity;
use shared::domain::ine::Ine;
use shared::identity::block::Block;
use shared::identity::digest::{DigestKey, IdentityKeys, IneDigest};
use shared::identity::immatriculation::{Registration, keys_of, traits_of};

use super::super::api;
use crate::context::{Context, Settings};
use crate::person;
use crate::token::Signer;

/// What every client of the tests shows.
pub(super) const SECRET: &str = "the secret of whoever asks";
pub(super) const API: &str = "/api-ines-etudiants";
/// Somebody who is registered: `081768862AE`.
pub(super) const NUMBER: u32 = 81_768_862;
pub(super) const BIRTH_DATE: &str = "2004-03-12";
/// What must never be in a log or a key.
pub(super) const PERSONAL: [&str; 5] =
    ["081768862AE", BIRTH_DATE, "Quintefeuille", "Eudoxie", SECRET];

/// What happens between a read and a transaction, once.
type Interruption = Box<dyn FnOnce(&Tables) + Send>;

/// An AWS of this process.
#[derive(Default)]
pub(super) struct World {
    pub(super) tables: Tables,
    pub(super) faults: Faults,
    /// What somebody else does just before the next transaction.
    pub(super) meanwhile: Mutex<Option<Interruption>>,
    log: Log,
}

impl World {
    /// With the clients, and nobody registered.
    pub(super) fn empty() -> Arc<Self> {
        let world = Self::default();
        for (id, scopes, state) in [
            (
                "supdata",
                &[Right::Verification, Right::Recherche, Right::Immatriculation][..],
                State::Active,
            ),
            ("psy", &[Right::Verification], State::Active),
            ("parcoursup", &[Right::Immatriculation], State::Active),
            ("agents", &[Right::Gestion], State::Active),
            ("gone", &Right::ALL, State::Revoked),
        ] {
            let client = IdentityClient {
                client_id: id.to_owned(),
                secret: KeyDigest::of(SECRET),
                scopes: scopes.iter().copied().collect(),
                state,
                created_at: Timestamp::UNIX_EPOCH,
            };
            world.tables.put("ines", keyed("pk", &format!("C#{id}"), &client));
        }
        Arc::new(world)
    }

    /// With Eudoxie Quintefeuille.
    pub(super) fn new() -> Arc<Self> {
        let world = Self::empty();
        world.register(NUMBER, &eudoxie());
        world
    }

    /// Registers somebody.
    pub(super) fn register(&self, number: u32, identity: &Value) {
        register(&self.tables, number, identity);
    }

    fn answer(&self, call: &Call) -> Response {
        self.faults.answer(call, || {
            let tables = &self.tables;
            if call.operation == "TransactWriteItems"
                && let Some(meanwhile) = self.meanwhile.lock().unwrap().take()
            {
                meanwhile(tables);
            }
            tables.call(&call.operation, &call.text)
        })
    }

    pub(super) fn context(self: &Arc<Self>) -> Api<Context> {
        let answering = Arc::clone(self);
        let aws = fakes::aws::config(move |call| answering.answer(call));
        let settings = Settings {
            table: "ines".into(),
            blocks_table: "ines_blocks".into(),
            log_table: "ines_log".into(),
            log_retention_days: 180,
            request_retention_days: 365,
            clients_kept: Duration::from_mins(1),
            environment: "test".into(),
        };
        api(Context::new(&settings, keys(), signer(), &aws, Box::new(self.log.clone())))
    }

    /// INEs of the register.
    pub(super) fn registrations(&self) -> usize {
        self.tables.items_under("ines", "I#").len()
    }

    /// What the trace says: the first letter of its subject, the route and the outcome.
    pub(super) fn traces(&self) -> Vec<String> {
        let tables = &self.tables;
        let mut traces: Vec<_> = tables.items("ines_log");
        traces.sort_by_key(|trace| trace["at"]["S"].as_str().unwrap().to_owned());
        let text = |trace: &Item, name: &str| trace[name]["S"].as_str().unwrap().to_owned();
        traces
            .iter()
            .map(|trace| {
                format!(
                    "{} {} {}",
                    &text(trace, "subject")[..1],
                    text(trace, "route"),
                    text(trace, "outcome")
                )
            })
            .collect()
    }

    /// The lines of the log.
    pub(super) fn log(&self) -> Vec<Value> {
        self.log.lines()
    }

    /// Nobody is told by the log, the trace or a key.
    pub(super) fn assert_nothing_personal(&self) {
        let tables = &self.tables;
        let told = format!("{:?}\n{:?}\n{}", self.log(), tables.items("ines_log"), tables.keys());
        for personal in PERSONAL {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
    }
}

/// Registers somebody in these tables, as the loader does.
pub(super) fn register(tables: &Tables, number: u32, identity: &Value) {
    let identity: Identity = serde_json::from_value(identity.clone()).unwrap();
    let ine = Ine::rnie(number).unwrap();
    let registration =
        Registration { version: 1, ..Registration::new(ine, person::read(&identity).unwrap()) };
    let keys = keys();
    let holder = keys.ine(&ine);
    tables.put("ines", keyed("pk", &format!("I#{}", holder.as_str()), &registration));
    for key in keys_of(&keys.blocks, &registration.identite) {
        let stored = tables
            .items_under("ines_blocks", key.as_str())
            .first()
            .map(|item| plain(&json!({ "M": item })));
        let mut block: Block<IneDigest> =
            stored.map_or_else(Block::default, |stored| serde_json::from_value(stored).unwrap());
        block.set(&holder, &[traits_of(&registration)]);
        block.version += 1;
        tables.put("ines_blocks", keyed("pk", key.as_str(), &block));
    }
}

pub(super) fn keys() -> IdentityKeys {
    let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
    IdentityKeys::new(key("ine"), &key("civil"))
}

fn signer() -> Signer {
    Signer::new("1".into(), &"a secret of tokens".to_owned().into())
}

/// Somebody, on the wire.
pub(super) fn eudoxie() -> Value {
    json!({
        "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "sexe": "F", "dateNaissance": BIRTH_DATE,
        "lieuNaissance": "44109",
    })
}

/// The same with other values for some fields.
pub(super) fn but(mut identity: Value, others: &Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        identity[name] = value.clone();
    }
    identity
}

/// Somebody whom Eudoxie resembles, without being her for sure.
pub(super) fn born_elsewhere() -> Value {
    but(eudoxie(), &json!({ "lieuNaissance": "13055" }))
}

pub(super) async fn ask(context: &Api<Context>, request: Request) -> Reply {
    let response = context.handle(request).await.unwrap();
    Reply::by(&response)
}

/// What a client shows to get a token.
pub(super) fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

/// A token of a client, got as clients do.
pub(super) async fn token(context: &Api<Context>, client: &str) -> String {
    let credentials = basic(client, SECRET);
    let told = ask(
        context,
        request(
            "POST",
            "/oauth2/token",
            &[("authorization", &credentials)],
            "grant_type=client_credentials",
        ),
    )
    .await;
    assert_eq!(told.status, 200, "{}", told.text);
    told.json()["access_token"].as_str().unwrap().to_owned()
}

/// A call of a client.
pub(super) async fn call(
    context: &Api<Context>,
    client: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Reply {
    let bearer = format!("Bearer {}", token(context, client).await);
    let headers = [("authorization", bearer.as_str()), ("x-channel", "tests")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    ask(context, request(method, &format!("{API}{path}"), &headers, body)).await
}

/// Asks for an INE as a client.
pub(super) async fn immatriculate(
    context: &Api<Context>,
    client: &str,
    reference: &str,
    identity: &Value,
) -> Reply {
    let body = but(identity.clone(), &json!({ "reference": reference }));
    call(context, client, "POST", "/immatriculation", &body).await
}
