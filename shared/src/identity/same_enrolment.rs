//! Which records of a student tell of one enrolment.
//!
//! A record's id follows from the name that the establishment gives the student: its own number,
//! else the INE, else the civil identity (decision 3). Files mostly have the number and pushes
//! mostly don't, so that one enrolment may have two records. Once both are one student's, what both
//! ways know says that they are one: the establishment, the academic year and the diploma. Two
//! numbers are two dossiers: which of the two a record without a number means is then in doubt.

use crate::domain::enrolment::Declaration;
use crate::identity::edge::Edge;

/// The records of one enrolment, the latest statement last; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameEnrolment<'a>(Vec<&'a Edge>);

impl<'a> SameEnrolment<'a> {
    fn of(mut edges: Vec<&'a Edge>) -> Option<Self> {
        edges.sort_by(|one, other| {
            one.version.cmp(&other.version).then_with(|| one.record.cmp(&other.record))
        });
        (!edges.is_empty()).then_some(Self(edges))
    }

    /// The latest statement, which says what the enrolment is.
    #[must_use]
    pub fn latest(&self) -> Option<&'a Edge> {
        self.0.last().copied()
    }

    /// The records, the latest statement last.
    pub fn records(&self) -> impl Iterator<Item = &'a Edge> + '_ {
        self.0.iter().copied()
    }

    fn stands(&self) -> bool {
        self.latest().is_some_and(|latest| !latest.is_cancelled())
    }
}

/// The records of a student that may be the enrolment of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing.
    Nowhere,
    One(SameEnrolment<'a>),
    /// Several that it may mean.
    Several,
}

/// The enrolments of a student.
#[must_use]
pub fn enrolments<'a>(edges: impl IntoIterator<Item = &'a Edge>) -> Vec<SameEnrolment<'a>> {
    let mut left: Vec<&Edge> = edges.into_iter().collect();
    let mut enrolments = Vec::new();
    while let Some(first) = left.first().copied() {
        let (alike, others) = left.into_iter().partition(|edge| studies(edge) == studies(first));
        left = others;
        enrolments.extend(by_number(alike));
    }
    enrolments
}

/// Finds the enrolment that `sought` is about among the records of its person. A diploma that one
/// of the two doesn't say tells nothing apart, nor does a number.
#[must_use]
pub fn find<'a>(edges: impl IntoIterator<Item = &'a Edge>, sought: &Declaration) -> Found<'a> {
    let Declaration { numero_etudiant: number, inscription: wanted, .. } = sought;
    let is_candidate = |edge: &&Edge| {
        let Declaration { numero_etudiant, inscription, .. } = &edge.declaration;
        let same_number =
            number.is_none() || numero_etudiant.is_none() || number == numero_etudiant;
        same_number
            && inscription.uai == wanted.uai
            && inscription.academic_year() == wanted.academic_year()
    };
    let candidates: Vec<&Edge> = edges.into_iter().filter(is_candidate).collect();
    let diploma = |edge: &Edge| edge.declaration.inscription.diplome.clone();
    let has_it = |edge: &&Edge| diploma(edge) == wanted.diplome;
    let may_have_it = |edge: &&Edge| wanted.diplome.is_none() || diploma(edge).is_none();
    let chosen: Vec<&Edge> = if candidates.iter().any(has_it) {
        candidates.into_iter().filter(has_it).collect()
    } else {
        candidates.into_iter().filter(may_have_it).collect()
    };
    let mut found = enrolments(chosen);
    if found.len() > 1 && found.iter().any(SameEnrolment::stands) {
        // A dossier that was cancelled was most likely opened in place of the other.
        found.retain(SameEnrolment::stands);
    }
    match (found.pop(), found.is_empty()) {
        (None, _) => Found::Nowhere,
        (Some(only), true) => Found::One(only),
        (Some(_), false) => Found::Several,
    }
}

/// The attributes of an enrolment that a file and a push both give, beside the person.
fn studies(edge: &Edge) -> impl PartialEq + use<'_> {
    let inscription = &edge.declaration.inscription;
    (inscription.uai, inscription.academic_year(), inscription.diplome.as_deref())
}

