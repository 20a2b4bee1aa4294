//! Requests to the API.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Client, Url};

/// Longer than any single answer takes, the statistics included.
const PATIENCE: Duration = Duration::from_mins(2);

/// An HTTP client for an address. One of this machine is never asked through the person's proxy.
pub(crate) fn client(url: &str) -> Result<Client> {
    let url = Url::parse(url).with_context(|| format!("{url} is no address"))?;
    let builder = Client::builder().timeout(PATIENCE);
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    if is_here { builder.no_proxy() } else { builder }.build().context("no HTTP client can be made")
}

/// Percent-encodes what is not allowed in one segment of a path or in a query value.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encoded("été 2026/a-b_c.csv"), "%C3%A9t%C3%A9%202026%2Fa-b_c.csv");
    }
}
