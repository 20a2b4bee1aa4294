//! Asks the API all that its documentation allows, and what it doesn't (schemathesis): whatever the
//! question, the answer must be one that is documented.

use tokio::process::Command;

use crate::environment::FUZZING;
use crate::files::Files;
use crate::outputs::Outputs;
use crate::process::command;
use crate::sandbox::Sandbox;

/// Where the consultation, the API of establishments and the one of reviewing officers have their
/// documentation.
pub(crate) const DOCUMENTS: [&str; 3] =
    ["/openapi.json", "/api/inscription/openapi.json", "/api/revues/openapi.json"];

/// The run over one document, on a platform where the university's sample file is imported.
pub(crate) fn run(files: &Files, outputs: &Outputs, sandbox: &Sandbox, document: &str) -> Command {
    let mut command = command(FUZZING.program(files, "python"));
    let api = &outputs.api_url;
    command
        .args(["-B", "-m", "schemathesis.cli", "--config-file"])
        .arg(files.source("fuzz/schemathesis.toml"))
        .args(["run", &format!("{api}{document}"), "--url", api])
        // It leaves what it has seen where it runs.
        .current_dir(files.local("fuzz"))
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("PYTHONUNBUFFERED", "1")
        .env("SCHEMATHESIS_HOOKS", files.source("fuzz/hooks.py"))
        .env("FUZZ_INE_KEY", &sandbox.status_ine_key)
        .env("FUZZ_IDENTITY_KEY", &sandbox.status_identity_key)
        .env("FUZZ_WRITE_KEY", sandbox.write_keys.values().next().map_or("", String::as_str))
        .env("FUZZ_REVIEW_KEY", sandbox.review_keys.first().map_or("", String::as_str))
        .env("FUZZ_TOKEN", &sandbox.tokens.direct)
        .env("FUZZ_FRANCE_CONNECT_TOKEN", &sandbox.france_connect_tokens.enrolled);
    command
}
