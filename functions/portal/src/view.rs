//! What every page has: title, menu, who is logged in; and the headers that keep it ours.

use askama::Template;
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::api::reply::set_header;
use shared::registry::members::NationalRole;

use crate::assets::{ICON, SCRIPT, STYLESHEET};
use crate::context::{Address, Context};
use crate::session::Visitor;

/// A page's frame.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) title: String,
    /// The path below `base`.
    pub(crate) path: &'static str,
    pub(crate) base: String,
    pub(crate) member: Option<Greeted>,
    /// Whether students can log in here.
    pub(crate) has_own: bool,
    pub(crate) stylesheet: String,
    pub(crate) icon: String,
    /// For the pages that something moves on; they are whole without it.
    pub(crate) script: String,
}

/// Who is logged in, as the menu shows it.
#[derive(Debug, Clone)]
pub(crate) struct Greeted {
    pub(crate) name: String,
    pub(crate) csrf: String,
    /// Where they log out.
    pub(crate) leave: &'static str,
    space: Space,
}

/// Whose pages the menu shows.
#[derive(Debug, Clone, Copy)]
enum Space {
    Member(Option<NationalRole>),
    Student,
}

/// A line of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
}

/// The pages that everybody finds in the menu.
const PUBLIC: [Entry; 4] = [
    Entry { path: "", label: "Accueil" },
    Entry { path: "/couverture", label: "Couverture" },
    Entry { path: "/statistiques", label: "Statistiques" },
    Entry { path: "/api", label: "API" },
];

impl View {
    /// The frame of a page, for whoever visits it.
    pub(crate) fn new(
        context: &Context,
        path: &'static str,
        title: impl Into<String>,
        visitor: &Visitor,
    ) -> Self {
        let member = match visitor {
            Visitor::Nobody => None,
            Visitor::Agent(person) => Some(Greeted {
                name: person.session.name.clone(),
                csrf: person.session.csrf.clone(),
                leave: "/deconnexion",
                // Only what the menu shows: each page asks anew what they may do.
                space: Space::Member(person.member.national.map(|held| held.role)),
            }),
            Visitor::Student(student) => Some(Greeted {
                name: student.identity.name(),
                csrf: student.session.csrf.clone(),
                leave: "/mon-espace/deconnexion",
                space: Space::Student,
            }),
        };
        Self {
            member,
            has_own: context.own.is_some(),
            ..Self::of_nobody(&context.address.base, path, title)
        }
    }

    /// The frame of a page that doesn't know who visits it.
    pub(crate) fn of_nobody(base: &str, path: &'static str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            path,
            base: base.to_owned(),
            member: None,
            has_own: false,
            stylesheet: STYLESHEET.name(),
            icon: ICON.name(),
            script: SCRIPT.name(),
        }
    }

    /// The menu of this visitor.
    pub(crate) fn menu(&self) -> Vec<Entry> {
        let mut menu = PUBLIC.to_vec();
        match self.member.as_ref().map(|member| member.space) {
            Some(Space::Member(Some(NationalRole::Relecteur))) => {
                menu.push(Entry { path: "/revues", label: "Revues" });
            }
            Some(Space::Student) => {
                menu.push(Entry { path: "/mon-espace", label: "Mon espace" });
            }
            Some(Space::Member(role)) => {
                menu.push(Entry { path: "/etablissements", label: "Mes établissements" });
                match role {
                    Some(NationalRole::Operateur) => {
                        menu.push(Entry { path: "/national", label: "National" });
                    }
                    Some(NationalRole::Delegue) => {
                        menu.push(Entry { path: "/national/demandes", label: "Demandes" });
                    }
                    Some(NationalRole::Relecteur) | None => {}
                }
            }
            None => {}
        }
        menu
    }

    pub(crate) fn is_at(&self, entry: &Entry) -> bool {
        self.path == entry.path
    }
}

/// A rendered page. One of a person is kept by no cache.
pub(crate) fn page(context: &Context, view: &View, template: &impl Template) -> Response<Body> {
    let cache = if view.member.is_some() { "no-store" } else { "no-cache" };
    html(StatusCode::OK, template, &context.address, cache)
}

/// HTML with the headers that keep a page ours.
pub(crate) fn html(
    status: StatusCode,
    template: &impl Template,
    address: &Address,
    cache: &'static str,
) -> Response<Body> {
    // A template fails only where one of its values does, and ours are texts and numbers.
    let text = template.render().unwrap_or_default();
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    );
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    set_header(&mut response, "content-security-policy", content_security_policy(address));
    response
}

/// Nothing but ours is loaded, nobody frames us, and a form leads to us, with a file to the inbox,
/// or at log-out to a provider.
fn content_security_policy(address: &Address) -> String {
    let providers = address.provider_origins.join(" ");
    let inbox = &address.inbox_origin;
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
         connect-src 'self' {inbox}; form-action 'self' {inbox} {providers}; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// Sends the browser to another address, by `GET`.
pub(crate) fn see_other(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::SEE_OTHER;
    set_header(&mut response, "location", location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
