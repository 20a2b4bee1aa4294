//! One doubt: both sides masked, trait by trait, and what a person answers.
//!
//! Each answer is a button, so that Tab and Enter are enough; the page of the next case says what was
//! recorded and leads back, where one person undoes what one person decided.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use lambda_http::{Body, Request, RequestExt as _, Response};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as NotOne, StrDeserializer};
use shared::contract::review::{
    CaseDetail, Compared, Decided, Etat, Motif, Nature, Party, Possible, Reponse, Source,
};
use shared::domain::uai::Uai;
use shared::identity::review::CaseId;
use shared::identity::student::StudentId;
use shared::registry::reviews::Place;
use shared::reviewing::{Asked, Disputed, ReviewRefusal, Vote};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::public::coverage::Feed;
use crate::refusal::{ApiError, Refusal, of_review};
use crate::reviewing::cases;
use crate::school::establishment::name_or_number;
use crate::session::{Visitor, field};
use crate::view::{View, page, see_other};
use crate::words::{hour, wire_name};

/// The reasons that may be given, the usual one first.
const REASONS: [(Motif, &str); 5] = [
    (Motif::Dossier, "Ce que montre la revue"),
    (Motif::Etablissement, "La parole de l'établissement"),
    (Motif::Pieces, "Des pièces de l'étudiant"),
    (Motif::Etudiant, "La parole de l'étudiant"),
    (Motif::Ines, "La parole de l'INES"),
];

#[derive(Template)]
#[template(path = "reviewing/case.html")]
struct CasePage {
    view: View,
    id: String,
    version: u64,
    question: &'static str,
    state: &'static str,
    age: String,
    answers: String,
    why: Vec<&'static str>,
    parties: Vec<Shown>,
    comparisons: Vec<Comparison>,
    choices: Vec<Choice>,
    /// Enrolments of which some may be said to be somebody else's.
    divisible: bool,
    reasons: Vec<(String, &'static str)>,
    decisions: Vec<Line>,
    standing: Standing,
    may_undo: bool,
    /// Students that may be said to be two people.
    disputable: Vec<(String, String)>,
    /// Where the list is gone on after this case.
    skip: String,
    nature: String,
    /// The case that was answered just before.
    done: Option<String>,
}

/// Whether the reader may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    May,
    Answered,
    Involved,
    Closed,
}

/// A side of the case.
struct Shown {
    title: String,
    verified: bool,
    enrolments: Vec<Enrolment>,
}

struct Enrolment {
    id: String,
    establishment: String,
    year: String,
}

struct Comparison {
    caption: String,
    columns: [String; 2],
    conclusion: &'static str,
    attention: Vec<&'static str>,
    traits: Vec<Trait>,
}

struct Trait {
    label: &'static str,
    values: [String; 2],
    finding: &'static str,
}

/// A button.
struct Choice {
    value: String,
    label: String,
    effect: &'static str,
    two: bool,
    key: usize,
}

/// A decision, in a line.
struct Line {
    when: String,
    what: &'static str,
    undone: Option<String>,
}

/// Shows a case.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let reviewer = visitor.reviewer(request_context.now)?;
    let id = CaseId::parse(id).ok_or(Refusal::NotFound)?;
    let asked = Asked { uid: &request_context.uid, at: request_context.now };
    let (case, detail) = context.reviewing.read(&reviewer, &id, asked).await.map_err(of_review)?;
    let involved = context.reviewing.is_involved(&reviewer, &case).await?;
    let standing = match (involved, case.is_open() && !case.is_contested()) {
        (true, _) => Standing::Involved,
        (false, false) => Standing::Closed,
        (false, true) if case.has_answer_of(reviewer.officer.as_str()) => Standing::Answered,
        (false, true) => Standing::May,
    };
    let names = names(context, &detail.parties).await?;
    let query = request.query_string_parameters();
    let question = cases::question(detail.revue.nature);
    let view = View::new(context, "/revues", question, visitor);
    let titles: Vec<String> = titles(&detail);
    let template = CasePage {
        view: view.clone(),
        id: id.to_string(),
        version: case.version,
        question,
        state: state(detail.revue.etat),
        age: Feed::of(case.opened_at, request_context.now).age,
        answers: cases::answers(&detail.revue),
        why: detail.revue.motifs.clone(),
        parties: detail
            .parties
            .iter()
            .zip(&titles)
            .map(|(side, title)| shown(side, title, &names))
            .collect(),
        comparisons: detail.comparaisons.into_iter().map(|one| comparison(one, &titles)).collect(),
        choices: choices(&detail.reponses, &detail.parties, &titles, detail.revue.nature),
        divisible: detail.reponses.iter().any(|possible| possible.verdict == Reponse::Scinder),
        reasons: REASONS.iter().map(|(motif, label)| (wire_name(motif), *label)).collect(),
        decisions: detail
            .decisions
            .iter()
            .map(|decided| line(decided, detail.revue.nature))
            .collect(),
        standing,
        may_undo: !involved && case.decision().is_some(),
        disputable: disputable(detail.revue.nature, &detail.parties, &titles),
        skip: Place::of(&case).as_str().to_owned(),
        nature: query
            .first("nature")
            .and_then(cases::nature)
            .map(|nature| wire_name(&nature))
            .unwrap_or_default(),
        done: query.first("fait").and_then(CaseId::parse).map(|id| id.to_string()),
    };
    Ok(page(context, &view, &template))
}

