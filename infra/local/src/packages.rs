//! Builds the functions and packages each as Lambda wants it: a zip that holds `bootstrap`.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Instant, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, bail};
use statut::ui;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use zip::write::SimpleFileOptions;

use crate::files::{self, Files};
use crate::process::{Running, cargo};

/// The operator's tool, which is built with the functions so that no dependency has two sets of
/// features.
pub(crate) const TOOL: &str = "statut";
/// The functions, by the name of their crate, their binary and their package.
pub(crate) const FUNCTIONS: [&str; 9] = [
    "status",
    "enrolment",
    "review",
    "portal",
    "ingestion",
    "deduplication",
    "statistics",
    "retention",
    "ines",
];

/// Every program: the functions, then the tool.
pub(crate) const PROGRAMS: [&str; FUNCTIONS.len() + 1] = {
    let mut programs = [TOOL; FUNCTIONS.len() + 1];
    let mut at = 0;
    while at < FUNCTIONS.len() {
        programs[at] = FUNCTIONS[at];
        at += 1;
    }
    programs
};

/// What Lambda starts, in a package.
pub(crate) const ENTRY: &str = "bootstrap";

/// Where the packages are, for Terraform.
pub(crate) fn directory(files: &Files) -> PathBuf {
    files.local("packages")
}

/// Builds and packages every function, and builds the operator's tool; says where the tool is.
/// Cargo's own progress is shown.
pub(crate) async fn build(files: &Files) -> Result<PathBuf> {
    let started = Instant::now();
    println!("  … building the functions and the operator's tool");
    let Built { functions, tool } = compile(files).await?;
    for binary in functions {
        let package = directory(files).join(&binary.name).join("bootstrap.zip");
        tokio::task::spawn_blocking(move || pack(&binary.path, &package))
            .await
            .context("packaging was cut short")??;
    }
    ui::done("functions built and packaged", &FUNCTIONS.join(", "), started.elapsed());
    Ok(tool)
}

struct Binary {
    name: String,
    path: PathBuf,
}

struct Built {
    functions: Vec<Binary>,
    tool: PathBuf,
}

async fn compile(files: &Files) -> Result<Built> {
    let mut command = cargo();
    command.current_dir(files.root()).args(["build", "--message-format=json-render-diagnostics"]);
    for binary in PROGRAMS {
        command.args(["--bin", binary]);
    }
    let mut build = Running::start(command.stdout(Stdio::piped()))?;
    let messages = build.child().stdout.take().ok_or_else(|| anyhow!("cargo has no output"))?;
    let mut binaries = Vec::new();
    let mut lines = BufReader::new(messages).lines();
    while let Some(line) = lines.next_line().await.context("cargo's messages can't be read")? {
        // Cargo says where each binary is, wherever the target directory was put.
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        if let (Some(name), Some(path)) =
            (message["target"]["name"].as_str(), message["executable"].as_str())
        {
            binaries.push(Binary { name: name.to_owned(), path: PathBuf::from(path) });
        }
    }
    if !build.wait().await?.success() {
        bail!("the functions don't compile: see what cargo says above");
    }
    let tool = binaries.iter().find(|binary| binary.name == TOOL).map(|binary| binary.path.clone());
    let tool = tool.with_context(|| format!("cargo built no {TOOL}"))?;
    binaries.retain(|binary| FUNCTIONS.contains(&binary.name.as_str()));
    if binaries.len() != FUNCTIONS.len() {
        bail!("cargo built {} functions instead of {}", binaries.len(), FUNCTIONS.len());
    }
    Ok(Built { functions: binaries, tool })
}

