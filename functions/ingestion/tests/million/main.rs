//! A large file, by invocations of thirty seconds, in less than 128 MB: the real handler and the
//! real stores, over an AWS that keeps of each record how often it was written, and of pointers how
//! many were sent.
//!
//! `FILE_ROWS` says how many rows; `cargo local test --full` tries a million. Time is virtual: a
//! transaction takes 200 ms, any other call 20, and what the processor does takes none. Memory is
//! real, and this is a process of its own, so that what it holds at most is known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use fakes::aws::{Call, Outstanding, Response, keyed, respond};
use fakes::dynamodb::Tables;
use fakes::s3::{Buckets, Pieces};
use fakes::sns;
use fakes::sqs::Queues;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ingestion::clock::Clock;
use ingestion::handler;
use ingestion::import::Settings;
use ingestion::world::{Places, World};
use jiff::{Timestamp, ToSpan};
use lambda_http::http;
use serde_json::{Value, json};
use shared::identity::digest::DigestKey;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

/// Rows, unless `FILE_ROWS` says otherwise.
const ROWS: u64 = 300_000;
const LIMIT: Duration = Duration::from_secs(30);
const UAI: &str = "0751967F";
const KEY: &str = "0751967F/annee.csv";
const HEADER: &str = "numeroEtudiant;uai;nomFamille;prenom1;sexe;dateNaissance;dateDebutInscription;dateFinInscription;statut\n";

/// All rows are of one length, so that the file can be made from anywhere on.
fn row(student: u64) -> String {
    let day = 1 + student % 28;
    format!("E{student:07};0751967F;Martin;Léa;2;2004-03-{day:02};2026-09-01;2027-08-31;inscrit\n")
}

/// The file from a byte on, made as it is read.
fn made(rows: u64, from: u64) -> impl Iterator<Item = std::io::Result<Bytes>> + Send + Sync {
    let (header, length) = (HEADER.len() as u64, row(0).len() as u64);
    let mut at = from;
    std::iter::from_fn(move || {
        let mut chunk = Vec::with_capacity(64 * 1024);
        if at < header {
            chunk.extend_from_slice(&HEADER.as_bytes()[usize::try_from(at).unwrap()..]);
        } else {
            let first = (at - header) / length;
            for student in first..(first + 500).min(rows) {
                chunk.extend_from_slice(row(student).as_bytes());
            }
            chunk.drain(..usize::try_from((at - header) % length).unwrap().min(chunk.len()));
        }
        at += chunk.len() as u64;
        (!chunk.is_empty()).then(|| Ok(chunk.into()))
    })
}

/// AWS, of which records alone aren't kept as they are.
struct Country {
    rows: u64,
    start: (Timestamp, Instant),
    tables: Tables,
    reports: Buckets,
    written: RefCell<Vec<u8>>,
    pointers: Cell<u64>,
    /// What asks for the rest of the import.
    rest: Cell<Option<String>>,
}

impl Country {
    fn now(&self) -> Timestamp {
        self.start
            .0
            .checked_add(i64::try_from(self.start.1.elapsed().as_millis()).unwrap().milliseconds())
            .unwrap()
    }

    async fn answer(&self, outstanding: Outstanding) {
        let is_transaction = outstanding.call.operation == "TransactWriteItems";
        tokio::time::sleep(Duration::from_millis(if is_transaction { 200 } else { 20 })).await;
        let response = self.effect(&outstanding.call);
        outstanding.answer(response);
    }

    fn effect(&self, call: &Call) -> Response {
        match (call.service.as_str(), call.operation.as_str()) {
            ("s3", "GetObject") if call.text.contains(KEY) => self.file(&call.body()),
            ("s3", _) => self.reports.call(call, self.now(), |bytes| Pieces::new([Ok(bytes)])),
            ("sns", _) => sns::published(),
            ("AmazonSQS", "ChangeMessageVisibility") => respond(200, &json!({})),
            ("AmazonSQS", _) => {
                let sent = Queues::default();
                let answer = sent.call(call);
                for message in sent.drain() {
                    match message.queue.as_str() {
                        "identity" => self.pointers.set(self.pointers.get() + 1),
                        _ => self.rest.set(Some(message.body)),
                    }
                }
                answer
            }
            (_, "BatchGetItem") => respond(200, &json!({ "Responses": {}, "UnprocessedKeys": {} })),
            (_, "TransactWriteItems") => {
                let mut written = self.written.borrow_mut();
                for told in call.text.split("\"numeroEtudiant\":{\"S\":\"E").skip(1) {
                    written[told[..7].parse::<usize>().unwrap()] += 1;
                }
                respond(200, &json!({}))
            }
            _ => self.tables.call(&call.operation, &call.text),
        }
    }

