//! What the line of each request holds (see [`shared::api::metrics`]).

use std::time::SystemTime;

use metrique::emf::flags::NoMetric;
use metrique::unit_of_work::metrics;

/// What a request came to.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestMetrics {
    #[metrics(timestamp)]
    /// When it was answered.
    pub timestamp: SystemTime,
    /// Several environments may share an account.
    pub environment: String,
    /// The endpoint's name; `unknown` for a path that isn't ours.
    pub route: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The correlation id that the caller has.
    pub uid: String,
    /// The client, once it is known.
    pub client: Option<String>,
    /// `found`, or the refusal's name.
    pub outcome: &'static str,
    /// The HTTP status.
    #[metrics(flags(NoMetric))]
    pub status: u16,
    /// Always 1: what CloudWatch sums up.
    pub requests: u64,
    /// People asked about.
    pub people: u64,
    /// From the event to the answer.
    pub duration_ms: f64,
    /// 1 for the first request of a process.
    pub cold_starts: u64,
    /// 1 for a status of 500 or more.
    pub server_errors: u64,
    /// 1 for a quota that was used up.
    pub refused_quota: u64,
    /// 1 when the caller looks like trying numbers out.
    pub enumeration_suspected: u64,
    /// 1 when FranceConnect, rather than a token, was at fault.
    pub france_connect_failures: u64,
}

#[cfg(test)]
mod tests {
    use shared::api::metrics::Metrics;

    use super::*;

    #[test]
    fn a_line_is_one_json_object_with_its_metrics_and_dimensions() {
        let metrics = Metrics::new("test".into(), Box::new(std::io::sink()));
        let line = metrics.line(RequestMetrics {
            timestamp: SystemTime::UNIX_EPOCH,
            environment: "test".into(),
            route: "status_by_ine",
            request_id: "id".into(),
            uid: "62ee80b93834a_0000".into(),
            client: Some("dinum".into()),
            outcome: "found",
            status: 200,
            requests: 1,
            people: 1,
            duration_ms: 1.5,
            cold_starts: 0,
            server_errors: 0,
            refused_quota: 0,
            enumeration_suspected: 0,
            france_connect_failures: 0,
        });
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "StatutEtudiant");
        assert_eq!(directive["Dimensions"], serde_json::json!([["environment"], ["environment", "route"]]));
        let names: Vec<_> =
            directive["Metrics"].as_array().unwrap().iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
        for name in
            ["requests", "duration_ms", "cold_starts", "server_errors", "refused_quota", "enumeration_suspected"]
        {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(!names.contains(&"status"));
        assert_eq!((&line["outcome"], &line["client"]), (&"found".into(), &"dinum".into()));
    }
}
