//! Golden files: what went over the wire, to the byte, but for what changes from run to run.

use tests::http::HttpAnswer;
use tests::people::{Person, period};

/// What of a person stands in an answer, and the word that stands for it in a golden file.
pub(crate) fn personal(person: &Person) -> [(&str, &str); 3] {
    [(&person.ine, "[INE]"), (&person.family, "[nom]"), (&person.given, "[prénom]")]
}

/// Compares an answer with `golden/<name>.snap`.
pub(crate) fn golden(name: &str, answer: &HttpAnswer, personal: &[(&str, &str)]) {
    text(
        name,
        &format!("{}\n{}\n\n{}", answer.status, answer.header("content-type"), answer.text),
        personal,
    );
}

/// Compares any text.
pub(crate) fn text(name: &str, text: &str, personal: &[(&str, &str)]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("\"uid\":\"[0-9a-f]{13}_0000\"", "\"uid\":\"[uid]\"");
    let (first, last) = period();
    for (value, label) in personal
        .iter()
        .copied()
        .chain([(first.as_str(), "[first day]"), (last.as_str(), "[last day]")])
    {
        settings.add_filter(value, label);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}
