//! What a path and a method mean.

use lambda_http::http::Method;
use shared::access::ines::Right;

use crate::refusal::Refusal;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// A token.
    Token,
    /// Whether an INE and a birth date go together: the ministry's own call.
    Verify,
    /// Which INE a person has.
    Search,
    /// An INE for a person.
    Immatriculate,
    /// What became of a request.
    Request(&'a str),
    /// Those that wait.
    Requests,
    /// What a person decides of one.
    Decide(&'a str),
    /// Two INEs are one person's.
    Attach,
    /// They are not.
    Detach,
    /// The documentation.
    OpenApi,
    /// A probe.
    Ping,
}

/// Every path with its method, as the documentation has them.
const ENDPOINTS: [(&str, Method, Endpoint<'static>); 11] = [
    ("/oauth2/token", Method::POST, Endpoint::Token),
    ("/api-ines-etudiants/verification", Method::POST, Endpoint::Verify),
    ("/api-ines-etudiants/recherche", Method::POST, Endpoint::Search),
    ("/api-ines-etudiants/immatriculation", Method::POST, Endpoint::Immatriculate),
    ("/api-ines-etudiants/demandes", Method::GET, Endpoint::Requests),
    ("/api-ines-etudiants/demandes/{id}", Method::GET, Endpoint::Request("")),
    ("/api-ines-etudiants/demandes/{id}/decision", Method::POST, Endpoint::Decide("")),
    ("/api-ines-etudiants/rattachements", Method::POST, Endpoint::Attach),
    ("/api-ines-etudiants/detachements", Method::POST, Endpoint::Detach),
    ("/openapi.json", Method::GET, Endpoint::OpenApi),
    ("/ping", Method::GET, Endpoint::Ping),
];

impl<'a> Endpoint<'a> {
    /// What is asked.
    pub(crate) fn find(method: &Method, path: &'a str) -> Result<Self, Refusal> {
        let (own, endpoint) = Self::of(path.strip_suffix('/').unwrap_or(path)).ok_or(Refusal::NoSuchPath)?;
        // `HEAD` is a `GET` without its body where that tells nothing about anybody.
        let has_head = own == Method::GET && endpoint.rights().is_empty();
        if *method == own || (has_head && *method == Method::HEAD) {
            return Ok(endpoint);
        }
        let allowed = match own {
            Method::GET if has_head => "GET, HEAD",
            Method::GET => "GET",
            _ => "POST",
        };
        Err(Refusal::MethodNotAllowed { allowed })
    }

    fn of(path: &'a str) -> Option<(Method, Self)> {
        ENDPOINTS.into_iter().find_map(|(pattern, method, endpoint)| {
            let Some((before, after)) = pattern.split_once("{id}") else {
                return (path == pattern).then_some((method, endpoint));
            };
            let id = path.strip_prefix(before)?.strip_suffix(after)?;
            let endpoint = if endpoint == Endpoint::Request("") { Self::Request(id) } else { Self::Decide(id) };
            (!id.is_empty() && !id.contains('/')).then_some((method, endpoint))
        })
    }

    /// Its name in traces, logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "ines_token",
            Self::Verify => "ines_verification",
            Self::Search => "ines_search",
            Self::Immatriculate => "ines_immatriculation",
            Self::Request(_) => "ines_request",
            Self::Requests => "ines_requests",
            Self::Decide(_) => "ines_decision",
            Self::Attach => "ines_attachment",
            Self::Detach => "ines_detachment",
            Self::OpenApi => "ines_openapi",
            Self::Ping => "ines_ping",
        }
    }

    /// What its token must allow, any of them; nothing for what is public.
    pub(crate) fn rights(self) -> &'static [Right] {
        match self {
            Self::Verify => &[Right::Verification],
            Self::Search => &[Right::Recherche],
            Self::Immatriculate => &[Right::Immatriculation],
            // Whoever asks may follow its own requests, and the staff everybody's.
            Self::Request(_) => &[Right::Immatriculation, Right::Gestion],
            Self::Requests | Self::Decide(_) | Self::Attach | Self::Detach => &[Right::Gestion],
            Self::Token | Self::OpenApi | Self::Ping => &[],
        }
    }
}

/// What `details.endpoint` says: only the paths that we serve are repeated, for any other may hold anything.
pub(crate) fn name_of(path: &str) -> &'static str {
    const NAMES: [&str; 7] =
        ["verification", "recherche", "immatriculation", "demandes", "rattachements", "detachements", "token"];
    let part = path.split('/').nth(2).unwrap_or_default();
    NAMES.into_iter().find(|name| *name == part).unwrap_or_default()
}

/// Every path with its method.
#[cfg(test)]
pub(crate) fn documented() -> Vec<(&'static str, Method)> {
    ENDPOINTS.into_iter().map(|(path, method, _)| (path, method)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1.0123456789abcdef0123456789abcdef";

    #[test]
    fn every_path_has_its_method() {
        for (pattern, method, expected) in ENDPOINTS {
            let path = pattern.replace("{id}", ID);
            let endpoint = Endpoint::find(&method, &path).unwrap();
            assert_eq!(endpoint.name(), expected.name());
            assert_eq!(Endpoint::find(&method, &format!("{path}/")).unwrap(), endpoint);
        }
        let decided = "/api-ines-etudiants/demandes/1.a/decision";
        assert_eq!(Endpoint::find(&Method::POST, decided).unwrap(), Endpoint::Decide("1.a"));
        for path in ["", "/", "/api-ines-etudiants", "/api-ines-etudiants/demandes/a/b", "/token", "/oauth2"] {
            assert!(matches!(Endpoint::find(&Method::GET, path), Err(Refusal::NoSuchPath)), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_one_there_is() {
        let allowed = |method: Method, path| match Endpoint::find(&method, path) {
            Err(Refusal::MethodNotAllowed { allowed }) => allowed,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed(Method::GET, "/api-ines-etudiants/verification"), "POST");
        assert_eq!(allowed(Method::HEAD, "/api-ines-etudiants/demandes/1"), "GET");
        assert_eq!(allowed(Method::PUT, "/openapi.json"), "GET, HEAD");
        assert_eq!(Endpoint::find(&Method::HEAD, "/ping").unwrap(), Endpoint::Ping);
    }

    #[test]
    fn only_our_own_paths_are_repeated() {
        assert_eq!(name_of("/api-ines-etudiants/demandes/Camille"), "demandes");
        assert_eq!((name_of("/api-ines-etudiants/Camille"), name_of("/")), ("", ""));
    }
}
