//! Every route, declared once: who may call it and what it reads in the table, the rest at its
//! handler.

use serde::de::DeserializeOwned;
use shared::access::ines::Right;
use shared::api::Service as _;
use shared::api::reply::{json_text, public};
use shared::api::route::{self, Reply};
use shared::contract::error::ErrorBody;
use shared::contract::ines::{
    Attachment, Detachment, Identity, Immatriculation, PendingRequests, Request, RequestDecision,
    RequestDetail, Token, Verification,
};
use shared::registry::ines::trace::{InesQuestion, Subject};
use shared::routes;

use crate::answer::InesAnswer;
use crate::caller::Caller;
use crate::context::Context;
use crate::oauth::{self, LARGEST_FORM, OauthError, TokenRefusal};
use crate::openapi::{BodyErrors, DOCUMENT, Errors, NotFoundError, TokenForm};
use crate::refusal::{ApiError, Refusal};
use crate::{attachments, decision, immatriculation, requests, search, verification};

type Answered = route::Answered<Context>;
type Call<'a> = route::Call<'a, Context>;

/// The name of the route that asks for an INE, whose pending answers are counted.
pub(crate) const IMMATRICULATION: &str = "ines_immatriculation";

/// An identity has some 300 bytes.
const LARGEST_BODY: usize = 16 * 1024;
/// Whoever asks may follow its own requests, and the staff everybody's.
const FOLLOWING: &[Right] = &[Right::Immatriculation, Right::Gestion];

routes! { Context;
    "ines_token" => token, public, body LARGEST_FORM;
    "ines_verification" => verify, by(&[Right::Verification]), body LARGEST_BODY;
    "ines_search" => search, by(&[Right::Recherche]), body LARGEST_BODY;
    IMMATRICULATION => immatriculate, by(&[Right::Immatriculation]), body LARGEST_BODY;
    "ines_requests" => list_requests, by(&[Right::Gestion]), body 0;
    "ines_request" => read_request, by(FOLLOWING), body 0;
    "ines_decision" => decide, by(&[Right::Gestion]), body LARGEST_BODY;
    "ines_attachment" => attach, by(&[Right::Gestion]), body LARGEST_BODY;
    "ines_detachment" => detach, by(&[Right::Gestion]), body LARGEST_BODY;
    "ines_openapi" => openapi_json, public, body 0;
    "ines_ping" => ping, public, body 0;
}

/// Jeton d'une heure
#[utoipa::path(
    post, path = "/oauth2/token", tag = "ministère", operation_id = "jeton", security(("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Le jeton", body = Token),
        (status = 400, description = "Le formulaire ne convient pas (RFC 6749 §5.2)", body = OauthError),
        (status = 401, description = "Client inconnu, ou secret erroné (RFC 6749 §5.2)", body = OauthError),
        (status = 405, description = "Une autre méthode", body = ErrorBody<'_>),
        (status = 503, description = "Momentanément indisponible", body = OauthError)
    )
)]
async fn token(call: Call<'_>) -> Answered {
    let Call { context, request, request_context, .. } = call;
    let (response, outcome) = match oauth::token(
        context,
        request,
        request_context.now,
        &mut request_context.client,
    )
    .await
    {
        Ok(response) => (response, Context::ANSWERED),
        Err(refusal) => {
            if let TokenRefusal::Unavailable(error) = &refusal {
                tracing::error!(uid = %request_context.uid, %error, "store failed");
            }
            (refusal.response(), refusal.name())
        }
    };
    Ok(Reply { response, outcome: Some(outcome) })
}

