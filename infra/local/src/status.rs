//! Asks for statuses, as API Particulier does.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use ureq::http::Request;

use crate::http::{self, encoded};
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;

/// Who asks, in the form that API Particulier gives it.
const CALLER: &str = "DINUM - 00000000-0000-4000-8000-000000000000";
const PATH: &str = "/api/etudiant";

/// One question.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// By student number.
    Ine(String),
    /// By civil identity.
    Identity(Identity),
}

/// A civil identity, as the contract spells it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Birth name.
    pub(crate) nom_famille: String,
    /// First given name.
    pub(crate) prenom1: String,
    /// `YYYY-MM-DD`.
    pub(crate) date_naissance: String,
    /// `1` or `2`.
    pub(crate) sexe: String,
    /// COG code of the commune or country of birth.
    pub(crate) lieu_naissance: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// The body; null if it is not JSON.
    pub(crate) body: Value,
}

impl Question {
    /// Asks it.
    pub(crate) async fn ask(&self, outputs: &Outputs, sandbox: &Sandbox) -> Result<Reply> {
        let base = &outputs.api_url;
        let request = match self {
            Self::Ine(ine) => Request::get(format!("{base}{PATH}?INE={}", encoded(ine))),
            Self::Identity(_) => Request::post(format!("{base}{PATH}")).header("content-type", "application/json"),
        };
        let request = request
            .header("x-api-key", self.key(sandbox))
            .header("x-caller", CALLER)
            .body(self.body().map(|body| body.to_string()).unwrap_or_default())
            .context("the request can't be written")?;
        let answer = http::send(request).await.context("the API doesn't answer")?;
        Ok(Reply { status: answer.status, body: serde_json::from_str(&answer.body).unwrap_or_default() })
    }

    /// The question as a person would type it, its key masked.
    pub(crate) fn shown(&self, sandbox: &Sandbox) -> String {
        let key = masked(self.key(sandbox));
        match self {
            Self::Ine(ine) => format!("GET {PATH}?INE={ine}\nX-API-Key: {key}\nX-Caller: {CALLER}"),
            Self::Identity(_) => {
                let body = self.body().unwrap_or_default();
                format!("POST {PATH}\nX-API-Key: {key}\nX-Caller: {CALLER}\n{body:#}")
            }
        }
    }

    fn key<'a>(&self, sandbox: &'a Sandbox) -> &'a str {
        match self {
            Self::Ine(_) => &sandbox.status_ine_key,
            Self::Identity(_) => &sandbox.status_identity_key,
        }
    }

    fn body(&self) -> Option<Value> {
        let Self::Identity(identity) = self else { return None };
        Some(json!({
            "nomFamille": identity.nom_famille,
            "prenom1": identity.prenom1,
            "dateNaissance": identity.date_naissance,
            "sexe": identity.sexe,
            "lieuNaissance": identity.lieu_naissance,
        }))
    }
}

impl Reply {
    /// Each enrolment of the answer: its establishment and its status.
    pub(crate) fn enrolments(&self) -> Vec<(&str, &str)> {
        let enrolments = self.body["inscriptions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut enrolments: Vec<_> = enrolments
            .iter()
            .map(|enrolment| (text(&enrolment["etablissement"]["uai"]), text(&enrolment["statut"])))
            .collect();
        enrolments.sort_unstable();
        enrolments
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Enough of a key to tell it from another.
pub(crate) fn masked(key: &str) -> String {
    format!("{}…", key.get(..4).unwrap_or_default())
}
