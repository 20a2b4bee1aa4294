//! Which student of the register somebody is, and the trace of what they were told.

use shared::access::route::Route;
use shared::audit::{self, Action, Disclosure};
use shared::contract::pivot::PivotIdentity;
use shared::identity::student::{PublishedAnswer, StudentId};
use shared::registry::shares::Purpose;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::Own;
use crate::refusal::ApiError;
use crate::session::Visitor;

/// Whom traces of look-ups that found nobody are kept under.
const NOBODYS: &str = "portail-mon-espace";

/// The answer for the only student that an identity can mean. Nobody, several, a doubt, and an
/// identity that lacks what is compared are one: `None`.
pub(crate) async fn find(
    context: &Context,
    own: &Own,
    identity: &PivotIdentity,
) -> Result<Option<PublishedAnswer>, ApiError> {
    let Ok(Some(question)) = identity.question() else { return Ok(None) };
    Ok(own.answers.of_oneself(&question, &context.statements.keys.identity).await?)
}

/// What a student, or somebody with their code, is told or did.
pub(crate) struct Told {
    pub(crate) route: Route,
    pub(crate) action: Action,
    /// Of a share.
    pub(crate) purpose: Option<Purpose>,
    /// How many enrolments.
    pub(crate) enrolments: usize,
    pub(crate) fields: &'static [&'static str],
}

/// The student who asks, found as [`find`] finds them, once it is traced what they are told of
/// themselves, of so many enrolments.
pub(crate) async fn oneself(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
    (action, fields): (Action, &'static [&'static str]),
    enrolments: fn(&PublishedAnswer) -> usize,
) -> Result<Option<PublishedAnswer>, ApiError> {
    let found = find(context, context.own()?, &visitor.student()?.identity).await?;
    let told = Told {
        route: Route::OwnPage,
        action,
        purpose: None,
        enrolments: found.as_ref().map_or(0, enrolments),
        fields,
    };
    trace(context, request_context, found.as_ref().map(|answer| answer.student), &told).await?;
    Ok(found)
}

/// Leaves a trace about a student, or, where nobody was found, about nobody. It comes before the
/// page: a crash in between leaves a trace of what was never seen, which is the safe side.
pub(crate) async fn trace(
    context: &Context,
    request_context: &RequestContext,
    student: Option<StudentId>,
    told: &Told,
) -> Result<(), ApiError> {
    let request = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: student.is_none().then_some(NOBODYS),
        depositor: None,
        route: told.route,
        action: told.action,
        caller: told.purpose.map(Purpose::name),
        recipient: None,
    };
    let disclosure = match student {
        Some(_) => Disclosure {
            student,
            enrolments: told.enrolments,
            fields: told.fields.to_vec(),
            ..Disclosure::default()
        },
        None => Disclosure::default(),
    };
    Ok(context.traces.write(&request, &[disclosure]).await?)
}
