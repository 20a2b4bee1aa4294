# The queue module alone, where its own resources can be seen.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name            = "example"
  account_id      = "123456789012"
  key_arn         = "arn:aws:kms:eu-west-3:123456789012:key/files"
  alarm_topic_arn = "arn:aws:sns:eu-west-3:123456789012:alarms"
}

run "work_and_dead_letters" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    consumer = {
      visibility_timeout_seconds = 180
      max_receive_count          = 5
      late_description           = "It waits more than an hour."
    }
    senders = {
      InboxNotifications = { service = "s3.amazonaws.com", source_arn = "arn:aws:s3:::inbox" }
    }
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.work[0], aws_sqs_queue.dead_letter] : queue.kms_master_key_id == var.key_arn])
    error_message = "A queue is not encrypted with the key that it was given."
  }

  assert {
    condition = alltrue([
      for name, policy in { example = aws_sqs_queue_policy.work[0].policy, example-dlq = aws_sqs_queue_policy.dead_letter.policy } : anytrue([
        for statement in jsondecode(policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "sqs:*" &&
        statement.Resource == "arn:aws:sqs:eu-west-3:123456789012:${name}" && try(statement.Condition.Bool["aws:SecureTransport"] == "false", false)
      ])
    ])
    error_message = "A queue answers without TLS."
  }

  # In another's name, or another account's, the service could be talked into putting something there.
  assert {
    condition = [for statement in jsondecode(aws_sqs_queue_policy.work[0].policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "InboxNotifications"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-3:123456789012:example"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::inbox" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    }]
    error_message = "A sender may not send, or in another name than its own."
  }

  assert {
    condition = (
      jsondecode(aws_sqs_queue_redrive_policy.work[0].redrive_policy) == { deadLetterTargetArn = "arn:aws:sqs:eu-west-3:123456789012:example-dlq", maxReceiveCount = 5 } &&
      jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letter[0].redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-west-3:123456789012:example"]
    )
    error_message = "Work that fails is tried for ever, or may not use its own dead-letter queue."
  }

  assert {
    condition     = aws_sqs_queue.dead_letter.message_retention_seconds == 14 * 24 * 60 * 60
    error_message = "Dead letters must wait as long as SQS allows: somebody may be on leave."
  }

  # A message keeps its age when it moves to the dead-letter queue: it must have time left there.
  assert {
    condition     = aws_sqs_queue.work[0].message_retention_seconds <= 4 * 24 * 60 * 60
    error_message = "A message given up at the end of its life would vanish from the dead-letter queue at once."
  }

  assert {
    condition = { for alarm in [aws_cloudwatch_metric_alarm.depth[0], aws_cloudwatch_metric_alarm.age[0]] : alarm.alarm_name => "${alarm.metric_name} ${alarm.dimensions["QueueName"]} ${alarm.threshold}" } == {
      example-dlq-depth = "ApproximateNumberOfMessagesVisible example-dlq 0"
      example-age       = "ApproximateAgeOfOldestMessage example 3600"
    } && toset(output.alarm_names) == toset(["example-dlq-depth", "example-age"])
    error_message = "Nobody hears of a dead letter, or that work waits for hours."
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.depth[0], aws_cloudwatch_metric_alarm.age[0]] : alarm.alarm_actions == toset([var.alarm_topic_arn])])
    error_message = "An alarm tells nobody."
  }
}

run "dead_letters_alone" {
  command = plan

  module {
    source = "./modules/queue"
  }

  assert {
    condition = (
      length(aws_sqs_queue.work) == 0 && output.arn == null && output.name == null && output.alarm_names == ["example-dlq-depth"] &&
      output.dead_letter_arn == "arn:aws:sqs:eu-west-3:123456789012:example-dlq"
    )
    error_message = "Without a consumer there is a queue of work, which nobody would take."
  }
}

run "refused" {
  command = plan

  module {
    source = "./tests/inputs/queue"
  }

  variables {
    name     = "example.fifo"
    consumer = { visibility_timeout_seconds = 43201, max_receive_count = 5, late_description = "" }
    senders  = { Anybody = { service = "*", source_arn = "*" } }
  }

  expect_failures = [var.name, var.consumer, var.senders]
}
