//! The AWS emulator: a Python program in a virtual environment of its own, under `target/local`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use tokio::process::ChildStdin;
use ureq::http::Request;

use crate::files::{self, Files};
use crate::http;
use crate::process::{self, Running, command};
use crate::tools::Python;
use crate::ui::Step;

/// Where AWS clients look for an emulator by habit.
const USUAL_PORT: u16 = 4566;
/// Forces a port.
const PORT_VARIABLE: &str = "LOCAL_PORT";
/// The region that `infra/` deploys to.
pub(crate) const REGION: &str = "eu-west-3";
/// How long it may take to answer: it takes two seconds here, more on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator; dropping it ends it and the functions it runs.
#[derive(Debug)]
pub(crate) struct Emulator {
    running: Running,
    endpoint: String,
    /// Never written to: it closes when this process ends, however it ends (see emulator.py).
    _tie: Option<ChildStdin>,
}

/// Installs the pinned emulator, once for each version of the requirements and of Python.
pub(crate) async fn install(files: &Files, python: &Python) -> Result<()> {
    let requirements = files.source("emulator-requirements.txt");
    let pinned = files::read(&requirements)?;
    let stamp = format!("{}, python {}\n", hex::encode(Sha256::digest(pinned.as_bytes())), python.version);
    let environment = files.local("emulator");
    let stamp_path = environment.join("installed");
    if fs::read_to_string(&stamp_path).is_ok_and(|installed| installed == stamp) {
        return Ok(());
    }
    let step = Step::start("installing the AWS emulator");
    let log = files.local("install.log");
    files::write_private(&log, "")?;
    files::remove_directory(&environment)?;
    let mut create = command(python.program);
    create.args(["-m", "venv"]).arg(&environment);
    if !process::logged(&mut create, &log).await?.success() {
        bail!("{} could not make a virtual environment: see {}", python.program, files.shown(&log));
    }
    let temporary = clean_temporary(files)?;
    let mut install = command(environment.join("bin/python"));
    // The digests decide what is installed, whichever index it comes from; nothing goes to the home directory.
    install
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"])
        .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
        .arg(&requirements)
        .env("TMPDIR", temporary);
    if !process::logged(&mut install, &log).await?.success() {
        return Err(install_error(files, &log));
    }
    files::write_private(&stamp_path, &stamp)?;
    step.done("");
    Ok(())
}

/// What pip says when the index is out of reach; anything else is in its log.
fn install_error(files: &Files, log: &Path) -> anyhow::Error {
    let said = files::tail(log, 50);
    let offline =
        ["No matching distribution", "NewConnectionError", "NameResolutionError", "ConnectTimeout", "ProxyError"];
    let log = files.shown(log);
    if offline.iter().any(|sign| said.contains(sign)) {
        anyhow::anyhow!(
            "the AWS emulator can't be installed: the Python package index is out of reach (pip's words are in {log})"
        )
    } else {
        anyhow::anyhow!("the AWS emulator can't be installed: pip's words are in {log}")
    }
}

impl Emulator {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(files: &Files, detached: bool) -> Result<Self> {
        let step = Step::start("starting the AWS emulator");
        let port = choose_port()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let log = files.local("emulator.log");
        files::write_private(&log, "")?;
        let mut running = Running::start(&mut emulator_command(files, port, detached, &log)?)?;
        // Taken out of the child, because waiting for a child closes its input first.
        let tie = running.child().stdin.take();
        let mut emulator = Self { running, endpoint, _tie: tie };
        let started = tokio::time::Instant::now();
        while !emulator.answers().await {
            if emulator.running.has_ended() {
                bail!("the AWS emulator ended at once:\n{}", files::tail(&log, 10));
            }
            if started.elapsed() > PATIENCE {
                bail!("the AWS emulator doesn't answer: see {}", files.shown(&log));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        step.done(&emulator.endpoint);
        Ok(emulator)
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its process, and process group.
    pub(crate) fn id(&self) -> i32 {
        self.running.id()
    }

    /// Completes if it ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        self.running.wait().await.map(drop)
    }

    /// Leaves it running without us.
    pub(crate) fn leave_running(self) {
        self.running.leave_running();
    }

    async fn answers(&self) -> bool {
        let Ok(request) = Request::get(format!("{}/_ministack/health", self.endpoint)).body(String::new()) else {
            return false;
        };
        http::send(request).await.is_ok_and(|answer| answer.status == 200)
    }
}

fn emulator_command(files: &Files, port: u16, detached: bool, log: &Path) -> Result<tokio::process::Command> {
    let temporary = clean_temporary(files)?;
    let output = process::append_to(log)?;
    let mut command = command(files.local("emulator").join("bin/python"));
    command.arg(files.source("emulator.py")).current_dir(&temporary);
    if detached {
        command.arg("--detached");
    } else {
        command.stdin(Stdio::piped());
    }
    // The functions inherit this environment, so it holds nothing of the person's own: no credentials, no proxy.
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
        // It removes the containers it believes its own when it starts and stops: keep it away from Docker.
        .env("DOCKER_HOST", format!("unix://{}", temporary.join("no-docker.sock").display()));
    command.stdout(output.try_clone().context("the emulator's log can't be shared")?).stderr(output);
    Ok(command)
}

/// An empty directory for temporary files, so that none is left elsewhere.
fn clean_temporary(files: &Files) -> Result<std::path::PathBuf> {
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
            None => bail!("port {port}, asked for by {PORT_VARIABLE}, is taken: choose another or unset it"),
        };
    }
    free_port(USUAL_PORT).or_else(|| free_port(0)).context("no port is free on this machine")
}

/// The port if it is free, or any free one for 0.
fn free_port(port: u16) -> Option<u16> {
    TcpListener::bind(("127.0.0.1", port)).ok()?.local_addr().ok().map(|address| address.port())
}
