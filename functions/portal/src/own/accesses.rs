//! Who consulted what is a student's: when, for whom, which fields, and why.

use std::collections::HashMap;

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, RequestExt as _, Response};
use serde::Serialize;
use shared::access::route::Route;
use shared::audit::{Access, Action, Subject};
use shared::identity::student::{Student, StudentId};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::Own;
use crate::own::found::oneself;
use crate::own::page::unknown;
use crate::refusal::ApiError;
use crate::school::establishment::name_or_number;
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::{day, hour, purpose, told_field};

/// Consultations on a page.
const ON_A_PAGE: usize = 20;
/// What is read of each subject: a page, and one more to know that there are others.
const READ: i32 = 21;
/// A trace's place is no longer.
const LONGEST_PLACE: usize = 128;
/// What a relaying client says of its caller is cut here.
const LONGEST_CALLER: usize = 100;

#[derive(Template)]
#[template(path = "own/accesses.html")]
struct AccessesPage {
    view: View,
    since: String,
    rows: Vec<Row>,
    /// The place after which the next page goes on.
    next: Option<String>,
    is_first: bool,
}

/// A consultation.
#[derive(Serialize)]
pub(crate) struct Row {
    #[serde(rename = "quand")]
    pub(crate) when: String,
    #[serde(rename = "qui")]
    pub(crate) who: String,
    /// The administration that received the answer, or on whose behalf it was asked.
    #[serde(rename = "pour")]
    pub(crate) recipient: Option<String>,
    #[serde(rename = "pourquoi")]
    pub(crate) why: &'static str,
    #[serde(rename = "champs")]
    pub(crate) fields: String,
}

/// Shows the consultations, latest first. Reading them is one.
pub(crate) async fn show(
    context: &Context,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let own = context.own()?;
    let told = (Action::Consulted, &["consultations"][..]);
    let found = oneself(context, visitor, request_context, told, |_| 0).await?;
    let Some(student) = found.map(|answer| answer.student) else {
        return Ok(unknown(context, visitor));
    };
    let query = request.query_string_parameters();
    let before = query.first("avant").filter(|place| is_place(place));
    let mut traces = of_student(context, student, before, READ).await?;
    let has_more = traces.len() > ON_A_PAGE;
    traces.truncate(ON_A_PAGE);
    let next = traces.last().filter(|_| has_more).map(|trace| trace.at.clone());
    let rows = rows(context, &traces).await?;
    let view = View::new(context, "/mon-espace", "Qui a consulté mon dossier", visitor);
    let template = AccessesPage {
        view: view.clone(),
        since: since(own, request_context.now),
        rows,
        next,
        is_first: before.is_none(),
    };
    Ok(page(context, &view, &template))
}

/// The day since when consultations are kept.
pub(crate) fn since(own: &Own, now: Timestamp) -> String {
    let kept = SignedDuration::from_hours(i64::from(own.retention_days) * 24);
    day(now.saturating_sub(kept).unwrap_or(Timestamp::MIN))
}

/// The traces about a student, latest first: so many at most of the student and of each of its
/// records and files.
pub(crate) async fn of_student(
    context: &Context,
    student: StudentId,
    before: Option<&str>,
    most: i32,
) -> Result<Vec<Access>, ApiError> {
    let evidence = context.statements.students.get(student).await?;
    let mut subjects = vec![Subject::Student(student)];
    subjects.extend(evidence.iter().flat_map(of_records));
    Ok(context.traces.of_several(&subjects, before, most).await?)
}

/// The consultations, as they are told.
pub(crate) async fn rows(context: &Context, traces: &[Access]) -> Result<Vec<Row>, ApiError> {
    let mut names = Names { context, known: HashMap::new() };
    let mut rows = Vec::new();
    for trace in traces {
        rows.push(row(trace, &mut names).await?);
    }
    Ok(rows)
}

/// The records of a student, and the files that brought them: under them is kept what establishments
/// and reviewers did.
fn of_records(student: &Student) -> Vec<Subject<'_>> {
    let mut imports: Vec<&str> = student.edges().filter_map(|edge| edge.version.import()).collect();
    imports.sort_unstable();
    imports.dedup();
    let records = student.edges().map(|edge| Subject::Record(&edge.record));
    records.chain(imports.into_iter().map(Subject::Findings)).collect()
}

/// A place in the list comes back from an address: it is text of ours, or none.
fn is_place(text: &str) -> bool {
    let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.#_".contains(&byte);
    (1..=LONGEST_PLACE).contains(&text.len()) && text.bytes().all(is_ours)
}

