//! What the worst file of a megabyte costs to read: `cargo run --release -p benchmarks --bin
//! worst_files`.
//!
//! The search has two stages. Of each shape of line (`shapes.rs`), a sample is read at each length,
//! and the shape whose text costs most a byte wins; then its whole file of a megabyte is read,
//! plain and inflated from gzip and zstd as far as the reader's ratio allows. Workbooks
//! (`workbooks.rs`) are few enough to be tried whole. Each whole file is read in a process of its
//! own, so that the memory told is that file's.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line tool: its table is its result"
)]

mod shapes;
mod workbooks;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use benchmarks::usage::Memory;
use clap::Parser as _;
use jiff::civil::date;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use shared::domain::commune::CommuneCode;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::files::reader::{
    Conventions, Depositor, EnrolmentReader, FileError, Next, Step, Survey,
};
use shared::files::row::{RowOutcome, Setting};

use shapes::Text;

/// The object's size: what an establishment sends by mistake or on purpose without anybody
/// noticing.
const SIZE: usize = 1 << 20;
/// The reader's input comes in pieces of that size, as S3 gives them.
const PIECE: usize = 64 * 1024;

/// Searches for the files of a megabyte that cost most to read.
#[derive(clap::Parser)]
struct Arguments {
    /// Keep the files found in this directory
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Only reads this file and says what it cost: what the search starts itself with
    #[arg(long, hide = true)]
    read: Option<PathBuf>,
}

/// What reading a file cost and came to.
#[derive(Debug, Serialize, Deserialize)]
struct Cost {
    /// Processor time of the whole, in seconds.
    seconds: f64,
    /// The longest single call, opening a workbook included, in seconds of the day: for so long
    /// nobody else has the thread.
    longest_call: f64,
    /// Resident memory at most, in bytes.
    peak: u64,
    accepted: u64,
    rejected: u64,
    ending: String,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.read {
        let cost = read(&std::fs::read(path)?, &depositor()?);
        println!("{}", serde_json::to_string(&cost)?);
        return Ok(());
    }
    println!("| kind | the worst found | seconds | longest call, ms | memory, MiB | rows | ends |");
    println!("|---|---|---:|---:|---:|---:|---|");
    for text in [Text::Csv, Text::Ndjson] {
        let (shape, content) = worst(text, &depositor()?);
        for (wrap, file) in shapes::wrapped(text, &content)? {
            row(arguments, &format!("{}{wrap}", text.name()), &shape, &file)?;
        }
    }
    for (shape, file) in workbooks::all(SIZE)? {
        row(arguments, "XLSX", &shape, &file)?;
    }
    Ok(())
}

/// The shape of lines that costs most a byte.
fn worst(text: Text, depositor: &Depositor) -> (String, String) {
    let mut worst = (0.0, String::new(), String::new());
    for (name, line) in shapes::lines(text) {
        let sample = shapes::sample(text, &line);
        // Once to make what is made once, such as the table of communes.
        let _ = read(sample.as_bytes(), depositor);
        #[expect(clippy::cast_precision_loss, reason = "a sample has less than a megabyte")]
        let cost = read(sample.as_bytes(), depositor).seconds / sample.len() as f64;
        eprintln!("{:>8.1} ns a byte: {} {name}", cost * 1e9, text.name());
        if cost > worst.0 {
            worst = (cost, name, line);
        }
    }
    (worst.1, worst.2)
}

fn row(arguments: &Arguments, kind: &str, shape: &str, file: &[u8]) -> Result<()> {
    let cost = apart(file)?;
    let Cost { seconds, longest_call, peak, accepted, rejected, ending } = cost;
    let (call, peak, rows) = (longest_call * 1e3, peak >> 20, accepted + rejected);
    println!(
        "| {kind}, {} KiB | {shape} | {seconds:.2} | {call:.0} | {peak} | {rows} | {ending} |",
        file.len() >> 10
    );
    if let Some(directory) = &arguments.keep {
        std::fs::create_dir_all(directory)?;
        let name: String =
            format!("{kind} {shape}").chars().filter(|letter| letter.is_alphanumeric()).collect();
        std::fs::write(directory.join(name), file)?;
    }
    Ok(())
}

