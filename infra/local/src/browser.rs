//! The portal in a browser: what people come for, by mouse, by keyboard and without JavaScript; and
//! of every page that it fits, asks for nothing from elsewhere, and has no fault that axe finds.

use tokio::process::Command;

use crate::environment::BROWSER;
use crate::files::Files;

/// What is said where no Chromium is.
pub(crate) const NOT_DRIVEN: &str = "The portal is not driven in a browser: no Chromium is on the PATH, and CHROMIUM names none (Debian: `chromium`)";

/// The tests, on a platform that runs; their pictures are under `target/local/pictures`.
pub(crate) fn tests(files: &Files, chromium: &str) -> Command {
    let mut command = BROWSER.module(files, "pytest");
    command
        .args(["-p", "no:cacheprovider", "--tb=short", "-v"])
        .arg(files.root().join("tests/browser"))
        // Chromium keeps its profile where a home is, and it is none of the person's.
        .env("HOME", files.local("browser"))
        // Debian's Chromium is a script, which finds its own programs.
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CHROMIUM", chromium)
        .env("BROWSER_PICTURES", files.local("pictures"))
        .env("STATUT_ETUDIANT_OUTPUTS", files.local("outputs.json"))
        .env("STATUT_ETUDIANT_SANDBOX", files.local("sandbox.json"));
    command
}
