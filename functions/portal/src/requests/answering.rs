//! What those who answer a request do with it: each is a form of its page.

use std::collections::BTreeMap;

use lambda_http::{Body, Response};
use shared::domain::uai::Uai;
use shared::exercising::LONGEST_TEXT;
use shared::rights::{ChangeError, RefusalReason, Request};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal, of_desk};
use crate::requests::one::{Seat, read};
use crate::session::{Visitor, field};
use crate::view::see_other;

/// What a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Take,
    Grant,
    Refuse(RefusalReason),
    Extend,
    Send(Uai),
    Agree,
    Correct,
}

impl Answer {
    /// The answer of a form, if whoever sends it may give it.
    fn of(form: &[u8], seat: &Seat) -> Option<Self> {
        let answer = match field(form, "faire")?.as_str() {
            "refuser" => {
                let reason = RefusalReason::named(&field(form, "motif")?)?;
                return seat.reasons().contains(&reason).then_some(Self::Refuse(reason));
            }
            "prendre" => Self::Take,
            "satisfaire" => Self::Grant,
            "prolonger" => Self::Extend,
            "transmettre" => Self::Send(Uai::parse(field(form, "uai")?.trim()).ok()?),
            "accepter" => Self::Agree,
            "corriger" => Self::Correct,
            _ => return None,
        };
        let is_theirs = match seat {
            Seat::National { .. } => answer != Self::Agree,
            Seat::Establishment { .. } => matches!(answer, Self::Agree | Self::Correct),
        };
        is_theirs.then_some(answer)
    }
}

/// Does what a form asks for, and shows the request. Sent twice, the second finds it done; sent from
/// a page that isn't of today's request any more, nothing is done.
pub(crate) async fn answer(
    context: &Context,
    id: &str,
    form: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (desk, now) = (context.desk(), request_context.now);
    let (request, seat) = read(context, id, visitor, request_context).await?;
    let answer = Answer::of(form, &seat).ok_or(Refusal::NotAnAnswer)?;
    let read: u64 = field(form, "version").and_then(|text| text.parse().ok()).unwrap_or_default();
    if let Answer::Send(uai) = answer {
        // One that isn't registered would never answer.
        context.establishments.get(uai).await?.ok_or(Refusal::NotAnAnswer)?;
    }
    let text = field(form, "texte").unwrap_or_default().trim().to_owned();
    if text.chars().count() > LONGEST_TEXT {
        return Err(Refusal::NotAnAnswer.into());
    }
    let note = if text.is_empty() {
        None
    } else {
        Some(desk.close(request.id, &text).ok_or(Refusal::NoRandomness)?)
    };
    // The next records are compared with what those of today say.
    let said = match (&answer, &seat, request.student) {
        (Answer::Agree, Seat::Establishment { uai, .. }, Some(student)) => {
            desk.said(student, *uai).await?
        }
        _ => BTreeMap::new(),
    };
    let change = |request: &mut Request| -> Result<(), ChangeError> {
        let by = seat.actor();
        match answer {
            Answer::Take => request.take(seat.member(), by, now),
            Answer::Grant => request.grant(note, by, now),
            Answer::Refuse(reason) => {
                request.refuse(reason, context.request_terms.ground, note, by, now)
            }
            Answer::Extend => request.extend(note, by, now),
            Answer::Send(uai) => request.send(uai, by, now),
            Answer::Agree => request.agree(said, by, now),
            Answer::Correct => request.correct(note, by, now),
        }
    };
    let changed = desk.change(request, read, now, change).await.map_err(of_desk)?;
    Ok(see_other(&context.address.url(&format!("/demandes/{}", changed.id))))
}
