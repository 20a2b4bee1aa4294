# Values that would weaken the stack, or only fail once half of it is deployed, are refused at the plan.

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
}

run "traces_kept_less_than_six_months" {
  command = plan

  variables {
    access_log_retention_days = 179
  }

  expect_failures = [var.access_log_retention_days]
}

run "traces_kept_more_than_a_year" {
  command = plan

  variables {
    access_log_retention_days = 366
  }

  expect_failures = [var.access_log_retention_days]
}

run "cells_of_two_people_published" {
  command = plan

  variables {
    suppression_threshold = 2
  }

  expect_failures = [var.suppression_threshold]
}

run "data_outside_the_union" {
  command = plan

  variables {
    region = "us-east-1"
  }

  expect_failures = [var.region]
}

run "functions_not_built" {
  command = plan

  variables {
    packages_dir = "./tests"
  }

  expect_failures = [var.packages_dir]
}

run "unknown_architecture" {
  command = plan

  variables {
    architecture = "aarch64"
  }

  expect_failures = [var.architecture]
}

run "function_switched_off" {
  command = plan

  variables {
    reserved_concurrency = { status = 0 }
  }

  expect_failures = [var.reserved_concurrency]
}

run "queue_throttled_by_its_function" {
  command = plan

  variables {
    identity_maximum_concurrency = 20
    reserved_concurrency         = { deduplication = 10 }
  }

  expect_failures = [var.identity_maximum_concurrency]
}

run "no_new_identity_at_all" {
  command = plan

  variables {
    new_identities_floor = 0
  }

  expect_failures = [var.new_identities_floor]
}

run "more_new_identities_than_students" {
  command = plan

  variables {
    new_identities_percent = 101
  }

  expect_failures = [var.new_identities_percent]
}

run "api_without_a_limit" {
  command = plan

  variables {
    api_throttling = { rate_limit = -1 }
  }

  expect_failures = [var.api_throttling]
}

run "names_too_long_for_a_bucket" {
  command = plan

  variables {
    name_prefix = "statut-national-de-l-etudiant"
  }

  expect_failures = [var.name_prefix]
}

run "revocation_later_than_a_minute" {
  command = plan

  variables {
    client_cache_seconds = 61
  }

  expect_failures = [var.client_cache_seconds]
}

run "token_keys_without_tls" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://issuer.example.org/jwks"
    }
  }

  expect_failures = [var.token_issuer]
}

run "token_issuer_without_tls" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "http://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "https://issuer.example.org/jwks"
    }
  }

  expect_failures = [var.token_issuer]
}

run "host_that_only_begins_like_this_machine" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://localhost.example.org/jwks"
    }
  }

  expect_failures = [var.token_issuer]
}

run "user_name_that_looks_like_this_machine" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = "statut-etudiant"
      jwks_url = "http://localhost:80@issuer.example.org/jwks"
    }
  }

  expect_failures = [var.token_issuer]
}

run "tokens_for_any_service" {
  command = plan

  variables {
    token_issuer = {
      issuer   = "https://issuer.example.org"
      audience = ""
      jwks_url = "https://issuer.example.org/jwks"
    }
  }

  expect_failures = [var.token_issuer]
}

run "france_connect_without_tls" {
  command = plan

  variables {
    france_connect = {
      url       = "http://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.france_connect]
}

run "france_connect_issuer_without_tls" {
  command = plan

  variables {
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "http://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.france_connect]
}

run "france_connect_with_a_final_slash" {
  command = plan

  variables {
    france_connect = {
      url       = "https://france-connect.example.org/"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.france_connect]
}

run "unknown_version_of_france_connect" {
  command = plan

  variables {
    france_connect = {
      version   = "v3"
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcdef"
    }
  }

  expect_failures = [var.france_connect]
}

run "client_id_too_short" {
  command = plan

  variables {
    france_connect = {
      url       = "https://france-connect.example.org"
      issuer    = "https://france-connect.example.org/api/v2"
      client_id = "0123456789abcdef0123456789abcde"
    }
  }

  expect_failures = [var.france_connect]
}

run "ines_without_tls" {
  command = plan

  variables {
    ines = {
      url     = "http://ines.example.org"
      channel = "supdata"
    }
  }

  expect_failures = [var.ines]
}

run "ines_with_a_final_slash" {
  command = plan

  variables {
    ines = {
      url     = "https://ines.example.org/"
      channel = "supdata"
    }
  }

  expect_failures = [var.ines]
}

run "ines_channel_that_no_header_holds" {
  command = plan

  variables {
    ines = {
      url     = "https://ines.example.org"
      channel = "sup data"
    }
  }

  expect_failures = [var.ines]
}

run "alarm_at_every_refusal" {
  command = plan

  variables {
    refusals_alarm_threshold = 0
  }

  expect_failures = [var.refusals_alarm_threshold]
}

run "imports_throttled_by_their_function" {
  command = plan

  variables {
    imports_maximum_concurrency = 5
    reserved_concurrency        = { ingestion = 4 }
  }

  expect_failures = [var.imports_maximum_concurrency]
}

run "import_given_up_at_its_second_meeting" {
  command = plan

  variables {
    imports_max_receive_count = 2
  }

  expect_failures = [var.imports_max_receive_count]
}

run "messages_back_before_the_end_of_a_run" {
  command = plan

  variables {
    imports_queue_visibility_seconds = 899
  }

  expect_failures = [var.imports_queue_visibility_seconds]
}

run "more_cancelled_than_there_is" {
  command = plan

  variables {
    complete_cancel_share = 101
  }

  expect_failures = [var.complete_cancel_share]
}

run "deposit_larger_than_one_request" {
  command = plan

  variables {
    deposit_max_bytes = 5 * 1024 * 1024 * 1024 + 1
  }

  expect_failures = [var.deposit_max_bytes]
}

run "form_that_outlives_its_signature" {
  command = plan

  variables {
    deposit_lifetime_seconds = 3601
  }

  expect_failures = [var.deposit_lifetime_seconds]
}

run "depositor_that_is_no_establishment" {
  command = plan

  variables {
    depositors = { "0751967F/.." = { principal = "arn:aws:iam::210987654321:root", external_id = "0123456789abcdef" } }
  }

  expect_failures = [var.depositors]
}

run "anybody_a_depositor" {
  command = plan

  variables {
    depositors = { "0751967F" = { principal = "*", external_id = "0123456789abcdef" } }
  }

  expect_failures = [var.depositors]
}

run "external_id_that_can_be_guessed" {
  command = plan

  variables {
    depositors = { "0751967F" = { principal = "arn:aws:iam::210987654321:root", external_id = "0751967F" } }
  }

  expect_failures = [var.depositors]
}

run "notification_without_tls" {
  command = plan

  variables {
    import_notifications = [{ protocol = "https", endpoint = "http://example.org/imports" }]
  }

  expect_failures = [var.import_notifications]
}

run "notification_by_an_unknown_way" {
  command = plan

  variables {
    import_notifications = [{ protocol = "sms", endpoint = "+33600000000" }]
  }

  expect_failures = [var.import_notifications]
}

# What must be accepted, so that the refusals above are known to be about what they say.
run "doubles_on_this_machine" {
  command = plan

  variables {
    client_cache_seconds = 0
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
}

run "messages_back_sooner_on_an_emulator" {
  command = plan

  variables {
    function_endpoint_url            = "http://127.0.0.1:4566"
    imports_queue_visibility_seconds = 15
  }

  assert {
    condition     = aws_sqs_queue.imports.visibility_timeout_seconds == 15
    error_message = "The queue of imports does not have the visibility that was asked for."
  }
}
