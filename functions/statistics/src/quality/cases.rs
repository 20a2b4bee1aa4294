//! What became of the doubts about identities: duplicates that were found, merged, told apart, undone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::identity::review::{Case, Effect, Kind, State};

use super::counted::{days_waited, median};

/// What became of the cases of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct OfCases(BTreeMap<Kind, Became>);

/// What became of some cases. One whose decision was undone and that was decided anew is counted as
/// decided, and its undoing too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Became {
    /// Since when each open one waits.
    #[serde(rename = "ouverts")]
    open_since: Vec<Timestamp>,
    /// Decided that it is one person.
    #[serde(rename = "reunis")]
    pub(super) one_person: u64,
    /// Decided that they are several.
    #[serde(rename = "distingues")]
    pub(super) several: u64,
    /// Decisions that somebody undid.
    #[serde(rename = "annulees")]
    pub(super) undone: u64,
    /// Settled by later evidence.
    #[serde(rename = "retires")]
    pub(super) withdrawn: u64,
}

impl OfCases {
    pub(crate) fn add(&mut self, case: &Case) {
        let all = self.0.entry(case.question.kind()).or_default();
        let undone = case.decisions.iter().filter(|decision| decision.undone.is_some());
        all.undone += u64::try_from(undone.count()).unwrap_or_default();
        match case.state {
            // A decision that is being taken back opens the question again.
            State::Open | State::Undone => all.open_since.push(case.opened_at),
            State::Withdrawn => all.withdrawn += 1,
            State::Decided | State::Applied => {
                match case.decisions.last().map(|decision| &decision.effect) {
                    Some(Effect::Attach { .. } | Effect::Merge(_) | Effect::Keep(_)) => {
                        all.one_person += 1;
                    }
                    Some(Effect::Separate { .. } | Effect::KeepApart(_) | Effect::Split { .. }) => {
                        all.several += 1;
                    }
                    None => {}
                }
            }
        }
    }

    /// Adds what other cases came to.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (kind, mut others) in other.0 {
            let own = self.0.entry(kind).or_default();
            own.open_since.append(&mut others.open_since);
            own.one_person += others.one_person;
            own.several += others.several;
            own.undone += others.undone;
            own.withdrawn += others.withdrawn;
        }
    }

    /// Each kind with what became of its cases.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, &Became)> {
        self.0.iter().map(|(kind, became)| (*kind, became))
    }
}

impl Became {
    pub(super) fn open(&self) -> usize {
        self.open_since.len()
    }

    /// For how many days the open ones wait: the median, and the longest.
    pub(super) fn waited(&self, now: Timestamp) -> (Option<i64>, Option<i64>) {
        let days: Vec<i64> = self.open_since.iter().map(|at| days_waited(*at, now)).collect();
        (median(days.clone()), days.into_iter().max())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::identity::review::CaseQuestion;
    use shared::identity::student::StudentId;

    use super::*;

    fn case(state: &str, decisions: &serde_json::Value) -> Case {
        let mut case = fixture();
        case.state = serde_json::from_value(json!(state)).unwrap();
        case.decisions = serde_json::from_value(decisions.clone()).unwrap();
        case
    }

    fn fixture() -> Case {
        let question = CaseQuestion::Dispute { student: StudentId::random() };
        Case::open(question, 1, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_became_of_cases_is_told_by_their_last_decision() {
        let at = "1970-01-02T00:00:00Z";
        let kept = json!({ "effect": { "keep": StudentId::random() }, "at": at, "round": 0 });
        let mut undone = kept.clone();
        undone["undone"] = json!({ "reviewer": "a", "at": at });
        let mut cases = OfCases::default();
        for case in [
            case("open", &json!([undone])),
            case("applied", &json!([undone, kept])),
            case("withdrawn", &json!([])),
        ] {
            cases.add(&case);
        }
        let mut twice = cases.clone();
        twice.absorb(cases);
        let [(Kind::Dispute, became)] = twice.kinds().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((became.open(), became.one_person, became.several), (2, 2, 0));
        assert_eq!((became.undone, became.withdrawn), (4, 2));
        let now = "1970-01-04T00:00:00Z".parse().unwrap();
        assert_eq!(became.waited(now), (Some(3), Some(3)));
    }
}
