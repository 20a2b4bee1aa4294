//! The world in memory: tables, queues and buckets that do what the real ones promise and no more, and processes that
//! die at any call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use ingestion::handler::GoOn;
use ingestion::ports::{
    Bucket, Chunks, Establishments, Imports, Message, Notice, Notifier, Opened, Queue, Records, World,
};
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shared::domain::academic_year::AcademicYear;
use shared::domain::establishment::Establishment;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::feeding::record::{
    RecordState, Slice, Statement, Stored, StoredContent, StoredEnrolment, Verdict, Write, Written,
};
use shared::files::reader::Depositor;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::imports::{
    Arrival, Claim, End, Hands, Import, ImportId, ImportState, LEASE, PLACES, Progress, ProgressError,
};
use shared::registry::records::{Page, Reading};
use tokio::sync::Notify;
use tokio::time::Instant;

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
    pub(crate) given: String,
    pub(crate) slice: Slice,
    before: Option<Stored>,
    written: Instant,
    listed_at: Instant,
}

#[derive(Debug)]
struct Item {
    import: Import,
    owner: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) visible_at: Instant,
    pub(crate) deliveries: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) bytes: Rc<Vec<u8>>,
    pub(crate) last_modified: Timestamp,
    pub(crate) extraction_date: Option<String>,
}

/// Everything that outlives a process.
pub(crate) struct Sim {
    pub(crate) random: RefCell<StdRng>,
    pub(crate) faults: Cell<Faults>,
    pub(crate) start: (Timestamp, Instant),
    pub(crate) establishments: Vec<Establishment>,
    pub(crate) records: RefCell<BTreeMap<RecordId, Record>>,
    imports: RefCell<BTreeMap<String, Item>>,
    horizons: RefCell<BTreeMap<(Uai, AcademicYear), RecordVersion>>,
    /// The places of each establishment: who is in them, and until when.
    places: RefCell<BTreeMap<(Uai, usize), (ImportId, i64)>>,
    pub(crate) inbox: RefCell<HashMap<(String, String), Object>>,
    pub(crate) reports: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) pointers: RefCell<VecDeque<RecordId>>,
    pub(crate) queue: RefCell<Vec<Queued>>,
    pub(crate) notices: RefCell<BTreeMap<String, Vec<bool>>>,
    /// Imports in the order in which they ended.
    pub(crate) order: RefCell<Vec<String>>,
    pub(crate) feeds: RefCell<BTreeSet<Uai>>,
    pub(crate) deposits: RefCell<BTreeMap<String, Option<String>>>,
    sent: Cell<u64>,
    pub(crate) writes: Cell<u64>,
}

impl Sim {
    pub(crate) fn new(seed: u64, faults: Faults, establishments: Vec<Establishment>) -> Rc<Self> {
        Rc::new(Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            faults: Cell::new(faults),
            start: ("2026-09-14T06:00:00Z".parse().unwrap(), Instant::now()),
            establishments,
            records: RefCell::default(),
            imports: RefCell::default(),
            horizons: RefCell::default(),
            places: RefCell::default(),
            inbox: RefCell::default(),
            reports: RefCell::default(),
            pointers: RefCell::default(),
            queue: RefCell::default(),
            notices: RefCell::default(),
            order: RefCell::default(),
            feeds: RefCell::default(),
            deposits: RefCell::default(),
            sent: Cell::new(0),
            writes: Cell::new(0),
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
        let message =
            Queued { id: format!("m{}", self.sent.get()), body, visible_at: Instant::now() + delay, deliveries: 0 };
        self.queue.borrow_mut().push(message);
    }

    fn take_place(&self, uai: Uai, place: usize, hands: Hands<'_>, now: Timestamp) -> bool {
        let mut places = self.places.borrow_mut();
        let taken = places.get(&(uai, place));
        if taken.is_some_and(|(import, until)| import != hands.import && *until >= now.as_second()) {
            return false;
        }
        let lease = now.as_second() + i64::try_from(LEASE.as_secs()).unwrap();
        places.insert((uai, place), (hands.import.clone(), lease));
        true
    }

    /// Takes a place for an import that is carried out elsewhere, until some second.
    pub(crate) fn occupy(&self, uai: Uai, place: usize, until: i64) {
        let other = ImportId::of("inbox", "elsewhere", &place.to_string());
        self.places.borrow_mut().insert((uai, place), (other, until));
    }

    pub(crate) fn import(&self, id: &ImportId) -> Option<Import> {
        self.imports.borrow().get(id.as_str()).map(|item| item.import.clone())
    }

    /// What deduplication does with a pointer, some of the time finding a doubt.
    pub(crate) fn resolve(&self, id: &RecordId, doubt: bool) {
        let mut records = self.records.borrow_mut();
        let record = records.get_mut(id).expect("a pointer leads to a record");
        if record.stored.state == RecordState::Pending {
            record.stored.state = if doubt { RecordState::InReview } else { RecordState::Resolved };
        }
    }
}

/// One invocation's view of the world. It dies at the call that it is told to.
pub(crate) struct Process {
    pub(crate) sim: Rc<Sim>,
    calls_left: Cell<Option<u64>>,
    pub(crate) died: Notify,
}

impl Process {
    pub(crate) fn new(sim: Rc<Sim>, dies_after: Option<u64>) -> Self {
        Self { sim, calls_left: Cell::new(dies_after), died: Notify::new() }
    }

