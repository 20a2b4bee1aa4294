//! What a student shares: they make a code, see what is live, and end it.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::access::share_code::ShareCode;
use shared::audit::Action;
use shared::auth::oidc::random;
use shared::contract::pivot::PivotIdentity;
use shared::domain::academic_year::day_in_france;
use shared::identity::digest::DigestKey;
use shared::identity::student::StudentId;
use shared::registry::sealed::Seal;
use shared::registry::shares::{Listed, MOST_LIVE, Made, Purpose, Share};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::Own;
use crate::own::found::{Told, find, trace};
use crate::refusal::{ApiError, Refusal};
use crate::session::{LoggedInStudent, Visitor, digest_field, field, is_first_time};
use crate::view::{View, page, see_other};
use crate::words::{day, hour, purpose_title};

/// What the form says that has done nothing.
const SENT_TWICE: &str = "Ce formulaire a déjà servi, et un code n'est montré qu'une fois. Si vous n'avez pas pu le lire, arrêtez ce partage et créez-en un autre.";
const TOO_MANY: &str =
    "Vingt partages sont en cours : arrêtez ceux qui ne servent plus avant d'en créer un autre.";
const NO_PURPOSE: &str = "Choisissez à quoi sert ce partage.";
const NOTHING_TO_SHARE: &str = "Rien n'est communiqué de vous aujourd'hui, ou votre dossier n'a pas été trouvé sans doute possible : un partage ne montrerait rien.";

#[derive(Template)]
#[template(path = "own/shares.html")]
struct SharesPage {
    view: View,
    /// The number of the form, by which it makes one code.
    form: String,
    days: u16,
    purposes: Vec<(&'static str, &'static str)>,
    shares: Vec<Row>,
    error: Option<&'static str>,
}

/// A live share.
struct Row {
    digest: String,
    purpose: &'static str,
    since: String,
    until: String,
}

#[derive(Template)]
#[template(path = "own/share_made.html")]
struct MadePage {
    view: View,
    code: String,
    purpose: &'static str,
    until: String,
    /// Where it is read.
    reading: String,
}

/// What a student's identity is encrypted with in a share: whoever has the code makes it again.
pub(crate) fn seal(key: &DigestKey, code: &ShareCode) -> Seal {
    Seal::of(key, &["identite d'un partage", code.expose()])
}

/// Shows what is live. It needs no place in the register: whoever isn't found any more can still end
/// what they shared.
pub(crate) async fn show(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    list(context, visitor, request_context.now, None).await
}

/// Does what one of the page's forms says.
///
/// Sent twice, a share is made once, and one that was ended stays so.
pub(crate) async fn change(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let own = context.own()?;
    match field(sent, "faire").as_deref() {
        Some("creer") => make(context, own, sent, visitor, request_context).await,
        Some("arreter") => {
            let digest = digest_field(sent, "partage").ok_or(Refusal::NotFound)?;
            end(context, own, &digest, visitor.student()?, request_context).await?;
            Ok(see_other(&context.address.url("/mon-espace/partages")))
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

async fn make(
    context: &Context,
    own: &Own,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (student, now) = (visitor.student()?, request_context.now);
    let refused = async |error| list(context, visitor, now, Some(error)).await;
    let purpose = field(sent, "usage").as_deref().and_then(Purpose::named);
    let Some(purpose) = purpose else { return refused(NO_PURPOSE).await };
    let Some(person) = told_today(context, own, &student.identity, now).await? else {
        return refused(NOTHING_TO_SHARE).await;
    };
    if own.shares.of(&student.session.owner, now).await?.len() >= MOST_LIVE {
        return refused(TOO_MANY).await;
    }
    if !is_first_time(context, visitor, sent).await? {
        return refused(SENT_TWICE).await;
    }
    let code = ShareCode::random();
    let digest = code.digest(&context.key);
    let until = now.saturating_add(SignedDuration::from_hours(24 * i64::from(own.share_days)));
    let until = until.map_err(|_| Refusal::NotFound)?;
    let identity = seal(&context.key, &code).close_value(&digest, &student.identity);
    let identity = identity.ok_or(Refusal::NoRandomness)?;
    note(context, request_context, person, Action::Shared, purpose).await?;
    let listed = Listed { digest, purpose, since: now, until };
    let share = Share { purpose, until, identity };
    // Stopped after it, a share is live whose code nobody has seen: the list shows it, to be ended.
    if own.shares.make(&student.session.owner, &listed, &share).await? == Made::TooMany {
        return refused(TOO_MANY).await;
    }
    let view = View::new(context, "/mon-espace", "Votre code de partage", visitor);
    let template = MadePage {
        view: view.clone(),
        code: code.grouped(),
        purpose: purpose_title(purpose),
        until: day(until),
        reading: context.address.url("/partage"),
    };
    Ok(page(context, &view, &template))
}

/// The student, if anything is told of them today: a share of nothing would only puzzle who reads it.
async fn told_today(
    context: &Context,
    own: &Own,
    identity: &PivotIdentity,
    now: Timestamp,
) -> Result<Option<StudentId>, ApiError> {
    let (today, ahead) = (day_in_france(now), own.starts_within_days);
    let found = find(context, own, identity).await?;
    let told =
        found.filter(|answer| answer.inscriptions.iter().any(|one| one.is_current(today, ahead)));
    Ok(told.map(|answer| answer.student))
}

/// Ends a share, if it is this student's: another's is no more told from one that never was than
/// ended. It ends first, whatever happens to its trace.
async fn end(
    context: &Context,
    own: &Own,
    digest: &str,
    student: &LoggedInStudent,
    request_context: &RequestContext,
) -> Result<(), ApiError> {
    let owner = &student.session.owner;
    let Some(ended) = own.shares.end(owner, digest, request_context.now).await? else {
        return Ok(());
    };
    match find(context, own, &student.identity).await? {
        Some(answer) => {
            note(context, request_context, answer.student, Action::Unshared, ended.purpose).await
        }
        None => Ok(()),
    }
}

async fn note(
    context: &Context,
    request_context: &RequestContext,
    student: StudentId,
    action: Action,
    purpose: Purpose,
) -> Result<(), ApiError> {
    let told =
        Told { route: Route::OwnPage, action, purpose: Some(purpose), enrolments: 0, fields: &[] };
    trace(context, request_context, Some(student), &told).await
}

async fn list(
    context: &Context,
    visitor: &Visitor,
    now: Timestamp,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let own = context.own()?;
    let shares = own.shares.of(&visitor.student()?.session.owner, now).await?;
    let title = if error.is_some() { "Erreur : mes partages" } else { "Mes partages" };
    let view = View::new(context, "/mon-espace", title, visitor);
    let row = |share: Listed| Row {
        digest: share.digest,
        purpose: purpose_title(share.purpose),
        since: hour(share.since),
        until: day(share.until),
    };
    let template = SharesPage {
        view: view.clone(),
        form: random().map_err(|_| Refusal::NoRandomness)?,
        days: own.share_days,
        purposes: Purpose::ALL.map(|one| (one.name(), purpose_title(one))).to_vec(),
        shares: shares.into_iter().map(row).collect(),
        error,
    };
    Ok(page(context, &view, &template))
}
