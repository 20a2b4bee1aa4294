//! Everything outside: the production's stores over a DynamoDB, an S3 and queues of this process
//! that do what the real ones promise and no more, and processes that die at any call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fakes::aws::{Call, Outstanding, Response, keyed, refuse, respond};
use fakes::s3::{Buckets, Object, Pieces};
use fakes::sqs::Queues;
use fakes::{s3, sns};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use ingestion::world::{Places, World};
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shared::contract::pointer::Pointer;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::feeding::record::Stored;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::imports::{Import, ImportId, ImportStore, LEASE, LeaseHolder};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::bill::Bill;
use crate::scenario::INBOX;

/// How long the queue keeps a message away that nobody says otherwise about.
pub(crate) const VISIBILITY: Duration = Duration::from_mins(90);

/// What can go wrong, and how slow things are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    /// Chance that a call is throttled.
    pub(crate) throttle: f64,
    /// Chance that a call is done and not answered.
    pub(crate) timeout: f64,
    /// Longest time of a call, in milliseconds.
    pub(crate) latency: u64,
    /// Longest time that the index lags behind, in milliseconds.
    pub(crate) index_lag: u64,
}

/// A record as the table has it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) stored: Stored,
    /// The given name and the status.
    pub(crate) said: (String, String),
}

/// What DynamoDB hasn't everywhere yet of a record.
struct Settling {
    /// As it was before the last write; nothing if it wasn't there.
    before: Option<Value>,
    written: Instant,
    listed_at: Instant,
}

#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) visible_at: Instant,
    pub(crate) deliveries: u32,
}

/// Everything that outlives a process.
pub(crate) struct Sim {
    pub(crate) random: RefCell<StdRng>,
    pub(crate) faults: Cell<Faults>,
    pub(crate) start: (Timestamp, Instant),
    database: Arc<fakes::dynamodb::Tables>,
    /// Imports as who isn't ingestion sees them.
    imports: ImportStore,
    settling: RefCell<HashMap<String, Settling>>,
    pub(crate) buckets: Buckets,
    pub(crate) pointers: RefCell<VecDeque<RecordId>>,
    pub(crate) queue: RefCell<Vec<Queued>>,
    pub(crate) notices: RefCell<BTreeMap<String, Vec<bool>>>,
    /// Imports in the order in which their end was told.
    pub(crate) order: RefCell<Vec<String>>,
    sent: Cell<u64>,
    pub(crate) writes: Cell<u64>,
    pub(crate) bill: Cell<Bill>,
}

impl Sim {
    pub(crate) fn new(seed: u64, faults: Faults, establishments: &[Establishment]) -> Rc<Self> {
        let database = Arc::new(fakes::dynamodb::Tables::default());
        for establishment in establishments {
            database.put("establishments", keyed("uai", establishment.uai.as_str(), establishment));
        }
        let answering = Arc::clone(&database);
        let aws = fakes::aws::config(move |call| answering.call(&call.operation, &call.text));
        Rc::new(Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            faults: Cell::new(faults),
            start: ("2026-09-14T06:00:00Z".parse().unwrap(), Instant::now()),
            database,
            imports: ImportStore::new(aws_sdk_dynamodb::Client::new(&aws), "imports".into()),
            settling: RefCell::default(),
            buckets: Buckets::default(),
            pointers: RefCell::default(),
            queue: RefCell::default(),
            notices: RefCell::default(),
            order: RefCell::default(),
            sent: Cell::new(0),
            writes: Cell::new(0),
            bill: Cell::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.start.1.elapsed().as_millis()).unwrap();
        self.start.0.checked_add(elapsed.milliseconds()).unwrap()
    }

    pub(crate) fn chance(&self, probability: f64) -> bool {
        self.random.borrow_mut().random_bool(probability)
    }

    pub(crate) fn below(&self, limit: u64) -> u64 {
        self.random.borrow_mut().random_range(0..limit.max(1))
    }

    pub(crate) fn send(&self, body: String, delay: Duration) {
        self.sent.set(self.sent.get() + 1);
        let message = Queued {
            id: format!("m{}", self.sent.get()),
            body,
            visible_at: Instant::now() + delay,
            deliveries: 0,
        };
        self.queue.borrow_mut().push(message);
    }

