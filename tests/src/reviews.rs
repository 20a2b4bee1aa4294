//! Reviewing officers of a test's own, and what they do: list, read, decide, undo, dispute.

use serde_json::{Value, json};
use shared::access::client::Client;
use shared::access::officer::Officer;
use shared::access::route::Route;
use shared::registry::reviews::ReviewStore;
use ureq::http::Method;

use crate::eventually;
use crate::http::HttpAnswer;
use crate::stack::Stack;

/// A record as the register keeps it: its id, and its student once it has one.
#[derive(Debug, Clone)]
pub struct Kept {
    /// `id_inscription`.
    pub id: String,
    pub student: Option<String>,
}

impl Stack {
    /// Registers an officer, and gives the key.
    pub async fn reviewer(&self) -> String {
        let review = |client: &mut Client| {
            client.routes = [Route::Review].into();
            client.officer = Officer::parse(&client.client_id).ok();
        };
        let (client, _) = self.client(review).await;
        self.key(&client, |_| {}).await
    }

    /// The table of cases, for a case that no file could bring about at will.
    #[must_use]
    pub fn reviews(&self) -> ReviewStore {
        ReviewStore::new(self.dynamodb.clone(), self.output("reviews_table").to_owned())
    }

    /// `GET /api/revues`, or something under it.
    pub async fn review(&self, key: &str, under: &str) -> HttpAnswer {
        self.call(Method::GET, &format!("/api/revues{under}")).key(key).send().await
    }

    /// `POST` under `/api/revues`.
    pub async fn review_post(&self, key: &str, under: &str, body: &Value) -> HttpAnswer {
        self.call(Method::POST, &format!("/api/revues{under}")).key(key).json(body).send().await
    }

    /// Waits until a case is in a state, and gives it.
    pub async fn case(&self, key: &str, id: &str, state: &str) -> Value {
        eventually(&format!("the case {state}"), || async {
            let case = self.review(key, &format!("/{id}")).await.json();
            (case["revue"]["etat"] == state).then_some(case)
        })
        .await
    }

    /// Answers a case as it is now.
    pub async fn answer_case(&self, key: &str, id: &str, answer: Value) -> HttpAnswer {
        let mut answer = answer;
        answer["version"] =
            self.review(key, &format!("/{id}")).await.json()["revue"]["version"].clone();
        self.review_post(key, &format!("/{id}/decision"), &answer).await
    }

    /// Undoes the decision of a case.
    pub async fn undo_case(&self, key: &str, id: &str) -> HttpAnswer {
        self.review_post(key, &format!("/{id}/annulation"), &json!({})).await
    }

    /// The one record that an establishment has sent.
    ///
    /// # Panics
    ///
    /// When the table can't be read.
    pub async fn record_of(&self, uai: &str) -> Kept {
        eventually("the record", || async {
            let items = self.items_with("records_table", "slice", uai).await;
            let text = |name: &str| items.first()?.get(name)?.as_s().ok().cloned();
            Some(Kept { id: text("id")?, student: text("student") })
        })
        .await
    }
}
