# Alarms: each tells somebody, watches a metric that is written, and has a section in the runbook.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_servicequotas_service_quota.lambda_concurrency
  values = { value = 1000 }
}

override_module {
  target  = module.hmac_secret
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:hmac" }
}

override_module {
  target  = module.ines_secret
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines" }
}

override_resource {
  target          = aws_kms_key.data["registry"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/registry", key_id = "registry" }
}

override_resource {
  target          = aws_kms_key.data["access_log"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/access_log", key_id = "access_log" }
}

override_resource {
  target          = aws_kms_key.data["files"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/files", key_id = "files" }
}

override_resource {
  target          = aws_kms_key.logs
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/logs", key_id = "logs" }
}

override_resource {
  target          = aws_sns_topic.alarms
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-3:123456789012:statut-etudiant-test-alarms" }
}

override_resource {
  target          = aws_sns_topic.imports
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-3:123456789012:statut-etudiant-test-imports" }
}

override_resource {
  target          = aws_secretsmanager_secret.france_connect
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect" }
}

override_resource {
  target          = aws_secretsmanager_secret.ines_client
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "by_default" {
  command = plan

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.consultation : alarm.metric_name]) == toset(["enumeration_suspected", "refused_quota"])
    error_message = "Without FranceConnect, the alarms of the consultation are those on enumeration and on refusals."
  }

  # A heading of the runbook names its alarms as `$name-…`, FUNCTION, TABLE and UAI standing for any of theirs.
  assert {
    condition = toset([
      for name in output.alarm_names :
      replace(replace(replace(replace(name,
        "/^statut-etudiant-test-/", "$$name-"),
        "/^[$]name-(status|enrolment|review|portal|ingestion|deduplication|statistics|ines)-(errors|throttles|duration)$/", "$$name-FUNCTION-$2"),
        "/^[$]name-.*-throttled$/", "$$name-TABLE-throttled"),
      "/^[$]name-no-feed-[0-9]{7}[A-Z]$/", "$$name-no-feed-UAI")
      ]) == setsubtract(toset(flatten([
        for heading in regexall("(?m)^#+ Alarm: [^\n]*$", file("../docs/runbook.md")) : flatten(regexall("`([$]name-[A-Za-z-]+)`", heading))
    ])), ["$name-france-connect", "$name-no-feed-UAI", "$name-retention-late", "$name-establishments-certificate", "$name-outside"])
    error_message = "An alarm has no section in docs/runbook.md, or a section there is about no alarm."
  }

  # Whatever alarm is added is among the names that are compared.
  assert {
    condition = length(output.alarm_names) > 0 && alltrue([
      for name in flatten([for file in fileset(".", "*.tf") : flatten(regexall("(?m)^resource \"aws_cloudwatch_metric_alarm\" \"([a-z_]+)\"", file(file)))]) :
      strcontains(file("alarms.tf"), "in aws_cloudwatch_metric_alarm.${name} :")
    ])
    error_message = "An alarm is not among output alarm_names."
  }

  # So are those of every function, queue and table, by the list of each kind.
  assert {
    condition = length(output.alarm_names) > 0 && alltrue([
      for found in concat([for file in fileset(".", "*.tf") : regexall("(?m)^module \"([a-z_]+)\" [{]\n  source +?= \"[.]/modules/(function|queue|table)\"", file(file))]...) :
      strcontains(file({ function = "dashboards.tf", queue = "storage.tf", table = "alarms.tf" }[found[1]]), "module.${found[0]}")
    ])
    error_message = "The alarms of a function, a queue or a table are not among output alarm_names."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.service :
      alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      alarm.treat_missing_data == (alarm.comparison_operator == "LessThanThreshold" ? "breaching" : "notBreaching")
    ])
    error_message = "An alarm tells nobody, rings in a quiet night, or stays silent about what does not come."
  }

  assert {
    condition     = toset([for table in merge(module.table, module.ines_table) : "${table.name}-throttled"]) == toset([for name in output.alarm_names : name if endswith(name, "-throttled")])
    error_message = "A table may be throttled without anybody hearing of it."
  }

  # CloudWatch takes a day at most, and a week where a period is an hour or more.
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.service : alltrue([
        for query in alarm.metric_query : alltrue([
          for metric in query.metric : metric.period * alarm.evaluation_periods <= (metric.period >= 3600 ? 7 : 1) * 86400
        ])
      ])
    ])
    error_message = "CloudWatch refuses an alarm that looks so far back."
  }

  assert {
    condition = { for name, dashboard in aws_cloudwatch_dashboard.this : dashboard.dashboard_name => regex("^[*][*]([A-Za-z ]+)[.][*][*]", jsondecode(dashboard.dashboard_body).widgets[0].properties.markdown)[0] } == {
      statut-etudiant-test         = "On call"
      statut-etudiant-test-feeding = "Support of establishments"
    }
    error_message = "A dashboard doesn't say for whom it is."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.service["account-concurrency"].threshold == 800
    error_message = "The alarm on concurrency is not at four fifths of the account's quota."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_rule.this["keys-at-risk"].event_pattern, aws_kms_key.data["access_log"].arn)
    error_message = "Nobody hears that the access log's key is to be deleted."
  }

  # An import hands over after 880 s of 900, as designed.
  assert {
    condition     = module.ingestion.duration_alarm_threshold == 895000 && module.status.duration_alarm_threshold == 8000
    error_message = "The alarm on ingestion's duration rings for every import that hands over, or never."
  }
}

