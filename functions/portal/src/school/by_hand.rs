//! One enrolment by hand: entered, corrected, cancelled, by the rules of a row and the write path of
//! `/api/inscription`.

use askama::Template;
use lambda_http::{Body, Response};
use shared::audit::Action;
use shared::contract::enrolment::Progress;
use shared::domain::enrolment::{Declaration, Enrolment};
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::files::column::Column;
use shared::files::problem::{Problem, RowRule};
use shared::identity::digest::RecordId;
use shared::registry::members::EstablishmentRole;
use shared::registry::records::Record;
use shared::statements::{StatementError, VersionStamp, Way};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::access::name;
use crate::school::fields::{self, Field, Form, Said};
use crate::school::student::{ByHand, person};
use crate::session::{Visitor, field};
use crate::view::{View, page, see_other};
use crate::words::progress;

/// What a correction may change: whom it is about, the year and the diploma name the enrolment.
const CORRECTED: [Column; 7] = [
    Column::DateDebutInscription,
    Column::DateFinInscription,
    Column::Statut,
    Column::Regime,
    Column::CodeCommune,
    Column::Cursus,
    Column::NiveauDiplome,
];

#[derive(Template)]
#[template(path = "school/enrolment_new.html")]
struct NewPage {
    view: View,
    uai: Uai,
    name: String,
    person: Vec<Field>,
    enrolment: Vec<Field>,
    errors: Vec<Said>,
}

#[derive(Template)]
#[template(path = "school/enrolment.html")]
struct EnrolmentPage {
    view: View,
    uai: Uai,
    name: String,
    id: String,
    version: String,
    person: String,
    number: Option<String>,
    year: String,
    diplome: String,
    progress: &'static str,
    tone: &'static str,
    is_cancelled: bool,
    fields: Vec<Field>,
    errors: Vec<Said>,
}

/// Asks what is to be entered.
pub(crate) async fn ask(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    let by_hand = ByHand::of(context, uai, visitor.person()?).await?;
    entry(context, uai, &by_hand, &Form::default(), Vec::new(), visitor).await
}

/// Enters an enrolment. `faire=ouvrir` comes from a search that found nothing: the form is shown with
/// what was looked for.
///
/// Sent twice, it is one enrolment, of which the second says the same.
pub(crate) async fn enter(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    let by_hand = ByHand::of(context, uai, visitor.person()?).await?;
    let form = Form::read(sent);
    if field(sent, "faire").as_deref() == Some("ouvrir") {
        return entry(context, uai, &by_hand, &form, Vec::new(), visitor).await;
    }
    let sender = by_hand.sender(request_context);
    let said = match context.statements.read(sender, &form) {
        Ok(statement) if statement.cancels() => {
            // What is there is cancelled on its own page, where it is seen.
            let rule = RowRule::StatutInconnu;
            Err(StatementError::Invalid(vec![Problem { column: Some(Column::Statut), rule }]))
        }
        Ok(statement) => {
            let moment = VersionStamp::of_request(request_context.now, Way::ByHand);
            context.statements.say(sender, statement, &moment).await
        }
        Err(error) => Err(error),
    };
    match said {
        Ok(plan) => {
            let path = format!("/inscriptions/{}", plan.id().as_str());
            Ok(see_other(&context.address.url(&path)))
        }
        Err(error) => {
            let errors = fields::said(error)?;
            entry(context, uai, &by_hand, &form, errors, visitor).await
        }
    }
}

async fn entry(
    context: &Context,
    uai: Uai,
    by_hand: &ByHand,
    form: &Form,
    errors: Vec<Said>,
    visitor: &Visitor,
) -> Result<Response<Body>, ApiError> {
    let targets: Vec<Uai> = by_hand.depositor.establishments().collect();
    let field = |column: &Column| fields::field(*column, form, &errors, &targets);
    let title = if errors.is_empty() {
        "Saisir une inscription"
    } else {
        "Erreur : saisir une inscription"
    };
    let view = View::new(context, "/etablissements", title, visitor);
    let template = NewPage {
        view: view.clone(),
        uai,
        name: name(context, uai).await?,
        person: fields::PERSON.iter().map(field).collect(),
        enrolment: fields::ENROLMENT.iter().map(field).collect(),
        errors,
    };
    Ok(page(context, &view, &template))
}

/// Shows an enrolment that the visitor's establishment sent. That it is read is traced before.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (by_hand, record) = own(context, id, visitor, request_context).await?;
    let sender = by_hand.sender(request_context);
    context.statements.trace_record(sender, Action::Read, &record).await?;
    let form = Form::of(&record.declaration.inscription);
    Ok(one(context, &by_hand, &record, &form, Vec::new(), visitor))
}

