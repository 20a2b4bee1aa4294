# What a reviewer would look for in the account, on the plan of a production with every default.
#   terraform init -backend=false && terraform test
#
# Offline and without credentials. The provider is the real one rather than a mock, for two reasons: a mock does not
# know ephemeral resources, which the HMAC keys are made of, and the real one checks what it plans. What it could only
# learn from AWS is given here, one distinct ARN each, so that a permission on the wrong table shows.

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

override_resource {
  target          = aws_kms_key.data
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/data" }
}

override_resource {
  target          = aws_kms_key.logs
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/logs" }
}

override_resource {
  target          = aws_dynamodb_table.this["records"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/records" }
}

override_resource {
  target          = aws_dynamodb_table.this["students"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/students" }
}

override_resource {
  target          = aws_dynamodb_table.this["postings"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/postings" }
}

override_resource {
  target          = aws_dynamodb_table.this["imports"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/imports" }
}

override_resource {
  target          = aws_dynamodb_table.this["establishments"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/establishments" }
}

override_resource {
  target          = aws_dynamodb_table.this["clients"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/clients" }
}

override_resource {
  target          = aws_dynamodb_table.this["access_log"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/access_log" }
}

override_resource {
  target          = aws_dynamodb_table.this["reviews"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/reviews" }
}

override_resource {
  target          = aws_dynamodb_table.this["quotas"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/quotas" }
}

override_resource {
  target          = aws_secretsmanager_secret.france_connect
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect" }
}

override_resource {
  target          = aws_sns_topic.alarms
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-3:123456789012:alarms" }
}

override_resource {
  target          = aws_s3_bucket.this["inbox"]
  override_during = plan
  values          = { arn = "arn:aws:s3:::inbox" }
}

override_resource {
  target          = aws_s3_bucket.this["reports"]
  override_during = plan
  values          = { arn = "arn:aws:s3:::reports" }
}

override_resource {
  target          = aws_s3_bucket.this["statistics"]
  override_during = plan
  values          = { arn = "arn:aws:s3:::statistics" }
}

override_resource {
  target          = aws_sqs_queue.dead_letter["ingestion"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-ingestion-dlq" }
}

override_resource {
  target          = aws_sqs_queue.dead_letter["identity"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-identity-dlq" }
}

override_resource {
  target          = aws_sqs_queue.dead_letter["statistics"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-statistics-dlq" }
}

override_resource {
  target          = aws_sqs_queue.identity
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-identity" }
}

override_resource {
  target          = module.status.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:status" }
}

override_resource {
  target          = module.ingestion.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:ingestion" }
}

override_resource {
  target          = module.deduplication.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:deduplication" }
}

override_resource {
  target          = module.statistics.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:statistics" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
}

run "storage" {
  command = plan

  assert {
    condition = toset(keys(aws_dynamodb_table.this)) == toset([
      "records", "students", "postings", "imports", "establishments", "clients", "quotas", "access_log", "reviews",
    ])
    error_message = "The tables are not the nine of the architecture: this file checks each of them."
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled])
    error_message = "A table can be deleted by mistake."
  }

  assert {
    condition     = toset([for name, table in aws_dynamodb_table.this : name if !table.point_in_time_recovery[0].enabled]) == toset(["quotas"])
    error_message = "What cannot be recovered must be the quotas, counters of some hours, and nothing else."
  }

  # What has no key of its own cannot be read: the functions name these attributes.
  assert {
    condition = { for name, table in aws_dynamodb_table.this : name => join(" ", compact([table.hash_key, table.range_key])) } == {
      records        = "id"
      students       = "pk sk"
      postings       = "pk sk"
      imports        = "id"
      establishments = "uai"
      clients        = "id"
      quotas         = "subject"
      access_log     = "subject at"
      reviews        = "id"
    }
    error_message = "A table's key is not the one that the functions name."
  }

  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this :
      table.server_side_encryption[0].enabled && table.server_side_encryption[0].kms_key_arn == aws_kms_key.data.arn
    ])
    error_message = "A table is not encrypted with the data key."
  }

  assert {
    condition     = toset([for name, table in aws_dynamodb_table.this : name if anytrue(table.ttl[*].enabled)]) == toset(["records", "imports", "clients", "quotas", "access_log"])
    error_message = "What expires must be the records, the imports, revoked tokens, the quotas and the access log, and nothing else."
  }

  # Above all not `valid_until`: a client that has ended would vanish, and with it who it was.
  assert {
    condition     = toset(flatten([for table in aws_dynamodb_table.this : table.ttl[*].attribute_name])) == toset(["expires_at"])
    error_message = "Items expire by another attribute than expires_at, which the functions give to what is meant to vanish."
  }

  assert {
    condition     = toset(keys(aws_s3_bucket.this)) == toset(["inbox", "reports", "statistics"])
    error_message = "The buckets are not the three of the architecture: this file checks each of them."
  }

  assert {
    condition = alltrue([
      for bucket in keys(aws_s3_bucket.this) :
      aws_s3_bucket_public_access_block.this[bucket].block_public_acls &&
      aws_s3_bucket_public_access_block.this[bucket].block_public_policy &&
      aws_s3_bucket_public_access_block.this[bucket].ignore_public_acls &&
      aws_s3_bucket_public_access_block.this[bucket].restrict_public_buckets
    ])
    error_message = "A bucket could be made public."
  }

  assert {
    condition = alltrue([
      for bucket in keys(aws_s3_bucket.this) : alltrue([
        for rule in aws_s3_bucket_server_side_encryption_configuration.this[bucket].rule :
        rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" &&
        rule.apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.data.arn
      ])
    ])
    error_message = "A bucket is not encrypted with the data key."
  }

  assert {
    condition = alltrue([
      for bucket in keys(aws_s3_bucket.this) : anytrue([
        for statement in jsondecode(aws_s3_bucket_policy.this[bucket].policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "s3:*" &&
        try(statement.Condition.Bool["aws:SecureTransport"] == "false", false) &&
        toset(statement.Resource) == toset([aws_s3_bucket.this[bucket].arn, "${aws_s3_bucket.this[bucket].arn}/*"])
      ])
    ])
    error_message = "A bucket answers without TLS."
  }

  assert {
    condition = alltrue([
      for bucket in keys(aws_s3_bucket.this) :
      aws_s3_bucket_versioning.this[bucket].versioning_configuration[0].status == "Enabled" &&
      !aws_s3_bucket.this[bucket].force_destroy
    ])
    error_message = "A bucket can lose objects: no versions, or destroyed when full."
  }

  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.dead_letter), [aws_sqs_queue.identity]) :
      queue.kms_master_key_id == aws_kms_key.data.arn
    ])
    error_message = "A queue is not encrypted with the data key."
  }

  assert {
    condition     = aws_kms_key.data.enable_key_rotation && aws_kms_key.logs.enable_key_rotation
    error_message = "A key is not rotated."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement :
      can(statement.Principal.AWS) || length(try(statement.Condition, {})) > 0
    ])
    error_message = "A service may use the logs key for any account's sake."
  }
}

run "permissions" {
  command = plan

  assert {
    condition = !anytrue(flatten([
      for function in local.functions : [
        for statement in jsondecode(function.policy).Statement : [for action in statement.Action : strcontains(action, "*")]
      ]
    ]))
    error_message = "A role has a wildcard action."
  }

  # X-Ray has no resource to name. Elsewhere a wildcard may only end an ARN that names its bucket or log group.
  assert {
    condition = alltrue(flatten([
      for function in local.functions : [
        for statement in jsondecode(function.policy).Statement : [
          for resource in statement.Resource :
          resource == "*"
          ? alltrue([for action in statement.Action : startswith(action, "xray:")])
          : can(regex("^arn:aws:[a-z0-9]+:[^*]*[^*:/]([/:][*])?$", resource))
        ]
      ]
    ]))
    error_message = "A role reaches further than the resources it names."
  }

  assert {
    condition = alltrue(flatten([
      for function in local.functions : [
        for statement in jsondecode(function.policy).Statement :
        statement.Resource == [aws_kms_key.data.arn] && length(statement.Condition.StringEquals["kms:ViaService"]) > 0
        if anytrue([for action in statement.Action : startswith(action, "kms:")])
      ]
    ]))
    error_message = "A role may use a key directly, not only through the services that store our data."
  }

  # Who may do what, the whole of it: "action resource" pairs, dead letters, logs, traces and keys left out.
  assert {
    condition = {
      for name, function in local.functions : name => toset(flatten([
        for statement in jsondecode(function.policy).Statement : [
          for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${reverse(split(":", pair[1]))[0]}"
          if !anytrue([for service in ["kms", "logs", "xray"] : startswith(pair[0], "${service}:")])
        ]
      ]))
      } == {
      status = toset([
        "dynamodb:GetItem table/students",
        "dynamodb:Query table/postings",
        "dynamodb:GetItem table/clients",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:GetItem table/establishments",
        "dynamodb:Scan table/establishments",
        "dynamodb:PutItem table/access_log",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
      ])
      ingestion = toset([
        "s3:GetObjectVersion inbox/*",
        "s3:PutObject reports/*",
        "dynamodb:UpdateItem table/records",
        "dynamodb:UpdateItem table/imports",
        "dynamodb:GetItem table/establishments",
        "dynamodb:UpdateItem table/establishments",
        "sqs:SendMessage statut-etudiant-test-identity",
        "sqs:SendMessage statut-etudiant-test-ingestion-dlq",
        "secretsmanager:GetSecretValue record",
      ])
      deduplication = toset([
        "dynamodb:GetItem table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:DeleteItem table/students",
        "dynamodb:GetItem table/students",
        "dynamodb:PutItem table/students",
        "dynamodb:Query table/students",
        "dynamodb:DeleteItem table/postings",
        "dynamodb:PutItem table/postings",
        "dynamodb:Query table/postings",
        "sqs:DeleteMessage statut-etudiant-test-identity",
        "sqs:GetQueueAttributes statut-etudiant-test-identity",
        "sqs:ReceiveMessage statut-etudiant-test-identity",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
      ])
      statistics = toset([
        "dynamodb:Scan table/students",
        "s3:PutObject statistics/*",
        "sqs:SendMessage statut-etudiant-test-statistics-dlq",
      ])
    }
    error_message = "A function's permissions changed. If it must be, change them here too, so that a reviewer sees both."
  }
}

# With every default nobody's tokens are trusted, and the function must be able to tell: by a variable's absence.
run "no_token_is_trusted_by_default" {
  command = plan

  assert {
    condition = module.status.environment == tomap({
      ENVIRONMENT               = "test"
      STUDENTS_TABLE            = "statut-etudiant-test-students"
      POSTINGS_TABLE            = "statut-etudiant-test-postings"
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
}

run "token_issuer" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "https://issuer.example.org/"
      audience = "statut-etudiant"
      jwks_url = "https://issuer.example.org/jwks"
    }
  }

  assert {
    condition = { for name, value in module.status.environment : name => value if can(regex("^(TOKEN|FRANCE_CONNECT)_", name)) } == {
      TOKEN_ISSUER   = "https://issuer.example.org/"
      TOKEN_AUDIENCE = "statut-etudiant"
      TOKEN_JWKS_URL = "https://issuer.example.org/jwks"
    }
    error_message = "The consultation is told of another token issuer than was configured, or of FranceConnect, which was not."
  }
}

run "france_connect" {
  command = plan

  variables {
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  assert {
    condition = { for name, value in module.status.environment : name => value if can(regex("^(TOKEN|FRANCE_CONNECT)_", name)) } == {
      FRANCE_CONNECT_VERSION    = "v2"
      FRANCE_CONNECT_URL        = "https://france-connect.example.org"
      FRANCE_CONNECT_ISSUER     = "https://france-connect.example.org/api/v2"
      FRANCE_CONNECT_CLIENT_ID  = "0123456789abcdef0123456789abcdef"
      FRANCE_CONNECT_SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect"
    }
    error_message = "The consultation is told of another FranceConnect than was configured, or of a token issuer, which was not."
  }

  assert {
    condition = alltrue([
      for secret in aws_secretsmanager_secret.france_connect :
      secret.kms_key_id == aws_kms_key.data.arn && secret.name == "statut-etudiant-test/france-connect" &&
      secret.recovery_window_in_days == 30
    ]) && output.france_connect_secret_arn == one(aws_secretsmanager_secret.france_connect).arn
    error_message = "FranceConnect's secret is not encrypted with the data key, cannot be restored, or has another name or output."
  }

  # A version in Terraform would be in the state and in every plan. The HMAC keys' is write-only.
  assert {
    condition = [
      for file in setunion(fileset(".", "*.tf"), fileset(".", "modules/**/*.tf")) : file
      if strcontains(file(file), "\"aws_secretsmanager_secret_version\"")
    ] == ["modules/hmac-secret/main.tf"] && toset(keys(module.hmac_secret)) == toset(["record", "ine", "identity"])
    error_message = "Terraform writes or reads the content of a secret that is not an HMAC key: its state would hold it."
  }

  assert {
    condition = {
      for name, function in local.functions : name => toset(flatten([
        for statement in jsondecode(function.policy).Statement : [for arn in statement.Resource : reverse(split(":", arn))[0]]
        if contains(statement.Action, "secretsmanager:GetSecretValue")
      ]))
      } == {
      status        = toset(["ine", "identity", "france-connect"])
      ingestion     = toset(["record"])
      deduplication = toset(["ine", "identity"])
      statistics    = toset([])
    }
    error_message = "FranceConnect's secret is for the consultation alone."
  }
}

run "consultation_alarms" {
  command = plan

  variables {
    refusals_alarm_threshold = 50
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
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
      ] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, metric)
    ])
    error_message = "A metric of the consultation is on no graph."
  }
}