# With FranceConnect, an INES that is another's, and an establishment that is watched.
run "configured" {
  command = plan

  variables {
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
    ines                     = { url = "https://ines.example.org", channel = "supdata-1" }
    refusals_alarm_threshold = 50
    watched_establishments   = { "0751967F" = 2 }
    retention_alarm_enabled  = true
  }

  # What shared/src/ines/client.rs writes, and InesError::kind: a filter on other words counts nothing, and says so to nobody.
  assert {
    condition = { for filter in aws_cloudwatch_log_metric_filter.ines : "${filter.log_group_name} ${one(filter.metric_transformation).name}" => filter.pattern } == merge([
      for function in ["deduplication", "enrolment"] : {
        "/aws/lambda/statut-etudiant-test-${function} ines_unavailable_test"  = "{ $.message = \"INES gave no answer\" && ($.ines = \"unavailable\" || $.ines = \"resting\") }"
        "/aws/lambda/statut-etudiant-test-${function} ines_unauthorized_test" = "{ $.message = \"INES gave no answer\" && ($.ines = \"unauthorized\") }"
        "/aws/lambda/statut-etudiant-test-${function} ines_unreadable_test"   = "{ $.message = \"INES gave no answer\" && ($.ines = \"unreadable\") }"
      }
    ]...)
    error_message = "A failure of INES is not counted."
  }

  assert {
    condition = { for alarm in aws_cloudwatch_metric_alarm.ines : alarm.metric_name => alarm.threshold } == {
      ines_unavailable_test  = 20
      ines_unauthorized_test = 0
      ines_unreadable_test   = 20
    }
    error_message = "Nobody hears that INES does not answer, refuses our credentials, or answers something else."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.ines :
      alarm.namespace == "StatutEtudiant" && alarm.statistic == "Sum" && alarm.treat_missing_data == "notBreaching" &&
      alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      strcontains(join(" ", values(aws_cloudwatch_dashboard.this)[*].dashboard_body), alarm.metric_name)
    ])
    error_message = "An alarm about INES tells nobody, goes off in a quiet night, or watches what is on no graph."
  }

  # What functions/deduplication/src/immatriculation.rs writes.
  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.new_identities.log_group_name == "/aws/lambda/statut-etudiant-test-deduplication" &&
      aws_cloudwatch_log_metric_filter.new_identities.pattern == "{ $.message = \"new identities beyond the quota\" }" &&
      one(aws_cloudwatch_metric_alarm.new_identities).metric_name == "new_identities_beyond_quota_test" &&
      one(aws_cloudwatch_metric_alarm.new_identities).threshold == 0 &&
      one(aws_cloudwatch_metric_alarm.new_identities).alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      strcontains(join(" ", values(aws_cloudwatch_dashboard.this)[*].dashboard_body), "new_identities_beyond_quota_test")
    )
    error_message = "Nobody hears that an establishment has used up its new identities."
  }

  # What functions/deduplication/src/pairs.rs writes.
  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.pairs.log_group_name == "/aws/lambda/statut-etudiant-test-deduplication" &&
      aws_cloudwatch_log_metric_filter.pairs.pattern == "{ $.message = \"pairs beyond the allowance\" }" &&
      one(aws_cloudwatch_metric_alarm.pairs).metric_name == "pairs_beyond_allowance_test" &&
      one(aws_cloudwatch_metric_alarm.pairs).threshold == 0 &&
      one(aws_cloudwatch_metric_alarm.pairs).alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      strcontains(join(" ", values(aws_cloudwatch_dashboard.this)[*].dashboard_body), "pairs_beyond_allowance_test")
    )
    error_message = "Nobody hears that a depositor's rows try pairs out."
  }

  assert {
    condition = { for alarm in aws_cloudwatch_metric_alarm.consultation : alarm.metric_name => alarm.threshold } == {
      enumeration_suspected   = 0
      refused_quota           = 50
      france_connect_failures = 20
    }
    error_message = "Nobody hears of an enumeration, of many refusals, or of FranceConnect failing."
  }

  # The names that the function gives to its metrics: an alarm on another name never goes off, and nothing says so.
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.consultation :
      alarm.namespace == "StatutEtudiant" && alarm.dimensions == tomap({ environment = module.status.environment.ENVIRONMENT }) &&
      alarm.statistic == "Sum" && alarm.period == 300 && alarm.comparison_operator == "GreaterThanThreshold"
    ])
    error_message = "An alarm watches a metric that the function does not write."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.consultation :
      alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])
    ])
    error_message = "An alarm tells nobody, or goes off in a quiet night."
  }

  assert {
    condition = alltrue([
      for metric in [
        "requests", "duration_ms", "server_errors", "refused_quota", "enumeration_suspected", "cold_starts",
        "france_connect_failures",
      ] : strcontains(join(" ", values(aws_cloudwatch_dashboard.this)[*].dashboard_body), metric)
    ])
    error_message = "A metric of the consultation is on no graph."
  }

  # Filter, alarm and graph name one metric, and the filter reads what the function writes (docs/logging.md).
  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.imports["failed"].pattern == "{ $.message = \"import ended\" && $.outcome = \"failed\" }" &&
      aws_cloudwatch_log_metric_filter.imports["failed"].log_group_name == module.ingestion.log_group_name &&
      aws_cloudwatch_metric_alarm.failed_imports[0].metric_name == "imports_failed_test" &&
      aws_cloudwatch_metric_alarm.failed_imports[0].alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      strcontains(join(" ", values(aws_cloudwatch_dashboard.this)[*].dashboard_body), "imports_failed_test")
    )
    error_message = "Nobody hears of a failed import."
  }

  # A heading of the runbook names its alarms as `$name-…`, FUNCTION, TABLE and UAI standing for any of theirs.
  assert {
    condition = toset([
      for name in output.alarm_names :
      replace(replace(replace(replace(name,
        "/^statut-etudiant-test-/", "$$name-"),
        "/^[$]name-(status|enrolment|review|portal|ingestion|deduplication|statistics|ines)-(errors|throttles|duration)$/", "$$name-FUNCTION-$2"),
        "/^[$]name-.*-throttled$/", "$$name-TABLE-throttled"),
      "/^[$]name-no-feed-[0-9]{7}[A-Z]$/", "$$name-no-feed-UAI")
      ]) == setsubtract(toset(flatten([
        for heading in regexall("(?m)^#+ Alarm: [^\n]*$", file("../docs/runbook.md")) : flatten(regexall("`([$]name-[A-Za-z-]+)`", heading))
    ])), ["$name-ines-api-errors", "$name-ines-litigation", "$name-ines-log-copy", "$name-ines-certificate", "$name-establishments-certificate", "$name-outside"])
    error_message = "An alarm has no section in docs/runbook.md, or a section there is about no alarm."
  }
}