    /// Before and after each effect there is a place to die.
    async fn live_on(&self) {
        if let Some(left) = self.calls_left.get() {
            if left == 0 {
                self.died.notify_one();
                std::future::pending::<()>().await;
            }
            self.calls_left.set(Some(left - 1));
        }
    }

    async fn call<T>(&self, operation: &'static str, effect: impl FnOnce(&Sim) -> T) -> Result<T, StoreError> {
        let faults = self.sim.faults.get();
        tokio::time::sleep(Duration::from_millis(1 + self.sim.below(faults.latency))).await;
        self.live_on().await;
        if self.sim.chance(faults.throttle) {
            return Err(StoreError::of(operation, "ThrottlingException"));
        }
        let done = effect(&self.sim);
        self.live_on().await;
        if self.sim.chance(faults.timeout) {
            return Err(StoreError::of(operation, StoreError::TIMEOUT));
        }
        Ok(done)
    }

    /// A change to an import that its owner alone may make.
    async fn owned(&self, hands: Hands<'_>, change: impl FnOnce(&mut Item)) -> Result<(), ProgressError> {
        self.call("imports", |sim| {
            let mut imports = sim.imports.borrow_mut();
            let item = imports.get_mut(hands.import.as_str()).filter(|item| item.owner == hands.owner);
            item.map(change).ok_or(ProgressError::TakenOver)
        })
        .await?
    }
}

impl World for Process {
    type Imports = Self;
    type Records = Self;
    type Establishments = Self;
    type Bucket = Self;
    type Queue = Self;
    type Notifier = Self;

    fn imports(&self) -> &Self {
        self
    }
    fn records(&self) -> &Self {
        self
    }
    fn establishments(&self) -> &Self {
        self
    }
    fn bucket(&self) -> &Self {
        self
    }
    fn queue(&self) -> &Self {
        self
    }
    fn notifier(&self) -> &Self {
        self
    }
}

impl Imports for Process {
    async fn claim(
        &self,
        hands: Hands<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.call("claim", |sim| {
            let mut imports = sim.imports.borrow_mut();
            let id = hands.import.as_str();
            if !imports.contains_key(id) {
                let Some(arrival) = arrival else { return Claim::Unknown };
                let import = serde_json::json!({
                    "id": id,
                    "state": "received",
                    "object_key": arrival.object_key,
                    "version_id": arrival.version_id,
                    "bytes": arrival.bytes,
                    "event_time": arrival.event_time,
                    "sequencer": arrival.sequencer,
                });
                let item = Item { import: serde_json::from_value(import).unwrap(), owner: String::new() };
                imports.insert(id.to_owned(), item);
            }
            let item = imports.get_mut(id).unwrap();
            let free = item.owner == hands.owner || item.import.lease_until < now.as_second();
            if item.import.state.is_final() || !free {
                return Claim::refused(&item.import, message, now);
            }
            hands.owner.clone_into(&mut item.owner);
            message.clone_into(&mut item.import.message);
            item.import.state = ImportState::Received;
            item.import.lease_until = now.as_second() + i64::try_from(LEASE.as_secs()).unwrap();
            Claim::Taken(Box::new(item.import.clone()))
        })
        .await
    }