/// Corrects or cancels it, if it still is as it was shown. Sent twice, the second finds that it is as
/// it was to be, and leads to the same page.
pub(crate) async fn change(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (by_hand, record) = own(context, id, visitor, request_context).await?;
    let sender = by_hand.sender(request_context);
    let next = see_other(&context.address.url(&format!("/inscriptions/{id}")));
    let is_as_shown = field(sent, "version").as_deref() == Some(record.version.as_str());
    match field(sent, "faire").as_deref() {
        Some("annuler") => {
            if record.declaration.inscription.statut == Status::Annule {
                return Ok(next);
            }
            if !is_as_shown {
                return Err(Refusal::Overtaken.into());
            }
            match context.statements.cancel(sender, record).await {
                Ok(_) => Ok(next),
                Err(StatementError::Store(error)) => Err(error.into()),
                Err(_) => Err(Refusal::Overtaken.into()),
            }
        }
        Some("corriger") => {
            let form = Form::read(sent).over(&record.declaration);
            let said = match context.statements.read(sender, &form) {
                Ok(statement) => checked(&record.declaration, &statement.declaration),
                Err(error) => Err(fields::said(error)?),
            };
            let inscription = match said {
                Ok(inscription) => inscription,
                Err(errors) => {
                    return Ok(one(context, &by_hand, &record, &form, errors, visitor));
                }
            };
            if inscription.told().eq(&record.declaration.inscription.told()) {
                return Ok(next);
            }
            if !is_as_shown {
                return Err(Refusal::Overtaken.into());
            }
            match context.statements.correct(sender, record, inscription).await {
                Ok(()) => Ok(next),
                Err(StatementError::Store(error)) => Err(error.into()),
                Err(_) => Err(Refusal::Overtaken.into()),
            }
        }
        _ => Err(Refusal::NotFound.into()),
    }
}

/// Whether a correction is of the same enrolment: what names it isn't corrected but cancelled, and
/// entered anew.
fn checked(before: &Declaration, after: &Declaration) -> Result<Enrolment, Vec<Said>> {
    let (before, after) = (&before.inscription, &after.inscription);
    if after.statut == Status::Annule {
        let what = "Pour annuler l'inscription, utilisez le bouton prévu.";
        return Err(vec![Said::of(Column::Statut, what)]);
    }
    if after.academic_year() != before.academic_year() {
        let what = "Cette date est d'une autre année universitaire : annulez cette inscription, puis saisissez l'autre.";
        return Err(vec![Said::of(Column::DateDebutInscription, what)]);
    }
    Ok(after.clone())
}

/// The record of an id, if the visitor may send for its establishment; any other looks like nothing.
async fn own(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<(ByHand, Record), ApiError> {
    let person = visitor.person()?;
    let id = RecordId::parse(id).ok_or(Refusal::NotFound)?;
    for (uai, role) in person.member.roles(request_context.now) {
        if role < EstablishmentRole::Deposant {
            continue;
        }
        let by_hand = ByHand::of(context, uai, person).await?;
        match context.statements.own(&by_hand.depositor, &id).await {
            Ok(record) => return Ok((by_hand, record)),
            Err(StatementError::Store(error)) => return Err(error.into()),
            Err(_) => {}
        }
    }
    Err(Refusal::NotFound.into())
}

fn one(
    context: &Context,
    by_hand: &ByHand,
    record: &Record,
    form: &Form,
    errors: Vec<Said>,
    visitor: &Visitor,
) -> Response<Body> {
    let establishment = by_hand.depositor.establishment();
    let enrolment = &record.declaration.inscription;
    let is_cancelled = enrolment.statut == Status::Annule;
    let (progress, tone) = progress(Progress::of(record.state, enrolment.statut));
    let title = if errors.is_empty() { "Une inscription" } else { "Erreur : une inscription" };
    let view = View::new(context, "/etablissements", title, visitor);
    let template = EnrolmentPage {
        view: view.clone(),
        uai: establishment.uai,
        name: establishment.name.clone(),
        id: record.id.as_str().to_owned(),
        version: record.version.as_str().to_owned(),
        person: person(record),
        number: record.declaration.numero_etudiant.clone(),
        year: enrolment.academic_year().to_string(),
        diplome: enrolment.diplome.clone().unwrap_or_else(|| "non indiqué".to_owned()),
        progress,
        tone,
        is_cancelled,
        fields: CORRECTED.map(|column| fields::field(column, form, &errors, &[])).into(),
        errors,
    };
    page(context, &view, &template)
}
