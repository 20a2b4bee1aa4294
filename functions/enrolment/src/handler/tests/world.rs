//! What the handler is run over: tables, a queue, establishments with their keys, one student.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use lambda_http::{Request, RequestExt as _, http};
use serde::Serialize;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, IdentityKeys};

use super::super::handle;
use super::dynamodb::{Item, Tables};
use crate::context::{Context, Keys, Settings};

/// The key of the lycée that sends for two.
pub(super) const KEY: &str = "the key of 0010006B";
/// The key of a university.
pub(super) const OTHER_KEY: &str = "the key of 0751967F";
/// A key that opens consultations only.
pub(super) const READ_KEY: &str = "the key of a consultation";
/// A key of a client that sends as nobody.
pub(super) const NOBODYS_KEY: &str = "the key of nobody";

pub(super) const INE: &str = "081768862AE";
pub(super) const BIRTH_DATE: &str = "1999-11-30";
/// What must never be in a log, a queue or a key.
pub(super) const PERSONAL: [&str; 7] = [INE, BIRTH_DATE, "Quintefeuille", "Eudoxie", "E-4217", KEY, OTHER_KEY];

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The call of that number does nothing, and fails.
    Before(usize),
    /// It does its work, and its answer is lost.
    After(usize),
}

/// An AWS of this process.
#[derive(Default)]
pub(super) struct World {
    pub(super) tables: Mutex<Tables>,
    /// The bodies of the messages that were sent.
    pub(super) queue: Mutex<Vec<String>>,
    pub(super) fault: Mutex<Option<Fault>>,
    /// How many calls were made.
    pub(super) calls: Mutex<usize>,
    log: SharedLog,
}

