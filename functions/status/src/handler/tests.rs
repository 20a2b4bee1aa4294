//! The handler over an AWS of this process: what no deployed stack can be made to do (fail at one
//! point), and any request at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fakes::aws::{Call, Response, item, keyed, out_of_reach};
use fakes::dynamodb::Tables;
use jiff::Timestamp;
use lambda_http::http;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::api::metrics::Log;
use shared::auth::france_connect;
use shared::domain::ine::Ine;
use shared::identity::block::{Block, Traits};
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::identity::engine::lookup::Mode;
use shared::identity::student::StudentId;

use super::*;
use crate::context::{Issuer, Settings};

mod leaks;

const KEY: &str = "the key of both upstream routes";

/// Tables with one person or none, of which those named in `failing` are out of reach.
#[derive(Default)]
struct World {
    tables: Tables,
    failing: Mutex<BTreeSet<&'static str>>,
    /// The tables that were called, in order.
    calls: Mutex<Vec<&'static str>>,
    /// Whether the person asked about is known.
    known: bool,
    /// How the person's student is stored.
    stored: Stored,
    /// Whether somebody of the same name and date, born elsewhere, is known too.
    homonym: bool,
    /// Whether the client only wants what is certain.
    strict: bool,
    log: fakes::log::Log,
}

/// How a student is stored.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Stored {
    /// Under the INE and the civil identity that are asked about.
    #[default]
    Published,
    /// Under another INE than the one that is asked about.
    UnderAnotherIne,
    /// With nothing that may be told before a person has decided.
    OnHold,
    /// Under the student who has taken its place.
    Merged,
}

/// What consultation calls.
const CALLED: [&str; 6] =
    ["clients", "students", "blocks", "quotas", "access_log", "establishments"];

impl World {
    fn called(&self, table: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| **called == table).count()
    }

    fn answer(&self, call: &Call) -> Response {
        let table = CALLED.into_iter().find(|table| call.concerns(table)).unwrap();
        self.calls.lock().unwrap().push(table);
        if self.failing.lock().unwrap().contains(table) {
            return out_of_reach();
        }
        self.tables.call(&call.operation, &call.text)
    }

    /// Stores the client, and whoever is known.
    fn fill(&self) {
        for (id, client) in clients(self.strict) {
            self.tables.put("clients", keyed("id", &id, &client));
        }
        let (ine, own) = (keys().ine(&Ine::parse(INE).unwrap()), partition(STUDENT));
        let student = |pk: &str, value: Value| {
            let sk = if pk.starts_with("I#") { "ANSWER" } else { "STUDENT" };
            let mut item = item(&value);
            item.extend([("pk".into(), json!({ "S": pk })), ("sk".into(), json!({ "S": sk }))]);
            self.tables.put("students", item);
        };
        if self.known {
            let led = format!("I#{}", ine.as_str());
            match self.stored {
                Stored::OnHold => student(&own, json!({ "version": 1, "on_hold": {} })),
                Stored::UnderAnotherIne => {
                    student(&led, json!({ "student": id(STUDENT) }));
                    student(&own, json!({ "version": 1, "answer": answer() }));
                }
                Stored::Published => {
                    student(&led, json!({ "student": id(STUDENT), "answer": answer() }));
                    student(&own, json!({ "version": 1, "answer": answer() }));
                }
                Stored::Merged => {
                    student(&led, json!({ "student": id(SURVIVOR), "answer": answer() }));
                    student(&own, json!({ "version": 2, "merged_into": id(SURVIVOR) }));
                    student(&partition(SURVIVOR), json!({ "version": 2, "answer": answer() }));
                }
            }
        }
        let known = self.known.then_some((STUDENT, "44109"));
        let indexed = known.into_iter().chain(self.homonym.then_some((SURVIVOR, "35238")));
        let mut blocks: BTreeMap<String, Block<StudentId>> = BTreeMap::new();
        for (holder, birthplace) in indexed {
            let traits: Traits = serde_json::from_value(json!({ "identite": {
                "nomFamille": "Quintefeuille", "prenom1": "Eudoxie", "sexe": "2", "dateNaissance": "2003-11-27",
                "lieuNaissance": birthplace,
            } }))
            .unwrap();
            let holder = StudentId::parse(holder).unwrap();
            for (key, traits) in keys().blocks.spread([&traits]) {
                blocks.entry(key.as_str().to_owned()).or_default().set(&holder, &traits);
            }
        }
        for (key, block) in blocks {
            self.tables.put("blocks", keyed("pk", &key, &block));
        }
    }
}