    fn file(&self, asked: &Value) -> Response {
        let range = asked["Range"]
            .as_str()
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let from: u64 = range.map_or(0, |from| from.parse().unwrap());
        let whole = HEADER.len() as u64 + self.rows * row(0).len() as u64;
        let answer = http::Response::builder().status(if from > 0 { 206 } else { 200 });
        let answer = answer.header("last-modified", "Mon, 14 Sep 2026 06:00:00 GMT");
        let answer = answer.header("content-range", format!("bytes {from}-{}/{whole}", whole - 1));
        answer.body(SdkBody::from_body_1_x(Pieces::new(made(self.rows, from)))).unwrap()
    }

    async fn serve(&self, mut calls: UnboundedReceiver<Outstanding>) {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(call) = calls.recv() => running.push(self.answer(call)),
                Some(()) = running.next() => {}
            }
        }
    }
}

fn places() -> Places {
    let queue = |name: &str| format!("https://sqs.eu-west-3.amazonaws.com/1/{name}");
    Places {
        imports_table: "imports".into(),
        records_table: "records".into(),
        establishments_table: "establishments".into(),
        inbox: "inbox".into(),
        reports: "reports".into(),
        identity_queue: queue("identity"),
        imports_queue: queue("imports"),
        topic: "arn:aws:sns:eu-west-3:1:imports".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_file_by_invocations_of_thirty_seconds_in_bounded_memory() {
    let rows = std::env::var("FILE_ROWS").map_or(ROWS, |rows| rows.parse().unwrap());
    let tables = Tables::default();
    let establishment = json!({
        "name": "UNIVERSITE", "kind": "universite", "commune": "75113", "postal_code": "75013", "sends_for": [UAI],
        "regime_codes": {}, "status_codes": {},
    });
    tables.put("establishments", keyed("uai", UAI, &establishment));
    let country = Country {
        rows,
        start: ("2026-09-14T06:00:00Z".parse().unwrap(), Instant::now()),
        tables,
        reports: Buckets::default(),
        written: RefCell::new(vec![0; usize::try_from(rows).unwrap()]),
        pointers: Cell::new(0),
        rest: Cell::new(None),
    };
    let settings = Settings {
        record_key: DigestKey::new("1".into(), "a secret of records".to_owned().into()),
        inbox: "inbox".into(),
        cancel_share: 10,
    };
    let mut event: Value =
        serde_json::from_str(include_str!("../../../../events/s3-object-created.json")).unwrap();
    event["Records"][0]["s3"]["bucket"]["name"] = "inbox".into();
    event["Records"][0]["s3"]["object"] =
        json!({ "key": KEY, "size": 80 * rows, "versionId": "v1", "sequencer": "00" });

    let (mut invocations, mut next) = (0, Some(event.to_string()));
    while let Some(body) = next {
        invocations += 1;
        let event = serde_json::from_value(json!({ "Records": [{
            "messageId": invocations.to_string(), "receiptHandle": "1", "body": body,
            "attributes": { "ApproximateReceiveCount": "1" },
        }] }));
        let (aws, calls) = fakes::aws::suspended();
        let world = World::new(&aws, places());
        let (clock, started) = (Clock::showing(country.now()), Instant::now());
        let owner = format!("invocation {invocations}");
        let handled =
            handler::handle(&world, &settings, event.unwrap(), &owner, clock, started + LIMIT);
        let response = tokio::select! {
            biased;
            () = country.serve(calls) => unreachable!("it serves for ever"),
            handled = tokio::time::timeout(LIMIT, handled) => handled.expect("it stops in time"),
        };
        assert!(response.batch_item_failures.is_empty());
        next = country.rest.take();
    }

    let imports = country.tables.plain("imports");
    let import = imports.iter().find(|item| item["state"].is_string()).unwrap();
    let told = ["rows_read", "accepted"].map(|name| import[name].as_u64());
    assert_eq!((import["state"].as_str(), told), (Some("done"), [Some(rows); 2]));
    assert!(invocations > 1, "thirty seconds are not enough for it");
    assert!(country.written.borrow().iter().all(|times| *times == 1), "each row once");
    assert_eq!(country.pointers.get(), rows);

    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        eprintln!("{rows} rows, {invocations} invocations, {} MB resident at most", peak / 1_024);
        assert!(peak < 128 * 1_024, "{peak} kB");
    }
}
