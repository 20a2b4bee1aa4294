# People and establishments that have a role, or are told: what each may do, the whole of it.

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

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "configured" {
  command = plan

  variables {
    permissions_boundary     = "arn:aws:iam::123456789012:policy/boundary"
    key_administrators       = ["arn:aws:iam::123456789012:role/deployer"]
    operators                = ["arn:aws:iam::123456789012:role/sso-operator", "arn:aws:iam::123456789012:user/operator"]
    data_protection_officers = ["arn:aws:iam::123456789012:role/sso-dpo"]
    break_glass              = ["arn:aws:iam::123456789012:role/sso-break-glass"]
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

  assert {
    condition = {
      for uai, depositor in module.depositor : uai => toset(flatten([
        for statement in jsondecode(depositor.policy).Statement : [
          for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${pair[1]}"
        ]
      ]))
      } == {
      for uai in ["0751967F", "0010006B"] : uai => toset([
        "s3:PutObject arn:aws:s3:::statut-etudiant-test-inbox-123456789012/${uai}/*",
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

  # Who may do what with people's data, the whole of it. An operator reads no student, no record and no trace.
  assert {
    condition = {
      for name, person in local.people : name => length([
        for sid, statement in person.statements : sid
        if anytrue([
          for table in ["students", "records", "blocks", "access_log"] : contains(statement.resources, module.table[table].arn)
        ])
      ])
    } == { operator = 0, dpo = 4, break-glass = 3 }
    error_message = "Somebody else than the data protection officer, or whoever breaks the glass, reads students or traces."
  }

  assert {
    condition = !anytrue(flatten([
      for name, person in local.people : [
        for sid, statement in person.statements : [
          for action in statement.actions : can(regex(":(Put|Update|Delete|Send)", action))
        ] if name == "dpo" || sid == "Accesses"
      ]
    ])) && contains(local.people.break-glass.statements.Accesses.resources, module.table["access_log"].arn)
    error_message = "The data protection officer changes something, or somebody changes the access log."
  }

  # Who may delete a table, or write one anew: whoever breaks the glass, and never one of traces.
  assert {
    condition = alltrue(flatten([
      for name, person in local.people : [
        for sid, statement in person.statements : name == "break-glass" && length([
          for resource in statement.resources : resource
          if resource == "*" || startswith(resource, module.table["access_log"].arn) || startswith(resource, module.ines_table["ines_log"].arn)
        ]) == 0
        if anytrue([for action in statement.actions : can(regex(":(DeleteTable|UpdateTable|RestoreTable)", action))])
      ]
    ])) && contains(local.people.break-glass.statements.Restore.resources, module.table["students"].arn)
    error_message = "A table may be deleted by somebody else than whoever breaks the glass, or traces may be."
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
}
