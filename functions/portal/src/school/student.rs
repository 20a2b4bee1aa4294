//! A student is looked for among what the establishment sent, by its own number or by INE: by a
//! form, so that neither is in an address.

use askama::Template;
use lambda_http::{Body, Response};
use shared::audit::Action;
use shared::contract::enrolment::Progress;
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::StatedPerson;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::files::reader::Depositor;
use shared::registry::members::EstablishmentRole;
use shared::registry::records::Record;
use shared::statements::{Sender, Sought, Way};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::access::name;
use crate::session::{LoggedIn, Visitor, field};
use crate::view::{View, page};
use crate::words::{date, progress, wire_name};

/// A number of ours is no longer (`shared::files::row`).
const LONGEST: usize = 64;

#[derive(Template)]
#[template(path = "school/student.html")]
struct StudentPage {
    view: View,
    uai: Uai,
    name: String,
    number: String,
    ine: String,
    diplome: String,
    error: Option<Wrong>,
    /// Once it was looked for.
    found: Option<Vec<Row>>,
}

/// What is wrong with the form, and in which field.
struct Wrong {
    field: &'static str,
    what: &'static str,
}

/// An enrolment that was found.
struct Row {
    id: String,
    person: String,
    period: String,
    uai: Uai,
    diplome: String,
    statut: String,
    progress: &'static str,
    tone: &'static str,
}

/// Who sends by hand: the member, in the name of the establishment.
pub(crate) struct ByHand {
    client: String,
    pub(crate) depositor: Depositor,
}

impl ByHand {
    /// Somebody who may send for an establishment that is registered.
    pub(crate) async fn of(
        context: &Context,
        uai: Uai,
        person: &LoggedIn,
    ) -> Result<Self, ApiError> {
        let depositor = context.establishments.depositor(uai).await?.ok_or(Refusal::NotFound)?;
        Ok(Self { client: person.trace_name(), depositor })
    }

    pub(crate) fn sender<'a>(&'a self, request_context: &'a RequestContext) -> Sender<'a> {
        Sender {
            client: &self.client,
            depositor: &self.depositor,
            uid: &request_context.uid,
            now: request_context.now,
            way: Way::ByHand,
        }
    }
}

/// Asks whom to look for.
pub(crate) async fn ask(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    let view = View::new(context, "/etablissements", "Un étudiant", visitor);
    let name = name(context, uai).await?;
    let (number, ine, diplome) = (String::new(), String::new(), String::new());
    let template = StudentPage {
        view: view.clone(),
        uai,
        name,
        number,
        ine,
        diplome,
        error: None,
        found: None,
    };
    Ok(page(context, &view, &template))
}

/// Looks for them. What is shown is traced before.
pub(crate) async fn find(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    let text = |name: &str| field(sent, name).unwrap_or_default().trim().to_owned();
    let (number, ine, diplome) = (text("numero"), text("ine"), text("diplome"));
    let sought = sought(&number, &ine, &diplome);
    let (error, found) = match sought {
        Err(wrong) => (Some(wrong), None),
        Ok(sought) => {
            let by_hand = ByHand::of(context, uai, visitor.person()?).await?;
            let today = day_in_france(request_context.now);
            let records = context.statements.find(&by_hand.depositor, &sought, today).await?;
            let sender = by_hand.sender(request_context);
            for record in &records {
                context.statements.trace_record(sender, Action::Read, record).await?;
            }
            (None, Some(records.iter().map(row).collect()))
        }
    };
    let title = if error.is_some() { "Erreur : un étudiant" } else { "Un étudiant" };
    let view = View::new(context, "/etablissements", title, visitor);
    let name = name(context, uai).await?;
    let template =
        StudentPage { view: view.clone(), uai, name, number, ine, diplome, error, found };
    Ok(page(context, &view, &template))
}

fn sought(number: &str, ine: &str, diplome: &str) -> Result<Sought, Wrong> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if number.is_empty() && ine.is_empty() {
        return Err(Wrong { field: "numero", what: "Donnez le numéro étudiant ou l'INE." });
    }
    for (field, text) in [("numero", number), ("diplome", diplome)] {
        if text.chars().count() > LONGEST {
            return Err(Wrong { field, what: "Ce code dépasse 64 caractères." });
        }
    }
    let ine = match ine {
        "" => None,
        ine => Some(Ine::parse(ine).map_err(|_| Wrong {
            field: "ine",
            what: "L'INE n'a aucune des formes connues : vérifiez chaque caractère, clé comprise.",
        })?),
    };
    Ok(Sought { number: given(number), ine, diplome: given(diplome) })
}

fn row(record: &Record) -> Row {
    let enrolment = &record.declaration.inscription;
    let (progress, tone) = progress(Progress::of(record.state, enrolment.statut));
    Row {
        id: record.id.as_str().to_owned(),
        person: person(record),
        period: format!("{} – {}", date(enrolment.date_debut), date(enrolment.date_fin)),
        uai: enrolment.uai,
        diplome: enrolment.diplome.clone().unwrap_or_else(|| "sans diplôme indiqué".to_owned()),
        statut: wire_name(&enrolment.statut),
        progress,
        tone,
    }
}

/// Whom a record names, in the establishment's own words: by the name that it sent, else by the INE.
/// Whoever corrects must see that it is the right person.
pub(crate) fn person(record: &Record) -> String {
    let declaration = &record.declaration;
    match (&declaration.identite, declaration.ine) {
        (StatedPerson::Civil(civil), _) => {
            format!("{} {}", civil.prenom1.expose(), civil.nom_famille.expose())
        }
        (StatedPerson::Pair(_), Some(ine)) => format!("INE {}", ine.expose()),
        (StatedPerson::Pair(_), None) => "sans nom ni INE".to_owned(),
    }
}
