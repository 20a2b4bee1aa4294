//! A student: what establishments said about one person, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::block::{BlockId, Traits};
use super::digest::{IdentityKeys, IneDigest, RecordId};
use super::edge::{self, Edge, InesVerification};
use super::review::CaseId;
use super::same_enrolment::{self, SameEnrolment};
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment::Enrolment;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;

/// A student's id: random, so that it says nothing and never changes because an INE does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StudentId(Uuid);

impl StudentId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id as it is written in a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for StudentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_simple())
    }
}

/// When a statement was made: the extraction time of its file, its place among the drops of one
/// name, its import, its line. The greatest one is the truth, whatever the order of arrival.
///
/// Its text sorts as it does: 13 digits of milliseconds since 1970, 24 hexadecimal digits of S3's
/// `sequencer`, the import, 10 digits of line, with dots between. The sequencer orders two drops
/// under one name that give the same extraction date; the import keeps two files of the same
/// millisecond apart, so that one of them wins as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordVersion(String);

impl RecordVersion {
    /// Digits kept of a sequencer. Those seen have 16 to 18.
    const SEQUENCER: usize = 24;

    /// The version of a row.
    ///
    /// Two rows of one file about the same record are told apart by their line, so the later one
    /// wins and a replay of the file finds exactly the versions it wrote.
    ///
    /// `sequencer` is S3's, empty for a statement that came another way. Two of different lengths
    /// are compared as if the shorter one went on with zeros, as S3 asks.
    #[must_use]
    pub fn new(extracted_at: jiff::Timestamp, sequencer: &str, import: &str, line: u64) -> Self {
        let mut sequence: String =
            sequencer.chars().filter(char::is_ascii_hexdigit).take(Self::SEQUENCER).collect();
        sequence.make_ascii_uppercase();
        let (time, width) = (extracted_at.as_millisecond().max(0), Self::SEQUENCER);
        Self(format!("{time:013}.{sequence:0<width$}.{import}.{line:010}"))
    }

    /// Whether both were written by one import.
    #[must_use]
    pub fn same_import(&self, other: &Self) -> bool {
        self.import().is_some() && self.import() == other.import()
    }

    /// The import that wrote it.
    #[must_use]
    pub fn import(&self) -> Option<&str> {
        self.0.split('.').nth(2)
    }

    /// The line of the import's file, or the place in its request.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.0.split('.').nth(3)?.parse().ok()
    }

    /// When the statement was made, to the millisecond.
    #[must_use]
    pub fn made_at(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0.split('.').next()?.parse().ok()?).ok()
    }

    /// The sortable text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One person, as known from the records attached to it.
///
/// Everything else (INEs, traits, answer) is derived from the edges, so taking one away undoes all
/// that it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    pub id: StudentId,
    /// The number of writes; 0 for one that isn't stored yet.
    pub version: u64,
    /// The cases for which nothing is told of it until a person decides, each with the students
    /// that it may be.
    pub on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
    /// The case for which its records move, in more transactions than one: until the last, nothing
    /// is told of it and nobody else changes it.
    pub moving: Option<CaseId>,
    edges: BTreeMap<RecordId, Edge>,
}

impl Student {
    /// A student of whom nothing is known yet.
    #[must_use]
    pub fn newcomer(id: StudentId) -> Self {
        Self { id, version: 0, on_hold: BTreeMap::new(), moving: None, edges: BTreeMap::new() }
    }

    /// A student as it was stored.
    #[must_use]
    pub fn restore(
        id: StudentId,
        version: u64,
        on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
        edges: impl IntoIterator<Item = Edge>,
    ) -> Self {
        let edges = edges.into_iter().map(|edge| (edge.record.clone(), edge)).collect();
        Self { id, version, on_hold, moving: None, edges }
    }

    /// Attaches a record, in place of what the same record said before.
    pub fn attach(&mut self, edge: Edge) {
        self.edges.insert(edge.record.clone(), edge);
    }

    /// Takes a record away.
    pub fn detach(&mut self, record: &RecordId) -> Option<Edge> {
        self.edges.remove(record)
    }

