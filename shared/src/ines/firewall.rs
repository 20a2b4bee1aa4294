//! Tells a firewall's 403 from INES's own.

use serde_json::Value;

/// The `message` of a gateway whose firewall refused the request: API Gateway's own word, and that
/// of our gateway in front of our identity service (`infra/gateway_responses.tf`).
const SENTENCES: [&str; 2] = ["Forbidden", "requête refusée par le pare-feu"];

/// Whether a 403 with this body comes from a firewall in front of INES, which says nothing about
/// our credentials. INES answers in JSON or with an empty body; a firewall answers with a page, or
/// with a sentence of its gateway.
pub(super) fn is_refusal(body: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(body) {
        Ok(body) => body["message"].as_str().is_some_and(|sentence| SENTENCES.contains(&sentence)),
        Err(_) => !body.trim_ascii().is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_or_a_gateway_s_sentence_is_a_firewall_s() {
        for body in [
            "<html><body>Request blocked</body></html>",
            r#"{"message":"Forbidden"}"#,
            r#"{"message":"requête refusée par le pare-feu","uid":"x","details":{}}"#,
        ] {
            assert!(is_refusal(body.as_bytes()), "{body}");
        }
        for body in
            ["", " \n", r#"{"message":"droits insuffisants"}"#, r#"{"access_token":"t"}"#, "[]"]
        {
            assert!(!is_refusal(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn our_gateway_says_the_sentence_that_is_read_here() {
        let gateway = include_str!("../../../infra/gateway_responses.tf");
        assert!(gateway.contains(&format!("message = \"{}\"", SENTENCES[1])));
    }
}
