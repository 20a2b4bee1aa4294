//! Cold starts and warm requests.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use benchmarks::usage::{Cpu, Memory};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::Process;
use crate::question::BenchmarkQuestion;
use crate::stub::{Calls, Tables};
use crate::subject::Subject;

/// Requests before the measured ones: caches, connections, and what just-in-time compilers compile
/// first.
const WARM_UP: u32 = 200;
/// The measured requests come in blocks, and the middle one counts: a neighbour's burst spoils a
/// block, not the run.
pub(crate) const BLOCKS: u32 = 10;
/// After the last answer of a block, until the process surely sleeps.
const SETTLE: Duration = Duration::from_millis(20);

/// One start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColdStart {
    /// Until it asks for an event.
    pub(crate) ready: Duration,
    /// Until its first answer.
    pub(crate) answer: Duration,
    /// Connections to DynamoDB when it is ready, and after its first answer.
    pub(crate) connections: [u32; 2],
}

/// What a warm process takes for a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Warm {
    /// Processor time, user and system.
    pub(crate) cpu_microseconds: f64,
    /// From event to answer, the middle one.
    pub(crate) wall_microseconds: f64,
    /// The same, of the slowest in a hundred.
    pub(crate) wall_99_microseconds: f64,
    /// Resident memory after the last request.
    pub(crate) resident_bytes: u64,
    /// The most that ever was resident.
    pub(crate) peak_bytes: u64,
    /// Calls of each kind to AWS, for one request.
    pub(crate) calls: BTreeMap<String, f64>,
}

/// A part of the function, measured in the program `parts`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Part {
    /// What it does.
    pub(crate) name: String,
    /// Processor time for one call.
    pub(crate) cpu_microseconds: f64,
}

/// The answer of the program of the parts: their names and nanoseconds.
type Took = Vec<(String, u64)>;

/// Starts a subject, asks it one question, ends it.
pub(crate) async fn cold(
    subject: &Subject,
    tables: &Tables,
    question: &BenchmarkQuestion,
) -> Result<ColdStart> {
    let mut process = Process::start(subject, tables).await?;
    let ready = process.ready().await? - process.started();
    let connected = process.connections();
    let answer = process.ask(&question.event).await?;
    question.check(&answer.body)?;
    let connections = [connected, process.connections()];
    let start = ColdStart { ready, answer: answer.at - process.started(), connections };
    process.end().await?;
    Ok(start)
}

/// A warm process that is asked the same question many times, block by block.
pub(crate) struct Warming<'a> {
    process: Process,
    question: &'a BenchmarkQuestion,
    /// Before the first block.
    calls: Calls,
    asked: u32,
    cpu: Vec<Duration>,
    wall: Vec<Duration>,
}

impl<'a> Warming<'a> {
    /// Starts a subject and warms it up.
    pub(crate) async fn start(
        subject: &Subject,
        tables: &Tables,
        question: &'a BenchmarkQuestion,
    ) -> Result<Self> {
        let mut process = Process::start(subject, tables).await?;
        process.ready().await?;
        ask(&mut process, question, WARM_UP).await?;
        let calls = process.calls();
        Ok(Self { process, question, calls, asked: 0, cpu: Vec::new(), wall: Vec::new() })
    }

    /// Measures a block.
    pub(crate) async fn block(&mut self, requests: u32) -> Result<()> {
        let before = Cpu::of(self.process.pid())?;
        let answers = ask(&mut self.process, self.question, requests).await?;
        self.wall.extend(answers.into_iter().map(|(took, _)| took));
        self.cpu.push(Cpu::of(self.process.pid())?.since(&before) / requests);
        self.asked += requests;
        Ok(())
    }

