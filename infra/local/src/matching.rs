//! The identity engine over a file of records, as [`crate::commands`] `match` runs it.

use anyhow::{Context as _, Result};
use evaluation::{matching, outputs};

use crate::cli;
use crate::ui;

/// Bytes between two moves of the bar: a bar that moves at each record costs more than the record.
const BAR_EVERY: u64 = 1 << 16;

/// Reads the records, decides, writes what was asked for; gives the table to show.
pub(crate) fn run(options: &cli::Match) -> Result<Vec<Vec<String>>> {
    let metadata = std::fs::metadata(&options.records);
    let length = metadata.with_context(|| format!("with {}", options.records.display()))?.len();
    let step = ui::Step::of("matching", length, ui::BYTES);
    let mut shown = 0;
    let mut matched = matching::run(&options.records, options.candidates.is_some(), |at| {
        if at >= shown + BAR_EVERY {
            step.bar().set_position(at);
            shown = at;
        }
    })?;
    step.done(&format!("{} records", matched.measures.records));
    if let Some(path) = &options.candidates {
        outputs::pairs(path, matched.compared())?;
    }
    outputs::entities(&options.entities, matched.entities())?;
    if let Some(path) = &options.review {
        matched.measures.review_pairs = Some(outputs::pairs(path, matched.review())?);
    }
    if let Some((questions, answers)) = options.lookups.as_ref().zip(options.answers.as_ref()) {
        matched.measures.look_ups =
            Some(outputs::answers(answers, &matched, questions, options.mode)?);
    }
    matched.measures.finish();
    if let Some(path) = &options.metrics {
        matched.measures.write(path)?;
    }
    Ok(matched.measures.table())
}

#[cfg(test)]
mod tests;
