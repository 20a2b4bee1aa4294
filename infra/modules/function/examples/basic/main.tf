# A function that reads one table.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "this" {
  for_each = toset(["registry", "logs"])

  description         = "The example's ${each.key}"
  enable_key_rotation = true
}

resource "aws_sns_topic" "alarms" {
  name = "example-alarms"
}

module "status" {
  source = "../.."

  name             = "example-status"
  package          = "status"
  description      = "Answers from one table"
  timeout_seconds  = 10
  memory_megabytes = 512

  platform = {
    account_id         = data.aws_caller_identity.current.account_id
    architecture       = "arm64"
    packages_dir       = "${path.module}/../../../../tests/packages"
    log_level          = "INFO"
    log_retention_days = 365
    logs_key_arn       = aws_kms_key.this["logs"].arn
    key_arns           = { registry = aws_kms_key.this["registry"].arn }
    alarms_enabled     = true
    alarm_topic_arn    = aws_sns_topic.alarms.arn
  }

  environment = { STUDENTS_TABLE = "example-students" }

  statements = {
    ReadAnswers = {
      actions   = ["dynamodb:GetItem"]
      resources = ["arn:aws:dynamodb:eu-west-3:123456789012:table/example-students"]
    }
  }

  key_use = { registry = { decrypt = ["dynamodb"] } }
}

output "environment" {
  description = "What the function is told."
  value       = module.status.environment
}