/// The names of the establishments that have an enrolment in the case.
async fn names(context: &Context, parties: &[Party]) -> Result<BTreeMap<Uai, String>, ApiError> {
    let mut names = BTreeMap::new();
    let sources = parties.iter().flat_map(|party| &party.inscriptions);
    let establishments: BTreeSet<Uai> = sources.map(|source| source.uai).collect();
    for uai in establishments {
        names.insert(uai, name_or_number(context, uai).await?);
    }
    Ok(names)
}

fn titles(detail: &CaseDetail) -> Vec<String> {
    let title = |(at, _)| match (detail.revue.nature, at) {
        (Nature::Rattachement, 0) => "Inscription en attente".to_owned(),
        (Nature::Contestation, at) => format!("Inscription {}", at + 1),
        (Nature::Rattachement, at) => format!("Étudiant {at}"),
        (Nature::Doublon, at) => format!("Étudiant {}", at + 1),
    };
    detail.parties.iter().enumerate().map(title).collect()
}

fn shown(party: &Party, title: &str, names: &BTreeMap<Uai, String>) -> Shown {
    let enrolment = |Source { id, uai, annee }: &Source| Enrolment {
        id: id.to_string(),
        establishment: names.get(uai).cloned().unwrap_or_default(),
        year: annee.to_string(),
    };
    Shown {
        title: title.to_owned(),
        verified: party.verifie,
        enrolments: party.inscriptions.iter().map(enrolment).collect(),
    }
}

fn comparison(compared: Compared, titles: &[String]) -> Comparison {
    let title = |at: usize| titles.get(at).cloned().unwrap_or_default();
    let columns = compared.parties.map(title);
    let [left, right] = &columns;
    let traits = compared.traits.into_iter().map(|one| Trait {
        label: one.label,
        values: one.valeurs,
        finding: one.constat,
    });
    Comparison {
        caption: format!("{left} et {right}"),
        conclusion: compared.conclusion,
        attention: compared.attention,
        traits: traits.collect(),
        columns,
    }
}

/// What may be answered by one button, in the order of the contract, and that one can't tell.
fn choices(
    possible: &[Possible],
    parties: &[Party],
    titles: &[String],
    nature: Nature,
) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for answer in possible.iter().filter(|answer| answer.verdict != Reponse::Scinder) {
        let student = answer.etudiant.as_deref();
        let side = parties
            .iter()
            .position(|party| student.is_some() && party.etudiant.as_deref() == student);
        let label = match side.and_then(|at| titles.get(at)) {
            Some(title) => format!("C'est {}", title.to_lowercase()),
            None => answered(answer.verdict, nature).to_owned(),
        };
        let value = wire_name(&answer.verdict);
        choices.push(Choice {
            value: student.map_or_else(|| value.clone(), |student| format!("{value} {student}")),
            label,
            effect: answer.effet,
            two: answer.voix > 1,
            key: choices.len() + 1,
        });
    }
    choices.push(Choice {
        value: wire_name(&Reponse::Incertain),
        label: answered(Reponse::Incertain, nature).to_owned(),
        effect: "la revue reste ouverte pour d'autres.",
        two: false,
        key: choices.len() + 1,
    });
    choices
}

