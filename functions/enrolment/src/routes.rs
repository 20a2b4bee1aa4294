//! Every route, declared once: who may call it and what it reads in the table, the rest at its
//! handler.

use lambda_http::http::StatusCode;
use shared::access::route::Route;
use shared::api::reply::{json_text, public, set_header};
use shared::api::route::{self, Reply};
use shared::contract::deposit::{
    ColumnsRequest, Confirmation, ConfirmationRequest, DepositForm, DepositRequest, DepositStatus,
    SaidColumns, Wish,
};
use shared::contract::enrolment::{
    BatchAnswer, Created, EnrolmentBody, EnrolmentRequest, Existing, PairNotFound,
    message as sentences,
};
use shared::contract::error::ErrorBody;
use shared::contract::finding::Findings;
use shared::contract::quality::Quality;
use shared::registry::idempotency::Answered as Stored;
use shared::routes;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::EnrolmentAnswer;
use crate::openapi::{BodyErrors, DOCUMENT, Errors, OnceErrors, UnknownError};
use crate::refusal::{Refusal, not_an_object};
use crate::{batch, deposits, existing, quality, single};

type Answered = route::Answered<Context>;
type Call<'a> = route::Call<'a, Context>;

/// A body has some 300 bytes.
const LARGEST_BODY: usize = 16 * 1024;
/// Five hundred enrolments have some 150 KB; the answer is as large, and has to fit into an item
/// that keeps it.
const LARGEST_BATCH: usize = 512 * 1024;
/// As many labels as a header may have.
const LARGEST_COLUMNS: usize = 64 * 1024;
/// A wish has some 80 bytes.
const LARGEST_WISH: usize = 4 * 1024;

routes! { Context;
    "enrolment" => tell, by(Route::Enrolment), body LARGEST_BODY;
    "enrolment_batch" => tell_batch, by(Route::Enrolment), body LARGEST_BATCH;
    "enrolment_read" => read, by(Route::Enrolment), body 0;
    "enrolment_cancel" => cancel, by(Route::Enrolment), body 0;
    "deposit" => open_deposit, by(Route::Deposit), body LARGEST_WISH;
    "deposit_status" => follow_deposit, by(Route::Deposit), body 0;
    "deposit_confirmation" => confirm_deposit, by(Route::Deposit), body LARGEST_WISH;
    "deposit_columns" => call_columns, by(Route::Deposit), body LARGEST_COLUMNS;
    "deposit_findings" => findings, by(Route::Deposit), body 0;
    "quality" => tell_quality, by(Route::Deposit), body 0;
    "enrolment_openapi" => openapi_json, public, body 0;
}

