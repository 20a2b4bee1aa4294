//! Requests, as they are said to whoever made them and to those who answer.

use std::collections::HashMap;

use lambda_http::http::StatusCode;
use shared::domain::uai::Uai;
use shared::rights::{Actor, ChangeError, Done, End, RefusalReason, Request, Right, State};

use crate::context::Context;
use crate::refusal::{ApiError, Words};
use crate::school::establishment::name_or_number;
use crate::words::hour;

/// A step of a request.
pub(crate) struct Line {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) note: Option<String>,
}

/// A right, in words.
pub(crate) fn right_title(right: Right) -> &'static str {
    match right {
        Right::Access => "accès à mes données",
        Right::Rectification => "rectification",
        Right::Restriction => "limitation : que rien ne soit communiqué",
        Right::Objection => "opposition",
        Right::Erasure => "effacement",
    }
}

/// How far a request has come, with the class of its tag.
pub(crate) fn state_title(request: &Request) -> (&'static str, &'static str) {
    match &request.state {
        State::Received => ("reçue", ""),
        State::InProgress => ("en cours", ""),
        State::Sent { .. } => ("transmise à l'établissement", ""),
        State::ToCorrect { .. } => ("acceptée, à corriger par l'établissement", "warn"),
        State::Ended(end) => end_title(*end),
    }
}

fn end_title(end: End) -> (&'static str, &'static str) {
    match end {
        End::Granted => ("satisfaite", "good"),
        End::Corrected => ("corrigée", "good"),
        End::Refused(_) => ("refusée", "bad"),
        End::Withdrawn => ("retirée", ""),
    }
}

/// Why a request is refused, in words.
pub(crate) fn reason_title(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Ground => {
            "le droit ne s'applique pas, vu le fondement du registre (RGPD, articles 17 et 21)"
        }
        RefusalReason::Accurate => "ce que le registre dit est exact, d'après les pièces",
        RefusalReason::NotHeld => "rien n'est détenu sur cette personne",
        RefusalReason::Identity => "l'identité de qui demande n'est pas établie",
        RefusalReason::Excessive => "la demande est manifestement infondée ou excessive",
    }
}

/// The words of what a request of rights refuses; without a rule, of a form that asks for nothing.
pub(crate) fn refused(refusal: Option<ChangeError>) -> Words {
    const READ_AGAIN: &str =
        "Rouvrez la demande : elle dit ce qui peut être fait. Rien n'a été enregistré.";
    let Some(refusal) = refusal else {
        let what = "Ce formulaire ne demande rien que vous puissiez faire de cette demande, ou il y manque un motif, une UAI connue, ou moins de texte.";
        return (StatusCode::BAD_REQUEST, "Réponse illisible", what, READ_AGAIN);
    };
    let what = match refusal {
        ChangeError::Ended(_) => "Cette demande a déjà reçu une autre fin.",
        ChangeError::NotRectification(_) => {
            "Seule une rectification se transmet à un établissement."
        }
        ChangeError::NotSent => "Aucun établissement n'a cette demande.",
        ChangeError::NobodyInCharge => "Personne n'a pris cette demande en charge.",
        ChangeError::ExtendedAlready => "Le délai de cette demande a déjà été prolongé.",
        ChangeError::NotByGround { .. } => {
            "Le fondement du registre ne permet pas de refuser ce droit."
        }
    };
    (StatusCode::CONFLICT, "Changement impossible", what, READ_AGAIN)
}

/// The steps of a request, the first one first. Agents are named only to their like: `readers` says
/// whether they read it.
pub(crate) async fn lines(
    context: &Context,
    request: &Request,
    readers: Option<Readers>,
) -> Result<Vec<Line>, ApiError> {
    let desk = context.desk();
    let mut names = Names { context, known: HashMap::new() };
    let mut lines = Vec::new();
    for step in &request.history {
        lines.push(Line {
            when: hour(step.at),
            who: names.of(&step.by, readers.is_some()).await?,
            what: match step.done {
                Done::Opened => "demande faite".to_owned(),
                Done::Taken => "prise en charge".to_owned(),
                Done::Sent { uai } => {
                    format!("transmise à : {}", name_or_number(context, uai).await?)
                }
                Done::Agreed => "correction acceptée".to_owned(),
                Done::Extended => "délai prolongé de deux mois".to_owned(),
                Done::Ended(End::Refused(reason)) => format!("refusée : {}", reason_title(reason)),
                Done::Ended(end) => end_title(end).0.to_owned(),
            },
            note: desk.note(request, step),
        });
    }
    Ok(lines)
}

/// Those who answer requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readers;

/// The name of whoever has charge of a request; an officer of `statut` is named as they are.
pub(crate) async fn in_charge(
    context: &Context,
    request: &Request,
) -> Result<Option<String>, ApiError> {
    let Some(digest) = &request.in_charge else { return Ok(None) };
    let member = context.members.member(digest).await?;
    Ok(Some(member.map_or_else(|| digest.clone(), |member| member.name)))
}

/// Names, each read once.
struct Names<'a> {
    context: &'a Context,
    known: HashMap<String, String>,
}

impl Names<'_> {
    async fn of(&mut self, actor: &Actor, to_agents: bool) -> Result<String, ApiError> {
        Ok(match actor {
            Actor::Person if to_agents => "la personne".to_owned(),
            Actor::Person => "vous".to_owned(),
            Actor::Feed => "un envoi de l'établissement".to_owned(),
            Actor::Command { officer } if to_agents => officer.clone(),
            Actor::Establishment { uai, member } => {
                let own = name_or_number(self.context, *uai).await?;
                if to_agents { format!("{}, {own}", self.member(member).await?) } else { own }
            }
            Actor::National { member } if to_agents => self.member(member).await?,
            Actor::National { .. } | Actor::Command { .. } => "un agent du registre".to_owned(),
        })
    }

    async fn member(&mut self, digest: &str) -> Result<String, ApiError> {
        if let Some(known) = self.known.get(digest) {
            return Ok(known.clone());
        }
        let member = self.context.members.member(digest).await?;
        let name = member.map_or_else(|| "un agent".to_owned(), |member| member.name);
        self.known.insert(digest.to_owned(), name.clone());
        Ok(name)
    }
}

/// An establishment's name, where a request has one.
pub(crate) async fn establishment(
    context: &Context,
    uai: Option<Uai>,
) -> Result<Option<String>, ApiError> {
    match uai {
        Some(uai) => Ok(Some(name_or_number(context, uai).await?)),
        None => Ok(None),
    }
}
