//! Requests by which a person exercises a right over their data (RGPD, articles 15 to 21), from the
//! day they come in to their end.
//!
//! ```text
//! received ──► in progress ──► ended (granted, refused with a reason, withdrawn)
//!                   │
//!                   └─ of a rectification: sent to an establishment ──► to correct ──► ended (corrected)
//! ```
//!
//! Whatever its state, a request has a day by which it must be answered, and whoever has charge of
//! it. Each change is a step of its history, and done twice it is one.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::academic_year::day_in_france;
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;
use crate::identity::student::StudentId;

mod changing;
mod grounds;
mod said;

pub use changing::ChangeError;
pub use grounds::{Ground, RefusalReason, Right, UnknownGround};
pub use said::said;

/// Months that the answer may take longer, when whoever asks is told why (article 12, paragraph 3).
pub const EXTENSION_MONTHS: i32 = 2;

/// The id of a request: random, or a keyed digest of the form that made it, so that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id that these 128 bits are.
    #[must_use]
    pub fn of(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id as it is written in an address: 32 hexadecimal digits, in small letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(text).ok()?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_simple())
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// What was asked is done, or answered.
    #[serde(rename = "satisfaite")]
    Granted,
    /// The establishment's record isn't what it was.
    #[serde(rename = "corrigee")]
    Corrected,
    #[serde(rename = "refusee")]
    Refused(RefusalReason),
    /// Whoever asked takes it back.
    #[serde(rename = "retiree")]
    Withdrawn,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has charge of it yet.
    #[serde(rename = "recue")]
    Received,
    /// Somebody of the register has.
    #[serde(rename = "en_cours")]
    InProgress,
    /// An establishment has to say whether it corrects its record.
    #[serde(rename = "transmise")]
    Sent { uai: Uai },
    /// It agreed to. `said` is what its records of the person said then, as keyed digests: once one
    /// is another, or gone, the record was corrected.
    #[serde(rename = "a_corriger")]
    ToCorrect { uai: Uai, said: BTreeMap<RecordId, String> },
    #[serde(rename = "close")]
    Ended(End),
}

/// Who did a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// Whoever asks.
    Person,
    /// A member of an establishment, by their digest.
    Establishment { uai: Uai, member: String },
    /// An operator or the data protection officer, by their digest.
    National { member: String },
    /// An officer who uses `statut`, by their name in the directory.
    Command { officer: String },
    /// A file or a push of the establishment.
    Feed,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    #[serde(rename = "ouverte")]
    Opened,
    #[serde(rename = "prise_en_charge")]
    Taken,
    #[serde(rename = "transmise")]
    Sent { uai: Uai },
    #[serde(rename = "acceptee")]
    Agreed,
    #[serde(rename = "prolongee")]
    Extended,
    #[serde(rename = "close")]
    Ended(End),
}

/// A step of a request's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub at: Timestamp,
    pub by: Actor,
    pub done: Done,
    /// What was written to whoever asks, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    /// The number of writes; 0 for one that isn't stored yet.
    #[serde(default)]
    pub version: u64,
    pub right: Right,
    pub state: State,
    pub opened_at: Timestamp,
    /// The last day on which it may be answered.
    pub due_on: Date,
    /// Whether the answer was given two months more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// The digest of whoever asks, as their provider names them; none for one that was opened by
    /// hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The student of the register that it is about, if one was found without doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentId>,
    /// Who asks and what, encrypted.
    pub statement: String,
    /// Whether nothing is to be told of the person until it ends (article 18).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contests: bool,
    /// Whoever has charge of it: an agent, by their digest, or an officer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_charge: Option<String>,
    pub history: Vec<Step>,
}

/// What a request begins with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub id: RequestId,
    pub right: Right,
    pub owner: Option<String>,
    pub student: Option<StudentId>,
    pub statement: String,
    pub contests: bool,
    /// The establishment that a rectification is for, when it is known.
    pub uai: Option<Uai>,
    pub by: Actor,
}

impl Request {
    /// A request that comes in now, to be answered within so many months.
    #[must_use]
    pub fn open(opening: Opening, months: u8, now: Timestamp) -> Self {
        let Opening { id, right, owner, student, statement, contests, uai, by } = opening;
        let mut history = vec![Step { at: now, by: by.clone(), done: Done::Opened, note: None }];
        let uai = uai.filter(|_| right == Right::Rectification);
        if let Some(uai) = uai {
            history.push(Step { at: now, by, done: Done::Sent { uai }, note: None });
        }
        Self {
            id,
            version: 0,
            right,
            state: uai.map_or(State::Received, |uai| State::Sent { uai }),
            opened_at: now,
            due_on: months_later(day_in_france(now), i32::from(months)),
            extended: false,
            owner,
            student,
            statement,
            // A restriction that is asked for holds until it is decided on, like any other.
            contests: contests || right == Right::Restriction,
            in_charge: None,
            history,
        }
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    /// Whether the day by which it had to be answered is over.
    #[must_use]
    pub fn is_late(&self, today: Date) -> bool {
        self.is_open() && self.due_on < today
    }

    /// The establishment whose turn it is.
    #[must_use]
    pub fn establishment(&self) -> Option<Uai> {
        match &self.state {
            State::Sent { uai } | State::ToCorrect { uai, .. } => Some(*uai),
            State::Received | State::InProgress | State::Ended(_) => None,
        }
    }

    /// The establishment that it was sent to last, which reads its end as well.
    #[must_use]
    pub fn last_sent_to(&self) -> Option<Uai> {
        self.history.iter().rev().find_map(|step| match step.done {
            Done::Sent { uai } => Some(uai),
            _ => None,
        })
    }

    /// Whether it is this establishment's to read.
    #[must_use]
    pub fn was_sent_to(&self, uai: Uai) -> bool {
        self.last_sent_to() == Some(uai)
    }

    /// Whether nothing may be told of the student because of it: until it ends if that was asked,
    /// and for good if what was granted is that.
    #[must_use]
    pub fn silences(&self) -> bool {
        match self.state {
            State::Ended(end) => end == End::Granted && self.right.silences(),
            _ => self.contests,
        }
    }

    /// When it ended, if it has.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        let last = self.history.last()?;
        matches!(self.state, State::Ended(_)).then_some(last.at)
    }
}

/// So many months later, on the same day, or on the month's last where it has no such day. A day
/// that no calendar has is the last that one has.
fn months_later(day: Date, months: i32) -> Date {
    day.saturating_add(Span::new().months(months))
}

#[cfg(test)]
mod tests;
