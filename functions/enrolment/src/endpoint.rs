//! What a path and a method mean.

use lambda_http::http::Method;
use shared::access::route::Route;

use crate::refusal::Refusal;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// One enrolment is told of: the contract's only call.
    Tell,
    /// Up to five hundred are.
    TellBatch,
    /// One is read back.
    Read(&'a str),
    /// One is cancelled.
    Cancel(&'a str),
    /// A form to send a file with.
    NewDeposit,
    /// What became of the file.
    Deposit(&'a str),
    /// What was found about the identity of its rows.
    Findings(&'a str),
    /// The documentation.
    OpenApi,
}

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// A method of a path, and what it means; the part of the path that is an id is in the meaning.
type Meaning<'a> = (Method, Endpoint<'a>);

/// Every path with its methods, as the documentation has them.
#[cfg(test)]
pub(crate) const DOCUMENTED: [(&str, Method); 8] = [
    ("/api/inscription", POST),
    ("/api/inscription/lot", POST),
    ("/api/inscription/{id}", GET),
    ("/api/inscription/{id}", DELETE),
    ("/api/depots", POST),
    ("/api/depots/{id}", GET),
    ("/api/depots/{id}/identites", GET),
    ("/api/inscription/openapi.json", GET),
];

impl<'a> Endpoint<'a> {
    /// What is asked.
    pub(crate) fn find(method: &Method, path: &'a str) -> Result<Self, Refusal> {
        let meanings = meanings(path);
        // `HEAD` is a `GET` without its body where that tells nothing about anybody.
        let is_head = |endpoint: &Self| *method == Method::HEAD && *endpoint == Self::OpenApi;
        if let Some((_, endpoint)) = meanings.iter().find(|(own, endpoint)| own == method || is_head(endpoint)) {
            return Ok(*endpoint);
        }
        if meanings.is_empty() {
            return Err(Refusal::NoSuchPath);
        }
        let mut allowed: Vec<&str> = meanings.iter().map(|(own, _)| own.as_str()).collect();
        if meanings.iter().any(|(_, endpoint)| *endpoint == Self::OpenApi) {
            allowed.push("HEAD");
        }
        Err(Refusal::MethodNotAllowed { allowed: allowed.join(", ") })
    }

    /// Its name in logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tell => "enrolment",
            Self::TellBatch => "enrolment_batch",
            Self::Read(_) => "enrolment_read",
            Self::Cancel(_) => "enrolment_cancel",
            Self::NewDeposit => "deposit",
            Self::Deposit(_) => "deposit_status",
            Self::Findings(_) => "deposit_findings",
            Self::OpenApi => "enrolment_openapi",
        }
    }

    /// What its key must open; `None` for what is public.
    pub(crate) fn route(self) -> Option<Route> {
        match self {
            Self::Tell | Self::TellBatch | Self::Read(_) | Self::Cancel(_) => Some(Route::Enrolment),
            Self::NewDeposit | Self::Deposit(_) | Self::Findings(_) => Some(Route::Deposit),
            Self::OpenApi => None,
        }
    }
}

fn meanings(path: &str) -> Vec<Meaning<'_>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    match path.strip_prefix("/api/").map(|rest| rest.split_once('/')) {
        Some(None) => match path {
            "/api/inscription" => vec![(POST, Endpoint::Tell)],
            "/api/depots" => vec![(POST, Endpoint::NewDeposit)],
            _ => Vec::new(),
        },
        Some(Some(("inscription", "lot"))) => vec![(POST, Endpoint::TellBatch)],
        Some(Some(("inscription", "openapi.json"))) => vec![(GET, Endpoint::OpenApi)],
        Some(Some(("inscription", id))) if is_id(id) => {
            vec![(GET, Endpoint::Read(id)), (DELETE, Endpoint::Cancel(id))]
        }
        Some(Some(("depots", rest))) => match rest.split_once('/') {
            None if is_id(rest) => vec![(GET, Endpoint::Deposit(rest))],
            Some((id, "identites")) if is_id(id) => vec![(GET, Endpoint::Findings(id))],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

/// What `details.endpoint` says: only the paths that we serve are repeated, for any other may hold anything.
pub(crate) fn name_of(path: &str) -> &'static str {
    match path.split('/').nth(2) {
        Some("inscription") => "inscription",
        Some("depots") => "depots",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_methods() {
        for (path, method) in DOCUMENTED {
            let path = path.replace("{id}", "1.0123456789abcdef0123456789abcdef");
            let endpoint = Endpoint::find(&method, &path).unwrap();
            assert_eq!(Endpoint::find(&method, &format!("{path}/")).unwrap(), endpoint);
        }
        for path in [
            "",
            "/",
            "/api",
            "/api/inscriptions",
            "/api/inscription/a/b",
            "/api/depots//",
            "/api/depots//identites",
            "/api/depots/1/identites/2",
            "/api/etudiant",
        ] {
            assert!(matches!(Endpoint::find(&GET, path), Err(Refusal::NoSuchPath)), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        let allowed = |method: Method, path| match Endpoint::find(&method, path) {
            Err(Refusal::MethodNotAllowed { allowed }) => allowed,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed(GET, "/api/inscription"), "POST");
        assert_eq!(allowed(Method::OPTIONS, "/api/inscription/lot"), "POST");
        assert_eq!(allowed(Method::HEAD, "/api/inscription/1"), "GET, DELETE");
        assert_eq!(allowed(Method::PUT, "/api/inscription/openapi.json"), "GET, HEAD");
        assert_eq!(Endpoint::find(&Method::HEAD, "/api/inscription/openapi.json").unwrap(), Endpoint::OpenApi);
    }

    #[test]
    fn only_our_own_paths_are_repeated() {
        assert_eq!(name_of("/api/inscription/Camille"), "inscription");
        assert_eq!((name_of("/api/Camille"), name_of("/")), ("", ""));
    }
}
