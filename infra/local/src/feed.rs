//! Drops the sample files, and waits until their people are visible.

use std::time::Duration;

use anyhow::{Result, bail};
use shared::domain::uai::Uai;
use statut::ui::Step;

use crate::deposit::{Depositor, Wish};
use crate::files::Files;
use crate::ines;
use crate::platform::Platform;
use crate::samples::{self, PROBES, Sample};
use crate::status::StatusQuestion;

/// An import of a few rows takes a second or two, and so does the identity of its people.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at who is visible.
pub(crate) const PACE: Duration = Duration::from_millis(300);

/// Drops a sample, checks its report, and waits until its people are visible.
pub(crate) async fn send(files: &Files, platform: &Platform, sample: &Sample) -> Result<()> {
    let rendered = sample.render(files)?;
    let depositor = Depositor::of(&platform.outputs, &platform.sandbox, Uai::parse(sample.uai)?)?;
    let sent = depositor.send(&rendered.path, Wish::default(), PATIENCE).await?;
    let rejected = sent.report.rejected_lines();
    if rejected != sample.broken {
        bail!(
            "the import should have rejected lines {:?} and rejected {rejected:?}",
            sample.broken
        );
    }
    println!();
    wait_until_visible(platform, rendered.visible).await
}

/// Enrols the person of the probes, and waits until both of them find it.
pub(crate) async fn send_probes(files: &Files, platform: &Platform) -> Result<()> {
    ines::fill(files, &platform.outputs.deployment()?, ines::PROBES).await?;
    send(files, platform, &PROBES).await?;
    wait_until_visible(platform, vec![samples::probe_by_identity()]).await
}

/// Waits until each person is answered for: their records are resolved one by one, after the
/// import.
async fn wait_until_visible(platform: &Platform, mut waiting: Vec<StatusQuestion>) -> Result<()> {
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
                status => bail!(
                    "the API answered {status} where a student or a 404 was expected: {}",
                    reply.text
                ),
            }
        }
        if still_waiting.is_empty() {
            step.done(&format!("{people} people visible"));
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            bail!(
                "{} of {people} people are not visible after {} s",
                still_waiting.len(),
                PATIENCE.as_secs()
            );
        }
        waiting = still_waiting;
        tokio::time::sleep(PACE).await;
    }
}
