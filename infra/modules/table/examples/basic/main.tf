# A table with an index, of which items expire.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "data" {
  description         = "What the example's table holds"
  enable_key_rotation = true
}

resource "aws_sns_topic" "alarms" {
  name = "example-alarms"
}

module "cases" {
  source = "../.."

  name       = "example-cases"
  account_id = data.aws_caller_identity.current.account_id
  hash_key   = "id"
  indexes    = { open = { hash = "open", range = "rank" } }
  expires    = true
  key_arn    = aws_kms_key.data.arn

  alarm_topic_arn = aws_sns_topic.alarms.arn
}

output "settings" {
  description = "How the table is planned."
  value       = module.cases.settings
}
