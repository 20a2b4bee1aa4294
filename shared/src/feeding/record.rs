//! What becomes of a statement about an enrolment, given what is stored.
//!
//! A record holds what the latest statement said, the version of that statement, and the version
//! that its content came with. The two differ once the same content is sent again: then only the
//! version moves on, so that an older file still loses, and nobody is asked again who the student
//! is. A row of a complete file moves not even that, where the file's horizon keeps older files out
//! (docs/decisions/0035-what-did-not-change.md): the version that counts is then the horizon's.
//!
//! | stored | the statement is | becomes |
//! |---|---|---|
//! | nothing | – | stored, pending |
//! | older, other content | newer | stored, pending |
//! | older, same content | newer | its version only; a pointer if the record still waits |
//! | the same, resolved, its INE confirmed | newer, and may leave it alone | nothing: left alone |
//! | of this import, at this line or a later one | a repetition | a pointer if the record still waits |
//! | newer, of another import | older | nothing: superseded |
//! | nothing, or older and left out of a complete file that is newer still | older than that file | nothing: superseded |
//!
//! Everything is decided twice: once from a read, to know which write to try, and once by the
//! write's own condition, since others write too. A refused write comes with what is stored, from
//! which it is decided anew.

use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::academic_year::AcademicYear;
use crate::domain::enrolment::Declaration;
use crate::domain::record_state::{Doubt, RecordState};
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;
use crate::identity::edge::Links;
use crate::identity::finding::{FindingCode, StatutIne};
use crate::identity::student::{RecordVersion, StudentId};

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    pub id: RecordId,
    /// The version of what it says.
    pub version: RecordVersion,
    /// The establishment that sent this version. `None` for one that was stored before depositors
    /// were kept.
    #[serde(default)]
    pub depositor: Option<Uai>,
    /// INES's verdict on the INE of this version, once it was asked.
    #[serde(default)]
    pub statut_ine: Option<StatutIne>,
    /// The finding about the identity of this version, if there is one.
    #[serde(default)]
    pub finding: Option<FindingCode>,
    pub state: RecordState,
    pub declaration: Declaration,
    /// The student it is attached to, by this version or an earlier one.
    #[serde(default)]
    pub student: Option<StudentId>,
    /// The links that reviewers made, which outlive versions.
    #[serde(default)]
    pub links: Links,
    /// The reason for which the record is or was on hold.
    #[serde(default)]
    pub doubt: Option<Doubt>,
    /// The day on which INES first didn't know its INE, while it doesn't.
    #[serde(default)]
    pub unknown_since: Option<Date>,
    /// The day from which on INES is asked again.
    #[serde(default)]
    pub verify_on: Option<Date>,
    /// The version of the latest complete file that had a broken row about it.
    #[serde(default)]
    pub seen: Option<RecordVersion>,
}

impl Record {
    /// Whether what it says was said after `version`, by itself or by the complete file that goes
    /// as far as `horizon`.
    #[must_use]
    pub fn is_later_than(&self, version: &RecordVersion, horizon: Option<&RecordVersion>) -> bool {
        let by_file =
            horizon.is_some_and(|horizon| horizon > version && self.seen.as_ref() < Some(horizon));
        self.version > *version || by_file
    }
}

/// A record to store.
#[derive(Debug, Clone)]
pub struct NewRecord {
    pub id: RecordId,
    /// The version of what it says.
    pub version: RecordVersion,
    /// The establishment that sends it, for itself or for another.
    pub depositor: Uai,
    pub declaration: Box<Declaration>,
}

/// The digest of what a record says, by which a repetition is recognised.
///
/// A bare hash: it is stored beside what it is the hash of, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentDigest(String);

