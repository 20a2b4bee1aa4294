//! The programs that have to be there.

use anyhow::{Context as _, Result, bail};

use crate::process::command;

/// The least version that has what `infra/` uses (native S3 locking, `override` in tests).
const TERRAFORM: (u32, u32) = (1, 11);
/// The least version that is tested with the emulator.
const PYTHON: (u32, u32) = (3, 11);
/// `python3` first; a machine whose own is older often has a newer one beside it.
const PYTHONS: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];

/// Checks that Terraform is there and recent enough.
pub(crate) async fn terraform() -> Result<()> {
    let answer = answer_of("terraform", &["version", "-json"]).await;
    let Some(text) = answer else {
        bail!("terraform is not installed: version 1.11 or newer must be on the PATH")
    };
    let answer: serde_json::Value =
        serde_json::from_str(&text).context("terraform didn't tell its version")?;
    let version = answer["terraform_version"].as_str().unwrap_or_default();
    if numbers(version) < TERRAFORM {
        bail!("terraform {version} is too old: version 1.11 or newer must be on the PATH");
    }
    Ok(())
}

/// The names that a Chromium has.
const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Finds a Chromium for the tests of the portal's pages, if there is one; `CHROMIUM` names another.
pub(crate) async fn chromium() -> Option<String> {
    let named = std::env::var("CHROMIUM").ok();
    for program in named.iter().map(String::as_str).chain(CHROMIUMS) {
        if answer_of(program, &["--version"]).await.is_some() {
            return Some(program.to_owned());
        }
    }
    None
}

/// A Python that can run the emulator.
#[derive(Debug)]
pub(crate) struct Python {
    /// What to run.
    pub(crate) program: &'static str,
    /// Its exact version.
    pub(crate) version: String,
}

/// Finds a Python that is recent enough and can make virtual environments.
pub(crate) async fn python() -> Result<Python> {
    let mut seen = None;
    for program in PYTHONS {
        let script = "import platform; print(platform.python_version())";
        let Some(text) = answer_of(program, &["-c", script]).await else { continue };
        let version = text.trim().to_owned();
        if numbers(&version) < PYTHON {
            seen.get_or_insert(version);
            continue;
        }
        if answer_of(program, &["-c", "import ensurepip, venv"]).await.is_none() {
            bail!(
                "{program} can't make virtual environments: install its venv module (`python3-venv` on Debian)"
            );
        }
        return Ok(Python { program, version });
    }
    match seen {
        Some(version) => bail!(
            "python {version} is too old: the emulator needs python3 3.11 or newer on the PATH"
        ),
        None => {
            bail!("python3 is not installed: the emulator needs version 3.11 or newer on the PATH")
        }
    }
}

/// What a program prints when it succeeds.
async fn answer_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).kill_on_drop(true).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first two numbers of a version.
fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.9.8") < TERRAFORM);
        assert!(numbers("1.11.4") >= TERRAFORM);
        assert!(numbers("3.14.0rc1") >= PYTHON);
        assert!(numbers("") < PYTHON);
    }
}
