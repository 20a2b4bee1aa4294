//! What a run writes: entities, pairs for review, compared pairs, answers.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context as _, Result};
use csv::{ByteRecord, Writer};
use shared::identity::engine::lookup::{Answer, Mode};
use shared::identity::engine::register::{RecordNumber, Register};

use super::columns::{self, Columns};
use super::measures::LookUps;
use super::{open, said};

type Output = Writer<BufWriter<File>>;

fn create(path: &Path, heading: [&str; 2]) -> Result<Output> {
    let file = File::create(path).with_context(|| said(path))?;
    let mut output = Writer::from_writer(BufWriter::new(file));
    output.write_record(heading)?;
    Ok(output)
}

/// One line a record: the student that it belongs to, named by its first record.
pub(super) fn entities(path: &Path, register: &Register, names: &[&str]) -> Result<()> {
    let mut output = create(path, ["record_id", "entity_id"])?;
    for (name, number) in names.iter().zip(0_u32..) {
        let student = register.student_of(RecordNumber(number));
        output.write_record([*name, name_of(names, student)])?;
    }
    output.flush().with_context(|| said(path))
}

/// One line a pair that a person should look at; gives how many.
pub(super) fn review(path: &Path, register: &Register, names: &[&str]) -> Result<u64> {
    let mut pairs = Pairs::create(path)?;
    let mut count = 0;
    for (one, other) in register.review() {
        pairs.write(name_of(names, one), name_of(names, other))?;
        count += 1;
    }
    pairs.finish()?;
    Ok(count)
}

/// One line a question: a record of the student, `NONE` or `AMBIGUOUS`.
pub(super) fn answers(
    questions: &Path,
    answers: &Path,
    mode: Mode,
    register: &Register,
    names: &[&str],
) -> Result<LookUps> {
    let (mut reader, _) = open(questions)?;
    let columns = Columns::of_look_ups(reader.byte_headers()?).with_context(|| said(questions))?;
    let mut output = create(answers, ["query_id", "answer"])?;
    let mut look_ups = LookUps::default();
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| said(questions))? {
        let text = columns::text(&row);
        let answer = match register.look_up(&columns.question(&text), mode) {
            Answer::Found(student) => {
                look_ups.found += 1;
                name_of(names, student)
            }
            Answer::Ambiguous => {
                look_ups.ambiguous += 1;
                "AMBIGUOUS"
            }
            Answer::None => "NONE",
        };
        look_ups.asked += 1;
        output.write_record([columns.id(&text), answer])?;
    }
    output.flush().with_context(|| said(answers))?;
    Ok(look_ups)
}

/// A file of pairs of records.
pub(super) struct Pairs(Output);

impl Pairs {
    pub(super) fn create(path: &Path) -> Result<Self> {
        create(path, ["record_id_a", "record_id_b"]).map(Self)
    }

    pub(super) fn write(&mut self, one: &str, other: &str) -> Result<()> {
        self.0.write_record([one, other]).context("while writing pairs")
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().context("while writing pairs")
    }
}

fn name_of<'a>(names: &[&'a str], number: RecordNumber) -> &'a str {
    names.get(number.0 as usize).copied().unwrap_or_default()
}
