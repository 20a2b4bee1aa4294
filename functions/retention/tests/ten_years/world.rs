//! A register in this process: deduplication's own handler and retention's own, over a DynamoDB of
//! this process, at any time.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deduplication::handler::{Followed, follow};
use deduplication::register::{Register, Settings};
use deduplication::world::World;
use fakes::aws::{Call, Response, refuse};
use fakes::dynamodb::Tables;
use fakes::sqs::Queues;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use retention::context::{self, Context};
use retention::handler::{Order, Report, RetentionError, handle};
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::feeding::record::{Horizons, NewRecord};
use shared::identity::digest::{DigestKey, IdentityKeys, RecordId};
use shared::identity::ines::{Immatriculated, Ines, InesError, Verified};
use shared::identity::student::{RecordVersion, StudentId};
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::records::RecordStore;
use shared::registry::retention::RetentionStore;
use shared::registry::students::StudentStore;
use shared::registry::{new_identities, pairs};
use shared::retention::Terms;
use tokio::time::Instant;

/// More than any test needs.
const NO_LIMIT: NonZeroU32 = NonZeroU32::MAX;
/// What tells of people, and is read by no clock of its own.
pub(crate) const PERSONAL: [&str; 4] = ["records", "students", "blocks", "reviews"];

/// A call that the table is too busy for: it does nothing, or its work, and its answer is lost.
#[derive(Debug, Clone, Copy)]
struct Fault {
    /// How many calls come before.
    after: usize,
    is_done: bool,
}

/// There is none here: establishments' INEs are believed.
pub(crate) enum NoInes {}

impl Ines for NoInes {
    async fn verify(&self, _: &Ine, _: BirthDate) -> Result<Verified, InesError> {
        match *self {}
    }

    async fn immatriculate(&self, _: &CivilIdentity, _: &str) -> Result<Immatriculated, InesError> {
        match *self {}
    }
}

pub(crate) struct Sim {
    pub(crate) tables: Arc<Tables>,
    pub(crate) records: RecordStore,
    pub(crate) students: StudentStore,
    pub(crate) holds: RetentionStore,
    pub(crate) keys: IdentityKeys,
    pub(crate) today: Cell<Date>,
    register: Register,
    queue: IdentityQueue,
    queues: Arc<Queues>,
    /// The call of retention that goes wrong next.
    fault: Arc<Mutex<Option<Fault>>>,
    statements: Cell<u64>,
}

pub(crate) fn key(secret: &str) -> DigestKey {
    DigestKey::new("1".into(), secret.to_owned().into())
}

