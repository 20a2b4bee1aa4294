//! From evidence to a decision: one pair, then one newcomer against everybody who resembles it.

use super::birth::BirthLevel;
use super::compare::{Comparison, Veto};
use super::group::separated;
use super::person::ComparedPerson;
use super::weight::{Bits, bits};

/// From here on a pair without veto is the same person. A random pair of three million people needs
/// 21.5 bits to be as likely as not; 9 more leave one chance in five hundred among the pairs that
/// are this close and no closer, and most are far beyond.
pub const MATCH: Bits = bits(30.5);

/// From here on a person should look. Below, so many strangers resemble each other that nobody
/// could.
pub const POSSIBLE: Bits = bits(21.0);

/// The verdict on a pair of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchVerdict {
    /// Different people, or nothing that says otherwise.
    Distinct,
    /// Perhaps the same: a person decides.
    Possible,
    /// The same person.
    Match,
}

/// The same bounds between two lines of a mere list of people (see [`Comparison::civil`]):
/// thousands of people, not millions, so strangers who agree by chance are a thousand times fewer.
const LISTED_MATCH: Bits = bits(13.0);
const LISTED_POSSIBLE: Bits = bits(8.0);

/// The verdict on a pair.
#[must_use]
pub fn verdict(comparison: &Comparison) -> MatchVerdict {
    let (possible, same) =
        if comparison.civil { (POSSIBLE, MATCH) } else { (LISTED_POSSIBLE, LISTED_MATCH) };
    if comparison.bits < possible || is_relative_or_homonym(comparison) {
        MatchVerdict::Distinct
    } else if comparison.bits < same
        || !comparison.vetoes.is_empty()
        || !comparison.is_corroborated()
    {
        MatchVerdict::Possible
    } else {
        MatchVerdict::Match
    }
}

/// Whether the two compare as twins do, and homonyms born some days apart: a person would learn
/// nothing by looking.
fn is_relative_or_homonym(comparison: &Comparison) -> bool {
    let vetoes = comparison.vetoes;
    let numbered_apart = vetoes.has(Veto::StudentNumbers) && vetoes.has(Veto::Lookalike);
    (vetoes.has(Veto::GivenNames) || numbered_apart) && !comparison.identified()
        || vetoes.has(Veto::Identifiers) && comparison.birth > BirthLevel::SameDefault
}

/// A student whom a newcomer may be, with every record known of it.
#[derive(Clone, Copy)]
pub struct Candidate<'a, S> {
    /// The caller's id of the student.
    pub student: S,
    /// The student's records.
    pub records: &'a [&'a ComparedPerson],
}

/// Whether everybody who shares a blocking key was read. A key that too many share is read in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reads {
    /// Everybody was read.
    Whole,
    /// Somebody may not have been: nothing can be said of who isn't there.
    Cut,
}

/// The comparison of a newcomer with one student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closeness<S> {
    pub student: S,
    /// The verdict on the student as a whole.
    pub verdict: MatchVerdict,
    /// The strongest comparison, which explains the verdict.
    pub best: Comparison,
    /// One comparison per record of the student, in its order.
    pub each: Vec<Comparison>,
}

/// Compares a newcomer with every record of a student: the closest record speaks for it, and a veto
/// of any record that speaks of two people speaks against it.
#[must_use]
pub fn closeness<S: Copy>(
    newcomer: &ComparedPerson,
    candidate: Candidate<'_, S>,
) -> Option<Closeness<S>> {
    let each: Vec<Comparison> =
        candidate.records.iter().map(|record| Comparison::of(newcomer, record)).collect();
    let best = *each.iter().max_by_key(|comparison| (verdict(comparison), comparison.bits))?;
    let verdict = match verdict(&best) {
        MatchVerdict::Match if separated(&[newcomer], candidate.records, &[]) => {
            MatchVerdict::Possible
        }
        other => other,
    };
    Some(Closeness { student: candidate.student, verdict, best, each })
}

/// The decision about a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchDecision<S> {
    /// The newcomer is these students, who are one: usually a single one.
    Same(Vec<S>),
    /// The newcomer is one of several students who are not each other, or somebody who wasn't read:
    /// nobody can tell who.
    Ambiguous,
    /// Nobody known.
    New,
}

/// A decision and what it rests on.
#[derive(Debug, Clone)]
pub struct Resolution<S> {
    pub decision: MatchDecision<S>,
    /// Every student that is not distinct, the closest first; those that the decision leaves out
    /// are for review.
    pub near: Vec<Closeness<S>>,
}

/// Decides who a newcomer is among the students that share a blocking key with it.
///
/// Two students that both match are joined only if none of their records excludes another; else the
/// newcomer is ambiguous, unless one is nearer by far.
#[must_use]
pub fn resolve<S: Copy + Ord>(
    newcomer: &ComparedPerson,
    candidates: &[Candidate<'_, S>],
    reads: Reads,
) -> Resolution<S> {
    let mut near: Vec<Closeness<S>> = candidates
        .iter()
        .filter_map(|candidate| closeness(newcomer, *candidate))
        .filter(|closeness| closeness.verdict > MatchVerdict::Distinct)
        .collect();
    // The student breaks ties, so that the decision doesn't depend on the order of reads.
    near.sort_by_key(|closeness| {
        (std::cmp::Reverse((closeness.verdict, closeness.best.bits)), closeness.student)
    });
    let matches: Vec<&Closeness<S>> =
        near.iter().take_while(|near| near.verdict == MatchVerdict::Match).collect();
    let records = |student: S| -> &[&ComparedPerson] {
        candidates
            .iter()
            .find(|candidate| candidate.student == student)
            .map_or(&[], |candidate| candidate.records)
    };
    let one_person = |left: S, right: S| !separated(records(left), records(right), &[newcomer]);
    let decision = match matches.as_slice() {
        [] if reads == Reads::Cut => MatchDecision::Ambiguous,
        [] => MatchDecision::New,
        [only] => MatchDecision::Same(vec![only.student]),
        [first, others @ ..] => {
            let mut joined = vec![first.student];
            let mut rivals = false;
            for other in others {
                if joined.iter().all(|student| one_person(*student, other.student)) {
                    joined.push(other.student);
                } else {
                    rivals |= first.best.bits < other.best.bits + MARGIN;
                }
            }
            if rivals { MatchDecision::Ambiguous } else { MatchDecision::Same(joined) }
        }
    };
    Resolution { decision, near }
}

/// A student must be nearer than the next by this much for a newcomer to be that one: an
/// identifier, a birthplace or a second given name more.
const MARGIN: Bits = bits(6.0);
