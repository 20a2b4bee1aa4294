//! The files that a run writes, as `cargo local match` and the judge name their columns.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context as _, Result};
use csv::Writer;
use shared::identity::engine::lookup::{LookUpResult, Mode};

use crate::matching::{Matched, said};
use crate::measures::LookUps;

type Output = Writer<BufWriter<File>>;

fn create(path: &Path, heading: [&str; 2]) -> Result<Output> {
    let file = File::create(path).with_context(|| said(path))?;
    let mut output = Writer::from_writer(BufWriter::new(file));
    output.write_record(heading)?;
    Ok(output)
}

/// Writes `record_id,entity_id`, a line a record: a student is named by its first record.
pub fn entities<'a>(path: &Path, entities: impl Iterator<Item = (&'a str, &'a str)>) -> Result<()> {
    write(path, ["record_id", "entity_id"], entities).map(|_| ())
}

/// Writes `record_id_a,record_id_b`, a line a pair; gives how many.
pub fn pairs<'a>(path: &Path, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<u64> {
    write(path, ["record_id_a", "record_id_b"], pairs)
}

/// Writes `query_id,answer`, a line a question of a file: a record of the student, `NONE` or
/// `AMBIGUOUS`.
pub fn answers(path: &Path, matched: &Matched, questions: &Path, mode: Mode) -> Result<LookUps> {
    let mut output = create(path, ["query_id", "answer"])?;
    let mut look_ups = LookUps::default();
    matched.look_up(questions, mode, |question, answer| {
        look_ups.asked += 1;
        let answer = match answer {
            LookUpResult::Found(record) => {
                look_ups.found += 1;
                record
            }
            LookUpResult::Ambiguous => {
                look_ups.ambiguous += 1;
                "AMBIGUOUS"
            }
            LookUpResult::None => "NONE",
        };
        output.write_record([question, answer]).with_context(|| said(path))
    })?;
    output.flush().with_context(|| said(path))?;
    Ok(look_ups)
}

fn write<'a>(
    path: &Path,
    heading: [&str; 2],
    rows: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<u64> {
    let mut output = create(path, heading)?;
    let mut count = 0;
    for (one, other) in rows {
        output.write_record([one, other]).with_context(|| said(path))?;
        count += 1;
    }
    output.flush().with_context(|| said(path))?;
    Ok(count)
}
