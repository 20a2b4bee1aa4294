//! Everything outside: the production's stores over a DynamoDB of this process, a queue that
//! delivers twice and in any order, a national register, and processes that are suspended, failed
//! or killed at any call.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use deduplication::register::{Register, Settings};
use deduplication::world::World;
use fakes::aws::{Call, Outstanding, Response, refuse, respond};
use fakes::sqs::Queues;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shared::contract::pointer::Pointer;
use shared::domain::academic_year::AcademicYear;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::feeding::record::Horizons;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::identity::ines::{Immatriculated, Ines, InesError, Verified};
use shared::identity::student::StudentId;
use shared::registry::blocks::BlockStore;
use shared::registry::findings::FindingStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::new_identities::{self, Cohort, NewIdentityStore};
use shared::registry::pairs;
use shared::registry::publications::Publisher;
use shared::registry::records::{NewRecord, RecordStore};
use shared::registry::reviews::ReviewStore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::national::National;
use crate::people::{Statement, UAIS};
use crate::tables::Tables;

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Chance that it fails and does nothing.
    pub(crate) fails: f64,
    /// Chance that it is done, and its answer lost.
    pub(crate) lost: f64,
    /// Chance that a transaction is refused because of another one at its items.
    pub(crate) conflicts: f64,
}

/// A message of the identity queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) pointer: Pointer,
    pub(crate) deliveries: u32,
    pub(crate) visible_at: i64,
}

/// What one pointer cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) checks: usize,
}

impl Cost {
    fn add(&mut self, call: &Call) {
        let parts = |kind: &str| call.text.matches(&format!("{{\"{kind}\":{{")).count();
        match call.operation.as_str() {
            "GetItem" | "BatchGetItem" | "Query" => self.reads += 1,
            "PutItem" | "UpdateItem" => self.writes += 1,
            "TransactWriteItems" => {
                self.checks += parts("ConditionCheck");
                self.writes += parts("Put") + parts("Update") + parts("Delete");
            }
            _ => {}
        }
    }
}

/// The stores as whoever isn't deduplication uses them, over calls that don't fail.
pub(crate) struct Stores {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) records: RecordStore,
    pub(crate) reviews: ReviewStore,
    pub(crate) blocks: BlockStore<StudentId>,
    pub(crate) publisher: Publisher,
    new_identities: NewIdentityStore,
}

/// Everything that outlives a process.
pub(crate) struct Sim {
    random: RefCell<StdRng>,
    pub(crate) faults: Cell<Faults>,
    database: Arc<fakes::dynamodb::Tables>,
    /// What is stored, until something is written.
    read: RefCell<Option<Rc<Tables>>>,
    pub(crate) stores: Stores,
    /// The tables and the queue of the processes, whose calls wait to be answered.
    register: Register,
    identity_queue: IdentityQueue,
    calls: RefCell<UnboundedReceiver<Outstanding>>,
    pub(crate) queue: RefCell<Vec<Message>>,
    pub(crate) national: Option<RefCell<National>>,
    /// How often INES was asked.
    pub(crate) asked: Cell<usize>,
    pub(crate) keys: IdentityKeys,
    /// Seconds since the beginning.
    pub(crate) clock: Cell<i64>,
    /// The time by which whoever was refused waits before asking again.
    runtime: tokio::runtime::Runtime,
    /// What happened, latest last.
    pub(crate) trace: RefCell<Vec<Event>>,
    /// Transactions about students that took place.
    pub(crate) published: Cell<u64>,
    /// When an operator lifts the limit of new identities.
    lifted_at: Cell<i64>,
}

/// More than any world needs.
const NO_LIMIT: NonZeroU32 = NonZeroU32::MAX;

fn settings() -> Settings {
    Settings {
        records: "records".into(),
        students: "students".into(),
        blocks: "blocks".into(),
        reviews: "reviews".into(),
        findings: "findings".into(),
        quotas: "quotas".into(),
        access_log: "access_log".into(),
        establishments: "establishments".into(),
        findings_days: 1,
        access_log_days: 1,
        new_identities: new_identities::Terms { floor: NO_LIMIT, percent: 0 },
        pairs: pairs::Terms { dates: NO_LIMIT, floor: NO_LIMIT, percent: 0 },
    }
}

