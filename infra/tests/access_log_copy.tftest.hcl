# The copy of the traces that nobody can change, on the plan of a production with every default.

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

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "real_students" {
  command = plan

  # --- what is copied ---

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

  # --- where it is kept ---

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

  # --- who may do what ---

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
