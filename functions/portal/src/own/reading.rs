//! What somebody gave a code for is read: who it is and what they are enrolled in, at this moment.
//!
//! A wrong code, one that has ended and a wrong birth date are answered alike, and so is a student of
//! whom nothing is told any more. Guesses are bounded twice: all that are made in an hour, and the
//! wrong dates of one code. Nothing of it is in an address.

use askama::Template;
use jiff::civil::Date;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::access::quota::micros;
use shared::access::route::Route;
use shared::access::share_code::ShareCode;
use shared::api::route::Reply;
use shared::audit::Action;
use shared::contract::pivot::PivotIdentity;
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::Enrolment;
use shared::identity::student::PublishedAnswer;
use shared::registry::quotas::{Subject, Taken};
use shared::registry::shares::Share;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::Own;
use crate::own::found::{Told, find, trace};
use crate::own::shares::seal;
use crate::own::told::{Group, by_establishment};
use crate::refusal::ApiError;
use crate::session::{Visitor, field};
use crate::view::{View, html};
use crate::words::{hour, purpose_title};

/// What is told of a share, for its trace.
const FIELDS: [&str; 6] = [
    "nomFamille",
    "prenom",
    "dateDebutInscription",
    "dateFinInscription",
    "statut",
    "etablissement",
];
/// How the line of metrics names a code or a date that opened nothing.
const UNOPENED: &str = "share_unopened";

#[derive(Template)]
#[template(path = "own/reading.html")]
struct ReadingPage {
    view: View,
    is_refused: bool,
}

#[derive(Template)]
#[template(path = "own/read.html")]
struct ReadPage {
    view: View,
    person: String,
    purpose: &'static str,
    when: String,
    until: String,
    groups: Vec<Group>,
}

/// Asks for the code and the birth date.
pub(crate) fn ask(context: &Context, visitor: &Visitor) -> Result<Reply, ApiError> {
    context.own()?;
    let view = View::new(context, "/partage", "Lire un partage", visitor);
    let template = ReadingPage { view: view.clone(), is_refused: false };
    Ok(crate::view::page(context, &view, &template).into())
}

/// Shows what was shared, once it is traced.
pub(crate) async fn read(
    context: &Context,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Reply, ApiError> {
    let own = context.own()?;
    let code = field(sent, "code").as_deref().and_then(ShareCode::parse);
    let born = field(sent, "naissance").as_deref().and_then(birth_date);
    let opened = match code.zip(born) {
        Some((code, born)) => open(context, own, &code, born, request_context).await?,
        None => None,
    };
    let Some((share, answer)) = opened else { return Ok(refused(context, visitor)) };
    let (today, ahead) = (day_in_france(request_context.now), own.starts_within_days);
    let current: Vec<&Enrolment> =
        answer.inscriptions.iter().filter(|one| one.is_current(today, ahead)).collect();
    if current.is_empty() {
        return Ok(refused(context, visitor));
    }
    let told = Told {
        route: Route::Share,
        action: Action::Consulted,
        purpose: Some(share.purpose),
        enrolments: current.len(),
        fields: &FIELDS,
    };
    trace(context, request_context, Some(answer.student), &told).await?;
    let view = View::new(context, "/partage", "Un statut d'étudiant", visitor);
    let template = ReadPage {
        view,
        person: format!("{} {}", answer.prenom.expose(), answer.nom_famille.expose()),
        purpose: purpose_title(share.purpose),
        when: hour(request_context.now),
        until: hour(share.until),
        groups: by_establishment(current),
    };
    Ok(html(StatusCode::OK, &template, &context.address, "no-store").into())
}

/// What a code and a birth date open, if they do. The hour's guesses are charged first, then one of
/// the code's wrong dates, which is given back once the date is right.
async fn open(
    context: &Context,
    own: &Own,
    code: &ShareCode,
    born: Date,
    request_context: &RequestContext,
) -> Result<Option<(Share, PublishedAnswer)>, ApiError> {
    let now = micros(request_context.now);
    let taken = own.quotas.take(&Subject::share_readings(), own.readings, 1, now).await?;
    if let Taken::Refused(buckets) = taken {
        let retry_after = own.readings.retry_after_seconds(buckets.spent_until, now);
        return Err(ApiError::TooManyRequests { retry_after });
    }
    let digest = code.digest(&context.key);
    let Some(share) = own.shares.charge(&digest, request_context.now).await? else {
        return Ok(None);
    };
    let identity: Option<PivotIdentity> =
        seal(&context.key, code).open_value(&digest, &share.identity);
    let is_born = |identity: &PivotIdentity| identity.birthdate == born.to_string();
    let Some(identity) = identity.filter(is_born) else { return Ok(None) };
    own.shares.was_right(&digest).await?;
    // Whom the code is about is found anew: what has become doubtful since isn't told.
    Ok(find(context, own, &identity).await?.map(|answer| (share, answer)))
}

fn refused(context: &Context, visitor: &Visitor) -> Reply {
    let view = View::new(context, "/partage", "Erreur : lire un partage", visitor);
    let template = ReadingPage { view, is_refused: true };
    let response: Response<Body> = html(StatusCode::OK, &template, &context.address, "no-store");
    Reply { response, outcome: Some(UNOPENED) }
}

/// `31/12/2004`, or as a date field of a browser sends it, `2004-12-31`.
fn birth_date(text: &str) -> Option<Date> {
    let text = text.trim();
    text.parse().ok().or_else(|| Date::strptime("%d/%m/%Y", text).ok())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_birth_date_is_read_as_people_write_it() {
        for text in ["31/12/2004", " 31/12/2004 ", "2004-12-31"] {
            assert_eq!(birth_date(text), Some(date(2004, 12, 31)), "{text}");
        }
        for text in ["", "31/12", "12/31/2004", "2004-13-01", "demain"] {
            assert_eq!(birth_date(text), None, "{text}");
        }
    }
}
