# Our own identity service, which gives INEs and tells whose they are: the system is whole without the ministry's. It has an
# API of its own rather than paths of ours, so that the real INES replaces it by an address: with `var.ines` none of this is
# deployed (docs/decisions/0013-ines-service.md).

locals {
  # Ours, unless there is another.
  ines_is_ours = var.ines == null

  ines_stage_url = join("", [
    for stage in aws_api_gateway_stage.ines :
    var.function_endpoint_url == null
    ? (var.ines_domain == null ? stage.invoke_url : "https://${var.ines_domain.name}")
    # The real one is a name that only AWS resolves.
    : "${trimsuffix(var.function_endpoint_url, "/")}/_aws/execute-api/${stage.rest_api_id}/${stage.stage_name}"
  ])

  # Where INES answers, whosever it is.
  ines_url = local.ines_is_ours ? local.ines_stage_url : var.ines.url

  # Of their own, for their owner is: nothing else of the system may read who has which INE.
  ines_tables = {
    # `pending` holds the requests that wait for a person, and nothing else: only they have its attributes. The keys alone,
    # for the requests are then read one by one.
    ines        = { hash = "pk", expires = true, indexes = { pending = { hash = "pending", range = "since" } } }
    ines_blocks = { hash = "pk" }
    ines_log    = { hash = "subject", range = "at", expires = true }
  }
}

module "ines_table" {
  source   = "./modules/table"
  for_each = { for name, table in local.ines_tables : name => table if local.ines_is_ours }

  name                = "${local.name}-${replace(each.key, "_", "-")}"
  account_id          = local.account_id
  hash_key            = each.value.hash
  range_key           = try(each.value.range, null)
  indexes             = try(each.value.indexes, {})
  expires             = try(each.value.expires, false)
  deletion_protection = var.deletion_protection
  key_arn             = aws_kms_key.data[each.key == "ines_log" ? "access_log" : "registry"].arn
  stream_enabled      = each.key == "ines_log" && local.access_log_copied

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

# Not those of the register: who can compute its keys can't compute these, nor the reverse.
module "ines_secret" {
  source = "./modules/hmac-secret"

  for_each = {
    for name, description in {
      ine      = "INES: keys of INEs and of requests"
      identity = "INES: blocking keys, from a civil identity"
      token    = "INES: signature of the tokens of its clients"
    } : name => description if local.ines_is_ours
  }

  name               = "${local.name}/ines/${each.key}"
  description        = each.value
  encryption_key_arn = aws_kms_key.data["registry"].arn
  key_version        = var.ines_key_versions[each.key]
  # Of a new one, clients get a new token.
  raised_freely        = each.key == "token"
  recovery_window_days = var.secret_recovery_window_days
}

module "ines" {
  source = "./modules/function"
  count  = local.ines_is_ours ? 1 : 0

  name                 = "${local.name}-ines"
  package              = "ines"
  description          = "Tells whose an INE is, gives one to who has none, and traces who asked"
  platform             = local.function_platform
  timeout_seconds      = 10
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.ines

  environment = {
    ENVIRONMENT               = var.environment
    INES_TABLE                = module.ines_table["ines"].name
    INES_BLOCKS_TABLE         = module.ines_table["ines_blocks"].name
    INES_LOG_TABLE            = module.ines_table["ines_log"].name
    INE_SECRET_ARN            = module.ines_secret["ine"].arn
    IDENTITY_SECRET_ARN       = module.ines_secret["identity"].arn
    TOKEN_SECRET_ARN          = module.ines_secret["token"].arn
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
    REQUEST_RETENTION_DAYS    = var.ines_request_retention_days
    CLIENT_CACHE_SECONDS      = var.client_cache_seconds
  }

  # Nothing is deleted: an INE that was given stays somebody's.
  statements = {
    RegisterPeople = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [module.ines_table["ines"].arn]
    }
    # How many birth dates a client has tried with an INE.
    CountGuesses = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [module.ines_table["ines"].arn]
    }
    FindWhoResembles = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem"]
      resources = [module.ines_table["ines_blocks"].arn]
    }
    ListWhatWaits = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.ines_table["ines"].arn}/index/pending"]
    }
    # Write-only: who can leave a trace can neither read nor change one.
    TraceQuestions = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.ines_table["ines_log"].arn]
    }
    ReadKeys = {
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        module.ines_secret["ine"].arn,
        module.ines_secret["identity"].arn,
        module.ines_secret["token"].arn,
      ]
    }
  }

  key_use = {
    registry   = { decrypt = ["dynamodb", "secretsmanager"] }
    access_log = { decrypt = ["dynamodb"] }
  }
}

# --- Gateway ---------------------------------------------------------------------------------------------------------
# Made as that of the consultation (api.tf), where the reasons are.

resource "aws_api_gateway_rest_api" "ines" {
  count = local.ines_is_ours ? 1 : 0

  name        = "${local.name}-ines"
  description = "National identity service"

  disable_execute_api_endpoint = var.ines_domain != null

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_resource" "ines" {
  count = local.ines_is_ours ? 1 : 0

  rest_api_id = aws_api_gateway_rest_api.ines[0].id
  parent_id   = aws_api_gateway_rest_api.ines[0].root_resource_id
  path_part   = "{proxy+}"
}

locals {
  # Every path goes to the function, so that an unknown path or method gets its error and not the gateway's.
  ines_resources = local.ines_is_ours ? {
    "/"         = aws_api_gateway_rest_api.ines[0].root_resource_id
    "/{proxy+}" = aws_api_gateway_resource.ines[0].id
  } : {}
}

