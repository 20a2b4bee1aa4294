# The settings of a deployment arrive where they are meant to.

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
  target          = aws_kms_key.attestation["1"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/attestation-1", key_id = "attestation-1" }
}

override_resource {
  target          = aws_kms_key.attestation["2"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/attestation-2", key_id = "attestation-2" }
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

# With everything configured that may be. Of the account's concurrency just a hundred are left, as AWS asks for.
run "configured" {
  command = plan

  override_data {
    target = data.aws_servicequotas_service_quota.lambda_concurrency
    values = { value = 471 }
  }

  variables {
    backup                  = { vault_arn = "arn:aws:backup:eu-west-3:210987654321:backup-vault:register", days = 20 }
    gradual_deployment      = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    retention_alarm_enabled = true
    reserved_concurrency    = { status = 200, enrolment = 50, review = 5, ingestion = 10, deduplication = 50, statistics = 5, retention = 1, ines = 50 }
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
    student_provider = {
      issuer    = "https://students.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
    student_retention_days   = 1825
    case_retention_days      = 365
    request_retention_days   = 1095
    request_months           = 2
    request_ground           = "mission_interet_public"
    request_alarm_days       = 10
    share_days               = 15
    share_readings_per_hour  = 600
    attestation_days         = 20
    attestation_keys         = ["2", "1"]
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

  assert {
    condition = alltrue([
      for rule in aws_backup_plan.this["daily"].rule : alltrue([
        for copy in rule.copy_action : copy.destination_vault_arn == "arn:aws:backup:eu-west-3:210987654321:backup-vault:register" && one(copy.lifecycle).delete_after == 20
      ]) && length(rule.copy_action) == 1 && one(rule.lifecycle).delete_after == 7
    ])
    error_message = "Copies of the tables don't go to the other account, or outlive what was asked for."
  }

  assert {
    condition = toset(aws_backup_selection.this["daily"].resources) == toset([
      for name in ["records", "students", "blocks", "imports", "establishments", "findings", "reviews", "clients", "members", "requests", "withdrawals", "retention"] : module.table[name].arn
    ])
    error_message = "A table has no copy in the other account, or traces have one that outlives them."
  }

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
      portal        = toset(["portal", "portal-provider", "student-provider", "record", "ine", "identity", "ines-client"])
      ingestion     = toset(["record"])
      deduplication = toset(["ine", "identity", "ines-client"])
      statistics    = toset([])
      retention     = toset(["ine", "identity"])
    }
    error_message = "FranceConnect's secret is for the consultation alone, and INES's for those who ask it."
  }

  assert {
    condition = {
      for name, function in local.functions : name => { for name, value in function.environment : name => value if startswith(name, "INES_") }
      if length([for name in keys(function.environment) : name if startswith(name, "INES_")]) > 0
      } == {
      for name, questions in { deduplication = tostring(1000 / var.identity_maximum_concurrency), enrolment = null, portal = null } : name => {
        for setting, value in {
          INES_URL        = "https://ines.example.org"
          INES_CHANNEL    = "supdata-1"
          INES_SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client"
          # Another service than ours hears nothing of depositors.
          INES_TOLD_DEPOSITORS = "false"
          # Of deduplication alone: the share of one of its invocations.
          INES_QUESTIONS_PER_SECOND = questions
        } : setting => value if value != null
      }
    }
    error_message = "INES is asked by deduplication, enrolment and the portal, at the address that was configured."
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

  assert {
    condition = module.ingestion.environment == tomap({
      RECORDS_TABLE           = "statut-etudiant-test-records"
      IMPORTS_TABLE           = "statut-etudiant-test-imports"
      ESTABLISHMENTS_TABLE    = "statut-etudiant-test-establishments"
      INBOX_BUCKET            = module.bucket["inbox"].name
      REPORTS_BUCKET          = module.bucket["reports"].name
      NOTIFICATIONS_TOPIC_ARN = "arn:aws:sns:eu-west-3:123456789012:statut-etudiant-test-imports"
      RECORD_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      COMPLETE_CANCEL_SHARE   = "25"
      IMPORTS_QUEUE_URL       = module.imports_queue.url
      IDENTITY_QUEUE_URL      = module.identity_queue.url
    })
    error_message = "Ingestion is told something else than it should be."
  }

  assert {
    condition = module.portal.environment == tomap({
      ENVIRONMENT               = "test"
      PUBLIC_URL                = local.portal_url
      SESSIONS_TABLE            = "statut-etudiant-test-sessions"
      MEMBERS_TABLE             = "statut-etudiant-test-members"
      CLIENTS_TABLE             = "statut-etudiant-test-clients"
      WITHDRAWALS_TABLE         = "statut-etudiant-test-withdrawals"
      ESTABLISHMENTS_TABLE      = "statut-etudiant-test-establishments"
      IMPORTS_TABLE             = "statut-etudiant-test-imports"
      FINDINGS_TABLE            = "statut-etudiant-test-findings"
      REVIEWS_TABLE             = "statut-etudiant-test-reviews"
      RECORDS_TABLE             = "statut-etudiant-test-records"
      STUDENTS_TABLE            = "statut-etudiant-test-students"
      IDENTITY_QUEUE_URL        = module.identity_queue.url
      CLIENT_CACHE_SECONDS      = tostring(var.client_cache_seconds)
      ACCESS_LOG_TABLE          = "statut-etudiant-test-access-log"
      ACCESS_LOG_RETENTION_DAYS = "180"
      IMPORTS_QUEUE_URL         = module.imports_queue.url
      INBOX_BUCKET              = module.bucket["inbox"].name
      REPORTS_BUCKET            = module.bucket["reports"].name
      STATISTICS_BUCKET         = module.bucket["statistics"].name
      REQUESTS_TABLE            = "statut-etudiant-test-requests"
      REQUEST_MONTHS            = "2"
      REQUEST_GROUND            = "mission_interet_public"
      REQUEST_RETENTION_DAYS    = "1095"
      DEPOSIT_MAX_BYTES         = tostring(var.deposit_max_bytes)
      DEPOSIT_LIFETIME_SECONDS  = tostring(var.deposit_lifetime_seconds)
      QUOTAS_TABLE              = "statut-etudiant-test-quotas"
      RECORD_SECRET_ARN         = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      INE_SECRET_ARN            = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      IDENTITY_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      REKEYING                  = ""
      INES_URL                  = "https://ines.example.org"
      INES_CHANNEL              = "supdata-1"
      INES_TOLD_DEPOSITORS      = "false"
      PAIR_DATES_PER_DAY        = "3"
      UNKNOWN_PAIRS_FLOOR       = "100"
      UNKNOWN_PAIRS_PERCENT     = "5"
      INES_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client"
      PORTAL_SECRET_ARN         = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:portal"
      OIDC_PROVIDER             = jsonencode(var.portal_provider)
      OIDC_SECRET_ARN           = one(aws_secretsmanager_secret.portal_provider[*].arn)
      STUDENT_OIDC_PROVIDER     = jsonencode({ client_id = "0123456789abcdef0123456789abcdef", issuer = "https://students.example.org/api/v2", profile = "france_connect" })
      STUDENT_OIDC_SECRET_ARN   = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:student-provider"
      BLOCKS_TABLE              = "statut-etudiant-test-blocks"
      SHARES_TABLE              = "statut-etudiant-test-shares"
      STARTS_WITHIN_DAYS        = tostring(var.starts_within_days)
      SHARE_DAYS                = "15"
      SHARE_READINGS_PER_HOUR   = "600"
      ATTESTATIONS_TABLE        = "statut-etudiant-test-attestations"
      ATTESTATION_KEYS          = "arn:aws:kms:eu-west-3:123456789012:key/attestation-2,arn:aws:kms:eu-west-3:123456789012:key/attestation-1"
      ATTESTATION_DAYS          = "20"
    })
    error_message = "The portal is told something else than it should be."
  }

  # What it may where students log in, and may not where they don't (permissions.tftest.hcl).
  assert {
    condition = toset(flatten([
      for statement in jsondecode(module.portal.policy).Statement : [
        for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${replace(reverse(split(":", pair[1]))[0], "table/statut-etudiant-test-", "")}"
        if can(regex("table/statut-etudiant-test-(blocks|shares|attestations|access-log)$", pair[1]))
      ]
      ])) == toset([
      "dynamodb:BatchGetItem blocks",
      "dynamodb:PutItem access-log",
      "dynamodb:Query access-log",
      "dynamodb:DeleteItem shares",
      "dynamodb:GetItem shares",
      "dynamodb:PutItem shares",
      "dynamodb:UpdateItem shares",
      "dynamodb:BatchGetItem attestations",
      "dynamodb:GetItem attestations",
      "dynamodb:PutItem attestations",
      "dynamodb:UpdateItem attestations",
    ])
    error_message = "The portal may do something else than students' pages need, or not all of it."
  }

  # A key that signs is used directly, by the portal alone, and for nothing else.
  assert {
    condition = {
      for name, function in { status = module.status, enrolment = module.enrolment, review = module.review, portal = module.portal, ingestion = module.ingestion, deduplication = module.deduplication, statistics = module.statistics } : name => toset(flatten([
        for statement in jsondecode(function.policy).Statement : [for pair in setproduct(statement.Action, statement.Resource) : "${pair[0]} ${reverse(split("/", pair[1]))[0]}"]
        if strcontains(jsonencode(statement.Resource), "key/attestation")
      ])) if strcontains(function.policy, "key/attestation")
    } == { portal = toset(["kms:GetPublicKey attestation-1", "kms:GetPublicKey attestation-2", "kms:Sign attestation-1", "kms:Sign attestation-2"]) }
    error_message = "Another function than the portal signs attestations, or it does more with their keys."
  }

  assert {
    condition = alltrue([
      for key in values(aws_kms_key.attestation) :
      key.customer_master_key_spec == "ECC_NIST_P256" && key.key_usage == "SIGN_VERIFY" && alltrue([
        for statement in jsondecode(key.policy).Statement :
        statement.Principal.AWS == ["arn:aws:iam::123456789012:role/deployer"]
        ? !contains(statement.Action, "kms:Sign")
        : !contains(statement.Action, "kms:*") && !contains(statement.Action, "kms:PutKeyPolicy") && !contains(statement.Action, "kms:ScheduleKeyDeletion")
      ])
    ])
    error_message = "A key of attestations is of another kind, who administers it may sign, or IAM may give its administration."
  }

  assert {
    condition = module.enrolment.environment == tomap({
      ENVIRONMENT              = "test"
      REKEYING                 = ""
      RECORDS_TABLE            = "statut-etudiant-test-records"
      STUDENTS_TABLE           = "statut-etudiant-test-students"
      CLIENTS_TABLE            = "statut-etudiant-test-clients"
      QUOTAS_TABLE             = "statut-etudiant-test-quotas"
      ESTABLISHMENTS_TABLE     = "statut-etudiant-test-establishments"
      IMPORTS_TABLE            = "statut-etudiant-test-imports"
      FINDINGS_TABLE           = "statut-etudiant-test-findings"
      IDEMPOTENCY_TABLE        = "statut-etudiant-test-idempotency"
      INBOX_BUCKET             = module.bucket["inbox"].name
      REPORTS_BUCKET           = module.bucket["reports"].name
      STATISTICS_BUCKET        = module.bucket["statistics"].name
      RECORD_SECRET_ARN        = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      INE_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      IDENTITY_SECRET_ARN      = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      CLIENT_CACHE_SECONDS     = "60"
      DEPOSIT_MAX_BYTES        = "1000000"
      DEPOSIT_LIFETIME_SECONDS = "120"
      IMPORTS_QUEUE_URL        = module.imports_queue.url
      IDENTITY_QUEUE_URL       = module.identity_queue.url
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

  assert {
    condition = module.statistics.environment == tomap({
      STUDENTS_TABLE        = "statut-etudiant-test-students"
      STATISTICS_BUCKET     = module.bucket["statistics"].name
      TASKS_QUEUE_URL       = module.statistics_queue.url
      SUPPRESSION_THRESHOLD = "5"
      SCAN_SEGMENTS         = "4"
      ESTABLISHMENTS_TABLE  = "statut-etudiant-test-establishments"
      RECORDS_TABLE         = "statut-etudiant-test-records"
      REVIEWS_TABLE         = "statut-etudiant-test-reviews"
      IMPORTS_TABLE         = "statut-etudiant-test-imports"
      CLIENTS_TABLE         = "statut-etudiant-test-clients"
      ACCESS_LOG_TABLE      = "statut-etudiant-test-access-log"
      CPGE_MEFSTAT_PREFIXES = ""
      STATISTICS_URL        = ""
    })
    error_message = "Statistics don't read what they count, or don't write where they should."
  }

  assert {
    condition = module.retention.environment == tomap({
      RECORDS_TABLE          = "statut-etudiant-test-records"
      STUDENTS_TABLE         = "statut-etudiant-test-students"
      BLOCKS_TABLE           = "statut-etudiant-test-blocks"
      REVIEWS_TABLE          = "statut-etudiant-test-reviews"
      FINDINGS_TABLE         = "statut-etudiant-test-findings"
      RETENTION_TABLE        = "statut-etudiant-test-retention"
      REQUESTS_TABLE         = "statut-etudiant-test-requests"
      REQUEST_ALARM_DAYS     = "10"
      INE_SECRET_ARN         = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      IDENTITY_SECRET_ARN    = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      REKEYING               = ""
      STUDENT_RETENTION_DAYS = "1825"
      CASE_RETENTION_DAYS    = "365"
      RETENTION_SEGMENTS     = "64"
      RETENTION_PER_SECOND   = "50"
    })
    error_message = "Retention erases what it shouldn't, or by another duration than was set."
  }

  assert {
    condition     = local.tags == { cost_centre = "1234", environment = "test", project = "statut-etudiant" }
    error_message = "The owner's tags are not on every resource, or replace the environment's."
  }

  # --- our own identity service is not there when another is named ---

  assert {
    condition = (
      output.ines_url == "https://ines.example.org" && output.ines_table == null && output.ines_function == null &&
      length(module.ines) == 0 && length(module.ines_table) == 0 && length(module.ines_secret) == 0 &&
      length(aws_api_gateway_rest_api.ines) == 0 && length(aws_api_gateway_stage.ines) == 0 &&
      length(aws_cloudwatch_metric_alarm.ines_service) == 0 && !contains(keys(local.functions), "ines")
    )
    error_message = "Our own identity service is deployed beside the one that is named."
  }

  # --- how new versions take over ---

  assert {
    condition     = aws_codedeploy_app.this[0].compute_platform == "Lambda"
    error_message = "CodeDeploy moves aliases of Lambda."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.rollout[0].policy).Statement :
      statement.Sid == "StopOnAlarm" || (strcontains(statement.Resource, ":function:statut-etudiant-test-*") && !contains(flatten([statement.Action]), "lambda:InvokeFunction"))
    ])
    error_message = "The role moves the stack's own aliases, and calls nothing."
  }

  # --- alarms: of what is configured alone, each on a metric that is written, and in the runbook ---

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
        "/^[$]name-(status|enrolment|review|portal|ingestion|deduplication|statistics|retention|ines)-(errors|throttles|duration)$/", "$$name-FUNCTION-$2"),
        "/^[$]name-.*-throttled$/", "$$name-TABLE-throttled"),
      "/^[$]name-no-feed-[0-9]{7}[A-Z]$/", "$$name-no-feed-UAI")
      ]) == setsubtract(toset(flatten([
        for heading in regexall("(?m)^#+ Alarm: [^\n]*$", file("../docs/runbook.md")) : flatten(regexall("`([$]name-[A-Za-z-]+)`", heading))
    ])), ["$name-ines-api-errors", "$name-ines-litigation", "$name-ines-log-copy", "$name-ines-certificate", "$name-establishments-certificate", "$name-outside"])
    error_message = "An alarm has no section in docs/runbook.md, or a section there is about no alarm."
  }
}
