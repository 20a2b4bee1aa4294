locals {
  alarms = {
    errors = {
      metric      = "Errors"
      statistic   = "Sum"
      threshold   = 0
      description = "${var.name} failed: see its log group."
    }
    throttles = {
      metric      = "Throttles"
      statistic   = "Sum"
      threshold   = 0
      description = "${var.name} lacks concurrency: its reservation or the account's is used up."
    }
    duration = {
      metric      = "Duration"
      statistic   = "Maximum"
      threshold   = floor(var.timeout_seconds * 1000 * var.duration_alarm_ratio)
      description = "${var.name} comes near its timeout of ${var.timeout_seconds} s."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.platform.alarms_enabled ? local.alarms : {}

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description

  namespace   = "AWS/Lambda"
  metric_name = each.value.metric
  dimensions  = { FunctionName = aws_lambda_function.this.function_name }

  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = [var.platform.alarm_topic_arn]
  ok_actions    = [var.platform.alarm_topic_arn]
}
