//! Sends a file as an establishment does, with its write key: asks for a form, posts the file with
//! it, follows the import and reads the report.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::domain::uai::Uai;
use statut::http::encoded;
use statut::ui::{self, Step};
use ureq::http::Request;
use uuid::Uuid;

use crate::findings::Finding;
use crate::http::{self, HttpAnswer};
use crate::outputs::Outputs;
use crate::report::Report;
use crate::sandbox::Sandbox;

/// Between two looks at an import.
const PACE: Duration = Duration::from_millis(200);
const PATH: &str = "/api/depots";
/// The bar of an import: it is known how much of the file is read, not how many rows it has.
const PART: &str = "{wide_bar} {percent} %  {msg}";
const WHOLE: u64 = 1_000;

/// What the file is meant to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wish {
    /// The civil year in which the academic year of a complete file starts.
    pub(crate) complete: Option<i16>,
    /// A complete file may cancel however many enrolments.
    pub(crate) confirmed: bool,
    /// A report only.
    pub(crate) dry_run: bool,
}

/// The API, as an establishment sees it.
#[derive(Debug)]
pub(crate) struct Depositor<'a> {
    api: &'a str,
    uai: Uai,
    key: &'a str,
}

/// A file that was sent, and imported.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) deposit: String,
    /// What its report says.
    pub(crate) report: Report,
}

/// A page of what was found about rows.
#[derive(Debug, Deserialize)]
struct Page {
    constats: Vec<Finding>,
    suivant: Option<String>,
}

/// A form to post one file with.
#[derive(Debug, Deserialize)]
struct Form {
    id: String,
    url: String,
    champs: Map<String, Value>,
    #[serde(rename = "tailleMax")]
    largest: u64,
}

/// How far the import is.
#[derive(Debug, Deserialize)]
struct Followed {
    etat: String,
    #[serde(default)]
    lignes: Lines,
    #[serde(default)]
    progression: f64,
    #[serde(default)]
    raison: Option<String>,
    #[serde(default)]
    rapport: Option<Links>,
}

#[derive(Debug, Default, Deserialize)]
struct Lines {
    lues: u64,
}

#[derive(Debug, Deserialize)]
struct Links {
    json: String,
}

impl<'a> Depositor<'a> {
    /// An establishment of the sandbox.
    pub(crate) fn of(outputs: &'a Outputs, sandbox: &'a Sandbox, uai: Uai) -> Result<Self> {
        let key = sandbox
            .write_keys
            .get(&uai)
            .with_context(|| format!("the sandbox has no write key for {uai}"))?;
        Ok(Self { api: &outputs.api_url, uai, key })
    }

    /// Sends a file, follows its import to the end and prints the report. Fails if the import does.
    pub(crate) async fn send(&self, file: &Path, wish: Wish, patience: Duration) -> Result<Sent> {
        let name = file.file_name().unwrap_or_default().display();
        let form = self.ask(wish).await?;
        form.post(file, patience).await?;
        let links = match self.follow(&form.id, patience).await? {
            Followed { etat, raison, .. } if etat == "échoué" => {
                bail!(
                    "the import of {name} failed: {}",
                    raison.unwrap_or_else(|| "no reason given".to_owned())
                )
            }
            Followed { rapport, .. } => rapport.context("the import has no report")?,
        };
        let request = Request::get(links.json)
            .body(String::new())
            .context("the report's address is not one")?;
        let report =
            body_of(200, http::send(request).await.context("the report can't be fetched")?)?;
        let report: Report =
            serde_json::from_str(&report).context("the report can't be understood")?;
        report.print();
        Ok(Sent { deposit: form.id, report })
    }

    /// What was found so far about the identity of the rows of a deposit.
    pub(crate) async fn findings(&self, deposit: &str) -> Result<Vec<Finding>> {
        let (mut findings, mut after) = (Vec::new(), String::new());
        loop {
            let url = format!("{}{PATH}/{deposit}/identites?apres={}", self.api, encoded(&after));
            let page = self.call(Request::get(url), String::new(), 200).await?;
            let page: Page =
                serde_json::from_str(&page).context("what was found can't be understood")?;
            findings.extend(page.constats);
            match page.suivant {
                Some(next) => after = next,
                None => return Ok(findings),
            }
        }
    }

    async fn ask(&self, wish: Wish) -> Result<Form> {
        let Wish { complete, confirmed, dry_run } = wish;
        let mut body = json!({ "uai": self.uai, "essai": dry_run });
        if let Some(year) = complete {
            body["mode"] = "complet".into();
            body["annee"] = year.into();
            body["confirme"] = confirmed.into();
        }
        let request =
            Request::post(format!("{}{PATH}", self.api)).header("content-type", "application/json");
        let form = self.call(request, body.to_string(), 201).await?;
        serde_json::from_str(&form).context("the form of the deposit can't be understood")
    }

