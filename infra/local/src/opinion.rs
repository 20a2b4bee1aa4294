//! Another emulator's opinion: the handlers' tests over the tables of `moto`, which neither the
//! platform's emulator nor the tests' own `DynamoDB` has a line of (docs/decisions/0023).

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

/// The tests over its tables.
pub(crate) fn tests(opinion: &Service) -> Command {
    let mut tests = cargo();
    // Which person is told is measured over thousands of people, which there would take hours.
    tests
        .args(["test", "--workspace", "--exclude", "tests", "--lib", "--"])
        .args(["handler::", "pairs::", "establishments::", "--skip", "leaks"])
        .env("DYNAMODB_OPINION", opinion.endpoint());
    tests
}
