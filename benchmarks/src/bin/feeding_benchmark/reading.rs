//! Bytes to declarations: parse, decode, check and normalise.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use shared::domain::enrolment::Declaration;
use shared::files::reader::{EnrolmentReader, Next};
use shared::files::row::Outcome;

use crate::clock::Clock;
use crate::files::Maker;

/// Bytes that an import asks of the bucket at a time.
const CHUNK: usize = 256 * 1024;

/// What reading a file took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    /// Rows, accepted or not.
    pub(crate) rows: u64,
    /// Processor time.
    pub(crate) time: Duration,
}

/// Reads a file that is in memory.
pub(crate) fn read(file: &[u8], maker: &Maker) -> Result<Read> {
    let clock = Clock::start();
    let rows = read_from(file, maker)?;
    Ok(Read { rows, time: clock.elapsed() })
}

/// Reads a file from where it is, and says how many rows it has. Fails if too many are rejected: then it isn't the
/// usual way that was measured.
pub(crate) fn read_from(input: impl std::io::Read, maker: &Maker) -> Result<u64> {
    let (mut rows, mut accepted) = (0_u64, 0_u64);
    each(input, maker, |outcome| {
        rows += 1;
        accepted += u64::from(matches!(black_box(outcome), Outcome::Accepted { .. }));
    })?;
    ensure!(accepted >= rows / 10 * 9, "{accepted} of {rows} rows are accepted");
    Ok(rows)
}

/// What the accepted rows of a file say.
pub(crate) fn declarations(file: &[u8], maker: &Maker) -> Result<Vec<Declaration>> {
    let mut declarations = Vec::new();
    each(file, maker, |outcome| {
        if let Outcome::Accepted { declaration, .. } = outcome {
            declarations.push(*declaration);
        }
    })?;
    Ok(declarations)
}

fn each(mut input: impl std::io::Read, maker: &Maker, mut row: impl FnMut(Outcome)) -> Result<()> {
    let mut reader = EnrolmentReader::new(maker.setting());
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.next()? {
            Next::Row(next) => row(next.outcome),
            Next::NeedsBytes => match input.read(&mut chunk)? {
                0 => reader.finish(),
                read => reader.push(&chunk[..read]),
            },
            Next::Unopened(workbook) => reader.opened(workbook.open()),
            Next::Pause => {}
            Next::Ended => return Ok(()),
        }
    }
}
