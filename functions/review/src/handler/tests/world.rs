//! What the handler is run over: tables, a queue, two officers with their keys, students and a
//! record that waits.

use std::sync::Arc;
use std::time::Duration;

use fakes::aws::{Call, Faults, Response, item, keyed};
use fakes::dynamodb::{Item, Tables};
use fakes::gateway::{Reply, request};
use fakes::log::Log;
use fakes::sqs::Queues;
use jiff::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::access::officer::Officer;
use shared::access::route::Route;
use shared::api::Api;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::identity::block::Traits;
use shared::identity::digest::{DigestKey, IdentityKeys, IneDigest, RecordId};
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::compare::Comparison;
use shared::identity::review::{Case, CaseId, CaseQuestion, Near, Side};
use shared::identity::student::StudentId;

use super::super::api;
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
pub(super) const EDGES: [&str; 2] =
    ["1.11111111111111111111111111111111", "1.22222222222222222222222222222222"];

/// An AWS of this process.
#[derive(Default)]
pub(super) struct World {
    pub(super) tables: Tables,
    /// The bodies of the messages that were sent.
    pub(super) queue: Queues,
    pub(super) faults: Faults,
    log: Log,
}

impl World {
    /// With the officers, the students and the record; no case yet.
    pub(super) fn new() -> Arc<Self> {
        let world = Self::default();
        {
            let tables = &world.tables;
            for (key, id, route, officer) in [
                (KEY, "officer-1", Route::Review, Some("a.martin@ac-lyon.fr")),
                (OTHER_KEY, "officer-2", Route::Review, Some("b.durand@ac-lyon.fr")),
                (READ_KEY, "dinum", Route::StatusByIne, None),
            ] {
                let client = Client {
                    routes: [route].into(),
                    officer: officer.map(officer_of),
                    ..Client::new(id, id)
                };
                register(tables, key, &client);
            }
            let record = json!({
                "id": RECORD, "version": "0000000000001.0.import.0000000002", "state": "on_hold",
                "declaration": declaration(None, "1999-11-30"),
            });
            tables.put("records", item(&record));
            let attached = json!({
                "id": EDGES[0], "version": "0000000000001.0.import.0000000003", "state": "resolved",
                "declaration": declaration(None, "1999-11-30"), "student": STUDENT,
            });
            tables.put("records", item(&attached));
            student(tables, STUDENT, &EDGES, None);
            student(tables, VERIFIED, &["1.33333333333333333333333333333333"], Some(OTHER_INE));
        }
        Arc::new(world)
    }

    /// Registers one more client, with its key.
    pub(super) fn register(&self, key: &str, client: &Client) {
        register(&self.tables, key, client);
    }

    fn answer(&self, call: &Call) -> Response {
        self.faults.answer(call, || match call.service.as_str() {
            "AmazonSQS" => self.queue.call(call),
            _ => self.tables.call(&call.operation, &call.text),
        })
    }

    pub(super) fn context(self: &Arc<Self>) -> Api<Context> {
        let answering = Arc::clone(self);
        let aws = fakes::aws::config(move |call| answering.answer(call));
        let settings = Settings {
            reviews_table: "reviews".into(),
            records_table: "records".into(),
            students_table: "students".into(),
            establishments_table: "establishments".into(),
            clients_table: "clients".into(),
            quotas_table: "quotas".into(),
            access_log_table: "access_log".into(),
            access_log_retention_days: 365,
            withdrawals_table: "withdrawals".into(),
            identity_queue_url: "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            clients_kept: Duration::from_mins(1),
            environment: "test".into(),
        };
        api(Context::new(settings, &aws, Box::new(self.log.clone())))
    }

    pub(super) fn items(&self, table: &str) -> Vec<Item> {
        self.tables.items(table).into_iter().collect()
    }

    /// The lines of the log.
    pub(super) fn log(&self) -> Vec<Value> {
        self.log.lines()
    }

