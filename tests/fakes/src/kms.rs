//! KMS: keys on P-256 that sign digests, made when they are first asked for.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::aws::{Call, Response, refuse, respond};

/// How KMS names itself on the wire.
pub const SERVICE: &str = "TrentService";

/// Keys by their ARN.
#[derive(Debug, Default)]
pub struct SigningKeys(Mutex<HashMap<String, EcdsaKeyPair>>);

impl SigningKeys {
    /// Answers a call.
    pub fn call(&self, call: &Call) -> Response {
        let asked = call.body();
        let arn = asked["KeyId"].as_str().unwrap();
        let mut keys = self.0.lock().unwrap();
        let key = keys
            .entry(arn.to_owned())
            .or_insert_with(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
        match call.operation.as_str() {
            "GetPublicKey" => {
                let spki = key.public_key().as_der().unwrap();
                respond(200, &json!({ "KeyId": arn, "PublicKey": STANDARD.encode(spki.as_ref()) }))
            }
            "Sign" => {
                assert_eq!(
                    (&asked["MessageType"], &asked["SigningAlgorithm"]),
                    (&json!("DIGEST"), &json!("ECDSA_SHA_256"))
                );
                let digest = STANDARD.decode(asked["Message"].as_str().unwrap()).unwrap();
                let digest = Digest::import_less_safe(&digest, &SHA256).unwrap();
                let signature = key.sign_digest(&digest).unwrap();
                let signature = STANDARD.encode(signature.as_ref());
                respond(200, &json!({ "KeyId": arn, "Signature": signature }))
            }
            _ => refuse("UnknownOperationException"),
        }
    }
}
