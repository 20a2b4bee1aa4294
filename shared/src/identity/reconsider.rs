//! What the register would become under the rules of today: which students they would join, and
//! which they would split.
//!
//! Everybody is decided on again, from nothing, in the order in which they were said, by the engine
//! over a register in memory ([`Register`]). What people decided and what INES vouches for stands,
//! whatever the rules: those differences are left out. What is left is shown before anything
//! changes, and is applied by deciding again on the records that it names, one by one, where every
//! condition of a decision holds ([`Difference::records`]).

use std::collections::{BTreeMap, BTreeSet};

use super::block::Traits;
use super::digest::RecordId;
use super::edge::Edge;
use super::engine::blocking::Blocking;
use super::engine::register::{RecordNumber, Register};
use super::student::StudentId;
use crate::domain::enrolment::StatedPerson;

/// Students that would be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub students: BTreeSet<StudentId>,
    /// The records to decide on again: those of all but the one who has most.
    pub records: BTreeSet<RecordId>,
}

/// A student that would be several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub student: StudentId,
    /// The number of students that it would become.
    pub parts: usize,
    /// The records to decide on again: those outside of its largest part.
    pub records: BTreeSet<RecordId>,
}

/// The changes that deciding anew would make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Records that were decided on.
    pub decided: usize,
    /// Records that another version of the rules decided on.
    pub outdated: usize,
    /// Students that would be one.
    pub merges: Vec<Merge>,
    /// Students that would be several.
    pub splits: Vec<Split>,
}

impl Difference {
    /// The records to decide on again, each once.
    #[must_use]
    pub fn records(&self) -> BTreeSet<RecordId> {
        let merged = self.merges.iter().flat_map(|merge| &merge.records);
        merged.chain(self.splits.iter().flat_map(|split| &split.records)).cloned().collect()
    }
}

/// Decides on every record again. `rules_version` is that of today's rules.
#[must_use]
pub fn difference(
    mut edges: Vec<(StudentId, Edge)>,
    blocking: Blocking,
    rules_version: u16,
) -> Difference {
    edges.sort_by(|(_, one), (_, other)| {
        (&one.version, &one.record).cmp(&(&other.version, &other.record))
    });
    let mut register = Register::new(blocking);
    let mut numbers: Vec<Option<RecordNumber>> = Vec::with_capacity(edges.len());
    for (_, edge) in &edges {
        // Who names nobody is whom the pair leads to, whatever the rules.
        let named = edge
            .traits()
            .into_iter()
            .find(|traits| matches!(traits.identite, StatedPerson::Civil(_)));
        numbers.push(named.as_ref().map(Traits::person).map(|person| register.add(person, |_| {})));
    }
    let mut parts: BTreeMap<RecordNumber, Vec<usize>> = BTreeMap::new();
    let mut students: BTreeMap<StudentId, BTreeMap<RecordNumber, Vec<usize>>> = BTreeMap::new();
    for (index, number) in numbers.iter().enumerate() {
        if let Some(number) = number {
            let part = register.student_of(*number);
            parts.entry(part).or_default().push(index);
            students.entry(edges[index].0).or_default().entry(part).or_default().push(index);
        }
    }
    let outdated = edges.iter().filter(|(_, edge)| edge.rules_version != rules_version).count();
    Difference {
        decided: numbers.iter().flatten().count(),
        outdated,
        merges: parts.values().filter_map(|records| merge(&edges, records)).collect(),
        splits: students
            .iter()
            .filter_map(|(student, parts)| split(&edges, *student, parts))
            .collect(),
    }
}

fn merge(edges: &[(StudentId, Edge)], part: &[usize]) -> Option<Merge> {
    let mut students: BTreeMap<StudentId, Vec<&Edge>> = BTreeMap::new();
    for index in part {
        let (student, edge) = &edges[*index];
        students.entry(*student).or_default().push(edge);
    }
    let largest =
        students.iter().max_by_key(|(student, edges)| (edges.len(), std::cmp::Reverse(**student)));
    let (kept, anchors) = largest.map(|(student, edges)| (*student, edges.clone()))?;
    students.retain(|student, edges| *student != kept && !are_kept_apart(edges, &anchors));
    if students.is_empty() {
        return None;
    }
    let records = students.values().flatten().map(|edge| edge.record.clone()).collect();
    let students = students.into_keys().chain([kept]).collect();
    Some(Merge { students, records })
}

