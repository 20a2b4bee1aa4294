//! The machine that the numbers are of.

use std::fs;

use serde::Serialize;

/// What to know of it.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    processor: String,
    cores: usize,
    architecture: &'static str,
    kernel: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find(|line| line.starts_with("model name"));
        let model = model
            .and_then(|line| line.split_once(':'))
            .map_or("unknown processor", |(_, name)| name.trim());
        Self {
            processor: model.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            architecture: std::env::consts::ARCH,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }

    #[must_use]
    pub fn line(&self) -> String {
        let Self { processor, cores, architecture, kernel } = self;
        format!("{processor}, {cores} cores, {architecture}, Linux {kernel}")
    }
}
