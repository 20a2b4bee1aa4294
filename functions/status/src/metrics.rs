//! What the line of each request holds (see [`shared::api::metrics`]).

use metrique::unit_of_work::metrics;
use shared::api::metrics::RequestMetrics;

/// What a request came to: `found`, or the refusal's name.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestLine {
    /// What every request says.
    #[metrics(flatten)]
    pub request: RequestMetrics,
    /// People asked about.
    pub people: u64,
    /// 1 for a quota that was used up.
    pub refused_quota: u64,
    /// 1 when the caller looks like trying numbers out.
    pub enumeration_suspected: u64,
    /// 1 when FranceConnect, rather than a token, was at fault.
    pub france_connect_failures: u64,
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use shared::api::metrics::Metrics;

    use super::*;

    #[test]
    fn a_line_is_one_json_object_with_its_metrics_and_dimensions() {
        let metrics = Metrics::new("test".into(), Box::new(std::io::sink()));
        let line = metrics.line(RequestLine {
            request: RequestMetrics {
                timestamp: SystemTime::UNIX_EPOCH,
                environment: "test".into(),
                route: "status_by_ine",
                request_id: "id".into(),
                uid: "62ee80b93834a_0000".into(),
                client: Some("dinum".into()),
                outcome: "found",
                status: 200,
                requests: 1,
                duration_ms: 1.5,
                cold_starts: 0,
                server_errors: 0,
            },
            people: 1,
            refused_quota: 0,
            enumeration_suspected: 0,
            france_connect_failures: 0,
        });
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "StatutEtudiant");
        assert_eq!(
            directive["Dimensions"],
            serde_json::json!([["environment"], ["environment", "route"]])
        );
        let names: Vec<_> = directive["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect();
        for name in [
            "requests",
            "duration_ms",
            "cold_starts",
            "server_errors",
            "refused_quota",
            "enumeration_suspected",
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(!names.contains(&"status"));
        assert_eq!((&line["outcome"], &line["client"]), (&"found".into(), &"dinum".into()));
    }
}
