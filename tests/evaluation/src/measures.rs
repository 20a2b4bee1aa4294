//! What a run measures: throughput, memory, the cost of blocking.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::Serialize;
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::register::Register;

/// What `--metrics` writes.
#[derive(Debug, Serialize)]
pub struct Measures {
    rule_version: u16,
    /// Distinct records.
    pub records: usize,
    /// From the first byte read to the last decision: parse, normalise, block, compare, decide.
    seconds: f64,
    /// Records a second of the whole.
    pub records_per_second: f64,
    /// Of the processor, in the same time: on a machine that others use too, it says more; only
    /// Linux tells.
    pub processor_seconds: Option<f64>,
    /// Blocking keys published, a record.
    pub keys_per_record: f64,
    /// Records that each was compared with.
    pub candidates_per_record: f64,
    keys_cut: u64,
    /// The most memory that the process has held, look-ups and outputs included; only Linux says.
    pub peak_memory_bytes: Option<u64>,
    /// Pairs for review, if they were written.
    pub review_pairs: Option<u64>,
    /// The questions, if any were asked.
    pub look_ups: Option<LookUps>,
    #[serde(skip)]
    started: Option<Instant>,
}

/// What became of the questions.
#[derive(Debug, Default, Serialize)]
pub struct LookUps {
    /// All of them.
    pub asked: u64,
    /// Answered with a student.
    pub found: u64,
    /// Answered that several people may be meant.
    pub ambiguous: u64,
}

impl Measures {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self {
            rule_version: RULE_VERSION,
            records: 0,
            seconds: 0.0,
            records_per_second: 0.0,
            processor_seconds: None,
            keys_per_record: 0.0,
            candidates_per_record: 0.0,
            keys_cut: 0,
            peak_memory_bytes: None,
            review_pairs: None,
            look_ups: None,
            started: Some(Instant::now()),
        }
    }

    /// The last record is decided.
    #[allow(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
    pub fn streamed(&mut self, register: &Register) {
        let took = self.started.take().map_or(Duration::ZERO, |started| started.elapsed());
        let records = register.len().max(1) as f64;
        self.records = register.len();
        self.seconds = took.as_secs_f64();
        self.records_per_second = (records / took.as_secs_f64()).round();
        self.processor_seconds = processor_seconds();
        self.keys_per_record = register.counts.keys as f64 / records;
        self.candidates_per_record = register.counts.candidates as f64 / records;
        self.keys_cut = register.counts.cut;
    }

    /// Everything is written: the most memory that it took is known.
    pub fn finish(&mut self) {
        self.peak_memory_bytes = peak_memory();
    }

    /// Writes the measures as JSON.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text + "\n").with_context(|| crate::matching::said(path))
    }

    /// The same for the terminal.
    #[must_use]
    pub fn table(&self) -> Vec<Vec<String>> {
        let mut rows = vec![
            ("measure", "value".to_owned()),
            ("records", self.records.to_string()),
            ("records a second", format!("{:.0}", self.records_per_second)),
            ("keys a record", format!("{:.2}", self.keys_per_record)),
            ("candidates a record", format!("{:.2}", self.candidates_per_record)),
        ];
        if let Some(seconds) = self.processor_seconds {
            rows.push(("processor seconds", format!("{seconds:.2}")));
        }
        if let Some(bytes) = self.peak_memory_bytes {
            rows.push(("peak memory", format!("{} MB", bytes / 1_000_000)));
        }
        if let Some(pairs) = self.review_pairs {
            rows.push(("pairs for review", pairs.to_string()));
        }
        if let Some(look_ups) = &self.look_ups {
            let LookUps { asked, found, ambiguous } = look_ups;
            rows.push(("look-ups", format!("{asked}: {found} found, {ambiguous} ambiguous")));
        }
        rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
    }
}

/// The high-water mark of resident memory, in bytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The processor time of this process so far.
fn processor_seconds() -> Option<f64> {
    // The clock of /proc ticks a hundred times a second on every Linux, whatever the kernel's own.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name of the program, which may hold anything: the state is the 3rd field, user and
    // system time the 14th and 15th.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some(times.sum::<Result<f64, _>>().ok()? / TICKS_PER_SECOND)
}
