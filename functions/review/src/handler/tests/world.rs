//! What the handler is run over: tables, a queue, two officers with their keys, students and a record that waits.

use std::sync::{Arc, Mutex};
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
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::identity::digest::{DigestKey, IdentityKeys, IneDigest, RecordId};
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::compare::Comparison;
use shared::identity::posting::Traits;
use shared::identity::review::{Case, CaseId, Near, Question, Side};
use shared::identity::student::StudentId;

use super::super::handle;
use super::dynamodb::{Item, Tables};
use crate::context::{Context, Settings};

/// The keys of two officers.
pub(super) const KEY: &str = "the key of officer 1";
pub(super) const OTHER_KEY: &str = "the key of officer 2";
/// A key that opens consultations only.
pub(super) const READ_KEY: &str = "the key of a consultation";

pub(super) const INE: &str = "081768862AE";
pub(super) const OTHER_INE: &str = "070578267KH";
/// What must never be told, logged, sent or a key.
pub(super) const PERSONAL: [&str; 8] =
    [INE, OTHER_INE, "1999-11-30", "Quintefeuille", "QUINTEFEUILLE", "Eudoxie", "EUDOXIE", KEY];

/// The record that waits.
pub(super) const RECORD: &str = "1.0123456789abcdef0123456789abcdef";
/// The student that it resembles, and another one with a verified INE.
pub(super) const STUDENT: &str = "11111111111141118111111111111111";
pub(super) const VERIFIED: &str = "22222222222242228222222222222222";
/// Enrolments of the first.
pub(super) const EDGES: [&str; 2] = ["1.11111111111111111111111111111111", "1.22222222222222222222222222222222"];

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Whatever concerns that table does nothing, and fails.
    At(&'static str),
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
    /// With the officers, the students and the record; no case yet.
    pub(super) fn new() -> Arc<Self> {
        let world = Self::default();
        {
            let mut tables = world.tables.lock().unwrap();
            for (key, id, route) in [
                (KEY, "officer-1", Route::Review),
                (OTHER_KEY, "officer-2", Route::Review),
                (READ_KEY, "dinum", Route::StatusByIne),
            ] {
                let routes: std::collections::BTreeSet<_> = [route].into();
                let client = Client { routes: routes.clone(), ..Client::new(id, id) };
                tables.put("clients", with_id(&format!("CLIENT#{id}"), &client));
                let digest = KeyDigest::of(key);
                let (state, created_at) = (State::Active, Timestamp::now());
                let key = Key { digest, client_id: id.into(), routes, state, valid_until: None, created_at };
                tables.put("clients", with_id(&format!("KEY#{}", digest.locator()), &key));
            }
            let record = json!({
                "id": RECORD, "version": "0000000000001.0.import.0000000002", "state": "in_review",
                "declaration": declaration(None, "1999-11-30"),
            });
            tables.put("records", item(&record));
            let attached = json!({
                "id": EDGES[0], "version": "0000000000001.0.import.0000000003", "state": "resolved",
                "declaration": declaration(None, "1999-11-30"), "student": STUDENT,
            });
            tables.put("records", item(&attached));
            student(&mut tables, STUDENT, &EDGES, None);
            student(&mut tables, VERIFIED, &["1.33333333333333333333333333333333"], Some(OTHER_INE));
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
        let concerns = |table: &str| body.to_string().contains(&format!("\"TableName\":\"{table}\""));
        if fault == Some(Fault::Before(number)) || matches!(fault, Some(Fault::At(table)) if concerns(table)) {
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
            reviews_table: "reviews".into(),
            records_table: "records".into(),
            students_table: "students".into(),
            clients_table: "clients".into(),
            quotas_table: "quotas".into(),
            access_log_table: "access_log".into(),
            access_log_retention_days: 365,
            identity_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            clients_kept: Duration::from_mins(1),
            environment: "test".into(),
        };
        Context::new(settings, &aws, Box::new(self.log.clone()))
    }

    pub(super) fn items(&self, table: &str) -> Vec<Item> {
        self.tables.lock().unwrap().items(table).into_iter().cloned().collect()
    }

    /// The lines of the log, each an object.
    pub(super) fn log(&self) -> Vec<Value> {
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Nobody is told by the log, the queue, a key, a trace or a case.
    pub(super) fn assert_nothing_personal(&self) {
        let kept = [self.items("access_log"), self.items("reviews")];
        let tables = self.tables.lock().unwrap();
        let told = format!("{:?}\n{:?}\n{kept:?}\n{}", self.log(), self.queue.lock().unwrap(), tables.keys());
        for personal in PERSONAL {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
    }
}

fn declaration(ine: Option<&str>, birth_date: &str) -> Value {
    let mut declaration = json!({
        "identite": {
            "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "autresPrenoms": [], "sexe": "2",
            "dateNaissance": birth_date,
        },
        "inscription": {
            "dateDebut": "2025-09-01", "dateFin": "2026-08-31", "statut": "inscrit", "regime": "RF1",
            "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": "Université",
        },
    });
    if let Some(ine) = ine {
        declaration["ine"] = ine.into();
    }
    declaration
}

fn student(tables: &mut Tables, id: &str, records: &[&str], ine: Option<&str>) {
    let partition = format!("S#{id}");
    tables.put("students", item(&json!({ "pk": partition, "sk": "STUDENT", "version": 1 })));
    for record in records {
        let edge = json!({
            "record": record, "version": "0000000000001.0.import.0000000002", "reason": "newcomer", "rules_version": 2,
            "declaration": declaration(ine, "1999-11-03"),
        });
        tables.put("students", item(&json!({ "pk": partition, "sk": format!("E#{record}"), "edge": edge })));
    }
}

pub(super) fn id(student: &str) -> StudentId {
    serde_json::from_value(json!(student)).unwrap()
}

pub(super) fn record(id: &str) -> RecordId {
    RecordId::parse(id).unwrap()
}

pub(super) fn master(ine: &str) -> Option<IneDigest> {
    let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
    Ine::parse(ine).ok().map(|ine| IdentityKeys::new(key("ine"), &key("civil")).ine(&ine))
}

fn comparison() -> Comparison {
    let person = |birth_date| {
        let declaration: Declaration = serde_json::from_value(declaration(None, birth_date)).unwrap();
        Traits { ine: declaration.ine, identite: declaration.identite }.person()
    };
    Comparison::of(&person("1999-11-30"), &person("1999-11-03"))
}

/// Keeps a case as deduplication would.
pub(super) async fn open(context: &Context, question: Question, second: i64) -> CaseId {
    let case = Case::open(question, RULE_VERSION, Timestamp::from_second(second).unwrap());
    context.reviews.save(&case).await.unwrap();
    case.id
}

/// The record that waits resembles both students; INES confirmed INEs for it and for the second.
pub(super) fn attachment() -> Question {
    let near = [(STUDENT, None), (VERIFIED, master(OTHER_INE))];
    let near =
        near.map(|(student, master)| Near { side: Side { student: id(student), master }, comparison: comparison() });
    Question::Attachment { record: record(RECORD), master: master(INE), near: near.into() }
}

/// The two students may be one person.
pub(super) fn duplicate() -> Question {
    let side = |student, ine| Side { student: id(student), master: master(ine) };
    Question::duplicate(side(STUDENT, INE), side(VERIFIED, OTHER_INE), record(RECORD), comparison())
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
fn dynamo(value: &Value) -> Value {
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
}

async fn ask(context: &Context, request: Request) -> Told {
    let response = handle(context, request).await.unwrap();
    let text = String::from_utf8(response.body().as_ref().to_vec()).unwrap();
    for personal in PERSONAL {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    Told { status: response.status().as_u16(), text, headers: response.headers().clone() }
}

/// Reads a path, with its query.
pub(super) async fn get(context: &Context, key: &str, path: &str) -> Told {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let request = http::Request::builder().uri("/").header("x-api-key", key).body(().into()).unwrap();
    let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let parameters: std::collections::HashMap<String, Vec<String>> =
        parameters.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect();
    ask(context, request.with_raw_http_path(path).with_query_string_parameters(parameters)).await
}

/// Posts a body.
pub(super) async fn post(context: &Context, key: &str, path: &str, body: &Value) -> Told {
    let request = http::Request::builder().method("POST").uri("/").header("x-api-key", key);
    ask(context, request.body(body.to_string().into()).unwrap().with_raw_http_path(path)).await
}

/// Decides a case.
pub(super) async fn decide(context: &Context, key: &str, case: &CaseId, body: &Value) -> Told {
    post(context, key, &format!("/api/revues/{case}/decision"), body).await
}

/// The body of a pointer to a case.
pub(super) fn pointer(case: &CaseId) -> String {
    json!({ "case": case }).to_string()
}