    /// Nobody is told by the log, the queue, a key, a trace or a case.
    pub(super) fn assert_nothing_personal(&self) {
        let kept = [self.items("access_log"), self.items("reviews")];
        let tables = &self.tables;
        let told =
            format!("{:?}\n{:?}\n{kept:?}\n{}", self.log(), self.queue.bodies(), tables.keys());
        for personal in PERSONAL {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
    }
}

pub(super) fn officer_of(name: &str) -> Officer {
    Officer::parse(name).unwrap()
}

/// A client, its key, and what is kept of its person's clients.
fn register(tables: &Tables, key: &str, client: &Client) {
    let id = &client.client_id;
    tables.put("clients", keyed("id", &format!("CLIENT#{id}"), client));
    let digest = KeyDigest::of(key);
    let (routes, state, created_at) = (client.routes.clone(), State::Active, Timestamp::now());
    let key = Key {
        digest,
        client_id: id.clone(),
        routes,
        state,
        valid_until: None,
        created_at,
        made_by: None,
        ended_by: None,
    };
    tables.put("clients", keyed("id", &format!("KEY#{}", digest.locator()), &key));
    let Some(officer) = &client.officer else { return };
    let key = format!("OFFICER#{}", KeyDigest::of(officer.as_str()).locator());
    let known = tables.items("clients").into_iter().find(|item| item["id"]["S"] == *key);
    let ids =
        known.and_then(|item| item["client_ids"]["SS"].as_array().cloned()).into_iter().flatten();
    let ids: Vec<Value> = ids.chain([json!(id)]).collect();
    let item = json!({ "id": { "S": key }, "client_ids": { "SS": ids } });
    tables.put("clients", item.as_object().unwrap().clone());
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

fn student(tables: &Tables, id: &str, records: &[&str], ine: Option<&str>) {
    let partition = format!("S#{id}");
    tables.put("students", item(&json!({ "pk": partition, "sk": "STUDENT", "version": 1 })));
    for record in records {
        let edge = json!({
            "record": record, "version": "0000000000001.0.import.0000000002", "reason": "newcomer", "rules_version": 2,
            "declaration": declaration(ine, "1999-11-03"),
        });
        tables.put(
            "students",
            item(&json!({ "pk": partition, "sk": format!("E#{record}"), "edge": edge })),
        );
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
        let declaration: Declaration =
            serde_json::from_value(declaration(None, birth_date)).unwrap();
        Traits::said(declaration.ine, declaration.identite).person()
    };
    Comparison::of(&person("1999-11-30"), &person("1999-11-03"))
}

/// Keeps a case as deduplication would.
pub(super) async fn open(context: &Api<Context>, question: CaseQuestion, second: i64) -> CaseId {
    let case = Case::open(question, RULE_VERSION, Timestamp::from_second(second).unwrap());
    context.reviewing.cases.save(&case).await.unwrap();
    case.id
}

/// The record that waits resembles both students; INES confirmed INEs for it and for the second.
pub(super) fn attachment() -> CaseQuestion {
    let near = [(STUDENT, None), (VERIFIED, master(OTHER_INE))];
    let near = near.map(|(student, master)| Near {
        side: Side { student: id(student), master },
        comparison: comparison(),
    });
    CaseQuestion::Attachment { record: record(RECORD), master: master(INE), near: near.into() }
}

/// The two students may be one person.
pub(super) fn duplicate() -> CaseQuestion {
    let side = |student, ine| Side { student: id(student), master: master(ine) };
    CaseQuestion::duplicate(
        side(STUDENT, INE),
        side(VERIFIED, OTHER_INE),
        record(RECORD),
        comparison(),
    )
}

async fn ask(context: &Api<Context>, request: Request) -> Reply {
    let told = Reply::by(&context.handle(request).await.unwrap());
    for personal in PERSONAL {
        assert!(!told.text.contains(personal), "{personal} in {}", told.text);
    }
    told
}

/// Reads a path, with its query.
pub(super) async fn get(context: &Api<Context>, key: &str, path: &str) -> Reply {
    ask(context, request("GET", path, &[("x-api-key", key)], ())).await
}

pub(super) async fn post(context: &Api<Context>, key: &str, path: &str, body: &Value) -> Reply {
    ask(context, request("POST", path, &[("x-api-key", key)], body.to_string())).await
}

/// Decides a case.
pub(super) async fn decide(
    context: &Api<Context>,
    key: &str,
    case: &CaseId,
    body: &Value,
) -> Reply {
    post(context, key, &format!("/api/revues/{case}/decision"), body).await
}

/// The body of a pointer to a case.
pub(super) fn pointer(case: &CaseId) -> String {
    json!({ "case": case }).to_string()
}
