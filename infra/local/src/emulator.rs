//! The AWS emulator.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use statut::aws::REGION;
use tokio::process::Command;
use ureq::http::Request;

use crate::environment::PLATFORM;
use crate::files::{self, Files};
use crate::http;
use crate::process::command;
use crate::service::{Program, Service, free_port};

/// Where AWS clients look for an emulator by habit.
const USUAL_PORT: u16 = 4566;
/// Where it says how it is.
const HEALTH: &str = "/_ministack/health";
/// Forces a port.
const PORT_VARIABLE: &str = "LOCAL_PORT";

/// Whether a function may do more than its role says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Whatever it asks for is done: the emulator reads no policy.
    Unchecked,
    /// Each call is compared with the policies of its role and of its resource
    /// (`infra/local/enforcement.py`).
    Enforced,
}

impl Rights {
    /// By the option that asks for it.
    pub(crate) const fn enforced(asked: bool) -> Self {
        if asked { Self::Enforced } else { Self::Unchecked }
    }
}

/// Starts it and waits until it answers. The functions that it runs end with it.
pub(crate) async fn start(files: &Files, detached: bool, rights: Rights) -> Result<Service> {
    let port = choose_port()?;
    let program = Program {
        name: "AWS emulator",
        command: emulator_command(files, port, rights)?,
        port,
        health: HEALTH,
        log: files.local("emulator.log"),
    };
    let service = program.start(files, detached).await?;
    if rights == Rights::Enforced && !enforces(&service).await? {
        bail!("the AWS emulator enforces no rights, though it was asked to");
    }
    Ok(service)
}

/// Whether it says so itself.
async fn enforces(emulator: &Service) -> Result<bool> {
    let health = Request::get(format!("{}{HEALTH}", emulator.endpoint())).body(String::new())?;
    let said = http::send(health).await?.body;
    let said: serde_json::Value =
        serde_json::from_str(&said).context("the AWS emulator doesn't say how it is")?;
    Ok(said["auth"] == "enabled")
}

fn emulator_command(files: &Files, port: u16, rights: Rights) -> Result<Command> {
    let temporary = clean_temporary(files)?;
    let mut command = command(PLATFORM.program(files, "python"));
    // -B: no compiled copy of what it imports is left beside the sources.
    command.arg("-B").arg(files.source("emulator.py")).current_dir(&temporary);
    // The functions inherit this environment, so it holds nothing of the person's own: no
    // credentials, no proxy.
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        .env("PYTHONUNBUFFERED", "1")
        .env("HOME", &temporary)
        .env("TMPDIR", &temporary)
        .env("STATE_DIR", temporary.join("state"))
        .env("S3_DATA_DIR", temporary.join("s3"))
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_REGION", REGION)
        // It removes the containers it believes its own when it starts and stops: keep it away from
        // Docker.
        .env("DOCKER_HOST", format!("unix://{}", temporary.join("no-docker.sock").display()));
    if rights == Rights::Enforced {
        command.arg("--enforce-iam").env("AUTH", "true");
    }
    Ok(command)
}

/// An empty directory for temporary files, so that none is left elsewhere.
fn clean_temporary(files: &Files) -> Result<PathBuf> {
    let temporary = files.local("tmp");
    files::remove_directory(&temporary)?;
    files::create_directory(&temporary)?;
    Ok(temporary)
}

fn choose_port() -> Result<u16> {
    if let Ok(text) = std::env::var(PORT_VARIABLE) {
        let Some(port) = text.parse().ok().filter(|port| *port != 0) else {
            bail!("{PORT_VARIABLE} is not a port: {text}");
        };
        return match free_port(port) {
            Some(port) => Ok(port),
            None => bail!(
                "port {port}, asked for by {PORT_VARIABLE}, is taken: choose another or unset it"
            ),
        };
    }
    free_port(USUAL_PORT).or_else(|| free_port(0)).context("no port is free on this machine")
}
