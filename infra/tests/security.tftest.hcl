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
  target          = aws_dynamodb_table.this["blocks"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/blocks" }
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
  target          = aws_dynamodb_table.this["sessions"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/sessions" }
}

override_resource {
  target          = aws_dynamodb_table.this["members"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/members" }
}

override_resource {
  target          = aws_dynamodb_table.this["findings"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/findings" }
}

override_resource {
  target          = aws_dynamodb_table.this["idempotency"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/idempotency" }
}

override_resource {
  target          = aws_dynamodb_table.ines["ines"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/ines" }
}

override_resource {
  target          = aws_dynamodb_table.ines["ines_blocks"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/ines-blocks" }
}

override_resource {
  target          = aws_dynamodb_table.ines["ines_log"]
  override_during = plan
  values          = { arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/ines-log" }
}

override_resource {
  target          = aws_secretsmanager_secret.france_connect
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect" }
}

override_resource {
  target          = aws_secretsmanager_secret.portal_provider
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:portal-provider" }
}

override_resource {
  target          = aws_secretsmanager_secret.ines_client
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client" }
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
  target          = aws_sqs_queue.dead_letter["imports"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-imports-dlq" }
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
  target          = aws_sqs_queue.imports
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-3:123456789012:statut-etudiant-test-imports" }
}

override_resource {
  target          = aws_sns_topic.imports
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-3:123456789012:statut-etudiant-test-imports" }
}

override_resource {
  target          = module.enrolment.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:enrolment" }
}

override_resource {
  target          = module.portal.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:portal" }
}

override_resource {
  target          = module.review.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:review" }
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
  target          = module.ines[0].aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:ines" }
}

override_resource {
  target          = module.statistics.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-3:123456789012:log-group:statistics" }
}

override_resource {
  target          = module.status.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:status" }
}

override_resource {
  target          = module.enrolment.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:enrolment" }
}

override_resource {
  target          = module.portal.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:portal" }
}

override_resource {
  target          = module.review.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:review" }
}

override_resource {
  target          = module.ingestion.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:ingestion" }
}

override_resource {
  target          = module.deduplication.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:deduplication" }
}

override_resource {
  target          = module.ines[0].aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:ines" }
}

override_resource {
  target          = module.statistics.aws_lambda_function.this
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:statistics" }
}

override_resource {
  target          = module.statistics.aws_lambda_alias.live
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-3:123456789012:function:statistics:live" }
}

override_resource {
  target          = aws_scheduler_schedule_group.this
  override_during = plan
  values          = { arn = "arn:aws:scheduler:eu-west-3:123456789012:schedule-group/statut-etudiant-test" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

# With every default.
run "by_default" {
  command = plan

  # --- storage ---

  assert {
    condition = toset(keys(aws_dynamodb_table.this)) == toset([
      "records", "students", "blocks", "imports", "establishments", "clients", "quotas", "access_log", "reviews",
      "idempotency", "findings", "sessions", "members",
    ])
    error_message = "The tables are not the thirteen of the architecture: this file checks each of them."
  }

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled])
    error_message = "A table can be deleted by mistake."
  }

  assert {
    condition     = toset([for name, table in aws_dynamodb_table.this : name if !table.point_in_time_recovery[0].enabled]) == toset(["quotas", "idempotency", "sessions"])
    error_message = "What cannot be recovered must be what says nothing after some hours, quotas, idempotency keys and sessions, and nothing else."
  }

  # What has no key of its own cannot be read: the functions name these attributes.
  assert {
    condition = { for name, table in aws_dynamodb_table.this : name => join(" ", compact([table.hash_key, table.range_key])) } == {
      records        = "id"
      students       = "pk sk"
      blocks         = "pk"
      imports        = "id"
      establishments = "uai"
      findings       = "import position"
      clients        = "id"
      quotas         = "subject"
      access_log     = "subject at"
      reviews        = "id"
      idempotency    = "id"
      sessions       = "id"
      members        = "id"
    }
    error_message = "A table's key is not the one that the functions name."
  }

  assert {
    condition = {
      for name, table in aws_dynamodb_table.this : name => [
        for index in table.global_secondary_index : "${index.name}: ${index.hash_key} ${index.range_key} ${index.projection_type}"
      ] if length(table.global_secondary_index) > 0
    } == { records = ["slice: slice id KEYS_ONLY", "verify_on: verify_on id KEYS_ONLY"], access_log = ["client: by at KEYS_ONLY"], reviews = ["open: open rank KEYS_ONLY"] }
    error_message = "The indexes are those of the records, by slice, which a complete file is compared with, and by the day on which INES is asked again, of the access log, by client and day, and of open cases, by age; they copy keys alone."
  }

  assert {
    condition = alltrue([
      for name, table in aws_dynamodb_table.this :
      table.server_side_encryption[0].enabled &&
      table.server_side_encryption[0].kms_key_arn == aws_kms_key.data[name == "access_log" ? "access_log" : "registry"].arn
    ])
    error_message = "A table is not encrypted with the registry's key, or the access log with its own."
  }

  assert {
    condition     = toset([for name, table in aws_dynamodb_table.this : name if anytrue(table.ttl[*].enabled)]) == toset(["records", "imports", "findings", "clients", "quotas", "access_log", "idempotency", "sessions", "members"])
    error_message = "What expires must be the records, the imports and their findings, revoked tokens, the quotas, the access log, idempotency keys, sessions and invitations, and nothing else."
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
        rule.apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.data["files"].arn
      ])
    ])
    error_message = "A bucket is not encrypted with the key of files."
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
      for queue in concat(values(aws_sqs_queue.dead_letter), [aws_sqs_queue.identity, aws_sqs_queue.imports]) :
      queue.kms_master_key_id == aws_kms_key.data[strcontains(queue.name, "imports") ? "files" : "registry"].arn
    ])
    error_message = "A queue is not encrypted, or with a key of what it doesn't tell of."
  }

  assert {
    condition = toset(keys(aws_sqs_queue_policy.this)) == toset(["imports", "identity", "imports-dlq", "identity-dlq", "statistics-dlq"]) && alltrue([
      for policy in aws_sqs_queue_policy.this : anytrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "sqs:*" &&
        try(statement.Condition.Bool["aws:SecureTransport"] == "false", false)
      ])
    ])
    error_message = "A queue answers without TLS."
  }

  # The one door that is opened to a service: the inbox's events, into one queue.
  assert {
    condition = {
      for name, policy in aws_sqs_queue_policy.this : name => [
        for statement in jsondecode(policy.policy).Statement : statement if statement.Effect == "Allow"
      ] if strcontains(policy.policy, "Allow")
      } == {
      imports = [{
        Sid       = "InboxNotifications"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.imports.arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = aws_s3_bucket.this["inbox"].arn }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      }]
    }
    error_message = "S3 may not put the inbox's events in their queue, or somebody else may put something in one."
  }

  assert {
    condition = toset([
      for statement in jsondecode(aws_kms_key.data["files"].policy).Statement :
      "${statement.Principal.Service} ${join(" ", statement.Action)} ${statement.Condition.ArnEquals["aws:SourceArn"]} ${statement.Condition.StringEquals["aws:SourceAccount"]}"
      if can(statement.Principal.Service)
    ]) == toset(["s3.amazonaws.com kms:Decrypt kms:GenerateDataKey ${aws_s3_bucket.this["inbox"].arn} 123456789012"])
    error_message = "The key of files is for the account, and for S3 when it tells of the inbox: without the second, drops are lost in silence."
  }

  assert {
    condition = (
      aws_s3_bucket_notification.inbox.queue[0].queue_arn == aws_sqs_queue.imports.arn &&
      toset(aws_s3_bucket_notification.inbox.queue[0].events) == toset(["s3:ObjectCreated:*"]) &&
      aws_s3_bucket_notification.inbox.queue[0].filter_suffix == null && aws_s3_bucket_notification.inbox.queue[0].filter_prefix == null
    )
    error_message = "A file of another name than was thought of would get silence for an answer."
  }

  assert {
    condition     = aws_sns_topic.imports.kms_master_key_id == aws_kms_key.data["files"].arn && aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.logs.arn
    error_message = "A topic is not encrypted."
  }

  assert {
    condition     = alltrue(values(aws_kms_key.data)[*].enable_key_rotation) && aws_kms_key.logs.enable_key_rotation
    error_message = "A key is not rotated."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement :
      can(statement.Principal.AWS) || length(try(statement.Condition, {})) > 0
    ])
    error_message = "A service may use the logs key for any account's sake."
  }

  # --- permissions ---

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
        length(setsubtract(statement.Resource, values(aws_kms_key.data)[*].arn)) == 0 && length(statement.Condition.StringEquals["kms:ViaService"]) > 0
        if anytrue([for action in statement.Action : startswith(action, "kms:")])
      ]
    ]))
    error_message = "A role may use a key directly, not only through the services that store our data."
  }

  # Who may use which key: the access log's is for those who write there, the files' for those who have to do with files.
  assert {
    condition = {
      for name, function in local.functions : name => toset(flatten([
        for statement in jsondecode(function.policy).Statement : [
          for service in try(statement.Condition.StringEquals["kms:ViaService"], []) :
          "${statement.Action[0]} ${reverse(split("/", statement.Resource[0]))[0]} ${split(".", service)[0]}"
        ] if startswith(statement.Action[0], "kms:")
      ]))
      } == {
      status = toset(["kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt access_log dynamodb"])
      enrolment = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt registry sqs",
        "kms:GenerateDataKey registry sqs", "kms:Decrypt access_log dynamodb", "kms:Decrypt files s3", "kms:GenerateDataKey files s3",
      ])
      portal = toset(["kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager"])
      review = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry sqs", "kms:GenerateDataKey registry sqs",
        "kms:Decrypt access_log dynamodb",
      ])
      ingestion = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt registry sqs",
        "kms:GenerateDataKey registry sqs", "kms:Decrypt files s3", "kms:Decrypt files sns", "kms:Decrypt files sqs",
        "kms:GenerateDataKey files s3", "kms:GenerateDataKey files sns", "kms:GenerateDataKey files sqs",
      ])
      deduplication = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt registry sqs",
        "kms:GenerateDataKey registry sqs", "kms:Decrypt access_log dynamodb",
      ])
      statistics = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry sqs", "kms:GenerateDataKey registry sqs", "kms:Decrypt files s3",
        "kms:GenerateDataKey files s3",
      ])
      ines = toset(["kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt access_log dynamodb"])
    }
    error_message = "A function may use a key that is not for it, or lacks one that it needs."
  }

  # Keys and secrets can't be destroyed by a plan: what they have encrypted, or derived, would be lost.
  assert {
    condition = length(local.name) > 0 && alltrue([
      for file in setunion(fileset(".", "*.tf"), fileset("modules", "hmac-secret/*.tf")) :
      length(regexall("(?m)^resource \"aws_(kms_key|secretsmanager_secret)\" ", file(fileexists(file) ? file : "modules/${file}"))) <=
      length(regexall("prevent_destroy = true", file(fileexists(file) ? file : "modules/${file}")))
    ])
    error_message = "A key or a secret can be destroyed."
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
        "dynamodb:BatchGetItem table/blocks",
        "dynamodb:GetItem table/clients",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:GetItem table/establishments",
        "dynamodb:Scan table/establishments",
        "dynamodb:PutItem table/access_log",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
      ])
      enrolment = toset([
        "dynamodb:BatchGetItem table/records",
        "dynamodb:GetItem table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:Query table/records/index/slice",
        "dynamodb:GetItem table/students",
        "dynamodb:Query table/students",
        "dynamodb:GetItem table/clients",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:PutItem table/access_log",
        "dynamodb:GetItem table/establishments",
        "dynamodb:UpdateItem table/establishments",
        "dynamodb:GetItem table/imports",
        "dynamodb:PutItem table/imports",
        "dynamodb:Query table/findings",
        "dynamodb:DeleteItem table/idempotency",
        "dynamodb:UpdateItem table/idempotency",
        "sqs:SendMessage statut-etudiant-test-identity",
        "s3:PutObject inbox/*",
        "s3:GetObject reports/*",
        "secretsmanager:GetSecretValue record",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
        "secretsmanager:GetSecretValue ines-client",
      ])
      portal = toset([
        "dynamodb:DeleteItem table/sessions",
        "dynamodb:GetItem table/sessions",
        "dynamodb:PutItem table/sessions",
        "dynamodb:UpdateItem table/sessions",
        "dynamodb:DeleteItem table/members",
        "dynamodb:GetItem table/members",
        "dynamodb:PutItem table/members",
        "dynamodb:GetItem table/establishments",
        "dynamodb:Scan table/establishments",
        "secretsmanager:GetSecretValue portal",
      ])
      review = toset([
        "dynamodb:BatchGetItem table/reviews",
        "dynamodb:GetItem table/reviews",
        "dynamodb:PutItem table/reviews",
        "dynamodb:Query table/reviews/index/open",
        "dynamodb:GetItem table/records",
        "dynamodb:Query table/students",
        "dynamodb:GetItem table/establishments",
        "dynamodb:GetItem table/clients",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:PutItem table/access_log",
        "sqs:SendMessage statut-etudiant-test-identity",
      ])
      ingestion = toset([
        "s3:GetObjectVersion inbox/*",
        "s3:ListBucket inbox",
        "s3:ListBucket reports",
        "s3:GetObject reports/*",
        "s3:PutObject reports/*",
        "dynamodb:BatchGetItem table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:Query table/records/index/slice",
        "dynamodb:GetItem table/imports",
        "dynamodb:UpdateItem table/imports",
        "dynamodb:GetItem table/establishments",
        "dynamodb:UpdateItem table/establishments",
        "sqs:ChangeMessageVisibility statut-etudiant-test-imports",
        "sqs:DeleteMessage statut-etudiant-test-imports",
        "sqs:GetQueueAttributes statut-etudiant-test-imports",
        "sqs:ReceiveMessage statut-etudiant-test-imports",
        "sqs:SendMessage statut-etudiant-test-imports",
        "sqs:SendMessage statut-etudiant-test-identity",
        "sns:Publish statut-etudiant-test-imports",
        "secretsmanager:GetSecretValue record",
      ])
      deduplication = toset([
        "dynamodb:BatchGetItem table/records",
        "dynamodb:GetItem table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:Query table/records/index/verify_on",
        "dynamodb:Query table/records/index/slice",
        "dynamodb:PutItem table/quotas",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:DeleteItem table/students",
        "dynamodb:GetItem table/students",
        "dynamodb:PutItem table/students",
        "dynamodb:Query table/students",
        "dynamodb:BatchGetItem table/blocks",
        "dynamodb:ConditionCheckItem table/blocks",
        "dynamodb:PutItem table/blocks",
        "dynamodb:GetItem table/reviews",
        "dynamodb:PutItem table/reviews",
        "dynamodb:GetItem table/establishments",
        "dynamodb:PutItem table/access_log",
        "dynamodb:DeleteItem table/findings",
        "dynamodb:PutItem table/findings",
        "sqs:DeleteMessage statut-etudiant-test-identity",
        "sqs:GetQueueAttributes statut-etudiant-test-identity",
        "sqs:ReceiveMessage statut-etudiant-test-identity",
        "sqs:SendMessage statut-etudiant-test-identity",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
        "secretsmanager:GetSecretValue ines-client",
      ])
      statistics = toset([
        "dynamodb:Scan table/students",
        "dynamodb:Scan table/establishments",
        "s3:GetObject statistics/*",
        "s3:PutObject statistics/*",
        "s3:ListBucket statistics",
        "sqs:SendMessage statut-etudiant-test-statistics-dlq",
      ])
      ines = toset([
        "dynamodb:BatchGetItem table/ines",
        "dynamodb:GetItem table/ines",
        "dynamodb:PutItem table/ines",
        "dynamodb:UpdateItem table/ines",
        "dynamodb:Query table/ines/index/pending",
        "dynamodb:BatchGetItem table/ines-blocks",
        "dynamodb:ConditionCheckItem table/ines-blocks",
        "dynamodb:PutItem table/ines-blocks",
        "dynamodb:PutItem table/ines-log",
        "secretsmanager:GetSecretValue ines-ine",
        "secretsmanager:GetSecretValue ines-identity",
        "secretsmanager:GetSecretValue ines-token",
      ])
    }
    error_message = "A function's permissions changed. If it must be, change them here too, so that a reviewer sees both."
  }

  # --- no token is trusted by default ---

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

  # --- no alarm about what is not there ---

  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.consultation : alarm.metric_name]) == toset(["enumeration_suspected", "refused_quota"])
    error_message = "Without FranceConnect, the alarms of the consultation are those on enumeration and on refusals."
  }

  # --- dead letters ---

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_policy.imports.redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead_letter["imports"].arn, maxReceiveCount = 10 }
    error_message = "A file whose import fails is tried for ever, or given up too soon."
  }

  assert {
    condition     = alltrue([for function in [module.ingestion, module.enrolment, module.review] : function.failure_destination == null])
    error_message = "Ingestion is invoked by its queue alone, enrolment and review by the gateway: none has events to lose."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.imports.redrive_allow_policy).sourceQueueArns == [aws_sqs_queue.imports.arn]
    error_message = "The queue of imports may not use its own dead-letter queue."
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
    condition = (
      aws_scheduler_schedule.verification.target[0].arn == aws_sqs_queue.identity.arn &&
      jsondecode(aws_scheduler_schedule.verification.target[0].input) == { due = "ines" } &&
      aws_scheduler_schedule.verification.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letter["identity"].arn
    )
    error_message = "INES is not asked again about the INEs that it didn't know."
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
    condition = (
      aws_sqs_queue.identity.visibility_timeout_seconds >= 6 * var.deduplication_timeout_seconds &&
      aws_sqs_queue.imports.visibility_timeout_seconds >= 6 * var.ingestion_timeout_seconds
    )
    error_message = "A throttled batch comes back while it is still being tried."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.imports.batch_size == 1 &&
      contains(aws_lambda_event_source_mapping.imports.function_response_types, "ReportBatchItemFailures")
    )
    error_message = "A file waits for another, or fails with it."
  }

  # A message keeps its age when it moves to the dead-letter queue: it must have time left there.
  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.imports, aws_sqs_queue.identity] : queue.message_retention_seconds <= 4 * 24 * 60 * 60])
    error_message = "A message given up at the end of its life would vanish from the dead-letter queue at once."
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.queue_age : name => alarm.dimensions.QueueName } == { imports = aws_sqs_queue.imports.name, identity = aws_sqs_queue.identity.name }
    error_message = "Files or enrolments may wait for hours without anybody hearing of it."
  }

  # --- personal data stay out of logs ---

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

  # --- review ---

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
      IDENTITY_QUEUE_URL        = aws_sqs_queue.identity.url
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

  # Whoever decides about students writes none of them.
  assert {
    condition = toset(flatten([
      for statement in jsondecode(module.review.policy).Statement : statement.Resource
      if length(setintersection(statement.Action, ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"])) > 0
    ])) == toset([for table in ["reviews", "quotas", "access_log"] : aws_dynamodb_table.this[table].arn])
    error_message = "Review writes into a table that isn't its own."
  }

  # --- no depositor by default ---

  assert {
    condition     = length(module.depositor) == 0 && length(aws_sns_topic_subscription.imports) == 0
    error_message = "Somebody may send files, or hears of imports, whom nobody named."
  }

  assert {
    condition     = length(aws_iam_role.person) == 0
    error_message = "A person has a role that nobody named."
  }

  # --- what would fail or mislead on AWS ---

  # Without the right to list, S3 says 403 of a version that is gone: ten deliveries rather than a failed import.
  assert {
    condition = anytrue([
      for statement in jsondecode(module.ingestion.policy).Statement :
      contains(statement.Action, "s3:ListBucket") && contains(statement.Resource, aws_s3_bucket.this["inbox"].arn) && !can(statement.Condition)
    ])
    error_message = "Ingestion can't tell an object that is gone from one that it may not read."
  }

  # An import hands over after 880 s of 900, as designed.
  assert {
    condition     = module.ingestion.duration_alarm_threshold == 895000 && module.status.duration_alarm_threshold == 8000
    error_message = "The alarm on ingestion's duration rings for every import that hands over, or never."
  }

  assert {
    condition     = length(local.name) > 0 && !can(regex("(?m)^ *key +=", regex("(?s)backend \"s3\" [{].*?[}]", file("versions.tf"))))
    error_message = "All environments share one state: planning the second would plan to replace the first."
  }

  assert {
    condition = length(local.name) > 0 && {
      for name in fileset("environments", "*.s3.tfbackend") : name => strcontains(file("environments/${name}"), "/${trimsuffix(name, ".s3.tfbackend")}/")
    } == { "production.s3.tfbackend" = true, "staging.s3.tfbackend" = true }
    error_message = "An environment's state has another's key, or none."
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_logs) == 0
    error_message = "The role of API Gateway is the account's: it may not be replaced unless that is asked for."
  }

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

  assert {
    condition = (
      aws_api_gateway_rest_api.this.disable_execute_api_endpoint && aws_api_gateway_rest_api.ines[0].disable_execute_api_endpoint &&
      toset([for domain in aws_api_gateway_domain_name.this : "${domain.domain_name} ${domain.security_policy}"]) ==
      toset(["api.example.org TLS_1_2", "ines.example.org TLS_1_2"]) && output.api_url == "https://api.example.org" &&
      length(aws_api_gateway_base_path_mapping.this) == 2
    )
    error_message = "The API answers over TLS 1.0, or at an address that does."
  }

  # --- alarms and the runbook ---

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
    ])), ["$name-france-connect", "$name-no-feed-UAI"])
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

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.service :
      alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      alarm.treat_missing_data == (alarm.comparison_operator == "LessThanThreshold" ? "breaching" : "notBreaching")
    ])
    error_message = "An alarm tells nobody, rings in a quiet night, or stays silent about what does not come."
  }

  assert {
    condition = toset([
      for name, table in merge(aws_dynamodb_table.this, aws_dynamodb_table.ines) :
      "${replace(name, "_", "-")}-throttled"
    ]) == toset([for name in keys(aws_cloudwatch_metric_alarm.service) : name if endswith(name, "-throttled")])
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
    condition     = aws_cloudwatch_metric_alarm.service["account-concurrency"].threshold == 800
    error_message = "The alarm on concurrency is not at four fifths of the account's quota."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_rule.this["keys-at-risk"].event_pattern, aws_kms_key.data["access_log"].arn)
    error_message = "Nobody hears that the access log's key is to be deleted."
  }
}

