# Values that would weaken the stack, or only fail once half of it is deployed, are refused at the plan. A run plans the whole
# stack, so each holds as many wrong values as there are variables to refuse one, and expects every one of them to.

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
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:mock" }
}

override_module {
  target  = module.ines_secret
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:mock" }
}

override_resource {
  target          = aws_secretsmanager_secret.france_connect
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:france-connect" }
}

override_resource {
  target          = aws_secretsmanager_secret.ines_client
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-client" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "real_students_without_protection" {
  command = plan

  variables {
    alarm_email             = null
    alarms_enabled          = false
    api_domain              = null
    ines_domain             = null
    gateway_tracing_enabled = true
    deletion_protection     = false
    force_destroy           = true
    access_log_copy_enabled = false
  }

  expect_failures = [
    var.alarm_email, var.alarms_enabled, var.api_domain, var.ines_domain, var.gateway_tracing_enabled, var.deletion_protection,
    var.force_destroy, var.access_log_copy_enabled,
  ]
}

run "values_out_of_range" {
  command = plan

  variables {
    access_log_retention_days        = 179 # less than six months
    suppression_threshold            = 2   # cells of two people
    architecture                     = "aarch64"
    reserved_concurrency             = { status = 0 } # switches the function off
    new_identities_floor             = 0
    new_identities_percent           = 101
    api_throttling                   = { rate_limit = -1 }             # no limit at all
    name_prefix                      = "statut-national-de-l-etudiant" # too long for a bucket
    client_cache_seconds             = 61                              # a revocation later than a minute
    refusals_alarm_threshold         = 0                               # an alarm at every refusal
    imports_max_receive_count        = 2                               # given up at the second meeting
    imports_queue_visibility_seconds = 899                             # back before the end of a run
    complete_cancel_share            = 101
    deposit_max_bytes                = 5 * 1024 * 1024 * 1024 + 1 # larger than one request
    deposit_lifetime_seconds         = 3601                       # outlives its signature
    ines_request_retention_days      = 0
    ines_key_versions                = { token = 0 }

    # Establishments, subscribers and services.
    depositors           = { "0751967F/.." = { principal = "arn:aws:iam::210987654321:root", external_id = "0123456789abcdef" } }
    import_notifications = [{ protocol = "https", endpoint = "http://example.org/imports" }]
    ines                 = { url = "http://ines.example.org", channel = "supdata" }
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://issuer.example.org/jwks"
    }
    france_connect = {
      url       = "http://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
    api_domain = { name = "API.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }

    # Everybody.
    restricted_addresses        = { review = ["0.0.0.0/0"] }
    firewall_log_retention_days = 731
  }

  expect_failures = [
    var.access_log_retention_days, var.suppression_threshold, var.architecture, var.reserved_concurrency,
    var.new_identities_floor, var.new_identities_percent, var.api_throttling, var.name_prefix, var.client_cache_seconds,
    var.refusals_alarm_threshold, var.imports_max_receive_count, var.imports_queue_visibility_seconds,
    var.complete_cancel_share, var.deposit_max_bytes, var.deposit_lifetime_seconds, var.ines_request_retention_days,
    var.ines_key_versions, var.depositors, var.import_notifications, var.ines, var.token_issuer, var.france_connect,
    var.api_domain, var.restricted_addresses, var.firewall_log_retention_days,
  ]
}

run "second_values" {
  command = plan

  variables {
    access_log_retention_days = 366 # more than a year
    region                    = "us-east-1"
    packages_dir              = "./tests" # nothing built there

    # What a queue hands out beyond its function's share would be throttled, and throttles count as deliveries.
    identity_maximum_concurrency = 20
    imports_maximum_concurrency  = 5
    reserved_concurrency         = { deduplication = 10, ingestion = 4 }

    # A range that begins elsewhere than it says.
    restricted_addresses = { portal = ["192.0.2.44/24"] }

    # A relay that stays within the API's own limit would be blocked.
    api_throttling        = { rate_limit = 500 }
    waf_rate_limit_per_ip = 149999

    depositors           = { "0751967F" = { principal = "*", external_id = "0123456789abcdef" } }
    import_notifications = [{ protocol = "sms", endpoint = "+33600000000" }]
    ines                 = { url = "https://ines.example.org/", channel = "supdata" }
    token_issuer = {
      issuer   = "http://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "https://issuer.example.org/jwks"
    }
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "http://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [
    var.access_log_retention_days, var.region, var.packages_dir, var.identity_maximum_concurrency,
    var.imports_maximum_concurrency, var.waf_rate_limit_per_ip, var.depositors, var.import_notifications, var.ines,
    var.token_issuer, var.france_connect, var.restricted_addresses,
  ]
}

run "third_values" {
  command = plan

  variables {
    # An external id that can be guessed.
    depositors = { "0751967F" = { principal = "arn:aws:iam::210987654321:root", external_id = "0751967F" } }
    # The name of the API itself, which asks nobody for a certificate.
    establishments_domain = {
      name                    = "api.example.org"
      certificate_arn         = "arn:aws:acm:eu-west-3:123456789012:certificate/api"
      certificate_authorities = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
    }
    # A channel that no header holds.
    ines = { url = "https://ines.example.org", channel = "sup data" }
    # A host that only begins like this machine.
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://localhost.example.org/jwks"
    }
    france_connect = {
      url       = "https://france-connect.example.org/"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.depositors, var.ines, var.token_issuer, var.france_connect, var.establishments_domain]
}

run "fourth_values" {
  command = plan

  variables {
    # A certificate of another region.
    ines_domain = { name = "ines.example.org", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/ines" }
    # A user name that looks like this machine.
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://localhost:80@issuer.example.org/jwks"
    }
    france_connect = {
      version   = "v3"
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.ines_domain, var.token_issuer, var.france_connect]
}

run "fifth_values" {
  command = plan

  variables {
    # Tokens for any service.
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = ""
      jwks_url = "https://issuer.example.org/jwks"
    }
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcde" # too short
    }
    # A copy that outlives what has expired.
    backup = { vault_arn = "arn:aws:backup:eu-west-3:210987654321:backup-vault:register", days = 181 }
    # A private key among what is public.
    establishments_domain = {
      name                    = "depots.example.org"
      certificate_arn         = "arn:aws:acm:eu-west-3:123456789012:certificate/depots"
      certificate_authorities = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"
    }
  }

  expect_failures = [var.token_issuer, var.france_connect, var.establishments_domain, var.backup]
}

