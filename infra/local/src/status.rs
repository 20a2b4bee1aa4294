//! Asks for statuses, as API Particulier does.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;
use statut::http::encoded;
use statut::ui::masked;
use ureq::http::Request;

use crate::http;
use crate::json::pretty;
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;

/// Who asks, in the form that API Particulier gives it.
const CALLER: &str = "DINUM - 00000000-0000-4000-8000-000000000000";
const PATH: &str = "/api/etudiant";

/// One question.
#[derive(Debug, Clone)]
pub(crate) enum StatusQuestion {
    /// By student number.
    Ine(String),
    /// By civil identity.
    Identity(Identity),
}

/// A civil identity, as the contract spells it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Birth name.
    pub(crate) nom_famille: String,
    /// First given name.
    pub(crate) prenom1: String,
    /// `YYYY-MM-DD`.
    pub(crate) date_naissance: String,
    /// `1` or `2`.
    pub(crate) sexe: String,
    /// COG code of the commune or country of birth; left out when it is blank, as the contract
    /// wants.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) lieu_naissance: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// The body, as it came.
    pub(crate) text: String,
    body: Value,
}

impl StatusQuestion {
    pub(crate) async fn ask(&self, outputs: &Outputs, sandbox: &Sandbox) -> Result<Reply> {
        let base = &outputs.api_url;
        let (request, body) = match self {
            Self::Ine(ine) => {
                (Request::get(format!("{base}{PATH}?INE={}", encoded(ine))), String::new())
            }
            Self::Identity(identity) => {
                let request = Request::post(format!("{base}{PATH}"))
                    .header("content-type", "application/json");
                (request, serde_json::to_string(identity)?)
            }
        };
        let request = request
            .header("x-api-key", self.key(sandbox))
            .header("x-caller", CALLER)
            .body(body)
            .context("the request can't be written")?;
        let answer = http::send(request).await.context("the API doesn't answer")?;
        let body = serde_json::from_str(&answer.body).unwrap_or_default();
        Ok(Reply { status: answer.status, text: answer.body, body })
    }

    /// The question as a person would type it, its key masked.
    pub(crate) fn shown(&self, sandbox: &Sandbox) -> Result<String> {
        let headers = format!("X-API-Key: {}\nX-Caller: {CALLER}", masked(self.key(sandbox)));
        Ok(match self {
            Self::Ine(ine) => format!("GET {PATH}?INE={ine}\n{headers}"),
            Self::Identity(identity) => {
                format!("POST {PATH}\n{headers}\n{}", pretty(&serde_json::to_string(identity)?))
            }
        })
    }

    fn key<'a>(&self, sandbox: &'a Sandbox) -> &'a str {
        match self {
            Self::Ine(_) => &sandbox.status_ine_key,
            Self::Identity(_) => &sandbox.status_identity_key,
        }
    }
}

impl Reply {
    /// Each enrolment of the answer, its establishment and its status, in the order of their
    /// establishments.
    pub(crate) fn enrolments(&self) -> Vec<(&str, &str)> {
        let enrolments =
            self.body["inscriptions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut enrolments: Vec<_> = enrolments
            .iter()
            .map(|enrolment| {
                (text_of(&enrolment["etablissement"]["uai"]), text_of(&enrolment["statut"]))
            })
            .collect();
        enrolments.sort_unstable();
        enrolments
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
