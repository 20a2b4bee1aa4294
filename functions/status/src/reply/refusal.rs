//! Every end but a success. A refusal knows what happened; the style of the path gives it its
//! words.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::{json, set_header};
use shared::auth::france_connect::FranceConnectError;
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::contract::v3::error::{ErrorList, Parameter, Problem};

/// Which contract a path follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `{message, uid, details}` (domain.md §1.3); `endpoint` is the last part of the path when it
    /// is one of ours.
    Upstream { endpoint: &'static str },
    /// `{errors:[…]}` (domain.md §4.2).
    V3,
}

/// Why a caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// It shows nothing, or nothing that we know.
    Unknown,
    /// It, or what it shows, is over.
    Expired,
    /// It, or what it shows, was revoked.
    Revoked,
}

/// Why there is no answer.
pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// What upstream's contract says of whatever is out of reach.
const UNAVAILABLE: &str = "service momentanément indisponible";

/// Why there is no answer, where only these contracts refuse it.
#[derive(Debug)]
pub enum Refusal {
    /// No establishment of that number is registered.
    NoSuchEstablishment,
    /// Who asks is not known.
    Unauthenticated(Unauthenticated),
    /// The client may not ask this.
    Forbidden,
    /// The client may not ask this for that recipient.
    RecipientNotAllowed,
    /// FranceConnect says nobody, or nothing that we can use.
    FranceConnect(FranceConnectError),
    /// The INE has no known form (upstream's words).
    InvalidIne,
    /// A field of the identity, named by the sentence (upstream's manner).
    InvalidField(String),
    /// Parameters that are missing or malformed (v3's manner).
    InvalidParameters(Vec<Parameter>),
    /// The body is not a batch.
    NotABatch,
    /// Nobody, or nobody that can be told apart, or nothing current. By INE, the caller's own words
    /// are echoed: the contract puts them in the answer, and they go nowhere else.
    NotFound { ine: Option<String> },
    /// The issuer's keys are out of reach: no token can be verified.
    IssuerUnreachable,
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::NoSuchEstablishment => "no_such_establishment",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden | Self::RecipientNotAllowed => "forbidden",
            Self::FranceConnect(
                FranceConnectError::MalformedToken | FranceConnectError::InactiveToken,
            ) => "france_connect_token",
            Self::FranceConnect(_) => "france_connect_failed",
            Self::InvalidIne
            | Self::InvalidField(_)
            | Self::InvalidParameters(_)
            | Self::NotABatch => "invalid",
            Self::NotFound { .. } => "not_found",
            Self::IssuerUnreachable => "issuer_unreachable",
        }
    }
}

impl Refusal {
    fn problems(&self) -> Vec<Problem> {
        let problem = match self {
            Self::InvalidParameters(parameters) => {
                return parameters.iter().map(|parameter| Problem::Parameter(*parameter)).collect();
            }
            Self::NoSuchEstablishment => Problem::NoSuchEstablishment,
            Self::Unauthenticated(Unauthenticated::Unknown) => Problem::InvalidToken,
            Self::Unauthenticated(Unauthenticated::Expired) => Problem::ExpiredToken,
            Self::Unauthenticated(Unauthenticated::Revoked) => Problem::RevokedToken,
            Self::Forbidden => Problem::Forbidden,
            Self::RecipientNotAllowed => Problem::RecipientNotAllowed,
            Self::FranceConnect(error) => match error {
                FranceConnectError::MalformedToken => Problem::FranceConnectMalformed,
                FranceConnectError::InactiveToken => Problem::FranceConnectInactive,
                FranceConnectError::Timeout => Problem::FranceConnectTimeout,
                FranceConnectError::Unreachable => Problem::FranceConnectUnreachable,
                FranceConnectError::RefusedUs | FranceConnectError::Unbelievable(_) => {
                    Problem::FranceConnectInvalid
                }
            },
            Self::InvalidIne => Problem::Parameter(Parameter::Ine),
            Self::InvalidField(_) | Self::NotABatch => Problem::NotABatch,
            Self::NotFound { .. } => Problem::NotFound,
            Self::IssuerUnreachable => Problem::Unavailable,
        };
        vec![problem]
    }

    /// Upstream's words where it has some, its tone where it has none.
    fn words(&self) -> (&str, &str) {
        match self {
            Self::Unauthenticated(_) | Self::Forbidden | Self::RecipientNotAllowed => {
                (message::UNAUTHENTICATED, "le token n'est pas valide")
            }
            Self::InvalidIne | Self::InvalidParameters(_) | Self::NotABatch => {
                (message::INVALID_PARAMETER, message::INVALID_INE)
            }
            Self::InvalidField(sentence) => (message::INVALID_PARAMETER, sentence),
            Self::NotFound { ine: Some(ine) } => (message::ENROLMENT_NOT_FOUND, ine),
            Self::NotFound { ine: None } => (message::STUDENT_NOT_FOUND, ""),
            Self::NoSuchEstablishment => ("ressource introuvable", ""),
            Self::FranceConnect(_) | Self::IssuerUnreachable => (UNAVAILABLE, ""),
        }
    }
}

/// The response to an error, in the words of the contract that the path follows.
pub(crate) fn response(error: &ApiError, path: &str, uid: &Uid, method: &str) -> Response<Body> {
    let style = style(error, path);
    let problems = problems(error);
    let status = problems.first().map_or(500, |problem| problem.status());
    let retry_in = problems.first().and_then(|problem| problem.retry_in());
    let mut response = match style {
        Style::V3 => json(code(status), &ErrorList::of(problems)),
        Style::Upstream { endpoint } => {
            let (message, parameter) = words(error);
            let body = ErrorBody {
                message,
                uid,
                details: Details { method, endpoint, parameter: parameter.into() },
            };
            json(code(upstream_status(status)), &body)
        }
    };
    if let Some(seconds) = retry_in {
        set_header(&mut response, "retry-after", seconds);
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        set_header(&mut response, "www-authenticate", style.challenge());
    }
    response
}