impl Stores {
    fn over(database: &Arc<fakes::dynamodb::Tables>) -> Self {
        let answering = Arc::clone(database);
        let aws = fakes::aws::config(move |call| answering.call(&call.operation, &call.text));
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let names = settings();
        let blocks = BlockStore::new(dynamodb.clone(), names.blocks);
        let reviews = ReviewStore::new(dynamodb.clone(), names.reviews);
        let findings = FindingStore::new(dynamodb.clone(), names.findings);
        Self {
            publisher: Publisher::new(
                dynamodb.clone(),
                (names.students, names.records.clone()),
                blocks.clone(),
                reviews.clone(),
                (findings, SignedDuration::from_hours(24)),
            ),
            records: RecordStore::new(dynamodb.clone(), names.records),
            reviews,
            blocks,
            new_identities: NewIdentityStore::new(dynamodb.clone(), names.quotas),
            dynamodb,
        }
    }
}

impl Sim {
    pub(crate) fn new(seed: u64, national: Option<National>) -> Rc<Self> {
        let key = |secret: &str| DigestKey::new("1".into(), secret.to_owned().into());
        let database = Arc::new(fakes::dynamodb::Tables::default());
        let (aws, calls) = fakes::aws::suspended();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        Rc::new(Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            faults: Cell::default(),
            stores: Stores::over(&database),
            database,
            read: RefCell::default(),
            register: Register::new(&aws_sdk_dynamodb::Client::new(&aws), settings()),
            identity_queue: IdentityQueue::new(
                aws_sdk_sqs::Client::new(&aws),
                "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            ),
            calls: RefCell::new(calls),
            queue: RefCell::default(),
            national: national.map(RefCell::new),
            asked: Cell::new(0),
            keys: IdentityKeys::new(key("INE"), &key("identities")),
            clock: Cell::new(0),
            runtime,
            trace: RefCell::default(),
            published: Cell::new(0),
            lifted_at: Cell::new(i64::MAX),
        })
    }

    pub(crate) fn chance(&self, probability: f64) -> bool {
        self.random.borrow_mut().random_bool(probability)
    }

    pub(crate) fn below(&self, limit: usize) -> usize {
        self.random.borrow_mut().random_range(0..limit.max(1))
    }

