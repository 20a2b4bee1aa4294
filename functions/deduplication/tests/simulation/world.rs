//! The world in memory: tables whose transactions hold what DynamoDB promises and no more, a queue that delivers twice and
//! in any order, and processes that are suspended, failed or killed at any call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use deduplication::ports::{Queue, Register, World};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::feeding::record::{Record, RecordState};
use shared::identity::digest::{DigestKey, IdentityKeys, IneDigest, RecordId};
use shared::identity::edge::{Edge, Links};
use shared::identity::finding::Finding;
use shared::identity::ines::{Immatriculated, Ines, InesError, Verified};
use shared::identity::posting::PostingKey;
use shared::identity::publication::{Buckets, Write};
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{Answer, RecordVersion, Student, StudentId};
use shared::registry::StoreError;
use shared::registry::new_identities::{Cohort, Reservation};
use shared::registry::publications::{MOST_WRITES, Published};

use crate::national::National;

/// A student's item: the student without its edges, or whom it leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stored {
    Student {
        version: u64,
        withheld: BTreeMap<CaseId, BTreeSet<StudentId>>,
        moving: Option<CaseId>,
        answer: Option<Answer>,
    },
    Alias {
        version: u64,
        into: StudentId,
    },
}

impl Stored {
    fn version(&self) -> u64 {
        match self {
            Self::Student { version, .. } | Self::Alias { version, .. } => *version,
        }
    }
}

/// The tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tables {
    pub(crate) records: BTreeMap<RecordId, Record>,
    pub(crate) students: BTreeMap<StudentId, Stored>,
    pub(crate) edges: BTreeMap<StudentId, BTreeMap<RecordId, Edge>>,
    pub(crate) ines: BTreeMap<IneDigest, (StudentId, Option<Answer>)>,
    pub(crate) buckets: Buckets,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    pub(crate) findings: BTreeMap<(RecordId, RecordVersion), Finding>,
    /// Requests to INES that are paid for.
    pub(crate) reserved: BTreeMap<Cohort, BTreeSet<String>>,
}

impl Tables {
    /// A statement about a record, as ingestion writes it: kept if it is newer than what is there.
    pub(crate) fn say(&mut self, id: &RecordId, version: &RecordVersion, declaration: &Declaration) {
        let before = self.records.get(id);
        if before.is_some_and(|before| before.version >= *version) {
            return;
        }
        let record = Record {
            id: id.clone(),
            version: version.clone(),
            depositor: None,
            state: RecordState::Pending,
            declaration: declaration.clone(),
            student: before.and_then(|before| before.student),
            links: before.map(|before| before.links.clone()).unwrap_or_default(),
            doubt: None,
            statut_ine: None,
            finding: None,
            unknown_since: before.and_then(|before| before.unknown_since),
            verify_on: before.and_then(|before| before.verify_on),
        };
        self.records.insert(id.clone(), record);
    }

    /// A student, or the one that it was joined to, and how many items led there.
    pub(crate) fn student(&self, mut id: StudentId) -> (Option<Student>, usize) {
        let mut hops = 1;
        loop {
            match self.students.get(&id) {
                Some(Stored::Alias { into, .. }) => (id, hops) = (*into, hops + 1),
                Some(Stored::Student { version, withheld, moving, .. }) => {
                    let edges = self.edges.get(&id).into_iter().flat_map(BTreeMap::values).cloned();
                    let mut student = Student::restore(id, *version, withheld.clone(), edges);
                    student.moving.clone_from(moving);
                    return (Some(student), hops);
                }
                None => return (None, hops),
            }
        }
    }

    /// All or nothing, each write under the condition that the registry gives it.
    fn publish(&mut self, writes: &[Write]) -> Published {
        assert!(writes.len() <= MOST_WRITES, "{} writes are more than a transaction takes", writes.len());
        let names: BTreeSet<String> = writes.iter().map(name).collect();
        assert_eq!(names.len(), writes.len(), "an item is named twice: {:?}", writes.iter().map(name));
        if !writes.iter().all(|write| self.allows(write)) {
            return Published::Overtaken;
        }
        for write in writes.iter().cloned() {
            self.apply(write);
        }
        Published::Yes
    }

