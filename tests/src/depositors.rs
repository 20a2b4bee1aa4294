//! Establishments of a test's own, so that no two tests send for the same students, and what they
//! do with their write keys: tell of enrolments, deposit files.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::access::client::Client;
use shared::domain::commune::CommuneCode;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::registry::establishments::EstablishmentStore;
use ureq::http::Method;
use uuid::Uuid;

use crate::eventually;
use crate::http::{Call, HttpAnswer};
use crate::people::Person;
use crate::stack::Stack;

/// An establishment and its write key.
#[derive(Debug, Clone)]
pub struct Depositor {
    /// Its number.
    pub uai: String,
    /// The client that its key belongs to.
    pub client: Client,
    pub key: String,
}

impl Stack {
    /// Registers a university that nobody has sent anything for.
    ///
    /// # Panics
    ///
    /// When the tables can't be written.
    pub async fn depositor(&self) -> Depositor {
        let uai = fresh_uai();
        let establishment = Establishment {
            uai,
            name: format!("UNIVERSITE D'UN TEST ({uai})"),
            kind: "universite".into(),
            commune: CommuneCode::parse("44109").expect("the code of Nantes"),
            postal_code: "44000".into(),
            sends_for: vec![uai],
            regime_codes: BTreeMap::new(),
            status_codes: BTreeMap::new(),
        };
        let store = EstablishmentStore::new(
            self.dynamodb.clone(),
            self.output("establishments_table").to_owned(),
        );
        store.put(&establishment).await.expect("the establishment is registered");
        let (client, _) = self.client(|client| client.depositor = Some(uai)).await;
        let key = self.key(&client, |_| {}).await;
        Depositor { uai: uai.to_string(), client, key }
    }

    /// `POST /api/inscription`, or something under it.
    pub async fn tell(&self, key: &str, under: &str, body: &Value) -> HttpAnswer {
        self.call(Method::POST, &format!("/api/inscription{under}"))
            .key(key)
            .json(body)
            .send()
            .await
    }

    /// `POST /api/depots`.
    pub async fn form(&self, key: &str, wish: &Value) -> HttpAnswer {
        self.call(Method::POST, "/api/depots").key(key).json(wish).send().await
    }

    /// `GET /api/depots/{id}`.
    pub async fn follow(&self, key: &str, id: &str) -> HttpAnswer {
        self.call(Method::GET, &format!("/api/depots/{id}")).key(key).send().await
    }

    /// Asks for a form and posts a file with it; gives the deposit's id.
    ///
    /// # Panics
    ///
    /// When either is refused.
    pub async fn deposit(&self, depositor: &Depositor, wish: &Value, content: &[u8]) -> String {
        self.register_people(content).await;
        self.deposit_strangers(depositor, wish, content).await
    }

    /// The same of people whom INES doesn't know.
    ///
    /// # Panics
    ///
    /// When either is refused.
    pub async fn deposit_strangers(
        &self,
        depositor: &Depositor,
        wish: &Value,
        content: &[u8],
    ) -> String {
        let form = self.form(&depositor.key, wish).await;
        assert_eq!(form.status, 201, "{}", form.text);
        let form = form.json();
        let posted = post_form(&form, content).await;
        assert_eq!(posted.status, 204, "{}", posted.text);
        form["id"].as_str().unwrap_or_default().to_owned()
    }

    /// What `GET /api/depots/{id}` says once the import of a deposit has ended.
    pub async fn ended(&self, depositor: &Depositor, id: &str) -> Value {
        eventually("the end of a deposit's import", || async {
            let followed = self.follow(&depositor.key, id).await.json();
            matches!(followed["etat"].as_str(), Some("terminé" | "échoué")).then_some(followed)
        })
        .await
    }

    /// Deposits a file and gives the report of its import.
    pub async fn deposited(&self, depositor: &Depositor, wish: &Value, content: &[u8]) -> Value {
        let id = self.deposit(depositor, wish, content).await;
        let followed = self.ended(depositor, &id).await;
        fetched(&followed["rapport"]["json"]).await.json()
    }

    /// Waits until the status of an INE shows these enrolments, each an establishment and a status;
    /// none is a 404.
    pub async fn shows(&self, ine: &str, expected: &[(&str, &str)]) {
        eventually(&format!("enrolments {expected:?}"), || async {
            let answer = self.by_ine(ine).await;
            let seen = answer.enrolments();
            let seen: Vec<_> =
                seen.iter().map(|(uai, status)| (uai.as_str(), status.as_str())).collect();
            (answer.status == if expected.is_empty() { 404 } else { 200 } && seen == expected)
                .then_some(())
        })
        .await;
    }
}

impl Person {
    /// Their enrolment as the write contract tells of it.
    #[must_use]
    pub fn told(&self) -> Value {
        let (first, last) = &self.period;
        json!({
            "ine": self.ine, "dateNaissance": self.birth, "dateDebutInscription": first, "dateFinInscription": last,
            "statut": self.status, "regime": "formation initiale", "codeCommune": "44109", "uai": self.uai,
            "cursus": "L", "diplome": self.diploma, "niveauDiplome": "01",
        })
    }
}

/// Posts a file with a form of `POST /api/depots`, as a browser would: every field, then the file.
///
/// # Panics
///
/// When it isn't a form.
pub async fn post_form(form: &Value, content: &[u8]) -> HttpAnswer {
    let boundary = Uuid::new_v4().simple().to_string();
    let mut body = Vec::new();
    for (name, value) in form["champs"].as_object().expect("fields") {
        let value = value.as_str().expect("a field is text");
        let field = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(field.as_bytes());
    }
    let file = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
    );
    body.extend_from_slice(file.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Call::to(Method::POST, form["url"].as_str().expect("an address"))
        .header("content-type", &format!("multipart/form-data; boundary={boundary}"))
        .body(body)
        .send()
        .await
}

/// What a link of an answer leads to.
///
/// # Panics
///
/// When it isn't a link.
pub async fn fetched(link: &Value) -> HttpAnswer {
    Call::to(Method::GET, link.as_str().expect("a link")).send().await
}

/// An establishment's number that no test has had, in Nantes.
///
/// # Panics
///
/// Never: each number has its letter.
#[must_use]
pub fn fresh_uai() -> Uai {
    let number = Uuid::new_v4().as_u128() % 10_000;
    let letters = 'A'..='Z';
    let mut candidates =
        letters.filter_map(|letter| Uai::parse(&format!("044{number:04}{letter}")).ok());
    candidates.next().expect("each number has its letter")
}
