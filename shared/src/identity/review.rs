//! What the rules leave to a person: cases, votes, decisions, and how each is undone. Pure.
//!
//! ```text
//!             vote, enough voices          deduplication applies
//!  ┌─► open ────────────────────► decided ────────────────────► applied
//!  │    │ ▲                          │                             │
//!  │    │ └── asked again            └───────────┬─────────────────┘
//!  │    ▼     (another round)                    │ undo
//!  │  withdrawn                                  ▼
//!  └───────────────────────────────────────── undone
//!            deduplication applies (another round)
//! ```
//!
//! A decision needs one person, or two when it would make one student of two people whom INES tells
//! apart ([`CaseQuestion::voices`]). Each voice against asks for one more: two who disagree decide
//! nothing, and a third doesn't outvote one of them alone where two are needed.
//!
//! **An undo needs one person, whatever it undoes.** It takes a link away and opens the case again,
//! and what is open is told apart or not told at all: nothing becomes visible that wasn't before
//! the decision. A wrong merge shows one person's status to another until it is undone, so whoever
//! sees it stops it, without waiting for a second.
//!
//! No vote is ever taken from a case: each keeps the round it was cast in, and a decision that was
//! undone says so.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::RecordId;
use super::student::StudentId;

pub use contest::{BeingApplied, Contest};
pub use question::{CaseId, CaseQuestion, CaseVerdict, Effect, Kind, Near, NotAnAnswer, Side};

mod contest;
mod question;
#[cfg(test)]
mod tests;

/// The states of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody has to look.
    Open,
    /// The case is decided, and deduplication has yet to apply it.
    Decided,
    /// The decision is applied and holds.
    Applied,
    /// The decision is undone, and deduplication has yet to take it back.
    Undone,
    /// Later evidence settled it, or it is about nobody any more.
    Withdrawn,
}

/// The reason that convinced a reviewer. A closed list: a free text would say things about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The data that the case shows.
    File,
    /// Documents of the student: an identity card, an extract of birth.
    Documents,
    /// The establishment's word.
    Establishment,
    /// The student's word.
    Student,
    /// The word of INES's own staff.
    Ines,
}

/// One reviewer's voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The person, not the client: one who has two clients is one voice.
    pub reviewer: String,
    pub verdict: CaseVerdict,
    /// The reason that convinced the reviewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When.
    pub at: Timestamp,
    /// In which round.
    pub round: u32,
}

/// The decision of a round of voices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDecision {
    /// The consequence for records and students.
    pub effect: Effect,
    /// When the last voice that it needed was heard.
    pub at: Timestamp,
    /// The round whose voices made it.
    pub round: u32,
    /// The records that hold it as links, wherever they have gone since.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub records: BTreeSet<RecordId>,
    /// The records that moved because of it ([`super::moves`]), those that came while it stood as
    /// well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub moved: BTreeSet<RecordId>,
    /// The students that are kept for it while it is applied or undone in more transactions than
    /// one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<StudentId>,
    /// The reviewer who undid it, and when, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// A decision was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The person.
    pub reviewer: String,
    /// When.
    pub at: Timestamp,
}

/// A question that a person has to answer, and all that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id, which follows from the question.
    pub id: CaseId,
    pub question: CaseQuestion,
    pub state: State,
    /// The number of writes; 0 for one that isn't stored yet.
    pub version: u64,
    /// Since when somebody has to look: the start of the round.
    pub opened_at: Timestamp,
    /// The version of the rules that asked.
    pub rules_version: u16,
    /// Rounds before this one.
    pub round: u32,
    /// Every vote, of every round.
    pub votes: Vec<Vote>,
    /// Every decision, the latest last.
    pub decisions: Vec<CaseDecision>,
    /// Of a dispute: what the person themself asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contest: Option<Contest>,
}

/// The progress of an open case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub state: State,
    /// People who answered this round, without those who can't tell.
    pub voices: usize,
    /// People who looked and can't tell.
    pub unsure: usize,
    /// They don't say the same.
    pub disagreement: bool,
}

