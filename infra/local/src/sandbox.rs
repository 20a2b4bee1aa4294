//! What a fresh platform holds: establishments, clients and their keys, and tokens ready to be
//! tried.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::access::client::{Client, Key, Quota, Recipients, State};
use shared::access::key::{KeyDigest, new_key};
use shared::access::officer::Officer;
use shared::access::route::Route;
use shared::access::scope::{Scope, Scopes};
use shared::domain::establishment::Establishment;
use shared::domain::siret::Siret;
use shared::domain::uai::Uai;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use statut::aws;
use statut::ui::Step;

use crate::agents::{self, Account};
use crate::double;
use crate::files::{self, Files};
use crate::outputs::Outputs;
use crate::students::{self, StudentAccount};

const FILE: &str = "sandbox.json";

/// The client that asks with tokens of our own issuer.
const DIRECT_CLIENT: &str = "sandbox-direct";
/// The service provider that people log in to with FranceConnect.
const SERVICE_PROVIDER: &str = "sandbox-fs";
/// The `jti` of the token that is over.
const EXPIRED_TOKEN: &str = "00000000-0000-4000-8000-000000000001";
/// The `jti` of the token that is revoked.
const REVOKED_TOKEN: &str = "00000000-0000-4000-8000-000000000002";
/// As FranceConnect spells them: the last one without its final s (domain.md §4.2).
const FRANCE_CONNECT_SCOPES: [&str; 6] = [
    "openid",
    "mesri_admissions",
    "mesri_admission_inscrit",
    "mesri_admission_regime_formation",
    "mesri_admission_commune_etudes",
    "mesri_admission_etablissement_etude",
];
/// The administrations that receive the answers: the DINUM and the city of Paris, by their
/// published numbers.
pub(crate) const RECIPIENTS: [&str; 2] = ["13002526500013", "21750001600019"];
const HOUR: i64 = 3_600;

/// The demonstration asks again and again, for people who are not there yet.
const QUOTA: Quota = Quota {
    per_second: NonZeroU32::new(1_000).unwrap(),
    per_caller: None,
    unknown_per_hour: NonZeroU32::new(1_000_000).unwrap(),
};

/// `target/local/sandbox.json`: secrets of this machine only, new at each `up`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sandbox {
    /// Opens the look-up by INE.
    pub(crate) status_ine_key: String,
    /// Opens the look-up by civil identity.
    pub(crate) status_identity_key: String,
    /// What each establishment sends with.
    pub(crate) write_keys: BTreeMap<Uai, String>,
    /// What two reviewing officers decide with.
    pub(crate) review_keys: Vec<String>,
    /// The test double of FranceConnect and of the token issuer, for other tokens than these.
    pub(crate) double_url: String,
    /// Tokens of our issuer, good for twelve hours.
    pub(crate) tokens: Tokens,
    /// Tokens of FranceConnect, good for twelve hours.
    pub(crate) france_connect_tokens: People<String>,
    /// Who may log in to the portal.
    pub(crate) portal_accounts: Vec<Account>,
    /// Who may log in to it as a student.
    pub(crate) student_accounts: Vec<StudentAccount>,
    /// The establishments that may send files.
    pub(crate) establishments: Vec<Known>,
}

/// One token a case.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tokens {
    /// With every scope.
    pub(crate) direct: String,
    /// Of the same client, with the two scopes that answer "is this a student?": the list of
    /// admissions, and in each whether the person is enrolled.
    pub(crate) direct_minimal: String,
    /// Over for an hour.
    pub(crate) expired: String,
    /// Valid but for its revocation.
    pub(crate) revoked: String,
}

/// One token a person of the sample files, or what makes one: who it is, as FranceConnect knows
/// them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct People<T> {
    /// Enrolled at the university.
    pub(crate) enrolled: T,
    /// Admitted there, and not enrolled.
    pub(crate) admitted: T,
}

/// An establishment, in short.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) uai: Uai,
    pub(crate) name: String,
    /// `universite`, `ecole`, `lycee`.
    pub(crate) kind: String,
}

