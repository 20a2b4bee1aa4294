//! The same questions as each route carries them, and who is told.

use evaluation::set::{LabelledQuestion, LookUp};
use futures_util::{StreamExt as _, stream};
use lambda_http::Request;
use lambda_http::http::HeaderValue;
use serde_json::{Value, json};
use shared::contract::pivot::PivotIdentity;
use shared::identity::engine::lookup::Mode;

use super::super::{ask, request};
use super::doubles::{Doubles, key};
use crate::context::Context;
use shared::api::Api;

/// API Gateway hands over one request at a time; here, the order doesn't matter.
const SIDE_BY_SIDE: usize = 16;
/// Lines of a batch.
const LINES: usize = 100;
const RECIPIENT: &str = "13002526500013";

/// A route that asks by civil identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// `POST /api/etudiant`: the first given name, the commune. API Particulier sends no country.
    Upstream,
    /// `GET /v3/…/identite`: the same.
    Direct,
    /// `GET /v3/…/france_connect`: every given name, and the commune or the country.
    FranceConnect,
    /// `POST /v3/…/lot`, from a client that knows what FranceConnect does.
    Batch,
    /// A student's own page in the portal, which they log in to by FranceConnect: strict, whoever
    /// asks.
    OwnPage,
}

impl Asking {
    pub(super) const ALL: [Self; 4] =
        [Self::Upstream, Self::Direct, Self::FranceConnect, Self::Batch];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Upstream => "`POST /api/etudiant`",
            Self::Direct => "`GET /v3/…/identite`",
            Self::FranceConnect => "`GET /v3/…/france_connect`",
            Self::Batch => "`POST /v3/…/lot`",
            Self::OwnPage => "`/portail/mon-espace`",
        }
    }

    /// It carries every given name and the country of birth.
    pub(super) fn says_all(self) -> bool {
        matches!(self, Self::FranceConnect | Self::Batch | Self::OwnPage)
    }

    /// A question as this route carries it has one given name and no commune.
    pub(super) fn is_bare(self, asked: &LookUp) -> bool {
        let one_name = !self.says_all() || asked.given_names().len() == 1;
        one_name && asked.commune().is_none()
    }
}

/// The record by which each answer names its student, if it does: they are the names of its
/// establishment ([`super::tables`]).
pub(super) async fn ask_all(
    context: &Api<Context>,
    doubles: &Doubles,
    asking: Asking,
    mode: Mode,
    questions: &[LabelledQuestion],
) -> Vec<Option<String>> {
    if asking == Asking::Batch {
        let batches = questions.chunks(LINES).map(|lines| batch(context, doubles, mode, lines));
        return stream::iter(batches).buffered(SIDE_BY_SIDE).concat().await;
    }
    let each = questions.iter().enumerate().map(|(index, question)| async move {
        let asked = &question.asked;
        let (status, body, _) = match asking {
            Asking::Upstream => {
                ask(
                    context,
                    request("POST", "/api/etudiant", Some(key(mode)), &upstream(asked).to_string()),
                )
                .await
            }
            Asking::Direct => ask(context, with_token(&direct(asked), &doubles.token(mode))).await,
            _ => {
                ask(
                    context,
                    with_token("france_connect?", &Doubles::france_connect_token(mode, index)),
                )
                .await
            }
        };
        match status {
            200 if asking == Asking::Upstream => {
                Some(text(&body["inscriptions"][0]["etablissement"]["nomEtablissement"]))
            }
            200 => Some(text(&body["data"]["admissions"][0]["etablissement_etudes"]["nom"])),
            404 => None,
            other => panic!("{asking:?} {other}: {body} about {asked:?}"),
        }
    });
    stream::iter(each).buffered(SIDE_BY_SIDE).collect().await
}

/// The same of students' own pages, by the look-up that these make.
pub(super) async fn ask_own_pages(
    context: &Api<Context>,
    questions: &[LabelledQuestion],
) -> Vec<Option<String>> {
    let each = questions.iter().map(|question| async move {
        let identity: PivotIdentity = serde_json::from_value(pivot(&question.asked)).unwrap();
        let question = identity.question().ok().flatten()?;
        let found = context.answers.of_oneself(&question, &context.keys).await.unwrap();
        found.map(|answer| answer.inscriptions[0].nom_etablissement.clone())
    });
    stream::iter(each).buffered(SIDE_BY_SIDE).collect().await
}

async fn batch(
    context: &Api<Context>,
    doubles: &Doubles,
    mode: Mode,
    questions: &[LabelledQuestion],
) -> Vec<Option<String>> {
    let lines: Vec<Value> = questions.iter().map(|question| line(&question.asked)).collect();
    let mut request = with_token("lot?", &doubles.token(mode));
    *request.method_mut() = lambda_http::http::Method::POST;
    *request.body_mut() = json!({ "demandes": lines }).to_string().into();
    let (status, body, _) = ask(context, request).await;
    assert_eq!(status, 200, "{body}");
    let told =
        body["data"].as_array().unwrap().iter().map(|line| match line["resultat"].as_str() {
            Some("trouve") => {
                Some(text(&line["statut"]["admissions"][0]["etablissement_etudes"]["nom"]))
            }
            Some("introuvable") => None,
            _ => panic!("{line}"),
        });
    told.collect()
}

fn upstream(asked: &LookUp) -> Value {
    let mut body = json!({
        "nomFamille": asked.nom, "prenom1": asked.given_names()[0], "dateNaissance": asked.date_naissance,
        "sexe": if asked.sexe == "M" { "1" } else { "2" },
    });
    if let Some(commune) = asked.commune() {
        body["lieuNaissance"] = commune.as_str().into();
    }
    body
}

fn direct(asked: &LookUp) -> String {
    let date: Vec<&str> = asked.date_naissance.split('-').collect();
    let commune = asked
        .commune()
        .map(|code| format!("&codeCogInseeCommuneNaissance={code}"))
        .unwrap_or_default();
    format!(
        "identite?nomNaissance={}&prenoms[]={}&anneeDateNaissance={}&moisDateNaissance={}&jourDateNaissance={}\
         &sexeEtatCivil={}{commune}&",
        asked.nom,
        asked.given_names()[0],
        date[0],
        date[1],
        date[2],
        asked.sexe,
    )
}

/// The *identité pivot* of a question (domain.md §6.1).
pub(super) fn pivot(asked: &LookUp) -> Value {
    json!({
        "family_name": asked.nom, "given_name": asked.given_names().join(" "), "birthdate": asked.date_naissance,
        "gender": if asked.sexe == "M" { "male" } else { "female" },
        "birthplace": asked.commune().map(|code| code.to_string()).unwrap_or_default(), "birthcountry": asked.country().unwrap_or_default(),
    })
}

fn line(asked: &LookUp) -> Value {
    let place = asked
        .commune()
        .map(|code| code.to_string())
        .or(asked.country().map(str::to_owned))
        .unwrap_or_default();
    json!({
        "nomNaissance": asked.nom, "prenoms": asked.given_names(), "dateNaissance": asked.date_naissance,
        "sexeEtatCivil": asked.sexe,
        "codeCogInseeCommuneNaissance": place,
    })
}

fn with_token(path_and_query: &str, token: &str) -> Request {
    let path = format!("/v3/mesri/statut_etudiant/{path_and_query}recipient={RECIPIENT}");
    let mut request = request("GET", &path, None, "");
    request
        .headers_mut()
        .insert("authorization", HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    request
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
