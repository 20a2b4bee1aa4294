//! A student's page: what is told of them, what is known of them, and who said it.

use askama::Template;
use lambda_http::{Body, Response};
use shared::audit::Action;
use shared::domain::academic_year::day_in_france;
use shared::domain::birth_date::BirthDate;
use shared::domain::enrolment::Enrolment;
use shared::identity::student::PublishedAnswer;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::found::oneself;
use crate::own::known::{self, Said};
use crate::own::told::{Group, by_establishment};
use crate::refusal::ApiError;
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words;

/// What the page shows, for its trace.
const FIELDS: [&str; 3] = ["identite", "ine", "inscriptions"];

#[derive(Template)]
#[template(path = "own/page.html")]
struct OwnPage {
    view: View,
    person: String,
    birth: String,
    ine: Option<String>,
    /// What is told today.
    told: Vec<Group>,
    /// What isn't: over, cancelled, or too far ahead.
    untold: Vec<Group>,
    said: Vec<Said>,
}

#[derive(Template)]
#[template(path = "own/unknown.html")]
struct UnknownPage {
    view: View,
}

/// Shows the page, or says in words that nobody was found without doubt.
pub(crate) async fn show(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let told = (Action::Consulted, &FIELDS[..]);
    let enrolments = |answer: &PublishedAnswer| answer.inscriptions.len();
    match oneself(context, visitor, request_context, told, enrolments).await? {
        Some(answer) => known(context, visitor, &answer, request_context).await,
        None => Ok(unknown(context, visitor)),
    }
}

async fn known(
    context: &Context,
    visitor: &Visitor,
    answer: &PublishedAnswer,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let starts_within_days = context.own()?.starts_within_days;
    let today = day_in_france(request_context.now);
    let is_told = |enrolment: &&Enrolment| enrolment.is_current(today, starts_within_days);
    let (told, untold): (Vec<_>, Vec<_>) = answer.inscriptions.iter().partition(is_told);
    let student = context.statements.students.get(answer.student).await?;
    let view = View::new(context, "/mon-espace", "Mon espace", visitor);
    let template = OwnPage {
        view: view.clone(),
        person: format!("{} {}", answer.prenom.expose(), answer.nom_famille.expose()),
        birth: written(answer.date_naissance),
        ine: student.as_ref().and_then(|student| Some(student.primary()?.expose().to_owned())),
        told: by_establishment(told),
        untold: by_establishment(untold),
        said: student.as_ref().map(known::said).unwrap_or_default(),
    };
    Ok(page(context, &view, &template))
}

/// A birth date as people write it, as far as it is known.
fn written(date: BirthDate) -> String {
    date.full().map_or_else(|| date.expose(), words::date)
}

/// The page of whoever wasn't found without doubt: it says the same of nobody, several and a doubt.
pub(crate) fn unknown(context: &Context, visitor: &Visitor) -> Response<Body> {
    let view = View::new(context, "/mon-espace", "Votre dossier n'a pas été trouvé", visitor);
    page(context, &view, &UnknownPage { view: view.clone() })
}