# With everything configured that may be. Of the account's concurrency just a hundred are left, as AWS asks for.
run "configured" {
  command = plan

  override_data {
    target = data.aws_servicequotas_service_quota.lambda_concurrency
    values = { value = 466 }
  }

  variables {
    reserved_concurrency = { status = 200, enrolment = 50, review = 5, ingestion = 10, deduplication = 50, statistics = 1, ines = 50 }
    token_issuer = {
      issuer   = "https://issuer.example.org/"
      audience = "statut-etudiant"
      jwks_url = "https://issuer.example.org/jwks"
    }
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
    portal_provider = {
      issuer    = "https://agents.example.org"
      client_id = "0123456789abcdef"
      profile   = "pro_connect"
    }
    refusals_alarm_threshold = 50
    watched_establishments   = { "0751967F" = 2 }
    tags                     = { cost_centre = "1234", environment = "another" }
    permissions_boundary     = "arn:aws:iam::123456789012:policy/boundary"
    key_administrators       = ["arn:aws:iam::123456789012:role/deployer"]
    operators                = ["arn:aws:iam::123456789012:role/sso-operator", "arn:aws:iam::123456789012:user/operator"]
    data_protection_officers = ["arn:aws:iam::123456789012:role/sso-dpo"]
    break_glass              = ["arn:aws:iam::123456789012:role/sso-break-glass"]
    # Our own service's address is known once it is deployed.
    ines = {
      url     = "https://ines.example.org"
      channel = "supdata-1"
    }
    complete_cancel_share    = 25
    deposit_max_bytes        = 1000000
    deposit_lifetime_seconds = 120
    depositors = {
      "0751967F" = { principal = "arn:aws:iam::210987654321:role/scolarite", external_id = "0123456789abcdef" }
      "0010006B" = { principal = "arn:aws:iam::210987654321:root", external_id = "fedcba9876543210" }
    }
    import_notifications = [
      { protocol = "email", endpoint = "support@example.org" },
      { protocol = "sqs", endpoint = "arn:aws:sqs:eu-west-3:210987654321:imports", uai = "0751967F" },
      { protocol = "sqs", endpoint = "arn:aws:sqs:eu-west-3:123456789012:scolarite", uai = "0751967F" },
      { protocol = "sqs", endpoint = "arn:aws:sqs:eu-west-3:123456789012:scolarite", uai = "0010006B" },
    ]
  }

  # --- france connect ---

  assert {
    condition = { for name, value in module.status.environment : name => value if can(regex("^(TOKEN|FRANCE_CONNECT)_", name)) } == {
      TOKEN_ISSUER              = "https://issuer.example.org/"
      TOKEN_AUDIENCE            = "statut-etudiant"
      TOKEN_JWKS_URL            = "https://issuer.example.org/jwks"
      FRANCE_CONNECT_VERSION    = "v2"
      FRANCE_CONNECT_URL        = "https://france-connect.example.org"
      FRANCE_CONNECT_ISSUER     = "https://france-connect.example.org/api/v2"
      FRANCE_CONNECT_CLIENT_ID  = "0123456789abcdef0123456789abcdef"
      FRANCE_CONNECT_SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect"
    }
    error_message = "The consultation is told of another FranceConnect, or of another token issuer, than was configured."
  }

  assert {
    condition = alltrue([
      for secret in aws_secretsmanager_secret.france_connect :
      secret.kms_key_id == aws_kms_key.data["registry"].arn && secret.name == "statut-etudiant-test/france-connect" &&
      secret.recovery_window_in_days == 30
    ]) && output.france_connect_secret_arn == one(aws_secretsmanager_secret.france_connect).arn
    error_message = "FranceConnect's secret is not encrypted with the data key, cannot be restored, or has another name or output."
  }

  # A version in Terraform would be in the state and in every plan. The HMAC keys' is write-only.
  assert {
    condition = [
      for file in setunion(fileset(".", "*.tf"), fileset(".", "modules/**/*.tf")) : file
      if strcontains(file(file), "\"aws_secretsmanager_secret_version\"")
    ] == ["modules/hmac-secret/main.tf"] && toset(keys(module.hmac_secret)) == toset(["record", "ine", "identity", "portal"])
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
      enrolment     = toset(["record", "ine", "identity", "ines-client"])
      review        = toset([])
      portal        = toset(["portal", "portal-provider"])
      ingestion     = toset(["record"])
      deduplication = toset(["ine", "identity", "ines-client"])
      statistics    = toset([])
    }
    error_message = "FranceConnect's secret is for the consultation alone, and INES's for those who ask it."
  }

  # --- ines ---

  assert {
    condition = {
      for name, function in local.functions : name => { for name, value in function.environment : name => value if startswith(name, "INES_") }
      if length([for name in keys(function.environment) : name if startswith(name, "INES_")]) > 0
      } == {
      for name in ["deduplication", "enrolment"] : name => {
        INES_URL        = "https://ines.example.org"
        INES_CHANNEL    = "supdata-1"
        INES_SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client"
        # Another service than ours hears nothing of depositors.
        INES_TOLD_DEPOSITORS = "false"
      }
    }
    error_message = "INES is asked by deduplication and enrolment, at the address that was configured."
  }

  assert {
    condition = (
      aws_secretsmanager_secret.ines_client.kms_key_id == aws_kms_key.data["registry"].arn &&
      aws_secretsmanager_secret.ines_client.name == "statut-etudiant-test/ines-client" &&
      aws_secretsmanager_secret.ines_client.recovery_window_in_days == 30 &&
      output.ines_client_secret_arn == aws_secretsmanager_secret.ines_client.arn
    )
    error_message = "Our credentials at INES are not encrypted with the data key, cannot be restored, or have another name or output."
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
      strcontains(aws_cloudwatch_dashboard.this.dashboard_body, alarm.metric_name)
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
      strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "new_identities_beyond_quota_test")
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
      strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "pairs_beyond_allowance_test")
    )
    error_message = "Nobody hears that a depositor's rows try pairs out."
  }

  assert {
    condition = alltrue([
      for function in [module.deduplication, module.enrolment] :
      function.environment["PAIR_DATES_PER_DAY"] == "3" && function.environment["UNKNOWN_PAIRS_FLOOR"] == "100" &&
      function.environment["UNKNOWN_PAIRS_PERCENT"] == "5"
    ])
    error_message = "Pushes and rows don't draw on one allowance."
  }

  assert {
    condition = (
      module.deduplication.environment["QUOTAS_TABLE"] == "statut-etudiant-test-quotas" &&
      module.deduplication.environment["NEW_IDENTITIES_FLOOR"] == "200" &&
      module.deduplication.environment["NEW_IDENTITIES_PERCENT"] == "20"
    )
    error_message = "Deduplication is told of another quota of new identities than was configured."
  }

  # --- consultation alarms ---

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

  # --- feeding ---

  assert {
    condition = module.ingestion.environment == tomap({
      RECORDS_TABLE           = "statut-etudiant-test-records"
      IMPORTS_TABLE           = "statut-etudiant-test-imports"
      ESTABLISHMENTS_TABLE    = "statut-etudiant-test-establishments"
      INBOX_BUCKET            = aws_s3_bucket.this["inbox"].id
      REPORTS_BUCKET          = aws_s3_bucket.this["reports"].id
      NOTIFICATIONS_TOPIC_ARN = "arn:aws:sns:eu-west-3:123456789012:statut-etudiant-test-imports"
      RECORD_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      COMPLETE_CANCEL_SHARE   = "25"
      IMPORTS_QUEUE_URL       = aws_sqs_queue.imports.url
      IDENTITY_QUEUE_URL      = aws_sqs_queue.identity.url
    })
    error_message = "Ingestion is told something else than it should be."
  }

  assert {
    condition = module.enrolment.environment == tomap({
      ENVIRONMENT              = "test"
      RECORDS_TABLE            = "statut-etudiant-test-records"
      STUDENTS_TABLE           = "statut-etudiant-test-students"
      CLIENTS_TABLE            = "statut-etudiant-test-clients"
      QUOTAS_TABLE             = "statut-etudiant-test-quotas"
      ESTABLISHMENTS_TABLE     = "statut-etudiant-test-establishments"
      IMPORTS_TABLE            = "statut-etudiant-test-imports"
      FINDINGS_TABLE           = "statut-etudiant-test-findings"
      IDEMPOTENCY_TABLE        = "statut-etudiant-test-idempotency"
      INBOX_BUCKET             = aws_s3_bucket.this["inbox"].id
      REPORTS_BUCKET           = aws_s3_bucket.this["reports"].id
      RECORD_SECRET_ARN        = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      INE_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      IDENTITY_SECRET_ARN      = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      CLIENT_CACHE_SECONDS     = "60"
      DEPOSIT_MAX_BYTES        = "1000000"
      DEPOSIT_LIFETIME_SECONDS = "120"
      IDENTITY_QUEUE_URL       = aws_sqs_queue.identity.url
      INES_URL                 = "https://ines.example.org"
      INES_CHANNEL             = "supdata-1"
      INES_TOLD_DEPOSITORS     = "false"

      PAIR_DATES_PER_DAY        = "3"
      UNKNOWN_PAIRS_FLOOR       = "100"
      UNKNOWN_PAIRS_PERCENT     = "5"
      ACCESS_LOG_TABLE          = "statut-etudiant-test-access-log"
      ACCESS_LOG_RETENTION_DAYS = "180"
      INES_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client"
    })
    error_message = "Enrolment is told something else than it should be."
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
    condition = {
      for uai, depositor in module.depositor : uai => toset(flatten([
        for statement in jsondecode(depositor.policy).Statement : [
          for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${pair[1]}"
        ]
      ]))
      } == {
      for uai in ["0751967F", "0010006B"] : uai => toset([
        "s3:PutObject arn:aws:s3:::inbox/${uai}/*",
        "kms:Decrypt arn:aws:kms:eu-west-3:123456789012:key/files",
        "kms:GenerateDataKey arn:aws:kms:eu-west-3:123456789012:key/files",
      ])
    }
    error_message = "An establishment may do something else than put files into its own folder."
  }

  assert {
    condition = alltrue([
      for uai, depositor in module.depositor : jsondecode(depositor.trust).Statement == [{
        Effect    = "Allow"
        Principal = { AWS = var.depositors[uai].principal }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "sts:ExternalId" = var.depositors[uai].external_id } }
      }]
    ])
    error_message = "Another than the establishment may take its role."
  }

  # One subscription an endpoint, whatever the number of establishments; none for a queue of another account, which its owner
  # subscribes: one made from here would wait for a confirmation, and the apply with it.
  assert {
    condition = {
      for subscription in aws_sns_topic_subscription.imports : subscription.endpoint => coalesce(subscription.filter_policy, "all")
      } == {
      "support@example.org"                          = "all"
      "arn:aws:sqs:eu-west-3:123456789012:scolarite" = jsonencode({ uai = ["0010006B", "0751967F"] })
    }
    error_message = "Somebody is not told of imports, or is told of another's."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_sns_topic_policy.imports.policy).Statement : merge(statement, { Sid = "" })
      if statement.Effect == "Allow"
      ] == [{
        Sid       = ""
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::210987654321:root" }
        Action    = "sns:Subscribe"
        Resource  = aws_sns_topic.imports.arn
        Condition = { StringEquals = { "sns:Endpoint" = "arn:aws:sqs:eu-west-3:210987654321:imports", "sns:Protocol" = "sqs" } }
    }]
    error_message = "An establishment's queue in another account can't be subscribed by its owner, or something else can."
  }

  # Filter, alarm and graph name one metric, and the filter reads what the function writes (docs/logging.md).
  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.imports["failed"].pattern == "{ $.message = \"import ended\" && $.outcome = \"failed\" }" &&
      aws_cloudwatch_log_metric_filter.imports["failed"].log_group_name == module.ingestion.log_group_name &&
      aws_cloudwatch_metric_alarm.failed_imports[0].metric_name == "imports_failed_test" &&
      aws_cloudwatch_metric_alarm.failed_imports[0].alarm_actions == toset([aws_sns_topic.alarms.arn]) &&
      strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "imports_failed_test")
    )
    error_message = "Nobody hears of a failed import."
  }

  # --- alarms and the runbook ---

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
    ])), ["$name-ines-api-errors", "$name-ines-litigation"])
    error_message = "An alarm has no section in docs/runbook.md, or a section there is about no alarm."
  }

  # --- people ---

  # Who may do what with people's data, the whole of it. An operator reads no student, no record and no trace.
  assert {
    condition = {
      for name, person in local.people : name => length([
        for sid, statement in person.statements : sid
        # What a function is called is known once it is deployed; it holds nobody.
        if contains(["RunStatistics", "RollBack"], sid) ? false : anytrue([
          for table in ["students", "records", "blocks", "access_log"] : contains(statement.resources, aws_dynamodb_table.this[table].arn)
        ])
      ])
    } == { operator = 0, dpo = 3, break-glass = 2 }
    error_message = "Somebody else than the data protection officer, or whoever breaks the glass, reads students or traces."
  }

  assert {
    condition = !anytrue(flatten([
      for name, person in local.people : [
        for sid, statement in person.statements : [
          for action in statement.actions : can(regex(":(Put|Update|Delete|Send)", action))
        ] if name == "dpo" || sid == "Accesses"
      ]
    ])) && contains(local.people.break-glass.statements.Accesses.resources, aws_dynamodb_table.this["access_log"].arn)
    error_message = "The data protection officer changes something, or somebody changes the access log."
  }

  assert {
    condition = alltrue([
      for role in aws_iam_role.person :
      alltrue([
        for statement in jsondecode(role.assume_role_policy).Statement :
        can(statement.Condition.Bool["aws:MultiFactorAuthPresent"]) == strcontains(statement.Principal.AWS[0], ":user/")
      ]) &&
      role.max_session_duration == 3600 && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    ]) && output.people_roles != null
    error_message = "A user takes a role without a second factor, or a person's role lasts, or is unbounded."
  }

  # Administrators apart from users.
  assert {
    condition = alltrue([
      for key in concat(values(aws_kms_key.data), [aws_kms_key.logs]) : alltrue([
        for statement in jsondecode(key.policy).Statement :
        statement.Principal.AWS == ["arn:aws:iam::123456789012:role/deployer"]
        ? length(setintersection(statement.Action, local.key_use)) == 0
        : !contains(statement.Action, "kms:*") && !contains(statement.Action, "kms:PutKeyPolicy") && !contains(statement.Action, "kms:ScheduleKeyDeletion")
        if can(statement.Principal.AWS)
      ])
    ])
    error_message = "Who administers a key may use it, or IAM may give its administration."
  }

  assert {
    condition     = local.tags == { cost_centre = "1234", environment = "test", project = "statut-etudiant" }
    error_message = "The owner's tags are not on every resource, or replace the environment's."
  }
}
