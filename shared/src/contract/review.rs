//! `/api/revues`: the doubts that a person decides. Ours: the published contracts have nothing of
//! the kind.
//!
//! Values are masked, always. A reviewer has to say whether two files are one person's, and not who
//! it is: the levels say more about that than the values would, and whoever needs an original asks
//! the establishment, which is named. Who else voted isn't told either, only how many: the second
//! of two people has to look for themselves.

mod request;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::academic_year::AcademicYear;
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;
use crate::identity::engine::explain::{Explanation, Line, doubt};
use crate::identity::review::{
    Case, CaseId, CaseQuestion, CaseVerdict, Effect, Kind, Reason, State,
};

pub use request::{DecisionRequest, DisputeRequest, ReviewBodyError, Subject};

/// Cases of a page by default.
pub const PAGE: usize = 50;

/// What a case asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Whose is this enrolment? It waits.
    Rattachement,
    /// Are these two students one person?
    Doublon,
    /// Is this student one person? Nothing is told of it meanwhile.
    Contestation,
}

impl From<Kind> for Nature {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Attachment => Self::Rattachement,
            Kind::Duplicate => Self::Doublon,
            Kind::Dispute => Self::Contestation,
        }
    }
}

impl From<Nature> for Kind {
    fn from(nature: Nature) -> Self {
        match nature {
            Nature::Rattachement => Self::Attachment,
            Nature::Doublon => Self::Duplicate,
            Nature::Contestation => Self::Dispute,
        }
    }
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Etat {
    /// Somebody has to look.
    #[serde(rename = "ouverte")]
    Open,
    /// Decided; applied within seconds.
    #[serde(rename = "décidée")]
    Decided,
    /// What was decided holds.
    #[serde(rename = "appliquée")]
    Applied,
    /// The decision is undone; taken back, and open again, within seconds.
    #[serde(rename = "annulée")]
    Undone,
    /// Later evidence settled it.
    #[serde(rename = "retirée")]
    Withdrawn,
}

impl From<State> for Etat {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Decided => Self::Decided,
            State::Applied => Self::Applied,
            State::Undone => Self::Undone,
            State::Withdrawn => Self::Withdrawn,
        }
    }
}

/// What a person answers, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reponse {
    /// The same person: with `etudiant` for an enrolment, without for two students.
    Meme,
    /// Different people.
    Different,
    /// The enrolments of `inscriptions` are somebody else's.
    Scinder,
    /// The student is one person.
    Maintenir,
    /// It can't be told.
    Incertain,
}

/// What convinced a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Motif {
    /// What the case shows.
    Dossier,
    /// Documents of the student.
    Pieces,
    /// The establishment's word.
    Etablissement,
    /// The student's word.
    Etudiant,
    /// The word of INES.
    Ines,
}

impl From<Motif> for Reason {
    fn from(motif: Motif) -> Self {
        match motif {
            Motif::Dossier => Self::File,
            Motif::Pieces => Self::Documents,
            Motif::Etablissement => Self::Establishment,
            Motif::Etudiant => Self::Student,
            Motif::Ines => Self::Ines,
        }
    }
}

/// A case in short. Nothing in it is personal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Its id.
    #[schema(value_type = String, example = "a-1.0123456789abcdef0123456789abcdef")]
    pub id: CaseId,
    /// What it asks.
    pub nature: Nature,
    /// Where it stands.
    pub etat: Etat,
    /// What a decision has to name: another one says that the case has changed since it was read.
    pub version: u64,
    /// Since when somebody has to look (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    pub ouverte_le: Timestamp,
    /// Why the rules don't decide.
    pub motifs: Vec<&'static str>,
    /// People who answered.
    pub voix: usize,
    /// People who looked and can't tell.
    pub incertains: usize,
    /// They don't say the same.
    pub desaccord: bool,
    /// Some answer needs two people.
    pub deux_personnes: bool,
}

impl Summary {
    /// The summary of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let progress = case.progress();
        Self {
            id: case.id.clone(),
            nature: case.question.kind().into(),
            etat: case.state.into(),
            version: case.version,
            ouverte_le: case.opened_at,
            motifs: reasons(&case.question),
            voix: progress.voices,
            incertains: progress.unsure,
            desaccord: progress.disagreement,
            deux_personnes: case.question.may_need_two(),
        }
    }
}

/// Why the rules leave it to a person, by the closest comparison.
fn reasons(question: &CaseQuestion) -> Vec<&'static str> {
    let comparison = match question {
        CaseQuestion::Attachment { near, .. } => near.first().map(|near| &near.comparison),
        CaseQuestion::Duplicate { comparison, .. } => Some(comparison),
        CaseQuestion::Dispute { .. } => {
            return vec!["quelqu’un dit que ce dossier mêle deux personnes."];
        }
    };
    let Some(comparison) = comparison else {
        return vec![
            "rien ne permet de dire de qui il s’agit, ou trop de personnes se ressemblent.",
        ];
    };
    let mut reasons: Vec<_> = comparison.vetoes.iter().map(doubt).collect();
    match question {
        CaseQuestion::Attachment { near, .. } if near.len() > 1 => {
            reasons.push("plusieurs étudiants ressemblent.");
        }
        _ if reasons.is_empty() => reasons.push("les indices ne suffisent pas."),
        _ => {}
    }
    reasons
}

/// A page of open cases, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseList {
    /// The cases.
    pub revues: Vec<Summary>,
    /// `apres` of the next page, when there may be one.
    pub suite: Option<String>,
}

/// A case, with all that may be shown of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseDetail {
    /// The case in short.
    pub revue: Summary,
    /// Who is in question.
    pub parties: Vec<Party>,
    /// How they compare, trait by trait.
    pub comparaisons: Vec<Compared>,
    /// What may be answered, and what each answer would do.
    pub reponses: Vec<Possible>,
    /// What was decided, the latest last.
    pub decisions: Vec<Decided>,
}

