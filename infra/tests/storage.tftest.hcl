# Tables, buckets, queues, keys and the copy of the traces, on the plan of a production with every default.
#
# The tests of this directory are offline and without credentials. The provider is the real one rather than a mock, for two
# reasons: a mock does not know ephemeral resources, which the HMAC keys are made of, and the real one checks what it plans.
# Names and ARNs are known at the plan; what AWS draws, keys and secrets, is given here.

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

# Planning the firewall takes longer than all the rest, and nothing here is about it.
override_resource {
  target          = aws_wafv2_web_acl.api
  override_during = plan
  values          = { arn = "arn:aws:wafv2:eu-west-3:123456789012:regional/webacl/api" }
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

  # --- tables ---

  # What has no key of its own cannot be read: the functions name these attributes.
  assert {
    condition = { for name, table in module.table : name => table.settings.key } == {
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
      shares         = "id"
      attestations   = "id"
      members        = "id"
      requests       = "id"
      withdrawals    = "month at"
      retention      = "pk sk"
    }
    error_message = "The tables are not the eighteen of the architecture, or a key is not the one that the functions name."
  }

  assert {
    condition     = alltrue([for table in merge(module.table, module.ines_table) : table.settings.protected])
    error_message = "A table can be deleted by mistake."
  }

  assert {
    condition     = toset([for name, table in module.table : name if !table.settings.recoverable]) == toset(["quotas", "idempotency", "sessions", "shares", "attestations"])
    error_message = "What cannot be recovered must be what says nothing after some hours, quotas, idempotency keys and sessions, and shares and attestations, of which one that was ended must not come back, and nothing else."
  }

  assert {
    condition = { for name, table in module.table : name => table.settings.indexes if length(table.settings.indexes) > 0 } == {
      records    = { slice = "slice id KEYS_ONLY", verify_on = "verify_on id KEYS_ONLY" }
      access_log = { client = "by at INCLUDE" }
      imports    = { establishment = "uai received_at KEYS_ONLY" }
      clients    = { depositor = "depositor id KEYS_ONLY", client = "client_id id KEYS_ONLY" }
      reviews    = { open = "open rank KEYS_ONLY" }
      requests   = { open = "desk rank KEYS_ONLY", establishment = "uai rank KEYS_ONLY", owner = "owner rank KEYS_ONLY" }
    }
    error_message = "The indexes are those of the records, by slice, which a complete file is compared with, and by the day on which INES is asked again, of the access log, by client and day, of imports, by establishment and hour, of clients, by the establishment that they send as, and of keys, by client, of open cases, by age, and of requests, by the day on which they are due; they copy keys alone."
  }

  assert {
    condition     = alltrue([for name, table in module.table : table.settings.key_arn == aws_kms_key.data[name == "access_log" ? "access_log" : "registry"].arn])
    error_message = "A table is not encrypted with the registry's key, or the access log with its own."
  }

  # Above all not by `valid_until`: a client that has ended would vanish, and with it who it was.
  assert {
    condition = { for name, table in module.table : name => table.settings.expires_by if table.settings.expires_by != null } == {
      for name in ["records", "blocks", "imports", "findings", "clients", "quotas", "access_log", "idempotency", "sessions", "shares", "attestations", "members", "requests", "withdrawals"] : name => "expires_at"
    }
    error_message = "What expires must be the records, empty blocks, the imports and their findings, revoked tokens, the quotas, the access log, idempotency keys, sessions, shares, attestations, invitations, requests that ended, and withdrawals that no backup is old enough to undo, and nothing else, by what the functions give to what is meant to vanish."
  }

  # --- buckets ---

  assert {
    condition = { for name, bucket in module.bucket : name => bucket.settings.expire_after_days } == { inbox = 30, reports = 365, statistics = null } && alltrue([
      for bucket in module.bucket : bucket.settings.key_arn == aws_kms_key.data["files"].arn && !bucket.settings.force_destroy
    ])
    error_message = "The buckets are not the three of the architecture, are not encrypted with the key of files, or lose objects."
  }

  assert {
    condition = (
      aws_s3_bucket_notification.inbox.queue[0].queue_arn == module.imports_queue.arn &&
      toset(aws_s3_bucket_notification.inbox.queue[0].events) == toset(["s3:ObjectCreated:*"]) &&
      aws_s3_bucket_notification.inbox.queue[0].filter_suffix == null && aws_s3_bucket_notification.inbox.queue[0].filter_prefix == null
    )
    error_message = "A file of another name than was thought of would get silence for an answer."
  }

  # --- queues ---

  assert {
    condition = { for name, queue in local.queues : name => queue.settings.key_arn } == {
      imports    = aws_kms_key.data["files"].arn
      identity   = aws_kms_key.data["registry"].arn
      statistics = aws_kms_key.data["registry"].arn
      retention  = aws_kms_key.data["registry"].arn
      traces     = aws_kms_key.data["registry"].arn
    }
    error_message = "A queue is encrypted with a key of what it doesn't tell of."
  }

  # The one door that is opened to a service: the inbox's events, into one queue.
  assert {
    condition = {
      for name, queue in local.queues : name => [
        for statement in jsondecode(queue.settings.policy).Statement : statement if statement.Effect == "Allow"
      ] if strcontains(coalesce(queue.settings.policy, "none"), "Allow")
      } == {
      imports = [{
        Sid       = "InboxNotifications"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = module.imports_queue.arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = module.bucket["inbox"].arn }
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
    ]) == toset(["s3.amazonaws.com kms:Decrypt kms:GenerateDataKey ${module.bucket["inbox"].arn} 123456789012"])
    error_message = "The key of files is for the account, and for S3 when it tells of the inbox: without the second, drops are lost in silence."
  }

  assert {
    condition     = { for name, queue in local.queues : name => queue.settings.max_receive_count } == { imports = 10, identity = 5, statistics = 4, retention = null, traces = null }
    error_message = "Work that fails is tried for ever, or given up too soon."
  }

  assert {
    condition = (
      module.identity_queue.settings.visibility_timeout_seconds >= 6 * var.deduplication_timeout_seconds &&
      module.imports_queue.settings.visibility_timeout_seconds >= 6 * var.ingestion_timeout_seconds &&
      module.statistics_queue.settings.visibility_timeout_seconds > 900 # what the function has
    )
    error_message = "A batch comes back while it is still being worked on."
  }

  assert {
    condition     = contains(aws_lambda_event_source_mapping.identity.function_response_types, "ReportBatchItemFailures")
    error_message = "One bad record makes its whole batch start again."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.imports.batch_size == 1 &&
      contains(aws_lambda_event_source_mapping.imports.function_response_types, "ReportBatchItemFailures")
    )
    error_message = "A file waits for another, or fails with it."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.statistics.batch_size == 1 &&
      contains(aws_lambda_event_source_mapping.statistics.function_response_types, "ReportBatchItemFailures")
    )
    error_message = "A part of a count waits for another, or fails with it."
  }

  assert {
    condition     = alltrue([for function in [module.ingestion, module.enrolment, module.review] : function.failure_destination == null])
    error_message = "Ingestion is invoked by its queue alone, enrolment and review by the gateway: none has events to lose."
  }

  assert {
    condition     = module.statistics.failure_destination == module.statistics_queue.dead_letter_arn
    error_message = "A run of the statistics that fails is lost."
  }

  assert {
    condition = (
      module.retention.failure_destination == module.retention_dead_letters.dead_letter_arn &&
      aws_scheduler_schedule.retention.target[0].dead_letter_config[0].arn == module.retention_dead_letters.dead_letter_arn &&
      aws_scheduler_schedule.retention.target[0].arn == module.retention.alias_arn
    )
    error_message = "A run of the retention that fails, or cannot start, is lost."
  }

  # A duration that nobody set must not be one.
  assert {
    condition     = module.retention.environment["STUDENT_RETENTION_DAYS"] == "" && module.retention.environment["CASE_RETENTION_DAYS"] == ""
    error_message = "Something is erased that nobody gave a duration."
  }

  assert {
    condition     = aws_scheduler_schedule.statistics.target[0].dead_letter_config[0].arn == module.statistics_queue.dead_letter_arn
    error_message = "A run of the statistics that cannot start is lost."
  }

  assert {
    condition = (
      aws_scheduler_schedule.verification.target[0].arn == module.identity_queue.arn &&
      jsondecode(aws_scheduler_schedule.verification.target[0].input) == { due = "ines" } &&
      aws_scheduler_schedule.verification.target[0].dead_letter_config[0].arn == module.identity_queue.dead_letter_arn
    )
    error_message = "INES is not asked again about the INEs that it didn't know."
  }

  # --- topics, keys and states ---

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

  # Keys and secrets can't be destroyed by a plan: what they have encrypted, or derived, would be lost.
  assert {
    condition = length(local.name) > 0 && alltrue([
      for file in setunion(fileset(".", "*.tf"), fileset("modules", "hmac-secret/*.tf")) :
      length(regexall("(?m)^resource \"aws_(kms_key|secretsmanager_secret)\" ", file(fileexists(file) ? file : "modules/${file}"))) <=
      length(regexall("prevent_destroy = true", file(fileexists(file) ? file : "modules/${file}")))
    ])
    error_message = "A key or a secret can be destroyed."
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

  # --- the copy of the traces: what is copied ---

  # New images alone, and of removals only somebody's: an old image, or an expiry, would keep what has expired.
  assert {
    condition = { for name, table in merge(module.table, module.ines_table) : name => table.settings.stream if table.settings.stream != null } == {
      access_log = "NEW_IMAGE"
      ines_log   = "NEW_IMAGE"
    }
    error_message = "Traces have no stream to be copied from, or something else has one, or one with what was there before."
  }

  assert {
    condition = alltrue([
      for pipe in aws_pipes_pipe.access_log : toset(flatten([
        for criteria in pipe.source_parameters[0].filter_criteria : criteria.filter[*].pattern
        ])) == toset([
        jsonencode({ eventName = ["INSERT", "MODIFY"] }),
        jsonencode({ eventName = ["REMOVE"], userIdentity = { principalId = [{ exists = false }] } }),
      ])
    ]) && toset(keys(aws_pipes_pipe.access_log)) == toset(["access-log", "ines-log"])
    error_message = "A trace that is written, overwritten or removed by somebody is not copied, or one that expired is."
  }

  assert {
    condition = alltrue([
      for pipe in aws_pipes_pipe.access_log :
      pipe.source_parameters[0].dynamodb_stream_parameters[0].maximum_retry_attempts == -1 &&
      pipe.source_parameters[0].dynamodb_stream_parameters[0].starting_position == "TRIM_HORIZON" &&
      pipe.source_parameters[0].dynamodb_stream_parameters[0].dead_letter_config[0].arn == local.queues["traces"].dead_letter_arn
    ])
    error_message = "A trace is given up before the stream forgets it, or nobody hears of it."
  }

  # --- where the copy is kept ---

  assert {
    condition = (
      one(module.access_log_copy).settings.locked.mode == "COMPLIANCE" && one(module.access_log_copy).settings.locked.days == var.access_log_retention_days &&
      one(module.access_log_copy).settings.expire_after_days == var.access_log_retention_days + 1 && !one(module.access_log_copy).settings.force_destroy
    )
    error_message = "A copy can be changed before its trace expires, or is kept for longer than the log."
  }

  assert {
    condition = one(module.access_log_copy).settings.key_arn == aws_kms_key.data["access_log"].arn && alltrue([
      for stream in aws_kinesis_firehose_delivery_stream.access_log :
      stream.server_side_encryption[0].key_arn == aws_kms_key.data["access_log"].arn && stream.extended_s3_configuration[0].kms_key_arn == aws_kms_key.data["access_log"].arn
    ])
    error_message = "The copy is under another key than the access log."
  }

  # Dates and the name of the log, nothing that a trace says.
  assert {
    condition = toset(flatten([for stream in aws_kinesis_firehose_delivery_stream.access_log : stream.extended_s3_configuration[*].prefix])) == toset([
      "access-log/!{timestamp:yyyy/MM/dd}/", "ines-log/!{timestamp:yyyy/MM/dd}/",
    ])
    error_message = "The keys of the copies say something else than the log and the day."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(one(module.access_log_copy).settings.policy).Statement :
      statement.Effect == "Deny" && try(statement.Condition.ArnNotEquals["aws:PrincipalArn"] == "arn:aws:iam::123456789012:role/statut-etudiant-test-traces-delivery", false)
    ])
    error_message = "Another than Firehose may put something beside the copies."
  }

  # --- who may do what with it ---

  assert {
    condition = {
      for name, policy in { pipe = aws_iam_role_policy.access_log_pipe[0].policy, delivery = aws_iam_role_policy.access_log_delivery[0].policy } :
      name => toset(flatten([
        for statement in jsondecode(policy).Statement : [
          for pair in setproduct(statement.Action, statement.Resource) :
          "${pair[0]} ${replace(reverse(split(":", pair[1]))[0], "/statut-etudiant-test-|-123456789012/", "")}" if !startswith(pair[0], "kms:")
        ]
      ]))
      } == {
      pipe = toset(concat(
        [for pair in setproduct(["DescribeStream", "GetRecords", "GetShardIterator"], ["access-log", "ines-log"]) : "dynamodb:${pair[0]} table/${pair[1]}/stream/*"],
        [for pair in setproduct(["PutRecord", "PutRecordBatch"], ["access-log", "ines-log"]) : "firehose:${pair[0]} deliverystream/${pair[1]}"],
        ["dynamodb:ListStreams *", "sqs:SendMessage traces-dlq"],
      ))
      delivery = toset([
        "s3:AbortMultipartUpload traces/*", "s3:PutObject traces/*", "s3:GetBucketLocation traces", "s3:ListBucket traces",
        "s3:ListBucketMultipartUploads traces", "logs:PutLogEvents access-log", "logs:PutLogEvents ines-log",
      ])
    }
    error_message = "What copies the traces may do something else, or less."
  }

  assert {
    condition = alltrue(flatten([
      for policy in [aws_iam_role_policy.access_log_pipe[0].policy, aws_iam_role_policy.access_log_delivery[0].policy] : [
        for statement in jsondecode(policy).Statement : length(flatten([statement.Condition.StringEquals["kms:ViaService"]])) > 0
        if anytrue([for action in statement.Action : startswith(action, "kms:")])
      ]
    ]))
    error_message = "What copies the traces may use a key directly."
  }

  assert {
    condition     = toset([for name in output.alarm_names : name if endswith(name, "-copy") || strcontains(name, "traces")]) == toset(["statut-etudiant-test-access-log-copy", "statut-etudiant-test-ines-log-copy", "statut-etudiant-test-traces-dlq-depth"])
    error_message = "Nobody hears that traces are not copied."
  }
}
