//! One line for each request: a log line for people, and metrics in CloudWatch's embedded format
//! (EMF).
//!
//! Each function says what its line holds. The line is wide: what is a number and no identifier is
//! a metric, the rest are properties to search by. Nothing in it is personal (docs/logging.md).

use std::sync::Mutex;
use std::time::SystemTime;

use metrique::emf::Emf;
use metrique::emf::flags::NoMetric;
use metrique::unit_of_work::metrics;
use metrique::writer::format::Format as _;
use metrique::{CloseValue, InflectableEntry, RootEntry};

/// Where alarms and dashboards look (infra/monitoring.tf).
const NAMESPACE: &str = "StatutEtudiant";

/// What every line says of its request; a function's own line takes it flattened, and adds to it.
#[metrics]
#[derive(Debug)]
pub struct RequestMetrics {
    #[metrics(timestamp)]
    /// When it was answered.
    pub timestamp: SystemTime,
    /// Several environments may share an account.
    pub environment: String,
    /// The route's name; [`Service::UNKNOWN`](super::Service::UNKNOWN) for a path that isn't ours.
    pub route: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The correlation id that the caller has.
    pub uid: String,
    /// The client, once it is known.
    pub client: Option<String>,
    /// What it came to: what the function answered, or the error's name.
    pub outcome: &'static str,
    /// The HTTP status.
    #[metrics(flags(NoMetric))]
    pub status: u16,
    /// Always 1: what CloudWatch sums up.
    pub requests: u64,
    /// From the event to the answer.
    pub duration_ms: f64,
    /// 1 for the first request of a process.
    pub cold_starts: u64,
    /// 1 for a status of 500 or more.
    pub server_errors: u64,
}

/// Writes the lines.
pub struct Metrics {
    /// What every line says of where it comes from.
    pub environment: String,
    format: Mutex<Emf>,
    log: Mutex<Log>,
}

/// Where lines go: the standard output, which is the function's log.
pub type Log = Box<dyn std::io::Write + Send>;

impl Metrics {
    /// Lines of an environment, written to `log`.
    #[must_use]
    pub fn new(environment: String, log: Log) -> Self {
        let format = Mutex::new(Emf::builder(NAMESPACE.to_owned(), vec![vec![]]).build());
        Self { environment, format, log: Mutex::new(log) }
    }

    /// Writes one line.
    pub fn emit<M: CloseValue<Closed: InflectableEntry>>(&self, metrics: M) {
        let line = self.line(metrics);
        if let Ok(mut log) = self.log.lock() {
            // A log that can't be written must not cost the caller its answer.
            let _ = log.write_all(&line);
        }
    }

    /// One line, with its end.
    pub fn line<M: CloseValue<Closed: InflectableEntry>>(&self, metrics: M) -> Vec<u8> {
        let mut line = Vec::with_capacity(1_024);
        if let Ok(mut format) = self.format.lock()
            && let Err(error) = format.format(&RootEntry::new(metrics.close()), &mut line)
        {
            tracing::error!(%error, "metrics not written");
        }
        line
    }
}
