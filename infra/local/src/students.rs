//! The students of the portal on the local platform: people whom the test double of `FranceConnect`
//! logs in.

use std::fmt;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::access::key::new_key;
use statut::aws;
use statut::ui::Step;

use crate::double;
use crate::outputs::Outputs;

/// Our id there, as a service provider.
pub(crate) const CLIENT_ID: &str = "statut-etudiant-espace-des-etudiants";

/// `student_accounts` of the sandbox: who may log in, by choosing their name at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StudentAccount {
    /// The `sub` at the provider, and the id of their link on its page: `enrolled` and `admitted`
    /// are in the samples, `twin` is a letter from the first, `unknown` is nobody.
    pub(crate) login_hint: String,
    pub(crate) name: String,
    /// By which what they share is read.
    pub(crate) birthdate: String,
}

impl fmt::Display for StudentAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: student ({})", self.name, self.login_hint)
    }
}

/// Gives the portal its client secret, and registers it and the people at the provider.
pub(crate) async fn register(
    people: Map<String, Value>,
    outputs: &Outputs,
) -> Result<Vec<StudentAccount>> {
    let step = Step::start("registering the portal at the students' test double");
    let client_secret = new_key();
    let secret = json!({ "id": "1", "key": client_secret });
    aws::secrets_manager(&outputs.endpoint_url)
        .put_secret_value()
        .secret_id(&outputs.student_provider_secret_arn)
        .secret_string(secret.to_string())
        .send()
        .await
        .context("the portal's client secret at FranceConnect can't be written")?;
    double::register_students(&outputs.double_url, CLIENT_ID, &client_secret, &people).await?;
    let accounts: Vec<StudentAccount> =
        people.iter().map(|(hint, person)| account(hint, person)).collect();
    step.done(&format!("{} people", accounts.len()));
    Ok(accounts)
}

fn account(hint: &str, person: &Value) -> StudentAccount {
    let text = |name: &str| person[name].as_str().unwrap_or_default().to_owned();
    StudentAccount {
        login_hint: hint.to_owned(),
        name: format!("{} {}", text("given_name"), text("family_name")),
        birthdate: text("birthdate"),
    }
}
