//! What was found about the identity of the rows of a file, once the identity queue has been
//! worked.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;
use statut::aws;
use statut::ui::{self, Step};

use crate::outputs::Outputs;

/// Records are resolved in some seconds; what takes longer is waited for by nobody.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at the queue.
const PACE: Duration = Duration::from_millis(300);
/// More than a person reads in a terminal.
const SHOWN: usize = 20;

/// A finding, as the API tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    ligne: u64,
    code: String,
    gravite: String,
    message: String,
}

/// Waits until no pointer is left in the identity queue, for a while. Says whether that is so.
pub(crate) async fn wait_for_identities(outputs: &Outputs) -> Result<bool> {
    let sqs = aws::sqs(&outputs.endpoint_url);
    let step = Step::start("resolving identities");
    let started = tokio::time::Instant::now();
    loop {
        let asked = sqs
            .get_queue_attributes()
            .queue_url(&outputs.identity_queue_url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        let answer = asked.send().await.context("the identity queue can't be asked")?;
        let counts = answer.attributes().into_iter().flat_map(|attributes| attributes.values());
        if counts.filter_map(|count| count.parse::<u64>().ok()).sum::<u64>() == 0 {
            step.done("");
            return Ok(true);
        }
        if started.elapsed() > PATIENCE {
            return Ok(false);
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Prints what was found: a line of counts, then the first ones.
pub(crate) fn print(findings: &[Finding]) {
    println!("    {}", summary(findings));
    if findings.is_empty() {
        return;
    }
    println!();
    let mut rows = vec![["", "ligne", "constat", "message"].map(str::to_owned).to_vec()];
    rows.extend(findings.iter().take(SHOWN).map(|Finding { ligne, code, gravite, message }| {
        vec![gravite.clone(), ligne.to_string(), code.clone(), message.clone()]
    }));
    ui::table(&rows);
    if findings.len() > SHOWN {
        println!("    … and {} more", findings.len() - SHOWN);
    }
}

fn summary(findings: &[Finding]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.code).or_default() += 1;
    }
    if counts.is_empty() {
        return "identity: nothing to say about any row".to_owned();
    }
    let counts: Vec<_> = counts.iter().map(|(code, count)| format!("{count} {code}")).collect();
    format!("identity: {}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_by_code() {
        let finding = |code: &str| Finding {
            ligne: 2,
            code: code.to_owned(),
            gravite: "attente".to_owned(),
            message: "…".to_owned(),
        };
        assert_eq!(summary(&[]), "identity: nothing to say about any row");
        let findings = ["en_revue", "ine_inconnu", "en_revue"].map(finding);
        assert_eq!(summary(&findings), "identity: 2 en_revue, 1 ine_inconnu");
    }
}
