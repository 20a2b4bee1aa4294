//! `cargo local demo`: the whole story, each step checked.

mod samples;
mod story;

use std::time::Duration;

use anyhow::{Result, bail};
use shared::domain::uai::Uai;

use self::samples::{LYCEE, Sample, UNIVERSITY};
use crate::claim::Claim;
use crate::files::Files;
use crate::inbox;
use crate::platform::Platform;
use crate::statistics;
use crate::status::Question;
use crate::ui::{self, Step};

/// An import of a few rows takes a second or two, and so does the identity of its people.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at who is visible.
const PACE: Duration = Duration::from_millis(300);

/// Plays the story on a platform of its own.
pub(crate) async fn run(files: &Files) -> Result<()> {
    let claim = Claim::take(files)?;
    ui::heading("1. The platform, from the Terraform of production");
    let platform = Platform::start(files, claim, false).await?;

    ui::heading("2. A university sends its enrolments");
    send(files, &platform, &UNIVERSITY).await?;
    ui::heading("3. A lycée sends its own: another encoding, another separator, another order of columns");
    send(files, &platform, &LYCEE).await?;

    ui::heading("4. Administrations ask who is a student");
    for scene in story::scenes() {
        scene.play(&platform.outputs, &platform.sandbox).await?;
    }

    ui::heading("5. Statistics, small counts suppressed");
    if statistics::run(&platform.outputs).await? == 0 {
        bail!("the statistics function published an empty table");
    }

    ui::heading("6. The platform stops");
    drop(platform);
    println!("  ✔ nothing is left running");
    Ok(())
}

/// Drops a sample, checks its report, and waits until its people are visible.
async fn send(files: &Files, platform: &Platform, sample: &Sample) -> Result<()> {
    let rendered = sample.render(files)?;
    let report = inbox::drop_file(&platform.outputs, &Uai::parse(sample.uai)?, &rendered.path, PATIENCE).await?;
    let rejected = report.rejected_lines();
    if rejected != sample.broken {
        bail!("the import should have rejected lines {:?} and rejected {rejected:?}", sample.broken);
    }
    println!();
    wait_until_visible(platform, rendered.visible).await
}

/// Waits until each person is answered for: their records are resolved one by one, after the import.
async fn wait_until_visible(platform: &Platform, mut waiting: Vec<Question>) -> Result<()> {
    let people = waiting.len();
    let template = "{wide_bar} {pos} of {len} people visible";
    let step = Step::of("resolving identities", people.try_into()?, template);
    let started = tokio::time::Instant::now();
    loop {
        let mut still_waiting = Vec::new();
        for question in waiting {
            let reply = question.ask(&platform.outputs, &platform.sandbox).await?;
            match reply.status {
                200 => step.bar().inc(1),
                404 => still_waiting.push(question),
                status => bail!("the API answered {status} where a student or a 404 was expected: {}", reply.text),
            }
        }
        if still_waiting.is_empty() {
            step.done(&format!("{people} people visible"));
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            bail!("{} of {people} people are not visible after {} s", still_waiting.len(), PATIENCE.as_secs());
        }
        waiting = still_waiting;
        tokio::time::sleep(PACE).await;
    }
}