/// Whom questions by INE are about.
const INE: &str = "0AYIOP071Y8";

fn partition(student: &str) -> String {
    format!("S#{student}")
}

const STUDENT: &str = "6f9619ff8b86d011b42d00cf4fc964ff";
const SURVIVOR: &str = "7f9619ff8b86d011b42d00cf4fc964ff";

fn id(text: &str) -> uuid::Uuid {
    text.parse().unwrap()
}

/// The client and its key, by their ids.
fn clients(strict: bool) -> [(String, Value); 2] {
    let digest = KeyDigest::of(KEY);
    let routes = [Route::StatusByIne, Route::StatusByIdentity];
    let look_up = if strict { Mode::Strict } else { Mode::Standard };
    let client = Client { routes: routes.into(), look_up, ..Client::new("client", "Client") };
    let key = Key {
        digest,
        client_id: "client".into(),
        routes: routes.into(),
        state: State::Active,
        valid_until: None,
        created_at: Timestamp::now(),
        made_by: None,
        ended_by: None,
    };
    [
        ("CLIENT#client".into(), serde_json::to_value(client).unwrap()),
        (format!("KEY#{}", digest.locator()), serde_json::to_value(key).unwrap()),
    ]
}

fn answer() -> Value {
    let today = shared::domain::academic_year::day_in_france(Timestamp::now());
    json!({
        "student": id(STUDENT), "nomFamille": "Quintefeuille", "prenom": "Eudoxie", "dateNaissance": "2003-11-27",
        "inscriptions": [{
            "dateDebut": today, "dateFin": today, "statut": "inscrit", "regime": "RF1", "codeCommune": "75113",
            "uai": "0751967F", "nomEtablissement": "Université",
        }],
    })
}

fn context(world: &Arc<World>) -> Api<Context> {
    world.fill();
    let answering = Arc::clone(world);
    context_over(move |call| answering.answer(call), None, None, Box::new(world.log.clone()))
}

/// A context whose AWS is `answer`.
fn context_over(
    answer: impl Fn(&Call) -> Response + Send + Sync + 'static,
    issuer: Option<Issuer>,
    france_connect: Option<(france_connect::Settings, String)>,
    log: Log,
) -> Api<Context> {
    let aws = fakes::aws::config(answer);
    let settings = Settings {
        students_table: "students".into(),
        blocks_table: "blocks".into(),
        clients_table: "clients".into(),
        quotas_table: "quotas".into(),
        establishments_table: "establishments".into(),
        access_log_table: "access_log".into(),
        access_log_retention_days: 180,
        clients_kept: Duration::from_mins(1),
        starts_within_days: 90,
        environment: "test".into(),
        issuer,
        france_connect,
    };
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    api(Context::new(settings, keys(), aws_sdk_dynamodb::Client::new(&aws), secrets, log))
}

fn keys() -> IdentityKeys {
    let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
    IdentityKeys::new(key("ine"), &key("civil"))
}

fn request(method: &str, path_and_query: &str, key: Option<&str>, body: &str) -> Request {
    let key = key.map(|key| ("x-api-key", key));
    fakes::gateway::request(method, path_and_query, key.as_slice(), body)
}