    fn allows(&self, write: &Write) -> bool {
        let version = |id: &StudentId| self.students.get(id).map_or(0, Stored::version);
        let bucket = |key: &PostingKey| self.buckets.get(key).map_or(0, |bucket| bucket.version);
        match write {
            Write::PutStudent { student, expected, .. } => version(&student.id) == *expected,
            Write::PutAlias { student, expected, .. } | Write::DeleteStudent { student, expected } => {
                version(student) == *expected
            }
            Write::PutEdge(..) | Write::DeleteEdge(..) | Write::Note(_) | Write::Unnote(..) => true,
            Write::PutIne { ine, owners, .. } => self.ines.get(ine).is_none_or(|(owner, _)| owners.contains(owner)),
            Write::DeleteIne { ine, owner } => self.ines.get(ine).is_some_and(|(leads, _)| leads == owner),
            Write::PutBucket(key, read) => bucket(key) == read.version,
            Write::CheckBucket(key, read) => bucket(key) == *read,
            Write::UpdateRecord(update) => {
                let stored = self.records.get(&update.record).map(|record| (&record.version, record.student));
                stored == Some((&update.version, update.before))
            }
            Write::Link { record, .. } => self.records.contains_key(record),
            Write::PutCase(case) => self.cases.get(&case.id).map_or(0, |stored| stored.version) == case.version,
        }
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::PutStudent { student, expected, answer } => {
                let (id, withheld, moving) = (student.id, student.withheld, student.moving);
                let (version, answer) = (expected + 1, answer.map(|answer| *answer));
                self.students.insert(id, Stored::Student { version, withheld, moving, answer });
            }
            Write::PutAlias { student, expected, into } => {
                self.students.insert(student, Stored::Alias { version: expected + 1, into });
            }
            Write::DeleteStudent { student, .. } => drop(self.students.remove(&student)),
            Write::PutEdge(student, edge) => {
                self.edges.entry(student).or_default().insert(edge.record.clone(), *edge);
            }
            Write::DeleteEdge(student, record) => {
                let edges = self.edges.entry(student).or_default();
                edges.remove(&record);
                if edges.is_empty() {
                    self.edges.remove(&student);
                }
            }
            Write::PutIne { ine, student, answer, .. } => {
                self.ines.insert(ine, (student, answer.map(|answer| *answer)));
            }
            Write::DeleteIne { ine, .. } => drop(self.ines.remove(&ine)),
            Write::PutBucket(key, mut bucket) => {
                bucket.version += 1;
                self.buckets.insert(key, *bucket);
            }
            Write::CheckBucket(..) => {}
            Write::UpdateRecord(update) => {
                let record = self.records.get_mut(&update.record).unwrap();
                record.links = update.links;
                (record.state, record.student) = (update.state, Some(update.student));
                record.doubt = update.doubt;
                (record.statut_ine, record.finding) = (Some(update.statut_ine), update.finding);
                (record.unknown_since, record.verify_on) = (update.unknown_since, update.verify_on);
            }
            Write::Link { record, links, student, waits } => {
                let record = self.records.get_mut(&record).unwrap();
                (record.links, record.student) = (links, Some(student));
                if waits {
                    record.state = RecordState::InReview;
                }
            }
            Write::PutCase(mut case) => {
                case.version += 1;
                self.cases.insert(case.id.clone(), *case);
            }
            Write::Note(finding) => {
                self.findings.insert((finding.record.clone(), finding.version.clone()), finding);
            }
            Write::Unnote(record, version) => drop(self.findings.remove(&(record, version))),
        }
    }
}

/// The item that a write names.
fn name(write: &Write) -> String {
    let record = |id: &RecordId| format!("record {id}");
    match write {
        Write::PutStudent { student, .. } => format!("student {}", student.id),
        Write::PutAlias { student, .. } | Write::DeleteStudent { student, .. } => format!("student {student}"),
        Write::PutEdge(student, edge) => format!("edge {student} {}", edge.record),
        Write::DeleteEdge(student, record) => format!("edge {student} {record}"),
        Write::PutIne { ine, .. } | Write::DeleteIne { ine, .. } => format!("INE {}", ine.as_str()),
        Write::PutBucket(key, _) | Write::CheckBucket(key, _) => format!("bucket {}", key.as_str()),
        Write::UpdateRecord(update) => record(&update.record),
        Write::Link { record: id, .. } => record(id),
        Write::PutCase(case) => format!("case {}", case.id),
        Write::Note(Finding { record, version, .. }) | Write::Unnote(record, version) => {
            format!("finding {record} {}", version.as_str())
        }
    }
}

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

/// Everything that outlives a process.
pub(crate) struct Sim {
    random: RefCell<StdRng>,
    pub(crate) faults: Cell<Faults>,
    pub(crate) tables: RefCell<Tables>,
    pub(crate) queue: RefCell<Vec<Message>>,
    pub(crate) national: Option<RefCell<National>>,
    pub(crate) keys: IdentityKeys,
    /// Seconds since the beginning.
    pub(crate) clock: Cell<i64>,
    /// What happened, latest last.
    pub(crate) trace: RefCell<Vec<String>>,
    /// Transactions that took place.
    pub(crate) published: Cell<u64>,
    /// How many new identities each establishment may have, and when an operator lifts that.
    pub(crate) quota: Cell<Option<(usize, i64)>>,
}