    async fn renew(&self, hands: Hands<'_>, now: Timestamp) -> Result<(), ProgressError> {
        let lease = now.as_second() + i64::try_from(LEASE.as_secs()).unwrap();
        self.owned(hands, |item| item.import.lease_until = lease).await
    }

    async fn progress(
        &self,
        hands: Hands<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError> {
        self.owned(hands, |item| {
            item.import.state = ImportState::Running;
            item.import.lease_until = now.as_second() + i64::try_from(LEASE.as_secs()).unwrap();
            item.import.bytes_read = progress.bytes_read;
            counts(&mut item.import, progress);
            if let Some(work) = work_key {
                item.import.work_key = Some(work.to_owned());
            }
        })
        .await
    }

    async fn release(&self, hands: Hands<'_>) -> Result<(), ProgressError> {
        self.owned(hands, |item| {
            item.import.lease_until = 0;
            item.owner.clear();
        })
        .await
    }

    async fn finish(&self, hands: Hands<'_>, end: End<'_>, _: Timestamp) -> Result<(), ProgressError> {
        self.owned(hands, |item| {
            self.sim.order.borrow_mut().push(hands.import.as_str().to_owned());
            item.import.state = if end.failure.is_some() { ImportState::Failed } else { ImportState::Done };
            item.import.lease_until = 0;
            item.import.reason = end.failure.map(str::to_owned);
            item.import.report_key = Some(end.report_key.to_owned());
            counts(&mut item.import, end.progress);
        })
        .await
    }

    async fn link_deposit(&self, deposit: &str, _: Uai, import: &ImportId) -> Result<(), StoreError> {
        self.call("link_deposit", |sim| {
            if let Some(link) = sim.deposits.borrow_mut().get_mut(deposit) {
                *link = Some(import.as_str().to_owned());
            }
        })
        .await
    }

    async fn enter(&self, uai: Uai, hands: Hands<'_>, now: Timestamp) -> Result<Option<usize>, StoreError> {
        self.call("enter", |sim| (0..PLACES).find(|place| sim.take_place(uai, *place, hands, now))).await
    }

    async fn stay(&self, uai: Uai, place: usize, hands: Hands<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.call("stay", |sim| sim.take_place(uai, place, hands, now)).await
    }

    async fn leave(&self, uai: Uai, place: usize, hands: Hands<'_>) -> Result<(), StoreError> {
        self.call("leave", |sim| {
            let mut places = sim.places.borrow_mut();
            if places.get(&(uai, place)).is_some_and(|(import, _)| import == hands.import) {
                places.remove(&(uai, place));
            }
        })
        .await
    }

    async fn horizon(&self, uai: Uai, year: AcademicYear) -> Result<Option<RecordVersion>, StoreError> {
        self.call("horizon", |sim| sim.horizons.borrow().get(&(uai, year)).cloned()).await
    }

    async fn raise_horizon(&self, uai: Uai, year: AcademicYear, horizon: &RecordVersion) -> Result<(), StoreError> {
        self.call("raise_horizon", |sim| {
            let mut horizons = sim.horizons.borrow_mut();
            if horizons.get(&(uai, year)) < Some(horizon) {
                horizons.insert((uai, year), horizon.clone());
            }
        })
        .await
    }
}

fn counts(import: &mut Import, progress: Progress) {
    import.rows_read = progress.read;
    import.accepted = progress.accepted;
    import.superseded = progress.superseded;
    import.unchanged = progress.unchanged;
    import.rejected = progress.rejected;
    import.warned = progress.warned;
}

impl Records for Process {
    async fn read(&self, ids: &[RecordId], reading: Reading) -> Result<HashMap<RecordId, Stored>, StoreError> {
        self.call("read", |sim| {
            let records = sim.records.borrow();
            let mut found = HashMap::new();
            for id in ids {
                let Some(record) = records.get(id) else { continue };
                // An eventual read may miss what was written within the last second.
                let late = reading == Reading::Eventual && record.written.elapsed() < Duration::from_secs(1);
                let stored = if late && sim.chance(0.5) { record.before.clone() } else { Some(record.stored.clone()) };
                found.extend(stored.map(|stored| (id.clone(), stored)));
            }
            found
        })
        .await
    }