async fn ask(context: &Api<Context>, request: Request) -> (u16, Value, http::HeaderMap) {
    let response = context.handle(request).await.unwrap();
    let body = serde_json::from_slice(response.body().as_ref()).unwrap_or(Value::Null);
    (response.status().as_u16(), body, response.headers().clone())
}

fn by_ine() -> Request {
    request("GET", "/api/etudiant?INE=0AYIOP071Y8", Some(KEY), "")
}

const EUDOXIE: &str =
    r#"{"nomFamille":"Quintefeuille","prenom1":"Eudoxie","dateNaissance":"2003-11-27","sexe":"2"}"#;

#[tokio::test]
async fn a_known_person_is_told_after_the_trace() {
    let world = Arc::new(World { known: true, ..World::default() });
    let context = context(&world);
    let (status, body, headers) = ask(&context, by_ine()).await;
    assert_eq!((status, &body["nomFamille"]), (200, &"Quintefeuille".into()));
    assert_eq!(headers["ratelimit-limit"], "20");
    assert_eq!(headers["ratelimit-remaining"], "19");
    assert_eq!(
        (world.called("students"), world.called("access_log"), world.called("quotas")),
        (1, 1, 1)
    );
    let (status, body, _) =
        ask(&context, request("POST", "/api/etudiant", Some(KEY), EUDOXIE)).await;
    assert_eq!((status, body.get("ine")), (200, None));
    let marked = format!("\u{feff}{EUDOXIE}");
    let (status, ..) = ask(&context, request("POST", "/api/etudiant", Some(KEY), &marked)).await;
    assert_eq!(status, 200, "a byte order mark is no part of a body");
    let nothing = EUDOXIE.replace('}', r#","lieuNaissance":null}"#);
    let (status, ..) = ask(&context, request("POST", "/api/etudiant", Some(KEY), &nothing)).await;
    assert_eq!(status, 200, "null is absent");
    assert_eq!(world.called("clients"), 2, "a key and a client are read once");

    let log = world.log.text();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "one line a request");
    assert_eq!(
        (&lines[0]["route"], &lines[0]["client"]),
        (&"status_by_ine".into(), &"client".into())
    );
    assert_eq!((&lines[0]["cold_starts"], &lines[1]["cold_starts"]), (&1.into(), &0.into()));
    for personal in ["Quintefeuille", "Eudoxie", "2003-11-27", "0AYIOP071Y8", KEY] {
        assert!(!log.contains(personal), "{personal} in {log}");
    }
}

#[tokio::test]
async fn json_is_read_whatever_a_header_says_that_it_is() {
    let world = Arc::new(World { known: true, ..World::default() });
    let context = context(&world);
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "*", "application/json"]
    {
        let mut request = by_identity();
        request.headers_mut().insert("content-type", http::HeaderValue::from_static(content_type));
        assert_eq!(ask(&context, request).await.0, 200, "{content_type}");
    }
}

