# Our own identity service: there unless another is named, with tables, keys and a gateway of its own.

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
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/registry" }
}

override_resource {
  target          = aws_kms_key.data["access_log"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/access_log" }
}

override_resource {
  target          = aws_kms_key.data["files"]
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/files" }
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

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "ours_by_default" {
  command = plan

  assert {
    condition     = output.ines_url == "https://ines.example.org"
    error_message = "INES is not where our own service is."
  }

  assert {
    condition = module.ines[0].environment == tomap({
      ENVIRONMENT               = "test"
      INES_TABLE                = "statut-etudiant-test-ines"
      INES_BLOCKS_TABLE         = "statut-etudiant-test-ines-blocks"
      INES_LOG_TABLE            = "statut-etudiant-test-ines-log"
      INE_SECRET_ARN            = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-ine"
      IDENTITY_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-identity"
      TOKEN_SECRET_ARN          = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-token"
      ACCESS_LOG_RETENTION_DAYS = "180"
      REQUEST_RETENTION_DAYS    = "365"
      CLIENT_CACHE_SECONDS      = "60"
    })
    error_message = "The identity service is told something else than it should be."
  }

  # What has no key of its own cannot be read: the function names these attributes. A registration has no `expires_at`: what
  # expire are requests that are decided, and traces.
  assert {
    condition = {
      for name, table in module.ines_table : name => [
        table.settings.key, jsonencode(table.settings.indexes), coalesce(table.settings.expires_by, "never"),
        reverse(split("/", table.settings.key_arn))[0], table.settings.protected && table.settings.recoverable,
      ]
      } == {
      ines        = ["pk", jsonencode({ pending = "pending since KEYS_ONLY" }), "expires_at", "registry", true]
      ines_blocks = ["pk", "{}", "never", "registry", true]
      ines_log    = ["subject at", "{}", "expires_at", "access_log", true]
    }
    error_message = "A table of who has which INE has another key or index than the function names, expires, is encrypted with another key than the registry's, or the access log's for who asked, or can be lost."
  }

  assert {
    condition = length(setsubtract(values(jsondecode(aws_api_gateway_stage.ines[0].access_log_settings[0].format)), [
      "$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath", "$context.status",
      "$context.error.responseType", "$context.responseLength", "$context.responseLatency",
      "$context.integration.latency", "$context.integration.status", "$context.waf.status", "$context.xrayTraceId",
    ])) == 0 && !aws_api_gateway_stage.ines[0].xray_tracing_enabled
    error_message = "The gateway of the identity service logs something that may be personal."
  }

  assert {
    condition = alltrue([
      for settings in aws_api_gateway_method_settings.ines[0].settings :
      settings.logging_level == "OFF" && !settings.data_trace_enabled && settings.throttling_rate_limit > 0
    ])
    error_message = "The gateway's execution logs print requests, or it has no limit."
  }

  assert {
    condition = (
      toset(keys(aws_api_gateway_method.ines)) == toset(["/", "/{proxy+}"]) &&
      alltrue([for method in aws_api_gateway_method.ines : method.http_method == "ANY"]) &&
      length(aws_wafv2_web_acl_association.ines) == 1
    )
    error_message = "The gateway answers in the function's place, or has no firewall."
  }

  # The names that the function gives to its metrics: an alarm on another name never goes off, and nothing says so.
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.ines_service["litigation"].metric_name == "litigation" &&
      aws_cloudwatch_metric_alarm.ines_service["litigation"].dimensions == tomap({ environment = "test", route = "ines_immatriculation" }) &&
      aws_cloudwatch_metric_alarm.ines_service["errors"].dimensions == tomap({ ApiName = "statut-etudiant-test-ines", Stage = "v1" })
    )
    error_message = "Nobody hears of an identity service that fails, or of requests that pile up."
  }
}

# On an emulator the gateway's own name resolves nowhere.
run "on_an_emulator" {
  command = plan

  variables {
    function_endpoint_url = "http://127.0.0.1:4566/"
  }

  assert {
    condition     = output.ines_url == "http://127.0.0.1:4566/_aws/execute-api/ines1234/v1"
    error_message = "On the emulator the functions would call a name that only AWS resolves."
  }
}

run "the_ministrys" {
  command = plan

  variables {
    ines = { url = "https://ines.example.org", channel = "SUPDATA" }
  }

  assert {
    condition = (
      output.ines_url == "https://ines.example.org" && output.ines_table == null && output.ines_function == null &&
      length(module.ines) == 0 && length(module.ines_table) == 0 && length(module.ines_secret) == 0 &&
      length(aws_api_gateway_rest_api.ines) == 0 && length(aws_api_gateway_stage.ines) == 0 &&
      length(aws_cloudwatch_metric_alarm.ines_service) == 0 && !contains(keys(local.functions), "ines")
    )
    error_message = "Our own identity service is deployed beside the one that is named."
  }
}