    /// The attached edges, in the order of the records' ids.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.values()
    }

    /// The same, to be changed.
    pub fn edges_mut(&mut self) -> impl Iterator<Item = &mut Edge> {
        self.edges.values_mut()
    }

    /// The edge of a record.
    #[must_use]
    pub fn edge(&self, record: &RecordId) -> Option<&Edge> {
        self.edges.get(record)
    }

    /// The attached edges but that of `record`: the evidence about it that others state.
    pub fn edges_besides<'a>(&'a self, record: &'a RecordId) -> impl Iterator<Item = &'a Edge> {
        self.edges.values().filter(move |edge| edge.record != *record)
    }

    /// The INEs that its records give, as far as they are believed.
    #[must_use]
    pub fn ines(&self) -> BTreeSet<Ine> {
        self.edges.values().flat_map(Edge::ines).collect()
    }

    /// The keys of its INEs.
    #[must_use]
    pub fn ine_digests(&self, keys: &IdentityKeys) -> BTreeSet<IneDigest> {
        self.ines().iter().map(|ine| keys.ine(ine)).collect()
    }

    /// The INE that INES vouches for, by its latest word.
    #[must_use]
    pub fn verified(&self) -> Option<Ine> {
        let vouched =
            self.edges.values().filter_map(|edge| Some((&edge.version, edge.verified()?)));
        vouched.max_by_key(|(version, _)| *version).map(|(_, ine)| ine)
    }

    /// Whether, for all that the other records than `record` say, it waits for people or for
    /// evidence: something is held against it, or INES contradicts every one of them and nobody
    /// said better. A dispute is another matter.
    #[must_use]
    pub fn is_on_hold_without(&self, record: &RecordId) -> bool {
        let verified = self.edges_besides(record).any(|edge| edge.verified().is_some());
        !verified
            && (are_contradicted(self.edges_besides(record))
                || self.on_hold.keys().any(|case| !case.is_dispute()))
    }

    /// Whether INES contradicts all that is said of it, and nobody decided about any of it.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        !self.edges.is_empty() && are_contradicted(self.edges.values())
    }

    /// Whether nothing is told of it until somebody says more, or decides whose its records are.
    /// Whom a dispute alone keeps from being told of is another matter: its records are decided on.
    #[must_use]
    pub fn is_on_hold(&self) -> bool {
        self.spelling().is_none() || self.on_hold.keys().any(|case| !case.is_dispute())
    }

    /// The INE that the answer is published under; the others lead to it.
    #[must_use]
    pub fn primary(&self) -> Option<Ine> {
        let latest = || {
            let stated =
                self.edges.values().filter_map(|edge| Some((&edge.version, edge.ines().next()?)));
            stated.max_by_key(|(version, _)| *version).map(|(_, ine)| ine)
        };
        self.verified().or_else(latest)
    }

    /// Whether it may be meant instead of somebody else ([`edge::compete`]).
    #[must_use]
    pub fn competes(&self) -> bool {
        edge::compete(self.edges.values())
    }

    /// The traits that are compared: each distinct statement once, INES's own first.
    #[must_use]
    pub fn traits(&self) -> Vec<Traits> {
        let mut distinct: Vec<Traits> = Vec::new();
        let mut said: Vec<Traits> = self.edges.values().flat_map(Edge::traits).collect();
        said.sort_by_key(|traits| !traits.confirme);
        let annule = !self.competes();
        for traits in said.into_iter().map(|traits| Traits { annule, ..traits }) {
            if !distinct.iter().any(|known| known.repeats(&traits)) {
                distinct.push(traits);
            }
        }
        distinct
    }

    /// The blocks that it is indexed in, with its traits there.
    #[must_use]
    pub fn block_entries(&self, keys: &IdentityKeys) -> BTreeMap<BlockId, Vec<Traits>> {
        keys.blocks.spread(&self.traits())
    }

    /// The identities that may be told, with their versions: INES's, else those that establishments
    /// wrote, or while there are none, those that the register had.
    fn told(&self) -> Vec<(&RecordVersion, &CivilIdentity)> {
        let of = |identity: fn(&Edge) -> Option<&CivilIdentity>| -> Vec<_> {
            self.edges.values().filter_map(|edge| Some((&edge.version, identity(edge)?))).collect()
        };
        let ways: [fn(&Edge) -> Option<&CivilIdentity>; 3] = [
            Edge::registered,
            |edge| edge.declaration.identite.said(),
            |edge| edge.declaration.identite.told(),
        ];
        ways.into_iter().map(of).find(|told| !told.is_empty()).unwrap_or_default()
    }

    /// The identity to tell: the most recent one, in the spelling that keeps most accents. Software
    /// that writes without accents must not take them from a name that somebody else wrote in full:
    /// clients compare it with their own (domain.md §9).
    #[must_use]
    pub fn spelling(&self) -> Option<&CivilIdentity> {
        let key =
            |identity: &CivilIdentity| (identity.nom_famille.folded(), identity.prenom1.folded());
        let accents = |identity: &CivilIdentity| {
            let letters =
                identity.nom_famille.expose().chars().chain(identity.prenom1.expose().chars());
            letters.filter(|letter| !letter.is_ascii()).count()
        };
        let told = self.told();
        let (_, latest) = told.iter().max_by_key(|(version, _)| *version)?;
        let written = self
            .edges
            .values()
            .filter_map(|edge| Some((&edge.version, edge.declaration.identite.said()?)));
        let same = told.iter().copied().chain(written).filter(|(_, identity)| {
            key(identity) == key(latest) && identity.date_naissance == latest.date_naissance
        });
        let (_, best) = same.max_by_key(|(version, identity)| (accents(identity), *version))?;
        Some(best)
    }

    /// The answer to publish: the identity to tell, and every enrolment once, as the latest of its
    /// records has it ([`same_enrolment`]). `None` when no record is left, when nobody named the
    /// person, while a person has to decide, or while its records move.
    #[must_use]
    pub fn answer(&self) -> Option<PublishedAnswer> {
        if !self.on_hold.is_empty() || self.moving.is_some() {
            return None;
        }
        let latest = self.spelling()?;
        let told = same_enrolment::enrolments(self.edges());
        let latest_of = told.iter().filter_map(SameEnrolment::latest);
        let mut enrolments: Vec<Enrolment> =
            latest_of.map(|edge| edge.declaration.inscription.clone()).collect();
        // Latest first; the rest of the order only has to be the same on every rewriting.
        enrolments
            .sort_by(|a, b| b.date_debut.cmp(&a.date_debut).then_with(|| a.told().cmp(&b.told())));
        enrolments.dedup_by(|a, b| a.told() == b.told());
        Some(PublishedAnswer {
            student: self.id,
            nom_famille: latest.nom_famille.clone(),
            prenom: latest.prenom1.clone(),
            date_naissance: latest.date_naissance,
            inscriptions: enrolments,
        })
    }
}

