# A probe that asks the API from outside the region, several times a minute, and tells when nobody answers: DNS, TLS, the gateway,
# the firewall or the function. It is applied by the account's owner, with a state of its own and in another region, because Route
# 53 tells of its probes in us-east-1 alone, where the deployer may do nothing, and what watches should not fail with what is
# watched. It needs no code; what it doesn't see is in docs/slo.md.

terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = merge(var.tags, { project = var.name_prefix, environment = var.environment, stack = "outside" })
  }
}

data "aws_caller_identity" "current" {}

locals {
  name = "${var.name_prefix}-${var.environment}"
}

resource "aws_route53_health_check" "api" {
  type          = "HTTPS_STR_MATCH"
  fqdn          = var.api_domain
  port          = 443
  resource_path = "/ping"
  search_string = "pong"
  enable_sni    = true

  # Three probers' regions at least, each of them every half a minute.
  regions           = ["eu-west-1", "us-east-1", "us-west-2"]
  request_interval  = 30
  failure_threshold = 3

  tags = { Name = "${local.name}-outside" }
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:It tells that the service doesn't answer, which is no secret, and a key in this region would have to be administered for it
  name = "${local.name}-outside"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmOfThisStack"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "outside" {
  alarm_name        = "${local.name}-outside"
  alarm_description = "Nothing answers at https://${var.api_domain}/ping from outside: see the runbook."

  namespace   = "AWS/Route53"
  metric_name = "HealthCheckStatus"
  dimensions  = { HealthCheckId = aws_route53_health_check.api.id }

  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1

  # Without probes nobody knows.
  treat_missing_data = "breaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
