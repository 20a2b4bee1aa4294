//! `cargo local demo`: the whole story, each step checked.

mod direct;
mod own;
mod portal;
mod push;
pub(crate) mod story;

use anyhow::{Result, bail};
use statut::statistics::Statistics;
use statut::ui;

use crate::claim::Claim;
use crate::emulator::Rights;
use crate::feed;
use crate::files::Files;
use crate::platform::Platform;
use crate::samples::{LYCEE, UNIVERSITY};

/// Plays the story on a platform of its own.
pub(crate) async fn run(files: &Files, with_probes: bool) -> Result<()> {
    let claim = Claim::take(files)?;
    ui::heading("1. The platform, from the Terraform of production");
    let platform = Platform::start(files, claim, false, Rights::Unchecked).await?;

    ui::heading("2. A university sends its enrolments");
    feed::send(files, &platform, &UNIVERSITY).await?;
    if with_probes {
        feed::send_probes(files, &platform).await?;
    }
    ui::heading(
        "3. A lycée sends its own: another encoding, another separator, another order of columns",
    );
    feed::send(files, &platform, &LYCEE).await?;

    ui::heading("4. Administrations ask who is a student");
    for scene in story::scenes() {
        scene.play(&platform.outputs, &platform.sandbox).await?;
    }

    ui::heading("5. The same by the direct API: with tokens, scopes and a recipient");
    for scene in direct::scenes(&platform.sandbox) {
        scene.play(&platform.outputs).await?;
    }

    ui::heading("6. A school tells of an enrolment as it happens");
    push::play(&platform.outputs, &platform.sandbox).await?;

    ui::heading("7. Statistics: a table that adds up, small counts secret");
    let statistics = Statistics::compute(&platform.outputs.deployment()?, None).await?;
    statistics.print();
    if statistics.table.len() < 2 {
        bail!("the statistics function published an empty table");
    }

    ui::heading("8. The portal, for people");
    portal::play(&platform.outputs, &platform.sandbox).await?;

    ui::heading("9. A student reads who asked about them, and shares their status");
    own::play(&platform.outputs, &platform.sandbox).await?;

    ui::heading("10. The platform stops");
    drop(platform);
    println!("  ✔ nothing is left running");
    Ok(())
}
