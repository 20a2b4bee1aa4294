# The consultation API, and the gateway in front of it and of the API of establishments (enrolment.tf). REST rather than HTTP
# API, and proxy resources rather than an OpenAPI body: docs/decisions/0002-rest-api.md says why.

module "status" {
  source = "./modules/function"

  name                 = "${local.name}-status"
  package              = "status"
  description          = "Answers what a student's status is, and traces who asked"
  platform             = local.function_platform
  timeout_seconds      = 10
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.status

  environment = merge(
    {
      ENVIRONMENT               = var.environment
      STUDENTS_TABLE            = module.table["students"].name
      BLOCKS_TABLE              = module.table["blocks"].name
      CLIENTS_TABLE             = module.table["clients"].name
      QUOTAS_TABLE              = module.table["quotas"].name
      ESTABLISHMENTS_TABLE      = module.table["establishments"].name
      ACCESS_LOG_TABLE          = module.table["access_log"].name
      INE_SECRET_ARN            = module.hmac_secret["ine"].arn
      REKEYING                  = join(",", var.rekeying)
      IDENTITY_SECRET_ARN       = module.hmac_secret["identity"].arn
      STARTS_WITHIN_DAYS        = var.starts_within_days
      ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
      CLIENT_CACHE_SECONDS      = var.client_cache_seconds
    },
    # Absent, not empty, where there is none: the function then refuses what it has nobody to check with.
    var.token_issuer == null ? {} : {
      TOKEN_ISSUER   = var.token_issuer.issuer
      TOKEN_AUDIENCE = var.token_issuer.audience
      TOKEN_JWKS_URL = var.token_issuer.jwks_url
    },
    var.france_connect == null ? {} : {
      FRANCE_CONNECT_VERSION    = var.france_connect.version
      FRANCE_CONNECT_URL        = var.france_connect.url
      FRANCE_CONNECT_ISSUER     = var.france_connect.issuer
      FRANCE_CONNECT_CLIENT_ID  = var.france_connect.client_id
      FRANCE_CONNECT_SECRET_ARN = one(aws_secretsmanager_secret.france_connect[*].arn)
    },
  )

  statements = merge(
    {
      ReadAnswers = {
        actions   = ["dynamodb:GetItem"]
        resources = [module.table["students"].arn]
      }
      FindByIdentity = {
        actions   = ["dynamodb:BatchGetItem"]
        resources = [module.table["blocks"].arn]
      }
      RecogniseClients = {
        actions   = ["dynamodb:GetItem"]
        resources = [module.table["clients"].arn]
      }
      # One write takes from a quota and says what is left: there is nothing to read apart.
      CountConsultations = {
        actions   = ["dynamodb:UpdateItem"]
        resources = [module.table["quotas"].arn]
      }
      # Which establishments the register covers, and since when they are up to date: told to anybody.
      TellCoverage = {
        actions   = ["dynamodb:GetItem", "dynamodb:Scan"]
        resources = [module.table["establishments"].arn]
      }
      # Write-only: who can leave a trace can neither read nor change one.
      TraceConsultations = {
        actions   = ["dynamodb:PutItem"]
        resources = [module.table["access_log"].arn]
      }
      ReadRegistryKeys = {
        actions = ["secretsmanager:GetSecretValue"]
        resources = [
          module.hmac_secret["ine"].arn,
          module.hmac_secret["identity"].arn,
        ]
      }
    },
    var.france_connect == null ? {} : {
      ReadFranceConnectSecret = {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = aws_secretsmanager_secret.france_connect[*].arn
      }
    },
  )

  # DynamoDB decrypts the table's own data key for its caller, to write as to read: it generates none on this path.
  key_use = {
    registry   = { decrypt = ["dynamodb", "secretsmanager"] }
    access_log = { decrypt = ["dynamodb"] }
  }
}

# --- Gateway ---------------------------------------------------------------------------------------------------------

locals {
  api_stage = "v1"

  # Neither the path as it was asked for nor the query: they hold INEs.
  api_access_log_format = jsonencode({
    requestId          = "$context.requestId"
    requestTime        = "$context.requestTime"
    httpMethod         = "$context.httpMethod"
    resourcePath       = "$context.resourcePath"
    status             = "$context.status"
    errorType          = "$context.error.responseType"
    responseLength     = "$context.responseLength"
    responseLatency    = "$context.responseLatency"
    integrationLatency = "$context.integration.latency"
    integrationStatus  = "$context.integration.status"
    wafStatus          = "$context.waf.status"
    traceId            = "$context.xrayTraceId"
  })
}

