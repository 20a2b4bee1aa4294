terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Partial on purpose. The bucket belongs to whoever deploys, and the key is the environment's own: with one key for all,
  # planning a second environment would plan to replace the first.
  #   terraform init -backend-config=environments/production.s3.tfbackend -backend-config="bucket=<state bucket>"
  # S3 locks by itself (`use_lockfile`): no lock table to create first.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Two environments may share an account, so the environment is part of every name.
  name = "${var.name_prefix}-${var.environment}"

  # Ours last: budgets and inventories of the owner may not lose the environment's name.
  tags = merge(var.tags, { project = var.name_prefix, environment = var.environment })

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # What every function has in common, so that a function's own call shows only what sets it apart.
  function_platform = {
    account_id         = local.account_id
    architecture       = var.architecture
    packages_dir       = var.packages_dir
    endpoint_url       = var.function_endpoint_url
    log_level          = var.log_level
    log_retention_days = var.log_retention_days
    logs_key_arn       = aws_kms_key.logs.arn
    key_arns           = { for name, key in aws_kms_key.data : name => key.arn }
    alarms_enabled     = var.alarms_enabled
    alarm_topic_arn    = aws_sns_topic.alarms.arn

    permissions_boundary = var.permissions_boundary

    gradual = var.gradual_deployment == null ? null : {
      application   = aws_codedeploy_app.this[0].name
      role_arn      = aws_iam_role.rollout[0].arn
      configuration = var.gradual_deployment
    }
  }
}
