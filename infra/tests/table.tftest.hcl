# The table module alone, where its own resources can be seen.

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
  hash_key        = "id"
  key_arn         = "arn:aws:kms:eu-west-3:123456789012:key/registry"
  alarm_topic_arn = "arn:aws:sns:eu-west-3:123456789012:alarms"
}

run "secure_by_default" {
  command = plan

  module {
    source = "./modules/table"
  }

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled && aws_dynamodb_table.this.point_in_time_recovery[0].enabled
    error_message = "A table can be deleted by mistake, or its items lost."
  }

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].enabled && aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == var.key_arn
    error_message = "A table is not encrypted with the key that it was given."
  }

  assert {
    condition     = output.settings.expires_by == null && !aws_dynamodb_table.this.stream_enabled && output.stream_arn == null
    error_message = "Items expire, or are told of, though nobody asked for it."
  }

  # An alarm on another name never goes off, and nothing says so.
  assert {
    condition = toset(flatten([
      for query in aws_cloudwatch_metric_alarm.throttled[0].metric_query : [
        for metric in query.metric : "${metric.namespace} ${metric.metric_name} ${metric.dimensions["TableName"]}"
      ]
    ])) == toset(["AWS/DynamoDB ReadThrottleEvents example", "AWS/DynamoDB WriteThrottleEvents example"])
    error_message = "A table may be throttled without anybody hearing of it."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.throttled[0].alarm_actions == toset([var.alarm_topic_arn]) && output.alarm_names == ["example-throttled"]
    error_message = "The alarm on throttles tells nobody, or is not told of."
  }

  assert {
    condition     = output.arn == "arn:aws:dynamodb:eu-west-3:123456789012:table/example"
    error_message = "The ARN that is known at the plan is another table's."
  }
}

run "as_asked" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    range_key           = "at"
    indexes             = { client = { hash = "by", range = "at" } }
    expires             = true
    recoverable         = false
    deletion_protection = false
    stream_enabled      = true
    alarms_enabled      = false
    alarm_topic_arn     = null
  }

  assert {
    condition = output.settings == {
      key         = "id at"
      indexes     = { client = "by at KEYS_ONLY" }
      expires_by  = "expires_at"
      recoverable = false
      protected   = false
      key_arn     = "arn:aws:kms:eu-west-3:123456789012:key/registry"
      stream      = "NEW_IMAGE"
    }
    error_message = "The table is not as it was asked for, or says that it is otherwise."
  }

  assert {
    condition     = toset(aws_dynamodb_table.this.attribute[*].name) == toset(["id", "at", "by"]) && length(output.alarm_names) == 0
    error_message = "DynamoDB refuses an attribute that no key has, or an alarm is created although it is not wanted."
  }
}
