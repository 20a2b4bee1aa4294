//! The test double of FranceConnect and of the issuer of our tokens (`doubles/README.md`). Here
//! only: what is deployed elsewhere trusts the real ones.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::process::Command;
use ureq::http::Request;

use crate::agents;
use crate::environment::PLATFORM;
use crate::files::Files;
use crate::http::{self, HttpAnswer};
use crate::service::{Program, Service, free_port};
use crate::students;

/// Whom the tokens are for.
const AUDIENCE: &str = "statut-etudiant";
/// Our id as a data provider at FranceConnect, as long as a real one.
pub(crate) const CLIENT_ID: &str = "statut-etudiant-fournisseur-de-donnees-du-bac-a-sable";

/// Starts it and waits until it answers.
pub(crate) async fn start(files: &Files, detached: bool) -> Result<Service> {
    let port = free_port(0).context("no port is free on this machine")?;
    let mut command = PLATFORM.module(files, "doubles.identity_provider");
    command.args(["--audience", AUDIENCE, "--port", &port.to_string()]);
    let name = "test double of identity providers";
    let program =
        Program { name, command, port, health: "/health", log: files.local("double.log") };
    program.start(files, detached).await
}

/// The tests of its own.
pub(crate) fn tests(files: &Files) -> Command {
    let mut command = PLATFORM.module(files, "unittest");
    command.arg("doubles.test_identity_provider");
    command
}

/// Terraform's variables that name the providers to trust.
pub(crate) fn variables(url: &str) -> [(&'static str, Value); 4] {
    let issuer = format!("{url}/issuer");
    let jwks_url = format!("{issuer}/jwks");
    [
        ("token_issuer", json!({ "issuer": issuer, "audience": AUDIENCE, "jwks_url": jwks_url })),
        (
            "france_connect",
            json!({ "version": "v2", "url": url, "issuer": format!("{url}/api/v2"), "client_id": CLIENT_ID }),
        ),
        (
            "portal_provider",
            json!({ "issuer": format!("{url}/agents"), "client_id": agents::CLIENT_ID, "profile": "pro_connect" }),
        ),
        (
            "student_provider",
            json!({ "issuer": format!("{url}/students/api/v2"), "client_id": students::CLIENT_ID }),
        ),
    ]
}

/// Tells it who may check FranceConnect's tokens, and where the keys to encrypt the answers for
/// are.
pub(crate) async fn register(url: &str, client_secret: &str, jwks_uri: &str) -> Result<()> {
    let provider =
        json!({ "client_id": CLIENT_ID, "client_secret": client_secret, "jwks_uri": jwks_uri });
    call(Request::put(format!("{url}/double/france-connect/data-provider")), &provider)
        .await
        .map(drop)
}

/// Tells the agents' provider of the portal, and who may log in there.
pub(crate) async fn register_portal(
    url: &str,
    client_id: &str,
    client_secret: &str,
    accounts: &serde_json::Map<String, Value>,
) -> Result<()> {
    let client =
        json!({ "client_id": client_id, "client_secret": client_secret, "accounts": accounts });
    call(Request::put(format!("{url}/double/agents/client")), &client).await.map(drop)
}

/// Tells FranceConnect of the portal, and who may log in to it as a student.
pub(crate) async fn register_students(
    url: &str,
    client_id: &str,
    client_secret: &str,
    people: &serde_json::Map<String, Value>,
) -> Result<()> {
    let client =
        json!({ "client_id": client_id, "client_secret": client_secret, "people": people });
    call(Request::put(format!("{url}/double/students/client")), &client).await.map(drop)
}

/// A token of our issuer; `wanted` is described in `doubles/README.md`, as for the next.
pub(crate) async fn token(url: &str, wanted: &Value) -> Result<String> {
    access_token(&call(Request::post(format!("{url}/double/jwt")), wanted).await?)
}

/// A token of FranceConnect, that a person gave to a service provider.
pub(crate) async fn france_connect_token(url: &str, wanted: &Value) -> Result<String> {
    access_token(&call(Request::post(format!("{url}/double/france-connect/token")), wanted).await?)
}

async fn call(request: ureq::http::request::Builder, body: &Value) -> Result<HttpAnswer> {
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer = http::send(request.context("the request can't be written")?).await;
    let answer = answer.context("the test double doesn't answer")?;
    if answer.status != 200 {
        bail!("the test double refused (status {}): {}", answer.status, answer.body);
    }
    Ok(answer)
}

fn access_token(answer: &HttpAnswer) -> Result<String> {
    let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    answer["access_token"].as_str().map(str::to_owned).context("the test double gave no token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terraform_is_told_of_one_issuer_and_one_france_connect() {
        let [(_, issuer), (_, france_connect), (_, portal), (_, students)] =
            variables("http://127.0.0.1:8600");
        assert_eq!(portal["issuer"], "http://127.0.0.1:8600/agents");
        assert_eq!(students["issuer"], "http://127.0.0.1:8600/students/api/v2");
        assert_eq!(issuer["jwks_url"], "http://127.0.0.1:8600/issuer/jwks");
        assert_eq!(france_connect["issuer"], "http://127.0.0.1:8600/api/v2");
        assert!(CLIENT_ID.len() >= 32);
    }
}
