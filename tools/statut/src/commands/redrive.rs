//! `statut redrive`.

use anyhow::Result;
use serde::Serialize;

use crate::cli::operations as cli;
use crate::place::Place;
use crate::redrive::Queues;
use crate::shown::Format;

/// What became of the dead letters of a queue.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// About how many wait.
    Waiting(u64),
    /// How many were moved back.
    Moved(u64),
}

#[derive(Serialize)]
struct Redriven {
    queue: &'static str,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Moves dead letters back to their queue, or says how many there are.
pub(super) async fn run(place: &Place, format: Format, options: &cli::Redrive) -> Result<()> {
    let deployment = place.deployment().await?;
    let mut redriven = Vec::new();
    for queue in &options.queues() {
        let queues = Queues::of(&deployment, queue.name()).await?;
        let outcome = if options.dry_run {
            Outcome::Waiting(queues.waiting().await?)
        } else {
            Outcome::Moved(queues.redrive().await?)
        };
        redriven.push(Redriven { queue: queue.name(), outcome });
    }
    format.show(&redriven, || {
        for Redriven { queue, outcome } in &redriven {
            match outcome {
                Outcome::Waiting(count) => println!("{queue}: about {count} messages wait"),
                Outcome::Moved(count) => println!("{queue}: {count} messages moved back"),
            }
        }
    })
}
