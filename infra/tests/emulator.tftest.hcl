# What must be accepted, so that the refusals above are known to be about what they say. On an emulator, with doubles on this
# machine, invented people, and no quota to read.

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

override_resource {
  target          = aws_api_gateway_rest_api.ines
  override_during = plan
  values = {
    id               = "ines1234"
    root_resource_id = "root"
    execution_arn    = "arn:aws:execute-api:eu-west-3:123456789012:ines1234"
  }
}

override_resource {
  target          = aws_api_gateway_stage.ines
  override_during = plan
  values = {
    arn        = "arn:aws:apigateway:eu-west-3::/restapis/ines1234/stages/v1"
    invoke_url = "https://ines1234.execute-api.eu-west-3.amazonaws.com/v1"
  }
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

  assert {
    condition     = output.ines_url == "http://127.0.0.1:4566/_aws/execute-api/ines1234/v1"
    error_message = "On the emulator the functions would call a name that only AWS resolves."
  }
}
