//! A school tells of one enrolment by the write contract, and cancels it: both are seen at once.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::academic_year::{AcademicYear, day_in_france};
use shared::domain::uai::Uai;
use tokio::time::Instant;
use ureq::http::Request;

use crate::feed::PACE;
use crate::http;
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;
use crate::status::StatusQuestion;

const PATH: &str = "/api/inscription";
/// A school that sent no file.
const SCHOOL: &str = "0011402U";
/// A student of the university's file, and their birth date: the contract finds people by both.
const STUDENT: (&str, &str) = ("0AYIOP071Y8", "1996-12-26");
/// How long it may take until a status follows.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn play(outputs: &Outputs, sandbox: &Sandbox) -> Result<()> {
    let key = sandbox
        .write_keys
        .get(&Uai::parse(SCHOOL)?)
        .context("the school of the story has no write key")?;
    let year = AcademicYear::starting_on(day_in_france(Timestamp::now())).first_year();
    let (ine, born) = STUDENT;
    let enrolment = json!({
        "ine": ine, "dateNaissance": born, "dateDebutInscription": format!("{year}-09-01"),
        "dateFinInscription": format!("{}-08-31", year + 1), "statut": "inscrit", "regime": "formation initiale",
        "codeCommune": "01000", "uai": SCHOOL, "cursus": "L", "diplome": "2400001", "niveauDiplome": "01",
    });
    let told =
        call("POST", &format!("{}{PATH}", outputs.api_url), key, &enrolment.to_string()).await?;
    let id = told["inscription"]["id_inscription"].as_str().context("the enrolment has no id")?;
    println!("  ▸ POST {PATH}: {}", told["message"].as_str().unwrap_or_default());
    let took = until(outputs, sandbox, true).await?;
    println!("    ✔ visible after {:.1} s", took.as_secs_f64());

    call("DELETE", &format!("{}{PATH}/{id}", outputs.api_url), key, "").await?;
    println!("  ▸ DELETE {PATH}/{{id}}");
    let took = until(outputs, sandbox, false).await?;
    println!("    ✔ no longer visible after {:.1} s", took.as_secs_f64());
    Ok(())
}

async fn call(method: &str, url: &str, key: &str, body: &str) -> Result<Value> {
    let request = Request::builder().method(method).uri(url).header("x-api-key", key);
    let request = request.header("content-type", "application/json").body(body.to_owned());
    let answer = http::send(request.context("the request can't be written")?).await;
    let answer = answer.context("the API doesn't answer")?;
    if answer.status != 200 {
        bail!(
            "{method} {PATH} should have been answered 200 and was {}: {}",
            answer.status,
            answer.body
        );
    }
    serde_json::from_str(&answer.body).context("the answer is not JSON")
}

/// Waits until the student's status shows the school, or no longer does; says how long that took.
async fn until(outputs: &Outputs, sandbox: &Sandbox, shown: bool) -> Result<Duration> {
    let started = Instant::now();
    loop {
        let reply = StatusQuestion::Ine(STUDENT.0.to_owned()).ask(outputs, sandbox).await?;
        if reply.enrolments().iter().any(|(uai, _)| *uai == SCHOOL) == shown {
            return Ok(started.elapsed());
        }
        if started.elapsed() > PATIENCE {
            bail!("the status didn't follow within {} s: {}", PATIENCE.as_secs(), reply.text);
        }
        tokio::time::sleep(PACE).await;
    }
}
