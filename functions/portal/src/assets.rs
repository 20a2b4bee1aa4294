//! Style, scripts and icon. They come from the function rather than from a bucket: small files, one
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
    /// The modules that a script imports, by the name that its text has for them.
    imports: &'static [(&'static str, Asset)],
}

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

pub(crate) const STYLESHEET: Asset = Asset {
    stem: "portail",
    extension: "css",
    content_type: "text/css; charset=utf-8",
    text: include_str!("../assets/portal.css"),
    imports: &[],
};

pub(crate) const ICON: Asset = Asset {
    stem: "icone",
    extension: "svg",
    content_type: "image/svg+xml",
    text: include_str!("../assets/icon.svg"),
    imports: &[],
};

pub(crate) const SCRIPT: Asset = Asset {
    stem: "portail",
    extension: "js",
    content_type: SCRIPT_TYPE,
    text: include_str!("../assets/portal.js"),
    imports: &[],
};

/// The page that verifies attestations.
pub(crate) const VERIFIER: Asset = Asset {
    stem: "verificateur",
    extension: "js",
    content_type: SCRIPT_TYPE,
    text: include_str!("../assets/verifier.js"),
    imports: &[("./attestation.js", ATTESTATION), ("./qr/decode.js", QR_READER)],
};

/// What an attestation is, and what it is worth.
pub(crate) const ATTESTATION: Asset = Asset {
    stem: "attestation",
    extension: "js",
    content_type: SCRIPT_TYPE,
    text: include_str!("../assets/attestation.js"),
    imports: &[],
};

/// Reads a QR in a picture (assets/qr/README.md).
pub(crate) const QR_READER: Asset = Asset {
    stem: "qr-lecteur",
    extension: "js",
    content_type: SCRIPT_TYPE,
    text: include_str!("../assets/qr/decode.js"),
    imports: &[("./index.js", QR_TABLES)],
};

/// What the reader imports.
pub(crate) const QR_TABLES: Asset = Asset {
    stem: "qr-tables",
    extension: "js",
    content_type: SCRIPT_TYPE,
    text: include_str!("../assets/qr/index.js"),
    imports: &[],
};

const ALL: [Asset; 7] = [STYLESHEET, ICON, SCRIPT, VERIFIER, ATTESTATION, QR_READER, QR_TABLES];

impl Asset {
    /// The text, with the names of today for what it imports.
    fn text(self) -> String {
        self.imports.iter().fold(self.text.to_owned(), |text, (named, asset)| {
            text.replace(named, &format!("./{}", asset.name()))
        })
    }

    /// `portail-0123456789abcdef.css`.
    pub(crate) fn name(self) -> String {
        let digest = hex::encode(&Sha256::digest(self.text().as_bytes())[..8]);
        format!("{}-{digest}.{}", self.stem, self.extension)
    }
}

/// The file of that name, if a page of today loads it.
pub(crate) fn file(name: &str) -> Option<Response<Body>> {
    let stem = name.rsplit_once('-')?.0;
    let asset = ALL.into_iter().find(|asset| {
        // Most are told apart by their stem: the digest of each isn't computed for one of them.
        asset.stem == stem && asset.name() == name
    })?;
    let mut response = Response::new(Body::Text(asset.text()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let cache = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, cache);
    Some(response)
}
