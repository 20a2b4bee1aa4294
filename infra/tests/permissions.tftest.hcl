# Who may do what, on the plan of a production with every default. Secrets have one ARN each, so that a permission on the wrong
# one shows.

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
  target          = aws_secretsmanager_secret.student_provider
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:student-provider" }
}

override_resource {
  target          = aws_secretsmanager_secret.ines_client
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client" }
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
  target          = module.imports_queue.aws_sqs_queue.work
  override_during = plan
  values          = { url = "https://sqs.eu-west-3.amazonaws.com/123456789012/statut-etudiant-test-imports" }
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
        "kms:Decrypt files sqs", "kms:GenerateDataKey files sqs",
      ])
      portal = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt registry sqs",
        "kms:GenerateDataKey registry sqs", "kms:Decrypt files s3", "kms:GenerateDataKey files s3", "kms:Decrypt files sqs",
        "kms:GenerateDataKey files sqs", "kms:Decrypt access_log dynamodb",
      ])
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
        "kms:GenerateDataKey files s3", "kms:Decrypt access_log dynamodb",
      ])
      retention = toset([
        "kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt registry sqs", "kms:GenerateDataKey registry sqs",
      ])
      ines = toset(["kms:Decrypt registry dynamodb", "kms:Decrypt registry secretsmanager", "kms:Decrypt access_log dynamodb"])
    }
    error_message = "A function may use a key that is not for it, or lacks one that it needs."
  }

  # Who may do what, the whole of it: "action resource" pairs, without the stack's name, the account, logs, traces and keys.
  assert {
    condition = {
      for name, function in local.functions : name => toset(flatten([
        for statement in jsondecode(function.policy).Statement : [
          for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${replace(reverse(split(":", pair[1]))[0], "/statut-etudiant-test-|-123456789012/", "")}"
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
        "dynamodb:PutItem table/access-log",
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
        "dynamodb:PutItem table/access-log",
        "dynamodb:GetItem table/establishments",
        "dynamodb:UpdateItem table/establishments",
        "dynamodb:GetItem table/imports",
        "dynamodb:PutItem table/imports",
        "dynamodb:UpdateItem table/imports",
        "dynamodb:Query table/findings",
        "dynamodb:DeleteItem table/idempotency",
        "dynamodb:UpdateItem table/idempotency",
        "sqs:SendMessage identity",
        "sqs:SendMessage imports",
        "s3:PutObject inbox/*",
        "s3:GetObject reports/*",
        "s3:GetObject statistics/interne/etablissements/*",
        "s3:ListBucket statistics",
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
        "dynamodb:BatchGetItem table/members",
        "dynamodb:DeleteItem table/members",
        "dynamodb:GetItem table/members",
        "dynamodb:PutItem table/members",
        "dynamodb:UpdateItem table/members",
        "dynamodb:BatchGetItem table/clients",
        "dynamodb:GetItem table/clients",
        "dynamodb:PutItem table/clients",
        "dynamodb:UpdateItem table/clients",
        "dynamodb:Scan table/clients",
        "dynamodb:Query table/clients/index/client",
        "dynamodb:Query table/clients/index/depositor",
        "dynamodb:PutItem table/withdrawals",
        "dynamodb:GetItem table/establishments",
        "dynamodb:Scan table/establishments",
        "dynamodb:UpdateItem table/establishments",
        "dynamodb:BatchGetItem table/records",
        "dynamodb:GetItem table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:Query table/records/index/slice",
        "dynamodb:GetItem table/students",
        "dynamodb:Query table/students",
        "dynamodb:UpdateItem table/quotas",
        "dynamodb:BatchGetItem table/imports",
        "dynamodb:GetItem table/imports",
        "dynamodb:PutItem table/imports",
        "dynamodb:UpdateItem table/imports",
        "dynamodb:Query table/imports/index/establishment",
        "dynamodb:Query table/findings",
        "dynamodb:BatchGetItem table/reviews",
        "dynamodb:GetItem table/reviews",
        "dynamodb:PutItem table/reviews",
        "dynamodb:Query table/reviews/index/open",
        "dynamodb:BatchGetItem table/requests",
        "dynamodb:GetItem table/requests",
        "dynamodb:PutItem table/requests",
        "dynamodb:Query table/requests/index/establishment",
        "dynamodb:Query table/requests/index/open",
        "dynamodb:Query table/requests/index/owner",
        "dynamodb:PutItem table/access-log",
        "sqs:SendMessage identity",
        "sqs:SendMessage imports",
        "s3:GetObjectVersion inbox/*",
        "s3:PutObject inbox/*",
        "s3:GetObject statistics/interne/etablissements/*",
        "s3:GetObject statistics/public/*",
        "s3:GetObject statistics/snapshots/*",
        "s3:ListBucket statistics",
        "s3:GetObject reports/*",
        "secretsmanager:GetSecretValue portal",
        "secretsmanager:GetSecretValue record",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
        "secretsmanager:GetSecretValue ines-client",
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
        "dynamodb:PutItem table/access-log",
        "dynamodb:PutItem table/withdrawals",
        "sqs:SendMessage identity",
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
        "sqs:ChangeMessageVisibility imports",
        "sqs:DeleteMessage imports",
        "sqs:GetQueueAttributes imports",
        "sqs:ReceiveMessage imports",
        "sqs:SendMessage imports",
        "sqs:SendMessage identity",
        "sns:Publish imports",
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
        "dynamodb:Query table/reviews/index/open",
        "dynamodb:GetItem table/establishments",
        "dynamodb:PutItem table/access-log",
        "dynamodb:DeleteItem table/findings",
        "dynamodb:PutItem table/findings",
        "sqs:DeleteMessage identity",
        "sqs:GetQueueAttributes identity",
        "sqs:ReceiveMessage identity",
        "sqs:SendMessage identity",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
        "secretsmanager:GetSecretValue ines-client",
      ])
      statistics = toset([
        "dynamodb:Scan table/students",
        "dynamodb:Scan table/establishments",
        "dynamodb:Scan table/records",
        "dynamodb:Scan table/reviews",
        "dynamodb:Query table/imports/index/establishment",
        "dynamodb:BatchGetItem table/imports",
        "dynamodb:Scan table/clients",
        "dynamodb:Query table/access-log/index/client",
        "s3:GetObject statistics/*",
        "s3:PutObject statistics/*",
        "s3:ListBucket statistics",
        "sqs:DeleteMessage statistics",
        "sqs:GetQueueAttributes statistics",
        "sqs:ReceiveMessage statistics",
        "sqs:SendMessage statistics",
        "sqs:SendMessage statistics-dlq",
      ])
      retention = toset([
        "dynamodb:BatchGetItem table/records",
        "dynamodb:DeleteItem table/records",
        "dynamodb:GetItem table/records",
        "dynamodb:Scan table/records",
        "dynamodb:UpdateItem table/records",
        "dynamodb:DeleteItem table/students",
        "dynamodb:PutItem table/students",
        "dynamodb:Query table/students",
        "dynamodb:Scan table/students",
        "dynamodb:BatchGetItem table/blocks",
        "dynamodb:ConditionCheckItem table/blocks",
        "dynamodb:PutItem table/blocks",
        "dynamodb:DeleteItem table/reviews",
        "dynamodb:PutItem table/reviews",
        "dynamodb:Scan table/reviews",
        "dynamodb:DeleteItem table/findings",
        "dynamodb:PutItem table/findings",
        "dynamodb:ConditionCheckItem table/retention",
        "dynamodb:GetItem table/retention",
        "dynamodb:Query table/retention",
        "dynamodb:UpdateItem table/retention",
        "dynamodb:Query table/requests/index/open",
        "sqs:SendMessage retention-dlq",
        "secretsmanager:GetSecretValue ine",
        "secretsmanager:GetSecretValue identity",
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

  # Whoever decides about students writes none of them.
  assert {
    condition = toset(flatten([
      for statement in jsondecode(module.review.policy).Statement : statement.Resource
      if length(setintersection(statement.Action, ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"])) > 0
    ])) == toset([for table in ["reviews", "quotas", "access_log", "withdrawals"] : module.table[table].arn])
    error_message = "Review writes into a table that isn't its own."
  }

  # Without the right to list, S3 says 403 of a version that is gone: ten deliveries rather than a failed import.
  assert {
    condition = anytrue([
      for statement in jsondecode(module.ingestion.policy).Statement :
      contains(statement.Action, "s3:ListBucket") && contains(statement.Resource, module.bucket["inbox"].arn) && !can(statement.Condition)
    ])
    error_message = "Ingestion can't tell an object that is gone from one that it may not read."
  }

  assert {
    condition     = length(module.depositor) == 0 && length(aws_sns_topic_subscription.imports) == 0
    error_message = "Somebody may send files, or hears of imports, whom nobody named."
  }

  assert {
    condition     = length(aws_iam_role.person) == 0
    error_message = "A person has a role that nobody named."
  }
}
