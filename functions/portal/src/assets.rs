//! Style, script and icon. They come from the function rather than from a bucket: three small files, one
//! origin, and a deployment is one thing. Their names hold their digest, so a browser keeps them
//! for a year, and a new version has a new name.

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Response};
use sha2::{Digest as _, Sha256};

/// A file that pages load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    text: &'static str,
}

pub(crate) const STYLESHEET: Asset = Asset {
    stem: "portail",
    extension: "css",
    content_type: "text/css; charset=utf-8",
    text: include_str!("../assets/portal.css"),
};

pub(crate) const ICON: Asset = Asset {
    stem: "icone",
    extension: "svg",
    content_type: "image/svg+xml",
    text: include_str!("../assets/icon.svg"),
};

pub(crate) const SCRIPT: Asset = Asset {
    stem: "portail",
    extension: "js",
    content_type: "text/javascript; charset=utf-8",
    text: include_str!("../assets/portal.js"),
};

impl Asset {
    /// `portail-0123456789abcdef.css`.
    pub(crate) fn name(self) -> String {
        let digest = hex::encode(&Sha256::digest(self.text.as_bytes())[..8]);
        format!("{}-{digest}.{}", self.stem, self.extension)
    }
}

/// The file of that name, if a page of today loads it.
pub(crate) fn file(name: &str) -> Option<Response<Body>> {
    let asset = [STYLESHEET, ICON, SCRIPT].into_iter().find(|asset| asset.name() == name)?;
    let mut response = Response::new(Body::Text(asset.text.to_owned()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let cache = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, cache);
    Some(response)
}
