//! SNS: it takes every notification.

use aws_smithy_types::body::SdkBody;
use lambda_http::http;

use crate::aws::Response;

/// What SNS answers to `Publish`.
#[must_use]
pub fn published() -> Response {
    let body = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
    http::Response::builder().status(200).body(SdkBody::from(body)).unwrap()
}