# A new account's quota: what is reserved would be refused halfway through the apply.
run "more_reserved_than_the_account_has" {
  command = plan

  override_data {
    target = data.aws_servicequotas_service_quota.lambda_concurrency
    values = { value = 400 }
  }

  variables {
    reserved_concurrency = { status = 200, enrolment = 50, deduplication = 51 }
  }

  expect_failures = [data.aws_servicequotas_service_quota.lambda_concurrency]
}

# What must be accepted, so that the refusals above are known to be about what they say. On an emulator, with doubles on this
# machine, invented people, and no quota to read.
run "accepted" {
  command = plan

  variables {
    holds_real_students              = false
    alarm_email                      = null
    api_domain                       = null
    ines_domain                      = null
    gateway_tracing_enabled          = true
    deletion_protection              = false
    force_destroy                    = true
    function_endpoint_url            = "http://127.0.0.1:4566"
    imports_queue_visibility_seconds = 15
    client_cache_seconds             = 0
    waf_rate_limit_per_ip            = 150000
    token_issuer = {
      issuer   = "http://127.0.0.1:8080"
      audience = "statut-etudiant"
      jwks_url = "http://localhost:8080/jwks?use=sig"
    }
    france_connect = {
      version   = "v1"
      url       = "http://localhost"
      issuer    = "https://france-connect.example.org:8443/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  assert {
    condition     = module.status.environment.CLIENT_CACHE_SECONDS == "0" && module.status.environment.FRANCE_CONNECT_VERSION == "v1"
    error_message = "The consultation is not told what was asked for."
  }

  assert {
    condition     = module.imports_queue.settings.visibility_timeout_seconds == 15
    error_message = "The queue of imports does not have the visibility that was asked for."
  }

  assert {
    condition     = length(data.aws_servicequotas_service_quota.lambda_concurrency) == 0
    error_message = "An emulator is asked for a quota."
  }

  assert {
    condition     = length(aws_wafv2_web_acl_logging_configuration.api) == 0
    error_message = "An emulator is asked for a firewall's logs, which it doesn't have."
  }

  assert {
    condition = (
      length(module.access_log_copy) == 0 && length(aws_pipes_pipe.access_log) == 0 && length(aws_kinesis_firehose_delivery_stream.access_log) == 0 &&
      length(aws_iam_role.access_log_pipe) + length(aws_iam_role.access_log_delivery) == 0 && !contains(keys(local.queues), "traces") &&
      alltrue([for table in merge(module.table, module.ines_table) : table.settings.stream == null]) && output.access_log_copy_bucket == null
    )
    error_message = "Invented people leave traces that nobody can delete."
  }
}
