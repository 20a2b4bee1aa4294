//! A person asks that nothing be told of them (RGPD, article 18): a dispute that nobody decides, until
//! their requests end. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Case, CaseDecision, CaseQuestion, Effect, State};
use crate::rights::RequestId;

/// The person has asked that nothing be told of them (RGPD, article 18). As long as they do, the
/// case is open, is listed for nobody, and no vote decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    /// The requests that ask for it.
    pub requests: BTreeSet<RequestId>,
    /// Whether the question was asked by somebody else as well: it remains when the requests end.
    pub doubted: bool,
}

/// A decision is on its way to records and students, for some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("case is being applied: {0:?}")]
pub struct BeingApplied(pub State);

impl Case {
    /// A request of the person keeps anything from being told. Returns whether anything changed.
    ///
    /// # Errors
    ///
    /// [`BeingApplied`]: for as long as deduplication applies what was decided before.
    pub fn contest_by(&mut self, request: RequestId, now: Timestamp) -> Result<bool, BeingApplied> {
        let doubted = match self.state {
            State::Decided | State::Undone => return Err(BeingApplied(self.state)),
            // One that isn't stored yet is opened for this.
            State::Open => self.version > 0,
            State::Applied | State::Withdrawn => {
                self.reopen(now);
                false
            }
        };
        let contest = self.contest.get_or_insert(Contest { requests: BTreeSet::new(), doubted });
        Ok(contest.requests.insert(request))
    }

    /// A request of the person ends. With the last one the student is told of again, unless the
    /// question was somebody else's as well. Returns whether anything changed.
    pub fn lift(&mut self, request: RequestId, now: Timestamp) -> bool {
        let Some(contest) = &mut self.contest else { return false };
        let changed = contest.requests.remove(&request);
        if contest.requests.is_empty() {
            let doubted = contest.doubted;
            self.contest = None;
            if let (CaseQuestion::Dispute { student }, State::Open, false) =
                (&self.question, self.state, doubted)
            {
                self.decisions.push(CaseDecision::new(Effect::Keep(*student), now, self.round));
                self.state = State::Decided;
            }
        }
        changed
    }

    /// Whether it is open for the person's own requests, and nobody can answer it.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        self.is_open() && self.contest.is_some()
    }
}