/// Loads the sandbox into the tables, and writes the file.
pub(crate) async fn load(files: &Files, outputs: &Outputs) -> Result<Sandbox> {
    let step = Step::start("loading the sandbox");
    let dynamodb = aws::dynamodb(&outputs.endpoint_url);
    let establishments: Vec<Establishment> = read(files, "establishments.json")?;
    let store = EstablishmentStore::new(dynamodb.clone(), outputs.establishments_table.clone());
    for establishment in &establishments {
        store
            .put(establishment)
            .await
            .with_context(|| format!("{} can't be loaded", establishment.uai))?;
    }

    let (status_ine_key, status_identity_key) = (new_key(), new_key());
    let store = ClientStore::new(dynamodb, outputs.clients_table.clone());
    let clients = load_clients(&store, &status_ine_key, &status_identity_key).await?;
    let write_keys = load_depositors(&store, &establishments).await?;
    let review_keys = load_reviewers(&store).await?;

    let portal_accounts = agents::register(outputs).await?;
    let student_accounts = students::register(read(files, "france_connect.json")?, outputs).await?;
    let known = |establishment: Establishment| {
        let Establishment { uai, name, kind, .. } = establishment;
        Known { uai, name, kind }
    };
    let sandbox = Sandbox {
        status_ine_key,
        status_identity_key,
        write_keys,
        review_keys,
        double_url: outputs.double_url.clone(),
        tokens: tokens(&outputs.double_url).await?,
        france_connect_tokens: france_connect_tokens(files, &outputs.double_url).await?,
        portal_accounts,
        student_accounts,
        establishments: establishments.into_iter().map(known).collect(),
    };
    files::write_private(&files.local(FILE), &serde_json::to_string_pretty(&sandbox)?)?;
    step.done(&format!("{} establishments, {clients} clients", sandbox.establishments.len()));
    Ok(sandbox)
}

impl Sandbox {
    /// Reads the file of the platform that is running.
    pub(crate) fn of_running_platform(files: &Files) -> Result<Self> {
        serde_json::from_str(&files::read(&files.local(FILE))?)
            .context("target/local/sandbox.json can't be understood")
    }
}

/// Registers a client for each establishment, with the key that it sends with.
async fn load_depositors(
    store: &ClientStore,
    establishments: &[Establishment],
) -> Result<BTreeMap<Uai, String>> {
    let mut keys = BTreeMap::new();
    for Establishment { uai, name, .. } in establishments {
        let client = Client {
            routes: [Route::Enrolment, Route::Deposit].into(),
            depositor: Some(*uai),
            quota: QUOTA,
            ..Client::new(&format!("sandbox-{uai}").to_lowercase(), name)
        };
        let key = new_key();
        store.put(&client).await.with_context(|| format!("the client of {uai} can't be loaded"))?;
        store
            .put_key(&key_of(&client, &key))
            .await
            .with_context(|| format!("the key of {uai} can't be loaded"))?;
        keys.insert(*uai, key);
    }
    Ok(keys)
}

/// Registers two reviewing officers: some decisions need two people.
async fn load_reviewers(store: &ClientStore) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    for (id, name) in
        [("sandbox-revue-1", "Bac à sable, revue 1"), ("sandbox-revue-2", "Bac à sable, revue 2")]
    {
        let officer = Some(Officer::parse(id)?);
        let client = Client {
            routes: [Route::Review].into(),
            officer,
            quota: QUOTA,
            ..Client::new(id, name)
        };
        let key = new_key();
        store.put(&client).await.context("the reviewers can't be loaded")?;
        store
            .put_key(&key_of(&client, &key))
            .await
            .context("the reviewers' keys can't be loaded")?;
        keys.push(key);
    }
    Ok(keys)
}