#[tokio::test]
async fn what_the_client_lets_through_and_nobody_has_is_answered_and_traced_like_nobody() {
    let nobody = ask(&context(&Arc::new(World::default())), by_identity()).await.1;
    for (said, asked) in [
        (r#""Eudoxie""#, r#""""#),
        (r#""Eudoxie""#, r#""?""#),
        (r#""Quintefeuille""#, r#""'""#),
        (r#""2003-11-27""#, r#""1850-01-01""#),
        (r#""2003-11-27""#, r#""0004-02-29""#),
    ] {
        let world = Arc::new(World { known: true, ..World::default() });
        let request = request("POST", "/api/etudiant", Some(KEY), &EUDOXIE.replace(said, asked));
        let (status, body, _) = ask(&context(&world), request).await;
        assert_eq!((status, &body["message"]), (404, &nobody["message"]), "{asked}");
        assert_eq!((world.called("access_log"), world.called("quotas")), (1, 2), "{asked}");
    }
    for (said, asked) in [(r#""Quintefeuille""#, r#""""#), (r#""2003-11-27""#, r#""2003-02-30""#)] {
        let world = Arc::new(World::default());
        let request = request("POST", "/api/etudiant", Some(KEY), &EUDOXIE.replace(said, asked));
        assert_eq!(ask(&context(&world), request).await.0, 400, "{asked}");
    }
}

#[tokio::test]
async fn without_a_trace_nothing_is_told() {
    for known in [true, false] {
        let world = Arc::new(World { known, ..World::default() });
        world.failing.lock().unwrap().insert("access_log");
        let (status, body, headers) = ask(&context(&world), by_ine()).await;
        assert_eq!(status, 503);
        assert_eq!(body["message"], "service momentanément indisponible");
        assert!(
            !body.to_string().contains("Quintefeuille")
                && !body.to_string().contains("0AYIOP071Y8")
        );
        assert!(headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn whatever_store_fails_the_answer_is_a_503_in_the_contracts_words() {
    for table in ["clients", "students", "blocks", "quotas"] {
        let world = Arc::new(World { known: true, ..World::default() });
        world.failing.lock().unwrap().insert(table);
        let (status, body, _) = ask(&context(&world), by_identity()).await;
        assert_eq!((status, &body["details"]["endpoint"]), (503, &"etudiant".into()), "{table}");
        assert_eq!(
            world.called("access_log"),
            0,
            "{table}: nothing was told, so nothing is traced"
        );
    }
}

/// What was read, of blocks and of students, and what was said.
async fn reads(world: World, request: Request) -> (usize, usize, u16) {
    let world = Arc::new(world);
    let context = Box::new(context(&world));
    let (status, _, _) = ask(&context, request).await;
    (world.called("blocks"), world.called("students"), status)
}

fn by_identity() -> Request {
    request("POST", "/api/etudiant", Some(KEY), EUDOXIE)
}

#[tokio::test]
async fn reads_are_bounded_whoever_is_asked_about() {
    let stored = |stored| World { known: true, stored, ..World::default() };
    assert_eq!(reads(stored(Stored::Published), by_ine()).await, (0, 1, 200));
    assert_eq!(reads(World::default(), by_ine()).await, (0, 1, 404));
    assert_eq!(reads(stored(Stored::UnderAnotherIne), by_ine()).await, (0, 2, 200));
    assert_eq!(reads(stored(Stored::OnHold), by_ine()).await, (0, 1, 404));

    assert_eq!(reads(stored(Stored::Published), by_identity()).await, (1, 1, 200));
    assert_eq!(reads(stored(Stored::Merged), by_identity()).await, (1, 2, 200));
    // Nobody, several, and those of whom nothing may be told: the same reads, so the same time.
    let several = World { known: true, homonym: true, ..World::default() };
    for world in [World::default(), several, stored(Stored::OnHold)] {
        assert_eq!(reads(world, by_identity()).await, (1, 1, 404));
    }
}

#[tokio::test]
async fn several_and_nobody_are_told_and_traced_alike() {
    let without_uid = |body: &Value| {
        let mut body = body.clone();
        body["uid"] = Value::Null;
        body
    };
    let mut said = BTreeSet::new();
    for (known, homonym, stored) in [
        (false, false, Stored::Published),
        (true, true, Stored::Published),
        (true, false, Stored::OnHold),
    ] {
        let world = Arc::new(World { known, stored, homonym, ..World::default() });
        let (status, body, _) = ask(&context(&world), by_identity()).await;
        assert_eq!((status, world.called("access_log")), (404, 1));
        assert_eq!(
            world.called("quotas"),
            2,
            "one for the question, one for the person who wasn't told"
        );
        said.insert(without_uid(&body).to_string());
    }
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn a_strict_client_is_not_told_when_there_is_a_homonym() {
    let born_in_nantes = EUDOXIE.replace('}', r#","lieuNaissance":"44109"}"#);
    for (strict, expected) in [(false, 200), (true, 404)] {
        let world = Arc::new(World { known: true, homonym: true, strict, ..World::default() });
        let question = request("POST", "/api/etudiant", Some(KEY), &born_in_nantes);
        assert_eq!(ask(&context(&world), question).await.0, expected);
    }
}

#[tokio::test]
async fn an_empty_bucket_refuses_and_is_not_asked_again() {
    let world = Arc::new(World { known: true, ..World::default() });
    assert_eq!(ask(&context(&world), by_ine()).await.0, 200);
    let spent_until = Timestamp::now().as_microsecond() + 60_000_000;
    world
        .tables
        .change("quotas", |bucket| bucket["spent_until"] = json!({ "N": spent_until.to_string() }));
    world.calls.lock().unwrap().clear();
    // Another process, which remembers nothing.
    let context = context(&world);
    let (status, body, headers) = ask(&context, by_ine()).await;
    assert_eq!((status, &body["message"]), (429, &"trop de requêtes, réessayez plus tard".into()));
    assert_eq!(headers["ratelimit-remaining"], "0");
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((55..=60).contains(&wait), "{wait}");
    assert_eq!(world.called("access_log"), 0);
    let asked = world.called("quotas");
    assert_eq!(ask(&context, by_ine()).await.0, 429);
    assert_eq!(world.called("quotas"), asked, "what is known to be empty is not asked again");
}

#[tokio::test]
async fn unknown_people_are_counted() {
    let world = Arc::new(World::default());
    let (status, body, _) = ask(&context(&world), by_ine()).await;
    assert_eq!((status, &body["details"]["parameter"]), (404, &"0AYIOP071Y8".into()));
    assert_eq!(world.called("quotas"), 2, "one for the question, one for the unknown person");
    assert_eq!(world.called("access_log"), 1);
}

#[tokio::test]
async fn without_an_issuer_no_token_is_believed() {
    let world = Arc::new(World { known: true, ..World::default() });
    for path in ["ine?ine=0AYIOP071Y8", "identite", "france_connect", "lot"] {
        let method = if path == "lot" { "POST" } else { "GET" };
        let mut request = request(method, &format!("/v3/mesri/statut_etudiant/{path}"), None, "");
        request
            .headers_mut()
            .insert("authorization", http::HeaderValue::from_static("Bearer e30.e30.e30"));
        let (status, body, _) = ask(&context(&world), request).await;
        assert_eq!((status, &body["errors"][0]["code"]), (401, &"00101".into()), "{path}");
    }
}

/// Any request, near the real ones.
fn any_request() -> impl Strategy<Value = (String, String, String, Vec<u8>, String)> {
    (
        "GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH",
        "/api/etudiant|/v3/mesri/statut_etudiant/(ine|identite|france_connect|lot|couverture)|/api/introspect|/ping|/openapi.json|/\\PC{0,20}|",
        "((INE|ine|recipient|nomNaissance|prenoms\\[\\]|uai|limite|apres|\\PC{0,8})=\\PC{0,24}&){0,4}",
        prop::collection::vec(any::<u8>(), 0..64),
        "\\PC{0,40}|Bearer \\PC{0,40}",
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_request_has_a_decent_answer((method, path, query, body, header) in any_request(), with_key in any::<bool>()) {
        let world = Arc::new(World { known: true, ..World::default() });
        let mut request = request(&method, &format!("{path}?{query}"), with_key.then_some(KEY), "");
        *request.body_mut() = Body::Binary(body);
        for name in ["authorization", "x-caller", "content-type"] {
            if let Ok(value) = http::HeaderValue::from_bytes(header.as_bytes()) {
                request.headers_mut().insert(name, value);
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(context(&world).handle(request)).unwrap();
        let status = response.status().as_u16();
        prop_assert!(status < 500, "{status}");
        if method != "HEAD" {
            let body: Value = serde_json::from_slice(response.body().as_ref()).unwrap();
            prop_assert!(status == 200 || body.get("message").is_some() || body.get("errors").is_some());
        }
    }
}