    pub(crate) fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_second(1_790_000_000)
            .unwrap()
            .checked_add(self.clock.get().seconds())
            .unwrap()
    }

    pub(crate) fn new_student(&self) -> StudentId {
        let id: u128 = self.random.borrow_mut().random();
        serde_json::from_value(format!("{id:032x}").into()).unwrap()
    }

    pub(crate) fn send(&self, pointer: Pointer, delay: i64) {
        let visible_at = self.clock.get() + delay;
        self.queue.borrow_mut().push(Message { pointer, deliveries: 0, visible_at });
    }

    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        self.trace.borrow_mut().push(Event::Other(what()));
    }

    /// What is stored.
    pub(crate) fn tables(&self) -> Rc<Tables> {
        Rc::clone(
            self.read.borrow_mut().get_or_insert_with(|| Rc::new(Tables::read(&self.database))),
        )
    }

    /// Does what somebody else does, at once.
    pub(crate) fn meanwhile<T>(&self, future: impl Future<Output = T>) -> T {
        *self.read.borrow_mut() = None;
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("nothing of it waits"),
        }
    }

    /// Runs a future to its end on a clock of its own, on which a call of a table takes `latency`;
    /// says how long that was.
    pub(crate) fn timed<F: Future<Output = ()>>(
        &self,
        latency: Duration,
        future: F,
        cost: &mut Cost,
    ) -> Duration {
        *self.read.borrow_mut() = None;
        self.runtime.block_on(async {
            let next_call =
                || std::future::poll_fn(|context| self.calls.borrow_mut().poll_recv(context));
            let started = tokio::time::Instant::now();
            let mut future = std::pin::pin!(future);
            let mut on_their_way = FuturesUnordered::new();
            loop {
                tokio::select! {
                    biased;
                    () = &mut future => return started.elapsed(),
                    Some(call) = next_call() => on_their_way.push(async move {
                        tokio::time::sleep(latency).await;
                        call
                    }),
                    Some(call) = on_their_way.next() => self.answer(0, call, cost),
                }
            }
        })
    }

    /// Does what an operator does, to its end: it may wait for itself, as a list read page by page
    /// does.
    pub(crate) fn operator<T>(&self, future: impl Future<Output = T>) -> T {
        *self.read.borrow_mut() = None;
        self.runtime.block_on(future)
    }

    /// A statement about a record, as ingestion writes it: kept if it is newer than what is there.
    pub(crate) fn say(&self, statement: &Statement) {
        let Statement { record, version, declaration } = statement.clone();
        let depositor = declaration.inscription.uai;
        let record =
            NewRecord { id: record, version, depositor, declaration: Box::new(declaration) };
        self.meanwhile(self.stores.records.put(vec![record], &Horizons::new())).unwrap();
    }

    /// How many new identities each establishment may have; an operator lifts that when the time
    /// comes.
    pub(crate) fn limit_new_identities(&self, most: u32, until: i64) {
        for uai in UAIS {
            let cohort = Cohort {
                uai: Uai::parse(uai).unwrap(),
                year: AcademicYear::parse("2026-2027").unwrap(),
            };
            self.meanwhile(self.stores.new_identities.limit(cohort, most, self.time())).unwrap();
        }
        self.lifted_at.set(until);
    }

    /// The operator comes.
    pub(crate) fn lift(&self) {
        if self.clock.get() >= self.lifted_at.get() {
            self.limit_new_identities(u32::MAX, i64::MAX);
        }
    }

    /// Goes on with a future until it waits; the calls that it made are added to `calls`.
    pub(crate) fn poll<F: Future + ?Sized>(
        &self,
        future: Pin<&mut F>,
        calls: &mut Vec<Outstanding>,
    ) -> Poll<F::Output> {
        if calls.is_empty() {
            // It waits for INES, or for its next try.
            self.runtime.block_on(tokio::time::advance(Duration::from_secs(1)));
        }
        let _time = self.runtime.enter();
        let polled = future.poll(&mut Context::from_waker(Waker::noop()));
        let mut made = self.calls.borrow_mut();
        while let Ok(call) = made.try_recv() {
            calls.push(call);
        }
        polled
    }

    /// Runs a future to its end, alone, with each of its calls answered as it comes.
    pub(crate) fn alone<F: Future>(&self, future: F, cost: &mut Cost) -> F::Output {
        let (mut future, mut calls) = (std::pin::pin!(future), Vec::new());
        loop {
            if let Poll::Ready(done) = self.poll(future.as_mut(), &mut calls) {
                return done;
            }
            for call in std::mem::take(&mut calls) {
                self.answer(0, call, cost);
            }
        }
    }

    /// Answers a call, unless it fails or its answer is lost.
    pub(crate) fn answer(&self, process: u64, outstanding: Outstanding, cost: &mut Cost) {
        let (faults, call) = (self.faults.get(), &outstanding.call);
        cost.add(call);
        if self.chance(faults.fails) {
            self.note(|| format!("{process}: {} is throttled", call.operation));
            return outstanding.answer(refuse("ThrottlingException"));
        }
        let answer = self.effect(process, call);
        if self.chance(faults.lost) {
            self.note(|| format!("{process}: the answer to {} is lost", call.operation));
            return;
        }
        outstanding.answer(answer);
    }

    fn effect(&self, process: u64, call: &Call) -> Response {
        if call.service == "AmazonSQS" {
            let sent = Queues::default();
            let answer = sent.call(call);
            for message in sent.drain() {
                self.send(
                    Pointer::read(&message.body).unwrap(),
                    i64::try_from(message.delay).unwrap(),
                );
            }
            return answer;
        }
        if call.operation != "TransactWriteItems" {
            // Reads; and traces, which nothing of this depends on.
            return self.database.call(&call.operation, &call.text);
        }
        *self.read.borrow_mut() = None;
        let answer = if self.chance(self.faults.get().conflicts) {
            let reasons = [json!({ "Code": "TransactionConflict" })];
            respond(
                400,
                &json!({ "__type": "TransactionCanceledException", "CancellationReasons": reasons }),
            )
        } else {
            self.database.call(&call.operation, &call.text)
        };
        let done = answer.status().is_success();
        self.trace.borrow_mut().push(Event::Transaction {
            process,
            done,
            request: call.text.clone(),
        });
        let is_publication =
            ["students", "records", "reviews"].iter().any(|table| call.concerns(table));
        self.published.set(self.published.get() + u64::from(done && is_publication));
        answer
    }
}