    /// Takes a place for an import that is carried out elsewhere, until some second.
    pub(crate) async fn occupy(&self, uai: Uai, place: usize, until: i64) {
        let other = ImportId::of("inbox", "elsewhere", &place.to_string());
        let holder = LeaseHolder { import: &other, owner: "elsewhere" };
        let since = until - i64::try_from(LEASE.as_secs()).unwrap();
        let entered = self.imports.enter(uai, holder, Timestamp::from_second(since).unwrap()).await;
        assert_eq!(entered.unwrap(), Some(place));
    }

    /// A deposit that no import is known of yet.
    pub(crate) fn open_deposit(&self, uai: Uai, deposit: &str) {
        self.database
            .put("imports", keyed("id", &format!("DEPOT#{deposit}"), &json!({ "uai": uai })));
    }

    /// The import that a deposit was told.
    pub(crate) fn import_of(&self, deposit: &str) -> Option<String> {
        let id = format!("DEPOT#{deposit}");
        let item = self.database.plain("imports").into_iter().find(|item| item["id"] == *id)?;
        item["import"].as_str().map(str::to_owned)
    }

    /// Whether a file fed an establishment.
    pub(crate) fn is_fed(&self, uai: Uai) -> bool {
        let items = self.database.plain("establishments");
        items.iter().any(|item| item["uai"] == uai.as_str() && item["last_feed_at"].is_string())
    }

    pub(crate) fn import(&self, id: &ImportId) -> Option<Import> {
        let item =
            self.database.plain("imports").into_iter().find(|item| item["id"] == id.as_str())?;
        Some(serde_json::from_value(item).unwrap())
    }

    /// How far complete files go for an establishment, in the one year that there is.
    pub(crate) fn horizon(&self, uai: Uai) -> Option<RecordVersion> {
        serde_json::from_value(self.feed(uai)?["version"].take()).ok()
    }

    /// Whether an import is entered among those that write an establishment's records.
    pub(crate) fn has_writers(&self, uai: Uai) -> bool {
        self.feed(uai).is_some_and(|feed| !feed["writers"].is_null())
    }

    fn feed(&self, uai: Uai) -> Option<Value> {
        let id = format!("COMPLETE#{uai}#2026");
        self.database.plain("imports").into_iter().find(|item| item["id"] == *id)
    }