/// Insertion unitaire d'une inscription
#[utoipa::path(
    post, path = "/api/inscription", tag = "contrat", operation_id = "inscription", security(("cle" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Ajout : la même clé avec le même corps reçoit pendant 24 heures la même réponse, sans effet nouveau", min_length = 1, max_length = 255)),
    request_body = EnrolmentRequest,
    responses(
        (status = 200, description = "L'inscription est enregistrée ; elle est publiée quelques secondes plus tard", body = Created<'_>),
        (status = 404, description = "Étudiant ou établissement introuvable : `details.parameter` est le couple [ine, dateNaissance]", body = PairNotFound<'_>),
        Errors, BodyErrors, OnceErrors
    )
)]
async fn tell(call: Call<'_>, caller: &Caller) -> Answered {
    let body = EnrolmentBody::parse(call.json()?).ok_or_else(not_an_object)?;
    single::tell(call.context, caller, call.request, &body, call.request_context).await.map(reply)
}

/// Insertion d'au plus 500 inscriptions
#[utoipa::path(
    post, path = "/api/inscription/lot", tag = "inscriptions", operation_id = "lot", security(("cle" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "La même clé avec le même corps reçoit pendant 24 heures la même réponse, sans effet nouveau", min_length = 1, max_length = 255)),
    request_body(content = Vec<EnrolmentRequest>, description = "De 1 à 500 inscriptions ; chacune compte dans le quota"),
    responses(
        (status = 200, description = "Un résultat par inscription, dans leur ordre, avec le code et le corps qu'elle aurait reçus seule : certains peuvent être des erreurs, dont 429 pour un couple qui n'est pas vérifié aujourd'hui (l'`Idempotency-Key` peut alors resservir)", body = BatchAnswer<'_>),
        Errors, BodyErrors, OnceErrors
    )
)]
async fn tell_batch(call: Call<'_>, caller: &Caller) -> Answered {
    let bodies = EnrolmentBody::parse_batch(call.json()?)
        .ok_or_else(|| Refusal::Invalid(sentences::NOT_A_BATCH.to_owned()))?;
    batch::tell(call.context, caller, call.request, &bodies, call.request_context).await.map(reply)
}

/// Relecture d'une inscription
#[utoipa::path(
    get, path = "/api/inscription/{id}", tag = "inscriptions", operation_id = "relecture", security(("cle" = [])),
    params(("id" = String, Path, description = "`id_inscription`")),
    responses((status = 200, description = "Ce que l'établissement a dit en dernier, et où en est l'inscription", body = Existing<'_>), UnknownError, Errors)
)]
async fn read(call: Call<'_>, caller: &Caller) -> Answered {
    let Call { context, request_context, id, .. } = call;
    Ok(existing::read(context, caller, id, request_context).await?.into())
}

/// Annulation d'une inscription
#[utoipa::path(
    delete, path = "/api/inscription/{id}", tag = "inscriptions", operation_id = "annulation", security(("cle" = [])),
    params(("id" = String, Path, description = "`id_inscription`")),
    responses(
        (status = 200, description = "L'inscription est annulée, ou l'était déjà", body = Existing<'_>),
        (status = 409, description = "Une déclaration plus récente existe", body = ErrorBody<'_>),
        UnknownError, Errors
    )
)]
async fn cancel(call: Call<'_>, caller: &Caller) -> Answered {
    let Call { context, request_context, id, .. } = call;
    Ok(existing::cancel(context, caller, id, request_context).await?.into())
}

/// Formulaire de dépôt d'un fichier
#[utoipa::path(
    post, path = "/api/depots", tag = "depots", operation_id = "depot", security(("cle" = [])),
    request_body(content = Option<DepositRequest>, description = "Sans corps : un delta de l'établissement de la clé"),
    responses(
        (status = 201, description = "Le formulaire à poster, en `multipart/form-data`, le fichier en dernier sous le nom `file`", body = DepositForm),
        UnknownError, Errors, BodyErrors
    )
)]
async fn open_deposit(call: Call<'_>, caller: &Caller) -> Answered {
    let wish = Wish::parse(call.json()?).map_err(|error| Refusal::Invalid(error.to_string()))?;
    Ok(deposits::open(call.context, caller, &wish, call.request_context).await?.into())
}

/// Suivi d'un dépôt
#[utoipa::path(
    get, path = "/api/depots/{id}", tag = "depots", operation_id = "suivi", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant du dépôt")),
    responses((status = 200, description = "Où en est l'import, et où est son rapport", body = DepositStatus), UnknownError, Errors)
)]
async fn follow_deposit(call: Call<'_>, caller: &Caller) -> Answered {
    let Call { context, request_context, id, .. } = call;
    Ok(deposits::follow(context, caller, id, request_context).await?.into())
}

/// Confirmation d'un essai
#[utoipa::path(
    post, path = "/api/depots/{id}/confirmation", tag = "depots", operation_id = "confirmation", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant du dépôt")),
    request_body = ConfirmationRequest,
    responses(
        (status = 202, description = "Le fichier déposé à l'essai est importé pour de bon, sans être redéposé. Répétée, la même confirmation n'en fait qu'un import", body = DepositStatus),
        (status = 409, description = "L'essai n'est pas terminé, a échoué, ou n'est plus le dernier import du dépôt : `details.parameter` dit lequel", body = ErrorBody<'_>),
        UnknownError, Errors, BodyErrors
    )
)]
async fn confirm_deposit(call: Call<'_>, caller: &Caller) -> Answered {
    let confirmation =
        Confirmation::parse(call.json()?).map_err(|error| Refusal::Invalid(error.to_string()))?;
    let Call { context, request_context, id, .. } = call;
    Ok(deposits::confirm(context, caller, id, confirmation, request_context).await?.into())
}