/// Records of one establishment, year and diploma, by the number that they give. Those that give
/// none are of the only number that stands, else of the only one there is, else of none.
fn by_number(edges: Vec<&Edge>) -> Vec<SameEnrolment<'_>> {
    let (numbered, mut rest): (Vec<&Edge>, Vec<&Edge>) =
        edges.into_iter().partition(|edge| edge.declaration.numero_etudiant.is_some());
    let mut dossiers: Vec<Vec<&Edge>> = Vec::new();
    for edge in numbered {
        let number = &edge.declaration.numero_etudiant;
        match dossiers
            .iter_mut()
            .find(|dossier| dossier.iter().any(|one| one.declaration.numero_etudiant == *number))
        {
            Some(dossier) => dossier.push(edge),
            None => dossiers.push(vec![edge]),
        }
    }
    let stands = |dossier: &[&Edge]| dossier.iter().any(|edge| !edge.is_cancelled());
    let standing: Vec<usize> = (0..dossiers.len()).filter(|at| stands(&dossiers[*at])).collect();
    let only = match (&standing[..], dossiers.len()) {
        ([only], _) => Some(*only),
        (_, 1) => Some(0),
        _ => None,
    };
    if let Some(dossier) = only.and_then(|only| dossiers.get_mut(only)) {
        dossier.append(&mut rest);
    }
    dossiers.push(rest);
    dossiers.into_iter().filter_map(SameEnrolment::of).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::status::Status;
    use crate::identity::fixtures::{self, declaration};
    use crate::identity::student::RecordVersion;

    fn said(number: Option<&str>, diploma: Option<&str>, status: Status, at: i64) -> Edge {
        let mut said = declaration(Some("070578267KH"), "Lefèvre", "Zoé", "2004-03-02");
        said.numero_etudiant = number.map(str::to_owned);
        said.inscription.diplome = diploma.map(str::to_owned);
        said.inscription.statut = status;
        let version = RecordVersion::new(Timestamp::from_millisecond(at).unwrap(), "", "import", 2);
        Edge { version, ..fixtures::edge(&said) }
    }

    /// The statuses that are told.
    fn told(edges: &[Edge]) -> Vec<Status> {
        let mut told: Vec<Status> = enrolments(edges)
            .iter()
            .map(|enrolment| enrolment.latest().unwrap().declaration.inscription.statut)
            .collect();
        told.sort_by_key(|status| status.label());
        told
    }

    #[test]
    fn a_file_with_a_number_and_a_push_without_tell_of_one_enrolment_and_the_later_counts() {
        let (file, push) = (Some("E1"), None);
        for (first, second) in [(file, push), (push, file)] {
            let edges = [
                said(first, Some("24"), Status::Admis, 1),
                said(second, Some("24"), Status::Inscrit, 2),
            ];
            assert_ne!(edges[0].record, edges[1].record);
            assert_eq!(told(&edges), [Status::Inscrit]);
            let edges = [
                said(first, Some("24"), Status::Inscrit, 1),
                said(second, Some("24"), Status::Annule, 2),
            ];
            assert_eq!(told(&edges), [Status::Annule]);
        }
    }

    #[test]
    fn two_numbers_and_two_diplomas_are_two_enrolments() {
        let numbers =
            [said(Some("E1"), None, Status::Admis, 1), said(Some("E2"), None, Status::Inscrit, 2)];
        assert_eq!(told(&numbers), [Status::Admis, Status::Inscrit]);
        let diplomas =
            [said(None, Some("24"), Status::Admis, 1), said(None, Some("25"), Status::Inscrit, 2)];
        assert_eq!(told(&diplomas), [Status::Admis, Status::Inscrit]);
        let one_unsaid =
            [said(Some("E1"), Some("24"), Status::Admis, 1), said(None, None, Status::Inscrit, 2)];
        assert_eq!(
            told(&one_unsaid),
            [Status::Admis, Status::Inscrit],
            "a diploma without a code may be another one"
        );
    }

    #[test]
    fn without_a_number_the_dossier_that_stands_is_meant() {
        let wrong = said(Some("E1"), None, Status::Annule, 1);
        let right = said(Some("E2"), None, Status::Admis, 2);
        let pushed = said(None, None, Status::Inscrit, 3);
        assert_eq!(
            told(&[wrong.clone(), right.clone(), pushed.clone()]),
            [Status::Annule, Status::Inscrit]
        );
        let both = said(Some("E1"), None, Status::Inscrit, 1);
        assert_eq!(
            told(&[both.clone(), right.clone(), pushed]).len(),
            3,
            "which of two is in doubt"
        );
        let sought = said(None, None, Status::Annule, 9).declaration;
        assert!(
            matches!(find(&[wrong, right.clone()], &sought), Found::One(found) if found.latest() == Some(&right))
        );
        assert_eq!(find(&[both, right], &sought), Found::Several);
    }

    #[test]
    fn an_enrolment_is_found_by_what_both_ways_know() {
        let by_file = said(Some("E1"), Some("24"), Status::Inscrit, 1);
        let other = said(Some("E1"), Some("25"), Status::Inscrit, 1);
        let is = |edges: &[Edge], diploma: Option<&str>, number: Option<&str>| match find(
            edges,
            &said(number, diploma, Status::Annule, 9).declaration,
        ) {
            Found::One(found) => found.latest().unwrap().declaration.inscription.diplome.clone(),
            Found::Nowhere => Some("nowhere".to_owned()),
            Found::Several => Some("several".to_owned()),
        };
        let both = [by_file.clone(), other.clone()];
        assert_eq!(is(&both, Some("24"), None).as_deref(), Some("24"));
        assert_eq!(is(&both, Some("25"), Some("E1")).as_deref(), Some("25"));
        assert_eq!(is(&both, None, None).as_deref(), Some("several"));
        assert_eq!(is(&both, Some("26"), None).as_deref(), Some("nowhere"));
        assert_eq!(is(&both, Some("24"), Some("E2")).as_deref(), Some("nowhere"));
        // The first version of the write contract has no diploma.
        assert_eq!(is(std::slice::from_ref(&by_file), None, None).as_deref(), Some("24"));
        let mut elsewhere = said(None, Some("24"), Status::Annule, 9).declaration;
        elsewhere.inscription.uai = crate::domain::uai::Uai::parse("0011402U").unwrap();
        assert_eq!(find(&both, &elsewhere), Found::Nowhere);
        let mut another_year = said(None, Some("24"), Status::Annule, 9).declaration;
        another_year.inscription.date_debut = jiff::civil::date(2025, 9, 1);
        assert_eq!(find(&both, &another_year), Found::Nowhere);
    }
}
