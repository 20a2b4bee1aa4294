//! The policies of the stack, by others' opinion, and each function's role against what its program
//! calls (`policies/`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::environment::{CHECKOV, POLICIES};
use crate::files::{self, Files};
use crate::packages;
use crate::process::{self, command};
use crate::terraform::Terraform;

/// The tests whose plans have every policy: they are run for their plans too, and once.
const PLANNED: [&str; 4] = [
    "permissions.tftest.hcl",
    "people.tftest.hcl",
    "configured.tftest.hcl",
    "bootstrap.tftest.hcl",
];

/// The options by which `terraform test` runs the tests that aren't run by [`plan`].
pub(crate) fn other_tests(files: &Files) -> Result<Vec<String>> {
    let directory = files.infra("tests");
    let entries = fs::read_dir(&directory)
        .with_context(|| format!("{} can't be read", directory.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let others = names.filter(|name| name.ends_with(".tftest.hcl") && !PLANNED.contains(&&**name));
    Ok(others.map(filter).collect())
}

fn filter(name: impl AsRef<str>) -> String {
    format!("-filter=tests/{}", name.as_ref())
}

/// Runs the tests whose plans have every policy, and says where the plans are.
pub(crate) async fn plan(files: &Files, terraform: &Terraform) -> Result<PathBuf> {
    let plans = files.local("plans.jsonl");
    let file = File::create(&plans)
        .with_context(|| format!("{} can't be written", files.shown(&plans)))?;
    let mut test = terraform.command();
    test.args(["test", "-json", "-verbose"]).args(PLANNED.map(filter)).stdout(file);
    if !process::shown(&mut test).await?.success() {
        bail!("{}", failures(&files::read(&plans)?).join("\n\n"));
    }
    Ok(plans)
}

/// What Terraform says is wrong, in the lines that it writes with `-json`.
fn failures(lines: &str) -> Vec<String> {
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let errors = messages.map(|mut message| message["diagnostic"].take());
    errors
        .filter(|diagnostic| diagnostic["severity"] == "error")
        .map(|error| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let range = &error["range"];
            let (file, line) = (text(&range["filename"]), &range["start"]["line"]);
            format!(
                "{}: {}\n  {file}, line {line}",
                text(&error["summary"]),
                text(&error["detail"])
            )
        })
        .collect()
}

/// What parliament and `policy_sentry` say of every policy.
pub(crate) fn opinions(files: &Files, plans: &Path) -> Command {
    let mut command = module(files, "policies.check");
    command.arg(plans);
    command
}

/// Each function's role against what the program in its package calls.
pub(crate) fn rights(files: &Files, plans: &Path) -> Command {
    let mut command = module(files, "policies.rights");
    command.arg(plans).arg(packages::directory(files));
    command
}

/// The tests of both.
pub(crate) fn tests(files: &Files) -> Command {
    let mut command = module(files, "unittest");
    command.arg("policies.test_policies");
    command
}

/// A module of ours that knows where programs are: `nm` is one.
fn module(files: &Files, name: &str) -> Command {
    let mut command = POLICIES.module(files, name);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// What checkov says of the description: every check that isn't skipped with a reason passes.
pub(crate) fn checkov(files: &Files) -> Command {
    let mut command = command(CHECKOV.program(files, "checkov"));
    // Its rules are its own; nothing is asked of its makers' service.
    command
        .args(["--directory", "infra", "--skip-path", "infra/local", "--framework", "terraform"])
        .args(["--compact", "--quiet", "--skip-download"])
        .env_remove("BC_API_KEY");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terraform_says_is_wrong_is_shown_with_its_place() {
        let lines = concat!(
            r#"{"type":"test_run","@message":"by_default"}"#,
            "\n",
            r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Test assertion failed","detail":"A role has a wildcard action.","range":{"filename":"tests/permissions.tftest.hcl","start":{"line":7}}}}"#,
            "\n",
            r#"{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"Deprecated"}}"#,
        );
        let expected = "Test assertion failed: A role has a wildcard action.\n  tests/permissions.tftest.hcl, line 7";
        assert_eq!(failures(lines), [expected]);
    }

    #[test]
    fn every_test_of_terraform_is_run() {
        let files = Files::locate().unwrap();
        let others = other_tests(&files).unwrap();
        assert!(others.contains(&filter("variables.tftest.hcl")), "{others:?}");
        for name in PLANNED {
            assert!(files.infra("tests").join(name).exists(), "{name}");
            assert!(!others.contains(&filter(name)), "{name} is run twice");
        }
    }
}
