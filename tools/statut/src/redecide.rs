//! What a change of rules would do to the whole register, and doing it in steps.
//!
//! The register is read, and decided on again in memory: nothing changes. What is applied are
//! pointers to the records that would stand otherwise: deduplication decides on each again, under
//! all its conditions. A run that is stopped between two steps is begun again: what was applied is
//! no difference any more.

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use shared::contract::pointer::Pointer;
use shared::identity::digest::RecordId;
use shared::identity::edge::Edge;
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::blocking::Blocking;
use shared::identity::reconsider::{Difference, difference};
use shared::identity::student::StudentId;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::students::StudentStore;

use crate::deployment::Deployment;
use crate::ui::Step;

/// Parts that the table is read in, side by side.
const SEGMENTS: i32 = 8;
const SOME_RECORDS: &str = "{wide_bar} {pos} of {len} records";
/// How often the queue is asked whether it is empty.
const PAUSE: Duration = Duration::from_millis(500);
/// SQS counts with some delay: so many times in a row it says that nothing is left.
const QUIET: u32 = 3;

/// Decides on every record again, in memory.
pub(crate) async fn compare(deployment: &Deployment) -> Result<Difference> {
    let step = Step::start("reading the register");
    let edges = read(deployment).await?;
    step.done(&format!("{} records", edges.len()));
    let step = Step::start("deciding again");
    // Any secret does: the keys of this register are nobody else's.
    let blocking = Blocking::new(&uuid::Uuid::new_v4().to_string().into());
    let difference =
        tokio::task::spawn_blocking(move || difference(edges, blocking, RULE_VERSION)).await?;
    step.done(&format!(
        "{} students would be joined, {} split; {} records were decided by other rules than version {RULE_VERSION}",
        difference.merges.iter().map(|merge| merge.students.len() - 1).sum::<usize>(),
        difference.splits.len(),
        difference.outdated,
    ));
    Ok(difference)
}

/// The difference as a program reads it: ids only, which say nothing about anybody.
pub(crate) fn shown(difference: &Difference) -> serde_json::Value {
    let merges = difference
        .merges
        .iter()
        .map(|merge| json!({"students": merge.students, "records": merge.records}));
    let splits = difference.splits.iter().map(
        |split| json!({"student": split.student, "parts": split.parts, "records": split.records}),
    );
    json!({
        "rules": RULE_VERSION,
        "decided": difference.decided,
        "outdated": difference.outdated,
        "merges": merges.collect::<Vec<_>>(),
        "splits": splits.collect::<Vec<_>>(),
    })
}

/// The difference in a table, its heading first.
pub(crate) fn rows(difference: &Difference) -> Vec<Vec<String>> {
    let mut rows = vec![["change", "students", "records"].map(str::to_owned).to_vec()];
    rows.extend(difference.merges.iter().map(|merge| {
        let students: Vec<String> = merge.students.iter().map(ToString::to_string).collect();
        vec!["joined".to_owned(), students.join(" "), merge.records.len().to_string()]
    }));
    rows.extend(difference.splits.iter().map(|split| {
        vec!["split".to_owned(), split.student.to_string(), split.records.len().to_string()]
    }));
    rows
}

/// Has the records decided on again, `step` at a time, each step once the queue has worked the one
/// before.
pub(crate) async fn apply(
    deployment: &Deployment,
    difference: &Difference,
    step: usize,
) -> Result<()> {
    let records: Vec<RecordId> = difference.records().into_iter().collect();
    let url = deployment.queue("identity").await?;
    let queue = IdentityQueue::new(deployment.sqs.clone(), url.clone());
    let progress = Step::of("deciding on records again", records.len() as u64, SOME_RECORDS);
    for (index, records) in records.chunks(step.max(1)).enumerate() {
        let pointers: Vec<Pointer> = records.iter().cloned().map(Pointer::Reconsider).collect();
        queue.send_pointers(&pointers).await.context("the identity queue takes no pointers")?;
        drained(deployment, &url).await?;
        progress.bar().set_position((index * step + records.len()) as u64);
    }
    progress.done(&format!("{} records", records.len()));
    Ok(())
}

async fn read(deployment: &Deployment) -> Result<Vec<(StudentId, Edge)>> {
    let mut parts = tokio::task::JoinSet::new();
    for segment in 0..SEGMENTS {
        let store = StudentStore::new(deployment.dynamodb.clone(), deployment.table("students"));
        parts.spawn(async move {
            let mut edges = Vec::new();
            store
                .scan_edges(segment, SEGMENTS, |student, edge| edges.push((student, edge)))
                .await
                .map(|()| edges)
        });
    }
    let mut edges = Vec::new();
    while let Some(part) = parts.join_next().await {
        edges.extend(part?.context("the register can't be read")?);
    }
    Ok(edges)
}

async fn drained(deployment: &Deployment, url: &str) -> Result<()> {
    let wanted = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let mut quiet = 0;
    while quiet < QUIET {
        let ask = deployment
            .sqs
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(wanted.to_vec()));
        let answer = ask.send().await.context("the identity queue can't be asked")?;
        let left: u64 = answer
            .attributes()
            .into_iter()
            .flat_map(|attributes| {
                wanted.iter().filter_map(|name| attributes.get(name)?.parse::<u64>().ok())
            })
            .sum();
        quiet = if left == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
