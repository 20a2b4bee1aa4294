//! Another emulator's opinion: tests over the tables, queues and buckets of `moto`, which neither
//! the platform's emulator nor the tests' own `DynamoDB` has a line of (docs/decisions/0023).

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::environment::OPINION;
use crate::files::Files;
use crate::process::cargo;
use crate::service::{Program, Service, free_port};

/// Starts it and waits until it answers.
pub(crate) async fn start(files: &Files) -> Result<Service> {
    let port = free_port(0).context("no port is free on this machine")?;
    let mut command = OPINION.module(files, "opinion");
    command.arg(port.to_string());
    let (name, log) = ("other emulator", files.local("opinion.log"));
    Program { name, command, port, health: "/moto-api/data.json", log }.start(files, false).await
}

/// The handlers' tests over it.
pub(crate) fn handlers(opinion: &Service) -> Command {
    let mut tests = cargo();
    // Which person is told is measured over thousands of people, which there would take hours.
    tests
        .args(["test", "--workspace", "--exclude", "tests", "--lib", "--"])
        .args(["handler::", "pairs::", "establishments::", "--skip", "leaks"])
        .env("AWS_OPINION", opinion.endpoint());
    tests
}

/// The simulation of ingestion over it, from dropped objects to messages, in a world of each
/// scenario but one, whose files have many rows: there are most of the reads of S3.
pub(crate) fn ingestion(opinion: &Service) -> Command {
    let mut tests = cargo();
    tests
        .args(["test", "--workspace", "--exclude", "deduplication", "--test", "simulation", "--"])
        .args(["--skip", "a_complete_file_that_lacks_too_much"])
        .env("AWS_OPINION", opinion.endpoint())
        .env("SIMULATION_SEEDS", "1");
    tests
}
