//! A student makes an attestation, sees which are live, and revokes one.
//!
//! What it says is never kept: an attestation is shown once, and the table knows an index of the
//! status list. It is traced, then noted, then signed: a crash in between leaves one in the list that
//! nobody has, to be revoked.

use askama::Template;
use attestation::picture::Picture;
use attestation::{Claims, StatusReference, Unsigned};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::audit::Action;
use shared::auth::oidc::random;
use shared::domain::academic_year::{day_in_france, in_france};
use shared::domain::enrolment::Enrolment;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::identity::student::{PublishedAnswer, StudentId};
use shared::registry::StoreError;
use shared::registry::attestations::{Listed, MOST_LIVE, Made};

use crate::attesting::published::list_address;
use crate::attesting::random_index;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::Own;
use crate::own::found::{Told, find, trace};
use crate::refusal::{ApiError, Refusal};
use crate::session::{Visitor, field, is_first_time};
use crate::view::{View, page, see_other};
use crate::words::{count, date, hour};

/// Where the page is.
const PATH: &str = "/mon-espace/attestations";
/// What an attestation tells, for its trace.
const FIELDS: [&str; 6] =
    ["nomFamille", "prenom", "dateNaissance", "etablissement", "statut", "dateFinInscription"];
/// What the list of establishments tells, for its trace.
const CHOICE: [&str; 1] = ["etablissement"];

/// What the form says that has done nothing.
const SENT_TWICE: &str = "Ce formulaire a déjà servi, et une attestation n'est montrée qu'une fois. Si vous n'avez pas pu la garder, révoquez-la et créez-en une autre.";
const TOO_MANY: &str = "Dix attestations sont en cours : révoquez celles qui ne servent plus avant d'en créer une autre.";
const NOTHING_TO_SAY: &str = "Aucune inscription en cours n'est communiquée de vous pour cet établissement aujourd'hui, ou votre dossier n'a pas été trouvé sans doute possible : il n'y a rien à attester.";

#[derive(Template)]
#[template(path = "own/attestations.html")]
struct AttestationsPage {
    view: View,
    /// The number of the form, by which it makes one attestation.
    form: String,
    days: u16,
    /// Number and name of each establishment that may be attested.
    establishments: Vec<(Uai, String)>,
    attestations: Vec<Row>,
    error: Option<&'static str>,
}

/// A live attestation.
struct Row {
    index: u32,
    number: String,
    since: String,
    until: String,
}

#[derive(Template)]
#[template(path = "own/attestation_made.html")]
struct MadePage {
    view: View,
    number: String,
    person: String,
    birth: String,
    establishment: String,
    statut: String,
    ends: String,
    until: String,
    /// The squares of the QR, and how many are on a side.
    path: String,
    side: usize,
    /// What the QR holds.
    text: String,
    verifier: String,
}

/// Shows what is live, and what may be attested. Whoever isn't found any more still revokes what they
/// made.
pub(crate) async fn show(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    list(context, visitor, request_context, None).await
}

