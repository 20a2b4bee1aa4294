//! The identity engine over a file of records, as [`crate::commands`] `match` runs it and as it is judged: one record
//! at a time, in order of arrival, with the thresholds of production and no look at the truth.

mod columns;
mod measures;
mod outputs;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Result};
use csv::{ByteRecord, Reader, ReaderBuilder};
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::register::Register;

use self::columns::Columns;
use self::measures::Measures;
use self::outputs::Pairs;
use crate::cli;
use crate::ui;

/// Keys of blocking are digests under a secret, here as in production; over a file that is on this machine, any will
/// do, as long as two runs agree.
const SECRET: &str = "a file in memory has nobody to hide its keys from";

/// Bytes between two moves of the bar: a bar that moves at each record costs more than the record.
const BAR_EVERY: u64 = 1 << 16;

/// Reads the records, decides, writes what was asked for; gives the table to show.
pub(crate) fn run(options: &cli::Match) -> Result<Vec<Vec<String>>> {
    let mut measures = Measures::start();
    let mut register = Register::new(Blocking::new(&SECRET.to_owned().into()));
    let ids = stream(options, &mut register)?;
    measures.streamed(&register);
    // Numbers were given in order of arrival: the ids in that order name them.
    let mut names = vec![""; register.len()];
    for (id, number) in &ids {
        if let Some(name) = names.get_mut(*number as usize) {
            *name = id;
        }
    }
    outputs::entities(&options.entities, &register, &names)?;
    if let Some(path) = &options.review {
        measures.review_pairs = Some(outputs::review(path, &register, &names)?);
    }
    if let Some((questions, answers)) = options.lookups.as_ref().zip(options.answers.as_ref()) {
        measures.look_ups = Some(outputs::answers(questions, answers, options.mode, &register, &names)?);
    }
    measures.finish();
    if let Some(path) = &options.metrics {
        measures.write(path)?;
    }
    Ok(measures.table())
}

/// Feeds the register, and gives the number of each record id.
fn stream(options: &cli::Match, register: &mut Register) -> Result<HashMap<Box<str>, u32>> {
    let (mut reader, length) = open(&options.records)?;
    let columns = Columns::of_records(reader.byte_headers()?).with_context(|| said(&options.records))?;
    let step = ui::Step::of("matching", length, ui::BYTES);
    let mut candidates = options.candidates.as_deref().map(Pairs::create).transpose()?;
    let mut ids: HashMap<Box<str>, u32> = HashMap::new();
    // Of each record compared, the id, only when they are written as we go.
    let mut names: Vec<Box<str>> = Vec::new();
    let mut row = ByteRecord::new();
    let mut shown = 0;
    while reader.read_byte_record(&mut row).with_context(|| said(&options.records))? {
        let text = columns::text(&row);
        let id: Box<str> = columns.id(&text).into();
        // A record that comes again is the same delivery again: its decision stands.
        if let Entry::Vacant(vacant) = ids.entry(id) {
            let person = columns.person(&text);
            if candidates.is_some() {
                names.push(vacant.key().clone());
            }
            let mut compared = Vec::new();
            let number = register.add(person, |record| {
                if candidates.is_some() {
                    compared.push(record);
                }
            });
            if let Some(pairs) = &mut candidates {
                for record in compared {
                    pairs.write(&names[record.0 as usize], vacant.key())?;
                }
            }
            vacant.insert(number.0);
        }
        let at = reader.position().byte();
        if at >= shown + BAR_EVERY {
            step.bar().set_position(at);
            shown = at;
        }
    }
    if let Some(pairs) = candidates {
        pairs.finish()?;
    }
    step.done(&format!("{} records", register.len()));
    Ok(ids)
}

fn open(path: &Path) -> Result<(Reader<BufReader<File>>, u64)> {
    let file = File::open(path).with_context(|| said(path))?;
    let length = file.metadata().with_context(|| said(path))?.len();
    Ok((ReaderBuilder::new().from_reader(BufReader::with_capacity(1 << 16, file)), length))
}

fn said(path: &Path) -> String {
    format!("with {}", path.display())
}

#[cfg(test)]
mod tests;
