//! What can be answered, and how it looks on the wire.

use lambda_http::http::{StatusCode, header};
use lambda_http::{Body, Response};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::registry::StoreError;

/// Every end but the 200.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No key, an unknown or revoked one, or one for another route.
    Unauthenticated,
    /// The INE has no known form.
    InvalidIne,
    /// A field of the identity, named by the sentence.
    InvalidParameter(String),
    /// Nobody has the INE, or nothing of theirs is current. The caller's own INE is echoed: the contract puts it
    /// in the answer, and it goes nowhere else.
    EnrolmentNotFound { ine: String },
    /// Nobody, or nobody that can be told apart, has the identity, or nothing of theirs is current.
    StudentNotFound,
    /// No such path.
    NoSuchPath,
    /// The path is right, the method isn't.
    MethodNotAllowed,
    /// The body is larger than any look-up.
    TooLarge,
    /// A store failed, that of the traces included: no answer without a trace.
    Unavailable(StoreError),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::InvalidIne | Self::InvalidParameter(_) => StatusCode::BAD_REQUEST,
            Self::EnrolmentNotFound { .. } | Self::StudentNotFound | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The contract's words where it has some, its tone where it has none.
    fn words(&self) -> (&str, &str) {
        match self {
            Self::Unauthenticated => (message::UNAUTHENTICATED, "le token n'est pas valide"),
            Self::InvalidIne => (message::INVALID_PARAMETER, message::INVALID_INE),
            Self::InvalidParameter(parameter) => (message::INVALID_PARAMETER, parameter),
            Self::EnrolmentNotFound { ine } => (message::ENROLMENT_NOT_FOUND, ine),
            Self::StudentNotFound => (message::STUDENT_NOT_FOUND, ""),
            Self::NoSuchPath => ("ressource introuvable", ""),
            Self::MethodNotAllowed => ("méthode non autorisée", ""),
            Self::TooLarge => ("le corps de la requête est trop volumineux", ""),
            Self::Unavailable(_) => ("service momentanément indisponible", ""),
        }
    }

    /// The outcome's name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidIne | Self::InvalidParameter(_) => "invalid",
            Self::EnrolmentNotFound { .. } | Self::StudentNotFound => "not_found",
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The response, in the contract's envelope. `endpoint` is the last part of the path when it is one of ours.
    pub(crate) fn response(&self, uid: &Uid, method: &str, endpoint: &str) -> Response<Body> {
        let (message, parameter) = self.words();
        let body = ErrorBody { message, uid, details: Details { method, endpoint, parameter } };
        let mut response = json(self.status(), &body);
        let extra = match self {
            Self::MethodNotAllowed => Some((header::ALLOW, "GET, POST")),
            Self::Unavailable(_) => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, header::HeaderValue::from_static(value));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// A JSON response that no cache on the way may keep.
pub(crate) fn json(status: StatusCode, body: &impl serde::Serialize) -> Response<Body> {
    let mut response = Response::new(Body::Text(serde_json::to_string(body).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn body(refusal: &Refusal, method: &str) -> (u16, String) {
        let uid = Uid::at(Timestamp::new(0x62ee_80b9, 0x3834a * 1_000).unwrap());
        let response = refusal.response(&uid, method, "etudiant");
        let Body::Text(text) = response.body() else { panic!("not text") };
        (response.status().as_u16(), text.clone())
    }

    #[test]
    fn the_contracts_errors_are_byte_compatible() {
        assert_eq!(
            body(&Refusal::EnrolmentNotFound { ine: "1234567890G".into() }, "GET"),
            (404, r#"{"message":"inscription introuvable","uid":"62ee80b93834a_0000","details":{"method":"GET","endpoint":"etudiant","parameter":"1234567890G"}}"#.into())
        );
        assert_eq!(
            body(&Refusal::StudentNotFound, "POST"),
            (404, r#"{"message":"étudiant introuvable","uid":"62ee80b93834a_0000","details":{"method":"POST","endpoint":"etudiant","parameter":""}}"#.into())
        );
        assert_eq!(
            body(&Refusal::InvalidIne, "GET"),
            (400, r#"{"message":"la valeur du paramètre n'est pas valide","uid":"62ee80b93834a_0000","details":{"method":"GET","endpoint":"etudiant","parameter":"le format de l'INE n'est valide"}}"#.into())
        );
        assert_eq!(body(&Refusal::Unauthenticated, "GET").0, 401);
    }
}
