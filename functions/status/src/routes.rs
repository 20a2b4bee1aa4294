//! Every route, declared once: who may call it and what it reads in the table, the rest at its
//! handler.

use lambda_http::http::StatusCode;
use shared::access::route::Route;
use shared::api::reply::{self, json};
use shared::api::route;
use shared::contract::student_status::{EtatCivil, StudentStatus};
use shared::contract::v3::answer::DirectAnswer;
use shared::contract::v3::batch::{BatchAnswer, BatchRequest};
use shared::contract::v3::coverage::CoverageAnswer;
use shared::contract::v3::error::ErrorList;
use shared::contract::v3::introspection::Introspection;
use shared::routes;

use crate::caller::{Access, Caller};
use crate::context::Context;
use crate::openapi::{
    BodyErrors, DOCUMENT, DirectErrors, FranceConnectErrors, PublicErrors, UpstreamErrors,
};
use crate::question::Asked;
use crate::{batch, consultation, public};

type Answered = route::Answered<Context>;
type Call<'a> = route::Call<'a, Context>;

/// A look-up's body has some 150 bytes.
const LARGEST_BODY: usize = 16 * 1024;
/// A hundred civil identities have some 25 KB.
const LARGEST_BATCH: usize = 128 * 1024;

routes! { Context;
    Route::StatusByIne.name() => by_ine, by(Access::Asking(Route::StatusByIne)), body 0;
    Route::StatusByIdentity.name() => by_identity, by(Access::Asking(Route::StatusByIdentity)), body LARGEST_BODY;
    Route::DirectByIne.name() => direct_by_ine, by(Access::Asking(Route::DirectByIne)), body 0;
    Route::DirectByIdentity.name() => direct_by_identity, by(Access::Asking(Route::DirectByIdentity)), body 0;
    Route::FranceConnect.name() => france_connect, by(Access::Asking(Route::FranceConnect)), body 0;
    Route::Batch.name() => batch, by(Access::Asking(Route::Batch)), body LARGEST_BATCH;
    "coverage" => coverage, public, body 0;
    "introspect" => introspect, by(Access::Holding), body 0;
    "france_connect_jwks" => encryption_keys, public, body 0;
    "openapi" => openapi_json, public, body 0;
    "ping" => ping, public, body 0;
}

/// Statut par INE
#[utoipa::path(
    get, path = "/api/etudiant", tag = "amont", operation_id = "statutParIne", security(("cle" = [])),
    params(
        ("INE" = String, Query, description = "L'INE, en majuscules ou non. Le nom du paramètre est en majuscules", min_length = 1, example = "0AYIOP071Y8"),
        ("X-Caller" = Option<String>, Header, description = "Pour le compte de qui un client relais demande")
    ),
    responses((status = 200, description = "L'étudiant et ses inscriptions", body = StudentStatus<'_>), UpstreamErrors)
)]
async fn by_ine(call: Call<'_>, caller: &Caller) -> Answered {
    let asked = Asked::read(call.request, &[], Route::StatusByIne, caller)?;
    Ok(consultation::answer(call.context, caller, Route::StatusByIne, asked, call.request_context)
        .await?
        .into())
}

/// Statut par état civil
#[utoipa::path(
    post, path = "/api/etudiant", tag = "amont", operation_id = "statutParEtatCivil", security(("cle" = [])),
    params(("X-Caller" = Option<String>, Header, description = "Pour le compte de qui un client relais demande")),
    request_body = EtatCivil,
    responses((status = 200, description = "L'étudiant, sans son INE, et ses inscriptions", body = StudentStatus<'_>), UpstreamErrors)
)]
async fn by_identity(call: Call<'_>, caller: &Caller) -> Answered {
    // The contract's own client said `application/x-www-form-urlencoded` over its JSON, and now
    // says nothing.
    let asked = Asked::read(call.request, call.bytes()?, Route::StatusByIdentity, caller)?;
    Ok(consultation::answer(
        call.context,
        caller,
        Route::StatusByIdentity,
        asked,
        call.request_context,
    )
    .await?
    .into())
}

/// Statut par INE
#[utoipa::path(
    get, path = "/v3/mesri/statut_etudiant/ine", tag = "direct", operation_id = "directParIne", security(("jeton" = [])),
    params(
        ("ine" = String, Query, description = "L'INE", min_length = 1, example = "0AYIOP071Y8"),
        ("recipient" = String, Query, description = "Le SIRET de l'administration destinataire", min_length = 1, example = "13002526500013")
    ),
    responses((status = 200, description = "Ce que les droits permettent de dire", body = DirectAnswer<'_>), DirectErrors)
)]
async fn direct_by_ine(call: Call<'_>, caller: &Caller) -> Answered {
    let asked = Asked::read(call.request, &[], Route::DirectByIne, caller)?;
    Ok(consultation::answer(call.context, caller, Route::DirectByIne, asked, call.request_context)
        .await?
        .into())
}

