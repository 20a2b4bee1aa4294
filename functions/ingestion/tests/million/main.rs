//! A file of a million rows, by invocations of thirty seconds, in less than 128 MB.
//!
//! Time is virtual: a transaction takes 200 ms and a call to SQS 20, and what the processor does takes none. Memory is
//! real, and this is a process of its own, so that what it holds at most is known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test")]

#[allow(dead_code, reason = "shared with the simulation, which uses all of it")]
#[path = "../simulation/scenario.rs"]
mod scenario;
#[allow(dead_code, reason = "shared with the simulation, which uses all of it")]
#[path = "../simulation/world.rs"]
mod world;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use ingestion::clock::Clock;
use ingestion::handler;
use ingestion::import::Settings;
use ingestion::ports::{Bucket, Chunks, Message, Opened, Queue, Records, World};
use shared::feeding::record::{Slice, Statement, Stored, Write, Written};
use shared::identity::digest::RecordId;
use shared::registry::StoreError;
use shared::registry::imports::{ImportId, ImportState};
use shared::registry::records::{Page, Reading};
use tokio::time::Instant;

use world::{Faults, Process, Sim};

const ROWS: u64 = 1_000_000;
const LIMIT: Duration = Duration::from_secs(30);
const KEY: &str = "0751967F/annee.csv";
const HEADER: &str =
    "numeroEtudiant;uai;nomFamille;prenom1;sexe;dateNaissance;dateDebutInscription;dateFinInscription;statut\n";

/// All rows are of one length, so that the file can be made from anywhere on.
fn row(student: u64) -> String {
    let day = 1 + student % 28;
    format!("E{student:07};0751967F;Martin;Léa;2;2004-03-{day:02};2026-09-01;2027-08-31;inscrit\n")
}

/// A world that keeps of each record that it was written, and of each pointer that it was sent.
struct Country {
    process: Process,
    written: RefCell<Vec<u8>>,
    pointers: Cell<u64>,
}

impl World for Country {
    type Imports = Process;
    type Records = Self;
    type Establishments = Process;
    type Bucket = Self;
    type Queue = Self;
    type Notifier = Process;

    fn imports(&self) -> &Process {
        &self.process
    }
    fn records(&self) -> &Self {
        self
    }
    fn establishments(&self) -> &Process {
        &self.process
    }
    fn bucket(&self) -> &Self {
        self
    }
    fn queue(&self) -> &Self {
        self
    }
    fn notifier(&self) -> &Process {
        &self.process
    }
}

impl Records for Country {
    async fn read(&self, _: &[RecordId], _: Reading) -> Result<HashMap<RecordId, Stored>, StoreError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(HashMap::new())
    }

    async fn write(&self, writes: &[Write]) -> Result<Written, StoreError> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut written = self.written.borrow_mut();
        for write in writes {
            let Write::Put(Statement { record, .. }) = write else { panic!("everything is new") };
            let number = record.declaration.numero_etudiant.as_ref().unwrap();
            written[number[1..].parse::<usize>().unwrap()] += 1;
        }
        Ok(Written::All)
    }

    async fn slice(&self, _: &Slice, _: Option<&RecordId>) -> Result<Page, StoreError> {
        Ok(Page::default())
    }
}

impl Queue for Country {
    async fn point(&self, records: &[RecordId]) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.pointers.set(self.pointers.get() + records.len() as u64);
        Ok(())
    }

    async fn go_on(&self, import: &ImportId, after: Duration) -> Result<(), StoreError> {
        self.process.go_on(import, after).await
    }

    async fn hold(&self, _: &Message, _: Duration) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The file, made as it is read.
struct Made {
    at: u64,
}

impl Chunks for Made {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let (header, length) = (HEADER.len() as u64, row(0).len() as u64);
        let mut chunk = Vec::with_capacity(64 * 1024);
        if self.at < header {
            chunk.extend_from_slice(&HEADER.as_bytes()[usize::try_from(self.at).unwrap()..]);
        } else {
            let first = (self.at - header) / length;
            for student in first..(first + 500).min(ROWS) {
                chunk.extend_from_slice(row(student).as_bytes());
            }
            chunk.drain(..usize::try_from((self.at - header) % length).unwrap().min(chunk.len()));
        }
        self.at += chunk.len() as u64;
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl Bucket for Country {
    type Chunks = Made;

    async fn open(&self, _: &str, _: &str, from: u64) -> Result<Option<Opened<Made>>, StoreError> {
        let last_modified = self.process.sim.start.0;
        Ok(Some(Opened { last_modified, extraction_date: None, chunks: Made { at: from } }))
    }

    async fn put(&self, key: &str, kind: &'static str, body: Vec<u8>) -> Result<(), StoreError> {
        self.process.put(key, kind, body).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.process.get(key).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_million_rows_by_invocations_of_thirty_seconds_in_bounded_memory() {
    let faults = Faults { throttle: 0.0, timeout: 0.0, latency: 20, index_lag: 1 };
    let sim = Sim::new(0, faults, scenario::establishments());
    let process = Process::new(Rc::clone(&sim), None);
    let written = RefCell::new(vec![0; usize::try_from(ROWS).unwrap()]);
    let country = Country { process, written, pointers: Cell::new(0) };
    let settings = Settings { record_key: scenario::key(), inbox: scenario::INBOX.into(), cancel_share: 10 };

    let mut event: serde_json::Value =
        serde_json::from_str(include_str!("../../../../events/s3-object-created.json")).unwrap();
    event["Records"][0]["s3"]["bucket"]["name"] = scenario::INBOX.into();
    event["Records"][0]["s3"]["object"] =
        serde_json::json!({"key": KEY, "size": 80 * ROWS, "versionId": "v1", "sequencer": "00"});
    sim.send(event.to_string(), Duration::ZERO);

    let mut invocations = 0;
    loop {
        let Some(message) = sim.queue.borrow_mut().pop() else { break };
        tokio::time::sleep_until(message.visible_at).await;
        invocations += 1;
        let event = serde_json::from_value(serde_json::json!({"Records": [{
            "messageId": message.id, "receiptHandle": "1", "body": message.body,
            "attributes": {"ApproximateReceiveCount": "1"},
        }]}));
        let (clock, started) = (Clock::showing(sim.now()), Instant::now());
        let owner = format!("invocation {invocations}");
        let handled = handler::handle(&country, &settings, event.unwrap(), &owner, clock, started + LIMIT);
        let response = tokio::time::timeout(LIMIT, handled).await.expect("it stops in time");
        assert!(response.batch_item_failures.is_empty());
    }

    let import = sim.import(&ImportId::of(scenario::INBOX, KEY, "v1")).unwrap();
    assert_eq!((import.state, import.rows_read, import.accepted), (ImportState::Done, ROWS, ROWS));
    assert!(invocations > 2, "thirty seconds are not enough for it: {invocations}");
    assert!(country.written.borrow().iter().all(|times| *times == 1), "each row once");
    assert_eq!(country.pointers.get(), ROWS);

    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        eprintln!("{ROWS} rows, {invocations} invocations, {} MB resident at most", peak / 1_024);
        assert!(peak < 128 * 1_024, "{peak} kB");
    }
}
