//! The form of one upload, signed: S3's presigned `POST`, which the SDK doesn't make.
//!
//! Unlike a presigned `PUT`, S3 enforces its size. The policy says what the form may do: one key,
//! of a size within bounds, until an instant. S3 refuses a field that the policy doesn't name.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;

use crate::contract::deposit::Fields;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "s3";

/// What the form may do.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    /// In bytes.
    pub(super) largest: u64,
    pub(super) expires: Timestamp,
    /// Where S3 sends a browser once it has the file.
    pub(super) then: Option<&'a str>,
}

/// The fields of the form, in order; the file comes after them.
///
/// Temporary credentials, which a function always has, bring a token that S3 wants beside the
/// signature. When they end before the form does, the form ends with them.
pub(super) fn sign(
    policy: &Policy<'_>,
    credentials: &Credentials,
    region: &str,
    now: Timestamp,
) -> Fields {
    let (day, time) =
        (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
    let scope = format!("{}/{day}/{region}/{SERVICE}/aws4_request", credentials.access_key_id());
    let mut fields = vec![
        ("key", policy.key.to_owned()),
        ("x-amz-algorithm", ALGORITHM.to_owned()),
        ("x-amz-credential", scope),
        ("x-amz-date", time),
    ];
    if let Some(token) = credentials.session_token() {
        fields.push(("x-amz-security-token", token.to_owned()));
    }
    if let Some(then) = policy.then {
        fields.push(("success_action_redirect", then.to_owned()));
    }
    let mut conditions = vec![
        json!({ "bucket": policy.bucket }),
        json!(["content-length-range", 1, policy.largest]),
    ];
    conditions.extend(fields.iter().map(|(name, value)| json!({ *name: value })));
    let document =
        json!({ "expiration": format!("{:.3}", policy.expires), "conditions": conditions });
    let policy = STANDARD.encode(document.to_string());
    let signature = signature(&policy, credentials.secret_access_key(), region, now);
    fields.extend([("policy", policy), ("x-amz-signature", signature)]);
    Fields(fields)
}

/// What is signed is the policy as it is posted, in base64.
fn signature(policy: &str, secret: &str, region: &str, now: Timestamp) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_second().unsigned_abs());
    calculate_signature(generate_signing_key(secret, time, region, SERVICE), policy.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// AWS's published example, "Browser-Based Upload using HTTP POST (Using AWS Signature Version
    /// 4)".
    #[test]
    fn the_signature_is_that_of_the_published_example() {
        const POLICY: &str = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let now = "2015-12-29T00:00:00Z".parse().unwrap();
        assert_eq!(
            signature(POLICY, SECRET, "us-east-1", now),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    fn form(token: Option<&str>, then: Option<&str>) -> (Vec<(&'static str, String)>, Value) {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            SECRET,
            token.map(str::to_owned),
            None,
            "tests",
        );
        let policy = Policy {
            bucket: "inbox",
            key: "0751967F/depot/6f9619ff8b86d011b42d00cf4fc964ff",
            largest: 1_073_741_824,
            expires: "2026-09-15T08:15:00Z".parse().unwrap(),
            then,
        };
        let Fields(fields) =
            sign(&policy, &credentials, "eu-west-3", "2026-09-15T08:00:00Z".parse().unwrap());
        let policy = &fields.iter().find(|(name, _)| *name == "policy").unwrap().1;
        let document = serde_json::from_slice(&STANDARD.decode(policy).unwrap()).unwrap();
        (fields, document)
    }

    #[test]
    fn the_policy_allows_one_key_one_size_and_no_other_field() {
        let (fields, policy) = form(Some("a token"), None);
        assert_eq!(policy["expiration"], "2026-09-15T08:15:00.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        assert!(conditions.contains(&json!({ "bucket": "inbox" })));
        assert!(conditions.contains(&json!(["content-length-range", 1, 1_073_741_824])));
        for (name, value) in &fields {
            let is_signed_itself = matches!(*name, "policy" | "x-amz-signature");
            assert_ne!(conditions.contains(&json!({ *name: value })), is_signed_itself, "{name}");
        }
        assert_eq!(conditions.len(), fields.len() - 2 + 2);
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "key",
                "x-amz-algorithm",
                "x-amz-credential",
                "x-amz-date",
                "x-amz-security-token",
                "policy",
                "x-amz-signature"
            ]
        );
        assert_eq!(fields[2].1, "AKIAIOSFODNN7EXAMPLE/20260915/eu-west-3/s3/aws4_request");
        assert_eq!(fields[3].1, "20260915T080000Z");
    }

    #[test]
    fn lasting_credentials_bring_no_token_and_no_secret_is_in_the_form() {
        let (fields, _) = form(None, None);
        assert!(
            fields
                .iter()
                .all(|(name, value)| *name != "x-amz-security-token" && !value.contains(SECRET))
        );
    }

    #[test]
    fn a_browser_is_sent_on_to_one_address() {
        let then = "https://portail.example/v1/portail/depots/6f96";
        let (fields, policy) = form(None, Some(then));
        assert!(fields.contains(&("success_action_redirect", then.to_owned())));
        let conditions = policy["conditions"].as_array().unwrap();
        assert!(conditions.contains(&json!({ "success_action_redirect": then })));
    }
}
