//! The page that verifies an attestation, in the browser of whoever verifies: nothing of it is sent to
//! us. A service worker keeps the page, the keys and the last list, so that it opens without a network.

use askama::Template;
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::api::reply::set_header;

use crate::assets::{ATTESTATION, ICON, QR_READER, QR_TABLES, STYLESHEET, VERIFIER};
use crate::context::{Address, Context};
use crate::refusal::ApiError;
use crate::view::{View, html};

#[derive(Template)]
#[template(path = "attesting/verifier.html")]
struct VerifierPage {
    view: View,
    script: String,
}

#[derive(Template)]
#[template(path = "attesting/worker.js", escape = "none")]
struct Worker {
    /// What never changes under its name.
    files: Vec<String>,
    /// What is asked for again wherever there is a network.
    documents: Vec<String>,
}

/// The page, the same for everybody: a browser may keep it.
pub(crate) fn show(context: &Context) -> Result<Response<Body>, ApiError> {
    context.own()?;
    let address = &context.address;
    let mut view =
        View::of_nobody(&address.base, "/attestation/verifier", "Vérifier une attestation");
    view.has_own = true;
    let template = VerifierPage { view, script: VERIFIER.name() };
    let mut response = html(StatusCode::OK, &template, address, "no-cache");
    set_header(&mut response, "content-security-policy", policy());
    // A camera is asked for by this page alone.
    let camera = "camera=(self), geolocation=(), microphone=(), payment=()";
    response.headers_mut().insert("permissions-policy", HeaderValue::from_static(camera));
    Ok(response)
}

/// Nothing but ours is loaded, no form leads anywhere, and scripts name one address alone: that of the
/// worker.
fn policy() -> &'static str {
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; worker-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types ouvrier"
}

/// The service worker, which may keep what is below `/attestation/` and what that loads.
pub(crate) fn worker(context: &Context) -> Result<Response<Body>, ApiError> {
    context.own()?;
    let Address { base, .. } = &context.address;
    let assets = [STYLESHEET, ICON, VERIFIER, ATTESTATION, QR_READER, QR_TABLES];
    let documents = ["verifier", "cles", "etats"];
    let worker = Worker {
        files: assets.iter().map(|asset| format!("{base}/fichiers/{}", asset.name())).collect(),
        documents: documents.iter().map(|name| format!("{base}/attestation/{name}")).collect(),
    };
    let text = worker.render().unwrap_or_default();
    let mut response = Response::new(Body::Text(text));
    let headers = response.headers_mut();
    let script = HeaderValue::from_static("text/javascript; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, script);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let policy = "default-src 'none'; connect-src 'self'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}
