//! The consultation API, as curl would call it.

use serde_json::Value;
use ureq::http;

use crate::people::Person;
use crate::stack::Stack;

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, to the byte.
    pub text: String,
    /// The headers, lower case.
    pub headers: http::HeaderMap,
}

impl Answer {
    /// The body as JSON; `null` when it isn't.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Each enrolment's establishment and status, sorted.
    #[must_use]
    pub fn enrolments(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut enrolments: Vec<_> = self.json()["inscriptions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|enrolment| (text(&enrolment["etablissement"]["uai"]), text(&enrolment["statut"])))
            .collect();
        enrolments.sort();
        enrolments
    }
}

impl Stack {
    /// `GET /api/etudiant?INE=`, with the right key.
    pub async fn by_ine(&self, ine: &str) -> Answer {
        self.get(&format!("/api/etudiant?INE={ine}"), Some(&self.ine_key)).await
    }

    /// `POST /api/etudiant` about a person, with the right key and the birthplace.
    pub async fn by_identity(&self, person: &Person) -> Answer {
        self.post(&person.question(Some(&person.birthplace)).to_string(), Some(&self.identity_key)).await
    }

    /// Any GET.
    pub async fn get(&self, path_and_query: &str, key: Option<&str>) -> Answer {
        self.send(http::Method::GET, path_and_query, key, None).await
    }

    /// Any POST to `/api/etudiant`.
    pub async fn post(&self, body: &str, key: Option<&str>) -> Answer {
        self.send(http::Method::POST, "/api/etudiant", key, Some(body.to_owned())).await
    }

    /// Any request.
    ///
    /// # Panics
    ///
    /// When there is no answer at all.
    pub async fn send(&self, method: http::Method, path: &str, key: Option<&str>, body: Option<String>) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.api_url))
            .header("content-type", "application/json")
            .header("x-caller", "DINUM - 22222222-2222-2222-2222-222222222222");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        let request = request.body(body.unwrap_or_default()).expect("a well-formed request");
        let call = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .proxy(None)
                .build()
                .into();
            let mut response = agent.run(request)?;
            let text = response.body_mut().read_to_string()?;
            Ok::<_, ureq::Error>(Answer {
                status: response.status().as_u16(),
                text,
                headers: response.headers().clone(),
            })
        });
        call.await.expect("the call ends").expect("the API answers")
    }
}
