//! A program of ours that answers HTTP on this machine: started, waited for, and ended with us.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use statut::ui::Step;
use tokio::process::{ChildStdin, Command};
use ureq::http::Request;

use crate::files::{self, Files};
use crate::http;
use crate::process::{self, Running};

/// How long it may take to answer: the emulator takes two seconds here, more on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to start.
#[derive(Debug)]
pub(crate) struct Program {
    /// What messages call it.
    pub(crate) name: &'static str,
    /// How to run it. It takes `--detached` to mean that it lives on without us (see tie.py).
    pub(crate) command: Command,
    /// Where it will listen.
    pub(crate) port: u16,
    /// The path that answers once it is ready.
    pub(crate) health: &'static str,
    /// Where everything it says goes.
    pub(crate) log: PathBuf,
}

/// A running program; dropping it ends it and whatever it runs.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    running: Running,
    endpoint: String,
    log: String,
    /// Never written to: it closes when this process ends, however it ends (see tie.py).
    _tie: Option<ChildStdin>,
}

impl Program {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(mut self, files: &Files, detached: bool) -> Result<Service> {
        let step = Step::start(format!("starting the {}", self.name));
        files::write_private(&self.log, "")?;
        let output = process::append_to(&self.log)?;
        let errors_too = output
            .try_clone()
            .with_context(|| format!("{} can't be shared", self.log.display()))?;
        if detached {
            self.command.arg("--detached");
        } else {
            self.command.stdin(Stdio::piped());
        }
        let mut running = Running::start(self.command.stdout(output).stderr(errors_too))?;
        // Taken out of the child, because waiting for a child closes its input first.
        let tie = running.child().stdin.take();
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let mut service =
            Service { name: self.name, running, endpoint, log: files.shown(&self.log), _tie: tie };
        let started = tokio::time::Instant::now();
        while !service.answers(self.health).await {
            if service.running.has_ended() {
                bail!("the {} ended at once:\n{}", self.name, files::tail(&self.log, 10));
            }
            if started.elapsed() > PATIENCE {
                bail!("the {} doesn't answer: see {}", self.name, service.log);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        step.done(&service.endpoint);
        Ok(service)
    }
}

impl Service {
    /// Where it answers.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its process, and process group.
    pub(crate) fn id(&self) -> i32 {
        self.running.id()
    }

    /// Completes if it ends by itself, which it should not; says so.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        match self.running.wait().await {
            Ok(_) => anyhow::anyhow!("the {} ended by itself: see {}", self.name, self.log),
            Err(error) => error,
        }
    }

    /// Leaves it running without us.
    pub(crate) fn leave_running(self) {
        self.running.leave_running();
    }

    async fn answers(&self, path: &str) -> bool {
        let Ok(request) = Request::get(format!("{}{path}", self.endpoint)).body(String::new())
        else {
            return false;
        };
        http::send(request).await.is_ok_and(|answer| answer.status == 200)
    }
}

/// The port if it is free, or any free one for 0.
pub(crate) fn free_port(port: u16) -> Option<u16> {
    TcpListener::bind(("127.0.0.1", port)).ok()?.local_addr().ok().map(|address| address.port())
}
