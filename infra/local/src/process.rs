//! Child processes that never outlive us.
//!
//! Each child leads a process group of its own, so that Ctrl-C in the terminal reaches only this
//! tool, which then ends every group, grandchildren included (rustc, Terraform's providers, the
//! functions).

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};

/// How long a group may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// A child that is running; dropping this ends its whole group.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    group: Pid,
    over: bool,
}

/// A command in its own process group and without standard input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).stdin(Stdio::null());
    command
}

/// The cargo that runs us, so that nested builds use the same toolchain.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("{name} can't be started"))?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let group = group.ok_or_else(|| anyhow!("{name} ended before it began"))?;
        Ok(Self { child, group, over: false })
    }

    /// The process identifier of the child, which is also its group's.
    pub(crate) fn id(&self) -> i32 {
        self.group.as_raw_nonzero().get()
    }

    /// The child itself, to take its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the end.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await.context("the system lost track of a child process")?;
        self.over = true;
        Ok(status)
    }

    /// Whether the child has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Gives up the guard: the child goes on without us.
    pub(crate) fn leave_running(mut self) {
        self.over = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // Reaping as we wait: an ended child stays a member of its group until then.
        end_group(self.group, || {
            let _ = self.child.try_wait();
        });
    }
}

/// Ends a process group: asks, waits a little, then kills. `reap` is called while waiting.
pub(crate) fn end_group(group: Pid, mut reap: impl FnMut()) {
    let _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        reap();
        if test_kill_process_group(group).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = kill_process_group(group, Signal::KILL);
    std::thread::sleep(Duration::from_millis(50));
    reap();
}

/// Runs a command whose output is shown as it is.
pub(crate) async fn shown(command: &mut Command) -> Result<ExitStatus> {
    Running::start(command)?.wait().await
}

/// Runs a command whose whole output is added to a log.
pub(crate) async fn logged(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    let file = append_to(log)?;
    let copy = file.try_clone().with_context(|| format!("{} can't be written", log.display()))?;
    Running::start(command.stdout(file).stderr(copy))?.wait().await
}

/// Opens a log at its end.
pub(crate) fn append_to(log: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("{} can't be written", log.display()))
}
