//! The identity engine over a file of records, as it is judged: one record at a time, in order of
//! arrival, with the thresholds of production and no look at the truth.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Result};
use csv::{ByteRecord, Reader, ReaderBuilder};
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::lookup::{LookUpResult, Mode};
use shared::identity::engine::register::{RecordNumber, Register};

use crate::columns::{self, Columns};
use crate::measures::Measures;

/// Keys of blocking are digests under a secret, here as in production; over a file that is on this
/// machine, any will do, as long as two runs agree.
const SECRET: &str = "a file in memory has nobody to hide its keys from";

/// A register that has decided about every record of a file.
pub struct Matched {
    register: Register,
    names: Vec<Box<str>>,
    compared: Vec<(RecordNumber, RecordNumber)>,
    /// What the run took.
    pub measures: Measures,
}

/// Decides about each record of a file. `read` is told how many bytes are done after each record.
/// The compared pairs are kept on demand only: a million records have five million of them.
pub fn run(records: &Path, keep_compared: bool, mut read: impl FnMut(u64)) -> Result<Matched> {
    let mut measures = Measures::start();
    let mut register = Register::new(Blocking::new(&SECRET.to_owned().into()));
    let mut reader = open(records)?;
    let columns = Columns::of_records(reader.byte_headers()?).with_context(|| said(records))?;
    let mut compared = Vec::new();
    let mut ids: HashMap<Box<str>, u32> = HashMap::new();
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| said(records))? {
        let text = columns::text(&row);
        // A record that comes again is the same delivery again: its decision stands.
        if let Entry::Vacant(vacant) = ids.entry(columns.id(&text).into()) {
            let from = compared.len();
            let number = register.add(columns.person(&text), |record| {
                if keep_compared {
                    compared.push((record, record));
                }
            });
            for pair in &mut compared[from..] {
                pair.1 = number;
            }
            vacant.insert(number.0);
        }
        read(reader.position().byte());
    }
    measures.streamed(&register);
    // Numbers were given in order of arrival: the ids in that order name them.
    let mut names = vec![Box::default(); register.len()];
    for (id, number) in ids {
        if let Some(name) = names.get_mut(number as usize) {
            *name = id;
        }
    }
    Ok(Matched { register, names, compared, measures })
}

impl Matched {
    /// The id of each record, and that of the first record of its student.
    pub fn entities(&self) -> impl Iterator<Item = (&str, &str)> {
        let student = |number| self.name(self.register.student_of(RecordNumber(number)));
        self.names.iter().zip(0_u32..).map(move |(name, number)| (&**name, student(number)))
    }

    /// The pairs of records that a person should look at.
    pub fn review(&self) -> impl Iterator<Item = (&str, &str)> {
        self.register.review().map(|(one, other)| (self.name(one), self.name(other)))
    }

    /// The pairs of records that share a blocking key, if they were kept.
    pub fn compared(&self) -> impl Iterator<Item = (&str, &str)> {
        self.compared.iter().map(|(one, other)| (self.name(*one), self.name(*other)))
    }

    /// Asks each question of a file; `answered` is told the id of the question and a record of the
    /// student.
    pub fn look_up(
        &self,
        questions: &Path,
        mode: Mode,
        mut answered: impl FnMut(&str, LookUpResult<&str>) -> Result<()>,
    ) -> Result<()> {
        let mut reader = open(questions)?;
        let columns =
            Columns::of_look_ups(reader.byte_headers()?).with_context(|| said(questions))?;
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).with_context(|| said(questions))? {
            let text = columns::text(&row);
            let answer = match self.register.look_up(&columns.question(&text), mode) {
                LookUpResult::Found(student) => LookUpResult::Found(self.name(student)),
                LookUpResult::Ambiguous => LookUpResult::Ambiguous,
                LookUpResult::None => LookUpResult::None,
            };
            answered(columns.id(&text), answer)?;
        }
        Ok(())
    }

    fn name(&self, number: RecordNumber) -> &str {
        self.names.get(number.0 as usize).map_or("", |name| name)
    }
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>> {
    let file = File::open(path).with_context(|| said(path))?;
    Ok(ReaderBuilder::new().from_reader(BufReader::with_capacity(1 << 16, file)))
}

pub(crate) fn said(path: &Path) -> String {
    format!("with {}", path.display())
}