resource "aws_api_gateway_rest_api" "this" {
  name        = local.name
  description = "National student status"

  # Callers come by the custom domain (domain.tf), or by nothing.
  disable_execute_api_endpoint = var.api_domain != null

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The gateway takes the most exact resource. Everything under /api goes to the consultation as if there were no resource for
# it, but for what establishments write, what officers review, and the portal's pages.
resource "aws_api_gateway_resource" "at_root" {
  for_each = toset(["api", "{proxy+}"])

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.value
}

resource "aws_api_gateway_resource" "under_api" {
  for_each = toset(["inscription", "depots", "qualite", "{proxy+}"])

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.at_root["api"].id
  path_part   = each.value
}

resource "aws_api_gateway_resource" "under_enrolment" {
  for_each = toset(["inscription", "depots"])

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.under_api[each.value].id
  path_part   = "{proxy+}"
}

locals {
  # Every path goes to a function, so that an unknown path or method gets the contract's error and not the gateway's.
  api_resources = {
    "/"                         = { id = aws_api_gateway_rest_api.this.root_resource_id, function = "status" }
    "/{proxy+}"                 = { id = aws_api_gateway_resource.at_root["{proxy+}"].id, function = "status" }
    "/api"                      = { id = aws_api_gateway_resource.at_root["api"].id, function = "status" }
    "/api/{proxy+}"             = { id = aws_api_gateway_resource.under_api["{proxy+}"].id, function = "status" }
    "/api/inscription"          = { id = aws_api_gateway_resource.under_api["inscription"].id, function = "enrolment" }
    "/api/inscription/{proxy+}" = { id = aws_api_gateway_resource.under_enrolment["inscription"].id, function = "enrolment" }
    "/api/depots"               = { id = aws_api_gateway_resource.under_api["depots"].id, function = "enrolment" }
    "/api/depots/{proxy+}"      = { id = aws_api_gateway_resource.under_enrolment["depots"].id, function = "enrolment" }
    "/api/qualite"              = { id = aws_api_gateway_resource.under_api["qualite"].id, function = "enrolment" }
    "/api/revues"               = { id = aws_api_gateway_resource.revues.id, function = "review" }
    "/api/revues/{proxy+}"      = { id = aws_api_gateway_resource.under_revues.id, function = "review" }
    "/portail"                  = { id = aws_api_gateway_resource.portal.id, function = "portal" }
    "/portail/{proxy+}"         = { id = aws_api_gateway_resource.under_portal.id, function = "portal" }
  }

  api_functions = {
    status    = module.status
    enrolment = module.enrolment
    review    = module.review
    portal    = module.portal
  }
}

resource "aws_api_gateway_method" "any" {
  #checkov:skip=CKV_AWS_59:The functions authenticate every call themselves, with the contract's own keys and tokens
  #checkov:skip=CKV2_AWS_53:The contract fixes the answer to a bad request: the functions validate, and say what is wrong
  for_each = local.api_resources

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = each.value.id
  http_method   = "ANY"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "function" {
  for_each = local.api_resources

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = each.value.id
  http_method             = aws_api_gateway_method.any[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = local.api_functions[each.value.function].invoke_arn
}

resource "aws_lambda_permission" "api" {
  for_each = {
    status    = "*"
    enrolment = "*/api/*"
    review    = "*/api/*"
    portal    = "*/portail*"
  }

  statement_id  = "ApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = local.api_functions[each.key].function_name
  qualifier     = local.api_functions[each.key].alias_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${local.api_stage}/${each.value}"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # A deployment is a snapshot: whatever it must follow goes in here. Attribute by attribute, because those the provider
  # only reads back would make a new deployment of an API that did not change.
  triggers = {
    configuration = sha1(jsonencode([
      keys(local.api_resources),
      [for method in aws_api_gateway_method.any : [method.resource_id, method.http_method, method.authorization]],
      [for integration in aws_api_gateway_integration.function : [integration.id, integration.type, integration.uri]],
      [for type, response in aws_api_gateway_gateway_response.api : [response.id, local.api_gateway_errors[type], local.api_error_templates[type]]],
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:An answer depends on who asks, and every consultation must be traced: nothing may be cached
  #checkov:skip=CKV2_AWS_4:Execution logs print requests, that is students; the access log below and the function's own log replace them
  #checkov:skip=CKV2_AWS_51:Callers are authenticated by the contract's keys and tokens, not by client certificates
  #checkov:skip=CKV2_AWS_77:The anonymous address list would refuse administrations behind shared exits; the known bad inputs are there
  #checkov:skip=CKV_AWS_73:Traces start at the function, see gateway_tracing_enabled
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = local.api_stage
  xray_tracing_enabled = var.gateway_tracing_enabled

  # A path or a query string may hold an INE or a name, so the resource's template stands for them. The caller's address
  # is left out as well, the least data that do the job: the firewall acts on it, and the access log table says which
  # client asked.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = local.api_access_log_format
  }

  # The gateway refuses a stage with logs until the account has a role to write them.
  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225:An answer depends on who asks, and every consultation must be traced: nothing may be cached
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.api_throttling.rate_limit
    throttling_burst_limit = var.api_throttling.burst_limit

    # Execution logs and data traces print paths, queries and bodies: students.
    logging_level      = "OFF"
    data_trace_enabled = false
  }
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_iam_role" "api_logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  name                 = "${local.name}-api-logs"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# AWS's own policy: the gateway checks for these permissions on all log groups when the role is set.
resource "aws_iam_role_policy_attachment" "api_logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  role       = aws_iam_role.api_logs[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  count = var.manage_api_gateway_account ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_logs[0].arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}
