//! A labelled set: records, the person of each, and questions of which the right answer is known.
//!
//! A set is a directory of CSV files whose columns are found by name: `records.csv` (what `cargo
//! local match` reads), `truth.csv` (`record_id,person_id`), and maybe `lookups.csv`,
//! `lookups_truth.csv` (`query_id,kind,expected`) and `hard_negatives.csv`
//! (`person_a,person_b,kind`).

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::domain::commune::CommuneCode;
use shared::domain::fold::fold;
use shared::domain::gazetteer;

use crate::matching::said;

/// France's own code, as a country of birth.
pub const FRANCE: &str = "99100";

/// What an establishment said about one person; each value may be empty.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Record {
    pub record_id: String,
    pub uai: String,
    pub annee: String,
    pub ine: String,
    pub nom_naissance: String,
    pub nom_usage: String,
    pub prenom1: String,
    pub autres_prenoms: String,
    pub sexe: String,
    pub date_naissance: String,
    pub code_commune_naissance: String,
    pub libelle_naissance: String,
    pub code_pays_naissance: String,
}

/// What whoever asks knows of a person; each value may be empty.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LookUp {
    pub query_id: String,
    pub nom: String,
    pub prenoms: String,
    pub sexe: String,
    pub date_naissance: String,
    pub code_commune_naissance: String,
    pub libelle_naissance: String,
    pub code_pays_naissance: String,
}

/// A look-up, and what is right to answer.
#[derive(Debug, Clone)]
pub struct LabelledQuestion {
    /// What is asked.
    pub asked: LookUp,
    /// Whether the person is in the register, and how: `present_clean`, `absent_twin`…
    pub kind: String,
    /// The right answer.
    pub expected: Expected,
}

/// The right answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// `NONE`: whoever is meant isn't in the register.
    Nobody,
    /// `AMBIGUOUS`: two people of the register are meant alike.
    Several,
    /// The person; or `NONE_OR:` the person, where not finding them isn't held against anybody but
    /// isn't right either.
    Person(String),
}

impl Expected {
    /// Reads the column `expected`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "NONE" => Self::Nobody,
            "AMBIGUOUS" => Self::Several,
            _ => Self::Person(text.strip_prefix("NONE_OR:").unwrap_or(text).to_owned()),
        }
    }
}

/// A population whose people are known.
#[derive(Debug, Default)]
pub struct LabelledSet {
    /// In order of arrival.
    pub records: Vec<Record>,
    pub questions: Vec<LabelledQuestion>,
    person_of: Vec<String>,
    number_of: HashMap<String, usize>,
    hard_negatives: HashMap<(String, String), String>,
}

#[derive(Deserialize)]
struct TrueRecord {
    record_id: String,
    person_id: String,
}

#[derive(Deserialize)]
struct TrueAnswer {
    query_id: String,
    kind: String,
    expected: String,
}

#[derive(Deserialize)]
struct HardNegative {
    person_a: String,
    person_b: String,
    kind: String,
}

impl LabelledSet {
    /// Reads the files of a directory. A record without a person, a person without a record, a
    /// record that comes twice and a question without an answer are errors: each would change a
    /// figure silently.
    pub fn read(directory: &Path) -> Result<Self> {
        let of = |name: &str| directory.join(name);
        let mut set = Self::default();
        let mut people: HashMap<String, String> = rows::<TrueRecord>(&of("truth.csv"))?
            .into_iter()
            .map(|row| (row.record_id, row.person_id))
            .collect();
        for record in rows::<Record>(&of("records.csv"))? {
            let Some(person) = people.remove(&record.record_id) else {
                bail!(
                    "{}: truth.csv has no line of record {}, or two",
                    directory.display(),
                    record.record_id
                );
            };
            set.push(record, &person);
        }
        if let Some(record) = people.into_keys().next() {
            bail!("{}: records.csv has no record {record}", directory.display());
        }
        if of("lookups.csv").exists() {
            set.questions = questions(&of("lookups.csv"), &of("lookups_truth.csv"))?;
        }
        if of("hard_negatives.csv").exists() {
            for HardNegative { person_a, person_b, kind } in rows(&of("hard_negatives.csv"))? {
                set.hard_negatives.insert(ordered(person_a, person_b), kind);
            }
        }
        Ok(set)
    }