/// Registers the clients and their keys; says how many clients.
async fn load_clients(store: &ClientStore, ine_key: &str, identity_key: &str) -> Result<usize> {
    let with_key = [
        ("sandbox-ine", "Bac à sable, statut par INE", ine_key, Route::StatusByIne),
        (
            "sandbox-identite",
            "Bac à sable, statut par état civil",
            identity_key,
            Route::StatusByIdentity,
        ),
    ];
    for (id, name, key, route) in with_key {
        let client = Client { routes: [route].into(), quota: QUOTA, ..Client::new(id, name) };
        store.put(&client).await.context("the clients can't be loaded")?;
        store.put_key(&key_of(&client, key)).await.context("the clients' keys can't be loaded")?;
    }
    let recipients = RECIPIENTS.map(Siret::parse).into_iter().collect::<Result<BTreeSet<_>, _>>();
    let recipients =
        Recipients::Only(recipients.context("a recipient of the sandbox is no SIRET")?);
    let direct = [Route::DirectByIne, Route::DirectByIdentity, Route::Batch];
    let with_token = [
        (DIRECT_CLIENT, "Bac à sable, API directe", BTreeSet::from(direct)),
        (SERVICE_PROVIDER, "Bac à sable, FranceConnect", [Route::FranceConnect].into()),
    ];
    for (id, name, routes) in &with_token {
        let client = Client {
            routes: routes.clone(),
            scopes: Scopes::ALL,
            recipients: recipients.clone(),
            quota: QUOTA,
            ..Client::new(id, name)
        };
        store.put(&client).await.context("the clients can't be loaded")?;
    }
    store
        .put_service_provider(SERVICE_PROVIDER, SERVICE_PROVIDER)
        .await
        .context("the clients can't be loaded")?;
    let day = jiff::SignedDuration::from_hours(24);
    let expires = Timestamp::now().saturating_add(day).context("the clock is far in the future")?;
    store
        .revoke_token(&KeyDigest::of(REVOKED_TOKEN), expires)
        .await
        .context("a token can't be revoked")?;
    Ok(with_key.len() + with_token.len())
}

/// A key that opens all that its client may ask.
fn key_of(client: &Client, key: &str) -> Key {
    Key {
        digest: KeyDigest::of(key),
        client_id: client.client_id.clone(),
        routes: client.routes.clone(),
        state: State::Active,
        valid_until: None,
        created_at: Timestamp::now(),
        made_by: None,
        ended_by: None,
    }
}

async fn tokens(double: &str) -> Result<Tokens> {
    let token = async |scopes: Scopes, claims: Value| {
        double::token(double, &json!({ "sub": DIRECT_CLIENT, "scopes": scopes, "claims": claims }))
            .await
    };
    let now = Timestamp::now().as_second();
    let (began, ended) = (now - 13 * HOUR, now - HOUR);
    let expired = json!({ "jti": EXPIRED_TOKEN, "iat": began, "nbf": began, "exp": ended });
    Ok(Tokens {
        direct: token(Scopes::ALL, json!({})).await?,
        direct_minimal: token(
            Scopes::from_iter([Scope::Admissions, Scope::AdmissionInscrit]),
            json!({}),
        )
        .await?,
        expired: token(Scopes::ALL, expired).await?,
        revoked: token(Scopes::ALL, json!({ "jti": REVOKED_TOKEN })).await?,
    })
}

async fn france_connect_tokens(files: &Files, double: &str) -> Result<People<String>> {
    let token = async |identity: Value| {
        let wanted = json!({ "identity": identity, "scopes": FRANCE_CONNECT_SCOPES, "client_id": SERVICE_PROVIDER });
        double::france_connect_token(double, &wanted).await
    };
    let People { enrolled, admitted } = read(files, "france_connect.json")?;
    Ok(People { enrolled: token(enrolled).await?, admitted: token(admitted).await? })
}

/// Reads a file of `sandbox/`.
fn read<T: serde::de::DeserializeOwned>(files: &Files, name: &str) -> Result<T> {
    let text = files::read(&files.source("sandbox").join(name))?;
    serde_json::from_str(&text)
        .with_context(|| format!("infra/local/sandbox/{name} can't be understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_people_of_france_connect_are_in_the_sample_file() {
        let files = Files::locate().unwrap();
        let sample = files::read(&files.source("sandbox/universite.csv")).unwrap();
        let People { enrolled, admitted }: People<Value> =
            read(&files, "france_connect.json").unwrap();
        for (person, status) in [(enrolled, "inscrit"), (admitted, "admis")] {
            let field = |name: &str| person[name].as_str().unwrap().to_owned();
            let sex = if field("gender") == "male" { "1" } else { "2" };
            let row = sample
                .lines()
                .find(|row| row.contains(&format!(";{};", field("family_name"))))
                .unwrap();
            let cells: Vec<&str> = row.split(';').collect();
            let [born, given_name, row_sex, place, row_status] =
                [1, 4, 7, 8, 11].map(|column| cells[column]);
            assert_eq!(
                [born, given_name, row_sex, place, row_status],
                [&field("birthdate"), &field("given_name"), sex, &field("birthplace"), status]
            );
        }
    }
}
