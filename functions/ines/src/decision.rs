//! What a person of the staff decides of a request that waits.
//!
//! Idempotent: the same decision again is answered as before, another one is refused. A request
//! that meanwhile was settled by evidence is left as it is.

use jiff::Timestamp;
use shared::contract::ines::{DecisionKind, RequestDecision};
use shared::identity::digest::IneDigest;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::immatriculation::{
    Decided, ImmatriculationOutcome, Registration, Request, RequestId,
};
use shared::registry::blocks::Consistency;
use shared::registry::ines::{Committed, Write};
use shared::registry::{StoreError, backoff};

use crate::answer::InesAnswer;
use crate::caller::Caller;
use crate::context::Context;
use crate::immatriculation::answer;
use crate::refusal::{ApiError, Refusal};
use crate::requests::is_pending;
use crate::situation::Situation;
use crate::verification::{ine, master_of};

/// Decides a request.
pub(crate) async fn decide(
    context: &Context,
    caller: &Caller,
    id: &str,
    decision: &RequestDecision,
    now: Timestamp,
) -> Result<InesAnswer, ApiError> {
    let id = RequestId::parse(id).ok_or(Refusal::NoSuchRequest)?;
    let named = match (decision.decision, decision.ine.as_deref()) {
        (DecisionKind::Meme, Some(text)) => Some(context.keys.ine(&ine(text)?)),
        (DecisionKind::Meme, None) => {
            return Err(Refusal::Invalid("ine : l'INE de la même personne est attendu").into());
        }
        (_, Some(_)) => {
            return Err(Refusal::Invalid("ine : n'est attendu que pour la décision MEME").into());
        }
        (_, None) => None,
    };
    let decided =
        Decided { decision: decision.decision, ine: named, par: caller.client_id.clone(), le: now };
    let mut pauses = backoff();
    loop {
        if let Some(request) = attempt(context, &id, &decided).await? {
            return Ok(answer(context, &request));
        }
        let pause = pauses.next().ok_or_else(|| StoreError::contention("deciding a request"))?;
        tokio::time::sleep(pause).await;
    }
}

/// `None` when someone else was faster.
async fn attempt(
    context: &Context,
    id: &RequestId,
    decided: &Decided,
) -> Result<Option<Request>, ApiError> {
    let request = context.store.request(id).await?.ok_or(Refusal::NoSuchRequest)?;
    if !is_pending(&request) {
        let same = request.decision.as_ref().is_some_and(|before| {
            (before.decision, &before.ine) == (decided.decision, &decided.ine)
        });
        return if same { Ok(Some(request)) } else { Err(Refusal::Decided.into()) };
    }
    let request = Request { decision: Some(decided.clone()), ..request };
    match &decided.ine {
        Some(named) => {
            let master = resembling(context, &request, named).await?;
            write(context, request.granted(master.ine, false)).await
        }
        None if decided.decision == DecisionKind::Refus => write(context, request.refused()).await,
        None => assign(context, request).await,
    }
}

/// The master of the INE that was named, if it is somebody whom the request resembles.
async fn resembling(
    context: &Context,
    request: &Request,
    named: &IneDigest,
) -> Result<Registration, ApiError> {
    let named = context.store.registration(named).await?.ok_or(Refusal::NoSuchIne)?;
    let master = master_of(context, &named).await?;
    // Those whom it resembled when it was made may have become aliases since.
    let near = context.store.registrations(&request.ressemblances).await?;
    if near.iter().any(|person| person.master() == master.ine) {
        Ok(master)
    } else {
        Err(Refusal::NotAResemblance.into())
    }
}

/// Gives an INE to somebody who is none of those that were shown, unless somebody else has come
/// since.
async fn assign(context: &Context, request: Request) -> Result<Option<Request>, ApiError> {
    let situation = Situation::observe(context, &request.identite, Consistency::Strong).await?;
    let near = match situation.resembling().decide(&ComparedPerson::of(&request.identite, None)) {
        ImmatriculationOutcome::Known(holder) => vec![holder],
        ImmatriculationOutcome::Newcomer => Vec::new(),
        ImmatriculationOutcome::Doubt(near) => near,
    };
    if near.iter().all(|holder| request.ressemblances.contains(holder)) {
        return Ok(situation.grant_new(context, request).await?);
    }
    let request = Request { decision: None, ..request.waiting(near) };
    match context.store.commit(&[Write::Request(&request)]).await? {
        Committed::Yes => Err(Refusal::SomebodyElse.into()),
        Committed::Overtaken => Ok(None),
    }
}

async fn write(context: &Context, request: Request) -> Result<Option<Request>, ApiError> {
    let committed = context.store.commit(&[Write::Request(&request)]).await?;
    Ok((committed == Committed::Yes).then_some(request))
}
