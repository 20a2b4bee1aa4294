//! A student: what establishments said about one person, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decide::Rule;
use super::digest::{CivilDigest, IdentityKeys, IneDigest, RecordId};
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::{Declaration, Enrolment, Person};
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
}

impl fmt::Display for StudentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_simple())
    }
}

/// Who is posted under a blocking key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A student, who can be found.
    Student(StudentId),
    /// A record that waits for a decision: nobody may see it, and whoever resembles it can't be told apart from it.
    Waiting(RecordId),
}

/// When a statement was made: the extraction time of its file, its place among the drops of one name, its import, its
/// line. The greatest one is the truth, whatever the order of arrival.
///
/// Its text sorts as it does: 13 digits of milliseconds since 1970, 24 hexadecimal digits of S3's `sequencer`, the
/// import, 10 digits of line, with dots between. The sequencer orders two drops under one name that give the same
/// extraction date; the import keeps two files of the same millisecond apart, so that one of them wins as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordVersion(String);

impl RecordVersion {
    /// Digits kept of a sequencer. Those seen have 16 to 18.
    const SEQUENCER: usize = 24;

    /// The version of a row.
    ///
    /// Two rows of one file about the same record are told apart by their line, so the later one wins and a
    /// replay of the file finds exactly the versions it wrote.
    ///
    /// `sequencer` is S3's, empty for a statement that came another way. Two of different lengths are compared as if
    /// the shorter one went on with zeros, as S3 asks.
    #[must_use]
    pub fn new(extracted_at: jiff::Timestamp, sequencer: &str, import: &str, line: u64) -> Self {
        let mut sequence: String = sequencer.chars().filter(char::is_ascii_hexdigit).take(Self::SEQUENCER).collect();
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

    /// The sortable text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The evidence of an attachment: one record, what it says, and why it was attached to this student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The record.
    pub record: RecordId,
    /// The version of the record that was attached.
    pub version: RecordVersion,
    /// What it says.
    pub declaration: Declaration,
    /// Why it is this student's.
    pub rule: Rule,
    /// The version of the rules that decided.
    pub rules_version: u32,
}

/// One person, as known from the records attached to it.
///
/// Everything else (INEs, answer, postings) is derived from the edges, so taking one away undoes all that it
/// brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// Its id.
    pub id: StudentId,
    /// How many times it was written; 0 for one that isn't stored yet.
    pub version: u64,
    edges: BTreeMap<RecordId, Edge>,
}

impl Student {
    /// A student of whom nothing is known yet.
    #[must_use]
    pub fn newcomer(id: StudentId) -> Self {
        Self { id, version: 0, edges: BTreeMap::new() }
    }

    /// A student as it was stored.
    #[must_use]
    pub fn restore(id: StudentId, version: u64, edges: impl IntoIterator<Item = Edge>) -> Self {
        Self { id, version, edges: edges.into_iter().map(|edge| (edge.record.clone(), edge)).collect() }
    }

    /// Attaches a record, in place of what the same record said before.
    pub fn attach(&mut self, edge: Edge) {
        self.edges.insert(edge.record.clone(), edge);
    }

    /// Takes a record away.
    pub fn detach(&mut self, record: &RecordId) {
        self.edges.remove(record);
    }

    /// What is attached.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.values()
    }

    /// What is attached, without what `record` says itself: the evidence about others' statements.
    pub fn edges_besides<'a>(&'a self, record: &'a RecordId) -> impl Iterator<Item = &'a Edge> {
        self.edges.values().filter(move |edge| edge.record != *record)
    }

    /// The INEs that its records give.
    #[must_use]
    pub fn ines(&self) -> BTreeSet<Ine> {
        self.edges.values().filter_map(|edge| edge.declaration.ine).collect()
    }

    /// The keys of its INEs.
    #[must_use]
    pub fn ine_digests(&self, keys: &IdentityKeys) -> BTreeSet<IneDigest> {
        self.ines().iter().map(|ine| keys.ine(ine)).collect()
    }

    /// The identities that may be told, with their versions: those that establishments wrote, or while there are none,
    /// those that the register had.
    fn told(&self) -> Vec<(&RecordVersion, &CivilIdentity)> {
        let of = |identity: fn(&Person) -> Option<&CivilIdentity>| -> Vec<_> {
            let edges = self.edges.values();
            edges.filter_map(|edge| Some((&edge.version, identity(&edge.declaration.identite)?))).collect()
        };
        let said = of(Person::said);
        if said.is_empty() { of(Person::told) } else { said }
    }

    /// The identity to tell: the most recent one, in the spelling that keeps most accents. Software that writes
    /// without accents must not take them from a name that another establishment wrote in full: clients compare
    /// it with their own (domain.md §9).
    #[must_use]
    pub fn spelling(&self) -> Option<&CivilIdentity> {
        let key = |identity: &CivilIdentity| (identity.nom_famille.folded(), identity.prenom1.folded());
        let accents = |identity: &CivilIdentity| {
            let letters = identity.nom_famille.expose().chars().chain(identity.prenom1.expose().chars());
            letters.filter(|letter| !letter.is_ascii()).count()
        };
        let told = self.told();
        let (_, latest) = told.iter().max_by_key(|(version, _)| *version)?;
        let same = told.iter().filter(|(_, identity)| key(identity) == key(latest));
        let (_, best) = same.max_by_key(|(version, identity)| (accents(identity), *version))?;
        Some(best)
    }

    /// The answer to publish: the identity to tell, and every enrolment, once: an establishment that pushes in real
    /// time and sends files as well says the same twice, under another name of the student. `None` when no record is
    /// left.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        let latest = self.spelling()?;
        let mut enrolments: Vec<Enrolment> =
            self.edges.values().map(|edge| edge.declaration.inscription.clone()).collect();
        // Latest first; the rest of the order only has to be the same on every rewriting.
        enrolments.sort_by(|a, b| b.date_debut.cmp(&a.date_debut).then_with(|| a.told().cmp(&b.told())));
        enrolments.dedup_by(|a, b| a.told() == b.told());
        Some(Answer {
            student: self.id,
            nom_famille: latest.nom_famille.clone(),
            prenom: latest.prenom1.clone(),
            date_naissance: latest.date_naissance,
            inscriptions: enrolments,
        })
    }

    /// One posting per distinct spelling of its civil identity, so that any of them finds it.
    #[must_use]
    pub fn postings(&self, keys: &IdentityKeys) -> BTreeMap<CivilDigest, Posting> {
        let mut postings: BTreeMap<CivilDigest, Posting> = BTreeMap::new();
        for (_, identity) in self.told() {
            let posting = postings
                .entry(keys.civil(identity))
                .or_insert_with(|| Posting { student: self.id, lieux_naissance: BTreeSet::new() });
            posting.lieux_naissance.extend(identity.lieu_naissance);
        }
        postings
    }
}