/// Colonnes d'un dépôt
#[utoipa::path(
    post, path = "/api/depots/{id}/colonnes", tag = "depots", operation_id = "colonnes", security(("cle" = [])),
    params(("id" = String, Path, description = "L'identifiant du dépôt")),
    request_body = ColumnsRequest,
    responses(
        (status = 202, description = "L'essai est refait avec ces colonnes, qui valent aussi pour les fichiers suivants de l'établissement. NDJSON, dont chaque ligne nomme ses valeurs, n'en tient pas compte", body = DepositStatus),
        (status = 409, description = "L'essai n'est pas terminé, ou n'est plus le dernier import du dépôt : `details.parameter` dit lequel", body = ErrorBody<'_>),
        UnknownError, Errors, BodyErrors
    )
)]
async fn call_columns(call: Call<'_>, caller: &Caller) -> Answered {
    let said =
        SaidColumns::parse(call.json()?).map_err(|error| Refusal::Invalid(error.to_string()))?;
    let Call { context, request_context, id, .. } = call;
    Ok(deposits::call_columns(context, caller, id, &said, request_context).await?.into())
}

/// Identité des lignes d'un dépôt
#[utoipa::path(
    get, path = "/api/depots/{id}/identites", tag = "depots", operation_id = "identites", security(("cle" = [])),
    params(
        ("id" = String, Path, description = "L'identifiant du dépôt"),
        ("apres" = Option<String>, Query, description = "`suivant` de la page précédente, tel quel")
    ),
    responses(
        (status = 200, description = "Ce qui a été constaté de l'identité des lignes : quelques secondes après la fin de l'import, ou plus tard pour celles dont quelqu'un décide. Au plus 500 constats par page", body = Findings<'_>),
        (status = 400, description = "`apres` n'est pas une valeur de `suivant`", body = ErrorBody<'_>),
        UnknownError, Errors
    )
)]
async fn findings(call: Call<'_>, caller: &Caller) -> Answered {
    let Call { context, request, request_context, id, .. } = call;
    Ok(deposits::findings(context, caller, id, request, request_context).await?.into())
}

/// Qualité de ce que l'établissement envoie
#[utoipa::path(
    get, path = "/api/qualite", tag = "qualite", operation_id = "qualite", security(("cle" = [])),
    responses(
        (status = 200, description = "Fraîcheur, rejets par règle, complétude, délais et identités, comptés la nuit dernière pour l'établissement de la clé : des nombres, et personne", body = Quality),
        (status = 404, description = "Rien n'a encore été compté", body = ErrorBody<'_>),
        Errors
    )
)]
async fn tell_quality(call: Call<'_>, caller: &Caller) -> Answered {
    let Call { context, request_context, .. } = call;
    Ok(quality::own(context, caller, request_context).await?.into())
}

/// Cette documentation
#[utoipa::path(
    get, path = "/api/inscription/openapi.json", tag = "public", operation_id = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
async fn openapi_json(_: Call<'_>) -> Answered {
    Ok(public(DOCUMENT.to_owned()).into())
}

/// What a statement is answered, now or again.
fn reply(answer: EnrolmentAnswer) -> Reply {
    let (outcome, Stored { code, body }) = match answer {
        EnrolmentAnswer::Done(answered) => (None, answered),
        EnrolmentAnswer::Replayed(answered) => (Some("replayed"), answered),
    };
    let mut response = json_text(StatusCode::from_u16(code).unwrap_or(StatusCode::OK), body);
    if outcome.is_some() {
        set_header(&mut response, "idempotent-replayed", true);
    }
    Reply { response, outcome }
}