/// An answer, as people say it.
fn answered(verdict: Reponse, nature: Nature) -> &'static str {
    match (verdict, nature) {
        (Reponse::Meme, Nature::Doublon) => "C'est la même personne",
        (Reponse::Meme, _) => "L'inscription est de cet étudiant",
        (Reponse::Different, Nature::Doublon) => "Ce sont deux personnes",
        (Reponse::Different, _) => "Ce n'est aucun d'eux",
        (Reponse::Scinder, _) => "Certaines inscriptions sont d'une autre personne",
        (Reponse::Maintenir, _) => "C'est une seule personne",
        (Reponse::Incertain, _) => "Je ne peux pas le dire",
    }
}

fn state(state: Etat) -> &'static str {
    match state {
        Etat::Open => "ouverte",
        Etat::Decided => "décidée, appliquée dans quelques secondes",
        Etat::Applied => "décidée",
        Etat::Undone => "annulée, rouverte dans quelques secondes",
        Etat::Withdrawn => "retirée : d'autres indices ont suffi",
    }
}

fn line(decided: &Decided, nature: Nature) -> Line {
    Line {
        when: hour(decided.le),
        what: answered(decided.verdict, nature),
        undone: decided.undone.map(hour),
    }
}

/// Students of the case who may be two people each, by the student's id and its title. Of a disputed
/// one it is asked already.
fn disputable(nature: Nature, parties: &[Party], titles: &[String]) -> Vec<(String, String)> {
    if nature == Nature::Contestation {
        return Vec::new();
    }
    let student =
        |(party, title): (&Party, &String)| Some((party.etudiant.clone()?, title.clone()));
    parties.iter().zip(titles).filter_map(student).collect()
}

/// Takes an answer, and goes on to the next case. Sent twice, the second finds it said.
pub(crate) async fn answer(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let reviewer = visitor.reviewer(request_context.now)?;
    let id = CaseId::parse(id).ok_or(Refusal::NotFound)?;
    let vote = vote(sent).ok_or(Refusal::Review(ReviewRefusal::NotAnAnswer))?;
    let now = request_context.now;
    context.reviewing.decide(&reviewer, &id, vote, now).await.map_err(of_review)?;
    let nature = field(sent, "nature").as_deref().and_then(cases::nature);
    let told =
        [nature.map(|nature| ("nature", wire_name(&nature))), Some(("fait", id.to_string()))];
    Ok(see_other(&context.address.url(&cases::with_query("/revues/suivante", told))))
}

/// The vote of a form: `reponse` is a verdict and, where it is about one, a student.
fn vote(sent: &[u8]) -> Option<Vote> {
    let answer = field(sent, "reponse")?;
    let (verdict, student) = match answer.split_once(' ') {
        Some((verdict, student)) => (verdict, Some(student)),
        None => (answer.as_str(), None),
    };
    let records: Vec<String> = form_urlencoded::parse(sent)
        .filter(|(name, _)| name == "inscription")
        .map(|(_, id)| id.into_owned())
        .collect();
    let verdict: Reponse = named(verdict)?;
    let records = if verdict == Reponse::Scinder { records } else { Vec::new() };
    let reason = field(sent, "motif").and_then(|name| named::<Motif>(&name));
    Some(Vote {
        version: field(sent, "version")?.parse().ok()?,
        verdict: verdict.about(student, &records).ok()?,
        reason: reason.map(Into::into),
    })
}

/// A value of the contract by its name.
fn named<'a, T: Deserialize<'a>>(name: &'a str) -> Option<T> {
    let deserializer: StrDeserializer<'a, NotOne> = name.into_deserializer();
    T::deserialize(deserializer).ok()
}

/// Undoes what was decided, and shows the case. Sent twice, the second finds it undone.
pub(crate) async fn undo(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let reviewer = visitor.reviewer(request_context.now)?;
    let id = CaseId::parse(id).ok_or(Refusal::NotFound)?;
    context.reviewing.undo(&reviewer, &id, request_context.now).await.map_err(of_review)?;
    Ok(see_other(&context.address.url(&format!("/revues/{id}"))))
}

/// Opens the case of a student who may be two people, and shows it.
pub(crate) async fn dispute(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let reviewer = visitor.reviewer(request_context.now)?;
    let student = field(sent, "etudiant");
    let student = student.as_deref().and_then(named::<StudentId>).ok_or(Refusal::NotFound)?;
    let asked = Asked { uid: &request_context.uid, at: request_context.now };
    let disputed = context.reviewing.dispute(&reviewer, student, asked).await;
    let (Disputed::New(case) | Disputed::Known(case)) = disputed.map_err(of_review)?;
    Ok(see_other(&context.address.url(&format!("/revues/{}", case.id))))
}