/// Reads a file in another process.
fn apart(file: &[u8]) -> Result<Cost> {
    let path = std::env::temp_dir().join(format!("worst-file-{}", std::process::id()));
    std::fs::write(&path, file)?;
    let cost = read_apart(&path);
    std::fs::remove_file(&path)?;
    cost
}

fn read_apart(path: &Path) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?).arg("--read").arg(path).output()?;
    ensure!(
        output.status.success(),
        "the reading process failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("the reading process didn't say what it cost")
}

/// Who sends the files.
fn depositor() -> Result<Depositor> {
    let establishment = Establishment {
        uai: Uai::parse("0751967F")?,
        name: "UFR ECONOMIE".into(),
        kind: "universite".into(),
        commune: CommuneCode::parse("75113")?,
        postal_code: "75013".into(),
        sends_for: Vec::new(),
        regime_codes: [].into(),
        status_codes: [].into(),
    };
    Ok(Depositor::new(establishment.clone(), [establishment]))
}

/// The first pass, and its longest call.
fn survey(file: &[u8]) -> (Result<Conventions, FileError>, Duration) {
    let mut survey = Survey::default();
    let mut pieces = file.chunks(PIECE);
    let mut longest = Duration::ZERO;
    loop {
        let before = Instant::now();
        let step = survey.next();
        longest = longest.max(before.elapsed());
        match step {
            Ok(Step::Done(conventions)) => return (Ok(conventions), longest),
            Ok(Step::NeedsBytes) => match pieces.next() {
                Some(piece) => survey.push(piece),
                None => survey.finish(),
            },
            Ok(Step::Pause) => {}
            Err(error) => return (Err(error), longest),
        }
    }
}

/// Reads a file as an import does, in both passes, without writing its records.
fn read(file: &[u8], depositor: &Depositor) -> Cost {
    let start = processor_time();
    let (conventions, mut longest) = survey(file);
    let (mut accepted, mut rejected) = (0, 0);
    let ending = match conventions {
        Ok(conventions) => {
            let setting = Setting { depositor, today: date(2026, 9, 15), year: None };
            let reader = EnrolmentReader::new(setting, conventions);
            read_rows(reader, file, &mut longest, &mut accepted, &mut rejected)
        }
        Err(error) => error.to_string(),
    };
    let seconds = processor_time().saturating_sub(start).as_secs_f64();
    let peak = Memory::of(std::process::id()).map_or(0, |memory| memory.peak);
    Cost { seconds, longest_call: longest.as_secs_f64(), peak, accepted, rejected, ending }
}

/// The second pass, and how it ends.
fn read_rows(
    mut reader: EnrolmentReader<'_>,
    file: &[u8],
    longest: &mut Duration,
    accepted: &mut u64,
    rejected: &mut u64,
) -> String {
    let mut pieces = file.chunks(PIECE);
    loop {
        // The processor's time is a call of the system, which would cost more than a short row.
        let before = Instant::now();
        let next = reader.next();
        let mut ending = None;
        match next {
            Ok(Next::Row(row)) => match row.outcome {
                RowOutcome::Accepted { .. } => *accepted += 1,
                RowOutcome::Rejected { .. } => *rejected += 1,
            },
            Ok(Next::NeedsBytes) => match pieces.next() {
                Some(piece) => reader.push(piece),
                None => reader.finish(),
            },
            Ok(Next::Unopened(workbook)) => reader.opened(workbook.open()),
            Ok(Next::Pause) => {}
            Ok(Next::Ended) => ending = Some("read".to_owned()),
            Err(error) => ending = Some(error.to_string()),
        }
        *longest = (*longest).max(before.elapsed());
        if let Some(ending) = ending {
            return ending;
        }
    }
}

/// What this thread had, user and system.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