/// Packages a binary, unless it was already: the stamp beside the package says of which binary it
/// is.
fn pack(binary: &Path, package: &Path) -> Result<()> {
    let unreadable = || format!("{} can't be read", binary.display());
    let metadata = fs::metadata(binary).with_context(unreadable)?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    let stamp = format!("{} bytes, {} ns\n", metadata.len(), modified.as_nanos());
    let stamp_path = package.with_extension("stamp");
    if package.exists()
        && fs::read_to_string(&stamp_path).is_ok_and(|of_package| of_package == stamp)
    {
        return Ok(());
    }
    files::create_directory(package.parent().unwrap_or(package))?;
    let mut source = File::open(binary).with_context(unreadable)?;
    write_zip(&mut source, package, ENTRY, Compression::Fast)?;
    files::write_private(&stamp_path, &stamp)
}

/// What a zip costs to make, against its size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compression {
    /// For the local platform, which unpacks it at once.
    Fast,
    /// For AWS, where each cold start downloads it.
    Small,
}

/// Zips one program. The same bytes in give the same bytes out (a fixed date), so that Terraform
/// sees no change where there is none.
pub(crate) fn write_zip(
    source: &mut File,
    package: &Path,
    entry: &str,
    compression: Compression,
) -> Result<()> {
    let level = match compression {
        Compression::Fast => 1,
        Compression::Small => 9,
    };
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut write = || {
        let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(package)?));
        archive.start_file(entry, options)?;
        std::io::copy(source, &mut archive)?;
        archive.finish()?.flush()?;
        anyhow::Ok(())
    };
    write().with_context(|| format!("{} can't be written", package.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names
    }

    /// Whoever follows the documentation builds what Terraform then asks for: the documented
    /// command builds what is named here.
    #[test]
    fn documentation_and_infrastructure_name_the_functions_that_are_built() {
        let functions = sorted(FUNCTIONS);
        let documentation = include_str!("../../../docs/deploying.md");
        assert!(documentation.contains("cargo local package --arch arm64"));
        let variables = include_str!("../../variables.tf");
        let list = variables.lines().find(|line| line.trim().starts_with("packages = ["));
        let asked = list.unwrap().split('"').skip(1).step_by(2);
        assert_eq!(sorted(asked), functions, "local.packages of infra/variables.tf");

        let infra = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let crates = fs::read_dir(infra.parent().unwrap().join("functions")).unwrap();
        let crates: Vec<_> =
            crates.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(sorted(crates.iter().map(String::as_str)), functions, "functions/");
        let mut deployed = String::new();
        let mut stubs = Vec::new();
        for entry in fs::read_dir(infra).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "tf") {
                deployed += &fs::read_to_string(path).unwrap();
            }
        }
        for entry in fs::read_dir(infra.join("tests/packages")).unwrap() {
            stubs.push(entry.unwrap().file_name().into_string().unwrap());
        }
        let modules = deployed.lines().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == "package").then(|| value.trim().trim_matches('"'))
        });
        assert_eq!(sorted(modules), functions, "the calls of modules/function");
        assert_eq!(sorted(stubs.iter().map(String::as_str)), functions, "infra/tests/packages");
    }

    /// cargo-lambda takes any Zig that there is, and some don't compile aws-lc.
    #[test]
    fn what_builds_the_packages_is_pinned_by_digest() {
        let pinned = include_str!("../packaging-requirements.txt");
        for program in ["cargo-lambda==", "ziglang=="] {
            let version = pinned.lines().position(|line| line.starts_with(program)).unwrap();
            let digest = pinned.lines().nth(version + 1).unwrap();
            assert!(digest.contains("--hash=sha256:"), "{program}");
        }
    }

    #[test]
    fn the_same_binary_gives_the_same_package() {
        let directory =
            std::env::temp_dir().join(format!("local-packages-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&directory).unwrap();
        let binary = directory.join("binary");
        fs::write(&binary, b"same bytes").unwrap();
        let (first, second) =
            (directory.join("a/bootstrap.zip"), directory.join("b/bootstrap.zip"));
        pack(&binary, &first).unwrap();
        pack(&binary, &second).unwrap();
        assert_eq!(fs::read(first).unwrap(), fs::read(second).unwrap());
        fs::remove_dir_all(directory).unwrap();
    }
}
