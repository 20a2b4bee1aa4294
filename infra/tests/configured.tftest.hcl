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

# With everything configured that may be. Of the account's concurrency just a hundred are left, as AWS asks for.
run "configured" {
  command = plan

  override_data {
    target = data.aws_servicequotas_service_quota.lambda_concurrency
    values = { value = 466 }
  }

  variables {
    backup               = { vault_arn = "arn:aws:backup:eu-west-3:210987654321:backup-vault:register", days = 20 }
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
      for name in ["records", "students", "blocks", "imports", "establishments", "findings", "reviews", "clients", "members", "withdrawals"] : module.table[name].arn
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
      portal        = toset(["portal", "portal-provider"])
      ingestion     = toset(["record"])
      deduplication = toset(["ine", "identity", "ines-client"])
      statistics    = toset([])
    }
    error_message = "FranceConnect's secret is for the consultation alone, and INES's for those who ask it."
  }

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
      INBOX_BUCKET             = module.bucket["inbox"].name
      REPORTS_BUCKET           = module.bucket["reports"].name
      RECORD_SECRET_ARN        = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record"
      INE_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
      IDENTITY_SECRET_ARN      = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity"
      CLIENT_CACHE_SECONDS     = "60"
      DEPOSIT_MAX_BYTES        = "1000000"
      DEPOSIT_LIFETIME_SECONDS = "120"
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
    condition     = local.tags == { cost_centre = "1234", environment = "test", project = "statut-etudiant" }
    error_message = "The owner's tags are not on every resource, or replace the environment's."
  }
}