/// Vérification d'un INE et d'une date de naissance
#[utoipa::path(
    post, path = "/api-ines-etudiants/verification", tag = "ministère", operation_id = "verification", security(("jeton" = ["verification"])),
    params(
        ("X-channel" = Option<String>, Header, description = "Ce que le client dit de lui-même"),
        ("x-jwt-assertion" = Option<String>, Header, description = "Le même jeton"),
        ("x-deposant" = Option<String>, Header, description = "Ajout : l'UAI de l'établissement pour lequel le client demande, gardé dans la trace")
    ),
    request_body = Verification,
    responses(
        (status = 429, description = "Ajout : le client a demandé trop de dates de naissance pour cet INE aujourd'hui, justes ou fausses ; voir `Retry-After`", body = ErrorBody<'_>),
        (status = 200, description = "Le couple est connu : l'identité, et `ineMaitre` si un autre INE tient lieu de celui-ci", body = Identity),
        NotFoundError, Errors, BodyErrors
    )
)]
async fn verify(call: Call<'_>, caller: &Caller) -> Answered {
    let answer =
        verification::verify(call.context, caller, &read(&call)?, call.request_context.now).await;
    tell(&call, caller, answer).await
}

/// Recherche de l'INE d'une personne
#[utoipa::path(
    post, path = "/api-ines-etudiants/recherche", tag = "ajouts", operation_id = "recherche", security(("jeton" = ["recherche"])),
    request_body(content = Identity, description = "`nomFamille`, `prenom1`, `sexe` et `dateNaissance` sont requis ; `lieuNaissance` et les autres prénoms départagent les homonymes"),
    responses(
        (status = 200, description = "La seule personne qui puisse être celle-là ; son INE est `ineMaitre`", body = Identity),
        (status = 409, description = "Plusieurs personnes peuvent être celle-là", body = ErrorBody<'_>),
        NotFoundError, Errors, BodyErrors
    )
)]
async fn search(call: Call<'_>, caller: &Caller) -> Answered {
    let answer = search::search(call.context, &read(&call)?).await;
    tell(&call, caller, answer).await
}

/// Demande d'un INE
#[utoipa::path(
    post, path = "/api-ines-etudiants/immatriculation", tag = "ajouts", operation_id = "immatriculation", security(("jeton" = ["immatriculation"])),
    request_body(content = Immatriculation, description = "La même `reference` du même client est la même demande : elle reçoit la même réponse, et ce qui attend est réexaminé"),
    responses(
        (status = 200, description = "L'INE, retrouvé ou attribué ; ou `REFUSÉ`", body = Request),
        (status = 202, description = "Des personnes ressemblent : quelqu'un doit en décider", body = Request),
        (status = 422, description = "La référence a déjà servi pour une autre identité", body = ErrorBody<'_>),
        Errors, BodyErrors
    )
)]
async fn immatriculate(call: Call<'_>, caller: &Caller) -> Answered {
    let answer =
        immatriculation::ask(call.context, caller, &read(&call)?, call.request_context.now).await;
    tell(&call, caller, answer).await
}

/// Suivi d'une demande
#[utoipa::path(
    get, path = "/api-ines-etudiants/demandes/{id}", tag = "ajouts", operation_id = "demande", security(("jeton" = ["immatriculation"]), ("jeton" = ["gestion"])),
    params(("id" = String, Path, description = "`idDemande`")),
    responses(
        (status = 200, description = "Où en est la demande ; pour les agents, à qui elle ressemble", body = RequestDetail),
        NotFoundError, Errors
    )
)]
async fn read_request(call: Call<'_>, caller: &Caller) -> Answered {
    let answer = requests::read(call.context, caller, call.id).await;
    tell(&call, caller, answer).await
}

/// Demandes qui attendent une décision
#[utoipa::path(
    get, path = "/api-ines-etudiants/demandes", tag = "gestion", operation_id = "demandes", security(("jeton" = ["gestion"])),
    params(
        ("etat" = String, Query, description = "`EN_ATTENTE`", pattern = "^EN_ATTENTE$", example = "EN_ATTENTE"),
        ("apres" = Option<String>, Query, description = "La valeur de `suivant` de la page précédente")
    ),
    responses(
        (status = 200, description = "Les plus anciennes d'abord, 50 par page", body = PendingRequests),
        (status = 400, description = "Un paramètre mal formé", body = ErrorBody<'_>),
        Errors
    )
)]
async fn list_requests(call: Call<'_>, caller: &Caller) -> Answered {
    let answer = requests::list(call.context, call.request).await;
    tell(&call, caller, answer).await
}

