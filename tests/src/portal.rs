//! A browser without JavaScript: it keeps cookies, follows redirects and sends forms as ours.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::depositors::post_form;
use crate::http::{Call, HttpAnswer};
use crate::stack::Stack;

/// A page is read so often, and then it won't change any more.
const MOST_READINGS: u32 = 240;
const BETWEEN_READINGS: Duration = Duration::from_millis(500);

/// Redirects of one click: to the provider and back are three.
const MOST_REDIRECTS: usize = 6;

/// Somebody's browser.
#[derive(Debug)]
pub struct Browser {
    /// `http://127.0.0.1:4566`.
    origin: String,
    /// The portal's address.
    portal: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// One that has never been anywhere.
    #[must_use]
    pub fn new(stack: &Stack) -> Self {
        let portal = stack.output("portal_url").to_owned();
        let host = portal.find("://").map_or(0, |at| at + 3);
        let path = portal[host..].find('/').map_or(portal.len(), |at| at + host);
        Self { origin: portal[..path].to_owned(), portal, cookies: BTreeMap::new() }
    }

    /// A page of the portal, by its path there.
    pub async fn get(&mut self, path: &str) -> HttpAnswer {
        let url = format!("{}{path}", self.portal);
        self.follow(Method::GET, url, "").await
    }

    /// What is at a path of the same origin.
    pub async fn get_at(&mut self, path: &str) -> HttpAnswer {
        let url = format!("{}{path}", self.origin);
        self.follow(Method::GET, url, "").await
    }

    /// Sends a form of the portal.
    pub async fn post(&mut self, path: &str, form: &str) -> HttpAnswer {
        let url = format!("{}{path}", self.portal);
        self.follow(Method::POST, url, form).await
    }

    /// Drops a file with the form of a page, as S3 takes it, and gives the page that one is sent to.
    ///
    /// # Panics
    ///
    /// When the page has no such form, or S3 doesn't take it.
    pub async fn drop_file(&mut self, page: &HttpAnswer, content: &[u8]) -> HttpAnswer {
        let form = page.text.split("class=\"drop\"").nth(1);
        let form = form.unwrap_or_else(|| panic!("no form: {}", page.text));
        let attribute = |text: &str, name: &str| {
            let value = text.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
            let value = value.split('"').next().unwrap_or_default();
            value.replace("&#34;", "\"").replace("&#38;", "&").replace("&amp;", "&")
        };
        let fields = form.split("type=\"hidden\"").skip(1);
        let fields = fields.map(|field| (attribute(field, "name"), attribute(field, "value")));
        let fields: Map<String, Value> = fields.map(|(name, value)| (name, value.into())).collect();
        let form = json!({ "url": attribute(form, "action"), "champs": fields });
        let posted = post_form(&form, content).await;
        assert_eq!(posted.status, 303, "{}", posted.text);
        let next = posted.header("location").split('?').next().unwrap_or_default().to_owned();
        assert!(next.starts_with(&self.portal), "{next}");
        self.follow(Method::GET, next, "").await
    }

    /// Reads a page until it has these words.
    ///
    /// # Panics
    ///
    /// When it doesn't come to have them.
    pub async fn until(&mut self, path: &str, words: &str) -> HttpAnswer {
        let mut last = String::new();
        for _ in 0..MOST_READINGS {
            let page = self.get(path).await;
            if page.text.contains(words) {
                return page;
            }
            last.clone_from(&page.text);
            tokio::time::sleep(BETWEEN_READINGS).await;
        }
        panic!("never {words}: {last}")
    }

    /// Logs in by choosing an account at the provider; gives the page that one arrives at.
    ///
    /// # Panics
    ///
    /// When the provider doesn't offer that account.
    pub async fn log_in(&mut self, account: &str) -> HttpAnswer {
        let choice = self.get("/connexion/depart?retour=/etablissements").await;
        let link = format!("id=\"{account}\" href=\"");
        let link = choice.text.split(&link).nth(1).unwrap_or_else(|| panic!("{}", choice.text));
        let query = link.split('"').next().unwrap_or_default().replace("&amp;", "&");
        let provider = choice.header("x-url").split('?').next().unwrap_or_default().to_owned();
        self.follow(Method::GET, format!("{provider}{query}"), "").await
    }

    /// What a page's forms send back.
    ///
    /// # Panics
    ///
    /// When the page has no form of somebody who is logged in.
    #[must_use]
    pub fn token(&self, page: &HttpAnswer) -> String {
        let value = page.text.split("name=\"jeton\" value=\"").nth(1);
        let value = value.unwrap_or_else(|| panic!("no form: {}", page.text));
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// Asks, keeps cookies, and goes where it is sent. The answer's `x-url` is where it ended.
    async fn follow(&mut self, method: Method, url: String, form: &str) -> HttpAnswer {
        let (mut method, mut url) = (method, url);
        for _ in 0..MOST_REDIRECTS {
            let is_ours = url.starts_with(&self.origin);
            let mut call = Call::to(method.clone(), &url);
            if is_ours && !self.cookies.is_empty() {
                let cookies: Vec<_> =
                    self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                call = call.header("cookie", &cookies.join("; "));
            }
            if method == Method::POST {
                call = call
                    .header("origin", &self.origin)
                    .header("sec-fetch-site", "same-origin")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form);
            }
            let mut answer = call.send().await;
            if is_ours {
                self.keep(&answer);
            }
            let location = answer.header("location").to_owned();
            if answer.status != 303 || location.is_empty() {
                answer.headers.insert("x-url", url.parse().expect("an address"));
                return answer;
            }
            url = if location.starts_with('/') {
                format!("{}{location}", self.origin)
            } else {
                location
            };
            method = Method::GET;
        }
        panic!("sent around in circles")
    }

    fn keep(&mut self, answer: &HttpAnswer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap_or_default();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            assert!(
                name.starts_with("__Host-")
                    && attributes.contains("HttpOnly")
                    && attributes.contains("Secure")
                    && attributes.contains("SameSite=Lax"),
                "{text}"
            );
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
