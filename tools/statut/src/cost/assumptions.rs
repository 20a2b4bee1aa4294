//! What prices, counts and limits are taken to be: a file, so that a team can bring its own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// The file that the tool carries.
const OURS: &str = include_str!("assumptions.json");

/// Everything that isn't the load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumptions {
    /// Year and month of the prices.
    pub(crate) as_of: String,
    /// The region that they are of.
    pub(crate) region: String,
    /// Where they come from.
    pub(crate) source: String,
    pub(crate) euros_per_dollar: f64,
    pub(crate) prices: Prices,
    pub(crate) work: Work,
    pub(crate) limits: Capacities,
    /// How many counts of work nobody measured.
    #[serde(skip)]
    pub(crate) estimates: usize,
}

/// List prices, in dollars, without free tier, discount, support plan or tax.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) api_gateway_million_requests: f64,
    pub(crate) cloudtrail_million_data_events: f64,
    pub(crate) cloudwatch_alarm: f64,
    pub(crate) cloudwatch_log_gb: f64,
    pub(crate) cloudwatch_metric: f64,
    pub(crate) dynamodb_million_read_units: f64,
    pub(crate) dynamodb_million_write_units: f64,
    pub(crate) dynamodb_storage_gb: f64,
    pub(crate) dynamodb_recovery_gb: f64,
    pub(crate) firewall_fixed: f64,
    pub(crate) firewall_million_requests: f64,
    pub(crate) kms_key: f64,
    pub(crate) kms_million_requests: f64,
    pub(crate) lambda_gb_second: f64,
    pub(crate) lambda_million_requests: f64,
    pub(crate) s3_million_gets: f64,
    pub(crate) s3_million_puts: f64,
    pub(crate) s3_storage_gb: f64,
    pub(crate) secret: f64,
    pub(crate) sqs_million_requests: f64,
    pub(crate) transfer_gb: f64,
}

/// A count, and whether it was measured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    pub(crate) value: f64,
    /// What was measured, with where; or that it is an estimate.
    pub(crate) basis: String,
}

/// What a piece of work takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    pub(crate) record_kilobytes: Counted,
    pub(crate) trace_kilobytes: Counted,
    pub(crate) student_kilobytes: Counted,
    pub(crate) resolution_reads: Counted,
    pub(crate) resolution_read_units: Counted,
    pub(crate) resolution_writes: Counted,
    pub(crate) resolution_write_kilobytes: Counted,
    pub(crate) resolutions_per_second_and_function: Counted,
    pub(crate) resolution_gigabytes: Counted,
    pub(crate) rows_per_second_and_import: Counted,
    pub(crate) import_gigabytes: Counted,
    pub(crate) question_seconds: Counted,
    pub(crate) question_gigabytes: Counted,
    pub(crate) question_reads: Counted,
    pub(crate) question_writes: Counted,
    pub(crate) question_reserved_seconds: Counted,
    pub(crate) log_kilobytes_per_request: Counted,
    pub(crate) log_kilobytes_per_record: Counted,
    pub(crate) answer_kilobytes: Counted,
    pub(crate) row_bytes: Counted,
    pub(crate) tables: Counted,
    pub(crate) alarms: Counted,
    pub(crate) metrics: Counted,
    pub(crate) secrets: Counted,
    pub(crate) keys: Counted,
}

/// How much there may be of something, and what raises it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacity {
    pub(crate) value: f64,
    /// A variable of Terraform, or a quota of the account.
    pub(crate) parameter: String,
}

/// What is given: by the deployment's variables, by the account's quotas, by AWS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacities {
    pub(crate) api_requests_per_second: Capacity,
    pub(crate) account_api_requests_per_second: Capacity,
    pub(crate) status_concurrency: Capacity,
    pub(crate) account_concurrency: Capacity,
    pub(crate) identity_concurrency: Capacity,
    pub(crate) imports_concurrency: Capacity,
    pub(crate) table_write_units_per_second: Capacity,
    pub(crate) item_write_units_per_second: Capacity,
}

impl Assumptions {
    /// Those that the tool carries.
    pub(crate) fn ours() -> Result<Self> {
        Self::parse(OURS)
    }

    /// Those of a team, in the same form.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} can't be read", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut assumptions: Self = serde_json::from_str(text)?;
        let work: BTreeMap<String, Counted> =
            serde_json::from_value(serde_json::from_str::<Value>(text)?["work"].take())?;
        assumptions.estimates =
            work.values().filter(|counted| counted.basis.starts_with("estimate")).count();
        if !(assumptions.euros_per_dollar.is_finite() && assumptions.euros_per_dollar > 0.0) {
            bail!("euros_per_dollar is {}: above 0 is expected", assumptions.euros_per_dollar);
        }
        Ok(assumptions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_can_be_read_and_says_what_nobody_measured() {
        let ours = Assumptions::ours().unwrap();
        assert!(ours.estimates > 5);
        assert!(ours.source.contains("Compare"));
    }

    #[test]
    fn a_price_that_is_misspelt_is_named() {
        let misspelt = OURS.replace("lambda_gb_second", "lambda_gb_seconds");
        let refused = Assumptions::parse(&misspelt).unwrap_err().to_string();
        assert!(refused.contains("lambda_gb_seconds"), "{refused}");
        let free = OURS.replace("\"euros_per_dollar\": 0.92", "\"euros_per_dollar\": 0");
        assert!(Assumptions::parse(&free).unwrap_err().to_string().contains("above 0"));
    }

    /// What the stack has is counted where it is described.
    #[test]
    fn production_reserves_what_is_assumed() {
        let ours = Assumptions::ours().unwrap().limits;
        let production = include_str!("../../../../infra/environments/production.tfvars");
        let says = |name: &str, value: f64| {
            production.lines().any(|line| {
                line.split_once('=').is_some_and(|(left, right)| {
                    left.trim() == name && right.trim().parse() == Ok(value)
                })
            })
        };
        assert!(says("rate_limit", ours.api_requests_per_second.value));
        assert!(says("status", ours.status_concurrency.value));
        assert!(says("identity_maximum_concurrency", ours.identity_concurrency.value));
        assert!(says("imports_maximum_concurrency", ours.imports_concurrency.value));
    }
}