impl Sim {
    pub(crate) fn new(today: Date) -> Self {
        let (tables, queues) = (Arc::new(Tables::default()), Arc::new(Queues::default()));
        let (answering, delivering) = (Arc::clone(&tables), Arc::clone(&queues));
        let aws = fakes::aws::config(move |call| answer(&answering, &delivering, call));
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let name = str::to_owned;
        let settings = Settings {
            records: name("records"),
            students: name("students"),
            blocks: name("blocks"),
            reviews: name("reviews"),
            findings: name("findings"),
            quotas: name("quotas"),
            access_log: name("access_log"),
            establishments: name("establishments"),
            findings_days: 1,
            access_log_days: 1,
            new_identities: new_identities::Terms { floor: NO_LIMIT, percent: 0 },
            pairs: pairs::Terms { dates: NO_LIMIT, floor: NO_LIMIT, percent: 0 },
        };
        Self {
            records: RecordStore::new(dynamodb.clone(), name("records")),
            students: StudentStore::new(dynamodb.clone(), name("students")),
            holds: RetentionStore::new(dynamodb.clone(), name("retention")),
            register: Register::new(&dynamodb, settings),
            queue: IdentityQueue::new(
                aws_sdk_sqs::Client::new(&aws),
                "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            ),
            keys: IdentityKeys::new(key("INE"), &key("identities")),
            today: Cell::new(today),
            tables,
            queues,
            fault: Arc::default(),
            statements: Cell::new(0),
        }
    }

    /// Noon in UTC.
    pub(crate) fn time(&self) -> Timestamp {
        TimeZone::UTC.to_timestamp(self.today.get().at(12, 0, 0, 0)).unwrap()
    }

    /// An establishment sends this, and it is stored.
    pub(crate) async fn store(&self, said: &Declaration) -> RecordId {
        self.statements.set(self.statements.get() + 1);
        let id = RecordId::of(&key("records"), said);
        let version = RecordVersion::new(self.time(), "", "import", self.statements.get());
        let record = NewRecord {
            id: id.clone(),
            version,
            depositor: said.inscription.uai,
            declaration: Box::new(said.clone()),
        };
        self.records.put(vec![record], &Horizons::new()).await.unwrap();
        id
    }

    /// The same, and everything that follows from it.
    pub(crate) async fn say(&self, said: &Declaration) -> RecordId {
        let id = self.store(said).await;
        self.follow(Pointer::Record(id.clone())).await;
        id
    }

    /// Follows a pointer, and those that it sends.
    pub(crate) async fn follow(&self, pointer: Pointer) {
        let mut pointers = vec![pointer];
        while let Some(pointer) = pointers.pop() {
            let _: Followed = follow(self, &pointer).await.unwrap();
            let sent = self.queues.drain().into_iter();
            pointers.extend(sent.map(|message| Pointer::read(&message.body).unwrap()));
        }
    }

    /// Retention, over an AWS that answers like that.
    pub(crate) fn retention(&self, aws: &aws_sdk_dynamodb::Client, terms: Terms) -> Context {
        let name = str::to_owned;
        let settings = context::Settings {
            records: name("records"),
            students: name("students"),
            blocks: name("blocks"),
            reviews: name("reviews"),
            findings: name("findings"),
            retention: name("retention"),
            requests: name("requests"),
            request_alarm_days: 7,
            terms,
            segments: NonZeroU32::new(2).unwrap(),
            per_second: NonZeroU32::new(1_000).unwrap(),
        };
        Context::new(aws, self.keys.clone(), settings)
    }

    /// A run of the day, with what goes wrong.
    pub(crate) async fn run(&self, terms: Terms) -> Result<Report, RetentionError> {
        self.run_for(terms, Duration::from_mins(15)).await
    }

    /// The same, in less time.
    pub(crate) async fn run_for(
        &self,
        terms: Terms,
        lasts: Duration,
    ) -> Result<Report, RetentionError> {
        let (tables, fault) = (Arc::clone(&self.tables), Arc::clone(&self.fault));
        let aws = fakes::aws::config(move |call| {
            let mut fault = fault.lock().unwrap();
            match fault.as_mut() {
                Some(Fault { after: 0, is_done }) => {
                    if *is_done {
                        tables.call(&call.operation, &call.text);
                    }
                    *fault = None;
                    refuse("ThrottlingException")
                }
                other => {
                    if let Some(Fault { after, .. }) = other {
                        *after -= 1;
                    }
                    tables.call(&call.operation, &call.text)
                }
            }
        });
        let context = self.retention(&aws_sdk_dynamodb::Client::new(&aws), terms);
        let until = Instant::now() + lasts;
        handle(&context, Order::default(), self.time(), until).await
    }

    /// Runs until the pass is finished, each run dying at a later call than the one before: before
    /// its work is done, or after.
    pub(crate) async fn run_dying(&self, terms: Terms) -> Report {
        let mut after = 0;
        loop {
            *self.fault.lock().unwrap() = Some(Fault { after, is_done: after % 2 == 0 });
            let run = self.run(terms).await;
            let is_over = self.fault.lock().unwrap().take().is_some();
            match run {
                Ok(report) => return report,
                Err(error) => assert!(!is_over, "{error}"),
            }
            after += 1;
        }
    }

    /// What DynamoDB deletes by itself.
    pub(crate) fn expire(&self) {
        let now = self.time().as_second();
        for table in PERSONAL {
            for item in self.tables.items(table) {
                let expires = item.get("expires_at").and_then(|at| at["N"].as_str());
                if expires.is_some_and(|at| at.parse::<i64>().unwrap() < now) {
                    self.tables.delete(table, &item);
                }
            }
        }
    }

    /// Days later.
    pub(crate) fn wait(&self, days: i64) {
        let later = self.time() + SignedDuration::from_hours(24 * days);
        self.today.set(TimeZone::UTC.to_datetime(later).date());
    }

    /// All that is stored, whatever the table.
    pub(crate) fn text(&self) -> String {
        let all = PERSONAL.iter().chain(&["retention", "findings", "access_log", "quotas"]);
        let items: Vec<_> = all.flat_map(|table| self.tables.items(table)).collect();
        format!("{items:?}")
    }
}

pub(crate) fn answer(tables: &Tables, queues: &Queues, call: &Call) -> Response {
    match call.service.as_str() {
        "AmazonSQS" => queues.call(call),
        _ => tables.call(&call.operation, &call.text),
    }
}

impl World for Sim {
    type Ines = NoInes;

    fn register(&self) -> &Register {
        &self.register
    }

    fn queue(&self) -> &IdentityQueue {
        &self.queue
    }

    fn ines(&self) -> Option<&NoInes> {
        None
    }

    fn keys(&self) -> &IdentityKeys {
        &self.keys
    }

    fn now(&self) -> Timestamp {
        self.time()
    }

    fn new_student(&self) -> StudentId {
        StudentId::random()
    }
}
