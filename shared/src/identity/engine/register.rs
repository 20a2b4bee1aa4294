//! A register in memory: the engine over a stream of records, as the national register runs it over
//! DynamoDB.
//!
//! One record at a time, in order of arrival: its keys are published, those who share one are
//! compared, and the decision is applied. Nothing is ever looked at ahead. Records and students are
//! small integers, and what a student's records say is kept once, so that a million records take
//! less than a gigabyte.

use std::collections::HashMap;

use super::blocking::{Blocking, BlockingKey};
use super::decide::{Candidate, MatchDecision, Reads, resolve};
use super::lookup::{LookUpResult, Mode, look_up};
use super::person::ComparedPerson;

/// A record of a register, in order of arrival from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordNumber(pub u32);

/// At most so many records are read behind one key, the latest first. A key that more people share
/// says little, and each of them has other keys; [`Counts::cut`] says how often it happens.
pub const MOST_READ: usize = 200;

/// A register in memory.
pub struct Register {
    blocking: Blocking,
    people: Vec<ComparedPerson>,
    /// The first record of the student that a record belongs to.
    student_of: Vec<u32>,
    /// For each record the next one of its student, the last one's being the first again.
    next_of: Vec<u32>,
    /// The last record indexed under a key, and for each entry the one before it.
    last_posted: HashMap<u64, u32>,
    blocks: Vec<BlockEntry>,
    /// Pairs that a person should look at.
    review: Vec<(u32, u32)>,
    /// Counts of the work done so far.
    pub counts: Counts,
}

#[derive(Clone, Copy)]
struct BlockEntry {
    record: u32,
    before: u32,
}

const NONE: u32 = u32::MAX;

/// Counts of a register's work, for measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Blocking keys published.
    pub keys: u64,
    /// Records compared with a newcomer because they share a key with it.
    pub candidates: u64,
    /// Keys that more than [`MOST_READ`] records share, when read.
    pub cut: u64,
}

