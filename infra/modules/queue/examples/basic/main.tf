# A queue that a bucket tells of its objects, and the dead letters of something that is no queue.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "data" {
  description         = "What the example's messages hold"
  enable_key_rotation = true
}

resource "aws_sns_topic" "alarms" {
  name = "example-alarms"
}

module "files" {
  source = "../.."

  name       = "example-files"
  account_id = data.aws_caller_identity.current.account_id
  key_arn    = aws_kms_key.data.arn

  consumer = {
    visibility_timeout_seconds = 180
    max_receive_count          = 5
    late_description           = "A file waits more than an hour."
  }

  senders = {
    InboxNotifications = { service = "s3.amazonaws.com", source_arn = "arn:aws:s3:::example-inbox" }
  }

  alarm_topic_arn = aws_sns_topic.alarms.arn
}

module "nightly_dead_letters" {
  source = "../.."

  name            = "example-nightly"
  account_id      = data.aws_caller_identity.current.account_id
  key_arn         = aws_kms_key.data.arn
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

output "dead_letters" {
  description = "Names of both queues of dead letters."
  value       = [module.files.dead_letter_name, module.nightly_dead_letters.dead_letter_name]
}