    /// Adds a record of a person.
    pub fn push(&mut self, record: Record, person: &str) {
        self.number_of.insert(record.record_id.clone(), self.records.len());
        self.person_of.push(person.to_owned());
        self.records.push(record);
    }

    /// The place of a record in the order of arrival.
    pub fn number(&self, record: &str) -> Result<usize> {
        self.number_of
            .get(record)
            .copied()
            .with_context(|| format!("the set has no record {record}"))
    }

    /// The person of a record, by its place.
    #[must_use]
    pub fn person(&self, number: usize) -> &str {
        &self.person_of[number]
    }

    /// What two people have in common that makes them hard to tell apart (`twin`, `near_dob`…);
    /// `stranger` of those of whom the set says nothing.
    #[must_use]
    pub fn kinship(&self, one: &str, other: &str) -> &str {
        self.hard_negatives
            .get(&ordered(one.to_owned(), other.to_owned()))
            .map_or("stranger", String::as_str)
    }
}

impl Record {
    /// The person was born in another country, as far as the record says.
    #[must_use]
    pub fn is_born_abroad(&self) -> bool {
        !matches!(self.code_pays_naissance.as_str(), "" | FRANCE)
    }
}

impl LookUp {
    /// All the given names, the first one first.
    #[must_use]
    pub fn given_names(&self) -> Vec<&str> {
        self.prenoms.split_whitespace().collect()
    }

    /// The commune of birth by its code, as routes want it: a name that a single commune has is
    /// given by that.
    #[must_use]
    pub fn commune(&self) -> Option<CommuneCode> {
        let abroad = self.country().is_some_and(|country| country != FRANCE);
        if abroad { None } else { commune(&self.code_commune_naissance, &self.libelle_naissance) }
    }

    /// The code of the country of birth.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        Some(self.code_pays_naissance.as_str()).filter(|code| !code.is_empty())
    }

    /// It has one given name and says no commune, as people born abroad have in FranceConnect.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let one_name = !self.prenoms.trim().contains(' ');
        one_name && self.code_commune_naissance.is_empty() && self.libelle_naissance.is_empty()
    }
}

/// A code that is listed, else that of the only commune of a name, else any code.
fn commune(code: &str, name: &str) -> Option<CommuneCode> {
    let code = CommuneCode::parse(code).ok();
    code.filter(CommuneCode::is_known).or_else(|| gazetteer::only_commune(&fold(name)).or(code))
}

fn questions(asked: &Path, answers: &Path) -> Result<Vec<LabelledQuestion>> {
    let mut expected: HashMap<String, TrueAnswer> = rows::<TrueAnswer>(answers)?
        .into_iter()
        .map(|answer| (answer.query_id.clone(), answer))
        .collect();
    let mut questions = Vec::new();
    for asked in rows::<LookUp>(asked)? {
        let Some(TrueAnswer { kind, expected, .. }) = expected.remove(&asked.query_id) else {
            bail!(
                "{} has no line of question {}, or two are asked",
                answers.display(),
                asked.query_id
            );
        };
        questions.push(LabelledQuestion { asked, kind, expected: Expected::parse(&expected) });
    }
    if let Some(question) = expected.into_keys().next() {
        bail!("{} answers {question}, which isn't asked", answers.display());
    }
    Ok(questions)
}

fn ordered(one: String, other: String) -> (String, String) {
    if one <= other { (one, other) } else { (other, one) }
}

/// The rows of a CSV file; an error says its line.
pub(crate) fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| said(path))?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| said(path))
}
