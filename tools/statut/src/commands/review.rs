//! `statut review`: the API of reviews, for people without another tool.

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::cli::review::{self as cli, Action, Decide, name};
use crate::http::{self, encoded};
use crate::place::{Place, ReviewApi};
use crate::shown::Format;
use crate::ui;

/// Does it.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Review) -> Result<()> {
    let api = Api::of(place.review_api(options.reviewer)?)?;
    let answer = match &options.action {
        Action::List { nature } => return list(&api, format, nature.as_ref()).await,
        Action::Show { id } => {
            let case = api.get(&format!("/{}", encoded(id))).await?;
            return format.show(&case, || show(&case));
        }
        Action::Decide(decide) => {
            api.post(&format!("/{}/decision", encoded(&decide.id)), &body(decide)).await?
        }
        Action::Undo { id } => {
            api.post(&format!("/{}/annulation", encoded(id)), &json!({})).await?
        }
        Action::Dispute { enrolment } => {
            api.post("/contestations", &json!({ "inscription": enrolment })).await?
        }
    };
    format.show(&answer, || changed(&answer))
}

/// The API, and who asks.
struct Api {
    client: Client,
    url: String,
    key: String,
}

impl Api {
    fn of(ReviewApi { url, key }: ReviewApi) -> Result<Self> {
        Ok(Self { client: http::client(&url)?, url, key })
    }

    async fn get(&self, under: &str) -> Result<Value> {
        self.send(self.client.get(self.address(under))).await
    }

    async fn post(&self, under: &str, body: &Value) -> Result<Value> {
        let request =
            self.client.post(self.address(under)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    fn address(&self, under: &str) -> String {
        format!("{}/api/revues{under}", self.url)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value> {
        let answer = request
            .header("x-api-key", &self.key)
            .send()
            .await
            .context("the API doesn't answer")?;
        let status = answer.status().as_u16();
        let text = answer.text().await.context("the API's answer was cut short")?;
        match (status, serde_json::from_str::<Value>(&text)) {
            (200..300, Ok(body)) => Ok(body),
            (_, Ok(body)) => {
                bail!(
                    "{status} {}: {}",
                    text_of(&body["message"]),
                    text_of(&body["details"]["parameter"])
                )
            }
            (_, Err(_)) => bail!("the API answered {status}, without JSON: is its address right?"),
        }
    }
}

async fn list(api: &Api, format: Format, nature: Option<&cli::Nature>) -> Result<()> {
    let nature = nature.map(|nature| format!("&nature={}", name(nature))).unwrap_or_default();
    let mut cases: Vec<Value> = Vec::new();
    let mut after = String::new();
    loop {
        let page = api.get(&format!("?nombre=100{nature}{after}")).await?;
        cases.extend(elements(&page["revues"]).cloned());
        let Some(next) = page["suite"].as_str() else { break };
        after = format!("&apres={}", encoded(next));
    }
    format.show(&cases, || {
        if cases.is_empty() {
            println!("nothing waits for a person");
        } else {
            let heading = ["case", "since", "answers", "why"].map(str::to_owned).to_vec();
            ui::table(&[heading].into_iter().chain(cases.iter().map(row)).collect::<Vec<_>>());
        }
    })
}

fn row(case: &Value) -> Vec<String> {
    let two = if case["deuxPersonnes"] == true { " of 2" } else { "" };
    let disagreement = if case["desaccord"] == true { ", they disagree" } else { "" };
    let why: Vec<&str> = elements(&case["motifs"]).map(text_of).collect();
    let since = text_of(&case["ouverteLe"]).get(..10).unwrap_or_default().to_owned();
    vec![
        text_of(&case["id"]).to_owned(),
        since,
        format!("{}{two}{disagreement}", case["voix"]),
        why.join(" "),
    ]
}

fn show(case: &Value) {
    let summary = &case["revue"];
    ui::heading(&format!(
        "{}: {}, version {}",
        text_of(&summary["id"]),
        text_of(&summary["etat"]),
        summary["version"]
    ));
    for (place, party) in elements(&case["parties"]).enumerate() {
        let verified = if party["verifie"] == true { ", INE vérifié" } else { "" };
        ui::line(&format!(
            "[{place}] étudiant {}{verified}",
            party["etudiant"].as_str().unwrap_or("—")
        ));
        for source in elements(&party["inscriptions"]) {
            ui::line(&format!(
                "    {} {} {}",
                text_of(&source["id"]),
                text_of(&source["uai"]),
                text_of(&source["annee"])
            ));
        }
    }
    for compared in elements(&case["comparaisons"]) {
        let [left, right] = [0, 1].map(|side| compared["parties"][side].to_string());
        ui::heading(&format!("[{left}] / [{right}] {}", text_of(&compared["conclusion"])));
        let mut rows =
            vec![vec![String::new(), format!("[{left}]"), format!("[{right}]"), String::new()]];
        rows.extend(elements(&compared["traits"]).map(|line| {
            let cells =
                [&line["trait"], &line["valeurs"][0], &line["valeurs"][1], &line["constat"]];
            cells.map(|cell| text_of(cell).to_owned()).to_vec()
        }));
        ui::table(&rows);
        for doubt in elements(&compared["attention"]) {
            ui::line(&format!("Attention : {}", text_of(doubt)));
        }
    }
    ui::heading("Réponses possibles");
    for answer in elements(&case["reponses"]) {
        let student =
            answer["etudiant"].as_str().map(|id| format!(" --student {id}")).unwrap_or_default();
        let voices = if answer["voix"] == 2 { " (deux personnes)" } else { "" };
        ui::line(&format!(
            "{}{student}{voices} : {}",
            text_of(&answer["verdict"]),
            text_of(&answer["effet"])
        ));
    }
}

fn changed(answer: &Value) {
    let case = &answer["revue"];
    println!(
        "{}: {} {}",
        text_of(&answer["message"]),
        text_of(&case["id"]),
        text_of(&case["etat"])
    );
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

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use shared::contract::review::DecisionRequest;
    use shared::identity::review::CaseVerdict;

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
            let line =
                [&["statut", "review", "decide", "a-1", "--version", "3"][..], line].concat();
            let Command::Review(cli::Review { action: Action::Decide(decide), .. }) =
                Arguments::try_parse_from(&line).unwrap().command
            else {
                panic!("{line:?}")
            };
            let request = DecisionRequest::parse(body(&decide).to_string().as_bytes()).unwrap();
            let verdict: CaseVerdict = request.verdict().unwrap();
            assert_eq!(
                (request.version, format!("{verdict:?}").starts_with(expected)),
                (3, true),
                "{verdict:?}"
            );
        }
    }
}
