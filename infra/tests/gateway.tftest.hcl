# The gateway and the firewall: on the plan of a production with every default, and with paths that are closed.

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

  assert {
    condition = module.portal.environment == tomap({
      ENVIRONMENT          = "test"
      PUBLIC_URL           = local.portal_url
      SESSIONS_TABLE       = "statut-etudiant-test-sessions"
      MEMBERS_TABLE        = "statut-etudiant-test-members"
      ESTABLISHMENTS_TABLE = "statut-etudiant-test-establishments"
      PORTAL_SECRET_ARN    = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:portal"
    })
    error_message = "The portal is told something else than it should be."
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
}

# Officers and the portal from two networks, establishments with a certificate.
run "closed" {
  command = plan

  override_resource {
    target          = aws_wafv2_ip_set.restricted["review"]
    override_during = plan
    values          = { arn = "arn:aws:wafv2:eu-west-3:123456789012:regional/ipset/review" }
  }

  override_resource {
    target          = aws_wafv2_ip_set.restricted["portal"]
    override_during = plan
    values          = { arn = "arn:aws:wafv2:eu-west-3:123456789012:regional/ipset/portal" }
  }

  override_resource {
    target          = aws_s3_object.certificate_authorities
    override_during = plan
    values          = { version_id = "first" }
  }

  variables {
    restricted_addresses = { review = ["192.0.2.0/24"], portal = ["192.0.2.0/24", "198.51.100.7/32"] }
    establishments_domain = {
      name                    = "depots.example.org"
      certificate_arn         = "arn:aws:acm:eu-west-3:123456789012:certificate/depots"
      certificate_authorities = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    }
  }

  # Each rule refuses a path, decoded as the gateway may decode it, unless the address or the name is the one.
  assert {
    condition = {
      for rule in aws_wafv2_web_acl.api.rule : rule.name => [
        for part in rule.statement[0].and_statement[0].statement : try(
          "${part.regex_match_statement[0].regex_string} ${join(" ", part.regex_match_statement[0].text_transformation[*].type)}",
          "unless ${part.not_statement[0].statement[0].ip_set_reference_statement[0].arn}",
          "unless ${part.not_statement[0].statement[0].byte_match_statement[0].positional_constraint} ${part.not_statement[0].statement[0].byte_match_statement[0].search_string}",
        )
      ] if length(rule.action[*].block) > 0 && length(rule.statement[0].and_statement) > 0
      } == {
      addresses-of-review            = ["/api/revues URL_DECODE NORMALIZE_PATH LOWERCASE", "unless arn:aws:wafv2:eu-west-3:123456789012:regional/ipset/review"]
      addresses-of-portal            = ["/portail URL_DECODE NORMALIZE_PATH LOWERCASE", "unless arn:aws:wafv2:eu-west-3:123456789012:regional/ipset/portal"]
      certificates-of-establishments = ["/api/(inscription|depots) URL_DECODE NORMALIZE_PATH LOWERCASE", "unless EXACTLY depots.example.org"]
    }
    error_message = "Officers, the portal or establishments are reached from elsewhere, or by another name, than was configured."
  }

  # What the rules name is what the gateway gives to those functions.
  assert {
    condition = alltrue([
      for path, resource in local.api_resources :
      contains(["review", "portal", "enrolment"], resource.function) == can(regex("/api/revues|/portail|/api/(inscription|depots)", path))
    ])
    error_message = "A function that is closed has a path that no rule names."
  }

  assert {
    condition     = { for name, set in aws_wafv2_ip_set.restricted : name => set.addresses } == { review = toset(["192.0.2.0/24"]), portal = toset(["192.0.2.0/24", "198.51.100.7/32"]) }
    error_message = "A network is let in, or kept out, that was not configured so."
  }

  assert {
    condition = (
      { for name, domain in aws_api_gateway_domain_name.this : name => [for tls in domain.mutual_tls_authentication : "${tls.truststore_uri} ${tls.truststore_version}"] } == {
        api            = []
        ines           = []
        establishments = ["s3://statut-etudiant-test-truststore-123456789012/certificate-authorities.pem first"]
      } && aws_api_gateway_domain_name.this["establishments"].security_policy == "TLS_1_2" && aws_api_gateway_rest_api.this.disable_execute_api_endpoint
    )
    error_message = "Establishments are not asked for a certificate, or others are, or an address is open that asks for none."
  }
}
