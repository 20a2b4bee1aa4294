//! Bytes to declarations: parse, decode, check and normalise.

use std::hint::black_box;
use std::io::{Cursor, Seek};
use std::time::Duration;

use anyhow::{Result, ensure};
use shared::domain::enrolment::Declaration;
use shared::files::reader::{Conventions, EnrolmentReader, Next, Step, Survey};
use shared::files::row::RowOutcome;

use crate::files::Maker;
use benchmarks::clock::Clock;

/// Bytes that an import asks of the bucket at a time.
const CHUNK: usize = 256 * 1024;

/// What reading a file took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    /// Rows, accepted or not.
    pub(crate) rows: u64,
    /// Processor time of both passes.
    pub(crate) time: Duration,
    /// Of these, the first pass.
    pub(crate) survey: Duration,
}

/// Reads a file that is in memory.
pub(crate) fn read(file: &[u8], maker: &Maker) -> Result<Read> {
    let clock = Clock::start();
    survey(&mut Cursor::new(file))?;
    let survey = clock.elapsed();
    let clock = Clock::start();
    let rows = read_from(Cursor::new(file), maker)?;
    Ok(Read { rows, time: clock.elapsed(), survey })
}

/// Reads a file from where it is, and says how many rows it has. Fails if too many are rejected:
/// then it isn't the usual way that was measured.
pub(crate) fn read_from(input: impl std::io::Read + Seek, maker: &Maker) -> Result<u64> {
    let (mut rows, mut accepted) = (0_u64, 0_u64);
    each(input, maker, |outcome| {
        rows += 1;
        accepted += u64::from(matches!(black_box(outcome), RowOutcome::Accepted { .. }));
    })?;
    ensure!(accepted >= rows / 10 * 9, "{accepted} of {rows} rows are accepted");
    Ok(rows)
}

/// What the accepted rows of a file say.
pub(crate) fn declarations(file: &[u8], maker: &Maker) -> Result<Vec<Declaration>> {
    let mut declarations = Vec::new();
    each(Cursor::new(file), maker, |outcome| {
        if let RowOutcome::Accepted { declaration, .. } = outcome {
            declarations.push(*declaration);
        }
    })?;
    Ok(declarations)
}

/// The first pass over a file.
fn survey(input: &mut impl std::io::Read) -> Result<Conventions> {
    let mut survey = Survey::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match survey.next()? {
            Step::Done(conventions) => return Ok(conventions),
            Step::NeedsBytes => match input.read(&mut chunk)? {
                0 => survey.finish(),
                read => survey.push(&chunk[..read]),
            },
            Step::Pause => {}
        }
    }
}

fn each(
    mut input: impl std::io::Read + Seek,
    maker: &Maker,
    mut row: impl FnMut(RowOutcome),
) -> Result<()> {
    let conventions = survey(&mut input)?;
    input.rewind()?;
    let mut reader = EnrolmentReader::new(maker.setting(), conventions);
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
