//! What may be done with a request, and when. Each change is pure, and repeated it changes nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Actor, Done, EXTENSION_MONTHS, End, Ground, RefusalReason, Request, Right, State, Step,
    months_later,
};
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;

/// A change isn't made: what was seen, and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It ended, and otherwise than by this change.
    #[error("request has ended: {0:?}")]
    Ended(End),
    /// Only what an establishment said is for it to correct.
    #[error("only a rectification is sent to an establishment, and this is {0:?}")]
    NotRectification(Right),
    /// Nothing was agreed to be corrected.
    #[error("no establishment has the request")]
    NotSent,
    /// Whoever answers has to have charge of it.
    #[error("nobody has charge of the request")]
    NobodyInCharge,
    /// It had its two months.
    #[error("request was given more time already")]
    ExtendedAlready,
    /// The right holds against the register's ground.
    #[error("{right:?} can't be refused for the ground {ground:?}")]
    NotByGround { right: Right, ground: Ground },
}

impl Request {
    /// Somebody takes charge of it, or takes it over. The establishment that has it keeps it.
    pub fn take(&mut self, in_charge: &str, by: Actor, now: Timestamp) -> Result<(), ChangeError> {
        self.is_not_ended()?;
        if self.in_charge.as_deref() == Some(in_charge) {
            return Ok(());
        }
        self.in_charge = Some(in_charge.to_owned());
        if self.state == State::Received {
            self.state = State::InProgress;
        }
        self.step(by, Done::Taken, None, now);
        Ok(())
    }

    /// Sends a rectification to the establishment concerned, or from one to another.
    pub fn send(&mut self, uai: Uai, by: Actor, now: Timestamp) -> Result<(), ChangeError> {
        self.is_not_ended()?;
        if self.right != Right::Rectification {
            return Err(ChangeError::NotRectification(self.right));
        }
        if self.establishment() != Some(uai) {
            self.state = State::Sent { uai };
            self.step(by, Done::Sent { uai }, None, now);
        }
        Ok(())
    }

    /// The establishment agrees to correct its record, which says `said` until then.
    pub fn agree(
        &mut self,
        said: BTreeMap<RecordId, String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        self.is_not_ended()?;
        match self.state {
            State::Sent { uai } => {
                self.state = State::ToCorrect { uai, said };
                self.step(by, Done::Agreed, None, now);
                Ok(())
            }
            State::ToCorrect { .. } => Ok(()),
            _ => Err(ChangeError::NotSent),
        }
    }

    /// The record was corrected: it says something else since, or somebody says so.
    pub fn correct(
        &mut self,
        note: Option<String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        match self.state {
            State::Sent { .. } | State::ToCorrect { .. } | State::Ended(_) => {
                self.end(End::Corrected, note, by, now)
            }
            State::Received | State::InProgress => Err(ChangeError::NotSent),
        }
    }

    /// What its establishment's records say now: if one that was to be corrected says something
    /// else, or is gone, it is. Returns whether it ended by this.
    pub fn compare(&mut self, now_said: &BTreeMap<RecordId, String>, now: Timestamp) -> bool {
        let State::ToCorrect { said, .. } = &self.state else { return false };
        let differs = said.iter().any(|(record, text)| now_said.get(record) != Some(text));
        differs && self.correct(None, Actor::Feed, now).is_ok()
    }

    /// What was asked is done, or answered.
    pub fn grant(
        &mut self,
        note: Option<String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        if self.is_open() && self.in_charge.is_none() {
            return Err(ChangeError::NobodyInCharge);
        }
        self.end(End::Granted, note, by, now)
    }

    /// It is refused, for a reason that the person is told.
    pub fn refuse(
        &mut self,
        reason: RefusalReason,
        ground: Ground,
        note: Option<String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        if reason == RefusalReason::Ground && !ground.refuses(self.right) {
            return Err(ChangeError::NotByGround { right: self.right, ground });
        }
        let is_theirs = matches!(by, Actor::Establishment { .. });
        if self.is_open() && self.in_charge.is_none() && !is_theirs {
            return Err(ChangeError::NobodyInCharge);
        }
        self.end(End::Refused(reason), note, by, now)
    }

    /// Whoever asked takes it back.
    pub fn withdraw(&mut self, now: Timestamp) -> Result<(), ChangeError> {
        self.end(End::Withdrawn, None, Actor::Person, now)
    }

    /// The answer takes two months more, once; the person is told why.
    pub fn extend(
        &mut self,
        note: Option<String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        self.is_not_ended()?;
        if self.extended {
            return Err(ChangeError::ExtendedAlready);
        }
        self.extended = true;
        self.due_on = months_later(self.due_on, EXTENSION_MONTHS);
        self.step(by, Done::Extended, note, now);
        Ok(())
    }

    fn end(
        &mut self,
        end: End,
        note: Option<String>,
        by: Actor,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        match self.state {
            State::Ended(already) if already == end => Ok(()),
            State::Ended(already) => Err(ChangeError::Ended(already)),
            _ => {
                self.state = State::Ended(end);
                self.step(by, Done::Ended(end), note, now);
                Ok(())
            }
        }
    }

    fn is_not_ended(&self) -> Result<(), ChangeError> {
        match self.state {
            State::Ended(end) => Err(ChangeError::Ended(end)),
            _ => Ok(()),
        }
    }

    fn step(&mut self, by: Actor, done: Done, note: Option<String>, now: Timestamp) {
        self.history.push(Step { at: now, by, done, note });
    }
}
