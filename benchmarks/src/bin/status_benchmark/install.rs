//! Makes the subjects: builds ours, installs the others' dependencies under `target/benchmarks/`
//! the first time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use crate::arguments::{Arguments, Kind};
use crate::files::{Files, copy};
use crate::subject::Subject;

/// The look-up uses `datetime.UTC`.
const PYTHON: (u32, u32) = (3, 11);
/// Tells the others' programs to do all that the function does.
const WHOLE: &str = "whole";
/// The SDK's own minimum.
const NODE: (u32, u32) = (20, 0);

/// Everything that was asked for and can run here. What is missing is said, and left out.
pub(crate) async fn subjects(files: &Files, arguments: &Arguments) -> Result<Vec<Subject>> {
    let mut subjects = built(files, arguments).await?;
    let mut others = Vec::new();
    if arguments.wants(Kind::Python) || arguments.wants(Kind::PythonWhole) {
        others.extend(python(files).await?);
    }
    if [Kind::Node, Kind::NodeWhole, Kind::Bundle].iter().any(|kind| arguments.wants(*kind)) {
        others.extend(node(files).await?);
    }
    subjects.extend(others.into_iter().filter(|subject| arguments.wants(subject.kind())));
    Ok(subjects)
}

/// The function and the program of its parts. By binary rather than by package, as they are built
/// for AWS (docs/deploying.md): the same features, and each dependency once.
async fn built(files: &Files, arguments: &Arguments) -> Result<Vec<Subject>> {
    let wanted: [(_, _, _, &[&str]); 3] = [
        (Kind::Rust, "status", &arguments.status_binary, &[]),
        (Kind::Bare, "parts", &arguments.parts_binary, &["look-up"]),
        (Kind::Parts, "parts", &arguments.parts_binary, &["each"]),
    ];
    let (mut build, mut subjects) = (BTreeSet::new(), Vec::new());
    for (kind, name, given, parameters) in
        wanted.into_iter().filter(|(kind, ..)| arguments.wants(*kind))
    {
        let program = given.clone().unwrap_or_else(|| {
            build.insert(name);
            files.released(name)
        });
        let parameters = parameters.iter().map(Into::into);
        subjects.push((
            Subject::new(files, kind, format!("{name} ({kind:?})"), program.clone(), parameters),
            program,
        ));
    }
    if !build.is_empty() {
        eprintln!("building for release, which takes many minutes the first time");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--release"]).current_dir(files.root());
        command.args(build.iter().flat_map(|name| ["--bin", *name]));
        // Our own standard output is the table.
        run(command.stdout(Stdio::null())).await?;
    }
    for (_, program) in &subjects {
        ensure!(program.is_file(), "{} is not there", program.display());
    }
    Ok(subjects.into_iter().map(|(subject, _)| subject).collect())
}

async fn python(files: &Files) -> Result<Vec<Subject>> {
    let Some(version) = version("python3", PYTHON).await else { return Ok(Vec::new()) };
    let (directory, sources) = (files.scratch("python"), files.source("python"));
    let program = directory.join("bin/python3");
    let wanted = format!("{version}\n{}", read(&sources.join("requirements.txt"))?);
    if !is_installed(&directory, &wanted) {
        eprintln!("installing boto3");
        start_over(&directory)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&directory)).await?;
        let mut pip = Command::new(&program);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--requirement",
        ]);
        run(pip.arg(sources.join("requirements.txt")).stdout(Stdio::null())).await?;
        installed(&directory, &wanted)?;
    }
    copy(&sources, &directory, &["lookup.py"])?;
    let subject = |kind, name, parameters: &[&str]| {
        let script = directory.join("lookup.py").into_os_string();
        let arguments = [script].into_iter().chain(parameters.iter().map(Into::into));
        Subject::new(files, kind, name, program.clone(), arguments)
    };
    Ok(vec![
        subject(Kind::PythonWhole, format!("Python {version}, the same work"), &[WHOLE]),
        subject(Kind::Python, format!("Python {version}"), &[]),
    ])
}

/// The script beside its modules, and as one minified file, as a function that cares for its cold
/// start is deployed.
async fn node(files: &Files) -> Result<Vec<Subject>> {
    let Some(version) = version("node", NODE).await else { return Ok(Vec::new()) };
    let (directory, sources) = (files.scratch("node"), files.source("node"));
    let wanted = format!("{version}\n{}", read(&sources.join("package-lock.json"))?);
    if !is_installed(&directory, &wanted) {
        eprintln!("installing the AWS SDK for JavaScript");
        start_over(&directory)?;
        copy(&sources, &directory, &["package.json", "package-lock.json", ".npmrc"])?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
        run(npm.current_dir(&directory).stdout(Stdio::null())).await?;
        installed(&directory, &wanted)?;
    }
    copy(&sources, &directory, &["lookup.mjs"])?;
    run(Command::new("npm")
        .args(["run", "--silent", "bundle"])
        .current_dir(&directory)
        .stdout(Stdio::null()))
    .await?;
    let subject = |kind, name, script, parameters: &[&str]| {
        let script = directory.join(script).into_os_string();
        let arguments = [script].into_iter().chain(parameters.iter().map(Into::into));
        Subject::new(files, kind, name, "node", arguments)
    };
    Ok(vec![
        subject(Kind::NodeWhole, format!("Node {version}, the same work"), "lookup.mjs", &[WHOLE]),
        subject(Kind::Node, format!("Node {version}"), "lookup.mjs", &[]),
        subject(Kind::Bundle, format!("Node {version}, one file"), "bundle.mjs", &[]),
    ])
}

/// The version of a program, if it is there and recent enough.
async fn version(program: &str, least: (u32, u32)) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().await;
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = String::from_utf8(text.unwrap_or_default()).unwrap_or_default();
    let version = text.trim().trim_start_matches("Python ").trim_start_matches('v').to_owned();
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let seen = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if seen < least {
        eprintln!(
            "{program} {}.{} or newer is not on the PATH: going on without it",
            least.0, least.1
        );
        return None;
    }
    Some(version)
}

/// Runs a command to its end, its errors shown as they are.
async fn run(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.as_std().get_program());
    let status = command.stdin(Stdio::null()).status().await;
    let status = status.with_context(|| format!("{} can't be started", program.display()))?;
    ensure!(status.success(), "{} failed with {status}", program.display());
    Ok(())
}

/// Whether a directory holds what is wanted, completely: the mark is written last.
fn is_installed(directory: &Path, wanted: &str) -> bool {
    fs::read_to_string(directory.join("installed")).is_ok_and(|mark| mark == wanted)
}

fn installed(directory: &Path, wanted: &str) -> Result<()> {
    fs::write(directory.join("installed"), wanted).context("what was installed can't be marked")
}

fn start_over(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("{} can't be emptied", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("{} can't be made", directory.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}