    async fn write(&self, writes: &[Write]) -> Result<Written, StoreError> {
        assert!((1..=100).contains(&writes.len()), "a transaction has 1 to 100 writes");
        let distinct: BTreeSet<_> = writes.iter().map(Write::id).collect();
        assert_eq!(distinct.len(), writes.len(), "a transaction names an item once");
        self.call("write", |sim| {
            let mut records = sim.records.borrow_mut();
            if sim.chance(sim.faults.get().throttle) {
                let busy = usize::try_from(sim.below(writes.len() as u64)).unwrap();
                let verdict = |at| if at == busy { Verdict::Busy } else { Verdict::Willing };
                return Written::None((0..writes.len()).map(verdict).collect());
            }
            let holds: Vec<_> = writes.iter().map(|write| holds(write, records.get(write.id()))).collect();
            if holds.contains(&false) {
                let verdict = |(write, holds): (&Write, &bool)| match holds {
                    true => Verdict::Willing,
                    false => Verdict::Stale(records.get(write.id()).map(|record| Box::new(record.stored.clone()))),
                };
                return Written::None(writes.iter().zip(&holds).map(verdict).collect());
            }
            for write in writes {
                sim.writes.set(sim.writes.get() + 1);
                apply(sim, write, &mut records);
            }
            Written::All
        })
        .await
    }

    async fn slice(&self, slice: &Slice, after: Option<&RecordId>) -> Result<Page, StoreError> {
        self.call("slice", |sim| {
            let records = sim.records.borrow();
            let listed = |(id, record): &(&RecordId, &Record)| {
                record.slice == *slice && record.listed_at <= Instant::now() && after.is_none_or(|after| *id > after)
            };
            let ids: Vec<_> = records.iter().filter(listed).map(|(id, _)| id.clone()).take(100).collect();
            // A page that is full may be the last.
            let after = (ids.len() == 100 || sim.chance(0.05)).then(|| ids.last().cloned()).flatten();
            Page { ids, after }
        })
        .await
    }
}

/// The conditions, as the expressions of the real table say them.
fn holds(write: &Write, record: Option<&Record>) -> bool {
    let stored = record.map(|record| &record.stored);
    match write {
        Write::Put(Statement { record, .. }) => stored.is_none_or(|stored| stored.version < record.version),
        Write::Renew(Statement { record, digest }) => {
            stored.is_some_and(|stored| stored.version < record.version && stored.digest.as_ref() == Some(digest))
        }
        Write::Cancel { version, .. } => stored.is_some_and(|stored| {
            stored.version < *version
                && stored.content.inscription.statut != Status::Annule
                && stored.seen.as_ref().is_none_or(|seen| seen < version)
        }),
        Write::See { version, .. } => {
            stored.is_some_and(|stored| stored.seen.as_ref().is_none_or(|seen| seen < version))
        }
    }
}

/// The effects, as the expressions of the real table say them.
fn apply(sim: &Sim, write: &Write, records: &mut BTreeMap<RecordId, Record>) {
    let now = Instant::now();
    let before = records.get(write.id()).map(|record| record.stored.clone());
    match write {
        Write::Put(Statement { record, digest }) => {
            let version = record.version.clone();
            let stored = Stored {
                id: record.id.clone(),
                version: version.clone(),
                said_at: Some(version.clone()),
                first_version: before.as_ref().map_or(Some(version), |before| before.first_version.clone()),
                digest: Some(digest.clone()),
                state: RecordState::Pending,
                seen: before.as_ref().and_then(|before| before.seen.clone()),
                content: StoredContent {
                    inscription: StoredEnrolment { statut: record.declaration.inscription.statut },
                },
            };
            let lag = Duration::from_millis(sim.below(sim.faults.get().index_lag));
            let listed_at = records.get(write.id()).map_or(now + lag, |record| record.listed_at);
            let given = record.declaration.identite.said().map(|said| said.prenom1.expose().to_owned());
            let slice = Slice::of(&record.id, &record.declaration);
            let record = Record { stored, given: given.unwrap_or_default(), slice, before, written: now, listed_at };
            records.insert(write.id().clone(), record);
            return;
        }
        Write::Renew(Statement { record, .. }) => {
            records.get_mut(write.id()).unwrap().stored.version = record.version.clone();
        }
        Write::Cancel { version, .. } => {
            let stored = &mut records.get_mut(write.id()).unwrap().stored;
            stored.version = version.clone();
            stored.said_at = Some(version.clone());
            stored.content.inscription.statut = Status::Annule;
            stored.state = RecordState::Pending;
            stored.digest = None;
        }
        Write::See { version, .. } => {
            records.get_mut(write.id()).unwrap().stored.seen = Some(version.clone());
        }
    }
    let record = records.get_mut(write.id()).unwrap();
    record.before = before;
    record.written = now;
}

impl Establishments for Process {
    async fn depositor(&self, uai: Uai) -> Result<Option<Depositor>, StoreError> {
        self.call("depositor", |sim| {
            let establishment = sim.establishments.iter().find(|establishment| establishment.uai == uai)?.clone();
            let targets = sim.establishments.iter().filter(|target| establishment.sends_for.contains(&target.uai));
            let targets: Vec<_> = targets.cloned().collect();
            Some(Depositor::new(establishment, targets))
        })
        .await
    }