#[derive(Clone, Default)]
struct SharedLog(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for SharedLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl World {
    /// With two establishments, their keys, and one student.
    pub(super) fn new() -> Arc<Self> {
        let world = Self::default();
        {
            let mut tables = world.tables.lock().unwrap();
            for (uai, sends_for) in [("0010006B", vec!["0010006B", "0010814E"]), ("0751967F", vec!["0751967F"])] {
                tables.put("establishments", establishment(uai, &sends_for));
            }
            tables.put("establishments", establishment("0010814E", &[]));
            let write = [Route::Enrolment, Route::Deposit];
            for (key, id, routes, depositor) in [
                (KEY, "lycee", write, Some("0010006B")),
                (OTHER_KEY, "universite", write, Some("0751967F")),
                (READ_KEY, "dinum", [Route::StatusByIne, Route::StatusByIdentity], Some("0010006B")),
                (NOBODYS_KEY, "nobody", write, None),
            ] {
                let depositor = depositor.map(|uai| Uai::parse(uai).unwrap());
                let client = Client { routes: routes.into(), depositor, ..Client::new(id, id) };
                tables.put("clients", with_id(&format!("CLIENT#{id}"), &client));
                let digest = KeyDigest::of(key);
                let key = Key {
                    digest,
                    client_id: id.into(),
                    routes: routes.into(),
                    state: State::Active,
                    valid_until: None,
                    created_at: Timestamp::now(),
                };
                tables.put("clients", with_id(&format!("KEY#{}", digest.locator()), &key));
            }
            student(&mut tables);
        }
        Arc::new(world)
    }

    fn answer(&self, request: &http::Request<SdkBody>) -> http::Response<String> {
        let target = request.headers()["x-amz-target"].to_str().unwrap();
        let (service, operation) = target.split_once('.').unwrap();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let number = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let fault = *self.fault.lock().unwrap();
        // Not a kind of error that the SDK tries again: whoever sent the request must.
        let lost = || respond(400, &json!({ "__type": "ValidationException", "message": "out of reach" }));
        if fault == Some(Fault::Before(number)) {
            return lost();
        }
        let response = if service == "AmazonSQS" { self.send(&body) } else { self.call(operation, &body) };
        if fault == Some(Fault::After(number)) { lost() } else { response }
    }

    fn send(&self, body: &Value) -> http::Response<String> {
        let entries = body["Entries"].as_array().unwrap();
        let mut queue = self.queue.lock().unwrap();
        queue.extend(entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()));
        let taken = entries.iter().map(|entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
        respond(200, &json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] }))
    }

    fn call(&self, operation: &str, body: &Value) -> http::Response<String> {
        match self.tables.lock().unwrap().call(operation, body) {
            Ok(body) => respond(200, &body),
            Err((kind, mut error)) => {
                error["__type"] = kind.into();
                respond(400, &error)
            }
        }
    }

    pub(super) fn context(self: &Arc<Self>) -> Context {
        let answering = Arc::clone(self);
        let credentials = Credentials::new("test", "secret", Some("token".into()), None, "tests");
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-3"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(infallible_client_fn(move |request| answering.answer(&request)))
            .build();
        let settings = Settings {
            records_table: "records".into(),
            students_table: "students".into(),
            clients_table: "clients".into(),
            quotas_table: "quotas".into(),
            establishments_table: "establishments".into(),
            imports_table: "imports".into(),
            findings_table: "findings".into(),
            idempotency_table: "idempotency".into(),
            identity_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            inbox_bucket: "inbox".into(),
            reports_bucket: "reports".into(),
            clients_kept: Duration::from_mins(1),
            deposit_max_bytes: 1_000,
            deposit_lifetime: Duration::from_mins(15),
            environment: "test".into(),
        };
        let keys = Keys { record: key("record"), identity: IdentityKeys::new(key("ine"), &key("civil")) };
        Context::new(settings, keys, &aws, Box::new(self.log.clone()))
    }

    pub(super) fn records(&self) -> Vec<Item> {
        self.tables.lock().unwrap().items("records").into_iter().cloned().collect()
    }

    /// The lines of the log, each an object.
    pub(super) fn log(&self) -> Vec<Value> {
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Nobody is told by the log, the queue or a key.
    pub(super) fn assert_nothing_personal(&self) {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let told = format!("{:?}\n{:?}\n{}", self.log(), self.queue.lock().unwrap(), tables.keys());
        for personal in PERSONAL {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
    }
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
fn student(tables: &mut Tables) {
    let keys = IdentityKeys::new(key("ine"), &key("civil"));
    let student = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let partition = format!("S#{}", student.replace('-', ""));
    let ine = keys.ine(&Ine::parse(INE).unwrap());
    tables.put("students", item(&json!({ "pk": format!("I#{}", ine.as_str()), "sk": "ANSWER", "student": student })));
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

/// JSON as an item.
pub(super) fn item(value: &Value) -> Item {
    dynamo(value)["M"].as_object().unwrap().clone()
}

fn with_id(id: &str, value: &impl Serialize) -> Item {
    let mut value = serde_json::to_value(value).unwrap();
    value["id"] = id.into();
    item(&value)
}

/// JSON as `DynamoDB` writes it.
pub(super) fn dynamo(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({ "N": value.to_string() }),
        Value::String(value) => json!({ "S": value }),
        Value::Array(values) => json!({ "L": values.iter().map(dynamo).collect::<Vec<_>>() }),
        Value::Object(fields) => {
            json!({ "M": fields.iter().map(|(name, value)| (name.clone(), dynamo(value))).collect::<Item>() })
        }
    }
}

fn respond(status: u16, body: &Value) -> http::Response<String> {
    http::Response::builder().status(status).body(body.to_string()).unwrap()
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

pub(super) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<lambda_http::Body>,
) -> Request {
    let mut request = http::Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap().with_raw_http_path(path)
}

/// A response: its status, its text, its headers.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) headers: http::HeaderMap,
}

impl Told {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The text with the correlation id masked.
    pub(super) fn masked(&self) -> String {
        match self.json()["uid"].as_str() {
            Some(uid) => {
                assert!(uid.len() == 18 && uid.ends_with("_0000"), "{uid}");
                self.text.replace(uid, "<uid>")
            }
            None => self.text.clone(),
        }
    }
}

pub(super) async fn ask(context: &Context, request: Request) -> Told {
    let response = handle(context, request).await.unwrap();
    let text = String::from_utf8(response.body().as_ref().to_vec()).unwrap();
    Told { status: response.status().as_u16(), text, headers: response.headers().clone() }
}

/// Tells of an enrolment.
pub(super) async fn push(context: &Context, body: &Value) -> Told {
    ask(context, request("POST", "/api/inscription", &[("x-api-key", KEY)], body.to_string())).await
}

/// Tells of an enrolment under an idempotency key.
pub(super) async fn push_once(context: &Context, key: &str, body: &Value) -> Told {
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