impl Sim {
    pub(crate) fn new(seed: u64, national: Option<National>) -> Rc<Self> {
        let key = |secret: &str| DigestKey::new("1".into(), secret.to_owned().into());
        Rc::new(Self {
            random: RefCell::new(StdRng::seed_from_u64(seed)),
            faults: Cell::default(),
            tables: RefCell::default(),
            queue: RefCell::default(),
            national: national.map(RefCell::new),
            keys: IdentityKeys::new(key("INE"), &key("identities")),
            clock: Cell::new(0),
            trace: RefCell::default(),
            published: Cell::new(0),
            quota: Cell::new(None),
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
        Timestamp::from_second(1_790_000_000).unwrap().checked_add(self.clock.get().seconds()).unwrap()
    }

    pub(crate) fn send(&self, pointer: Pointer, delay: i64) {
        let visible_at = self.clock.get() + delay;
        self.queue.borrow_mut().push(Message { pointer, deliveries: 0, visible_at });
    }

    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        self.trace.borrow_mut().push(what());
    }
}

/// Hands the processor back, once.
async fn step() {
    let mut stepped = false;
    poll_fn(|_| if std::mem::replace(&mut stepped, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// One invocation's view of the world.
pub(crate) struct Process {
    sim: Rc<Sim>,
    number: u64,
    pub(crate) cost: Cell<Cost>,
}

impl Process {
    pub(crate) fn new(sim: Rc<Sim>, number: u64) -> Self {
        Self { sim, number, cost: Cell::default() }
    }

    async fn call<T>(&self, operation: &'static str, effect: impl FnOnce(&Sim) -> T) -> Result<T, StoreError> {
        step().await;
        let faults = self.sim.faults.get();
        let fault = |chance: f64, code: &'static str| {
            if !self.sim.chance(chance) {
                return Ok(());
            }
            self.sim.note(|| format!("{}: {operation} {code}", self.number));
            Err(StoreError::of(operation, code))
        };
        fault(faults.fails, "ThrottlingException")?;
        let done = effect(&self.sim);
        fault(faults.lost, StoreError::TIMEOUT)?;
        Ok(done)
    }

    fn spend(&self, reads: usize, writes: usize, checks: usize) {
        let Cost { reads: r, writes: w, checks: c } = self.cost.get();
        self.cost.set(Cost { reads: r + reads, writes: w + writes, checks: c + checks });
    }
}

impl World for Process {
    type Register = Self;
    type Queue = Self;
    type Ines = Self;

    fn register(&self) -> &Self {
        self
    }

    fn queue(&self) -> &Self {
        self
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
        let id: u128 = self.sim.random.borrow_mut().random();
        serde_json::from_value(format!("{id:032x}").into()).unwrap()
    }

    async fn pause(&self, _: Duration) {
        step().await;
    }
}

impl Register for Process {
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.spend(1, 0, 0);
        self.call("records", |sim| sim.tables.borrow().records.get(id).cloned()).await
    }

    async fn student(&self, id: StudentId) -> Result<Option<Student>, StoreError> {
        let (student, hops) = self.call("students", |sim| sim.tables.borrow().student(id)).await?;
        self.spend(hops, 0, 0);
        Ok(student)
    }

    async fn item_version(&self, id: StudentId) -> Result<Option<u64>, StoreError> {
        self.spend(1, 0, 0);
        self.call("students", |sim| sim.tables.borrow().students.get(&id).map(Stored::version)).await
    }

    async fn owner(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError> {
        self.spend(1, 0, 0);
        self.call("owner", |sim| sim.tables.borrow().ines.get(ine).map(|(student, _)| *student)).await
    }

    async fn buckets(&self, keys: &[PostingKey]) -> Result<Buckets, StoreError> {
        self.spend(1, 0, 0);
        let read = |sim: &Sim| {
            let buckets = &sim.tables.borrow().buckets;
            keys.iter().map(|key| (key.clone(), buckets.get(key).cloned().unwrap_or_default())).collect()
        };
        self.call("buckets", read).await
    }

    async fn due(&self, day: Date) -> Result<Vec<RecordId>, StoreError> {
        let due = |sim: &Sim| {
            let tables = sim.tables.borrow();
            let due = tables.records.values().filter(|record| record.verify_on == Some(day));
            due.map(|record| record.id.clone()).collect()
        };
        self.call("records due", due).await
    }

    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        self.spend(1, 0, 0);
        self.call("cases", |sim| sim.tables.borrow().cases.get(id).cloned()).await
    }

    async fn reserve_identity(&self, record: &Record, reference: &str) -> Result<Reservation, StoreError> {
        self.spend(0, 2, 0);
        let reserve = |sim: &Sim| {
            let mut tables = sim.tables.borrow_mut();
            let reserved = tables.reserved.entry(Cohort::of(&record.declaration)).or_default();
            let is_full = |(most, until)| reserved.len() >= most && sim.clock.get() < until;
            if !reserved.contains(reference) && sim.quota.get().is_some_and(is_full) {
                return Reservation::Exhausted;
            }
            reserved.insert(reference.to_owned());
            Reservation::Made
        };
        self.call("quotas", reserve).await
    }

    async fn publish(&self, writes: &[Write]) -> Result<Published, StoreError> {
        let checks = writes.iter().filter(|write| matches!(write, Write::CheckBucket(..))).count();
        self.spend(0, writes.len() - checks, checks);
        let publish = |sim: &Sim| {
            let conflicts = sim.chance(sim.faults.get().conflicts);
            let published = if conflicts { Published::Overtaken } else { sim.tables.borrow_mut().publish(writes) };
            sim.note(|| format!("{}: {published:?} {}", self.number, told(writes)));
            if published == Published::Yes {
                sim.published.set(sim.published.get() + 1);
            }
            published
        };
        self.call("publish", publish).await
    }
}

/// A transaction in a line.
fn told(writes: &[Write]) -> String {
    let tell = |write: &Write| match write {
        Write::CheckBucket(..)
        | Write::PutBucket(..)
        | Write::PutIne { .. }
        | Write::DeleteIne { .. }
        | Write::Note(_)
        | Write::Unnote(..) => None,
        Write::PutStudent { student, expected, answer } => {
            let rivals =
                |rivals: &BTreeSet<StudentId>| rivals.iter().map(|id| short(&id.to_string()).to_owned()).collect();
            let withheld: Vec<(_, Vec<String>)> =
                student.withheld.iter().map(|(case, ids)| (short(case.as_str()).to_owned(), rivals(ids))).collect();
            let shown = if answer.is_some() { "shown" } else { "hidden" };
            Some(format!("student {} v{expected} {shown} {withheld:?}", short(&student.id.to_string())))
        }
        Write::PutAlias { student, into, .. } => {
            Some(format!("alias {} to {}", short(&student.to_string()), short(&into.to_string())))
        }
        Write::DeleteStudent { student, .. } => Some(format!("no student {}", short(&student.to_string()))),
        Write::PutEdge(student, edge) => {
            Some(format!("edge {} to {} {:?}", short(edge.record.as_str()), short(&student.to_string()), edge.reason))
        }
        Write::DeleteEdge(student, record) => {
            Some(format!("no edge {} to {}", short(record.as_str()), short(&student.to_string())))
        }
        Write::UpdateRecord(update) => Some(format!(
            "settle {} {:?} {:?} at {}",
            short(update.record.as_str()),
            update.state,
            update.doubt,
            short(&update.student.to_string())
        )),
        Write::Link { record, links, student, .. } => {
            let (record, student) = (short(record.as_str()), student.to_string());
            Some(format!("link {record} {} to {}", linked(links), short(&student)))
        }
        Write::PutCase(case) => Some(format!("case {} {:?} round {}", short(case.id.as_str()), case.state, case.round)),
    };
    writes.iter().filter_map(tell).collect::<Vec<_>>().join(", ")
}

fn linked(links: &Links) -> String {
    format!("{} same, {} different", links.same.len(), links.different.len())
}

/// Enough of an id to tell it from the others of one run.
pub(crate) fn short(id: &str) -> &str {
    &id[..id.len().min(8)]
}

impl Queue for Process {
    async fn send(&self, pointers: &[Pointer]) -> Result<(), StoreError> {
        let send = |sim: &Sim| pointers.iter().for_each(|pointer| sim.send(pointer.clone(), 0));
        self.call("queue", send).await
    }

    async fn send_later(&self, pointer: &Pointer, delay: Duration) -> Result<(), StoreError> {
        let delay = i64::try_from(delay.as_secs()).unwrap();
        self.call("queue", |sim| sim.send(pointer.clone(), delay)).await
    }
}

impl Ines for Process {
    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError> {
        let verify = |sim: &Sim| sim.national.as_ref().unwrap().borrow_mut().verify(ine, birth_date);
        self.call("INES", verify).await.map_err(|_| InesError::Unavailable)
    }

    async fn immatriculate(&self, identity: &CivilIdentity, reference: &str) -> Result<Immatriculated, InesError> {
        let ask = |sim: &Sim| sim.national.as_ref().unwrap().borrow_mut().immatriculate(identity, reference);
        self.call("INES", ask).await.map_err(|_| InesError::Unavailable)
    }
}
