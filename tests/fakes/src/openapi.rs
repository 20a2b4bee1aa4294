//! The committed documentation of an API is that of its code, all of it.

use std::path::Path;

/// Compares what the code says, as JSON, with `committed`, which is `docs/openapi/{name}.json`.
/// `UPDATE_OPENAPI=1` writes it anew instead.
pub fn is_committed(name: &str, fresh: &str, committed: &str) {
    let fresh = fresh.to_owned() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi");
        std::fs::write(documents.join(format!("{name}.json")), &fresh).unwrap();
        return;
    }
    assert!(
        fresh == committed,
        "the contract changed: UPDATE_OPENAPI=1 cargo test --workspace --lib openapi, and review"
    );
}