    /// The records that are stored.
    pub(crate) fn records(&self) -> BTreeMap<RecordId, Record> {
        let record = |item: Value| {
            let declaration = &item["declaration"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let said = (
                text(&declaration["identite"]["prenom1"]),
                text(&declaration["inscription"]["statut"]),
            );
            let stored: Stored = serde_json::from_value(item).unwrap();
            (stored.id.clone(), Record { stored, said })
        };
        self.database.plain("records").into_iter().map(record).collect()
    }

    /// What deduplication does with a pointer, some of the time finding a doubt.
    pub(crate) fn resolve(&self, id: &RecordId, doubt: bool) {
        let request = json!({
            "TableName": "records", "Key": { "id": { "S": id.as_str() } },
            "UpdateExpression": "SET #state = :state",
            "ConditionExpression": "attribute_exists(id) AND #state = :pending",
            "ExpressionAttributeNames": { "#state": "state" },
            "ExpressionAttributeValues": {
                ":state": { "S": if doubt { "on_hold" } else { "resolved" } }, ":pending": { "S": "pending" },
            },
        });
        self.database.call("UpdateItem", &request.to_string());
    }

    fn effect(&self, call: &Call) -> Response {
        let answer = self.effect_of(call);
        let mut bill = self.bill.get();
        bill.add(call, &answer, |id| self.item(id));
        self.bill.set(bill);
        answer
    }

    fn effect_of(&self, call: &Call) -> Response {
        match (call.service.as_str(), call.operation.as_str()) {
            ("s3", _) => self.buckets.call(call, self.now(), |bytes| self.cut(&bytes)),
            ("sns", "Publish") => {
                let notice: Value =
                    serde_json::from_str(call.body()["Message"].as_str().unwrap()).unwrap();
                let import = notice["import"].as_str().unwrap().to_owned();
                let mut notices = self.notices.borrow_mut();
                let told = notices.entry(import.clone()).or_default();
                if told.is_empty() {
                    self.order.borrow_mut().push(import);
                }
                told.push(notice["etat"] == "échoué");
                sns::published()
            }
            ("AmazonSQS", "ChangeMessageVisibility") => self.hold(&call.body()),
            ("AmazonSQS", _) => {
                let sent = Queues::default();
                let answer = sent.call(call);
                for message in sent.drain() {
                    if message.queue == "imports" {
                        let jitter = Duration::from_millis(self.below(2_000));
                        self.send(message.body, Duration::from_secs(message.delay) + jitter);
                        continue;
                    }
                    match Pointer::read(&message.body).unwrap() {
                        Pointer::Record(record) => self.pointers.borrow_mut().push_back(record),
                        other => panic!("{other:?}"),
                    }
                }
                answer
            }
            (_, "TransactWriteItems") => self.transact(call),
            (_, "BatchGetItem") => self.read(call),
            (_, "Query") => self.list(call),
            _ => self.database.call(&call.operation, &call.text),
        }
    }

    fn hold(&self, body: &Value) -> Response {
        let mut queue = self.queue.borrow_mut();
        let receipt = body["ReceiptHandle"].as_str().unwrap();
        let ours = queue
            .iter_mut()
            .find(|queued| format!("{}/{}", queued.id, queued.deliveries) == receipt);
        let Some(queued) = ours else { return refuse("com.amazonaws.sqs#ReceiptHandleIsInvalid") };
        queued.visible_at =
            Instant::now() + Duration::from_secs(body["VisibilityTimeout"].as_u64().unwrap());
        respond(200, &json!({}))
    }

    /// Bytes in small pieces; the connection breaks off now and then.
    fn cut(&self, bytes: &Bytes) -> Pieces {
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            if self.chance(self.faults.get().timeout) {
                pieces.push(Err(std::io::ErrorKind::ConnectionReset.into()));
                break;
            }
            let end = (at + 1 + usize::try_from(self.below(4_096)).unwrap()).min(bytes.len());
            pieces.push(Ok(bytes.slice(at..end)));
            at = end;
        }
        Pieces::new(pieces)
    }

    /// A transaction over records; now and then one of them is busy.
    fn transact(&self, call: &Call) -> Response {
        let body = call.body();
        let parts = body["TransactItems"].as_array().unwrap();
        if self.chance(self.faults.get().throttle) {
            let busy = usize::try_from(self.below(parts.len() as u64)).unwrap();
            let reason =
                |at| json!({ "Code": if at == busy { "ThrottlingError" } else { "None" } });
            let reasons: Vec<Value> = (0..parts.len()).map(reason).collect();
            let refusal =
                json!({ "__type": "TransactionCanceledException", "CancellationReasons": reasons });
            return respond(400, &refusal);
        }
        let ids =
            parts.iter().map(|part| part["Update"]["Key"]["id"]["S"].as_str().unwrap().to_owned());
        let before: Vec<(String, Option<Value>)> =
            ids.map(|id| (id.clone(), self.item(&id))).collect();
        let answer = self.database.call(&call.operation, &call.text);
        if answer.status().is_success() {
            self.writes.set(self.writes.get() + before.len() as u64);
            let written = Instant::now();
            let mut settling = self.settling.borrow_mut();
            for (id, before) in before {
                let lag = Duration::from_millis(self.below(self.faults.get().index_lag));
                let listed_at = settling.get(&id).map_or(written + lag, |known| known.listed_at);
                settling.insert(id, Settling { before, written, listed_at });
            }
        }
        answer
    }

    fn item(&self, id: &str) -> Option<Value> {
        let request = json!({ "TableName": "records", "Key": { "id": { "S": id } } });
        let answer = self.database.call("GetItem", &request.to_string());
        let mut answer: Value = serde_json::from_slice(answer.body().bytes().unwrap()).unwrap();
        Some(answer["Item"].take()).filter(|item| !item.is_null())
    }