resource "aws_api_gateway_method" "ines" {
  #checkov:skip=CKV_AWS_59:The function authenticates every call itself, with tokens that it gives
  #checkov:skip=CKV2_AWS_53:The contract fixes the answer to a bad request: the function validates, and says what is wrong
  for_each = local.ines_resources

  rest_api_id   = aws_api_gateway_rest_api.ines[0].id
  resource_id   = each.value
  http_method   = "ANY"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "ines" {
  for_each = local.ines_resources

  rest_api_id             = aws_api_gateway_rest_api.ines[0].id
  resource_id             = each.value
  http_method             = aws_api_gateway_method.ines[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = module.ines[0].invoke_arn
}

resource "aws_lambda_permission" "ines" {
  count = local.ines_is_ours ? 1 : 0

  statement_id  = "ApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = module.ines[0].function_name
  qualifier     = module.ines[0].alias_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.ines[0].execution_arn}/${local.api_stage}/*"
}

resource "aws_api_gateway_deployment" "ines" {
  count = local.ines_is_ours ? 1 : 0

  rest_api_id = aws_api_gateway_rest_api.ines[0].id

  triggers = {
    configuration = sha1(jsonencode([
      keys(local.ines_resources),
      [for method in aws_api_gateway_method.ines : [method.resource_id, method.http_method, method.authorization]],
      [for integration in aws_api_gateway_integration.ines : [integration.id, integration.type, integration.uri]],
      [for type, response in aws_api_gateway_gateway_response.ines : [response.id, local.api_gateway_errors[type], local.ines_error_templates[type]]],
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "ines" {
  #checkov:skip=CKV_AWS_120:An answer depends on who asks, and every question must be traced: nothing may be cached
  #checkov:skip=CKV2_AWS_4:Execution logs print requests, that is people; the access log below and the function's own log replace them
  #checkov:skip=CKV2_AWS_51:Callers are authenticated by tokens, not by client certificates
  #checkov:skip=CKV2_AWS_77:The anonymous address list would refuse administrations behind shared exits; the known bad inputs are there
  #checkov:skip=CKV_AWS_73:Traces start at the function, see gateway_tracing_enabled
  count = local.ines_is_ours ? 1 : 0

  rest_api_id          = aws_api_gateway_rest_api.ines[0].id
  deployment_id        = aws_api_gateway_deployment.ines[0].id
  stage_name           = local.api_stage
  xray_tracing_enabled = var.gateway_tracing_enabled

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.ines_api[0].arn
    format          = local.api_access_log_format
  }

  # The gateway refuses a stage with logs until the account has a role to write them.
  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "ines" {
  #checkov:skip=CKV_AWS_225:An answer depends on who asks, and every question must be traced: nothing may be cached
  count = local.ines_is_ours ? 1 : 0

  rest_api_id = aws_api_gateway_rest_api.ines[0].id
  stage_name  = aws_api_gateway_stage.ines[0].stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.api_throttling.rate_limit
    throttling_burst_limit = var.api_throttling.burst_limit

    # Execution logs and data traces print paths, queries and bodies: people.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}

resource "aws_cloudwatch_log_group" "ines_api" {
  count = local.ines_is_ours ? 1 : 0

  name              = "/aws/apigateway/${local.name}-ines"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_wafv2_web_acl_association" "ines" {
  count = local.ines_is_ours ? 1 : 0

  resource_arn = aws_api_gateway_stage.ines[0].arn
  web_acl_arn  = aws_wafv2_web_acl.api.arn
}

# --- Alarms ----------------------------------------------------------------------------------------------------------

locals {
  ines_alarms = {
    errors = {
      namespace   = "AWS/ApiGateway"
      metric      = "5XXError"
      dimensions  = { ApiName = "${local.name}-ines", Stage = local.api_stage }
      statistic   = "Average" # The gateway counts 0 or 1 per request, so the average is the rate.
      threshold   = 0.01
      description = "More than one question to our identity service in a hundred ends in a server error: enrolments wait."
    }
    litigation = {
      namespace   = local.metrics_namespace
      metric      = "litigation"
      dimensions  = { environment = var.environment, route = "ines_immatriculation" }
      statistic   = "Sum"
      threshold   = 200
      description = "Many requests for an INE wait for a person: the staff must know, or a file is full of look-alikes."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "ines_service" {
  for_each = { for name, alarm in local.ines_alarms : name => alarm if local.ines_is_ours && var.alarms_enabled }

  alarm_name        = "${local.name}-ines-${each.key == "errors" ? "api-errors" : each.key}"
  alarm_description = each.value.description

  namespace   = each.value.namespace
  metric_name = each.value.metric
  dimensions  = each.value.dimensions

  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# --- Outputs ---------------------------------------------------------------------------------------------------------

output "ines_url" {
  description = "Where INES answers: our own service, stage included, or the one that `ines` names."
  value       = local.ines_url
}

output "ines_table" {
  description = "Table of who has which INE, of requests and of clients. Null when INES is another's."
  value       = one([for name, table in module.ines_table : table.name if name == "ines"])
}

output "ines_blocks_table" {
  description = "Table of the blocking keys of INES. Null when INES is another's."
  value       = one([for name, table in module.ines_table : table.name if name == "ines_blocks"])
}

output "ines_log_table" {
  description = "Table of who asked INES about whom. Null when INES is another's."
  value       = one([for name, table in module.ines_table : table.name if name == "ines_log"])
}

output "ines_function" {
  description = "Name of the function of INES. Null when INES is another's."
  value       = one(module.ines[*].function_name)
}