/// Which contract words an error.
fn style(error: &ApiError, path: &str) -> Style {
    match path.strip_suffix('/').unwrap_or(path) {
        "/api/etudiant" => Style::Upstream { endpoint: "etudiant" },
        // Only the paths that we serve are repeated: any other may hold anything.
        path if matches!(error, ApiError::NoSuchPath) && !path.starts_with("/v3") => {
            Style::Upstream { endpoint: "" }
        }
        _ => Style::V3,
    }
}

fn problems(error: &ApiError) -> Vec<Problem> {
    vec![match error {
        ApiError::NoSuchPath => Problem::NoSuchPath,
        ApiError::MethodNotAllowed { .. } => Problem::MethodNotAllowed,
        ApiError::TooLarge => Problem::TooLarge,
        ApiError::NotJson => Problem::NotJson,
        ApiError::TooManyRequests { retry_after } => Problem::TooManyRequests(*retry_after),
        // That of the traces included: no answer without a trace.
        ApiError::Unavailable(_) => Problem::Unavailable,
        ApiError::Refused(refusal) => return refusal.problems(),
    }]
}

fn words(error: &ApiError) -> (&str, &str) {
    match (error, error.words()) {
        (ApiError::Unavailable(_), _) => (UNAVAILABLE, ""),
        (_, Ok((_, message))) => (message, ""),
        (_, Err(refusal)) => refusal.words(),
    }
}

impl Style {
    /// What `WWW-Authenticate` asks for (RFC 9110 §11.6.1).
    fn challenge(self) -> &'static str {
        match self {
            Self::Upstream { .. } => "X-API-Key",
            Self::V3 => "Bearer",
        }
    }
}

/// Upstream has 400 for what v3 calls 422, and no 403: a key that is not for this route is no key.
fn upstream_status(status: u16) -> u16 {
    match status {
        422 => 400,
        403 => 401,
        other => other,
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn body(error: &ApiError, path: &str, method: &str) -> (u16, String) {
        let uid = Uid::at(Timestamp::new(0x62ee_80b9, 0x3834a * 1_000).unwrap());
        let response = response(error, path, &uid, method);
        let Body::Text(text) = response.body() else { panic!("not text") };
        (response.status().as_u16(), text.clone())
    }

    const UPSTREAM: &str = "/api/etudiant";

    #[test]
    fn the_upstream_contracts_errors_are_byte_compatible() {
        assert_eq!(
            body(&Refusal::NotFound { ine: Some("1234567890G".into()) }.into(), UPSTREAM, "GET"),
            (404, r#"{"message":"inscription introuvable","uid":"62ee80b93834a_0000","details":{"method":"GET","endpoint":"etudiant","parameter":"1234567890G"}}"#.into())
        );
        assert_eq!(
            body(&Refusal::NotFound { ine: None }.into(), UPSTREAM, "POST"),
            (404, r#"{"message":"étudiant introuvable","uid":"62ee80b93834a_0000","details":{"method":"POST","endpoint":"etudiant","parameter":""}}"#.into())
        );
        assert_eq!(
            body(&Refusal::InvalidIne.into(), UPSTREAM, "GET"),
            (400, r#"{"message":"la valeur du paramètre n'est pas valide","uid":"62ee80b93834a_0000","details":{"method":"GET","endpoint":"etudiant","parameter":"le format de l'INE n'est valide"}}"#.into())
        );
        assert_eq!(body(&Refusal::Forbidden.into(), UPSTREAM, "GET").0, 401);
    }

    #[test]
    fn each_refusal_has_its_status_in_v3() {
        for (refusal, status, code) in [
            (Refusal::Unauthenticated(Unauthenticated::Unknown).into(), 401, "00101"),
            (Refusal::Unauthenticated(Unauthenticated::Expired).into(), 401, "00103"),
            (Refusal::Unauthenticated(Unauthenticated::Revoked).into(), 401, "00105"),
            (Refusal::Forbidden.into(), 403, "00100"),
            (Refusal::NotFound { ine: Some("1234567890G".into()) }.into(), 404, "25003"),
            (Refusal::InvalidParameters(vec![Parameter::Recipient]).into(), 422, "00203"),
            (Refusal::InvalidParameters(vec![Parameter::Ine]).into(), 422, "00360"),
            (Refusal::InvalidParameters(vec![Parameter::BirthMonth]).into(), 422, "00423"),
            (ApiError::TooManyRequests { retry_after: 3 }, 429, "00429"),
            (Refusal::FranceConnect(FranceConnectError::MalformedToken).into(), 401, "50001"),
            (Refusal::FranceConnect(FranceConnectError::InactiveToken).into(), 401, "50002"),
            (Refusal::FranceConnect(FranceConnectError::Timeout).into(), 504, "51002"),
            (Refusal::FranceConnect(FranceConnectError::Unreachable).into(), 502, "51001"),
            (Refusal::FranceConnect(FranceConnectError::RefusedUs).into(), 502, "51999"),
            (Refusal::IssuerUnreachable.into(), 503, "00503"),
        ] {
            let (seen, body) = body(&refusal, "/v3/mesri/statut_etudiant/ine", "GET");
            assert_eq!(seen, status, "{refusal:?}");
            assert!(body.starts_with(&format!(r#"{{"errors":[{{"code":"{code}""#)), "{body}");
            assert!(!body.contains("1234567890G"), "v3 echoes nothing");
        }
    }
}