    /// An eventual read may miss what was written within the last second.
    fn read(&self, call: &Call) -> Response {
        let answer = self.database.call(&call.operation, &call.text);
        if call.text.contains("\"ConsistentRead\":true") || !answer.status().is_success() {
            return answer;
        }
        let mut answer: Value = serde_json::from_slice(answer.body().bytes().unwrap()).unwrap();
        let settling = self.settling.borrow();
        if let Some(items) = answer["Responses"]["records"].as_array_mut() {
            items.retain_mut(|item| {
                let known = settling.get(item["id"]["S"].as_str().unwrap());
                let late = known.filter(|known| {
                    known.written.elapsed() < Duration::from_secs(1) && self.chance(0.5)
                });
                let Some(late) = late else { return true };
                if let Some(before) = &late.before {
                    item.clone_from(before);
                }
                late.before.is_some()
            });
        }
        respond(200, &answer)
    }

    /// The index lags behind the table, and a page that is full may be the last.
    fn list(&self, call: &Call) -> Response {
        let answer = self.database.call(&call.operation, &call.text);
        let mut answer: Value = serde_json::from_slice(answer.body().bytes().unwrap()).unwrap();
        let settling = self.settling.borrow();
        let items = answer["Items"].as_array_mut().unwrap();
        items
            .retain(|item| settling[item["id"]["S"].as_str().unwrap()].listed_at <= Instant::now());
        let last = items.last().cloned();
        if answer["LastEvaluatedKey"].is_null() && self.chance(0.05) {
            answer["LastEvaluatedKey"] = last.unwrap_or_default();
        }
        respond(200, &answer)
    }
}

/// One invocation's view of the world.
pub(crate) struct Process {
    pub(crate) world: World,
    calls: UnboundedReceiver<Outstanding>,
}

impl Process {
    pub(crate) fn new() -> Self {
        let (aws, calls) = fakes::aws::suspended();
        let queue = |name: &str| format!("https://sqs.eu-west-3.amazonaws.com/1/{name}");
        let places = Places {
            imports_table: "imports".into(),
            records_table: "records".into(),
            establishments_table: "establishments".into(),
            inbox: INBOX.into(),
            reports: "reports".into(),
            identity_queue: queue("identity"),
            imports_queue: queue("imports"),
            topic: "arn:aws:sns:eu-west-3:1:imports".into(),
        };
        Self { world: World::new(&aws, places), calls }
    }

    /// The world, and what answers its calls until it dies, which it does at the call that it is
    /// told to.
    pub(crate) fn split(
        self,
        sim: &Rc<Sim>,
        dies_after: Option<u64>,
    ) -> (World, impl Future<Output = ()>) {
        (self.world, serve(Rc::clone(sim), self.calls, dies_after))
    }
}

async fn serve(sim: Rc<Sim>, mut calls: UnboundedReceiver<Outstanding>, dies_after: Option<u64>) {
    let left = Rc::new(Cell::new(dies_after));
    let mut running: FuturesUnordered<LocalBoxFuture<'static, bool>> = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(call) = calls.recv() => running.push(Box::pin(answer(Rc::clone(&sim), call, Rc::clone(&left)))),
            Some(lives) = running.next() => if !lives { return },
        }
    }
}

/// Answers a call, unless it is throttled or its answer is lost; says whether the process lives on.
/// Before and after each effect there is a place to die.
async fn answer(sim: Rc<Sim>, outstanding: Outstanding, left: Rc<Cell<Option<u64>>>) -> bool {
    let faults = sim.faults.get();
    let lives = || match left.get() {
        Some(0) => false,
        Some(more) => {
            left.set(Some(more - 1));
            true
        }
        None => true,
    };
    tokio::time::sleep(Duration::from_millis(1 + sim.below(faults.latency))).await;
    if !lives() {
        return false;
    }
    if sim.chance(faults.throttle) {
        let slow_down = || s3::refuse(503, "SlowDown");
        let is_json = outstanding.call.service != "s3" && outstanding.call.service != "sns";
        outstanding.answer(if is_json { refuse("ThrottlingException") } else { slow_down() });
        return true;
    }
    let response = sim.effect(&outstanding.call);
    if !lives() {
        return false;
    }
    if !sim.chance(faults.timeout) {
        outstanding.answer(response);
    }
    true
}

/// An object of the inbox.
pub(crate) fn object(bytes: Vec<u8>, last_modified: Timestamp, extraction_date: &str) -> Object {
    let metadata = [("date-extraction".to_owned(), extraction_date.to_owned())].into();
    Object { bytes: bytes.into(), last_modified, metadata }
}