/// Statut par état civil
#[utoipa::path(
    get, path = "/v3/mesri/statut_etudiant/identite", tag = "direct", operation_id = "directParIdentite", security(("jeton" = [])),
    params(
        ("nomNaissance" = String, Query, description = "Le nom de naissance", min_length = 1),
        ("prenoms[]" = Vec<String>, Query, description = "Le premier prénom ; les suivants ne sont pas regardés", min_items = 1),
        ("anneeDateNaissance" = u32, Query, description = "L'année de naissance", minimum = 1),
        ("moisDateNaissance" = u8, Query, description = "Le mois de naissance", minimum = 1, maximum = 12),
        ("jourDateNaissance" = u8, Query, description = "Le jour de naissance", minimum = 1, maximum = 31),
        ("sexeEtatCivil" = String, Query, description = "M ou F", pattern = "^[MFmf]$"),
        ("codeCogInseeCommuneNaissance" = Option<String>, Query, description = "Le code COG de la commune (ou du pays) de naissance, et non un code postal", pattern = "^([013-9][0-9]|2[AB1-9])[0-9]{3}$"),
        ("nomCommuneNaissance" = Option<String>, Query, description = "À défaut du code : le nom de la commune de naissance"),
        ("codeCogInseeDepartementNaissance" = Option<String>, Query, description = "Avec le nom : le département de naissance", example = "44"),
        ("recipient" = String, Query, description = "Le SIRET de l'administration destinataire", min_length = 1, example = "13002526500013")
    ),
    responses((status = 200, description = "Ce que les droits permettent de dire", body = DirectAnswer<'_>), DirectErrors)
)]
async fn direct_by_identity(call: Call<'_>, caller: &Caller) -> Answered {
    let asked = Asked::read(call.request, &[], Route::DirectByIdentity, caller)?;
    Ok(consultation::answer(
        call.context,
        caller,
        Route::DirectByIdentity,
        asked,
        call.request_context,
    )
    .await?
    .into())
}

/// Statut de la personne connectée par FranceConnect
#[utoipa::path(
    get, path = "/v3/mesri/statut_etudiant/france_connect", tag = "direct", operation_id = "directParFranceConnect",
    security(("france_connect" = [])),
    params(("recipient" = String, Query, description = "Le SIRET de l'administration destinataire", min_length = 1, example = "13002526500013")),
    responses((status = 200, description = "Ce que les droits permettent de dire, sans l'identité", body = DirectAnswer<'_>), DirectErrors, FranceConnectErrors)
)]
async fn france_connect(call: Call<'_>, caller: &Caller) -> Answered {
    let asked = Asked::read(call.request, &[], Route::FranceConnect, caller)?;
    Ok(consultation::answer(
        call.context,
        caller,
        Route::FranceConnect,
        asked,
        call.request_context,
    )
    .await?
    .into())
}

/// Statut d'au plus cent personnes
#[utoipa::path(
    post, path = "/v3/mesri/statut_etudiant/lot", tag = "direct", operation_id = "directParLot", security(("jeton" = [])),
    params(("recipient" = String, Query, description = "Le SIRET de l'administration destinataire", min_length = 1, example = "13002526500013")),
    request_body = BatchRequest,
    responses((status = 200, description = "Une ligne de réponse par demande, dans leur ordre", body = BatchAnswer<'_>), DirectErrors, BodyErrors)
)]
async fn batch(call: Call<'_>, caller: &Caller) -> Answered {
    let (recipient, lines) = batch::read(call.request, call.json())?;
    Ok(batch::answer(call.context, caller, recipient, &lines, call.request_context).await?.into())
}

/// Dernière alimentation de chaque établissement
#[utoipa::path(
    get, path = "/v3/mesri/statut_etudiant/couverture", tag = "public", operation_id = "couverture",
    params(
        ("uai" = Option<String>, Query, description = "Un seul établissement", pattern = "^[0-9]{7}[A-Z]$"),
        ("apres" = Option<String>, Query, description = "La suite d'une page : voir `links.suivant`", pattern = "^[0-9]{7}[A-Z]$"),
        ("limite" = Option<u16>, Query, description = "Établissements par page, 100 par défaut", minimum = 1, maximum = 500)
    ),
    responses(
        (status = 200, description = "Les établissements", body = CoverageAnswer),
        (status = 422, description = "Un paramètre mal formé", body = ErrorList),
        PublicErrors
    )
)]
async fn coverage(call: Call<'_>) -> Answered {
    Ok(public::coverage(call.context, call.request).await?.into())
}

/// Nom et droits du porteur
#[utoipa::path(
    get, path = "/api/introspect", tag = "direct", operation_id = "introspect", security(("jeton" = []), ("cle" = [])),
    responses(
        (status = 200, description = "Le porteur", body = Introspection<'_>),
        (status = 401, description = "Jeton inconnu, expiré ou révoqué", body = ErrorList),
        PublicErrors
    )
)]
async fn introspect(_: Call<'_>, holder: &Caller) -> Answered {
    Ok(json(StatusCode::OK, &Introspection::of(&holder.client, holder.scopes)).into())
}

/// Clés publiques de chiffrement, pour FranceConnect
#[utoipa::path(
    get, path = "/api/france_connect_jwks", tag = "public", operation_id = "clesDeChiffrement",
    responses((status = 200, description = "Un ensemble de clés (RFC 7517)", body = serde_json::Value), PublicErrors)
)]
async fn encryption_keys(call: Call<'_>) -> Answered {
    Ok(public::encryption_keys(call.context).await?.into())
}

/// Cette documentation
#[utoipa::path(
    get, path = "/openapi.json", tag = "public", operation_id = "documentation",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value), PublicErrors)
)]
async fn openapi_json(_: Call<'_>) -> Answered {
    Ok(reply::public(DOCUMENT.to_owned()).into())
}

/// Sonde
#[utoipa::path(
    get, path = "/ping", tag = "public", operation_id = "ping",
    responses((status = 200, description = "`\"pong\"`", body = String, content_type = "application/json"), PublicErrors)
)]
async fn ping(_: Call<'_>) -> Answered {
    Ok(json(StatusCode::OK, &"pong").into())
}
