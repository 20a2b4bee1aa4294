# Who is let in, and who is told: people and establishments that have a role, and what each may do, the whole of it; paths that
# are closed to others; and who hears of imports and of alarms.

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

override_resource {
  target          = module.statistics_queue.aws_sqs_queue.work
  override_during = plan
  values          = { url = "https://sqs.eu-west-3.amazonaws.com/123456789012/statut-etudiant-test-statistics" }
}

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
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "configured" {
  command = plan

  variables {
    restricted_addresses = { review = ["192.0.2.0/24"], portal = ["192.0.2.0/24", "198.51.100.7/32"] }
    establishments_domain = {
      name                    = "depots.example.org"
      certificate_arn         = "arn:aws:acm:eu-west-3:123456789012:certificate/depots"
      certificate_authorities = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    }
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
        ] if name == "dpo" && sid != "HoldStudents" || sid == "Accesses"
      ]
    ])) && local.people.dpo.statements.HoldStudents.resources == [module.table["retention"].arn] && contains(local.people.break-glass.statements.Accesses.resources, module.table["access_log"].arn)
    error_message = "The data protection officer changes something besides legal holds, or somebody changes the access log."
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

  # --- officers and the portal from two networks, establishments with a certificate ---

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
      certificates-of-establishments = ["/api/(inscription|depots|qualite) URL_DECODE NORMALIZE_PATH LOWERCASE", "unless EXACTLY depots.example.org"]
    }
    error_message = "Officers, the portal or establishments are reached from elsewhere, or by another name, than was configured."
  }

  # What the rules name is what the gateway gives to those functions.
  assert {
    condition = alltrue([
      for path, resource in local.api_resources :
      contains(["review", "portal", "enrolment"], resource.function) == can(regex("/api/revues|/portail|/api/(inscription|depots|qualite)", path))
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

  # --- alarms ---

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
