//! What a path and a method mean.

use lambda_http::http::Method;
use shared::access::route::Route;

use crate::reply::{Refusal, Style};

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A consultation, by a client that may.
    Consultation(Route),
    /// The holder's own name and scopes.
    Introspect,
    /// When each establishment's last feed was accepted.
    Coverage,
    /// The keys that FranceConnect encrypts for.
    EncryptionKeys,
    /// The documentation.
    OpenApi,
    /// Whether the function runs.
    Ping,
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// Every path with its methods.
pub(crate) const ENDPOINTS: [(&str, Method, Endpoint); 11] = [
    ("/api/etudiant", GET, Endpoint::Consultation(Route::StatusByIne)),
    ("/api/etudiant", POST, Endpoint::Consultation(Route::StatusByIdentity)),
    ("/v3/mesri/statut_etudiant/ine", GET, Endpoint::Consultation(Route::DirectByIne)),
    ("/v3/mesri/statut_etudiant/identite", GET, Endpoint::Consultation(Route::DirectByIdentity)),
    ("/v3/mesri/statut_etudiant/france_connect", GET, Endpoint::Consultation(Route::FranceConnect)),
    ("/v3/mesri/statut_etudiant/lot", POST, Endpoint::Consultation(Route::Batch)),
    ("/v3/mesri/statut_etudiant/couverture", GET, Endpoint::Coverage),
    ("/api/introspect", GET, Endpoint::Introspect),
    ("/api/france_connect_jwks", GET, Endpoint::EncryptionKeys),
    ("/openapi.json", GET, Endpoint::OpenApi),
    ("/ping", GET, Endpoint::Ping),
];

impl Endpoint {
    /// What is asked. `HEAD` is a `GET` without its body where that tells nothing about anybody; a consultation
    /// without its answer would be a question without a purpose.
    pub(crate) fn find(method: &Method, path: &str) -> Result<Self, Refusal> {
        let path = match path.trim_end_matches('/') {
            "" => return Err(Refusal::NoSuchPath),
            path => path,
        };
        let there: Vec<_> = ENDPOINTS.iter().filter(|(own, _, _)| *own == path).collect();
        let answers = |(_, own, endpoint): &&&(&str, Method, Self)| {
            own == method || (method == Method::HEAD && endpoint.is_public())
        };
        match there.iter().find(answers) {
            Some((_, _, endpoint)) => Ok(*endpoint),
            None if there.is_empty() => Err(Refusal::NoSuchPath),
            None => {
                let mut allowed: Vec<&str> = there.iter().map(|(_, own, _)| own.as_str()).collect();
                if there.iter().any(|(_, _, endpoint)| endpoint.is_public()) {
                    allowed.push("HEAD");
                }
                Err(Refusal::MethodNotAllowed { allowed: allowed.join(", ") })
            }
        }
    }

    /// Its name in logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Consultation(route) => route.name(),
            Self::Introspect => "introspect",
            Self::Coverage => "coverage",
            Self::EncryptionKeys => "france_connect_jwks",
            Self::OpenApi => "openapi",
            Self::Ping => "ping",
        }
    }

    fn is_public(self) -> bool {
        !matches!(self, Self::Consultation(_) | Self::Introspect)
    }
}

/// How a path words its refusals.
pub(crate) fn style(path: &str) -> Style {
    match path.trim_end_matches('/') {
        "/api/etudiant" => Style::Upstream { endpoint: "etudiant" },
        path if ENDPOINTS.iter().any(|(own, _, _)| *own == path) || path.starts_with("/v3") => Style::V3,
        // Only the paths that we serve are repeated: any other may hold anything.
        _ => Style::Upstream { endpoint: "" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_methods() {
        for (path, method, endpoint) in ENDPOINTS {
            assert_eq!(Endpoint::find(&method, path).ok(), Some(endpoint));
            assert_eq!(Endpoint::find(&method, &format!("{path}/")).ok(), Some(endpoint));
        }
        for path in ["", "/", "/api", "/api/etudiants", "/v3/mesri/statut_etudiant", "/API/ETUDIANT"] {
            assert!(matches!(Endpoint::find(&GET, path), Err(Refusal::NoSuchPath)), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        let allowed = |method: Method, path| match Endpoint::find(&method, path) {
            Err(Refusal::MethodNotAllowed { allowed }) => allowed,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed(Method::DELETE, "/api/etudiant"), "GET, POST");
        assert_eq!(allowed(Method::HEAD, "/api/etudiant"), "GET, POST");
        assert_eq!(allowed(Method::OPTIONS, "/v3/mesri/statut_etudiant/lot"), "POST");
        assert_eq!(allowed(Method::POST, "/ping"), "GET, HEAD");
        assert_eq!(Endpoint::find(&Method::HEAD, "/ping").ok(), Some(Endpoint::Ping));
    }
}
