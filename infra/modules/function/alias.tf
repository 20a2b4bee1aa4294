# Invoked by name, so that a version can be rolled back without touching what invokes it.

locals {
  gradual = var.platform.gradual != null
  alias   = one(concat(aws_lambda_alias.live, aws_lambda_alias.gradual))

  appspec = {
    version = 0.0
    Resources = [{
      (aws_lambda_function.this.function_name) = {
        Type = "AWS::Lambda::Function"
        Properties = {
          Name           = aws_lambda_function.this.function_name
          Alias          = local.alias.name
          CurrentVersion = local.alias.function_version
          TargetVersion  = aws_lambda_function.this.version
        }
      }
    }]
  }
}

# Moves at once, with the apply.
resource "aws_lambda_alias" "live" {
  count = local.gradual ? 0 : 1

  name             = "live"
  description      = "The version that serves"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# CodeDeploy moves it, by weights: Terraform makes it and leaves it alone.
resource "aws_lambda_alias" "gradual" {
  count = local.gradual ? 1 : 0

  name             = "live"
  description      = "The version that serves, or two of them during a deployment"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_codedeploy_deployment_group" "this" {
  count = local.gradual ? 1 : 0

  app_name               = var.platform.gradual.application
  deployment_group_name  = var.name
  service_role_arn       = var.platform.gradual.role_arn
  deployment_config_name = var.platform.gradual.configuration

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  # The alarms are of the function, whatever its version: one that rings for the old one stops a deployment too.
  alarm_configuration {
    enabled = var.platform.alarms_enabled
    alarms  = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}