/// The work of deduplication on a case. Done twice, it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending<'a> {
    /// Nothing is told of the student any more, until the dispute is completed.
    Hide(StudentId),
    /// A decision, to be kept as links. Then [`Case::complete`].
    Apply(&'a Effect),
    /// A decision, to be taken back: what it moved goes back to where it was, and the question is
    /// open again. Then [`Case::complete`].
    Revert(&'a Effect),
}

/// A vote is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// The verdict is another question's.
    #[error(transparent)]
    NotAnAnswer(#[from] NotAnAnswer),
    /// The same person already answered otherwise in this round.
    #[error("reviewer already voted otherwise in this round")]
    Voted,
    /// The case is decided otherwise: the decision has to be undone first.
    #[error("case is decided otherwise")]
    DecidedOtherwise,
    /// The case can't be answered in its state: {0:?}.
    #[error("case is not open but {0:?}")]
    NotOpen(State),
    /// The person's own request has to end first.
    #[error("case is kept open by a request of the person")]
    Contested,
}

/// There is no decision to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("case has no decision to undo")]
pub struct NothingDecided;

impl CaseDecision {
    fn new(effect: Effect, at: Timestamp, round: u32) -> Self {
        let (records, moved, kept) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { effect, at, round, records, moved, kept, undone: None }
    }
}

impl Case {
    /// A case that was never stored.
    #[must_use]
    pub fn open(question: CaseQuestion, rules_version: u16, now: Timestamp) -> Self {
        Self {
            id: question.case(),
            question,
            state: State::Open,
            version: 0,
            opened_at: now,
            rules_version,
            round: 0,
            votes: Vec::new(),
            decisions: Vec::new(),
            contest: None,
        }
    }

    /// The same question comes up again, with what is known now. Returns whether anything changed.
    ///
    /// Votes on other students' resemblance don't count any more, so that begins another round. A
    /// decision that wasn't applied yet stands, unless INES has told two people apart since and it
    /// has too few voices for that; one that answers the question stands.
    pub fn ask_again(
        &mut self,
        question: CaseQuestion,
        rules_version: u16,
        now: Timestamp,
    ) -> bool {
        let before = (self.state, self.round);
        let known = self.contest.as_ref().is_none_or(|contest| contest.doubted);
        if let Some(contest) = &mut self.contest {
            contest.doubted = true;
        }
        match self.state {
            State::Open => {
                let others = question.students() != self.question.students();
                if others && self.cast().next().is_some() {
                    self.round += 1;
                }
            }
            State::Decided => {
                let Some(decision) = self.decisions.last() else { return false };
                if question.voices(&decision.effect) <= self.heard(&decision.effect) {
                    return false;
                }
                // The votes remain, and say who decided.
                self.decisions.pop();
                self.state = State::Open;
            }
            State::Undone => return false,
            State::Applied if self.answers(&question) => return false,
            State::Applied | State::Withdrawn => self.reopen(now),
        }
        let asked = (self.question != question, self.rules_version != rules_version);
        self.question = question;
        self.rules_version = rules_version;
        asked != (false, false) || before != (self.state, self.round) || !known
    }

    /// Takes the vote of a person, and decides when there are enough. Idempotent: the same vote
    /// again changes nothing, nor does one that says what is already decided.
    pub fn vote(
        &mut self,
        reviewer: &str,
        verdict: CaseVerdict,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<Progress, VoteError> {
        let effect = self.question.effect(&verdict)?;
        match self.state {
            State::Open if self.is_contested() => return Err(VoteError::Contested),
            State::Open => {}
            State::Decided | State::Applied => {
                return match self.decision() {
                    Some(decision) if Some(&decision.effect) == effect.as_ref() => {
                        Ok(self.progress())
                    }
                    _ => Err(VoteError::DecidedOtherwise),
                };
            }
            state @ (State::Undone | State::Withdrawn) => return Err(VoteError::NotOpen(state)),
        }
        // Whoever couldn't tell may find out; whoever could has answered.
        let before =
            self.cast().rfind(|vote| vote.reviewer == reviewer).map(|vote| vote.verdict.clone());
        match before {
            Some(before) if before == verdict => {}
            Some(before) if before != CaseVerdict::Unsure => return Err(VoteError::Voted),
            _ => {
                let (reviewer, round) = (reviewer.to_owned(), self.round);
                self.votes.push(Vote { reviewer, verdict, reason, at: now, round });
            }
        }
        if let Some(effect) = effect
            && self.heard(&effect) >= self.question.voices(&effect) + self.against(&effect)
        {
            self.decisions.push(CaseDecision::new(effect, now, self.round));
            self.state = State::Decided;
        }
        Ok(self.progress())
    }

    /// Evidence became certain that two students are one, who have too many records to become one
    /// in the transaction that decides so: the case is decided without a voice. Returns whether
    /// anything changed.
    pub fn decide_by_evidence(&mut self, now: Timestamp) -> bool {
        let pending = matches!(self.state, State::Decided | State::Undone);
        let Ok(Some(effect)) = self.question.effect(&CaseVerdict::Same) else { return false };
        if !pending {
            self.decisions.push(CaseDecision::new(effect, now, self.round));
            self.state = State::Decided;
        }
        !pending
    }

    /// Undoes the decision. Idempotent.
    pub fn undo(&mut self, reviewer: &str, now: Timestamp) -> Result<(), NothingDecided> {
        let decision = self.decisions.last_mut().ok_or(NothingDecided)?;
        match self.state {
            State::Decided | State::Applied => {
                decision.undone = Some(Undone { reviewer: reviewer.to_owned(), at: now });
                self.state = State::Undone;
                Ok(())
            }
            _ if decision.undone.is_some() => Ok(()),
            _ => Err(NothingDecided),
        }
    }

    /// Later evidence settled it. Returns whether anything changed: only what is open is withdrawn.
    pub fn withdraw(&mut self) -> bool {
        let open = self.state == State::Open;
        if open {
            self.state = State::Withdrawn;
        }
        open
    }

    /// Asks the same question again, because the evidence that closed it was undone. Returns
    /// whether anything changed.
    pub fn ask_after_all(&mut self, now: Timestamp) -> bool {
        let withdrawn = self.state == State::Withdrawn;
        if withdrawn {
            self.reopen(now);
        }
        withdrawn
    }

    /// Records moved because of what is decided. Returns whether anything changed.
    pub fn remember(&mut self, moved: &BTreeSet<RecordId>) -> bool {
        let stands = matches!(self.state, State::Decided | State::Applied | State::Undone);
        let Some(decision) = self.decisions.last_mut().filter(|_| stands) else { return false };
        let known = decision.moved.len();
        decision.moved.extend(moved.iter().cloned());
        decision.moved.len() > known
    }

    /// Students are kept for it until it is completed.
    pub fn keep(&mut self, students: impl IntoIterator<Item = StudentId>) {
        if let Some(decision) = self.decisions.last_mut() {
            decision.kept.extend(students);
        }
    }

    /// Somebody has to look.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The work that deduplication has to do about it.
    #[must_use]
    pub fn pending(&self) -> Option<Pending<'_>> {
        let effect = self.decisions.last().map(|decision| &decision.effect);
        match (self.state, &self.question) {
            (State::Open, CaseQuestion::Dispute { student }) => Some(Pending::Hide(*student)),
            (State::Decided, _) => effect.map(Pending::Apply),
            (State::Undone, _) => effect.map(Pending::Revert),
            _ => None,
        }
    }

    /// Notes that [`Self::pending`] is done, in the transaction that this is written by; `linked`
    /// are the records that hold the decision as links.
    pub fn complete(&mut self, linked: &BTreeSet<RecordId>, now: Timestamp) {
        if let Some(decision) = self.decisions.last_mut() {
            decision.kept.clear();
        }
        match self.state {
            State::Decided => {
                self.state = State::Applied;
                if let Some(decision) = self.decisions.last_mut() {
                    decision.records.extend(linked.iter().cloned());
                }
            }
            State::Undone => self.reopen(now),
            State::Open | State::Applied | State::Withdrawn => {}
        }
    }

    /// The decision, if there is one that was not undone.
    #[must_use]
    pub fn decision(&self) -> Option<&CaseDecision> {
        let decided = matches!(self.state, State::Decided | State::Applied);
        self.decisions.last().filter(|_| decided)
    }

    /// The progress of an open case.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut verdicts: Vec<&CaseVerdict> = self.counted().map(|vote| &vote.verdict).collect();
        let looked = verdicts.len();
        verdicts.retain(|verdict| **verdict != CaseVerdict::Unsure);
        Progress {
            state: self.state,
            voices: verdicts.len(),
            unsure: looked - verdicts.len(),
            disagreement: verdicts.windows(2).any(|pair| pair[0] != pair[1]),
        }
    }

    /// Whether a person answered in this round, be it that they can't tell.
    #[must_use]
    pub fn has_answer_of(&self, reviewer: &str) -> bool {
        self.cast().any(|vote| vote.reviewer == reviewer)
    }

    /// The votes of this round, in order.
    fn cast(&self) -> impl DoubleEndedIterator<Item = &Vote> {
        self.votes.iter().filter(|vote| vote.round == self.round)
    }

    /// The latest vote of each person in this round.
    fn counted(&self) -> impl Iterator<Item = &Vote> {
        self.cast().enumerate().filter_map(|(at, vote)| {
            let later = self.cast().skip(at + 1).any(|later| later.reviewer == vote.reviewer);
            (!later).then_some(vote)
        })
    }

    /// The effects that the voices of this round ask for.
    fn wanted(&self) -> impl Iterator<Item = Effect> {
        self.counted().filter_map(|vote| self.question.effect(&vote.verdict).ok().flatten())
    }

    fn heard(&self, effect: &Effect) -> usize {
        self.wanted().filter(|wanted| wanted == effect).count()
    }

    fn against(&self, effect: &Effect) -> usize {
        self.wanted().filter(|wanted| wanted != effect).count()
    }

    /// Whether the applied decision answers this question as well.
    fn answers(&self, question: &CaseQuestion) -> bool {
        match self.decisions.last().map(|decision| &decision.effect) {
            Some(Effect::Separate { students, .. }) => question.students().is_subset(students),
            Some(Effect::KeepApart(_)) => true,
            _ => false,
        }
    }

    fn reopen(&mut self, now: Timestamp) {
        self.state = State::Open;
        self.round += 1;
        self.opened_at = now;
    }
}
