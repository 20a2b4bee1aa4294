//! `cargo local package`.

use std::time::Instant;

use anyhow::Result;
use statut::ui;

use crate::cli::Package;
use crate::environment::{DEPENDENCIES, PACKAGING, SBOM};
use crate::files::Files;
use crate::release::{Release, checksums};
use crate::tools;

/// Builds the packages of one processor under `target/package/`; with `--verify`, twice.
pub(crate) async fn run(files: &Files, options: &Package) -> Result<()> {
    let started = Instant::now();
    let release = Release::of(files, options).await?;
    let python = tools::python().await?;
    for environment in [PACKAGING, SBOM, DEPENDENCIES] {
        environment.install(files, &python).await?;
    }
    let packages = release.build(files).await?;
    if options.verify {
        release.verify(files, &packages).await?;
    }
    let mut rows = vec![["package", "kB", "needs"].map(str::to_owned).to_vec()];
    rows.extend(packages.iter().map(|package| {
        vec![
            package.name.clone(),
            (package.bytes / 1000).to_string(),
            format!("glibc {}", package.glibc),
        ]
    }));
    ui::heading(&format!("Packages of {release}"));
    ui::table(&rows);
    let directory = release.directory(files);
    ui::line("");
    ui::line(&format!("in {}, with {}", files.shown(&directory), checksums::NAME));
    ui::line(&format!("-var='packages_dir={}' takes them from there", directory.display()));
    ui::done("packages built", "", started.elapsed());
    Ok(())
}
