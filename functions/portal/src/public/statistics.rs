//! The statistics that anybody may read: the students of the day, rounded, and the frozen snapshots
//! with their reports and files, as statistics wrote them.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Request, Response};
use sha2::{Digest as _, Sha256};
use shared::api::reply::set_header;
use shared::registry::public_statistics::{Daily, Found};

use crate::context::Context;
use crate::refusal::{ApiError, Refusal};
use crate::session::Visitor;
use crate::view::{View, page, see_other};
use crate::words::{self, count};

/// The largest file that the function gives itself: Lambda takes six megabytes, with what JSON adds to
/// a text. S3 gives the others.
const LARGEST: usize = 4 * 1024 * 1024;
const HTML: &str = "text/html; charset=utf-8";

#[derive(Template)]
#[template(path = "public/statistics.html")]
struct StatisticsPage {
    view: View,
    daily: Option<Today>,
    snapshots: Vec<Snapshot>,
}

/// The students of the day.
struct Today {
    students: String,
    day: String,
    year: String,
}

/// A frozen snapshot.
struct Snapshot {
    /// `2026-10-20`, as in its address.
    date: String,
    /// `20/10/2026`.
    day: String,
}

/// What there is, the latest snapshot first.
pub(crate) async fn list(context: &Context, visitor: &Visitor) -> Result<Response<Body>, ApiError> {
    let today = |Daily { date, rentree, etudiants, .. }| Today {
        students: count(u64::try_from(etudiants).unwrap_or_default()),
        day: words::date(date),
        year: rentree,
    };
    let snapshots = context.statistics.snapshots().await?.etats;
    let view = View::new(context, "/statistiques", "Statistiques", visitor);
    let template = StatisticsPage {
        view: view.clone(),
        daily: context.statistics.daily().await?.map(today),
        snapshots: snapshots
            .into_iter()
            .rev()
            .map(|date| Snapshot { date: date.to_string(), day: words::date(date) })
            .collect(),
    };
    Ok(page(context, &view, &template))
}

/// A file of a snapshot. It never changes, so that a browser may keep it.
pub(crate) async fn file(
    context: &Context,
    date: &str,
    request: &Request,
) -> Result<Response<Body>, ApiError> {
    let date: Date = date.parse().map_err(|_| Refusal::NotFound)?;
    let name = request.uri().path().rsplit('/').next().filter(|name| is_plain(name));
    let name = name.ok_or(Refusal::NotFound)?;
    // Files are there before the manifest, which makes them a snapshot.
    if !context.statistics.snapshots().await?.etats.contains(&date) {
        return Err(Refusal::NotFound.into());
    }
    let found = context.statistics.file(date, name, LARGEST).await?.ok_or(Refusal::NotFound)?;
    let text = match found {
        Found::File(bytes) => String::from_utf8(bytes).ok(),
        Found::Larger => None,
    };
    // The gateway gives texts alone as they are: what is none, Parquet, S3 gives as well.
    let (Some(text), Some(media_type)) = (text, media_type(name)) else {
        return Ok(see_other(&context.statistics.link(date, name).await?));
    };
    let loads = policy(media_type, &text);
    let mut response = Response::new(Body::Text(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    set_header(&mut response, "content-security-policy", loads);
    let cache = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

/// Names that statistics give: nothing that leads elsewhere in the bucket.
fn is_plain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.bytes().all(letter)
}

fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => HTML,
        "csv" => "text/csv; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "jsonld" => "application/ld+json",
        _ => return None,
    })
}

/// A report asks for nothing, and has the style that it came with; any other file is only shown.
fn policy(media_type: &str, content: &str) -> String {
    const NOTHING: &str =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    // What stands between `<style>` and its end.
    let digest = |page: &str| {
        let style = page.split_once("<style>")?.1.split_once("</style>")?.0;
        Some(STANDARD.encode(Sha256::digest(style)))
    };
    match digest(content).filter(|_| media_type == HTML) {
        Some(digest) => format!("{NOTHING}; style-src 'sha256-{digest}'"),
        None => format!("{NOTHING}; sandbox"),
    }
}