fn are_contradicted<'a>(mut edges: impl Iterator<Item = &'a Edge>) -> bool {
    edges.all(|edge| edge.verification == InesVerification::Differs && edge.links.is_empty())
}

/// All that consultation needs to know of a student, rewritten with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedAnswer {
    /// The student: what a trace names.
    pub student: StudentId,
    /// The birth name in its original spelling.
    pub nom_famille: PersonName,
    /// The first given name in its original spelling.
    pub prenom: PersonName,
    pub date_naissance: BirthDate,
    /// Every enrolment, past and cancelled ones included: what may be told depends on the day.
    pub inscriptions: Vec<Enrolment>,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::enrolment::{Declaration, Pair, StatedPerson};

    use crate::identity::fixtures::{declaration, keys};

    fn edge(said: &Declaration, at: i64) -> Edge {
        let version = RecordVersion::new(Timestamp::from_millisecond(at).unwrap(), "", "import", 2);
        Edge { version, ..crate::identity::fixtures::edge(said) }
    }

    #[test]
    fn versions_sort_by_time_then_line() {
        let time = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let at = |millisecond, line| RecordVersion::new(time(millisecond), "", "import", line);
        assert!(at(999, 9) < at(1000, 1) && at(1000, 9) < at(1000, 10));
        assert!(at(999, 9).same_import(&at(1000, 1)));
        let other = RecordVersion::new(time(999), "", "other", 9);
        assert!(!at(999, 9).same_import(&other));
        let drop = |sequencer, import| RecordVersion::new(time(999), sequencer, import, 2);
        assert!(
            drop("0055AED6DCD90281E5", "b") < drop("0055AED6DCD90281E6", "a"),
            "one name dropped twice"
        );
        assert!(
            drop("0055", "a") < drop("0055AE", "a") && drop("0055", "a") == drop("005500", "a")
        );
    }

    #[test]
    fn what_the_register_had_is_told_only_while_nobody_says_better() {
        let keys = keys();
        let identity = crate::identity::fixtures::identity("Lefèvre", "Zoé", "2004-03-02");
        let pair =
            Pair { date_naissance: identity.date_naissance, registre: Some(Box::new(identity)) };
        let mut pushed = declaration(Some("070578267KH"), "x", "y", "2004-03-02");
        pushed.identite = StatedPerson::Pair(pair);
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(&pushed, 9));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Lefèvre");
        assert_eq!(student.block_entries(&keys).len(), 1);

        student.attach(edge(&declaration(None, "Martin", "Zoé", "2004-03-02"), 1));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Martin");
        let said: Vec<_> = student
            .block_entries(&keys)
            .into_values()
            .flatten()
            .map(|traits| traits.identite)
            .collect();
        assert!(
            said.iter().all(|person| person
                .said()
                .is_none_or(|said| said.nom_famille.expose() == "Martin"))
        );
    }

    #[test]
    fn taking_a_record_away_undoes_all_that_it_brought() {
        let keys = keys();
        let first = edge(&declaration(None, "Lefèvre", "Zoé", "2004-03-02"), 1);
        let second =
            edge(&declaration(Some("070578267KH"), "Lefevre-Martin", "Zoe", "2004-03-02"), 2);
        let mut student = Student::newcomer(StudentId::random());
        student.attach(first);
        let before = (student.answer(), student.block_entries(&keys), student.ine_digests(&keys));

        student.attach(second.clone());
        assert_eq!(
            student.answer().unwrap().nom_famille.expose(),
            "Lefevre-Martin",
            "the latest spelling"
        );
        assert_eq!((student.traits().len(), student.ines().len()), (2, 1));

        student.detach(&second.record);
        assert_eq!(
            (student.answer(), student.block_entries(&keys), student.ine_digests(&keys)),
            before
        );
    }

    #[test]
    fn accents_are_kept_whoever_writes_without_them_later() {
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(&declaration(None, "Lefèvre", "Zoé", "2004-03-02"), 1));
        student.attach(edge(&declaration(Some("070578267KH"), "LEFEVRE", "ZOE", "2004-03-02"), 2));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Lefèvre");
        student.attach(edge(&declaration(Some("0906018155T"), "MARTIN", "ZOE", "2004-03-02"), 3));
        assert_eq!(
            student.answer().unwrap().nom_famille.expose(),
            "MARTIN",
            "another name is not a spelling"
        );
    }

    #[test]
    fn an_enrolment_said_by_two_records_is_told_once() {
        let mut said = declaration(Some("070578267KH"), "Lefèvre", "Zoé", "2004-03-02");
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(&said, 1));
        said.numero_etudiant = Some("E42".into());
        said.inscription.code_commune_brut = Some("75013".into());
        student.attach(edge(&said, 2));
        assert_eq!((student.edges().count(), student.answer().unwrap().inscriptions.len()), (2, 1));
        said.numero_etudiant = Some("E43".into());
        said.inscription.statut = crate::domain::status::Status::Admis;
        student.attach(edge(&said, 3));
        assert_eq!(student.answer().unwrap().inscriptions.len(), 2);
    }

    #[test]
    fn a_student_without_records_has_no_answer() {
        assert_eq!(Student::newcomer(StudentId::random()).answer(), None);
    }
}