    /// The result, after at least one block.
    pub(crate) async fn end(mut self) -> Result<Warm> {
        let memory = Memory::of(self.process.pid())?;
        let calls = calls_each(&self.calls, &self.process.calls(), self.asked);
        self.process.end().await?;
        let wall = median(&mut self.wall);
        // Sorted by the median.
        let slow = self.wall.get(self.wall.len() * 99 / 100).copied().unwrap_or_default();
        Ok(Warm {
            cpu_microseconds: microseconds(median(&mut self.cpu)),
            wall_microseconds: microseconds(wall),
            wall_99_microseconds: microseconds(slow),
            resident_bytes: memory.resident,
            peak_bytes: memory.peak,
            calls,
        })
    }
}

/// The program of the parts, warm, whose answers say what each part took.
pub(crate) struct Parts {
    process: Process,
    question: BenchmarkQuestion,
    names: Vec<String>,
    /// By block, then by part.
    took: Vec<Vec<Duration>>,
}

impl Parts {
    /// Starts it and warms it up.
    pub(crate) async fn start(subject: &Subject, tables: &Tables) -> Result<Self> {
        let (mut process, question) =
            (Process::start(subject, tables).await?, BenchmarkQuestion::to_parts()?);
        process.ready().await?;
        let answers = ask(&mut process, &question, WARM_UP).await?;
        let first: Took = Took::deserialize(&answers[0].1)?;
        let names = first.into_iter().map(|(name, _)| name).collect();
        Ok(Self { process, question, names, took: Vec::new() })
    }

    /// Measures a block.
    pub(crate) async fn block(&mut self, requests: u32) -> Result<()> {
        let mut sums = vec![Duration::ZERO; self.names.len()];
        for (_, body) in ask(&mut self.process, &self.question, requests).await? {
            let took = Took::deserialize(&body)?;
            sums.iter_mut()
                .zip(took)
                .for_each(|(sum, (_, part))| *sum += Duration::from_nanos(part));
        }
        self.took.push(sums.into_iter().map(|sum| sum / requests).collect());
        Ok(())
    }

    pub(crate) async fn end(self) -> Result<Vec<Part>> {
        self.process.end().await?;
        let part = |(index, name)| {
            let mut blocks: Vec<Duration> = self.took.iter().map(|block| block[index]).collect();
            Part { name, cpu_microseconds: microseconds(median(&mut blocks)) }
        };
        Ok(self.names.into_iter().enumerate().map(part).collect())
    }
}

/// Asks so many times; begins and ends with a process that waits for an event.
async fn ask(
    process: &mut Process,
    question: &BenchmarkQuestion,
    requests: u32,
) -> Result<Vec<(Duration, Value)>> {
    let mut answers = Vec::new();
    for _ in 0..requests {
        let answer = process.ask(&question.event).await?;
        answers.push((answer.took, question.check(&answer.body)?));
        process.ready().await?;
    }
    sleep(SETTLE).await;
    Ok(answers)
}

fn calls_each(before: &Calls, after: &Calls, requests: u32) -> BTreeMap<String, f64> {
    let made = |(call, count): (&String, &u64)| {
        let made =
            u32::try_from(count - before.get(call).copied().unwrap_or(0)).unwrap_or(u32::MAX);
        (made > 0).then(|| (call.clone(), f64::from(made) / f64::from(requests)))
    };
    after.iter().filter_map(made).collect()
}

/// The middle value; zero of none. Leaves the values sorted.
pub(crate) fn median(values: &mut [Duration]) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// As a number.
pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_no_mean() {
        let mut values = [9, 1, 2].map(Duration::from_secs);
        assert_eq!(median(&mut values), Duration::from_secs(2));
        assert_eq!(median(&mut []), Duration::ZERO);
    }

    #[test]
    fn calls_before_the_measure_do_not_count() {
        let calls = |calls: &[(&str, u64)]| {
            calls.iter().map(|(call, count)| ((*call).to_owned(), *count)).collect()
        };
        let each = calls_each(
            &calls(&[("GetItem clients", 2)]),
            &calls(&[("GetItem clients", 2), ("Query", 5)]),
            10,
        );
        assert_eq!(each, BTreeMap::from([("Query".to_owned(), 0.5)]));
    }
}
