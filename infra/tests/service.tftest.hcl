# What answers: the gateway and the firewall, what the functions behind them are told, and our own identity service, with tables,
# keys and a gateway of its own. On the plan of a production with every default.

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
  target  = module.hmac_secret["record"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record" }
}

override_module {
  target  = module.hmac_secret["ine"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine" }
}

override_module {
  target  = module.hmac_secret["identity"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity" }
}

override_module {
  target  = module.hmac_secret["portal"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:portal" }
}

override_module {
  target  = module.ines_secret["ine"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-ine" }
}

override_module {
  target  = module.ines_secret["identity"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-identity" }
}

override_module {
  target  = module.ines_secret["token"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-token" }
}

override_resource {
  target          = module.identity_queue.aws_sqs_queue.work
  override_during = plan
  values          = { url = "https://sqs.eu-west-3.amazonaws.com/123456789012/statut-etudiant-test-identity" }
}

override_resource {
  target          = module.statistics_queue.aws_sqs_queue.work
  override_during = plan
  values          = { url = "https://sqs.eu-west-3.amazonaws.com/123456789012/statut-etudiant-test-statistics" }
}

override_resource {
  target          = aws_kms_key.data["registry"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/registry" }
}

override_resource {
  target          = aws_kms_key.data["access_log"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/access_log" }
}

override_resource {
  target          = aws_kms_key.data["files"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/files" }
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

  # --- what the API answers by itself ---

  assert {
    condition = alltrue(flatten([
      for responses in [aws_api_gateway_gateway_response.api, aws_api_gateway_gateway_response.ines] : [
        for type in ["DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED", "WAF_FILTERED"] :
        toset(keys(jsondecode(responses[type].response_templates["application/json"]).details)) == toset(["method", "endpoint", "parameter"]) &&
        jsondecode(responses[type].response_templates["application/json"]).uid == "$context.requestId" &&
        responses[type].status_code == lookup({ REQUEST_TOO_LARGE = "413", THROTTLED = "429", WAF_FILTERED = "403" }, type, null)
      ]
    ]))
    error_message = "The gateway answers with a body of AWS's, or with another status than its own."
  }

  # Both contracts are served by one API: a client of v3 finds its `errors`.
  assert {
    condition = {
      for type, response in aws_api_gateway_gateway_response.api :
      type => jsondecode(response.response_templates["application/json"]).errors[0].code
      } == {
      DEFAULT_4XX = "00400", DEFAULT_5XX = "00503", REQUEST_TOO_LARGE = "00413", THROTTLED = "00429", WAF_FILTERED = "00403"
    }
    error_message = "A gateway error lacks the code that API Particulier's clients read."
  }

  assert {
    condition = {
      for type, response in aws_api_gateway_gateway_response.api : type => response.response_parameters if response.response_parameters != null
      } == {
      DEFAULT_5XX = tomap({ "gatewayresponse.header.Retry-After" = "'5'" })
      THROTTLED   = tomap({ "gatewayresponse.header.Retry-After" = "'1'" })
    }
    error_message = "A caller isn't told when to come back."
  }

  # --- the firewall and the addresses ---

  # A relay may send as much as the whole API takes. What is blocked for its rate is told so, and not 403.
  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.api.rule : rule.statement[0].rate_based_statement[0].limit if rule.name == "rate-per-address"
      ]) == 300 * var.api_throttling.rate_limit && one([
      for rule in aws_wafv2_web_acl.api.rule : rule.action[0].block[0].custom_response[0].response_code if rule.name == "rate-per-address"
    ]) == 429
    error_message = "The firewall blocks a relay before the API's own limit, or with a 403, which is read as refused credentials."
  }

  assert {
    condition = (
      aws_api_gateway_rest_api.this.disable_execute_api_endpoint && aws_api_gateway_rest_api.ines[0].disable_execute_api_endpoint &&
      toset([for domain in aws_api_gateway_domain_name.this : "${domain.domain_name} ${domain.security_policy}"]) ==
      toset(["api.example.org TLS_1_2", "ines.example.org TLS_1_2"]) && output.api_url == "https://api.example.org" &&
      length(aws_api_gateway_base_path_mapping.this) == 2
    )
    error_message = "The API answers over TLS 1.0, or at an address that does."
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_logs) == 0
    error_message = "The role of API Gateway is the account's: it may not be replaced unless that is asked for."
  }

  # Each path and the function behind it; the method is always ANY.
  assert {
    condition = { for path, resource in local.api_resources : path => resource.function } == {
      "/"                         = "status"
      "/{proxy+}"                 = "status"
      "/api"                      = "status"
      "/api/{proxy+}"             = "status"
      "/api/inscription"          = "enrolment"
      "/api/inscription/{proxy+}" = "enrolment"
      "/api/depots"               = "enrolment"
      "/api/depots/{proxy+}"      = "enrolment"
      "/api/qualite"              = "enrolment"
      "/api/revues"               = "review"
      "/api/revues/{proxy+}"      = "review"
      "/portail"                  = "portal"
      "/portail/{proxy+}"         = "portal"
    } && alltrue([for method in aws_api_gateway_method.any : method.http_method == "ANY"])
    error_message = "A path reaches another function than the one that knows it, or the gateway answers in its place."
  }

  assert {
    condition     = toset(aws_wafv2_web_acl.api.rule[*].name) == toset(["rate-per-address", "known-bad-inputs"]) && length(aws_wafv2_ip_set.restricted) == 0 && length(module.truststore) == 0
    error_message = "A path is closed, or asks for a certificate, though nobody asked for it."
  }

  # --- what the functions behind it are told, and that no token is trusted by default ---

  assert {
    condition = module.status.environment == tomap({
      ENVIRONMENT               = "test"
      STUDENTS_TABLE            = "statut-etudiant-test-students"
      BLOCKS_TABLE              = "statut-etudiant-test-blocks"
      CLIENTS_TABLE             = "statut-etudiant-test-clients"
      QUOTAS_TABLE              = "statut-etudiant-test-quotas"
      ESTABLISHMENTS_TABLE      = "statut-etudiant-test-establishments"
      ACCESS_LOG_TABLE          = "statut-etudiant-test-access-log"
      INE_SECRET_ARN            = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      REKEYING                  = ""
      IDENTITY_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      STARTS_WITHIN_DAYS        = "90"
      ACCESS_LOG_RETENTION_DAYS = "180"
      CLIENT_CACHE_SECONDS      = "60"
    })
    error_message = "Without a token issuer and FranceConnect, the consultation is told something else than it should be."
  }

  assert {
    condition     = length(aws_secretsmanager_secret.france_connect) == 0 && output.france_connect_secret_arn == null
    error_message = "A secret waits for FranceConnect, which is not configured."
  }

  assert {
    condition = module.review.environment == tomap({
      ENVIRONMENT               = "test"
      REVIEWS_TABLE             = "statut-etudiant-test-reviews"
      WITHDRAWALS_TABLE         = "statut-etudiant-test-withdrawals"
      RECORDS_TABLE             = "statut-etudiant-test-records"
      STUDENTS_TABLE            = "statut-etudiant-test-students"
      ESTABLISHMENTS_TABLE      = "statut-etudiant-test-establishments"
      CLIENTS_TABLE             = "statut-etudiant-test-clients"
      QUOTAS_TABLE              = "statut-etudiant-test-quotas"
      ACCESS_LOG_TABLE          = "statut-etudiant-test-access-log"
      ACCESS_LOG_RETENTION_DAYS = "180"
      CLIENT_CACHE_SECONDS      = "60"
      IDENTITY_QUEUE_URL        = module.identity_queue.url
    })
    error_message = "Review is told something else than it should be."
  }

  # --- personal data stay out of logs ---

  assert {
    condition = (
      one(one(aws_wafv2_web_acl_logging_configuration.api).logging_filter).default_behavior == "DROP" &&
      [for filter in one(one(aws_wafv2_web_acl_logging_configuration.api).logging_filter).filter : "${filter.behavior} ${join(" ", flatten([for condition in filter.condition : condition.action_condition[*].action]))}"] == ["KEEP BLOCK"]
    )
    error_message = "The firewall logs requests that it lets through."
  }

  assert {
    condition = (
      anytrue([for field in one(aws_wafv2_web_acl_logging_configuration.api).redacted_fields : length(field.uri_path) == 1]) &&
      anytrue([for field in one(aws_wafv2_web_acl_logging_configuration.api).redacted_fields : length(field.query_string) == 1]) &&
      toset(flatten([for field in one(aws_wafv2_web_acl_logging_configuration.api).redacted_fields : field.single_header[*].name])) == toset([
        "authorization", "cookie", "referer", "x-api-key", "x-caller", "x-deposant", "x-jwt-assertion",
      ])
    )
    error_message = "The firewall's log holds a path, a query, a key or a token."
  }

  # Without the prefix the firewall refuses to write there; without the key's leave nothing is written, and nobody hears of it.
  assert {
    condition = (
      one(aws_cloudwatch_log_group.firewall).name == "aws-waf-logs-statut-etudiant-test" && one(aws_cloudwatch_log_group.firewall).retention_in_days == 180 &&
      strcontains(aws_kms_key.logs.policy, "log-group:aws-waf-logs-statut-etudiant-test")
    )
    error_message = "The firewall's log can't be written."
  }

  assert {
    condition = length(setsubtract(values(jsondecode(aws_api_gateway_stage.this.access_log_settings[0].format)), [
      "$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath", "$context.status",
      "$context.error.responseType", "$context.responseLength", "$context.responseLatency",
      "$context.integration.latency", "$context.integration.status", "$context.waf.status", "$context.xrayTraceId",
    ])) == 0
    error_message = "The gateway logs something new: a path, a query or an address is personal data. Add it here once you know it is not."
  }

  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.all.settings :
      settings.logging_level == "OFF" && !settings.data_trace_enabled
    ])
    error_message = "The gateway's execution logs print requests."
  }

  assert {
    condition     = !aws_api_gateway_stage.this.xray_tracing_enabled
    error_message = "The gateway's traces keep the address of each request."
  }

  assert {
    condition = !anytrue(concat(
      aws_wafv2_web_acl.api.visibility_config[*].sampled_requests_enabled,
      flatten([for rule in aws_wafv2_web_acl.api.rule : rule.visibility_config[*].sampled_requests_enabled]),
    ))
    error_message = "The firewall keeps samples of requests."
  }

  # --- our own identity service, unless another is named ---

  assert {
    condition     = output.ines_url == "https://ines.example.org"
    error_message = "INES is not where our own service is."
  }

  assert {
    condition = module.ines[0].environment == tomap({
      ENVIRONMENT               = "test"
      INES_TABLE                = "statut-etudiant-test-ines"
      INES_BLOCKS_TABLE         = "statut-etudiant-test-ines-blocks"
      INES_LOG_TABLE            = "statut-etudiant-test-ines-log"
      INE_SECRET_ARN            = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-ine"
      IDENTITY_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-identity"
      TOKEN_SECRET_ARN          = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-token"
      ACCESS_LOG_RETENTION_DAYS = "180"
      REQUEST_RETENTION_DAYS    = "365"
      CLIENT_CACHE_SECONDS      = "60"
    })
    error_message = "The identity service is told something else than it should be."
  }

  # What has no key of its own cannot be read: the function names these attributes. A registration has no `expires_at`: what
  # expire are requests that are decided, and traces.
  assert {
    condition = {
      for name, table in module.ines_table : name => [
        table.settings.key, jsonencode(table.settings.indexes), coalesce(table.settings.expires_by, "never"),
        reverse(split("/", table.settings.key_arn))[0], table.settings.protected && table.settings.recoverable,
      ]
      } == {
      ines        = ["pk", jsonencode({ pending = "pending since KEYS_ONLY" }), "expires_at", "registry", true]
      ines_blocks = ["pk", "{}", "never", "registry", true]
      ines_log    = ["subject at", "{}", "expires_at", "access_log", true]
    }
    error_message = "A table of who has which INE has another key or index than the function names, expires, is encrypted with another key than the registry's, or the access log's for who asked, or can be lost."
  }

  assert {
    condition = length(setsubtract(values(jsondecode(aws_api_gateway_stage.ines[0].access_log_settings[0].format)), [
      "$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath", "$context.status",
      "$context.error.responseType", "$context.responseLength", "$context.responseLatency",
      "$context.integration.latency", "$context.integration.status", "$context.waf.status", "$context.xrayTraceId",
    ])) == 0 && !aws_api_gateway_stage.ines[0].xray_tracing_enabled
    error_message = "The gateway of the identity service logs something that may be personal."
  }

  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.ines[0].settings :
      settings.logging_level == "OFF" && !settings.data_trace_enabled && settings.throttling_rate_limit > 0
    ])
    error_message = "The gateway's execution logs print requests, or it has no limit."
  }

  assert {
    condition = (
      toset(keys(aws_api_gateway_method.ines)) == toset(["/", "/{proxy+}"]) &&
      alltrue([for method in aws_api_gateway_method.ines : method.http_method == "ANY"]) &&
      length(aws_wafv2_web_acl_association.ines) == 1
    )
    error_message = "The gateway answers in the function's place, or has no firewall."
  }

  # The names that the function gives to its metrics: an alarm on another name never goes off, and nothing says so.
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.ines_service["litigation"].metric_name == "litigation" &&
      aws_cloudwatch_metric_alarm.ines_service["litigation"].dimensions == tomap({ environment = "test", route = "ines_immatriculation" }) &&
      aws_cloudwatch_metric_alarm.ines_service["errors"].dimensions == tomap({ ApiName = "statut-etudiant-test-ines", Stage = "v1" })
    )
    error_message = "Nobody hears of an identity service that fails, or of requests that pile up."
  }

  # --- alarms ---

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
        "/^[$]name-(status|enrolment|review|portal|ingestion|deduplication|statistics|retention|ines)-(errors|throttles|duration)$/", "$$name-FUNCTION-$2"),
        "/^[$]name-.*-throttled$/", "$$name-TABLE-throttled"),
      "/^[$]name-no-feed-[0-9]{7}[A-Z]$/", "$$name-no-feed-UAI")
      ]) == setsubtract(toset(flatten([
        for heading in regexall("(?m)^#+ Alarm: [^\n]*$", file("../docs/runbook.md")) : flatten(regexall("`([$]name-[A-Za-z-]+)`", heading))
    ])), ["$name-france-connect", "$name-no-feed-UAI", "$name-retention-late", "$name-establishments-certificate", "$name-outside"])
    error_message = "An alarm has no section in docs/runbook.md, or a section there is about no alarm."
  }
}
