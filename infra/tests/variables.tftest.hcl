# Values that would weaken the stack, or only fail once half of it is deployed, are refused at the plan. The stack's variables are
# tried without the stack: `inputs` has links to the files that declare them. Each run holds as many wrong values as there are
# variables to refuse one, and expects every one of them to.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
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

  module {
    source = "./tests/inputs/stack"
  }

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

  module {
    source = "./tests/inputs/stack"
  }

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

  module {
    source = "./tests/inputs/stack"
  }

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

  module {
    source = "./tests/inputs/stack"
  }

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

  module {
    source = "./tests/inputs/stack"
  }

  variables {
    # Anybody; it is asked for only where operators are right, whose role it may not be.
    break_glass = ["*"]
    # A configuration that CodeDeploy does not have.
    gradual_deployment = "CodeDeployDefault.LambdaCanary10Percent7Minutes"
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

  expect_failures = [var.break_glass, var.gradual_deployment, var.ines_domain, var.token_issuer, var.france_connect]
}

run "fifth_values" {
  command = plan

  module {
    source = "./tests/inputs/stack"
  }

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

run "values_of_the_others" {
  command = plan

  module {
    source = "./tests/inputs/stack"
  }

  variables {
    environment              = "Production"
    tags                     = { "aws:owner" = "somebody" }
    permissions_boundary     = "boundary"
    key_administrators       = ["arn:aws:iam::123456789012:role/*"]
    operators                = ["*"]
    data_protection_officers = ["arn:aws:iam::123456789012:role/*"]
    function_endpoint_url    = "localhost:4566"
    hmac_key_versions        = { record = 0 }
    rekeying                 = ["record"]
    log_level                = "TRACE"

    statistics_schedule   = "every night"
    verification_schedule = "every night"
    cpge_mefstat_prefixes = ["2A"]
    scan_segments         = 65
    statistics_url        = "https://donnees.example.org/statut-etudiant"
    starts_within_days    = 367
    portal_provider = {
      issuer    = "http://agents.example.org"
      client_id = "0123456789abcdef"
      profile   = "pro_connect"
    }
    student_provider = {
      issuer    = "https://students.example.org/api/v2/"
      client_id = "0123456789abcdef"
    }
    share_days              = 91
    share_readings_per_hour = 59
    request_months          = 4
    request_ground          = "consentement"
    attestation_days        = 91
    attestation_keys        = ["1", "1"]

    secret_recovery_window_days       = 6
    student_retention_days            = 0
    case_retention_days               = 36526
    request_retention_days            = 0
    retention_schedule                = "every night"
    retention_segments                = 0
    retention_per_second              = 1001
    inbox_retention_days              = 0
    reports_retention_days            = 0
    noncurrent_version_retention_days = 0
    log_retention_days                = 364

    failed_imports_alarm_threshold   = -1
    client_errors_alarm_percent      = 100
    latency_alarm_milliseconds       = 99
    blocked_requests_alarm_threshold = -1
    feed_alarm_days                  = 8
    oldest_case_alarm_days           = 0
    request_alarm_days               = 32
    watched_establishments           = { "0751967F" = 8 }

    ingestion_timeout_seconds         = 901
    deduplication_timeout_seconds     = 901
    identity_queue_visibility_seconds = 43201
    identity_max_receive_count        = 1001
    identity_batch_size               = 11
    ines_questions_per_second         = 0
    pair_dates_per_day                = 21
    unknown_pairs_floor               = 19
    unknown_pairs_percent             = 101
  }

  expect_failures = [
    var.environment, var.tags, var.permissions_boundary, var.key_administrators, var.operators, var.data_protection_officers,
    var.function_endpoint_url, var.hmac_key_versions, var.rekeying, var.log_level, var.statistics_schedule,
    var.verification_schedule, var.cpge_mefstat_prefixes, var.scan_segments, var.statistics_url, var.starts_within_days, var.portal_provider,
    var.student_provider, var.share_days, var.share_readings_per_hour, var.request_months, var.request_ground, var.attestation_days, var.attestation_keys,
    var.secret_recovery_window_days, var.student_retention_days, var.case_retention_days, var.request_retention_days, var.retention_schedule, var.retention_segments,
    var.retention_per_second, var.inbox_retention_days, var.reports_retention_days,
    var.noncurrent_version_retention_days, var.log_retention_days, var.failed_imports_alarm_threshold,
    var.client_errors_alarm_percent, var.latency_alarm_milliseconds, var.blocked_requests_alarm_threshold,
    var.feed_alarm_days, var.oldest_case_alarm_days, var.request_alarm_days, var.watched_establishments, var.ingestion_timeout_seconds, var.deduplication_timeout_seconds,
    var.identity_queue_visibility_seconds, var.identity_max_receive_count, var.identity_batch_size, var.ines_questions_per_second, var.pair_dates_per_day,
    var.unknown_pairs_floor, var.unknown_pairs_percent,
  ]
}

run "gradually_without_alarms" {
  command = plan

  module {
    source = "./tests/inputs/stack"
  }

  variables {
    gradual_deployment  = "CodeDeployDefault.LambdaAllAtOnce"
    alarms_enabled      = false
    holds_real_students = false
  }

  expect_failures = [var.gradual_deployment]
}

# What must be accepted, so that the refusals above are known to be about what they say.
run "accepted" {
  command = plan

  module {
    source = "./tests/inputs/stack"
  }

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
}

# A new account's quota: what is reserved would be refused halfway through the apply.
run "more_reserved_than_the_account_has" {
  command = plan

  module {
    source = "./tests/inputs/capacity"
  }

  override_data {
    target = data.aws_servicequotas_service_quota.lambda_concurrency
    values = { value = 400 }
  }

  variables {
    reserved_concurrency = { status = 200, enrolment = 50, deduplication = 51 }
  }

  expect_failures = [data.aws_servicequotas_service_quota.lambda_concurrency]
}
