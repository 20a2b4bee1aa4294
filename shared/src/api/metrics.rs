//! One line for each request: a log line for people, and metrics in CloudWatch's embedded format (EMF).
//!
//! Each function says what its line holds. The line is wide: what is a number and no identifier is a metric, the rest
//! are properties to search by. Nothing in it is personal (docs/logging.md).

use std::sync::Mutex;

use metrique::emf::Emf;
use metrique::writer::format::Format as _;
use metrique::{CloseValue, InflectableEntry, RootEntry};

/// Where alarms and dashboards look (infra/monitoring.tf).
const NAMESPACE: &str = "StatutEtudiant";

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
