//! The body of a request, before anything in it is read.

use lambda_http::Request;
use lambda_http::http::header;

/// A body that isn't looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than anything that may be asked.
    TooLarge,
    /// It is said to be something else than JSON.
    NotJson,
}

/// What some programs put before every UTF-8 text that they write, .NET's and Windows PowerShell's
/// among them.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body of some size, whatever it is said to be, without a byte order mark.
pub fn bytes(request: &Request, largest: usize) -> Result<&[u8], BodyError> {
    let body: &[u8] = request.body().as_ref();
    if body.len() > largest {
        Err(BodyError::TooLarge)
    } else {
        Ok(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body))
    }
}

/// A body that is JSON, as far as its size and its type say.
pub fn json(request: &Request, largest: usize) -> Result<&[u8], BodyError> {
    let body = bytes(request, largest)?;
    // One who forgets to say what it is, is believed.
    let Some(content_type) = request.headers().get(header::CONTENT_TYPE) else { return Ok(body) };
    let kind =
        content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json")
        || kind.to_ascii_lowercase().ends_with("+json");
    if is_json { Ok(body) } else { Err(BodyError::NotJson) }
}

#[cfg(test)]
mod tests {
    use lambda_http::http;

    use super::*;

    #[test]
    fn a_body_is_json_or_says_nothing() {
        let with = |content_type: Option<&str>| {
            let mut request = http::Request::builder();
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            json(&request.body("{}".into()).unwrap(), 2).is_ok()
        };
        assert!(
            with(None)
                && with(Some("application/json; charset=utf-8"))
                && with(Some("application/vnd.x+json"))
        );
        assert!(!with(Some("application/x-www-form-urlencoded")) && !with(Some("text/plain")));
        let marked = http::Request::builder().body("\u{feff}{}".into()).unwrap();
        assert_eq!(json(&marked, 5), Ok(&b"{}"[..]));
        assert_eq!(json(&marked, 4), Err(BodyError::TooLarge), "the mark counts");
        let large = http::Request::builder().body("{ }".into()).unwrap();
        assert_eq!(json(&large, 2), Err(BodyError::TooLarge));
        assert_eq!(bytes(&large, 2), Err(BodyError::TooLarge));
        let form =
            http::Request::builder().header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(bytes(&form.body("{}".into()).unwrap(), 2), Ok(&b"{}"[..]));
    }
}
