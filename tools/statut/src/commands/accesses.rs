//! `statut accesses`.

use std::io::Read as _;

use anyhow::{Context as _, Result, anyhow};
use shared::domain::ine::Ine;
use shared::identity::digest::RecordId;

use crate::accesses;
use crate::cli::operations as cli;
use crate::place::Place;
use crate::shown::Format;
use crate::ui;

/// A line is enough for an INE; more is something else.
const LONGEST_INPUT: u64 = 1_024;

/// Shows what was done about a student, or by a client.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Accesses) -> Result<()> {
    let deployment = place.deployment().await?;
    if let (Some(client), Some(day)) = (&options.client, options.day) {
        let done = accesses::of_client(&deployment, client, day).await?;
        return format.show(&done, || ui::table(&accesses::rows_of_client(&done)));
    }
    let found = if let Some(record) = &options.record {
        let record = RecordId::parse(record)
            .context("--record: an enrolment's id is digits, a dot and 32 more")?;
        accesses::of_record(&deployment, &record).await?.context("there is no such enrolment")?
    } else {
        let ine = read_ine(options.ine.as_deref().unwrap_or_default())?;
        accesses::of_ine(&deployment, &ine).await?.context("no student has this INE")?
    };
    if found.is_cut {
        eprintln!("there may be older accesses than these");
    }
    format.show(&found, || {
        if found.traces.is_empty() {
            println!("nobody read or sent anything about this student in the time that traces are kept, but in files");
        } else {
            ui::table(&accesses::rows(&found.traces));
        }
        ui::table(&accesses::attached_rows(&found.attached));
    })
}

/// An INE as an option gives it, or as it is typed for `-`.
pub(super) fn read_ine(text: &str) -> Result<Ine> {
    let ine = if text == "-" { from_standard_input()? } else { text.to_owned() };
    Ine::parse(&ine).map_err(|error| anyhow!("--ine: {error}"))
}

fn from_standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .context("the INE can't be read")?;
    Ok(text)
}
