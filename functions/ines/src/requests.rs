//! What became of a request, and those that wait for a person.

use lambda_http::{Request as HttpRequest, RequestExt as _};
use shared::access::ines::Right;
use shared::contract::ines::{
    ComparedTrait, PendingRequest, PendingRequests, RequestDetail, RequestState, Resemblance,
};
use shared::contract::parameters::Parameters;
use shared::identity::engine::compare::Comparison;
use shared::identity::engine::explain::{Line, explain};
use shared::identity::engine::person::ComparedPerson;
use shared::identity::immatriculation::{Registration, Request, RequestId};
use shared::registry::ines::After;

use crate::answer::{About, InesAnswer};
use crate::caller::Caller;
use crate::context::Context;
use crate::immatriculation::{about, outcome, told};
use crate::refusal::{ApiError, Refusal};

/// Requests of a page.
const PAGE: i32 = 50;
/// Whom a request resembles, shown at most: who decides compares them one by one.
const MOST_SHOWN: usize = 20;

/// Tells where a request stands: to its client, and with whom it resembles to the staff.
pub(crate) async fn read(
    context: &Context,
    caller: &Caller,
    id: &str,
) -> Result<InesAnswer, ApiError> {
    let id = RequestId::parse(id).ok_or(Refusal::NoSuchRequest)?;
    let request = context.store.request(&id).await?.ok_or(Refusal::NoSuchRequest)?;
    let is_staff = caller.may(Right::Gestion);
    if !is_staff && request.client_id != caller.client_id {
        return Err(Refusal::NoSuchRequest.into());
    }
    let shown = if is_staff {
        &request.ressemblances[..request.ressemblances.len().min(MOST_SHOWN)]
    } else {
        &[]
    };
    let mut people = context.store.registrations(shown).await?;
    // In the order of the request: the closest first.
    people.sort_by_key(|person| shown.iter().position(|ine| *ine == context.keys.ine(&person.ine)));
    let ressemblances = people.iter().map(|person| resemblance(&request, person)).collect();
    let detail = RequestDetail { demande: told(&request), ressemblances };
    Ok(InesAnswer::ok(&detail, about(context, &request), outcome(&request)))
}

/// Tells which requests wait, the oldest first.
pub(crate) async fn list(context: &Context, request: &HttpRequest) -> Result<InesAnswer, ApiError> {
    let parameters: Parameters = request.query_string_parameters().iter().collect();
    let one = |name, sentence| parameters.one(name).map_err(|_| Refusal::Invalid(sentence));
    if one("etat", "etat : une seule valeur est attendue")? != Some("EN_ATTENTE") {
        return Err(Refusal::Invalid("etat : seule la valeur EN_ATTENTE est admise").into());
    }
    let wrong = "apres : la valeur de suivant est attendue";
    let after = match one("apres", wrong)? {
        None => None,
        Some(place) => Some(After::parse(place).ok_or(Refusal::Invalid(wrong))?),
    };
    let (waiting, next) = context.store.waiting(after.as_ref(), PAGE).await?;
    let demandes = waiting
        .into_iter()
        .map(|waiting| PendingRequest { id_demande: waiting.id.to_string(), depuis: waiting.since })
        .collect();
    let page = PendingRequests { demandes, suivant: next.map(|place| place.as_str().to_owned()) };
    Ok(InesAnswer::ok(&page, About::Nobody, "listed"))
}

fn resemblance(request: &Request, person: &Registration) -> Resemblance {
    let (asked, known) = (
        ComparedPerson::of(&request.identite, None),
        ComparedPerson::of(&person.identite, Some(&person.ine)),
    );
    let explanation = explain(&asked, &known, &Comparison::of(&asked, &known));
    let compared = |line: Line| {
        let [demande, registre] = line.values;
        ComparedTrait {
            libelle: line.label.to_owned(),
            demande,
            registre,
            constat: line.finding.to_owned(),
        }
    };
    Resemblance {
        ine: person.ine.expose().to_owned(),
        conclusion: explanation.conclusion.to_owned(),
        doutes: explanation.doubts.into_iter().map(str::to_owned).collect(),
        traits: explanation.lines.into_iter().map(compared).collect(),
    }
}

/// Whether a request waits.
pub(crate) fn is_pending(request: &Request) -> bool {
    request.etat == RequestState::Pending
}
