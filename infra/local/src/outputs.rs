//! `target/local/outputs.json`: where everything is, for people, for the other commands and for the
//! tests.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use statut::deployment::Deployment;

use crate::claim;
use crate::files::{self, Files};

const FILE: &str = "outputs.json";

/// The outputs that this tool uses; the file holds all of Terraform's.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Outputs {
    /// The emulator.
    pub(crate) endpoint_url: String,
    /// The test double of FranceConnect and of the token issuer.
    pub(crate) double_url: String,
    /// The API, as curl needs it.
    pub(crate) api_url: String,
    /// Where pointers to records wait for their identity.
    pub(crate) identity_queue_url: String,
    pub(crate) establishments_table: String,
    /// The students and their published answers.
    pub(crate) students_table: String,
    /// The clients of the API.
    pub(crate) clients_table: String,
    /// Where FranceConnect's secret and our keys for it go.
    pub(crate) france_connect_secret_arn: String,
    /// Where the portal's client secret at its provider goes.
    pub(crate) portal_provider_secret_arn: String,
    /// Where its client secret at `FranceConnect` goes, by which students log in.
    pub(crate) student_provider_secret_arn: String,
    /// The portal.
    pub(crate) portal_url: String,
    /// Where our credentials at INES go; none where nobody asks INES.
    #[serde(default)]
    pub(crate) ines_client_secret_arn: Option<String>,
}

impl Outputs {
    /// Writes the file from Terraform's outputs.
    pub(crate) fn write(
        files: &Files,
        terraform: Value,
        endpoint: &str,
        double: &str,
    ) -> Result<Self> {
        let mut flat = flatten(terraform, endpoint)?;
        flat.insert("double_url".to_owned(), Value::String(double.to_owned()));
        files::write_private(&files.local(FILE), &serde_json::to_string_pretty(&flat)?)?;
        serde_json::from_value(Value::Object(flat)).context("infra/outputs.tf lacks an output")
    }

    /// What is deployed there, as the operator's tool sees it.
    pub(crate) fn deployment(&self) -> Result<Deployment> {
        Deployment::local(&self.endpoint_url, &self.students_table)
    }

    /// Reads the file of the platform that is running.
    pub(crate) fn of_running_platform(files: &Files) -> Result<Self> {
        if !claim::is_running(files) {
            bail!("no local platform is running: start one with `cargo local up`");
        }
        let path = files.local(FILE);
        if !path.exists() {
            bail!(
                "the local platform is still starting: try again when `cargo local up` says that it is ready"
            );
        }
        serde_json::from_str(&files::read(&path)?)
            .context("target/local/outputs.json can't be understood")
    }
}

/// Terraform's `{"name": {"value": …}}` as `{"name": "…"}`: text wherever the value is a single
/// one.
fn flatten(terraform: Value, endpoint: &str) -> Result<Map<String, Value>> {
    let Value::Object(outputs) = terraform else { bail!("Terraform gave no outputs") };
    let mut flat = Map::new();
    for (name, mut output) in outputs {
        let value = match output["value"].take() {
            value @ (Value::String(_) | Value::Object(_) | Value::Array(_)) => value,
            value => Value::String(value.to_string()),
        };
        flat.insert(name, value);
    }
    let text = |name: &str| {
        flat.get(name)
            .and_then(Value::as_str)
            .with_context(|| format!("infra/outputs.tf lacks {name}"))
    };
    // The real one is a name that only AWS resolves.
    let api_url = format!("{endpoint}/_aws/execute-api/{}/{}", text("api_id")?, text("api_stage")?);
    flat.insert("api_url".to_owned(), Value::String(api_url));
    flat.insert("endpoint_url".to_owned(), Value::String(endpoint.to_owned()));
    Ok(flat)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn outputs_are_flat_and_the_api_is_reachable() {
        let terraform = json!({
            "api_id": {"sensitive": false, "type": "string", "value": "a1"},
            "api_stage": {"value": "v1"},
            "api_url": {"value": "https://a1.example/v1"},
            "log_groups": {"value": {"status": "/aws/lambda/status"}},
        });
        let flat = flatten(terraform, "http://127.0.0.1:4566").unwrap();
        assert_eq!(flat["api_url"], "http://127.0.0.1:4566/_aws/execute-api/a1/v1");
        assert_eq!(flat["log_groups"]["status"], "/aws/lambda/status");
        assert_eq!(flat["endpoint_url"], "http://127.0.0.1:4566");
    }
}
