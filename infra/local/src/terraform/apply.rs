//! Follows `terraform apply -json`: one bar, the resource that was finished last, and the errors in
//! words.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use statut::ui::Step;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::process::{Running, append_to};

/// One line of `-json` output; the kinds that are of no use here are ignored.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    /// How much there is to do, once the plan is made; and again at the end, with what was done.
    ChangeSummary { changes: Changes },
    /// A resource that differs from its description.
    PlannedChange { change: Change },
    /// A resource is finished.
    ApplyComplete { hook: Hook },
    /// A warning or an error.
    Diagnostic { diagnostic: Diagnostic },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Changes {
    add: u64,
    operation: String,
}

#[derive(Debug, Deserialize)]
struct Change {
    resource: Resource,
    action: String,
}

#[derive(Debug, Deserialize)]
struct Hook {
    resource: Resource,
    action: String,
}

#[derive(Debug, Deserialize)]
struct Resource {
    addr: String,
}

#[derive(Debug, Deserialize)]
struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    address: Option<String>,
}

/// Runs the command to its end, everything it says going to the log. Fails with its errors in
/// words.
pub(super) async fn follow(command: &mut Command, log: &Path) -> Result<()> {
    let step = Step::of(
        "deploying the infrastructure",
        0,
        "{wide_bar} {pos} of {len} resources  {msg:.dim}",
    );
    let mut log = append_to(log)?;
    let errors_too = log.try_clone().context("Terraform's log can't be shared")?;
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(errors_too))?;
    let output = running.child().stdout.take().ok_or_else(|| anyhow!("terraform has no output"))?;
    let mut errors = Vec::new();
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.context("Terraform's output can't be read")? {
        writeln!(log, "{}", message(&line)).context("Terraform's log can't be written")?;
        match serde_json::from_str(&line).unwrap_or(Event::Other) {
            Event::ChangeSummary { changes } if changes.operation == "plan" => {
                step.bar().set_length(changes.add);
            }
            Event::ApplyComplete { hook } if hook.action == "create" => {
                step.bar().inc(1);
                step.bar().set_message(hook.resource.addr);
            }
            Event::Diagnostic { diagnostic } if diagnostic.severity == "error" => {
                errors.push(diagnostic.sentence());
            }
            _ => {}
        }
    }
    if !running.wait().await?.success() {
        bail!(
            "{}",
            if errors.is_empty() { "it gave no reason".to_owned() } else { errors.join("\n") }
        );
    }
    let detail = format!("{} resources", step.bar().position());
    step.done(&detail);
    Ok(())
}

impl Diagnostic {
    fn sentence(&self) -> String {
        let place = self.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
        format!("{place}{}\n{}", self.summary, self.detail).trim().to_owned()
    }
}

/// The line as a person reads it.
fn message(line: &str) -> String {
    let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { return line.to_owned() };
    let detail = event["diagnostic"]["detail"]
        .as_str()
        .map(|detail| format!("\n{detail}"))
        .unwrap_or_default();
    format!("{}{detail}", event["@message"].as_str().unwrap_or(line))
}

/// The resources that a plan would change, each with what would be done.
pub(super) fn planned_changes(said: &str) -> Vec<String> {
    let changes = said.lines().filter_map(|line| match serde_json::from_str(line) {
        Ok(Event::PlannedChange { change })
            if change.action != "noop" && change.action != "read" =>
        {
            Some(change)
        }
        _ => None,
    });
    changes.map(|change| format!("{} ({})", change.resource.addr, change.action)).collect()
}

/// What follows the first `Error:` of Terraform's plain output.
pub(super) fn error_block(said: &str) -> String {
    said.find("Error:")
        .map_or_else(|| said.trim().to_owned(), |start| said[start..].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_terraform_are_understood() {
        let line = r#"{"@message":"Plan: 3 to add","type":"change_summary","changes":{"add":3,"change":0,"import":0,"remove":0,"operation":"plan"}}"#;
        assert!(
            matches!(serde_json::from_str(line).unwrap(), Event::ChangeSummary { changes } if changes.add == 3)
        );
        let line = r#"{"@message":"x","type":"apply_complete","hook":{"resource":{"addr":"aws_sqs_queue.identity"},"action":"create","elapsed_seconds":2}}"#;
        assert!(matches!(serde_json::from_str(line).unwrap(), Event::ApplyComplete { .. }));
        assert!(matches!(
            serde_json::from_str(r#"{"type":"version","terraform":"1.11.4"}"#).unwrap(),
            Event::Other
        ));
        assert_eq!(message(line), "x");
        let plan = r#"{"type":"planned_change","change":{"resource":{"addr":"aws_sqs_queue.a"},"action":"update"}}"#;
        assert_eq!(planned_changes(plan), ["aws_sqs_queue.a (update)"]);
    }
}
