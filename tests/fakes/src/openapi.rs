//! The committed documentation of an API is that of its code, all of it.

use std::path::Path;

use lambda_http::http::Method;
use serde_json::Value;

/// Compares what the code says, as JSON, with `committed`, which is `docs/openapi/{name}.json`. `UPDATE_OPENAPI=1` writes
/// it anew instead.
pub fn is_committed(name: &str, fresh: &str, committed: &str) {
    let fresh = fresh.to_owned() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
        std::fs::write(documents.join(format!("{name}.json")), &fresh).unwrap();
        return;
    }
    assert!(fresh == committed, "the contract changed: UPDATE_OPENAPI=1 cargo test -p {name} openapi, and review");
}

/// Asserts that a document is about these paths and methods, and no other.
pub fn documents<'a>(document: &str, served: impl IntoIterator<Item = (&'a str, Method)>) {
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let documented = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let mut documented: Vec<_> = documented.collect();
    let mut served: Vec<_> = served.into_iter().map(|(path, method)| format!("{method} {path}")).collect();
    documented.sort();
    served.sort();
    assert_eq!(documented, served);
}
