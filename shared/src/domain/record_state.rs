//! Where a record stands between what an establishment said and who the student is: feeding stores
//! it, identity moves it on.

use serde::{Deserialize, Serialize};

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Stored, not yet attached to a student.
    Pending,
    /// Attached and published.
    Resolved,
    /// Waits for a person's decision; nobody can see it.
    OnHold,
}

impl RecordState {
    /// The name it is stored under.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::OnHold => "on_hold",
        }
    }
}

/// Why a record waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It gives an INE and a birth date and names nobody, and nobody has this INE yet.
    Unknown,
    /// It names nobody, and its INE is known with another birth date.
    BirthDateDiffers,
    /// INES has somebody else under its INE.
    RegisterDiffers,
    /// It may be one of several students who are not each other, or somebody who couldn't be read.
    Homonyms,
    /// It may be a known student, and nothing makes it certain.
    Resembles,
    /// INES's own staff has to decide whose INE it is.
    AwaitsInes,
    /// INES won't give the person an INE.
    Refused,
    /// A person said that two people may be mixed up here.
    Disputed,
    /// Its establishment has had as many new people immatriculated this year as it may: an operator
    /// has to look.
    Quota,
}