fn split(
    edges: &[(StudentId, Edge)],
    student: StudentId,
    parts: &BTreeMap<RecordNumber, Vec<usize>>,
) -> Option<Split> {
    let (largest, anchors) =
        parts.iter().max_by_key(|(part, records)| (records.len(), std::cmp::Reverse(**part)))?;
    let anchors: Vec<&Edge> = anchors.iter().map(|index| &edges[*index].1).collect();
    let leaving = parts.iter().filter(|(part, _)| *part != largest).filter_map(|(_, records)| {
        let leaving: Vec<&Edge> = records.iter().map(|index| &edges[*index].1).collect();
        (!are_kept_together(&leaving, &anchors)).then_some(leaving)
    });
    let leaving: Vec<Vec<&Edge>> = leaving.collect();
    let records: BTreeSet<RecordId> =
        leaving.iter().flatten().map(|edge| edge.record.clone()).collect();
    (!records.is_empty()).then_some(Split { student, parts: leaving.len() + 1, records })
}

/// People said that they are two, or INES does.
fn are_kept_apart(one: &[&Edge], other: &[&Edge]) -> bool {
    let verified = |edges: &[&Edge]| edges.iter().find_map(|edge| edge.verified());
    let two = verified(one).zip(verified(other)).is_some_and(|(one, other)| one != other);
    two || one
        .iter()
        .any(|edge| other.iter().any(|known| known.parts_from(&edge.record, &edge.links)))
}

/// People said that they are one, or INES does.
fn are_kept_together(one: &[&Edge], other: &[&Edge]) -> bool {
    let same = |edge: &Edge, known: &Edge| {
        known.joins(&edge.record, &edge.links)
            || edge.verified().is_some() && edge.verified() == known.verified()
    };
    one.iter().any(|edge| other.iter().any(|known| same(edge, known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ine::Ine;
    use crate::identity::edge::InesVerification;
    use crate::identity::engine::RULE_VERSION;
    use crate::identity::fixtures::{declaration, edge, identity};
    use crate::identity::review::CaseId;

    fn blocking() -> Blocking {
        Blocking::new(&"secret".to_owned().into())
    }

    fn said(number: &str, given: &str) -> Edge {
        let mut said = declaration(Some("070578267KH"), "Quintefeuille", given, "2004-03-02");
        said.numero_etudiant = Some(number.into());
        edge(&said)
    }

    fn differ(edges: &[(StudentId, Edge)]) -> Difference {
        difference(edges.to_vec(), blocking(), RULE_VERSION)
    }

    #[test]
    fn what_the_rules_would_decide_alike_is_no_difference() {
        let student = StudentId::random();
        let edges = [(student, said("1", "Eudoxie")), (student, said("2", "EUDOXIE"))];
        assert_eq!(differ(&edges), Difference { decided: 2, ..Difference::default() });
    }

    #[test]
    fn two_students_that_would_be_one() {
        let [one, other] = [(); 2].map(|()| StudentId::random());
        let mut edges = vec![
            (one, said("1", "Eudoxie")),
            (one, said("2", "Eudoxie")),
            (other, said("3", "Eudoxie")),
        ];
        edges[2].1.rules_version = 1;
        let difference = differ(&edges);
        assert_eq!(difference.outdated, 1);
        assert_eq!(difference.merges[0].students, BTreeSet::from([one, other]));
        assert_eq!(difference.records(), BTreeSet::from([edges[2].1.record.clone()]));

        let case = CaseId::duplicate(one, other);
        let anchor = edges[0].1.record.clone();
        edges[2].1.links.different.entry(case).or_default().insert(anchor);
        assert_eq!(differ(&edges).merges, [], "people decided");
    }

    #[test]
    fn a_student_that_would_be_two() {
        let student = StudentId::random();
        let mut edges = [
            (student, said("1", "Eudoxie")),
            (student, said("2", "Eudoxie")),
            (student, said("3", "Hugo")),
        ];
        let difference = differ(&edges);
        let records = BTreeSet::from([edges[2].1.record.clone()]);
        assert_eq!(difference.splits, [Split { student, parts: 2, records }]);

        let ine_maitre = Ine::parse("070578267KH").unwrap();
        for (_, edge) in &mut edges {
            let registre = Box::new(identity("Quintefeuille", "Eudoxie", "2004-03-02"));
            edge.verification = InesVerification::Confirmed { registre, ine_maitre };
        }
        assert_eq!(differ(&edges).splits, [], "INES vouches for it");
    }
}