/// Something that happened, told when a world fails.
pub(crate) enum Event {
    Transaction { process: u64, done: bool, request: String },
    Other(String),
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Other(what) => f.write_str(what),
            Self::Transaction { process, done, request } => {
                let request: Value = serde_json::from_str(request).unwrap();
                let parts = request["TransactItems"].as_array().unwrap();
                write!(
                    f,
                    "{process}: {} {}",
                    if *done { "writes" } else { "doesn't write" },
                    told(parts)
                )
            }
        }
    }
}

/// A transaction in a line: what it puts, updates and takes away.
fn told(parts: &[Value]) -> String {
    let text = |value: &Value| short(value["S"].as_str().unwrap_or_default()).to_owned();
    let tell = |part: &Value| {
        let (kind, part) = part.as_object()?.iter().next()?;
        let (table, item) =
            (part["TableName"].as_str()?, if kind == "Put" { &part["Item"] } else { &part["Key"] });
        if kind == "ConditionCheck" || table == "blocks" {
            return None;
        }
        let keys = ["pk", "sk", "id", "import", "subject"].map(|name| text(&item[name])).concat();
        let said = ["state", "doubt", "finding"]
            .map(|name| text(&part["ExpressionAttributeValues"][format!(":{name}")]));
        let shown = if item["answer"].is_null() { "" } else { "shown" };
        let on_hold = item["on_hold"]["M"].as_object().into_iter().flat_map(|cases| cases.keys());
        let on_hold = on_hold.map(|case| short(case)).collect::<Vec<_>>().join(" ");
        Some(format!("{kind} {table} {keys} {} {shown}{on_hold}", said.join(" ")))
    };
    parts.iter().filter_map(tell).collect::<Vec<_>>().join(", ")
}

/// Enough of an id to tell it from the others of one run.
pub(crate) fn short(id: &str) -> &str {
    &id[..id.floor_char_boundary(10)]
}

/// One invocation's view of the world.
pub(crate) struct Process {
    sim: Rc<Sim>,
    number: u64,
}

impl Process {
    pub(crate) fn new(sim: Rc<Sim>, number: u64) -> Self {
        Self { sim, number }
    }

    async fn ask<T>(&self, effect: impl FnOnce(&mut National) -> T) -> Result<T, InesError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.sim.asked.set(self.sim.asked.get() + 1);
        let faults = self.sim.faults.get();
        let fault = |chance: f64| {
            let fails = self.sim.chance(chance);
            if fails {
                self.sim.note(|| format!("{}: INES doesn't answer", self.number));
            }
            if fails { Err(InesError::Unavailable) } else { Ok(()) }
        };
        fault(faults.fails)?;
        let done = effect(&mut self.sim.national.as_ref().unwrap().borrow_mut());
        fault(faults.lost)?;
        Ok(done)
    }
}

impl World for Process {
    type Ines = Self;

    fn register(&self) -> &Register {
        &self.sim.register
    }

    fn queue(&self) -> &IdentityQueue {
        &self.sim.identity_queue
    }

    fn ines(&self) -> Option<&Self> {
        self.sim.national.is_some().then_some(self)
    }

    fn keys(&self) -> &IdentityKeys {
        &self.sim.keys
    }

    fn now(&self) -> Timestamp {
        self.sim.time()
    }

    fn new_student(&self) -> StudentId {
        self.sim.new_student()
    }
}

impl Ines for Process {
    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError> {
        self.ask(|national| national.verify(ine, birth_date)).await
    }

    async fn immatriculate(
        &self,
        identity: &CivilIdentity,
        reference: &str,
    ) -> Result<Immatriculated, InesError> {
        self.ask(|national| national.immatriculate(identity, reference)).await
    }
}