/// Names of clients and establishments, each read once.
struct Names<'a> {
    context: &'a Context,
    known: HashMap<String, String>,
}

impl Names<'_> {
    async fn of_client(&mut self, id: &str) -> Result<String, ApiError> {
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let client = self.context.clients.by_id(id).await?;
        let name = client.map_or_else(|| id.to_owned(), |client| client.name);
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    /// Who did it. Agents are named by what they act for, never by their own name.
    async fn of(&mut self, trace: &Access) -> Result<String, ApiError> {
        let agent = trace.client.as_deref().is_some_and(|client| client.starts_with("membre-"));
        match (trace.route, trace.depositor, &trace.client) {
            (Route::OwnPage, ..) => Ok("Vous".to_owned()),
            (Route::Share, ..) => Ok("Quelqu'un qui a un de vos codes".to_owned()),
            (_, Some(uai), _) => {
                let name = name_or_number(self.context, uai).await?;
                Ok(if agent { format!("Un agent de : {name}") } else { name })
            }
            (Route::Rights, None, _) => Ok("Un agent chargé des droits des personnes".to_owned()),
            (_, None, Some(client)) if !agent => self.of_client(client).await,
            (_, None, _) => Ok("Un agent chargé de vérifier les doutes".to_owned()),
        }
    }
}

async fn row(trace: &Access, names: &mut Names<'_>) -> Result<Row, ApiError> {
    let time = trace.at.split('#').next().unwrap_or_default();
    let recipient = match (trace.route, &trace.recipient, &trace.caller) {
        (Route::Share | Route::OwnPage, _, Some(name)) => Some(purpose(name)),
        (_, Some(siret), _) => Some(format!("administration n° {siret}")),
        (_, None, Some(caller)) => Some(
            caller.chars().filter(|letter| !letter.is_control()).take(LONGEST_CALLER).collect(),
        ),
        (_, None, None) => None,
    };
    let fields: Vec<&str> = trace.fields.iter().map(|field| told_field(field)).collect();
    Ok(Row {
        when: time.parse::<Timestamp>().map(hour).unwrap_or_default(),
        who: names.of(trace).await?,
        recipient,
        why: why(trace.route, trace.action),
        fields: fields.join(", "),
    })
}

/// Why it was done, as the law that lets it be done would be read out.
fn why(route: Route, action: Action) -> &'static str {
    match (route, action) {
        (Route::StatusByIne | Route::DirectByIne, _) => {
            "Vérifier que vous êtes étudiant, à partir de votre INE"
        }
        (Route::StatusByIdentity | Route::DirectByIdentity, _) => {
            "Vérifier que vous êtes étudiant, à partir de votre identité"
        }
        (Route::FranceConnect, _) => "Une démarche où vous vous êtes identifié avec FranceConnect",
        (Route::Batch, _) => "Vérifier le statut de plusieurs personnes, dont vous",
        (Route::Review, _) => "Lever un doute sur l'une de vos inscriptions",
        (Route::OwnPage, Action::Shared) => "Créer un partage",
        (Route::OwnPage, Action::Unshared) => "Arrêter un partage",
        (Route::OwnPage, Action::Attested) => "Créer une attestation",
        (Route::OwnPage, Action::Revoked) => "Révoquer une attestation",
        (Route::OwnPage, Action::Exported) => "Prendre une copie de vos données",
        (Route::OwnPage, Action::Requested) => "Exercer un de vos droits",
        (Route::OwnPage, _) => "Lire votre espace",
        (Route::Rights, _) => "Traiter votre demande",
        (Route::Share, _) => "Lire ce que vous avez partagé",
        (Route::Enrolment | Route::Deposit, Action::Sent) => "Envoyer une de vos inscriptions",
        (Route::Enrolment | Route::Deposit, Action::Cancelled) => "Annuler une de vos inscriptions",
        (Route::Enrolment | Route::Deposit, Action::Checked) => {
            "Comparer votre INE et votre date de naissance"
        }
        (Route::Enrolment | Route::Deposit, Action::FindingsRead) => {
            "Lire les constats d'un fichier où figure votre inscription"
        }
        (Route::Enrolment | Route::Deposit, Action::RejectedRead) => {
            "Reprendre les lignes rejetées d'un fichier où figure votre inscription"
        }
        (Route::Enrolment | Route::Deposit, _) => "Relire une de vos inscriptions",
    }
}