impl ContentDigest {
    /// The digest of a declaration.
    #[must_use]
    pub fn of(declaration: &Declaration) -> Self {
        // Written straight into the hash. A declaration has no map with keys that aren't text, so
        // this never fails.
        let mut hash = HashWriter(Sha256::new());
        let _ = serde_json::to_writer(&mut hash, declaration);
        Self(hex::encode(&hash.0.finalize()[..16]))
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

struct HashWriter(Sha256);

impl std::io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The attributes of a stored record that a decision about a new version needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stored {
    pub id: RecordId,
    /// The version of the latest statement.
    pub version: RecordVersion,
    /// The version that the content came with.
    #[serde(default)]
    pub said_at: Option<RecordVersion>,
    /// The version that the record was created with.
    #[serde(default)]
    pub first_version: Option<RecordVersion>,
    /// The digest of the content. None after a cancellation that the establishment didn't write
    /// itself.
    #[serde(default)]
    pub digest: Option<ContentDigest>,
    pub state: RecordState,
    /// INES's verdict on the INE of the content, once it was asked.
    #[serde(default)]
    pub statut_ine: Option<StatutIne>,
    /// The version of the latest complete file that had a broken row about it.
    #[serde(default)]
    pub seen: Option<RecordVersion>,
    /// The one part of the declaration that is read here: the enrolment's status.
    #[serde(rename = "declaration")]
    pub content: StoredContent,
}

/// The part of a declaration that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredContent {
    /// The enrolment's part.
    pub inscription: StoredEnrolment,
}

/// The part of an enrolment that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredEnrolment {
    pub statut: Status,
}

impl Stored {
    /// Whether the enrolment is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.content.inscription.statut == Status::Annule
    }

    /// Whether a complete file that cancels with version `horizon` lacks it.
    #[must_use]
    pub fn is_older_than(&self, horizon: &RecordVersion) -> bool {
        self.version < *horizon && self.seen.as_ref() < Some(horizon)
    }

    /// Whether it still has to be attached to a student.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.state != RecordState::Resolved
    }

    /// Whether nothing is left to find out about it as long as `declaration`, which is its content,
    /// stays: it is published, and INES vouches for its INE if it gives one.
    fn is_settled(&self, declaration: &Declaration) -> bool {
        let vouched = declaration.ine.is_none() || self.statut_ine == Some(StatutIne::Confirme);
        !self.is_unresolved() && vouched
    }
}

/// For each establishment and year, the version with which the latest complete file cancels. An
/// older statement that isn't in that file is no longer true, even if it arrives later.
pub type Horizons = HashMap<(Uai, AcademicYear), RecordVersion>;

/// A write, with the condition that makes it safe against everyone else's.
#[derive(Debug, Clone)]
pub enum Write {
    /// Store a statement and its content as pending, over nothing or something older.
    Put(RecordStatement),
    /// Move the version on, over something older with the same content.
    Renew(RecordStatement),
    /// Cancel an enrolment of an older version, unless a complete file of this version or a later
    /// one had a broken row about it.
    Cancel {
        id: RecordId,
        /// The version of the cancellation.
        version: RecordVersion,
    },
    /// Note that a complete file has a broken row about a record that exists, unless a later one
    /// did.
    See {
        id: RecordId,
        /// The version with which the file cancels others.
        version: RecordVersion,
    },
    /// Move the version up to that of a complete file that said the record or left it alone, unless
    /// it had a broken row about it.
    Raise {
        id: RecordId,
        /// How far that file goes.
        horizon: RecordVersion,
    },
}

impl Write {
    /// The record that is written.
    #[must_use]
    pub fn id(&self) -> &RecordId {
        match self {
            Self::Put(statement) | Self::Renew(statement) => &statement.record.id,
            Self::Cancel { id, .. } | Self::See { id, .. } | Self::Raise { id, .. } => id,
        }
    }
}

/// The result of writes that go through all together or not at all.
#[derive(Debug)]
pub enum Written {
    /// All of them were done.
    All,
    /// None was; for each, whether it was because of it.
    None(Vec<SliceVerdict>),
}

/// The part that one write had in stopping its transaction.
#[derive(Debug)]
pub enum SliceVerdict {
    /// It would have gone through.
    Willing,
    /// Another was writing the record, or the table is at its limit.
    Busy,
    /// Its condition doesn't hold: this is stored.
    Stale(Option<Box<Stored>>),
}

/// A record to store, with its digest.
#[derive(Debug, Clone)]
pub struct RecordStatement {
    pub record: NewRecord,
    /// The digest of what it says.
    pub digest: ContentDigest,
}

