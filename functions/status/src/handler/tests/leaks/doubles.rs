//! Our issuer and FranceConnect, on a port of this machine: as much of them as questions need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use evaluation::set::LabelledQuestion;
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use shared::access::scope::Scopes;
use shared::auth::france_connect::{self, Version};
use shared::auth::jwks::Jwks;
use shared::auth::token::Trust;
use shared::identity::engine::lookup::Mode;

use super::route::pivot;
use crate::context::Issuer;

/// Both, on one port.
pub(super) struct Doubles {
    url: String,
    tokens: [String; 2],
}

/// The client that asks in a mode, which is also a service provider of FranceConnect.
pub(super) fn client_id(mode: Mode) -> &'static str {
    match mode {
        Mode::Standard => "standard",
        Mode::Strict => "strict",
    }
}

/// Its key of the upstream route.
pub(super) fn key(mode: Mode) -> &'static str {
    match mode {
        Mode::Standard => "the key of who takes the standard",
        Mode::Strict => "the key of who wants to be certain",
    }
}

impl Doubles {
    /// FranceConnect knows the person of each question by its place. The thread ends with the
    /// process.
    pub(super) fn start(questions: &[LabelledQuestion]) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let signing = EncodingKey::from_ec_der(pkcs8.as_ref());
        let jwks = json!({ "keys": [Jwk::from_encoding_key(&signing, Algorithm::ES256).unwrap()] });
        let people: Vec<Value> = questions.iter().map(|question| pivot(&question.asked)).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tokens = [Mode::Standard, Mode::Strict].map(|mode| {
            let now = Timestamp::now().as_second();
            let claims = json!({
                "iss": "issuer", "aud": "statut-etudiant", "sub": client_id(mode), "jti": client_id(mode), "iat": now,
                "nbf": now, "exp": now + 3_600, "scopes": Scopes::ALL,
            });
            encode(&Header::new(Algorithm::ES256), &claims, &signing).unwrap()
        });
        let served = Arc::new((jwks, people));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, served) = (stream.unwrap(), Arc::clone(&served));
                std::thread::spawn(move || serve(&stream, &served.0, &served.1));
            }
        });
        Self { url, tokens }
    }

    pub(super) fn issuer(&self) -> Issuer {
        let trust = Trust { issuer: "issuer".into(), audience: "statut-etudiant".into() };
        Issuer { trust, jwks: Jwks::new(format!("{}/jwks", self.url)) }
    }

    /// FranceConnect, and the ARN of our secret.
    pub(super) fn france_connect(&self) -> (france_connect::Settings, String) {
        let settings = france_connect::Settings {
            version: Version::V1,
            url: self.url.clone(),
            issuer: String::new(),
            client_id: "statut-etudiant".into(),
        };
        (settings, "arn".into())
    }

    /// A token of the issuer for the client of a mode.
    pub(super) fn token(&self, mode: Mode) -> String {
        self.tokens[usize::from(mode == Mode::Strict)].clone()
    }

    /// The token that the person of a question gave to the client of a mode.
    pub(super) fn france_connect_token(mode: Mode, question: usize) -> String {
        format!("{}.{question}", client_id(mode))
    }
}

/// Answers the requests of one connection until it is closed.
fn serve(stream: &TcpStream, jwks: &Value, people: &[Value]) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let path = line.split(' ').nth(1).unwrap().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer =
            if path == "/jwks" { jwks.to_string() } else { checked(&body, people).to_string() };
        let response =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        // At once: in two packets the second waits for the first to be acknowledged.
        (&*stream).write_all(response.as_bytes()).unwrap();
        line.clear();
    }
}

/// Whom a token stands for (domain.md §6.1).
fn checked(body: &[u8], people: &[Value]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    let (client, question) = body["token"].as_str().unwrap().split_once('.').unwrap();
    let identity = &people[question.parse::<usize>().unwrap()];
    json!({ "scope": Scopes::ALL, "identity": identity, "client": { "client_id": client } })
}