    /// Follows the import of a deposit until it is over.
    async fn follow(&self, id: &str, patience: Duration) -> Result<Followed> {
        let step = Step::of("importing", WHOLE, PART);
        let started = tokio::time::Instant::now();
        loop {
            let answer = self
                .call(Request::get(format!("{}{PATH}/{id}", self.api)), String::new(), 200)
                .await?;
            let followed: Followed =
                serde_json::from_str(&answer).context("the deposit can't be understood")?;
            step.bar().set_position(permille(followed.progression));
            step.bar().set_message(format!("{} rows", followed.lignes.lues));
            if matches!(followed.etat.as_str(), "terminé" | "échoué") {
                step.done(&format!("{} rows", followed.lignes.lues));
                return Ok(followed);
            }
            if started.elapsed() > patience {
                bail!(
                    "the import is not over after {} s: it goes on, this command doesn't wait any longer",
                    patience.as_secs()
                );
            }
            tokio::time::sleep(PACE).await;
        }
    }

    async fn call(
        &self,
        request: ureq::http::request::Builder,
        body: String,
        status: u16,
    ) -> Result<String> {
        let request = request
            .header("x-api-key", self.key)
            .body(body)
            .context("the request can't be written")?;
        body_of(status, http::send(request).await.context("the API doesn't answer")?)
    }
}

impl Form {
    /// Posts the file, as a browser would: the fields, then the file.
    async fn post(&self, file: &Path, patience: Duration) -> Result<()> {
        let unreadable = || format!("{} can't be read", file.display());
        let content = File::open(file).with_context(unreadable)?;
        let metadata = content.metadata().with_context(unreadable)?;
        if !metadata.is_file() {
            bail!("{} is not a file", file.display());
        }
        let length = metadata.len();
        if length > self.largest {
            bail!(
                "{} has {length} bytes, more than the {} that a deposit takes",
                file.display(),
                self.largest
            );
        }
        let boundary = Uuid::new_v4().simple().to_string();
        let (head, tail) = (self.head(&boundary)?, format!("\r\n--{boundary}--\r\n"));
        let step = Step::of("uploading", length, ui::BYTES);
        let request = Request::post(&self.url)
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .header("content-length", head.len() as u64 + length + tail.len() as u64);
        // No more than was promised, should the file grow meanwhile.
        let content = step.bar().wrap_read(content).take(length);
        let body = Cursor::new(head).chain(content).chain(Cursor::new(tail));
        let answer = http::upload(request, body, patience).await.context("the upload failed")?;
        if !(200..300).contains(&answer.status) {
            bail!("the inbox refused the file (status {}): {}", answer.status, answer.body);
        }
        step.done("");
        Ok(())
    }

    /// What comes before the file. Its own name stays here: it may be a person's.
    fn head(&self, boundary: &str) -> Result<String> {
        let mut head = String::new();
        for (name, value) in &self.champs {
            let value = value
                .as_str()
                .with_context(|| format!("the field {name} of the form is not text"))?;
            write!(
                head,
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )?;
        }
        write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )?;
        Ok(head)
    }
}

/// The body of an answer that has this status.
fn body_of(status: u16, answer: HttpAnswer) -> Result<String> {
    if answer.status != status {
        bail!("the API answered {} where {status} was expected: {}", answer.status, answer.body);
    }
    Ok(answer.body)
}

/// A part of 1 as an integer, whatever was sent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 before"
)]
fn permille(part: f64) -> u64 {
    (part * 1_000.0).clamp(0.0, 1_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_comes_after_every_field() {
        let form: Form = serde_json::from_value(json!({
            "id": "6f9619ff8b86d011b42d00cf4fc964ff", "url": "http://127.0.0.1/inbox", "tailleMax": 10,
            "champs": { "key": "0751967F/depot/6f9619ff8b86d011b42d00cf4fc964ff", "policy": "e30=" },
        }))
        .unwrap();
        let head = form.head("b").unwrap();
        assert_eq!(
            head,
            "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n0751967F/depot/6f9619ff8b86d011b42d00cf4fc964ff\r\n\
             --b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
    }

    #[test]
    fn progress_stays_on_the_bar() {
        assert_eq!(
            [0.0, 0.42, 1.0, 7.0, -1.0, f64::NAN].map(permille),
            [0, 420, 1_000, 1_000, 0, 0]
        );
    }
}
