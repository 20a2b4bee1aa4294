//! S3: versioned objects, whole or from a byte on, in pieces as a network gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};
use jiff::Timestamp;
use lambda_http::http::{self, Request};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use serde_json::{Value, json};

use crate::aws::{Call, Response};
use crate::opinion::Account;

/// An object as it is kept.
#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Bytes,
    /// When it was put, to the second.
    pub last_modified: Timestamp,
    /// What whoever put it says of it.
    pub metadata: BTreeMap<String, String>,
}

/// Objects by bucket, key and version; the version is empty where none is asked for.
#[derive(Debug)]
pub struct Buckets {
    objects: Mutex<BTreeMap<Place, Object>>,
    /// Another emulator's, which is given the same and must answer the same.
    elsewhere: Option<Elsewhere>,
}

/// Bucket, key and version.
type Place = (String, String, String);

impl Default for Buckets {
    fn default() -> Self {
        Self { objects: Mutex::default(), elsewhere: Account::new().map(Elsewhere::new) }
    }
}

impl Buckets {
    /// Keeps an object.
    pub fn put(&self, bucket: &str, key: &str, version: &str, object: Object) {
        let place = (bucket.to_owned(), key.to_owned(), version.to_owned());
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.put(&place, &object);
        }
        self.objects.lock().unwrap().insert(place, object);
    }

    /// An object, if there is one.
    #[must_use]
    pub fn get(&self, bucket: &str, key: &str, version: &str) -> Option<Object> {
        self.objects
            .lock()
            .unwrap()
            .get(&(bucket.to_owned(), key.to_owned(), version.to_owned()))
            .cloned()
    }

    /// Takes an object away, as an operator may.
    pub fn remove(&self, bucket: &str, key: &str) {
        let place = (bucket.to_owned(), key.to_owned(), String::new());
        self.objects.lock().unwrap().remove(&place);
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.remove(bucket, key);
        }
    }

    /// Answers a call. The bytes of an object come in pieces as `cut` cuts them.
    pub fn call(&self, call: &Call, now: Timestamp, cut: impl FnOnce(Bytes) -> Pieces) -> Response {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let (bucket, key, version) = (text("Bucket"), text("Key"), text("VersionId"));
        let answer = http::Response::builder();
        match call.operation.as_str() {
            // As S3 does for `If-None-Match: *`.
            "PutObject" if body["New"] == true && self.get(bucket, key, version).is_some() => {
                if let Some(elsewhere) = &self.elsewhere {
                    elsewhere.keeps(bucket, key);
                }
                refuse(412, "PreconditionFailed")
            }
            "PutObject" => {
                let bytes = Bytes::from(call.object.clone());
                self.put(
                    bucket,
                    key,
                    version,
                    Object { bytes, last_modified: now, metadata: BTreeMap::new() },
                );
                answer.status(200).body(SdkBody::empty()).unwrap()
            }
            "GetObject" => {
                let found = self.get(bucket, key, version);
                if let Some(elsewhere) = &self.elsewhere {
                    let place = (bucket.to_owned(), key.to_owned(), version.to_owned());
                    elsewhere.gives(&place, text("Range"), found.as_ref());
                }
                let Some(object) = found else { return refuse(404, "NoSuchKey") };
                let from =
                    text("Range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
                let from: usize = from.map_or(0, |from| from.parse().unwrap());
                let whole = object.bytes.len();
                if from > 0 && from >= whole {
                    return refuse(416, "InvalidRange");
                }
                let mut answer = answer
                    .status(if from > 0 { 206 } else { 200 })
                    .header("content-length", whole - from)
                    .header(
                        "last-modified",
                        object.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
                    );
                if from > 0 {
                    answer = answer
                        .header("content-range", format!("bytes {from}-{}/{whole}", whole - 1));
                }
                for (name, value) in &object.metadata {
                    answer = answer.header(format!("x-amz-meta-{name}"), value);
                }
                answer.body(SdkBody::from_body_1_x(cut(object.bytes.slice(from..)))).unwrap()
            }
            "ListObjectsV2" => {
                let keys = self.keys(bucket, text("Prefix"));
                if let Some(elsewhere) = &self.elsewhere {
                    elsewhere.lists(bucket, text("Prefix"), &keys);
                }
                let contents =
                    keys.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>"));
                let listed = contents.collect::<String>();
                let listed = format!(
                    "<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
                );
                answer.status(200).body(SdkBody::from(listed)).unwrap()
            }
            other => panic!("{other}"),
        }
    }

    /// The keys of a bucket that begin so.
    #[must_use]
    pub fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let objects = self.objects.lock().unwrap();
        let own = objects.keys().filter(|(own, key, _)| own == bucket && key.starts_with(prefix));
        own.map(|(_, key, _)| key.clone()).collect()
    }
}

/// The buckets of another emulator.
#[derive(Debug)]
struct Elsewhere {
    account: Account,
    /// Those that were put into.
    made: Mutex<BTreeSet<String>>,
    /// What it calls a version that a test gave a name.
    versions: Mutex<BTreeMap<Place, String>>,
}

impl Elsewhere {
    fn new(account: Account) -> Self {
        Self { account, made: Mutex::default(), versions: Mutex::default() }
    }

