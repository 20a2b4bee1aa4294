//! `cargo local test`: everything that a reviewer would run, in the order of what fails fastest.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use statut::ui;
use tokio::process::Command;

use crate::claim::Claim;
use crate::cli::Test;
use crate::emulator::Rights;
use crate::environment::{
    ATTESTATION, BROWSER, CHECKOV, DATA_PACKAGE, DEPENDENCIES, FUZZING, OPINION, PLATFORM, POLICIES,
};
use crate::files::Files;
use crate::platform::Platform;
use crate::process::{self, cargo, command};
use crate::samples::UNIVERSITY;
use crate::terraform::Terraform;
use crate::tools::Python;
use crate::{
    advisories, attestation, browser, data_package, dependencies, double, feed, fuzz, opinion,
    policies, renewal, tools,
};

/// Seeds of each scenario of the simulations, rows of the file of an import, and rows of the
/// national file, when everything is asked for.
const MANY_SEEDS: &str = "500";
const FILE_ROWS: &str = "1000000";
const MANY_ROWS: &str = "20000";

/// Runs everything; stops at the first failure. Each child's output is shown as it is.
pub(crate) async fn run(files: &Files, options: &Test) -> Result<()> {
    let started = Instant::now();
    let claim = Claim::take(files)?;
    tools::terraform().await?;
    let python = tools::python().await?;
    let chromium = tools::chromium().await;

    let cargo_checks: [(&str, &[&str]); 4] = [
        ("Format", &["fmt", "--all", "--check"]),
        ("Lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        (
            "The domain knows nothing of AWS",
            &["check", "--package", "shared", "--no-default-features"],
        ),
        ("Documentation", &["doc", "--workspace", "--no-deps"]),
    ];
    for (title, arguments) in cargo_checks {
        check(files, title, cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings")).await?;
    }

    let advisories = advisories::checks(files, &python).await?;
    if advisories.is_empty() {
        ui::line(advisories::NOT_CHECKED);
    }
    for mut audit in advisories {
        check(files, "Advisories about dependencies", &mut audit).await?;
    }
    DEPENDENCIES.install(files, &python).await?;
    for mut deny in dependencies::checks(files) {
        check(files, "Licences and sources of dependencies", &mut deny).await?;
    }

    let plans = infrastructure(files, &python, options).await?;

    check(
        files,
        "Unit and contract tests",
        cargo().args(["test", "--workspace", "--exclude", "tests"]),
    )
    .await?;
    DATA_PACKAGE.install(files, &python).await?;
    check_here("Snapshots of statistics, by other readers", &mut data_package::readers(files))
        .await?;
    check_here("Snapshots of statistics, attacked", &mut data_package::attacker(files)).await?;
    if let Some(mut audit) = data_package::tau_argus(files) {
        check_here("Statistics as one system, audited by τ-Argus", &mut audit).await?;
    }
    ATTESTATION.install(files, &python).await?;
    check_here("Attestations, by other readers", &mut attestation::readers(files)).await?;
    if options.full {
        OPINION.install(files, &python).await?;
        let other = opinion::start(files).await?;
        check(files, "Handlers over another emulator", &mut opinion::handlers(&other)).await?;
        check(files, "Ingestion over another emulator", &mut opinion::ingestion(&other)).await?;
        drop(other);
        let mut seeds = cargo();
        seeds
            .args(["test", "--workspace", "--test", "simulation"])
            .env("SIMULATION_SEEDS", MANY_SEEDS);
        check(files, "Simulations under many seeds", &mut seeds).await?;
        let mut order = cargo();
        order.args([
            "test",
            "--workspace",
            "--test",
            "simulation",
            "the_order_of_arrival",
            "--",
            "--ignored",
        ]);
        check(files, "The order of arrival", &mut order).await?;
        let mut file = cargo();
        file.args(["test", "--workspace", "--test", "million", "--", "--nocapture"])
            .env("FILE_ROWS", FILE_ROWS);
        check(files, "A million rows", &mut file).await?;
    }
    PLATFORM.install(files, &python).await?;
    FUZZING.install(files, &python).await?;
    match &chromium {
        Some(_) => BROWSER.install(files, &python).await?,
        None => ui::line(browser::NOT_DRIVEN),
    }
    check_here("Tests of the test double", &mut double::tests(files)).await?;
    end_to_end(files, claim, options, &plans, chromium.as_deref()).await?;

    ui::heading(&format!("Everything passed ({} s)", started.elapsed().as_secs()));
    Ok(())
}

/// The description of the infrastructure; says where the plans are that its tests made.
async fn infrastructure(files: &Files, python: &Python, options: &Test) -> Result<PathBuf> {
    check(
        files,
        "Terraform format",
        command("terraform").args(["fmt", "-check", "-recursive", "infra"]),
    )
    .await?;
    let terraform = Terraform::for_tests(files).await?;
    let others = policies::other_tests(files)?;
    for (title, verb, filters) in
        [("Terraform validation", "validate", &[][..]), ("Terraform tests", "test", &others)]
    {
        let mut command = terraform.command();
        command.arg(verb).args(filters);
        // Terraform colours its words even when they go to a file.
        if !std::io::stdout().is_terminal() {
            command.arg("-no-color");
        }
        check_here(title, &mut command).await?;
    }
    let title = "Terraform tests of what is deployed";
    ui::heading(title);
    let started = Instant::now();
    let plans = policies::plan(files, &terraform).await?;
    ui::done(title, "", started.elapsed());

    POLICIES.install(files, python).await?;
    check_here("Tests of the policies' checks", &mut policies::tests(files)).await?;
    check_here("Policies, by other opinions", &mut policies::opinions(files, &plans)).await?;
    if options.full {
        CHECKOV.install(files, python).await?;
        check(files, "Terraform, by checkov", &mut policies::checkov(files)).await?;
    }
    Ok(plans)
}

/// The tests that see the system from outside only, on a platform of their own, and whatever else
/// may be asked of it. `plans` are those of the infrastructure's tests.
async fn end_to_end(
    files: &Files,
    claim: Claim,
    options: &Test,
    plans: &Path,
    chromium: Option<&str>,
) -> Result<()> {
    ui::heading("Local platform");
    let mut platform = Platform::start(files, claim, false, Rights::enforced(options.full)).await?;
    if options.full {
        // What a program was linked with is read from its symbols, and another way to compile it
        // leaves others: not for every run.
        let mut rights = policies::rights(files, plans);
        check_here("Roles against what programs call", &mut rights).await?;
    }
    no_drift(files, &platform).await?;
    let of = |target| tests(files, &platform, options, target);
    let in_browser =
        chromium.map(|chromium| ("The portal in a browser", browser::tests(files, chromium)));
    let others = [
        ("A national file, end to end", of("national")),
        // Last: the tables that it brings back are no longer those of Terraform's plan.
        ("A restore", of("restore")),
    ];
    // The browser first: it looks at every page there is, and the others leave a great many.
    let all = in_browser.into_iter().chain([("End-to-end tests", of("end_to_end"))]).chain(others);
    for (title, mut tests) in all {
        tokio::select! {
            outcome = check(files, title, &mut tests) => outcome,
            ended = platform.ended() => Err(ended),
        }?;
    }

    if options.full {
        ui::heading("The register under new secrets");
        renewal::run(files, &platform).await?;
    }
    ui::heading("People to ask about");
    feed::send(files, &platform, &UNIVERSITY).await?;
    for document in fuzz::DOCUMENTS {
        let mut questions = fuzz::run(files, &platform.outputs, &platform.sandbox, document);
        let title = format!("Any question has a documented answer ({document})");
        tokio::select! {
            outcome = check_here(&title, &mut questions) => outcome,
            ended = platform.ended() => Err(ended),
        }?;
    }
    Ok(())
}

/// Tests that see a platform from outside only.
fn tests(files: &Files, platform: &Platform, options: &Test, target: &str) -> Command {
    let mut tests = cargo();
    // `--workspace` rather than `--package tests`: the same features as before, so nothing is
    // compiled again.
    tests
        .args(["test", "--workspace", "--test", target, "--", "--nocapture"])
        .env("STATUT_ETUDIANT_OUTPUTS", files.local("outputs.json"))
        .env("STATUT_ETUDIANT_SANDBOX", files.local("sandbox.json"))
        .env("STATUT_ETUDIANT_TOOL", &platform.tool)
        .env("NO_PROXY", no_proxy());
    if options.full {
        tests.env("NATIONAL_ROWS", MANY_ROWS);
    }
    tests
}

/// A second deployment must find nothing to change, or the description lies about what is deployed.
async fn no_drift(files: &Files, platform: &Platform) -> Result<()> {
    let title = "A second deployment changes nothing";
    ui::heading(title);
    let started = Instant::now();
    let mut changes = platform.drift(files).await?;
    // The emulator reads alarms back without their statistic and dimensions, and the firewall
    // without the bodies of its own answers.
    let forgotten = ["aws_cloudwatch_metric_alarm.", "aws_wafv2_web_acl."];
    changes.retain(|change| !forgotten.iter().any(|kind| change.contains(kind)));
    if !changes.is_empty() {
        bail!("a second deployment would change {}", changes.join(", "));
    }
    ui::done(title, "", started.elapsed());
    Ok(())
}

/// The emulator is on this machine, whatever proxy the person has.
fn no_proxy() -> String {
    let own = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy")).unwrap_or_default();
    if own.is_empty() { "127.0.0.1".to_owned() } else { format!("127.0.0.1,{own}") }
}

/// Runs one check from the root of the repository.
async fn check(files: &Files, title: &str, command: &mut Command) -> Result<()> {
    check_here(title, command.current_dir(files.root())).await
}

async fn check_here(title: &str, command: &mut Command) -> Result<()> {
    ui::heading(title);
    let started = Instant::now();
    if !process::shown(command).await?.success() {
        let words: Vec<_> =
            command.as_std().get_args().map(|argument| argument.to_string_lossy()).collect();
        let program =
            std::path::Path::new(command.as_std().get_program()).file_name().unwrap_or_default();
        bail!("{title} failed: {} {}", program.to_string_lossy(), words.join(" "));
    }
    ui::done(title, "", started.elapsed());
    Ok(())
}
