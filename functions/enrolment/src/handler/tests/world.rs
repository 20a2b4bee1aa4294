//! What the handler is run over: tables, a queue, establishments with their keys, one student.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use fakes::aws::{Call, Faults, Response, item, keyed};
use fakes::dynamodb::{Item, Tables};
use fakes::gateway::{Reply, request};
use fakes::log::Log;
use fakes::s3::{Buckets, Pieces};
use fakes::sqs::Queues;
use jiff::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::api::Api;
use shared::deposits::buckets::BucketSettings;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::registry::imports::ImportStore;
use shared::registry::pairs::Terms;
use shared::statements::Keys;

use super::super::api;
use crate::context::{Context, Settings};

/// The key of the lycée that sends for two.
pub(super) const KEY: &str = "the key of 0010006B";
/// The key of a university.
pub(super) const OTHER_KEY: &str = "the key of 0751967F";
/// A key that opens consultations only.
pub(super) const READ_KEY: &str = "the key of a consultation";
/// A key of a client that sends as nobody.
pub(super) const NOBODYS_KEY: &str = "the key of nobody";

pub(super) const INE: &str = "081768862AE";
/// The INE of [`second_student`], who was born on the same day.
pub(super) const SECOND_INE: &str = "070578267KH";
pub(super) const BIRTH_DATE: &str = "1999-11-30";
/// What must never be in a log, a queue or a key.
pub(super) const PERSONAL: [&str; 8] =
    [INE, SECOND_INE, BIRTH_DATE, "Quintefeuille", "Eudoxie", "E-4217", KEY, OTHER_KEY];

/// An AWS of this process.
#[derive(Default)]
pub(super) struct World {
    pub(super) tables: Tables,
    /// The bodies of the messages that were sent.
    pub(super) queue: Queues,
    pub(super) buckets: Buckets,
    pub(super) faults: Faults,
    log: Log,
}

impl World {
    /// With two establishments, their keys, and one student.
    pub(super) fn new() -> Arc<Self> {
        let world = Self::default();
        {
            let tables = &world.tables;
            for (uai, sends_for) in
                [("0010006B", vec!["0010006B", "0010814E"]), ("0751967F", vec!["0751967F"])]
            {
                tables.put("establishments", establishment(uai, &sends_for));
            }
            tables.put("establishments", establishment("0010814E", &[]));
            let write = [Route::Enrolment, Route::Deposit];
            for (key, id, routes, depositor) in [
                (KEY, "lycee", write, Some("0010006B")),
                (OTHER_KEY, "universite", write, Some("0751967F")),
                (
                    READ_KEY,
                    "dinum",
                    [Route::StatusByIne, Route::StatusByIdentity],
                    Some("0010006B"),
                ),
                (NOBODYS_KEY, "nobody", write, None),
            ] {
                let depositor = depositor.map(|uai| Uai::parse(uai).unwrap());
                let client = Client { routes: routes.into(), depositor, ..Client::new(id, id) };
                tables.put("clients", keyed("id", &format!("CLIENT#{id}"), &client));
                let digest = KeyDigest::of(key);
                let key = Key {
                    digest,
                    client_id: id.into(),
                    routes: routes.into(),
                    state: State::Active,
                    valid_until: None,
                    created_at: Timestamp::now(),
                    made_by: None,
                    ended_by: None,
                };
                tables.put("clients", keyed("id", &format!("KEY#{}", digest.locator()), &key));
            }
            student(tables);
        }
        Arc::new(world)
    }

    fn answer(&self, call: &Call) -> Response {
        self.faults.answer(call, || match call.service.as_str() {
            "AmazonSQS" => self.queue.call(call),
            "s3" => self.buckets.call(call, Timestamp::now(), |bytes| Pieces::new([Ok(bytes)])),
            _ => self.tables.call(&call.operation, &call.text),
        })
    }

    pub(super) fn context(self: &Arc<Self>) -> Api<Context> {
        let answering = Arc::clone(self);
        let aws = fakes::aws::config(move |call| answering.answer(call));
        let settings = Settings {
            records_table: "records".into(),
            students_table: "students".into(),
            clients_table: "clients".into(),
            quotas_table: "quotas".into(),
            pair_terms: terms(),
            access_log_table: "access_log".into(),
            access_log_retention_days: 180,
            establishments_table: "establishments".into(),
            imports_table: "imports".into(),
            findings_table: "findings".into(),
            idempotency_table: "idempotency".into(),
            identity_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            imports_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/imports".into(),
            buckets: BucketSettings {
                inbox: "inbox".into(),
                reports: "reports".into(),
                max_bytes: 1_000,
                lifetime: Duration::from_mins(15),
            },
            statistics_bucket: "statistics".into(),
            clients_kept: Duration::from_mins(1),
            environment: "test".into(),
        };
        let keys =
            Keys { record: key("record"), identity: IdentityKeys::new(key("ine"), &key("civil")) };
        api(Context::new(settings, keys, &aws, Box::new(self.log.clone())))
    }

