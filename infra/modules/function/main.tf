# A Lambda function with all that goes with it: role, logs, traces, retries, alarms.

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  package = "${var.platform.packages_dir}/${var.package}/bootstrap.zip"

  # Put together from names, so that a plan shows whole policies.
  function_arn  = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${var.platform.account_id}:function:${aws_lambda_function.this.function_name}"
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${var.platform.account_id}:log-group:${aws_cloudwatch_log_group.this.name}"

  endpoint = var.platform.endpoint_url == null ? {} : { AWS_ENDPOINT_URL = var.platform.endpoint_url }
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:Asynchronous functions have a failure destination on their alias, which says more than a dead letter
  #checkov:skip=CKV_AWS_117:Nothing it calls is in a VPC: AWS's regional services, under IAM, and for status FranceConnect and the token issuer, all over TLS at addresses set here
  #checkov:skip=CKV_AWS_173:The environment holds names, addresses and ARNs; secrets are read from Secrets Manager
  #checkov:skip=CKV_AWS_272:Packages come from this pipeline alone, and are pinned by hash
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.platform.architecture]
  publish          = true

  memory_size                    = var.memory_megabytes
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)

  environment {
    variables = merge(var.environment, local.endpoint)
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.platform.log_level
    system_log_level      = "INFO" # `platform.report` lines, with duration and memory, are at this level.
  }

  tracing_config {
    mode = "Active"
  }

  # Whatever invokes the function comes after it: its first run must find its permissions.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.asynchronous == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  qualifier                    = local.alias.name
  maximum_retry_attempts       = var.asynchronous.maximum_retry_attempts
  maximum_event_age_in_seconds = var.asynchronous.maximum_event_age_in_seconds

  destination_config {
    on_failure {
      destination = var.asynchronous.dead_letter_queue_arn
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.logs_key_arn
}