/// Décision d'une demande
#[utoipa::path(
    post, path = "/api-ines-etudiants/demandes/{id}/decision", tag = "gestion", operation_id = "decision", security(("jeton" = ["gestion"])),
    params(("id" = String, Path, description = "`idDemande`")),
    request_body = RequestDecision,
    responses(
        (status = 200, description = "La demande, décidée", body = Request),
        (status = 409, description = "Déjà décidée autrement, ou une autre personne ressemble désormais", body = ErrorBody<'_>),
        (status = 422, description = "L'INE n'est pas celui d'une ressemblance", body = ErrorBody<'_>),
        NotFoundError, Errors, BodyErrors
    )
)]
async fn decide(call: Call<'_>, caller: &Caller) -> Answered {
    let answer =
        decision::decide(call.context, caller, call.id, &read(&call)?, call.request_context.now)
            .await;
    tell(&call, caller, answer).await
}

/// Rattachement d'un INE à un INE maître
#[utoipa::path(
    post, path = "/api-ines-etudiants/rattachements", tag = "gestion", operation_id = "rattachement", security(("jeton" = ["gestion"])),
    request_body = Attachment,
    responses(
        (status = 200, description = "Les deux INE sont d'une même personne", body = Attachment),
        (status = 409, description = "Le rattachement est impossible", body = ErrorBody<'_>),
        NotFoundError, Errors, BodyErrors
    )
)]
async fn attach(call: Call<'_>, caller: &Caller) -> Answered {
    let answer = attachments::attach(call.context, &read(&call)?).await;
    tell(&call, caller, answer).await
}

/// Détachement d'un INE
#[utoipa::path(
    post, path = "/api-ines-etudiants/detachements", tag = "gestion", operation_id = "detachement", security(("jeton" = ["gestion"])),
    request_body = Detachment,
    responses(
        (status = 200, description = "L'INE ne tient plus lieu que de lui-même", body = Detachment),
        NotFoundError, Errors, BodyErrors
    )
)]
async fn detach(call: Call<'_>, caller: &Caller) -> Answered {
    let answer = attachments::detach(call.context, &read(&call)?).await;
    tell(&call, caller, answer).await
}

/// Cette documentation
#[utoipa::path(
    get, path = "/openapi.json", tag = "public", operation_id = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
async fn openapi_json(_: Call<'_>) -> Answered {
    Ok(public(DOCUMENT.to_owned()).into())
}

/// Sonde
#[utoipa::path(
    get, path = "/ping", tag = "public", operation_id = "ping",
    responses((status = 200, description = "`\"pong\"`", body = String, content_type = "application/json"))
)]
async fn ping(_: Call<'_>) -> Answered {
    Ok(public("\"pong\"".to_owned()).into())
}

/// The body of a request, as what it should be.
fn read<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, ApiError> {
    let wrong = Refusal::Invalid("le corps de la requête n'est pas celui qui est attendu");
    // What serde says would quote the body.
    serde_json::from_slice(call.json()?).map_err(|_| wrong.into())
}

/// Tells an answer once its trace is written. When that can't be, the caller asks again, and is
/// answered the same.
async fn tell(call: &Call<'_>, caller: &Caller, answer: Result<InesAnswer, ApiError>) -> Answered {
    let traced = match &answer {
        Ok(answer) => Some((answer.about.subject(), answer.outcome)),
        Err(error @ ApiError::Refused(refusal)) if refusal.tells() => {
            Some((Subject::Nobody, error.name()))
        }
        Err(_) => None,
    };
    if let Some((subject, outcome)) = traced {
        let question = InesQuestion {
            uid: &call.request_context.uid,
            at: call.request_context.now,
            client: &caller.client_id,
            route: call.request_context.route,
            channel: caller.channel.as_deref(),
            depositor: caller.depositor,
        };
        call.context.trace.write(&question, subject, outcome).await?;
    }
    let InesAnswer { status, body, outcome, .. } = answer?;
    Ok(Reply { response: json_text(status, body), outcome: Some(outcome) })
}