/// An enrolment that waits, or a student with its enrolments.
#[derive(Debug, Serialize, ToSchema)]
pub struct Party {
    /// The student; absent for an enrolment that isn't attached to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    pub etudiant: Option<String>,
    /// INES confirmed an INE.
    pub verifie: bool,
    /// The enrolments, and whom to ask about them.
    pub inscriptions: Vec<Source>,
}

/// An enrolment, and whom to ask about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Source {
    /// `id_inscription`.
    #[schema(value_type = String, example = "1.0123456789abcdef0123456789abcdef")]
    pub id: RecordId,
    /// The establishment.
    #[schema(value_type = String, example = "0751967F")]
    pub uai: Uai,
    /// The academic year.
    #[schema(value_type = String, example = "2026-2027")]
    pub annee: AcademicYear,
}

/// Two parties, by the closest of their enrolments.
#[derive(Debug, Serialize, ToSchema)]
pub struct Compared {
    /// Places of the two in `parties`.
    #[schema(value_type = Vec<usize>, min_items = 2, max_items = 2, example = json!([0, 1]))]
    pub parties: [usize; 2],
    /// What the rules conclude.
    #[schema(value_type = String)]
    pub conclusion: &'static str,
    /// Why they don't decide alone.
    pub attention: Vec<&'static str>,
    /// Trait by trait.
    pub traits: Vec<Trait>,
}

/// A trait of both.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trait {
    /// Its name.
    #[serde(rename = "trait")]
    #[schema(value_type = String, example = "Nom")]
    pub label: &'static str,
    /// The values, masked; empty when unknown.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 2, example = json!(["C•••", "C•••"]))]
    pub valeurs: [String; 2],
    /// How they compare.
    #[schema(value_type = String, example = "le même")]
    pub constat: &'static str,
}

impl Compared {
    /// The explanation of a comparison, in the words of the contract.
    #[must_use]
    pub fn new(
        parties: [usize; 2],
        Explanation { conclusion, lines, doubts }: Explanation,
    ) -> Self {
        let line =
            |Line { label, values, finding }| Trait { label, valeurs: values, constat: finding };
        Self {
            parties,
            conclusion,
            attention: doubts,
            traits: lines.into_iter().map(line).collect(),
        }
    }
}

/// An answer, and what it would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Possible {
    /// The answer.
    pub verdict: Reponse,
    /// With which student.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etudiant: Option<String>,
    /// What it would do.
    #[schema(value_type = String)]
    pub effet: &'static str,
    /// How many people have to give it.
    pub voix: usize,
}

impl Possible {
    /// What may be answered to a question.
    #[must_use]
    pub fn answers(question: &CaseQuestion) -> Vec<Self> {
        let verdicts = match question {
            CaseQuestion::Attachment { near, .. } => {
                let attach = near.iter().map(|near| CaseVerdict::Attach(near.side.student));
                attach.chain([CaseVerdict::Different]).collect()
            }
            CaseQuestion::Duplicate { .. } => vec![CaseVerdict::Same, CaseVerdict::Different],
            CaseQuestion::Dispute { .. } => vec![CaseVerdict::Keep],
        };
        let mut answers: Vec<Self> =
            verdicts.iter().filter_map(|verdict| Self::of(question, verdict)).collect();
        if question.kind() == Kind::Dispute {
            answers.push(Self { verdict: Reponse::Scinder, etudiant: None, effet: SPLIT, voix: 1 });
        }
        answers
    }

    fn of(question: &CaseQuestion, verdict: &CaseVerdict) -> Option<Self> {
        let effect = question.effect(verdict).ok().flatten()?;
        let etudiant = match &effect {
            Effect::Attach { student, .. } => Some(student.to_string()),
            _ => None,
        };
        let (verdict, words) = named(&effect);
        Some(Self { verdict, etudiant, effet: words, voix: question.voices(&effect) })
    }
}

const SPLIT: &str = "les inscriptions désignées deviennent celles d’une autre personne ; les deux étudiants sont publiés.";

fn named(effect: &Effect) -> (Reponse, &'static str) {
    match effect {
        Effect::Attach { .. } => {
            (Reponse::Meme, "l’inscription est rattachée à l’étudiant et publiée.")
        }
        Effect::Separate { .. } => (
            Reponse::Different,
            "l’inscription n’est d’aucun de ces étudiants ; elle est publiée à part.",
        ),
        Effect::Merge(_) => (Reponse::Meme, "les deux étudiants n’en font qu’un."),
        Effect::KeepApart(_) => {
            (Reponse::Different, "les deux étudiants restent deux, quoi que disent les règles.")
        }
        Effect::Split { .. } => (Reponse::Scinder, SPLIT),
        Effect::Keep(_) => {
            (Reponse::Maintenir, "l’étudiant est de nouveau publié, tel qu’il était.")
        }
    }
}

/// What was decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// The answer.
    pub verdict: Reponse,
    /// When (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    pub le: Timestamp,
    /// When it was undone, if it was.
    #[serde(rename = "annuleeLe")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone: Option<Timestamp>,
}

impl Decided {
    /// Every decision of a case.
    #[must_use]
    pub fn all(case: &Case) -> Vec<Self> {
        let decided = case.decisions.iter().map(|decision| Self {
            verdict: named(&decision.effect).0,
            le: decision.at,
            undone: decision.undone.as_ref().map(|undone| undone.at),
        });
        decided.collect()
    }
}

/// A 200 or a 201 of what changes a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// What happened.
    #[schema(value_type = String, example = "décision enregistrée")]
    pub message: &'static str,
    /// The case as it is now.
    pub revue: Summary,
}