/// All that consultation needs to know of a student, rewritten with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The student: what a trace names.
    pub student: StudentId,
    /// The birth name in its original spelling.
    pub nom_famille: PersonName,
    /// The first given name in its original spelling.
    pub prenom: PersonName,
    /// The birth date.
    pub date_naissance: BirthDate,
    /// Every enrolment, past and cancelled ones included: what may be told depends on the day.
    pub inscriptions: Vec<Enrolment>,
}

/// What a look-up by civil identity compares before it reads an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posting {
    /// The student.
    pub student: StudentId,
    /// The birthplaces that its records give with this spelling; empty when none does.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lieux_naissance: BTreeSet<CommuneCode>,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::enrolment::Pair;
    use crate::identity::digest::DigestKey;
    use crate::identity::fixtures::{declaration, keys};

    fn edge(declaration: Declaration, at: i64) -> Edge {
        let key = DigestKey::new("1".into(), "records".to_owned().into());
        Edge {
            record: RecordId::of(&key, &declaration),
            version: RecordVersion::new(Timestamp::from_millisecond(at).unwrap(), "", "import", 2),
            declaration,
            rule: Rule::Newcomer,
            rules_version: 1,
        }
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
        assert!(drop("0055AED6DCD90281E5", "b") < drop("0055AED6DCD90281E6", "a"), "one name dropped twice");
        assert!(drop("0055", "a") < drop("0055AE", "a") && drop("0055", "a") == drop("005500", "a"));
    }

    #[test]
    fn what_the_register_had_is_told_only_while_nobody_says_better() {
        let keys = keys();
        let identity = crate::identity::fixtures::identity("Lefèvre", "Zoé", "2004-03-02");
        let pair = Pair { date_naissance: identity.date_naissance, registre: Some(Box::new(identity)) };
        let mut pushed = declaration(Some("070578267KH"), "x", "y", "2004-03-02");
        pushed.identite = Person::Pair(pair);
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(pushed, 9));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Lefèvre");
        assert_eq!(student.postings(&keys).len(), 1);

        student.attach(edge(declaration(None, "Martin", "Zoé", "2004-03-02"), 1));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Martin");
        assert_eq!(student.postings(&keys).len(), 1, "nobody said Lefèvre");
    }

    #[test]
    fn taking_a_record_away_undoes_all_that_it_brought() {
        let keys = keys();
        let first = edge(declaration(None, "Lefèvre", "Zoé", "2004-03-02"), 1);
        let second = edge(declaration(Some("070578267KH"), "Lefevre-Martin", "Zoe", "2004-03-02"), 2);
        let mut student = Student::newcomer(StudentId::random());
        student.attach(first);
        let before = (student.answer(), student.postings(&keys), student.ine_digests(&keys));

        student.attach(second.clone());
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Lefevre-Martin", "the latest spelling");
        assert_eq!((student.postings(&keys).len(), student.ines().len()), (2, 1));

        student.detach(&second.record);
        assert_eq!((student.answer(), student.postings(&keys), student.ine_digests(&keys)), before);
    }

    #[test]
    fn accents_are_kept_whoever_writes_without_them_later() {
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(declaration(None, "Lefèvre", "Zoé", "2004-03-02"), 1));
        student.attach(edge(declaration(Some("070578267KH"), "LEFEVRE", "ZOE", "2004-03-02"), 2));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "Lefèvre");
        student.attach(edge(declaration(Some("0906018155T"), "MARTIN", "ZOE", "2004-03-02"), 3));
        assert_eq!(student.answer().unwrap().nom_famille.expose(), "MARTIN", "another name is not a spelling");
    }

    #[test]
    fn an_enrolment_said_by_two_records_is_told_once() {
        let mut said = declaration(Some("070578267KH"), "Lefèvre", "Zoé", "2004-03-02");
        let mut student = Student::newcomer(StudentId::random());
        student.attach(edge(said.clone(), 1));
        said.numero_etudiant = Some("E42".into());
        said.inscription.code_commune_brut = Some("75013".into());
        student.attach(edge(said.clone(), 2));
        assert_eq!((student.edges().count(), student.answer().unwrap().inscriptions.len()), (2, 1));
        said.numero_etudiant = Some("E43".into());
        said.inscription.statut = crate::domain::status::Status::Admis;
        student.attach(edge(said, 3));
        assert_eq!(student.answer().unwrap().inscriptions.len(), 2);
    }

    #[test]
    fn a_student_without_records_has_no_answer() {
        assert_eq!(Student::newcomer(StudentId::random()).answer(), None);
    }
}
