//! The local platform, from nothing to ready and back.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use crate::claim::Claim;
use crate::data_provider;
use crate::double;
use crate::emulator::{self, Rights};
use crate::environment::PLATFORM;
use crate::files::Files;
use crate::ines;
use crate::outputs::Outputs;
use crate::packages;
use crate::sandbox::{self, Sandbox};
use crate::service::Service;
use crate::terraform::{Local, Terraform};
use crate::tools;

/// A platform that is ready; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Platform {
    /// Where everything is.
    pub(crate) outputs: Outputs,
    /// Who may do what.
    pub(crate) sandbox: Sandbox,
    /// The operator's tool, `statut`.
    pub(crate) tool: PathBuf,
    terraform: Terraform,
    // In the order of their end: the claim is given up once nothing runs.
    emulator: Service,
    double: Service,
    claim: Claim,
}

impl Platform {
    /// Builds, starts, deploys and loads. Whatever was started ends if this fails or is
    /// interrupted.
    ///
    /// A detached platform may be left running without this process.
    pub(crate) async fn start(
        files: &Files,
        mut claim: Claim,
        detached: bool,
        rights: Rights,
    ) -> Result<Self> {
        tools::terraform().await?;
        let python = tools::python().await?;
        let tool = packages::build(files).await?;
        PLATFORM.install(files, &python).await?;
        let double = double::start(files, detached).await?;
        claim.holds_double(&double)?;
        let (terraform, emulator, deployed) =
            match deploy(files, &mut claim, double.endpoint(), detached, rights).await {
                Err(error) if was_answer_lost(&error) => {
                    println!("  … the emulator lost an answer: once more, from nothing");
                    deploy(files, &mut claim, double.endpoint(), detached, rights).await
                }
                deployed => deployed,
            }?;
        let outputs = Outputs::write(files, deployed, emulator.endpoint(), double.endpoint())?;
        data_provider::register(&outputs).await?;
        if let Some(secret) = &outputs.ines_client_secret_arn {
            ines::hand_over(files, &outputs.deployment()?, secret).await?;
        }
        let sandbox = sandbox::load(files, &outputs).await?;
        Ok(Self { outputs, sandbox, tool, terraform, emulator, double, claim })
    }

    /// What a second deployment would change, by address.
    pub(crate) async fn drift(&self, files: &Files) -> Result<Vec<String>> {
        let packages = packages::directory(files);
        let (endpoint, double) = (self.emulator.endpoint(), self.double.endpoint());
        self.terraform.drift(Local { endpoint, double, packages: &packages, settings: &[] }).await
    }

    /// Deploys once more, with some variables set otherwise.
    pub(crate) async fn apply(&self, files: &Files, settings: &[(&str, &str)]) -> Result<()> {
        let packages = packages::directory(files);
        let (endpoint, double) = (self.emulator.endpoint(), self.double.endpoint());
        let local = Local { endpoint, double, packages: &packages, settings };
        self.terraform.apply(local).await.map(drop)
    }

    /// Completes if a part of it ends by itself, which it should not; says which.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        tokio::select! {
            ended = self.emulator.ended() => ended,
            ended = self.double.ended() => ended,
        }
    }

    /// Leaves the platform running without this process.
    pub(crate) fn leave_running(self) -> Result<()> {
        self.claim.hand_over()?;
        self.emulator.leave_running();
        self.double.leave_running();
        Ok(())
    }
}

/// Starts an emulator and deploys to it.
async fn deploy(
    files: &Files,
    claim: &mut Claim,
    double: &str,
    detached: bool,
    rights: Rights,
) -> Result<(Terraform, Service, Value)> {
    let terraform = Terraform::for_emulator(files).await?;
    let emulator = emulator::start(files, detached, rights).await?;
    claim.holds_emulator(&emulator)?;
    let packages = packages::directory(files);
    let deployed = terraform
        .apply(Local { endpoint: emulator.endpoint(), double, packages: &packages, settings: &[] })
        .await?;
    Ok((terraform, emulator, deployed))
}

/// Now and then the emulator carries out a request and closes the connection before it answers. The
/// provider then asks again, and is told that what it creates exists: on an empty emulator, that
/// can mean nothing else.
fn was_answer_lost(error: &anyhow::Error) -> bool {
    let said = format!("{error:#}").to_lowercase();
    ["already exists", "alreadyexists", "resourceconflict", "resourceexists", "resourceinuse"]
        .iter()
        .any(|sign| said.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_second_creation_is_taken_for_a_lost_answer() {
        let said = |text: &'static str| anyhow::anyhow!(text).context("Terraform could not deploy");
        assert!(was_answer_lost(&said("ResourceExistsException: the secret already exists")));
        assert!(was_answer_lost(&said("ResourceInUseException: Table already exists: x")));
        assert!(!was_answer_lost(&said("AccessDenied: not allowed")));
    }
}