impl Register {
    /// An empty register.
    #[must_use]
    pub fn new(blocking: Blocking) -> Self {
        Self {
            blocking,
            people: Vec::new(),
            student_of: Vec::new(),
            next_of: Vec::new(),
            last_posted: HashMap::new(),
            blocks: Vec::new(),
            review: Vec::new(),
            counts: Counts::default(),
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Adds a record and decides whose it is; `seen` is told each record that it is compared with.
    pub fn add(
        &mut self,
        person: ComparedPerson,
        mut seen: impl FnMut(RecordNumber),
    ) -> RecordNumber {
        let number = u32::try_from(self.people.len()).unwrap_or(NONE);
        let keys = self.blocking.keys(&person);
        let (records, reads) = self.sharing(&keys);
        self.post(&keys, number);
        for record in &records {
            seen(RecordNumber(*record));
        }
        self.counts.keys += keys.len() as u64;
        self.counts.candidates += records.len() as u64;
        let students = self.students_of(&records);
        let people: Vec<(u32, Vec<&ComparedPerson>)> =
            students.iter().map(|student| (*student, self.people_of(*student))).collect();
        let candidates: Vec<Candidate<'_, u32>> = people
            .iter()
            .map(|(student, records)| Candidate { student: *student, records })
            .collect();
        let resolution = resolve(&person, &candidates, reads);
        drop(people);
        self.people.push(person);
        self.student_of.push(number);
        self.next_of.push(number);
        let same: &[u32] =
            if let MatchDecision::Same(students) = &resolution.decision { students } else { &[] };
        for near in &resolution.near {
            if !same.contains(&near.student) {
                let pairs: Vec<(u32, u32)> =
                    self.records_of(near.student).map(|record| (record, number)).collect();
                self.review.extend(pairs);
            }
        }
        for student in same {
            self.join(*student, number);
        }
        RecordNumber(number)
    }

    /// Finds the student that a question means: one of its records.
    #[must_use]
    pub fn look_up(&self, question: &ComparedPerson, mode: Mode) -> LookUpResult<RecordNumber> {
        let (records, cut) = self.read(&self.blocking.keys(question));
        let reads = if cut == 0 { Reads::Whole } else { Reads::Cut };
        let students = self.students_of(&records);
        let people: Vec<(u32, Vec<&ComparedPerson>)> =
            students.iter().map(|student| (*student, self.people_of(*student))).collect();
        let candidates: Vec<Candidate<'_, RecordNumber>> = people
            .iter()
            .map(|(student, records)| Candidate { student: RecordNumber(*student), records })
            .collect();
        look_up(question, &candidates, reads, mode)
    }

    /// The student of a record: the number of its first record.
    #[must_use]
    pub fn student_of(&self, record: RecordNumber) -> RecordNumber {
        RecordNumber(self.student_of.get(record.0 as usize).copied().unwrap_or(record.0))
    }

    /// The pairs that wait for a person, without those that later records settled.
    pub fn review(&self) -> impl Iterator<Item = (RecordNumber, RecordNumber)> {
        self.review
            .iter()
            .filter(|(one, other)| {
                self.student_of[*one as usize] != self.student_of[*other as usize]
            })
            .map(|(one, other)| (RecordNumber(*one), RecordNumber(*other)))
    }

    fn sharing(&mut self, keys: &[BlockingKey]) -> (Vec<u32>, Reads) {
        let (records, cut) = self.read(keys);
        self.counts.cut += cut;
        (records, if cut == 0 { Reads::Whole } else { Reads::Cut })
    }

    /// The records that share a key, and how many keys were not read to their end.
    fn read(&self, keys: &[BlockingKey]) -> (Vec<u32>, u64) {
        let mut cut = 0;
        let mut records = Vec::new();
        for key in keys {
            let mut at = self.last_posted.get(&short(*key)).copied().unwrap_or(NONE);
            let mut read = 0;
            while let Some(entry) = self.blocks.get(at as usize) {
                if read == MOST_READ {
                    cut += 1;
                    break;
                }
                records.push(entry.record);
                at = entry.before;
                read += 1;
            }
        }
        records.sort_unstable();
        records.dedup();
        (records, cut)
    }

    fn post(&mut self, keys: &[BlockingKey], record: u32) {
        for key in keys {
            let entry = u32::try_from(self.blocks.len()).unwrap_or(NONE);
            let before = self.last_posted.insert(short(*key), entry).unwrap_or(NONE);
            self.blocks.push(BlockEntry { record, before });
        }
    }

    fn students_of(&self, records: &[u32]) -> Vec<u32> {
        let mut students: Vec<u32> =
            records.iter().map(|record| self.student_of[*record as usize]).collect();
        students.sort_unstable();
        students.dedup();
        students
    }

    fn records_of(&self, student: u32) -> impl Iterator<Item = u32> {
        let next = move |record: &u32| {
            Some(self.next_of[*record as usize]).filter(|next| *next != student)
        };
        std::iter::successors(Some(student), next)
    }

    fn people_of(&self, student: u32) -> Vec<&ComparedPerson> {
        self.records_of(student).map(|record| &self.people[record as usize]).collect()
    }

    /// Joins two students; the one that came first survives.
    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.student_of[one as usize], self.student_of[other as usize]);
        let (survivor, joined) = (one.min(other), one.max(other));
        if survivor == joined {
            return;
        }
        let records: Vec<u32> = self.records_of(joined).collect();
        for record in records {
            self.student_of[record as usize] = survivor;
        }
        // Exchanging where the first records lead makes one circle of two.
        self.next_of.swap(survivor as usize, joined as usize);
    }
}

/// Sixty-four bits of a key: in memory, among ten million keys, two collide once in a hundred
/// thousand registers, and a collision only costs a comparison.
fn short(key: BlockingKey) -> u64 {
    key.0[..8].iter().fold(0, |short, byte| short << 8 | u64::from(*byte))
}