impl RecordStatement {
    /// The write that the statement asks for, given the stored record. `may_leave` says that a
    /// record which says the same may be left alone.
    fn decide(
        self,
        stored: Option<&Stored>,
        horizons: &Horizons,
        may_leave: bool,
        outcome: &mut PutOutcome,
    ) -> Option<Write> {
        let version = &self.record.version;
        let inscription = &self.record.declaration.inscription;
        let horizon = horizons.get(&(inscription.uai, inscription.academic_year()));
        let horizon = horizon.filter(|horizon| **horizon > *version);
        // A broken row keeps its record from being cancelled, and open to what is older than the
        // file.
        let left_out = horizon.is_some_and(|horizon| {
            stored.is_none_or(|stored| stored.seen.as_ref() < Some(horizon))
        });
        match stored {
            Some(stored) if stored.version >= *version => {
                if stored.version.same_import(version) {
                    outcome.repeat(stored, version);
                } else {
                    outcome.superseded += 1;
                }
                None
            }
            _ if left_out => {
                outcome.superseded += 1;
                None
            }
            Some(stored) if stored.digest.as_ref() == Some(&self.digest) => {
                // A broken row of a later file opened it to what is older than that one.
                let open = stored.seen.as_ref() > Some(version);
                if may_leave && !open && stored.is_settled(&self.record.declaration) {
                    outcome.unchanged += 1;
                    outcome
                        .left
                        .push(LeftAlone { id: self.record.id, cancelled: stored.is_cancelled() });
                    return None;
                }
                Some(Write::Renew(self))
            }
            _ => Some(Write::Put(self)),
        }
    }
}

/// A record that says what its row says, and that nothing was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    pub id: RecordId,
    /// Whether the enrolment is cancelled, in the row as in the record.
    pub cancelled: bool,
}

/// Counts of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PutOutcome {
    /// Stored by this import, now or in an earlier attempt, and still to be attached to a student.
    pub pending: Vec<RecordId>,
    /// Statements older than what another import stored.
    pub superseded: u64,
    /// Statements that say what was stored already.
    pub unchanged: u64,
    /// Statements about an enrolment that nothing was stored of.
    pub created: u64,
    /// Records that were left alone, counted among the unchanged.
    pub left: Vec<LeftAlone>,
}

impl PutOutcome {
    /// The statement was stored before by the same import, in an earlier attempt or by a later
    /// line. If the content came with another version, it was the same as before.
    fn repeat(&mut self, stored: &Stored, version: &RecordVersion) {
        if stored.version == *version && stored.said_at.as_ref().is_some_and(|said| said != version)
        {
            self.unchanged += 1;
        }
        if stored.first_version.as_ref() == Some(version) {
            self.created += 1;
        }
        if stored.is_unresolved() {
            self.pending.push(stored.id.clone());
        }
    }
}

/// A batch of statements on its way: read, write, and as long as some are refused, write again.
///
/// ```text
/// new ─► ids() ─► read ─► learn(stored) ─► writes() ─► write ─► apply(written) ─┐
///                                             ▲──────────── until none is left ─┘
/// ```
#[derive(Debug)]
pub struct Batch<'a> {
    horizons: &'a Horizons,
    /// Records that were there when they were read, and whether they waited: they will go on
    /// waiting whatever the write says.
    known: HashMap<RecordId, bool>,
    /// Records that may be left alone.
    leavable: HashSet<RecordId>,
    unread: Vec<RecordStatement>,
    writes: Vec<Write>,
    outcome: PutOutcome,
}

impl<'a> Batch<'a> {
    /// The batch of these records. Of two with one id the later one counts: a transaction may name
    /// an item once, and what the earlier one said would not last.
    #[must_use]
    pub fn new(records: Vec<NewRecord>, horizons: &'a Horizons) -> Self {
        let mut places: HashMap<RecordId, usize> = HashMap::with_capacity(records.len());
        let mut unread: Vec<RecordStatement> = Vec::with_capacity(records.len());
        for record in records {
            let digest = ContentDigest::of(&record.declaration);
            let statement = RecordStatement { record, digest };
            match places.get(&statement.record.id).and_then(|place| unread.get_mut(*place)) {
                Some(earlier) if earlier.record.version <= statement.record.version => {
                    *earlier = statement;
                }
                Some(_) => {}
                None => {
                    places.insert(statement.record.id.clone(), unread.len());
                    unread.push(statement);
                }
            }
        }
        Self {
            horizons,
            known: HashMap::new(),
            leavable: HashSet::new(),
            unread,
            writes: Vec::new(),
            outcome: PutOutcome::default(),
        }
    }

