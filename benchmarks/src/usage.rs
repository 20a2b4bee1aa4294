//! What the system says of a process: processor time and memory.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A tick of `/proc/<pid>/stat`: `USER_HZ` is 100 on every architecture that Lambda or we run on.
const TICK: Duration = Duration::from_millis(10);
/// Both clocks are sampled a moment apart, and one is rounded.
const TOLERANCE: Duration = Duration::from_millis(30);

/// The processor time that a process has had, user and system.
#[derive(Debug, Clone, Default)]
pub struct Cpu {
    /// To the nanosecond, by thread: a thread that has ended is no longer counted.
    threads: BTreeMap<u32, Duration>,
    /// To the tick, with the threads that have ended.
    whole: Duration,
}

impl Cpu {
    /// As of now. Exact when the process is waiting, as a function is between two events.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = read(&format!("/proc/{pid}/stat"))?;
        let whole =
            ticks(&stat).with_context(|| format!("/proc/{pid}/stat can't be understood"))?;
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))
            .context("the process has no /proc/<pid>/task")?
        {
            let name = entry?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            // A kernel may lack it, and a thread may end meanwhile: the ticks then decide.
            let Ok(text) = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat"))
            else {
                continue;
            };
            threads.extend(nanoseconds(&text).map(|time| (thread, time)));
        }
        Ok(Self { threads, whole })
    }

    /// What was had since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Duration {
        let thread = |(thread, now): (&u32, &Duration)| {
            now.saturating_sub(before.threads.get(thread).copied().unwrap_or_default())
        };
        let exact: Duration = self.threads.iter().map(thread).sum();
        let whole = self.whole.saturating_sub(before.whole);
        // Threads that ended took their time with them.
        if whole > exact + TOLERANCE { whole } else { exact }
    }
}

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// Resident at most.
    pub peak: u64,
}

impl Memory {
    /// As of now.
    pub fn of(pid: u32) -> Result<Self> {
        let status = read(&format!("/proc/{pid}/status"))?;
        let field = |name| {
            kilobytes(&status, name).with_context(|| format!("/proc/{pid}/status has no {name}"))
        };
        Ok(Self { resident: field("VmRSS:")? * 1024, peak: field("VmHWM:")? * 1024 })
    }
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path)
        .with_context(|| format!("{path} can't be read: the benchmark needs Linux"))
}

/// User and system time, fields 14 and 15. The second field, a name between parentheses, may hold
/// anything.
fn ticks(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

/// The first field of a thread's `schedstat`: time on a processor.
fn nanoseconds(schedstat: &str) -> Option<Duration> {
    schedstat.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_the_process_is_called() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 96 0 0 0 123 7 0 0 20 0 1 0 85661";
        assert_eq!(ticks(stat), Some(Duration::from_millis(1_300)));
        assert_eq!(kilobytes("VmHWM:\t  2048 kB\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(nanoseconds("93211 17 3\n"), Some(Duration::from_nanos(93_211)));
    }

    #[test]
    fn time_of_threads_that_ended_is_not_lost() {
        let cpu = |threads: &[(u32, u64)], whole| Cpu {
            threads: threads
                .iter()
                .map(|(thread, time)| (*thread, Duration::from_millis(*time)))
                .collect(),
            whole: Duration::from_millis(whole),
        };
        let since = |after: Cpu| after.since(&cpu(&[(1, 100), (2, 50)], 150));
        assert_eq!(since(cpu(&[(1, 103), (2, 51), (3, 2)], 150)), Duration::from_millis(6));
        assert_eq!(since(cpu(&[(1, 103)], 350)), Duration::from_millis(200));
    }
}
