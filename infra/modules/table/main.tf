# A DynamoDB table, encrypted, recoverable and protected from deletion, with the alarm on its throttles.

data "aws_partition" "current" {}

data "aws_region" "current" {}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:Off for quotas, idempotency keys and sessions alone, of some hours; the stack's tests hold every other table to it
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key
  range_key                   = var.range_key
  deletion_protection_enabled = var.deletion_protection

  # New images alone: what was written is copied, and of what is removed the key. An old image would prolong the life of what
  # has expired.
  stream_enabled   = var.stream_enabled
  stream_view_type = var.stream_enabled ? "NEW_IMAGE" : null

  dynamic "attribute" {
    for_each = toset(compact(concat(
      [var.hash_key, var.range_key],
      flatten([for index in values(var.indexes) : [index.hash, index.range]]),
    )))

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash
      range_key          = global_secondary_index.value.range
      projection_type    = length(global_secondary_index.value.attributes) > 0 ? "INCLUDE" : "KEYS_ONLY"
      non_key_attributes = length(global_secondary_index.value.attributes) > 0 ? global_secondary_index.value.attributes : null
    }
  }

  dynamic "ttl" {
    for_each = var.expires ? ["expires_at"] : []

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  # Backups outlive an expired item by 35 days: count them in when stating a retention period.
  point_in_time_recovery {
    enabled = var.recoverable
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.key_arn
  }
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${var.name}-throttled"
  alarm_description = "DynamoDB refuses reads or writes of ${var.name}: one hot item, or more than the table has grown to."

  dynamic "metric_query" {
    for_each = { reads = "ReadThrottleEvents", writes = "WriteThrottleEvents" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = aws_dynamodb_table.this.name }
        stat        = "Sum"
        period      = 300
      }
    }
  }

  metric_query {
    id          = "watched"
    expression  = "FILL(reads, 0) + FILL(writes, 0)"
    label       = "throttled"
    return_data = true
  }

  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"

  alarm_actions = [var.alarm_topic_arn]
  ok_actions    = [var.alarm_topic_arn]
}
