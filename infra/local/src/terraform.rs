//! The infrastructure, deployed from a copy of `infra/`: nothing is written beside the sources.

mod apply;
mod mirror;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use statut::aws::REGION;
use statut::ui::Step;
use tokio::process::Command;

use crate::double;
use crate::files::{self, Files};
use crate::process::{self, command};

/// The provider's own retries make a refused connection last for minutes; this is ample for a good
/// one.
const PATIENCE: Duration = Duration::from_mins(10);

/// Which provider is used, by digest, on any platform.
const LOCK_FILE: &str = ".terraform.lock.hcl";

/// What the local environment is made of and talks to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local<'a> {
    /// The emulator.
    pub(crate) endpoint: &'a str,
    /// The test double of FranceConnect and of the token issuer.
    pub(crate) double: &'a str,
    /// The functions' packages.
    pub(crate) packages: &'a Path,
    /// Variables that differ from those of `environments/local.tfvars`.
    pub(crate) settings: &'a [(&'a str, &'a str)],
}

/// A copy of the root module, initialised.
#[derive(Debug)]
pub(crate) struct Terraform {
    directory: PathBuf,
    log: PathBuf,
    files: Files,
}

impl Terraform {
    /// Copies the root module for deployment on the emulator, with the file that points it there.
    pub(crate) async fn for_emulator(files: &Files) -> Result<Self> {
        let step = Step::start("preparing Terraform");
        let terraform = Self::copy(files, "terraform", &|name| {
            !["bootstrap", "local", "tests"].contains(&name)
        })?;
        let provider = "provider_override.tf";
        fs::copy(files.source(provider), terraform.directory.join(provider))
            .context("infra/local/provider_override.tf can't be copied")?;
        terraform.initialise(&[]).await?;
        step.done("");
        Ok(terraform)
    }

    /// Copies the root module as it is in production, with its tests.
    pub(crate) async fn for_tests(files: &Files) -> Result<Self> {
        let terraform = Self::copy(files, "terraform-test", &|name| name != "local")?;
        // The tests compare the alarms with the runbook's sections, at `../docs` from the module.
        let docs = files.local("docs");
        files::create_directory(&docs)?;
        fs::copy(files.root().join("docs/runbook.md"), docs.join("runbook.md"))
            .context("docs/runbook.md can't be copied")?;
        // The state bucket is for those who deploy.
        terraform.initialise(&["-backend=false"]).await?;
        Ok(terraform)
    }

    fn copy(files: &Files, name: &str, keep: &dyn Fn(&str) -> bool) -> Result<Self> {
        let directory = files.local(name);
        files::remove_directory(&directory)?;
        // Other hidden entries are what a person's own `terraform init` left.
        let keep = |entry: &str| {
            (!entry.starts_with('.') || entry == LOCK_FILE)
                && !entry.contains(".tfstate")
                && keep(entry)
        };
        files::copy_directory(&files.infra(""), &directory, &keep)?;
        let log = files.local(&format!("{name}.log"));
        files::write_private(&log, "")?;
        Ok(Self { directory, log, files: files.clone() })
    }

    /// A Terraform command in the copy. It sees the emulator's credentials, never the person's.
    pub(crate) fn command(&self) -> Command {
        let mut command = command("terraform");
        command.current_dir(&self.directory);
        for own in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"]
        {
            command.env_remove(own);
        }
        for nowhere in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(nowhere, self.directory.join("no-such-file"));
        }
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            // Without a mirror the provider (over 100 MB) is downloaded once, not at each `up`.
            .env("TF_PLUGIN_CACHE_DIR", self.files.local("provider-cache"))
            .env("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "1");
        // Both programs hold the provider's schema, which Go's collector would read through again
        // at each doubling: collecting less often takes a quarter of the processor time away, for
        // some hundreds of megabytes.
        if std::env::var_os("GOGC").is_none() {
            command.env("GOGC", "400");
        }
        command
    }

    async fn initialise(&self, options: &[&str]) -> Result<()> {
        files::create_directory(&self.files.local("provider-cache"))?;
        let mirror = mirror::find()?;
        let mut command = self.command();
        command.args(["init", "-input=false", "-no-color"]).args(options);
        if let Some(mirror) = &mirror {
            let mut option = std::ffi::OsString::from("-plugin-dir=");
            option.push(mirror);
            command.arg(option);
        }
        if process::logged(&mut command, &self.log).await?.success() {
            return Ok(());
        }
        let said = files::read(&self.log)?;
        let unreachable = [
            "Failed to query available provider packages",
            "could not connect to",
            "Failed to install provider",
        ];
        if mirror.is_none() && unreachable.iter().any(|sign| said.contains(sign)) {
            bail!(
                "the Terraform provider hashicorp/aws is out of reach: there is no network, and no provider mirror \
                 either (a directory that holds {}; TF_PLUGIN_DIR may name it)",
                mirror::PROVIDER
            );
        }
        let sentence = format!(
            "Terraform could not prepare the infrastructure (all it said is in {})",
            self.shown_log()
        );
        Err(anyhow!(apply::error_block(&said)).context(sentence))
    }

    /// Deploys to the emulator and returns every output, as `terraform output -json` gives them.
    pub(crate) async fn apply(&self, local: Local<'_>) -> Result<serde_json::Value> {
        let mut command = self.on_emulator("apply", local);
        command.arg("-auto-approve");
        let applied = tokio::time::timeout(PATIENCE, apply::follow(&mut command, &self.log)).await;
        match applied {
            Err(_) => {
                bail!(
                    "Terraform did not finish in {} minutes: see {}",
                    PATIENCE.as_secs() / 60,
                    self.shown_log()
                )
            }
            Ok(Err(errors)) => {
                return Err(errors.context(format!(
                    "Terraform could not deploy the infrastructure (all it said is in {})",
                    self.shown_log()
                )));
            }
            Ok(Ok(())) => {}
        }
        let output = self.command().args(["output", "-json"]).kill_on_drop(true).output().await;
        let output = output.context("terraform can't be started")?;
        serde_json::from_slice(&output.stdout).context("Terraform's outputs can't be read")
    }

    /// What a second deployment would change, by address. Nothing, if the description is true.
    pub(crate) async fn drift(&self, local: Local<'_>) -> Result<Vec<String>> {
        let mut command = self.on_emulator("plan", local);
        let output =
            command.kill_on_drop(true).output().await.context("terraform can't be started")?;
        if !output.status.success() {
            bail!(
                "Terraform could not plan a second deployment: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
        Ok(apply::planned_changes(&String::from_utf8_lossy(&output.stdout)))
    }

    /// A `plan` or an `apply` of the local environment, told in JSON.
    fn on_emulator(&self, verb: &str, local: Local<'_>) -> Command {
        let mut command = self.command();
        command
            .args([verb, "-input=false", "-json", "-var-file=environments/local.tfvars"])
            // The provider waits half a minute for each queue and its policies, and the emulator
            // hardly works: more of them side by side than Terraform's own ten.
            .arg("-parallelism=40")
            .arg(format!("-var=packages_dir={}", local.packages.display()))
            .arg(format!("-var=function_endpoint_url={}", local.endpoint))
            .arg(format!("-var=architecture={}", architecture()))
            .env("AWS_ENDPOINT_URL", local.endpoint);
        for (name, value) in double::variables(local.double) {
            command.arg(format!("-var={name}={value}"));
        }
        for (name, value) in local.settings {
            command.arg(format!("-var={name}={value}"));
        }
        command
    }

    fn shown_log(&self) -> String {
        self.files.shown(&self.log)
    }
}

/// What Lambda calls the machine the functions were built on and for.
fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}
