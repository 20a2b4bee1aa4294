//! A copy of all that is held of a student, at once, for whoever is found without doubt (RGPD,
//! articles 15 and 20).

use std::collections::BTreeMap;

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Response};
use serde::Serialize;
use shared::api::reply::set_header;
use shared::audit::Action;
use shared::identity::student::PublishedAnswer;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::accesses::{self, Row};
use crate::own::found::oneself;
use crate::own::known::{Said, said};
use crate::own::page::unknown;
use crate::own::rights::{Asked, asked};
use crate::own::told::{Group, by_establishment};
use crate::refusal::{ApiError, Refusal};
use crate::session::Visitor;
use crate::words::{hour, purpose_title};

/// Consultations of each subject at most. A copy that lacks some says so.
const MOST_CONSULTATIONS: i32 = 1_000;
/// What the copy has, for its trace.
const FIELDS: [&str; 4] = ["identite", "ine", "inscriptions", "consultations"];

/// The copy. Its names are those that a person reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Copy {
    fait_le: String,
    nom: String,
    prenom: String,
    date_naissance: String,
    ine: Option<String>,
    /// What would be told, today or at another date.
    inscriptions: Vec<Group>,
    declarations: Vec<Declared>,
    consultations_depuis: String,
    consultations_completes: bool,
    consultations: Vec<Row>,
    partages: Vec<Shared>,
    demandes: Vec<Asked>,
}

#[derive(Serialize)]
struct Declared {
    etablissement: String,
    periode: String,
    statut: &'static str,
    valeurs: BTreeMap<&'static str, String>,
    verification: &'static str,
}

#[derive(Serialize)]
struct Shared {
    usage: &'static str,
    depuis: String,
    jusqu: String,
}

/// Gives the copy, once it is traced.
pub(crate) async fn give(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let told = (Action::Exported, &FIELDS[..]);
    let enrolments = |answer: &PublishedAnswer| answer.inscriptions.len();
    let found = oneself(context, visitor, request_context, told, enrolments).await?;
    let Some(answer) = found else { return Ok(unknown(context, visitor)) };
    let copy = copy(context, visitor, &answer, request_context).await?;
    let text = serde_json::to_vec_pretty(&copy).map_err(|_| Refusal::NotFound)?;
    let mut response = Response::new(Body::Binary(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set_header(
        &mut response,
        "content-disposition",
        "attachment; filename=\"mes-donnees-statut-etudiant.json\"",
    );
    Ok(response)
}

async fn copy(
    context: &Context,
    visitor: &Visitor,
    answer: &PublishedAnswer,
    request_context: &RequestContext,
) -> Result<Copy, ApiError> {
    let (own, now) = (context.own()?, request_context.now);
    let owner = &visitor.student()?.session.owner;
    let student = context.statements.students.get(answer.student).await?;
    let traces = accesses::of_student(context, answer.student, None, MOST_CONSULTATIONS).await?;
    // As many as that of one subject may be all, or a part: it is said to be a part.
    let complete = traces.len() < usize::try_from(MOST_CONSULTATIONS).unwrap_or(usize::MAX);
    let shares = own.shares.of(owner, now).await?;
    let declared = |one: Said| Declared {
        etablissement: one.establishment,
        periode: one.period,
        statut: one.statut,
        valeurs: one.values.into_iter().collect(),
        verification: one.verification,
    };
    let requests = context.requests.of_owner(owner).await?;
    Ok(Copy {
        fait_le: hour(now),
        nom: answer.nom_famille.expose().to_owned(),
        prenom: answer.prenom.expose().to_owned(),
        date_naissance: answer.date_naissance.expose(),
        ine: student.as_ref().and_then(|student| Some(student.primary()?.expose().to_owned())),
        inscriptions: by_establishment(&answer.inscriptions),
        declarations: student
            .as_ref()
            .map(said)
            .unwrap_or_default()
            .into_iter()
            .map(declared)
            .collect(),
        consultations_depuis: accesses::since(own, now),
        consultations_completes: complete,
        consultations: accesses::rows(context, &traces).await?,
        partages: shares
            .into_iter()
            .map(|share| Shared {
                usage: purpose_title(share.purpose),
                depuis: hour(share.since),
                jusqu: hour(share.until),
            })
            .collect(),
        demandes: requests.iter().map(|request| asked(request, now)).collect(),
    })
}