    /// It keeps the object as well.
    fn put(&self, place: &Place, object: &Object) {
        let (bucket, key, _) = place;
        if self.made.lock().unwrap().insert(bucket.clone()) {
            let versioned =
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
            let within = "<CreateBucketConfiguration><LocationConstraint>eu-west-3</LocationConstraint></CreateBucketConfiguration>";
            for (query, body) in [("", within), ("?versioning", versioned)] {
                let address = format!("{}{query}", self.bucket(bucket));
                let request = Request::put(address).body(body.into()).unwrap();
                assert_eq!(self.account.buckets(request).status(), 200, "{bucket}");
            }
        }
        let mut request = Request::put(self.path(bucket, key));
        for (name, value) in &object.metadata {
            request = request.header(format!("x-amz-meta-{name}"), value);
        }
        let answer = self.account.buckets(request.body(object.bytes.to_vec()).unwrap());
        assert_eq!(answer.status(), 200, "{bucket}/{key}");
        let version = answer.headers()["x-amz-version-id"].to_str().unwrap().to_owned();
        self.versions.lock().unwrap().insert(place.clone(), version);
    }

    /// It refuses to put an object where there is one, too.
    fn keeps(&self, bucket: &str, key: &str) {
        let request = Request::put(self.path(bucket, key)).header("if-none-match", "*");
        let answer = self.account.buckets(request.body(Vec::new()).unwrap());
        assert_eq!(answer.status(), 412, "{bucket}/{key}");
    }

    fn remove(&self, bucket: &str, key: &str) {
        let request = Request::delete(self.path(bucket, key)).body(Vec::new()).unwrap();
        assert_eq!(self.account.buckets(request).status(), 204, "{bucket}/{key}");
    }

    /// It lists the same keys.
    fn lists(&self, bucket: &str, prefix: &str, expected: &[String]) {
        if !self.made.lock().unwrap().contains(bucket) {
            assert!(expected.is_empty(), "{bucket} was never put into");
            return;
        }
        let prefix = percent_encode(prefix.as_bytes(), NON_ALPHANUMERIC);
        let address = format!("{}?list-type=2&prefix={prefix}", self.bucket(bucket));
        let answer = self.account.buckets(Request::get(address).body(Vec::new()).unwrap());
        let listed = String::from_utf8(answer.body().clone()).unwrap();
        let keys = listed.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        assert_eq!(keys.map(|(key, _)| key).collect::<Vec<_>>(), expected, "{bucket}/{prefix}");
    }

    /// It answers as these do: the same bytes from there on with the same metadata, or that there
    /// are none.
    fn gives(&self, place: &Place, range: &str, expected: Option<&Object>) {
        let (bucket, key, version) = place;
        let mut address = self.path(bucket, key);
        if !version.is_empty() {
            let own = self.versions.lock().unwrap().get(place).cloned();
            address.push_str("?versionId=");
            address.push_str(own.as_ref().unwrap_or(version));
        }
        let mut request = Request::get(address);
        if !range.is_empty() {
            request = request.header("range", range);
        }
        let answer = self.account.buckets(request.body(Vec::new()).unwrap());
        let Some(object) = expected else {
            assert!(answer.status().is_client_error(), "{bucket}/{key}: {}", answer.status());
            return;
        };
        let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        if from > 0 && from >= object.bytes.len() {
            assert_eq!(answer.status(), 416, "{bucket}/{key}, {range}");
            return;
        }
        assert_eq!(answer.status(), if range.is_empty() { 200 } else { 206 }, "{bucket}/{key}");
        for (name, value) in &object.metadata {
            assert_eq!(answer.headers()[&format!("x-amz-meta-{name}")], value.as_str());
        }
        assert!(answer.body()[..] == object.bytes[from..], "{bucket}/{key}, {range}: other bytes");
    }

    fn path(&self, bucket: &str, key: &str) -> String {
        format!("{}/{}", self.bucket(bucket), percent_encode(key.as_bytes(), NON_ALPHANUMERIC))
    }

    /// Names of buckets are everybody's: two accounts can't have one of the same name.
    fn bucket(&self, bucket: &str) -> String {
        format!("/{}-{bucket}", self.account.id())
    }
}

/// A refusal of that code.
#[must_use]
pub fn refuse(status: u16, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code><Message>of the tests</Message></Error>");
    http::Response::builder().status(status).body(SdkBody::from(body)).unwrap()
}

/// Bytes in pieces; an error breaks the connection.
pub struct Pieces(Box<dyn Iterator<Item = std::io::Result<Bytes>> + Send + Sync>);

impl Pieces {
    /// What comes, in order.
    pub fn new<I: Iterator<Item = std::io::Result<Bytes>> + Send + Sync + 'static>(
        pieces: impl IntoIterator<IntoIter = I>,
    ) -> Self {
        Self(Box::new(pieces.into_iter()))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(self.get_mut().0.next().map(|piece| piece.map(Frame::data)))
    }
}

/// A request to S3, virtual-hosted or by path.
pub(crate) fn read(request: &http::Request<SdkBody>) -> Call {
    let uri = request.uri();
    let host = uri.host().unwrap();
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = match host.split_once(".s3.") {
        Some((bucket, _)) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(uri.query().unwrap_or_default()).unwrap();
    let asked =
        |name: &str| query.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let body: Value = json!({
        "Bucket": bucket,
        "Key": percent_decode_str(key).decode_utf8().unwrap(),
        "VersionId": asked("versionId"),
        "Prefix": asked("prefix"),
        "New": request.headers().get("if-none-match").is_some(),
        "Range": request.headers().get("range").map(|range| range.to_str().unwrap()),
    });
    let operation = match request.method().as_str() {
        "GET" if asked("list-type").is_some() => "ListObjectsV2",
        "GET" => "GetObject",
        "PUT" => "PutObject",
        other => panic!("{other} {uri}"),
    };
    let object = request.body().bytes().unwrap_or_default().to_vec();
    Call { service: "s3".into(), operation: operation.into(), text: body.to_string(), object }
}