    async fn note_feed(&self, uai: Uai, _: Timestamp) -> Result<(), StoreError> {
        self.call("note_feed", |sim| {
            sim.feeds.borrow_mut().insert(uai);
        })
        .await
    }
}

/// An object's bytes, in small pieces; the connection breaks off now and then.
pub(crate) struct Stream {
    sim: Rc<Sim>,
    bytes: Rc<Vec<u8>>,
    at: usize,
}

impl Chunks for Stream {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let faults = self.sim.faults.get();
        tokio::time::sleep(Duration::from_millis(1 + self.sim.below(faults.latency / 4))).await;
        if self.sim.chance(faults.timeout) {
            return Err(StoreError::of("a stream", StoreError::TIMEOUT));
        }
        let end = (self.at + 1 + usize::try_from(self.sim.below(4_096)).unwrap()).min(self.bytes.len());
        let chunk = self.bytes[self.at..end].to_vec();
        self.at = end;
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl Bucket for Process {
    type Chunks = Stream;

    async fn open(&self, key: &str, version: &str, from: u64) -> Result<Option<Opened<Stream>>, StoreError> {
        self.call("open", |sim| {
            let inbox = sim.inbox.borrow();
            let object = inbox.get(&(key.to_owned(), version.to_owned()))?;
            let at = usize::try_from(from).unwrap().min(object.bytes.len());
            let chunks = Stream { sim: Rc::clone(&self.sim), bytes: Rc::clone(&object.bytes), at };
            let (last_modified, extraction_date) = (object.last_modified, object.extraction_date.clone());
            Some(Opened { last_modified, extraction_date, chunks })
        })
        .await
    }

    async fn put(&self, key: &str, _: &'static str, body: Vec<u8>) -> Result<(), StoreError> {
        self.call("put", |sim| {
            sim.reports.borrow_mut().insert(key.to_owned(), body);
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("get", |sim| sim.reports.borrow().get(key).cloned()).await
    }
}

impl Queue for Process {
    async fn point(&self, records: &[RecordId]) -> Result<(), StoreError> {
        assert!((1..=10).contains(&records.len()), "SQS takes 1 to 10 messages");
        self.call("point", |sim| sim.pointers.borrow_mut().extend(records.iter().cloned())).await
    }

    async fn go_on(&self, import: &ImportId, after: Duration) -> Result<(), StoreError> {
        self.call("go_on", |sim| sim.send(GoOn::body(import), after + Duration::from_millis(sim.below(2_000)))).await
    }

    async fn hold(&self, message: &Message, time: Duration) -> Result<(), StoreError> {
        self.call("hold", |sim| {
            let mut queue = sim.queue.borrow_mut();
            let ours = queue.iter_mut().find(|queued| queued.id == message.id);
            if let Some(queued) = ours.filter(|queued| queued.deliveries.to_string() == message.receipt) {
                queued.visible_at = Instant::now() + time;
            }
        })
        .await
    }
}

impl Notifier for Process {
    async fn notify(&self, notice: &Notice<'_>) -> Result<(), StoreError> {
        self.call("notify", |sim| {
            let mut notices = sim.notices.borrow_mut();
            notices.entry(notice.import.as_str().to_owned()).or_default().push(notice.failed);
        })
        .await
    }
}
