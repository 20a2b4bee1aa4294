//! One local platform at a time: who runs it, and what must be stopped.
//!
//! Two things say so. A lock on `target/local/lock`, held for as long as a command runs the
//! platform, and released by the system however that command ends. And
//! `target/local/platform.json`, which names the processes, for `down` and for the next `up` after
//! a crash.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::files::{self, Files};
use crate::process::end_group;
use crate::service::Service;

const LOCK: &str = "lock";
const RECORD: &str = "platform.json";
/// What a stopped platform leaves no trace of: its addresses and its keys.
const OF_A_RUNNING_PLATFORM: [&str; 3] = [RECORD, "outputs.json", "sandbox.json"];

/// How long a command may take to stop what it runs.
const PATIENCE: Duration = Duration::from_secs(15);

/// A process, told apart from a later one with the same number by when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    pid: i32,
    started: String,
}

/// What `platform.json` holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// The command that runs the platform; none once detached.
    owner: Option<Process>,
    /// The emulator, leader of the process group of the functions.
    emulator: Option<Process>,
    /// The test double of identity providers, leader of its own.
    double: Option<Process>,
}

/// The right to run the platform; dropping it forgets the platform, so drop what runs first.
#[derive(Debug)]
pub(crate) struct Claim {
    files: Files,
    record: Record,
    _lock: File,
    handed_over: bool,
}

impl Claim {
    /// Takes the right, or says who has it. Ends what a killed command left behind.
    pub(crate) fn take(files: &Files) -> Result<Self> {
        let lock = lock_file(files)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{ALREADY_RUNNING}"),
            Err(TryLockError::Error(error)) => {
                return Err(error).context("target/local/lock can't be locked");
            }
        }
        let left = Record::read(files);
        if left.owner.is_none() && left.emulator.as_ref().is_some_and(Process::is_alive) {
            bail!("{ALREADY_RUNNING}");
        }
        left.end();
        forget(files)?;
        let claim = Self {
            files: files.clone(),
            record: Record {
                owner: Process::of(std::process::id().cast_signed()),
                ..Record::default()
            },
            _lock: lock,
            handed_over: false,
        };
        claim.write()?;
        Ok(claim)
    }

    /// Remembers the emulator.
    pub(crate) fn holds_emulator(&mut self, emulator: &Service) -> Result<()> {
        self.record.emulator = Process::of(emulator.id());
        self.write()
    }

    /// Remembers the test double.
    pub(crate) fn holds_double(&mut self, double: &Service) -> Result<()> {
        self.record.double = Process::of(double.id());
        self.write()
    }

    /// Leaves the platform to itself.
    pub(crate) fn hand_over(mut self) -> Result<()> {
        self.record.owner = None;
        self.write()?;
        self.handed_over = true;
        Ok(())
    }

    fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.record)?;
        files::write_private(&self.files.local(RECORD), &text)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.handed_over {
            // Nothing to do about a file that can't be removed: the next `up` tries again.
            let _ = forget(&self.files);
        }
    }
}

const ALREADY_RUNNING: &str = "a local platform is already running or starting: stop it with `cargo local down`, or Ctrl-C where it runs";

/// Stops the platform, whoever runs it; false if there was none.
pub(crate) fn stop(files: &Files) -> Result<bool> {
    let record = Record::read(files);
    let mut found = false;
    if let Some(owner) = record.owner.as_ref().filter(|owner| owner.is_alive()) {
        found = true;
        // It has the same way out as Ctrl-C, which ends everything, even in the middle of a build.
        owner.signal(Signal::TERM);
        let asked = Instant::now();
        while owner.is_alive() && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        if owner.is_alive() {
            owner.signal(Signal::KILL);
        }
    }
    found |= record.end();
    let lock = lock_file(files)?;
    if lock.try_lock().is_err() {
        bail!("a command is just starting the local platform: try again in a moment");
    }
    forget(files)?;
    Ok(found)
}

/// Whether a platform is there.
pub(crate) fn is_running(files: &Files) -> bool {
    Record::read(files).emulator.is_some_and(|emulator| emulator.is_alive())
}

fn lock_file(files: &Files) -> Result<File> {
    let path = files.local(LOCK);
    File::create(&path).with_context(|| format!("{} can't be written", path.display()))
}

fn forget(files: &Files) -> Result<()> {
    for name in OF_A_RUNNING_PLATFORM {
        match fs::remove_file(files.local(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("target/local/{name} can't be removed"));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Record {
    /// A record that can't be read names nobody: it is written whole or not at all.
    fn read(files: &Files) -> Self {
        let text = fs::read_to_string(files.local(RECORD)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Ends every process group that is still alive; false if there was none.
    fn end(&self) -> bool {
        let mut found = false;
        for leader in
            [&self.emulator, &self.double].into_iter().flatten().filter(|leader| leader.is_alive())
        {
            found = true;
            if let Some(group) = Pid::from_raw(leader.pid) {
                end_group(group, || {});
            }
        }
        found
    }
}

impl Process {
    /// The process of that number, if it is alive.
    fn of(pid: i32) -> Option<Self> {
        start_time(pid).map(|started| Self { pid, started })
    }

    fn is_alive(&self) -> bool {
        start_time(self.pid).as_ref() == Some(&self.started)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            // It may have ended since: that is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

/// When a process started, in any unit that is stable; none if it is dead, a zombie included.
fn start_time(pid: i32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold blanks; the state is the first field after it, the
        // start the 20th.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        if matches!(*fields.first()?, "Z" | "X") {
            None
        } else {
            fields.get(19).map(ToString::to_string)
        }
    } else {
        // macOS has no /proc.
        let output = std::process::Command::new("ps")
            .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
            .output();
        let text = String::from_utf8(output.ok()?.stdout).ok()?;
        let (state, started) = text.trim().split_once(' ')?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let pid = std::process::id().cast_signed();
        let process = Process::of(pid).unwrap();
        assert!(process.is_alive());
        assert!(!Process { pid, started: "earlier".to_owned() }.is_alive());
    }
}
