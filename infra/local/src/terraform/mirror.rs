//! Where Terraform's provider may already be on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// What a mirror holds.
pub(super) const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// Names the mirror to use, before any other place.
const VARIABLE: &str = "TF_PLUGIN_DIR";

/// "Add-on application software packages", Filesystem Hierarchy Standard 3.0, section 3.13: where
/// an administrator of an offline machine puts a mirror.
const ADD_ON_SOFTWARE: &str = "/opt";

/// The first mirror that holds the provider; none means that Terraform has to ask its registry.
pub(super) fn find() -> Result<Option<PathBuf>> {
    if let Some(named) =
        std::env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from)
    {
        if !holds_provider(&named) {
            bail!("{VARIABLE} names a directory without {PROVIDER}: {}", named.display());
        }
        return Ok(Some(named));
    }
    Ok(implied().into_iter().chain(add_on_software()).find(|directory| holds_provider(directory)))
}

fn holds_provider(directory: &Path) -> bool {
    directory.join(PROVIDER).is_dir()
}

/// Terraform's implied local mirrors ("Provider Installation" in its documentation of the CLI
/// configuration).
fn implied() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut directories = Vec::new();
    if let Some(home) = variable("HOME").map(PathBuf::from) {
        directories.push(home.join(".terraform.d/plugins"));
        if cfg!(target_os = "macos") {
            directories.push(home.join("Library/Application Support/io.terraform/plugins"));
            directories.push(PathBuf::from("/Library/Application Support/io.terraform/plugins"));
        }
        let data =
            variable("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
        directories.push(data.join("terraform/plugins"));
    }
    let shared = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    directories.extend(std::env::split_paths(&shared).map(|data| data.join("terraform/plugins")));
    directories
}

/// Each directory of the place for add-on software, in the order of their names.
fn add_on_software() -> Vec<PathBuf> {
    let entries = fs::read_dir(ADD_ON_SOFTWARE).into_iter().flatten().flatten();
    let mut directories: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    directories.sort();
    directories
}
