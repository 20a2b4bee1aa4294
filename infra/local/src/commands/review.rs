//! `cargo local review`: the API of reviews, for people without another tool.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use ureq::http::Request;

use crate::cli::review::{self as cli, Action, Decide, name};
use crate::files::Files;
use crate::http::{self, encoded};
use crate::outputs::Outputs;
use crate::sandbox::Sandbox;
use crate::ui;

/// Where the key of a real reviewer is.
const KEY: &str = "STATUT_ETUDIANT_REVIEW_KEY";

/// Does it.
pub(crate) async fn run(files: &Files, options: &cli::Review) -> Result<()> {
    let api = Api::named(files, options)?;
    match &options.action {
        Action::List { nature } => return list(&api, nature.as_ref()).await,
        Action::Show { id } => show(&api.get(&format!("/{}", encoded(id))).await?),
        Action::Decide(decide) => {
            changed(&api.post(&format!("/{}/decision", encoded(&decide.id)), &body(decide)).await?);
        }
        Action::Undo { id } => changed(&api.post(&format!("/{}/annulation", encoded(id)), &json!({})).await?),
        Action::Dispute { enrolment } => {
            changed(&api.post("/contestations", &json!({ "inscription": enrolment })).await?);
        }
    }
    Ok(())
}

/// The API, and who asks.
struct Api {
    base: String,
    key: String,
}

impl Api {
    fn named(files: &Files, options: &cli::Review) -> Result<Self> {
        if let Some(api) = &options.api {
            let key = std::env::var(KEY).with_context(|| format!("{KEY} has the reviewer's key"))?;
            return Ok(Self { base: api.trim_end_matches('/').to_owned(), key });
        }
        let sandbox = Sandbox::of_running_platform(files)?;
        let key = sandbox.review_keys.into_iter().nth(usize::from(options.reviewer) - 1);
        let key = key.context("target/local/sandbox.json has no key for that reviewer")?;
        Ok(Self { base: Outputs::of_running_platform(files)?.api_url, key })
    }

    async fn get(&self, under: &str) -> Result<Value> {
        self.send(Request::get(self.address(under)), String::new()).await
    }

    async fn post(&self, under: &str, body: &Value) -> Result<Value> {
        let request = Request::post(self.address(under)).header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }

    fn address(&self, under: &str) -> String {
        format!("{}/api/revues{under}", self.base)
    }

    async fn send(&self, request: ureq::http::request::Builder, body: String) -> Result<Value> {
        let request = request.header("x-api-key", &self.key).body(body).context("the request can't be written")?;
        let answer = http::send(request).await.context("the API doesn't answer")?;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if answer.status >= 400 {
            bail!("{} {}: {}", answer.status, text(&body["message"]), text(&body["details"]["parameter"]));
        }
        Ok(body)
    }
}

async fn list(api: &Api, nature: Option<&cli::Nature>) -> Result<()> {
    let nature = nature.map(|nature| format!("&nature={}", name(nature))).unwrap_or_default();
    let mut rows = vec![["case", "since", "answers", "why"].map(str::to_owned).to_vec()];
    let mut after = String::new();
    loop {
        let page = api.get(&format!("?nombre=100{nature}{after}")).await?;
        rows.extend(elements(&page["revues"]).map(row));
        let Some(next) = page["suite"].as_str() else { break };
        after = format!("&apres={}", encoded(next));
    }
    if rows.len() == 1 {
        println!("nothing waits for a person");
    } else {
        ui::table(&rows);
    }
    Ok(())
}

fn row(case: &Value) -> Vec<String> {
    let two = if case["deuxPersonnes"] == true { " of 2" } else { "" };
    let disagreement = if case["desaccord"] == true { ", they disagree" } else { "" };
    let why: Vec<&str> = elements(&case["motifs"]).map(text).collect();
    let since = text(&case["ouverteLe"]).get(..10).unwrap_or_default().to_owned();
    vec![text(&case["id"]).to_owned(), since, format!("{}{two}{disagreement}", case["voix"]), why.join(" ")]
}

fn show(case: &Value) {
    let summary = &case["revue"];
    ui::heading(&format!("{}: {}, version {}", text(&summary["id"]), text(&summary["etat"]), summary["version"]));
    for (place, party) in elements(&case["parties"]).enumerate() {
        let verified = if party["verifie"] == true { ", INE vérifié" } else { "" };
        ui::line(&format!("[{place}] étudiant {}{verified}", party["etudiant"].as_str().unwrap_or("—")));
        for source in elements(&party["inscriptions"]) {
            ui::line(&format!("    {} {} {}", text(&source["id"]), text(&source["uai"]), text(&source["annee"])));
        }
    }
    for compared in elements(&case["comparaisons"]) {
        let [left, right] = [0, 1].map(|side| compared["parties"][side].to_string());
        ui::heading(&format!("[{left}] / [{right}] {}", text(&compared["conclusion"])));
        let mut rows = vec![vec![String::new(), format!("[{left}]"), format!("[{right}]"), String::new()]];
        rows.extend(elements(&compared["traits"]).map(|line| {
            let cells = [&line["trait"], &line["valeurs"][0], &line["valeurs"][1], &line["constat"]];
            cells.map(|cell| text(cell).to_owned()).to_vec()
        }));
        ui::table(&rows);
        for doubt in elements(&compared["attention"]) {
            ui::line(&format!("Attention : {}", text(doubt)));
        }
    }
    ui::heading("Réponses possibles");
    for answer in elements(&case["reponses"]) {
        let student = answer["etudiant"].as_str().map(|id| format!(" --student {id}")).unwrap_or_default();
        let voices = if answer["voix"] == 2 { " (deux personnes)" } else { "" };
        ui::line(&format!("{}{student}{voices} : {}", text(&answer["verdict"]), text(&answer["effet"])));
    }
}

fn changed(answer: &Value) {
    let case = &answer["revue"];
    println!("{}: {} {}", text(&answer["message"]), text(&case["id"]), text(&case["etat"]));
}

fn body(decide: &Decide) -> Value {
    let Decide { id: _, verdict, version, student, enrolments, motif } = decide;
    json!({
        "version": version, "verdict": name(verdict), "etudiant": student, "inscriptions": enrolments,
        "motif": motif.as_ref().map(name),
    })
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use shared::contract::review::DecisionRequest;
    use shared::identity::review::Verdict;

    use super::*;
    use crate::cli::{Arguments, Command};

    #[test]
    fn an_answer_is_what_the_api_takes() {
        const STUDENT: &str = "6f9619ff8b86d011b42d00cf4fc964ff";
        for (line, expected) in [
            (&["meme", "--student", STUDENT, "--motif", "pieces"][..], "Attach"),
            (&["different"], "Different"),
            (&["scinder", "--enrolments", "1.0123456789abcdef0123456789abcdef"], "Split"),
            (&["maintenir"], "Keep"),
            (&["incertain"], "Unsure"),
        ] {
            let line = [&["local", "review", "decide", "a-1", "--version", "3"][..], line].concat();
            let Command::Review(cli::Review { action: Action::Decide(decide), .. }) =
                Arguments::try_parse_from(&line).unwrap().command
            else {
                panic!("{line:?}")
            };
            let request = DecisionRequest::parse(body(&decide).to_string().as_bytes()).unwrap();
            let verdict: Verdict = request.verdict().unwrap();
            assert_eq!((request.version, format!("{verdict:?}").starts_with(expected)), (3, true), "{verdict:?}");
        }
    }
}