/// Does what one of the page's forms says.
///
/// Sent twice, an attestation is made once, and one that was revoked stays so.
pub(crate) async fn change(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    match field(sent, "faire").as_deref() {
        Some("creer") => make(context, sent, visitor, request_context).await,
        Some("revoquer") => {
            let index = field(sent, "attestation").and_then(|index| index.parse().ok());
            revoke(context, index.ok_or(Refusal::NotFound)?, visitor, request_context).await?;
            Ok(see_other(&context.address.url(PATH)))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

async fn make(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (own, student, now) = (context.own()?, visitor.student()?, request_context.now);
    let attesting = &own.attesting;
    let refused = async |error| list(context, visitor, request_context, Some(error)).await;
    let uai = field(sent, "etablissement").and_then(|uai| Uai::parse(&uai).ok());
    let found = find(context, own, &student.identity).await?;
    let attested = found.zip(uai).and_then(|(answer, uai)| {
        let enrolment =
            attestable(&answer, now).filter(|one| one.uai == uai).max_by_key(|one| weight(one));
        enrolment.cloned().map(|enrolment| (answer, enrolment))
    });
    let Some((answer, enrolment)) = attested else { return refused(NOTHING_TO_SAY).await };
    let key = attesting.signer.key().await?.id();
    let owner = &student.session.owner;
    if attesting.store.of(owner, now).await?.len() >= MOST_LIVE {
        return refused(TOO_MANY).await;
    }
    if !is_first_time(context, visitor, sent).await? {
        return refused(SENT_TWICE).await;
    }
    note(context, request_context, answer.student, Action::Attested, &FIELDS).await?;
    let until = end(&enrolment, attesting.days, now).ok_or(Refusal::NotFound)?;
    let made = match attesting.store.make(owner, until, now, random_index).await? {
        Made::Yes(made) => made,
        Made::TooMany => return refused(TOO_MANY).await,
    };
    let claims = claims(context, &answer, &enrolment, &made).ok_or(Refusal::NotFound)?;
    let unsigned = Unsigned::new(&claims, key);
    let signature = attesting.signer.sign(&unsigned.message()).await?;
    let text = unsigned.signed(&signature).map_err(|_| StoreError::shape("attestation"))?;
    let picture = Picture::of(&text).map_err(|_| StoreError::shape("attestation"))?;
    let view = View::new(context, "/mon-espace", "Votre attestation", visitor);
    let template = MadePage {
        view: view.clone(),
        number: count(made.index.into()),
        person: format!("{} {}", claims.prenom, claims.nom_famille),
        birth: date(claims.date_naissance),
        establishment: claims.etablissement,
        statut: claims.statut,
        ends: date(claims.date_fin_inscription),
        until: hour(until),
        path: picture.path(),
        side: picture.side(),
        text,
        verifier: context.address.url("/attestation/verifier"),
    };
    Ok(page(context, &view, &template))
}

/// The enrolments that may be attested: what is told today, and has begun. One that begins later would
/// be read as one of today.
fn attestable(answer: &PublishedAnswer, now: Timestamp) -> impl Iterator<Item = &Enrolment> {
    let today = day_in_france(now);
    answer.inscriptions.iter().filter(move |one| one.is_current(today, 0))
}

/// Of several at one establishment, one whose fees are paid counts before one that is only accepted,
/// then the one that ends last.
fn weight(enrolment: &Enrolment) -> (bool, Date) {
    (enrolment.statut == Status::Inscrit, enrolment.date_fin)
}

/// Until when an attestation lasts: so many days, and not beyond the last day of the enrolment.
fn end(enrolment: &Enrolment, days: u16, now: Timestamp) -> Option<Timestamp> {
    let over = in_france(enrolment.date_fin.tomorrow().ok()?.into())?;
    let lasts = now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
    Timestamp::from_second(over.min(lasts).as_second()).ok()
}

fn claims(
    context: &Context,
    answer: &PublishedAnswer,
    enrolment: &Enrolment,
    made: &Listed,
) -> Option<Claims> {
    Some(Claims {
        nom_famille: answer.nom_famille.expose().to_owned(),
        prenom: answer.prenom.expose().to_owned(),
        date_naissance: answer.date_naissance.full()?,
        uai: enrolment.uai.as_str().to_owned(),
        etablissement: enrolment.nom_etablissement.clone(),
        statut: enrolment.statut.label().to_owned(),
        date_fin_inscription: enrolment.date_fin,
        issued_at: made.since,
        expires_at: made.until,
        status: StatusReference { list: list_address(context), index: made.index },
    })
}

/// Revokes an attestation, if it is this student's: another's is no more told from one that never was
/// than revoked. It is revoked first, whatever happens to its trace.
async fn revoke(
    context: &Context,
    index: u32,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<(), ApiError> {
    let (own, student) = (context.own()?, visitor.student()?);
    let owner = &student.session.owner;
    if own.attesting.store.revoke(owner, index, request_context.now).await?.is_none() {
        return Ok(());
    }
    match find(context, own, &student.identity).await? {
        Some(answer) => note(context, request_context, answer.student, Action::Revoked, &[]).await,
        None => Ok(()),
    }
}

async fn note(
    context: &Context,
    request_context: &RequestContext,
    student: StudentId,
    action: Action,
    fields: &'static [&'static str],
) -> Result<(), ApiError> {
    let enrolments = usize::from(action == Action::Attested);
    let told = Told { route: Route::OwnPage, action, purpose: None, enrolments, fields };
    trace(context, request_context, Some(student), &told).await
}

async fn list(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let own = context.own()?;
    let (student, now) = (visitor.student()?, request_context.now);
    let establishments = choice(context, own, visitor, request_context).await?;
    let live = own.attesting.store.of(&student.session.owner, now).await?;
    let title = if error.is_some() { "Erreur : mes attestations" } else { "Mes attestations" };
    let view = View::new(context, "/mon-espace", title, visitor);
    let row = |one: Listed| Row {
        index: one.index,
        number: count(one.index.into()),
        since: hour(one.since),
        until: hour(one.until),
    };
    let template = AttestationsPage {
        view: view.clone(),
        form: random().map_err(|_| Refusal::NoRandomness)?,
        days: own.attesting.days,
        establishments,
        attestations: live.into_iter().map(row).collect(),
        error,
    };
    Ok(page(context, &view, &template))
}

/// The establishments of which an enrolment may be attested, each once: traced before they are shown.
async fn choice(
    context: &Context,
    own: &Own,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Vec<(Uai, String)>, ApiError> {
    let found = find(context, own, &visitor.student()?.identity).await?;
    let mut establishments: Vec<(Uai, String)> = Vec::new();
    for one in found.iter().flat_map(|answer| attestable(answer, request_context.now)) {
        if establishments.iter().all(|(uai, _)| *uai != one.uai) {
            establishments.push((one.uai, one.nom_etablissement.clone()));
        }
    }
    let told = Told {
        route: Route::OwnPage,
        action: Action::Consulted,
        purpose: None,
        enrolments: establishments.len(),
        fields: &CHOICE,
    };
    trace(context, request_context, found.map(|answer| answer.student), &told).await?;
    Ok(establishments)
}
