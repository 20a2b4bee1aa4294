//! What a path and a method mean.

use lambda_http::http::Method;

use crate::refusal::Refusal;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// Open cases.
    List,
    /// One case.
    Read(&'a str),
    /// A vote.
    Decide(&'a str),
    /// The end of a decision.
    Undo(&'a str),
    /// A student is said to be two people.
    Dispute,
    /// The documentation.
    OpenApi,
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// Every path with its method, as the documentation has them.
#[cfg(test)]
pub(crate) const DOCUMENTED: [(&str, Method); 6] = [
    ("/api/revues", GET),
    ("/api/revues/{id}", GET),
    ("/api/revues/{id}/decision", POST),
    ("/api/revues/{id}/annulation", POST),
    ("/api/revues/contestations", POST),
    ("/api/revues/openapi.json", GET),
];

impl<'a> Endpoint<'a> {
    /// What is asked.
    pub(crate) fn find(method: &Method, path: &'a str) -> Result<Self, Refusal> {
        let (own, endpoint) = meaning(path).ok_or(Refusal::NoSuchPath)?;
        // `HEAD` is a `GET` without its body where that tells nothing about anybody.
        let has_head = endpoint == Self::OpenApi;
        if own == *method || has_head && *method == Method::HEAD {
            return Ok(endpoint);
        }
        let allowed = if has_head { "GET, HEAD" } else { own.as_str() };
        Err(Refusal::MethodNotAllowed { allowed: allowed.to_owned() })
    }

    /// Its name in logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "review_list",
            Self::Read(_) => "review_read",
            Self::Decide(_) => "review_decide",
            Self::Undo(_) => "review_undo",
            Self::Dispute => "review_dispute",
            Self::OpenApi => "review_openapi",
        }
    }
}

fn meaning(path: &str) -> Option<(Method, Endpoint<'_>)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let rest = path.strip_prefix("/api/revues")?;
    if rest.is_empty() {
        return Some((GET, Endpoint::List));
    }
    let rest = rest.strip_prefix('/')?;
    match rest.split_once('/').unwrap_or((rest, "")) {
        ("", _) => None,
        ("contestations", "") => Some((POST, Endpoint::Dispute)),
        ("openapi.json", "") => Some((GET, Endpoint::OpenApi)),
        (id, "") => Some((GET, Endpoint::Read(id))),
        (id, "decision") => Some((POST, Endpoint::Decide(id))),
        (id, "annulation") => Some((POST, Endpoint::Undo(id))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_method() {
        for (path, method) in DOCUMENTED {
            let path = path.replace("{id}", "a-1.0123456789abcdef0123456789abcdef");
            let endpoint = Endpoint::find(&method, &path).unwrap();
            assert_eq!(Endpoint::find(&method, &format!("{path}/")).unwrap(), endpoint);
        }
        for path in
            ["", "/", "/api", "/api/revue", "/api/revuesx", "/api/revues//", "/api/revues//decision", "/api/revues/a/b"]
        {
            assert!(matches!(Endpoint::find(&GET, path), Err(Refusal::NoSuchPath)), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_one_there_is() {
        for (method, path, expected) in [
            (POST, "/api/revues", "GET"),
            (GET, "/api/revues/a/decision", "POST"),
            (Method::HEAD, "/api/revues/a", "GET"),
            (Method::PUT, "/api/revues/openapi.json", "GET, HEAD"),
        ] {
            match Endpoint::find(&method, path) {
                Err(Refusal::MethodNotAllowed { allowed }) => assert_eq!(allowed, expected),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(Endpoint::find(&Method::HEAD, "/api/revues/openapi.json").unwrap(), Endpoint::OpenApi);
    }
}
