//! The direct API in the demonstration: a line for each question, and one for what its answer must
//! hold.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use ureq::http::Request;

use crate::http;
use crate::outputs::Outputs;
use crate::samples::UNIVERSITY;
use crate::sandbox::{RECIPIENTS, Sandbox};

const BASE: &str = "/v3/mesri/statut_etudiant";

/// One question and what is right about its answer.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    title: &'static str,
    /// After [`BASE`].
    path: String,
    token: Option<&'a str>,
    /// Posted, if there is one.
    body: Option<Value>,
    status: u16,
    /// What must be there, by JSON pointer: this value, or any but null.
    holds: Vec<(&'static str, Option<Value>)>,
    /// What must not be there, because no scope grants it.
    lacks: &'static [&'static str],
}

/// The scenes, once the university's file is imported.
pub(super) fn scenes(sandbox: &Sandbox) -> Vec<Scene<'_>> {
    let recipient = format!("recipient={}", RECIPIENTS[0]);
    let by_ine = format!("/ine?ine=0AYIOP071Y8&{recipient}");
    let question = |title, path: &str, token| Scene {
        title,
        path: path.to_owned(),
        token,
        body: None,
        status: 200,
        holds: Vec::new(),
        lacks: &[],
    };
    let is = |pointer, value: Value| (pointer, Some(value));
    let enrolled = is("/data/admissions/0/est_inscrit", json!(true));
    let people = json!({ "demandes": [
        { "reference": "1", "ine": "0AYIOP071Y8" },
        { "reference": "2", "nomNaissance": "Mercier", "prenoms": ["Yanis"], "dateNaissance": "1999-11-30", "sexeEtatCivil": "M" },
        { "reference": "3", "ine": "064139910HK" }
    ]});
    vec![
        Scene {
            holds: vec![
                is("/data/identite/nom_naissance", json!("ROUSSEL")),
                enrolled.clone(),
                is("/data/admissions/0/etablissement_etudes/uai", json!(UNIVERSITY.uai)),
            ],
            ..question("A token with every scope", &by_ine, Some(&sandbox.tokens.direct))
        },
        Scene {
            holds: vec![enrolled.clone()],
            lacks: &["/data/identite", "/data/admissions/0/etablissement_etudes"],
            ..question(
                "A token with the fewest scopes",
                &by_ine,
                Some(&sandbox.tokens.direct_minimal),
            )
        },
        Scene {
            holds: vec![enrolled],
            lacks: &["/data/identite"],
            ..question(
                "A student logged in with FranceConnect",
                &format!("/france_connect?{recipient}"),
                Some(&sandbox.france_connect_tokens.enrolled),
            )
        },
        Scene {
            body: Some(people),
            holds: vec![
                is("/meta/trouves", json!(2)),
                is("/meta/introuvables", json!(1)),
                is("/data/2/resultat", json!("introuvable")),
            ],
            ..question(
                "Three people in one call",
                &format!("/lot?{recipient}"),
                Some(&sandbox.tokens.direct),
            )
        },
        Scene {
            holds: vec![
                is("/data/0/uai", json!(UNIVERSITY.uai)),
                ("/data/0/derniere_alimentation", None),
            ],
            ..question(
                "When the university was last fed",
                &format!("/couverture?uai={}", UNIVERSITY.uai),
                None,
            )
        },
        Scene {
            status: 401,
            holds: vec![is("/errors/0/code", json!("00105"))],
            ..question("A token that was revoked", &by_ine, Some(&sandbox.tokens.revoked))
        },
    ]
}

impl Scene<'_> {
    /// Asks, says in two lines what came, and fails if it is not right.
    pub(super) async fn play(&self, outputs: &Outputs) -> Result<()> {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        println!("  ▸ {}: {method} {BASE}{}", self.title, self.path);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{BASE}{}", outputs.api_url, self.path));
        if let Some(token) = self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if self.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let answer = http::send(request.body(body).context("the request can't be written")?).await;
        let answer = answer.context("the API doesn't answer")?;
        let shown =
            self.judge(answer.status, &serde_json::from_str(&answer.body).unwrap_or_default())?;
        println!("    ✔ {}{shown}", answer.status);
        Ok(())
    }

    /// What to show of the answer, or what is wrong with it.
    fn judge(&self, status: u16, answer: &Value) -> Result<String> {
        let Self { title, .. } = self;
        if status != self.status {
            bail!("{title}: the answer should have been {} and is {status}: {answer}", self.status);
        }
        let mut shown = String::new();
        for (pointer, expected) in &self.holds {
            let seen = answer.pointer(pointer).unwrap_or(&Value::Null);
            match expected {
                Some(expected) if seen != expected => {
                    bail!("{title}: {pointer} should have been {expected} and is {seen}")
                }
                None if seen.is_null() => bail!("{title}: {pointer} should have been told"),
                _ => {}
            }
            let value = seen.as_str().map_or_else(|| seen.to_string(), str::to_owned);
            shown = format!("{shown}, {} {value}", last(pointer));
        }
        for pointer in self.lacks {
            if answer.pointer(pointer).is_some() {
                bail!("{title}: {pointer} should not have been told");
            }
            shown = format!("{shown}, no {}", last(pointer));
        }
        Ok(shown)
    }
}

/// The last part of a JSON pointer.
fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_must_hold_what_is_right_and_nothing_more() {
        let scene = Scene {
            title: "A scene",
            path: String::new(),
            token: None,
            body: None,
            status: 200,
            holds: vec![("/data/est_inscrit", Some(json!(true))), ("/data/uai", None)],
            lacks: &["/data/identite"],
        };
        let right = json!({ "data": { "est_inscrit": true, "uai": "0751967F" } });
        assert_eq!(
            scene.judge(200, &right).unwrap(),
            ", est_inscrit true, uai 0751967F, no identite"
        );
        for wrong in [
            json!({ "data": { "est_inscrit": false, "uai": "0751967F" } }),
            json!({ "data": { "est_inscrit": true, "uai": null } }),
            json!({ "data": { "est_inscrit": true, "uai": "0751967F", "identite": {} } }),
        ] {
            assert!(scene.judge(200, &wrong).is_err(), "{wrong}");
        }
        assert!(scene.judge(404, &right).is_err());
    }
}
