//! Calls of Lambda, which the emulator refuses unsigned when it enforces rights, as AWS does. The
//! SDK for Lambda would be larger than the rest of the tests.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

/// The account's owner, to the emulator.
pub(crate) fn owner() -> Credentials {
    Credentials::new("test", "test", None, None, "sandbox")
}

/// The headers that sign a `POST` of this body as the account's owner's.
pub(crate) fn signature(url: &str, region: &str, body: &str) -> Vec<(String, String)> {
    let identity = owner().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("lambda")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("all of the parameters are given");
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, std::iter::empty(), body)
        .expect("the address can be signed");
    let (signature, _) =
        sign(request, &parameters.into()).expect("the request can be signed").into_parts();
    let headers = signature.headers();
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
