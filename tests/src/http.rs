//! The consultation API, as curl would call it.

use std::collections::BTreeSet;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::http::{self, Method};

use crate::people::Person;
use crate::stack::Stack;

/// The DINUM, which may be told what the sandbox's clients may ask.
pub const RECIPIENT: &str = "13002526500013";

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, to the byte.
    pub text: String,
    /// The headers, lower case.
    pub headers: http::HeaderMap,
}

impl HttpAnswer {
    /// The body as JSON; `null` when it isn't.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header's text; empty when it isn't there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The correlation id.
    ///
    /// # Panics
    ///
    /// When there is none: every answer has one.
    #[must_use]
    pub fn uid(&self) -> String {
        let uid = self.header("x-request-id");
        assert!(uid.ends_with("_0000"), "no correlation id: {self:?}");
        uid.to_owned()
    }

    /// The status and the codes of v3's errors, between blanks.
    #[must_use]
    pub fn refusal(&self) -> String {
        let json = self.json();
        let codes = json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["code"].as_str());
        std::iter::once(self.status.to_string().as_str()).chain(codes).collect::<Vec<_>>().join(" ")
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

/// The names of all the fields that v3 tells of a person, in `identite` and in each of
/// `admissions`.
#[must_use]
pub fn told_fields(data: &Value) -> BTreeSet<String> {
    let admissions = data["admissions"].as_array().into_iter().flatten();
    std::iter::once(&data["identite"])
        .chain(admissions)
        .flat_map(|object| object.as_object().into_iter().flatten().map(|(name, _)| name.clone()))
        .collect()
}

/// Parameters as a query.
#[must_use]
pub fn query<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs =
        parameters.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A request in the making.
#[derive(Debug)]
#[must_use = "it is sent by `send`"]
pub struct Call {
    request: http::request::Builder,
    body: Vec<u8>,
}

impl Call {
    /// A request to an address.
    pub fn to(method: Method, url: &str) -> Self {
        Self { request: http::Request::builder().method(method).uri(url), body: Vec::new() }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// With a signed token, or one of FranceConnect.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With an API key.
    pub fn key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    /// On behalf of somebody.
    pub fn caller(self, caller: &str) -> Self {
        self.header("x-caller", caller)
    }

    /// With a body, as it is.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// With a body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// The answer.
    ///
    /// # Panics
    ///
    /// When there is none at all.
    pub async fn send(self) -> HttpAnswer {
        let request = self.request.body(self.body).expect("a well-formed request");
        let call = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .proxy(None)
                // A redirect is an answer like any other: it is looked at before it is followed.
                .max_redirects(0)
                .max_redirects_will_error(false)
                .build()
                .into();
            let mut response = agent.run(request)?;
            let text = response.body_mut().read_to_string()?;
            Ok::<_, ureq::Error>(HttpAnswer {
                status: response.status().as_u16(),
                text,
                headers: response.headers().clone(),
            })
        });
        call.await.expect("the call ends").expect("the API answers")
    }
}

impl Stack {
    /// A call of the API.
    pub fn call(&self, method: Method, path_and_query: &str) -> Call {
        Call::to(method, &format!("{}{path_and_query}", self.api_url))
    }

    /// `GET /api/etudiant?INE=`, with the right key.
    pub async fn by_ine(&self, ine: &str) -> HttpAnswer {
        self.get(&format!("/api/etudiant?INE={ine}"), Some(&self.ine_key)).await
    }

    /// `POST /api/etudiant` about a person, with the right key and the birthplace.
    pub async fn by_identity(&self, person: &Person) -> HttpAnswer {
        self.post(&person.question(Some(&person.birthplace)).to_string(), Some(&self.identity_key))
            .await
    }

    /// Any GET.
    pub async fn get(&self, path_and_query: &str, key: Option<&str>) -> HttpAnswer {
        self.send(Method::GET, path_and_query, key, None).await
    }

    /// Any POST to `/api/etudiant`.
    pub async fn post(&self, body: &str, key: Option<&str>) -> HttpAnswer {
        self.send(Method::POST, "/api/etudiant", key, Some(body.to_owned())).await
    }

    /// Any request, as API Particulier makes them.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<String>,
    ) -> HttpAnswer {
        let call = self
            .call(method, path)
            .header("content-type", "application/json")
            .caller("DINUM - 22222222-2222-2222-2222-222222222222")
            .body(body.unwrap_or_default());
        let call = if let Some(key) = key { call.key(key) } else { call };
        call.send().await
    }

    /// `GET /v3/mesri/statut_etudiant/…` with a token; the rest of the path has the parameters.
    pub async fn direct(&self, path_and_query: &str, token: &str) -> HttpAnswer {
        self.call(Method::GET, &format!("/v3/mesri/statut_etudiant/{path_and_query}"))
            .bearer(token)
            .send()
            .await
    }

    /// v3 about an INE.
    pub async fn direct_by_ine(&self, ine: &str, token: &str) -> HttpAnswer {
        self.direct(&format!("ine?{}", query([("ine", ine), ("recipient", RECIPIENT)])), token)
            .await
    }

    /// v3 about a person.
    pub async fn direct_by_identity(&self, person: &Person, token: &str) -> HttpAnswer {
        let parameters = person.parameters();
        let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str()));
        self.direct(&format!("identite?{}", query(parameters)), token).await
    }

    /// v3 about whom FranceConnect names.
    pub async fn france_connect(&self, token: &str) -> HttpAnswer {
        self.direct(&format!("france_connect?recipient={RECIPIENT}"), token).await
    }

    /// v3 about several people at once.
    pub async fn batch(&self, lines: &[Value], token: &str) -> HttpAnswer {
        let path = format!("/v3/mesri/statut_etudiant/lot?recipient={RECIPIENT}");
        self.call(Method::POST, &path)
            .bearer(token)
            .json(&serde_json::json!({ "demandes": lines }))
            .send()
            .await
    }
}
