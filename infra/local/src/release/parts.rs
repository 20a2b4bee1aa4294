//! What the programs are made of: a `CycloneDX` document of every crate of `Cargo.lock`, and the
//! licence of each. Both are the same for the same commit.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::Value;

use super::{Release, output};
use crate::dependencies;
use crate::environment::SBOM;
use crate::files::{self, Files};
use crate::process::command;

/// Their names, beside the packages.
pub(crate) const NAMES: [&str; 2] = ["bom.json", "licences.json"];

/// Writes both into `directory`, of the checkout at `root`.
pub(crate) async fn write(
    release: &Release,
    files: &Files,
    root: &Path,
    directory: &Path,
) -> Result<()> {
    let mut scan = command(SBOM.program(files, "syft"));
    scan.args(["scan", "file:Cargo.lock", "--source-name", "statut-etudiant", "--quiet"])
        .args(["--output", "cyclonedx-json"])
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false");
    let mut bom = document(scan, root).await?;
    let seconds = release.committed.parse().context("git didn't tell when the commit was made")?;
    make_constant(&mut bom, Timestamp::from_second(seconds)?);
    let licences = anywhere(document(dependencies::licences(files), root).await?, root);
    for (name, value) in NAMES.into_iter().zip([bom, licences]) {
        files::write_private(&directory.join(name), &format!("{value:#}\n"))?;
    }
    Ok(())
}

/// The document of the same commit is the same: its number and its time are of the run.
fn make_constant(document: &mut Value, committed: Timestamp) {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("serialNumber");
    }
    document["metadata"]["timestamp"] = committed.to_string().into();
}

/// The crates of the checkout are named by the folder that it is in: that goes.
fn anywhere(licences: Value, root: &Path) -> Value {
    let folder = format!("file://{}/", root.display());
    match licences {
        Value::Object(crates) => {
            let renamed = crates.into_iter().map(|(name, one)| (name.replace(&folder, ""), one));
            Value::Object(renamed.collect())
        }
        other => other,
    }
}

async fn document(program: tokio::process::Command, root: &Path) -> Result<Value> {
    let name = program.as_std().get_program().to_string_lossy().into_owned();
    let written = output(program, root).await?;
    serde_json::from_slice(&written).with_context(|| format!("{name} wrote no JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_checkout_is_in_no_document() {
        let licences = |folder: &str| {
            let own = format!("shared 0.1.0 path+file://{folder}/shared");
            let licences = serde_json::json!({ own: { "licenses": ["EUPL-1.2"] } });
            anywhere(licences, Path::new(folder))
        };
        assert_eq!(licences("/one"), licences("/another/folder"));
        assert!(licences("/one").get("shared 0.1.0 path+shared").is_some());
    }

    #[test]
    fn two_runs_of_one_commit_write_the_same_document() {
        let document = |run: &str| {
            let mut document = serde_json::json!({
                "bomFormat": "CycloneDX",
                "serialNumber": format!("urn:uuid:{run}"),
                "metadata": { "timestamp": run, "component": { "name": "statut-etudiant" } },
                "components": [{ "name": "serde" }],
            });
            make_constant(&mut document, Timestamp::from_second(1_790_000_000).unwrap());
            document
        };
        assert_eq!(document("one"), document("two"));
        assert_eq!(document("one")["metadata"]["timestamp"], "2026-09-21T14:13:20Z");
        assert_eq!(document("one")["components"][0]["name"], "serde");
    }
}