    /// Leaves these records alone where they say what their statement says. They must then be read
    /// as of now: no write's condition says the same again.
    #[must_use]
    pub fn leaving(self, leavable: HashSet<RecordId>) -> Self {
        Self { leavable, ..self }
    }

    /// Whether there are records that it may leave alone.
    #[must_use]
    pub fn may_leave(&self) -> bool {
        !self.leavable.is_empty()
    }

    /// The records to read.
    #[must_use]
    pub fn ids(&self) -> Vec<RecordId> {
        self.unread.iter().map(|statement| statement.record.id.clone()).collect()
    }

    /// Decides from what is stored, which may be a little old.
    pub fn learn(&mut self, stored: &HashMap<RecordId, Stored>) {
        for statement in std::mem::take(&mut self.unread) {
            let stored = stored.get(&statement.record.id);
            self.decide(statement, stored);
        }
    }

    /// The writes left to do in one transaction; empty when none is.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Takes note of what became of the writes. Says whether others were in the way, so that it is
    /// worth waiting before the next attempt.
    pub fn apply(&mut self, written: Written) -> bool {
        let writes = std::mem::take(&mut self.writes);
        let mut busy = false;
        match written {
            Written::All => {
                for write in writes {
                    match write {
                        Write::Put(statement) => {
                            let is_new = !self.known.contains_key(&statement.record.id);
                            self.outcome.created += u64::from(is_new);
                            self.outcome.pending.push(statement.record.id);
                        }
                        Write::Renew(statement) => {
                            self.outcome.unchanged += 1;
                            if self.known.get(&statement.record.id).copied().unwrap_or(true) {
                                self.outcome.pending.push(statement.record.id);
                            }
                        }
                        Write::Cancel { .. } | Write::See { .. } | Write::Raise { .. } => {}
                    }
                }
            }
            Written::None(verdicts) => {
                let mut verdicts = verdicts.into_iter();
                for write in writes {
                    match (verdicts.next(), write) {
                        (
                            Some(SliceVerdict::Stale(stored)),
                            Write::Put(statement) | Write::Renew(statement),
                        ) => {
                            self.decide(statement, stored.as_deref());
                        }
                        (verdict, write) => {
                            busy |= matches!(verdict, Some(SliceVerdict::Busy) | None);
                            self.writes.push(write);
                        }
                    }
                }
            }
        }
        busy
    }

    /// The counts, once nothing is left to write.
    #[must_use]
    pub fn outcome(self) -> PutOutcome {
        self.outcome
    }

    /// The counts that writing would give, for a dry run.
    #[must_use]
    pub fn forecast(mut self) -> PutOutcome {
        self.apply(Written::All);
        self.outcome
    }

    fn decide(&mut self, statement: RecordStatement, stored: Option<&Stored>) {
        if let Some(stored) = stored {
            self.known.insert(stored.id.clone(), stored.is_unresolved());
        }
        let may_leave = self.leavable.contains(&statement.record.id);
        self.writes.extend(statement.decide(stored, self.horizons, may_leave, &mut self.outcome));
    }
}

/// Records are listed by establishment, academic year and one hexadecimal digit of their id: a
/// large university's list is spread over sixteen partitions, so that writing it is never held back
/// by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slice {
    /// The establishment.
    pub uai: Uai,
    pub year: AcademicYear,
    /// From 0 to 15.
    pub digit: u8,
}

impl Slice {
    /// Slices of an establishment and year.
    pub const DIGITS: u8 = 16;

    /// The slice that a record belongs to. It follows from what makes the id, so it never changes.
    #[must_use]
    pub fn of(id: &RecordId, declaration: &Declaration) -> Self {
        let last =
            id.as_str().chars().last().and_then(|digit| digit.to_digit(16)).unwrap_or_default();
        Self {
            uai: declaration.inscription.uai,
            year: declaration.inscription.academic_year(),
            digit: u8::try_from(last).unwrap_or_default(),
        }
    }

    /// `<UAI>#<first year>#<digit>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}#{:04}#{:x}", self.uai, self.year.first_year(), self.digit)
    }
}

#[cfg(test)]
mod tests;