    /// The table `imports`, as ingestion has it.
    pub(super) fn imports(self: &Arc<Self>) -> ImportStore {
        let answering = Arc::clone(self);
        let aws = fakes::aws::config(move |call| answering.answer(call));
        ImportStore::new(aws_sdk_dynamodb::Client::new(&aws), "imports".into())
    }

    pub(super) fn records(&self) -> Vec<Item> {
        self.tables.items("records").into_iter().collect()
    }

    /// The lines of the log.
    pub(super) fn log(&self) -> Vec<Value> {
        self.log.lines()
    }

    /// Nobody is told by the log, the queue or a key.
    pub(super) fn assert_nothing_personal(&self) {
        let tables = &self.tables;
        let told = format!("{:?}\n{:?}\n{}", self.log(), self.queue.bodies(), tables.keys());
        for personal in PERSONAL {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
    }
}

/// What a depositor may have checked in a day.
fn terms() -> Terms {
    let number = |number| NonZeroU32::new(number).unwrap();
    Terms { dates: number(3), floor: number(10), percent: 5 }
}

fn key(name: &str) -> DigestKey {
    DigestKey::new("1".into(), name.to_owned().into())
}

fn establishment(uai: &str, sends_for: &[&str]) -> Item {
    item(&json!({
        "uai": uai, "name": "Établissement", "kind": "lycee", "commune": "01033", "postal_code": "01200",
        "sends_for": sends_for, "regime_codes": { "1": "RF2" }, "status_codes": { "1": "inscrit", "2": "admis" },
    }))
}

/// A student that a file told of.
fn student(tables: &Tables) {
    let keys = IdentityKeys::new(key("ine"), &key("civil"));
    let student = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let partition = format!("S#{}", student.replace('-', ""));
    let ine = keys.ine(&Ine::parse(INE).unwrap());
    tables.put(
        "students",
        item(&json!({ "pk": format!("I#{}", ine.as_str()), "sk": "ANSWER", "student": student })),
    );
    tables.put("students", item(&json!({ "pk": partition, "sk": "STUDENT", "version": 1 })));
    let edge = json!({
        "record": "1.00000000000000000000000000000000", "version": "0000000000001.0.import.0000000002",
        "reason": "newcomer", "rules_version": 2,
        "declaration": {
            "ine": INE,
            "identite": {
                "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "autresPrenoms": [], "sexe": "2",
                "dateNaissance": BIRTH_DATE,
            },
            "inscription": {
                "dateDebut": "2025-09-01", "dateFin": "2026-08-31", "statut": "inscrit", "regime": "RF1",
                "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": "Université",
            },
        },
    });
    tables.put("students", item(&json!({ "pk": partition, "sk": "E#1.0", "edge": edge })));
}

/// Another student, of whom nothing but an enrolment elsewhere is known.
pub(super) fn second_student(world: &World) {
    let keys = IdentityKeys::new(key("ine"), &key("civil"));
    let tables = &world.tables;
    let copied = tables.items("students");
    let [first, second] =
        [INE, SECOND_INE].map(|ine| keys.ine(&Ine::parse(ine).unwrap()).as_str().to_owned());
    for copied in copied {
        let text = Value::Object(copied).to_string();
        let text = text.replace(&first, &second).replace(INE, SECOND_INE);
        let text =
            text.replace("6f9619ff8b86d011b42d00cf4fc964ff", "6f9619ff8b86d011b42d00cf4fc964fe");
        let text = text.replace(
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "6f9619ff-8b86-d011-b42d-00cf4fc964fe",
        );
        tables.put("students", serde_json::from_str(&text).unwrap());
    }
}

/// The body of an enrolment that is well formed, with other values for some fields.
pub(super) fn enrolment(others: &Value) -> Value {
    let mut body = json!({
        "ine": INE, "dateNaissance": BIRTH_DATE, "dateDebutInscription": "2026-09-01",
        "dateFinInscription": "2027-08-31", "statut": "inscrit", "regime": "formation initiale",
        "codeCommune": "01200", "uai": "0010006B", "cursus": "L", "diplome": "2400000", "niveauDiplome": "01",
    });
    for (name, value) in others.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(super) async fn ask(context: &Api<Context>, request: Request) -> Reply {
    let response = context.handle(request).await.unwrap();
    Reply::by(&response)
}

/// Tells of an enrolment.
pub(super) async fn push(context: &Api<Context>, body: &Value) -> Reply {
    ask(context, request("POST", "/api/inscription", &[("x-api-key", KEY)], body.to_string())).await
}

/// Tells of an enrolment under an idempotency key.
pub(super) async fn push_once(context: &Api<Context>, key: &str, body: &Value) -> Reply {
    let headers = [("x-api-key", KEY), ("idempotency-key", key)];
    ask(context, request("POST", "/api/inscription", &headers, body.to_string())).await
}

/// Waits for another millisecond, so that what follows is later than what went before.
pub(super) fn tick() {
    let before = Timestamp::now().as_millisecond();
    while Timestamp::now().as_millisecond() == before {
        std::thread::yield_now();
    }
}
