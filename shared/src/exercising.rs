//! What people ask by their rights, and what is done about it: a request, its answer, and what it keeps
//! from being told.
//!
//! A request is written first, then what follows from it ([`Desk::settle`]): the student is hidden,
//! or told of again. A crash in between leaves a request that says what is to follow, and whoever
//! opens its page next has it follow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contract::pivot::PivotIdentity;
use crate::domain::uai::Uai;
use crate::identity::digest::{DigestKey, RecordId};
use crate::identity::student::StudentId;
use crate::registry::StoreError;
use crate::registry::requests::RequestStore;
use crate::registry::reviews::Saved;
use crate::registry::sealed::Seal;
use crate::reviewing::Reviewing;
use crate::rights::{ChangeError, Ground, Opening, Request, RequestId, State, Step, said};

/// Open requests of one person at most: a form can't be used to bury others'.
pub const MOST_OPEN: usize = 5;
/// The longest text of a request or an answer, in letters.
pub const LONGEST_TEXT: usize = 2_000;

/// What a deployment says of requests.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Months within which a request is answered.
    pub months: u8,
    /// The ground of the register.
    pub ground: Ground,
}

/// Who asks, and what. It is kept encrypted, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub identity: PivotIdentity,
    pub text: String,
}

/// What became of a request that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is there, by this or by an attempt before it.
    Yes(Box<Request>),
    /// Whoever asks has [`MOST_OPEN`] others.
    TooMany,
}

/// Why a request isn't changed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    Refused(#[from] ChangeError),
    /// It isn't the one that was read any more.
    #[error("request was changed since it was read")]
    Overtaken,
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Requests, and what hides a student.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub requests: &'a RequestStore,
    pub reviewing: &'a Reviewing,
    /// Of what is encrypted, and of digests.
    pub key: &'a DigestKey,
    pub terms: Terms,
}

impl Desk<'_> {
    /// The id of the request that a form makes, however often it is sent.
    #[must_use]
    pub fn id_of(&self, session: &str, form: &str) -> Option<RequestId> {
        let bytes = self.key.bytes(&["demande d'un formulaire", session, form])?;
        Some(RequestId::of(*bytes.first_chunk()?))
    }

    /// A text of a request, encrypted and bound to it. `None` only if the system has no random
    /// numbers.
    #[must_use]
    pub fn close(&self, id: RequestId, text: &impl Serialize) -> Option<String> {
        self.seal(id).close_value(&id.to_string(), text)
    }

    /// Who asks, and what; `None` where the secret was renewed since.
    #[must_use]
    pub fn statement(&self, request: &Request) -> Option<Statement> {
        self.seal(request.id).open_value(&request.id.to_string(), &request.statement)
    }

    /// What was written with a step.
    #[must_use]
    pub fn note(&self, request: &Request, step: &Step) -> Option<String> {
        self.seal(request.id).open_value(&request.id.to_string(), step.note.as_deref()?)
    }

    fn seal(&self, id: RequestId) -> Seal {
        Seal::of(self.key, &["demande", &id.to_string()])
    }

    /// Takes a request in. Made again under the same id, it is the one that is there.
    pub async fn open(&self, opening: Opening, now: Timestamp) -> Result<Opened, StoreError> {
        let id = opening.id;
        if let Some(owner) = &opening.owner {
            let own = self.requests.of_owner(owner).await?;
            let others = own.iter().filter(|request| request.is_open() && request.id != id);
            if others.count() >= MOST_OPEN {
                return Ok(Opened::TooMany);
            }
        }
        let mut request = Request::open(opening, self.terms.months, now);
        match self.requests.save(&request).await? {
            Saved::Yes => request.version += 1,
            Saved::Overtaken => {
                let there = self.requests.get(id).await?;
                request = there.ok_or_else(|| StoreError::contention("opening a request"))?;
            }
        }
        Ok(Opened::Yes(Box::new(self.settle(request, now).await?)))
    }

    /// Changes a request that was read in this version; one that has moved on since is changed no
    /// more, unless the change is made already.
    pub async fn change(
        &self,
        mut request: Request,
        read: u64,
        now: Timestamp,
        change: impl FnOnce(&mut Request) -> Result<(), ChangeError>,
    ) -> Result<Request, DeskError> {
        let before = request.clone();
        change(&mut request)?;
        if request != before {
            if read != request.version || self.requests.save(&request).await? == Saved::Overtaken {
                return Err(DeskError::Overtaken);
            }
            request.version += 1;
        }
        Ok(self.settle(request, now).await?)
    }

    /// Has what follows from a request follow: a record that was corrected ends it, and its student
    /// is hidden or told of again. Done again, it changes nothing.
    pub async fn settle(&self, request: Request, now: Timestamp) -> Result<Request, StoreError> {
        let request = self.compare(request, now).await?;
        let Some(student) = request.student else { return Ok(request) };
        if request.silences() {
            self.reviewing.contest(student, request.id, now).await?;
        } else if request.contests || request.right.silences() {
            self.reviewing.lift(student, request.id, now).await?;
        }
        Ok(request)
    }

    /// What an establishment's records say of a student as of now; nothing of one that is gone.
    pub async fn said(
        &self,
        student: StudentId,
        uai: Uai,
    ) -> Result<BTreeMap<RecordId, String>, StoreError> {
        let found = self.reviewing.students.get(student).await?;
        Ok(found.map(|student| said(&student, uai, self.key)).unwrap_or_default())
    }

    /// Ends a rectification whose record says something else by now.
    async fn compare(&self, mut request: Request, now: Timestamp) -> Result<Request, StoreError> {
        let (State::ToCorrect { uai, .. }, Some(student)) = (&request.state, request.student)
        else {
            return Ok(request);
        };
        let now_said = self.said(student, *uai).await?;
        if request.compare(&now_said, now) {
            match self.requests.save(&request).await? {
                Saved::Yes => request.version += 1,
                // Somebody else did, or wrote something else: the next reading shows it.
                Saved::Overtaken => {
                    let there = self.requests.get(request.id).await?;
                    request = there.ok_or_else(|| StoreError::contention("ending a request"))?;
                }
            }
        }
        Ok(request)
    }
}
