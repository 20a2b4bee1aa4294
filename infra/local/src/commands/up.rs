//! `cargo local up`.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use statut::ui::{self, masked};

use crate::claim::Claim;
use crate::cli;
use crate::emulator::Rights;
use crate::feed;
use crate::files::Files;
use crate::platform::Platform;
use crate::sandbox::RECIPIENTS;

/// Set once `up` has nothing left to do but wait to be stopped: from then on Ctrl-C is its normal
/// end.
static SERVING: AtomicBool = AtomicBool::new(false);

/// Whether `up` has done all that was asked.
pub(crate) fn is_serving() -> bool {
    SERVING.load(Ordering::Relaxed)
}

/// Starts the platform, and stays until it is asked to stop or leaves it running.
pub(crate) async fn run(files: &Files, options: &cli::Up) -> Result<()> {
    let claim = Claim::take(files)?;
    ui::heading("Statut Étudiant, local platform");
    let rights = Rights::enforced(options.enforce_iam);
    let mut platform = Platform::start(files, claim, options.detach, rights).await?;
    if options.with_probes {
        feed::send_probes(files, &platform).await?;
    }
    summary(&platform);
    if options.detach {
        platform.leave_running()?;
        println!("  It runs in the background; `cargo local down` stops it.");
        return Ok(());
    }
    println!("  Ctrl-C, or `cargo local down` elsewhere, stops it.");
    SERVING.store(true, Ordering::Relaxed);
    Err(platform.ended().await)
}

fn summary(platform: &Platform) {
    let Platform { outputs, sandbox, .. } = platform;
    ui::heading("Ready");
    println!("  API          {}", outputs.api_url);
    println!("  portal       {}", outputs.portal_url);
    for account in &sandbox.portal_accounts {
        println!("                 {account}");
    }
    for account in &sandbox.student_accounts {
        println!("                 {account}");
    }
    println!("  AWS          {}", outputs.endpoint_url);
    println!("  test double  {} (FranceConnect and the token issuer)", outputs.double_url);
    println!("  outputs      target/local/outputs.json");
    println!("  keys, tokens target/local/sandbox.json (INE {})", masked(&sandbox.status_ine_key));
    println!("\n  Drop a file (`cargo local demo` renders sample files in target/local/samples):");
    for establishment in &sandbox.establishments {
        println!("    cargo local drop FILE --uai {}   {}", establishment.uai, establishment.name);
    }
    println!(
        "\n  Or tell of one enrolment, with an establishment's write key (docs/openapi/enrolment.json):"
    );
    println!("    {}", from_sandbox("write", "[\"write_keys\"][\"0751967F\"]"));
    println!(
        "    curl -H \"X-API-Key: $write\" -H 'Content-Type: application/json' -d @enrolment.json \\"
    );
    println!("         '{}/api/inscription'", outputs.api_url);
    println!("\n  Ask for a status, by the upstream contract and by the direct one:");
    println!("    {}", from_sandbox("key", "[\"status_ine_key\"]"));
    println!("    curl -H \"X-API-Key: $key\" '{}/api/etudiant?INE=0AYIOP071Y8'", outputs.api_url);
    println!("    {}", from_sandbox("token", "[\"tokens\"][\"direct\"]"));
    println!(
        "    curl -H \"Authorization: Bearer $token\" \\\n         '{}/v3/mesri/statut_etudiant/ine?ine=0AYIOP071Y8&recipient={}'\n",
        outputs.api_url, RECIPIENTS[0]
    );
}

/// Sets a shell's variable, without asking for more than the Python that the platform needs anyway.
fn from_sandbox(variable: &str, path: &str) -> String {
    format!(
        "{variable}=$(python3 -c 'import json; print(json.load(open(\"target/local/sandbox.json\")){path})')"
    )
}
