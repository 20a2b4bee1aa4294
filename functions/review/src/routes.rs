//! Every route, declared once: who may call it and what it reads in the table, the rest at its
//! handler.

use lambda_http::http::StatusCode;
use shared::api::reply::{json, public};
use shared::api::route;
use shared::contract::error::ErrorBody;
use shared::contract::review::{
    CaseDetail, CaseList, Changed, DecisionRequest, DisputeRequest, Nature,
};
use shared::identity::review::CaseId;
use shared::reviewing::{ReviewRefusal, Reviewer};
use shared::routes;

use crate::context::Context;
use crate::handler::asked;
use crate::openapi::{BodyErrors, DOCUMENT, Errors, UnknownError};
use crate::refusal::{ApiError, Refusal, of};
use crate::{changing, listing};

type Answered = route::Answered<Context>;
type Call<'a> = route::Call<'a, Context>;

/// A decision that names a hundred enrolments has some 4 KB.
const LARGEST_BODY: usize = 16 * 1024;

routes! { Context;
    "review_list" => list, by(()), body 0;
    "review_read" => read, by(()), body 0;
    "review_decide" => decide, by(()), body LARGEST_BODY;
    "review_undo" => undo, by(()), body 0;
    "review_dispute" => dispute, by(()), body LARGEST_BODY;
    "review_openapi" => openapi_json, public, body 0;
}

/// The case of a path. What hasn't the form of an id may be anything, and is neither logged nor
/// given back.
fn case(call: &mut Call<'_>) -> Result<CaseId, ApiError> {
    let id = CaseId::parse(call.id).ok_or(Refusal::Review(ReviewRefusal::CaseNotFound))?;
    call.request_context.facts = Some(id.clone());
    Ok(id)
}

/// Revues ouvertes, la plus ancienne d'abord
#[utoipa::path(
    get, path = "/api/revues", tag = "revues", operation_id = "revues", security(("cle" = [])),
    params(
        ("nature" = Option<Nature>, Query, description = "Une seule nature"),
        ("apres" = Option<String>, Query, description = "`suite` de la page précédente"),
        ("nombre" = Option<u8>, Query, description = "50 par défaut", minimum = 1, maximum = 100)
    ),
    responses((status = 200, description = "Une page, qui ne dit rien de personne", body = CaseList), Errors)
)]
async fn list(call: Call<'_>, _: &Reviewer) -> Answered {
    Ok(listing::list(call.context, call.request).await?.into())
}

/// Lecture d'une revue
#[utoipa::path(
    get, path = "/api/revues/{id}", tag = "revues", operation_id = "revue", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant de la revue")),
    responses((status = 200, description = "Les deux côtés, masqués, et ce que ferait chaque réponse", body = CaseDetail), UnknownError, Errors)
)]
async fn read(mut call: Call<'_>, reviewer: &Reviewer) -> Answered {
    let id = case(&mut call)?;
    let read = call.context.reviewing.read(reviewer, &id, asked(call.request_context)).await;
    let (_, detail) = read.map_err(of)?;
    Ok(json(StatusCode::OK, &detail).into())
}

/// Réponse à une revue
#[utoipa::path(
    post, path = "/api/revues/{id}/decision", tag = "revues", operation_id = "decision", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant de la revue")),
    request_body = DecisionRequest,
    responses(
        (status = 200, description = "La réponse est enregistrée, et la décision avec elle s'il y a assez de voix ; la répéter ne change rien", body = Changed),
        (status = 403, description = "La même personne a déjà répondu autrement, ou envoie les inscriptions d'un établissement de la revue", body = ErrorBody<'_>),
        (status = 409, description = "La revue a changé depuis sa lecture, est décidée autrement ou n'est pas ouverte", body = ErrorBody<'_>),
        UnknownError, Errors, BodyErrors
    )
)]
async fn decide(mut call: Call<'_>, reviewer: &Reviewer) -> Answered {
    let id = case(&mut call)?;
    let body = call.json()?;
    Ok(changing::decide(call.context, reviewer, &id, body, call.request_context).await?.into())
}

/// Annulation d'une décision
#[utoipa::path(
    post, path = "/api/revues/{id}/annulation", tag = "revues", operation_id = "annulationDecision", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant de la revue")),
    responses(
        (status = 200, description = "La décision est annulée, ou l'était déjà ; la revue est rouverte en quelques secondes", body = Changed),
        (status = 403, description = "La personne envoie les inscriptions d'un établissement de la revue", body = ErrorBody<'_>),
        (status = 409, description = "Rien n'est décidé, ou la revue vient de changer", body = ErrorBody<'_>),
        UnknownError, Errors
    )
)]
async fn undo(mut call: Call<'_>, reviewer: &Reviewer) -> Answered {
    let id = case(&mut call)?;
    Ok(changing::undo(call.context, reviewer, &id, call.request_context).await?.into())
}

/// Contestation d'un étudiant
#[utoipa::path(
    post, path = "/api/revues/contestations", tag = "revues", operation_id = "contestation", security(("cle" = [])),
    request_body = DisputeRequest,
    responses(
        (status = 200, description = "La contestation était ouverte", body = Changed),
        (status = 201, description = "La contestation est ouverte ; l'étudiant n'est plus publié, en quelques secondes", body = Changed),
        (status = 403, description = "La personne envoie les inscriptions d'un établissement de l'étudiant", body = ErrorBody<'_>),
        (status = 409, description = "La revue vient de changer", body = ErrorBody<'_>),
        UnknownError, Errors, BodyErrors
    )
)]
async fn dispute(call: Call<'_>, reviewer: &Reviewer) -> Answered {
    let body = call.json()?;
    Ok(changing::dispute(call.context, reviewer, body, call.request_context).await?.into())
}

/// Cette documentation
#[utoipa::path(
    get, path = "/api/revues/openapi.json", tag = "public", operation_id = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
async fn openapi_json(_: Call<'_>) -> Answered {
    Ok(public(DOCUMENT.to_owned()).into())
}
