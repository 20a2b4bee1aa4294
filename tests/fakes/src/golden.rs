//! Golden files, `tests/golden/*.snap`: what a caller reads, to the letter.

use crate::gateway::Reply;

/// What every answer has of its own.
const CORRELATION: (&str, &str) = ("\"uid\":\"[0-9a-f]{13}_0000\"", "\"uid\":\"[uid]\"");

/// Compares an answer with the file of that name. What matches a pattern of `masked` is read as its
/// label.
pub fn compare(name: &str, told: &Reply, masked: &[(&str, &str)]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, label) in [&[CORRELATION], masked].concat() {
        settings.add_filter(pattern, label);
    }
    let text = format!(
        "{}\n{}\n\n{}",
        told.status,
        told.headers["content-type"].to_str().unwrap(),
        told.text
    );
    settings.bind(|| insta::assert_snapshot!(name, text));
}