run "no_alarm_about_what_is_not_there" {
  command = plan

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.consultation : alarm.metric_name]) == toset(["enumeration_suspected", "refused_quota"])
    error_message = "Without FranceConnect, the alarms of the consultation are those on enumeration and on refusals."
  }
}

run "dead_letters" {
  command = plan

  assert {
    condition     = module.ingestion.failure_destination == aws_sqs_queue.dead_letter["ingestion"].arn
    error_message = "A file whose ingestion fails is lost."
  }

  assert {
    condition     = module.statistics.failure_destination == aws_sqs_queue.dead_letter["statistics"].arn
    error_message = "A run of the statistics that fails is lost."
  }

  assert {
    condition     = aws_scheduler_schedule.statistics.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letter["statistics"].arn
    error_message = "A run of the statistics that cannot start is lost."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_policy.identity.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letter["identity"].arn
    error_message = "A record whose deduplication fails is tried for ever."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.identity.redrive_allow_policy).sourceQueueArns == [aws_sqs_queue.identity.arn]
    error_message = "The identity queue may not use its own dead-letter queue."
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.dead_letter : queue.message_retention_seconds == 14 * 24 * 60 * 60])
    error_message = "Dead letters must wait as long as SQS allows: somebody may be on leave."
  }

  assert {
    condition = alltrue([
      for name in keys(aws_sqs_queue.dead_letter) :
      aws_cloudwatch_metric_alarm.dead_letter[name].threshold == 0 &&
      aws_cloudwatch_metric_alarm.dead_letter[name].dimensions.QueueName == aws_sqs_queue.dead_letter[name].name
    ])
    error_message = "Nobody hears of a dead letter."
  }

  assert {
    condition     = contains(aws_lambda_event_source_mapping.identity.function_response_types, "ReportBatchItemFailures")
    error_message = "One bad record makes its whole batch start again."
  }

  assert {
    condition     = aws_sqs_queue.identity.visibility_timeout_seconds >= 6 * var.deduplication_timeout_seconds
    error_message = "A throttled batch comes back while it is still being tried."
  }
}

run "personal_data_stay_out_of_logs" {
  command = plan

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
