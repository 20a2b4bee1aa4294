//! An INE for a person, in order: the request, who resembles, a decision, one transaction.
//!
//! Idempotent by the client's reference: what was granted or refused is answered again. A request
//! that waits is decided anew each time it is repeated, for later evidence may settle it.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use shared::contract::ines::{self, Immatriculation, RequestState};
use shared::domain::civil_identity::CivilIdentity;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::immatriculation::{ImmatriculationOutcome, Request, RequestId};
use shared::registry::blocks::Consistency;
use shared::registry::ines::{Committed, Write};
use shared::registry::{StoreError, backoff};

use crate::answer::{About, InesAnswer};
use crate::caller::Caller;
use crate::context::Context;
use crate::person;
use crate::refusal::{ApiError, Refusal};
use crate::situation::Situation;

/// Characters of a reference at most.
const LONGEST_REFERENCE: usize = 64;

/// Finds or gives an INE, or leaves it to a person.
pub(crate) async fn ask(
    context: &Context,
    caller: &Caller,
    body: &Immatriculation,
    now: Timestamp,
) -> Result<InesAnswer, ApiError> {
    let reference = body.reference.trim();
    if reference.is_empty() || reference.chars().count() > LONGEST_REFERENCE {
        return Err(Refusal::Invalid("reference : de 1 à 64 caractères sont attendus").into());
    }
    let identity = person::read(&body.identite)?;
    let id = RequestId::of(&context.keys.ine, &caller.client_id, reference);
    let mut waits = backoff();
    loop {
        if let Some(request) = attempt(context, caller, &id, &identity, now).await? {
            return Ok(answer(context, &request));
        }
        let wait = waits.next().ok_or_else(|| StoreError::contention("deciding a request"))?;
        tokio::time::sleep(wait).await;
    }
}

/// `None` when someone else was faster.
async fn attempt(
    context: &Context,
    caller: &Caller,
    id: &RequestId,
    identity: &CivilIdentity,
    now: Timestamp,
) -> Result<Option<Request>, ApiError> {
    let request = match context.store.request(id).await? {
        // What was granted is somebody's INE: it must not be told of somebody else.
        Some(request) if request.identite != *identity => {
            return Err(Refusal::ReferenceReused.into());
        }
        Some(request) if request.etat != RequestState::Pending => return Ok(Some(request)),
        Some(request) => request,
        None => Request::new(id.clone(), &caller.client_id, identity.clone(), now),
    };
    let situation = Situation::observe(context, identity, Consistency::Strong).await?;
    Ok(match situation.resembling().decide(&ComparedPerson::of(identity, None)) {
        ImmatriculationOutcome::Known(holder) => {
            situation.grant_known(context, request, &holder).await?
        }
        ImmatriculationOutcome::Newcomer => situation.grant_new(context, request).await?,
        ImmatriculationOutcome::Doubt(near)
            if request.version > 0 && request.ressemblances == near =>
        {
            Some(request)
        }
        ImmatriculationOutcome::Doubt(near) => {
            // Waiting is right whoever comes or goes meanwhile: no block is held to its version.
            let request = request.waiting(near);
            let committed = context.store.commit(&[Write::Request(&request)]).await?;
            (committed == Committed::Yes).then_some(request)
        }
    })
}

/// Where a request stands, as its client reads it.
pub(crate) fn told(request: &Request) -> ines::Request {
    ines::Request {
        id_demande: request.id.to_string(),
        etat_demande: request.etat,
        ine: request.ine.map(|ine| ine.expose().to_owned()),
        attribue: request.attribue,
    }
}

/// The answer about a request: 202 while it waits.
pub(crate) fn answer(context: &Context, request: &Request) -> InesAnswer {
    let status =
        if request.etat == RequestState::Pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    InesAnswer::new(status, &told(request), about(context, request), outcome(request))
}

/// Whom a request is about.
pub(crate) fn about(context: &Context, request: &Request) -> About {
    request.ine.map_or_else(
        || About::Request(request.id.clone()),
        |ine| About::Person(context.keys.ine(&ine)),
    )
}

/// Where a request stands, in traces, logs and metrics.
pub(crate) fn outcome(request: &Request) -> &'static str {
    match request.etat {
        RequestState::Pending => "pending",
        RequestState::Granted if request.attribue => "assigned",
        RequestState::Granted => "known",
        RequestState::Refused => "refused",
    }
}
