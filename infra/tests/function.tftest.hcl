# The function module alone, where its own resources can be seen.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name             = "example"
  package          = "status"
  description      = "An example"
  timeout_seconds  = 10
  memory_megabytes = 512

  platform = {
    account_id         = "123456789012"
    architecture       = "arm64"
    packages_dir       = "./tests/packages"
    log_level          = "INFO"
    log_retention_days = 365
    logs_key_arn       = "arn:aws:kms:eu-west-3:123456789012:key/logs"
    key_arns           = { registry = "arn:aws:kms:eu-west-3:123456789012:key/registry" }
    alarms_enabled     = true
    alarm_topic_arn    = "arn:aws:sns:eu-west-3:123456789012:alarms"

    # The stack's tests plan functions whose new versions take over at once.
    gradual = {
      application   = "example"
      role_arn      = "arn:aws:iam::123456789012:role/example-rollout"
      configuration = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    }
  }

  environment = { TABLE = "table" }
  statements  = {}
}

run "secure_by_default" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.platform.logs_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 365
    error_message = "The logs are not encrypted with the logs key, or not kept for the time asked."
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_group == aws_cloudwatch_log_group.this.name
    error_message = "The function logs elsewhere than in the declared group, where nothing is encrypted or expires."
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "The function cannot be followed: logs as text, or no traces."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ TABLE = "table" })
    error_message = "Without an endpoint the function must get its own environment and nothing else."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "throttles", "duration"])
    error_message = "A function needs its three alarms."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["duration"].threshold == 8000
    error_message = "The duration alarm is at 80 % of the timeout, in milliseconds."
  }

  # --- a new version takes over by weights ---

  assert {
    condition     = length(aws_lambda_alias.live) == 0 && aws_lambda_alias.gradual[0].name == "live"
    error_message = "What invokes the function must find one alias under the same name, which Terraform doesn't move."
  }

  assert {
    condition = (
      toset(aws_codedeploy_deployment_group.this[0].alarm_configuration[0].alarms) == toset(["example-errors", "example-throttles", "example-duration"])
      && aws_codedeploy_deployment_group.this[0].alarm_configuration[0].enabled
    )
    error_message = "Every alarm of the function must stop a deployment."
  }

  assert {
    condition     = toset(aws_codedeploy_deployment_group.this[0].auto_rollback_configuration[0].events) == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"])
    error_message = "A deployment that an alarm stops must be taken back."
  }
}

run "endpoint_of_an_emulator" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    platform = {
      account_id         = "123456789012"
      architecture       = "x86_64"
      packages_dir       = "./tests/packages"
      endpoint_url       = "http://localhost:4566"
      log_level          = "INFO"
      log_retention_days = 365
      logs_key_arn       = "arn:aws:kms:eu-west-3:123456789012:key/logs"
      key_arns           = { registry = "arn:aws:kms:eu-west-3:123456789012:key/registry" }
      alarms_enabled     = false
      alarm_topic_arn    = "arn:aws:sns:eu-west-3:123456789012:alarms"
    }
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables["AWS_ENDPOINT_URL"] == "http://localhost:4566"
    error_message = "The function does not know of the emulator."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "Alarms are created although they are not wanted."
  }
}

run "no_wildcard_action" {
  command = plan

  module {
    source = "./tests/inputs/function"
  }

  variables {
    statements = {
      Everything = { actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:eu-west-3:123456789012:table/students"] }
    }
  }

  expect_failures = [var.statements]
}

run "no_wildcard_resource" {
  command = plan

  module {
    source = "./tests/inputs/function"
  }

  variables {
    statements = {
      Everywhere = { actions = ["dynamodb:GetItem"], resources = ["*"] }
    }
  }

  expect_failures = [var.statements]
}
